/* installed.h - trees that were installed, and are they still ours?
 *
 * An artifact's tree is one change (KH_CHANGE_INSTALL): the intent in the journal lists every path
 * with what was there before (replaced files are kept), then files are copied beside their place
 * and renamed, the file system is synced once, and what an older artifact of the same program had
 * and this one has not is removed. Undo removes exactly what came and puts back what was replaced.
 *
 * /var/lib/kvmhost/installed/PROGRAM.json has the manifest of what is installed, and per file size,
 * mode and time of change as they were right after: so that "nothing to do" and "no longer the one
 * we built" are known from one stat(2) a file, without reading.
 */
#ifndef KH_INSTALLED_H
#define KH_INSTALLED_H

#include "core/plan.h"
#include "core/store.h"

/* Plan the artifact's tree below the root ("/"). Nothing is planned when it is there, whole. */
int kh_plan_install(struct kh_plan *plan, const char *program, const struct kh_artifact *artifact,
		    const char *why, struct kh_error *err);
/* Plan the removal of what is installed of a program (its version is `none` now). */
int kh_plan_uninstall(struct kh_plan *plan, const char *program, const char *why,
		      struct kh_error *err);

/* {"program", "key", "about", "wanted", ...}: the record of what is installed; NULL: nothing is. A
 * new reference. */
json_t *kh_installed_read(const struct kh_root *root, const char *program);
/* Paths that are gone, or are no longer what was installed; appended. wants_digests: read and hash
 * every file (slow), instead of looking at size, mode and time. */
void kh_installed_check(const struct kh_root *root, const json_t *record, bool wants_digests,
			struct kh_strv *ret_changed);

#endif
