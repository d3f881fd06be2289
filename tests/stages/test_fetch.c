/* The stage fetch: what is not in the store is planned, in order, and only that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "sources/record.h"
#include "stages/stages.h"
#include "tests/lib/stage_host.h"

#define STORE "build: {store: /store}\n"
#define DIGEST "949d166a1263bd0cf0c5aab44eeb57869615099e7c48bf88d0e4adb77379b999"

static void open_host(struct stage_host *host, const char *yaml)
{
	stage_host_open(host, NULL, yaml);
	host->fixture.root.is_live = true;
}

/* The store has this version of the kernel, from this provider. */
static void put_record(struct stage_host *host, const char *wanted, const char *version,
		       const char *provider)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_source_done) struct kh_source source = {.program = kh_strdup("kernel"),
							   .wanted = kh_strdup(wanted),
							   .version = kh_strdup(version),
							   .provider = kh_strdup(provider),
							   .tree = kh_strdup("/store/sources/k-1")};
	kh_record_add_file(&source, "linux.tar.xz", KH_SOURCE_ARCHIVE)->sha256 = kh_strdup(DIGEST);
	kh_record_digest(&source);
	fixture_put(&host->fixture, "/store/sources/k-1/Makefile", "");
	if (kh_record_write(&host->fixture.root, "/store", &source, &err) != 0)
		fail_msg("%s", err.message);
}

static void expect_fetch(struct stage_host *host, size_t count, const char *first)
{
	if (!stage_host_plan(host, &kh_stage_fetch))
		fail_msg("%s", host->err.message);
	assert_int_equal(host->plan.change_count, count);
	if (!first)
		return;
	assert_int_equal(host->plan.changes[0].kind, KH_CHANGE_FETCH);
	assert_string_equal(host->plan.changes[0].path, first);
}

static void what_the_store_lacks_is_fetched_in_the_order_of_work(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, STORE "qemu: {version: 11.0.0}\n");
	expect_fetch(&host, 3, "linux (the distribution's newest)");
	assert_string_equal(host.plan.changes[1].path, "qemu 11.0.0");
	assert_string_equal(kh_json_get(host.plan.changes[1].what, "program"), "qemu");
	assert_string_equal(host.plan.changes[2].path, "libvirt (the distribution's newest)");
	stage_host_close(&host);
}

#define ONE STORE "qemu: {version: none}\nlibvirt: {version: none}\n"

static void what_is_left_to_the_distribution_is_not(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, ONE "kernel: {version: none}\n");
	expect_fetch(&host, 0, NULL);
	stage_host_close(&host);
}

static void a_source_in_the_store_counts_if_it_is_what_is_configured(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, ONE);
	put_record(&host, "distro", "6.1.176", "distro");
	expect_fetch(&host, 0, NULL);
	stage_host_configure(&host, ONE "kernel: {version: 6.1.176}\n");
	expect_fetch(&host, 0, NULL);
	stage_host_configure(&host, ONE "kernel: {version: 6.1.177}\n");
	expect_fetch(&host, 1, "linux 6.1.177");
	stage_host_configure(&host, ONE "sources: {provider: upstream}\n");
	expect_fetch(&host, 1, "linux (the newest release that kvmhost knows)");
	stage_host_configure(&host, ONE "sources: {keyring: /k.gpg}\n");
	expect_fetch(&host, 1, NULL);
	stage_host_configure(&host, ONE "kernel: {version: 6.1.176, sha256: " DIGEST "}\n");
	expect_fetch(&host, 0, NULL);
	put_record(&host, "6.1.176", "6.1.176", "upstream");
	stage_host_configure(&host, ONE);
	expect_fetch(&host, 1, NULL);
	stage_host_close(&host);
}

static void a_tree_that_is_gone_is_fetched_again(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, ONE);
	put_record(&host, "distro", "6.1.176", "distro");
	fixture_remove(&host.fixture, "/store/sources/k-1");
	expect_fetch(&host, 1, NULL);
	put_record(&host, "distro", "6.1.176", "distro");
	fixture_put(&host.fixture, "/store/sources/kernel.json", "{\"format\": 1, \"progr");
	expect_fetch(&host, 1, NULL);
	stage_host_close(&host);
}

static void a_lock_file_that_cannot_be_read_stops_the_stage(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, ONE);
	host.config.path = kh_printf("%s/kvmhost.yaml", host.fixture.path);
	fixture_put(&host.fixture, "/kvmhost.lock", "format: 1\nkernel: 5\n");
	assert_null(stage_host_plan(&host, &kh_stage_fetch));
	assert_int_equal(host.err.code, KH_CONFIG);
	expect_text(host.err.message, "/kvmhost.lock:2:9: 'kernel' takes wanted, version, provider "
				      "and files");
	stage_host_close(&host);
}

static void below_another_root_it_is_left_to_do(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, ONE);
	host.fixture.root.is_live = false;
	expect_fetch(&host, 0, NULL);
	assert_int_equal(host.plan.note_count, 1);
	expect_text(host.plan.notes[0].text, "left to do: fetch linux (the distribution's newest)");
	stage_host_close(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_store_lacks_is_fetched_in_the_order_of_work),
		cmocka_unit_test(what_is_left_to_the_distribution_is_not),
		cmocka_unit_test(a_source_in_the_store_counts_if_it_is_what_is_configured),
		cmocka_unit_test(a_tree_that_is_gone_is_fetched_again),
		cmocka_unit_test(a_lock_file_that_cannot_be_read_stops_the_stage),
		cmocka_unit_test(below_another_root_it_is_left_to_do),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
