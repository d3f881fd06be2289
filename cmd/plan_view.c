/* plan_view.c - a plan as it is printed: per stage, in colour where there is one, as a diff or as a
 * list, and its summary. */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "core/base/mem.h"
#include "core/base/translate.h"

enum paint { PLAIN, HEADING, TITLE, REASON, PLUS, MINUS, HUNK, ATTENTION };

/* Source: ECMA-48, SGR. */
static const char *begin_of(enum paint paint)
{
	switch (paint) {
	case PLAIN:
		return "";
	case HEADING:
		return "\033[1;36m";
	case TITLE:
		return "\033[1m";
	case REASON:
		return "\033[2m";
	case PLUS:
		return "\033[32m";
	case MINUS:
		return "\033[31m";
	case HUNK:
		return "\033[36m";
	case ATTENTION:
		return "\033[33m";
	}
	return "";
}

static void print_painted(enum paint paint, const char *line)
{
	bool is_painted = paint != PLAIN && kh_wants_color();
	kh_auto(kh_free) char *clean = kh_clean(kh_translated(line), false);
	printf("%s%s%s\n", is_painted ? begin_of(paint) : "", clean, is_painted ? "\033[0m" : "");
}

static const char *ending(size_t count)
{
	return count == 1 ? "" : "s";
}

/* ---- counting ---- */

/* How often a stage that has a change also has a note of a reboot. */
static size_t count_reboots(const struct kh_plan *plan, const char *stage)
{
	size_t count = 0;
	for (size_t i = 0; i < plan->note_count; i++)
		count += plan->notes[i].kind == KH_NOTE_REBOOT &&
			 (!stage || strcmp(plan->notes[i].stage, stage) == 0);
	return count;
}

static size_t count_stages(const struct kh_plan *plan)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	for (size_t i = 0; i < plan->change_count; i++)
		if (!kh_strv_has(&names, plan->changes[i].stage))
			kh_strv_add(&names, plan->changes[i].stage);
	return names.count;
}

char *kh_plan_summary(const struct kh_plan *plan)
{
	size_t count = plan->change_count, stages = count_stages(plan);
	size_t reboots = count_reboots(plan, NULL);
	struct kh_str out = {0};
	kh_str_addf(&out, "%zu change%s in %zu stage%s", count, ending(count), stages,
		    ending(stages));
	if (reboots > 0)
		kh_str_addf(&out, ", %zu need%s a reboot", reboots, reboots == 1 ? "s" : "");
	return kh_str_take(&out);
}

json_t *kh_plan_summary_json(const struct kh_plan *plan)
{
	return json_pack("{s:I, s:I, s:I}", "changes", (json_int_t)plan->change_count, "stages",
			 (json_int_t)count_stages(plan), "reboots",
			 (json_int_t)count_reboots(plan, NULL));
}

/* ---- as a diff ---- */

static enum paint paint_of(const char *line, bool is_diff)
{
	if (!is_diff)
		return kh_str_starts(line, "    why: ") ? REASON : PLAIN;
	if (kh_str_starts(line, "--- ") || kh_str_starts(line, "+++ "))
		return TITLE;
	switch (line[0]) {
	case '+':
		return PLUS;
	case '-':
		return MINUS;
	case '@':
		return HUNK;
	}
	return PLAIN;
}

static void print_change(const struct kh_change *change)
{
	kh_auto(kh_free) char *text = kh_plan_change_text(change);
	kh_auto(kh_strv_done) struct kh_strv lines = {0}, shown = {0};
	bool is_diff = false;
	kh_strv_split_lines(&lines, text);
	kh_strv_split_lines(&shown, kh_translated(text)); /* line by line the same */
	for (size_t i = 0; i < lines.count; i++) {
		const char *line = lines.count == shown.count ? shown.items[i] : lines.items[i];
		kh_auto(kh_free) char *title = i == 0 ? kh_shown_title(line) : NULL;
		is_diff |= i > 0 && kh_str_starts(lines.items[i], "--- ");
		print_painted(i == 0 ? TITLE : paint_of(lines.items[i], is_diff),
			      title ? title : line);
	}
}

/* The changes of one stage that follow each other; returns how many. */
static size_t print_stage(const struct kh_plan *plan, size_t first)
{
	const char *stage = plan->changes[first].stage;
	size_t end = first;
	while (end < plan->change_count && strcmp(plan->changes[end].stage, stage) == 0)
		end++;
	kh_auto(kh_free) char *heading =
		kh_printf("=== %s: %zu change%s%s", stage, end - first, ending(end - first),
			  count_reboots(plan, stage) > 0 ? ", needs a reboot" : "");
	print_painted(HEADING, heading);
	for (size_t i = first; i < end; i++)
		print_change(&plan->changes[i]);
	return end - first;
}

void kh_print_plan(const struct kh_plan *plan)
{
	for (size_t i = 0; i < plan->change_count;)
		i += print_stage(plan, i);
	for (size_t i = 0; i < plan->note_count; i++) {
		const struct kh_note *note = &plan->notes[i];
		bool is_loud = note->kind == KH_NOTE_WARNING || note->kind == KH_NOTE_REBOOT;
		kh_auto(kh_free) char *line = kh_plan_note_line(note);
		print_painted(is_loud ? ATTENTION : PLAIN, line);
	}
}

/* ---- as a list ---- */

static void count_lines(const struct kh_change *change, size_t *ret_plus, size_t *ret_minus)
{
	kh_auto(kh_free) char *text = kh_plan_change_text(change);
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	bool is_diff = false;
	*ret_plus = *ret_minus = 0;
	kh_strv_split_lines(&lines, text);
	for (size_t i = 1; i < lines.count; i++) {
		is_diff |= kh_str_starts(lines.items[i], "@@ ");
		*ret_plus += is_diff && lines.items[i][0] == '+';
		*ret_minus += is_diff && lines.items[i][0] == '-';
	}
}

void kh_print_plan_stat(const struct kh_plan *plan)
{
	for (size_t i = 0; i < plan->change_count; i++) {
		const struct kh_change *change = &plan->changes[i];
		size_t plus, minus;
		count_lines(change, &plus, &minus);
		kh_auto(kh_free) char *raw = kh_plan_change_title(change);
		kh_auto(kh_free) char *shown = kh_shown_title(kh_translated(raw));
		kh_auto(kh_free) char *title = kh_clean(shown, false);
		kh_auto(kh_free) char *more = plus > 0 ? kh_printf("+%zu", plus) : kh_strdup("");
		kh_auto(kh_free) char *less = minus > 0 ? kh_printf("-%zu", minus) : kh_strdup("");
		bool is_painted = kh_wants_color();
		printf(" %s%5s%s %s%5s%s  %-10s  %s\n", is_painted ? begin_of(PLUS) : "", more,
		       is_painted ? "\033[0m" : "", is_painted ? begin_of(MINUS) : "", less,
		       is_painted ? "\033[0m" : "", change->stage, title);
	}
}
