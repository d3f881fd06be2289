/* report_compare.c - see report_compare.h. */
#include "core/report_compare.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/report_read.h"

/* NULL for a value that is not there: absent is a value of its own. */
static bool is_same(const char *left, const char *right)
{
	return left && right ? strcmp(left, right) == 0 : left == right;
}

static const char *value_of(const json_t *flat, const char *name)
{
	return json_string_value(json_object_get(flat, name));
}

/* ---- two reports of one host ---- */

/* What got worse comes first, then what got better, then the rest. */
static int weight(const char *before, const char *now)
{
	bool fails_now = now && kh_str_starts(now, "fail");
	bool warns_now = now && kh_str_starts(now, "warn");
	bool was_bad = before && (kh_str_starts(before, "fail") || kh_str_starts(before, "warn"));
	return fails_now ? 0 : warns_now ? 1 : was_bad ? 2 : 3;
}

static void add_change(json_t *const *heaps, const char *name, const char *before, const char *now)
{
	if (is_same(before, now))
		return;
	bool is_check = kh_str_starts(name, "check ");
	json_array_append_new(heaps[is_check ? weight(before, now) : 3],
			      json_pack("{s:o,s:o,s:o}", "what",
					kh_json_text(is_check ? name + strlen("check ") : name),
					"before", kh_json_text(before), "now", kh_json_text(now)));
}

json_t *kh_report_changes(const json_t *before, const json_t *now)
{
	json_t *heaps[] = {json_array(), json_array(), json_array(), json_array()};
	json_t *old_flat = kh_report_flatten(before), *new_flat = kh_report_flatten(now);
	const char *name;
	json_t *value;
	kh_report_keep_common((const json_t *[]){before, now}, (json_t *[]){old_flat, new_flat}, 2);
	json_object_foreach(new_flat, name, value)
		add_change(heaps, name, value_of(old_flat, name), json_string_value(value));
	json_object_foreach(old_flat, name, value)
	{
		if (!json_object_get(new_flat, name))
			add_change(heaps, name, json_string_value(value), NULL);
	}
	for (size_t i = 1; i < KH_COUNT(heaps); i++) {
		json_array_extend(heaps[0], heaps[i]);
		json_decref(heaps[i]);
	}
	json_decref(old_flat);
	json_decref(new_flat);
	return heaps[0];
}

/* ---- several hosts ---- */

struct comparison {
	const struct kh_compared *reports;
	size_t count;
	const json_t **documents;
	json_t **flats;
	size_t *differs; /* per report: where it is not as most are */
	json_t *differences;
};

/* The report whose value most have, more than half of them; count: there is none. */
static size_t find_common(const struct comparison *comparison, const char *name)
{
	for (size_t i = 0; i < comparison->count; i++) {
		size_t same = 0;
		for (size_t j = 0; j < comparison->count; j++)
			same += is_same(value_of(comparison->flats[i], name),
					value_of(comparison->flats[j], name));
		if (same * 2 > comparison->count)
			return i;
	}
	return comparison->count;
}

static void compare_name(struct comparison *comparison, const char *name)
{
	size_t common = find_common(comparison, name);
	bool has_common = common < comparison->count;
	const char *most = has_common ? value_of(comparison->flats[common], name) : NULL;
	json_t *values = json_object();
	bool differs = false;
	for (size_t i = 0; i < comparison->count; i++) {
		const char *value = value_of(comparison->flats[i], name);
		json_object_set_new(values, comparison->reports[i].label, kh_json_text(value));
		differs = differs || !is_same(value, value_of(comparison->flats[0], name));
		if (has_common && !is_same(value, most))
			comparison->differs[i]++;
	}
	if (!differs) {
		json_decref(values);
		return;
	}
	json_array_append_new(comparison->differences,
			      json_pack("{s:o,s:o,s:o,s:b}", "what", kh_json_text(name), "values",
					values, "common", kh_json_text(most), "has_common",
					has_common));
}

static void compare_all(struct comparison *comparison)
{
	json_t *names = json_object();
	const char *name;
	json_t *value;
	for (size_t i = 0; i < comparison->count; i++)
		json_object_update(names, comparison->flats[i]);
	json_object_foreach(names, name, value) compare_name(comparison, name);
	json_decref(names);
}

/* Indexes of the reports, the one that differs most first. */
static void sort_by_oddness(const struct comparison *comparison, size_t *order)
{
	for (size_t i = 0; i < comparison->count; i++) {
		size_t at = i;
		for (; at > 0 && comparison->differs[order[at - 1]] < comparison->differs[i]; at--)
			order[at] = order[at - 1];
		order[at] = i;
	}
}

/* The label of the one that differs most, alone; NULL: there is none such. */
static const char *find_odd(const struct comparison *comparison, const size_t *order)
{
	if (comparison->count < 3 || comparison->differs[order[0]] == 0 ||
	    comparison->differs[order[0]] == comparison->differs[order[1]])
		return NULL;
	return comparison->reports[order[0]].label;
}

/* Those in which the odd one differs come first. */
static json_t *sorted_differences(const struct comparison *comparison, const char *odd)
{
	json_t *first = json_array(), *rest = json_array(), *difference;
	size_t index;
	json_array_foreach(comparison->differences, index, difference)
	{
		const json_t *values = json_object_get(difference, "values");
		bool is_odd = odd && json_is_true(json_object_get(difference, "has_common")) &&
			      !is_same(value_of(values, odd), value_of(difference, "common"));
		json_object_del(difference, "has_common");
		json_array_append(is_odd ? first : rest, difference);
	}
	json_array_extend(first, rest);
	json_decref(rest);
	return first;
}

static json_t *hosts_json(const struct comparison *comparison, const size_t *order)
{
	json_t *hosts = json_array();
	for (size_t i = 0; i < comparison->count; i++) {
		const struct kh_compared *report = &comparison->reports[order[i]];
		json_array_append_new(
			hosts,
			json_pack("{s:o,s:o,s:o,s:I}", "label", kh_json_text(report->label), "host",
				  kh_json_text(kh_json_get(report->document, "host")), "verdict",
				  kh_json_text(kh_json_get(report->document, "verdict")), "differs",
				  (json_int_t)comparison->differs[order[i]]));
	}
	return hosts;
}

static json_t *notes_json(const struct comparison *comparison)
{
	json_t *notes = json_array();
	for (size_t i = 0; i < comparison->count; i++) {
		const struct kh_compared *report = &comparison->reports[i];
		kh_auto(kh_free) char *note = NULL;
		if (!json_object_get(report->document, "machine"))
			note = kh_printf(
				"the report of %s says nothing of its machine: it was made "
				"by an older kvmhost; only checks are compared",
				report->label);
		else if (kh_report_is_partial(report->document))
			note = kh_printf("the report of %s is of some stages only", report->label);
		if (note)
			json_array_append_new(notes, kh_json_text(note));
	}
	json_t *stages = kh_report_common_stages(comparison->documents, comparison->count);
	kh_auto(kh_free) char *scope = kh_report_scope_text(stages);
	if (scope)
		json_array_append_new(notes, kh_json_text(scope));
	json_decref(stages);
	return notes;
}

json_t *kh_report_compare(const struct kh_compared *reports, size_t count)
{
	struct comparison comparison = {.reports = reports,
					.count = count,
					.documents = kh_alloc(count * sizeof(json_t *)),
					.flats = kh_alloc(count * sizeof(json_t *)),
					.differs = kh_alloc(count * sizeof(size_t)),
					.differences = json_array()};
	kh_auto(kh_free) size_t *order = kh_alloc(count * sizeof(size_t));
	for (size_t i = 0; i < count; i++) {
		comparison.documents[i] = reports[i].document;
		comparison.flats[i] = kh_report_flatten(reports[i].document);
	}
	kh_report_keep_common(comparison.documents, comparison.flats, count);
	compare_all(&comparison);
	sort_by_oddness(&comparison, order);
	const char *odd = find_odd(&comparison, order);
	json_t *result = json_pack(
		"{s:o,s:o,s:o,s:o,s:o}", "hosts", hosts_json(&comparison, order), "odd",
		kh_json_text(odd), "migration", kh_report_migration(reports, count), "differences",
		sorted_differences(&comparison, odd), "notes", notes_json(&comparison));
	for (size_t i = 0; i < count; i++)
		json_decref(comparison.flats[i]);
	free(comparison.documents);
	free(comparison.flats);
	free(comparison.differs);
	json_decref(comparison.differences);
	return result;
}
