/* cmd_facts.c - kvmhost facts: what is known about the host. */
#include <stdio.h>
#include <stdlib.h>

#include "cmd/cmd.h"
#include "core/base/mem.h"

/* "memory.nodes.0.cpulist: 0-3": one line per fact, in the order they were collected. */
static void print_flat(const char *prefix, const json_t *value)
{
	const char *key;
	json_t *item;
	size_t index;
	const char *dot = *prefix ? "." : "";
	if (json_is_object(value)) {
		json_object_foreach((json_t *)(uintptr_t)value, key, item)
		{
			kh_auto(kh_free) char *path = kh_printf("%s%s%s", prefix, dot, key);
			print_flat(path, item);
		}
	} else if (json_is_array(value) && json_array_size(value) > 0 &&
		   !json_is_object(json_array_get(value, 0))) {
		kh_print(stdout, "%s:", prefix);
		json_array_foreach(value, index, item)
		{
			kh_auto(kh_free) char *text = json_dumps(item, JSON_ENCODE_ANY);
			kh_print(stdout, " %s",
				 json_is_string(item) ? json_string_value(item) : text);
		}
		printf("\n");
	} else if (json_is_array(value)) {
		json_array_foreach(value, index, item)
		{
			kh_auto(kh_free) char *path = kh_printf("%s%s%zu", prefix, dot, index);
			print_flat(path, item);
		}
	} else if (!json_is_null(value)) {
		kh_auto(kh_free) char *text = json_dumps(value, JSON_ENCODE_ANY);
		kh_print(stdout, "%s: %s\n", prefix,
			 json_is_string(value) ? json_string_value(value) : text);
	}
}

static int run(const struct kh_options *options, struct kh_error *err)
{
	kh_auto(kh_session_done) struct kh_session session = {.root = KH_ROOT_INIT};
	if (kh_session_open(options, true, &session, err) != 0)
		return -1;
	json_t *facts = kh_facts_json(&session.facts);
	if (options->is_json) {
		kh_print_json(facts);
		return 0;
	}
	print_flat("", facts);
	json_decref(facts);
	return 0;
}

const struct kh_command kh_command_facts = {
	.name = "facts",
	.arguments = "",
	.summary = "what is known about the host",
	.options = KH_OPTION_JSON,
	.run = run,
};
