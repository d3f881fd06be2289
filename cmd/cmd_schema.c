/* cmd_schema.c - kvmhost schema: JSON Schemas of the report and of the configuration. */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "core/base/mem.h"
#include "core/config_help.h"
#include "core/report_view.h"

static int run(const struct kh_options *options, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv known = {0};
	kh_strv_add(&known, "report");
	kh_strv_add(&known, "config");
	if (options->arguments.count != 1) {
		kh_fail(err, KH_USAGE, 0, "'kvmhost schema' takes one argument");
		return kh_hint(err, "'kvmhost schema report' or 'kvmhost schema config'");
	}
	const char *of = options->arguments.items[0];
	if (!kh_strv_has(&known, of))
		return kh_options_unknown(kh_printf("unknown schema '%s'", of), of, &known, err);
	kh_auto(kh_free) char *text =
		strcmp(of, "report") == 0 ? kh_report_schema_json() : kh_config_schema_json();
	fputs(text, stdout);
	return 0;
}

const struct kh_command kh_command_schema = {
	.name = "schema",
	.arguments = "report|config",
	.summary = "the JSON Schema of the report or of the configuration",
	.run = run,
};
