/* stage_host.c - see stage_host.h. */
#include "tests/lib/stage_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/perform.h"

static void must(const struct stage_host *host, int result, const char *what)
{
	if (result == 0)
		return;
	fprintf(stderr, "stage_host: %s: %s\n", what, host->err.message);
	abort();
}

static void collect(struct stage_host *host)
{
	const struct kh_root *root = &host->fixture.root;
	kh_facts_os_collect(root, &host->facts.os);
	kh_facts_cpu_collect(root, &host->facts.cpu);
	kh_facts_memory_collect(root, &host->facts.memory);
	kh_facts_net_collect(root, &host->facts.net);
	kh_facts_disk_collect(root, &host->facts.disk);
}

static void forget(struct stage_host *host)
{
	kh_facts_os_done(&host->facts.os);
	kh_facts_cpu_done(&host->facts.cpu);
	kh_facts_memory_done(&host->facts.memory);
	kh_facts_net_done(&host->facts.net);
	kh_facts_disk_done(&host->facts.disk);
	kh_config_done(&host->config);
}

static void load(struct stage_host *host, const char *yaml)
{
	must(host,
	     kh_config_load_text("test.yaml", yaml, strlen(yaml), NULL, &host->config, &host->err),
	     "configuration");
	collect(host);
	host->context = (struct kh_context){
		.config = &host->config, .facts = &host->facts, .root = &host->fixture.root};
}

void stage_host_open(struct stage_host *host, const char *root, const char *yaml)
{
	memset(host, 0, sizeof(*host));
	if (root)
		fixture_open(&host->fixture, root);
	else
		fixture_open_empty(&host->fixture);
	load(host, yaml);
}

void stage_host_configure(struct stage_host *host, const char *yaml)
{
	forget(host);
	load(host, yaml);
}

void stage_host_close(struct stage_host *host)
{
	kh_plan_done(&host->plan);
	kh_report_done(&host->report);
	kh_error_done(&host->err);
	forget(host);
	free(host->text);
	fixture_close(&host->fixture);
}

const char *stage_host_plan(struct stage_host *host, const struct kh_stage *stage)
{
	kh_plan_done(&host->plan);
	kh_error_done(&host->err);
	kh_free(&host->text);
	kh_plan_init(&host->plan, &host->fixture.root);
	host->plan.stage = stage->name;
	if (stage->plan(&host->context, &host->plan, &host->err) != 0)
		return NULL;
	host->text = kh_plan_text(&host->plan);
	return host->text;
}

static bool is_file(const struct kh_change *change)
{
	return change->kind == KH_CHANGE_PUT_FILE || change->kind == KH_CHANGE_REMOVE_FILE ||
	       change->kind == KH_CHANGE_MAKE_DIR || change->kind == KH_CHANGE_LINK;
}

void stage_host_apply(struct stage_host *host)
{
	for (size_t i = 0; i < host->plan.change_count; i++) {
		json_t *details = NULL;
		kh_auto(kh_free) char *warning = NULL;
		if (!is_file(&host->plan.changes[i]))
			continue;
		must(host,
		     kh_perform(&host->fixture.root, &kh_run_system, &host->plan.changes[i],
				&details, &warning, &host->err),
		     "apply");
		json_decref(details);
	}
}

void stage_host_check(struct stage_host *host, const struct kh_stage *stage)
{
	kh_report_done(&host->report);
	host->report = (struct kh_report){.require = &host->config.report.require};
	must(host, stage->check(&host->context, &host->report, &host->err), "check");
}

const char *stage_host_status(const struct stage_host *host, const char *id)
{
	const struct kh_check *check = kh_report_find(&host->report, id);
	return check ? kh_status_name(check->status) : "none";
}

void expect_text(const char *text, const char *part)
{
	assert_non_null(text);
	if (!strstr(text, part))
		fail_msg("no '%s' in:\n%s", part, text);
}

void expect_no_text(const char *text, const char *part)
{
	assert_non_null(text);
	if (strstr(text, part))
		fail_msg("'%s' in:\n%s", part, text);
}
