/* test_net_switch.c - the guard makes a live switch: what counts as a login after it, and since
 * when. The kernel is real, in a network namespace; clock, neighbours and programs are made up. */
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "net/guard.h"
#include "net/live.h"
#include "tests/lib/fixture.h"

enum { CANNOT = 77, RESTARTED = 32, PROGRAM_MS = 45000 };

static const char early[] = "192.0.2.10 22 198.51.100.7 50001";
static const char late[] = "192.0.2.10 22 198.51.100.7 50002";

struct scene {
	struct fixture host;
	struct kh_guard_world world;
	struct kh_runner runner;
	bool has_early;      /* a connection that came after the list of apply, before the switch */
	long long login_ms;  /* when another one comes; 0: never */
	bool has_lease;      /* and a DHCP client */
	const char *failing; /* a program that fails so often: */
	int failures;
	int starts;      /* of it */
	int restarts;    /* of the manager */
	const char *why; /* part of what is told, or NULL: nothing of a program */
	long long clock_ms;
};

/* ---- the world ---- */

static struct scene *scene_of(struct kh_guard_world *world)
{
	return world->data;
}

static void look(struct kh_guard_world *world, const struct kh_root *root,
		 struct kh_facts_net *ret_net)
{
	bool has_bridge = if_nametoindex("br0") != 0;
	(void)world;
	(void)root;
	*ret_net = (struct kh_facts_net){0};
	struct kh_facts_link *link = kh_append(ret_net->links, ret_net->link_count);
	link->name = kh_strdup(has_bridge ? "br0" : "eth0");
	link->kind = has_bridge ? KH_LINK_BRIDGE : KH_LINK_PHYSICAL;
	link->is_up = true;
	kh_strv_add(&link->addresses, "192.0.2.10/25");
	if (has_bridge)
		kh_strv_add(&link->ports, "eth0");
	ret_net->default_link = kh_strdup(link->name);
	ret_net->gateway4 = kh_strdup("192.0.2.1");
}

static bool answers(struct kh_guard_world *world, const char *link, const char *address)
{
	(void)world;
	(void)link;
	(void)address;
	return true;
}

static void drop_link(struct kh_guard_world *world, const char *link)
{
	(void)world;
	(void)link;
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
	const struct scene *scene = scene_of(world);
	(void)root;
	(void)own_port;
	if (scene->has_early)
		kh_strv_add(list, early);
	if (scene->login_ms > 0 && scene->clock_ms >= scene->login_ms)
		kh_strv_add(list, late);
}

/* Each takes as long as it may. */
static int run(struct kh_runner *runner, const char *const *argv, unsigned timeout_s,
	       struct kh_run_result *ret_result, struct kh_error *err)
{
	struct scene *scene = runner->data;
	bool is_failing = scene->failing && strcmp(argv[0], scene->failing) == 0;
	(void)timeout_s;
	(void)err;
	scene->clock_ms += PROGRAM_MS;
	scene->starts += is_failing;
	scene->restarts += strcmp(argv[0], "systemctl") == 0;
	*ret_result = (struct kh_run_result){
		.status = is_failing && scene->starts <= scene->failures,
		.output = kh_strdup("not today\n"),
	};
	return 0;
}

/* ---- a host that was asked to switch ---- */

static bool ip(const char *line)
{
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	const char *argv[16] = {NULL};
	kh_strv_split(&words, line, " ");
	for (size_t i = 0; i < words.count && i + 1 < KH_COUNT(argv); i++)
		argv[i] = words.items[i];
	return kh_run(&kh_run_system, argv, 20, NULL, &err) == 0;
}

static int put_record(struct scene *scene, enum kh_net_manager manager)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_net_record_done) struct kh_net_record record = {.digest = kh_strdup("d"),
								   .boot_id = kh_strdup("boot-1"),
								   .bridge = kh_strdup("br0"),
								   .port = kh_strdup("eth0"),
								   .manager = manager,
								   .timeout_s = 20,
								   .wants_route = true,
								   .wants_login = true};
	kh_auto(kh_net_state_done) struct kh_net_state state = {.phase = KH_NET_ASKED,
								.boot_id = kh_strdup("boot-1")};
	kh_strv_add(&record.addresses, "192.0.2.10/25");
	kh_strv_add(&record.gateways, "192.0.2.1");
	kh_auto(kh_free) char *text = kh_net_record_text(&record);
	char digest[KH_DIGEST_SIZE];
	kh_digest_bytes(text, strlen(text), digest);
	fixture_put(&scene->host, kh_net_record_path, text);
	fixture_put(&scene->host, "/proc/sys/kernel/random/boot_id", "boot-1\n");
	return kh_net_state_write(&scene->host.root, digest, &state, &err);
}

static bool ask(struct scene *scene, enum kh_net_manager manager)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_live_done) struct kh_live live = {0};
	fixture_open_empty(&scene->host);
	scene->world = (struct kh_guard_world){look,   answers,     drop_link, wait_second,
					       now_ms, connections, scene};
	scene->runner = (struct kh_runner){run, scene};
	fixture_put(&scene->host, "/sys/class/net/eth0/address", "02:00:5e:00:00:01\n");
	if (put_record(scene, manager) != 0 ||
	    kh_live_take(&scene->host.root, "br0", "eth0", &live, &err) != 0)
		return false;
	if (scene->has_lease)
		kh_strv_add(&live.clients, "dhclient\n-4\neth0");
	return kh_live_write(&scene->host.root, &live, &err) == 0;
}

/* Returns the phase that it ended in, or CANNOT. In a process of its own. */
static int switch_in_namespace(struct scene *scene, enum kh_net_manager manager)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_net_record_done) struct kh_net_record record = {0};
	kh_auto(kh_net_state_done) struct kh_net_state state = {0};
	char digest[KH_DIGEST_SIZE];
	if (unshare(CLONE_NEWNET) != 0 ||
	    !ip("ip link add eth0 address 02:00:5e:00:00:01 type veth peer name v1") ||
	    !ip("ip link set v1 up") || !ip("ip link set eth0 up") ||
	    !ip(scene->has_lease
			? "ip addr add 192.0.2.10/25 valid_lft 600 preferred_lft 600 dev eth0"
			: "ip addr add 192.0.2.10/25 dev eth0") ||
	    !ask(scene, manager))
		return CANNOT;
	if (kh_guard_watch(&scene->host.root, &scene->runner, &scene->world, &err) != 0 ||
	    kh_net_record_read(&scene->host.root, &record, digest, &err) != 0)
		return CANNOT + 1;
	kh_net_state_read(&scene->host.root, digest, &state);
	fixture_close(&scene->host);
	bool is_told = scene->why ? state.why && strstr(state.why, scene->why)
				  : !state.why || !strstr(state.why, "run '");
	if (scene->restarts > 0)
		return RESTARTED + (int)state.phase;
	return is_told ? (int)state.phase : CANNOT + 2;
}

static void expect(struct scene *scene, enum kh_net_manager manager, int phase)
{
	pid_t child = fork();
	if (child == 0)
		_exit(switch_in_namespace(scene, manager));
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == CANNOT)
		skip(); /* no right to make network namespaces here, or no ip(8) */
	assert_int_equal(WEXITSTATUS(status), phase);
}

/* It takes a while from the list that apply made to the switch: systemd reads its units. */
static void a_connection_over_the_old_network_is_no_login(void **state)
{
	(void)state;
	struct scene scene = {.has_early = true};
	expect(&scene, KH_NET_IFUPDOWN, KH_NET_REVERTED);
}

static void one_that_comes_after_the_switch_is(void **state)
{
	(void)state;
	struct scene scene = {.has_early = true, .login_ms = 5000};
	expect(&scene, KH_NET_IFUPDOWN, KH_NET_CONFIRMED);
}

static void the_time_to_log_in_begins_when_the_manager_is_done(void **state)
{
	(void)state;
	struct scene scene = {.login_ms = PROGRAM_MS + 10000};
	expect(&scene, KH_NET_NETWORKD, KH_NET_CONFIRMED);
}

static void a_lease_that_nobody_renews_is_no_switch(void **state)
{
	(void)state;
	struct scene scene = {.has_lease = true,
			      .login_ms = 1,
			      .failing = "dhclient",
			      .failures = 1,
			      .why = "run 'dhclient': exit status 1: not today"};
	expect(&scene, KH_NET_IFUPDOWN, KH_NET_REVERTED);
	scene.failures = 0;
	scene.why = NULL;
	expect(&scene, KH_NET_IFUPDOWN, KH_NET_CONFIRMED);
}

static void what_a_manager_does_not_take_over_is_kept_to_be_told(void **state)
{
	(void)state;
	struct scene scene = {.login_ms = 1,
			      .failing = "networkctl",
			      .failures = 1,
			      .why = "run 'networkctl': exit status 1: not today"};
	expect(&scene, KH_NET_NETWORKD, KH_NET_CONFIRMED);
}

static void a_client_that_does_not_come_back_is_the_managers_to_start(void **state)
{
	(void)state;
	struct scene scene = {
		.has_lease = true,
		.login_ms = 1,
		.failing = "dhclient",
		.failures = 2,
		.why = "not today",
	};
	expect(&scene, KH_NET_IFUPDOWN, RESTARTED + KH_NET_REVERTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_over_the_old_network_is_no_login),
		cmocka_unit_test(one_that_comes_after_the_switch_is),
		cmocka_unit_test(the_time_to_log_in_begins_when_the_manager_is_done),
		cmocka_unit_test(a_lease_that_nobody_renews_is_no_switch),
		cmocka_unit_test(what_a_manager_does_not_take_over_is_kept_to_be_told),
		cmocka_unit_test(a_client_that_does_not_come_back_is_the_managers_to_start),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
