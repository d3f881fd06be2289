/* svg_network.c - see svg.h: the way out: cards, bond, bridge, address, gateway. */
#include <string.h>

#include "cmd/svg.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/translate.h"
#include "core/report_read.h"

enum { WIDTH = 380, BOX = 46, GAP = 26, MOST_CARDS = 4, MOST_STEPS = 6 };

struct path {
	struct kh_svg svg;
	const json_t *links;
	int y;
};

static const json_t *link_named(const json_t *links, const char *name)
{
	size_t index;
	json_t *link;
	json_array_foreach(links, index, link)
	{
		if (strcmp(kh_json_get(link, "name"), name) == 0)
			return link;
	}
	return NULL;
}

static bool is_kind(const json_t *link, const char *kind)
{
	return strcmp(kh_json_get(link, "kind"), kind) == 0;
}

static void draw_step(struct path *path, const char *style, const char *title, const char *text)
{
	if (path->y > 1) {
		kh_svg_arrow(&path->svg, WIDTH / 2, path->y, path->y + GAP);
		path->y += GAP;
	}
	kh_svg_box(&path->svg, style, 1, path->y, WIDTH - 2, BOX);
	kh_svg_text(&path->svg, "head mid", WIDTH / 2, path->y + 19, WIDTH - 20, title);
	kh_svg_text(&path->svg, "small mid", WIDTH / 2, path->y + 36, WIDTH - 20, text);
	path->y += BOX;
}

static const char *state_style(const json_t *link)
{
	return json_is_true(json_object_get(link, "up")) ? "s-good" : "s-bad";
}

static char *link_text(const json_t *link)
{
	long long mtu = kh_report_number_at(link, "mtu");
	long long mbit = kh_report_number_at(link, "speed_mbit");
	kh_auto(kh_strv_done) struct kh_strv parts = {0};
	kh_strv_add(&parts,
		    json_is_true(json_object_get(link, "up")) ? KH_WORD("up") : KH_WORD("down"));
	if (*kh_json_get(link, "driver"))
		kh_strv_add(&parts, kh_json_get(link, "driver"));
	if (*kh_json_get(link, "bond_mode"))
		kh_strv_add(&parts, kh_json_get(link, "bond_mode"));
	if (mbit > 0)
		kh_strv_addf(&parts, "%lld Mbit/s", mbit);
	if (mtu > 0)
		kh_strv_addf(&parts, "MTU %lld", mtu);
	return kh_strv_join(&parts, " · ");
}

static void draw_link(struct path *path, const json_t *link)
{
	kh_auto(kh_free) char *text = link_text(link);
	kh_auto(kh_free) char *title =
		kh_printf("%s (%s)", kh_json_get(link, "name"),
			  is_kind(link, "physical") ? "network card" : kh_json_get(link, "kind"));
	draw_step(path, state_style(link), title, text);
}

/* Cards side by side: those of a bond, or those that stand alone. */
static void draw_cards(struct path *path, const json_t *const *cards, size_t count)
{
	int width = (WIDTH - 2 - 8 * ((int)count - 1)) / (int)count;
	if (count == 1) {
		draw_link(path, cards[0]);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		int x = 1 + (int)i * (width + 8);
		const char *state = json_is_true(json_object_get(cards[i], "up")) ? KH_WORD("up")
										  : KH_WORD("down");
		kh_svg_box(&path->svg, state_style(cards[i]), x, path->y, width, BOX);
		kh_svg_text(&path->svg, "head mid", x + width / 2, path->y + 19, width - 8,
			    kh_json_get(cards[i], "name"));
		kh_svg_text(&path->svg, "small mid", x + width / 2, path->y + 36, width - 8, state);
	}
	path->y += BOX;
}

/* What carries `name`, from the cards upwards: ports first. */
static void draw_below(struct path *path, const char *name, int depth)
{
	const json_t *link = link_named(path->links, name), *cards[MOST_CARDS];
	json_t *ports = json_object_get(link, "ports"), *port;
	size_t index, count = 0;
	if (!link || depth > MOST_STEPS)
		return;
	json_array_foreach(ports, index, port)
	{
		const json_t *below = json_is_string(port)
					      ? link_named(path->links, json_string_value(port))
					      : NULL;
		if (is_kind(below, "physical") && count < MOST_CARDS)
			cards[count++] = below;
		else if (below && (is_kind(below, "bond") || is_kind(below, "vlan")))
			draw_below(path, json_string_value(port), depth + 1);
	}
	if (count > 0)
		draw_cards(path, cards, count);
	draw_link(path, link);
}

static char *addresses_text(const json_t *link)
{
	kh_auto(kh_strv_done) struct kh_strv list = {0};
	size_t index;
	json_t *address;
	json_array_foreach(json_object_get(link, "addresses"), index, address)
	{
		if (json_is_string(address))
			kh_strv_add(&list, json_string_value(address));
	}
	return list.count > 0 ? kh_strv_join(&list, ", ") : NULL;
}

static void draw_path(struct path *path, const json_t *machine)
{
	const char *bridge = kh_report_text_at(machine, "bridge");
	const char *uplink = kh_report_text_at(machine, "facts.net.default_link");
	const char *gateway4 = kh_report_text_at(machine, "facts.net.gateway4");
	const char *gateway6 = kh_report_text_at(machine, "facts.net.gateway6");
	const json_t *bridge_link = bridge ? link_named(path->links, bridge) : NULL;
	const json_t *top = uplink ? link_named(path->links, uplink) : bridge_link;
	path->y = 1;
	if (top)
		draw_below(path, kh_json_get(top, "name"), 0);
	if (bridge && !bridge_link)
		draw_step(path, "s-absent", bridge, "the bridge is not there yet");
	else if (bridge_link && top != bridge_link)
		draw_step(path, "s-care", bridge, "this bridge does not carry the default route");
	kh_auto(kh_free) char *addresses = top ? addresses_text(top) : NULL;
	draw_step(path, addresses ? "s-plain" : "s-bad", "the address",
		  addresses ? addresses : "no address");
	kh_auto(kh_free) char *gateways =
		kh_printf("%s%s%s", gateway4 ? gateway4 : "", gateway4 && gateway6 ? ", " : "",
			  gateway6 ? gateway6 : "");
	draw_step(path, *gateways ? "s-plain" : "s-bad", "the gateway",
		  *gateways ? gateways : "no gateway");
}

void kh_svg_network(struct kh_str *out, const json_t *machine)
{
	struct path path = {{NULL}, kh_report_at(machine, "facts.net.links"), 1};
	if (json_array_size(path.links) == 0)
		return;
	draw_path(&path, machine);
	kh_str_add(out, "<figure class=\"card\"><figcaption>Network: from the card to the "
			"gateway</figcaption>\n");
	kh_svg_open(out, "network", "narrow", WIDTH, path.y + 2, "The way to the network",
		    "Boxes from the network cards over the bridge to the address and the gateway; "
		    "each says whether it is up.");
	path.svg.out = out;
	draw_path(&path, machine);
	kh_svg_close(out);
	kh_str_add(out, "</figure>\n");
}
