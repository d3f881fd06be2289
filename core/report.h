/* report.h - the readiness report: checks with stable ids, and the verdict.
 *
 * A check answers one question about the host: id ("cpu.vmx"), pass / warn / fail / skip, what was
 * expected, what was found, why it matters, how to fix it. `skip` means not applicable here, with
 * the reason in `found`. The verdict is ready when nothing fails. A configured setting is judged
 * three ways by kh_report_setting(): wanted, persisted (file and line), effective now; a gap has
 * its reason. What it looks like is in report_view.h. Ids named by `report.require` are promoted to
 * fail by the report itself when they do not pass: a required check that is skipped, or that no
 * stage knows, lets nothing be ready.
 */
#ifndef KH_REPORT_H
#define KH_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/base/str.h"

enum kh_status { KH_PASS, KH_WARN, KH_FAIL, KH_SKIP };

struct kh_check {
	char *id;
	const char *stage; /* that added it; NULL: none, kvmhost itself */
	enum kh_status status;
	char *expected;
	char *found;
	char *why;
	char *fix;       /* or NULL: nothing to do */
	char *persisted; /* settings: "10 (/etc/sysctl.d/90-kvmhost.conf:2)", "not persisted"; or
			    NULL */
	char *gap; /* settings: why effective differs from wanted: "needs a reboot"; or NULL */
};

struct kh_report {
	struct kh_check *checks;
	size_t check_count;
	const struct kh_strv *require; /* ids that must pass; may be NULL */
	const char *stage; /* whose checks are added now, or NULL; outlives the report */
};

/* Add a check; the texts are copied. */
struct kh_check_text {
	const char *expected, *found, *why, *fix;
};
void kh_report_add(struct kh_report *report, const char *id, enum kh_status status,
		   const struct kh_check_text *text);

/* Add a failing check for every required id that nobody reported. */
void kh_report_add_missing(struct kh_report *report);

/* Add the check of a configured setting; the status follows from the values:
 *   effective == wanted, persisted               pass
 *   effective == wanted, not persisted           warn: lost at the next boot
 *   effective != wanted, persisted, needs_reboot warn: gap "needs a reboot"
 *   no_knob given                                skip with that reason
 *   otherwise                                    fail
 */
struct kh_setting {
	const char *id;
	const char *wanted;
	const char *effective; /* NULL: not known on this root (recorded without it): skip */
	const char *persisted; /* the persisted value, or NULL */
	const char *where; /* "/etc/sysctl.d/90-kvmhost.conf:2" of the persisted value, or NULL */
	bool needs_reboot; /* persisted in a way only a boot makes effective */
	const char *gap;   /* a known reason ("overridden by /etc/sysctl.d/99-x.conf:3"), or NULL */
	const char *no_knob; /* "this kernel has no such knob", or NULL */
	const char *why, *fix;
};
void kh_report_setting(struct kh_report *report, const struct kh_setting *setting);

const struct kh_check *kh_report_find(const struct kh_report *report, const char *id);
bool kh_report_is_ready(const struct kh_report *report);
const char *kh_status_name(enum kh_status status);
json_t *kh_report_json(const struct kh_report *report, const char *host);
void kh_report_done(struct kh_report *report);

#endif
