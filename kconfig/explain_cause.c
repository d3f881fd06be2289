/* explain_cause.c - see explain.h: why a symbol has the value it has. */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/translate.h"
#include "kconfig/explain.h"

enum { SHOWN_SELECTORS = 3 };

static const char set_only[] = "can be set only";

/* ---- less than wanted ---- */

/* The condition under which the best prompt of the entry shows; NULL: always. */
static const struct kh_kexpr *prompt_condition(const struct kh_explain *explain,
					       const struct kh_kentry *entry, int want)
{
	const struct kh_kexpr *best = NULL;
	int best_cost = -1;
	for (size_t i = 0; i < entry->property_count; i++) {
		const struct kh_kproperty *property = &entry->properties[i];
		if (property->kind != KH_KPROPERTY_PROMPT)
			continue;
		const struct kh_kterm term = {property->condition, false};
		int cost = property->condition ? kh_explain_cost(explain, term, want, 0) : 0;
		if (best_cost < 0 || cost < best_cost) {
			best = property->condition;
			best_cost = cost;
		}
	}
	return best;
}

/* Its prompt does not show. */
static bool explain_prompt(struct kh_explain *explain, const struct kh_kentry *entry, int want,
			   const char *verb, bool is_top)
{
	const struct kh_kexpr *condition = prompt_condition(explain, entry, want);
	return kh_explain_unmet(explain, condition, want, verb, "with", is_top) ||
	       kh_explain_unmet(explain, entry->visible, want, verb, "with", is_top);
}

/* Without a prompt: the default that would set it, were its condition met. */
static bool explain_default(struct kh_explain *explain, const struct kh_kentry *entry, int want)
{
	for (size_t i = 0; i < entry->property_count; i++) {
		const struct kh_kproperty *property = &entry->properties[i];
		if (property->kind != KH_KPROPERTY_DEFAULT)
			continue;
		const struct kh_kterm value = {property->value, false};
		bool is_constant = property->value->kind == KH_KEXPR_WORD &&
				   !kh_kexpr_is_symbol(explain->tree, property->value);
		if (is_constant && !kh_kterm_holds(explain, value, want))
			continue; /* default n */
		if (kh_explain_unmet(explain, property->condition, want, "is set only", "with",
				     false) ||
		    kh_explain_unmet(explain, property->value, want, "is set only", "with", false))
			return true;
	}
	return false;
}

static size_t selector_symbol(const struct kh_explain *explain, const struct kh_kselector *selector)
{
	return explain->tree->entries[selector->entry].symbol;
}

/* "X, which is n, because ...", or "X, which is y, but only with 64BIT, which is n". */
static void add_idle_selector(struct kh_explain *explain, const struct kh_kselector *selector)
{
	const struct kh_kentry *entry = &explain->tree->entries[selector->entry];
	size_t symbol = entry->symbol;
	kh_str_addf(&explain->text, "%s, which is %s", kh_explain_name(explain, symbol),
		    kh_explain_value(explain, symbol));
	if (kh_keval_symbol(explain->tree, explain->config, symbol) == KH_KNO) {
		kh_explain_low(explain, symbol, KH_KMODULE);
		return;
	}
	size_t before = explain->text.length;
	kh_str_add(&explain->text, KH_WORD(", but "));
	if (!kh_explain_unmet(explain, entry->properties[selector->property].condition, KH_KMODULE,
			      "only", "with", false)) {
		explain->text.length = before;
		explain->text.text[before] = '\0';
	}
}

/* The names of all that select the symbol; one of them that is set, else the first. */
static const struct kh_kselector *look_at_selectors(const struct kh_explain *explain, size_t symbol,
						    struct kh_strv *names)
{
	const struct kh_ksymbol *known = &explain->tree->symbols[symbol];
	const struct kh_kselector *best = NULL;
	for (size_t i = 0; i < known->selector_count; i++) {
		const struct kh_kselector *selector = &known->selectors[i];
		size_t by = selector_symbol(explain, selector);
		if (!kh_strv_has(names, kh_explain_name(explain, by)))
			kh_strv_add(names, kh_explain_name(explain, by));
		bool is_set = kh_keval_symbol(explain->tree, explain->config, by) > KH_KNO;
		if (is_set || !best)
			best = selector;
	}
	return best;
}

/* Without a prompt: who would select it. */
static bool explain_selectors(struct kh_explain *explain, size_t symbol)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	const struct kh_kselector *best = look_at_selectors(explain, symbol, &names);
	if (!best)
		return false;
	size_t by = selector_symbol(explain, best);
	if (names.count == 1 || kh_keval_symbol(explain->tree, explain->config, by) > KH_KNO) {
		kh_str_add(&explain->text,
			   names.count == 1 ? "is selected only by " : "would be selected by ");
		add_idle_selector(explain, best);
		return true;
	}
	kh_str_add(&explain->text, "is selected by nothing that is set; it would be by ");
	for (size_t i = 0; i < names.count && i < SHOWN_SELECTORS; i++)
		kh_str_addf(&explain->text, "%s%s", i ? KH_WORD(" or ") : "", names.items[i]);
	if (names.count > SHOWN_SELECTORS)
		kh_str_addf(&explain->text, " or %zu others", names.count - SHOWN_SELECTORS);
	return true;
}

static bool explain_promptless(struct kh_explain *explain, const struct kh_kentry *entry, int want)
{
	if (explain_default(explain, entry, want) || explain_selectors(explain, entry->symbol))
		return true;
	kh_str_add(&explain->text, "has no prompt, and nothing sets it");
	return true;
}

static void add_request(struct kh_explain *explain, size_t symbol, const char *otherwise)
{
	const struct kh_fragment_line *line = kh_explain_request(explain, symbol);
	const char *value = kh_explain_value(explain, symbol);
	if (line && strcmp(line->value, value) == 0) {
		explain->cause = explain->cause ? explain->cause : line->where;
		kh_str_addf(&explain->text, " (%s asks for that)", line->where);
	} else if (!line) {
		kh_str_add(&explain->text, otherwise);
	}
}

static bool is_other_chosen(const struct kh_explain *explain, size_t symbol, long *ret_chosen)
{
	*ret_chosen = kh_explain_chosen(explain, symbol);
	return *ret_chosen >= 0 && (size_t)*ret_chosen != symbol;
}

void kh_explain_low(struct kh_explain *explain, size_t symbol, int want)
{
	bool is_module = kh_keval_symbol(explain->tree, explain->config, symbol) == KH_KMODULE;
	want = kh_explain_want(explain, symbol, want);
	const struct kh_kentry *entry = kh_explain_entry(explain, symbol, want);
	if (!entry || !kh_explain_enter(explain, symbol))
		return;
	size_t before = explain->text.length;
	long chosen;
	kh_str_add(&explain->text, ", because it ");
	bool is_explained =
		kh_explain_unmet(explain, entry->depends, want, KH_WORD("depends"), "on", false);
	if (!is_explained && is_other_chosen(explain, symbol, &chosen)) {
		kh_str_addf(&explain->text, "is one of a choice, of which %s is set",
			    kh_explain_name(explain, (size_t)chosen));
		is_explained = true;
	}
	if (!is_explained)
		is_explained = kh_kentry_has_prompt(entry)
				       ? explain_prompt(explain, entry, want, set_only, false)
				       : explain_promptless(explain, entry, want);
	if (!is_explained) {
		explain->text.length = before;
		explain->text.text[before] = '\0';
		add_request(explain, symbol,
			    is_module ? " (not requested as y)" : " (not requested)");
	}
	kh_explain_leave(explain);
}

bool kh_explain_low_top(struct kh_explain *explain, size_t symbol, int want)
{
	want = kh_explain_want(explain, symbol, want);
	const struct kh_kentry *entry = kh_explain_entry(explain, symbol, want);
	long chosen;
	kh_explain_enter(explain, symbol);
	if (kh_explain_unmet(explain, entry->depends, want, KH_WORD("depends"), "on", true))
		return true;
	if (is_other_chosen(explain, symbol, &chosen)) {
		const struct kh_kchoice *choice =
			&explain->tree->choices[explain->tree->symbols[symbol].choice - 1];
		kh_str_addf(&explain->text, "is one of a choice%s%s%s, of which %s is set",
			    choice->prompt ? " ('" : "", choice->prompt ? choice->prompt : "",
			    choice->prompt ? "')" : "", kh_explain_name(explain, (size_t)chosen));
		add_request(explain, (size_t)chosen, "");
		return true;
	}
	if (kh_kentry_has_prompt(entry))
		return explain_prompt(explain, entry, want, set_only, true);
	kh_str_add(&explain->text, "cannot be set by hand: it ");
	return explain_promptless(explain, entry, want);
}

/* ---- more than wanted ---- */

/* The selector that holds the symbol up, or NULL. */
static const struct kh_kselector *active_selector(const struct kh_explain *explain, size_t symbol)
{
	const struct kh_ksymbol *known = &explain->tree->symbols[symbol];
	for (size_t i = 0; i < known->selector_count; i++) {
		const struct kh_kselector *selector = &known->selectors[i];
		const struct kh_kentry *entry = &explain->tree->entries[selector->entry];
		const struct kh_kexpr *condition = entry->properties[selector->property].condition;
		if (kh_keval_symbol(explain->tree, explain->config, entry->symbol) > KH_KNO &&
		    kh_keval(explain->tree, explain->config, condition).high > KH_KNO &&
		    kh_keval(explain->tree, explain->config, entry->depends).high > KH_KNO)
			return selector;
	}
	return NULL;
}

static bool can_be_set(const struct kh_explain *explain, size_t symbol)
{
	const struct kh_ksymbol *known = &explain->tree->symbols[symbol];
	for (size_t i = 0; i < known->entry_count; i++) {
		const struct kh_kentry *entry = &explain->tree->entries[known->entries[i]];
		if (kh_keval_prompt(explain->tree, explain->config, entry).high > KH_KNO)
			return true;
	}
	return false;
}

/* "is selected by A, which is y, and that by B, which is y" */
static bool add_selector(struct kh_explain *explain, size_t symbol, const char *lead)
{
	const struct kh_kselector *selector = active_selector(explain, symbol);
	if (!selector || !kh_explain_enter(explain, symbol))
		return false;
	size_t by = selector_symbol(explain, selector);
	kh_str_addf(&explain->text, "%s %s, which is %s", lead, kh_explain_name(explain, by),
		    kh_explain_value(explain, by));
	if (!add_selector(explain, by, ", and that by"))
		add_request(explain, by, can_be_set(explain, by) ? "" : " by default");
	kh_explain_leave(explain);
	return true;
}

void kh_explain_high(struct kh_explain *explain, size_t symbol)
{
	if (!add_selector(explain, symbol, ", selected by"))
		add_request(explain, symbol, can_be_set(explain, symbol) ? "" : " by default");
}

bool kh_explain_high_top(struct kh_explain *explain, size_t symbol)
{
	static const char changed[] = "can be changed only";
	if (add_selector(explain, symbol, "is selected by"))
		return true;
	const struct kh_kentry *entry = kh_explain_entry(explain, symbol, KH_KMODULE);
	if (kh_explain_chosen(explain, symbol) == (long)symbol && can_be_set(explain, symbol)) {
		kh_str_add(&explain->text, "is the member of its choice that is set; ask for "
					   "another one instead");
		return true;
	}
	if (kh_kentry_has_prompt(entry))
		return kh_explain_unmet(explain, entry->depends, KH_KMODULE, changed, "with",
					true) ||
		       explain_prompt(explain, entry, KH_KMODULE, changed, true);
	kh_str_add(&explain->text,
		   "cannot be set by hand: it has no prompt, and its default sets it");
	return true;
}
