/* test_store.c - artifacts: keys, a store that only has whole ones, damage.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_key_follows_the_content_of_the_inputs_and_not_their_order),
		TEST(an_artifact_that_changed_is_found_out),
		TEST(only_a_whole_artifact_is_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
