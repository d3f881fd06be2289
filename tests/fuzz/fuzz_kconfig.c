/* fuzz_kconfig.c - the readers of kernel configuration, on any bytes.
 *
 * Built plainly it replays inputs (see tests/lib/replay.h); with -fsanitize=fuzzer -DKH_LIBFUZZER
 * it is a libFuzzer target. An input starts with a letter that picks the format: f fragment, d
 * .config, k Kconfig file; e is a Kconfig file, a line "---", and a fragment that is asked of it.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "kconfig/survive.h"
#include "tests/lib/replay.h"

/* What is written from a fragment is a fragment again, with the same names and values. */
static void try_fragment(const char *text)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_fragment_done) struct kh_fragment fragment = {0}, again = {0};
	if (kh_fragment_parse("f", text, &fragment, &err) != 0) {
		assert(err.message && err.code == KH_CONFIG && kh_str_starts(err.message, "f:"));
		return;
	}
	kh_auto(kh_free) char *lines = kh_fragment_resolve(&fragment, -1, NULL);
	assert(kh_fragment_parse("f", lines, &again, &err) == 0);
	assert(again.line_count == fragment.line_count);
	for (size_t i = 0; i < again.line_count; i++) {
		assert(strcmp(again.lines[i].name, fragment.lines[i].name) == 0);
		assert(strcmp(again.lines[i].value, fragment.lines[i].value) == 0);
	}
	kh_fragment_done(&again);
}

/* Written and read again it is the same. */
static void try_dotconfig(const char *text)
{
	struct kh_dotconfig *config = kh_dotconfig_parse(text);
	kh_auto(kh_free) char *once = kh_dotconfig_text(config);
	struct kh_dotconfig *again = kh_dotconfig_parse(once);
	kh_auto(kh_free) char *twice = kh_dotconfig_text(again);
	assert(strcmp(once, twice) == 0);
	kh_dotconfig_free(config);
	kh_dotconfig_free(again);
}

static struct kh_kconfig *try_kconfig(const char *text)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct kh_kconfig *tree = NULL;
	if (kh_kconfig_from_text("k", text, &tree, &err) != 0)
		assert(err.message && err.code == KH_HOST && kh_str_starts(err.message, "k:"));
	return tree;
}

/* Everything that is asked for, against nothing and against itself. */
static void try_explain(char *text)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_fragment_done) struct kh_fragment fragment = {0};
	char *cut = strstr(text, "\n---\n");
	if (!cut)
		return;
	cut[1] = '\0';
	const char *asked = cut + strlen("\n---\n");
	struct kh_kconfig *tree = try_kconfig(text);
	if (tree && kh_fragment_parse("f", asked, &fragment, &err) == 0) {
		kh_auto(kh_free) char *lines = kh_fragment_resolve(&fragment, 6001, tree);
		const char *const results[] = {"", "CONFIG_MODULES=y\n", asked, lines};
		for (size_t i = 0; i < KH_COUNT(results); i++) {
			kh_auto(kh_losses_done) struct kh_losses losses = {0};
			struct kh_dotconfig *config = kh_dotconfig_parse(results[i]);
			kh_survive_compare(&fragment, 6001, config, tree, &losses);
			kh_auto(kh_free) char *told = kh_losses_text(&losses);
			kh_dotconfig_free(config);
		}
	}
	kh_kconfig_free(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	kh_auto(kh_free) char *text = kh_alloc(size);
	memcpy(text, data + 1, size - 1);
	switch (data[0]) {
	case 'f':
		try_fragment(text);
		break;
	case 'd':
		try_dotconfig(text);
		break;
	case 'k':
		kh_kconfig_free(try_kconfig(text));
		break;
	case 'e':
		try_explain(text);
		break;
	default:
		break;
	}
	return 0;
}

#ifndef KH_LIBFUZZER

int main(int argc, char **argv)
{
	const struct replay replay = {.run = LLVMFuzzerTestOneInput,
				      .corpus = "tests/fuzz/corpus/kconfig",
				      .mutations = 2000};
	return replay_main(&replay, argc, argv);
}

#endif
