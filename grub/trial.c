/* trial.c - see trial.h. */
#include "grub/trial.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "grub/environment.h"

const char *const kh_trial_path = "/var/lib/kvmhost/trial.json";
const char *const kh_trial_finding_path = "/var/lib/kvmhost/trial.state";
const char *const kh_trial_arguments_path = "/var/lib/kvmhost/trial-arguments.json";
const char *const kh_trial_arguments_finding_path = "/var/lib/kvmhost/trial-arguments.state";
const char *const kh_trial_words =
	"panic=30 softlockup_panic=1 hung_task_panic=1 nmi_watchdog=panic systemd.watchdog_sec=60 "
	"rd.shell=0 rd.emergency=reboot";

static const char *const result_names[] = {"proved", "failed", "retry"};

/* ---- the files ---- */

static json_t *load(const struct kh_root *root, const char *path)
{
	kh_auto(kh_free) char *text = kh_root_text(root, path);
	json_t *object = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
	if (object && !json_is_object(object)) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static char *text_of(const json_t *object, const char *key)
{
	return kh_strdup(json_string_value(json_object_get(object, key)));
}

static void read_record(const json_t *record, struct kh_trial *trial)
{
	trial->release = text_of(record, "release");
	trial->key = text_of(record, "key");
	trial->pinned = text_of(record, "pinned");
	trial->boot_id = text_of(record, "boot_id");
	trial->arguments = text_of(record, "arguments");
	trial->attempt = json_integer_value(json_object_get(record, "attempt"));
	trial->had_route = json_is_true(json_object_get(record, "had_route"));
	trial->had_kvm = json_is_true(json_object_get(record, "had_kvm"));
	trial->had_libvirt = json_is_true(json_object_get(record, "had_libvirt"));
	trial->is_offered = strcmp(kh_json_get(record, "state"), "offered") == 0;
	trial->is_joined = strcmp(kh_json_get(record, "state"), "joined") == 0;
	trial->has_record = true;
}

char *kh_trial_text(const struct kh_trial *trial)
{
	const char *state = trial->is_joined ? "joined" : trial->is_offered ? "offered" : "armed";
	json_t *record = json_pack(
		"{s:s, s:o, s:o, s:o, s:o, s:I, s:b, s:b, s:b, s:o}", "state", state, "release",
		kh_json_text(trial->release), "key", kh_json_text(trial->key), "pinned",
		kh_json_text(trial->pinned), "boot_id", kh_json_text(trial->boot_id), "attempt",
		(json_int_t)trial->attempt, "had_route", (int)trial->had_route, "had_kvm",
		(int)trial->had_kvm, "had_libvirt", (int)trial->had_libvirt, "arguments",
		kh_json_text(trial->arguments));
	kh_auto(kh_free) char *text = json_dumps(record, JSON_INDENT(1));
	json_decref(record);
	return kh_printf("%s\n", text);
}

/* ---- judging ---- */

static bool is_release(const struct kh_facts *facts, const char *release)
{
	const char *running = facts->os.kernel_release;
	return running && release && strcmp(running, release) == 0;
}

static bool is_same_boot(const struct kh_facts *facts, const struct kh_trial *trial)
{
	return !facts->os.boot_id ||
	       (trial->boot_id && strcmp(trial->boot_id, facts->os.boot_id) == 0);
}

/* A kernel is known by its release, arguments by the mark of their entry. */
static bool is_running(const struct kh_facts *facts, const struct kh_trial *trial)
{
	if (!trial->is_arguments)
		return is_release(facts, trial->release);
	kh_auto(kh_free) char *mark = kh_trial_mark(trial->key, trial->attempt);
	return kh_str_has_word(facts->boot.cmdline ? facts->boot.cmdline : "", mark);
}

static enum kh_trial_state judge_boot(const struct kh_facts *facts, struct kh_trial *trial)
{
	if (is_running(facts, trial))
		return KH_TRIAL_BOOTED;
	if (trial->is_offered)
		return KH_TRIAL_OFFERED;
	if (is_same_boot(facts, trial))
		return KH_TRIAL_ARMED;
	const char *running = facts->os.kernel_release;
	trial->reason =
		trial->is_arguments
			? kh_strdup("a boot was to try them, and the host came back without them: "
				    "that boot panicked, hung or was cut off")
			: kh_printf("it was to be booted, and the boot came back with kernel '%s'",
				    running ? running : "?");
	return KH_TRIAL_FAILED;
}

/* The record's trial is looked at; without one, what is known of a failed one. */
static enum kh_trial_state judge(const struct kh_facts *facts, const json_t *finding,
				 struct kh_trial *trial)
{
	const char *result = kh_json_get(finding, "result");
	long long attempt = json_integer_value(json_object_get(finding, "attempt"));
	bool is_retry = strcmp(result, "retry") == 0;
	trial->next_attempt = finding ? attempt + !is_retry : trial->attempt + 1;
	if (!trial->key) {
		if (strcmp(result, "failed") != 0)
			return KH_TRIAL_NONE;
		trial->key = text_of(finding, "key");
		trial->release = text_of(finding, "release");
		trial->attempt = attempt;
	}
	bool is_same = finding && strcmp(kh_json_get(finding, "key"), trial->key) == 0;
	if (is_same && is_retry && attempt > trial->attempt)
		return KH_TRIAL_NONE;
	if (!is_same || is_retry || attempt != trial->attempt)
		return judge_boot(facts, trial);
	trial->has_finding = true;
	trial->reason = text_of(finding, "reason");
	trial->time = text_of(finding, "time");
	if (strcmp(result, "proved") == 0)
		return KH_TRIAL_PROVED;
	return is_running(facts, trial) ? KH_TRIAL_BOOTED : KH_TRIAL_FAILED;
}

static void read_files(const struct kh_root *root, const struct kh_facts *facts,
		       const char *record_path, const char *finding_path, struct kh_trial *trial)
{
	json_t *record = load(root, record_path);
	json_t *finding = load(root, finding_path);
	if (record && *kh_json_get(record, "key") && *kh_json_get(record, "release"))
		read_record(record, trial);
	trial->state = judge(facts, finding, trial);
	json_decref(record);
	json_decref(finding);
}

void kh_trial_read(const struct kh_root *root, const struct kh_facts *facts,
		   struct kh_trial *ret_trial)
{
	*ret_trial = (struct kh_trial){0};
	read_files(root, facts, kh_trial_path, kh_trial_finding_path, ret_trial);
}

void kh_trial_read_arguments(const struct kh_root *root, const struct kh_facts *facts,
			     struct kh_trial *ret_trial)
{
	*ret_trial = (struct kh_trial){.is_arguments = true};
	read_files(root, facts, kh_trial_arguments_path, kh_trial_arguments_finding_path,
		   ret_trial);
	if (ret_trial->is_joined)
		ret_trial->state = KH_TRIAL_NONE;
}

void kh_trial_done(struct kh_trial *trial)
{
	kh_free(&trial->release);
	kh_free(&trial->key);
	kh_free(&trial->pinned);
	kh_free(&trial->boot_id);
	kh_free(&trial->arguments);
	kh_free(&trial->reason);
	kh_free(&trial->time);
	*trial = (struct kh_trial){0};
}

/* ---- noting ---- */

static char *now_text(void)
{
	time_t now = time(NULL);
	struct tm parts;
	char text[32];
	gmtime_r(&now, &parts);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
	return kh_strdup(text);
}

int kh_trial_note(const struct kh_root *root, const struct kh_trial *trial,
		  enum kh_trial_result result, const char *reason, struct kh_error *err)
{
	bool is_retry = result == KH_TRIAL_RESULT_RETRY;
	kh_auto(kh_free) char *now = now_text();
	json_t *finding = json_pack(
		"{s:o, s:o, s:I, s:s, s:o, s:s}", "key", kh_json_text(trial->key), "release",
		kh_json_text(trial->release), "attempt", (json_int_t)(trial->attempt + is_retry),
		"result", result_names[result], "reason", kh_json_text(reason), "time", now);
	kh_auto(kh_free) char *text = json_dumps(finding, JSON_INDENT(1));
	json_decref(finding);
	kh_auto(kh_free) char *line = kh_printf("%s\n", text);
	const struct kh_file_state meta = {
		.type = KH_FILE_REGULAR, .mode = 0644, .uid = geteuid(), .gid = getegid()};
	const char *path =
		trial->is_arguments ? kh_trial_arguments_finding_path : kh_trial_finding_path;
	if (kh_file_put(root, path, line, strlen(line), &meta, err) != 0)
		return kh_wrap(err, "note what came of the trial");
	return 0;
}

/* ---- questions ---- */

char *kh_trial_name(const struct kh_trial *trial)
{
	return trial->is_arguments
		       ? kh_strdup("the new kernel arguments")
		       : kh_printf("kernel '%s'", trial->release ? trial->release : "?");
}

bool kh_trial_is_under_way(const struct kh_trial *trial)
{
	return trial->state == KH_TRIAL_OFFERED || trial->state == KH_TRIAL_ARMED ||
	       trial->state == KH_TRIAL_BOOTED;
}

char *kh_trial_mark(const char *key, long long attempt)
{
	return kh_printf(KH_TRIAL_MARK "=%.12s.%lld", key, attempt);
}

bool kh_trial_is_one_shot(const struct kh_facts *facts)
{
	const char *running = facts->boot.cmdline ? facts->boot.cmdline : "";
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_strv_split(&words, kh_trial_words, " ");
	for (size_t i = 0; i < words.count; i++)
		if (!kh_str_has_word(running, words.items[i]))
			return false;
	return true;
}

char *kh_trial_obstacle(const struct kh_root *root, const struct kh_facts *facts)
{
	kh_auto(kh_free) char *cfg =
		facts->boot.grub_cfg ? kh_root_text(root, facts->boot.grub_cfg) : NULL;
	if (!cfg || !strstr(cfg, "next_entry"))
		return kh_printf("%s does not look at a one-time choice (next_entry)",
				 facts->boot.grub_cfg ? facts->boot.grub_cfg : "the boot loader");
	return kh_environment_obstacle(root);
}
