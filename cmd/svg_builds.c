/* svg_builds.c - see svg.h: how long building took, a row and a bar for each artifact. */
#include "cmd/svg.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/report_read.h"
#include "core/safe_text.h"

enum { WIDTH = 1000, HEIGHT = 12 };

static char *duration(long long seconds)
{
	if (seconds < 0)
		return kh_strdup("not known");
	if (seconds < 60)
		return kh_printf("%lld s", seconds);
	if (seconds < 3600)
		return kh_printf("%lld min %lld s", seconds / 60, seconds % 60);
	return kh_printf("%lld h %lld min", seconds / 3600, seconds / 60 % 60);
}

static void add_cell(struct kh_str *out, const char *open, const char *text, const char *close)
{
	kh_str_add(out, open);
	kh_safe_add_markup(out, text);
	kh_str_add(out, close);
}

static void add_row(struct kh_str *out, const json_t *build, size_t index, long long most)
{
	long long seconds = kh_report_number_at(build, "seconds");
	bool is_installed = json_is_true(json_object_get(build, "installed"));
	kh_auto(kh_free) char *time = duration(seconds);
	kh_auto(kh_free) char *id = kh_printf("build-%zu", index);
	add_cell(out, "<tr><th scope=\"row\">", kh_json_get(build, "program"), " ");
	add_cell(out, "", kh_json_get(build, "version"),
		 is_installed ? "</th><td>installed</td>" : "</th><td></td>");
	add_cell(out, "<td class=\"c-made\">", kh_json_get(build, "made"), "</td>");
	add_cell(out, "<td class=\"num\">", time, "</td><td>\n");
	if (seconds > 0) {
		const struct kh_svg svg = {out};
		int width = (int)((double)seconds / (double)most * WIDTH);
		kh_svg_open(out, id, "rate\" preserveAspectRatio=\"none", WIDTH, HEIGHT,
			    "Time it took", time);
		kh_svg_box(&svg, "s-huge", 0, 0, width > 2 ? width : 2, HEIGHT);
		kh_svg_close(out);
	}
	kh_str_add(out, "</td></tr>\n");
}

void kh_svg_builds(struct kh_str *out, const json_t *machine)
{
	const json_t *builds = kh_report_at(machine, "builds");
	long long most = 1;
	size_t index;
	json_t *build;
	if (json_array_size(builds) == 0)
		return;
	json_array_foreach(builds, index, build)
	{
		long long seconds = kh_report_number_at(build, "seconds");
		most = seconds > most ? seconds : most;
	}
	kh_str_add(out, "<figure class=\"card\"><figcaption>Build times</figcaption>\n"
			"<table class=\"builds\"><thead><tr><th scope=\"col\">Program</th>"
			"<th scope=\"col\">State</th><th scope=\"col\" class=\"c-made\">Made</th>"
			"<th scope=\"col\" class=\"num\">Time</th>"
			"<th scope=\"col\" class=\"c-rate\"></th></tr></thead><tbody>\n");
	json_array_foreach(builds, index, build) add_row(out, build, index, most);
	kh_str_add(out, "</tbody></table></figure>\n");
}
