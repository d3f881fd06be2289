/* bls_order.c - see bls_order.h. */
#include "grub/bls_order.h"

#include <string.h>

#include "core/base/mem.h"

/* ---- versions ---- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static const char *skip_separators(const char *text)
{
	while (*text && !is_digit(*text) && !is_letter(*text) && *text != '~' && *text != '+')
		text++;
	return text;
}

/* The digits, or the letters, that text begins with. */
static size_t segment_length(const char *text, bool is_number)
{
	size_t length = 0;
	while (is_number ? is_digit(text[length]) : is_letter(text[length]))
		length++;
	return length;
}

static int compare_lengths(size_t a, size_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_segments(const char *a, size_t a_length, const char *b, size_t b_length,
			    bool is_number)
{
	for (; is_number && a_length > 0 && *a == '0'; a_length--)
		a++;
	for (; is_number && b_length > 0 && *b == '0'; b_length--)
		b++;
	if (is_number && a_length != b_length)
		return compare_lengths(a_length, b_length);
	int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
	return order ? order : compare_lengths(a_length, b_length);
}

/* One of them is at '~' or '+', the other is not: '~' is older than all, even the end; '+' is newer
 * than the end only. */
static int compare_marks(const char *a, const char *b)
{
	if (*a == '~' || *b == '~')
		return *a == '~' ? -1 : 1;
	if (!*a || !*b)
		return *a ? 1 : -1;
	return *a == '+' ? -1 : 1;
}

int kh_bls_compare_versions(const char *a, const char *b)
{
	while (*a || *b) {
		a = skip_separators(a);
		b = skip_separators(b);
		if (*a == '~' || *b == '~' || *a == '+' || *b == '+') {
			if (*a++ != *b++)
				return compare_marks(a - 1, b - 1);
			continue;
		}
		if (!*a || !*b)
			break;
		bool is_number = is_digit(*a);
		size_t a_length = segment_length(a, is_number);
		size_t b_length = segment_length(b, is_number);
		if (b_length == 0)
			return is_number ? 1 : -1;
		int order = compare_segments(a, a_length, b, b_length, is_number);
		if (order)
			return order;
		a += a_length;
		b += b_length;
	}
	return *a ? 1 : *b ? -1 : 0;
}

/* ---- ids ---- */

struct parts {
	char *name, *version, *release; /* the latter two may be "" */
};

static void parts_done(struct parts *parts)
{
	kh_free(&parts->name);
	kh_free(&parts->version);
	kh_free(&parts->release);
}

/* What stands behind the last dash is cut off. Owned; NULL: there is none. */
static char *cut_last(char *text)
{
	char *dash = strrchr(text, '-');
	if (!dash)
		return NULL;
	*dash = '\0';
	return kh_strdup(dash + 1);
}

/* With one dash there is a name and a version; with none a name. */
static struct parts split(const char *id)
{
	struct parts parts = {.name = kh_strdup(id)};
	kh_auto(kh_free) char *last = cut_last(parts.name);
	kh_auto(kh_free) char *middle = last ? cut_last(parts.name) : NULL;
	parts.version = kh_strdup(middle ? middle : last ? last : "");
	parts.release = kh_strdup(middle ? last : "");
	return parts;
}

int kh_bls_compare(const char *a, const char *b)
{
	kh_auto(parts_done) struct parts one = split(a);
	kh_auto(parts_done) struct parts other = split(b);
	int order = kh_bls_compare_versions(one.name, other.name);
	if (!order)
		order = kh_bls_compare_versions(one.version, other.version);
	if (!order)
		order = kh_bls_compare_versions(one.release, other.release);
	return order ? order : strcmp(a, b);
}

/* ---- a new one ---- */

static bool is_behind_normal(const struct kh_boot_entries *entries, const char *id)
{
	for (size_t i = 0; i < entries->count; i++)
		if (entries->items[i].kind == KH_ENTRY_NORMAL &&
		    kh_bls_compare(id, entries->items[i].id) > 0)
			return false;
	return true;
}

/* "A": letters are older than digits, and capitals than small ones. */
char *kh_bls_new_id(const struct kh_boot_entries *entries, const struct kh_boot_entry *source,
		    const char *id)
{
	kh_auto(kh_free) char *release = kh_boot_release(source->kernel);
	bool is_named = release && kh_str_ends(source->id, release);
	size_t prefix = is_named ? strlen(source->id) - strlen(release) : 0;
	if (prefix > 1 && source->id[prefix - 1] == '-') {
		kh_auto(kh_free) char *beside = kh_printf("%.*s%s", (int)prefix, source->id, id);
		if (is_behind_normal(entries, beside))
			return kh_take(beside);
	}
	return kh_printf("A-%s", id);
}
