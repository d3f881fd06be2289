/* translate.c - see translate.h. */
#include "core/base/translate.h"

#include <errno.h>
#include <langinfo.h>
#include <libintl.h>
#include <locale.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/translate_format.h"

static const char domain[] = "kvmhost";

struct pair {
	char *english, *shown;
};

static locale_t reader; /* of the person; (locale_t)0: no catalogue */
static char *language, *place;
static bool is_busy; /* a message is being put together: what that formats is none by itself */
static void *pairs;  /* tsearch(3)'s tree of struct pair */

static int by_english(const void *a, const void *b)
{
	return strcmp(((const struct pair *)a)->english, ((const struct pair *)b)->english);
}

static void free_pair(void *item)
{
	struct pair *pair = item;
	free(pair->english);
	free(pair->shown);
	free(pair);
}

/* Only here the thread is in the reader's locale. */
static const char *look_up(const char *english)
{
	locale_t before = uselocale(reader);
	const char *shown = dgettext(domain, english);
	uselocale(before);
	return shown;
}

bool kh_translate_start(const char *directory)
{
	kh_translate_end();
	locale_t locale = newlocale(LC_CTYPE_MASK | LC_MESSAGES_MASK, "", (locale_t)0);
	if (!locale)
		return false;
	if (strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") != 0 ||
	    !bindtextdomain(domain, directory) || !bind_textdomain_codeset(domain, "UTF-8")) {
		freelocale(locale);
		return false;
	}
	reader = locale;
	static const char key[] = "\nLanguage: ";
	const char *header = look_up(""); /* a catalogue's header is what "" is translated to */
	const char *at = strstr(header, key);
	if (!at) {
		kh_translate_end();
		return false;
	}
	language = kh_strndup(at + strlen(key), strcspn(at + strlen(key), "\n"));
	place = kh_strdup(directory);
	strerror_l(EIO, reader); /* what it reads is read now: later this may be confined */
	return true;
}

const char *kh_translate_language(void)
{
	return language;
}

const char *kh_translate_directory(void)
{
	return place;
}

void kh_translate_end(void)
{
	tdestroy(pairs, free_pair);
	pairs = NULL;
	kh_free(&language);
	kh_free(&place);
	if (reader)
		freelocale(reader);
	reader = (locale_t)0;
}

const char *kh_translated(const char *text)
{
	if (!language || !text || !*text)
		return text;
	const struct pair wanted = {.english = (char *)text};
	struct pair *const *found = tfind(&wanted, &pairs, by_english);
	return found ? (*found)->shown : look_up(text);
}

void kh_translate_pair(const char *english, const char *shown)
{
	if (!language || !*english || strcmp(english, shown) == 0)
		return;
	const struct pair wanted = {.english = (char *)english};
	if (tfind(&wanted, &pairs, by_english))
		return; /* what was handed out stays valid */
	struct pair *pair = kh_alloc(sizeof(*pair));
	*pair = (struct pair){kh_strdup(english), kh_strdup(shown)};
	if (!tsearch(pair, &pairs, by_english))
		abort(); /* out of memory, as in mem.c */
}

bool kh_translate_is_on(void)
{
	return language && !is_busy;
}

void kh_translate_errno(const char *english, int number)
{
	if (kh_translate_is_on())
		kh_translate_pair(english, strerror_l(number, reader));
}

void kh_translate_format(const char *english, const char *format, va_list args)
{
	if (!kh_translate_is_on())
		return;
	is_busy = true;
	kh_auto(kh_free) char *shown = kh_translate_formatted(format, look_up(format), args);
	is_busy = false;
	if (shown)
		kh_translate_pair(english, shown);
}
