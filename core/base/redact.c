/* redact.c - see redact.h. */
#include "core/base/redact.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"

/* The '@' that ends the user information of an authority, or NULL. A URL in a sentence ends at a
 * blank or a quote, too. */
static const char *end_of_user(const char *authority)
{
	return memrchr(authority, '@', strcspn(authority, "/?# \t\r\n'\"<>"));
}

char *kh_redact(const char *text)
{
	kh_auto(kh_str_done) struct kh_str clean = {0};
	if (!text)
		return NULL;
	for (const char *at; (at = strstr(text, "://")) != NULL;) {
		const char *authority = at + strlen("://");
		const char *end = end_of_user(authority);
		kh_str_add_bytes(&clean, text, (size_t)(authority - text));
		text = end ? end + 1 : authority;
	}
	kh_str_add(&clean, text);
	return kh_str_take(&clean);
}
