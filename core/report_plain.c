/* report_plain.c - see report_view.h: a line a check, for grep, awk and golden files. */
#include <string.h>

#include "core/base/mem.h"
#include "core/report_view.h"

static void add_line(struct kh_str *out, const struct kh_check *check)
{
	kh_str_addf(out, "%-4s  %-32s  %s", kh_status_name(check->status), check->id, check->found);
	if (check->status != KH_PASS && check->status != KH_SKIP && *check->expected)
		kh_str_addf(out, " (expected: %s)", check->expected);
	kh_str_add(out, "\n");
	if (check->status != KH_WARN && check->status != KH_FAIL)
		return;
	static const char indent[] = "                                        ";
	/* "not persisted" is what the gap says already */
	bool has_place = check->persisted && strcmp(check->persisted, "not persisted") != 0;
	if (check->gap)
		kh_str_addf(out, "%sgap: %s%s%s\n", indent, check->gap,
			    has_place ? "; persisted: " : "", has_place ? check->persisted : "");
	if (*check->why)
		kh_str_addf(out, "%swhy: %s\n", indent, check->why);
	if (check->fix)
		kh_str_addf(out, "%sfix: %s\n", indent, check->fix);
}

char *kh_report_plain(const struct kh_report *report, const char *host, bool with_passes)
{
	kh_auto(kh_str_done) struct kh_str out = {0};
	size_t counts[4] = {0};
	for (size_t i = 0; i < report->check_count; i++) {
		const struct kh_check *check = &report->checks[i];
		counts[check->status]++;
		bool is_quiet = check->status == KH_PASS || check->status == KH_SKIP;
		if (with_passes || !is_quiet)
			add_line(&out, check);
	}
	kh_str_addf(&out, "%s: %s (%zu checks: %zu pass, %zu warn, %zu fail, %zu skip)\n",
		    host ? host : "this host", kh_report_is_ready(report) ? "ready" : "not ready",
		    report->check_count, counts[KH_PASS], counts[KH_WARN], counts[KH_FAIL],
		    counts[KH_SKIP]);
	return kh_str_take(&out);
}
