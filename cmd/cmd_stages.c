/* cmd_stages.c - kvmhost stages: the stages in order, and what each would touch. */
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "core/base/mem.h"
#include "core/base/wrap.h"
#include "core/stage.h"

static json_t *stage_json(const struct kh_stage *stage)
{
	json_t *after = json_array();
	for (const char *const *name = stage->after; name && *name; name++)
		json_array_append_new(after, json_string(*name));
	return json_pack("{s:s, s:s, s:s, s:o}", "name", stage->name, "summary", stage->summary,
			 "touches", stage->touches, "after", after);
}

/* One a line for programs: only on a terminal long ones are broken. */
static void print_stage(const struct kh_stage *stage)
{
	enum { COLUMN = 11 };
	size_t width = isatty(STDOUT_FILENO) ? kh_text_width() : SIZE_MAX;
	kh_auto(kh_free) char *text = kh_printf("%s (touches: %s)", stage->summary, stage->touches);
	kh_auto(kh_str_done) struct kh_str item = {0};
	kh_wrap_item(&item, stage->name, COLUMN, text, width);
	kh_print(stdout, "%s", kh_str_text(&item));
}

static int run(const struct kh_options *options, struct kh_error *err)
{
	(void)err;
	json_t *list = json_array();
	for (const struct kh_stage *const *stage = kh_stages; *stage; stage++) {
		json_array_append_new(list, stage_json(*stage));
		if (!options->is_json)
			print_stage(*stage);
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
