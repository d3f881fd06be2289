/* cmd_stages.c - kvmhost stages: the stages in order, and what each would touch. */
#include <stdio.h>

#include "cmd/cmd.h"
#include "core/stage.h"

static json_t *stage_json(const struct kh_stage *stage)
{
	json_t *after = json_array();
	for (const char *const *name = stage->after; name && *name; name++)
		json_array_append_new(after, json_string(*name));
	return json_pack("{s:s, s:s, s:s, s:o}", "name", stage->name, "summary", stage->summary,
			 "touches", stage->touches, "after", after);
}

static int run(const struct kh_options *options, struct kh_error *err)
{
	(void)err;
	json_t *list = json_array();
	for (const struct kh_stage *const *stage = kh_stages; *stage; stage++) {
		json_array_append_new(list, stage_json(*stage));
		if (!options->is_json)
			kh_print(stdout, "%-10s %s (touches: %s)\n", (*stage)->name,
				 (*stage)->summary, (*stage)->touches);
	}
	if (options->is_json)
		kh_print_json(list);
	else
		json_decref(list);
	return 0;
}

const struct kh_command kh_command_stages = {
	.name = "stages",
	.arguments = "",
	.summary = "the stages in order, and what each would touch",
	.options = KH_OPTION_JSON,
	.run = run,
};
