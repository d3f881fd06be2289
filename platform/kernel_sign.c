/* kernel_sign.c - see kernel_build.h: signatures of the machine's owner.
 *
 * Builds never see the key: what was built is signed after it was taken over, by a program of the
 * distribution. The image gets a signature that the firmware's shim checks. Modules are signed by
 * the build itself with a key that is made for it and compiled in (kh_kernel_sign_lines): they need
 * no key of the owner.
 *
 * Source: sbsign(1), Documentation/admin-guide/module-signing.rst.
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

const char *kh_kernel_sign_lines(const struct kh_config *config)
{
	if (!is_asked_for(config))
		return "";
	return "# Where Secure Boot is on, only signed modules are loaded.\n"
	       "CONFIG_MODULE_SIG=y\n"
	       "CONFIG_MODULE_SIG_ALL=y\n"
	       "# Made by the build; distributions leave it empty.\n"
	       "CONFIG_MODULE_SIG_KEY=\"certs/signing_key.pem\"\n";
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

int kh_kernel_sign(struct kh_build *build, const char *tree, struct kh_error *err)
{
	const struct kh_config *config = build->making->config;
	const char *release = kh_json_get(build->about, "release");
	kh_auto(kh_free) char *image = kh_printf("%s/boot/vmlinuz-%s", tree, release);
	json_object_set_new(build->about, "signed", json_boolean(is_asked_for(config)));
	if (!is_asked_for(config))
		return 0;
	return sign_image(config, image, err) == 0 ? 0 : kh_wrap(err, "sign the kernel");
}
