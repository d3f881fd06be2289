/* fuzz_records.c - what kvmhost itself wrote and reads again, damaged in any way: journals,
 * records, manifests; and what programs and guests print while it works.
 *
 * Built plainly it replays inputs (see tests/lib/replay.h); with -fsanitize=fuzzer -DKH_LIBFUZZER
 * it is a libFuzzer target. An input starts with a letter: j journal, e entries of a tree in a
 * journal, m manifest of an artifact, i record of an installed tree, t trial, s its finding, g
 * guard's record, n its state, o record of a source, h facts of another host, r texts of a report,
 * b a compiler's messages, p a build's targets, v a guest's output.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/facts_hardware.h"
#include "core/install.h"
#include "core/installed.h"
#include "core/report.h"
#include "core/report_view.h"
#include "core/undo.h"
#include "grub/trial.h"
#include "net/record.h"
#include "platform/build_errors.h"
#include "platform/deep.h"
#include "platform/meson_build.h"
#include "sources/record.h"
#include "tests/lib/fixture.h"
#include "tests/lib/replay.h"

static const char victim[] = "/etc/victim";
static const char victim_text[] = "as it was\n";

static void said(int result, const struct kh_error *err)
{
	assert(result >= 0 || (err->message && err->code != KH_OK));
}

/* ---- the journal ---- */

/* Below another root nothing runs, whatever a journal says. */
static int run_nothing(struct kh_runner *runner, const char *const *argv, unsigned timeout_s,
		       struct kh_run_result *ret_result, struct kh_error *err)
{
	(void)runner;
	(void)argv;
	(void)timeout_s;
	(void)ret_result;
	(void)err;
	abort();
}

static void undo_all(struct fixture *f)
{
	struct kh_runner runner = {run_nothing, NULL};
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_error_done) struct kh_error again = KH_ERROR_INIT;
	kh_auto(kh_error_done) struct kh_error forced = KH_ERROR_INIT;
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	struct kh_undo undo = {.root = &f->root, .runner = &runner, .run = -1};
	size_t count = 0;
	said(kh_undo_plan(&undo, &lines, &err), &err);
	said(kh_undo_apply(&undo, &count, &again), &again);
	undo.is_forced = true;
	said(kh_undo_apply(&undo, &count, &forced), &forced);
}

static void try_journal(struct fixture *f, const char *text)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_history_done) struct kh_history history = {0};
	fixture_put_mode(f, "/var/lib/kvmhost/runs/0001/journal.jsonl", text, 0600);
	fixture_put(f, "/var/lib/kvmhost/runs/0001/0001.old", "kept\n");
	fixture_put(f, victim, victim_text);
	int result = kh_history_read(&f->root, &history, &err);
	said(result, &err);
	if (result != 0)
		return;
	json_decref(kh_history_json(&history));
	undo_all(f);
}

static void try_entries(struct fixture *f, const char *text)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	char digest[KH_DIGEST_SIZE];
	json_t *entries = NULL;
	kh_digest_bytes(text, strlen(text), digest);
	fixture_put(f, "/var/lib/kvmhost/runs/0001/0001.entries", text);
	json_t *intent = json_pack("{s:i, s:s, s:s, s:s}", "n", 1, "kind", "install", "entries",
				   "0001.entries", "digest", digest);
	json_object_set_new(intent, "entries_digest", json_string(digest));
	int result = kh_journal_entries(&f->root, 1, intent, &entries, &err);
	said(result, &err);
	if (result == 0)
		kh_journal_clean_entries(&f->root, entries, &err);
	json_decref(entries);
	json_decref(intent);
}

/* ---- artifacts and installed trees ---- */

#define KEY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void try_manifest(struct fixture *f, const char *text)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_error_done) struct kh_error refused = KH_ERROR_INIT;
	kh_auto(kh_plan_done) struct kh_plan plan;
	kh_auto(kh_artifact_done) struct kh_artifact artifact = {0};
	fixture_put(f, "/store/artifacts/" KEY "/manifest.json", text);
	fixture_put(f, "/store/artifacts/" KEY "/tree/usr/bin/a", "a\n");
	kh_plan_init(&plan, &f->root);
	plan.stage = "fuzz";
	if (kh_store_find(&f->root, "/store", KEY, &artifact) != 0)
		return;
	said(kh_store_verify(&f->root, &artifact, &err), &err);
	said(kh_plan_install(&plan, "qemu", &artifact, "why", &refused), &refused);
	kh_auto(kh_free) char *shown = kh_plan_text(&plan);
	json_decref(kh_plan_json(&plan));
}

static void try_installed(struct fixture *f, const char *text)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_plan_done) struct kh_plan plan;
	kh_auto(kh_report_done) struct kh_report report = {0};
	kh_auto(kh_strv_done) struct kh_strv changed = {0};
	kh_auto(kh_free) char *path = kh_installed_path("qemu");
	fixture_put(f, path, text);
	kh_plan_init(&plan, &f->root);
	plan.stage = "fuzz";
	json_t *record = kh_installed_read(&f->root, "qemu");
	if (record) {
		kh_installed_count(record);
		kh_installed_check(&f->root, record, true, &changed);
		json_decref(kh_install_files(record));
	}
	json_decref(record);
	kh_installed_report(&report, &f->root, "qemu", false);
	said(kh_plan_uninstall(&plan, "qemu", "why", &err), &err);
	json_decref(kh_plan_json(&plan));
}

/* ---- trial and guard ---- */

static void try_trial(struct fixture *f, const char *record, const char *finding)
{
	struct kh_facts facts = {0};
	kh_auto(kh_trial_done) struct kh_trial trial = {0}, again = {0};
	fixture_put(f, "/var/lib/kvmhost/trial.json", record);
	if (finding)
		fixture_put(f, "/var/lib/kvmhost/trial.state", finding);
	kh_trial_read(&f->root, &facts, &trial);
	if (trial.state == KH_TRIAL_NONE)
		return;
	/* What is written says the same when it is read. */
	kh_auto(kh_free) char *text = kh_trial_text(&trial);
	fixture_put(f, "/var/lib/kvmhost/trial.json", text);
	kh_trial_read(&f->root, &facts, &again);
	kh_auto(kh_free) char *text_again = kh_trial_text(&again);
	assert(strcmp(text, text_again) == 0);
}

static void try_guard(struct fixture *f, const char *text)
{
	kh_auto(kh_net_record_done) struct kh_net_record record = {0}, again = {0};
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	char digest[KH_DIGEST_SIZE];
	fixture_put(f, kh_net_record_path, text);
	int result = kh_net_record_read(&f->root, &record, digest, &err);
	said(result, &err);
	if (result != 0)
		return;
	kh_auto(kh_free) char *written = kh_net_record_text(&record);
	fixture_put(f, kh_net_record_path, written);
	assert(kh_net_record_read(&f->root, &again, digest, &err) == 0);
	kh_auto(kh_free) char *written_again = kh_net_record_text(&again);
	assert(strcmp(written, written_again) == 0);
}

static void try_guard_state(struct fixture *f, const char *text)
{
	kh_auto(kh_net_state_done) struct kh_net_state state = {0};
	fixture_put(f, kh_net_state_path, text);
	kh_net_state_read(&f->root, "", &state);
}

/* ---- sources, hosts, reports ---- */

static void try_source(const char *text)
{
	kh_auto(kh_source_done) struct kh_source source = {0}, again = {0};
	json_t *record = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	if (record && kh_record_parse(record, &source) == 0) {
		json_t *written = kh_record_json(&source);
		assert(kh_record_parse(written, &again) == 0);
		json_t *written_again = kh_record_json(&again);
		assert(json_equal(written, written_again));
		json_decref(written);
		json_decref(written_again);
	}
	json_decref(record);
}

static void try_hardware(const char *text)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct kh_hardware hardware = {0}, again = {0};
	json_t *facts = json_loads(text, 0, NULL);
	if (facts && kh_hardware_from_json(facts, "host", &hardware, &err) == 0) {
		json_t *written = json_pack("{s:o}", "hardware", kh_hardware_json(&hardware));
		assert(kh_hardware_from_json(written, "host", &again, &err) == 0);
		json_t *written_again = json_pack("{s:o}", "hardware", kh_hardware_json(&again));
		assert(json_equal(written, written_again));
		json_decref(written);
		json_decref(written_again);
		kh_hardware_done(&hardware);
		kh_hardware_done(&again);
	} else if (facts) {
		assert(err.message);
	}
	json_decref(facts);
}

/* Any text gets into a report, and the report is JSON with all of its checks. */
static void try_report(const char *text)
{
	kh_auto(kh_report_done) struct kh_report report = {0};
	const struct kh_check_text texts = {text, text, text, text};
	const struct kh_setting setting = {.id = "fuzz.setting",
					   .wanted = text,
					   .effective = text,
					   .persisted = text,
					   .where = text,
					   .gap = text,
					   .why = text,
					   .fix = text};
	kh_report_add(&report, "fuzz.check", KH_FAIL, &texts);
	kh_report_setting(&report, &setting);
	json_t *json = kh_report_json(&report, text);
	kh_auto(kh_free) char *dumped = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	assert(dumped);
	json_t *again = json_loads(dumped, JSON_REJECT_DUPLICATES, NULL);
	assert(again && json_array_size(json_object_get(again, "checks")) == 2);
	json_decref(again);
	kh_auto(kh_free) char *shown = kh_report_plain(&report, text, true);
}

/* ---- what programs print ---- */

static void try_compiler(const char *text)
{
	kh_auto(kh_build_errors_done) struct kh_build_errors errors = {0};
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	size_t done = 0, total = 0;
	kh_strv_split_lines(&lines, text);
	for (size_t i = 0; i < lines.count; i++) {
		kh_build_errors_take(&errors, lines.items[i]);
		if (kh_meson_parse_progress(lines.items[i], &done, &total))
			assert(done <= total);
	}
	kh_auto(kh_free) char *shown = kh_build_errors_text(&errors);
}

static void try_targets(const char *text)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_strv_done) struct kh_strv targets = {0}, names = {0};
	said(kh_meson_parse_targets(text, "/build", &targets, &err), &err);
	kh_meson_parse_needed(text, &names);
}

static void try_guest(const char *text)
{
	kh_auto(kh_free) char *other = NULL;
	kh_deep_parse(text, "0123456789abcdef", &other);
}

static void dispatch(struct fixture *f, char letter, const char *text)
{
	static const char record[] =
		"{\"release\":\"6.1\",\"key\":\"k\",\"pinned\":\"5.1\",\"attempt\":1}";
	switch (letter) {
	case 'j':
		return try_journal(f, text);
	case 'e':
		return try_entries(f, text);
	case 'm':
		return try_manifest(f, text);
	case 'i':
		return try_installed(f, text);
	case 't':
		return try_trial(f, text, NULL);
	case 's':
		return try_trial(f, record, text);
	case 'g':
		return try_guard(f, text);
	case 'n':
		return try_guard_state(f, text);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	kh_auto(kh_free) char *text = kh_strndup((const char *)data + 1, size - 1);
	switch (data[0]) {
	case 'o':
		try_source(text);
		return 0;
	case 'h':
		try_hardware(text);
		return 0;
	case 'r':
		try_report(text);
		return 0;
	case 'b':
		try_compiler(text);
		return 0;
	case 'p':
		try_targets(text);
		return 0;
	case 'v':
		try_guest(text);
		return 0;
	}
	if (!strchr("jemitsgn", data[0]))
		return 0;
	struct fixture f;
	fixture_open_empty(&f);
	dispatch(&f, (char)data[0], text);
	fixture_close(&f);
	return 0;
}

#ifndef KH_LIBFUZZER

int main(int argc, char **argv)
{
	const struct replay replay = {.run = LLVMFuzzerTestOneInput,
				      .corpus = "tests/fuzz/corpus/records",
				      .mutations = 600};
	return replay_main(&replay, argc, argv);
}

#endif
