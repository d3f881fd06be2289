/* srpm.c - see srpm.h.
 *
 * What is made of a package lies at a place that its spec file chooses
 * (BUILD/kernel-5.14.0-503.el9/ linux-5.14.0-503.el9.x86_64, and newer rpms put a directory above
 * that): the tree is the first directory, looked for from the top, with the file that marks the
 * program's own top. */
#include "sources/srpm.h"

#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/run.h"
#include "core/engine.h"

enum { PREP_TIMEOUT_S = 3600, TREE_DEPTH = 3 };

bool kh_srpm_is(const char *file_name)
{
	return kh_str_ends(file_name, ".src.rpm");
}

static int find_spec(const struct kh_area *area, const char *package, char **ret_name,
		     struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	const char *found = NULL;
	size_t count = 0;
	kh_root_list(area->root, package, &names);
	for (size_t i = 0; i < names.count; i++) {
		if (!kh_str_ends(names.items[i], ".spec"))
			continue;
		found = names.items[i];
		count++;
	}
	if (count != 1)
		return kh_fail(err, KH_HOST, 0,
			       "the source package has %zu spec files instead of one", count);
	*ret_name = kh_strdup(found);
	return 0;
}

static int check_program(struct kh_error *err)
{
	kh_auto(kh_root_done) struct kh_root machine = KH_ROOT_INIT;
	if (kh_root_open("/", &machine, err) != 0)
		return -1;
	kh_auto(kh_free) char *path = kh_root_which(&machine, "rpmbuild");
	if (path)
		return 0;
	kh_fail(err, KH_HOST, 0,
		"source packages are put together by 'rpmbuild', which is not "
		"there");
	return kh_hint(err, "install 'rpm-build' (the stage 'packages' does)");
}

static void tell(const struct kh_making *making, const char *text)
{
	struct kh_event event = {.kind = KH_EVENT_NOTE, .stage = making->stage, .text = text};
	if (making->sink)
		making->sink->event(making->sink, &event);
}

/* All that was said is kept: the reason of a failure is somewhere in the middle. Below the root,
 * owned. */
static char *keep_log(const struct kh_area *area, const struct kh_program *program,
		      const char *output)
{
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	struct kh_file_state meta = {
		.type = KH_FILE_REGULAR, .mode = 0644, .uid = geteuid(), .gid = getegid()};
	kh_auto(kh_free) char *path = kh_printf("%s/sources/%s.log", area->store, program->name);
	kh_file_put(area->root, path, output, strlen(output), &meta, &ignored);
	return kh_take(path);
}

/* The last words before rpmbuild's own, which say no more than that it failed; owned. */
static char *last_words(const char *output)
{
	enum { LINES = 3 };
	kh_auto(kh_strv_done) struct kh_strv lines = {0}, kept = {0};
	kh_strv_split_lines(&lines, output);
	for (size_t i = 0; i < lines.count; i++) {
		const char *line = kh_str_trim(lines.items[i]);
		if (kh_str_starts(line, "error: Bad exit status") ||
		    kh_str_starts(line, "RPM build errors:"))
			break;
		if (*line)
			kh_strv_add(&kept, line);
	}
	while (kept.count > LINES)
		kh_strv_remove(&kept, 0);
	return kh_strv_join(&kept, "; ");
}

static int judge(const struct kh_area *area, const struct kh_program *program, const char *spec,
		 const struct kh_run_result *result, struct kh_error *err)
{
	kh_auto(kh_free) char *log = keep_log(area, program, result->output);
	kh_auto(kh_free) char *words = last_words(result->output);
	if (result->status == 0 && !result->timed_out)
		return 0;
	if (result->timed_out)
		kh_fail(err, KH_PROGRAM, 0, "%%prep of '%s': no end after %d s", spec,
			PREP_TIMEOUT_S);
	else
		kh_fail(err, KH_PROGRAM, 0, "%%prep of '%s': %s", spec, words);
	return kh_hint(err,
		       "'%s' has all that rpmbuild said; where a program is missing, 'dnf "
		       "builddep' installs what the package's own build needs",
		       log);
}

static int run_prep(const struct kh_area *area, const struct kh_program *program, const char *work,
		    const char *package, const char *spec, struct kh_error *err)
{
	kh_auto(kh_free) char *top = kh_area_host_path(area->root, work);
	kh_auto(kh_free) char *sources = kh_area_host_path(area->root, package);
	kh_auto(kh_free) char *topdir = kh_printf("_topdir %s", top);
	kh_auto(kh_free) char *sourcedir = kh_printf("_sourcedir %s", sources);
	kh_auto(kh_free) char *specdir = kh_printf("_specdir %s", sources);
	kh_auto(kh_free) char *tmppath = kh_printf("_tmppath %s/tmp", top);
	kh_auto(kh_free) char *file = kh_printf("%s/%s", sources, spec);
	kh_auto(kh_run_result_done) struct kh_run_result result = {0};
	struct kh_run_place place = {
		.uid = area->account.uid, .gid = area->account.gid, .directory = top};
	/* What is built, and with what, is decided here and not by the package: --nodeps. The
	 * kernel's own check of its configurations is for those who make the package. */
	const char *const argv[] = {"rpmbuild", "-bp",      "--nodeps", "--without", "configchecks",
				    "--define", topdir,     "--define", sourcedir,   "--define",
				    specdir,    "--define", tmppath,    file,        NULL};
	if (kh_run_as_result(&place, argv, PREP_TIMEOUT_S, &result, err) != 0)
		return kh_wrap(err, "%%prep of '%s'", spec);
	return judge(area, program, spec, &result, err);
}

/* ---- the tree in it ---- */

/* First the directory itself, then those in it, level by level: the nearest one wins. */
static char *find_at(const struct kh_root *root, const char *directory, const char *mark, int depth)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_auto(kh_free) char *file = kh_printf("%s/%s", directory, mark);
	if (depth == 0)
		return kh_root_exists(root, file) ? kh_strdup(directory) : NULL;
	kh_root_list(root, directory, &names);
	for (size_t i = 0; i < names.count; i++) {
		kh_auto(kh_free) char *below = kh_printf("%s/%s", directory, names.items[i]);
		struct stat status;
		kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
		if (kh_root_stat(root, below, false, &status, &ignored) != 0 ||
		    !S_ISDIR(status.st_mode))
			continue;
		char *found = find_at(root, below, mark, depth - 1);
		if (found)
			return found;
	}
	return NULL;
}

static char *find_tree(const struct kh_root *root, const char *directory, const char *mark)
{
	char *found = NULL;
	for (int depth = 1; !found && depth <= TREE_DEPTH; depth++)
		found = find_at(root, directory, mark, depth);
	return found;
}

/* A repository that %prep made to apply its patches with: QEMU's build would take the tree for a
 * checkout and look for its submodules. */
static int remove_repository(const struct kh_area *area, const char *tree, struct kh_error *err)
{
	kh_auto(kh_free) char *path = kh_printf("%s/.git", tree);
	return kh_area_remove(area->root, path, err);
}

/* The kernel's %prep configures in the tree; a build outside it wants the tree clean. */
static int clean(const struct kh_area *area, const struct kh_program *program, const char *tree,
		 struct kh_error *err)
{
	static const char *const traces[] = {".config", "include/config",
					     "arch/x86/include/generated"};
	static const char *const argv[] = {"make", "-s", "mrproper", NULL};
	kh_auto(kh_free) char *directory = kh_area_host_path(area->root, tree);
	struct kh_run_place place = {
		.uid = area->account.uid, .gid = area->account.gid, .directory = directory};
	bool is_clean = true;
	if (strcmp(program->name, "kernel") != 0)
		return 0;
	for (size_t i = 0; i < KH_COUNT(traces); i++) {
		kh_auto(kh_free) char *path = kh_printf("%s/%s", tree, traces[i]);
		is_clean &= !kh_root_exists(area->root, path);
	}
	if (is_clean || kh_run_as(&place, argv, PREP_TIMEOUT_S, NULL, err) == 0)
		return 0;
	return kh_wrap(err, "clean the tree in which %%prep configured");
}

static int make_places(const struct kh_area *area, const char *work, struct kh_error *err)
{
	kh_auto(kh_free) char *directory = kh_area_host_path(area->root, work);
	struct kh_run_place place = {
		.uid = area->account.uid, .gid = area->account.gid, .directory = directory};
	static const char *const argv[] = {"mkdir", "BUILD", "tmp", NULL};
	return kh_run_as(&place, argv, 60, NULL, err);
}

int kh_srpm_tree(const struct kh_making *making, const struct kh_area *area,
		 const struct kh_program *program, const char *work, const char *package,
		 const char *tree, struct kh_error *err)
{
	kh_auto(kh_free) char *spec = NULL;
	kh_auto(kh_free) char *build = kh_printf("%s/BUILD", work);
	if (check_program(err) != 0 || find_spec(area, package, &spec, err) != 0 ||
	    make_places(area, work, err) != 0)
		return -1;
	tell(making, "rpmbuild puts the distribution's source package together");
	if (run_prep(area, program, work, package, spec, err) != 0)
		return -1;
	kh_auto(kh_free) char *found = find_tree(area->root, build, program->mark);
	if (!found)
		return kh_fail(err, KH_HOST, 0, "%%prep of '%s' left no tree with '%s' in it", spec,
			       program->mark);
	if (remove_repository(area, found, err) != 0 || clean(area, program, found, err) != 0)
		return -1;
	return kh_area_publish(area, found, tree, err);
}
