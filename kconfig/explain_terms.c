/* explain_terms.c - see explain.h: what of a condition is not met. */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "kconfig/explain.h"

enum { COST_UNKNOWN = 5, COST_NEVER = 50, COST_DEPTH = 3 };

void kh_kterms_done(struct kh_kterms *terms)
{
	free(terms->items);
	*terms = (struct kh_kterms){0};
}

static struct kh_kvalue value_of(const struct kh_explain *explain, struct kh_kterm term)
{
	struct kh_kvalue value = kh_keval(explain->tree, explain->config, term.expr);
	return term.is_negated ? (struct kh_kvalue){KH_KYES - value.high, KH_KYES - value.low}
			       : value;
}

bool kh_kterm_holds(const struct kh_explain *explain, struct kh_kterm term, int want)
{
	return value_of(explain, term).high >= want;
}

/* !(!A) is A; otherwise the term itself. */
static struct kh_kterm strip(struct kh_kterm term)
{
	while (term.expr->kind == KH_KEXPR_NOT)
		term = (struct kh_kterm){term.expr->left, !term.is_negated};
	return term;
}

/* A && B, or !(A || B), which is !A && !B. */
static bool is_conjunction(struct kh_kterm term)
{
	return term.expr->kind == (term.is_negated ? KH_KEXPR_OR : KH_KEXPR_AND);
}

static bool is_alternative(struct kh_kterm term)
{
	return term.expr->kind == (term.is_negated ? KH_KEXPR_AND : KH_KEXPR_OR);
}

static bool is_same(struct kh_kterm a, struct kh_kterm b)
{
	return a.is_negated == b.is_negated && a.expr->kind == KH_KEXPR_WORD &&
	       b.expr->kind == KH_KEXPR_WORD && a.expr->word == b.expr->word;
}

static void add_term(struct kh_kterms *terms, struct kh_kterm term)
{
	for (size_t i = 0; i < terms->count; i++)
		if (is_same(terms->items[i], term))
			return;
	*kh_append(terms->items, terms->count) = term;
}

/* use_low: parts that a macro's value could make true count as unmet. */
static void collect(const struct kh_explain *explain, struct kh_kterm term, int want, bool use_low,
		    struct kh_kterms *terms)
{
	term = strip(term);
	struct kh_kvalue value = value_of(explain, term);
	if ((use_low ? value.low : value.high) >= want)
		return;
	if (!is_conjunction(term)) {
		add_term(terms, term);
		return;
	}
	collect(explain, (struct kh_kterm){term.expr->left, term.is_negated}, want, use_low, terms);
	collect(explain, (struct kh_kterm){term.expr->right, term.is_negated}, want, use_low,
		terms);
}

void kh_kterms_unmet(const struct kh_explain *explain, struct kh_kterm term, int want,
		     struct kh_kterms *terms)
{
	collect(explain, term, want, false, terms);
	if (terms->count == 0)
		collect(explain, term, want, true, terms);
}

void kh_kterms_alternatives(struct kh_kterm term, struct kh_kterms *terms)
{
	term = strip(term);
	if (!is_alternative(term)) {
		*kh_append(terms->items, terms->count) = term;
		return;
	}
	kh_kterms_alternatives((struct kh_kterm){term.expr->left, term.is_negated}, terms);
	kh_kterms_alternatives((struct kh_kterm){term.expr->right, term.is_negated}, terms);
}

/* ---- how far away ---- */

static int symbol_cost(const struct kh_explain *explain, size_t symbol, int want, int depth)
{
	int least = COST_NEVER;
	const struct kh_ksymbol *known = &explain->tree->symbols[symbol];
	want = kh_explain_want(explain, symbol, want);
	for (size_t i = 0; i < known->entry_count; i++) {
		const struct kh_kentry *entry = &explain->tree->entries[known->entries[i]];
		int cost = kh_kentry_has_prompt(entry) ? 1 : 2;
		if (entry->depends && depth < COST_DEPTH)
			cost += kh_explain_cost(explain, (struct kh_kterm){entry->depends, false},
						want, depth + 1);
		least = cost < least ? cost : least;
	}
	return least;
}

int kh_explain_cost(const struct kh_explain *explain, struct kh_kterm term, int want, int depth)
{
	term = strip(term);
	struct kh_kvalue value = value_of(explain, term);
	if (value.low >= want)
		return 0;
	if (value.high >= want)
		return COST_UNKNOWN;
	if (is_conjunction(term) || is_alternative(term)) {
		int left = kh_explain_cost(
			explain, (struct kh_kterm){term.expr->left, term.is_negated}, want, depth);
		int right = kh_explain_cost(
			explain, (struct kh_kterm){term.expr->right, term.is_negated}, want, depth);
		int least = left < right ? left : right;
		return is_conjunction(term) ? left + right : least;
	}
	if (!kh_kexpr_is_symbol(explain->tree, term.expr))
		return term.expr->kind >= KH_KEXPR_EQ ? 2 : COST_NEVER;
	return term.is_negated ? 2 : symbol_cost(explain, term.expr->word, want, depth);
}

/* ---- symbols ---- */

int kh_explain_want(const struct kh_explain *explain, size_t symbol, int want)
{
	return explain->tree->symbols[symbol].type == KH_KTYPE_TRISTATE ? want : KH_KMODULE;
}

/* One with a prompt before one without, then the one that misses least. */
const struct kh_kentry *kh_explain_entry(const struct kh_explain *explain, size_t symbol, int want)
{
	const struct kh_ksymbol *known = &explain->tree->symbols[symbol];
	const struct kh_kentry *best = NULL;
	int best_cost = 0;
	for (size_t i = 0; i < known->entry_count; i++) {
		const struct kh_kentry *entry = &explain->tree->entries[known->entries[i]];
		const struct kh_kterm term = {entry->depends, false};
		int cost = entry->depends ? kh_explain_cost(explain, term, want, 0) : 0;
		cost += kh_kentry_has_prompt(entry) ? 0 : COST_NEVER;
		if (!best || cost < best_cost) {
			best = entry;
			best_cost = cost;
		}
	}
	return best;
}

long kh_explain_chosen(const struct kh_explain *explain, size_t symbol)
{
	size_t number = explain->tree->symbols[symbol].choice;
	if (number == 0)
		return -1;
	const struct kh_kchoice *choice = &explain->tree->choices[number - 1];
	for (size_t i = 0; i < choice->member_count; i++)
		if (kh_keval_symbol(explain->tree, explain->config, choice->members[i]) == KH_KYES)
			return (long)choice->members[i];
	return -1;
}

const struct kh_fragment_line *kh_explain_request(const struct kh_explain *explain, size_t symbol)
{
	if (!explain->fragment)
		return NULL;
	const char *name = kh_explain_name(explain, symbol);
	const struct kh_fragment *fragment = explain->fragment;
	for (size_t i = fragment->line_count; i-- > 0;) {
		const struct kh_fragment_line *line = &fragment->lines[i];
		if (kh_fragment_holds(line, explain->version) &&
		    strcmp(kh_fragment_name(line, explain->tree), name) == 0)
			return line;
	}
	return NULL;
}

const char *kh_explain_name(const struct kh_explain *explain, size_t symbol)
{
	return explain->tree->names.items[symbol];
}

const char *kh_explain_value(const struct kh_explain *explain, size_t symbol)
{
	const char *value = kh_dotconfig_value(explain->config, kh_explain_name(explain, symbol));
	return value ? value : "n";
}

bool kh_explain_enter(struct kh_explain *explain, size_t symbol)
{
	for (int i = 0; i < explain->depth; i++)
		if (explain->path[i] == symbol)
			return false;
	if (explain->depth == KH_EXPLAIN_DEPTH)
		return false;
	explain->path[explain->depth++] = symbol;
	return true;
}

void kh_explain_leave(struct kh_explain *explain)
{
	explain->depth--;
}
