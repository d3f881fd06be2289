/* report_html_checks.c - see report_html.h: tables of checks, a card for each subject. */
#include <stdlib.h>
#include <string.h>

#include "cmd/report_html.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/translate.h"
#include "core/safe_text.h"

enum { MANY = 8 }; /* warnings of one family: these are folded */

/* "kernel.config" of "kernel.config.KVM". */
static size_t family_length(const char *id)
{
	const char *dot = strrchr(id, '.');
	return dot ? (size_t)(dot - id) : strlen(id);
}

/* The family of a warning that is one of many; owned, or NULL. A failure is never folded. */
static char *folded_family(const struct kh_html_checks *checks, size_t index)
{
	const char *id = kh_json_get(checks->items[index], "id");
	size_t length = family_length(id), same = 0;
	if (checks->statuses[index] != KH_WARN)
		return NULL;
	for (size_t i = 0; i < checks->count; i++) {
		const char *other = kh_json_get(checks->items[i], "id");
		same += checks->statuses[i] == KH_WARN && family_length(other) == length &&
			memcmp(other, id, length) == 0;
	}
	return same >= MANY ? kh_strndup(id, length) : NULL;
}

void kh_html_checks_read(struct kh_html_checks *checks, const json_t *document)
{
	const json_t *list = json_object_get(document, "checks");
	size_t count = json_array_size(list);
	checks->items = kh_alloc((count + 1) * sizeof(*checks->items));
	checks->statuses = kh_alloc((count + 1) * sizeof(*checks->statuses));
	for (size_t i = 0; i < count; i++) {
		const json_t *check = json_array_get(list, i);
		const char *name = kh_json_get(check, "status");
		for (int status = KH_PASS; status <= KH_SKIP; status++) {
			if (strcmp(kh_status_name((enum kh_status)status), name) != 0)
				continue;
			checks->items[checks->count] = check;
			checks->statuses[checks->count++] = (enum kh_status)status;
			checks->counts.of[status]++;
		}
	}
	checks->families = kh_alloc((count + 1) * sizeof(*checks->families));
	for (size_t i = 0; i < checks->count; i++)
		checks->families[i] = folded_family(checks, i);
}

void kh_html_checks_done(struct kh_html_checks *checks)
{
	for (size_t i = 0; i < checks->count; i++)
		free(checks->families[i]);
	free(checks->families);
	free(checks->items);
	free(checks->statuses);
}

/* ---- one check ---- */

/* Of the command that a text begins with: to the punctuation, which may be Chinese. */
static size_t command_length(const char *text)
{
	size_t length = 0;
	while (text[length] && (unsigned char)text[length] < 0x80 && !strchr(",;(", text[length]))
		length++;
	return length;
}

/* A text with its 'quoted' parts, and a command that is all of it, as code. */
static void add_fix(struct kh_str *out, const char *fix)
{
	kh_str_addf(out, "<p class=\"fix\"><span>%s</span>", KH_WORD("fix: "));
	fix = kh_translated(fix);             /* before it is cut into pieces */
	if (kh_str_starts(fix, "kvmhost ")) { /* a command, and perhaps what comes after it */
		kh_auto(kh_free) char *command = kh_strndup(fix, command_length(fix));
		kh_str_add(out, "<code>");
		kh_safe_add_markup(out, kh_str_trim(command));
		kh_str_add(out, "</code>");
		fix += strlen(command);
	}
	while (*fix) {
		const char *open = strchr(fix, '\'');
		const char *close = open ? strchr(open + 1, '\'') : NULL;
		bool is_quote = close && (open == fix || strchr(" (", open[-1]) ||
					  (unsigned char)open[-1] >= 0x80);
		size_t plain = is_quote ? (size_t)(open - fix)
			       : close  ? (size_t)(open - fix) + 1
					: strlen(fix);
		kh_auto(kh_free) char *before = kh_strndup(fix, plain);
		kh_safe_add_markup(out, before);
		fix += plain;
		if (!is_quote)
			continue;
		kh_auto(kh_free) char *quoted = kh_strndup(open + 1, (size_t)(close - open - 1));
		kh_str_add(out, "<code>");
		kh_safe_add_markup(out, quoted);
		kh_str_add(out, "</code>");
		fix = close + 1;
	}
	kh_str_add(out, "</p>");
}

static void add_paragraph(struct kh_str *out, const char *style, const char *label,
			  const char *text)
{
	if (!*text)
		return;
	kh_str_addf(out, "<p class=\"%s\">%s", style, label);
	kh_safe_add_markup(out, text);
	kh_str_add(out, "</p>");
}

static void add_row(struct kh_str *out, const json_t *check, enum kh_status status)
{
	const char *fix = kh_json_get(check, "fix");
	const char *found = kh_json_get(check, "found");
	bool is_finding = status == KH_FAIL || status == KH_WARN;
	kh_str_add(out, "<tr><td class=\"c-status\">");
	kh_html_open_badge(out, status, "");
	kh_str_addf(out, "%s</span></td><th scope=\"row\" class=\"c-id\">", kh_status_name(status));
	kh_safe_add_markup(out, kh_json_get(check, "id"));
	kh_str_add(out, "</th><td class=\"c-found\">");
	add_paragraph(out, "", "", found);
	if (is_finding && strcmp(found, kh_json_get(check, "expected")) != 0)
		add_paragraph(out, "soft", KH_WORD("expected: "), kh_json_get(check, "expected"));
	if (is_finding)
		add_paragraph(out, "gap", "", kh_json_get(check, "gap"));
	if (strcmp(kh_json_get(check, "persisted"), "not persisted") != 0)
		add_paragraph(out, "soft", KH_WORD("persisted: "), kh_json_get(check, "persisted"));
	kh_str_add(out, "</td><td>");
	add_paragraph(out, "soft", "", kh_json_get(check, "why"));
	if (is_finding && *fix)
		add_fix(out, fix);
	kh_str_add(out, "</td></tr>\n");
}

/* ---- tables ---- */

struct wish { /* which checks a table has */
	size_t group;
	bool wants_findings;
	const char *family; /* only those, or NULL: all but the folded ones */
};

static bool is_finding(enum kh_status status)
{
	return status == KH_FAIL || status == KH_WARN;
}

static bool is_in(const struct kh_html_checks *checks, size_t index, const struct wish *wish)
{
	if (kh_report_group_of(kh_json_get(checks->items[index], "id")) != wish->group ||
	    is_finding(checks->statuses[index]) != wish->wants_findings)
		return false;
	const char *family = checks->families[index];
	return family && wish->family ? strcmp(family, wish->family) == 0
				      : !family == !wish->family;
}

static size_t count_in(const struct kh_html_checks *checks, const struct wish *wish)
{
	size_t count = 0;
	for (size_t i = 0; i < checks->count; i++)
		count += is_in(checks, i, wish);
	return count;
}

static void add_table(struct kh_str *out, const struct kh_html_checks *checks,
		      const struct wish *wish)
{
	static const enum kh_status order[] = {KH_FAIL, KH_WARN, KH_PASS, KH_SKIP};
	if (count_in(checks, wish) == 0)
		return;
	kh_str_add(out, "<table class=\"checks\"><thead><tr><th scope=\"col\" class=\"c-status\">"
			"Status</th><th scope=\"col\" class=\"c-id\">Check</th>"
			"<th scope=\"col\" class=\"c-found\">Found</th><th scope=\"col\">Why, and "
			"what to do</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < KH_COUNT(order); i++)
		for (size_t j = 0; j < checks->count; j++)
			if (checks->statuses[j] == order[i] && is_in(checks, j, wish))
				add_row(out, checks->items[j], order[i]);
	kh_str_add(out, "</tbody></table>\n");
}

static void add_folded(struct kh_str *out, const struct kh_html_checks *checks, size_t group)
{
	kh_auto(kh_strv_done) struct kh_strv seen = {0};
	for (size_t i = 0; i < checks->count; i++) {
		const char *family = checks->families[i];
		if (!family || kh_strv_has(&seen, family) ||
		    kh_report_group_of(kh_json_get(checks->items[i], "id")) != group)
			continue;
		const struct wish wish = {group, true, family};
		kh_strv_add(&seen, family);
		kh_str_addf(out, "<details><summary>%zu warnings of <code>",
			    count_in(checks, &wish));
		kh_safe_add_markup(out, family);
		kh_str_add(out, "</code></summary>\n");
		add_table(out, checks, &wish);
		kh_str_add(out, "</details>\n");
	}
}

static struct kh_report_counts count_group(const struct kh_html_checks *checks, size_t group)
{
	struct kh_report_counts counts = {{0}};
	for (size_t i = 0; i < checks->count; i++)
		if (kh_report_group_of(kh_json_get(checks->items[i], "id")) == group)
			counts.of[checks->statuses[i]]++;
	return counts;
}

static void open_group(struct kh_str *out, size_t group, struct kh_report_counts counts)
{
	kh_str_addf(out, "<section class=\"card\"><div class=\"group-head\"><h3>%s</h3>\n",
		    kh_report_groups[group].name);
	kh_html_add_counts(out, &counts);
	kh_str_add(out, "</div>\n");
}

void kh_html_add_findings(struct kh_str *out, const struct kh_html_checks *checks)
{
	kh_str_add(out, "<h2 id=\"attention\">What needs attention</h2>\n");
	if (checks->counts.of[KH_FAIL] + checks->counts.of[KH_WARN] == 0)
		kh_str_add(out, KH_WORD("<p class=\"card\">Nothing.</p>\n"));
	for (size_t group = 0; kh_report_groups[group].name; group++) {
		struct kh_report_counts counts = count_group(checks, group);
		const struct wish wish = {group, true, NULL};
		counts.of[KH_PASS] = counts.of[KH_SKIP] = 0;
		if (counts.of[KH_FAIL] + counts.of[KH_WARN] == 0)
			continue;
		open_group(out, group, counts);
		add_table(out, checks, &wish);
		add_folded(out, checks, group);
		kh_str_add(out, "</section>\n");
	}
}

void kh_html_add_checks(struct kh_str *out, const struct kh_html_checks *checks)
{
	kh_str_add(out, "<h2 id=\"rest\">What is as it should be, or does not apply</h2>\n");
	for (size_t group = 0; kh_report_groups[group].name; group++) {
		struct kh_report_counts counts = count_group(checks, group);
		const struct wish wish = {group, false, NULL};
		counts.of[KH_FAIL] = counts.of[KH_WARN] = 0;
		if (counts.of[KH_PASS] + counts.of[KH_SKIP] == 0)
			continue;
		open_group(out, group, counts);
		kh_str_add(out, KH_WORD("<details><summary>show</summary>\n"));
		add_table(out, checks, &wish);
		kh_str_add(out, "</details></section>\n");
	}
}
