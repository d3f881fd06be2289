/* toolchain.c - see toolchain.h. */
#include "platform/toolchain.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

int kh_toolchain_compare(const char *a, const char *b)
{
	for (;;) {
		char *a_end, *b_end;
		unsigned long x = strtoul(a, &a_end, 10), y = strtoul(b, &b_end, 10);
		if (x != y)
			return x < y ? -1 : 1;
		bool has_a = *a_end == '.' && isdigit((unsigned char)a_end[1]);
		bool has_b = *b_end == '.' && isdigit((unsigned char)b_end[1]);
		if (!has_a && !has_b)
			return 0;
		a = has_a ? a_end + 1 : "0";
		b = has_b ? b_end + 1 : "0";
	}
}

/* Of the entries of a directory that begin with this, the newest version that follows. */
static char *newest(const struct kh_root *root, const char *directory, const char *prefix)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	char *best = NULL;
	kh_root_list(root, directory, &names);
	for (size_t i = 0; i < names.count; i++) {
		const char *name = names.items[i];
		if (!kh_str_starts(name, prefix))
			continue;
		name += strlen(prefix);
		size_t length = strspn(name, "0123456789.");
		while (length > 0 && name[length - 1] == '.') /* meson-1.0.1.egg-info */
			length--;
		if (length == 0 || !isdigit((unsigned char)*name))
			continue;
		kh_auto(kh_free) char *version = kh_strndup(name, length);
		if (best && kh_toolchain_compare(version, best) <= 0)
			continue;
		free(best);
		best = kh_take(version);
	}
	return best;
}

static char *gcc_version(const struct kh_root *root)
{
	if (!kh_root_is_executable(root, "/usr/bin/gcc"))
		return NULL;
	kh_auto(kh_strv_done) struct kh_strv machines = {0};
	char *best = NULL;
	kh_root_list(root, "/usr/lib/gcc", &machines);
	for (size_t i = 0; i < machines.count; i++) {
		kh_auto(kh_free) char *directory = kh_printf("/usr/lib/gcc/%s", machines.items[i]);
		kh_auto(kh_free) char *version = newest(root, directory, "");
		if (!version || (best && kh_toolchain_compare(version, best) <= 0))
			continue;
		free(best);
		best = kh_take(version);
	}
	return best;
}

static char *python_version(const struct kh_root *root)
{
	kh_auto(kh_free) char *path = kh_root_resolve(root, "/usr/bin/python3");
	const char *name = path ? strrchr(path, '/') + 1 : "";
	return kh_str_starts(name, "python3.") ? kh_strdup(name + strlen("python")) : NULL;
}

/* Debian: dist-packages; EL: python3.N/site-packages. */
static char *meson_version(const struct kh_root *root)
{
	char *version = newest(root, "/usr/lib/python3/dist-packages", "meson-");
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_root_list(root, "/usr/lib", &names);
	for (size_t i = 0; !version && i < names.count; i++) {
		if (!kh_str_starts(names.items[i], "python3."))
			continue;
		kh_auto(kh_free) char *directory =
			kh_printf("/usr/lib/%s/site-packages", names.items[i]);
		version = newest(root, directory, "meson-");
	}
	return version;
}

/* Path of a .pc file, or NULL. Source: pkg-config(1), --variable pc_path of Debian and EL. */
static char *pc_path(const struct kh_root *root, const char *name)
{
	static const char *const directories[] = {"/usr/local/lib/x86_64-linux-gnu/pkgconfig",
						  "/usr/local/lib/pkgconfig",
						  "/usr/local/share/pkgconfig",
						  "/usr/lib/x86_64-linux-gnu/pkgconfig",
						  "/usr/lib64/pkgconfig",
						  "/usr/lib/pkgconfig",
						  "/usr/share/pkgconfig"};
	for (size_t i = 0; i < KH_COUNT(directories); i++) {
		kh_auto(kh_free) char *path = kh_printf("%s/%s.pc", directories[i], name);
		if (kh_root_exists(root, path))
			return kh_take(path);
	}
	return NULL;
}

static char *pc_version(const struct kh_root *root, const char *name)
{
	kh_auto(kh_free) char *path = pc_path(root, name);
	kh_auto(kh_free) char *text = path ? kh_root_text(root, path) : NULL;
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, text ? text : "");
	for (size_t i = 0; i < lines.count; i++)
		if (kh_str_starts(lines.items[i], "Version:"))
			return kh_strdup(kh_str_trim(lines.items[i] + strlen("Version:")));
	return NULL;
}

bool kh_toolchain_has_library(const struct kh_root *root, const char *name)
{
	kh_auto(kh_free) char *path = pc_path(root, name);
	return path;
}

char *kh_toolchain_version(const struct kh_root *root, const char *name)
{
	if (strcmp(name, "gcc") == 0)
		return gcc_version(root);
	if (strcmp(name, "python3") == 0)
		return python_version(root);
	if (strcmp(name, "meson") == 0)
		return meson_version(root);
	return pc_version(root, name);
}

int kh_toolchain_check(const struct kh_root *root, const char *program, const char *version,
		       const struct kh_toolchain_need *needs, const char *instead,
		       struct kh_error *err)
{
	for (; needs->since; needs++) {
		if (kh_toolchain_compare(version, needs->since) < 0)
			continue;
		kh_auto(kh_free) char *have = kh_toolchain_version(root, needs->name);
		if (!have || kh_toolchain_compare(have, needs->least) >= 0)
			continue;
		kh_fail(err, KH_HOST, 0, "%s %s cannot be built here: it needs %s %s, this is %s",
			program, version, needs->name, needs->least, have);
		return kh_hint(err, "%s", instead);
	}
	return 0;
}
