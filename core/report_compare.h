/* report_compare.h - what differs between reports: of several hosts, or of one host over time.
 *
 * A report is flattened to named values that can be compared: the status of each check (of settings
 * and findings with what was found) and facts that a host keeps (not its name, its addresses, its
 * free memory). Between hosts there is also the question whether running guests can move
 * (report_migration.c).
 */
#ifndef KH_REPORT_COMPARE_H
#define KH_REPORT_COMPARE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct kh_compared {       /* a report that takes part */
	const char *label; /* shown for it; unique */
	const json_t *document;
};

/* {"hosts": [{"label", "host", "verdict", "differs"}], "odd": LABEL or null,
 *  "migration": [{"level": "blocker|warning", "what", "text", "fix"}],
 *  "differences": [{"what", "values": {LABEL: text or null}, "common": text or null}],
 *  "notes": [text]}
 * Hosts: the one that differs most from what most have comes first (with two there is no "most",
 * they keep their order). "common" is what more than half have. A new reference. */
json_t *kh_report_compare(const struct kh_compared *reports, size_t count);

/* The differences of two reports, as far as both go, worst first: [{"what", "before", "now"}] with
 * null for what is not there. A new reference. */
json_t *kh_report_changes(const json_t *before, const json_t *now);

/* report_scope.c: of reports that cover some stages only (member "stages") is compared what all of
 * them looked at: the stages that all cover, NULL when all cover all. A new reference. */
json_t *kh_report_common_stages(const json_t *const *documents, size_t count);
/* Those stages as a sentence for the reader; NULL for NULL and what is no list. Owned. */
char *kh_report_scope_text(const json_t *stages);
/* Takes the checks that not all looked at from each of the flat reports. */
void kh_report_keep_common(const json_t *const *documents, json_t *const *flats, size_t count);
bool kh_report_is_partial(const json_t *document);

/* {NAME: text} of all that is compared, checks as "check ID". A new reference. */
json_t *kh_report_flatten(const json_t *document);

/* report_migration.c: what keeps guests from moving, as "migration" above. A new reference. */
json_t *kh_report_migration(const struct kh_compared *reports, size_t count);
/* -1, 0, 1: "7.2.22" against "1:8.0+dfsg", by the first two numbers (an epoch is left out). NULL is
 * before all others. */
int kh_report_compare_versions(const char *left, const char *right);

#endif
