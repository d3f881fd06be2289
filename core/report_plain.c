/* report_plain.c - see report_view.h: a line a check, for grep, awk and golden files. */
#include <string.h>

#include "core/base/mem.h"
#include "core/report_view.h"
#include "core/safe_text.h"

/* A label and a text in one line. */
static void add_detail(struct kh_str *out, const char *label, const char *text)
{
	kh_auto(kh_free) char *line = kh_safe_line(text, true);
	kh_str_addf(out, "%40s%s: %s\n", "", label, line);
}

static void add_line(struct kh_str *out, const struct kh_check *check)
{
	bool is_finding = check->status == KH_WARN || check->status == KH_FAIL;
	bool names_expected = is_finding && *check->expected;
	kh_auto(kh_free) char *text = kh_printf(
		"%-32s  %s%s%s%s", check->id, check->found, names_expected ? " (expected: " : "",
		names_expected ? check->expected : "", names_expected ? ")" : "");
	kh_auto(kh_free) char *line = kh_safe_line(text, true);
	kh_str_addf(out, "%-4s  %s\n", kh_status_name(check->status), line);
	if (!is_finding)
		return;
	/* "not persisted" is what the gap says already */
	bool has_place = check->persisted && strcmp(check->persisted, "not persisted") != 0;
	kh_auto(kh_free) char *gap =
		kh_printf("%s%s%s", check->gap ? check->gap : "", has_place ? "; persisted: " : "",
			  has_place ? check->persisted : "");
	if (check->gap)
		add_detail(out, "gap", gap);
	if (*check->why)
		add_detail(out, "why", check->why);
	if (check->fix)
		add_detail(out, "fix", check->fix);
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
	kh_auto(kh_free) char *name = kh_safe_line(host ? host : "this host", true);
	kh_str_addf(&out, "%s: %s (%zu checks: %zu pass, %zu warn, %zu fail, %zu skip)\n", name,
		    kh_report_is_ready(report) ? "ready" : "not ready", report->check_count,
		    counts[KH_PASS], counts[KH_WARN], counts[KH_FAIL], counts[KH_SKIP]);
	return kh_str_take(&out);
}
