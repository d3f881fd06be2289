/* svg_topology.h - between the parts of the topology's picture: svg_topology.c (the machine,
 * packages, nodes, memory, devices) and svg_cores.c (caches and cores).
 *
 * Every draw function gives the y below what it drew. Called with a measuring svg first, it tells
 * how high a frame has to be.
 */
#ifndef KH_SVG_TOPOLOGY_H
#define KH_SVG_TOPOLOGY_H

#include "cmd/svg.h"

enum { KH_SVG_LINE = 17 }; /* height of a line of text */

struct kh_svg_drawing {
	struct kh_svg svg;
	const json_t *machine;
	bool is_single; /* one node, or none is told: all devices are its own */
};

struct kh_svg_part { /* the cores of one package on one node */
	const json_t *cores;
	size_t first, count;
	long long node;
};

/* Cores below the last-level caches that they share. */
int kh_svg_cores_draw(const struct kh_svg_drawing *drawing, const struct kh_svg_part *part, int x,
		      int y, int width);
/* "each core: L2 1 MiB, L1d 32 KiB, L1i 32 KiB"; NULL: nothing is known. Owned. */
char *kh_svg_cores_caches(const struct kh_svg_drawing *drawing, const struct kh_svg_part *part);

#endif
