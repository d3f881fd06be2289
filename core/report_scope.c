/* report_scope.c - see report_compare.h: what a report covers, and what several cover together.
 *
 * A report of some stages names them in "stages"; each check names its own in "stage". What one
 * report did not look at is no difference to another that did. A check without a stage (of kvmhost
 * itself, or written before there was "stage") is compared where all reports have it.
 */
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/report_compare.h"
#include "core/report_read.h"

/* The stages of a report of some; NULL: it is of all. */
static const json_t *stages_of(const json_t *document)
{
	const json_t *stages = json_object_get(document, "stages");
	return json_is_array(stages) ? stages : NULL;
}

bool kh_report_is_partial(const json_t *document)
{
	return stages_of(document) != NULL;
}

static bool covers(const json_t *document, const char *stage)
{
	const json_t *stages = stages_of(document), *name;
	size_t index;
	json_array_foreach(stages, index, name)
	{
		if (json_is_string(name) && strcmp(json_string_value(name), stage) == 0)
			return true;
	}
	return !stages;
}

json_t *kh_report_common_stages(const json_t *const *documents, size_t count)
{
	json_t *common = NULL, *name;
	size_t index, partial = 0;
	while (partial < count && !stages_of(documents[partial]))
		partial++;
	if (partial == count)
		return NULL;
	common = json_array();
	json_array_foreach(stages_of(documents[partial]), index, name)
	{
		bool is_common = json_is_string(name);
		for (size_t i = 0; i < count && is_common; i++)
			is_common = covers(documents[i], json_string_value(name));
		if (is_common)
			json_array_append(common, name);
	}
	return common;
}

char *kh_report_scope_text(const json_t *stages)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	const json_t *name;
	size_t index;
	if (!json_is_array(stages))
		return NULL;
	json_array_foreach(stages, index, name)
	{
		if (json_is_string(name))
			kh_strv_add(&names, json_string_value(name));
	}
	kh_auto(kh_free) char *text = kh_strv_join(&names, ", ");
	return names.count > 0 ? kh_printf("only the checks of stages that all reports cover are "
					   "compared: %s",
					   text)
			       : kh_strdup("the reports cover no stage in common: no checks of "
					   "stages are compared");
}

/* Is this check (by its name in the flat report) something that every report looked at? */
static bool is_covered(const json_t *const *documents, json_t *const *flats, size_t count,
		       const char *name, const char *stage)
{
	for (size_t i = 0; i < count; i++)
		if (stages_of(documents[i]) && !json_object_get(flats[i], name) &&
		    !(*stage && covers(documents[i], stage)))
			return false;
	return true;
}

static void drop_uncovered(const json_t *const *documents, json_t *const *flats, size_t count,
			   const json_t *checks)
{
	const json_t *check;
	size_t index;
	json_array_foreach(checks, index, check)
	{
		kh_auto(kh_free) char *name = kh_printf("check %s", kh_json_get(check, "id"));
		if (is_covered(documents, flats, count, name, kh_json_get(check, "stage")))
			continue;
		for (size_t i = 0; i < count; i++)
			json_object_del(flats[i], name);
	}
}

void kh_report_keep_common(const json_t *const *documents, json_t *const *flats, size_t count)
{
	for (size_t i = 0; i < count; i++)
		drop_uncovered(documents, flats, count, json_object_get(documents[i], "checks"));
}
