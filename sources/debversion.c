/* debversion.c - see debversion.h. */
#include "sources/debversion.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

/* A tilde comes before the end, letters before everything else. */
static int order_of(char c)
{
	if (isdigit((unsigned char)c) || c == '\0')
		return 0;
	if (isalpha((unsigned char)c))
		return c;
	return c == '~' ? -1 : (unsigned char)c + 256;
}

static int compare_digits(const char **a, const char **b)
{
	while (**a == '0')
		(*a)++;
	while (**b == '0')
		(*b)++;
	int difference = 0;
	while (isdigit((unsigned char)**a) && isdigit((unsigned char)**b)) {
		if (difference == 0)
			difference = **a - **b;
		(*a)++;
		(*b)++;
	}
	if (isdigit((unsigned char)**a))
		return 1;
	return isdigit((unsigned char)**b) ? -1 : difference;
}

static int compare_part(const char *a, const char *b)
{
	while (*a || *b) {
		while ((*a && !isdigit((unsigned char)*a)) || (*b && !isdigit((unsigned char)*b))) {
			int difference = order_of(*a) - order_of(*b);
			if (difference != 0)
				return difference;
			a += *a != '\0';
			b += *b != '\0';
		}
		int difference = compare_digits(&a, &b);
		if (difference != 0)
			return difference;
	}
	return 0;
}

static char *epoch_of(const char *version)
{
	const char *colon = strchr(version, ':');
	return colon ? kh_strndup(version, (size_t)(colon - version)) : kh_strdup("0");
}

static const char *revision_of(const char *version)
{
	const char *dash = strrchr(version, '-');
	return dash ? dash + 1 : "";
}

char *kh_debversion_upstream(const char *version)
{
	const char *colon = strchr(version, ':');
	const char *start = colon ? colon + 1 : version;
	const char *dash = strrchr(start, '-');
	return dash ? kh_strndup(start, (size_t)(dash - start)) : kh_strdup(start);
}

char *kh_debversion_program(const char *version)
{
	static const char *const marks[] = {"+ds", "+dfsg", "~ds", "~dfsg", "+really"};
	char *upstream = kh_debversion_upstream(version);
	for (size_t i = 0; i < KH_COUNT(marks); i++) {
		char *mark = strstr(upstream, marks[i]);
		if (mark && strcmp(marks[i], "+really") == 0) {
			char *really = kh_strdup(mark + strlen(marks[i]));
			free(upstream);
			return really;
		}
		if (mark)
			*mark = '\0';
	}
	return upstream;
}

int kh_debversion_compare(const char *a, const char *b)
{
	kh_auto(kh_free) char *a_epoch = epoch_of(a), *b_epoch = epoch_of(b);
	int difference = compare_part(a_epoch, b_epoch);
	if (difference != 0)
		return difference;
	kh_auto(kh_free) char *a_upstream = kh_debversion_upstream(a);
	kh_auto(kh_free) char *b_upstream = kh_debversion_upstream(b);
	difference = compare_part(a_upstream, b_upstream);
	return difference != 0 ? difference : compare_part(revision_of(a), revision_of(b));
}
