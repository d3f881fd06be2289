/* svg_boot.c - see svg.h: what boots, in which order, and how long building took. */
#include <string.h>

#include "cmd/svg.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/report_read.h"
#include "core/safe_text.h"

enum { WIDTH = 380, BOX = 50, GAP = 34 };

struct ladder {
	struct kh_svg svg;
	const json_t *boot;
	int y;
};

/* The first entry of a kind (kind NULL: the default one), or NULL. */
static const json_t *entry_of(const json_t *boot, const char *kind)
{
	size_t index;
	json_t *entry;
	json_array_foreach(json_object_get(boot, "entries"), index, entry)
	{
		bool is_default = json_is_true(json_object_get(entry, "default"));
		if (kind ? strcmp(kh_json_get(entry, "kind"), kind) == 0 : is_default)
			return entry;
	}
	return NULL;
}

static void draw_rung(struct ladder *ladder, const char *style, const char *title, const char *text,
		      const char *arrow)
{
	const char *running = kh_report_text_at(ladder->boot, "running");
	bool is_running = text && running && strcmp(text, running) == 0;
	kh_auto(kh_free) char *line =
		kh_printf("%s%s", text && *text ? text : "nothing is known of it",
			  is_running ? " · runs now" : "");
	if (ladder->y > 1) {
		kh_svg_arrow(&ladder->svg, 24, ladder->y, ladder->y + GAP);
		kh_svg_text(&ladder->svg, "small", 38, ladder->y + 21, WIDTH - 40, arrow);
		ladder->y += GAP;
	}
	kh_svg_box(&ladder->svg, style, 1, ladder->y, WIDTH - 2, BOX);
	kh_svg_text(&ladder->svg, "head", 12, ladder->y + 20, WIDTH - 24, title);
	kh_svg_text(&ladder->svg, "", 12, ladder->y + 38, WIDTH - 24, line);
	ladder->y += BOX;
}

/* What was chosen for the next boot only: kvmhost's trial, or somebody's own choice. */
static void draw_once(struct ladder *ladder)
{
	const json_t *trial = json_object_get(ladder->boot, "trial");
	const char *state = kh_json_get(trial, "state");
	const char *of = kh_json_get(trial, "of");
	bool is_arguments = strcmp(of, "arguments") == 0;
	const char *what = kh_json_get(trial, is_arguments ? "arguments" : "release");
	const char *once = kh_report_text_at(ladder->boot, "once");
	if (strcmp(state, "armed") == 0)
		draw_rung(ladder, "s-care",
			  is_arguments ? "next boot only: arguments on trial"
				       : "next boot only: a kernel on trial",
			  what, "");
	else if (strcmp(state, "booted") == 0)
		draw_rung(ladder, "s-care",
			  is_arguments ? "arguments on trial, not proved yet"
				       : "a kernel on trial, not proved yet",
			  what, "");
	else if (once)
		draw_rung(ladder, "s-care", "next boot only", once, "");
	if (strcmp(state, "failed") == 0)
		draw_rung(ladder, "s-bad",
			  is_arguments ? "arguments failed their trial"
				       : "a kernel failed its trial",
			  *kh_json_get(trial, "reason") ? kh_json_get(trial, "reason") : what, "");
}

static void draw_ladder(struct ladder *ladder)
{
	const json_t *first = entry_of(ladder->boot, NULL);
	const json_t *fallback = entry_of(ladder->boot, "fallback");
	ladder->y = 1;
	draw_once(ladder);
	const char *default_release = kh_report_text_at(first, "release");
	if (first)
		draw_rung(ladder, "s-good", "default entry", default_release,
			  "when it does not prove itself");
	else
		draw_rung(ladder, "s-bad", "no default entry", "none is known", "otherwise");
	if (fallback)
		draw_rung(ladder, "s-plain", "fallback: as before kvmhost",
			  kh_report_text_at(fallback, "release"), "chosen by hand in the menu");
	else
		draw_rung(ladder, "s-absent", "fallback: not there yet", "'kvmhost apply' adds it",
			  "chosen by hand in the menu");
}

void kh_svg_boot(struct kh_str *out, const json_t *machine)
{
	struct ladder ladder = {{NULL}, kh_report_at(machine, "boot"), 1};
	size_t count = json_array_size(json_object_get(ladder.boot, "entries"));
	if (count == 0)
		return;
	draw_ladder(&ladder);
	kh_str_add(out, "<figure class=\"card\"><figcaption>Boot order</figcaption>\n");
	kh_svg_open(out, "boot", "narrow", WIDTH, ladder.y + 2, "What boots, in which order",
		    "From the top: what is chosen for the next boot only, the default entry, the "
		    "fallback.");
	ladder.svg.out = out;
	draw_ladder(&ladder);
	kh_svg_close(out);
	kh_str_addf(out, "<p class=\"soft\">%zu entr%s in the menu.</p></figure>\n", count,
		    count == 1 ? "y" : "ies");
}
