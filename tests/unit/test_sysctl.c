/* Which file decides a sysctl, and what tuned holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/sysctl.h"
#include "tests/lib/fixture.h"

static int setup(void **state)
{
	struct fixture *fixture = kh_alloc(sizeof(*fixture));
	fixture_open_empty(fixture);
	fixture_put(fixture, "/usr/lib/systemd/systemd", "");
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	fixture_close(fixture);
	kh_free(&fixture);
	return 0;
}

static void expect(struct fixture *fixture, const char *name, const char *path, int line,
		   const char *value)
{
	kh_auto(kh_sysctl_setting_done) struct kh_sysctl_setting winner = {0};
	kh_sysctl_winner(&fixture->root, name, &winner);
	if (!path) {
		assert_null(winner.path);
		assert_null(winner.value);
		return;
	}
	assert_non_null(winner.path);
	assert_string_equal(winner.path, path);
	assert_string_equal(winner.value, value);
	assert_int_equal(winner.line, line);
}

static void what_nothing_sets_has_no_winner(void **state)
{
	expect(*state, "vm.swappiness", NULL, 0, NULL);
}

static void the_last_file_name_wins_whatever_its_directory(void **state)
{
	fixture_put(*state, "/etc/sysctl.d/10-a.conf", "vm.swappiness = 1\n");
	fixture_put(*state, "/usr/lib/sysctl.d/50-b.conf", "# c\n\n vm.swappiness=2\n");
	expect(*state, "vm.swappiness", "/usr/lib/sysctl.d/50-b.conf", 3, "2");
}

static void a_name_in_etc_hides_the_same_name_elsewhere(void **state)
{
	fixture_put(*state, "/usr/lib/sysctl.d/50-b.conf", "vm.swappiness=2\n");
	fixture_put(*state, "/etc/sysctl.d/50-b.conf", "vm.dirty_ratio=2\n");
	expect(*state, "vm.swappiness", NULL, 0, NULL);
}

static void the_last_line_of_a_file_wins(void **state)
{
	fixture_put(*state, "/etc/sysctl.d/a.conf", "vm.swappiness=1\n-vm.swappiness = 7\n");
	expect(*state, "vm.swappiness", "/etc/sysctl.d/a.conf", 2, "7");
}

static void slashes_and_dots_name_the_same_key(void **state)
{
	fixture_put(*state, "/etc/sysctl.d/a.conf", "net/ipv4/conf/eth0.1/arp_filter = 1\n");
	expect(*state, "net.ipv4.conf.eth0/1.arp_filter", "/etc/sysctl.d/a.conf", 1, "1");
	expect(*state, "net/ipv4/conf/eth0.1/arp_filter", "/etc/sysctl.d/a.conf", 1, "1");
	expect(*state, "net.ipv4.conf.eth0.1.arp_filter", NULL, 0, NULL);
}

static void a_name_beats_a_later_pattern(void **state)
{
	fixture_put(*state, "/etc/sysctl.d/a.conf", "net.ipv4.conf.all.rp_filter = 0\n");
	fixture_put(*state, "/etc/sysctl.d/b.conf", "net.ipv4.conf.*.rp_filter = 2\n");
	expect(*state, "net.ipv4.conf.all.rp_filter", "/etc/sysctl.d/a.conf", 1, "0");
	expect(*state, "net.ipv4.conf.lo.rp_filter", "/etc/sysctl.d/b.conf", 1, "2");
	expect(*state, "net.ipv4.conf.lo.x.rp_filter", NULL, 0, NULL);
}

static void a_dash_without_a_value_takes_a_key_out_of_patterns(void **state)
{
	fixture_put(*state, "/etc/sysctl.d/a.conf",
		    "net.ipv4.conf.*.rp_filter = 2\n-net.ipv4.conf.lo.rp_filter\n");
	expect(*state, "net.ipv4.conf.lo.rp_filter", NULL, 0, NULL);
}

static void systemd_does_not_read_sysctl_conf(void **state)
{
	struct fixture *fixture = *state;
	fixture_put(fixture, "/etc/sysctl.conf", "vm.swappiness=3\n");
	expect(fixture, "vm.swappiness", NULL, 0, NULL);
	assert_false(kh_sysctl_conf_is_read(&fixture->root));
}

static void a_link_in_sysctl_d_brings_sysctl_conf_in(void **state)
{
	struct fixture *fixture = *state;
	fixture_put(fixture, "/etc/sysctl.conf", "vm.swappiness=3\n");
	fixture_put(fixture, "/etc/sysctl.d/90-kvmhost.conf", "vm.swappiness=4\n");
	fixture_link(fixture, "/etc/sysctl.d/99-sysctl.conf", "../sysctl.conf");
	expect(fixture, "vm.swappiness", "/etc/sysctl.d/99-sysctl.conf", 1, "3");
	assert_true(kh_sysctl_conf_is_read(&fixture->root));
}

static void without_systemd_sysctl_conf_is_last_or_on_centos_6_first(void **state)
{
	struct fixture *fixture = *state;
	fixture_remove(fixture, "/usr/lib/systemd");
	fixture_put(fixture, "/etc/sysctl.conf", "vm.swappiness=3\n");
	fixture_put(fixture, "/etc/sysctl.d/90-kvmhost.conf", "vm.swappiness=4\n");
	expect(fixture, "vm.swappiness", "/etc/sysctl.conf", 1, "3");
	fixture_put(fixture, "/etc/rc.d/init.d/functions", "");
	expect(fixture, "vm.swappiness", "/etc/sysctl.d/90-kvmhost.conf", 1, "4");
}

static void a_masked_file_sets_nothing(void **state)
{
	fixture_put(*state, "/usr/lib/sysctl.d/50-b.conf", "vm.swappiness=2\n");
	fixture_link(*state, "/etc/sysctl.d/50-b.conf", "/dev/null");
	expect(*state, "vm.swappiness", NULL, 0, NULL);
}

static void the_winner_can_be_asked_for_a_file_that_is_not_there_yet(void **state)
{
	struct fixture *fixture = *state;
	kh_auto(kh_sysctl_setting_done) struct kh_sysctl_setting winner = {0};
	fixture_put(fixture, "/etc/sysctl.d/50-b.conf", "vm.swappiness=2\n");
	kh_sysctl_winner_after(&fixture->root, "vm.swappiness", "/etc/sysctl.d/90-kvmhost.conf",
			       "vm.swappiness = 10\n", &winner);
	assert_string_equal(winner.path, "/etc/sysctl.d/90-kvmhost.conf");
	assert_string_equal(winner.value, "10");
}

static void expect_path(const char *name, const char *path)
{
	kh_auto(kh_free) char *is = kh_sysctl_path(name);
	assert_string_equal(is, path);
}

static void names_become_paths(void **state)
{
	(void)state;
	expect_path("vm.swappiness", "/proc/sys/vm/swappiness");
	expect_path("net.ipv4.conf.eth0/1.arp_filter", "/proc/sys/net/ipv4/conf/eth0.1/arp_filter");
	expect_path("net/ipv4/conf/eth0.1/arp_filter", "/proc/sys/net/ipv4/conf/eth0.1/arp_filter");
}

static void a_name_cannot_lead_out_of_proc_sys(void **state)
{
	(void)state;
	assert_true(kh_sysctl_is_name("vm.swappiness"));
	assert_true(kh_sysctl_is_name("net/ipv4/conf/eth0.1/arp_filter"));
	assert_false(kh_sysctl_is_name("vm/../../etc/passwd"));
	assert_false(kh_sysctl_is_name("vm..swappiness"));
	assert_false(kh_sysctl_is_name("/vm/swappiness"));
	assert_false(kh_sysctl_is_name("swappiness"));
	assert_false(kh_sysctl_is_name("vm.swap piness"));
	assert_false(kh_sysctl_is_name("net.ipv4.conf.*.rp_filter"));
	assert_false(kh_sysctl_is_name(""));
}

static void tabs_and_spaces_between_numbers_are_the_same(void **state)
{
	(void)state;
	assert_true(kh_sysctl_equal("4096\t87380\t6291456", " 4096 87380 6291456\n"));
	assert_false(kh_sysctl_equal("4096 87380", "4096"));
	assert_false(kh_sysctl_equal("10", "100"));
}

/* ---- tuned ---- */

static void put_profiles(struct fixture *fixture)
{
	fixture_put(fixture, "/etc/tuned/active_profile", "virtual-host\n");
	fixture_put(fixture, "/usr/lib/tuned/virtual-host/tuned.conf",
		    "[main]\nsummary=x\ninclude=throughput-performance\n[sysctl]\n"
		    "vm.dirty_background_ratio = 5\n");
	fixture_put(fixture, "/usr/lib/tuned/profiles/throughput-performance/tuned.conf",
		    "[main]\ninclude=virtual-host\n[variables]\nvm.a=1\n[vm]\n"
		    "transparent_hugepages=never\n[sysctl]\nvm.swappiness=10\n");
}

static void an_active_tuned_profile_is_named_with_what_it_includes(void **state)
{
	struct fixture *fixture = *state;
	put_profiles(fixture);
	fixture_link(fixture, "/etc/systemd/system/multi-user.target.wants/tuned.service",
		     "/usr/lib/systemd/system/tuned.service");
	kh_auto(kh_free) char *own = kh_tuned_setter(&fixture->root, "vm.dirty_background_ratio");
	kh_auto(kh_free) char *included = kh_tuned_setter(&fixture->root, "vm.swappiness");
	kh_auto(kh_free) char *thp = kh_tuned_setter(&fixture->root, "transparent_hugepages");
	assert_string_equal(own, "tuned profile 'virtual-host'");
	assert_string_equal(included, "tuned profile 'virtual-host'");
	assert_non_null(thp);
	assert_null(kh_tuned_setter(&fixture->root, "vm.a"));
	assert_null(kh_tuned_setter(&fixture->root, "elevator"));
}

static void a_profile_of_a_switched_off_tuned_counts_for_nothing(void **state)
{
	struct fixture *fixture = *state;
	put_profiles(fixture);
	assert_null(kh_tuned_setter(&fixture->root, "vm.swappiness"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_nothing_sets_has_no_winner),
		TEST(the_last_file_name_wins_whatever_its_directory),
		TEST(a_name_in_etc_hides_the_same_name_elsewhere),
		TEST(the_last_line_of_a_file_wins),
		TEST(slashes_and_dots_name_the_same_key),
		TEST(a_name_beats_a_later_pattern),
		TEST(a_dash_without_a_value_takes_a_key_out_of_patterns),
		TEST(systemd_does_not_read_sysctl_conf),
		TEST(a_link_in_sysctl_d_brings_sysctl_conf_in),
		TEST(without_systemd_sysctl_conf_is_last_or_on_centos_6_first),
		TEST(a_masked_file_sets_nothing),
		TEST(the_winner_can_be_asked_for_a_file_that_is_not_there_yet),
		TEST(names_become_paths),
		TEST(a_name_cannot_lead_out_of_proc_sys),
		TEST(tabs_and_spaces_between_numbers_are_the_same),
		TEST(an_active_tuned_profile_is_named_with_what_it_includes),
		TEST(a_profile_of_a_switched_off_tuned_counts_for_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
