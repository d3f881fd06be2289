/* qemu_build.c - QEMU for a KVM host: what that needs is switched on, everything else off.
 *
 * --without-default-features (since 6.0) makes that short, and holds across versions: an option
 * that this version does not know is not given. The user's own options come last, a later one wins.
 *
 * Debian's source packages lack the firmware blobs ("+dfsg"): PREFIX/share/qemu comes first in the
 * firmware path, then the places of the distributions' firmware packages.
 * Source: QEMU's configure, meson_options.txt and docs/about/build-platforms.rst.
 */
#include "platform/qemu_build.h"

#include <dirent.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "platform/meson_build.h"
#include "platform/toolchain.h"

/* Raised when the options below change: artifacts made with others are then not the wanted one. */
#define RECIPE "1"

static const char *const features[] = {
	"system",       "tools",      "kvm",        "tcg",          "pie",       "vhost-net",
	"vhost-kernel", "vhost-user", "vhost-vdpa", "vhost-crypto", "linux-aio", "linux-io-uring",
	"seccomp",      "cap-ng",     "numa",       "pixman",       "vnc",       "vnc-jpeg",
	"png",          "vnc-png",    "gnutls",     "attr",         "virtfs",    "malloc-trim",
	"membarrier",   "avx2",       "avx512f",    "avx512bw",
};

static const char *const off[] = {"docs", "guest-agent", "werror", "debug-info", "download"};

const char *const kh_qemu_foreign_firmware[] = {"QEMU,",         "bamboo",
						"canyonlands",   "edk2-aarch64",
						"edk2-arm",      "edk2-loongarch64",
						"edk2-riscv",    "hppa-",
						"npcm",          "openbios-",
						"opensbi-",      "palcode-",
						"petalogix",     "pnv-",
						"qemu_vga.ndrv", "s390-",
						"skiboot",       "slof",
						"u-boot",        "vof",
						"ast27x0",       "50-edk2-aarch64",
						"50-edk2-riscv", "60-edk2-aarch64",
						"60-edk2-arm",   "60-edk2-loongarch64",
						"60-edk2-riscv", NULL};

/* Does the help know this feature? It is a word at the start of an indented line, or an option. */
static bool is_known(const struct kh_strv *lines, const char *feature)
{
	size_t length = strlen(feature);
	for (size_t i = 0; i < lines->count; i++) {
		const char *line = lines->items[i];
		line += strspn(line, " ");
		if (line == lines->items[i])
			continue;
		if (kh_str_starts(line, "--enable-"))
			line += strlen("--enable-");
		else if (kh_str_starts(line, "--disable-"))
			line += strlen("--disable-");
		if (strncmp(line, feature, length) == 0 && strchr(" [=", line[length]))
			return true;
	}
	return false;
}

static void add_paths(const char *prefix, struct kh_strv *options)
{
	kh_strv_addf(options, "--prefix=%s", prefix);
	kh_strv_addf(options, "--libdir=%s/lib", prefix);
	kh_strv_add(options, "--sysconfdir=/etc");
	kh_strv_add(options, "--localstatedir=/var");
	kh_strv_addf(options,
		     "--firmwarepath=%s/share/qemu:/usr/share/seabios:/usr/share/qemu:"
		     "/usr/lib/ipxe/qemu:/usr/share/seavgabios:/usr/share/ipxe/qemu:"
		     "/usr/share/qemu-kvm:/usr/share/edk2/ovmf",
		     prefix);
}

void kh_qemu_options(const struct kh_config *config, const char *help, bool has_fdt,
		     struct kh_strv *ret_options)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_auto(kh_free) char *targets = kh_strv_join(&config->qemu.targets, ",");
	kh_strv_split_lines(&lines, help);
	add_paths(config->qemu.prefix, ret_options);
	kh_strv_addf(ret_options, "--target-list=%s", targets);
	kh_strv_add(ret_options, "--cc=gcc");
	kh_strv_add(ret_options, "--host-cc=gcc");
	if (strstr(help, "--without-default-features"))
		kh_strv_add(ret_options, "--without-default-features");
	if (strstr(help, "--with-git-submodules"))
		kh_strv_add(ret_options, "--with-git-submodules=ignore");
	for (size_t i = 0; i < KH_COUNT(off); i++)
		if (is_known(&lines, off[i]))
			kh_strv_addf(ret_options, "--disable-%s", off[i]);
	for (size_t i = 0; i < KH_COUNT(features); i++)
		if (is_known(&lines, features[i]))
			kh_strv_addf(ret_options, "--enable-%s", features[i]);
	if (is_known(&lines, "strip"))
		kh_strv_add(ret_options, "--enable-strip");
	if (is_known(&lines, "fdt"))
		kh_strv_addf(ret_options, "--enable-fdt=%s", has_fdt ? "system" : "internal");
	kh_strv_copy(ret_options, &config->qemu.configure);
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
	const struct kh_config_qemu *qemu = &context->config->qemu;
	kh_auto(kh_free) char *targets = kh_strv_join(&qemu->targets, " ");
	kh_auto(kh_free) char *configure = kh_strv_join(&qemu->configure, "\n");
	add_pair(&inputs->wanted, "recipe", RECIPE);
	add_pair(&inputs->wanted, "prefix", qemu->prefix);
	add_pair(&inputs->wanted, "targets", targets);
	add_pair(&inputs->wanted, "configure", configure);
	return 0;
}

/* ---- can this host build it? ---- */

/* Source: QEMU's configure and meson.build of 6.1, 7.2 (read), the 8.2, 9.1 and 10.1 change logs.
 */
static const struct kh_toolchain_need needs[] = {
	{"6.1", "gcc", "7.4"},     {"7.2", "python3", "3.6"},   {"7.2", "glib-2.0", "2.56"},
	{"8.2", "python3", "3.8"}, {"9.1", "glib-2.0", "2.66"}, {"10.1", "python3", "3.9"},
	{NULL, NULL, NULL},
};

static bool has_own_compiler(const struct kh_strv *configure)
{
	for (size_t i = 0; i < configure->count; i++)
		if (kh_str_starts(configure->items[i], "--cc="))
			return true;
	return false;
}

static int check_host(const struct kh_context *context, const struct kh_source *source,
		      struct kh_error *err)
{
	/* Whoever brings a compiler of their own knows what it can do. */
	if (!source || has_own_compiler(&context->config->qemu.configure))
		return 0;
	return kh_toolchain_check(context->root, "QEMU", source->version, needs,
				  "choose an older version in 'qemu.version', or leave QEMU to the "
				  "distribution (qemu.version: none)",
				  err);
}

/* ---- making it ---- */

static int configure(struct kh_build *build, struct kh_error *err)
{
	const struct kh_making *making = build->making;
	kh_auto(kh_free) char *program = kh_printf("%s/configure", build->source_dir);
	kh_auto(kh_free) char *help = NULL;
	kh_auto(kh_strv_done) struct kh_strv argv = {0};
	const char *const ask[] = {program, "--help", NULL};
	if (kh_sandbox_capture(build->sandbox, build->build_dir, ask, &help, err) != 0)
		return -1;
	kh_strv_add(&argv, program);
	kh_qemu_options(making->config, help, kh_root_exists(making->root, "/usr/include/libfdt.h"),
			&argv);
	kh_strv_add_owned(&argv, NULL);
	if (kh_sandbox_run(build->sandbox, build->build_dir, (const char *const *)argv.items,
			   err) != 0)
		return kh_wrap(err, "configure");
	argv.count--;
	kh_auto(kh_free) char *options = kh_strv_join(&argv, "\n");
	json_object_set_new(build->about, "options", kh_json_text(options));
	return 0;
}

/* The meson that configure chose: the system's, its own copy, or one in a Python environment. */
static int find_meson(struct kh_build *build, char **ret_meson, struct kh_error *err)
{
	const char *const argv[] = {"cat", "config-host.mak", NULL};
	kh_auto(kh_free) char *text = NULL;
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	if (kh_sandbox_capture(build->sandbox, build->build_dir, argv, &text, err) != 0)
		return -1;
	kh_strv_split_lines(&lines, text);
	for (size_t i = 0; i < lines.count; i++)
		if (kh_str_starts(lines.items[i], "MESON=/")) {
			*ret_meson = kh_strdup(lines.items[i] + strlen("MESON="));
			return 0;
		}
	*ret_meson = kh_printf("%s/pyvenv/bin/meson", build->build_dir);
	return 0;
}

static bool is_x86_only(const struct kh_strv *targets)
{
	for (size_t i = 0; i < targets->count; i++)
		if (!kh_str_starts(targets->items[i], "x86_64-") &&
		    !kh_str_starts(targets->items[i], "i386-"))
			return false;
	return true;
}

static int remove_foreign(struct kh_build *build, const char *directory, struct kh_error *err)
{
	kh_auto(kh_free) char *host_path = kh_printf("%s%s", build->stage_dir, directory);
	kh_auto(kh_closedir) DIR *stream = opendir(host_path);
	struct dirent *entry;
	while (stream && (entry = readdir(stream))) {
		const char *const *foreign = kh_qemu_foreign_firmware;
		while (*foreign && !kh_str_starts(entry->d_name, *foreign))
			foreign++;
		kh_auto(kh_free) char *path = kh_printf("%s/%s", directory, entry->d_name);
		if (*foreign && kh_meson_remove(build, path, err) != 0)
			return -1;
	}
	return 0;
}

/* A host without a desktop needs no icons; firmware of other machines is hundreds of MiB. */
static int trim(struct kh_build *build, struct kh_error *err)
{
	static const char *const unwanted[] = {"share/icons", "share/applications"};
	const struct kh_config_qemu *qemu = &build->making->config->qemu;
	for (size_t i = 0; i < KH_COUNT(unwanted); i++) {
		kh_auto(kh_free) char *path = kh_printf("%s/%s", qemu->prefix, unwanted[i]);
		if (kh_meson_remove(build, path, err) != 0)
			return -1;
	}
	if (!is_x86_only(&qemu->targets))
		return 0;
	kh_auto(kh_free) char *data = kh_printf("%s/share/qemu", qemu->prefix);
	kh_auto(kh_free) char *descriptors = kh_printf("%s/share/qemu/firmware", qemu->prefix);
	if (remove_foreign(build, data, err) != 0)
		return -1;
	return remove_foreign(build, descriptors, err);
}

static int make(struct kh_build *build, struct kh_error *err)
{
	const char *prefix = build->making->config->qemu.prefix;
	kh_auto(kh_free) char *meson = NULL;
	kh_auto(kh_free) char *programs = kh_printf("%s/bin", prefix);
	if (configure(build, err) != 0 || find_meson(build, &meson, err) != 0)
		return -1;
	if (kh_meson_build(build, meson, err) != 0 || kh_meson_install(build, meson, err) != 0)
		return -1;
	json_object_set_new(build->about, "version", kh_json_text(build->source->version));
	json_object_set_new(build->about, "prefix", kh_json_text(prefix));
	const char *const directories[] = {programs, NULL};
	if (trim(build, err) != 0)
		return -1;
	return kh_meson_note_libraries(build, directories, err);
}

/* The libraries it needs come with packages, which may be installed by this very run: the stage
 * says what is missing. */
static int check_cover(const struct kh_context *context, const struct kh_artifact *artifact,
		       struct kh_error *err)
{
	const char *prefix = kh_artifact_about(artifact, "prefix");
	if (strcmp(prefix, context->config->qemu.prefix) == 0)
		return 0;
	return kh_fail(err, KH_HOST, 0, "this QEMU was built for the prefix '%s'", prefix);
}

static const char *const tools[] = {"gcc", "ld", "ninja", "pkg-config", "python3", NULL};

const struct kh_recipe kh_recipe_qemu = {
	.program = "qemu",
	.tools = tools,
	.needs_mib = 2048,
	.is_incremental = true,
	.add_inputs = add_inputs,
	.check_host = check_host,
	.make = make,
	.check_cover = check_cover,
};
