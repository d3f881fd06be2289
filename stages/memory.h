/* memory.h - what the memory stages (hugepages, ksm, thp, numa) have in common: who else sets a
 * value at boot, and how a persisted value is looked up for the report. */
#ifndef KH_STAGES_MEMORY_H
#define KH_STAGES_MEMORY_H

#include "core/stage.h"
#include "core/template.h"

/* Warn of a file that beats ours at boot with another value. our_file is where the stage persists
 * the value. */
void kh_memory_note_sysctl(struct kh_plan *plan, const char *name, const char *our_file,
			   const char *value);
void kh_memory_note_tmpfiles(struct kh_plan *plan, const char *path, const char *our_file,
			     const char *value);
/* Name a tuned profile that sets the same knob. */
void kh_memory_note_tuned(struct kh_plan *plan, const char *knob);

/* What a boot would set, for kh_report_setting(). */
struct kh_memory_persisted {
	char *value; /* NULL: nothing */
	char *where; /* "/etc/sysctl.d/90-kvmhost-numa.conf:2" */
	char *gap;   /* "overridden by ...", when it is not ours and not what is wanted */
};
void kh_memory_persisted_sysctl(const struct kh_root *root, const char *name, const char *wanted,
				const char *our_file, struct kh_memory_persisted *ret_persisted);
void kh_memory_persisted_tmpfiles(const struct kh_root *root, const char *path, const char *wanted,
				  const char *our_file, struct kh_memory_persisted *ret_persisted);
void kh_memory_persisted_done(struct kh_memory_persisted *persisted);

/* The reason why the running system's PATH cannot be set here, or NULL. */
const char *kh_memory_read_only(const struct kh_root *root, const char *path);

/* Put the template's text at /<template without .in>, or remove the file where values is NULL. */
int kh_memory_put(struct kh_plan *plan, const char *path, const struct kh_template_value *values,
		  const char *why, struct kh_error *err);

/* The text of a file somebody else owns, "" where there is none (ret_is_there tells). Error
 * (KH_HOST): it holds NUL bytes, and so is not the text file we take it for. */
int kh_memory_read(const struct kh_root *root, const char *path, char **ret_text,
		   bool *ret_is_there, struct kh_error *err);

#endif
