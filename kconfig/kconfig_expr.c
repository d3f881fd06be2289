/* kconfig_expr.c - expressions of Kconfig files: made, and parsed from tokens.
 *
 * Source: Documentation/kbuild/kconfig-language.rst, "Menu dependencies". They are kept in blocks
 * and freed together: the parts of one are shared by many.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "kconfig/kconfig_private.h"

enum { BLOCK = 4096 };

struct kh_kexpr_block {
	struct kh_kexpr_block *next;
	size_t count;
	struct kh_kexpr items[BLOCK];
};

const struct kh_kexpr *kh_kexpr_new(struct kh_kconfig *tree, struct kh_kexpr expr)
{
	if (!tree->blocks || tree->blocks->count == BLOCK) {
		struct kh_kexpr_block *block = kh_alloc(sizeof(*block));
		block->next = tree->blocks;
		tree->blocks = block;
	}
	int left = expr.left ? expr.left->depth : 0, right = expr.right ? expr.right->depth : 0;
	expr.depth = 1 + (left > right ? left : right);
	struct kh_kexpr *kept = &tree->blocks->items[tree->blocks->count++];
	*kept = expr;
	return kept;
}

void kh_kexpr_free_all(struct kh_kconfig *tree)
{
	while (tree->blocks) {
		struct kh_kexpr_block *next = tree->blocks->next;
		free(tree->blocks);
		tree->blocks = next;
	}
}

const struct kh_kexpr *kh_kexpr_and(struct kh_kconfig *tree, const struct kh_kexpr *left,
				    const struct kh_kexpr *right)
{
	if (!left || !right)
		return left ? left : right;
	return kh_kexpr_new(tree,
			    (struct kh_kexpr){.kind = KH_KEXPR_AND, .left = left, .right = right});
}

const struct kh_kexpr *kh_kexpr_word(struct kh_kconfig *tree, const struct kh_ktoken *token)
{
	enum kh_kexpr_kind kind = token->has_macro                ? KH_KEXPR_UNKNOWN
				  : token->kind == KH_KTOKEN_TEXT ? KH_KEXPR_TEXT
								  : KH_KEXPR_WORD;
	size_t word = kh_names_put(&tree->names, token->text, strlen(token->text));
	return kh_kexpr_new(tree, (struct kh_kexpr){.kind = kind, .word = word});
}

/* ---- a condition that is y or n for good ---- */

static const struct kh_kexpr *make(struct kh_kconfig *tree, enum kh_kexpr_kind kind,
				   const struct kh_kexpr *left, const struct kh_kexpr *right)
{
	return kh_kexpr_new(tree, (struct kh_kexpr){.kind = kind, .left = left, .right = right});
}

/* Is the value of the condition y (is_yes) or n? Itself y or n, never m. */
static const struct kh_kexpr *has_value(struct kh_kconfig *tree, const struct kh_kexpr *expr,
					bool is_yes)
{
	const struct kh_kexpr *left, *right;
	switch (expr->kind) {
	case KH_KEXPR_WORD:
	case KH_KEXPR_TEXT:
	case KH_KEXPR_UNKNOWN:
		right = kh_kexpr_new(
			tree, (struct kh_kexpr){
				      .kind = KH_KEXPR_WORD,
				      .word = kh_names_put(&tree->names, is_yes ? "y" : "n", 1)});
		return make(tree, KH_KEXPR_EQ, expr, right);
	case KH_KEXPR_NOT:
		return has_value(tree, expr->left, !is_yes);
	case KH_KEXPR_AND:
	case KH_KEXPR_OR:
		left = has_value(tree, expr->left, is_yes);
		right = has_value(tree, expr->right, is_yes);
		return make(tree,
			    (expr->kind == KH_KEXPR_AND) == is_yes ? KH_KEXPR_AND : KH_KEXPR_OR,
			    left, right);
	case KH_KEXPR_EQ:
	case KH_KEXPR_NE:
	case KH_KEXPR_LT:
	case KH_KEXPR_LE:
	case KH_KEXPR_GT:
	case KH_KEXPR_GE:
		break;
	}
	return is_yes ? expr : make(tree, KH_KEXPR_NOT, expr, NULL);
}

const struct kh_kexpr *kh_kexpr_unless(struct kh_kconfig *tree, const struct kh_kexpr *expr,
				       const struct kh_kexpr *condition)
{
	return condition ? make(tree, KH_KEXPR_OR, expr, has_value(tree, condition, false)) : expr;
}

/* ---- parsing: or, and, not, comparison ---- */

struct parser {
	struct kh_kconfig *tree;
	const struct kh_klexer *lexer;
	struct kh_kline *line;
	struct kh_error *err;
};

static enum kh_ktoken_kind peek(const struct parser *parser)
{
	return parser->line->tokens[parser->line->at].kind;
}

static const struct kh_ktoken *next(struct parser *parser)
{
	return &parser->line->tokens[parser->line->at++];
}

static int join(struct parser *parser, enum kh_kexpr_kind kind, const struct kh_kexpr *left,
		const struct kh_kexpr *right, const struct kh_kexpr **ret_expr)
{
	*ret_expr = kh_kexpr_new(parser->tree,
				 (struct kh_kexpr){.kind = kind, .left = left, .right = right});
	return (*ret_expr)->depth <= KH_KEXPR_DEPTH
		       ? 0
		       : kh_klex_fail(parser->lexer, parser->err, "a condition of too many parts");
}

static int parse_or(struct parser *parser, int depth, const struct kh_kexpr **ret_expr);

static int parse_word(struct parser *parser, const struct kh_kexpr **ret_expr)
{
	if (peek(parser) != KH_KTOKEN_WORD && peek(parser) != KH_KTOKEN_TEXT)
		return kh_klex_fail(parser->lexer, parser->err,
				    "a symbol is missing in a condition");
	*ret_expr = kh_kexpr_word(parser->tree, next(parser));
	return 0;
}

static int parse_comparison(struct parser *parser, const struct kh_kexpr **ret_expr)
{
	static const enum kh_kexpr_kind kinds[] = {
		[KH_KTOKEN_EQ] = KH_KEXPR_EQ, [KH_KTOKEN_NE] = KH_KEXPR_NE,
		[KH_KTOKEN_LT] = KH_KEXPR_LT, [KH_KTOKEN_LE] = KH_KEXPR_LE,
		[KH_KTOKEN_GT] = KH_KEXPR_GT, [KH_KTOKEN_GE] = KH_KEXPR_GE,
	};
	const struct kh_kexpr *left, *right;
	if (parse_word(parser, &left) != 0)
		return -1;
	enum kh_ktoken_kind kind = peek(parser);
	if (kind < KH_KTOKEN_EQ || kind > KH_KTOKEN_GE) {
		*ret_expr = left;
		return 0;
	}
	next(parser);
	return parse_word(parser, &right) != 0 ? -1
					       : join(parser, kinds[kind], left, right, ret_expr);
}

static int parse_not(struct parser *parser, int depth, const struct kh_kexpr **ret_expr)
{
	const struct kh_kexpr *inner;
	if (depth > KH_KEXPR_DEPTH / 2)
		return kh_klex_fail(parser->lexer, parser->err, "a condition nested too deeply");
	if (peek(parser) == KH_KTOKEN_NOT) {
		next(parser);
		return parse_not(parser, depth + 1, &inner) != 0
			       ? -1
			       : join(parser, KH_KEXPR_NOT, inner, NULL, ret_expr);
	}
	if (peek(parser) != KH_KTOKEN_OPEN)
		return parse_comparison(parser, ret_expr);
	next(parser);
	if (parse_or(parser, depth + 1, ret_expr) != 0)
		return -1;
	if (peek(parser) != KH_KTOKEN_CLOSE)
		return kh_klex_fail(parser->lexer, parser->err, "')' is missing in a condition");
	next(parser);
	return 0;
}

static int parse_and(struct parser *parser, int depth, const struct kh_kexpr **ret_expr)
{
	if (parse_not(parser, depth, ret_expr) != 0)
		return -1;
	while (peek(parser) == KH_KTOKEN_AND) {
		const struct kh_kexpr *right;
		next(parser);
		if (parse_not(parser, depth, &right) != 0 ||
		    join(parser, KH_KEXPR_AND, *ret_expr, right, ret_expr) != 0)
			return -1;
	}
	return 0;
}

static int parse_or(struct parser *parser, int depth, const struct kh_kexpr **ret_expr)
{
	if (parse_and(parser, depth, ret_expr) != 0)
		return -1;
	while (peek(parser) == KH_KTOKEN_OR) {
		const struct kh_kexpr *right;
		next(parser);
		if (parse_and(parser, depth, &right) != 0 ||
		    join(parser, KH_KEXPR_OR, *ret_expr, right, ret_expr) != 0)
			return -1;
	}
	return 0;
}

int kh_kexpr_parse(struct kh_kconfig *tree, const struct kh_klexer *lexer, struct kh_kline *line,
		   const struct kh_kexpr **ret_expr, struct kh_error *err)
{
	struct parser parser = {.tree = tree, .lexer = lexer, .line = line, .err = err};
	return parse_or(&parser, 0, ret_expr);
}
