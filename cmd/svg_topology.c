/* svg_topology.c - see svg_topology.h: the machine in the manner of lstopo: packages, nodes,
 * memory, and where cards and disks sit. */
#include "cmd/svg_topology.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/translate.h"
#include "core/report_read.h"

enum {
	WIDTH = 980,
	PAD = 10,
	CHIP_HEIGHT = 24,
	MOST_CORES = 2048, /* more are no picture any more */
};

/* ---- memory of a node ---- */

static const json_t *node_of(const struct kh_svg_drawing *drawing, long long id)
{
	size_t index;
	json_t *node;
	json_array_foreach(kh_report_at(drawing->machine, "facts.memory.nodes"), index, node)
	{
		if (kh_report_number_at(node, "id") == id)
			return node;
	}
	return NULL;
}

/* "huge pages: 4 of 1 GiB (4 free), 512 of 2 MiB (512 free)"; NULL: there are none. Owned. */
static char *pools_text(const struct kh_svg_drawing *drawing, long long node)
{
	kh_auto(kh_strv_done) struct kh_strv parts = {0};
	size_t index;
	json_t *pool;
	json_array_foreach(kh_report_at(drawing->machine, "facts.memory.pools"), index, pool)
	{
		long long pages = kh_report_number_at(pool, "total_pages");
		if (kh_report_number_at(pool, "node") != node || pages <= 0)
			continue;
		kh_auto(kh_free) char *size = kh_svg_size(kh_report_number_at(pool, "size_kib"));
		kh_strv_addf(&parts, "%lld × %s (%lld free)", pages, size,
			     kh_report_number_at(pool, "free_pages"));
	}
	kh_auto(kh_free) char *joined = kh_strv_join(&parts, ", ");
	return parts.count > 0 ? kh_printf("huge pages: %s", joined) : NULL;
}

static int draw_memory(const struct kh_svg_drawing *drawing, long long node, int x, int y,
		       int width)
{
	const json_t *facts = node_of(drawing, node);
	kh_auto(kh_free) char *total = kh_svg_size(
		facts ? kh_report_number_at(facts, "total_kib")
		      : kh_report_number_at(drawing->machine, "facts.memory.total_kib"));
	kh_auto(kh_free) char *title = facts ? kh_printf("NUMA node %lld · %s", node, total)
					     : kh_printf(KH_WORD("memory · %s"), total);
	/* The pools of a host without nodes are told with node null, which reads as -1. */
	kh_auto(kh_free) char *pools = pools_text(drawing, facts ? node : -1);
	kh_svg_text(&drawing->svg, "head", x, y + 13, width, title);
	y += KH_SVG_LINE + 2;
	kh_svg_text(&drawing->svg, "small", x, y + 11, width,
		    pools ? pools : "no huge pages reserved");
	return y + KH_SVG_LINE + 3;
}

/* ---- devices ---- */

static int draw_chip(const struct kh_svg_drawing *drawing, const char *text, int *at_x, int y,
		     int x, int width)
{
	int chip = 16 + (int)strlen(text) * 65 / 10;
	chip = chip > width ? width : chip;
	if (*at_x > x && *at_x + chip > x + width) {
		*at_x = x;
		y += CHIP_HEIGHT + 5;
	}
	kh_svg_box(&drawing->svg, "s-device", *at_x, y, chip, CHIP_HEIGHT);
	kh_svg_text(&drawing->svg, "small", *at_x + 7, y + 16, chip - 10, text);
	*at_x += chip + 6;
	return y;
}

static bool sits_on(const struct kh_svg_drawing *drawing, const json_t *device, long long node)
{
	return drawing->is_single || kh_report_number_at(device, "node") == node;
}

static char *link_text(const json_t *link)
{
	long long mbit = kh_report_number_at(link, "speed_mbit");
	const char *name = kh_json_get(link, "name");
	if (mbit >= 1000)
		return kh_printf("%s · %lld Gbit/s", name, mbit / 1000);
	return mbit > 0 ? kh_printf("%s · %lld Mbit/s", name, mbit) : kh_strdup(name);
}

static void list_devices(const struct kh_svg_drawing *drawing, long long node,
			 struct kh_strv *texts)
{
	size_t index;
	json_t *device;
	json_array_foreach(kh_report_at(drawing->machine, "facts.net.links"), index, device)
	{
		if (strcmp(kh_json_get(device, "kind"), "physical") == 0 &&
		    sits_on(drawing, device, node))
			kh_strv_add_owned(texts, link_text(device));
	}
	json_array_foreach(kh_report_at(drawing->machine, "facts.disk"), index, device)
	{
		kh_auto(kh_free) char *size =
			kh_svg_size(kh_report_number_at(device, "size_bytes") / 1024);
		if (sits_on(drawing, device, node))
			kh_strv_addf(texts, "%s · %s", kh_json_get(device, "name"), size);
	}
}

static int draw_devices(const struct kh_svg_drawing *drawing, long long node, int x, int y,
			int width)
{
	kh_auto(kh_strv_done) struct kh_strv texts = {0};
	int at_x = x;
	list_devices(drawing, node, &texts);
	for (size_t i = 0; i < texts.count; i++)
		y = draw_chip(drawing, texts.items[i], &at_x, y, x, width);
	return texts.count > 0 ? y + CHIP_HEIGHT : y;
}

/* ---- nodes, packages, the machine ---- */

static int draw_part_inside(const struct kh_svg_drawing *drawing, const struct kh_svg_part *part,
			    int x, int y, int width)
{
	kh_auto(kh_free) char *caches = part->count > 0 ? kh_svg_cores_caches(drawing, part) : NULL;
	y = draw_memory(drawing, part->node, x, y, width);
	if (part->count > 0)
		y = kh_svg_cores_draw(drawing, part, x, y, width);
	if (caches)
		kh_svg_text(&drawing->svg, "small", x, y + 14, width, caches);
	y += caches ? KH_SVG_LINE + 3 : 6;
	return draw_devices(drawing, part->node, x, y, width);
}

static int draw_part(const struct kh_svg_drawing *drawing, const struct kh_svg_part *part, int x,
		     int y, int width)
{
	const struct kh_svg_drawing measure = {{NULL}, drawing->machine, drawing->is_single};
	int end = draw_part_inside(&measure, part, x + PAD, y + 7, width - 2 * PAD) + PAD;
	kh_svg_box(&drawing->svg, "s-node", x, y, width, end - y);
	draw_part_inside(drawing, part, x + PAD, y + 7, width - 2 * PAD);
	return end;
}

/* The next part of a package; false at its end. */
static bool next_part(const json_t *cores, struct kh_svg_part *part)
{
	part->cores = cores;
	part->first += part->count;
	part->count = 0;
	size_t all = json_array_size(cores);
	all = all > MOST_CORES ? MOST_CORES : all;
	if (part->first >= all)
		return false;
	part->node = kh_report_number_at(json_array_get(cores, part->first), "node");
	while (part->first + part->count < all &&
	       kh_report_number_at(json_array_get(cores, part->first + part->count), "node") ==
		       part->node)
		part->count++;
	return true;
}

static int draw_package_inside(const struct kh_svg_drawing *drawing, const json_t *package, int x,
			       int y, int width)
{
	struct kh_svg_part part = {0};
	const json_t *cores = json_object_get(package, "cores");
	kh_auto(kh_free) char *title =
		kh_printf("package %lld · %zu core%s", kh_report_number_at(package, "id"),
			  json_array_size(cores), json_array_size(cores) == 1 ? "" : "s");
	kh_svg_text(&drawing->svg, "head", x, y + 13, width, title);
	y += KH_SVG_LINE + 5;
	while (next_part(cores, &part))
		y = draw_part(drawing, &part, x, y, width) + 8;
	return y;
}

static int draw_package(const struct kh_svg_drawing *drawing, const json_t *package, int x, int y,
			int width)
{
	const struct kh_svg_drawing measure = {{NULL}, drawing->machine, drawing->is_single};
	int end = draw_package_inside(&measure, package, x + PAD, y + 7, width - 2 * PAD) + 2;
	kh_svg_box(&drawing->svg, "s-package", x, y, width, end - y);
	draw_package_inside(drawing, package, x + PAD, y + 7, width - 2 * PAD);
	return end;
}

/* Memory without processors of its own (CXL, persistent memory). */
static int draw_bare_nodes(const struct kh_svg_drawing *drawing, int y)
{
	size_t index;
	json_t *node;
	json_array_foreach(kh_report_at(drawing->machine, "facts.memory.nodes"), index, node)
	{
		const struct kh_svg_part part = {.node = kh_report_number_at(node, "id")};
		if (!*kh_json_get(node, "cpus"))
			y = draw_part(drawing, &part, 1, y, WIDTH - 2) + 8;
	}
	return y;
}

static int draw_loose_devices(const struct kh_svg_drawing *drawing, int y)
{
	kh_auto(kh_strv_done) struct kh_strv texts = {0};
	if (drawing->is_single)
		return y;
	list_devices(drawing, -1, &texts);
	if (texts.count == 0)
		return y;
	kh_svg_text(&drawing->svg, "small", 2, y + 12, WIDTH, "on no node in particular");
	return draw_devices(drawing, -1, 1, y + KH_SVG_LINE + 2, WIDTH - 2) + 2;
}

static int draw_machine(const struct kh_svg_drawing *drawing)
{
	const json_t *packages = kh_report_at(drawing->machine, "topology.packages");
	bool has_pairs = json_array_size(packages) > 1;
	int width = has_pairs ? WIDTH / 2 - 5 : WIDTH - 2;
	int y = 1, bottom = 1;
	size_t index;
	json_t *package;
	json_array_foreach(packages, index, package)
	{
		bool is_right = has_pairs && index % 2 == 1;
		y = is_right ? y : bottom;
		int end = draw_package(drawing, package, is_right ? WIDTH / 2 + 4 : 1, y, width);
		bottom = end + 8 > bottom ? end + 8 : bottom;
	}
	bottom = draw_bare_nodes(drawing, bottom);
	return draw_loose_devices(drawing, bottom);
}

static char *description(const json_t *machine)
{
	const json_t *packages = kh_report_at(machine, "topology.packages"), *package;
	size_t index, cores = 0;
	size_t nodes = json_array_size(kh_report_at(machine, "facts.memory.nodes"));
	json_array_foreach(packages, index, package) cores +=
		json_array_size(json_object_get(package, "cores"));
	kh_auto(kh_free) char *total =
		kh_svg_size(kh_report_number_at(machine, "facts.memory.total_kib"));
	return kh_printf(
		"Packages: %zu, cores: %zu, NUMA nodes: %zu, memory: %s. Network cards and "
		"disks are drawn in the node they hang on.",
		json_array_size(packages), cores, nodes, total);
}

void kh_svg_topology(struct kh_str *out, const json_t *machine)
{
	struct kh_svg_drawing drawing = {{NULL}, machine, false};
	drawing.is_single = json_array_size(kh_report_at(machine, "facts.memory.nodes")) <= 1;
	if (json_array_size(kh_report_at(machine, "topology.packages")) == 0)
		return;
	int height = draw_machine(&drawing);
	kh_auto(kh_free) char *desc = description(machine);
	kh_svg_open(out, "topology", "topology", WIDTH, height, "Topology of the machine", desc);
	drawing.svg.out = out;
	draw_machine(&drawing);
	kh_svg_close(out);
}
