/* meson_build.c - see meson_build.h. */
#include "platform/meson_build.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/json.h"
#include "core/base/mem.h"

/* ---- progress ---- */

bool kh_meson_parse_progress(const char *line, size_t *ret_done, size_t *ret_total)
{
	char *end;
	if (line[0] != '[' || !isdigit((unsigned char)line[1]))
		return false;
	size_t done = strtoul(line + 1, &end, 10);
	if (*end != '/' || !isdigit((unsigned char)end[1]))
		return false;
	size_t total = strtoul(end + 1, &end, 10);
	if (*end != ']' || total == 0 || done > total)
		return false;
	*ret_done = done;
	*ret_total = total;
	return true;
}

static void on_line(void *data, const char *line)
{
	struct kh_build *build = data;
	if (kh_meson_parse_progress(line, &build->steps_done, &build->steps_total))
		kh_build_progress(build, build->source->program);
}

/* ---- build ---- */

int kh_meson_parse_targets(const char *json, const char *build_dir, struct kh_strv *ret_targets,
			   struct kh_error *err)
{
	json_error_t at;
	json_t *targets = json_loads(json, 0, &at), *target, *name;
	size_t i, j, length = strlen(build_dir);
	if (!json_is_array(targets)) {
		json_decref(targets);
		return kh_fail(err, KH_PROGRAM, 0, "meson introspect: line %d: %s", at.line,
			       at.text);
	}
	json_array_foreach(targets, i, target)
	{
		if (!json_is_true(json_object_get(target, "installed")))
			continue;
		json_array_foreach(json_object_get(target, "filename"), j, name)
		{
			const char *path = json_string_value(name);
			bool is_inside =
				path && kh_str_starts(path, build_dir) && path[length] == '/';
			if (is_inside && !kh_strv_has(ret_targets, path + length + 1))
				kh_strv_add(ret_targets, path + length + 1);
		}
	}
	json_decref(targets);
	if (ret_targets->count == 0)
		return kh_fail(err, KH_PROGRAM, 0, "meson introspect: nothing would be installed");
	return 0;
}

static int find_targets(struct kh_build *build, const char *meson, struct kh_strv *ret_targets,
			struct kh_error *err)
{
	const char *const argv[] = {meson, "introspect", "--targets", build->build_dir, NULL};
	kh_auto(kh_free) char *output = NULL;
	if (kh_sandbox_capture(build->sandbox, build->build_dir, argv, &output, err) != 0)
		return -1;
	const char *json = strchr(output, '[');
	return kh_meson_parse_targets(json ? json : "", build->build_dir, ret_targets, err);
}

int kh_meson_build(struct kh_build *build, const char *meson, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv argv = {0};
	kh_strv_add(&argv, "ninja");
	kh_strv_addf(&argv, "-j%u", kh_config_jobs(build->making->config));
	if (find_targets(build, meson, &argv, err) != 0)
		return -1;
	kh_strv_add_owned(&argv, NULL);
	struct kh_sandbox *sandbox = build->sandbox;
	void (*old_on_line)(void *, const char *) = sandbox->on_line;
	void *old_data = sandbox->data;
	sandbox->on_line = on_line;
	sandbox->data = build;
	int result =
		kh_sandbox_run(sandbox, build->build_dir, (const char *const *)argv.items, err);
	sandbox->on_line = old_on_line;
	sandbox->data = old_data;
	return result;
}

/* ---- the staged tree ---- */

int kh_meson_install(struct kh_build *build, const char *meson, struct kh_error *err)
{
	/* --destdir came with meson 0.57 and --strip with 0.62: the variable is older than both. */
	kh_auto(kh_free) char *destdir = kh_printf("DESTDIR=%s", build->stage_dir);
	const char *const argv[] = {"env", destdir, meson, "install", "--no-rebuild", NULL};
	return kh_sandbox_run(build->sandbox, build->build_dir, argv, err);
}

static char *staged(const struct kh_build *build, const char *path)
{
	return kh_printf("%s%s", build->stage_dir, path);
}

int kh_meson_remove(struct kh_build *build, const char *path, struct kh_error *err)
{
	kh_auto(kh_free) char *host_path = staged(build, path);
	const char *const argv[] = {"rm", "-rf", "--", host_path, NULL};
	return kh_sandbox_run(build->sandbox, build->build_dir, argv, err);
}

int kh_meson_move(struct kh_build *build, const char *from, const char *to, struct kh_error *err)
{
	kh_auto(kh_free) char *from_path = staged(build, from);
	kh_auto(kh_free) char *to_path = staged(build, to);
	kh_auto(kh_free) char *parent = kh_strdup(to_path);
	*strrchr(parent, '/') = '\0';
	const char *const make[] = {"mkdir", "-p", "--", parent, NULL};
	const char *const move[] = {"mv", "-T", "--", from_path, to_path, NULL};
	if (kh_sandbox_run(build->sandbox, build->build_dir, make, err) != 0)
		return -1;
	return kh_sandbox_run(build->sandbox, build->build_dir, move, err);
}

/* ---- libraries ---- */

void kh_meson_parse_needed(const char *output, struct kh_strv *ret_sonames)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, output);
	for (size_t i = 0; i < lines.count; i++) {
		char *name =
			strstr(lines.items[i], "(NEEDED)") ? strchr(lines.items[i], '[') : NULL;
		char *end = name ? strchr(name, ']') : NULL;
		if (!end)
			continue;
		*end = '\0';
		if (!kh_strv_has(ret_sonames, name + 1))
			kh_strv_add(ret_sonames, name + 1);
	}
}

/* Regular files of a staged directory; names of all. */
static void list_files(const char *directory, struct kh_strv *files, struct kh_strv *names)
{
	kh_auto(kh_closedir) DIR *stream = opendir(directory);
	struct dirent *entry;
	while (stream && (entry = readdir(stream))) {
		struct stat status;
		kh_auto(kh_free) char *path = kh_printf("%s/%s", directory, entry->d_name);
		kh_strv_add(names, entry->d_name);
		if (lstat(path, &status) == 0 && S_ISREG(status.st_mode))
			kh_strv_add(files, path);
	}
}

int kh_meson_note_libraries(struct kh_build *build, const char *const *directories,
			    struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv own = {0};
	kh_auto(kh_strv_done) struct kh_strv sonames = {0};
	for (; *directories; directories++) {
		kh_auto(kh_strv_done) struct kh_strv files = {0};
		kh_auto(kh_free) char *directory = staged(build, *directories);
		list_files(directory, &files, &own);
		for (size_t i = 0; i < files.count; i++) {
			const char *const argv[] = {"readelf", "-d", files.items[i], NULL};
			kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
			kh_auto(kh_free) char *output = NULL;
			/* A script is no ELF file: it needs nothing. */
			if (kh_sandbox_capture(build->sandbox, build->build_dir, argv, &output,
					       &ignored) == 0)
				kh_meson_parse_needed(output, &sonames);
		}
	}
	kh_strv_sort(&sonames);
	json_t *libraries = json_array();
	for (size_t i = 0; i < sonames.count; i++)
		if (!kh_strv_has(&own, sonames.items[i]))
			json_array_append_new(libraries, kh_json_text(sonames.items[i]));
	bool is_any = json_array_size(libraries) > 0;
	json_object_set_new(build->about, "libraries", libraries);
	return is_any ? 0 : kh_fail(err, KH_PROGRAM, 0, "readelf: no program in the built tree");
}

void kh_meson_missing_libraries(const struct kh_root *root, const json_t *about,
				struct kh_strv *ret_missing)
{
	static const char *const directories[] = {"/lib/x86_64-linux-gnu",
						  "/usr/lib/x86_64-linux-gnu", "/lib64",
						  "/usr/lib64", "/usr/local/lib"};
	json_t *name;
	size_t i;
	json_array_foreach(json_object_get(about, "libraries"), i, name)
	{
		const char *soname = json_string_value(name);
		bool is_there = false;
		for (size_t j = 0; soname && !is_there && j < KH_COUNT(directories); j++) {
			kh_auto(kh_free) char *path = kh_printf("%s/%s", directories[j], soname);
			is_there = kh_root_exists(root, path);
		}
		if (soname && !is_there)
			kh_strv_add(ret_missing, soname);
	}
}
