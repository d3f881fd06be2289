/* report_view.h - a report in the forms that people and other programs read.
 *
 * kh_report_text() is for a terminal: groups, what needs attention in full, the verdict first and
 * last. kh_report_plain() has a line a check, for grep and awk. kh_report_junit() is for pipelines,
 * kh_report_prometheus() for node_exporter's textfile collector. kh_report_schema_json() describes
 * the JSON form. All return owned text; none prints. Texts of a host may hold anything: what a
 * terminal or a parser would take for an order is replaced.
 */
#ifndef KH_REPORT_VIEW_H
#define KH_REPORT_VIEW_H

#include <time.h>

#include "core/report.h"

/* Checks are shown by subject: the group of an id such as "cpu.vmx", by what stands before the
 * dot. */
struct kh_report_group {
	const char *name; /* "Processor" */
	const char *const *prefixes;
};
extern const struct kh_report_group kh_report_groups[]; /* as shown; ends with a NULL name */
/* An index of kh_report_groups; ids of no known subject are in the last one. */
size_t kh_report_group_of(const char *id);

struct kh_report_counts {
	size_t of[KH_SKIP + 1]; /* by enum kh_status */
};
struct kh_report_counts kh_report_count(const struct kh_report *report);

struct kh_report_style {
	bool has_color;
	bool is_utf8;  /* what the terminal shows: otherwise ASCII only */
	bool has_all;  /* also what passes or is skipped, a line each */
	bool is_brief; /* only a line for each warning and failure */
	size_t width;  /* columns */
};

/* extra (or NULL): lines of the caller's that belong in front of the last verdict, "" or ended by a
 * newline. */
char *kh_report_text(const struct kh_report *report, const char *host, const char *extra,
		     const struct kh_report_style *style);
char *kh_report_plain(const struct kh_report *report, const char *host, bool with_passes);
/* Source: the schema that Jenkins' JUnit plug-in reads (testsuites, testsuite, testcase, failure,
 * skipped, system-out), which GitLab and others take too. A warning passes, with its text in
 * system-out. */
char *kh_report_junit(const struct kh_report *report, const char *host, time_t now);
/* Source: Prometheus' text exposition format 0.0.4; node_exporter's README, "Textfile Collector":
 * no time stamps. */
char *kh_report_prometheus(const struct kh_report *report, const char *version, time_t now);
/* Source: json-schema.org, draft 7, as the configuration's. */
char *kh_report_schema_json(void);

/* "3 fail, 12 warn, 40 pass, 5 skip"; owned. */
char *kh_report_counts_text(const struct kh_report_counts *counts);

#endif
