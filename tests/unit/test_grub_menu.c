/* test_grub_menu.c - boot menus read back: grub.cfg, BLS entries, grub.conf, the environment block.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "grub/bls.h"
#include "grub/bls_order.h"
#include "grub/grub_cfg.h"
#include "grub/legacy.h"
#include "grub/menu.h"
#include "tests/lib/fixture.h"

#define ID "f2bab8799802a411076eb19731478698"

static const char cfg[] =
	"### BEGIN /etc/grub.d/00_header ###\n"
	"if [ \"${next_entry}\" ] ; then\n"
	"   set default=\"${next_entry}\"\n"
	"else\n"
	"   set default=\"@\"\n"
	"fi\n"
	"### END /etc/grub.d/00_header ###\n"
	"set default=\"7\"\n"
	"### BEGIN /etc/grub.d/10_linux ###\n"
	"menuentry 'Debian' --class debian $menuentry_id_option 'simple-1' {\n"
	"\tif [ x$p = xy ]; then\n\t  insmod gzio\n\tfi\n"
	"\tlinux\t/boot/vmlinuz-6.1 root=UUID=1 ro  quiet dyndbg=\"a  b\"\n"
	"\tinitrd /boot/initrd-6.1\n"
	"}\n"
	"submenu 'Advanced > it'\\''s' $menuentry_id_option 'adv' {\n"
	"\tmenuentry 'Debian, with 6.1' --id \"adv-6.1\" {\n"
	"\t\tsavedefault\n"
	"\t\tlinux /boot/vmlinuz-6.1 root=UUID=1 ro\n"
	"\t}\n"
	"\tmenuentry 'Debian, with 6.1 (recovery mode)' $menuentry_id_option 'adv-6.1-recovery-1' {\n"
	"\t\tlinux /boot/vmlinuz-6.1 root=UUID=1 ro single\n"
	"\t}\n"
	"}\n"
	"### END /etc/grub.d/10_linux ###\n"
	"### BEGIN /etc/grub.d/30_os-prober ###\n"
	"menuentry 'Fedora (on /dev/sda5)' {\n"
	"\tlinux /boot/vmlinuz-5.0 root=/dev/sda5\n"
	"}\n"
	"menuentry 'Windows' {\n\tchainloader +1\n}\n"
	"### END /etc/grub.d/30_os-prober ###\n"
	"### BEGIN /etc/grub.d/45_kvmhost_fallback ###\n"
	"menuentry 'Debian, as before kvmhost' $menuentry_id_option 'kvmhost-fallback' {\n"
	"\tlinux /boot/vmlinuz-6.1 root=UUID=1 ro\n"
	"}\n"
	"### END /etc/grub.d/45_kvmhost_fallback ###\n";

static void parse(const char *chosen, const char *saved, struct kh_boot_entries *entries)
{
	const char *at = strchr(cfg, '@');
	kh_auto(kh_free) char *text = kh_printf("%.*s%s%s", (int)(at - cfg), cfg, chosen, at + 1);
	kh_grub_cfg_parse(text, "/boot/grub/grub.cfg", saved, entries);
}

static void entries_are_told_apart(void **state)
{
	(void)state;
	static const enum kh_entry_kind kinds[] = {KH_ENTRY_NORMAL,   KH_ENTRY_NORMAL,
						   KH_ENTRY_RECOVERY, KH_ENTRY_OTHER,
						   KH_ENTRY_OTHER,    KH_ENTRY_FALLBACK};
	static const char *const positions[] = {"0", "1>0", "1>1", "2", "3", "4"};
	struct kh_boot_entries entries;
	parse("0", NULL, &entries);
	assert_int_equal(entries.count, KH_COUNT(kinds));
	for (size_t i = 0; i < entries.count; i++) {
		assert_int_equal(entries.items[i].kind, kinds[i]);
		assert_string_equal(entries.items[i].position, positions[i]);
	}
	assert_string_equal(entries.items[0].arguments, "root=UUID=1 ro  quiet dyndbg=\"a  b\"");
	assert_string_equal(entries.items[0].kernel, "/boot/vmlinuz-6.1");
	assert_string_equal(entries.items[1].id, "adv-6.1");
	assert_int_equal(entries.items[0].line, 14);
	kh_boot_entries_done(&entries);
}

static void the_default_is_found_however_it_is_named(void **state)
{
	(void)state;
	static const struct {
		const char *chosen, *saved;
		size_t at;
	} cases[] = {
		{"0", NULL, 0},
		{"1>1", NULL, 2},
		{"1", NULL, 1},
		{"2", NULL, 3},
		{"adv>adv-6.1", NULL, 1},
		{"Advanced >> it's>Debian, with 6.1", NULL, 1},
		{"simple-1", NULL, 0},
		{"${saved_entry}", "adv>adv-6.1", 1},
		{"${saved_entry}", "Windows", 4},
		{"${saved_entry}", NULL, 0},
		{"${saved_entry}", "a kernel that was removed", 0},
		{"99", NULL, 0},
	};
	for (size_t i = 0; i < KH_COUNT(cases); i++) {
		struct kh_boot_entries entries;
		parse(cases[i].chosen, cases[i].saved, &entries);
		if (entries.default_at != cases[i].at)
			fail_msg("%s: %zu", cases[i].chosen, entries.default_at);
		kh_boot_entries_done(&entries);
	}
}

static void of_two_entries_with_the_defaults_title_it_is_the_first(void **state)
{
	(void)state;
	static const char text[] = "set default=\"${saved_entry}\"\n"
				   "menuentry 'A' {\n\tlinux /vmlinuz-1\n}\n"
				   "menuentry 'B' {\n\tlinux /vmlinuz-2\n}\n"
				   "menuentry 'B' {\n\tlinux /vmlinuz-3\n}\n"
				   "submenu 'S' {\n"
				   "menuentry 'C' {\n\tlinux /vmlinuz-4\n}\n"
				   "menuentry 'C' {\n\tlinux /vmlinuz-5\n}\n"
				   "}\n";
	struct kh_boot_entries entries;
	kh_grub_cfg_parse(text, "/boot/grub/grub.cfg", "B", &entries);
	assert_int_equal(entries.default_at, 1);
	kh_boot_entries_done(&entries);
	kh_grub_cfg_parse(text, "/boot/grub/grub.cfg", "S>C", &entries);
	assert_int_equal(entries.default_at, 3);
	kh_boot_entries_done(&entries);
}

static void a_copy_is_an_entry_of_its_own_at_top_level(void **state)
{
	(void)state;
	struct kh_boot_entries entries;
	parse("0", NULL, &entries);
	const char *at = strchr(cfg, '@');
	kh_auto(kh_free) char *text = kh_printf("%.*s0%s", (int)(at - cfg), cfg, at + 1);
	kh_auto(kh_free) char *copy = kh_grub_cfg_copy_entry(
		text, &entries.items[1], "it's old", KH_FALLBACK_ID, "root=UUID=1 ro old=1");
	assert_string_equal(copy,
			    "menuentry 'it'\\''s old' $menuentry_id_option 'kvmhost-fallback' {\n"
			    "\tlinux\t/boot/vmlinuz-6.1 root=UUID=1 ro old=1\n"
			    "}\n");
	kh_auto(kh_free) char *first =
		kh_grub_cfg_copy_entry(text, &entries.items[0], "t", KH_FALLBACK_ID, "ro");
	assert_non_null(strstr(first, "menuentry 't' --class debian $menuentry_id_option"));
	assert_non_null(strstr(first, "\tif [ x$p = xy ]; then\n\t  insmod gzio\n\tfi\n"));
	kh_boot_entries_done(&entries);
}

static void a_stub_is_told_from_a_configuration(void **state)
{
	(void)state;
	assert_true(kh_grub_cfg_is_stub("search --fs-uuid x\nset prefix=($dev)/grub2\n"
					"configfile $prefix/grub.cfg\n"));
	assert_false(kh_grub_cfg_is_stub(cfg));
	assert_false(kh_grub_cfg_is_stub("insmod blscfg\nblscfg\nconfigfile x\n"));
	assert_true(kh_grub_cfg_uses_bls("  blscfg\n"));
	assert_false(kh_grub_cfg_uses_bls("# blscfg\ninsmod blscfg\n"));
}

static void the_environment_block_is_read(void **state)
{
	(void)state;
	static const char block[] =
		"# GRUB Environment Block\nsaved_entry=a\\\\b c\nkernelopts=root=x "
		"ro\nxsaved_entry=no\n######";
	kh_auto(kh_free) char *saved = kh_grubenv_value(block, "saved_entry");
	assert_string_equal(saved, "a\\b c");
	kh_auto(kh_free) char *options = kh_grubenv_value(block, "kernelopts");
	assert_string_equal(options, "root=x ro");
	kh_auto(kh_free) char *none = kh_grubenv_value(block, "next_entry");
	assert_null(none);
}

/* ---- BLS ---- */

static void put_entry(struct fixture *fixture, const char *name, const char *kernel,
		      const char *options)
{
	kh_auto(kh_free) char *path = kh_printf("%s/%s.conf", kh_bls_dir, name);
	kh_auto(kh_free) char *text =
		kh_printf("title T %s\nversion x\nlinux %s\noptions %s\n", name, kernel, options);
	fixture_put(fixture, path, text);
}

static void bls_entries_are_sorted_as_grub_does_and_the_fallback_is_last(void **state)
{
	(void)state;
	struct fixture fixture;
	fixture_open_empty(&fixture);
	put_entry(&fixture, ID "-0-rescue", "/vmlinuz-0-rescue-" ID, "ro");
	put_entry(&fixture, ID "-5.14.0-70.el9", "/vmlinuz-5.14.0-70.el9", "ro");
	put_entry(&fixture, ID "-5.14.0-503.el9", "/vmlinuz-5.14.0-503.el9", "ro $kernelopts x");
	put_entry(&fixture, ID "-kvmhost-fallback", "/vmlinuz-5.14.0-70.el9", "ro");
	put_entry(&fixture, ID "-0a1b2c3-5.14.0-503.el9", "/vmlinuz-5.14.0-503.el9",
		  "ro root=snap");
	struct kh_boot_entries entries;
	const struct kh_bls_lists lists = {"a=1 b=2", "c"}, none = {0};
	kh_bls_read(&fixture.root, NULL, &lists, &entries);
	assert_int_equal(entries.count, 5);
	assert_int_equal(entries.items[0].kind,
			 KH_ENTRY_OTHER); /* boom's snapshot: a longer name */
	assert_string_equal(entries.items[1].kernel, "/vmlinuz-5.14.0-503.el9");
	assert_string_equal(entries.items[1].arguments, "ro a=1 b=2 x");
	assert_int_equal(entries.items[1].line, 4);
	assert_string_equal(entries.items[2].kernel, "/vmlinuz-5.14.0-70.el9");
	assert_int_equal(entries.items[4].kind, KH_ENTRY_FALLBACK);
	size_t kinds[4] = {0};
	for (size_t i = 0; i < entries.count; i++)
		kinds[entries.items[i].kind]++;
	assert_int_equal(kinds[KH_ENTRY_NORMAL], 2);
	assert_int_equal(kinds[KH_ENTRY_RECOVERY], 1);
	assert_int_equal(kinds[KH_ENTRY_OTHER], 1);
	assert_int_equal(entries.default_at, 0);
	kh_boot_entries_done(&entries);
	kh_bls_read(&fixture.root, ID "-5.14.0-70.el9", &none, &entries);
	assert_int_equal(entries.default_at, 2);
	assert_string_equal(entries.items[1].arguments, "ro $kernelopts x");
	kh_boot_entries_done(&entries);
	kh_bls_read(&fixture.root, "gone", &none, &entries);
	assert_int_equal(entries.default_at, 0);
	kh_boot_entries_done(&entries);
	fixture_close(&fixture);
}

/* As GRUB's own functions say, compiled from its source. */
static void ids_are_compared_as_grub_does(void **state)
{
	(void)state;
	static const char *const newer[][2] = {
		{ID "-5.14.0-503.el9", ID "-5.14.0-70.el9"},
		{ID "-6.12.0", ID "-5.14.0-503.el9"},
		{ID "-5.14.0-503.el9", ID "-0-rescue"},
		{ID "-0-rescue", ID "-kvmhost-trial"},
		{ID "-kvmhost-trialarguments", ID "-kvmhost-trial"},
		{ID "-kvmhost-trial", ID "-kvmhost-fallback"},
		{ID "-kvmhost-trial-arguments", ID "-5.14.0-503.el9"}, /* a longer name */
		{ID "-0a1b2c3-5.14.0-503.el9", ID "-6.12.0-1"},
		{"0f" ID "-5.0", ID "-6.0"},
		{"ostree-1", ID "-5.0"},
		{ID "-5.0", "custom"},
		{"custom", "Custom-1"},
		{"a-1.10", "a-1.9"},
		{"a-1.010", "a-1.9"},
		{"a-1.0a", "a-1.0"},
		{"a-1.0.1", "a-1.0a"},
		{"a-1.0", "a-1.0~rc1"},
		{"a-1.0+1", "a-1.0"},
		{"a-1.0.1", "a-1.0+1"},
		{"a-1.0+1", "a-1.0~rc1"},
		{"a-abc", "a-abb"},
		{"a-abc", "a-ab"},
	};
	for (size_t i = 0; i < KH_COUNT(newer); i++) {
		if (kh_bls_compare(newer[i][0], newer[i][1]) <= 0 ||
		    kh_bls_compare(newer[i][1], newer[i][0]) >= 0)
			fail_msg("'%s' is newer than '%s'", newer[i][0], newer[i][1]);
		assert_int_equal(kh_bls_compare(newer[i][0], newer[i][0]), 0);
	}
	assert_int_equal(kh_bls_compare_versions("1.0", "1_0"), 0);
	assert_int_equal(kh_bls_compare_versions("", ""), 0);
}

static void no_entry_of_ours_comes_before_a_normal_one(void **state)
{
	(void)state;
	static const char *const ours[] = {KH_FALLBACK_ID, KH_TRIAL_ID, KH_TRIAL_ARGUMENTS_ID};
	static const struct {
		const char *ids, *kernel, *prefix; /* the first of the ids is copied */
	} menus[] = {
		{ID "-5.14.0-503.el9 " ID "-5.14.0-70.el9", "/vmlinuz-5.14.0-503.el9", ID "-"},
		{ID "-6.12.0 " ID "-5.14.0-70.el9", "/vmlinuz-6.12.0", ID "-"},
		{ID "-6.12.0-kvmhost " ID "-6.1", "/vmlinuz-6.12.0-kvmhost", ID "-"},
		{ID "-6.12.0-a-b " ID "-6.12.0-1", "/vmlinuz-6.12.0-a-b", ID "-"},
		{ID "-6.1 ostree-1", "/vmlinuz-6.1", ID "-"},
		{ID "-6.1 custom", "/vmlinuz-6.1", "A-"},
		{"custom " ID "-6.1", "/vmlinuz-6.1", "A-"},
		{"ostree-1 ostree-2", "/vmlinuz-6.1", "A-"},
		{"my-own-6.1 my-own-6.0", "/vmlinuz-6.1", "A-"}, /* the name would be longer */
		{"mine6.1 mine6.0", "/vmlinuz-6.1", "A-"},
		{"6.1 6.0", "/vmlinuz-6.1", "A-"},
		{ID "-linux " ID "-hardened", "/vmlinuz-linux", "A-"},
		{"6ab-6.1 Other", "/vmlinuz-6.1", "A-"},
		{"linux", "/vmlinuz", "A-"},
	};
	for (size_t i = 0; i < KH_COUNT(menus); i++) {
		struct kh_boot_entries entries = {0};
		kh_auto(kh_strv_done) struct kh_strv ids = {0};
		kh_strv_split(&ids, menus[i].ids, " ");
		for (size_t k = 0; k < ids.count; k++)
			kh_boot_entries_add(&entries, "f")->id = kh_strdup(ids.items[k]);
		entries.items[0].kernel = kh_strdup(menus[i].kernel);
		for (size_t k = 0; k < KH_COUNT(ours); k++) {
			kh_auto(kh_free) char *wanted = kh_printf("%s%s", menus[i].prefix, ours[k]);
			kh_auto(kh_free) char *id =
				kh_bls_new_id(&entries, &entries.items[0], ours[k]);
			assert_string_equal(id, wanted);
			for (size_t e = 0; e < ids.count; e++)
				assert_true(kh_bls_compare(ids.items[e], id) > 0);
		}
		kh_boot_entries_done(&entries);
	}
}

static void bls_options_are_replaced_and_the_rest_stays(void **state)
{
	(void)state;
	static const char text[] =
		"title A\nversion 5\n# c\noptions a  b\nlinux /k\noptions c\ngrub_arg "
		"--unrestricted";
	kh_auto(kh_free) char *options = kh_bls_options(text);
	assert_string_equal(options, "a  b");
	assert_int_equal(kh_bls_options_count(text), 2);
	kh_auto(kh_free) char *same = kh_bls_set_options(text, options);
	assert_string_equal(same, text);
	kh_auto(kh_free) char *edited = kh_bls_set_options(text, "z");
	assert_string_equal(edited, "title A\nversion 5\n# c\noptions z\nlinux /k\noptions "
				    "c\ngrub_arg --unrestricted");
	kh_auto(kh_free) char *added = kh_bls_set_options("title A", "z");
	assert_string_equal(added, "title A\noptions z\n");
	kh_auto(kh_free) char *none = kh_bls_set_options(text, "");
	assert_string_equal(none, "title A\nversion 5\n# c\nlinux /k\ngrub_arg --unrestricted");
	kh_auto(kh_free) char *copy = kh_bls_copy(text, "B", "old");
	assert_string_equal(copy, "title B\nversion 0-kvmhost-fallback\n# c\noptions old\nlinux "
				  "/k\noptions c\ngrub_arg --unrestricted");
}

static void the_default_of_bls_entries_is_found_as_grub_does(void **state)
{
	(void)state;
	static const struct {
		const char *name, *text;
	} files[] = {
		{"m-4", "title T\nefi /shell.efi\n"}, /* not in the menu */
		{"m-3", "title T\nlinux /vmlinuz-3\n"}, {"m-2", "title T\nlinux /vmlinuz-2\n"},
		{"m-1", "linux /vmlinuz-1\n"},          {".m-5", "title T\nlinux /vmlinuz-5\n"},
		{"k", "title m-3\nlinux /vmlinuz-0\n"}, {"4", "title 3\nlinux /vmlinuz-9\n"}};
	static const struct {
		const char *chosen, *kernel;
	} cases[] = {{"T", "/vmlinuz-3"},   {"m-2", "/vmlinuz-2"},        {"m-3", "/vmlinuz-3"},
		     {"0", "/vmlinuz-9"},   {"1", "/vmlinuz-3"},          {"3", "/vmlinuz-9"},
		     {"4", "/vmlinuz-9"},   {"/vmlinuz-1", "/vmlinuz-1"}, {"", "/vmlinuz-9"},
		     {"m-4", "/vmlinuz-9"}, {"9", "/vmlinuz-9"}};
	struct fixture fixture;
	fixture_open_empty(&fixture);
	for (size_t i = 0; i < KH_COUNT(files); i++) {
		kh_auto(kh_free) char *path = kh_printf("%s/%s.conf", kh_bls_dir, files[i].name);
		fixture_put(&fixture, path, files[i].text);
	}
	for (size_t i = 0; i < KH_COUNT(cases); i++) {
		struct kh_boot_entries entries;
		const struct kh_bls_lists none = {0};
		kh_bls_read(&fixture.root, cases[i].chosen, &none, &entries);
		assert_int_equal(entries.count, 5);
		const char *kernel = entries.items[entries.default_at].kernel;
		if (strcmp(kernel, cases[i].kernel) != 0)
			fail_msg("'%s' is %s", cases[i].chosen, kernel);
		kh_boot_entries_done(&entries);
	}
	fixture_close(&fixture);
}

static void without_options_an_entry_has_those_of_the_environment_block(void **state)
{
	(void)state;
	static const char *const texts[] = {"linux /k\n", "options  \nlinux /k\n",
					    "linux /k\n\noptions a\n", "linux /k\noptions \n"};
	for (size_t i = 0; i < KH_COUNT(texts); i++) {
		kh_auto(kh_free) char *options = kh_bls_options(texts[i]);
		assert_string_equal(options, "$default_kernelopts");
		assert_true(kh_bls_has_list(options));
		kh_auto(kh_free) char *same = kh_bls_set_options(texts[i], options);
		assert_string_equal(same, texts[i]);
	}
	struct fixture fixture;
	fixture_open_empty(&fixture);
	fixture_put(&fixture, "/boot/loader/entries/a.conf", texts[0]);
	struct kh_boot_entries entries;
	const struct kh_bls_lists lists = {NULL, "root=/dev/x ro"}, none = {0};
	kh_bls_read(&fixture.root, NULL, &lists, &entries);
	assert_string_equal(entries.items[0].arguments, "root=/dev/x ro");
	assert_int_equal(entries.items[0].line, 0);
	kh_boot_entries_done(&entries);
	kh_bls_read(&fixture.root, NULL, &none, &entries);
	assert_string_equal(entries.items[0].arguments, "$default_kernelopts");
	kh_boot_entries_done(&entries);
	fixture_close(&fixture);
}

/* GRUB stops at a line without a value. */
static void what_grub_does_not_read_of_an_entry_stays_and_counts_for_nothing(void **state)
{
	(void)state;
	static const char text[] = "  title A\n\tlinux\t/k\n#\n\ninitrd /i\noptions a\n";
	kh_auto(kh_free) char *kernel = kh_bls_value(text, "linux");
	assert_string_equal(kernel, "/k");
	assert_null(kh_bls_value(text, "initrd"));
	kh_auto(kh_free) char *edited = kh_bls_set_options(text, "z");
	assert_string_equal(edited,
			    "  title A\n\tlinux\t/k\n#\noptions z\n\ninitrd /i\noptions a\n");
	kh_auto(kh_free) char *empty = kh_bls_set_options("linux /k\noptions \n", "z");
	assert_string_equal(empty, "linux /k\noptions z\noptions \n");
}

/* ---- GRUB legacy ---- */

static const char legacy[] =
	"default=1\ntimeout=5\n"
	"title One\n\troot (hd0,0)\n\tkernel  /vmlinuz-2.6.32 ro  quiet\n\tinitrd /i\n"
	"title Two\n\tkernel --no-mem-option /vmlinuz-2.6.18\n"
	"title Rescue\n\tkernel /vmlinuz-2.6.32 ro single\n"
	"title Xen\n\tkernel /xen.gz dom0_mem=1G\n\tmodule /vmlinuz-2.6.32xen ro\n"
	"title Other\n\tchainloader +1";

static void grub_conf_is_read(void **state)
{
	(void)state;
	static const enum kh_entry_kind kinds[] = {KH_ENTRY_NORMAL, KH_ENTRY_NORMAL,
						   KH_ENTRY_RECOVERY, KH_ENTRY_OTHER,
						   KH_ENTRY_OTHER};
	struct kh_boot_entries entries;
	kh_legacy_parse(legacy, "/boot/grub/grub.conf", &entries);
	assert_int_equal(entries.count, KH_COUNT(kinds));
	for (size_t i = 0; i < entries.count; i++)
		assert_int_equal(entries.items[i].kind, kinds[i]);
	assert_int_equal(entries.default_at, 1);
	assert_string_equal(entries.items[0].arguments, "ro  quiet");
	assert_string_equal(entries.items[1].kernel, "/vmlinuz-2.6.18");
	assert_string_equal(entries.items[1].arguments, "");
	assert_int_equal(entries.items[0].line, 5);
	kh_boot_entries_done(&entries);
}

static void grub_conf_is_edited_and_every_other_byte_stays(void **state)
{
	(void)state;
	struct kh_boot_entries entries;
	kh_legacy_parse(legacy, "/boot/grub/grub.conf", &entries);
	kh_auto(kh_free) char *two = kh_legacy_set_arguments(legacy, &entries.items[1], "ro x");
	assert_non_null(
		strstr(two, "title Two\n\tkernel --no-mem-option /vmlinuz-2.6.18 ro x\ntitle"));
	kh_auto(kh_free) char *one = kh_legacy_set_arguments(two, &entries.items[0], "ro  quiet x");
	assert_non_null(strstr(one, "\tkernel  /vmlinuz-2.6.32 ro  quiet x\n\tinitrd /i\n"));
	assert_int_equal(strlen(one), strlen(legacy) + strlen(" ro x") + strlen(" x"));
	kh_auto(kh_free) char *more =
		kh_legacy_add_copy(legacy, &entries.items[0], "One, " KH_FALLBACK_TITLE, "ro");
	assert_int_equal(strncmp(more, legacy, strlen(legacy)), 0);
	assert_string_equal(more + strlen(legacy),
			    "\ntitle One, as before kvmhost\n\troot (hd0,0)\n\tkernel  "
			    "/vmlinuz-2.6.32 ro\n\tinitrd /i\n");
	kh_boot_entries_done(&entries);
}

/* ---- which menu a host has ---- */

static void find(struct fixture *fixture, struct kh_facts_boot *boot)
{
	kh_facts_boot_done(boot);
	kh_facts_boot_collect(&fixture->root, boot);
}

static void on_uefi_the_esp_counts_where_it_holds_the_real_menu_of_this_host(void **state)
{
	(void)state;
	struct fixture fixture;
	kh_auto(kh_facts_boot_done) struct kh_facts_boot boot = {0};
	fixture_open(&fixture, "centos7-ifcfg-uefi");
	find(&fixture, &boot);
	assert_string_equal(boot.grub_cfg, "/boot/efi/EFI/centos/grub.cfg");
	assert_string_equal(boot.next_release, "3.10.0-1160.119.1.el7.x86_64");
	/* somebody else's configuration on the same ESP, first in the alphabet */
	fixture_put(&fixture, "/boot/efi/EFI/arch/grub.cfg",
		    "menuentry 'Arch' {\n\tlinux /vmlinuz-linux ro\n}\n");
	find(&fixture, &boot);
	assert_string_equal(boot.grub_cfg, "/boot/efi/EFI/centos/grub.cfg");
	fixture_close(&fixture);
	fixture_open(&fixture, "rocky9-bls-nm");
	find(&fixture, &boot);
	assert_string_equal(boot.grub_cfg, "/boot/grub2/grub.cfg");
	assert_int_equal(boot.loader, KH_LOADER_GRUB_BLS);
	fixture_close(&fixture);
}

static void a_numbered_default_counts_with_bls_too(void **state)
{
	(void)state;
	struct fixture fixture;
	kh_auto(kh_facts_boot_done) struct kh_facts_boot boot = {0};
	fixture_open(&fixture, "rocky9-bls-nm");
	fixture_put(&fixture, "/boot/grub2/grub.cfg", "set default=\"1\"\nblscfg\n");
	find(&fixture, &boot);
	assert_string_equal(boot.next_release, "5.14.0-503.40.1.el9_5.x86_64");
	fixture_close(&fixture);
}

static void grub_legacy_on_uefi_is_found_through_its_link(void **state)
{
	(void)state;
	struct fixture fixture;
	kh_auto(kh_facts_boot_done) struct kh_facts_boot boot = {0};
	fixture_open_empty(&fixture);
	fixture_put(&fixture, "/boot/efi/EFI/redhat/grub.conf", legacy);
	fixture_link(&fixture, "/etc/grub.conf", "../boot/efi/EFI/redhat/grub.conf");
	find(&fixture, &boot);
	assert_int_equal(boot.loader, KH_LOADER_GRUB_LEGACY);
	assert_string_equal(boot.grub_cfg, "/boot/efi/EFI/redhat/grub.conf");
	fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_are_told_apart),
		cmocka_unit_test(the_default_is_found_however_it_is_named),
		cmocka_unit_test(of_two_entries_with_the_defaults_title_it_is_the_first),
		cmocka_unit_test(a_copy_is_an_entry_of_its_own_at_top_level),
		cmocka_unit_test(a_stub_is_told_from_a_configuration),
		cmocka_unit_test(the_environment_block_is_read),
		cmocka_unit_test(bls_entries_are_sorted_as_grub_does_and_the_fallback_is_last),
		cmocka_unit_test(ids_are_compared_as_grub_does),
		cmocka_unit_test(no_entry_of_ours_comes_before_a_normal_one),
		cmocka_unit_test(bls_options_are_replaced_and_the_rest_stays),
		cmocka_unit_test(the_default_of_bls_entries_is_found_as_grub_does),
		cmocka_unit_test(without_options_an_entry_has_those_of_the_environment_block),
		cmocka_unit_test(what_grub_does_not_read_of_an_entry_stays_and_counts_for_nothing),
		cmocka_unit_test(grub_conf_is_read),
		cmocka_unit_test(grub_conf_is_edited_and_every_other_byte_stays),
		cmocka_unit_test(on_uefi_the_esp_counts_where_it_holds_the_real_menu_of_this_host),
		cmocka_unit_test(a_numbered_default_counts_with_bls_too),
		cmocka_unit_test(grub_legacy_on_uefi_is_found_through_its_link),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
