/* kconfig_private.h - what is kept of Kconfig files. Private to kconfig/kconfig*.c, explain*.c.
 *
 * A word (symbol, constant, text, macro) is a number of tree->names; symbols[] has the same
 * numbers. A symbol may be defined by several entries, each with its own prompt and conditions. All
 * conditions that an entry inherits (if, menu, choice) are joined into its .depends.
 */
#ifndef KH_KCONFIG_PRIVATE_H
#define KH_KCONFIG_PRIVATE_H

#include "kconfig/kconfig.h"
#include "kconfig/names.h"

/* ---- lines and tokens (kconfig_lex.c) ---- */

enum kh_ktoken_kind {
	KH_KTOKEN_WORD,
	KH_KTOKEN_TEXT, /* in quotes */
	KH_KTOKEN_OPEN,
	KH_KTOKEN_CLOSE,
	KH_KTOKEN_NOT,
	KH_KTOKEN_AND,
	KH_KTOKEN_OR,
	KH_KTOKEN_EQ,
	KH_KTOKEN_NE,
	KH_KTOKEN_LT,
	KH_KTOKEN_LE,
	KH_KTOKEN_GT,
	KH_KTOKEN_GE,
	KH_KTOKEN_END,
};

struct kh_ktoken {
	enum kh_ktoken_kind kind;
	char *text;
	bool has_macro; /* a $(...) whose value is not known is in it */
};

/* A logical line: its tokens, ended by one of kind END. */
struct kh_kline {
	struct kh_ktoken *tokens;
	size_t count;
	size_t at; /* the next one to read */
};

struct kh_klexer {
	const char *name; /* of the file, in messages */
	const char *at;
	int line; /* where the line last read begins, from 1 */
	int next_line;
	const char *arch;
};

/* The next line that is a statement (not blank, a comment, or a macro's definition). Returns 0, 1
 * at the end, -1. */
int kh_klex_line(struct kh_klexer *lexer, struct kh_kline *ret_line, struct kh_error *err);
/* Leave out the help text that begins here. */
void kh_klex_skip_help(struct kh_klexer *lexer);
void kh_kline_done(struct kh_kline *line);
/* KH_HOST, "FILE:LINE: what". */
int kh_klex_fail(const struct kh_klexer *lexer, struct kh_error *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- expressions (kconfig_expr.c, kconfig_eval.c) ---- */

enum kh_kexpr_kind {
	KH_KEXPR_WORD,    /* a symbol, or y, m, n, a number */
	KH_KEXPR_TEXT,    /* in quotes */
	KH_KEXPR_UNKNOWN, /* a macro call */
	KH_KEXPR_NOT,     /* left */
	KH_KEXPR_AND,
	KH_KEXPR_OR,
	KH_KEXPR_EQ,
	KH_KEXPR_NE,
	KH_KEXPR_LT,
	KH_KEXPR_LE,
	KH_KEXPR_GT,
	KH_KEXPR_GE,
};

struct kh_kexpr {
	enum kh_kexpr_kind kind;
	int depth;
	size_t word;
	const struct kh_kexpr *left, *right;
};

enum { KH_KEXPR_DEPTH = 1000 }; /* an expression that is deeper is refused */

/* ---- what the files say ---- */

enum kh_ktype {
	KH_KTYPE_NONE,
	KH_KTYPE_BOOL,
	KH_KTYPE_TRISTATE,
	KH_KTYPE_INT,
	KH_KTYPE_HEX,
	KH_KTYPE_STRING,
};

enum kh_kproperty_kind {
	KH_KPROPERTY_PROMPT,
	KH_KPROPERTY_DEFAULT, /* value */
	KH_KPROPERTY_SELECT,  /* value: the symbol */
	KH_KPROPERTY_IMPLY,
	KH_KPROPERTY_RANGE, /* value to high */
};

struct kh_kproperty {
	enum kh_kproperty_kind kind;
	const struct kh_kexpr *value, *high;
	const struct kh_kexpr *condition; /* NULL: always */
};

struct kh_kentry {
	size_t symbol;
	const struct kh_kexpr *depends; /* NULL: nothing */
	const struct kh_kexpr *visible; /* of the menus around it: for its prompt only */
	struct kh_kproperty *properties;
	size_t property_count;
};

struct kh_kselector {
	size_t entry; /* that selects */
	size_t property;
};

struct kh_ksymbol {
	enum kh_ktype type;
	size_t *entries;
	size_t entry_count;
	struct kh_kselector *selectors;
	size_t selector_count;
	size_t choice;        /* number + 1; 0: not in one */
	bool is_transitional; /* an old name, kept for older .config files (since 6.18) */
};

struct kh_kchoice {
	char *prompt; /* or NULL */
	size_t *members;
	size_t member_count;
};

struct kh_kexpr_block;

struct kh_kconfig {
	struct kh_names names;
	struct kh_ksymbol *symbols;
	size_t symbol_count;
	struct kh_kentry *entries;
	size_t entry_count;
	struct kh_kchoice *choices;
	size_t choice_count;
	struct kh_kexpr_block *blocks; /* all expressions */
};

/* The symbol of that number; words that come later may move it. */
struct kh_ksymbol *kh_kconfig_symbol(struct kh_kconfig *tree, size_t number);

const struct kh_kexpr *kh_kexpr_new(struct kh_kconfig *tree, struct kh_kexpr expr);
/* Both; either may be NULL. */
const struct kh_kexpr *kh_kexpr_and(struct kh_kconfig *tree, const struct kh_kexpr *left,
				    const struct kh_kexpr *right);
/* "X if Y" of a dependency, which is X || Y=n (since 7.0). */
const struct kh_kexpr *kh_kexpr_unless(struct kh_kconfig *tree, const struct kh_kexpr *expr,
				       const struct kh_kexpr *condition);
const struct kh_kexpr *kh_kexpr_word(struct kh_kconfig *tree, const struct kh_ktoken *token);
/* An expression up to the end or an "if". */
int kh_kexpr_parse(struct kh_kconfig *tree, const struct kh_klexer *lexer, struct kh_kline *line,
		   const struct kh_kexpr **ret_expr, struct kh_error *err);
void kh_kexpr_free_all(struct kh_kconfig *tree);

/* ---- reading (kconfig.c, kconfig_attribute.c) ---- */

enum kh_kcontext_kind { KH_KCONTEXT_MENU, KH_KCONTEXT_IF, KH_KCONTEXT_CHOICE };

struct kh_kcontext {
	enum kh_kcontext_kind kind;
	const struct kh_kexpr *depends, *visible; /* with those of what is around */
	size_t choice;                            /* number + 1 */
	int line;
};

/* Whom an attribute line belongs to. */
enum kh_kowner { KH_KOWNER_NOBODY, KH_KOWNER_ENTRY, KH_KOWNER_CONTEXT, KH_KOWNER_COMMENT };

struct kh_kreader {
	struct kh_kconfig *tree;
	const struct kh_root *root; /* of the kernel's tree; NULL: a text alone */
	const char *arch;
	struct kh_kcontext *contexts;
	size_t context_count;
	enum kh_kowner owner; /* of attribute lines: the last entry, the innermost context */
	int file_depth;
	int file_count;
};

/* A line that begins with an attribute's word; returns 1 when it is none. */
int kh_kconfig_read_attribute(struct kh_kreader *reader, struct kh_klexer *lexer,
			      struct kh_kline *line, struct kh_error *err);

/* ---- values (kconfig_eval.c) ---- */

enum { KH_KNO, KH_KMODULE, KH_KYES };

/* Between low and high: where a macro's value decides they differ. */
struct kh_kvalue {
	int low, high;
};

/* NULL is always: y. */
struct kh_kvalue kh_keval(const struct kh_kconfig *tree, const struct kh_dotconfig *config,
			  const struct kh_kexpr *expr);
/* The value of a symbol as n, m, y; numbers and texts count as n. */
int kh_keval_symbol(const struct kh_kconfig *tree, const struct kh_dotconfig *config,
		    size_t symbol);
/* What a word, a text or a symbol stands for: "y", "64"; "" for a number that has none. */
const char *kh_keval_text(const struct kh_kconfig *tree, const struct kh_dotconfig *config,
			  const struct kh_kexpr *expr);
/* May the operator set it, in this entry? The highest value; its conditions count too. */
struct kh_kvalue kh_keval_prompt(const struct kh_kconfig *tree, const struct kh_dotconfig *config,
				 const struct kh_kentry *entry);
bool kh_kentry_has_prompt(const struct kh_kentry *entry);
/* As it stands in the file: "NET && (TUN || !TUN)". Owned. */
char *kh_kexpr_text(const struct kh_kconfig *tree, const struct kh_kexpr *expr);
bool kh_kexpr_is_symbol(const struct kh_kconfig *tree, const struct kh_kexpr *expr);

#endif
