/* fixture.c - see fixture.h. */
#include "tests/lib/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/run.h"

static void must(int result, const char *what)
{
	if (result != 0) {
		fprintf(stderr, "fixture: %s: %s\n", what, strerror(errno));
		abort();
	}
}

static void run(const char *const *argv)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	if (kh_run(&kh_run_system, argv, 60, NULL, &err) != 0) {
		fprintf(stderr, "fixture: %s\n", err.message);
		abort();
	}
}

void fixture_open_empty(struct fixture *fixture)
{
	/* Memory where there is some: the tests sync a lot. */
	const char *base = getenv("TMPDIR");
	if (!base)
		base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	char *path = kh_printf("%s/kvmhost-test.XXXXXX", base);
	must(mkdtemp(path) == NULL, path);
	must(chmod(path, 0755), path);
	fixture->path = path;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	fixture->root = (struct kh_root)KH_ROOT_INIT;
	must(kh_root_open(path, &fixture->root, &err), path);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *at)
{
	(void)status;
	(void)kind;
	(void)at;
	return remove(path);
}

static void remove_tree(const char *path)
{
	must(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT), path);
}

/* A directory and those above it. */
static void make_dirs(const char *path)
{
	kh_auto(kh_free) char *part = kh_strdup(path);
	for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		must(mkdir(part, 0755) != 0 && errno != EEXIST, part);
		*slash = '/';
	}
	must(mkdir(part, 0755) != 0 && errno != EEXIST, part);
}

/* tests/roots/MODES has "PATH MODE" lines (PATH begins with the root's name and may hold blanks;
 * one that ends in "/" is a directory): git keeps neither modes nor empty directories. */
static void apply_modes(const struct fixture *fixture, const char *name)
{
	kh_auto(kh_fclose) FILE *modes = fopen("tests/roots/MODES", "re");
	kh_auto(kh_free) char *prefix = kh_printf("%s/", name);
	char line[1024];
	while (modes && fgets(line, sizeof(line), modes)) {
		char *blank = strrchr(line, ' ');
		if (!blank || !kh_str_starts(line, prefix))
			continue;
		*blank = '\0';
		kh_auto(kh_free) char *full = kh_printf("%s%s", fixture->path, line + strlen(name));
		if (kh_str_ends(full, "/"))
			make_dirs(full);
		must(chmod(full, (mode_t)strtoul(blank + 1, NULL, 8)), full);
	}
}

void fixture_open(struct fixture *fixture, const char *name)
{
	fixture_open_empty(fixture);
	kh_auto(kh_free) char *from = kh_printf("tests/roots/%s/.", name);
	run((const char *const[]){"cp", "-dR", "--preserve=mode,links", from, fixture->path, NULL});
	run((const char *const[]){"find", fixture->path, "-name", ".gitkeep", "-delete", NULL});
	apply_modes(fixture, name);
}

void fixture_close(struct fixture *fixture)
{
	kh_root_done(&fixture->root);
	remove_tree(fixture->path);
	kh_free(&fixture->path);
}

void fixture_names(struct kh_strv *names)
{
	kh_auto(kh_strv_done) struct kh_strv all = {0};
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct kh_root here = KH_ROOT_INIT;
	must(kh_root_open(".", &here, &err), ".");
	kh_root_list(&here, "/tests/roots", &all);
	for (size_t i = 0; i < all.count; i++) {
		/* modules-table/ is no host, but what make-modules works from */
		kh_auto(kh_free) char *path = kh_printf("/tests/roots/%s/proc", all.items[i]);
		kh_auto(kh_free) char *other = kh_printf("/tests/roots/%s/etc", all.items[i]);
		if (kh_root_is_dir(&here, path) || kh_root_is_dir(&here, other))
			kh_strv_add(names, all.items[i]);
	}
	kh_root_done(&here);
}

static char *full_path(const struct fixture *fixture, const char *path)
{
	char *full = kh_printf("%s%s", fixture->path, path);
	kh_auto(kh_free) char *parent = kh_strndup(full, (size_t)(strrchr(full, '/') - full));
	if (access(parent, F_OK) != 0)
		make_dirs(parent);
	return full;
}

void fixture_put_mode(struct fixture *fixture, const char *path, const char *text, mode_t mode)
{
	kh_auto(kh_free) char *full = full_path(fixture, path);
	kh_auto(kh_fclose) FILE *stream = fopen(full, "we");
	must(stream == NULL || fputs(text, stream) < 0, full);
	must(chmod(full, mode), full);
}

void fixture_put(struct fixture *fixture, const char *path, const char *text)
{
	fixture_put_mode(fixture, path, text, 0644);
}

void fixture_link(struct fixture *fixture, const char *path, const char *target)
{
	kh_auto(kh_free) char *full = full_path(fixture, path);
	must(symlink(target, full), full);
}

void fixture_remove(struct fixture *fixture, const char *path)
{
	kh_auto(kh_free) char *full = kh_printf("%s%s", fixture->path, path);
	if (access(full, F_OK) == 0)
		remove_tree(full);
}

char *fixture_get(const struct fixture *fixture, const char *path)
{
	return kh_root_text(&fixture->root, path);
}

/* ---- the tree as text ---- */

static bool is_own_state(const char *path)
{
	static const char *const own[] = {"/var/lib/kvmhost", "/var/log/kvmhost",
					  "/var/cache/kvmhost"};
	for (size_t i = 0; i < KH_COUNT(own); i++)
		if (kh_str_starts(path, own[i]))
			return true;
	return false;
}

static void add_entry(const struct fixture *fixture, const char *path, struct kh_str *out)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_file_state_done) struct kh_file_state state = {0};
	must(kh_file_look(&fixture->root, path, &state, &err), path);
	static const char types[] = "?fdlo";
	kh_str_addf(out, "%c %04o %u:%u %.12s %s %s\n", types[state.type], (unsigned)state.mode,
		    (unsigned)state.uid, (unsigned)state.gid, state.digest, path,
		    state.target ? state.target : "");
	if (state.type != KH_FILE_DIR)
		return;
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_root_list(&fixture->root, path, &names);
	for (size_t i = 0; i < names.count; i++) {
		kh_auto(kh_free) char *child =
			kh_printf("%s/%s", strcmp(path, "/") == 0 ? "" : path, names.items[i]);
		if (!is_own_state(child))
			add_entry(fixture, child, out);
	}
}

char *fixture_tree(const struct fixture *fixture)
{
	struct kh_str out = {0};
	add_entry(fixture, "/", &out);
	return kh_str_take(&out);
}
