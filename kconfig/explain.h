/* explain.h - the parts of an explanation. Private to kconfig/explain*.c and survive.c.
 *
 * An explanation goes up: an option is n, because it depends on another that is n, and so on to one
 * that could be set and was not asked for. Each function appends a phrase to explain->text; the
 * symbols on the way are kept in .path, so that it ends where symbols wait for each other.
 */
#ifndef KH_KCONFIG_EXPLAIN_H
#define KH_KCONFIG_EXPLAIN_H

#include "kconfig/fragment.h"
#include "kconfig/kconfig_private.h"

enum { KH_EXPLAIN_DEPTH = 7 };

struct kh_explain {
	const struct kh_kconfig *tree;
	const struct kh_dotconfig *config;
	const struct kh_fragment *fragment; /* what was asked for, or NULL */
	int version;
	struct kh_str text;
	const char *cause; /* the line that asks for what stands in the way; borrowed, or NULL */
	size_t path[KH_EXPLAIN_DEPTH];
	int depth;
};

/* A condition, or its opposite. */
struct kh_kterm {
	const struct kh_kexpr *expr;
	bool is_negated;
};

struct kh_kterms {
	struct kh_kterm *items;
	size_t count;
};

void kh_kterms_done(struct kh_kterms *terms);
/* Could the term have at least this value (a macro's value may help)? */
bool kh_kterm_holds(const struct kh_explain *explain, struct kh_kterm term, int want);
/* What of the term, a conjunction, is less than wanted. Parts that hang on a macro's value count
 * when no other is. */
void kh_kterms_unmet(const struct kh_explain *explain, struct kh_kterm term, int want,
		     struct kh_kterms *terms);
/* The term as alternatives: one where it is none. */
void kh_kterms_alternatives(struct kh_kterm term, struct kh_kterms *terms);

/* How much is missing: for choosing the nearest of several ways. */
int kh_explain_cost(const struct kh_explain *explain, struct kh_kterm term, int want, int depth);

/* "depends on X, which is n, because ...". verb and joined_by: "depends", "on", or "can be set
 * only", "with". Nothing is added, and false returned, when the condition is met. is_top: of the
 * option that is asked for itself. */
bool kh_explain_unmet(struct kh_explain *explain, const struct kh_kexpr *expr, int want,
		      const char *verb, const char *joined_by, bool is_top);
/* The same for one part of a condition. */
void kh_explain_term(struct kh_explain *explain, struct kh_kterm term, int want, const char *verb,
		     const char *joined_by);
/* After "X, which is n": ", because it depends on ...", " (not requested)", or nothing. */
void kh_explain_low(struct kh_explain *explain, size_t symbol, int want);
/* After "X, which is y": who selects it, or nothing. */
void kh_explain_high(struct kh_explain *explain, size_t symbol);
/* The same for the option that is asked for itself; false: nothing is found. */
bool kh_explain_low_top(struct kh_explain *explain, size_t symbol, int want);
bool kh_explain_high_top(struct kh_explain *explain, size_t symbol);
bool kh_explain_number(struct kh_explain *explain, size_t symbol, const char *wanted);

/* What a condition on this symbol has to reach: a bool is y where its conditions are m. */
int kh_explain_want(const struct kh_explain *explain, size_t symbol, int want);
/* The nearest of the symbol's definitions; NULL: it is not defined. */
const struct kh_kentry *kh_explain_entry(const struct kh_explain *explain, size_t symbol, int want);
/* The chosen member of the symbol's choice: number, or -1. */
long kh_explain_chosen(const struct kh_explain *explain, size_t symbol);
/* The fragment's line that asks for this symbol, or NULL. */
const struct kh_fragment_line *kh_explain_request(const struct kh_explain *explain, size_t symbol);
const char *kh_explain_name(const struct kh_explain *explain, size_t symbol);
/* "n", "m", "y", or a number. */
const char *kh_explain_value(const struct kh_explain *explain, size_t symbol);
/* Keep the symbol on the path; false: it is there, or the path is long enough. */
bool kh_explain_enter(struct kh_explain *explain, size_t symbol);
void kh_explain_leave(struct kh_explain *explain);

/* As kh_kconfig_explain, with what the fragment asks for. ret_cause: where the fragment asks for
 * what stands in the way, borrowed from it; NULL: nowhere. */
char *kh_explain_loss(const struct kh_kconfig *tree, const struct kh_dotconfig *config,
		      const struct kh_fragment *fragment, int version, const char *name,
		      const char *wanted, const char **ret_cause);

#endif
