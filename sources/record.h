/* record.h - struct kh_source as JSON: what the store remembers of a source. */
#ifndef KH_SOURCES_RECORD_H
#define KH_SOURCES_RECORD_H

#include <jansson.h>

#include "core/base/root.h"
#include "sources/source.h"

enum { KH_RECORD_FORMAT = 1 };

/* The signer of a source whose digest comes from the distribution, and that has no signature of
 * its makers. */
extern const char kh_record_signed_index[];
/* How the signer of a source begins whose package the distribution signed (rpm). */
extern const char kh_record_signed_package[];
/* Has the program's maker signed it, rather than the distribution, or nobody? */
bool kh_record_is_makers(const char *signer);

json_t *kh_record_json(const struct kh_source *source); /* a new reference */
/* Returns 0, or 1: this is no record of ours (or of another format). */
int kh_record_parse(const json_t *record, struct kh_source *ret_source);
/* STORE/sources/PROGRAM.json; owned. */
char *kh_record_path(const char *store, const char *program);
/* Returns 0, or 1: there is none, or it cannot be read. */
int kh_record_read(const struct kh_root *root, const char *store, const char *program,
		   struct kh_source *ret_source);
int kh_record_write(const struct kh_root *root, const char *store, const struct kh_source *source,
		    struct kh_error *err);

/* "archive", "patches", "signature", "index"; a role of this name, or -1. */
const char *kh_record_role_name(enum kh_source_role role);
int kh_record_role(const char *name);
/* The first file of this role, or NULL. */
const struct kh_source_file *kh_record_file(const struct kh_source *source,
					    enum kh_source_role role);
/* A new, empty file at the end. */
struct kh_source_file *kh_record_add_file(struct kh_source *source, const char *name,
					  enum kh_source_role role);
/* Fill source->digest from the files that make the tree. */
void kh_record_digest(struct kh_source *source);
/* A deep copy. */
void kh_record_copy(const struct kh_source *source, struct kh_source *ret_copy);

#endif
