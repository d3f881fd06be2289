/* fuzz_memory.c - the editors of /etc/fstab and /etc/rc.local, on any text.
 *
 * Built plainly it replays inputs (see tests/lib/replay.h); with -fsanitize=fuzzer -DKH_LIBFUZZER
 * it is a libFuzzer target. Whatever the text: editing it twice is editing it once, and taking our
 * lines out again gives the text from before, byte for byte (where no line of somebody else had to
 * be mended).
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/fstab.h"
#include "core/hugeargs.h"
#include "core/rclocal.h"
#include "tests/lib/replay.h"

static bool has_our_mark(const char *text)
{
	return strstr(text, "# kvmhost: ") != NULL;
}

static void try_fstab(const char *text)
{
	static const struct kh_fstab_hugetlb mounts[] = {
		{"/dev/hugepages", 2 << 20, "h /dev/hugepages hugetlbfs pagesize=2M,nofail 0 0\n"},
		{"/hugepages", 1 << 30, "h /hugepages hugetlbfs pagesize=1G,nofail 0 0\n"},
	};
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *once = NULL, *twice = NULL, *without = NULL;
	kh_auto(kh_fstab_done) struct kh_fstab before = {0}, after = {0};
	kh_fstab_parse(text, &before);
	if (kh_fstab_put_hugetlb(text, mounts, KH_COUNT(mounts), &once, &err) != 0) {
		assert(err.code == KH_HOST && err.message);
		return;
	}
	assert(kh_fstab_put_hugetlb(once, mounts, KH_COUNT(mounts), &twice, &err) == 0);
	assert(strcmp(once, twice) == 0);
	kh_fstab_parse(once, &after);
	for (size_t i = 0; i < KH_COUNT(mounts); i++) {
		const struct kh_fstab_entry *entry = kh_fstab_find(&after, mounts[i].target, 0);
		assert(entry && kh_fstab_page_bytes(entry->options) == mounts[i].page_bytes);
		assert(kh_fstab_has_option(entry->options, "nofail"));
	}
	assert(kh_fstab_put_hugetlb(once, NULL, 0, &without, &err) == 0);
	bool has_others = kh_fstab_find(&before, mounts[0].target, 0) ||
			  kh_fstab_find(&before, mounts[1].target, 0);
	if (!has_our_mark(text) && !has_others)
		assert(strcmp(without, text) == 0);
}

static void try_rc_local(const char *text)
{
	static const char path[] = "/sys/kernel/mm/ksm/run";
	static const char lines[] = "echo 1 > /sys/kernel/mm/ksm/run || :\n";
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *once = NULL, *twice = NULL, *without = NULL, *value = NULL;
	kh_auto(kh_strv_done) struct kh_strv mentions = {0};
	int line = 0;
	kh_rclocal_has_shell(text);
	kh_rclocal_has_commands(text);
	kh_rclocal_early_exit(text);
	kh_rclocal_mentions(text, path, &mentions);
	if (kh_rclocal_put("/etc/rc.local", text, lines, &once, &err) != 0) {
		assert(err.code == KH_HOST && err.message);
		return;
	}
	value = kh_rclocal_value(once, path, &line);
	assert(value && line > 0);
	assert(kh_rclocal_put("/etc/rc.local", once, lines, &twice, &err) == 0);
	assert(strcmp(once, twice) == 0);
	assert(kh_rclocal_put("/etc/rc.local", once, "", &without, &err) == 0);
	if (!has_our_mark(text))
		assert(strcmp(without, text) == 0);
}

/* The first byte picks: f fstab, r rc.local, a kernel arguments; any other: all. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	kh_auto(kh_free) char *text = kh_strndup((const char *)data, size);
	char kind = *text;
	const char *rest = kind && strchr("fra", kind) ? text + 1 : text;
	if (kind != 'r' && kind != 'a')
		try_fstab(rest);
	if (kind != 'f' && kind != 'a')
		try_rc_local(rest);
	if (kind != 'f' && kind != 'r') {
		kh_hugeargs_pages(rest, 2048, -1);
		kh_hugeargs_pages(rest, 1048576, 1);
	}
	return 0;
}

#ifndef KH_LIBFUZZER

int main(int argc, char **argv)
{
	const struct replay replay = {.run = LLVMFuzzerTestOneInput,
				      .corpus = "tests/fuzz/corpus/memory"};
	return replay_main(&replay, argc, argv);
}

#endif
