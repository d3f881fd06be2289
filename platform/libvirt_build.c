/* libvirt_build.c - libvirt for a KVM host: the QEMU driver and what it works with.
 *
 * --auto-features=disabled, and each feature that is wanted by name. A feature whose library is
 * installed or not is an input of the build ("libraries"), so that an artifact made without
 * AppArmor is not taken for one with it. Monolithic and modular daemons are both built.
 * Source: libvirt's meson_options.txt and meson.build, https://libvirt.org/compiling.html.
 */
#include "platform/libvirt_build.h"

#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "platform/meson_build.h"
#include "platform/toolchain.h"

/* Raised when the options below change: artifacts made with others are then not the wanted one. */
#define RECIPE "2"

static const char *const features[] = {
	"attr",
	"blkid",
	"capng",
	"libnl",
	"numactl",
	"pciaccess",
	"readline",
	"udev",
	"driver_interface",
	"driver_libvirtd",
	"driver_network",
	"driver_qemu",
	"driver_remote",
	"driver_secrets",
	"host_validate",
	"rpath",
	"storage_dir",
	"storage_fs",
};

/* Where there is the library, or the program that the build looks for. */
static const struct {
	const char *feature;
	const char *library;
	const char *program;
} optional[] = {
	{"apparmor", "libapparmor", NULL},
	{"secdriver_apparmor", "libapparmor", NULL},
	{"apparmor_profiles", "libapparmor", NULL},
	{"selinux", "libselinux", NULL},
	{"secdriver_selinux", "libselinux", NULL},
	{"audit", "audit", NULL},
	{"yajl", "yajl", NULL},
	{"json_c", "json-c", NULL},
	{"storage_lvm", NULL, "/usr/sbin/pvcreate"},
};

char *kh_libvirt_initial(const char *prefix)
{
	return kh_printf("%s/share/libvirt/initial", prefix);
}

static bool is_option(const char *known, const char *name)
{
	kh_auto(kh_free) char *line = kh_printf("option('%s'", name);
	return strstr(known, line);
}

static bool is_available(const struct kh_root *root, size_t i)
{
	if (optional[i].library)
		return kh_toolchain_has_library(root, optional[i].library);
	return kh_root_exists(root, optional[i].program);
}

static void add_feature(const char *known, const char *name, bool is_on, struct kh_strv *options)
{
	kh_auto(kh_free) char *option = kh_printf("-D%s=%sabled", name, is_on ? "en" : "dis");
	if (is_option(known, name) && !kh_strv_has(options, option))
		kh_strv_add(options, option);
}

/* What is not there is switched off by name: a build directory remembers what was on before. */
static void add_optional(const struct kh_root *root, const char *known, struct kh_strv *options)
{
	for (size_t i = 0; i < KH_COUNT(optional); i++)
		add_feature(known, optional[i].feature, is_available(root, i), options);
}

/* "NAME=VALUE" of options that are no features. */
static void add_values(const char *known, const char *prefix, struct kh_strv *options)
{
	static const struct {
		const char *name, *value;
	} values[] = {
		{"runstatedir", "/run"},
		{"init_script", "systemd"},
		/* The firmware packages of the distributions put their descriptions here. */
		{"qemu_datadir", "/usr/share/qemu"},
	};
	for (size_t i = 0; i < KH_COUNT(values); i++)
		if (is_option(known, values[i].name))
			kh_strv_addf(options, "-D%s=%s", values[i].name, values[i].value);
	if (is_option(known, "unitdir"))
		kh_strv_addf(options, "-Dunitdir=%s/lib/systemd/system", prefix);
}

void kh_libvirt_options(const struct kh_root *root, const struct kh_config *config,
			const char *known, struct kh_strv *ret_options)
{
	const char *prefix = config->libvirt.prefix;
	kh_strv_addf(ret_options, "--prefix=%s", prefix);
	kh_strv_addf(ret_options, "--libdir=%s/lib", prefix);
	kh_strv_add(ret_options, "--sysconfdir=/etc");
	kh_strv_add(ret_options, "--localstatedir=/var");
	kh_strv_add(ret_options, "--buildtype=release");
	kh_strv_add(ret_options, "--wrap-mode=nodownload");
	kh_strv_add(ret_options, "--auto-features=disabled");
	kh_strv_add(ret_options, "-Dstrip=true");
	kh_strv_add(ret_options, "-Db_pie=true");
	kh_strv_add(ret_options, "-Dc_args=-D_FORTIFY_SOURCE=2");
	kh_strv_add(ret_options, "-Dc_link_args=-Wl,-z,relro,-z,now");
	add_values(known, prefix, ret_options);
	for (size_t i = 0; i < KH_COUNT(features); i++)
		add_feature(known, features[i], true, ret_options);
	add_optional(root, known, ret_options);
}

/* ---- inputs ---- */

static void add_pair(struct kh_strv *pairs, const char *name, const char *value)
{
	kh_strv_add(pairs, name);
	kh_strv_add(pairs, value);
}

static int add_inputs(const struct kh_context *context, const struct kh_source *source,
		      struct kh_inputs *inputs, struct kh_error *err)
{
	(void)source;
	(void)err;
	kh_auto(kh_strv_done) struct kh_strv found = {0};
	for (size_t i = 0; i < KH_COUNT(optional); i++)
		if (is_available(context->root, i) && !kh_strv_has(&found, optional[i].feature))
			kh_strv_add(&found, optional[i].feature);
	kh_auto(kh_free) char *libraries = kh_strv_join(&found, " ");
	add_pair(&inputs->wanted, "recipe", RECIPE);
	add_pair(&inputs->wanted, "prefix", context->config->libvirt.prefix);
	add_pair(&inputs->made_with, "libraries", libraries);
	return 0;
}

/* ---- can this host build it? ---- */

/* Source: meson.build and config.h of libvirt 6.7 and 9.0 (read). */
static const struct kh_toolchain_need needs[] = {
	{"6.7", "meson", "0.54.0"},    {"9.0", "gcc", "7.4"},      {"9.0", "meson", "0.56.0"},
	{"9.0", "glib-2.0", "2.56.0"}, {"9.0", "gnutls", "3.6.0"}, {NULL, NULL, NULL},
};

static int check_host(const struct kh_context *context, const struct kh_source *source,
		      struct kh_error *err)
{
	static const char instead[] =
		"choose an older version in 'libvirt.version', or leave libvirt to the "
		"distribution (libvirt.version: none)";
	if (!source)
		return 0;
	if (kh_toolchain_compare(source->version, "6.7") < 0) {
		kh_fail(err, KH_HOST, 0,
			"libvirt %s cannot be built by kvmhost: before 6.7 it had "
			"another build system",
			source->version);
		return kh_hint(err, "choose 6.7 or newer in 'libvirt.version', or none");
	}
	return kh_toolchain_check(context->root, "libvirt", source->version, needs, instead, err);
}

/* ---- making it ---- */

static int read_options(struct kh_build *build, char **ret_text, struct kh_error *err)
{
	static const char *const names[] = {"meson.options", "meson_options.txt"};
	for (size_t i = 0; i < KH_COUNT(names); i++) {
		kh_auto(kh_free) char *path = kh_printf("%s/%s", build->source_dir, names[i]);
		const char *const argv[] = {"cat", path, NULL};
		kh_error_done(err);
		if (kh_sandbox_capture(build->sandbox, build->build_dir, argv, ret_text, err) == 0)
			return 0;
	}
	return -1;
}

static int configure(struct kh_build *build, struct kh_error *err)
{
	const struct kh_making *making = build->making;
	kh_auto(kh_strv_done) struct kh_strv argv = {0};
	kh_auto(kh_free) char *made = kh_printf("%s/build.ninja", build->build_dir);
	kh_auto(kh_free) char *known = NULL;
	if (read_options(build, &known, err) != 0)
		return -1;
	kh_strv_add(&argv, "env");
	kh_strv_add(&argv, "CC=gcc");
	kh_strv_add(&argv, "meson");
	kh_strv_add(&argv, "setup");
	if (access(made, F_OK) == 0)
		kh_strv_add(&argv, "--reconfigure");
	size_t first = argv.count;
	kh_libvirt_options(making->root, making->config, known, &argv);
	kh_auto(kh_free) char *options = kh_strv_join(
		&(struct kh_strv){.items = argv.items + first, .count = argv.count - first}, "\n");
	kh_strv_add(&argv, build->build_dir);
	kh_strv_add(&argv, build->source_dir);
	kh_strv_add_owned(&argv, NULL);
	if (kh_sandbox_run(build->sandbox, build->build_dir, (const char *const *)argv.items,
			   err) != 0)
		return kh_wrap(err, "meson setup");
	json_object_set_new(build->about, "options", kh_json_text(options));
	return 0;
}

/* libvirt-guests looks for gettext.sh below its own prefix; it is the distribution's, found by
 * PATH. Source: tools/libvirt-guests.sh.in (@bindir@/gettext.sh). */
static int mend_guests_script(struct kh_build *build, struct kh_error *err)
{
	const char *prefix = build->making->config->libvirt.prefix;
	kh_auto(kh_free) char *path =
		kh_printf("%s%s/libexec/libvirt-guests.sh", build->stage_dir, prefix);
	kh_auto(kh_free) char *edit =
		kh_printf("s|^\\. \"\\?%s/bin\"\\?/gettext\\.sh$|. gettext.sh|", prefix);
	const char *const argv[] = {"sed", "-i", edit, path, NULL};
	if (access(path, F_OK) != 0)
		return 0;
	return kh_sandbox_run(build->sandbox, build->build_dir, argv, err);
}

/* See libvirt_build.h: what people and libvirt itself change does not belong to the artifact. */
static int arrange(struct kh_build *build, struct kh_error *err)
{
	const char *prefix = build->making->config->libvirt.prefix;
	kh_auto(kh_free) char *initial = kh_libvirt_initial(prefix);
	kh_auto(kh_free) char *augeas = kh_printf("%s/share/augeas", prefix);
	kh_auto(kh_free) char *examples = kh_printf("%s/share/doc/libvirt/examples", prefix);
	const char *const unwanted[] = {"/var", "/run", augeas, examples, "/etc/apparmor.d/local"};
	for (size_t i = 0; i < KH_COUNT(unwanted); i++)
		if (kh_meson_remove(build, unwanted[i], err) != 0)
			return -1;
	if (mend_guests_script(build, err) != 0)
		return -1;
	return kh_meson_move(build, "/etc/libvirt", initial, err);
}

static int make(struct kh_build *build, struct kh_error *err)
{
	const char *prefix = build->making->config->libvirt.prefix;
	kh_auto(kh_free) char *bin = kh_printf("%s/bin", prefix);
	kh_auto(kh_free) char *sbin = kh_printf("%s/sbin", prefix);
	kh_auto(kh_free) char *lib = kh_printf("%s/lib", prefix);
	kh_auto(kh_free) char *drivers = kh_printf("%s/lib/libvirt/connection-driver", prefix);
	const char *const directories[] = {bin, sbin, lib, drivers, NULL};
	if (configure(build, err) != 0 || kh_meson_build(build, "meson", err) != 0 ||
	    kh_meson_install(build, "meson", err) != 0 || arrange(build, err) != 0)
		return -1;
	json_object_set_new(build->about, "version", kh_json_text(build->source->version));
	json_object_set_new(build->about, "prefix", kh_json_text(prefix));
	return kh_meson_note_libraries(build, directories, err);
}

static int check_cover(const struct kh_context *context, const struct kh_artifact *artifact,
		       struct kh_error *err)
{
	const char *prefix = kh_artifact_about(artifact, "prefix");
	if (strcmp(prefix, context->config->libvirt.prefix) == 0)
		return 0;
	return kh_fail(err, KH_HOST, 0, "this libvirt was built for the prefix '%s'", prefix);
}

static const char *const tools[] = {"gcc", "ld", "meson", "ninja", "pkg-config", "python3", NULL};

const struct kh_recipe kh_recipe_libvirt = {
	.program = "libvirt",
	.tools = tools,
	.needs_mib = 768,
	.is_incremental = true,
	.add_inputs = add_inputs,
	.check_host = check_host,
	.make = make,
	.check_cover = check_cover,
};
