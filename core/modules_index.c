/* modules_index.c - see modules_index.h.
 *
 * The file: magic, version, offset of the root node. The upper four bits of an offset say what the
 * node there has, in this order: a prefix (text), children (first and last character, then an
 * offset for each character from first to last), values (their number, then for each its order and
 * a text). Source: kmod, libkmod/libkmod-index.h and libkmod-index.c, index_read().
 */
#include "core/modules_index.h"

#include <stdint.h>
#include <string.h>

#include "core/base/mem.h"

enum { MAGIC = 0xB007F457, VERSION = 2, MOST_DEPTH = 512 };
enum { HAS_PREFIX = 0x8, HAS_VALUES = 0x4, HAS_CHILDREN = 0x2, FLAG_SHIFT = 28 };
static const uint32_t offset_mask = 0x0FFFFFFF;

struct walk {
	const unsigned char *bytes;
	size_t length;
	size_t at;
	size_t nodes; /* seen; a node has at least four bytes of its own in its parent */
	bool is_broken;
};

static uint32_t take_number(struct walk *walk)
{
	if (walk->is_broken || walk->length - walk->at < 4) {
		walk->is_broken = true;
		return 0;
	}
	const unsigned char *digit = walk->bytes + walk->at;
	walk->at += 4;
	return (uint32_t)digit[0] << 24 | (uint32_t)digit[1] << 16 | (uint32_t)digit[2] << 8 |
	       digit[3];
}

static unsigned take_byte(struct walk *walk)
{
	if (walk->is_broken || walk->at >= walk->length) {
		walk->is_broken = true;
		return 0;
	}
	return walk->bytes[walk->at++];
}

static void skip_text(struct walk *walk)
{
	const unsigned char *end =
		walk->is_broken ? NULL
				: memchr(walk->bytes + walk->at, '\0', walk->length - walk->at);
	if (end)
		walk->at = (size_t)(end - walk->bytes) + 1;
	else
		walk->is_broken = true;
}

static void see_node(struct walk *walk, uint32_t offset, int depth);

/* The offsets are read first: what comes behind them belongs to this node. */
static void see_children(struct walk *walk, int depth)
{
	uint32_t children[128];
	unsigned first = take_byte(walk), last = take_byte(walk), count = 0;
	if (first > last || last >= KH_COUNT(children)) {
		walk->is_broken = true;
		return;
	}
	for (unsigned c = first; c <= last; c++)
		children[count++] = take_number(walk);
	size_t behind = walk->at;
	for (unsigned i = 0; i < count && !walk->is_broken; i++)
		if ((children[i] & offset_mask) != 0)
			see_node(walk, children[i], depth + 1);
	walk->at = behind;
}

static void see_values(struct walk *walk)
{
	uint32_t count = take_number(walk);
	for (uint32_t i = 0; i < count && !walk->is_broken; i++) {
		take_number(walk);
		skip_text(walk);
	}
}

static void see_node(struct walk *walk, uint32_t offset, int depth)
{
	uint32_t flags = offset >> FLAG_SHIFT;
	walk->at = offset & offset_mask;
	if (flags == 0) /* nothing in it: the root of an empty index */
		return;
	if (++walk->nodes > walk->length / 4 || depth > (int)MOST_DEPTH ||
	    walk->at >= walk->length) {
		walk->is_broken = true;
		return;
	}
	if (flags & HAS_PREFIX)
		skip_text(walk);
	if (flags & HAS_CHILDREN)
		see_children(walk, depth);
	if (flags & HAS_VALUES)
		see_values(walk);
}

bool kh_modules_index_is_sound(const char *bytes, size_t length)
{
	struct walk walk = {.bytes = (const unsigned char *)bytes, .length = length};
	if (length ==
	    0) /* depmod's, where there was nothing to put into it: libkmod passes it over */
		return true;
	if (take_number(&walk) != (uint32_t)MAGIC || take_number(&walk) >> 16 != VERSION)
		return false;
	uint32_t root = take_number(&walk);
	if (!walk.is_broken && (root & offset_mask) != 0)
		see_node(&walk, root, 0);
	return !walk.is_broken;
}
