/* svg_cores.c - see svg_topology.h: caches and cores. */
#include <string.h>

#include "cmd/svg_topology.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/facts_topology.h"
#include "core/report_read.h"

enum { FEW_CORES = 12 }; /* of a node: these are drawn large */

/* ---- caches ---- */

static long long first_cpu(const struct kh_svg_part *part, size_t index)
{
	const json_t *core = json_array_get(part->cores, part->first + index);
	const json_t *cpu = json_array_get(json_object_get(core, "cpus"), 0);
	return json_is_integer(cpu) ? json_integer_value(cpu) : -1;
}

/* The cache of a level that a CPU uses, data before instructions; NULL: not known. */
static const json_t *cache_of(const struct kh_svg_drawing *drawing, long long cpu, long long level,
			      const char *but_not)
{
	size_t index;
	json_t *cache;
	json_array_foreach(kh_report_at(drawing->machine, "topology.caches"), index, cache)
	{
		if (kh_report_number_at(cache, "level") == level &&
		    strcmp(kh_json_get(cache, "type"), but_not) != 0 &&
		    kh_topology_has_cpu(json_string_value(json_object_get(cache, "cpus")), cpu))
			return cache;
	}
	return NULL;
}

char *kh_svg_cores_caches(const struct kh_svg_drawing *drawing, const struct kh_svg_part *part)
{
	static const struct {
		long long level;
		const char *name, *but_not;
	} kinds[] = {{2, "L2", ""}, {1, "L1d", "Instruction"}, {1, "L1i", "Data"}};
	kh_auto(kh_strv_done) struct kh_strv parts = {0};
	long long cpu = first_cpu(part, 0);
	for (size_t i = 0; i < KH_COUNT(kinds); i++) {
		const json_t *cache = cache_of(drawing, cpu, kinds[i].level, kinds[i].but_not);
		kh_auto(kh_free) char *size = kh_svg_size(kh_report_number_at(cache, "size_kib"));
		if (cache)
			kh_strv_addf(&parts, "%s %s", kinds[i].name, size);
	}
	kh_auto(kh_free) char *joined = kh_strv_join(&parts, ", ");
	return parts.count > 0 ? kh_printf("each core: %s", joined) : NULL;
}

/* ---- cores ---- */

static void draw_core(const struct kh_svg_drawing *drawing, const json_t *core, int x, int y,
		      int width, int height)
{
	kh_auto(kh_strv_done) struct kh_strv cpus = {0};
	size_t index;
	json_t *cpu;
	json_array_foreach(json_object_get(core, "cpus"), index, cpu)
	{
		if (json_is_integer(cpu))
			kh_strv_addf(&cpus, "%lld", (long long)json_integer_value(cpu));
	}
	kh_auto(kh_free) char *numbers = kh_strv_join(&cpus, " ");
	kh_auto(kh_free) char *name = kh_printf("core %lld", kh_report_number_at(core, "id"));
	kh_auto(kh_free) char *long_text = kh_printf("CPU %s", numbers);
	bool is_large = height > 30;
	kh_svg_box(&drawing->svg, "s-core", x, y, width - 4, height - 4);
	if (is_large)
		kh_svg_text(&drawing->svg, "mid", x + (width - 4) / 2, y + 15, width - 8, name);
	kh_svg_text(&drawing->svg, "small mid", x + (width - 4) / 2, y + (is_large ? 30 : 14),
		    width - 6, is_large ? long_text : numbers);
}

struct grid {
	int cell_width, cell_height;
	size_t columns;
};

static struct grid grid_for(const struct kh_svg_part *part, size_t cores, int width)
{
	bool is_large = part->count <= FEW_CORES;
	struct grid grid = {is_large ? 78 : 54, is_large ? 42 : 24, 1};
	size_t most = (size_t)(width / grid.cell_width);
	grid.columns = most < 1 ? 1 : cores < most ? cores : most;
	return grid;
}

/* Cores that share a last-level cache, with the cache above them. */
static int draw_cluster(const struct kh_svg_drawing *drawing, const struct kh_svg_part *part,
			size_t first, size_t count, const json_t *cache, int x, int y,
			const struct grid *grid)
{
	size_t rows = (count + grid->columns - 1) / grid->columns;
	int head = cache ? KH_SVG_LINE + 4 : 4;
	int width = (int)grid->columns * grid->cell_width + 6;
	int height = head + (int)rows * grid->cell_height + 4;
	if (cache) {
		kh_auto(kh_free) char *size = kh_svg_size(kh_report_number_at(cache, "size_kib"));
		kh_auto(kh_free) char *text = kh_printf("L3 %s", size);
		kh_svg_box(&drawing->svg, "s-cache", x, y, width, height);
		kh_svg_text(&drawing->svg, "", x + 7, y + 15, width - 10, text);
	}
	for (size_t i = 0; drawing->svg.out && i < count; i++)
		draw_core(drawing, json_array_get(part->cores, part->first + first + i),
			  x + 5 + (int)(i % grid->columns) * grid->cell_width,
			  y + head + (int)(i / grid->columns) * grid->cell_height, grid->cell_width,
			  grid->cell_height);
	return y + height;
}

int kh_svg_cores_draw(const struct kh_svg_drawing *drawing, const struct kh_svg_part *part, int x,
		      int y, int width)
{
	int at_x = x, bottom = y;
	for (size_t first = 0; first < part->count;) {
		const json_t *cache = cache_of(drawing, first_cpu(part, first), 3, "");
		size_t count = 1;
		while (first + count < part->count &&
		       cache_of(drawing, first_cpu(part, first + count), 3, "") == cache)
			count++;
		struct grid grid = grid_for(part, count, width - 8);
		int cluster = (int)grid.columns * grid.cell_width + 6;
		if (at_x > x && at_x + cluster > x + width) {
			at_x = x;
			y = bottom + 6;
		}
		int end = draw_cluster(drawing, part, first, count, cache, at_x, y, &grid);
		bottom = end > bottom ? end : bottom;
		at_x += cluster + 6;
		first += count;
	}
	return bottom;
}
