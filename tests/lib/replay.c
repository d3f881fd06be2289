/* replay.c - see replay.h. */
#include "tests/lib/replay.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

void replay_read(const char *path, struct kh_str *ret_bytes)
{
	kh_auto(kh_fclose) FILE *file = fopen(path, "re");
	char block[4096];
	for (size_t got = 1; file && got > 0;) {
		got = fread(block, 1, sizeof(block), file);
		kh_str_add_bytes(ret_bytes, block, got);
	}
	if (file && !ferror(file))
		return;
	perror(path);
	exit(2);
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
static void mutate(const struct replay *replay, const struct kh_str *from, uint64_t *state)
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
	for (size_t i = 0; i < edits && from->length > 0; i++) {
		size_t next = at + next_random(state) % (from->length - at + 1);
		kh_str_add_bytes(&out, from->text + at, next - at);
		size_t dropped = next_random(state) % 8;
		at = next + dropped < from->length ? next + dropped : from->length;
		if (next_random(state) % 4 > 0)
			kh_str_add(&out, pieces[next_random(state) % KH_COUNT(pieces)]);
		else
			kh_str_add_bytes(&out, &(uint8_t){(uint8_t)next_random(state)}, 1);
	}
	kh_str_add_bytes(&out, kh_str_text(from) + at, from->length - at);
	replay->run((const uint8_t *)out.text, out.length);
}

/* A file, or the files of a directory. */
static void add_inputs(const char *path, struct kh_strv *inputs)
{
	kh_auto(kh_closedir) DIR *dir = opendir(path);
	kh_auto(kh_strv_done) struct kh_strv inside = {0};
	if (!dir) {
		kh_strv_add(inputs, path);
		return;
	}
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
		if (entry->d_name[0] != '.')
			kh_strv_addf(&inside, "%s/%s", path, entry->d_name);
	kh_strv_sort(&inside);
	kh_strv_copy(inputs, &inside);
}

int replay_main(const struct replay *replay, int argc, char **argv)
{
	kh_auto(kh_strv_done) struct kh_strv inputs = {0};
	bool is_told = argc > 2 && strcmp(argv[1], "--mutate") == 0;
	int first = is_told ? 3 : 1;
	long mutations = is_told ? strtol(argv[2], NULL, 10) : replay->mutations;
	uint64_t state = 88172645463325252u;
	for (int i = first; i < argc; i++)
		add_inputs(argv[i], &inputs);
	if (first >= argc)
		add_inputs(replay->corpus, &inputs);
	long count = (long)inputs.count;
	for (long i = 0; i < count; i++) {
		kh_auto(kh_str_done) struct kh_str bytes = {0};
		replay_read(inputs.items[i], &bytes);
		replay->run((const uint8_t *)kh_str_text(&bytes), bytes.length);
		for (long n = 0; n < mutations / count + (i < mutations % count); n++)
			mutate(replay, &bytes, &state);
	}
	printf("%ld inputs and %ld mutations: no crash\n", count, mutations);
	return count > 0 ? 0 : 2;
}
