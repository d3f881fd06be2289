/* kernel_sign.c - see kernel_build.h: signatures of the machine's owner.
 *
 * Builds never see the key: what was built is signed after it was taken over, by programs of the
 * distribution (sbsigntool), not by scripts/sign-file of the tree. The image gets a signature that
 * the firmware's shim checks. Modules are signed by the build itself with a key that is made for it
 * and compiled in (CONFIG_MODULE_SIG_ALL); only where the configuration leaves that out, and the
 * kernel checks signatures all the same, they are signed here.
 *
 * Source: sbsign(1), kmodsign(1), Documentation/admin-guide/module-signing.rst.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/run.h"
#include "platform/kernel_build.h"

enum { TIMEOUT_S = 120 };

static bool is_asked_for(const struct kh_config *config)
{
	return config->kernel.mok_key || config->kernel.mok_certificate;
}

int kh_kernel_sign_check(const struct kh_context *context, struct kh_error *err)
{
	const struct kh_config *config = context->config;
	if (!is_asked_for(config))
		return 0;
	if (!config->kernel.mok_key || !config->kernel.mok_certificate) {
		const char *other =
			config->kernel.mok_key ? "kernel.mok_certificate" : "kernel.mok_key";
		kh_fail(err, KH_CONFIG, 0, "signing needs '%s', too", other);
		return kh_hint(err, "give both, or neither");
	}
	kh_auto(kh_free) char *sbsign = kh_root_which(context->root, "sbsign");
	if (!sbsign) {
		kh_fail(err, KH_HOST, 0, "the kernel cannot be signed: there is no 'sbsign'");
		return kh_hint(err, "install the package 'sbsigntool' (sbsigntools on RPM hosts)");
	}
	return 0;
}

static int sign_image(const struct kh_config *config, const char *image, struct kh_error *err)
{
	kh_auto(kh_free) char *signed_path = kh_printf("%s.signed", image);
	const char *argv[] = {"sbsign",
			      "--key",
			      config->kernel.mok_key,
			      "--cert",
			      config->kernel.mok_certificate,
			      "--output",
			      signed_path,
			      image,
			      NULL};
	if (kh_run(&kh_run_system, argv, TIMEOUT_S, NULL, err) != 0)
		return -1;
	return rename(signed_path, image) == 0
		       ? 0
		       : kh_fail(err, KH_SYSTEM, errno, "rename '%s'", signed_path);
}

static int sign_module(const struct kh_config *config, const char *module, struct kh_error *err)
{
	const char *argv[] = {
		"kmodsign", "sha512", config->kernel.mok_key, config->kernel.mok_certificate,
		module,     NULL};
	if (kh_str_ends(module, ".ko"))
		return kh_run(&kh_run_system, argv, TIMEOUT_S, NULL, err);
	kh_fail(err, KH_HOST, 0, "module '%s' is compressed: it cannot be signed any more", module);
	return kh_hint(err, "set CONFIG_MODULE_SIG_ALL=y in a fragment");
}

static bool is_module(const char *name)
{
	return kh_str_ends(name, ".ko") || strstr(name, ".ko.");
}

static int sign_modules(const struct kh_config *config, const struct kh_root *tree,
			const char *path, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_root_list(tree, path, &names);
	for (size_t i = 0; i < names.count; i++) {
		kh_auto(kh_free) char *child = kh_printf("%s/%s", path, names.items[i]);
		kh_auto(kh_free) char *host_path = kh_printf("%s%s", tree->host_path, child);
		int result = 0;
		if (kh_root_is_dir(tree, child))
			result = sign_modules(config, tree, child, err);
		else if (is_module(names.items[i]))
			result = sign_module(config, host_path, err);
		if (result != 0)
			return -1;
	}
	return 0;
}

static bool needs_modules_signed(const struct kh_root *tree, const char *release)
{
	kh_auto(kh_free) char *path = kh_printf("/boot/config-%s", release);
	kh_auto(kh_free) char *text = kh_root_text(tree, path);
	struct kh_dotconfig *config = kh_dotconfig_parse(text ? text : "");
	const char *checks = kh_dotconfig_value(config, "MODULE_SIG");
	const char *signs = kh_dotconfig_value(config, "MODULE_SIG_ALL");
	bool is_needed = checks && strcmp(checks, "y") == 0 && !(signs && strcmp(signs, "y") == 0);
	kh_dotconfig_free(config);
	return is_needed;
}

int kh_kernel_sign(struct kh_build *build, const char *tree, struct kh_error *err)
{
	const struct kh_config *config = build->making->config;
	const char *release = kh_json_get(build->about, "release");
	kh_auto(kh_root_done) struct kh_root root = KH_ROOT_INIT;
	kh_auto(kh_free) char *image = kh_printf("%s/boot/vmlinuz-%s", tree, release);
	json_object_set_new(build->about, "signed", json_boolean(is_asked_for(config)));
	if (!is_asked_for(config))
		return 0;
	if (kh_root_open(tree, &root, err) != 0 || sign_image(config, image, err) != 0 ||
	    (needs_modules_signed(&root, release) &&
	     sign_modules(config, &root, "/lib/modules", err) != 0))
		return kh_wrap(err, "sign the kernel");
	return 0;
}
