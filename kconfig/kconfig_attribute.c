/* kconfig_attribute.c - what stands below a config, a menu, a choice or a comment.
 *
 * Source: Documentation/kbuild/kconfig-language.rst, "Menu attributes". Words that are not known
 * are left out: of those that were added over the years the others (modules, option) do not bear on
 * what an option depends on.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "kconfig/kconfig_private.h"

struct attribute {
	struct kh_kreader *reader;
	struct kh_klexer *lexer;
	struct kh_kline *line;
	struct kh_error *err;
};

static const struct kh_ktoken *peek(const struct attribute *attribute)
{
	return &attribute->line->tokens[attribute->line->at];
}

static bool is_word(const struct kh_ktoken *token, const char *word)
{
	return token->kind == KH_KTOKEN_WORD && strcmp(token->text, word) == 0;
}

static struct kh_kentry *entry_of(const struct attribute *attribute)
{
	struct kh_kconfig *tree = attribute->reader->tree;
	return attribute->reader->owner == KH_KOWNER_ENTRY ? &tree->entries[tree->entry_count - 1]
							   : NULL;
}

static struct kh_kcontext *context_of(const struct attribute *attribute)
{
	const struct kh_kreader *reader = attribute->reader;
	return reader->owner == KH_KOWNER_CONTEXT ? &reader->contexts[reader->context_count - 1]
						  : NULL;
}

static int parse_expr(const struct attribute *attribute, const struct kh_kexpr **ret_expr)
{
	return kh_kexpr_parse(attribute->reader->tree, attribute->lexer, attribute->line, ret_expr,
			      attribute->err);
}

/* Joins one more condition to *target. */
static int add_condition(const struct attribute *attribute, const struct kh_kexpr **target,
			 const struct kh_kexpr *expr)
{
	*target = kh_kexpr_and(attribute->reader->tree, *target, expr);
	return !*target || (*target)->depth <= KH_KEXPR_DEPTH
		       ? 0
		       : kh_klex_fail(attribute->lexer, attribute->err, "too many conditions");
}

/* "if EXPRESSION" at the end of the line, or nothing. */
static int parse_if(const struct attribute *attribute, const struct kh_kexpr **ret_expr)
{
	*ret_expr = NULL;
	if (!is_word(peek(attribute), "if"))
		return 0;
	attribute->line->at++;
	return parse_expr(attribute, ret_expr);
}

static int add_property(const struct attribute *attribute, struct kh_kproperty property)
{
	struct kh_kentry *entry = entry_of(attribute);
	if (parse_if(attribute, &property.condition) != 0)
		return -1;
	if (entry)
		*kh_append(entry->properties, entry->property_count) = property;
	return 0;
}

static int parse_word(const struct attribute *attribute, const struct kh_kexpr **ret_expr)
{
	const struct kh_ktoken *token = peek(attribute);
	if (token->kind != KH_KTOKEN_WORD && token->kind != KH_KTOKEN_TEXT)
		return kh_klex_fail(attribute->lexer, attribute->err, "a symbol is missing");
	attribute->line->at++;
	*ret_expr = kh_kexpr_word(attribute->reader->tree, token);
	return 0;
}

/* ---- one function per kind of attribute ---- */

/* A choice's prompt: members can be chosen only where it is seen. */
static int add_choice_prompt(const struct attribute *attribute, struct kh_kcontext *context,
			     const char *text)
{
	struct kh_kchoice *choice = &attribute->reader->tree->choices[context->choice - 1];
	const struct kh_kexpr *condition;
	free(choice->prompt);
	choice->prompt = kh_strdup(text);
	return parse_if(attribute, &condition) != 0
		       ? -1
		       : add_condition(attribute, &context->depends, condition);
}

static int read_prompt(const struct attribute *attribute)
{
	const struct kh_ktoken *token = peek(attribute);
	struct kh_kcontext *context = context_of(attribute);
	if (token->kind == KH_KTOKEN_END)
		return 0;
	attribute->line->at++;
	if (context && context->kind == KH_KCONTEXT_CHOICE)
		return add_choice_prompt(attribute, context, token->text);
	return add_property(attribute, (struct kh_kproperty){.kind = KH_KPROPERTY_PROMPT});
}

static void set_type(const struct attribute *attribute, enum kh_ktype type)
{
	const struct kh_kentry *entry = entry_of(attribute);
	if (entry)
		kh_kconfig_symbol(attribute->reader->tree, entry->symbol)->type = type;
}

static int read_bool(const struct attribute *attribute)
{
	set_type(attribute, KH_KTYPE_BOOL);
	return read_prompt(attribute);
}

static int read_tristate(const struct attribute *attribute)
{
	set_type(attribute, KH_KTYPE_TRISTATE);
	return read_prompt(attribute);
}

static int read_int(const struct attribute *attribute)
{
	set_type(attribute, KH_KTYPE_INT);
	return read_prompt(attribute);
}

static int read_hex(const struct attribute *attribute)
{
	set_type(attribute, KH_KTYPE_HEX);
	return read_prompt(attribute);
}

static int read_string(const struct attribute *attribute)
{
	set_type(attribute, KH_KTYPE_STRING);
	return read_prompt(attribute);
}

static int read_default(const struct attribute *attribute)
{
	struct kh_kproperty property = {.kind = KH_KPROPERTY_DEFAULT};
	return parse_expr(attribute, &property.value) != 0 ? -1 : add_property(attribute, property);
}

static int read_def_bool(const struct attribute *attribute)
{
	set_type(attribute, KH_KTYPE_BOOL);
	return read_default(attribute);
}

static int read_def_tristate(const struct attribute *attribute)
{
	set_type(attribute, KH_KTYPE_TRISTATE);
	return read_default(attribute);
}

static int read_depends(const struct attribute *attribute)
{
	const struct kh_kexpr *expr, *condition;
	if (is_word(peek(attribute), "on"))
		attribute->line->at++;
	if (parse_expr(attribute, &expr) != 0 || parse_if(attribute, &condition) != 0)
		return -1;
	expr = kh_kexpr_unless(attribute->reader->tree, expr, condition);
	struct kh_kentry *entry = entry_of(attribute);
	struct kh_kcontext *context = context_of(attribute);
	if (!entry && !context)
		return 0; /* a comment's */
	return add_condition(attribute, entry ? &entry->depends : &context->depends, expr);
}

static int read_visible(const struct attribute *attribute)
{
	const struct kh_kexpr *expr;
	struct kh_kcontext *context = context_of(attribute);
	if (parse_if(attribute, &expr) != 0)
		return -1;
	return context ? add_condition(attribute, &context->visible, expr) : 0;
}

static int read_select(const struct attribute *attribute)
{
	struct kh_kproperty property = {.kind = KH_KPROPERTY_SELECT};
	return parse_word(attribute, &property.value) != 0 ? -1 : add_property(attribute, property);
}

static int read_imply(const struct attribute *attribute)
{
	struct kh_kproperty property = {.kind = KH_KPROPERTY_IMPLY};
	return parse_word(attribute, &property.value) != 0 ? -1 : add_property(attribute, property);
}

static int read_range(const struct attribute *attribute)
{
	struct kh_kproperty property = {.kind = KH_KPROPERTY_RANGE};
	if (parse_word(attribute, &property.value) != 0 ||
	    parse_word(attribute, &property.high) != 0)
		return -1;
	return add_property(attribute, property);
}

static int read_transitional(const struct attribute *attribute)
{
	const struct kh_kentry *entry = entry_of(attribute);
	if (entry)
		kh_kconfig_symbol(attribute->reader->tree, entry->symbol)->is_transitional = true;
	return 0;
}

static int read_help(const struct attribute *attribute)
{
	kh_klex_skip_help(attribute->lexer);
	return 0;
}

int kh_kconfig_read_attribute(struct kh_kreader *reader, struct kh_klexer *lexer,
			      struct kh_kline *line, struct kh_error *err)
{
	static const struct {
		const char *word;
		int (*read)(const struct attribute *);
	} kinds[] = {
		{"depends", read_depends},
		{"select", read_select},
		{"default", read_default},
		{"bool", read_bool},
		{"tristate", read_tristate},
		{"help", read_help},
		{"---help---", read_help},
		{"def_bool", read_def_bool},
		{"def_tristate", read_def_tristate},
		{"prompt", read_prompt},
		{"int", read_int},
		{"hex", read_hex},
		{"string", read_string},
		{"imply", read_imply},
		{"range", read_range},
		{"visible", read_visible},
		{"boolean", read_bool},
		{"transitional", read_transitional},
	};
	const struct attribute attribute = {reader, lexer, line, err};
	if (reader->owner == KH_KOWNER_NOBODY || peek(&attribute)->kind != KH_KTOKEN_WORD)
		return 1;
	const char *word = peek(&attribute)->text;
	for (size_t i = 0; i < KH_COUNT(kinds); i++) {
		if (strcmp(word, kinds[i].word) != 0)
			continue;
		line->at++;
		return kinds[i].read(&attribute);
	}
	return 0;
}
