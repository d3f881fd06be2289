/* report.c - see report.h. What a report looks like to people is in report_text.c. */
#include "core/report.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/translate.h"

const char *kh_status_name(enum kh_status status)
{
	switch (status) {
	case KH_PASS:
		return KH_WORD("pass");
	case KH_WARN:
		return KH_WORD("warn");
	case KH_FAIL:
		return KH_WORD("fail");
	case KH_SKIP:
		return KH_WORD("skip");
	}
	return "?";
}

static struct kh_check *add(struct kh_report *report, const char *id, enum kh_status status,
			    const struct kh_check_text *text)
{
	struct kh_check *check = kh_append(report->checks, report->check_count);
	bool is_required = report->require && kh_strv_has(report->require, id);
	check->id = kh_strdup(id);
	check->stage = report->stage;
	/* What is required and cannot be judged is not there: ready is only what was seen to be. */
	check->status = is_required && status != KH_PASS ? KH_FAIL : status;
	check->expected = kh_strdup(text->expected ? text->expected : "");
	check->found = kh_strdup(text->found ? text->found : "");
	check->why = kh_strdup(text->why ? text->why : "");
	check->fix = kh_strdup(text->fix);
	return check;
}

void kh_report_add(struct kh_report *report, const char *id, enum kh_status status,
		   const struct kh_check_text *text)
{
	add(report, id, status, text);
}

void kh_report_add_missing(struct kh_report *report)
{
	for (size_t i = 0; report->require && i < report->require->count; i++) {
		const char *id = report->require->items[i];
		if (kh_report_find(report, id))
			continue;
		const struct kh_check_text text = {
			.expected = "a check of this name that passes",
			.found = "there is no such check on this host",
			.why = "report.require in the configuration names it",
			.fix = "correct report.require: 'kvmhost report -v' shows the names",
		};
		add(report, id, KH_FAIL, &text);
	}
}

static char *persisted_text(const struct kh_setting *setting)
{
	if (!setting->persisted)
		return kh_strdup("not persisted");
	return setting->where ? kh_printf("%s (%s)", setting->persisted, setting->where)
			      : kh_strdup(setting->persisted);
}

static const char *const after_reboot = "needs a reboot";

static enum kh_status judge(const struct kh_setting *setting, const char **ret_gap)
{
	bool is_effective = setting->effective && strcmp(setting->effective, setting->wanted) == 0;
	bool is_persisted = setting->persisted && strcmp(setting->persisted, setting->wanted) == 0;
	*ret_gap = setting->gap;
	if (setting->no_knob) {
		*ret_gap = setting->no_knob;
		return KH_SKIP;
	}
	if (is_effective && is_persisted)
		return KH_PASS;
	if (is_effective) {
		*ret_gap = setting->gap ? setting->gap : "not persisted: lost at the next boot";
		return KH_WARN;
	}
	if (!setting->effective) {
		*ret_gap = setting->gap ? setting->gap : "the running value is not known here";
		return KH_SKIP;
	}
	if (is_persisted && setting->needs_reboot) {
		*ret_gap = setting->gap ? setting->gap : after_reboot;
		return KH_WARN;
	}
	if (!setting->gap)
		*ret_gap = is_persisted ? "persisted, but not effective" : "not applied";
	return KH_FAIL;
}

void kh_report_setting(struct kh_report *report, const struct kh_setting *setting)
{
	const char *gap = NULL;
	enum kh_status status = judge(setting, &gap);
	struct kh_check_text text = {
		.expected = setting->wanted,
		.found = setting->effective ? setting->effective : setting->no_knob,
		.why = setting->why,
		.fix = status == KH_PASS     ? NULL
		       : gap == after_reboot ? "reboot" /* applying again would do nothing */
					     : setting->fix,
	};
	struct kh_check *check = add(report, setting->id, status, &text);
	check->persisted = persisted_text(setting);
	check->gap = kh_strdup(gap);
}

const struct kh_check *kh_report_find(const struct kh_report *report, const char *id)
{
	for (size_t i = 0; i < report->check_count; i++)
		if (strcmp(report->checks[i].id, id) == 0)
			return &report->checks[i];
	return NULL;
}

bool kh_report_is_ready(const struct kh_report *report)
{
	for (size_t i = 0; i < report->check_count; i++)
		if (report->checks[i].status == KH_FAIL)
			return false;
	return report->check_count > 0;
}

static json_t *check_json(const struct kh_check *check)
{
	json_t *object = json_object();
	json_object_set_new(object, "id", kh_json_text(check->id));
	json_object_set_new(object, "status", json_string(kh_status_name(check->status)));
	if (check->stage)
		json_object_set_new(object, "stage", json_string(check->stage));
	json_object_set_new(object, "expected", kh_json_text(check->expected));
	json_object_set_new(object, "found", kh_json_text(check->found));
	json_object_set_new(object, "why", kh_json_text(check->why));
	json_object_set_new(object, "fix", kh_json_text(check->fix ? check->fix : ""));
	if (check->persisted)
		json_object_set_new(object, "persisted", kh_json_text(check->persisted));
	if (check->gap)
		json_object_set_new(object, "gap", kh_json_text(check->gap));
	return object;
}

json_t *kh_report_json(const struct kh_report *report, const char *host)
{
	json_t *checks = json_array();
	for (size_t i = 0; i < report->check_count; i++)
		json_array_append_new(checks, check_json(&report->checks[i]));
	json_t *object = json_object();
	json_object_set_new(object, "schema", json_integer(1));
	json_object_set_new(object, "host", kh_json_text(host ? host : ""));
	json_object_set_new(object, "verdict",
			    json_string(kh_report_is_ready(report) ? "ready" : "not-ready"));
	json_object_set_new(object, "checks", checks);
	return object;
}

void kh_report_done(struct kh_report *report)
{
	for (size_t i = 0; i < report->check_count; i++) {
		struct kh_check *check = &report->checks[i];
		free(check->id);
		free(check->expected);
		free(check->found);
		free(check->why);
		free(check->fix);
		free(check->persisted);
		free(check->gap);
	}
	free(report->checks);
	*report = (struct kh_report){.require = report->require};
}
