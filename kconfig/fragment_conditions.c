/* fragment_conditions.c - the "#:" lines of a fragment: see fragment.h. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "kconfig/fragment_parse.h"

#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

static const char *const words[] = {"since", "until", "was", "optional", "vendor"};

/* "6.9" -> 6009, or -1. */
static int read_version(const char *text)
{
	enum { MOST = 999 };
	if (!isdigit((unsigned char)*text))
		return -1;
	char *end;
	unsigned long major = strtoul(text, &end, 10);
	if (*end != '.' || !isdigit((unsigned char)end[1]))
		return -1;
	unsigned long minor = strtoul(end + 1, &end, 10);
	return *end || major > MOST || minor > MOST ? -1 : (int)(major * 1000 + minor);
}

static int set_version(struct kh_fragment_parser *parser, const char *argument, int *version,
		       struct kh_error *err)
{
	int value = read_version(argument);
	if (*version)
		return kh_fragment_fail(parser, argument, err, "a second version limit of a kind");
	if (value <= 0) {
		kh_auto(kh_free) char *shown = kh_yaml_quote(argument);
		kh_fragment_fail(parser, argument, err, "%s is no kernel version", shown);
		return kh_hint(err, "write MAJOR.MINOR, such as 6.1");
	}
	*version = value;
	const struct kh_fragment_line *line = &parser->pending;
	if (line->since && line->until && line->since >= line->until)
		return kh_fragment_fail(parser, argument, err,
					"no kernel is both since and until these versions");
	return 0;
}

static int set_vendor(struct kh_fragment_parser *parser, const char *argument, struct kh_error *err)
{
	enum kh_vendor *vendor = &parser->pending.vendor;
	if (*vendor != KH_VENDOR_UNKNOWN)
		return kh_fragment_fail(parser, argument, err, "a second vendor");
	if (strcmp(argument, "intel") == 0)
		*vendor = KH_VENDOR_INTEL;
	else if (strcmp(argument, "amd") == 0)
		*vendor = KH_VENDOR_AMD;
	else
		return kh_fragment_fail(parser, argument, err,
					"a vendor is either 'intel' or 'amd'");
	return 0;
}

static int add_old_name(struct kh_fragment_parser *parser, const char *argument,
			struct kh_error *err)
{
	if (kh_str_starts(argument, "CONFIG_"))
		return kh_fragment_fail(parser, argument, err,
					"an old name is written without 'CONFIG_'");
	size_t length = strspn(argument, NAME_CHARACTERS);
	if (argument[length] != '\0')
		return kh_fragment_fail(parser, argument + length, err,
					"an option's name has only letters, digits and '_'");
	kh_strv_add(&parser->pending.was, argument);
	return 0;
}

static int unknown_word(struct kh_fragment_parser *parser, const char *word, struct kh_error *err)
{
	const char *nearest = kh_str_nearest(word, words, KH_COUNT(words));
	kh_auto(kh_free) char *shown = kh_yaml_quote(word);
	kh_fragment_fail(parser, word, err, "unknown condition %s", shown);
	if (nearest)
		return kh_hint(err, "did you mean '%s'?", nearest);
	return kh_hint(err, "conditions are: since VERSION, until VERSION, was NAME, optional, "
			    "vendor intel, vendor amd");
}

/* One condition: a word, perhaps with an argument. The text is cut in place. */
static int parse_condition(struct kh_fragment_parser *parser, char *word, struct kh_error *err)
{
	char *argument = word + strcspn(word, " \t");
	if (*argument)
		*argument++ = '\0';
	argument += strspn(argument, " \t");
	if (!kh_str_is_one_of(word, words, KH_COUNT(words)))
		return unknown_word(parser, word, err);
	bool is_optional = strcmp(word, "optional") == 0;
	if (is_optional && *argument)
		return kh_fragment_fail(parser, argument, err, "'optional' stands alone");
	if (!is_optional && !*argument)
		return kh_fragment_fail(parser, word, err, "'%s' needs a word after it", word);
	struct kh_fragment_line *line = &parser->pending;
	if (is_optional)
		line->is_optional = true;
	else if (strcmp(word, "since") == 0)
		return set_version(parser, argument, &line->since, err);
	else if (strcmp(word, "until") == 0)
		return set_version(parser, argument, &line->until, err);
	else if (strcmp(word, "vendor") == 0)
		return set_vendor(parser, argument, err);
	else
		return add_old_name(parser, argument, err);
	return 0;
}

int kh_fragment_parse_conditions(struct kh_fragment_parser *parser, char *text,
				 struct kh_error *err)
{
	parser->pending_line = parser->line;
	for (char *at = text, *next; at; at = next) {
		next = strchr(at, ',');
		if (next)
			*next++ = '\0';
		char *condition = kh_str_trim(at);
		if (*condition == '\0') {
			kh_fragment_fail(parser, condition, err, "a condition is missing");
			return kh_hint(err, "conditions are joined by commas: #: since 6.9, "
					    "was OLD_NAME, optional");
		}
		if (parse_condition(parser, condition, err) != 0)
			return -1;
	}
	return 0;
}
