/* engine_host.c - see engine_host.h. */
#include "tests/lib/engine_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/undo.h"
#include "tests/lib/cut.h"

struct engine_host *engine_host_open(void)
{
	struct engine_host *host = kh_alloc(sizeof(*host));
	host->runner.data = host;
	fixture_open_empty(&host->fixture);
	fixture_put(&host->fixture, "/sys/knob", "0\n");
	fixture_put(&host->fixture, "/var/lib/keep", "");
	fixture_put(&host->fixture, "/proc/sys/kernel/random/boot_id", "boot-1\n");
	return host;
}

void engine_host_remember(struct engine_host *host)
{
	free(host->tree);
	host->tree = fixture_tree(&host->fixture);
}

void engine_host_close(struct engine_host *host)
{
	cut_disarm();
	fixture_close(&host->fixture);
	kh_strv_done(&host->ran);
	kh_strv_done(&host->warnings);
	free(host->tree);
	free(host);
}

struct kh_engine engine_host_engine(struct engine_host *host)
{
	return (struct kh_engine){
		.root = &host->fixture.root, .config = &host->config, .runner = &host->runner};
}

enum kh_code engine_host_apply(struct engine_host *host, struct kh_outcome *ret_outcome,
			       char **ret_message)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_outcome_done) struct kh_outcome dropped = {0};
	struct kh_engine engine = engine_host_engine(host);
	int result = kh_engine_apply(&engine, ret_outcome ? ret_outcome : &dropped, &err);
	if (ret_message)
		*ret_message = kh_strdup(err.message);
	return result == 0 ? KH_OK : err.code;
}

static void hear(struct kh_sink *sink, const struct kh_event *event)
{
	if (event->kind == KH_EVENT_WARNING)
		kh_strv_add(sink->data, event->text);
}

enum kh_code engine_host_undo(struct engine_host *host, long long run, bool is_forced,
			      char **ret_message)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct kh_sink sink = {.event = hear, .data = &host->warnings};
	struct kh_undo undo = {.root = &host->fixture.root,
			       .runner = &host->runner,
			       .sink = &sink,
			       .run = run,
			       .is_forced = is_forced};
	size_t count = 0;
	kh_strv_done(&host->warnings);
	int result = kh_undo_apply(&undo, &count, &err);
	if (ret_message)
		*ret_message = kh_strdup(err.message);
	return result == 0 ? KH_OK : err.code;
}

static void apply_child(void *data)
{
	engine_host_apply(data, NULL, NULL);
}

int engine_host_apply_killed(struct engine_host *host, int n)
{
	return cut_run_killed(n, apply_child, host);
}

static void undo_child(void *data)
{
	engine_host_undo(data, -1, false, NULL);
}

int engine_host_undo_killed(struct engine_host *host, int n)
{
	return cut_run_killed(n, undo_child, host);
}

size_t engine_host_pending(struct engine_host *host)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_outcome_done) struct kh_outcome outcome = {0};
	kh_auto(kh_facts_done) struct kh_facts facts = {0};
	struct kh_engine engine = engine_host_engine(host);
	kh_facts_collect(&host->fixture.root, &facts);
	assert_int_equal(kh_engine_plan(&engine, &facts, &outcome, &err), 0);
	return outcome.plan.change_count;
}

void engine_host_assert_original(struct engine_host *host)
{
	kh_auto(kh_free) char *now = fixture_tree(&host->fixture);
	assert_string_equal(now, host->tree);
}

void engine_host_assert_file(struct engine_host *host, const char *path, const char *text)
{
	kh_auto(kh_free) char *now = fixture_get(&host->fixture, path);
	assert_string_equal(now ? now : "(absent)", text);
}
