/* json.c - see json.h. */
#include "core/base/json.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"

/* Bytes of the UTF-8 character at text, 0 when it is not one. Source: RFC 3629, section 4. */
static size_t character_length(const unsigned char *text)
{
	size_t length = text[0] < 0x80   ? 1
			: text[0] < 0xc2 ? 0
			: text[0] < 0xe0 ? 2
			: text[0] < 0xf0 ? 3
			: text[0] < 0xf5 ? 4
					 : 0;
	for (size_t i = 1; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	bool is_overlong = (text[0] == 0xe0 && length == 3 && text[1] < 0xa0) ||
			   (text[0] == 0xf0 && length == 4 && text[1] < 0x90);
	bool is_outside = (text[0] == 0xed && length == 3 && text[1] > 0x9f) ||
			  (text[0] == 0xf4 && length == 4 && text[1] > 0x8f);
	return is_overlong || is_outside ? 0 : length;
}

json_t *kh_json_text(const char *text)
{
	if (!text)
		return json_null();
	json_t *plain = json_string(text);
	if (plain)
		return plain;
	kh_auto(kh_str_done) struct kh_str clean = {0};
	while (*text) {
		size_t length = character_length((const unsigned char *)text);
		if (length > 0)
			kh_str_add_bytes(&clean, text, length);
		else
			kh_str_add(&clean, "\xef\xbf\xbd");
		text += length > 0 ? length : 1;
	}
	return json_string(kh_str_text(&clean));
}

const char *kh_json_get(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text ? text : "";
}
