/* Sources: chosen, pinned, unpacked, patched, recorded; with a real apt on an archive of our own.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sources/bundle.h"
#include "sources/pin.h"
#include "sources/reach.h"
#include "sources/record.h"
#include "tests/lib/fake_transfer.h"

#include "tests/lib/archive_host.h"

#define NEED_APT()                                                                                 \
	do {                                                                                       \
		if (!archive_host_can()) {                                                         \
			print_message("skipped: apt-get or patch is missing here\n");              \
			skip();                                                                    \
		}                                                                                  \
	} while (0)

static void expect_made(struct archive_host *host, const char *package_version)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_source_done) struct kh_source source = {0};
	int found = kh_source_find(&host->context, "kernel", &source, &err);
	if (found < 0)
		fail_msg("%s", err.message);
	assert_int_equal(found, 0);
	assert_string_equal(source.package_version, package_version);
	kh_auto(kh_free) char *path = kh_printf("%s/Makefile", source.tree);
	kh_auto(kh_free) char *makefile = fixture_get(&host->fixture, path);
	kh_auto(kh_free) char *wanted = kh_printf("VERSION = %s\nnew\n", source.version);
	assert_string_equal(makefile, wanted);
	assert_true(kh_root_exists(&host->fixture.root, "/store/archives"));
}

static void expect_message(struct archive_host *host, const char *message)
{
	kh_auto(kh_free) char *got = archive_host_make(host, false);
	assert_string_equal(got, message);
}

static void distro_is_the_newest_listed_patched_and_recorded(void **state)
{
	(void)state;
	NEED_APT();
	struct archive_host host;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_source_done) struct kh_source none = {0};
	archive_host_open(&host, "kernel: {version: distro}\n");
	archive_host_add(&host, "6.1.9-1");
	archive_host_add(&host, "6.1.10-1");
	archive_host_index(&host);
	assert_int_equal(kh_source_find(&host.context, "kernel", &none, &err), 1);
	expect_message(&host, "");
	expect_made(&host, "6.1.10-1");
	assert_int_equal(host.warnings.count, 0);
	archive_host_close(&host);
}

static void the_tree_belongs_to_the_build_account(void **state)
{
	(void)state;
	NEED_APT();
	struct archive_host host;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_source_done) struct kh_source source = {0};
	struct stat status;
	archive_host_open(&host, "kernel: {version: distro}\n");
	archive_host_add(&host, "6.1.9-1");
	archive_host_index(&host);
	expect_message(&host, "");
	assert_int_equal(kh_source_find(&host.context, "kernel", &source, &err), 0);
	kh_auto(kh_free) char *path = kh_printf("%s/Makefile", source.tree);
	assert_int_equal(kh_root_stat(&host.fixture.root, path, false, &status, &err), 0);
	if (geteuid() == 0)
		assert_in_range(status.st_uid, 61184, 65519);
	assert_int_equal(kh_root_stat(&host.fixture.root, "/store/sources", false, &status, &err),
			 0);
	assert_int_equal(status.st_uid, geteuid());
	archive_host_close(&host);
}

static void a_listed_version_that_is_not_there_is_followed_by_the_next_older(void **state)
{
	(void)state;
	NEED_APT();
	struct archive_host host;
	archive_host_open(&host, "kernel: {version: distro}\n");
	archive_host_add(&host, "6.1.9-1");
	archive_host_add(&host, "6.1.10-1");
	archive_host_index(&host);
	fixture_remove(&host.fixture, "/archive/pool/linux_6.1.10.orig.tar.xz");
	expect_message(&host, "");
	expect_made(&host, "6.1.9-1");
	assert_int_equal(host.warnings.count, 1);
	assert_string_equal(
		host.warnings.items[0],
		"linux 6.1.10-1 is listed, but not there ('linux_6.1.10.orig.tar.xz' is "
		"nowhere to be had): 6.1.9-1 is tried");
	archive_host_close(&host);
}

static void an_exact_version_is_that_one_or_an_error(void **state)
{
	(void)state;
	NEED_APT();
	struct archive_host host;
	archive_host_open(&host, "kernel: {version: 6.1.9}\n");
	archive_host_add(&host, "6.1.9-1");
	archive_host_add(&host, "6.1.10-1");
	archive_host_index(&host);
	expect_message(&host, "");
	expect_made(&host, "6.1.9-1");
	archive_host_configure(&host, "kernel: {version: 6.1.10-1}\n");
	expect_message(&host, "");
	expect_made(&host, "6.1.10-1");
	archive_host_configure(&host, "kernel: {version: 6.1.11}\nsources: {provider: distro}\n");
	expect_message(&host, "fetch 'kernel': linux 6.1.11: no source: distro: no source package "
			      "'linux' of version 6.1.11 is listed");
	archive_host_configure(&host, "kernel: {version: 6.1.10}\n");
	fixture_remove(&host.fixture, "/archive/pool/linux_6.1.10.orig.tar.xz");
	fixture_remove(&host.fixture, "/store/sources");
	expect_message(&host,
		       "fetch 'kernel': linux 6.1.10: no source: upstream: no digest is known "
		       "of linux 6.1.10; distro: 'linux_6.1.10.orig.tar.xz' is nowhere to be "
		       "had");
	archive_host_close(&host);
}

static void an_archive_of_somebody_else_is_not_the_distributions(void **state)
{
	(void)state;
	NEED_APT();
	struct archive_host host;
	archive_host_open(&host, "kernel: {version: distro}\n");
	archive_host_add(&host, "6.1.9-1");
	archive_host_index_of(&host, "Somebody");
	expect_message(&host, "fetch 'kernel': linux: no source: distro: no source package 'linux' "
			      "is listed");
	archive_host_close(&host);
}

static void bytes_that_are_not_those_of_the_index_leave_nothing(void **state)
{
	(void)state;
	NEED_APT();
	struct archive_host host;
	archive_host_open(&host, "kernel: {version: distro}\n");
	archive_host_add(&host, "6.1.9-1");
	archive_host_add(&host, "6.1.10-1");
	archive_host_index(&host);
	fixture_put(&host.fixture, "/archive/pool/linux_6.1.10.orig.tar.xz", "other bytes");
	kh_auto(kh_free) char *message = archive_host_make(&host, false);
	assert_non_null(strstr(message, "fetch 'kernel': distro: 'linux_6.1.10.orig.tar.xz': "
					"wanted "));
	assert_false(kh_root_exists(&host.fixture.root, "/store/sources/kernel.json"));
	assert_false(kh_root_exists(&host.fixture.root, "/store/sources/.new-kernel"));
	archive_host_close(&host);
}

static void a_patch_that_does_not_apply_is_named(void **state)
{
	(void)state;
	NEED_APT();
	struct archive_host host;
	char digest[KH_DIGEST_SIZE];
	size_t size = 0;
	archive_host_open(&host, "kernel: {version: distro}\n");
	archive_host_add(&host, "6.1.9-1");
	/* The same package with another Makefile than the patch was made for. */
	kh_auto(kh_free) char *stanza = kh_str_take(&host.stanzas);
	fixture_put(&host.fixture, "/made/linux/Makefile", "something else\n");
	archive_pack(&host, "/made", "linux", "/archive/pool/linux_6.1.9.orig.tar.xz", digest,
		     &size);
	char *line = strstr(strstr(stanza, "Checksums-Sha256"), ".orig");
	while (*line != '\n')
		line--;
	kh_str_addf(&host.stanzas, "%.*s\n %s %zu linux_6.1.9.orig.tar.xz%s", (int)(line - stanza),
		    stanza, digest, size, strchr(line + 1, '\n'));
	archive_host_index(&host);
	kh_auto(kh_free) char *message = archive_host_make(&host, false);
	assert_non_null(strstr(message, "the distribution's patch 'all/new.patch': run 'patch'"));
	assert_false(kh_root_exists(&host.fixture.root, "/store/sources/kernel.json"));
	archive_host_close(&host);
}

static void update_looks_again_and_the_old_tree_goes(void **state)
{
	(void)state;
	NEED_APT();
	struct archive_host host;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	archive_host_open(&host, "kernel: {version: distro}\n");
	archive_host_add(&host, "6.1.9-1");
	archive_host_index(&host);
	expect_message(&host, "");
	kh_auto(kh_source_done) struct kh_source old = {0};
	assert_int_equal(kh_source_find(&host.context, "kernel", &old, &err), 0);
	archive_host_add(&host, "6.1.10-1");
	archive_host_index(&host);
	expect_made(&host, "6.1.9-1");
	kh_auto(kh_free) char *message = archive_host_make(&host, true);
	assert_string_equal(message, "");
	expect_made(&host, "6.1.10-1");
	assert_false(kh_root_exists(&host.fixture.root, old.tree));
	archive_host_close(&host);
}

static void what_the_lock_file_has_is_used_and_nothing_else(void **state)
{
	(void)state;
	NEED_APT();
	struct archive_host host;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	archive_host_open(&host, "kernel: {version: distro}\n");
	archive_host_add(&host, "6.1.9-1");
	archive_host_index(&host);
	expect_message(&host, "");
	kh_auto(kh_source_done) struct kh_source source = {0};
	assert_int_equal(kh_source_find(&host.context, "kernel", &source, &err), 0);
	kh_auto(kh_free) char *text = kh_pin_text(&source, 1);
	fixture_put(&host.fixture, "/kvmhost.lock", text);
	archive_host_add(&host, "6.1.10-1");
	archive_host_index(&host);
	fixture_remove(&host.fixture, "/store/sources");
	expect_message(&host, "");
	expect_made(&host, "6.1.9-1");
	/* A store with something else than the lock file says is not what is wanted. */
	kh_auto(kh_free) char *message = archive_host_make(&host, true);
	assert_string_equal(message, "");
	kh_source_done(&source);
	assert_int_equal(kh_source_find(&host.context, "kernel", &source, &err), 1);
	archive_host_close(&host);
}

static void a_directory_serves_what_the_lock_file_has(void **state)
{
	(void)state;
	NEED_APT();
	struct archive_host host;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	archive_host_open(&host, "kernel: {version: distro}\n");
	archive_host_add(&host, "6.1.9-1+b");
	archive_host_index(&host);
	expect_message(&host, "");
	kh_auto(kh_source_done) struct kh_source source = {0};
	assert_int_equal(kh_source_find(&host.context, "kernel", &source, &err), 0);
	kh_auto(kh_free) char *text = kh_pin_text(&source, 1);
	fixture_put(&host.fixture, "/kvmhost.lock", text);
	kh_auto(kh_free) char *yaml = kh_printf("sources: {provider: %s/archive/pool}\n"
						"kernel: {version: distro}\n",
						host.fixture.path);
	archive_host_configure(&host, yaml);
	fixture_remove(&host.fixture, "/usr/bin/apt-get");
	fixture_remove(&host.fixture, "/store/sources");
	expect_message(&host, "");
	expect_made(&host, "6.1.9-1+b");
	archive_host_close(&host);
}

static void a_directory_has_upstreams_archives_flat_or_in_its_paths(void **state)
{
	(void)state;
	struct archive_host host;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	char digest[KH_DIGEST_SIZE];
	size_t size = 0;
	archive_host_open(&host, "");
	fixture_put(&host.fixture, "/made/linux-6.19.1/Makefile", "VERSION = 6\n");
	fixture_put(&host.fixture, "/mirror/pub/linux/kernel/v6.x/README", "");
	archive_pack(&host, "/made", "linux-6.19.1",
		     "/mirror/pub/linux/kernel/v6.x/linux-6.19.1.tar.xz", digest, &size);
	kh_auto(kh_free) char *yaml = kh_printf("sources: {provider: %s/mirror}\n"
						"kernel: {version: 6.19.1, sha256: %s}\n",
						host.fixture.path, digest);
	archive_host_configure(&host, yaml);
	expect_message(&host, "");
	kh_auto(kh_source_done) struct kh_source source = {0};
	assert_int_equal(kh_source_find(&host.context, "kernel", &source, &err), 0);
	assert_string_equal(source.version, "6.19.1");
	assert_null(source.package_version);
	kh_auto(kh_free) char *unknown = kh_printf("sources: {provider: %s/mirror}\n"
						   "kernel: {version: 6.19.1}\n",
						   host.fixture.path);
	archive_host_configure(&host, unknown);
	fixture_remove(&host.fixture, "/store/sources");
	expect_message(&host, "fetch 'kernel': linux 6.19.1: no source: the configured place: no "
			      "digest is known of linux 6.19.1");
	archive_host_close(&host);
}

static void a_configured_digest_that_is_not_the_archives_is_refused(void **state)
{
	(void)state;
	NEED_APT();
	struct archive_host host;
	archive_host_open(&host, "sources: {provider: distro}\nkernel: {version: 6.1.9, sha256: "
				 "949d166a1263bd0cf0c5aab44eeb57869615099e7c48bf88d0e4adb77379b999}"
				 "\n");
	archive_host_add(&host, "6.1.9-1");
	archive_host_index(&host);
	kh_auto(kh_free) char *message = archive_host_make(&host, false);
	assert_non_null(strstr(message, "fetch 'kernel': distro: 'kernel.sha256' is 949d166a"));
	archive_host_close(&host);
}

static void a_host_without_apt_and_dnf_is_told_what_would_do(void **state)
{
	(void)state;
	struct archive_host host;
	archive_host_open(&host, "kernel: {version: distro}\n");
	fixture_remove(&host.fixture, "/usr/bin/apt-get");
	kh_auto(kh_free) char *message = archive_host_make(&host, false);
	assert_string_equal(message, "fetch 'kernel': distro: source packages of this distribution "
				     "cannot be used: there is neither apt-get nor dnf");
	archive_host_close(&host);
}

static void nothing_of_apt_on_the_host_is_touched(void **state)
{
	(void)state;
	NEED_APT();
	struct archive_host host;
	archive_host_open(&host, "kernel: {version: distro}\n");
	archive_host_add(&host, "6.1.9-1");
	archive_host_index(&host);
	kh_auto(kh_free) char *before = fixture_get(&host.fixture, "/etc/apt/sources.list");
	expect_message(&host, "");
	kh_auto(kh_free) char *after = fixture_get(&host.fixture, "/etc/apt/sources.list");
	assert_string_equal(before, after);
	assert_false(kh_root_exists(&host.fixture.root, "/var"));
	assert_false(kh_root_exists(&host.fixture.root, "/etc/apt/sources.list.d"));
	archive_host_close(&host);
}

/* apt-get on a host whose own configuration, read before ours, allows it. */
static int run_careless(struct kh_runner *runner, const char *const *argv, unsigned timeout_s,
			struct kh_run_result *ret_result, struct kh_error *err)
{
	static const char *const allowed[] = {"-o", "Acquire::AllowInsecureRepositories=true", "-o",
					      "Acquire::AllowWeakRepositories=true"};
	const char *words[24] = {argv[0]};
	size_t count = 1;
	(void)runner;
	for (size_t i = 0; i < KH_COUNT(allowed) && strcmp(argv[0], "apt-get") == 0; i++)
		words[count++] = allowed[i];
	for (size_t i = 1; argv[i] && count + 1 < KH_COUNT(words); i++)
		words[count++] = argv[i];
	return kh_run_system.run(&kh_run_system, words, timeout_s, ret_result, err);
}

static void lists_that_nobody_signed_are_not_taken_even_where_apt_would(void **state)
{
	(void)state;
	NEED_APT();
	struct archive_host host;
	struct kh_runner careless = {run_careless, NULL};
	archive_host_open(&host, "kernel: {version: distro}\n");
	kh_auto(kh_free) char *list =
		kh_printf("deb file:%s/archive bookworm main\n", host.fixture.path);
	fixture_put(&host.fixture, "/etc/apt/sources.list", list);
	archive_host_add(&host, "6.1.9-1");
	archive_host_index(&host);
	host.making.runner = &careless;
	kh_auto(kh_free) char *message = archive_host_make(&host, false);
	assert_non_null(strstr(message, "is not signed"));
	assert_false(kh_root_exists(&host.fixture.root, "/store/sources/kernel.json"));
	archive_host_close(&host);
}

static void upstreams_places_are_tried_in_turn_with_the_digest_of_the_table(void **state)
{
	(void)state;
	struct archive_host host;
	archive_host_open(&host, "sources: {provider: upstream}\nkernel: {version: 6.12.104}\n");
	expect_message(&host, "fetch 'kernel': linux 6.12.104: no source: upstream: "
			      "'linux-6.12.104.tar.xz' is nowhere to be had");
	assert_int_equal(fake_urls.count, 3);
	assert_string_equal(fake_urls.items[0],
			    "https://cdn.kernel.org/pub/linux/kernel/v6.x/linux-6.12.104.tar.xz");
	assert_string_equal(fake_urls.items[2],
			    "https://www.kernel.org/pub/linux/kernel/v6.x/linux-6.12.104.tar.xz");
	kh_strv_done(&fake_urls);
	/* With the version left open: the newest of the table, then the older ones, said. */
	archive_host_configure(&host, "sources: {provider: upstream}\n");
	kh_auto(kh_free) char *message = archive_host_make(&host, false);
	assert_string_equal(fake_urls.items[0],
			    "https://cdn.kernel.org/pub/linux/kernel/v7.x/linux-7.1.9.tar.xz");
	assert_true(kh_str_starts(host.warnings.items[0], "linux 7.1.9 is listed, but not there"));
	archive_host_close(&host);
}

static void a_keyring_asks_for_the_makers_signature(void **state)
{
	(void)state;
	NEED_APT();
	struct archive_host host;
	archive_host_open(&host, "sources: {provider: distro, keyring: /k.gpg}\n"
				 "kernel: {version: distro}\n");
	archive_host_add(&host, "6.1.9-1");
	archive_host_index(&host);
	expect_message(&host,
		       "fetch 'kernel': distro: 'linux_6.1.9.orig.tar.xz' has no signature of "
		       "its makers: 'sources.keyring' asks for one");
	archive_host_close(&host);
}

static void a_bundle_has_the_files_the_lock_file_and_how_to_use_it(void **state)
{
	(void)state;
	NEED_APT();
	struct archive_host host;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_strv_done) struct kh_strv none = {0};
	kh_auto(kh_source_done) struct kh_source source = {0};
	size_t packages = 9;
	archive_host_open(&host, "kernel: {version: distro}\n");
	archive_host_add(&host, "6.1.9-1");
	archive_host_index(&host);
	expect_message(&host, "");
	assert_int_equal(kh_source_find(&host.context, "kernel", &source, &err), 0);
	kh_auto(kh_free) char *directory = kh_printf("%s/srv/bundle", host.fixture.path);
	struct kh_bundle bundle = {.making = &host.making,
				   .directory = directory,
				   .sources = &source,
				   .source_count = 1,
				   .packages = &none};
	if (kh_bundle_make(&bundle, &packages, &err) != 0)
		fail_msg("%s", err.message);
	assert_int_equal(packages, 0);
	kh_auto(kh_free) char *readme = fixture_get(&host.fixture, "/srv/bundle/README");
	assert_non_null(strstr(readme, "  kernel   6.1.9-1\n"));
	/* All that a host needs that has nothing else: the directory, and the lock file copied. */
	kh_auto(kh_free) char *lock = fixture_get(&host.fixture, "/srv/bundle/kvmhost.lock");
	fixture_put(&host.fixture, "/kvmhost.lock", lock);
	fixture_remove(&host.fixture, "/archive");
	fixture_remove(&host.fixture, "/store");
	kh_auto(kh_free) char *yaml = kh_printf("sources: {provider: %s}\n", directory);
	archive_host_configure(&host, yaml);
	expect_message(&host, "");
	expect_made(&host, "6.1.9-1");
	archive_host_close(&host);
}

static void whether_a_host_can_be_reached_is_found_out_fast(void **state)
{
	(void)state;
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	kh_auto(kh_free) char *port = kh_printf("%u", ntohs(address.sin_port));
	assert_int_equal(kh_reach_host("127.0.0.1", port, 2000), 1);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(kh_reach_host("127.0.0.1", port, 2000), 0);
	close(fd);
	assert_int_equal(kh_reach_host("127.0.0.1", port, 2000), 1);
}

static int forget(void **state)
{
	(void)state;
	kh_strv_done(&fake_urls);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(distro_is_the_newest_listed_patched_and_recorded, forget),
		cmocka_unit_test_teardown(the_tree_belongs_to_the_build_account, forget),
		cmocka_unit_test_teardown(
			a_listed_version_that_is_not_there_is_followed_by_the_next_older, forget),
		cmocka_unit_test_teardown(an_exact_version_is_that_one_or_an_error, forget),
		cmocka_unit_test_teardown(an_archive_of_somebody_else_is_not_the_distributions,
					  forget),
		cmocka_unit_test_teardown(bytes_that_are_not_those_of_the_index_leave_nothing,
					  forget),
		cmocka_unit_test_teardown(a_patch_that_does_not_apply_is_named, forget),
		cmocka_unit_test_teardown(update_looks_again_and_the_old_tree_goes, forget),
		cmocka_unit_test_teardown(what_the_lock_file_has_is_used_and_nothing_else, forget),
		cmocka_unit_test_teardown(a_directory_serves_what_the_lock_file_has, forget),
		cmocka_unit_test_teardown(a_directory_has_upstreams_archives_flat_or_in_its_paths,
					  forget),
		cmocka_unit_test_teardown(a_configured_digest_that_is_not_the_archives_is_refused,
					  forget),
		cmocka_unit_test_teardown(a_host_without_apt_and_dnf_is_told_what_would_do, forget),
		cmocka_unit_test_teardown(nothing_of_apt_on_the_host_is_touched, forget),
		cmocka_unit_test_teardown(
			lists_that_nobody_signed_are_not_taken_even_where_apt_would, forget),
		cmocka_unit_test_teardown(
			upstreams_places_are_tried_in_turn_with_the_digest_of_the_table, forget),
		cmocka_unit_test_teardown(a_keyring_asks_for_the_makers_signature, forget),
		cmocka_unit_test_teardown(a_bundle_has_the_files_the_lock_file_and_how_to_use_it,
					  forget),
		cmocka_unit_test(whether_a_host_can_be_reached_is_found_out_fast),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
