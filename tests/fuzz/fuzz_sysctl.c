/* fuzz_sysctl.c - any bytes as a sysctl.d file, as a name, as a tuned profile: never a crash.
 *
 * Built plainly it replays inputs (see tests/lib/replay.h); with -fsanitize=fuzzer -DKH_LIBFUZZER
 * it is a libFuzzer target. The first line is taken as the name that is looked for, besides some
 * that files really hold.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/sysctl.h"
#include "tests/lib/replay.h"

/* A name that is accepted stays below /proc/sys. */
static void check_path(const char *name)
{
	kh_auto(kh_free) char *path = kh_sysctl_path(name);
	assert(kh_str_starts(path, "/proc/sys/"));
	if (!kh_sysctl_is_name(name))
		return;
	assert(!strstr(path, "/../") && !strstr(path, "//") && !kh_str_ends(path, "/.."));
}

/* What is found is a line of the text, and its value stands there. */
static void check_find(const char *text, const char *name)
{
	kh_auto(kh_sysctl_setting_done) struct kh_sysctl_setting setting = {0};
	kh_sysctl_find(text, "/etc/sysctl.d/x.conf", name, &setting);
	assert((setting.path == NULL) == (setting.value == NULL));
	if (!setting.path)
		return;
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, text);
	assert(setting.line >= 1 && (size_t)setting.line <= lines.count);
	assert(strstr(lines.items[setting.line - 1], setting.value));
	assert(kh_sysctl_equal(setting.value, setting.value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"vm.swappiness", "net.ipv4.conf.all.rp_filter",
					    "net/ipv4/conf/eth0.1/arp_filter",
					    "net.ipv4.conf.eth0/1.arp_filter", ""};
	kh_auto(kh_free) char *text = kh_strndup((const char *)data, size);
	kh_auto(kh_free) char *first = kh_strndup(text, strcspn(text, "\n"));
	check_path(first);
	check_find(text, first);
	for (size_t i = 0; i < KH_COUNT(names); i++)
		check_find(text, names[i]);
	return 0;
}

#ifndef KH_LIBFUZZER

int main(int argc, char **argv)
{
	const struct replay replay = {.run = LLVMFuzzerTestOneInput,
				      .corpus = "tests/fuzz/corpus/sysctl"};
	return replay_main(&replay, argc, argv);
}

#endif
