/* explain_list.c - see explain.h: what is unmet, the roots first and no more than helps.
 *
 * With NET off nearly all that an option of the network depends on is off as well: NETFILTER,
 * INET, BRIDGE. What waits for another one of the list is not explained again; it is only named,
 * and not even that where it is asked for already or comes by itself.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/translate.h"
#include "kconfig/explain.h"

enum { SHOWN_TERMS = 3, SHOWN_NAMES = 3, LEAD_DEPTH = 3 };

struct list {
	struct kh_kterms terms;
	bool *is_waiting; /* for another one */
	int want;
};

static void list_done(struct list *list)
{
	kh_kterms_done(&list->terms);
	free(list->is_waiting);
}

static bool is_symbol_term(const struct kh_explain *explain, struct kh_kterm term)
{
	return !term.is_negated && kh_kexpr_is_symbol(explain->tree, term.expr);
}

/* Does the symbol wait for this other one? */
static bool leads_to(const struct kh_explain *explain, size_t symbol, size_t other, int want,
		     int depth)
{
	want = kh_explain_want(explain, symbol, want);
	const struct kh_kentry *entry = kh_explain_entry(explain, symbol, want);
	if (!entry || !entry->depends || depth == LEAD_DEPTH)
		return false;
	kh_auto(kh_kterms_done) struct kh_kterms unmet = {0};
	kh_kterms_unmet(explain, (struct kh_kterm){entry->depends, false}, want, &unmet);
	for (size_t i = 0; i < unmet.count; i++) {
		if (!is_symbol_term(explain, unmet.items[i]))
			continue;
		size_t next = unmet.items[i].expr->word;
		if (next == other || leads_to(explain, next, other, want, depth + 1))
			return true;
	}
	return false;
}

static bool is_waiting(const struct kh_explain *explain, const struct list *list, size_t number)
{
	const struct kh_kterms *terms = &list->terms;
	if (!is_symbol_term(explain, terms->items[number]))
		return false;
	size_t symbol = terms->items[number].expr->word;
	for (size_t i = 0; i < terms->count; i++) {
		if (i == number || !is_symbol_term(explain, terms->items[i]))
			continue;
		size_t other = terms->items[i].expr->word;
		if (leads_to(explain, symbol, other, list->want, 0) &&
		    !leads_to(explain, other, symbol, list->want, 0))
			return true;
	}
	return false;
}

/* One that waits, and would be there if the other one were. */
static bool comes_along(const struct kh_explain *explain, const struct list *list, size_t number)
{
	size_t symbol = list->terms.items[number].expr->word;
	const struct kh_fragment_line *line = kh_explain_request(explain, symbol);
	if (line && strcmp(line->value, "n") != 0)
		return true;
	const struct kh_kentry *entry = kh_explain_entry(explain, symbol, list->want);
	return entry && !kh_kentry_has_prompt(entry);
}

/* What is only named. */
struct others {
	struct kh_strv names;
	bool has_other_values; /* than n */
};

static void others_done(struct others *others)
{
	kh_strv_done(&others->names);
}

static void add_other(const struct kh_explain *explain, struct kh_kterm term, struct others *others)
{
	kh_auto(kh_free) char *text = kh_kexpr_text(explain->tree, term.expr);
	kh_strv_addf(&others->names, term.is_negated ? "!(%s)" : "%s", text);
	if (!is_symbol_term(explain, term) ||
	    kh_keval_symbol(explain->tree, explain->config, term.expr->word) != KH_KNO)
		others->has_other_values = true;
}

/* "; it also depends on NETFILTER and INET, which are n too" */
static void add_others(struct kh_explain *explain, const struct others *others, const char *lead)
{
	const struct kh_strv *names = &others->names;
	for (size_t i = 0; i < names->count && i < SHOWN_NAMES; i++)
		kh_str_addf(&explain->text, "%s %s", i ? KH_WORD(" and") : lead, names->items[i]);
	if (names->count > SHOWN_NAMES)
		kh_str_addf(&explain->text, " and %zu more", names->count - SHOWN_NAMES);
	if (names->count > 0)
		kh_str_addf(&explain->text, ", which %s %s", names->count > 1 ? "are" : "is",
			    others->has_other_values ? "not met either" : KH_WORD("n too"));
}

/* At the top every root is explained; further up only the first. */
static void add_list(struct kh_explain *explain, const struct list *list, const char *verb,
		     const char *joined_by, bool is_top)
{
	kh_auto(others_done) struct others others = {0};
	size_t shown = 0;
	for (size_t i = 0; i < list->terms.count; i++) {
		if (list->is_waiting[i] && comes_along(explain, list, i))
			continue;
		if (list->is_waiting[i] || shown >= (is_top ? SHOWN_TERMS : 1)) {
			add_other(explain, list->terms.items[i], &others);
			continue;
		}
		kh_str_add(&explain->text, shown ? "; it also " : "");
		kh_explain_term(explain, list->terms.items[i], list->want, verb, joined_by);
		shown++;
	}
	kh_auto(kh_free) char *lead = is_top ? kh_printf("; it also %s %s", verb, joined_by)
					     : kh_printf(", and %s", joined_by);
	add_others(explain, &others, lead);
}

bool kh_explain_unmet(struct kh_explain *explain, const struct kh_kexpr *expr, int want,
		      const char *verb, const char *joined_by, bool is_top)
{
	if (!expr)
		return false;
	kh_auto(list_done) struct list list = {.want = want};
	kh_kterms_unmet(explain, (struct kh_kterm){expr, false}, want, &list.terms);
	if (list.terms.count == 0)
		return false;
	list.is_waiting = kh_alloc(list.terms.count);
	for (size_t i = 0; i < list.terms.count; i++)
		list.is_waiting[i] = is_waiting(explain, &list, i);
	add_list(explain, &list, verb, joined_by, is_top);
	return true;
}
