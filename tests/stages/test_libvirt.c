/* test_libvirt.c - the libvirt stage on recorded hosts: what is planned for an artifact of the
 * store, when it refuses, what the report says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "platform/recipe.h"
#include "stages/libvirt.h"
#include "stages/stages.h"
#include "tests/lib/stage_host.h"

static const char yaml[] = "kernel: {version: none}\nqemu: {version: none}\n"
			   "libvirt: {version: 9.0.0}\n";
static const char store[] = "/var/cache/kvmhost";

/* An artifact as the recipe makes it, of the inputs that this configuration wants. */
static void put_artifact(struct stage_host *host)
{
	static const char *const units[] = {"virtlogd.socket",   "libvirtd.socket",
					    "libvirtd.service",  "virtqemud.socket",
					    "virtqemud.service", "libvirt-guests.service"};
	const struct kh_root *root = &host->fixture.root;
	struct kh_error err = KH_ERROR_INIT;
	struct kh_inputs inputs = {0};
	char key[KH_DIGEST_SIZE];
	kh_auto(kh_free) char *tree = NULL;
	host->context =
		(struct kh_context){.config = &host->config, .facts = &host->facts, .root = root};
	assert_true(kh_recipe_inputs(&host->context, &kh_recipe_libvirt, NULL, &inputs, &err) >= 0);
	kh_store_key("libvirt", &inputs.wanted, &inputs.made_with, key);
	if (kh_store_begin(root, store, key, &tree, &err) != 0)
		fail_msg("%s", err.message);
	for (size_t i = 0; i < KH_COUNT(units); i++) {
		kh_auto(kh_free) char *unit =
			kh_printf("%s/usr/local/lib/systemd/system/%s", tree, units[i]);
		fixture_put(&host->fixture, unit, "[Unit]\n");
	}
	kh_auto(kh_free) char *daemon = kh_printf("%s/usr/local/sbin/libvirtd", tree);
	kh_auto(kh_free) char *filter =
		kh_printf("%s/usr/local/share/libvirt/initial/nwfilter/clean.xml", tree);
	kh_auto(kh_free) char *profile = kh_printf("%s/etc/apparmor.d/usr.sbin.libvirtd", tree);
	fixture_put_mode(&host->fixture, daemon, "ELF", 0755);
	fixture_put(&host->fixture, filter, "<filter name='clean'>\n</filter>\n");
	fixture_put(&host->fixture, profile, "profile\n");
	json_t *manifest = json_pack(
		"{s:i, s:s, s:s, s:o, s:o, s:b, s:{s:s, s:s, s:[s]}}", "format", 1, "program",
		"libvirt", "distribution", "debian 12", "wanted", kh_inputs_json(&inputs.wanted),
		"made_with", kh_inputs_json(&inputs.made_with), "is_imported", 1, "about",
		"version", "9.0.0", "prefix", "/usr/local", "libraries", "libabsent.so.1");
	if (kh_store_publish(root, store, key, manifest, &err) != 0)
		fail_msg("%s", err.message);
	kh_inputs_done(&inputs);
}

static const char *plan(struct stage_host *host)
{
	const char *text = stage_host_plan(host, &kh_stage_libvirt);
	if (!text)
		fail_msg("%s", host->err.message);
	return text;
}

static void open_host(struct stage_host *host, const char *root)
{
	stage_host_open(host, root, yaml);
	fixture_put(&host->fixture, "/etc/passwd", "root:x:0:0::/root:/bin/sh\n");
	fixture_put(&host->fixture, "/etc/group", "root:x:0:\nkvm:x:105:\n");
	put_artifact(host);
}

static void everything_is_planned_at_once(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "debian12-ifupdown");
	const char *text = plan(&host);
	expect_text(text, "install libvirt 9.0.0");
	expect_text(text, "sockets.target.wants/libvirtd.socket → "
			  "/usr/local/lib/systemd/system/libvirtd.socket");
	expect_text(text, "multi-user.target.wants/libvirtd.service");
	expect_text(text, "multi-user.target.wants/libvirt-guests.service");
	expect_no_text(text, "wants/virtqemud");
	expect_text(text, "+vnc_listen = \"127.0.0.1\"");
	expect_text(text,
		    "networks/autostart/default.xml → /etc/libvirt/qemu/networks/default.xml");
	expect_text(text, "storage/autostart/default.xml → /etc/libvirt/storage/default.xml");
	expect_text(text, "<ip address='192.168.122.1'");
	expect_text(text, "clean.xml");
	expect_text(text, "+  <uuid>");
	expect_text(text, "/etc/apparmor.d/local/abstractions/libvirt-qemu");
	expect_text(text, "does not run before these libraries are installed: libabsent.so.1");
	expect_text(text, "libvirt is started by the next boot");
	stage_host_close(&host);
}

static void a_live_host_gets_its_accounts_and_libvirt_started(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "debian12-ifupdown");
	fixture_put(&host.fixture, "/var/lib/dpkg/status", "Package: bash\n");
	fixture_put_mode(&host.fixture, "/usr/sbin/nologin", "", 0755);
	fixture_put(&host.fixture, "/run/systemd/system/x", "");
	host.fixture.root.is_live = true;
	const char *text = plan(&host);
	expect_text(text, "run useradd --system --no-create-home --home-dir /var/lib/libvirt "
			  "--shell /usr/sbin/nologin --groups kvm --user-group libvirt-qemu");
	expect_text(text, "+user = \"libvirt-qemu\"");
	expect_text(text, "run systemctl daemon-reload");
	expect_text(text, "run systemctl start virtlogd.socket libvirt-guests.service "
			  "libvirtd.socket libvirtd.service");
	expect_text(text, "run /usr/local/bin/virsh -c qemu:///system net-info default");
	stage_host_close(&host);
}

static void a_running_libvirt_is_not_started_again(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "debian12-ifupdown");
	fixture_put(&host.fixture, "/run/systemd/system/x", "");
	fixture_put(&host.fixture, "/var/lib/kvmhost/installed/libvirt.record",
		    "{\"program\": \"libvirt\", \"key\": \"old\", \"about\": {\"prefix\": "
		    "\"/usr/local\", \"version\": \"8.0.0\"}}\n");
	fixture_put(&host.fixture, "/proc/net/unix",
		    "Num RefCount Protocol Flags Type St Inode Path\n"
		    "0: 00000002 00000000 00010000 0001 01 22 /run/libvirt/libvirt-sock\n");
	host.fixture.root.is_live = true;
	const char *text = plan(&host);
	expect_no_text(text, "systemctl start");
	expect_text(text, "restart libvirt");
	expect_text(text, "try-restart libvirtd.service");
	stage_host_close(&host);
}

static void modular_daemons_come_with_their_own_sockets(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "rocky9-bls-nm");
	fixture_put(&host.fixture, "/usr/lib/systemd/system-preset/90-default.preset",
		    "enable virtqemud.service\n");
	const char *text = plan(&host);
	expect_text(text, "sockets.target.wants/virtqemud.socket");
	expect_text(text, "multi-user.target.wants/virtqemud.service");
	expect_no_text(text, "wants/libvirtd.socket");
	expect_text(text, "+user = \"qemu\"");
	expect_text(text, "create /etc/ld.so.conf.d/kvmhost.conf");
	stage_host_close(&host);
}

static void a_guest_of_libvirt_gets_another_network_for_its_guests(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "debian12-ifupdown");
	assert_true(host.facts.net.link_count > 0);
	kh_strv_add(&host.facts.net.links[0].addresses, "192.168.122.57/24");
	const char *text = plan(&host);
	expect_text(text, "<ip address='192.168.123.1'");
	expect_no_text(text, "192.168.122.");
	stage_host_close(&host);
}

/* ---- another libvirt ---- */

static void expect_refusal(struct stage_host *host, const char *part)
{
	assert_null(stage_host_plan(host, &kh_stage_libvirt));
	assert_int_equal(host->err.code, KH_HOST);
	expect_text(host->err.message, "there is another libvirt on this host");
	expect_text(host->err.message, part);
	expect_text(host->err.hint, "version: none");
	kh_error_done(&host->err);
}

static void another_libvirt_is_never_mixed_with(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "debian12-ifupdown");
	fixture_put(&host.fixture, "/var/lib/dpkg/status",
		    "Package: libvirt-daemon\nStatus: deinstall ok config-files\n\n"
		    "Package: libvirt0\nStatus: install ok installed\n\n"
		    "Package: libvirt-daemon-system\nStatus: install ok installed\n");
	expect_refusal(&host, "the package libvirt-daemon-system");
	fixture_put(&host.fixture, "/var/lib/dpkg/status",
		    "Package: libvirt-daemon\nStatus: deinstall ok config-files\n\n"
		    "Package: libvirt0\nStatus: install ok installed\n");
	plan(&host);
	fixture_put_mode(&host.fixture, "/usr/sbin/virtqemud", "", 0755);
	expect_refusal(&host, "/usr/sbin/virtqemud");
	fixture_remove(&host.fixture, "/usr/sbin/virtqemud");
	fixture_put_mode(&host.fixture, "/usr/local/sbin/libvirtd", "", 0755);
	expect_refusal(&host, "/usr/local/sbin/libvirtd");
	fixture_remove(&host.fixture, "/usr/local/sbin/libvirtd");
	fixture_put(&host.fixture, "/proc/net/unix",
		    "Num RefCount Protocol Flags Type St Inode Path\n"
		    "0: 00000002 00000000 00010000 0001 01 22 /run/libvirt/libvirt-sock\n");
	expect_refusal(&host, "a running daemon");
	stage_host_configure(&host, "libvirt: {version: none}\n");
	plan(&host);
	stage_host_close(&host);
}

static void an_account_that_was_asked_for_has_to_be_there(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "debian12-ifupdown");
	stage_host_configure(&host, "libvirt: {version: 9.0.0, qemu_conf: {user: guests}}\n");
	assert_null(stage_host_plan(&host, &kh_stage_libvirt));
	assert_string_equal(host.err.message,
			    "libvirt.qemu_conf.user: there is no user 'guests' on this host");
	kh_error_done(&host.err);
	stage_host_close(&host);
}

/* ---- qemu.conf ---- */

static void assert_set(const char *text, const char *wanted)
{
	kh_auto(kh_free) char *found = kh_libvirt_conf_set(text, "user", "qemu");
	assert_string_equal(found, wanted);
}

static void only_our_line_of_qemu_conf_changes(void **state)
{
	(void)state;
	assert_set("", "user = \"qemu\"\n");
	assert_set("a = 1\nuser = \"root\"\nb = 2\n", "a = 1\nuser = \"qemu\"\nb = 2\n");
	assert_set("# why\n#user = \"x\"\n\nb = 2",
		   "# why\n#user = \"x\"\nuser = \"qemu\"\n\nb = 2\n");
	assert_set("username = \"y\"\n", "username = \"y\"\nuser = \"qemu\"\n");
	assert_set("  user=\"a\"\nuser = \"b\"\n", "user = \"qemu\"\nuser = \"b\"\n");
}

static void values_of_qemu_conf_are_read_as_libvirt_does(void **state)
{
	(void)state;
	int line = 0;
	static const char text[] = "#user = \"x\"\nuser = '+0'   # by number\nport=5900 # c\n";
	kh_auto(kh_free) char *user = kh_libvirt_conf_get(text, "user", &line);
	kh_auto(kh_free) char *port = kh_libvirt_conf_get(text, "port", NULL);
	assert_string_equal(user, "+0");
	assert_int_equal(line, 2);
	assert_string_equal(port, "5900");
	assert_null(kh_libvirt_conf_get(text, "group", NULL));
}

static void an_existing_qemu_conf_keeps_its_other_lines(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "debian12-ifupdown");
	fixture_put(&host.fixture, "/etc/libvirt/qemu.conf",
		    "# mine\nmax_files = 4096\nvnc_listen = \"0.0.0.0\"\n");
	const char *text = plan(&host);
	expect_text(text, "-vnc_listen = \"0.0.0.0\"");
	expect_text(text, "+vnc_listen = \"127.0.0.1\"");
	expect_text(text, " max_files = 4096");
	stage_host_close(&host);
}

/* ---- report ---- */

static void consoles_open_to_the_world_are_told(void **state)
{
	(void)state;
	struct stage_host host;
	stage_host_open(&host, "debian12-ifupdown", yaml);
	stage_host_check(&host, &kh_stage_libvirt);
	assert_string_equal(stage_host_status(&host, "libvirt.qemu_conf"), "none");
	assert_string_equal(stage_host_status(&host, "libvirt.version"), "fail");
	fixture_put(&host.fixture, "/etc/libvirt/qemu.conf", "vnc_listen = \"0.0.0.0\"\n");
	stage_host_check(&host, &kh_stage_libvirt);
	assert_string_equal(stage_host_status(&host, "libvirt.qemu_conf"), "warn");
	fixture_put(&host.fixture, "/etc/libvirt/qemu.conf", "user = \"root\"\n");
	stage_host_check(&host, &kh_stage_libvirt);
	assert_string_equal(stage_host_status(&host, "libvirt.qemu_conf"), "warn");
	fixture_put(&host.fixture, "/etc/libvirt/qemu.conf", "vnc_listen = \"127.0.0.1\"\n");
	stage_host_check(&host, &kh_stage_libvirt);
	assert_string_equal(stage_host_status(&host, "libvirt.qemu_conf"), "pass");
	stage_host_close(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_planned_at_once),
		cmocka_unit_test(a_live_host_gets_its_accounts_and_libvirt_started),
		cmocka_unit_test(a_running_libvirt_is_not_started_again),
		cmocka_unit_test(modular_daemons_come_with_their_own_sockets),
		cmocka_unit_test(a_guest_of_libvirt_gets_another_network_for_its_guests),
		cmocka_unit_test(another_libvirt_is_never_mixed_with),
		cmocka_unit_test(an_account_that_was_asked_for_has_to_be_there),
		cmocka_unit_test(only_our_line_of_qemu_conf_changes),
		cmocka_unit_test(values_of_qemu_conf_are_read_as_libvirt_does),
		cmocka_unit_test(an_existing_qemu_conf_keeps_its_other_lines),
		cmocka_unit_test(consoles_open_to_the_world_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
