/* test_store.c - artifacts: keys, a store that only has whole ones, damage.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/engine.h"
#include "core/store.h"
#include "tests/lib/fixture.h"

static struct fixture host;
const struct kh_stage *const kh_stages[] = {NULL};

static const char store[] = "/var/cache/kvmhost";
static struct kh_strv source = {(char *[]){(char *)"source", (char *)"abc"}, 2};
static struct kh_strv options = {(char *[]){(char *)"options", (char *)"--enable-kvm"}, 2};

static int setup(void **state)
{
	(void)state;
	fixture_open_empty(&host);
	fixture_put(&host, "/usr/local/bin/tool", "the old one\n");
	fixture_put(&host, "/var/lib/keep", "");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fixture_close(&host);
	return 0;
}

static void put_below(const char *tree, const char *name, const char *text, mode_t mode)
{
	kh_auto(kh_free) char *path = kh_printf("%s/%s", tree, name);
	fixture_put_mode(&host, path, text, mode);
}

/* Make the artifact with that key and return the path of its tree. */
static char *make_artifact(char key[KH_DIGEST_SIZE])
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *tree = NULL;
	kh_auto(kh_artifact_done) struct kh_artifact artifact = {0};
	kh_store_key("tool", &options, &source, key);
	assert_int_equal(kh_store_begin(&host.root, store, key, &tree, &err), 0);
	put_below(tree, "bin/tool", "the new one\n", 0755);
	put_below(tree, "share/tool/data", "data\n", 0644);
	kh_auto(kh_free) char *link = kh_printf("%s/bin/alias", tree);
	fixture_link(&host, link, "tool");
	json_t *manifest = json_pack("{s:s}", "program", "tool");
	assert_int_equal(kh_store_publish(&host.root, store, key, manifest, &err), 0);
	assert_int_equal(kh_store_find(&host.root, store, key, &artifact), 0);
	assert_int_equal(kh_store_verify(&host.root, &artifact, &err), 0);
	return kh_take(artifact.tree);
}

static void a_key_follows_the_content_of_the_inputs_and_not_their_order(void **state)
{
	(void)state;
	struct kh_strv two = {(char *[]){(char *)"a", (char *)"1", (char *)"b", (char *)"2"}, 4};
	struct kh_strv turned = {(char *[]){(char *)"b", (char *)"2", (char *)"a", (char *)"1"}, 4};
	struct kh_strv moved = {(char *[]){(char *)"a", (char *)"1\nb", (char *)"", (char *)"2"},
				4};
	char key[KH_DIGEST_SIZE], same[KH_DIGEST_SIZE], different[KH_DIGEST_SIZE];
	kh_store_key("tool", &two, &source, key);
	kh_store_key("tool", &turned, &source, same);
	assert_string_equal(key, same);
	kh_store_key("tool", &moved, &source, different);
	assert_string_not_equal(key, different);
	kh_store_key("tool", &source, &two, different);
	assert_string_not_equal(key, different);
	kh_store_key("other", &two, &source, different);
	assert_string_not_equal(key, different);
}

static void only_a_whole_artifact_is_found(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *tree = NULL;
	kh_auto(kh_artifact_done) struct kh_artifact artifact = {0};
	char key[KH_DIGEST_SIZE];
	kh_store_key("tool", &options, &source, key);
	assert_int_equal(kh_store_begin(&host.root, store, key, &tree, &err), 0);
	put_below(tree, "bin/half", "half\n", 0755);
	/* killed here: the next begin starts anew */
	assert_int_equal(kh_store_find(&host.root, store, key, &artifact), 1);
	kh_auto(kh_free) char *found = make_artifact(key);
	assert_non_null(found);
	kh_auto(kh_free) char *half = kh_printf("%s/bin/half", found);
	assert_false(kh_root_exists(&host.root, half));
}

static void an_artifact_that_changed_is_found_out(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_artifact_done) struct kh_artifact artifact = {0};
	char key[KH_DIGEST_SIZE];
	kh_auto(kh_free) char *tree = make_artifact(key);
	put_below(tree, "bin/tool", "somebody's\n", 0755);
	assert_int_equal(kh_store_find(&host.root, store, key, &artifact), 0);
	assert_int_equal(kh_store_verify(&host.root, &artifact, &err), -1);
	assert_non_null(strstr(err.message, "bin/tool"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

/* ---- whose is it? ---- */

static void expect_place(const char *path, const char *message)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	int result = kh_store_check_place(&host.root, path, &err);
	assert_int_equal(result, message ? -1 : 0);
	if (message)
		assert_string_equal(err.message, message);
}

/* Who may rename the store's directory, or one above it, could put another one in its place. */
static void a_store_that_others_could_exchange_is_not_installed_from(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	kh_auto(kh_free) char *home = kh_printf("%s/home/bob", host.path);
	kh_auto(kh_free) char *open = kh_printf("%s/srv/open", host.path);
	fixture_put(&host, "/home/bob/store/x", "");
	fixture_put(&host, "/srv/open/store/x", "");
	fixture_put(&host, "/srv/closed/x", "");
	fixture_link(&host, "/srv/closed/link", "/home/bob/store");
	assert_int_equal(chown(home, 1000, 1000), 0);
	assert_int_equal(chmod(open, 0777), 0);
	expect_place("/home/bob/store", NULL); /* another root is its owner's */
	host.root.is_live = true;
	expect_place("/home/bob/store", "others than root may change '/home/bob', and with it what "
					"is installed from '/home/bob/store'");
	expect_place("/home/bob/not/there/yet",
		     "others than root may change '/home/bob', and with it what is installed from "
		     "'/home/bob/not/there/yet'");
	expect_place("/srv/open/store", "others than root may change '/srv/open', and with it what "
					"is installed from '/srv/open/store'");
	expect_place("/srv/closed/link",
		     "others than root may change '/home/bob', and with it what is installed from "
		     "'/home/bob/store'");
	expect_place("/srv/closed", NULL);
	assert_int_equal(chmod(open, 01777), 0);
	expect_place("/srv/open/store/", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_key_follows_the_content_of_the_inputs_and_not_their_order),
		TEST(an_artifact_that_changed_is_found_out),
		TEST(only_a_whole_artifact_is_found),
		TEST(a_store_that_others_could_exchange_is_not_installed_from),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
