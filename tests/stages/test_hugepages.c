/* test_hugepages.c - the hugepages stage on recorded hosts, and on one that counts as running. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "stages/stages.h"
#include "tests/lib/stage_host.h"

#define POOL_2M "{size: 2M, count: 512, mount: /dev/hugepages}"
#define POOL_1G "{size: 1G, count: 1, mount: /dev/hugepages1G, reserve: boot}"
#define POOLS(list) "hugepages:\n  pools: [" list "]\n"

static const char sysctl_file[] = "/etc/sysctl.d/90-kvmhost-hugepages.conf";
static const char tmpfiles_file[] = "/etc/tmpfiles.d/kvmhost-hugepages.conf";
static const char knob_2m[] = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages";

static void plan(struct stage_host *host)
{
	const char *text = stage_host_plan(host, &kh_stage_hugepages);
	if (!text)
		fail_msg("%s", host->err.message);
}

static void assert_file(const struct stage_host *host, const char *path, const char *content)
{
	kh_auto(kh_free) char *text = fixture_get(&host->fixture, path);
	if (!content) {
		assert_null(text);
		return;
	}
	assert_non_null(text);
	assert_non_null(strstr(text, content));
}

static bool has_note(const struct stage_host *host, enum kh_note_kind kind, const char *part)
{
	for (size_t i = 0; i < host->plan.note_count; i++)
		if (host->plan.notes[i].kind == kind && strstr(host->plan.notes[i].text, part))
			return true;
	return false;
}

static const struct kh_change *find_change(const struct stage_host *host, enum kh_change_kind kind,
					   const char *path)
{
	for (size_t i = 0; i < host->plan.change_count; i++)
		if (host->plan.changes[i].kind == kind &&
		    strcmp(host->plan.changes[i].path, path) == 0)
			return &host->plan.changes[i];
	return NULL;
}

static void a_pool_of_2m_becomes_a_sysctl_and_an_fstab_line(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", POOLS(POOL_2M ", " POOL_1G));
	plan(&host); /* as if no boot loader was there: nobody reserves them */
	assert_true(has_note(&host, KH_NOTE_WARNING, "no boot loader is known here"));
	assert_false(has_note(&host, KH_NOTE_LEFT, "left to the boot: reserve huge pages"));
	host.facts.boot.loader = KH_LOADER_GRUB;
	plan(&host);
	assert_true(has_note(&host, KH_NOTE_LEFT, "left to the boot: reserve huge pages of 1G: 1"));
	assert_true(has_note(&host, KH_NOTE_LEFT, "left to the boot: mount /dev/hugepages1G"));
	stage_host_apply(&host);
	assert_file(&host, sysctl_file, "vm.nr_hugepages = 512\n");
	assert_file(&host, tmpfiles_file, NULL);
	assert_file(&host, "/etc/fstab",
		    "hugetlbfs  /dev/hugepages  hugetlbfs  pagesize=2M,nofail  0  0\n"
		    "hugetlbfs  /dev/hugepages1G  hugetlbfs  pagesize=1G,nofail  0  0\n");
	plan(&host);
	assert_int_equal(host.plan.change_count, 0);
	stage_host_check(&host, &kh_stage_hugepages);
	assert_string_equal(stage_host_status(&host, "hugepages.2M"), "warn");
	assert_string_equal(stage_host_status(&host, "hugepages.mount./dev/hugepages"), "pass");
	stage_host_close(&host);
}

static void what_the_configuration_no_longer_wants_goes_away(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", POOLS(POOL_2M ", " POOL_1G));
	kh_auto(kh_free) char *before = fixture_tree(&host.fixture);
	plan(&host);
	stage_host_apply(&host);
	stage_host_configure(&host, "hugepages: {pools: []}\n");
	plan(&host);
	stage_host_apply(&host);
	kh_auto(kh_free) char *after = fixture_tree(&host.fixture);
	assert_string_equal(after, before);
	stage_host_close(&host);
}

static void pools_of_a_node_and_of_another_size_become_tmpfiles_lines(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "numa2-intel",
			POOLS("{size: 2M, count: 8, node: 1}, {size: 1G, count: 2, node: 0, "
			      "reserve: runtime}"));
	plan(&host);
	stage_host_apply(&host);
	assert_file(&host, sysctl_file, NULL);
	assert_file(
		&host, tmpfiles_file,
		"w /sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages - - - - 8\n"
		"w /sys/devices/system/node/node0/hugepages/hugepages-1048576kB/nr_hugepages - - - "
		"- 2\n");
	stage_host_check(&host, &kh_stage_hugepages);
	const struct kh_check *check = kh_report_find(&host.report, "hugepages.2M.node1");
	assert_non_null(check);
	assert_string_equal(check->persisted, "8 (/etc/tmpfiles.d/kvmhost-hugepages.conf:2)");
	stage_host_close(&host);
}

static void vm_nr_hugepages_is_not_written_where_it_would_count_other_pages(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(
		&host, "debian12-ifupdown",
		"hugepages:\n  default_size: 1G\n  pools: [{size: 2M, count: 512}, {size: 1G, "
		"count: 2}]\n");
	plan(&host);
	stage_host_apply(&host);
	assert_file(&host, sysctl_file, NULL);
	assert_file(&host, tmpfiles_file, "hugepages-2048kB/nr_hugepages - - - - 512\n");
	stage_host_configure(&host, POOLS(POOL_2M));
	static char cmdline[] = "quiet default_hugepagesz=1G";
	host.facts.boot.cmdline = cmdline;
	plan(&host);
	stage_host_apply(&host);
	assert_file(&host, sysctl_file, NULL);
	stage_host_close(&host);
}

static void somebody_elses_vm_nr_hugepages_is_named(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "half-applied", POOLS(POOL_2M));
	plan(&host);
	assert_true(has_note(&host, KH_NOTE_WARNING, "vm.nr_hugepages = 1024 and is read after"));
	stage_host_configure(&host, "hugepages:\n  pools: [{size: 1G, count: 2}]\n");
	plan(&host); /* the default becomes 1G: 1024 of them would be asked for */
	assert_true(has_note(&host, KH_NOTE_WARNING, "it wins at boot over 2"));
	stage_host_close(&host);
}

static void an_administrators_fstab_line_is_mended_in_place(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "hand-edited", POOLS("{size: 2M, count: 8, mount: /hugepages}"));
	plan(&host);
	stage_host_apply(&host);
	assert_file(
		&host, "/etc/fstab",
		"none	/hugepages	hugetlbfs	pagesize=2M,mode=1770,gid=103,nofail	0 0\n"
		"tmpfs		/tmp		tmpfs	size=2g");
	assert_true(kh_root_is_dir(&host.fixture.root, "/hugepages"));
	stage_host_close(&host);
}

static void duplicate_and_noauto_lines_are_named(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, NULL, POOLS(POOL_2M));
	fixture_put(&host.fixture, "/etc/fstab",
		    "h /dev/hugepages hugetlbfs nofail,pagesize=2M,noauto 0 0\n"
		    "h /dev/hugepages hugetlbfs defaults 0 0\n");
	plan(&host);
	assert_null(find_change(&host, KH_CHANGE_PUT_FILE, "/etc/fstab"));
	assert_true(has_note(&host, KH_NOTE_WARNING, "/etc/fstab:1: 'noauto'"));
	assert_true(has_note(&host, KH_NOTE_WARNING, "/etc/fstab:2 is a second line"));
	stage_host_close(&host);
}

static void a_mount_unit_that_beats_fstab_is_named(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", POOLS(POOL_2M ", " POOL_1G));
	fixture_link(&host.fixture, "/etc/systemd/system/dev-hugepages.mount", "/dev/null");
	fixture_put(&host.fixture, "/etc/systemd/system/dev-hugepages1G.mount", "[Mount]\n");
	plan(&host);
	assert_true(has_note(&host, KH_NOTE_WARNING, "dev-hugepages.mount is masked"));
	assert_true(has_note(&host, KH_NOTE_WARNING,
			     "/etc/systemd/system/dev-hugepages1G.mount is stronger"));
	stage_host_close(&host);
}

static void a_size_the_cpu_lacks_is_refused_and_fails_in_the_report(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", POOLS(POOL_1G));
	for (size_t i = 0; i < host.facts.cpu.flags.count; i++)
		if (strcmp(host.facts.cpu.flags.items[i], "pdpe1gb") == 0)
			host.facts.cpu.flags.items[i][0] = 'x';
	assert_null(stage_host_plan(&host, &kh_stage_hugepages));
	assert_int_equal(host.err.code, KH_HOST);
	stage_host_check(&host, &kh_stage_hugepages);
	assert_string_equal(stage_host_status(&host, "hugepages.pools"), "fail");
	stage_host_close(&host);
}

/* ---- on a host that counts as running ---- */

static void a_running_host_gets_its_pages_and_its_mount_now(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", POOLS(POOL_2M ", " POOL_1G));
	fixture_put(&host.fixture, "/run/systemd/system/x", "");
	host.fixture.root.is_live = true;
	host.facts.boot.loader = KH_LOADER_GRUB;
	plan(&host);
	const struct kh_change *pages = find_change(&host, KH_CHANGE_SET_VALUE, knob_2m);
	assert_non_null(pages);
	assert_string_equal(pages->value, "512");
	assert_true(pages->accepts_less);
	assert_true(has_note(&host, KH_NOTE_REBOOT, "huge pages of 1G"));
	const struct kh_change *mount = find_change(&host, KH_CHANGE_RUN, "mount");
	assert_non_null(mount);
	assert_string_equal(mount->argv.items[1], "/dev/hugepages1G");
	assert_string_equal(mount->undo_argv.items[0], "umount");
	assert_non_null(find_change(&host, KH_CHANGE_MAKE_DIR, "/dev/hugepages1G"));
	assert_non_null(find_change(&host, KH_CHANGE_TRIGGER, "reload systemd"));
	stage_host_close(&host);
}

static void a_mount_that_has_to_wait_waits_for_the_reboot(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown",
			POOLS("{size: 1G, count: 1, mount: /dev/hugepages}"));
	host.fixture.root.is_live = true;
	plan(&host); /* 2M pages are mounted there */
	assert_null(find_change(&host, KH_CHANGE_RUN, "mount"));
	assert_true(has_note(&host, KH_NOTE_REBOOT, "another page size is mounted there"));
	assert_true(has_note(&host, KH_NOTE_REBOOT, "the default huge page size becomes 1G"));
	stage_host_close(&host);
}

static void a_container_is_not_mounted_in(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", POOLS(POOL_1G));
	host.fixture.root.is_live = true;
	host.facts.os.is_container = true;
	plan(&host);
	assert_null(find_change(&host, KH_CHANGE_RUN, "mount"));
	assert_true(has_note(&host, KH_NOTE_INFO, "skipped: mount /dev/hugepages1G"));
	stage_host_close(&host);
}

static void fewer_pages_have_a_reason(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", POOLS(POOL_2M));
	plan(&host);
	stage_host_apply(&host);
	fixture_put(&host.fixture, knob_2m, "100\n");
	stage_host_configure(&host, POOLS(POOL_2M));
	host.fixture.root.is_live = true;
	stage_host_check(&host, &kh_stage_hugepages);
	assert_string_equal(stage_host_status(&host, "hugepages.2M"), "fail");
	const struct kh_check *check = kh_report_find(&host.report, "hugepages.2M");
	assert_string_equal(check->gap,
			    "only 100 obtained: memory is fragmented: 'reserve: boot' is "
			    "dependable");
	host.facts.memory.available_kib = 1024;
	plan(&host);
	assert_true(
		has_note(&host, KH_NOTE_WARNING,
			 "fewer than 512 pages of 2M can be had now: not enough free memory: the "
			 "host has 1 MiB, 824 MiB are needed, and 1595 MiB must stay"));
	stage_host_close(&host);
}

/* 100 GiB of 125 are taken by a kernel argument of somebody's; 15 GiB are available. */
static void pages_of_somebody_elses_arguments_leave_less_for_ours(void **state)
{
	(void)state;
	struct stage_host host;
	static char cmdline[] = "ro hugepagesz=1G hugepages=100 quiet";
	stage_host_open(&host, "numa2-intel", POOLS("{size: 2M, for_guests: 100G}"));
	fixture_put(&host.fixture, "/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages",
		    "100\n");
	stage_host_configure(&host, POOLS("{size: 2M, for_guests: 100G}"));
	host.fixture.root.is_live = true;
	host.facts.memory.available_kib = 15 << 20;
	host.facts.boot.loader = KH_LOADER_GRUB;
	host.facts.boot.next_arguments = cmdline;
	host.facts.boot.cmdline = cmdline;
	assert_null(stage_host_plan(&host, &kh_stage_hugepages));
	expect_text(host.err.message, "huge pages of 102400 MiB, and 102400 MiB that are not of "
				      "this configuration (100 pages of 1G by the kernel's "
				      "arguments), leave the host 0 of 128649 MiB RAM; 12865 MiB "
				      "must stay");
	host.facts.boot.next_arguments = NULL; /* gone with the next boot: only now there is less */
	plan(&host);
	const struct kh_change *pages = find_change(&host, KH_CHANGE_SET_VALUE, knob_2m);
	assert_null(pages); /* 2495 MiB are less than a tenth */
	assert_true(has_note(&host, KH_NOTE_WARNING,
			     "fewer than 51200 pages of 2M can be had now: not enough free memory: "
			     "the host has 15360 MiB, 100864 MiB are needed, and 12864 MiB must "
			     "stay"));
	host.facts.memory.available_kib = 25 << 20;
	plan(&host);
	pages = find_change(&host, KH_CHANGE_SET_VALUE, knob_2m);
	assert_non_null(pages);
	assert_string_equal(pages->value, "7135"); /* 768, and 12735 MiB */
	stage_host_close(&host);
}

/* Should the arguments fail their trial, the old ones and our sysctl would meet at the next boot.
 */
static void pages_at_run_time_wait_for_arguments_that_are_only_tried(void **state)
{
	(void)state;
	struct stage_host host;
	static char before[] = "ro hugepagesz=1G hugepages=100 quiet",
		    after_it[] = "ro hugepagesz=1G hugepages=1 quiet";
	static const char pools[] = "{size: 2M, for_guests: 100G}, {size: 1G, count: 1}";
	kh_auto(kh_free) char *yaml = kh_printf(POOLS("%s"), pools);
	kh_auto(kh_free) char *untried = kh_printf(POOLS("%s") "grub: {trial: off}\n", pools);
	stage_host_open(&host, "numa2-intel", yaml);
	host.fixture.root.is_live = true;
	host.facts.boot.loader = KH_LOADER_GRUB;
	host.facts.boot.next_arguments = before;
	assert_null(stage_host_plan(&host, &kh_stage_hugepages));
	expect_text(host.err.message, "99 pages of 1G by the kernel's arguments");
	assert_string_equal(host.err.hint,
			    "stage 'grub' replaces these arguments: reboot when it has, and apply "
			    "'hugepages' again when 'kvmhost confirm' has passed them");
	host.facts.boot.next_arguments = after_it;
	plan(&host);
	stage_host_configure(&host, untried);
	host.facts.boot.next_arguments = before;
	plan(&host);
	stage_host_close(&host);
}

static void pages_that_are_there_need_no_free_memory(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "numa2-intel", POOLS("{size: 2M, count: 51200}"));
	plan(&host);
	stage_host_apply(&host);
	fixture_put(&host.fixture, knob_2m, "51200\n");
	stage_host_configure(&host, POOLS("{size: 2M, count: 51200}"));
	host.fixture.root.is_live = true;
	host.facts.memory.available_kib = 1 << 20;
	plan(&host);
	assert_int_equal(host.plan.change_count, 0);
	assert_int_equal(host.plan.note_count, 0);
	stage_host_close(&host);
}

static void pools_share_what_is_free(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown",
			POOLS("{size: 2M, count: 1024}, {size: 1G, count: 4, reserve: runtime}"));
	host.fixture.root.is_live = true;
	host.facts.memory.available_kib = 6 << 20;
	plan(&host);
	const struct kh_change *first = find_change(&host, KH_CHANGE_SET_VALUE, knob_2m);
	const struct kh_change *second =
		find_change(&host, KH_CHANGE_SET_VALUE,
			    "/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages");
	assert_string_equal(first->value, "1024");
	assert_string_equal(second->value, "2"); /* 6 GiB without 2 and the host's 1.6 */
	assert_true(has_note(&host, KH_NOTE_WARNING,
			     "fewer than 4 pages of 1G can be had now: not enough free memory: the "
			     "host has 4096 MiB, 4096 MiB are needed, and 1595 MiB must stay"));
	stage_host_close(&host);
}

static void a_node_is_not_emptied_but_gives_its_cache(void **state)
{
	(void)state;
	static const char knob[] =
		"/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages";
	struct stage_host host;
	stage_host_open(&host, "numa2-intel", POOLS("{size: 2M, count: 10752, node: 0}"));
	host.fixture.root.is_live = true;
	host.facts.memory.nodes[0].free_kib = 20 << 20;
	host.facts.memory.nodes[0].cached_kib = 8 << 20;
	plan(&host);
	const struct kh_change *pages = find_change(&host, KH_CHANGE_SET_VALUE, knob);
	assert_string_equal(pages->value, "10752"); /* 20 GiB more: 8 of 62 GiB stay */
	host.facts.memory.nodes[0].cached_kib = 0;
	plan(&host);
	pages = find_change(&host, KH_CHANGE_SET_VALUE, knob);
	assert_string_equal(pages->value, "7542");
	assert_true(has_note(&host, KH_NOTE_WARNING, "NUMA node 0 has 20480 MiB, 20480 MiB are "));
	stage_host_close(&host);
}

static void pages_that_no_pool_has_any_more_are_given_back(void **state)
{
	(void)state;
	static const char knob[] =
		"/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages";
	static const char pools_1g[] = "hugepages:\n  pools: [{size: 1G, count: 10, reserve: "
				       "runtime}]\n";
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", POOLS("{size: 2M, count: 5120}"));
	plan(&host);
	stage_host_apply(&host);
	fixture_put(&host.fixture, knob_2m, "5120\n");
	fixture_put(&host.fixture, knob, "5120\n");
	fixture_put(&host.fixture,
		    "/sys/devices/system/node/node0/hugepages/hugepages-2048kB/free_hugepages",
		    "5120\n");
	stage_host_configure(&host, pools_1g);
	host.fixture.root.is_live = true;
	host.facts.memory.available_kib = 4 << 20;
	plan(&host);
	assert_int_equal(host.plan.changes[0].kind, KH_CHANGE_SET_VALUE);
	assert_string_equal(host.plan.changes[0].path, knob);
	assert_string_equal(host.plan.changes[0].value, "0");
	assert_non_null(find_change(&host, KH_CHANGE_REMOVE_FILE, sysctl_file));
	const struct kh_change *pages =
		find_change(&host, KH_CHANGE_SET_VALUE,
			    "/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages");
	assert_string_equal(pages->value, "10"); /* from those that are given back first */
	stage_host_close(&host);
}

static void a_boot_that_gave_fewer_pages_than_asked_fails(void **state)
{
	(void)state;
	struct stage_host host;
	static char cmdline[] = "quiet hugepagesz=1G hugepages=1";
	stage_host_open(&host, "debian12-ifupdown", POOLS(POOL_1G));
	host.fixture.root.is_live = true;
	stage_host_check(&host, &kh_stage_hugepages);
	assert_string_equal(stage_host_status(&host, "hugepages.1G"),
			    "fail"); /* nowhere asked for */
	fixture_put(&host.fixture, "/etc/default/grub.d/x.cfg",
		    "GRUB_CMDLINE_LINUX=\"hugepagesz=1G hugepages=1\"\n");
	stage_host_check(&host, &kh_stage_hugepages);
	assert_string_equal(stage_host_status(&host, "hugepages.1G"), "warn"); /* needs a reboot */
	host.facts.boot.cmdline = cmdline;
	stage_host_check(&host, &kh_stage_hugepages);
	assert_string_equal(stage_host_status(&host, "hugepages.1G"), "fail");
	stage_host_close(&host);
}

static void a_directory_with_something_in_it_is_no_mount_point(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", POOLS("{size: 2M, count: 8, mount: /etc}"));
	assert_null(stage_host_plan(&host, &kh_stage_hugepages));
	expect_text(host.err.message, "mount point '/etc' is not empty: it has '");
	stage_host_close(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_directory_with_something_in_it_is_no_mount_point),
		cmocka_unit_test(a_pool_of_2m_becomes_a_sysctl_and_an_fstab_line),
		cmocka_unit_test(what_the_configuration_no_longer_wants_goes_away),
		cmocka_unit_test(pools_of_a_node_and_of_another_size_become_tmpfiles_lines),
		cmocka_unit_test(vm_nr_hugepages_is_not_written_where_it_would_count_other_pages),
		cmocka_unit_test(somebody_elses_vm_nr_hugepages_is_named),
		cmocka_unit_test(an_administrators_fstab_line_is_mended_in_place),
		cmocka_unit_test(duplicate_and_noauto_lines_are_named),
		cmocka_unit_test(a_mount_unit_that_beats_fstab_is_named),
		cmocka_unit_test(a_size_the_cpu_lacks_is_refused_and_fails_in_the_report),
		cmocka_unit_test(a_running_host_gets_its_pages_and_its_mount_now),
		cmocka_unit_test(a_mount_that_has_to_wait_waits_for_the_reboot),
		cmocka_unit_test(a_container_is_not_mounted_in),
		cmocka_unit_test(fewer_pages_have_a_reason),
		cmocka_unit_test(pages_of_somebody_elses_arguments_leave_less_for_ours),
		cmocka_unit_test(pages_at_run_time_wait_for_arguments_that_are_only_tried),
		cmocka_unit_test(pages_that_are_there_need_no_free_memory),
		cmocka_unit_test(pools_share_what_is_free),
		cmocka_unit_test(a_node_is_not_emptied_but_gives_its_cache),
		cmocka_unit_test(pages_that_no_pool_has_any_more_are_given_back),
		cmocka_unit_test(a_boot_that_gave_fewer_pages_than_asked_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
