/* progress_line.c - see progress_line.h. */
#include "core/progress_line.h"

#include <string.h>

#include "core/base/columns.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/translate.h"

enum {
	TEXT_LEAST = 24, /* columns of the text that other things leave alone */
	BAR_LEAST = 8,
	BAR_MOST = 30,
	SETTLED_MS = 1000, /* before that a rate is a guess */
};

/* ---- words ---- */

char *kh_progress_clock(long long ms)
{
	long long s = (ms + 500) / 1000;
	if (s >= 3600)
		return kh_printf("%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
	return kh_printf("%lld:%02lld", s / 60, s % 60);
}

char *kh_progress_duration(long long ms)
{
	long long s = (ms + 500) / 1000;
	if (s >= 3600)
		return kh_printf("%lld h %lld min", s / 3600, s / 60 % 60);
	return s >= 60 ? kh_printf("%lld min %lld s", s / 60, s % 60) : kh_printf("%lld s", s);
}

static double mib(size_t bytes)
{
	return (double)bytes / (1 << 20);
}

static bool is_bytes(const struct kh_progress_view *view)
{
	return view->unit && kh_str_ends(view->unit, "bytes");
}

static size_t percent(const struct kh_progress_view *view)
{
	if (view->count == 0 || view->done >= view->count)
		return 100;
	return (size_t)((double)view->done * 100 / (double)view->count);
}

/* Units a second; 0: too early to tell. */
static double rate(const struct kh_progress_view *view)
{
	if (view->elapsed_ms < SETTLED_MS || view->done <= view->first)
		return 0;
	return (double)(view->done - view->first) * 1000 / (double)view->elapsed_ms;
}

long long kh_progress_left_ms(const struct kh_progress_view *view)
{
	double per_s = rate(view);
	if (view->count == 0 || per_s <= 0)
		return -1;
	size_t left = view->count > view->done ? view->count - view->done : 0;
	return (long long)((double)left * 1000 / per_s);
}

/* ---- columns ---- */

/* What an ASCII terminal shows of a character. */
static bool is_shown(const char *text, size_t length, bool is_utf8)
{
	unsigned char byte = (unsigned char)*text;
	return length == 1 ? byte >= 0x20 && byte < 0x7f : is_utf8;
}

/* Exactly so many columns of the text: cut, or filled up. */
static void add_cut(struct kh_str *out, const char *text, size_t columns, bool is_utf8)
{
	bool is_cut = kh_columns(text) > columns;
	size_t room = is_cut && columns > 0 ? columns - 1 : columns, used = 0, length = 0;
	for (; *text; text += length) {
		size_t wide = kh_columns_at(text, &length);
		if (used + wide > room)
			break;
		used += wide;
		if (is_shown(text, length, is_utf8))
			kh_str_add_bytes(out, text, length);
		else
			kh_str_addf(out, "%*s", (int)wide, "?");
	}
	if (is_cut && columns > 0)
		kh_str_add(out, is_utf8 ? "…" : "~");
	for (used += is_cut && columns > 0; used < columns; used++)
		kh_str_add(out, " ");
}

static void add_bar(struct kh_str *out, const struct kh_progress_view *view, size_t columns,
		    bool is_utf8)
{
	size_t cells = is_utf8 ? columns : columns - 2;
	size_t full = cells * percent(view) / 100;
	kh_str_add(out, is_utf8 ? "" : "[");
	for (size_t i = 0; i < cells; i++)
		kh_str_add(out, i < full ? (is_utf8 ? "█" : "#") : (is_utf8 ? "░" : "."));
	kh_str_add(out, is_utf8 ? "" : "]");
}

/* ---- the line ---- */

/* What stands right of the text, the most wanted first. */
struct pieces {
	char *percent, *left, *rate, *amount;
};

static void pieces_done(struct pieces *pieces)
{
	kh_free(&pieces->percent);
	kh_free(&pieces->left);
	kh_free(&pieces->rate);
	kh_free(&pieces->amount);
}

/* The line is for a person only: its parts are made in the reader's language. */
static char *said(char *english)
{
	char *shown = kh_strdup(kh_translated(english));
	kh_free(&english);
	return shown;
}

static void make_pieces(const struct kh_progress_view *view, struct pieces *pieces)
{
	long long left_ms = kh_progress_left_ms(view);
	if (view->count > 0)
		pieces->percent = kh_printf("%3zu %%", percent(view));
	kh_auto(kh_free) char *clock = kh_progress_clock(left_ms >= 0 ? left_ms : view->elapsed_ms);
	if (left_ms >= 0)
		pieces->left = said(kh_printf("%s left", clock));
	else if (view->count == 0)
		pieces->left = kh_strdup(clock);
	if (!is_bytes(view))
		return;
	if (rate(view) > 0)
		pieces->rate = kh_printf("%.1f MiB/s", rate(view) / (1 << 20));
	if (view->count > 0)
		pieces->amount =
			said(kh_printf("%.1f of %.1f MiB", mib(view->done), mib(view->count)));
	else
		pieces->amount = kh_printf("%.1f MiB", mib(view->done));
}

static char *prefix_of(const struct kh_progress_view *view)
{
	if (is_bytes(view) || !view->unit)
		return kh_printf("[%s] ", view->stage);
	if (view->count == 0)
		return kh_printf("[%s] [%zu] ", view->stage, view->done);
	int width = 1;
	for (size_t count = view->count; count >= 10; count /= 10)
		width++;
	return kh_printf("[%s] [%*zu/%zu] ", view->stage, width, view->done, view->count);
}

/* Keep the piece when there is room for it. */
static size_t fit(char **piece, size_t room)
{
	size_t needs = *piece ? kh_columns(*piece) + 2 : 0;
	if (needs <= room)
		return needs;
	kh_free(piece);
	return 0;
}

/* Columns of the bar, of what room there is beside a text that would like to have more. */
static size_t bar_columns(const struct kh_progress_view *view, size_t room, size_t more)
{
	if (view->count == 0 || room < BAR_LEAST + 2)
		return 0;
	size_t bar = room - 2 > BAR_MOST ? BAR_MOST : room - 2;
	while (bar > BAR_LEAST && room - bar - 2 < more)
		bar--;
	return bar;
}

char *kh_progress_line(const struct kh_progress_view *view, size_t columns, bool is_utf8)
{
	kh_auto(pieces_done) struct pieces pieces = {0};
	kh_auto(kh_free) char *prefix = prefix_of(view);
	kh_auto(kh_free) char *head = kh_printf("%s%s", prefix, view->text);
	struct kh_str out = {0};
	make_pieces(view, &pieces);
	size_t total = columns > 1 ? columns - 1 : 0, text = kh_columns(view->text);
	size_t least = text < TEXT_LEAST ? text : TEXT_LEAST;
	size_t used = kh_columns(prefix) + least, right = 0;
	size_t room = total > used ? total - used : 0;
	char **const wanted[] = {&pieces.percent, &pieces.left, &pieces.rate, &pieces.amount};
	for (size_t i = 0; i < KH_COUNT(wanted); i++)
		right += fit(wanted[i], room - right);
	size_t bar = bar_columns(view, room - right, text - least);
	right += bar > 0 ? bar + 2 : 0;
	add_cut(&out, head, total - right, is_utf8);
	if (bar > 0) {
		kh_str_add(&out, "  ");
		add_bar(&out, view, bar, is_utf8);
	}
	char *const shown[] = {pieces.percent, pieces.amount, pieces.rate, pieces.left};
	for (size_t i = 0; i < KH_COUNT(shown); i++)
		if (shown[i])
			kh_str_addf(&out, "  %s", shown[i]);
	return kh_str_take(&out);
}

char *kh_progress_plain(const struct kh_progress_view *view)
{
	const char *unit = view->unit ? view->unit : "steps";
	struct kh_str out = {0};
	if (is_bytes(view) && view->count > 0)
		kh_str_addf(&out, "%.1f of %.1f MiB", mib(view->done), mib(view->count));
	else if (is_bytes(view))
		kh_str_addf(&out, "%.1f MiB", mib(view->done));
	else if (view->count > 0)
		kh_str_addf(&out, "%zu of %zu %s", view->done, view->count, unit);
	else
		kh_str_addf(&out, "%zu %s", view->done, unit);
	if (view->count > 0)
		kh_str_addf(&out, ", %zu %%", percent(view));
	kh_str_add(&out, ": ");
	add_cut(&out, view->text, kh_columns(view->text), true);
	return kh_str_take(&out);
}
