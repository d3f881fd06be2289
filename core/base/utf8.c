/* utf8.c - see utf8.h. */
#include "core/base/utf8.h"

#include "core/base/mem.h"

size_t kh_utf8_at(const char *text, size_t left, unsigned *ret_code)
{
	static const struct {
		unsigned char mask, lead;
		unsigned least;
	} forms[] = {
		{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
	const unsigned char *bytes = (const unsigned char *)text;
	for (size_t form = 0; form < KH_COUNT(forms); form++) {
		if ((bytes[0] & forms[form].mask) != forms[form].lead)
			continue;
		unsigned code = bytes[0] & (unsigned char)~forms[form].mask;
		for (size_t i = 1; i <= form; i++) {
			if (i >= left || (bytes[i] & 0xc0) != 0x80)
				return 0;
			code = code << 6 | (bytes[i] & 0x3f);
		}
		bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
		if (code < forms[form].least || code > 0x10ffff || is_surrogate)
			return 0;
		*ret_code = code;
		return form + 1;
	}
	return 0;
}

bool kh_utf8_is_plain(unsigned code)
{
	bool is_control = code < 0x20 || (code >= 0x7f && code < 0xa0);
	bool is_break = code == 0x2028 || code == 0x2029;
	bool is_turning = code == 0x200e || code == 0x200f || (code >= 0x202a && code <= 0x202e) ||
			  (code >= 0x2066 && code <= 0x2069);
	return !is_control && !is_break && !is_turning && code != 0xfeff && code != 0xfffe &&
	       code != 0xffff;
}
