/* cmd_report.c - kvmhost report: is the host ready? */
#include <string.h>
#include <time.h>

#include "cmd/report.h"
#include "core/base/json.h"
#include "core/base/lock.h"
#include "core/base/mem.h"
#include "core/base/translate.h"
#include "core/base/wrap.h"
#include "core/report_compare.h"
#include "core/report_read.h"
#include "core/report_view.h"
#include "core/safe_text.h"
#include "platform/deep.h"

enum format { TEXT, PLAIN, JSON, HTML, JUNIT, PROMETHEUS, FORMAT_COUNT };
const char *const kh_report_formats[] = {"text",  "plain",      "json", "html",
					 "junit", "prometheus", NULL};

/* What a report is made of. */
struct work {
	const struct kh_options *options;
	enum format format;
	struct kh_session session;
	struct kh_report report;
	json_t *previous; /* an earlier report, or NULL */
	time_t now;
};

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
	report->stage = "libvirt";
	if (options->is_deep && kh_deep_run(&context, &kh_run_system, &reason, err) < 0)
		return -1;
	kh_deep_check(&context, reason, report);
	report->stage = NULL;
	return 0;
}

static char *time_text(time_t now)
{
	struct tm utc;
	char text[32] = "";
	if (gmtime_r(&now, &utc))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
	return kh_strdup(text);
}

static json_t *previous_json(const struct work *work, const json_t *document)
{
	const json_t *const both[] = {work->previous, document};
	json_t *stages = kh_report_common_stages(both, KH_COUNT(both));
	json_t *previous =
		json_pack("{s:o,s:o,s:o,s:o}", "file", kh_json_text(work->options->previous),
			  "time", kh_json_text(kh_report_text_at(work->previous, "time")), "host",
			  kh_json_text(kh_json_get(work->previous, "host")), "changes",
			  kh_report_changes(work->previous, document));
	if (stages)
		json_object_set_new(previous, "stages", stages);
	return previous;
}

/* A report of some stages says nothing of the others: whoever reads the verdict has to know. */
static json_t *document_of(const struct work *work)
{
	const struct kh_strv *chosen = &work->options->arguments;
	json_t *object = kh_report_json(&work->report, work->session.facts.os.hostname);
	json_t *stages = json_array();
	kh_auto(kh_free) char *now = time_text(work->now);
	for (size_t i = 0; i < chosen->count; i++)
		json_array_append_new(stages, json_string(chosen->items[i]));
	if (chosen->count > 0)
		json_object_set(object, "stages", stages);
	json_decref(stages);
	json_object_set_new(object, "kvmhost", json_string(KH_VERSION));
	json_object_set_new(object, "time", json_string(now));
	json_object_set_new(object, "machine", kh_report_machine(&work->session));
	if (work->previous)
		json_object_set_new(object, "previous", previous_json(work, object));
	return object;
}

/* ---- the forms ---- */

static void add_changes(const struct work *work, struct kh_str *out, bool is_utf8)
{
	json_t *document = document_of(work), *change;
	const json_t *previous = json_object_get(document, "previous");
	const char *time = kh_report_text_at(previous, "time");
	const char *arrow = is_utf8 ? "→" : "->";
	size_t index;
	kh_auto(kh_free) char *file = kh_safe_line(work->options->previous, is_utf8);
	kh_auto(kh_free) char *scope = kh_report_scope_text(json_object_get(previous, "stages"));
	kh_auto(kh_free) char *when = kh_safe_line(time ? time : "an unknown time", is_utf8);
	kh_str_addf(out, "Since %s (%s)\n", file, when);
	if (strcmp(kh_json_get(previous, "host"), kh_json_get(document, "host")) != 0)
		kh_str_addf(out, "  this was another host's report\n");
	if (scope)
		kh_str_addf(out, "  %s\n", scope);
	json_array_foreach(json_object_get(previous, "changes"), index, change)
	{
		const char *before = kh_report_text_at(change, "before");
		const char *now = kh_report_text_at(change, "now");
		kh_auto(kh_free) char *line =
			kh_printf("%s: %s %s %s", kh_json_get(change, "what"),
				  before ? before : "(absent)", arrow, now ? now : "(absent)");
		kh_auto(kh_free) char *safe = kh_safe_line(line, is_utf8);
		kh_str_addf(out, "  %s\n", safe);
	}
	if (index == 0)
		kh_str_add(out, "  nothing changed\n");
	kh_str_add(out, "\n");
	json_decref(document);
}

static char *text_form(const struct work *work)
{
	const struct kh_options *options = work->options;
	const struct kh_report_style style = {
		.has_color = !options->output && kh_wants_color(),
		.is_utf8 = kh_wants_utf8(),
		.has_all = options->is_verbose,
		.is_brief = options->is_quiet,
		.width = kh_text_width(),
	};
	kh_auto(kh_str_done) struct kh_str extra = {0};
	kh_auto(kh_free) char *stages = kh_strv_join(&options->arguments, ", ");
	if (work->previous)
		add_changes(work, &extra, style.is_utf8);
	kh_auto(kh_free) char *limits =
		kh_printf("as far as these stages go, others were not looked at: %s", stages);
	if (*stages) {
		kh_wrap_line(&extra, limits, "  ", style.width);
		kh_str_add(&extra, "\n");
	}
	kh_auto(kh_free) char *text = kh_report_text(&work->report, work->session.facts.os.hostname,
						     kh_str_text(&extra), &style);
	return kh_clean(kh_translated(text), style.has_color);
}

static char *json_form(const struct work *work)
{
	json_t *document = document_of(work);
	kh_auto(kh_free) char *text = json_dumps(document, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	json_decref(document);
	return kh_printf("%s\n", text);
}

static char *html_form(const struct work *work)
{
	json_t *document = document_of(work);
	kh_auto(kh_free) char *page = kh_report_html(document);
	json_decref(document);
	return kh_strdup(kh_translated(page));
}

static char *form_of(const struct work *work)
{
	const char *host = work->session.facts.os.hostname;
	switch (work->format) {
	case TEXT:
	case FORMAT_COUNT:
		break;
	case PLAIN:
		return kh_report_plain(&work->report, host, !work->options->is_quiet);
	case JSON:
		return json_form(work);
	case HTML:
		return html_form(work);
	case JUNIT:
		return kh_report_junit(&work->report, host, work->now);
	case PROMETHEUS:
		return kh_report_prometheus(&work->report, KH_VERSION, work->now);
	}
	return text_form(work);
}

/* ---- the command ---- */

static int choose_format(const struct kh_options *options, enum format *ret_format,
			 struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv known = {0};
	const char *wanted = options->format ? options->format : options->is_json ? "json" : "text";
	if (options->is_json && strcmp(wanted, "json") != 0)
		return kh_fail(err, KH_USAGE, 0, "'--json' and '--format %s' exclude each other",
			       wanted);
	for (int i = 0; i < FORMAT_COUNT; i++) {
		*ret_format = (enum format)i;
		if (strcmp(kh_report_formats[i], wanted) == 0)
			return 0;
		kh_strv_add(&known, kh_report_formats[i]);
	}
	return kh_options_unknown(kh_printf("unknown format '%s'", wanted), wanted, &known, err);
}

static bool shows_changes(enum format format)
{
	return format == TEXT || format == JSON || format == HTML;
}

static int open_work(struct work *work, struct kh_error *err)
{
	const char *previous = work->options->previous, *output = work->options->output;
	if (output && !*output)
		return kh_fail(err, KH_USAGE, 0, "'--output' takes the name of a file, not ''");
	if (choose_format(work->options, &work->format, err) != 0)
		return -1;
	if (previous && !shows_changes(work->format))
		return kh_fail(err, KH_USAGE, 0, "'--format %s' has no place for '--previous'",
			       kh_report_formats[work->format]);
	if (previous && kh_report_read(previous, &work->previous, err) != 0)
		return -1;
	return kh_session_open(work->options, true, &work->session, err);
}

static int fill(struct work *work, struct kh_error *err)
{
	struct kh_engine engine = {.root = &work->session.root,
				   .config = &work->session.config,
				   .chosen = &work->options->arguments};
	if (kh_engine_report(&engine, &work->session.facts, &work->report, err) != 0 ||
	    add_guest_check(work->options, &work->session, &work->report, err) != 0)
		return -1;
	add_history_check(&work->session.root, &work->report);
	if (engine.chosen->count == 0) /* of all stages: what is required must be among them */
		kh_report_add_missing(&work->report);
	return 0;
}

static void work_done(struct work *work)
{
	json_decref(work->previous);
	kh_report_done(&work->report);
	kh_session_done(&work->session);
}

static int run(const struct kh_options *options, struct kh_error *err)
{
	kh_auto(work_done) struct work work = {
		.options = options, .session = {.root = KH_ROOT_INIT}, .now = time(NULL)};
	if (open_work(&work, err) != 0 || fill(&work, err) != 0)
		return -1;
	kh_auto(kh_free) char *text = form_of(&work);
	if (kh_report_put(options->output, text, err) != 0)
		return -1;
	return kh_report_is_ready(&work.report) ? KH_OK : KH_FINDINGS;
}

const struct kh_command kh_command_report = {
	.name = "report",
	.arguments = "[STAGE...]",
	.summary = "the readiness report; exit 0 ready, 1 not ready",
	.options = KH_OPTION_JSON | KH_OPTION_DEEP | KH_OPTION_REPORT,
	.takes_stages = true,
	.run = run,
};
