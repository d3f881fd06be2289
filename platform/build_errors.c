/* build_errors.c - see build_errors.h. */
#include "platform/build_errors.h"

#include <ctype.h>
#include <string.h>

#include "core/base/mem.h"

/* Longer lines (command lines in ninja's output) are cut. */
enum { LINE_MOST = 300 };

/* As a word of its own: "foo.c:3:1: error: x", but not "-Werror: " or "strerror: yes". */
static bool has_mark(const char *line, const char *mark)
{
	for (const char *at = strstr(line, mark); at; at = strstr(at + 1, mark))
		if (at == line || at[-1] == ' ' || at[-1] == ':' || at[-1] == '\t')
			return true;
	return false;
}

static bool is_real(const char *line)
{
	static const char *const marks[] = {"error:", "ERROR:", "Error:"};
	static const char *const texts[] = {
		"undefined reference to",  "undefined symbol:", "multiple definition of",
		"No space left on device", "cannot find -l",    "Cannot allocate memory",
		"No rule to make target",  "command not found",
	};
	for (size_t i = 0; i < KH_COUNT(marks); i++)
		if (has_mark(line, marks[i]))
			return true;
	for (size_t i = 0; i < KH_COUNT(texts); i++)
		if (strstr(line, texts[i]))
			return true;
	/* "/bin/sh: 1: bison: not found" */
	if (kh_str_ends(line, ": not found") && strstr(line, "sh: "))
		return true;
	return strcmp(line, "Killed") == 0 || kh_str_ends(line, ": Killed");
}

/* Source: GNU make manual, "Errors in Recipes"; ninja prints "FAILED: OUTPUT". */
static bool is_of_make(const char *line)
{
	return kh_str_starts(line, "FAILED: ") || kh_str_starts(line, "ninja: ") ||
	       (kh_str_starts(line, "make") && strstr(line, "***"));
}

static void keep(struct kh_strv *lines, const char *line)
{
	size_t length = strlen(line);
	kh_strv_addf(lines, "%.*s%s", LINE_MOST, line, length > LINE_MOST ? "..." : "");
}

static bool is_blank(const char *line)
{
	while (isspace((unsigned char)*line))
		line++;
	return *line == '\0';
}

/* "a.c: In function 'f':", "In file included from a.h:3,", "ld: a.o: in function `f':" */
static bool leads_to_error(const char *line)
{
	bool is_from = kh_str_starts(line, " ") && strstr(line, " from ");
	return is_from || kh_str_starts(line, "In file included from ") ||
	       (kh_str_ends(line, ":") && (strstr(line, ": In ") || strstr(line, ": in ")));
}

/* "   12 |         return x;" and "      |                ^" */
static bool shows_source(const char *line)
{
	const char *at = line + strspn(line, " ");
	at += strspn(at, "0123456789+ ");
	return *line == ' ' && at[0] == '|';
}

/* Around the first error. Lines of other steps of a parallel build come between errors, hardly
 * within one: a compiler writes it at once. */
static void take_context(struct kh_build_errors *errors, const char *line)
{
	bool was_after = errors->is_after_first;
	errors->is_after_first = false;
	if (errors->real.count == 0 && leads_to_error(line)) {
		keep(&errors->before, line);
		if (errors->before.count > KH_BUILD_CONTEXT_MOST)
			kh_strv_remove(&errors->before, 0);
	} else if (errors->real.count == 0) {
		kh_strv_done(&errors->before);
	} else if (was_after && shows_source(line) && errors->after.count < KH_BUILD_CONTEXT_MOST) {
		keep(&errors->after, line);
		errors->is_after_first = true;
	}
}

void kh_build_errors_take(struct kh_build_errors *errors, const char *line)
{
	if (is_blank(line))
		return;
	bool is_error = is_real(line);
	if (is_error) {
		errors->is_after_first = errors->real.count == 0;
		if (errors->real.count < KH_BUILD_ERRORS_MOST && !kh_strv_has(&errors->real, line))
			keep(&errors->real, line);
	} else {
		take_context(errors, line);
	}
	if (!is_error && is_of_make(line) && errors->of_make.count < KH_BUILD_ERRORS_MOST)
		keep(&errors->of_make, line);
	keep(&errors->last, line);
	if (errors->last.count > KH_BUILD_ERRORS_MOST)
		kh_strv_remove(&errors->last, 0);
}

char *kh_build_errors_text(const struct kh_build_errors *errors)
{
	const struct kh_strv *lines = errors->real.count > 0      ? &errors->real
				      : errors->of_make.count > 0 ? &errors->of_make
								  : &errors->last;
	struct kh_strv all = {0};
	if (errors->real.count > 0)
		kh_strv_copy(&all, &errors->before);
	for (size_t i = 0; i < lines->count; i++) {
		kh_strv_add(&all, lines->items[i]);
		if (i == 0 && errors->real.count > 0)
			kh_strv_copy(&all, &errors->after);
	}
	struct kh_str text = {0};
	for (size_t i = 0; i < all.count; i++)
		kh_str_addf(&text, "%s  %s", i > 0 ? "\n" : "", all.items[i]);
	kh_strv_done(&all);
	return kh_str_take(&text);
}

void kh_build_errors_done(struct kh_build_errors *errors)
{
	kh_strv_done(&errors->real);
	kh_strv_done(&errors->before);
	kh_strv_done(&errors->after);
	kh_strv_done(&errors->of_make);
	kh_strv_done(&errors->last);
}
