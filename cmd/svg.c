/* svg.c - see svg.h: the shapes. */
#include "cmd/svg.h"

#include <string.h>

#include "core/base/columns.h"
#include "core/base/mem.h"
#include "core/base/translate.h"
#include "core/safe_text.h"

void kh_svg_open(struct kh_str *out, const char *id, const char *style, int width, int height,
		 const char *title, const char *desc)
{
	kh_str_addf(out,
		    "<svg class=\"%s\" viewBox=\"0 0 %d %d\" role=\"img\" "
		    "aria-labelledby=\"%s-t %s-d\">\n<title id=\"%s-t\">",
		    style, width, height, id, id, id);
	kh_safe_add_markup(out, title);
	kh_str_addf(out, "</title>\n<desc id=\"%s-d\">", id);
	kh_safe_add_markup(out, desc);
	kh_str_add(out, "</desc>\n");
}

void kh_svg_close(struct kh_str *out)
{
	kh_str_add(out, "</svg>\n");
}

void kh_svg_box(const struct kh_svg *svg, const char *style, int x, int y, int width, int height)
{
	if (svg->out)
		kh_str_addf(svg->out,
			    "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
			    "rx=\"5\"/>\n",
			    style, x, y, width, height);
}

/* Characters of average width that fit; nothing here knows the reader's fonts. */
static size_t fitting(const char *style, int room)
{
	int tenths = strstr(style, "head") ? 78 : strstr(style, "small") ? 62 : 67;
	return room > 0 ? (size_t)room * 10 / (size_t)tenths : 0;
}

/* The first columns of it and an ellipsis; owned. */
static char *cut(const char *text, size_t columns)
{
	size_t used = 0, at = 0, length = 0;
	for (; text[at]; at += length) {
		used += kh_columns_at(text + at, &length);
		if (used + 1 > columns)
			break;
	}
	return kh_printf("%.*s…", (int)at, text);
}

void kh_svg_text(const struct kh_svg *svg, const char *style, int x, int y, int room,
		 const char *text)
{
	if (!svg->out)
		return;
	kh_auto(kh_free) char *line = kh_safe_line(kh_translated(text), true);
	size_t most = fitting(style, room);
	bool is_cut = kh_columns(line) > most;
	kh_auto(kh_free) char *shown = is_cut ? cut(line, most) : kh_strdup(line);
	kh_str_addf(svg->out, "<text class=\"%s\" x=\"%d\" y=\"%d\">", style, x, y);
	if (is_cut) { /* the whole of it is there for whoever points at it */
		kh_str_add(svg->out, "<title>");
		kh_safe_add_markup(svg->out, line);
		kh_str_add(svg->out, "</title>");
	}
	kh_safe_add_markup(svg->out, shown);
	kh_str_add(svg->out, "</text>\n");
}

void kh_svg_arrow(const struct kh_svg *svg, int x, int from_y, int to_y)
{
	if (svg->out)
		kh_str_addf(svg->out,
			    "<path class=\"s-arrow\" d=\"M%d %dV%d\"/>"
			    "<path class=\"s-tip\" d=\"M%d %dl-5 -8h10z\"/>\n",
			    x, from_y, to_y - 6, x, to_y);
}

char *kh_svg_size(long long kib)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
	size_t unit = 0;
	long long tenths = kib < 0 || kib > 1LL << 55 ? 0 : kib * 10;
	while (tenths >= 10240 && unit + 1 < KH_COUNT(units)) {
		tenths = (tenths + 512) / 1024;
		unit++;
	}
	bool is_whole = tenths % 10 == 0 || tenths >= 1000;
	return is_whole ? kh_printf("%lld %s", (tenths + 5 * (tenths % 10 != 0)) / 10, units[unit])
			: kh_printf("%lld.%lld %s", tenths / 10, tenths % 10, units[unit]);
}
