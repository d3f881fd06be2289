/* source.h - the source of one program: chosen, pinned, verified, unpacked.
 *
 * Programs are called as their stage and section: "kernel", "qemu", "libvirt". A provider turns
 * what is configured (an exact version, or "distro") into files with digests from a place that is
 * trusted: the configuration, the lock file, the table of known releases, the distribution's signed
 * index. What was chosen is recorded in the store, so that planning needs no network, and an
 * unchanged rerun does nothing:
 *
 *     STORE/sources/PROGRAM.json        the record: struct kh_source
 *     STORE/sources/PROGRAM-DIGEST/     the tree, patches applied
 *     STORE/archives/NAME               the files as they came
 *
 * kh_source_find() reads the record (pure; for stages); kh_source_maker makes it (for the engine).
 */
#ifndef KH_SOURCES_SOURCE_H
#define KH_SOURCES_SOURCE_H

#include "core/base/digest.h"
#include "core/plan.h"
#include "core/stage.h"

enum kh_source_role {
	KH_SOURCE_ARCHIVE,   /* the program itself */
	KH_SOURCE_PATCHES,   /* the distribution's changes: debian.tar.xz */
	KH_SOURCE_SIGNATURE, /* of the archive */
	KH_SOURCE_INDEX,     /* .dsc: kept for bundles */
};

struct kh_source_file {
	char *name;
	enum kh_source_role role;
	long long size_bytes; /* -1: not known */
	char *sha256;
	struct kh_strv urls;
};

struct kh_source {
	char *program;         /* "kernel" */
	char *wanted;          /* as configured: "distro", "6.12.104" */
	char *version;         /* of the program: "6.1.176" */
	char *package_version; /* of the distribution's source package: "6.1.176-1"; or NULL */
	char *provider;        /* "upstream", "distro", or the place that was configured */
	char *digest; /* of all that makes the tree: files and patches. Part of build keys */
	char *signer; /* or NULL */
	struct kh_source_file *files;
	size_t file_count;
	char *tree; /* below the root: unpacked */
};

/* The source this configuration asks for, if it is in the store. Returns 0, 1 when it is not there
 * yet (or the record is of another version or provider), -1. version "none": 1. */
int kh_source_find(const struct kh_context *context, const char *program,
		   struct kh_source *ret_source, struct kh_error *err);
void kh_source_done(struct kh_source *source);

/* The configured version of a program ("distro", "none", exact), its sha256 or NULL. */
const char *kh_source_wanted(const struct kh_config *config, const char *program);
const char *kh_source_wanted_sha256(const struct kh_config *config, const char *program);

/* Makes it: resolve, transfer, patch, record. what: {"program": "kernel", "update": bool}. */
extern const struct kh_maker kh_source_maker;

#endif
