/* cmd_compare.c - kvmhost compare: what differs between hosts, and can guests move? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/translate.h"
#include "core/base/wrap.h"
#include "core/report_compare.h"
#include "core/report_read.h"
#include "core/safe_text.h"

struct reports {
	struct kh_compared *items;
	struct kh_strv labels;
	size_t count;
};

static void reports_done(struct reports *reports)
{
	for (size_t i = 0; i < reports->count; i++)
		json_decref((json_t *)(uintptr_t)reports->items[i].document);
	free(reports->items);
	kh_strv_done(&reports->labels);
}

static bool is_unique(const struct reports *reports, size_t index)
{
	const char *host = kh_json_get(reports->items[index].document, "host");
	for (size_t i = 0; i < reports->count; i++)
		if (i != index &&
		    strcmp(kh_json_get(reports->items[i].document, "host"), host) == 0)
			return false;
	return *host != '\0';
}

/* Hosts go by their names, and where these are the same by their files as well. */
static void set_labels(struct reports *reports, const struct kh_strv *files)
{
	for (size_t i = 0; i < reports->count; i++) {
		const char *host = kh_json_get(reports->items[i].document, "host");
		if (is_unique(reports, i))
			kh_strv_add(&reports->labels, host);
		else
			kh_strv_addf(&reports->labels, "%s (%s)", host, files->items[i]);
	}
	for (size_t i = 0; i < reports->count; i++)
		reports->items[i].label = reports->labels.items[i];
}

static int read_reports(const struct kh_strv *files, struct reports *reports, struct kh_error *err)
{
	for (size_t i = 0; i < files->count; i++) {
		json_t *document = NULL;
		for (size_t j = 0; j < i; j++)
			if (strcmp(files->items[i], files->items[j]) == 0)
				return kh_fail(err, KH_USAGE, 0, "'%s' is named twice",
					       files->items[i]);
		if (kh_report_read(files->items[i], &document, err) != 0)
			return -1;
		struct kh_compared *report = kh_append(reports->items, reports->count);
		report->document = document;
	}
	set_labels(reports, files);
	return 0;
}

/* ---- the text ---- */

static void print_line(const char *prefix, const char *text)
{
	kh_auto(kh_free) char *safe = kh_safe_line(text, kh_wants_utf8());
	kh_print(stdout, "%s%s\n", prefix, safe);
}

/* Words wrapped behind a label of `indent` columns. */
static void print_wrapped(const char *label, const char *text)
{
	enum { INDENT = 14 };
	kh_auto(kh_free) char *safe = kh_safe_line(text, kh_wants_utf8());
	kh_auto(kh_str_done) struct kh_str lines = {0};
	kh_auto(kh_free) char *start = kh_printf("  %s", label);
	kh_wrap_item(&lines, start, INDENT, safe, kh_text_width());
	kh_print(stdout, "%s", kh_str_text(&lines));
}

static void print_migration(const json_t *result)
{
	size_t index;
	json_t *finding;
	kh_print(stdout, "\nLive migration\n");
	json_array_foreach(json_object_get(result, "migration"), index, finding)
	{
		kh_auto(kh_free) char *text = kh_printf("%s: %s", kh_json_get(finding, "what"),
							kh_json_get(finding, "text"));
		print_wrapped(kh_json_get(finding, "level"), text);
		print_wrapped(KH_WORD("  fix"), kh_json_get(finding, "fix"));
	}
	if (index == 0)
		kh_print(stdout, "  nothing in these reports keeps guests from moving\n");
}

/* The words that only this text has, for lists that are long and mostly the same. */
static char *own_words(const char *text, const char *common)
{
	kh_auto(kh_strv_done) struct kh_strv words = {0}, others = {0}, parts = {0};
	kh_strv_split(&words, text, " ");
	for (size_t i = 0; i < words.count; i++)
		if (!kh_str_has_word(common, words.items[i]))
			kh_strv_addf(&parts, "+%s", words.items[i]);
	kh_strv_split(&others, common, " ");
	for (size_t i = 0; i < others.count; i++)
		if (!kh_str_has_word(text, others.items[i]))
			kh_strv_addf(&parts, "-%s", others.items[i]);
	return kh_strv_join(&parts, " ");
}

/* One line for each value, the hosts that have it in front; the odd one's first. */
static void print_difference(const json_t *difference, const json_t *hosts)
{
	enum { LONG = 200 };
	const json_t *values = json_object_get(difference, "values");
	const char *common = json_string_value(json_object_get(difference, "common"));
	json_t *shown = json_object(), *host, *other;
	size_t i, j;
	print_line("  ", kh_json_get(difference, "what"));
	json_array_foreach(hosts, i, host)
	{
		const char *label = kh_json_get(host, "label");
		const json_t *value = json_object_get(values, label);
		kh_auto(kh_strv_done) struct kh_strv same = {0};
		if (json_object_get(shown, label))
			continue;
		json_array_foreach(hosts, j, other)
		{
			const char *name = kh_json_get(other, "label");
			if (!json_equal(json_object_get(values, name), value))
				continue;
			kh_strv_add(&same, name);
			json_object_set_new(shown, name, json_true());
		}
		const char *text =
			json_is_string(value) ? json_string_value(value) : KH_WORD("(absent)");
		bool is_list = common && strlen(text) > LONG && strcmp(text, common) != 0;
		kh_auto(kh_free) char *own = is_list ? own_words(text, common) : NULL;
		kh_auto(kh_free) char *names = kh_strv_join(&same, ", ");
		kh_auto(kh_free) char *line =
			kh_printf("%s: %.300s%s", names, own ? own : text,
				  strlen(own ? own : text) > 300 ? " ..." : "");
		print_wrapped("", line);
	}
	json_decref(shown);
}

/* In the words of the report: "not-ready" is what programs read. */
static const char *verdict_of(const json_t *host)
{
	const char *verdict = kh_json_get(host, "verdict");
	return strcmp(verdict, "not-ready") == 0 ? "not ready"
	       : strcmp(verdict, "ready") == 0   ? KH_WORD("ready")
						 : verdict;
}

static void print_result(const json_t *result)
{
	const json_t *hosts = json_object_get(result, "hosts");
	const json_t *differences = json_object_get(result, "differences");
	const char *odd = json_string_value(json_object_get(result, "odd"));
	size_t index;
	json_t *item;
	json_array_foreach(hosts, index, item)
	{
		kh_auto(kh_free) char *line =
			kh_printf("%s: %s", kh_json_get(item, "label"), verdict_of(item));
		print_line("", line);
	}
	if (odd) {
		kh_auto(kh_free) char *line =
			kh_printf("%s is the odd one out: it differs from most in %lld of %zu", odd,
				  kh_report_number_at(json_array_get(hosts, 0), "differs"),
				  json_array_size(differences));
		print_line("\n", line);
	}
	json_array_foreach(json_object_get(result, "notes"), index, item)
		print_line(KH_WORD("note: "), json_string_value(item));
	print_migration(result);
	kh_print(stdout, "\nDifferences: %zu\n", json_array_size(differences));
	json_array_foreach(differences, index, item) print_difference(item, hosts);
}

static int run(const struct kh_options *options, struct kh_error *err)
{
	kh_auto(reports_done) struct reports reports = {0};
	if (options->arguments.count < 2) {
		kh_fail(err, KH_USAGE, 0, "'kvmhost compare' takes two reports or more");
		return kh_hint(err, "'kvmhost report --json > FILE' on each host writes them");
	}
	if (read_reports(&options->arguments, &reports, err) != 0)
		return -1;
	json_t *result = kh_report_compare(reports.items, reports.count);
	bool differs = json_array_size(json_object_get(result, "differences")) > 0;
	if (options->is_json) {
		kh_print_json(result);
	} else {
		print_result(result);
		json_decref(result);
	}
	return differs ? KH_FINDINGS : KH_OK;
}

const struct kh_command kh_command_compare = {
	.name = "compare",
	.arguments = "FILE FILE...",
	.summary = "what differs between hosts, from their reports in JSON",
	.options = KH_OPTION_JSON,
	.run = run,
};
