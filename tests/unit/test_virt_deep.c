/* test_virt_deep.c - the guest of `report --deep`, what is kept of it, and what is cleaned up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/probe.h"
#include "platform/deep.h"
#include "tests/lib/stage_host.h"

static const char token[] = "0123456789abcdef0123456789abcdef";

static void the_disk_is_a_boot_sector_with_the_token(void **state)
{
	(void)state;
	kh_auto(kh_free) unsigned char *image = kh_alloc(KH_DEEP_IMAGE_BYTES);
	kh_deep_image(token, image);
	assert_int_equal(image[510], 0x55);
	assert_int_equal(image[511], 0xaa);
	assert_memory_equal(image + 0x80, token, KH_DEEP_TOKEN_LENGTH);
	assert_int_equal(image[0x80 + 32], ' ');
	assert_int_equal(image[0xa1 + 12], '\n');
	assert_int_equal(image[0xa1 + 13], 0);
	/* The program ends with a halt and a jump back to it, well before its data. */
	assert_memory_equal(image + 0x3c, "\xf4\xeb\xfd\x00", 4);
}

static void the_domain_is_of_type_kvm_and_has_no_other_way(void **state)
{
	(void)state;
	kh_auto(kh_free) char *xml = kh_deep_domain("kvmhost-check-7", "/opt/q/bin/qemu", "/d");
	expect_text(xml, "<domain type='kvm'>");
	expect_text(xml, "<name>kvmhost-check-7</name>");
	expect_text(xml, "<emulator>/opt/q/bin/qemu</emulator>");
	expect_text(xml, "<source file='/d/guest.img'/>");
	expect_text(xml, "<source path='/d/serial.log'/>");
	expect_no_text(xml, "interface");
}

static void only_the_whole_line_under_kvm_counts(void **state)
{
	(void)state;
	kh_auto(kh_free) char *other = NULL;
	kh_auto(kh_free) char *whole = kh_printf("SeaBIOS\r\n%s KVMKVMKVM", token);
	kh_auto(kh_free) char *line = kh_printf("%s\n", whole);
	kh_auto(kh_free) char *tcg = kh_printf("%s TCGTCGTCGTCG\n", token);
	assert_int_equal(kh_deep_parse("", token, &other), 0);
	kh_auto(kh_free) char *part = kh_strndup(whole, strlen(whole) - 1);
	assert_int_equal(kh_deep_parse(part, token, &other), 0);
	assert_int_equal(kh_deep_parse(whole, token, &other), 1);
	assert_int_equal(kh_deep_parse(line, token, &other), 1);
	assert_int_equal(kh_deep_parse(line, "fffffffffffffffffffffffffffffff0", &other), 0);
	assert_null(other);
	assert_int_equal(kh_deep_parse(tcg, token, &other), -1);
	assert_string_equal(other, "TCGTCGTCGTCG");
}

static void assert_age(long long seconds, const char *wanted)
{
	kh_auto(kh_free) char *age = kh_deep_age(seconds);
	assert_string_equal(age, wanted);
}

static void ages_are_told_as_people_do(void **state)
{
	(void)state;
	assert_age(-5, "just now");
	assert_age(59, "just now");
	assert_age(60, "1 minute ago");
	assert_age(7300, "2 hours ago");
	assert_age(86400 * 3, "3 days ago");
}

/* ---- what the report says ---- */

static void keep(struct stage_host *host, bool is_good, const char *versions)
{
	kh_auto(kh_free) char *text = kh_printf(
		"{\"time\": %lld, \"ok\": %s, \"details\": \"booted\", \"versions\": \"%s\"}",
		(long long)time(NULL) - 7200, is_good ? "true" : "false", versions);
	fixture_put(&host->fixture, "/var/lib/kvmhost/deep.json", text);
}

static const struct kh_check *look(struct stage_host *host, const char *reason)
{
	kh_report_done(&host->report);
	host->report = (struct kh_report){0};
	host->context.root = &host->fixture.root;
	kh_deep_check(&host->context, reason, &host->report);
	const struct kh_check *check = kh_report_find(&host->report, "guest.boots");
	assert_non_null(check);
	return check;
}

static void the_last_result_is_shown_with_its_age(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", "");
	const char *release = host.facts.os.kernel_release;
	kh_auto(kh_free) char *now =
		kh_printf("Linux %s, QEMU of the distribution, libvirt of the distribution",
			  release ? release : "unknown");
	assert_int_equal(look(&host, NULL)->status, KH_SKIP);
	assert_string_equal(look(&host, NULL)->found, "never tried on this host");
	keep(&host, true, now);
	assert_int_equal(look(&host, NULL)->status, KH_PASS);
	expect_text(look(&host, NULL)->found, "booted, 2 hours ago (Linux ");
	keep(&host, true, "Linux 4.19, QEMU 1, libvirt 2");
	assert_int_equal(look(&host, NULL)->status, KH_WARN);
	keep(&host, false, now);
	assert_int_equal(look(&host, NULL)->status, KH_FAIL);
	assert_int_equal(look(&host, "there is no /dev/kvm")->status, KH_SKIP);
	expect_text(look(&host, "there is no /dev/kvm")->found, "there is no /dev/kvm");
	fixture_put(&host.fixture, "/var/lib/kvmhost/deep.json", "{\"ok\": tru");
	assert_int_equal(look(&host, NULL)->status, KH_SKIP);
	stage_host_close(&host);
}

/* ---- trying ---- */

struct play { /* a virsh that boots the guest, says nothing, or fails */
	struct stage_host *host;
	struct kh_strv ran;
	bool fails;
	const char *hypervisor;
};

static void say(struct play *play)
{
	kh_auto(kh_free) char *base = kh_printf("/var/lib/libvirt/kvmhost-check-%d", (int)getpid());
	kh_auto(kh_free) char *image_path =
		kh_printf("%s%s/guest.img", play->host->fixture.path, base);
	kh_auto(kh_free) char *serial = kh_printf("%s/serial.log", base);
	char said[KH_DEEP_TOKEN_LENGTH + 1] = {0};
	FILE *image = fopen(image_path, "r");
	assert_non_null(image);
	assert_int_equal(fseek(image, 0x80, SEEK_SET), 0);
	assert_int_equal(fread(said, 1, KH_DEEP_TOKEN_LENGTH, image), KH_DEEP_TOKEN_LENGTH);
	fclose(image);
	kh_auto(kh_free) char *line =
		kh_printf("%s %s%s", said, play->hypervisor, play->hypervisor[9] ? "\n" : "");
	fixture_put(&play->host->fixture, serial, line);
}

static int run(struct kh_runner *runner, const char *const *argv, unsigned timeout_s,
	       struct kh_run_result *ret_result, struct kh_error *err)
{
	struct play *play = runner->data;
	(void)timeout_s;
	(void)err;
	kh_strv_addf(&play->ran, "%s %s", argv[3], argv[4] ? argv[4] : "");
	bool is_create = strcmp(argv[3], "create") == 0;
	ret_result->status = is_create && play->fails ? 1 : 0;
	ret_result->output = kh_strdup(strcmp(argv[3], "list") == 0
					       ? "web\nkvmhost-check-4000000\nkvmhost-check-x\n"
				       : play->fails ? "error: no"
						     : "");
	if (is_create && !play->fails)
		say(play);
	return 0;
}

static void try_it(struct play *play, struct stage_host *host)
{
	struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *reason = NULL;
	struct kh_runner runner = {.run = run, .data = play};
	play->host = host;
	host->context.root = &host->fixture.root;
	if (kh_deep_run(&host->context, &runner, &reason, &err) != 0)
		fail_msg("%s", reason ? reason : err.message);
}

static void open_host(struct stage_host *host)
{
	stage_host_open(host, "debian12-ifupdown", "");
	host->fixture.root.is_live = true;
	fixture_put(&host->fixture, "/dev/kvm", "");
	fixture_put_mode(&host->fixture, "/usr/local/bin/virsh", "", 0755);
	fixture_put_mode(&host->fixture, "/usr/local/bin/qemu-system-x86_64", "", 0755);
	fixture_put(&host->fixture, "/var/lib/libvirt/kvmhost-check-4000000/guest.img", "");
}

static void a_guest_that_says_the_token_is_proof_and_leaves_nothing(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("only root may start guests\n");
		skip();
	}
	struct stage_host host;
	struct play play = {.hypervisor = "KVMKVMKVM"};
	open_host(&host);
	try_it(&play, &host);
	assert_int_equal(look(&host, NULL)->status, KH_PASS);
	kh_auto(kh_free) char *own = kh_printf("destroy kvmhost-check-%d", (int)getpid());
	assert_true(kh_strv_has(&play.ran, own));
	assert_true(kh_strv_has(&play.ran, "destroy kvmhost-check-4000000"));
	assert_false(kh_strv_has(&play.ran, "destroy web"));
	assert_false(kh_strv_has(&play.ran, "destroy kvmhost-check-x"));
	kh_auto(kh_strv_done) struct kh_strv left = {0};
	kh_root_list(&host.fixture.root, "/var/lib/libvirt", &left);
	assert_int_equal(left.count, 0);
	kh_strv_done(&play.ran);
	stage_host_close(&host);
}

static void a_guest_under_another_hypervisor_is_none(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("only root may start guests\n");
		skip();
	}
	struct stage_host host;
	struct play play = {.hypervisor = "TCGTCGTCGTCG"};
	open_host(&host);
	try_it(&play, &host);
	assert_int_equal(look(&host, NULL)->status, KH_FAIL);
	expect_text(look(&host, NULL)->found, "under 'TCGTCGTCGTCG' and not KVM");
	kh_strv_done(&play.ran);
	stage_host_close(&host);
}

static void a_guest_that_does_not_start_is_told_with_the_error(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("only root may start guests\n");
		skip();
	}
	struct stage_host host;
	struct play play = {.fails = true};
	open_host(&host);
	try_it(&play, &host);
	assert_int_equal(look(&host, NULL)->status, KH_FAIL);
	expect_text(look(&host, NULL)->found, "error: no");
	kh_strv_done(&play.ran);
	stage_host_close(&host);
}

static void without_kvm_it_is_not_tried(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("only root may start guests\n");
		skip();
	}
	struct stage_host host;
	struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *reason = NULL;
	open_host(&host);
	fixture_remove(&host.fixture, "/dev/kvm");
	host.context.root = &host.fixture.root;
	assert_int_equal(kh_deep_run(&host.context, NULL, &reason, &err), 1);
	assert_string_equal(reason, "there is no /dev/kvm");
	stage_host_close(&host);
}

/* ---- sockets ---- */

static void who_listens_is_read_without_waking_anybody(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open_empty(&f);
	assert_false(kh_probe_is_listening(&f.root, "/run/a"));
	fixture_put(&f, "/proc/net/unix",
		    "Num       RefCount Protocol Flags    Type St Inode Path\n"
		    "0000000000000000: 00000002 00000000 00010000 0001 01 22 /run/a\n"
		    "0000000000000000: 00000003 00000000 00000000 0001 03 23 /run/b\n"
		    "0000000000000000: 00000003 00000000 00000000 0001 03 23\n");
	assert_true(kh_probe_is_listening(&f.root, "/run/a"));
	assert_false(kh_probe_is_listening(&f.root, "/run/b"));
	assert_false(kh_probe_is_listening(&f.root, "/run/c"));
	fixture_close(&f);
}

static void a_socket_answers_while_somebody_listens(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open_empty(&f);
	f.root.is_live = true;
	kh_auto(kh_free) char *path = kh_printf("%s/s", f.path);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	assert_true(strlen(path) < sizeof(address.sun_path));
	memcpy(address.sun_path, path, strlen(path));
	assert_false(kh_probe_answers(&f.root, path));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_true(kh_probe_answers(&f.root, path));
	close(fd);
	assert_false(kh_probe_answers(&f.root, path));
	f.root.is_live = false;
	fixture_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_disk_is_a_boot_sector_with_the_token),
		cmocka_unit_test(the_domain_is_of_type_kvm_and_has_no_other_way),
		cmocka_unit_test(only_the_whole_line_under_kvm_counts),
		cmocka_unit_test(ages_are_told_as_people_do),
		cmocka_unit_test(the_last_result_is_shown_with_its_age),
		cmocka_unit_test(a_guest_that_says_the_token_is_proof_and_leaves_nothing),
		cmocka_unit_test(a_guest_under_another_hypervisor_is_none),
		cmocka_unit_test(a_guest_that_does_not_start_is_told_with_the_error),
		cmocka_unit_test(without_kvm_it_is_not_tried),
		cmocka_unit_test(who_listens_is_read_without_waking_anybody),
		cmocka_unit_test(a_socket_answers_while_somebody_listens),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
