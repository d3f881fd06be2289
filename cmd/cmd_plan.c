/* cmd_plan.c - kvmhost plan: every pending change, with its reason; changes nothing. */
#include <stdio.h>

#include "cmd/cmd.h"
#include "core/base/mem.h"

static void print_plan(const struct kh_options *options, const struct kh_outcome *outcome)
{
	size_t count = outcome->plan.change_count;
	if (options->is_json) {
		json_t *document = kh_plan_json(&outcome->plan);
		json_object_set_new(document, "summary", kh_plan_summary_json(&outcome->plan));
		json_object_set_new(document, "refusals", kh_refusals_json(outcome));
		kh_print_json(document);
		return;
	}
	if (options->wants_stat)
		kh_print_plan_stat(&outcome->plan);
	else
		kh_print_plan(&outcome->plan);
	kh_auto(kh_free) char *summary = kh_plan_summary(&outcome->plan);
	if (count == 0)
		kh_print(stdout, "%s\n",
			 outcome->refusal_count > 0 ? "nothing planned" : "nothing to do");
	else
		kh_print(stdout, "%s\n", summary);
}

static int run(const struct kh_options *options, struct kh_error *err)
{
	kh_auto(kh_session_done) struct kh_session session = {.root = KH_ROOT_INIT};
	if (kh_session_open(options, true, &session, err) != 0)
		return -1;
	kh_print_unfinished(&session.root);
	struct kh_engine engine = {
		.root = &session.root, .config = &session.config, .chosen = &options->arguments};
	kh_auto(kh_outcome_done) struct kh_outcome outcome = {0};
	if (kh_engine_plan(&engine, &session.facts, &outcome, err) != 0)
		return -1;
	print_plan(options, &outcome);
	kh_print_settled(options, &outcome);
	kh_print_refusals(&outcome);
	enum kh_code code = kh_outcome_code(&outcome);
	if (code != KH_OK)
		return (int)code;
	if (!options->wants_exit_code)
		return KH_OK;
	if (outcome.plan.change_count > 0)
		return KH_FINDINGS;
	/* What could not be seen may be pending: "none" would be a guess. */
	return outcome.refusal_count > 0 ? KH_SYSTEM : KH_OK;
}

const struct kh_command kh_command_plan = {
	.name = "plan",
	.arguments = "[STAGE...]",
	.summary = "every pending change with its reason; changes nothing",
	.options = KH_OPTION_JSON | KH_OPTION_EXIT_CODE | KH_OPTION_STAT,
	.takes_stages = true,
	.run = run,
};
