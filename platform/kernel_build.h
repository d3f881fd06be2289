/* kernel_build.h - the recipe of the kernel, in parts; private to platform/kernel_*.c.
 *
 * kernel_base.c derives what the fragments are merged into and keeps it, kernel_config.c makes the
 * .config and sees that nothing asked for was lost, kernel_build.c compiles and stages,
 * kernel_sign.c signs.
 *
 * The derived base (host, running) is kept in the store and reused: which modules are loaded
 * differs after every boot, and without that each run would build another kernel.
 *
 *     STORE/base/KEY.config   what was derived
 *     STORE/base/KEY.json     {"hosts": [{"hardware": ...}]}: whom it was derived for
 *
 * KEY is a digest of the kind of base, the source, the names of the hosts, the content of their
 * files and the shipped fragments below it. `--rederive` writes it anew.
 */
#ifndef KH_PLATFORM_KERNEL_BUILD_H
#define KH_PLATFORM_KERNEL_BUILD_H

#include "core/facts_hardware.h"
#include "kconfig/dotconfig.h"
#include "kconfig/fragment.h"
#include "platform/recipe.h"

enum kh_kernel_base {
	KH_KERNEL_BASE_HOST,
	KH_KERNEL_BASE_RUNNING,
	KH_KERNEL_BASE_DEFCONFIG,
	KH_KERNEL_BASE_FILE,
};

struct kh_kernel_hosts {
	struct kh_hardware *items;
	size_t count;
};

enum kh_kernel_base kh_kernel_base_kind(const struct kh_config *config);
/* Where the derived base is or would be: path below the root. NULL: nothing is derived for this
 * kind. Owned. */
int kh_kernel_base_path(const struct kh_context *context, const struct kh_source *source,
			char **ret_path, struct kh_error *err);
/* prepare() of the recipe: derive it, unless it is kept. */
int kh_kernel_base_prepare(struct kh_build *build, struct kh_error *err);
/* The text of the base, but for defconfig: the kept one, or the file's. Owned. */
int kh_kernel_base_text(const struct kh_context *context, const struct kh_source *source,
			char **ret_text, struct kh_error *err);
/* Whom the kernel is for: those of the kept base, else as configured. */
int kh_kernel_base_hosts(const struct kh_context *context, const struct kh_source *source,
			 struct kh_kernel_hosts *ret_hosts, struct kh_error *err);
void kh_kernel_hosts_done(struct kh_kernel_hosts *hosts);
/* A fragment with its conditions, as kh_fragment_parse() reads it; without the reasons, which make
 * no other kernel, for keys. Owned. */
char *kh_kernel_fragment_text(const struct kh_fragment *fragment, bool has_reasons);

/* "make -C SOURCE O=BUILD", its options, then the words (NULL-terminated). */
int kh_kernel_make(struct kh_build *build, const char *const *words, char **ret_output,
		   struct kh_error *err);
/* The .config in the build directory, checked. */
int kh_kernel_configure(struct kh_build *build, struct kh_dotconfig **ret_config,
			char ret_digest[KH_DIGEST_SIZE], struct kh_error *err);

/* Sign with the key of the machine's owner, where one is configured. */
int kh_kernel_sign(struct kh_build *build, const char *tree, struct kh_error *err);
/* What signing asks of the configuration: a fragment's text; "" without a key. */
const char *kh_kernel_sign_lines(const struct kh_config *config);
/* Can it be signed? KH_CONFIG or KH_HOST when not. */
int kh_kernel_sign_check(const struct kh_context *context, struct kh_error *err);

#endif
