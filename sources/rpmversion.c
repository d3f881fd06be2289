/* rpmversion.c - see rpmversion.h. */
#include "sources/rpmversion.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"

static bool is_part(char c)
{
	return isalnum((unsigned char)c) || c == '~' || c == '^';
}

/* A tilde sorts before everything, the end too; a caret after the end, but before anything else.
 * Returns 1 when that decided it, with *ret_order; 2 when both had one: go on behind it. */
static int compare_marks(const char *a, const char *b, int *ret_order)
{
	if (*a == '~' && *b == '~')
		return 2;
	if (*a == '~' || *b == '~') {
		*ret_order = *a == '~' ? -1 : 1;
		return 1;
	}
	if (*a == '^' && *b == '^')
		return 2;
	if (*a == '^' || *b == '^') {
		bool is_a = *a == '^';
		bool other_ends = is_a ? *b == '\0' : *a == '\0';
		*ret_order = is_a == other_ends ? 1 : -1;
		return 1;
	}
	return 0;
}

static size_t span(const char *text, int (*is_of)(int))
{
	size_t length = 0;
	while (is_of((unsigned char)text[length]))
		length++;
	return length;
}

/* One run of digits or of letters of each; both advance. */
static int compare_run(const char **a, const char **b)
{
	bool is_number = isdigit((unsigned char)**a);
	int (*is_of)(int) = is_number ? isdigit : isalpha;
	size_t a_length = span(*a, is_of), b_length = span(*b, is_of);
	if (b_length == 0) /* a number is newer than letters */
		return is_number ? 1 : -1;
	const char *one = *a, *two = *b;
	*a += a_length;
	*b += b_length;
	while (is_number && a_length > 0 && *one == '0')
		one++, a_length--;
	while (is_number && b_length > 0 && *two == '0')
		two++, b_length--;
	if (is_number && a_length != b_length)
		return a_length < b_length ? -1 : 1;
	int order = strncmp(one, two, a_length < b_length ? a_length : b_length);
	if (order != 0 || a_length == b_length)
		return order;
	return a_length < b_length ? -1 : 1;
}

static int compare_part(const char *a, const char *b)
{
	for (;;) {
		int order = 0;
		while (*a && !is_part(*a))
			a++;
		while (*b && !is_part(*b))
			b++;
		int marks = compare_marks(a, b, &order);
		if (marks == 1)
			return order;
		if (marks == 2) {
			a++;
			b++;
			continue;
		}
		if (!*a || !*b)
			return (*a != '\0') - (*b != '\0');
		order = compare_run(&a, &b);
		if (order != 0)
			return order;
	}
}

struct parts {
	char *epoch, *version, *release;
};

static void parts_done(struct parts *parts)
{
	free(parts->epoch);
	free(parts->version);
	free(parts->release);
}

static struct parts split(const char *text)
{
	const char *colon = strchr(text, ':');
	const char *start = colon ? colon + 1 : text;
	const char *dash = strrchr(start, '-');
	return (struct parts){
		.epoch = colon ? kh_strndup(text, (size_t)(colon - text)) : kh_strdup("0"),
		.version = dash ? kh_strndup(start, (size_t)(dash - start)) : kh_strdup(start),
		.release = kh_strdup(dash ? dash + 1 : ""),
	};
}

int kh_rpmversion_compare(const char *a, const char *b)
{
	kh_auto(parts_done) struct parts one = split(a);
	kh_auto(parts_done) struct parts two = split(b);
	int order = compare_part(one.epoch, two.epoch);
	if (order == 0)
		order = compare_part(one.version, two.version);
	return order != 0 ? order : compare_part(one.release, two.release);
}

char *kh_rpmversion_program(const char *package_version)
{
	kh_auto(parts_done) struct parts parts = split(package_version);
	return kh_take(parts.version);
}

bool kh_rpmversion_is(const char *package_version, const char *wanted)
{
	kh_auto(kh_free) char *program = kh_rpmversion_program(package_version);
	const char *colon = strchr(package_version, ':');
	return strcmp(wanted, "distro") == 0 || strcmp(wanted, package_version) == 0 ||
	       (colon && strcmp(wanted, colon + 1) == 0) || strcmp(wanted, program) == 0;
}
