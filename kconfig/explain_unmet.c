/* explain_unmet.c - see explain.h: "depends on X, which is n, because it ...". */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/translate.h"
#include "kconfig/explain.h"

enum { SHOWN_NAMES = 4 };

static void add_symbol(struct kh_explain *explain, size_t symbol, int want)
{
	const char *name = kh_explain_name(explain, symbol);
	if (explain->tree->symbols[symbol].entry_count == 0) {
		kh_str_addf(&explain->text, "%s, which this kernel does not have", name);
		return;
	}
	kh_str_addf(&explain->text, "%s, which is %s", name, kh_explain_value(explain, symbol));
	kh_explain_low(explain, symbol, want);
}

/* FOO=y, FOO!=m, NR_CPUS >= 64 */
static void add_comparison(struct kh_explain *explain, struct kh_kterm term)
{
	const struct kh_kexpr *left = term.expr->left, *right = term.expr->right;
	kh_auto(kh_free) char *text = kh_kexpr_text(explain->tree, term.expr);
	kh_str_addf(&explain->text, term.is_negated ? "%s not being so" : "%s", text);
	if (!kh_kexpr_is_symbol(explain->tree, left) ||
	    explain->tree->symbols[left->word].entry_count == 0)
		return;
	const char *value = kh_keval_text(explain->tree, explain->config, left);
	kh_str_addf(&explain->text, ", and %s is %s", kh_explain_name(explain, left->word),
		    *value ? value : "not set");
	const char *wanted = kh_keval_text(explain->tree, explain->config, right);
	if (!term.is_negated && term.expr->kind == KH_KEXPR_EQ && strcmp(wanted, "y") == 0)
		kh_explain_low(explain, left->word, KH_KYES);
}

static bool are_symbols(const struct kh_explain *explain, const struct kh_kterms *terms)
{
	for (size_t i = 0; i < terms->count; i++)
		if (terms->items[i].is_negated ||
		    !kh_kexpr_is_symbol(explain->tree, terms->items[i].expr))
			return false;
	return true;
}

static struct kh_kterm nearest(const struct kh_explain *explain, const struct kh_kterms *terms,
			       int want)
{
	size_t best = 0;
	int best_cost = kh_explain_cost(explain, terms->items[0], want, 0);
	for (size_t i = 1; i < terms->count; i++) {
		int cost = kh_explain_cost(explain, terms->items[i], want, 0);
		if (cost < best_cost) {
			best = i;
			best_cost = cost;
		}
	}
	return terms->items[best];
}

static void add_phrase(struct kh_explain *explain, struct kh_kterm term, int want);

/* A || B: "A or B, of which none is y"; of those the nearest is explained. */
static void add_alternatives(struct kh_explain *explain, struct kh_kterm term,
			     const struct kh_kterms *terms, int want)
{
	struct kh_kterm best = nearest(explain, terms, want);
	if (!are_symbols(explain, terms)) {
		kh_auto(kh_free) char *text = kh_kexpr_text(explain->tree, term.expr);
		kh_str_addf(&explain->text, "%s%s%s, which does not hold",
			    term.is_negated ? "!(" : "", text, term.is_negated ? ")" : "");
		kh_auto(kh_kterms_done) struct kh_kterms unmet = {0};
		kh_kterms_unmet(explain, best, want, &unmet);
		for (size_t i = 0; i < unmet.count && i < SHOWN_NAMES; i++) {
			kh_str_add(&explain->text, i ? KH_WORD(", and ") : ": it would with ");
			add_phrase(explain, unmet.items[i], want);
		}
		return;
	}
	for (size_t i = 0; i < terms->count && i < SHOWN_NAMES; i++)
		kh_str_addf(&explain->text, "%s%s", i ? KH_WORD(" or ") : "",
			    kh_explain_name(explain, terms->items[i].expr->word));
	if (terms->count > SHOWN_NAMES)
		kh_str_addf(&explain->text, " or %zu others", terms->count - SHOWN_NAMES);
	kh_str_addf(&explain->text, ", none of which is %s", want == KH_KYES ? "y" : "set");
	kh_str_add(&explain->text, "; the nearest is ");
	add_symbol(explain, best.expr->word, want);
}

/* !X, or X=n */
static bool is_off(const struct kh_explain *explain, const struct kh_kterm *term, size_t symbol)
{
	const struct kh_kexpr *expr = term->expr;
	if (expr->kind == KH_KEXPR_EQ && !term->is_negated)
		return expr->left->kind == KH_KEXPR_WORD && expr->left->word == symbol &&
		       strcmp(explain->tree->names.items[expr->right->word], "n") == 0;
	return term->is_negated && expr->kind == KH_KEXPR_WORD && expr->word == symbol;
}

/* X || !X, or X || X=n, with X a module. Returns X, or NULL when it is another kind of condition.
 */
static const struct kh_kexpr *module_only(const struct kh_explain *explain,
					  const struct kh_kterms *terms)
{
	if (terms->count != 2)
		return NULL;
	for (size_t i = 0; i < 2; i++) {
		const struct kh_kterm *term = &terms->items[i];
		if (!term->is_negated && kh_kexpr_is_symbol(explain->tree, term->expr) &&
		    is_off(explain, &terms->items[1 - i], term->expr->word))
			return term->expr;
	}
	return NULL;
}

/* A noun phrase, after "depends on". */
static void add_phrase(struct kh_explain *explain, struct kh_kterm term, int want)
{
	kh_auto(kh_kterms_done) struct kh_kterms alternatives = {0};
	kh_kterms_alternatives(term, &alternatives);
	if (alternatives.count > 1) {
		add_alternatives(explain, term, &alternatives, want);
		return;
	}
	term = alternatives.items[0];
	kh_auto(kh_free) char *text = kh_kexpr_text(explain->tree, term.expr);
	if (term.expr->kind >= KH_KEXPR_EQ) {
		add_comparison(explain, term);
	} else if (!kh_kexpr_is_symbol(explain->tree, term.expr)) {
		kh_str_addf(&explain->text,
			    term.expr->kind == KH_KEXPR_UNKNOWN
				    ? "%s, which the compiler or another tool decides"
				    : "%s",
			    text);
	} else if (term.is_negated) {
		kh_str_addf(&explain->text, "%s being n, but it is %s", text,
			    kh_explain_value(explain, term.expr->word));
		kh_explain_high(explain, term.expr->word);
	} else {
		add_symbol(explain, term.expr->word, want);
	}
}

void kh_explain_term(struct kh_explain *explain, struct kh_kterm term, int want, const char *verb,
		     const char *joined_by)
{
	kh_auto(kh_kterms_done) struct kh_kterms alternatives = {0};
	kh_kterms_alternatives(term, &alternatives);
	const struct kh_kexpr *module = module_only(explain, &alternatives);
	if (!module) {
		kh_str_addf(&explain->text, "%s %s ", verb, joined_by);
		add_phrase(explain, term, want);
		return;
	}
	kh_str_addf(&explain->text, "cannot be y while %s is m",
		    kh_explain_name(explain, module->word));
	kh_explain_low(explain, module->word, KH_KYES);
}
