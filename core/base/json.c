/* json.c - see json.h. */
#include "core/base/json.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"

json_t *kh_json_text(const char *text)
{
	if (!text)
		return json_null();
	json_t *plain = json_string(text);
	if (plain)
		return plain;
	kh_auto(kh_str_done) struct kh_str clean = {0};
	while (*text) {
		unsigned code = 0;
		size_t length = kh_utf8_at(text, KH_UTF8_LONGEST, &code);
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
