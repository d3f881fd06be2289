/* kernel_config.c - see kernel_build.h: from base and fragments to a .config that has all of it.
 *
 * base: host is complete by itself: the fragments decide everything, all else is n (allnoconfig
 * with KCONFIG_ALLCONFIG). Other bases are a whole .config, to whose end the fragments go, the
 * later line winning, and olddefconfig fills in what is new. Neither says what was lost:
 * kh_survive_compare does.
 *
 * Source: Documentation/kbuild/kconfig.rst (KCONFIG_ALLCONFIG), Documentation/kbuild/kbuild.rst.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "kconfig/base.h"
#include "kconfig/survive.h"
#include "platform/kernel_build.h"

/* What a distribution's configuration names and its source alone does not have: its certificates.
 * Debug information would be thrown away again when modules are stripped, after most of the build
 * directory went into it; who wants it asks for it in a fragment.
 */
static const char foreign_lines[] = "CONFIG_SYSTEM_TRUSTED_KEYS=\"\"\n"
				    "#: optional\n"
				    "CONFIG_SYSTEM_REVOCATION_KEYS=\"\"\n"
				    "#: optional, since 5.18\n"
				    "CONFIG_DEBUG_INFO_NONE=y\n"
				    "#: optional, until 5.18\n"
				    "# CONFIG_DEBUG_INFO is not set\n";

static void free_dotconfig(struct kh_dotconfig **config)
{
	kh_dotconfig_free(*config);
}

static void free_kconfig(struct kh_kconfig **tree)
{
	kh_kconfig_free(*tree);
}

int kh_kernel_make(struct kh_build *build, const char *const *words, char **ret_output,
		   struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv argv = {0};
	kh_strv_add(&argv, "make");
	kh_strv_add(&argv, "--no-print-directory");
	kh_strv_addf(&argv, "-j%u", kh_config_jobs(build->making->config));
	kh_strv_add(&argv, "-C");
	kh_strv_add(&argv, build->source_dir);
	kh_strv_addf(&argv, "O=%s", build->build_dir);
	for (; *words; words++)
		kh_strv_add(&argv, *words);
	kh_strv_add_owned(&argv, NULL);
	const char *const *list = (const char *const *)argv.items;
	return ret_output
		       ? kh_sandbox_capture(build->sandbox, build->build_dir, list, ret_output, err)
		       : kh_sandbox_run(build->sandbox, build->build_dir, list, err);
}

static int make_target(struct kh_build *build, const char *variable, const char *target,
		       struct kh_error *err)
{
	const char *words[] = {variable ? variable : target, variable ? target : NULL, NULL};
	return kh_kernel_make(build, words, NULL, err);
}

/* ---- what is asked for ---- */

/* Ours: the release must be one of its own, and the same wherever it is built. */
static int add_release(const struct kh_config *config, struct kh_fragment *fragment,
		       struct kh_error *err)
{
	kh_auto(kh_free) char *text =
		kh_printf("# From 'kernel.localversion'.\n"
			  "CONFIG_LOCALVERSION=\"%s\"\n"
			  "# The release does not depend on a git directory.\n"
			  "# CONFIG_LOCALVERSION_AUTO is not set\n",
			  config->kernel.localversion);
	if (kh_fragment_parse("kernel.localversion", text, fragment, err) != 0)
		return -1;
	return kh_fragment_parse("kernel.mok_key", kh_kernel_sign_lines(config), fragment, err);
}

/* All lines, those that win last. lead: those below the operator's. */
static int collect_lines(struct kh_build *build, const char *lead_name, const char *lead,
			 struct kh_fragment *ret_lines, struct kh_error *err)
{
	const struct kh_config *config = build->making->config;
	kh_auto(kh_fragment_done) struct kh_fragment lines = {0}, chosen = {0};
	if (kh_fragment_parse(lead_name, lead, &lines, err) != 0 ||
	    kh_fragment_load(build->making->root, &config->kernel.fragments, &chosen, err) != 0)
		return -1;
	kh_base_append(&lines, &chosen);
	if (add_release(config, &lines, err) != 0)
		return -1;
	*ret_lines = lines;
	lines = (struct kh_fragment){0};
	return 0;
}

static int version_of(const struct kh_build *build)
{
	return kh_facts_release_number(build->source->version);
}

/* ---- making .config ---- */

static char *in_build(const struct kh_build *build, const char *name)
{
	return kh_printf("%s/%s", build->build_dir, name);
}

static int configure_host(struct kh_build *build, const char *text, struct kh_error *err)
{
	kh_auto(kh_free) char *path = in_build(build, "kvmhost.config");
	kh_auto(kh_free) char *variable = kh_printf("KCONFIG_ALLCONFIG=%s", path);
	if (kh_sandbox_put(build->sandbox, path, text, err) != 0)
		return -1;
	return make_target(build, variable, "allnoconfig", err);
}

static int configure_over(struct kh_build *build, const char *base, const char *text,
			  struct kh_error *err)
{
	kh_auto(kh_free) char *path = in_build(build, ".config");
	kh_auto(kh_free) char *made = NULL;
	if (!base && (make_target(build, NULL, "defconfig", err) != 0 ||
		      kh_sandbox_get(build->sandbox, path, &made, err) != 0))
		return -1;
	kh_auto(kh_free) char *whole = kh_printf("%s\n%s", base ? base : made, text);
	if (kh_sandbox_put(build->sandbox, path, whole, err) != 0)
		return -1;
	return make_target(build, NULL, "olddefconfig", err);
}

/* The lines (for the comparison) and a .config made of them. tree: for renamed options; or NULL. */
static int make_config(struct kh_build *build, const struct kh_kconfig *tree,
		       struct kh_fragment *ret_lines, struct kh_error *err)
{
	enum kh_kernel_base kind = kh_kernel_base_kind(build->making->config);
	kh_auto(kh_fragment_done) struct kh_fragment lines = {0};
	kh_auto(kh_free) char *base = NULL, *text = NULL;
	bool is_host = kind == KH_KERNEL_BASE_HOST;
	if (kind != KH_KERNEL_BASE_DEFCONFIG &&
	    kh_kernel_base_text(build->context, build->source, &base, err) != 0)
		return -1;
	bool is_foreign = kind == KH_KERNEL_BASE_RUNNING;
	if (collect_lines(build, is_host ? "base" : "kvmhost",
			  is_host      ? base
			  : is_foreign ? foreign_lines
				       : "",
			  &lines, err) != 0)
		return -1;
	text = kh_fragment_resolve(&lines, version_of(build), tree);
	if ((is_host ? configure_host(build, text, err) : configure_over(build, base, text, err)) !=
	    0)
		return -1;
	*ret_lines = lines;
	lines = (struct kh_fragment){0};
	return 0;
}

/* ---- nothing lost ---- */

static bool is_of_base(const char *where)
{
	return kh_str_starts(where, "base:");
}

/* A line of the base that goes with what the operator's fragments switch off: so it was meant. What
 * this host cannot do without is looked at again when the kernel is installed. */
static bool is_meant(const struct kh_loss *loss)
{
	return is_of_base(loss->where) && loss->cause && !is_of_base(loss->cause);
}

static void split_losses(const struct kh_losses *losses, bool is_optional,
			 struct kh_losses *ret_part)
{
	for (size_t i = 0; i < losses->count; i++)
		if (!is_meant(&losses->items[i]) && losses->items[i].is_optional == is_optional)
			*kh_append(ret_part->items, ret_part->count) = losses->items[i];
}

/* items are borrowed in the parts. */
static int judge(struct kh_build *build, const struct kh_losses *losses, struct kh_error *err)
{
	struct kh_losses optional = {0}, required = {0};
	split_losses(losses, true, &optional);
	split_losses(losses, false, &required);
	if (optional.count > 0) {
		kh_auto(kh_free) char *text = kh_losses_text(&optional);
		kh_auto(kh_free) char *warning =
			kh_printf("optional kernel options were lost:\n%s", text);
		kh_build_warn(build, warning);
	}
	if (required.count > 0) {
		kh_auto(kh_free) char *text = kh_losses_text(&required);
		kh_fail(err, KH_HOST, 0,
			"kernel %s: %zu option%s did not become what was asked "
			"for:\n%s",
			build->source->version, required.count, required.count == 1 ? "" : "s",
			text);
		kh_hint(err, "add what they depend on to a fragment of 'kernel.fragments', or mark "
			     "a line '#: optional'");
	}
	free(optional.items);
	free(required.items);
	return required.count > 0 ? -1 : 0;
}

/* Without the Kconfig files, a loss is still a loss: only its reason is not known. */
static void load_tree(struct kh_build *build, struct kh_kconfig **ret_tree)
{
	kh_auto(kh_error_done) struct kh_error unread = KH_ERROR_INIT;
	if (kh_kconfig_load(build->source_dir, "x86", ret_tree, &unread) != 0)
		kh_build_warn(build, unread.message);
}

/* The image is compressed at the very end: a program that is missing is told before the hour of
 * compiling. Source: arch/x86/boot/compressed/Makefile, scripts/Makefile.lib. */
static int check_compressor(const struct kh_build *build, const struct kh_dotconfig *config,
			    struct kh_error *err)
{
	static const struct {
		const char *option, *program;
	} rows[] = {{"KERNEL_GZIP", "gzip"}, {"KERNEL_BZIP2", "bzip2"}, {"KERNEL_LZMA", "xz"},
		    {"KERNEL_XZ", "xz"},     {"KERNEL_LZO", "lzop"},    {"KERNEL_LZ4", "lz4"},
		    {"KERNEL_ZSTD", "zstd"}};
	for (size_t i = 0; i < KH_COUNT(rows); i++) {
		const char *value = kh_dotconfig_value(config, rows[i].option);
		if (!value || strcmp(value, "y") != 0)
			continue;
		kh_auto(kh_free) char *path = kh_root_which(build->making->root, rows[i].program);
		if (path)
			continue;
		kh_fail(err, KH_HOST, 0, "program '%s', which CONFIG_%s needs, is missing",
			rows[i].program, rows[i].option);
		return kh_hint(err, "install it, or ask for another CONFIG_KERNEL_... in a "
				    "fragment of 'kernel.fragments'");
	}
	return 0;
}

int kh_kernel_configure(struct kh_build *build, struct kh_dotconfig **ret_config,
			char ret_digest[KH_DIGEST_SIZE], struct kh_error *err)
{
	kh_auto(free_kconfig) struct kh_kconfig *tree = NULL;
	kh_auto(kh_fragment_done) struct kh_fragment lines = {0};
	kh_auto(kh_losses_done) struct kh_losses losses = {0};
	kh_auto(kh_free) char *path = in_build(build, ".config");
	kh_auto(kh_free) char *text = NULL;
	load_tree(build, &tree);
	if (make_config(build, tree, &lines, err) != 0)
		return kh_wrap(err, "configure the kernel");
	if (kh_sandbox_get(build->sandbox, path, &text, err) != 0)
		return -1;
	kh_auto(free_dotconfig) struct kh_dotconfig *config = kh_dotconfig_parse(text);
	kh_survive_compare(&lines, version_of(build), config, tree, &losses);
	if (judge(build, &losses, err) != 0 || check_compressor(build, config, err) != 0)
		return -1;
	kh_digest_bytes(text, strlen(text), ret_digest);
	*ret_config = kh_take(config);
	return 0;
}
