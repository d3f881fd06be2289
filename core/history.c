/* history.c - the reading side of the journal; see journal.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/translate.h"
#include "core/journal.h"

static struct kh_record *record_at(struct kh_run_record *run, const json_t *line)
{
	json_int_t number = json_integer_value(json_object_get(line, "n"));
	for (size_t i = 0; i < run->record_count; i++)
		if ((json_int_t)run->records[i].number == number)
			return &run->records[i];
	return NULL;
}

/* Changes are numbered without gaps, and nothing is said about one before its intent. */
static void count_lost(struct kh_run_record *run, const json_t *line)
{
	json_int_t number = json_integer_value(json_object_get(line, "n"));
	if (number > 0 && (size_t)number > run->record_count + run->lost_count)
		run->lost_count = (size_t)number - run->record_count;
}

static void take_intent(struct kh_run_record *run, json_t *line)
{
	json_int_t number = json_integer_value(json_object_get(line, "n"));
	if (number < 1 || record_at(run, line))
		return;
	struct kh_record *record = kh_append(run->records, run->record_count);
	record->number = (size_t)number;
	record->intent = json_incref(line);
}

static void take_begin(struct kh_run_record *run, const json_t *line)
{
	kh_free(&run->time);
	kh_free(&run->version);
	kh_free(&run->command);
	kh_free(&run->boot_id);
	run->time = kh_strdup(kh_json_get(line, "time"));
	run->version = kh_strdup(kh_json_get(line, "version"));
	run->command = kh_strdup(kh_json_get(line, "command"));
	run->boot_id = kh_strdup(kh_json_get(line, "boot_id"));
}

static void take_triggers(struct kh_run_record *run, const json_t *line)
{
	json_t *list = json_object_get(line, "triggers");
	if (!json_is_array(list))
		return;
	if (!run->triggers)
		run->triggers = json_array();
	json_array_extend(run->triggers, list);
}

static void take_line(struct kh_run_record *run, json_t *line)
{
	const char *event = kh_json_get(line, "event");
	struct kh_record *record = record_at(run, line);
	if (strcmp(event, "begin") == 0) {
		take_begin(run, line);
	} else if (strcmp(event, "intent") == 0) {
		take_intent(run, line);
	} else if (strcmp(event, "done") == 0 && record) {
		record->is_done = true;
		json_decref(record->done);
		record->done = json_incref(line);
	} else if (strcmp(event, "undo") == 0 && record) {
		record->is_undone = true;
		run->state = KH_RUN_UNDO_INTERRUPTED;
	} else if (strcmp(event, "untouched") == 0 && record) {
		record->is_undone = true;
	} else if (strcmp(event, "undoing") == 0) {
		run->state = KH_RUN_UNDO_INTERRUPTED;
	} else if (strcmp(event, "undone") == 0) {
		run->state = KH_RUN_UNDONE;
	} else if (strcmp(event, "end") == 0 || strcmp(event, "settled") == 0) {
		run->state = KH_RUN_ENDED;
	} else if (strcmp(event, "triggers") == 0) {
		take_triggers(run, line);
	}
	count_lost(run, line);
}

/* A journal says which files undo writes, with which owner and mode. For root only root may have
 * said so: below a root that somebody else made it could be used to get a set-user-id program. */
static int check_owner(const struct kh_root *root, const char *path, struct kh_error *err)
{
	struct stat status;
	if (geteuid() != 0 || kh_root_stat(root, path, false, &status, err) != 0)
		return err->message ? -1 : 0;
	if (status.st_uid == 0 && (status.st_mode & 022) == 0)
		return 0;
	kh_fail(err, KH_HOST, 0, "'%s' was not written by root", path);
	return kh_hint(err, "run this as the user who ran kvmhost there (number %u)",
		       (unsigned)status.st_uid);
}

static int read_run(const struct kh_root *root, const char *name, struct kh_history *history,
		    struct kh_error *err)
{
	kh_auto(kh_free) char *path = kh_printf("%s/%s/journal.jsonl", kh_runs_dir, name);
	kh_auto(kh_free) char *text = NULL;
	if (check_owner(root, path, err) != 0 || kh_root_read(root, path, &text, NULL, err) < 0)
		return -1;
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, text ? text : "");
	struct kh_run_record run = {.id = kh_str_number(name), .state = KH_RUN_INTERRUPTED};
	for (size_t i = 0; i < lines.count; i++) {
		json_t *line = json_loads(lines.items[i], 0, NULL);
		if (line)
			take_line(&run, line);
		json_decref(line);
	}
	*kh_append(history->runs, history->run_count) = run;
	return 0;
}

static int older_first(const void *a, const void *b)
{
	long long left = ((const struct kh_run_record *)a)->id;
	long long right = ((const struct kh_run_record *)b)->id;
	return left < right ? -1 : left > right;
}

int kh_history_read(const struct kh_root *root, struct kh_history *ret_history,
		    struct kh_error *err)
{
	kh_auto(kh_history_done) struct kh_history history = {0};
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_auto(kh_close) int dir = kh_root_open_at(root, kh_runs_dir, O_RDONLY | O_DIRECTORY);
	if (dir < 0 && errno != ENOENT && errno != ENOTDIR) {
		kh_fail(err, KH_HOST, errno, "history: read '%s'", kh_runs_dir);
		return kh_hint(err, "run this as root");
	}
	kh_root_list(root, kh_runs_dir, &names);
	for (size_t i = 0; i < names.count; i++)
		if (kh_str_number(names.items[i]) > 0 &&
		    read_run(root, names.items[i], &history, err) != 0)
			return kh_wrap(err, "history");
	if (history.run_count > 1) /* by number: after run 9999 the names no longer sort so */
		qsort(history.runs, history.run_count, sizeof(*history.runs), older_first);
	*ret_history = history;
	history = (struct kh_history){0};
	return 0;
}

static void run_done(struct kh_run_record *run)
{
	for (size_t i = 0; i < run->record_count; i++) {
		json_decref(run->records[i].intent);
		json_decref(run->records[i].done);
	}
	free(run->records);
	free(run->time);
	free(run->version);
	free(run->command);
	free(run->boot_id);
	json_decref(run->triggers);
}

void kh_history_done(struct kh_history *history)
{
	for (size_t i = 0; i < history->run_count; i++)
		run_done(&history->runs[i]);
	free(history->runs);
	*history = (struct kh_history){0};
}

const struct kh_run_record *kh_history_unfinished(const struct kh_history *history,
						  long long except)
{
	for (size_t i = history->run_count; i > 0; i--) {
		const struct kh_run_record *run = &history->runs[i - 1];
		bool has_effect = run->record_count + run->lost_count > 0;
		if (run->id == except)
			continue;
		if (run->state == KH_RUN_UNDO_INTERRUPTED ||
		    (run->state == KH_RUN_INTERRUPTED && has_effect))
			return run;
	}
	return NULL;
}

bool kh_history_is_undone(const struct kh_history *history)
{
	for (size_t i = history->run_count; i > 0; i--)
		if (history->runs[i - 1].record_count + history->runs[i - 1].lost_count > 0)
			return history->runs[i - 1].state == KH_RUN_UNDONE;
	return false;
}

const struct kh_run_record *kh_history_find(const struct kh_history *history,
					    enum kh_run_state state)
{
	for (size_t i = history->run_count; i > 0; i--)
		if (history->runs[i - 1].state == state)
			return &history->runs[i - 1];
	return NULL;
}

static bool is_refusal(const struct kh_record *record, const char *path, const char *value,
		       const char *obtained)
{
	return record->is_done && !record->is_undone &&
	       strcmp(kh_json_get(record->intent, "path"), path) == 0 &&
	       strcmp(kh_json_get(record->intent, "value"), value) == 0 &&
	       strcmp(kh_json_get(record->done, "obtained"), obtained) == 0;
}

bool kh_history_was_refused(const struct kh_root *root, const char *path, const char *value,
			    const char *obtained)
{
	kh_auto(kh_error_done) struct kh_error unreadable = KH_ERROR_INIT;
	kh_auto(kh_history_done) struct kh_history history = {0};
	kh_auto(kh_free) char *boot_id = kh_root_line(root, "/proc/sys/kernel/random/boot_id");
	if (!boot_id || kh_history_read(root, &history, &unreadable) != 0)
		return false;
	for (size_t r = 0; r < history.run_count; r++) {
		const struct kh_run_record *run = &history.runs[r];
		if (!run->boot_id || strcmp(run->boot_id, boot_id) != 0)
			continue;
		for (size_t i = 0; i < run->record_count; i++)
			if (is_refusal(&run->records[i], path, value, obtained))
				return true;
	}
	return false;
}

const char *kh_run_state_name(enum kh_run_state state)
{
	switch (state) {
	case KH_RUN_ENDED:
		return KH_WORD("done");
	case KH_RUN_INTERRUPTED:
		return KH_WORD("interrupted");
	case KH_RUN_UNDONE:
		return KH_WORD("undone");
	case KH_RUN_UNDO_INTERRUPTED:
		return "undo interrupted";
	}
	return "?";
}

static json_t *changes_json(const struct kh_run_record *run)
{
	json_t *list = json_array();
	for (size_t i = 0; i < run->record_count; i++) {
		const struct kh_record *record = &run->records[i];
		json_t *change = json_object();
		static const char *const keys[] = {"stage", "kind", "name", "path", "why", "value"};
		for (size_t k = 0; k < KH_COUNT(keys); k++) {
			json_t *value = json_object_get(record->intent, keys[k]);
			if (value)
				json_object_set(change, keys[k], value);
		}
		json_object_set_new(change, "done", json_boolean(record->is_done));
		json_object_set_new(change, "undone", json_boolean(record->is_undone));
		json_array_append_new(list, change);
	}
	return list;
}

json_t *kh_history_json(const struct kh_history *history)
{
	json_t *list = json_array();
	for (size_t i = 0; i < history->run_count; i++) {
		const struct kh_run_record *run = &history->runs[i];
		if (run->record_count == 0)
			continue; /* cut off before its first change */
		json_t *object = json_object();
		json_object_set_new(object, "run", json_integer(run->id));
		json_object_set_new(object, "time", kh_json_text(run->time));
		json_object_set_new(object, "command", kh_json_text(run->command));
		json_object_set_new(object, "version", kh_json_text(run->version));
		json_object_set_new(object, "state", json_string(kh_run_state_name(run->state)));
		json_object_set_new(object, "changes", changes_json(run));
		json_array_append_new(list, object);
	}
	return list;
}
