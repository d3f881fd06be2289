/* report_text.c - see report_view.h: the readiness report on a terminal. */
#include <string.h>

#include "core/base/mem.h"
#include "core/base/translate.h"
#include "core/base/wrap.h"
#include "core/report_view.h"
#include "core/safe_text.h"

enum { INDENT = 10, LABEL = 6 }; /* columns before an id, and of "why   " */

/* The order of importance. */
static const enum kh_status by_weight[] = {KH_FAIL, KH_WARN, KH_PASS, KH_SKIP};

struct page {
	const struct kh_report_style *style;
	size_t *groups; /* of each check */
	struct kh_str out;
};

static const char *color(enum kh_status status)
{
	switch (status) {
	case KH_PASS:
		return "\033[32m";
	case KH_WARN:
		return "\033[33m";
	case KH_FAIL:
		return "\033[31m";
	case KH_SKIP:
		return "\033[2m";
	}
	return "";
}

static const char *symbol(enum kh_status status, bool is_utf8)
{
	switch (status) {
	case KH_PASS:
		return is_utf8 ? "✓" : "+";
	case KH_WARN:
		return "!";
	case KH_FAIL:
		return is_utf8 ? "✗" : "x";
	case KH_SKIP:
		return is_utf8 ? "·" : "-";
	}
	return "?";
}

static void add_colored(const struct page *page, struct kh_str *out, const char *on,
			const char *text)
{
	bool has_color = page->style->has_color;
	kh_str_addf(out, "%s%s%s", has_color ? on : "", text, has_color ? "\033[0m" : "");
}

/* Append a line that has colours already. */
static void add_line(struct page *page, const struct kh_str *line)
{
	kh_wrap_line(&page->out, kh_str_text(line), "  ", page->style->width);
	kh_str_add(&page->out, "\n");
}

/* Append text, which stands at column `at`; its other lines start there, too. */
static void add_wrapped(struct page *page, const char *text, size_t at, const char *on)
{
	bool has_color = page->style->has_color && *on;
	kh_auto(kh_free) char *line = kh_safe_line(text, page->style->is_utf8);
	kh_auto(kh_free) char *indent = kh_printf("%*s", (int)at, "");
	kh_str_add(&page->out, has_color ? on : "");
	kh_wrap_add(&page->out, line, indent, at, page->style->width);
	kh_str_addf(&page->out, "%s\n", has_color ? "\033[0m" : "");
}

static void add_detail(struct page *page, const char *label, const char *text, const char *on)
{
	if (!text || !*text)
		return;
	kh_str_addf(&page->out, "%*s%-*s", INDENT, "", LABEL, label);
	add_wrapped(page, text, INDENT + LABEL, on);
}

static bool is_finding(enum kh_status status)
{
	return status == KH_WARN || status == KH_FAIL;
}

/* Whole formats: what stands around "expected" is different in other languages. Owned. */
static char *check_line(const struct kh_check *check, bool is_brief)
{
	bool names_expected = is_finding(check->status) && *check->expected &&
			      strcmp(check->expected, check->found) != 0;
	kh_auto(kh_free) char *line = names_expected ? kh_printf("%s: %s (expected: %s)", check->id,
								 check->found, check->expected)
						     : kh_printf("%s: %s", check->id, check->found);
	/* otherwise the gap has its own line */
	return is_brief && check->gap ? kh_printf("%s; %s", line, check->gap) : kh_take(line);
}

static void add_check(struct page *page, const struct kh_check *check)
{
	bool is_utf8 = page->style->is_utf8;
	kh_auto(kh_free) char *mark =
		kh_printf("%s %s", symbol(check->status, is_utf8), kh_status_name(check->status));
	kh_auto(kh_free) char *line = check_line(check, page->style->is_brief);
	kh_str_add(&page->out, "  ");
	add_colored(page, &page->out, color(check->status), mark);
	kh_str_add(&page->out, "  ");
	add_wrapped(page, line, INDENT, "");
	if (!is_finding(check->status) || page->style->is_brief)
		return;
	/* "not persisted" is what the gap says already */
	bool has_place = check->persisted && strcmp(check->persisted, "not persisted") != 0;
	kh_auto(kh_free) char *gap =
		check->gap
			? kh_printf("%s%s%s", check->gap, has_place ? KH_WORD("; persisted: ") : "",
				    has_place ? check->persisted : "")
			: NULL;
	add_detail(page, KH_WORD("gap"), gap, "");
	add_detail(page, KH_WORD("why"), check->why, "");
	add_detail(page, KH_WORD("fix"), check->fix, "\033[1m");
}

static void add_group(struct page *page, const struct kh_report *report, size_t group)
{
	struct kh_report_counts counts = {{0}};
	size_t total = 0;
	for (size_t i = 0; i < report->check_count; i++)
		if (page->groups[i] == group) {
			counts.of[report->checks[i].status]++;
			total++;
		}
	if (total == 0)
		return;
	kh_auto(kh_free) char *name = kh_printf("%-28s", kh_report_groups[group].name);
	kh_auto(kh_str_done) struct kh_str line = {0};
	kh_str_add(&page->out, "\n");
	add_colored(page, &line, "\033[1m", name);
	const char *separator = "";
	for (size_t i = 0; i < KH_COUNT(by_weight); i++) {
		if (counts.of[by_weight[i]] == 0)
			continue;
		kh_auto(kh_free) char *text =
			kh_printf("%zu %s", counts.of[by_weight[i]], kh_status_name(by_weight[i]));
		kh_str_add(&line, separator);
		add_colored(page, &line, color(by_weight[i]), text);
		separator = ", ";
	}
	add_line(page, &line);
}

static void add_checks(struct page *page, const struct kh_report *report, size_t group)
{
	for (size_t i = 0; i < KH_COUNT(by_weight); i++)
		for (size_t j = 0; j < report->check_count; j++) {
			const struct kh_check *check = &report->checks[j];
			if (page->groups[j] == group && check->status == by_weight[i] &&
			    (page->style->has_all || is_finding(check->status)))
				add_check(page, check);
		}
}

static void add_verdict(struct page *page, const struct kh_report *report, const char *host)
{
	bool is_ready = kh_report_is_ready(report);
	struct kh_report_counts counts = kh_report_count(report);
	kh_auto(kh_free) char *name = kh_safe_line(host ? host : "this host", page->style->is_utf8);
	kh_auto(kh_free) char *verdict =
		kh_printf("%s: %s", name, is_ready ? KH_WORD("ready") : "not ready");
	kh_auto(kh_str_done) struct kh_str line = {0};
	add_colored(page, &line, is_ready ? "\033[1;32m" : "\033[1;31m", verdict);
	kh_str_addf(&line, " (%zu checks: %zu pass, %zu warn, %zu fail, %zu skip)",
		    report->check_count, counts.of[KH_PASS], counts.of[KH_WARN], counts.of[KH_FAIL],
		    counts.of[KH_SKIP]);
	add_line(page, &line);
}

char *kh_report_text(const struct kh_report *report, const char *host, const char *extra,
		     const struct kh_report_style *style)
{
	kh_auto(kh_free) size_t *groups = kh_alloc((report->check_count + 1) * sizeof(*groups));
	struct page page = {.style = style, .groups = groups};
	for (size_t i = 0; i < report->check_count; i++)
		groups[i] = kh_report_group_of(report->checks[i].id);
	add_verdict(&page, report, host);
	for (size_t group = 0; kh_report_groups[group].name; group++) {
		if (!style->is_brief)
			add_group(&page, report, group);
		add_checks(&page, report, group);
	}
	kh_str_addf(&page.out, "%s%s", style->is_brief ? "" : "\n", extra ? extra : "");
	add_verdict(&page, report, host);
	return kh_str_take(&page.out);
}
