/* fuzz_grub.c - the parsers and editors of the boot loader's files, on any bytes.
 *
 * Built plainly it replays inputs (see tests/lib/replay.h); with -fsanitize=fuzzer -DKH_LIBFUZZER
 * it is a libFuzzer target. A corpus file starts with a letter that picks the format: c command
 * line, d /etc/default/grub, g grub.cfg, b BLS entry, l grub.conf, e environment block. What
 * merging gives must not change when merged again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "grub/bls.h"
#include "grub/cmdline.h"
#include "grub/default_file.h"
#include "grub/grub_cfg.h"
#include "grub/legacy.h"
#include "tests/lib/replay.h"

static void add(struct kh_cmdline_groups *groups, const char *keys, const char *words)
{
	struct kh_cmdline_group *group = kh_cmdline_add_group(groups, keys, "fuzz");
	kh_strv_split(&group->keys, keys, " ");
	kh_cmdline_split(words, &group->words);
	group->is_repeatable = kh_cmdline_is_repeatable(keys);
}

static void fill(struct kh_cmdline_groups *groups)
{
	add(groups, "iommu", "iommu=pt");
	add(groups, "default_hugepagesz hugepagesz hugepages", "hugepagesz=1G hugepages=4");
	add(groups, "amd_iommu", "");
	add(groups, "console", "console=ttyS0");
	add(groups, "quoted", "quoted=\"a b\"");
}

/* Text without quotes converges: with quotes left open it need not mean anything. */
static void must_be_same(const char *a, const char *b, const char *text)
{
	if (strcmp(a, b) != 0 && !strpbrk(text, "\"'\\`$"))
		abort();
}

static void try_cmdline(const char *text)
{
	kh_auto(kh_cmdline_groups_done) struct kh_cmdline_groups groups = {0};
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	fill(&groups);
	kh_cmdline_split("iommu=pt hugepagesz=1G hugepages=4", &words);
	kh_auto(kh_free) char *merged = kh_cmdline_merge(text, &groups);
	kh_auto(kh_free) char *again = kh_cmdline_merge(merged, &groups);
	must_be_same(merged, again, text);
	kh_auto(kh_free) char *stripped = kh_cmdline_strip(text, &groups);
	kh_auto(kh_free) char *dropped = kh_cmdline_drop(text, &words);
	kh_auto(kh_free) char *wrong = kh_cmdline_judge(text, &groups);
	kh_auto(kh_free) char *escaped = kh_cmdline_escape(text);
}

static void try_default_file(const char *text)
{
	kh_auto(kh_cmdline_groups_done) struct kh_cmdline_groups groups = {0};
	kh_auto(kh_strv_done) struct kh_strv stale = {0};
	static const char variable[] = "GRUB_CMDLINE_LINUX";
	fill(&groups);
	kh_auto(kh_free) char *value = kh_default_file_value(text, variable, NULL);
	kh_default_file_overrides(text, variable);
	kh_auto(kh_free) char *merged = kh_default_file_merge(text, variable, &groups, &stale);
	kh_auto(kh_free) char *again = kh_default_file_merge(merged, variable, &groups, &stale);
	must_be_same(merged, again, text);
}

static void try_grub_cfg(const char *text)
{
	struct kh_boot_entries entries;
	kh_grub_cfg_is_stub(text);
	kh_grub_cfg_uses_bls(text);
	kh_grub_cfg_parse(text, "/boot/grub/grub.cfg", "1>2", &entries);
	for (size_t i = 0; i < entries.count; i++) {
		if (!entries.items[i].kernel)
			continue;
		free(kh_boot_release(entries.items[i].kernel));
		free(kh_grub_cfg_copy_entry(text, &entries.items[i], "a'b", "id", "ro"));
	}
	kh_boot_entries_done(&entries);
}

static void try_bls(const char *text)
{
	kh_auto(kh_free) char *options = kh_bls_options(text);
	kh_auto(kh_free) char *edited = kh_bls_set_options(text, "a b");
	kh_auto(kh_free) char *copy = kh_bls_copy(text, "title", "ro");
	kh_auto(kh_free) char *kernel = kh_bls_value(text, "linux");
}

static void try_legacy(const char *text)
{
	struct kh_boot_entries entries;
	kh_legacy_parse(text, "/boot/grub/grub.conf", &entries);
	for (size_t i = 0; i < entries.count; i++) {
		if (!entries.items[i].kernel)
			continue;
		free(kh_legacy_set_arguments(text, &entries.items[i], "ro x"));
		free(kh_legacy_add_copy(text, &entries.items[i], "title", "ro"));
	}
	kh_boot_entries_done(&entries);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	char *text = kh_alloc(size);
	memcpy(text, data + 1, size - 1);
	switch (data[0]) {
	case 'c':
		try_cmdline(text);
		break;
	case 'd':
		try_default_file(text);
		break;
	case 'g':
		try_grub_cfg(text);
		break;
	case 'b':
		try_bls(text);
		break;
	case 'l':
		try_legacy(text);
		break;
	case 'e':
		free(kh_grubenv_value(text, "saved_entry"));
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
				      .corpus = "tests/fuzz/corpus/grub"};
	return replay_main(&replay, argc, argv);
}

#endif
