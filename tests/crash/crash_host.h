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

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/run.h"
#include "core/store.h"
#include "platform/recipe.h"
#include "tests/lib/stage_host.h"
#include "tests/lib/watch.h"

struct crash_host {
	struct stage_host base; /* its fixture is the host before kvmhost came */
	char *program;          /* host path */
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
}

static void crash_host_close(struct crash_host *host)
{
	stage_host_close(&host->base);
	kh_free(&host->program);
}

/* ---- copies ---- */

static void crash_copy(struct fixture *copy, const char *from)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *all = kh_printf("%s/.", from);
	fixture_open_empty(copy);
	const char *const argv[] = {"cp", "-a", all, copy->path, NULL};
	crash_must(kh_run(&kh_run_system, argv, 60, NULL, &err), &err);
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
	return watch_run(watch, strcmp(command, "apply") == 0 ? apply : undo);
}

/* What of kvmhost's own state later runs read, the journals left out: records, arguments, guard. */
static void crash_add_state(const struct fixture *copy, const char *path, struct kh_str *out)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_root_list(&copy->root, path, &names);
	for (size_t i = 0; i < names.count; i++) {
		kh_auto(kh_free) char *child = kh_printf("%s/%s", path, names.items[i]);
		if (kh_str_ends(child, "/kvmhost/runs") || kh_str_ends(child, "/kvmhost/lock"))
			continue;
		if (kh_root_is_dir(&copy->root, child)) {
			crash_add_state(copy, child, out);
			continue;
		}
		kh_auto(kh_free) char *text = kh_root_text(&copy->root, child);
		char digest[KH_DIGEST_SIZE];
		kh_digest_bytes(text ? text : "", text ? strlen(text) : 0, digest);
		kh_str_addf(out, "%s %s\n", child, digest);
	}
}

static char *crash_tree(const struct fixture *copy)
{
	kh_auto(kh_free) char *tree = fixture_tree(copy);
	struct kh_str out = {0};
	kh_str_add(&out, tree);
	crash_add_state(copy, "/var/lib/kvmhost", &out);
	return kh_str_take(&out);
}

#endif
