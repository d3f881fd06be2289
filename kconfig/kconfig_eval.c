/* kconfig_eval.c - the values of expressions, given a .config.
 *
 * Source: scripts/kconfig/expr.c and symbol.c: n < m < y; && is the lower, || the higher, ! turns
 * round; a comparison compares texts, < and > numbers; a symbol that is not defined is n, and its
 * own name in a comparison. What hangs on a macro's value is between two values here.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "kconfig/kconfig_private.h"

static const char *word_of(const struct kh_kconfig *tree, const struct kh_kexpr *expr)
{
	return tree->names.items[expr->word];
}

/* n, m, y as a value; -1: something else. */
static int letter_value(const char *text)
{
	if (strcmp(text, "y") == 0)
		return KH_KYES;
	if (strcmp(text, "m") == 0)
		return KH_KMODULE;
	return strcmp(text, "n") == 0 ? KH_KNO : -1;
}

bool kh_kexpr_is_symbol(const struct kh_kconfig *tree, const struct kh_kexpr *expr)
{
	return expr->kind == KH_KEXPR_WORD && letter_value(word_of(tree, expr)) < 0;
}

int kh_keval_symbol(const struct kh_kconfig *tree, const struct kh_dotconfig *config, size_t symbol)
{
	if (tree->symbols[symbol].entry_count == 0)
		return KH_KNO;
	const char *value = kh_dotconfig_value(config, tree->names.items[symbol]);
	int letter = value ? letter_value(value) : KH_KNO;
	return letter < 0 ? KH_KNO : letter;
}

const char *kh_keval_text(const struct kh_kconfig *tree, const struct kh_dotconfig *config,
			  const struct kh_kexpr *expr)
{
	const char *word = word_of(tree, expr);
	const struct kh_ksymbol *symbol = &tree->symbols[expr->word];
	if (expr->kind != KH_KEXPR_WORD || symbol->entry_count == 0)
		return word;
	const char *value = kh_dotconfig_value(config, word);
	if (value)
		return value;
	bool is_letter = symbol->type == KH_KTYPE_BOOL || symbol->type == KH_KTYPE_TRISTATE;
	return is_letter ? "n" : "";
}

/* ---- comparisons ---- */

/* Without the quotes that a text has in a .config. */
static int compare_texts(const char *left, const char *right)
{
	size_t left_length = strlen(left), right_length = strlen(right);
	if (left_length > 1 && *left == '"') {
		left++;
		left_length -= 2;
	}
	if (right_length > 1 && *right == '"') {
		right++;
		right_length -= 2;
	}
	int order = strncmp(left, right, left_length < right_length ? left_length : right_length);
	return order ? order : (left_length > right_length) - (left_length < right_length);
}

static bool read_number(const char *text, long long *ret_number)
{
	char *end;
	int letter = letter_value(text);
	*ret_number = letter >= 0 ? letter : strtoll(text, &end, 0);
	return letter >= 0 || (end > text && *end == '\0');
}

static int compare(const char *left, const char *right)
{
	long long a, b;
	if (read_number(left, &a) && read_number(right, &b))
		return (a > b) - (a < b);
	return compare_texts(left, right);
}

static struct kh_kvalue eval_comparison(const struct kh_kconfig *tree,
					const struct kh_dotconfig *config,
					const struct kh_kexpr *expr)
{
	if (expr->left->kind == KH_KEXPR_UNKNOWN || expr->right->kind == KH_KEXPR_UNKNOWN)
		return (struct kh_kvalue){KH_KNO, KH_KYES};
	int order = compare(kh_keval_text(tree, config, expr->left),
			    kh_keval_text(tree, config, expr->right));
	bool holds = (expr->kind == KH_KEXPR_EQ && order == 0) ||
		     (expr->kind == KH_KEXPR_NE && order != 0) ||
		     (expr->kind == KH_KEXPR_LT && order < 0) ||
		     (expr->kind == KH_KEXPR_LE && order <= 0) ||
		     (expr->kind == KH_KEXPR_GT && order > 0) ||
		     (expr->kind == KH_KEXPR_GE && order >= 0);
	int value = holds ? KH_KYES : KH_KNO;
	return (struct kh_kvalue){value, value};
}

/* ---- conditions ---- */

static int lower(int a, int b)
{
	return a < b ? a : b;
}

static int higher(int a, int b)
{
	return a > b ? a : b;
}

/* "depends on m": not built in; without modules, not at all. */
static int eval_word(const struct kh_kconfig *tree, const struct kh_dotconfig *config,
		     const struct kh_kexpr *expr)
{
	int letter = letter_value(word_of(tree, expr));
	if (letter < 0)
		return expr->kind == KH_KEXPR_WORD ? kh_keval_symbol(tree, config, expr->word)
						   : KH_KNO;
	const char *modules = kh_dotconfig_value(config, "MODULES");
	bool has_modules = modules && strcmp(modules, "y") == 0;
	return letter == KH_KMODULE && !has_modules ? KH_KNO : letter;
}

struct kh_kvalue kh_keval(const struct kh_kconfig *tree, const struct kh_dotconfig *config,
			  const struct kh_kexpr *expr)
{
	if (!expr)
		return (struct kh_kvalue){KH_KYES, KH_KYES};
	struct kh_kvalue left, right;
	int value;
	switch (expr->kind) {
	case KH_KEXPR_WORD:
	case KH_KEXPR_TEXT:
		value = eval_word(tree, config, expr);
		return (struct kh_kvalue){value, value};
	case KH_KEXPR_UNKNOWN:
		return (struct kh_kvalue){KH_KNO, KH_KYES};
	case KH_KEXPR_NOT:
		left = kh_keval(tree, config, expr->left);
		return (struct kh_kvalue){KH_KYES - left.high, KH_KYES - left.low};
	case KH_KEXPR_AND:
		left = kh_keval(tree, config, expr->left);
		right = kh_keval(tree, config, expr->right);
		return (struct kh_kvalue){lower(left.low, right.low), lower(left.high, right.high)};
	case KH_KEXPR_OR:
		left = kh_keval(tree, config, expr->left);
		right = kh_keval(tree, config, expr->right);
		return (struct kh_kvalue){higher(left.low, right.low),
					  higher(left.high, right.high)};
	case KH_KEXPR_EQ:
	case KH_KEXPR_NE:
	case KH_KEXPR_LT:
	case KH_KEXPR_LE:
	case KH_KEXPR_GT:
	case KH_KEXPR_GE:
		return eval_comparison(tree, config, expr);
	}
	return (struct kh_kvalue){KH_KNO, KH_KNO};
}

struct kh_kvalue kh_keval_prompt(const struct kh_kconfig *tree, const struct kh_dotconfig *config,
				 const struct kh_kentry *entry)
{
	struct kh_kvalue depends = kh_keval(tree, config, entry->depends);
	struct kh_kvalue visible = kh_keval(tree, config, entry->visible);
	struct kh_kvalue best = {KH_KNO, KH_KNO};
	for (size_t i = 0; i < entry->property_count; i++) {
		const struct kh_kproperty *property = &entry->properties[i];
		if (property->kind != KH_KPROPERTY_PROMPT)
			continue;
		struct kh_kvalue own = kh_keval(tree, config, property->condition);
		best.low = higher(best.low, lower(own.low, lower(depends.low, visible.low)));
		best.high = higher(best.high, lower(own.high, lower(depends.high, visible.high)));
	}
	return best;
}

bool kh_kentry_has_prompt(const struct kh_kentry *entry)
{
	for (size_t i = 0; i < entry->property_count; i++)
		if (entry->properties[i].kind == KH_KPROPERTY_PROMPT)
			return true;
	return false;
}
