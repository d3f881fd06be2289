/* survive.c - see survive.h. */
#include "kconfig/survive.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "kconfig/explain.h"

static const char no_symbol[] = "no such symbol";

void kh_losses_done(struct kh_losses *losses)
{
	for (size_t i = 0; i < losses->count; i++) {
		struct kh_loss *loss = &losses->items[i];
		free(loss->name);
		free(loss->wanted);
		free(loss->got);
		free(loss->why);
		free(loss->where);
		free(loss->cause);
	}
	free(losses->items);
	*losses = (struct kh_losses){0};
}

bool kh_survive_matches(const char *wanted, const char *got)
{
	bool is_off = !got || strcmp(got, "n") == 0;
	if (strcmp(wanted, "n") == 0)
		return is_off;
	if (!got)
		return strcmp(wanted, "\"\"") == 0;
	if (strcmp(wanted, got) == 0)
		return true;
	if (strcmp(wanted, "m") == 0)
		return strcmp(got, "y") == 0;
	char *wanted_end, *got_end;
	long long a = strtoll(wanted, &wanted_end, 0), b = strtoll(got, &got_end, 0);
	return wanted_end > wanted && !*wanted_end && got_end > got && !*got_end && a == b;
}

/* The name to look for in the result. Without a tree: the one that is there. */
static const char *name_in_result(const struct kh_fragment_line *line,
				  const struct kh_dotconfig *result, const struct kh_kconfig *tree)
{
	if (tree || kh_dotconfig_value(result, line->name))
		return kh_fragment_name(line, tree);
	for (size_t i = 0; i < line->was.count; i++)
		if (kh_dotconfig_value(result, line->was.items[i]))
			return line->was.items[i];
	return line->name;
}

/* The line that knows this name as an old one of its own, or NULL. */
static const struct kh_fragment_line *find_renamed(const struct kh_fragment *fragment,
						   const char *name, const struct kh_kconfig *tree)
{
	for (size_t i = 0; i < fragment->line_count; i++)
		if (kh_strv_has(&fragment->lines[i].was, name) &&
		    kh_kconfig_has(tree, fragment->lines[i].name))
			return &fragment->lines[i];
	return NULL;
}

/* Switching off an option under a name that this kernel no longer has does nothing: said where
 * another line of the fragments knows its new name. */
static bool is_lost(const struct kh_fragment *fragment, const struct kh_fragment_line *line,
		    const char *name, const char *got, const struct kh_kconfig *tree)
{
	if (!kh_survive_matches(line->value, got))
		return true;
	if (!tree || strcmp(line->value, "n") != 0 || kh_kconfig_has(tree, name))
		return false;
	return find_renamed(fragment, name, tree);
}

static char *find_reason(const struct kh_fragment *fragment, int version,
			 const struct kh_fragment_line *line, const char *name,
			 const struct kh_dotconfig *result, const struct kh_kconfig *tree,
			 const char **ret_cause)
{
	*ret_cause = NULL;
	if (!kh_kconfig_has(tree, name)) {
		const struct kh_fragment_line *renamed = find_renamed(fragment, name, tree);
		if (renamed)
			return kh_printf("is called %s in this kernel (%s): write that name",
					 renamed->name, renamed->where);
	}
	char *why = kh_explain_loss(tree, result, fragment, version, name, line->value, ret_cause);
	return why ? why : kh_strdup("");
}

void kh_survive_compare(const struct kh_fragment *fragment, int version,
			const struct kh_dotconfig *result, struct kh_kconfig *tree,
			struct kh_losses *ret_losses)
{
	struct kh_losses losses = {0};
	for (size_t i = 0; i < fragment->line_count; i++) {
		const struct kh_fragment_line *line = &fragment->lines[i];
		if (!kh_fragment_holds(line, version))
			continue;
		const char *name = name_in_result(line, result, tree);
		const char *got = kh_dotconfig_value(result, name);
		if (!is_lost(fragment, line, name, got, tree))
			continue;
		bool is_unknown = tree && !kh_kconfig_has(tree, name);
		const char *cause = NULL;
		char *why = tree ? find_reason(fragment, version, line, name, result, tree, &cause)
				 : kh_strdup("");
		*kh_append(losses.items, losses.count) = (struct kh_loss){
			.name = kh_strdup(name),
			.wanted = kh_strdup(line->value),
			.got = kh_strdup(is_unknown ? no_symbol
					 : got      ? got
						    : "n"),
			.why = why,
			.where = kh_strdup(line->where),
			.cause = cause ? kh_strdup(cause) : NULL,
			.is_optional = line->is_optional,
		};
	}
	*ret_losses = losses;
}

char *kh_losses_text(const struct kh_losses *losses)
{
	struct kh_str text = {0};
	for (size_t i = 0; i < losses->count; i++) {
		const struct kh_loss *loss = &losses->items[i];
		kh_str_addf(&text, "%s%s (%s): wanted %s, got %s", i ? "\n" : "", loss->name,
			    loss->where, loss->wanted, loss->got);
		if (*loss->why)
			kh_str_addf(&text, ": it %s", loss->why);
	}
	return kh_str_take(&text);
}
