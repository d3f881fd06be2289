/* columns.c - see columns.h. */
#include "core/base/columns.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/base/utf8.h"

struct range {
	unsigned first, last;
};

static const struct range wide[] = {
	{0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},
	{0x4e00, 0x9fff},   {0xa000, 0xa4cf},   {0xa960, 0xa97f},   {0xac00, 0xd7a3},
	{0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
	{0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
};

static const struct range combining[] = {
	{0x0300, 0x036f}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200d},
	{0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
};

static bool is_in(unsigned point, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (point >= ranges[i].first && point <= ranges[i].last)
			return true;
	return false;
}

size_t kh_columns_at(const char *text, size_t *ret_length)
{
	unsigned code = 0;
	size_t length = kh_utf8_at(text, KH_UTF8_LONGEST, &code);
	*ret_length = length > 0 ? length : 1;
	return is_in(code, combining, KH_COUNT(combining)) ? 0
	       : is_in(code, wide, KH_COUNT(wide))         ? 2
							   : 1;
}

size_t kh_columns_of(const char *text, size_t length)
{
	size_t columns = 0, step = 0;
	for (size_t at = 0; at < length; at += step)
		columns += kh_columns_at(text + at, &step);
	return columns;
}

size_t kh_columns(const char *text)
{
	return kh_columns_of(text, strlen(text));
}
