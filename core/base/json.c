/* json.c - see json.h. */
#include "core/base/json.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/translate.h"
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

static char *finished(const char *text, char *(*finish)(const char *text))
{
	return finish ? finish(text) : kh_strdup(text);
}

void kh_json_put_message(json_t *object, const char *key, const char *text,
			 char *(*finish)(const char *text))
{
	const char *shown = kh_translated(text);
	kh_auto(kh_free) char *english = finished(text, finish);
	json_object_set_new(object, key, kh_json_text(english));
	if (shown == text)
		return;
	kh_auto(kh_free) char *shown_key = kh_printf("%s_shown", key);
	kh_auto(kh_free) char *shown_text = finished(shown, finish);
	json_object_set_new(object, shown_key, kh_json_text(shown_text));
}

char *kh_json_take_message(const json_t *object, const char *key, char *(*finish)(const char *text))
{
	kh_auto(kh_free) char *shown_key = kh_printf("%s_shown", key);
	char *english = finished(kh_json_get(object, key), finish);
	kh_auto(kh_free) char *shown = finished(kh_json_get(object, shown_key), finish);
	if (*shown)
		kh_translate_pair(english, shown);
	return english;
}
