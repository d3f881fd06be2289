/* fuzz_config.c - any bytes as a configuration file: an error or a configuration, never a crash.
 *
 *     fuzz_config [--mutate N] FILE...  see tests/lib/replay.h; 3000 mutations if not told
 *     fuzz_config --print FILE          show what becomes of one
 *
 * The first byte '!' makes the rest a --set. What loads must load again from its own JSON, with the
 * same result.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/config.h"
#include "tests/lib/replay.h"

static void check_round_trip(const struct kh_config *config)
{
	kh_auto(kh_free) char *json = kh_config_json(config);
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_config_done) struct kh_config again = {0};
	if (kh_config_load_text("json", json, strlen(json), NULL, &again, &err) < 0) {
		fprintf(stderr, "%s\n%s\n", json, err.message);
		abort();
	}
	kh_auto(kh_free) char *json_again = kh_config_json(&again);
	assert(strcmp(json, json_again) == 0);
}

static int load(const uint8_t *data, size_t size, struct kh_config *config, struct kh_error *err)
{
	bool is_setting = size > 0 && data[0] == '!';
	if (!is_setting)
		return kh_config_load_text("fuzz.yaml", (const char *)data, size, NULL, config,
					   err);
	kh_auto(kh_strv_done) struct kh_strv settings = {0};
	kh_strv_add_owned(&settings, kh_strndup((const char *)data + 1, size - 1));
	return kh_config_load_text(NULL, NULL, 0, &settings, config, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_config_done) struct kh_config config = {0};
	if (load(data, size, &config, &err) < 0) {
		assert(err.message && (err.code == KH_CONFIG || err.code == KH_USAGE));
		return 0;
	}
	check_round_trip(&config);
	return 0;
}

#ifndef KH_LIBFUZZER

static int print_one(const char *path)
{
	kh_auto(kh_str_done) struct kh_str input = {0};
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_config_done) struct kh_config config = {0};
	replay_read(path, &input);
	const uint8_t *bytes = (const uint8_t *)kh_str_text(&input);
	bool is_loaded = load(bytes, input.length, &config, &err) == 0;
	kh_auto(kh_free) char *json = is_loaded ? kh_config_json(&config) : NULL;
	puts(is_loaded ? json : err.message);
	if (err.hint)
		printf("hint: %s\n", err.hint);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "--print") == 0)
		return print_one(argv[2]);
	const struct replay replay = {.run = LLVMFuzzerTestOneInput,
				      .corpus = "tests/fuzz/corpus/config",
				      .mutations = 3000};
	return replay_main(&replay, argc, argv);
}

#endif
