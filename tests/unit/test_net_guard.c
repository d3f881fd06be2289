/* test_net_guard.c - the guard: when it is content, what it puts back, and in which order. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "net/guard.h"
#include "net/proof.h"
#include "tests/lib/fixture.h"

static const char interfaces[] = "/etc/network/interfaces";
static const char added[] = "/etc/network/interfaces.d/br0";
static const char boot_id[] = "/proc/sys/kernel/random/boot_id";
static const char old_text[] = "iface eth0 inet dhcp\n# \xe9 in Latin-1\n";
static const char new_text[] = "iface br0 inet dhcp\n";

/* ---- a world that does what the test says ---- */

struct scene {
	struct kh_guard_world world;
	struct kh_runner runner;
	struct kh_strv commands;
	struct kh_strv dropped;
	bool has_bridge, has_old; /* what look() sees */
	bool old_returns;         /* once the bridge is gone */
	bool old_is_bridge;       /* what returns is the bridge as it was */
	bool has_others;          /* another card, docker's bridge and a tunnel */
	bool has_asked_for_own;   /* the list was asked for with port 2222 of the record */
	bool is_ipv6;             /* all that is seen is a router's advertisement */
	const char *answering;    /* the one neighbour that answers */
	const char *connection;   /* to sshd, or NULL */
	long long clock_ms;
	const char *kill_at; /* stop the guard (fail) at the command that begins so; or NULL */
};

static void add_link(struct kh_facts_net *net, const char *name, enum kh_link_kind kind,
		     const char *address)
{
	struct kh_facts_link *link = kh_append(net->links, net->link_count);
	link->name = kh_strdup(name);
	link->kind = kind;
	link->is_up = true;
	link->hardware = 1;
	if (address)
		kh_strv_add(&link->addresses, address);
}

static void see_bridge(struct kh_facts_net *net)
{
	add_link(net, "br0", KH_LINK_BRIDGE, "192.0.2.10/25");
	kh_strv_add(&net->links[0].ports, "eth0");
	net->default_link = kh_strdup("br0");
	net->gateway4 = kh_strdup("192.0.2.1");
}

static void see_advertised(struct kh_facts_net *net, bool is_bridge)
{
	const char *name = is_bridge ? "br0" : "eth0";
	add_link(net, name, is_bridge ? KH_LINK_BRIDGE : KH_LINK_PHYSICAL, "2001:db8::10/64");
	if (is_bridge)
		kh_strv_add(&net->links[0].ports, "eth0");
	net->default_link = kh_strdup(name);
	net->gateway6 = kh_strdup("fe80::1");
}

static void see_others(struct kh_facts_net *net)
{
	kh_strv_add(&net->links[0].addresses, "2001:db8::10/64");
	kh_strv_add(&net->links[0].own_addresses, "fe80::10/64");
	add_link(net, "docker0", KH_LINK_BRIDGE, "172.17.0.1/16");
	add_link(net, "eth1", KH_LINK_PHYSICAL, "198.51.100.20/24");
	kh_strv_add(&net->links[2].own_addresses, "fe80::20/64");
	add_link(net, "wg0", KH_LINK_OTHER, "10.8.0.1/24");
	net->links[3].hardware = 65534; /* ARPHRD_NONE */
}

static struct scene *scene_of(struct kh_guard_world *world)
{
	return world->data;
}

static void look(struct kh_guard_world *world, const struct kh_root *root,
		 struct kh_facts_net *ret_net)
{
	(void)root;
	*ret_net = (struct kh_facts_net){0};
	if (scene_of(world)->is_ipv6)
		see_advertised(ret_net, scene_of(world)->has_bridge);
	else if (scene_of(world)->has_bridge)
		see_bridge(ret_net);
	if (scene_of(world)->has_bridge && scene_of(world)->has_others)
		see_others(ret_net);
	if (scene_of(world)->is_ipv6)
		return;
	if (!scene_of(world)->has_old)
		return;
	add_link(ret_net, "eth0", KH_LINK_PHYSICAL, "192.0.2.10/25");
	ret_net->default_link = kh_strdup("eth0");
	ret_net->gateway4 = kh_strdup("192.0.2.1");
}

static bool answers(struct kh_guard_world *world, const char *link, const char *address)
{
	(void)link;
	const char *who = scene_of(world)->answering;
	return who && strcmp(who, address) == 0;
}

static void drop_link(struct kh_guard_world *world, const char *link)
{
	kh_strv_add(&scene_of(world)->dropped, link);
	scene_of(world)->has_bridge = scene_of(world)->old_is_bridge;
	scene_of(world)->has_old |= scene_of(world)->old_returns;
}

static void wait_second(struct kh_guard_world *world)
{
	scene_of(world)->clock_ms += 1000;
}

static long long now_ms(struct kh_guard_world *world)
{
	return scene_of(world)->clock_ms;
}

static void connections(struct kh_guard_world *world, const struct kh_root *root,
			const char *own_port, struct kh_strv *list)
{
	(void)root;
	scene_of(world)->has_asked_for_own |= own_port && strcmp(own_port, "2222") == 0;
	if (scene_of(world)->connection)
		kh_strv_add(list, scene_of(world)->connection);
}

static int run(struct kh_runner *runner, const char *const *argv, unsigned timeout_s,
	       struct kh_run_result *ret_result, struct kh_error *err)
{
	struct scene *scene = runner->data;
	kh_auto(kh_str_done) struct kh_str line = {0};
	(void)timeout_s;
	(void)err;
	for (size_t i = 0; argv[i]; i++)
		kh_str_addf(&line, "%s%s", i ? " " : "", argv[i]);
	kh_strv_add(&scene->commands, kh_str_text(&line));
	if (scene->kill_at && kh_str_starts(kh_str_text(&line), scene->kill_at))
		_exit(9);
	*ret_result = (struct kh_run_result){.output = kh_strdup("")};
	return 0;
}

static void scene_init(struct scene *scene)
{
	*scene = (struct scene){.answering = "192.0.2.1"};
	scene->world = (struct kh_guard_world){look,   answers,     drop_link, wait_second,
					       now_ms, connections, scene};
	scene->runner = (struct kh_runner){run, scene};
}

static void scene_done(struct scene *scene)
{
	kh_strv_done(&scene->commands);
	kh_strv_done(&scene->dropped);
}

/* ---- a host after apply ---- */

static void make_record(struct kh_net_record *record)
{
	*record = (struct kh_net_record){.digest = kh_strdup("d"),
					 .boot_id = kh_strdup("boot-1"),
					 .bridge = kh_strdup("br0"),
					 .port = kh_strdup("eth0"),
					 .manager = KH_NET_IFUPDOWN,
					 .timeout_s = 120,
					 .wants_route = true};
	kh_strv_add(&record->addresses, "192.0.2.10/25");
	kh_strv_add(&record->gateways, "192.0.2.1");
	struct kh_net_file *file = kh_append(record->files, record->file_count);
	file->path = kh_strdup(interfaces);
	file->before = kh_strdup(old_text);
	file->base = kh_strdup(old_text);
	file->mode = 0640;
	file->uid = getuid();
	file->gid = getgid();
	kh_digest_bytes(new_text, strlen(new_text), file->written);
	file = kh_append(record->files, record->file_count);
	file->path = kh_strdup(added);
	kh_digest_bytes(new_text, strlen(new_text), file->written);
}

static void host_open(struct fixture *host, const char *boot)
{
	kh_auto(kh_net_record_done) struct kh_net_record record;
	make_record(&record);
	kh_auto(kh_free) char *text = kh_net_record_text(&record);
	fixture_open_empty(host);
	fixture_put(host, kh_net_record_path, text);
	fixture_put(host, interfaces, new_text);
	fixture_put(host, added, new_text);
	fixture_put(host, boot_id, boot);
}

static void expect_phase(const struct fixture *host, enum kh_net_phase phase, const char *why)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_net_record_done) struct kh_net_record record = {0};
	kh_auto(kh_net_state_done) struct kh_net_state now = {0};
	char digest[KH_DIGEST_SIZE];
	assert_int_equal(kh_net_record_read(&host->root, &record, digest, &err), 0);
	kh_net_state_read(&host->root, digest, &now);
	assert_int_equal(now.phase, phase);
	if (why)
		assert_string_equal(now.why, why);
}

static void expect_old_files(const struct fixture *host)
{
	kh_auto(kh_free) char *text = fixture_get(host, interfaces);
	assert_string_equal(text, old_text);
	assert_false(kh_root_exists(&host->root, added));
}

static void expect_new_files(const struct fixture *host)
{
	kh_auto(kh_free) char *text = fixture_get(host, interfaces);
	assert_string_equal(text, new_text);
}

static int watch(struct fixture *host, struct scene *scene)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	return kh_guard_watch(&host->root, &scene->runner, &scene->world, &err);
}

/* ---- judging ---- */

static char *missing(struct scene *scene, const struct kh_net_record *record)
{
	kh_auto(kh_facts_net_done) struct kh_facts_net net = {0};
	look(&scene->world, NULL, &net);
	return kh_guard_missing(&scene->world, record, &net);
}

static void expect_missing(struct scene *scene, const struct kh_net_record *record,
			   const char *wanted)
{
	kh_auto(kh_free) char *found = missing(scene, record);
	if (!wanted)
		assert_null(found);
	else
		assert_string_equal(found, wanted);
}

static void it_is_content_when_all_is_as_expected(void **state)
{
	(void)state;
	struct scene scene;
	kh_auto(kh_net_record_done) struct kh_net_record record;
	scene_init(&scene);
	make_record(&record);
	scene.has_bridge = true;
	expect_missing(&scene, &record, NULL);
	kh_strv_done(&record.addresses);
	kh_strv_done(&record.gateways);
	record.is_dynamic = true;
	expect_missing(&scene, &record, NULL);
	scene_done(&scene);
}

static void it_says_what_is_missing(void **state)
{
	(void)state;
	struct scene scene;
	kh_auto(kh_net_record_done) struct kh_net_record record;
	scene_init(&scene);
	make_record(&record);
	expect_missing(&scene, &record, "no link br0");
	scene.has_bridge = true;
	scene.answering = NULL;
	expect_missing(&scene, &record, "no ARP answer from gateway 192.0.2.1 on br0");
	kh_strv_add(&record.addresses, "2001:db8::1/64");
	expect_missing(&scene, &record, "no address 2001:db8::1/64 on br0");
	record.is_any_enough = true;
	scene.answering = "192.0.2.1";
	expect_missing(&scene, &record, NULL);
	kh_strv_done(&record.addresses);
	kh_strv_add(&record.addresses, "192.0.2.1/25");
	kh_strv_add(&record.addresses, "2001:db8::1/64");
	expect_missing(&scene, &record,
		       "none of the addresses 192.0.2.1/25, 2001:db8::1/64 on br0");
	scene_done(&scene);
}

static void a_bridge_without_a_port_is_not_good(void **state)
{
	(void)state;
	struct scene scene;
	kh_auto(kh_net_record_done) struct kh_net_record record;
	kh_auto(kh_facts_net_done) struct kh_facts_net net = {0};
	scene_init(&scene);
	make_record(&record);
	see_bridge(&net);
	kh_strv_done(&net.links[0].ports);
	kh_auto(kh_free) char *found = kh_guard_missing(&scene.world, &record, &net);
	assert_string_equal(found, "br0 has no port (eth0 was to be it)");
	scene_done(&scene);
}

/* With DHCP no gateway is recorded: that of the default route has to answer. */
static void the_gateway_of_a_lease_is_asked(void **state)
{
	(void)state;
	struct scene scene;
	kh_auto(kh_net_record_done) struct kh_net_record record;
	scene_init(&scene);
	make_record(&record);
	kh_strv_done(&record.gateways);
	record.is_dynamic = true;
	scene.has_bridge = true;
	scene.answering = NULL;
	expect_missing(&scene, &record, "no ARP answer from gateway 192.0.2.1 on br0");
	scene_done(&scene);
}

/* ---- the whole watch ---- */

static void a_good_network_is_confirmed(void **state)
{
	(void)state;
	struct fixture host;
	struct scene scene;
	host_open(&host, "boot-2\n");
	scene_init(&scene);
	scene.has_bridge = true;
	assert_int_equal(watch(&host, &scene), 0);
	expect_phase(&host, KH_NET_CONFIRMED, NULL);
	expect_new_files(&host);
	assert_int_equal(scene.commands.count, 0);
	scene_done(&scene);
	fixture_close(&host);
}

/* With an ssh server, a gateway that answers is not enough: somebody has to have come in. */
static void want_login(struct fixture *host)
{
	kh_auto(kh_net_record_done) struct kh_net_record record;
	make_record(&record);
	record.wants_login = true;
	kh_auto(kh_free) char *text = kh_net_record_text(&record);
	fixture_put(host, kh_net_record_path, text);
}

static void a_login_confirms_a_network_that_answers(void **state)
{
	(void)state;
	struct fixture host;
	struct scene scene;
	host_open(&host, "boot-2\n");
	want_login(&host);
	scene_init(&scene);
	scene.has_bridge = true;
	scene.connection = "192.0.2.10 22 198.51.100.7 50122";
	assert_int_equal(watch(&host, &scene), 0);
	expect_phase(&host, KH_NET_CONFIRMED, NULL);
	expect_new_files(&host);
	scene_done(&scene);
	fixture_close(&host);
}

/* Over another card, or from a container: neither has seen the bridge's cable. */
static void the_administrators_own_port_counts(void **state)
{
	(void)state;
	struct fixture host;
	struct scene scene;
	kh_auto(kh_net_record_done) struct kh_net_record record;
	host_open(&host, "boot-2\n");
	make_record(&record);
	record.wants_login = true;
	record.ssh_port = kh_strdup("2222");
	kh_auto(kh_free) char *text = kh_net_record_text(&record);
	fixture_put(&host, kh_net_record_path, text);
	scene_init(&scene);
	scene.has_bridge = true;
	scene.connection = "192.0.2.10 2222 198.51.100.7 50122";
	assert_int_equal(watch(&host, &scene), 0);
	assert_true(scene.has_asked_for_own);
	expect_phase(&host, KH_NET_CONFIRMED, NULL);
	scene_done(&scene);
	fixture_close(&host);
}

static void a_login_over_another_link_is_no_proof(void **state)
{
	(void)state;
	static const char *const others[] = {
		"198.51.100.20 22 198.51.100.7 50122", "172.17.0.1 22 172.17.0.2 50122",
		"192.0.2.10 22 172.17.0.2 50122", "fe80::20 22 fe80::7 50122"};
	for (size_t i = 0; i < KH_COUNT(others); i++) {
		struct fixture host;
		struct scene scene;
		host_open(&host, "boot-2\n");
		want_login(&host);
		scene_init(&scene);
		scene.has_bridge = scene.has_others = true;
		scene.old_returns = true;
		scene.connection = others[i];
		assert_int_equal(watch(&host, &scene), 0);
		expect_phase(&host, KH_NET_REVERTED, NULL);
		scene_done(&scene);
		fixture_close(&host);
	}
}

static void a_login_to_any_address_of_the_bridge_confirms(void **state)
{
	(void)state;
	static const char *const logins[] = {
		"2001:db8::10 22 2001:db8:1::7 50122", "fe80::10 22 fe80::7 50122",
		"192.0.2.10 22 192.0.2.77 50122", "192.0.2.10 22 10.8.0.2 50122"}; /* of a tunnel */
	for (size_t i = 0; i < KH_COUNT(logins); i++) {
		struct fixture host;
		struct scene scene;
		host_open(&host, "boot-2\n");
		want_login(&host);
		scene_init(&scene);
		scene.has_bridge = scene.has_others = true;
		scene.connection = logins[i];
		assert_int_equal(watch(&host, &scene), 0);
		expect_phase(&host, KH_NET_CONFIRMED, NULL);
		scene_done(&scene);
		fixture_close(&host);
	}
}

static void a_network_that_nobody_comes_over_is_put_back(void **state)
{
	(void)state;
	struct fixture host;
	struct scene scene;
	host_open(&host, "boot-2\n");
	want_login(&host);
	scene_init(&scene);
	scene.has_bridge = true;
	scene.old_returns = true;
	assert_int_equal(watch(&host, &scene), 0);
	expect_phase(&host, KH_NET_REVERTED,
		     "br0 is up, but no new ssh connection from outside and no 'kvmhost confirm' "
		     "within 120 s");
	expect_old_files(&host);
	scene_done(&scene);
	fixture_close(&host);
}

static void in_the_boot_of_the_change_nothing_is_judged(void **state)
{
	(void)state;
	struct fixture host;
	struct scene scene;
	host_open(&host, "boot-1\n");
	scene_init(&scene);
	assert_int_equal(watch(&host, &scene), 0);
	expect_phase(&host, KH_NET_WAITING, NULL);
	expect_new_files(&host);
	scene_done(&scene);
	fixture_close(&host);
}

/* The power went after the record was written, before the first file of the network was. */
static void a_change_that_was_not_begun_is_not_judged(void **state)
{
	(void)state;
	struct fixture host;
	struct scene scene;
	host_open(&host, "boot-2\n");
	fixture_put(&host, interfaces, old_text);
	fixture_remove(&host, added);
	scene_init(&scene);
	scene.has_old = true;
	assert_int_equal(watch(&host, &scene), 0);
	expect_phase(&host, KH_NET_WAITING, NULL);
	expect_old_files(&host);
	assert_int_equal(scene.commands.count, 0);
	assert_null(kh_proof_bridge(&host.root, "boot-2", true));
	/* The run is finished in this boot, and judged in the next. */
	fixture_put(&host, interfaces, new_text);
	fixture_put(&host, added, new_text);
	fixture_put(&host, boot_id, "boot-3\n");
	kh_auto(kh_free) char *bridge = kh_proof_bridge(&host.root, "boot-3", true);
	assert_string_equal(bridge, "br0");
	assert_int_equal(watch(&host, &scene), 0);
	expect_phase(&host, KH_NET_REVERTED, "no link br0 within 120 s");
	kh_auto(kh_free) char *blamed = kh_proof_bridge(&host.root, "boot-3", true);
	assert_string_equal(blamed, "br0");
	assert_null(kh_proof_bridge(&host.root, "boot-4", true));
	scene_done(&scene);
	fixture_close(&host);
}

static void nor_can_anybody_confirm_it(void **state)
{
	(void)state;
	struct fixture host;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	host_open(&host, "boot-2\n");
	fixture_put(&host, interfaces, old_text);
	fixture_remove(&host, added);
	fixture_put(&host, "/proc/30/stat",
		    "30 (a) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 99 0 0\n");
	fixture_put(&host, "/proc/30/environ", "HOME=/root");
	host.root.is_live = true;
	assert_int_equal(kh_guard_confirm(&host.root, 30, &err), 0);
	host.root.is_live = false;
	expect_phase(&host, KH_NET_WAITING, NULL);
	fixture_close(&host);
}

/* Neither a kernel nor its arguments can have brought up what is there from the next boot. */
static void a_bridge_that_the_next_boot_makes_is_not_missed_in_this_one(void **state)
{
	(void)state;
	struct fixture host;
	host_open(&host, "boot-1\n");
	assert_null(kh_proof_bridge(&host.root, "boot-1", true));
	kh_auto(kh_free) char *next = kh_proof_bridge(&host.root, "boot-2", true);
	kh_auto(kh_free) char *of_arguments = kh_proof_bridge(&host.root, "boot-2", false);
	assert_string_equal(next, "br0");
	assert_string_equal(of_arguments, "br0");
	fixture_close(&host);
}

/* One setting of a bridge that is there changes one file; the others are as they shall be. */
static void files_that_stay_as_they_are_do_not_make_a_change_begun(void **state)
{
	(void)state;
	struct fixture host;
	struct scene scene;
	kh_auto(kh_net_record_done) struct kh_net_record record;
	host_open(&host, "boot-2\n");
	make_record(&record);
	record.files[1].before = kh_strdup(new_text);
	kh_auto(kh_free) char *text = kh_net_record_text(&record);
	fixture_put(&host, kh_net_record_path, text);
	fixture_put(&host, interfaces, old_text);
	scene_init(&scene);
	assert_int_equal(watch(&host, &scene), 0);
	expect_phase(&host, KH_NET_WAITING, NULL);
	assert_int_equal(scene.commands.count, 0);
	assert_int_equal(scene.dropped.count, 0);
	scene_done(&scene);
	fixture_close(&host);
}

static void confirm(struct fixture *host)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_net_record_done) struct kh_net_record record = {0};
	char digest[KH_DIGEST_SIZE], before[] = "boot-2";
	const struct kh_net_state now = {.phase = KH_NET_CONFIRMED, .boot_id = before};
	assert_int_equal(kh_net_record_read(&host->root, &record, digest, &err), 0);
	assert_int_equal(kh_net_state_write(&host->root, digest, &now, &err), 0);
}

static void a_confirmed_network_that_was_undone_in_part_is_judged_once_more(void **state)
{
	(void)state;
	static const char journal[] = "/var/lib/kvmhost/runs/0001/journal.jsonl";
	struct fixture host;
	struct scene scene;
	host_open(&host, "boot-3\n");
	confirm(&host);
	fixture_remove(&host, added);
	scene_init(&scene);
	scene.old_returns = true;
	/* By the operator's hand it is his. */
	fixture_put(&host, journal,
		    "{\"event\":\"intent\",\"n\":1}\n{\"event\":\"done\",\"n\":1}\n"
		    "{\"event\":\"end\"}\n");
	assert_int_equal(watch(&host, &scene), 0);
	expect_phase(&host, KH_NET_CONFIRMED, NULL);
	fixture_put(&host, journal,
		    "{\"event\":\"intent\",\"n\":1}\n{\"event\":\"done\",\"n\":1}\n"
		    "{\"event\":\"end\"}\n{\"event\":\"undo\",\"n\":1}\n");
	assert_int_equal(watch(&host, &scene), 0);
	expect_phase(&host, KH_NET_REVERTED, "no link br0 within 120 s");
	expect_old_files(&host);
	scene_done(&scene);
	fixture_close(&host);
}

/* The record of a second change, which begins where the first one ended. */
static void put_second_record(struct fixture *host)
{
	kh_auto(kh_net_record_done) struct kh_net_record record;
	make_record(&record);
	kh_free(&record.boot_id);
	record.boot_id = kh_strdup("boot-3");
	kh_auto(kh_free) char *text = kh_net_record_text(&record);
	fixture_put(host, kh_net_record_path, text);
}

static void a_network_that_undo_brings_back_was_confirmed_already(void **state)
{
	(void)state;
	struct fixture host;
	struct scene scene;
	host_open(&host, "boot-4\n");
	confirm(&host);
	kh_auto(kh_free) char *first = fixture_get(&host, kh_net_record_path);
	put_second_record(&host);
	scene_init(&scene);
	scene.has_bridge = true;
	expect_phase(&host, KH_NET_WAITING, NULL);
	assert_int_equal(watch(&host, &scene), 0);
	expect_phase(&host, KH_NET_CONFIRMED, NULL);
	fixture_put(&host, kh_net_record_path, first);
	fixture_put(&host, boot_id, "boot-5\n");
	scene.has_bridge = false; /* the gateway is being mended, say */
	assert_int_equal(watch(&host, &scene), 0);
	expect_phase(&host, KH_NET_CONFIRMED, NULL);
	assert_int_equal(scene.commands.count, 0);
	expect_new_files(&host);
	scene_done(&scene);
	fixture_close(&host);
}

static void a_change_that_was_cut_off_is_taken_back_and_not_counted(void **state)
{
	(void)state;
	struct fixture host;
	struct scene scene;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_net_record_done) struct kh_net_record record = {0};
	kh_auto(kh_net_state_done) struct kh_net_state now = {0};
	char digest[KH_DIGEST_SIZE];
	host_open(&host, "boot-2\n");
	fixture_remove(&host, added);
	scene_init(&scene);
	scene.has_old = true;
	assert_null(kh_proof_bridge(&host.root, "boot-2", true));
	assert_int_equal(watch(&host, &scene), 0);
	expect_phase(&host, KH_NET_REVERTED, "no link br0 within 120 s");
	expect_old_files(&host);
	assert_int_equal(kh_net_record_read(&host.root, &record, digest, &err), 0);
	kh_net_state_read(&host.root, digest, &now);
	assert_true(now.is_cut_off);
	assert_null(kh_proof_bridge(&host.root, "boot-2", true));
	scene_done(&scene);
	fixture_close(&host);
}

static void a_bad_network_is_put_back(void **state)
{
	(void)state;
	struct fixture host;
	struct scene scene;
	host_open(&host, "boot-2\n");
	scene_init(&scene);
	scene.has_old = true;
	assert_int_equal(watch(&host, &scene), 0);
	expect_phase(&host, KH_NET_REVERTED, "no link br0 within 120 s");
	expect_old_files(&host);
	struct stat status;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	assert_int_equal(kh_root_stat(&host.root, interfaces, true, &status, &err), 0);
	assert_int_equal(status.st_mode & 07777, 0640);
	assert_true(scene.clock_ms >= 120000 && scene.clock_ms < 125000);
	kh_auto(kh_free) char *commands = kh_strv_join(&scene.commands, "\n");
	assert_string_equal(commands, "systemctl stop networking.service\nifdown --force br0\n"
				      "ifdown --force eth0\n"
				      "systemctl start networking.service\nifup -a\nifup eth0");
	assert_true(kh_strv_has(&scene.dropped, "br0"));
	scene_done(&scene);
	fixture_close(&host);
}

static void once_judged_later_boots_do_nothing(void **state)
{
	(void)state;
	struct fixture host;
	struct scene scene;
	host_open(&host, "boot-2\n");
	scene_init(&scene);
	scene.has_old = true;
	assert_int_equal(watch(&host, &scene), 0);
	fixture_put(&host, boot_id, "boot-3\n");
	fixture_put(&host, interfaces, "somebody's\n");
	size_t count = scene.commands.count;
	assert_int_equal(watch(&host, &scene), 0);
	assert_int_equal(scene.commands.count, count);
	kh_auto(kh_free) char *text = fixture_get(&host, interfaces);
	assert_string_equal(text, "somebody's\n");
	scene_done(&scene);
	fixture_close(&host);
}

static void the_machine_is_rebooted_once_as_the_last_resort(void **state)
{
	(void)state;
	struct fixture host;
	struct scene scene;
	host_open(&host, "boot-2\n");
	scene_init(&scene);
	assert_int_equal(watch(&host, &scene), 0);
	assert_true(kh_strv_has(&scene.commands, "systemctl reboot"));
	expect_phase(&host, KH_NET_REVERTED, "no link br0 within 120 s");
	fixture_put(&host, boot_id, "boot-3\n");
	kh_strv_done(&scene.commands);
	assert_int_equal(watch(&host, &scene), 0);
	assert_int_equal(scene.commands.count, 0);
	scene_done(&scene);
	fixture_close(&host);
}

/* ---- a changed setting of a bridge that is there ---- */

static const char old_bridge[] = "[connection]\nid=br0\n";
static const char new_bridge[] = "[connection]\nid=br0\n[bridge]\nstp=true\n";

static void add_file(struct kh_net_record *record, const char *path, const char *base,
		     const char *before, const char *written)
{
	struct kh_net_file *file = kh_append(record->files, record->file_count);
	file->path = kh_strdup(path);
	file->base = kh_strdup(base);
	file->before = kh_strdup(before);
	file->mode = 0600;
	file->uid = getuid();
	file->gid = getgid();
	kh_digest_bytes(written, strlen(written), file->written);
}

static const char bridge_profile[] = "/etc/NetworkManager/system-connections/br0.nmconnection";
static const char port_profile[] = "/etc/NetworkManager/system-connections/eth0.nmconnection";

/* before NULL: the first change. */
static void host_open_nm(struct fixture *host, const char *before)
{
	static const char base[] = "[connection]\nid=eth0\n", port[] = "[connection]\nmaster=br0\n";
	kh_auto(kh_net_record_done) struct kh_net_record record = {.digest = kh_strdup("d"),
								   .boot_id = kh_strdup("boot-1"),
								   .bridge = kh_strdup("br0"),
								   .port = kh_strdup("eth0"),
								   .manager = KH_NET_NETWORKMANAGER,
								   .timeout_s = 120,
								   .wants_route = true};
	add_file(&record, bridge_profile, NULL, before, new_bridge);
	add_file(&record, port_profile, base, before ? port : base, port);
	kh_auto(kh_free) char *text = kh_net_record_text(&record);
	fixture_open_empty(host);
	fixture_put(host, kh_net_record_path, text);
	fixture_put(host, bridge_profile, new_bridge);
	fixture_put(host, port_profile, port);
	fixture_put(host, boot_id, "boot-2\n");
}

static void a_profile_that_was_put_back_is_brought_up_not_deleted(void **state)
{
	(void)state;
	struct fixture host;
	struct scene scene;
	host_open_nm(&host, old_bridge);
	scene_init(&scene);
	scene.has_old = true;
	assert_int_equal(watch(&host, &scene), 0);
	kh_auto(kh_free) char *text = fixture_get(&host, bridge_profile);
	assert_string_equal(text, old_bridge);
	kh_auto(kh_free) char *commands = kh_strv_join(&scene.commands, "\n");
	assert_string_equal(commands, "nmcli connection reload\nnmcli connection up br0");
	scene_done(&scene);
	fixture_close(&host);
}

static void an_old_bridge_that_answers_again_needs_no_boot(void **state)
{
	(void)state;
	struct fixture host;
	struct scene scene;
	host_open_nm(&host, old_bridge);
	scene_init(&scene);
	scene.old_is_bridge = true;
	assert_int_equal(watch(&host, &scene), 0);
	expect_phase(&host, KH_NET_REVERTED, "no link br0 within 120 s");
	assert_false(kh_strv_has(&scene.commands, "systemctl reboot"));
	scene_done(&scene);
	fixture_close(&host);
}

/* A new bridge that is still there after the restart is not the old network. */
static void a_bridge_that_does_not_go_away_needs_a_boot(void **state)
{
	(void)state;
	struct fixture host;
	struct scene scene;
	host_open_nm(&host, NULL);
	scene_init(&scene);
	scene.old_is_bridge = true;
	assert_int_equal(watch(&host, &scene), 0);
	assert_true(kh_strv_has(&scene.commands, "systemctl reboot"));
	scene_done(&scene);
	fixture_close(&host);
}

static void a_new_bridges_profile_is_deleted(void **state)
{
	(void)state;
	struct fixture host;
	struct scene scene;
	host_open_nm(&host, NULL);
	scene_init(&scene);
	scene.has_old = true;
	assert_int_equal(watch(&host, &scene), 0);
	assert_false(kh_root_exists(&host.root, bridge_profile));
	kh_auto(kh_free) char *commands = kh_strv_join(&scene.commands, "\n");
	assert_string_equal(commands, "nmcli connection reload\nnmcli connection delete br0\n"
				      "nmcli device connect eth0");
	scene_done(&scene);
	fixture_close(&host);
}

/* As the host of ifupdown, with DHCP. */
static void host_open_dynamic(struct fixture *host, const char *boot)
{
	kh_auto(kh_net_record_done) struct kh_net_record record;
	make_record(&record);
	kh_strv_done(&record.addresses);
	kh_strv_done(&record.gateways);
	record.is_dynamic = record.had_ipv4 = true;
	kh_auto(kh_free) char *text = kh_net_record_text(&record);
	host_open(host, boot);
	fixture_put(host, kh_net_record_path, text);
}

static void an_advertised_route_is_not_the_ipv4_network_that_was_there(void **state)
{
	(void)state;
	struct fixture host;
	struct scene scene;
	host_open_dynamic(&host, "boot-2\n");
	scene_init(&scene);
	scene.has_bridge = scene.is_ipv6 = true;
	scene.answering = "fe80::1";
	assert_int_equal(watch(&host, &scene), 0);
	expect_phase(&host, KH_NET_REVERTED, "no IPv4 address on br0 within 120 s");
	assert_true(kh_strv_has(&scene.commands, "ifdown --force eth0"));
	assert_true(kh_strv_has(&scene.commands, "systemctl reboot"));
	scene_done(&scene);
	fixture_close(&host);
}

static void what_somebody_wrote_since_is_kept_aside(void **state)
{
	(void)state;
	struct fixture host;
	struct scene scene;
	host_open(&host, "boot-2\n");
	fixture_put(&host, interfaces, "edited after apply\n");
	scene_init(&scene);
	scene.has_old = true;
	assert_int_equal(watch(&host, &scene), 0);
	expect_old_files(&host);
	kh_auto(kh_free) char *kept = fixture_get(&host, "/var/lib/kvmhost/guard.kept.1");
	assert_string_equal(kept, "edited after apply\n");
	scene_done(&scene);
	fixture_close(&host);
}

/* Killed at each command of the reverting: the next boot finishes it. */
static void an_interrupted_reverting_is_finished_at_the_next_boot(void **state)
{
	(void)state;
	static const char *const points[] = {"systemctl stop", "ifdown", "systemctl start",
					     "ifup -a", "ifup eth0"};
	for (size_t i = 0; i < KH_COUNT(points); i++) {
		struct fixture host;
		struct scene scene;
		host_open(&host, "boot-2\n");
		scene_init(&scene);
		scene.has_old = true;
		scene.kill_at = points[i];
		pid_t child = fork();
		if (child == 0)
			_exit(watch(&host, &scene) == 0 ? 0 : 1);
		int status = 0;
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(WEXITSTATUS(status), 9);
		expect_phase(&host, KH_NET_REVERTING, "no link br0 within 120 s");
		fixture_put(&host, boot_id, "boot-3\n");
		scene.kill_at = NULL;
		assert_int_equal(watch(&host, &scene), 0);
		expect_phase(&host, KH_NET_REVERTED, "no link br0 within 120 s");
		expect_old_files(&host);
		scene_done(&scene);
		fixture_close(&host);
	}
}

static void a_damaged_record_is_an_error_not_a_revert(void **state)
{
	(void)state;
	struct fixture host;
	struct scene scene;
	host_open(&host, "boot-2\n");
	fixture_put(&host, kh_net_record_path, "{\"schema\": 1, \"files\": [");
	scene_init(&scene);
	assert_int_equal(watch(&host, &scene), -1);
	assert_int_equal(scene.commands.count, 0);
	expect_new_files(&host);
	scene_done(&scene);
	fixture_close(&host);
}

static void the_record_reads_back_as_it_was_written(void **state)
{
	(void)state;
	struct fixture host;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_net_record_done) struct kh_net_record record = {0};
	char digest[KH_DIGEST_SIZE];
	host_open(&host, "boot-2\n");
	kh_auto(kh_free) char *text = fixture_get(&host, kh_net_record_path);
	assert_int_equal(kh_net_record_read(&host.root, &record, digest, &err), 0);
	kh_auto(kh_free) char *again = kh_net_record_text(&record);
	assert_string_equal(again, text);
	assert_string_equal(record.files[0].before, old_text);
	fixture_close(&host);
}

static void it_never_works_below_another_root(void **state)
{
	(void)state;
	struct fixture host;
	struct scene scene;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	host_open(&host, "boot-2\n");
	scene_init(&scene);
	assert_int_equal(kh_guard_run(&host.root, &scene.runner, &err), -1);
	assert_int_equal(err.code, KH_HOST);
	expect_new_files(&host);
	scene_done(&scene);
	fixture_close(&host);
}

/* ---- the real senses, in network namespaces of their own ---- */

enum { CANNOT = 77 };

static void ip(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void ip(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	kh_auto(kh_free) char *line = kh_vprintf(format, args);
	va_end(args);
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_strv_split(&words, line, " ");
	const char *argv[24] = {NULL};
	for (size_t i = 0; i < words.count && i + 1 < KH_COUNT(argv); i++)
		argv[i] = words.items[i];
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	if (kh_run(&kh_run_system, argv, 20, NULL, &err) != 0)
		_exit(CANNOT);
}

static int probe_in_namespaces(pid_t other)
{
	struct kh_guard_world *world = &kh_guard_real_world;
	ip("ip link add br0 type bridge");
	ip("ip link add v0 type veth peer name v1 netns %d", (int)other);
	ip("ip link set v0 master br0");
	ip("ip link set v0 up");
	ip("ip link set br0 up");
	ip("ip addr add 192.0.2.10/25 dev br0");
	ip("nsenter -t %d -n ip addr add 192.0.2.1/25 dev v1", (int)other);
	ip("nsenter -t %d -n ip link set v1 up", (int)other);
	if (!world->answers(world, "br0", "192.0.2.1"))
		return 1;
	if (world->answers(world, "br0", "192.0.2.99"))
		return 2;
	if (world->answers(world, "br1", "192.0.2.1"))
		return 3;
	world->drop_link(world, "br0");
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	static const char *const show[] = {"ip", "link", "show", "dev", "br0", NULL};
	return kh_run(&kh_run_system, show, 20, NULL, &err) == 0 ? 4 : 0;
}

static int in_namespaces(void)
{
	int ready[2], done[2];
	if (pipe(ready) != 0 || pipe(done) != 0)
		return CANNOT;
	pid_t other = fork();
	if (other == 0) {
		char byte = unshare(CLONE_NEWNET) == 0 ? 'y' : 'n';
		close(done[1]);
		if (write(ready[1], &byte, 1) != 1 || read(done[0], &byte, 1) < 0)
			_exit(1);
		_exit(0);
	}
	char byte = 'n';
	bool can = read(ready[0], &byte, 1) == 1 && byte == 'y' && unshare(CLONE_NEWNET) == 0;
	int result = can ? probe_in_namespaces(other) : CANNOT;
	close(done[1]);
	waitpid(other, NULL, 0);
	return result;
}

static void a_gateway_answers_or_does_not(void **state)
{
	(void)state;
	pid_t child = fork();
	if (child == 0)
		_exit(in_namespaces());
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT)
		skip(); /* no right to make network namespaces here, or no ip(8) */
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_content_when_all_is_as_expected),
		cmocka_unit_test(it_says_what_is_missing),
		cmocka_unit_test(a_bridge_without_a_port_is_not_good),
		cmocka_unit_test(the_gateway_of_a_lease_is_asked),
		cmocka_unit_test(a_good_network_is_confirmed),
		cmocka_unit_test(a_login_confirms_a_network_that_answers),
		cmocka_unit_test(the_administrators_own_port_counts),
		cmocka_unit_test(a_login_over_another_link_is_no_proof),
		cmocka_unit_test(a_login_to_any_address_of_the_bridge_confirms),
		cmocka_unit_test(a_network_that_nobody_comes_over_is_put_back),
		cmocka_unit_test(in_the_boot_of_the_change_nothing_is_judged),
		cmocka_unit_test(a_change_that_was_not_begun_is_not_judged),
		cmocka_unit_test(nor_can_anybody_confirm_it),
		cmocka_unit_test(a_bridge_that_the_next_boot_makes_is_not_missed_in_this_one),
		cmocka_unit_test(files_that_stay_as_they_are_do_not_make_a_change_begun),
		cmocka_unit_test(a_confirmed_network_that_was_undone_in_part_is_judged_once_more),
		cmocka_unit_test(a_network_that_undo_brings_back_was_confirmed_already),
		cmocka_unit_test(a_change_that_was_cut_off_is_taken_back_and_not_counted),
		cmocka_unit_test(a_bad_network_is_put_back),
		cmocka_unit_test(once_judged_later_boots_do_nothing),
		cmocka_unit_test(the_machine_is_rebooted_once_as_the_last_resort),
		cmocka_unit_test(a_profile_that_was_put_back_is_brought_up_not_deleted),
		cmocka_unit_test(an_old_bridge_that_answers_again_needs_no_boot),
		cmocka_unit_test(a_bridge_that_does_not_go_away_needs_a_boot),
		cmocka_unit_test(a_new_bridges_profile_is_deleted),
		cmocka_unit_test(an_advertised_route_is_not_the_ipv4_network_that_was_there),
		cmocka_unit_test(what_somebody_wrote_since_is_kept_aside),
		cmocka_unit_test(an_interrupted_reverting_is_finished_at_the_next_boot),
		cmocka_unit_test(a_damaged_record_is_an_error_not_a_revert),
		cmocka_unit_test(the_record_reads_back_as_it_was_written),
		cmocka_unit_test(it_never_works_below_another_root),
		cmocka_unit_test(a_gateway_answers_or_does_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
