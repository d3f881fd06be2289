/* crash_host.h - a host that gets everything, for running the real program on copies of it: a
 * recorded root with artifacts of a kernel and of QEMU in its store, one file of somebody's in
 * QEMU's way.
 *
 *     struct crash_host host;
 *     crash_host_open(&host, "debian12-ifupdown");
 *     struct fixture copy;
 *     crash_copy(&copy, host.fixture.path);
 *     ... crash_run(&host, &copy, &watch, "apply") ...
 *     crash_host_close(&host);
 */
#ifndef TESTS_CRASH_HOST_H
#define TESTS_CRASH_HOST_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "core/base/mem.h"
#include "core/base/run.h"
#include "core/store.h"
#include "platform/recipe.h"
#include "tests/lib/stage_host.h"
#include "tests/lib/watch.h"

struct crash_host {
	struct stage_host base; /* its fixture is the host before kvmhost came */
	char *program;          /* host path */
	char *tree;             /* of the fixture */
	bool is_live;           /* see live_host.h */
};

static const char crash_release[] = "6.12.104-kvmhost";

static const char crash_config[] = "/etc/kvmhost/kvmhost.yaml";

static void crash_must(int result, const struct kh_error *err)
{
	if (result != 0)
		fail_msg("%s", err->message);
}

/* ---- artifacts ---- */

/* The wanted inputs and "about" of an artifact; its files are put by `fill`. */
static void crash_put_artifact(struct stage_host *host, const struct kh_recipe *recipe,
			       json_t *about, void (*fill)(struct stage_host *, const char *tree))
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *tree = NULL;
	const struct kh_root *root = &host->fixture.root;
	const char *store = host->config.build.store;
	struct kh_inputs inputs = {0};
	char key[KH_DIGEST_SIZE];
	if (kh_recipe_inputs(&host->context, recipe, NULL, &inputs, &err) < 0)
		fail_msg("%s", err.message);
	kh_store_key(recipe->program, &inputs.wanted, &inputs.made_with, key);
	crash_must(kh_store_begin(root, store, key, &tree, &err), &err);
	fill(host, tree);
	json_t *manifest = json_pack(
		"{s:i, s:s, s:s, s:o, s:o, s:o, s:b}", "format", 1, "program", recipe->program,
		"distribution", "debian 12", "wanted", kh_inputs_json(&inputs.wanted), "made_with",
		kh_inputs_json(&inputs.made_with), "about", about, "is_imported", 1);
	crash_must(kh_store_publish(root, store, key, manifest, &err), &err);
	kh_inputs_done(&inputs);
}

static void crash_put(struct stage_host *host, const char *tree, const char *path, mode_t mode)
{
	kh_auto(kh_free) char *full = kh_printf("%s%s", tree, path);
	kh_auto(kh_free) char *text = kh_printf("the new %s\n", path);
	fixture_put_mode(&host->fixture, full, text, mode);
}

/* What says which devices the kernel drives: that of a recorded kernel. */
static void crash_put_index(struct stage_host *host, const char *tree)
{
#define CRASH_RECORDED "tests/roots/debian12-ifupdown/usr/lib/modules/6.1.0-56-amd64/modules."
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *into =
		kh_printf("%s%s/lib/modules/%s", host->fixture.path, tree, crash_release);
	const char *const argv[] = {"cp",
				    CRASH_RECORDED "alias.bin",
				    CRASH_RECORDED "builtin.bin",
				    CRASH_RECORDED "builtin.alias.bin",
				    CRASH_RECORDED "dep.bin",
				    CRASH_RECORDED "symbols.bin",
				    into,
				    NULL};
	crash_must(kh_run(&kh_run_system, argv, 10, NULL, &err), &err);
}

static void crash_fill_kernel(struct stage_host *host, const char *tree)
{
	static const char *const names[] = {"/boot/vmlinuz-%s", "/boot/System.map-%s",
					    "/lib/modules/%s/modules.dep",
					    "/lib/modules/%s/kernel/fs/ext4.ko"};
	for (size_t i = 0; i < KH_COUNT(names); i++) {
		const char *at = strstr(names[i], "%s");
		kh_auto(kh_free) char *path = kh_printf("%.*s%s%s", (int)(at - names[i]), names[i],
							crash_release, at + 2);
		crash_put(host, tree, path, 0644);
	}
	crash_put_index(host, tree);
}

static void crash_fill_qemu(struct stage_host *host, const char *tree)
{
	crash_put(host, tree, "/usr/local/bin/qemu-system-x86_64", 0755);
	crash_put(host, tree, "/usr/local/bin/qemu-img", 0755);
	crash_put(host, tree, "/usr/local/share/qemu/bios.bin", 0644);
	crash_put(host, tree, "/usr/local/share/qemu/keymaps/de", 0644);
	kh_auto(kh_free) char *link = kh_printf("%s/usr/local/bin/kvm-img", tree);
	fixture_link(&host->fixture, link, "qemu-img");
}

static void crash_put_artifacts(struct stage_host *host)
{
	json_t *kernel = json_pack("{s:s, s:{s:s, s:[], s:[s, s, s, s, s, s]}}", "release",
				   crash_release, "covers", "release", crash_release, "modules",
				   "builtin", "ext4", "xfs", "vfat", "dm_mod", "isofs", "udf");
	crash_put_artifact(host, &kh_recipe_kernel, kernel, crash_fill_kernel);
	json_t *qemu = json_pack("{s:s, s:s, s:[]}", "version", "7.2", "prefix", "/usr/local",
				 "libraries");
	crash_put_artifact(host, &kh_recipe_qemu, qemu, crash_fill_qemu);
}

/* ---- the host ---- */

/* That of the stage contract, with the programs that are installed here. */
static char *crash_read_config(void)
{
	kh_auto(kh_fclose) FILE *stream = fopen("tests/golden/contract.yaml", "re");
	struct kh_str text = {0};
	char line[512];
	assert_non_null(stream);
	while (fgets(line, sizeof(line), stream)) {
		if (kh_str_starts(line, "kernel:"))
			kh_str_add(&text, "kernel: {version: distro}\n");
		else if (kh_str_starts(line, "qemu:"))
			kh_str_add(&text, "qemu: {version: 7.2}\n");
		else
			kh_str_add(&text, line);
	}
	return kh_str_take(&text);
}

static void crash_host_open(struct crash_host *host, const char *root)
{
	const char *build = getenv("B");
	kh_auto(kh_free) char *program = kh_printf("%s/kvmhost", build ? build : "build");
	kh_auto(kh_free) char *config = crash_read_config();
	*host = (struct crash_host){.program = realpath(program, NULL)};
	if (!host->program)
		fail_msg("%s is missing: make", program);
	stage_host_open(&host->base, root, config);
	struct fixture *fixture = &host->base.fixture;
	fixture_put_mode(fixture, "/usr/local/sbin/kvmhost", "kvmhost\n", 0755);
	fixture_put(fixture, crash_config, config);
	fixture_put(fixture, "/usr/local/share/qemu/bios.bin", "somebody's\n");
	kh_facts_done(&host->base.facts);
	host->base.facts = (struct kh_facts){0};
	kh_facts_collect(&fixture->root, &host->base.facts);
	crash_put_artifacts(&host->base);
	host->tree = fixture_tree(fixture);
}

static void crash_host_close(struct crash_host *host)
{
	/* Copies share files with it: nothing may have been written into those. */
	kh_auto(kh_free) char *tree = fixture_tree(&host->base.fixture);
	bool is_same = strcmp(tree, host->tree) == 0;
	stage_host_close(&host->base);
	kh_free(&host->program);
	kh_free(&host->tree);
	assert_true(is_same);
}

/* ---- copies ---- */

/* What nobody writes to is linked, not copied: kvmhost replaces files, and does not write into
 * them. The trees would tell. */
static void crash_copy(struct fixture *copy, const char *from, bool is_live)
{
	static const char linked[] = " usr .kvmhost .programs ";
	static const char also_linked[] = " proc sys ";
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_strv_done) struct kh_strv names = {0}, owned = {0};
	struct kh_root root = KH_ROOT_INIT;
	crash_must(kh_root_open(from, &root, &err), &err);
	kh_root_list(&root, "/", &names);
	fixture_open_empty(copy);
	for (int is_link = 0; is_link < 2; is_link++) {
		const char *argv[64] = {"cp", is_link ? "-al" : "-a"};
		size_t count = 2;
		for (size_t i = 0; i < names.count && count + 2 < KH_COUNT(argv); i++) {
			kh_auto(kh_free) char *word = kh_printf(" %s ", names.items[i]);
			bool is_linked =
				strstr(linked, word) || (!is_live && strstr(also_linked, word));
			if (is_linked != is_link)
				continue;
			kh_strv_add_owned(&owned, kh_printf("%s/%s", from, names.items[i]));
			argv[count++] = owned.items[owned.count - 1];
		}
		argv[count] = copy->path;
		crash_must(kh_run(&kh_run_system, argv, 60, NULL, &err), &err);
	}
	kh_root_done(&root);
}

static int crash_run_inside(const struct fixture *copy, struct watch *watch, const char *command)
{
	static const char program[] = "/.kvmhost";
	static const char *const apply[] = {program, "apply", "--yes", "--quiet", NULL};
	static const char *const undo[] = {program,   "undo",    "--all", "--yes",
					   "--quiet", "--force", NULL};
	kh_auto(kh_free) char *usr = kh_printf("%s/.host", copy->path);
	if (mount("/usr", usr, NULL, MS_BIND, NULL) != 0)
		fail_msg("mount '%s': %s", usr, strerror(errno));
	watch->chroot = copy->path;
	int status = watch_run(watch, strcmp(command, "apply") == 0 ? apply : undo);
	umount2(usr, MNT_DETACH);
	return status;
}

/* Run "apply" or "undo" on a copy; the exit status is returned, what it said is in watch->output.
 */
static int crash_run(const struct crash_host *host, const struct fixture *copy, struct watch *watch,
		     const char *command)
{
	kh_auto(kh_free) char *config = kh_printf("%s%s", copy->path, crash_config);
	const char *const apply[] = {host->program, "--root", copy->path, "--config", config,
				     "apply",       "--yes",  "--quiet",  NULL};
	const char *const undo[] = {host->program, "--root", copy->path, "undo",
				    "--all",       "--yes",  "--quiet",  NULL};
	watch->root = copy->path;
	if (host->is_live)
		return crash_run_inside(copy, watch, command);
	return watch_run(watch, strcmp(command, "apply") == 0 ? apply : undo);
}

/* ---- the tree as text ---- */

/* Journals differ; artifacts are looked at by digest when they are installed. /proc and /sys are
 * another root's: crash_host_close() looks at them. */
static bool crash_is_left_out(const char *path)
{
	static const char *const out[] = {"/proc",
					  "/sys",
					  "/run",
					  "/.host",
					  "/var/lib/kvmhost/runs",
					  "/var/lib/kvmhost/lock",
					  "/var/cache/kvmhost"};
	for (size_t i = 0; i < KH_COUNT(out); i++)
		if (strcmp(path, out[i]) == 0)
			return true;
	return kh_str_ends(path,
			   ".programs-new"); /* of a program that was killed, not of kvmhost */
}

/* kvmhost's own directories stay after undo; what is in them counts. */
static bool crash_is_own_directory(const char *path)
{
	return kh_str_starts(path, "/var/lib/kvmhost");
}

static void crash_add_entry(const struct fixture *copy, const char *path, struct kh_str *out)
{
	static const char types[] = "?fdlo";
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_file_state_done) struct kh_file_state state = {0};
	if (crash_is_left_out(path))
		return;
	crash_must(kh_file_look_digest(&copy->root, path, &state, &err), &err);
	bool is_dir = state.type == KH_FILE_DIR;
	if (!is_dir || !crash_is_own_directory(path))
		kh_str_addf(out, "%c %04o %u:%u %.16s %s %s\n", types[state.type],
			    (unsigned)state.mode, (unsigned)state.uid, (unsigned)state.gid,
			    state.digest, path, state.target ? state.target : "");
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	if (is_dir)
		kh_root_list(&copy->root, path, &names);
	for (size_t i = 0; i < names.count; i++) {
		kh_auto(kh_free) char *child =
			kh_printf("%s/%s", strcmp(path, "/") == 0 ? "" : path, names.items[i]);
		crash_add_entry(copy, child, out);
	}
}

/* A line per entry: type, mode, owner, digest, path, target; records and other state of kvmhost's
 * own, too.
 */
static char *crash_tree(const struct fixture *copy)
{
	struct kh_str out = {0};
	crash_add_entry(copy, "/", &out);
	return kh_str_take(&out);
}

#endif
