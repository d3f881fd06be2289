/* cmd_undo.c - kvmhost undo: put back the last run, everything back to before one, or all. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/stop.h"
#include "core/undo.h"

static int choose_run(const struct kh_options *options, long long *ret_run, struct kh_error *err)
{
	*ret_run = options->is_all ? -1 : 0;
	if (options->arguments.count == 0)
		return 0;
	if (options->arguments.count > 1 || options->is_all)
		return kh_fail(err, KH_USAGE, 0, "undo takes one run, or --all");
	*ret_run = kh_str_number(options->arguments.items[0]);
	if (*ret_run > 0)
		return 0;
	kh_fail(err, KH_USAGE, 0, "'%s' is not the number of a run", options->arguments.items[0]);
	return kh_hint(err, "'kvmhost history' lists the runs");
}

/* Returns 1 to go on, 0 when there is nothing to put back or the answer is no. */
static int show_and_ask(const struct kh_options *options, const struct kh_strv *lines)
{
	if (lines->count == 0) {
		kh_print(stdout, "nothing to put back\n");
		return 0;
	}
	if (options->is_yes || !kh_is_terminal())
		return 1;
	for (size_t i = 0; i < lines->count; i++)
		kh_print(stdout, "%s\n", lines->items[i]);
	if (kh_ask("Put these back?"))
		return 1;
	kh_print(stdout, "nothing was changed\n");
	return 0;
}

static json_t *result_json(const struct kh_strv *lines, size_t count, bool needs_reboot,
			   const struct kh_error *error)
{
	json_t *changes = json_array();
	for (size_t i = 0; i < lines->count; i++)
		json_array_append_new(changes, kh_json_text(lines->items[i]));
	return json_pack("{s:o, s:I, s:b, s:o}", "changes", changes, "done", (json_int_t)count,
			 "reboot", (int)needs_reboot, "error", kh_json_text(error->message));
}

static void print_result(size_t count, bool needs_reboot)
{
	kh_print(stdout, "%zu change%s put back\n", count, count == 1 ? "" : "s");
	if (needs_reboot)
		kh_print(stdout,
			 "what the last boot made of them (kernel arguments, bridge, mounts) stays "
			 "until the next: reboot to be as before\n");
}

static int put_back(const struct kh_options *options, const struct kh_undo *undo,
		    struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	size_t count = 0;
	if (kh_undo_plan(undo, &lines, err) != 0)
		return -1;
	if (!options->is_json && !show_and_ask(options, &lines))
		return 0;
	kh_auto(kh_strv_done) struct kh_strv arguments = {0};
	kh_undo_remember(undo->root, &arguments);
	int result = lines.count > 0 ? kh_undo_apply(undo, &count, err) : 0;
	if (result == 0)
		kh_undo_tell_left(undo->root, &arguments, undo->sink);
	bool needs_reboot = count > 0 && undo->root->is_live;
	kh_sink_end(undo->sink);
	if (options->is_json)
		kh_print_json(result_json(&lines, count, needs_reboot, err));
	else if (result == 0)
		print_result(count, needs_reboot);
	return result;
}

static int run(const struct kh_options *options, struct kh_error *err)
{
	kh_auto(kh_root_done) struct kh_root root = KH_ROOT_INIT;
	kh_auto(kh_lock_done) struct kh_lock lock = KH_LOCK_INIT;
	struct kh_sink sink = kh_sink_lines(options);
	struct kh_undo undo = {.root = &root,
			       .runner = &kh_run_system,
			       .sink = &sink,
			       .is_forced = options->is_forced};
	if (choose_run(options, &undo.run, err) != 0 ||
	    kh_root_open(options->root, &root, err) != 0)
		return -1;
	if (root.is_live && geteuid() != 0) {
		kh_fail(err, KH_HOST, 0, "undo: root rights are needed to change this host");
		return kh_hint(err, "run 'sudo kvmhost undo'");
	}
	if (kh_lock_take(&root, "undo", &lock, err) != 0)
		return -1;
	signal(SIGHUP, SIG_IGN); /* as in apply */
	kh_stop_watch();
	return put_back(options, &undo, err);
}

const struct kh_command kh_command_undo = {
	.name = "undo",
	.arguments = "[RUN]",
	.summary = "put back the last run, everything back to before RUN, or --all",
	.options = KH_OPTION_JSON | KH_OPTION_YES | KH_OPTION_FORCE | KH_OPTION_ALL,
	.run = run,
};
