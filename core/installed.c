/* installed.c - the records of what is installed, as stages see them; see installed.h. */
#include "core/installed.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/install.h"

const char *const kh_installed_dir = "/var/lib/kvmhost/installed";

char *kh_installed_path(const char *program)
{
	return kh_printf("%s/%s.record", kh_installed_dir, program);
}

json_t *kh_installed_read(const struct kh_root *root, const char *program)
{
	kh_auto(kh_free) char *path = kh_installed_path(program);
	kh_auto(kh_free) char *text = kh_root_text(root, path);
	char *end = text ? strchr(text, '\n') : NULL;
	json_t *record = end ? json_loadb(text, (size_t)(end - text), 0, NULL) : NULL;
	json_t *list = json_is_object(record) ? json_string(end + 1) : NULL;
	if (list && json_object_set_new(record, "list", list) == 0)
		return record;
	json_decref(record);
	return NULL;
}

void kh_installed_list(const struct kh_root *root, struct kh_strv *ret_programs)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_root_list(root, kh_installed_dir, &names);
	for (size_t i = 0; i < names.count; i++)
		if (kh_str_ends(names.items[i], ".record") && names.items[i][0] != '.')
			kh_strv_addf(ret_programs, "%.*s",
				     (int)(strlen(names.items[i]) - strlen(".record")),
				     names.items[i]);
}

/* ---- for the report ---- */

void kh_installed_check(const struct kh_root *root, const json_t *record, bool wants_digests,
			struct kh_strv *ret_changed)
{
	kh_auto(kh_batch_dir_done) struct kh_batch_dir dir = KH_BATCH_DIR_INIT(root);
	kh_auto(kh_install_lines_done) struct kh_install_lines lines = {0};
	struct kh_install_file file;
	kh_install_lines_init(&lines, record);
	while (kh_install_lines_next(&lines, &file))
		if (kh_install_compare(&dir, file.path, &file, &file, wants_digests, NULL) == 1)
			kh_strv_add(ret_changed, file.path);
}

size_t kh_installed_count(const json_t *record)
{
	size_t count = 0;
	for (const char *at = kh_json_get(record, "list"); *at; at++)
		count += *at == '\n';
	return count;
}

static char *name_changed(const struct kh_strv *changed, size_t count)
{
	enum { MOST_NAMED = 5 };
	struct kh_str text = {0};
	kh_str_addf(&text, "%zu of %zu changed: ", changed->count, count);
	for (size_t i = 0; i < changed->count && i < MOST_NAMED; i++)
		kh_str_addf(&text, "%s%s", i > 0 ? ", " : "", changed->items[i]);
	if (changed->count > MOST_NAMED)
		kh_str_addf(&text, " and %zu more", changed->count - MOST_NAMED);
	return kh_str_take(&text);
}

void kh_installed_report(struct kh_report *report, const struct kh_root *root, const char *program,
			 bool wants_digests)
{
	json_t *record = kh_installed_read(root, program);
	if (!record)
		return;
	kh_auto(kh_strv_done) struct kh_strv changed = {0};
	kh_installed_check(root, record, wants_digests, &changed);
	size_t count = kh_installed_count(record);
	kh_auto(kh_free) char *id = kh_printf("%s.files", program);
	kh_auto(kh_free) char *found = changed.count > 0 ? name_changed(&changed, count)
							 : kh_printf("all %zu of them", count);
	const struct kh_check_text text = {
		.expected = "the files and directories that were installed",
		.found = found,
		.why = "what is changed or gone is no longer what was built and tested",
		.fix = changed.count > 0 ? "'kvmhost apply' installs them again" : NULL};
	json_decref(record);
	kh_report_add(report, id, changed.count > 0 ? KH_FAIL : KH_PASS, &text);
}
