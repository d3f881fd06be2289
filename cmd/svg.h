/* svg.h - pictures of the report: the few shapes they are made of, and the pictures.
 *
 * Shapes have classes and no colours: templates/report/page.css gives both sets, light and dark.
 * Texts may come from a host: they are escaped, and cut to the room there is. A struct kh_svg
 * without `out` only measures, so that a frame can be drawn before what is in it. Each picture
 * reads the "machine" of the JSON document and adds nothing when that lacks what it shows.
 */
#ifndef KH_SVG_H
#define KH_SVG_H

#include <jansson.h>
#include <stdbool.h>

#include "core/base/str.h"

struct kh_svg {
	struct kh_str *out; /* NULL: measure only */
};

/* ---- shapes: lengths in user units, about a pixel ---- */

/* id: unique in the page; style: more classes, or "". title and desc are for those who do not see
 * the picture. */
void kh_svg_open(struct kh_str *out, const char *id, const char *style, int width, int height,
		 const char *title, const char *desc);
void kh_svg_close(struct kh_str *out);
void kh_svg_box(const struct kh_svg *svg, const char *style, int x, int y, int width, int height);
/* y: of the base line; room: as wide as it may get. style: "head", "small", "mid" (x is the middle)
 * or "". */
void kh_svg_text(const struct kh_svg *svg, const char *style, int x, int y, int room,
		 const char *text);
/* Downwards. */
void kh_svg_arrow(const struct kh_svg *svg, int x, int from_y, int to_y);

/* ---- pictures ---- */

void kh_svg_topology(struct kh_str *out, const json_t *machine);
void kh_svg_memory(struct kh_str *out, const json_t *machine);
void kh_svg_network(struct kh_str *out, const json_t *machine);
void kh_svg_boot(struct kh_str *out, const json_t *machine);
void kh_svg_builds(struct kh_str *out, const json_t *machine);

/* ---- what they share ---- */

/* "62.7 GiB", "512 KiB"; owned. */
char *kh_svg_size(long long kib);

#endif
