/* test_fstab.c - hugetlbfs lines in fstab: what is ours changes, every other byte stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/fstab.h"
#include "tests/lib/fixture.h"

#define LINE_2M "hugetlbfs  /dev/hugepages  hugetlbfs  pagesize=2M,nofail  0  0\n"
#define LINE_1G "hugetlbfs  /dev/hugepages1G  hugetlbfs  pagesize=1G,nofail  0  0\n"
#define BEGIN "# kvmhost: begin\n"
#define END "# kvmhost: end\n"

static const struct kh_fstab_hugetlb two[] = {
	{"/dev/hugepages", 2 << 20, LINE_2M},
	{"/dev/hugepages1G", 1 << 30, LINE_1G},
};

/* From before to after with the first n mounts of `two`, once and again. */
static void puts_it(const char *before, size_t n, const char *after)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *text = NULL, *again = NULL;
	assert_int_equal(kh_fstab_put_hugetlb(before, two, n, &text, &err), 0);
	assert_string_equal(text, after);
	assert_int_equal(kh_fstab_put_hugetlb(text, two, n, &again, &err), 0);
	assert_string_equal(again, after);
}

static void new_lines_go_into_a_block_at_the_end(void **state)
{
	(void)state;
	puts_it("", 1, BEGIN LINE_2M END);
	puts_it("UUID=1\t/  ext4 defaults 0 1\n", 2,
		"UUID=1\t/  ext4 defaults 0 1\n" BEGIN LINE_2M LINE_1G END);
}

static void a_missing_final_newline_stays_missing(void **state)
{
	(void)state;
	puts_it("/dev/sda1 / ext4 rw", 1, "/dev/sda1 / ext4 rw\n" BEGIN LINE_2M "# kvmhost: end");
	puts_it("/dev/sda1 / ext4 rw\n" BEGIN LINE_2M "# kvmhost: end", 0, "/dev/sda1 / ext4 rw");
}

static void our_block_stays_where_it_is_and_goes_when_not_needed(void **state)
{
	(void)state;
	puts_it("# a\n" BEGIN LINE_1G END "# b\n", 2, "# a\n" BEGIN LINE_2M LINE_1G END "# b\n");
	puts_it("# a\n" BEGIN LINE_1G END "# b\n", 0, "# a\n# b\n");
	puts_it("# a\n", 0, "# a\n");
}

static void somebodys_line_is_mended_where_needed_only(void **state)
{
	(void)state;
	puts_it("h  /dev/hugepages\thugetlbfs  mode=1770,gid=78\t0 0 \n", 1,
		"h  /dev/hugepages\thugetlbfs  mode=1770,gid=78,pagesize=2M,nofail\t0 0 \n");
	puts_it("h /dev/hugepages/ hugetlbfs nofail,pagesize=2048K 0 0\n", 1,
		"h /dev/hugepages/ hugetlbfs nofail,pagesize=2048K 0 0\n");
	puts_it("h /dev/hugepages hugetlbfs pagesize=1G,mode=700\n", 1,
		"h /dev/hugepages hugetlbfs pagesize=2M,mode=700,nofail\n");
	puts_it("h /dev/hugepages hugetlbfs\n", 1,
		"h /dev/hugepages hugetlbfs pagesize=2M,nofail\n");
	puts_it("h /dev/hugepages hugetlbfs defaults", 1,
		"h /dev/hugepages hugetlbfs defaults,pagesize=2M,nofail");
}

static void a_line_for_one_mount_does_not_stop_the_other(void **state)
{
	(void)state;
	puts_it("h /dev/hugepages1G hugetlbfs nofail,pagesize=1G 0 0\n\n# end\n", 2,
		"h /dev/hugepages1G hugetlbfs nofail,pagesize=1G 0 0\n\n# end\n" BEGIN LINE_2M END);
}

static void our_line_gives_way_to_one_the_administrator_adds(void **state)
{
	(void)state;
	puts_it(BEGIN LINE_2M END "h /dev/hugepages hugetlbfs pagesize=2M,nofail,gid=5 0 0\n", 1,
		"h /dev/hugepages hugetlbfs pagesize=2M,nofail,gid=5 0 0\n");
}

static void lines_that_are_no_mounts_are_left_alone(void **state)
{
	(void)state;
	puts_it("garbage\n\t\n#/x hugetlbfs\n\xff\xfe\n/dev/sr0 /media udf,iso9660 user 0 0\r\n", 1,
		"garbage\n\t\n#/x hugetlbfs\n\xff\xfe\n/dev/sr0 /media udf,iso9660 user 0 0\r\n" BEGIN
			LINE_2M END);
}

static void refuses(const char *text, const char *message)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	char *result = NULL;
	assert_int_equal(kh_fstab_put_hugetlb(text, two, 1, &result, &err), -1);
	assert_int_equal(err.code, KH_HOST);
	assert_string_equal(err.message, message);
}

static void another_file_system_on_the_mount_point_is_refused(void **state)
{
	(void)state;
	refuses("# x\ntmpfs /dev/hugepages tmpfs rw 0 0\n",
		"'/etc/fstab:2' mounts 'tmpfs' (tmpfs) on '/dev/hugepages'");
	refuses("h /dev/hugepages hugetlbfs mode=\"7,x 0 0\n",
		"'/etc/fstab:1': the options 'mode=\"7,x,pagesize=2M,nofail' make no sense");
}

static void a_damaged_block_is_refused(void **state)
{
	(void)state;
	refuses(BEGIN LINE_2M, "'/etc/fstab:1': our lines begin and do not end");
	refuses("# x\n" END, "'/etc/fstab:2': our lines end without a begin");
	refuses(BEGIN END BEGIN END, "'/etc/fstab:3': our lines begin a second time");
}

static void entries_know_their_line_and_are_decoded(void **state)
{
	(void)state;
	kh_auto(kh_fstab_done) struct kh_fstab fstab = {0};
	kh_fstab_parse("# c\n\nh /mnt/a\\040b/ hugetlbfs pagesize=1024M 0 0\nx /y z\n", &fstab);
	assert_int_equal(fstab.entry_count, 2);
	const struct kh_fstab_entry *entry = kh_fstab_find(&fstab, "/mnt/a b", 0);
	assert_non_null(entry);
	assert_int_equal(entry->line, 3);
	assert_true(kh_fstab_page_bytes(entry->options) == 1ull << 30);
	assert_null(kh_fstab_find(&fstab, "/mnt/a b", 1));
	assert_string_equal(kh_fstab_find(&fstab, "/y", 0)->options, "");
	kh_auto(kh_free) char *field = kh_fstab_field("/mnt/a b");
	assert_string_equal(field, "/mnt/a\\040b");
}

static void mounted_hugetlbfs_is_read_below_the_root(void **state)
{
	(void)state;
	struct fixture fixture;
	fixture_open_empty(&fixture);
	kh_auto(kh_fstab_done) struct kh_fstab none = {0}, mounts = {0};
	kh_fstab_mounted(&fixture.root, &none);
	assert_int_equal(none.entry_count, 0);
	fixture_put(&fixture, "/proc/self/mountinfo",
		    "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/root rw\n"
		    "35 24 0:31 / /dev/hugepages rw,relatime shared:15 - hugetlbfs hugetlbfs "
		    "rw,pagesize=2M\n");
	kh_fstab_mounted(&fixture.root, &mounts);
	assert_int_equal(mounts.entry_count, 1);
	assert_string_equal(mounts.entries[0].target, "/dev/hugepages");
	assert_int_equal(kh_fstab_page_bytes(mounts.entries[0].options), 2 << 20);
	fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_lines_go_into_a_block_at_the_end),
		cmocka_unit_test(a_missing_final_newline_stays_missing),
		cmocka_unit_test(our_block_stays_where_it_is_and_goes_when_not_needed),
		cmocka_unit_test(somebodys_line_is_mended_where_needed_only),
		cmocka_unit_test(a_line_for_one_mount_does_not_stop_the_other),
		cmocka_unit_test(our_line_gives_way_to_one_the_administrator_adds),
		cmocka_unit_test(lines_that_are_no_mounts_are_left_alone),
		cmocka_unit_test(another_file_system_on_the_mount_point_is_refused),
		cmocka_unit_test(a_damaged_block_is_refused),
		cmocka_unit_test(entries_know_their_line_and_are_decoded),
		cmocka_unit_test(mounted_hugetlbfs_is_read_below_the_root),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
