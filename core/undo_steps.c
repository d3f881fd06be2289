/* undo_steps.c - see undo_steps.h. */
#include "core/undo_steps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/facts_memory.h"
#include "core/modules.h"
#include "core/packages.h"
#include "core/perform.h"

static bool is_kind(const struct kh_record *record, enum kh_change_kind kind)
{
	return strcmp(kh_json_get(record->intent, "kind"), kh_plan_kind_name(kind)) == 0;
}

static bool is_file(const struct kh_record *record)
{
	return is_kind(record, KH_CHANGE_PUT_FILE) || is_kind(record, KH_CHANGE_REMOVE_FILE) ||
	       is_kind(record, KH_CHANGE_LINK) || kh_undo_is_tree(record);
}

bool kh_undo_is_tree(const struct kh_record *record)
{
	return is_kind(record, KH_CHANGE_INSTALL) || is_kind(record, KH_CHANGE_UNINSTALL);
}

static bool is_program(const struct kh_record *record)
{
	return is_kind(record, KH_CHANGE_RUN) || is_kind(record, KH_CHANGE_TRIGGER);
}

static bool is_same_boot(const struct kh_root *root, const struct kh_run_record *run)
{
	kh_auto(kh_free) char *now = kh_root_line(root, "/proc/sys/kernel/random/boot_id");
	return root->is_live && now && run->boot_id && strcmp(now, run->boot_id) == 0;
}

bool kh_undo_is_guarded(const struct kh_record *record, const struct kh_run_record *run,
			const struct kh_root *root)
{
	if (is_kind(record, KH_CHANGE_SET_VALUE))
		return record->is_done && is_same_boot(root, run) &&
		       kh_root_exists(root, kh_json_get(record->intent, "path"));
	return is_file(record);
}

/* ---- states as text ---- */

static char *file_text(const char *type, long long mode, const char *digest, const char *target)
{
	if (strcmp(type, "file") == 0)
		return kh_printf("file %04llo %s", (unsigned long long)mode, digest);
	if (strcmp(type, "link") == 0)
		return kh_printf("link %s", target);
	return kh_strdup(type);
}

static char *kept_text(const json_t *kept)
{
	return file_text(kh_json_get(kept, "type"),
			 json_integer_value(json_object_get(kept, "mode")),
			 kh_json_get(kept, "digest"), kh_json_get(kept, "target"));
}

char *kh_undo_state_before(const struct kh_record *record)
{
	if (is_kind(record, KH_CHANGE_SET_VALUE))
		return kh_printf("value %s", kh_json_get(record->intent, "old_value"));
	return kept_text(json_object_get(record->intent, "old"));
}

char *kh_undo_state_after(const struct kh_record *record)
{
	const json_t *intent = record->intent;
	if (is_kind(record, KH_CHANGE_SET_VALUE)) {
		const json_t *obtained = json_object_get(record->done, "obtained");
		const char *text = json_string_value(obtained);
		return kh_printf("value %s", text ? text : kh_json_get(intent, "value"));
	}
	if (is_kind(record, KH_CHANGE_PUT_FILE) || is_kind(record, KH_CHANGE_INSTALL))
		return file_text("file", json_integer_value(json_object_get(intent, "mode")),
				 kh_json_get(intent, "digest"), "");
	if (is_kind(record, KH_CHANGE_LINK))
		return file_text("link", 0, "", kh_json_get(intent, "target"));
	return kh_strdup("absent");
}

static int look(const struct kh_root *root, const char *path, char **ret_text, struct kh_error *err)
{
	kh_auto(kh_file_state_done) struct kh_file_state state = {0};
	if (kh_file_look_digest(root, path, &state, err) != 0)
		return -1;
	static const char *const types[] = {"absent", "file", "directory", "link", "other"};
	*ret_text = file_text(types[state.type], state.mode, state.digest, state.target);
	return 0;
}

int kh_undo_state_now(const struct kh_root *root, const struct kh_record *record, char **ret_text,
		      struct kh_error *err)
{
	const char *path = kh_json_get(record->intent, "path");
	if (!is_kind(record, KH_CHANGE_SET_VALUE))
		return look(root, path, ret_text, err);
	kh_auto(kh_free) char *line = kh_root_line(root, path);
	kh_auto(kh_free) char *word = kh_facts_chosen_word(line);
	*ret_text = kh_printf("value %s", word ? word : "");
	return 0;
}

char *kh_undo_title(const struct kh_record *record)
{
	const char *path = kh_json_get(record->intent, "path");
	const char *old = kh_json_get(json_object_get(record->intent, "old"), "type");
	if (is_kind(record, KH_CHANGE_INSTALL))
		return kh_printf("take away %s, and put back what was there before",
				 kh_json_get(record->intent, "name"));
	if (is_kind(record, KH_CHANGE_UNINSTALL))
		return kh_printf("put back %s", kh_json_get(record->intent, "name"));
	if (is_kind(record, KH_CHANGE_SET_VALUE))
		return kh_printf("set %s back to %s", path,
				 kh_json_get(record->intent, "old_value"));
	if (is_kind(record, KH_CHANGE_LOAD_MODULE))
		return kh_printf("unload module %s", path);
	if (is_kind(record, KH_CHANGE_TRIGGER))
		return kh_printf("%s again", path);
	if (is_kind(record, KH_CHANGE_PACKAGES))
		return kh_strdup("remove the packages that were installed");
	if (is_kind(record, KH_CHANGE_RUN))
		return kh_printf("undo the run of %s", path);
	if (is_kind(record, KH_CHANGE_MAKE_DIR))
		return kh_printf("remove directory %s", path);
	if (strcmp(old, "absent") == 0)
		return kh_printf("remove %s", path);
	return kh_printf("put back %s", path);
}

/* ---- going back ---- */

/* Make PATH what `kept` says, whatever it is now. */
static int restore(const struct kh_root *root, long long run, const char *path, const json_t *kept,
		   struct kh_error *err)
{
	kh_auto(kh_free) char *now = NULL;
	kh_auto(kh_free) char *wanted = kept_text(kept);
	kh_auto(kh_file_state_done) struct kh_file_state old = {0};
	kh_auto(kh_free) char *copy = NULL;
	if (kh_file_clean(root, path, err) != 0 || look(root, path, &now, err) != 0)
		return -1;
	if (strcmp(now, wanted) == 0)
		return 0;
	if (kh_journal_old_state(root, run, kept, &old, &copy, err) != 0)
		return -1;
	if (old.type == KH_FILE_REGULAR)
		return kh_file_copy(root, copy, path, &old, err);
	if (old.type == KH_FILE_LINK)
		return kh_file_link(root, path, old.target, err);
	return kh_file_remove(root, path, err);
}

bool kh_undo_has_copy(const struct kh_root *root, const struct kh_run_record *run,
		      const struct kh_record *record, char **ret_missing)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_file_state_done) struct kh_file_state old = {0};
	kh_auto(kh_free) char *copy = NULL;
	const json_t *kept = json_object_get(record->intent, "old");
	if (!kept || kh_journal_old_state(root, run->id, kept, &old, &copy, &err) == 0)
		return true;
	*ret_missing = kh_printf("%s, of '%s'", err.message, kh_json_get(record->intent, "path"));
	return false;
}

static int undo_file(const struct kh_undo *undo, const struct kh_run_record *run,
		     const struct kh_record *record, char **ret_note, struct kh_error *err)
{
	const char *path = kh_json_get(record->intent, "path");
	kh_auto(kh_free) char *missing = NULL;
	if (!undo->is_forced || kh_undo_has_copy(undo->root, run, record, &missing))
		return restore(undo->root, run->id, path, json_object_get(record->intent, "old"),
			       err);
	*ret_note = kh_printf("%s stays as it is: %s", path, missing);
	return 0;
}

/* The record first: while the files go back, nothing must claim that they are all there. */
static int undo_tree(const struct kh_undo *undo, const struct kh_run_record *run,
		     const struct kh_record *record, char **ret_note, struct kh_error *err)
{
	return undo_file(undo, run, record, ret_note, err) == 0
		       ? kh_undo_install(undo, run, record, ret_note, err)
		       : -1;
}

static int undo_directory(const struct kh_root *root, const char *path, char **ret_note,
			  struct kh_error *err)
{
	kh_auto(kh_free) char *now = NULL;
	if (look(root, path, &now, err) != 0)
		return -1;
	if (strcmp(now, "absent") == 0)
		return 0;
	int result = strcmp(now, "directory") == 0 ? kh_file_remove_dir(root, path, err) : 1;
	if (result == 1)
		*ret_note = kh_printf(
			"directory %s stays: it is in use, or somebody put something there", path);
	return result < 0 ? -1 : 0;
}

/* A running value that cannot be put back is said, not fatal: the files are what counts, and the
 * next boot starts from them. */
static int undo_value(const struct kh_undo *undo, const struct kh_run_record *run,
		      const struct kh_record *record, char **ret_note, struct kh_error *err)
{
	const char *path = kh_json_get(record->intent, "path");
	const char *old = kh_json_get(record->intent, "old_value");
	kh_auto(kh_free) char *now = NULL;
	kh_auto(kh_free) char *became = NULL;
	kh_auto(kh_free) char *before = kh_undo_state_before(record);
	kh_auto(kh_free) char *after = kh_undo_state_after(record);
	if (kh_undo_state_now(undo->root, record, &now, err) != 0)
		return -1;
	bool is_ours = strcmp(now, after) == 0 || is_same_boot(undo->root, run);
	if (!*old || strcmp(now, before) == 0 || !kh_root_exists(undo->root, path) || !is_ours)
		return 0;
	if (!undo->root->is_live) {
		*ret_note = kh_printf("left to the boot: set %s back to %s", path, old);
		return 0;
	}
	if (kh_file_set_value(undo->root, path, old, err) != 0) {
		*ret_note = kh_printf("%s; the next boot starts without it", err->message);
		kh_error_done(err);
		return 0;
	}
	if (kh_undo_state_now(undo->root, record, &became, err) != 0)
		return -1;
	if (strcmp(became, before) != 0)
		*ret_note = kh_printf("set '%s' back to '%s': the kernel still says '%s'", path,
				      old, became + strlen("value "));
	return 0;
}

/* What came with a module is known once it is done; cut off before that, only the module itself. */
static json_t *loaded_names(const struct kh_record *record)
{
	json_t *loaded = json_object_get(record->done, "loaded");
	if (json_is_array(loaded))
		return json_incref(loaded);
	return json_pack("[s]", kh_json_get(record->intent, "path"));
}

static int undo_module(const struct kh_undo *undo, const struct kh_run_record *run,
		       const struct kh_record *record, char **ret_note, struct kh_error *err)
{
	const char *name = kh_json_get(record->intent, "path");
	if (!is_same_boot(undo->root, run)) {
		if (kh_modules_is_loaded(undo->root, name))
			*ret_note = kh_printf("module %s stays loaded until the next boot", name);
		return 0;
	}
	kh_auto(kh_free) char *release = kh_root_line(undo->root, "/proc/sys/kernel/osrelease");
	json_t *loaded = loaded_names(record);
	for (size_t i = json_array_size(loaded); i > 0; i--) {
		const char *one = json_string_value(json_array_get(loaded, i - 1));
		int result = one ? kh_modules_unload(undo->root, release, one, err) : 0;
		if (result == 0)
			continue;
		kh_free(ret_note);
		*ret_note = result == 1 ? kh_printf("module %s stays: it is in use", one)
					: kh_printf("module %s stays: %s", one, err->message);
		kh_error_done(err);
	}
	json_decref(loaded);
	return 0;
}

void kh_undo_want_trigger(struct kh_undo_triggers *triggers, json_t *argv)
{
	if (!triggers->commands)
		triggers->commands = json_array();
	size_t index;
	json_t *known;
	json_array_foreach(triggers->commands, index, known) if (json_equal(known, argv)) return;
	json_array_append(triggers->commands, argv);
}

/* Files a program rewrote get their old bytes back while they are still what it made of them;
 * otherwise somebody ran it again since, and only running it once more gives the right content. */
static int undo_outputs(const struct kh_undo *undo, const struct kh_run_record *run,
			const struct kh_record *record, bool *ret_is_restored, struct kh_error *err)
{
	const char *path;
	json_t *kept;
	*ret_is_restored = json_object_size(json_object_get(record->intent, "outputs")) > 0;
	json_object_foreach(json_object_get(record->intent, "outputs"), path, kept)
	{
		kh_auto(kh_file_state_done) struct kh_file_state now = {0};
		if (kh_file_look(undo->root, path, &now, err) != 0)
			return -1;
		const char *made = kh_json_get(json_object_get(record->done, "outputs"), path);
		bool is_before = strcmp(now.digest, kh_json_get(kept, "digest")) == 0;
		if (!is_before && record->is_done && strcmp(now.digest, made) != 0) {
			*ret_is_restored = false;
			continue;
		}
		if (restore(undo->root, run->id, path, kept, err) == 0)
			continue;
		if (record->is_done && !is_before) /* running the program again is the other way */
			*ret_is_restored = false;
		else
			return -1;
		kh_error_done(err);
	}
	return 0;
}

static int run_json_argv(struct kh_runner *runner, const json_t *argv, struct kh_error *err)
{
	size_t count = json_array_size(argv);
	kh_auto(kh_free) const char **words = kh_alloc((count + 1) * sizeof(char *));
	for (size_t i = 0; i < count; i++)
		words[i] = json_string_value(json_array_get(argv, i));
	return kh_run(runner, words, KH_PERFORM_TIMEOUT_S, NULL, err);
}

static int undo_program(const struct kh_undo *undo, const struct kh_run_record *run,
			const struct kh_record *record, struct kh_undo_triggers *triggers,
			char **ret_note, struct kh_error *err)
{
	bool is_restored = false;
	const char *path = kh_json_get(record->intent, "path");
	if (undo_outputs(undo, run, record, &is_restored, err) != 0)
		return -1;
	json_t *argv = json_object_get(record->intent, "argv");
	json_t *undo_argv = json_object_get(record->intent, "undo_argv");
	if (is_kind(record, KH_CHANGE_TRIGGER)) {
		if (!is_restored && !undo->root->is_live)
			*ret_note = kh_printf("left to do on the running system: %s", path);
		else if (!is_restored)
			kh_undo_want_trigger(triggers, undo_argv ? undo_argv : argv);
		return 0;
	}
	if (undo_argv && !undo->root->is_live)
		*ret_note = kh_printf("left to do on the running system: undo the run of %s", path);
	if (*ret_note || !undo_argv || run_json_argv(undo->runner, undo_argv, err) == 0)
		return 0;
	*ret_note = kh_printf("%s; the next boot starts without it", err->message);
	kh_error_done(err);
	return 0;
}

int kh_undo_step(const struct kh_undo *undo, const struct kh_run_record *run,
		 const struct kh_record *record, struct kh_undo_triggers *triggers, char **ret_note,
		 struct kh_error *err)
{
	const char *path = kh_json_get(record->intent, "path");
	if (kh_undo_is_tree(record))
		return undo_tree(undo, run, record, ret_note, err);
	if (is_file(record))
		return undo_file(undo, run, record, ret_note, err);
	if (is_program(record))
		return undo_program(undo, run, record, triggers, ret_note, err);
	if (is_kind(record, KH_CHANGE_MAKE_DIR))
		return undo_directory(undo->root, path, ret_note, err);
	if (is_kind(record, KH_CHANGE_SET_VALUE))
		return undo_value(undo, run, record, ret_note, err);
	if (is_kind(record, KH_CHANGE_LOAD_MODULE))
		return undo_module(undo, run, record, ret_note, err);
	if (is_kind(record, KH_CHANGE_PACKAGES)) {
		kh_packages_remove(undo->root, undo->runner,
				   json_object_get(record->intent, "argv"), record->done, ret_note);
		return 0;
	}
	return kh_fail(err, KH_SYSTEM, 0, "run %lld: unknown kind of change '%s'", run->id,
		       kh_json_get(record->intent, "kind"));
}

void kh_undo_triggers_done(struct kh_undo_triggers *triggers)
{
	json_decref(triggers->commands);
	triggers->commands = NULL;
}

/* All of them, whatever becomes of each; the first failure is told. */
int kh_undo_run_triggers(const struct kh_undo *undo, const struct kh_undo_triggers *triggers,
			 struct kh_error *err)
{
	size_t index;
	json_t *argv;
	json_array_foreach(triggers->commands, index, argv)
	{
		kh_auto(kh_error_done) struct kh_error failed = KH_ERROR_INIT;
		if (run_json_argv(undo->runner, argv, &failed) != 0 && !err->message)
			kh_fail(err, failed.code, 0, "%s", failed.message);
	}
	return err->message ? -1 : 0;
}
