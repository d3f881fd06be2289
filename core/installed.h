/* installed.h - trees that were installed, and are they still ours?
 *
 * An artifact's tree is one change (KH_CHANGE_INSTALL): the intent in the journal lists every path
 * with what was there before (replaced files are kept), then all files are copied beside their
 * places, synced, and renamed (core/base/batch.h), and what an older artifact of the same program
 * had and this one has not is removed. Undo removes exactly what came and puts back what was there.
 *
 * /var/lib/kvmhost/installed/PROGRAM.record, written last, has the manifest of what is installed,
 * and per file size, mode and time of change as they were right after: so that "nothing to do" and
 * "no longer the one we built" are known from one stat(2) a file, without reading. There is one
 * record a program, and installing another artifact of the program removes what only the old one
 * had: what has to stay beside its successor (a kernel) is a program of its own name
 * ("kernel-RELEASE").
 *
 * A stage that puts a file of its own where a tree of it used to have one plans that first: the
 * tree leaves a path alone that is claimed already when it removes what is old.
 */
#ifndef KH_INSTALLED_H
#define KH_INSTALLED_H

#include "core/plan.h"
#include "core/report.h"
#include "core/store.h"

/* Plan the artifact's tree below the root ("/"). Nothing is planned when it is there, whole.
 * program: letters, digits and "._+-". Errors (nothing is planned then): KH_HOST for something in
 * the way (a file in a directory's place or the reverse, a file of a package), for too little room,
 * for a damaged manifest; KH_SYSTEM, also for a path that another stage plans. */
int kh_plan_install(struct kh_plan *plan, const char *program, const struct kh_artifact *artifact,
		    const char *why, struct kh_error *err);
/* Plan the removal of what is installed of a program (its version is `none` now); what somebody
 * changed since stays, with a note. */
int kh_plan_uninstall(struct kh_plan *plan, const char *program, const char *why,
		      struct kh_error *err);

/* {"program", "key", "about", "wanted", "made", "distribution"} of the artifact that is installed;
 * NULL: nothing is, or it cannot be read. What else is in it is for the functions below. A new
 * reference. */
json_t *kh_installed_read(const struct kh_root *root, const char *program);
/* The number of files, links and directories of a record. */
size_t kh_installed_count(const json_t *record);
/* The programs that have a record. */
void kh_installed_list(const struct kh_root *root, struct kh_strv *ret_programs);
/* Paths that are gone, or are no longer what was installed; appended. wants_digests: read and hash
 * every file (slow), instead of only those whose time has changed. */
void kh_installed_check(const struct kh_root *root, const json_t *record, bool wants_digests,
			struct kh_strv *ret_changed);
/* Add the check PROGRAM.files; none when nothing is installed. */
void kh_installed_report(struct kh_report *report, const struct kh_root *root, const char *program,
			 bool wants_digests);

#endif
