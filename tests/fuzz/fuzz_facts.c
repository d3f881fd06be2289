/* fuzz_facts.c - the parsers of what a host says about itself, on any bytes.
 *
 * Built plainly it replays inputs (see tests/lib/replay.h); with -fsanitize=fuzzer -DKH_LIBFUZZER
 * it is a libFuzzer target. A corpus file starts with a letter that picks the parser: c cpuinfo, m
 * meminfo, o os-release, k kernel configuration, z the same compressed, l CPU list and bracketed
 * words.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/facts_cpu.h"
#include "core/facts_memory.h"
#include "core/facts_os.h"
#include "tests/lib/replay.h"

static void try_cpuinfo(const char *text)
{
	struct kh_facts_cpu cpu = {0};
	kh_facts_cpu_parse(text, &cpu);
	json_decref(kh_facts_cpu_json(&cpu));
	kh_facts_cpu_done(&cpu);
}

static void try_meminfo(const char *text)
{
	struct kh_facts_memory memory = {0};
	kh_facts_memory_parse(text, &memory);
	json_decref(kh_facts_memory_json(&memory));
	kh_facts_memory_done(&memory);
}

static void try_os_release(const char *text)
{
	struct kh_facts_os os = {0};
	kh_facts_os_parse_release(text, &os);
	kh_facts_release_number(text);
	json_decref(kh_facts_os_json(&os));
	kh_facts_os_done(&os);
}

static void try_kernel_config(const char *text)
{
	struct kh_kernel_config *config = kh_kernel_config_from_text(text);
	kh_kernel_config_option(config, "KVM");
	kh_kernel_config_option(config, "");
	kh_kernel_config_free(config);
}

static void try_words(const char *text)
{
	char *word = kh_facts_chosen_word(text);
	free(word);
	kh_facts_cpulist_count(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	char *text = kh_alloc(size);
	memcpy(text, data + 1, size - 1);
	switch (data[0]) {
	case 'c':
		try_cpuinfo(text);
		break;
	case 'm':
		try_meminfo(text);
		break;
	case 'o':
		try_os_release(text);
		break;
	case 'k':
		try_kernel_config(text);
		break;
	case 'l':
		try_words(text);
		break;
	case 'z':
		free(kh_kernel_config_gunzip(text, size - 1));
		break;
	default:
		break;
	}
	free(text);
	return 0;
}

#ifndef KH_LIBFUZZER

int main(int argc, char **argv)
{
	const struct replay replay = {.run = LLVMFuzzerTestOneInput,
				      .corpus = "tests/fuzz/corpus/facts"};
	return replay_main(&replay, argc, argv);
}

#endif
