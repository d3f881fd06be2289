/* explain.c - an explanation from its beginning; conditions as text; numbers and their ranges. */
#include "kconfig/explain.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

/* ---- conditions as text ---- */

static const char *operator_text(enum kh_kexpr_kind kind)
{
	switch (kind) {
	case KH_KEXPR_AND:
		return " && ";
	case KH_KEXPR_OR:
		return " || ";
	case KH_KEXPR_EQ:
		return "=";
	case KH_KEXPR_NE:
		return "!=";
	case KH_KEXPR_LT:
		return "<";
	case KH_KEXPR_LE:
		return "<=";
	case KH_KEXPR_GT:
		return ">";
	case KH_KEXPR_GE:
		return ">=";
	case KH_KEXPR_WORD:
	case KH_KEXPR_TEXT:
	case KH_KEXPR_UNKNOWN:
	case KH_KEXPR_NOT:
		break;
	}
	return "";
}

static void add_text(const struct kh_kconfig *tree, const struct kh_kexpr *expr,
		     enum kh_kexpr_kind around, struct kh_str *str)
{
	if (expr->kind <= KH_KEXPR_UNKNOWN) {
		const char *quote = expr->kind == KH_KEXPR_TEXT ? "\"" : "";
		kh_str_addf(str, "%s%s%s", quote, tree->names.items[expr->word], quote);
		return;
	}
	bool in_brackets = (around == KH_KEXPR_NOT && expr->kind != KH_KEXPR_NOT) ||
			   (around == KH_KEXPR_AND && expr->kind == KH_KEXPR_OR);
	kh_str_add(str, in_brackets ? "(" : "");
	if (expr->kind == KH_KEXPR_NOT)
		kh_str_add(str, "!");
	add_text(tree, expr->left, expr->kind, str);
	kh_str_add(str, operator_text(expr->kind));
	if (expr->right)
		add_text(tree, expr->right, expr->kind, str);
	kh_str_add(str, in_brackets ? ")" : "");
}

char *kh_kexpr_text(const struct kh_kconfig *tree, const struct kh_kexpr *expr)
{
	struct kh_str str = {0};
	add_text(tree, expr, KH_KEXPR_WORD, &str);
	return kh_str_take(&str);
}

/* ---- numbers ---- */

static bool is_number(enum kh_ktype type)
{
	return type == KH_KTYPE_INT || type == KH_KTYPE_HEX;
}

/* The first range whose condition is met, or NULL. */
static const struct kh_kproperty *find_range(const struct kh_explain *explain, size_t symbol)
{
	const struct kh_ksymbol *known = &explain->tree->symbols[symbol];
	for (size_t i = 0; i < known->entry_count; i++) {
		const struct kh_kentry *entry = &explain->tree->entries[known->entries[i]];
		for (size_t j = 0; j < entry->property_count; j++) {
			const struct kh_kproperty *property = &entry->properties[j];
			if (property->kind == KH_KPROPERTY_RANGE &&
			    kh_keval(explain->tree, explain->config, property->condition).high >
				    KH_KNO)
				return property;
		}
	}
	return NULL;
}

/* The value that this entry's defaults would give more than now, and when. */
static bool add_other_end(struct kh_explain *explain, const struct kh_kentry *entry, long long now)
{
	for (size_t i = 0; i < entry->property_count; i++) {
		const struct kh_kproperty *property = &entry->properties[i];
		if (property->kind != KH_KPROPERTY_DEFAULT || !property->condition ||
		    kh_keval(explain->tree, explain->config, property->condition).low > KH_KNO ||
		    kh_keval(explain->tree, explain->config, entry->depends).high == KH_KNO)
			continue;
		const char *value = kh_keval_text(explain->tree, explain->config, property->value);
		if (strtoll(value, NULL, 0) <= now)
			continue;
		kh_auto(kh_free) char *condition =
			kh_kexpr_text(explain->tree, property->condition);
		kh_str_addf(&explain->text, " and would be %s with %s", value, condition);
		return true;
	}
	return false;
}

static void add_end(struct kh_explain *explain, const struct kh_kexpr *end)
{
	const struct kh_ksymbol *symbol = &explain->tree->symbols[end->word];
	const char *now = kh_keval_text(explain->tree, explain->config, end);
	kh_str_addf(&explain->text, "; %s is %s", kh_explain_name(explain, end->word), now);
	for (size_t i = 0; i < symbol->entry_count; i++)
		if (add_other_end(explain, &explain->tree->entries[symbol->entries[i]],
				  strtoll(now, NULL, 0)))
			return;
}

static bool explain_range(struct kh_explain *explain, size_t symbol, const char *wanted)
{
	const struct kh_kproperty *range = find_range(explain, symbol);
	if (!range)
		return false;
	int base = explain->tree->symbols[symbol].type == KH_KTYPE_HEX ? 16 : 10;
	const char *low = kh_keval_text(explain->tree, explain->config, range->value);
	const char *high = kh_keval_text(explain->tree, explain->config, range->high);
	long long value = strtoll(wanted, NULL, base);
	bool is_high = value > strtoll(high, NULL, base);
	if (value >= strtoll(low, NULL, base) && !is_high)
		return false;
	kh_str_addf(&explain->text, "must lie between %s and %s", low, high);
	const struct kh_kexpr *end = is_high ? range->high : range->value;
	if (kh_kexpr_is_symbol(explain->tree, end) &&
	    explain->tree->symbols[end->word].entry_count > 0)
		add_end(explain, end);
	return true;
}

bool kh_explain_number(struct kh_explain *explain, size_t symbol, const char *wanted)
{
	enum kh_ktype type = explain->tree->symbols[symbol].type;
	size_t digits = strspn(wanted, "-0123456789");
	if (type == KH_KTYPE_STRING && *wanted != '"')
		kh_str_add(&explain->text, "takes a text in double quotes");
	else if (type == KH_KTYPE_INT && (!*wanted || wanted[digits]))
		kh_str_add(&explain->text, "takes a decimal number");
	else if (type == KH_KTYPE_HEX && (*wanted == '"' || strchr("ymn", *wanted)))
		kh_str_add(&explain->text, "takes a hexadecimal number");
	else if (is_number(type) && explain_range(explain, symbol, wanted))
		return true;
	else
		return kh_explain_low_top(explain, symbol, KH_KYES);
	return true;
}

/* ---- from the beginning ---- */

static int level_of(const char *wanted)
{
	if (strcmp(wanted, "y") == 0)
		return KH_KYES;
	if (strcmp(wanted, "m") == 0)
		return KH_KMODULE;
	return strcmp(wanted, "n") == 0 ? KH_KNO : -1;
}

/* The option whose default is this old name, or NULL. */
static const char *find_successor(const struct kh_explain *explain, size_t symbol)
{
	for (size_t i = 0; i < explain->tree->entry_count; i++) {
		const struct kh_kentry *entry = &explain->tree->entries[i];
		for (size_t j = 0; j < entry->property_count; j++)
			if (entry->properties[j].kind == KH_KPROPERTY_DEFAULT &&
			    entry->properties[j].value->kind == KH_KEXPR_WORD &&
			    entry->properties[j].value->word == symbol)
				return kh_explain_name(explain, entry->symbol);
	}
	return NULL;
}

static bool explain_transitional(struct kh_explain *explain, size_t symbol)
{
	const char *successor = find_successor(explain, symbol);
	kh_str_add(&explain->text, "is only an old name in this kernel");
	if (successor)
		kh_str_addf(&explain->text, ", of %s: write that", successor);
	return true;
}

static bool explain_symbol(struct kh_explain *explain, size_t symbol, const char *wanted)
{
	enum kh_ktype type = explain->tree->symbols[symbol].type;
	int level = level_of(wanted);
	bool is_letter = type == KH_KTYPE_BOOL || type == KH_KTYPE_TRISTATE;
	if (explain->tree->symbols[symbol].is_transitional)
		return explain_transitional(explain, symbol);
	if (!is_letter)
		return kh_explain_number(explain, symbol, wanted);
	if (level < 0) {
		kh_str_add(&explain->text,
			   type == KH_KTYPE_BOOL ? "takes only y or n" : "takes only y, m or n");
		return true;
	}
	if (level == KH_KNO)
		return kh_explain_high_top(explain, symbol);
	if (kh_explain_low_top(explain, symbol, level))
		return true;
	if (level == KH_KMODULE && type == KH_KTYPE_BOOL) {
		kh_str_add(&explain->text, "takes only y or n: it is no module");
		return true;
	}
	return false;
}

static void explain_done(struct kh_explain *explain)
{
	kh_str_done(&explain->text);
}

/* Many renames put a word in front: RETPOLINE became MITIGATION_RETPOLINE. */
static const char *find_longer(const struct kh_strv *names, const char *name)
{
	kh_auto(kh_free) char *end = kh_printf("_%s", name);
	for (size_t i = 0; i < names->count; i++)
		if (kh_str_ends(names->items[i], end))
			return names->items[i];
	return NULL;
}

static char *explain_unknown(const struct kh_kconfig *tree, const char *name)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	for (size_t i = 0; i < tree->names.count; i++)
		if (tree->symbols[i].entry_count > 0)
			kh_strv_add(&names, tree->names.items[i]);
	const char *nearest = kh_str_nearest(name, (const char *const *)names.items, names.count);
	if (!nearest)
		nearest = find_longer(&names, name);
	return nearest ? kh_printf("is not an option of this kernel; the nearest name is %s",
				   nearest)
		       : kh_strdup("is not an option of this kernel");
}

char *kh_explain_loss(const struct kh_kconfig *tree, const struct kh_dotconfig *config,
		      const struct kh_fragment *fragment, int version, const char *name,
		      const char *wanted, const char **ret_cause)
{
	*ret_cause = NULL;
	if (!kh_kconfig_has(tree, name))
		return explain_unknown(tree, name);
	kh_auto(explain_done) struct kh_explain explain = {
		.tree = tree, .config = config, .fragment = fragment, .version = version};
	size_t symbol = (size_t)kh_names_find(&tree->names, name);
	if (!explain_symbol(&explain, symbol, wanted))
		return NULL;
	*ret_cause = explain.cause;
	return kh_str_take(&explain.text);
}

char *kh_kconfig_explain(const struct kh_kconfig *tree, const struct kh_dotconfig *config,
			 const char *name, const char *wanted)
{
	const char *cause = NULL;
	return kh_explain_loss(tree, config, NULL, -1, name, wanted, &cause);
}
