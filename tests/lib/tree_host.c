/* tree_host.c - see tree_host.h. */
#include "tests/lib/tree_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/installed.h"

struct tree_wish tree_wish;
const char tree_first[] = "1111111111111111111111111111111111111111111111111111111111111111";
const char tree_second[] = "2222222222222222222222222222222222222222222222222222222222222222";
const char tree_store[] = "/var/cache/kvmhost";

static int plan(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	kh_auto(kh_artifact_done) struct kh_artifact artifact = {0};
	if (tree_wish.file &&
	    kh_plan_put_file(plan, tree_wish.file, "the stage's\n", 0, "its own", err) != 0)
		return -1;
	if (tree_wish.is_uninstall)
		return kh_plan_uninstall(plan, "tool", "not wanted any more", err);
	if (!tree_wish.key)
		return 0;
	if (kh_store_find(context->root, tree_store, tree_wish.key, &artifact) != 0)
		return kh_fail(err, KH_HOST, 0, "no artifact '%s'", tree_wish.key);
	return kh_plan_install(plan, "tool", &artifact, "the program that was built", err);
}

const struct kh_stage tree_host_stage = {
	.name = "installer", .phase = KH_PHASE_INSTALL, .plan = plan};

/* ---- artifacts ---- */

char *tree_host_begin(struct engine_host *host, const char *key)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	char *tree = NULL;
	assert_int_equal(kh_store_begin(&host->fixture.root, tree_store, key, &tree, &err), 0);
	return tree;
}

void tree_host_publish(struct engine_host *host, const char *key)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	json_t *manifest = json_pack("{s:s, s:{s:s}}", "program", "tool", "wanted", "version",
				     strcmp(key, tree_first) == 0 ? "1.0" : "2.0");
	assert_int_equal(kh_store_publish(&host->fixture.root, tree_store, key, manifest, &err), 0);
}

void tree_host_put(struct engine_host *host, const char *tree, const char *name, const char *text,
		   mode_t mode)
{
	kh_auto(kh_free) char *path = kh_printf("%s%s", tree, name);
	fixture_put_mode(&host->fixture, path, text, mode);
}

static void put_link(struct engine_host *host, const char *tree, const char *name,
		     const char *target)
{
	kh_auto(kh_free) char *path = kh_printf("%s%s", tree, name);
	fixture_link(&host->fixture, path, target);
}

static void make_first(struct engine_host *host)
{
	kh_auto(kh_free) char *tree = tree_host_begin(host, tree_first);
	tree_host_put(host, tree, "/usr/local/bin/tool", "the first\n", 0755);
	tree_host_put(host, tree, "/usr/local/bin/same", "as it should be\n", 0755);
	tree_host_put(host, tree, "/usr/local/bin/mode", "its mode is wrong\n", 0755);
	tree_host_put(host, tree, "/usr/local/share/tool/data", "data of the first\n", 0644);
	tree_host_put(host, tree, "/usr/local/share/tool/deep/only-first", "x\n", 0600);
	tree_host_put(host, tree, "/lib/tool/plugin", "plugin\n", 0644);
	put_link(host, tree, "/usr/local/bin/alias", "tool");
	put_link(host, tree, "/usr/local/share/tool/deep/link", "only-first");
	tree_host_publish(host, tree_first);
}

static void make_second(struct engine_host *host)
{
	kh_auto(kh_free) char *tree = tree_host_begin(host, tree_second);
	tree_host_put(host, tree, "/usr/local/bin/tool", "the second\n", 0755);
	tree_host_put(host, tree, "/usr/local/bin/same", "as it should be\n", 0755);
	tree_host_put(host, tree, "/usr/local/bin/mode", "its mode is wrong\n", 0750);
	tree_host_put(host, tree, "/usr/local/bin/alias", "a file now\n", 0755);
	tree_host_put(host, tree, "/usr/local/share/tool/data", "data of the first\n", 0644);
	tree_host_put(host, tree, "/usr/local/share/tool/new/only-second", "y\n", 0644);
	put_link(host, tree, "/usr/local/share/tool/new/link", "only-second");
	tree_host_publish(host, tree_second);
}

/* ---- the host ---- */

static int run_nothing(struct kh_runner *runner, const char *const *argv, unsigned timeout_s,
		       struct kh_run_result *ret_result, struct kh_error *err)
{
	(void)runner;
	(void)argv;
	(void)timeout_s;
	(void)ret_result;
	return kh_fail(err, KH_PROGRAM, 0, "no program is run here");
}

struct engine_host *tree_host_open(void)
{
	struct engine_host *host = engine_host_open();
	host->runner.run = run_nothing;
	tree_wish = (struct tree_wish){.key = tree_first};
	fixture_put_mode(&host->fixture, "/usr/local/bin/tool", "somebody's\n", 0700);
	fixture_put_mode(&host->fixture, "/usr/local/bin/same", "as it should be\n", 0755);
	fixture_put_mode(&host->fixture, "/usr/local/bin/mode", "its mode is wrong\n", 0644);
	fixture_put(&host->fixture, "/usr/local/bin/other", "not ours\n");
	fixture_link(&host->fixture, "/usr/local/bin/alias", "other");
	fixture_put(&host->fixture, "/usr/lib/keep", "");
	fixture_link(&host->fixture, "/lib", "usr/lib");
	make_first(host);
	make_second(host);
	engine_host_remember(host);
	return host;
}

char *tree_host_refusal(struct engine_host *host)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_outcome_done) struct kh_outcome outcome = {0};
	kh_auto(kh_facts_done) struct kh_facts facts = {0};
	struct kh_engine engine = engine_host_engine(host);
	assert_int_equal(kh_engine_plan(&engine, &facts, &outcome, &err), 0);
	return kh_strdup(outcome.refusal_count > 0 ? outcome.refusals[0].error.message : "");
}
