/* survive.h - did every requested line survive olddefconfig, and if not, why?
 *
 * `make olddefconfig` and merge_config.sh drop what does not fit and exit with 0. So the result is
 * compared line by line with what was asked for, and a loss is explained by walking the Kconfig
 * files of that very kernel: which `depends on` is not met and by what, which `select` forced it,
 * which other member of the choice won, a rename, a number outside its range, a symbol that does
 * not exist.
 */
#ifndef KH_KCONFIG_SURVIVE_H
#define KH_KCONFIG_SURVIVE_H

#include "kconfig/dotconfig.h"
#include "kconfig/fragment.h"
#include "kconfig/kconfig.h"

struct kh_loss {
	char *name;   /* the symbol */
	char *wanted; /* "y" */
	char *got;    /* "n", "m", "64", or "no such symbol" */
	char *why;    /* "depends on CRYPTO_DEV_SP_PSP, which is n: it depends on ..." */
	char *where;  /* of the fragment: "kvm-host:12" */
	char *cause;  /* of the line that asks for what stands in the way; or NULL */
	bool is_optional;
};

struct kh_losses {
	struct kh_loss *items;
	size_t count;
};

/* Lines that hold for the kernel's version and did not become what they ask for. m that became y is
 * no loss (something selected it: it is there); y that became m is one. tree may be NULL: then no
 * reasons are looked for. */
void kh_survive_compare(const struct kh_fragment *fragment, int version,
			const struct kh_dotconfig *result, struct kh_kconfig *tree,
			struct kh_losses *ret_losses);
/* Is this value (NULL: the option does not occur) what is wanted? m is content with y. */
bool kh_survive_matches(const char *wanted, const char *got);
void kh_losses_done(struct kh_losses *losses);
/* The losses as the operator reads them: symbol, wanted, got, why; a line each. Owned. */
char *kh_losses_text(const struct kh_losses *losses);

#endif
