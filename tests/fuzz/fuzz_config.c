/* fuzz_config.c - any bytes as a configuration file: an error or a configuration, never a crash.
 *
 *     fuzz_config FILE...             replay these, and 3000 mutations (always the same)
 *     fuzz_config --mutate N FILE...  the same with N mutations
 *     fuzz_config --print FILE        show what becomes of one
 *
 * LLVMFuzzerTestOneInput is the entry for libFuzzer (build with -DKH_LIBFUZZER). The first byte
 * '!' makes the rest a --set. What loads must load again from its own JSON, with the same result.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

struct input {
	uint8_t *bytes;
	size_t size;
};

static struct input read_input(const char *path)
{
	enum { MOST = 2 << 20 };
	struct input input = {kh_alloc(MOST), 0};
	kh_auto(kh_fclose) FILE *file = fopen(path, "re");
	if (!file) {
		perror(path);
		exit(2);
	}
	input.size = fread(input.bytes, 1, MOST, file);
	return input;
}

/* xorshift64: the same numbers everywhere. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* A few edits of one input; pieces that mean something to YAML make most of them. */
static void mutate(const struct input *from, uint64_t *state)
{
	static const char *const pieces[] = {
		"\n",
		"\t",
		": ",
		"- ",
		"{",
		"}",
		"[",
		"]",
		"\"",
		"'",
		"#",
		"&a",
		"*a",
		"!",
		"| ",
		"---",
		"\xef\xbb\xbf",
		"\xff",
		", ",
		"? ",
		"\r\n",
		"99999999999999999999",
	};
	kh_auto(kh_str_done) struct kh_str out = {0};
	size_t edits = 1 + next_random(state) % 4, at = 0;
	kh_str_add(&out, "");
	for (size_t i = 0; i < edits && from->size > 0; i++) {
		size_t next = at + next_random(state) % (from->size - at + 1);
		kh_str_add_bytes(&out, from->bytes + at, next - at);
		size_t dropped = next_random(state) % 8;
		at = next + dropped < from->size ? next + dropped : from->size;
		if (next_random(state) % 4 > 0)
			kh_str_add(&out, pieces[next_random(state) % KH_COUNT(pieces)]);
		else
			kh_str_add_bytes(&out, &(uint8_t){(uint8_t)next_random(state)}, 1);
	}
	kh_str_add_bytes(&out, from->bytes + at, from->size - at);
	LLVMFuzzerTestOneInput((const uint8_t *)out.text, out.length);
}

static int print_one(const char *path)
{
	struct input input = read_input(path);
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_config_done) struct kh_config config = {0};
	bool is_loaded = load(input.bytes, input.size, &config, &err) == 0;
	kh_auto(kh_free) char *json = is_loaded ? kh_config_json(&config) : NULL;
	puts(is_loaded ? json : err.message);
	if (err.hint)
		printf("hint: %s\n", err.hint);
	free(input.bytes);
	return 0;
}

int main(int argc, char **argv)
{
	bool is_mutating = argc > 2 && strcmp(argv[1], "--mutate") == 0;
	if (argc > 2 && strcmp(argv[1], "--print") == 0)
		return print_one(argv[2]);
	int first = is_mutating ? 3 : 1;
	long mutations = is_mutating ? strtol(argv[2], NULL, 10) : 3000;
	int files = argc - first;
	if (files <= 0)
		return fprintf(stderr, "fuzz_config [--mutate N] FILE...\n"), 2;
	uint64_t state = 88172645463325252u;
	for (int i = 0; i < files; i++) {
		struct input input = read_input(argv[first + i]);
		LLVMFuzzerTestOneInput(input.bytes, input.size);
		for (long n = 0; n < mutations / files + (i < mutations % files); n++)
			mutate(&input, &state);
		free(input.bytes);
	}
	printf("%d inputs and %ld mutations: no crash\n", files, mutations);
	return 0;
}

#endif
