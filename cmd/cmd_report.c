/* cmd_report.c - kvmhost report: is the host ready? */
#include <stdio.h>

#include "cmd/cmd.h"
#include "core/base/lock.h"
#include "core/base/mem.h"
#include "platform/deep.h"

/* An interrupted run belongs in the report: the host is neither as before nor as wanted. */
static void add_history_check(const struct kh_root *root, struct kh_report *report)
{
	kh_auto(kh_error_done) struct kh_error error = KH_ERROR_INIT;
	kh_auto(kh_history_done) struct kh_history history = {0};
	struct kh_check_text text = {
		.expected = "no interrupted run",
		.why = "an interrupted run leaves the host between two states"};
	if (kh_history_read(root, &history, &error) != 0) {
		text.found = error.message;
		text.fix = "run the report as root";
		kh_report_add(report, "kvmhost.runs", KH_SKIP, &text);
		return;
	}
	const struct kh_run_record *run = kh_history_unfinished(&history, 0);
	kh_auto(kh_free) char *holder = NULL;
	if (run && kh_lock_is_held(root, &holder)) {
		kh_auto(kh_free) char *now =
			kh_printf("run %lld is under way: %s", run->id, holder);
		text.found = now;
		text.fix = "look again when it has ended";
		kh_report_add(report, "kvmhost.runs", KH_WARN, &text);
		return;
	}
	kh_auto(kh_free) char *found =
		run ? kh_printf("run %lld: %s", run->id, kh_run_state_name(run->state)) : NULL;
	text.found = run ? found : "no interrupted run";
	text.fix = run ? "'kvmhost apply' finishes it, 'kvmhost undo' reverts it" : NULL;
	kh_report_add(report, "kvmhost.runs", run ? KH_WARN : KH_PASS, &text);
}

/* A guest that boots, now (--deep) or the last time; part of what libvirt's stage is for. */
static int add_guest_check(const struct kh_options *options, const struct kh_session *session,
			   struct kh_report *report, struct kh_error *err)
{
	const struct kh_context context = {
		.config = &session->config, .facts = &session->facts, .root = &session->root};
	kh_auto(kh_free) char *reason = NULL;
	if (options->arguments.count > 0 && !kh_strv_has(&options->arguments, "libvirt"))
		return 0;
	if (options->is_deep && kh_deep_run(&context, &kh_run_system, &reason, err) < 0)
		return -1;
	kh_deep_check(&context, reason, report);
	return 0;
}

/* A report of some stages says nothing of the others: whoever reads the verdict has to know. */
static json_t *document(const struct kh_options *options, const struct kh_report *report,
			const char *host)
{
	json_t *object = kh_report_json(report, host);
	json_t *stages = json_array();
	for (size_t i = 0; i < options->arguments.count; i++)
		json_array_append_new(stages, json_string(options->arguments.items[i]));
	if (options->arguments.count > 0)
		json_object_set(object, "stages", stages);
	json_decref(stages);
	return object;
}

static void print_text(const struct kh_options *options, const struct kh_report *report,
		       const char *host)
{
	kh_auto(kh_free) char *text =
		kh_report_text(report, host, kh_wants_color(), !options->is_quiet);
	kh_auto(kh_free) char *stages = kh_strv_join(&options->arguments, ", ");
	kh_print(stdout, "%s", text);
	if (*stages)
		printf("(as far as these stages go, others were not looked at: %s)\n", stages);
}

static int run(const struct kh_options *options, struct kh_error *err)
{
	kh_auto(kh_session_done) struct kh_session session = {.root = KH_ROOT_INIT};
	kh_auto(kh_report_done) struct kh_report report = {0};
	if (kh_session_open(options, true, &session, err) != 0)
		return -1;
	struct kh_engine engine = {
		.root = &session.root, .config = &session.config, .chosen = &options->arguments};
	if (kh_engine_report(&engine, &session.facts, &report, err) != 0)
		return -1;
	if (add_guest_check(options, &session, &report, err) != 0)
		return -1;
	add_history_check(&session.root, &report);
	if (options->arguments.count == 0) /* of all stages: what is required must be among them */
		kh_report_add_missing(&report);
	const char *host = session.facts.os.hostname;
	if (options->is_json)
		kh_print_json(document(options, &report, host));
	else
		print_text(options, &report, host);
	return kh_report_is_ready(&report) ? KH_OK : KH_FINDINGS;
}

const struct kh_command kh_command_report = {
	.name = "report",
	.arguments = "[STAGE...]",
	.summary = "the readiness report; exit 0 ready, 1 not ready",
	.options = KH_OPTION_JSON | KH_OPTION_DEEP,
	.takes_stages = true,
	.run = run,
};
