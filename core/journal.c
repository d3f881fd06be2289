/* journal.c - the writing side; see journal.h. Reading is history.c. */
#include "core/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/journal_private.h"

const char *const kh_state_dir = "/var/lib/kvmhost";
const char *const kh_runs_dir = "/var/lib/kvmhost/runs";

struct kh_journal {
	const struct kh_root *root;
	long long id;
	char *directory; /* of this run, below the root */
	char *path;
	int fd;
	size_t number;          /* of the last intent */
	struct kh_strv outputs; /* of the change under way */
};

/* ---- lines ---- */

static int write_line(struct kh_journal *journal, json_t *record, struct kh_error *err)
{
	kh_auto(kh_free) char *text = json_dumps(record, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(record);
	if (!text)
		return kh_fail(err, KH_SYSTEM, 0, "journal '%s': not a JSON record", journal->path);
	kh_auto(kh_free) char *line = kh_printf("%s\n", text);
	if (kh_sys_write_all(journal->fd, line, strlen(line), journal->path) != 0 ||
	    kh_sys_fsync(journal->fd, journal->path) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "journal '%s'", journal->path);
	return 0;
}

/* ---- directories ---- */

static int make_missing(const struct kh_root *root, const char *path, mode_t mode,
			struct kh_error *err)
{
	return kh_root_is_dir(root, path) ? 0 : kh_file_make_dir(root, path, mode, err);
}

static long long next_id(const struct kh_root *root)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_root_list(root, kh_runs_dir, &names);
	long long last = 0;
	for (size_t i = 0; i < names.count; i++) {
		long long id = kh_str_number(names.items[i]);
		last = id > last ? id : last;
	}
	return last + 1;
}

static int make_directories(struct kh_journal *journal, struct kh_error *err)
{
	const struct kh_root *root = journal->root;
	if (make_missing(root, "/var", 0755, err) != 0 ||
	    make_missing(root, "/var/lib", 0755, err) != 0 ||
	    make_missing(root, kh_state_dir, 0755, err) != 0 ||
	    make_missing(root, kh_runs_dir, 0700, err) != 0)
		return -1;
	journal->id = next_id(root);
	journal->directory = kh_printf("%s/%04lld", kh_runs_dir, journal->id);
	journal->path = kh_printf("%s/journal.jsonl", journal->directory);
	return kh_file_make_dir(root, journal->directory, 0700, err);
}

static int open_directory(const struct kh_journal *journal)
{
	return kh_root_open_at(journal->root, journal->directory, O_RDONLY | O_DIRECTORY);
}

static char *now_text(void)
{
	time_t now = time(NULL);
	struct tm parts;
	char text[32];
	gmtime_r(&now, &parts);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
	return kh_strdup(text);
}

static int write_begin(struct kh_journal *journal, const char *command, const char *config_digest,
		       struct kh_error *err)
{
	kh_auto(kh_free) char *now = now_text();
	kh_auto(kh_free) char *boot_id =
		kh_root_line(journal->root, "/proc/sys/kernel/random/boot_id");
	json_t *record = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "event", "begin", "version",
				   KH_VERSION, "time", now, "command", command, "config",
				   config_digest, "boot_id", boot_id ? boot_id : "");
	return write_line(journal, record, err);
}

enum { BYTES_PER_CHANGE = 4096, BYTES_SPARE = 65536 };

int kh_journal_begin(const struct kh_root *root, const char *command, const char *config_digest,
		     size_t change_count, struct kh_journal **ret_journal, struct kh_error *err)
{
	kh_auto(kh_journal_free) struct kh_journal *journal = kh_alloc(sizeof(*journal));
	journal->root = root;
	journal->fd = -1;
	if (make_directories(journal, err) != 0)
		return kh_wrap(err, "journal");
	kh_auto(kh_close) int dir = open_directory(journal);
	int flags = O_WRONLY | O_APPEND | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	journal->fd = dir < 0 ? -1 : kh_sys_create(dir, "journal.jsonl", flags, 0600);
	if (journal->fd < 0)
		return kh_fail(err, KH_SYSTEM, errno, "journal '%s'", journal->path);
	off_t room = (off_t)change_count * BYTES_PER_CHANGE + BYTES_SPARE;
	if (kh_sys_fallocate(journal->fd, room, journal->path) != 0 && errno != EOPNOTSUPP &&
	    errno != ENOSYS)
		return kh_fail(err, KH_SYSTEM, errno, "journal '%s': reserve space", journal->path);
	if (kh_sys_fsync(dir, journal->directory) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "journal '%s'", journal->path);
	if (write_begin(journal, command, config_digest, err) != 0)
		return -1;
	*ret_journal = kh_take(journal);
	return 0;
}

/* What is appended to must be what we made: not a pipe, not another file under a second name. */
static int open_existing(const struct kh_root *root, const char *path)
{
	struct stat status;
	kh_auto(kh_close) int fd = kh_root_open_file(root, path, O_WRONLY | O_APPEND | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &status) != 0)
		return -1;
	if (status.st_nlink != 1) {
		errno = EMLINK;
		return -1;
	}
	int result = fd;
	fd = -1;
	return result;
}

int kh_journal_reopen(const struct kh_root *root, long long id, struct kh_journal **ret_journal,
		      struct kh_error *err)
{
	kh_auto(kh_journal_free) struct kh_journal *journal = kh_alloc(sizeof(*journal));
	journal->root = root;
	journal->id = id;
	journal->directory = kh_printf("%s/%04lld", kh_runs_dir, id);
	journal->path = kh_printf("%s/journal.jsonl", journal->directory);
	journal->fd = open_existing(root, journal->path);
	if (journal->fd < 0)
		return kh_fail(err, KH_SYSTEM, errno, "journal '%s'", journal->path);
	/* A power cut may have left half a line: begin on a fresh one (the reader skips empty lines
	 * and what it cannot parse). */
	if (kh_sys_write_all(journal->fd, "\n", 1, journal->path) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "journal '%s'", journal->path);
	*ret_journal = kh_take(journal);
	return 0;
}

void kh_journal_free(struct kh_journal **journal)
{
	if (!*journal)
		return;
	kh_close(&(*journal)->fd);
	free((*journal)->directory);
	free((*journal)->path);
	kh_strv_done(&(*journal)->outputs);
	free(*journal);
	*journal = NULL;
}

long long kh_journal_id(const struct kh_journal *journal)
{
	return journal->id;
}

/* ---- intent, done, end ---- */

static json_t *words_json(const struct kh_strv *words)
{
	json_t *list = json_array();
	for (size_t i = 0; i < words->count; i++)
		json_array_append_new(list, kh_json_text(words->items[i]));
	return list;
}

static void add_new(json_t *record, const struct kh_change *change)
{
	char digest[KH_DIGEST_SIZE] = "";
	bool is_put = change->kind == KH_CHANGE_PUT_FILE || change->kind == KH_CHANGE_INSTALL;
	if (is_put) {
		kh_digest_bytes(change->content, change->length, digest);
		json_object_set_new(record, "digest", json_string(digest));
	}
	if (is_put || change->kind == KH_CHANGE_MAKE_DIR)
		json_object_set_new(record, "mode", json_integer(change->mode));
	if (change->target)
		json_object_set_new(record, "target", kh_json_text(change->target));
	if (change->old_value)
		json_object_set_new(record, "old_value", kh_json_text(change->old_value));
	if (change->value)
		json_object_set_new(record, "value", kh_json_text(change->value));
	if (change->argv.count > 0)
		json_object_set_new(record, "argv", words_json(&change->argv));
	if (change->undo_argv.count > 0)
		json_object_set_new(record, "undo_argv", words_json(&change->undo_argv));
	if (change->needed_release)
		json_object_set_new(record, "needed_release", kh_json_text(change->needed_release));
}

static bool has_file(const struct kh_change *change)
{
	return change->kind == KH_CHANGE_PUT_FILE || change->kind == KH_CHANGE_REMOVE_FILE ||
	       change->kind == KH_CHANGE_LINK || change->install;
}

/* Keep every output of a program as it is now: {"PATH": state}. */
static json_t *keep_outputs(struct kh_journal *journal, const struct kh_change *change,
			    struct kh_error *err)
{
	json_t *outputs = json_object();
	for (size_t i = 0; i < change->outputs.count; i++) {
		kh_auto(kh_file_state_done) struct kh_file_state state = {0};
		kh_auto(kh_free) char *copy = kh_printf("%04zu.%zu.old", journal->number, i);
		json_t *kept = NULL;
		if (kh_file_look(journal->root, change->outputs.items[i], &state, err) == 0)
			kept = kh_journal_keep_state(journal->root, journal->directory, &state,
						     copy, err);
		if (!kept) {
			json_decref(outputs);
			return NULL;
		}
		json_object_set_new(outputs, change->outputs.items[i], kept);
	}
	return outputs;
}

static json_t *describe(const struct kh_change *change)
{
	json_t *record =
		json_pack("{s:s, s:s, s:s, s:s}", "kind", kh_plan_kind_name(change->kind), "path",
			  change->path, "why", change->why, "stage", change->stage);
	add_new(record, change);
	return record;
}

int kh_journal_intent(struct kh_journal *journal, const struct kh_change *change,
		      struct kh_error *err)
{
	journal->number++;
	json_t *record = describe(change);
	json_object_set_new(record, "event", json_string("intent"));
	json_object_set_new(record, "n", json_integer((json_int_t)journal->number));
	kh_auto(kh_free) char *copy = kh_printf("%04zu.old", journal->number);
	json_t *kept = NULL;
	if (has_file(change))
		kept = kh_journal_keep_state(journal->root, journal->directory, &change->old, copy,
					     err);
	else if (change->outputs.count > 0)
		kept = keep_outputs(journal, change, err);
	if (!err->message && change->install)
		kh_journal_keep_install(journal->root, journal->directory, journal->number,
					change->install, record, err);
	if (err->message) {
		json_decref(kept);
		json_decref(record);
		return kh_wrap(err, "journal");
	}
	if (kept)
		json_object_set_new(record, has_file(change) ? "old" : "outputs", kept);
	kh_strv_done(&journal->outputs);
	kh_strv_copy(&journal->outputs, &change->outputs);
	return write_line(journal, record, err);
}

int kh_journal_done_change(struct kh_journal *journal, json_t *details, struct kh_error *err)
{
	json_t *record = details ? details : json_object();
	json_object_set_new(record, "event", json_string("done"));
	json_object_set_new(record, "n", json_integer((json_int_t)journal->number));
	json_t *digests = json_object();
	for (size_t i = 0; i < journal->outputs.count; i++) {
		kh_auto(kh_file_state_done) struct kh_file_state state = {0};
		if (kh_file_look(journal->root, journal->outputs.items[i], &state, err) != 0) {
			json_decref(digests);
			json_decref(record);
			return kh_wrap(err, "journal");
		}
		json_object_set_new(digests, journal->outputs.items[i], json_string(state.digest));
	}
	json_object_set_new(record, "outputs", digests);
	return write_line(journal, record, err);
}

int kh_journal_untouched(struct kh_journal *journal, struct kh_error *err)
{
	return kh_journal_event(journal, "untouched", journal->number, err);
}

int kh_journal_triggers(struct kh_journal *journal, const struct kh_plan *plan,
			struct kh_error *err)
{
	json_t *list = json_array();
	for (size_t i = 0; i < plan->change_count; i++) {
		const struct kh_change *change = &plan->changes[i];
		if (change->kind != KH_CHANGE_TRIGGER)
			continue;
		json_t *trigger = describe(change);
		json_object_set_new(trigger, "outputs", words_json(&change->outputs));
		json_array_append_new(list, trigger);
	}
	if (json_array_size(list) > 0)
		return write_line(journal,
				  json_pack("{s:s, s:o}", "event", "triggers", "triggers", list),
				  err);
	json_decref(list);
	return 0;
}

int kh_journal_event(struct kh_journal *journal, const char *event, size_t number,
		     struct kh_error *err)
{
	json_t *record = json_pack("{s:s}", "event", event);
	if (number > 0)
		json_object_set_new(record, "n", json_integer((json_int_t)number));
	return write_line(journal, record, err);
}

int kh_journal_end(struct kh_journal *journal, struct kh_error *err)
{
	return kh_journal_event(journal, "end", 0, err);
}
