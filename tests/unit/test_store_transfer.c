/* Artifacts on their way between hosts, and out of the store. */
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
#include "core/base/run.h"
#include "core/store.h"
#include "core/store_prune.h"
#include "core/store_transfer.h"
#include "tests/lib/fixture.h"

static const char store[] = "/store";
static struct fixture one, other; /* two hosts */
static struct kh_config config;   /* of both */

static int open_hosts(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	static const char yaml[] = "build: {store: /store}\n";
	fixture_open_empty(&one);
	fixture_open_empty(&other);
	chmod(other.path, 0755); /* the build account unpacks there */
	return kh_config_load_text("kvmhost.yaml", yaml, strlen(yaml), NULL, &config, &err);
}

static int close_hosts(void **state)
{
	(void)state;
	kh_config_done(&config);
	fixture_close(&one);
	fixture_close(&other);
	return 0;
}

static void make_artifact(const char *program, const char *option, const char *made,
			  char key[KH_DIGEST_SIZE])
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *tree = NULL;
	kh_auto(kh_strv_done) struct kh_strv wanted = {0}, made_with = {0};
	kh_strv_add(&wanted, "option");
	kh_strv_add(&wanted, option);
	kh_strv_add(&made_with, "gcc");
	kh_strv_add(&made_with, "12");
	kh_store_key(program, &wanted, &made_with, key);
	assert_int_equal(kh_store_begin(&one.root, store, key, &tree, &err), 0);
	kh_auto(kh_free) char *binary = kh_printf("%s/usr/bin/x", tree);
	kh_auto(kh_free) char *secret = kh_printf("%s/boot/map", tree);
	kh_auto(kh_free) char *link = kh_printf("%s/usr/bin/y", tree);
	fixture_put_mode(&one, binary, option, 0755);
	fixture_put_mode(&one, secret, "addresses\n", 0600);
	fixture_link(&one, link, "x");
	json_t *manifest =
		json_pack("{s:i, s:s, s:s, s:{s:s}, s:{s:s}, s:{s:s}, s:b}", "format", 1, "program",
			  program, "made", made, "wanted", "option", option, "made_with", "gcc",
			  "12", "about", "version", "7.2", "is_imported", 0);
	assert_int_equal(kh_store_publish(&one.root, store, key, manifest, &err), 0);
}

static void export_to(const char *key, const char *host_path)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct kh_strv keys = {(char *[]){(char *)key}, 1};
	if (kh_store_export(&one.root, store, &keys, host_path, &err) != 0)
		fail_msg("%s", err.message);
}

static void is_there_and_imported(const char *key)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_artifact_done) struct kh_artifact artifact = {0};
	assert_int_equal(kh_store_find(&other.root, store, key, &artifact), 0);
	assert_int_equal(kh_store_verify(&other.root, &artifact, &err), 0);
	assert_true(json_is_true(json_object_get(artifact.manifest, "is_imported")));
	assert_string_equal(json_string_value(json_object_get(artifact.manifest, "made")),
			    "2026-01-01T00:00:00Z");
	kh_auto(kh_free) char *secret = kh_printf("%s/boot/map", artifact.tree);
	struct stat status;
	assert_int_equal(kh_root_stat(&other.root, secret, false, &status, &err), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(status.st_uid, geteuid());
}

static void comes_over(const char *target)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_strv_done) struct kh_strv imported = {0}, present = {0};
	kh_auto(kh_free) char *path = kh_printf("%s/%s", one.path, target);
	char key[KH_DIGEST_SIZE];
	make_artifact("qemu", "kvm", "2026-01-01T00:00:00Z", key);
	export_to(key, path);
	mode_t mask = umask(0077); /* whoever runs this may have a strict one */
	int result = kh_store_import(&other.root, &config, path, &imported, &present, &err);
	umask(mask);
	if (result != 0)
		fail_msg("%s", err.message);
	assert_int_equal(imported.count, 1);
	assert_string_equal(imported.items[0], key);
	is_there_and_imported(key);
	assert_int_equal(kh_store_import(&other.root, &config, path, &imported, &present, &err), 0);
	assert_int_equal(imported.count, 1);
	assert_int_equal(present.count, 1);
	assert_false(kh_root_exists(&other.root, "/store/build/import"));
}

static void an_artifact_travels_in_a_directory(void **state)
{
	(void)state;
	comes_over("out");
}

static void an_artifact_travels_in_a_tar_file(void **state)
{
	(void)state;
	comes_over("out.tar");
}

static void a_file_that_is_there_is_not_written_over(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	char key[KH_DIGEST_SIZE];
	make_artifact("qemu", "kvm", "2026-01-01T00:00:00Z", key);
	fixture_put(&one, "/precious.tar", "precious");
	kh_auto(kh_free) char *path = kh_printf("%s/precious.tar", one.path);
	struct kh_strv keys = {(char *[]){key}, 1};
	assert_int_equal(kh_store_export(&one.root, store, &keys, path, &err), -1);
	kh_auto(kh_free) char *text = fixture_get(&one, "/precious.tar");
	assert_string_equal(text, "precious");
}

/* tar would write to where it leads. */
static void a_link_is_not_written_through(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	char key[KH_DIGEST_SIZE];
	make_artifact("qemu", "kvm", "2026-01-01T00:00:00Z", key);
	kh_auto(kh_free) char *path = kh_printf("%s/link.tar", one.path);
	kh_auto(kh_free) char *victim = kh_printf("%s/victim", one.path);
	struct kh_strv keys = {(char *[]){key}, 1};
	fixture_link(&one, "/link.tar", victim);
	assert_int_equal(kh_store_export(&one.root, store, &keys, path, &err), -1);
	assert_int_equal(err.code, KH_USAGE);
	assert_int_equal(access(victim, F_OK), -1);
}

/* ---- what is not believed ---- */

/* Exported, then changed by path/text (or change), then refused; nothing is left in the store. */
static void is_refused(void (*change)(const char *artifact), const char *part)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_strv_done) struct kh_strv imported = {0}, present = {0}, left = {0};
	kh_auto(kh_free) char *path = kh_printf("%s/out", one.path);
	char key[KH_DIGEST_SIZE];
	make_artifact("qemu", "kvm", "2026-01-01T00:00:00Z", key);
	export_to(key, path);
	kh_auto(kh_free) char *artifact = kh_printf("/out/artifacts/%s", key);
	change(artifact);
	assert_int_equal(kh_store_import(&other.root, &config, path, &imported, &present, &err),
			 -1);
	if (!strstr(err.message, part))
		fail_msg("'%s' is not in: %s", part, err.message);
	assert_int_equal(imported.count, 0);
	kh_root_list(&other.root, "/store/artifacts", &left);
	assert_int_equal(left.count, 0);
}

static void change_file(const char *artifact)
{
	kh_auto(kh_free) char *path = kh_printf("%s/tree/usr/bin/x", artifact);
	fixture_put_mode(&one, path, "kv!", 0755);
}

static void change_mode(const char *artifact)
{
	kh_auto(kh_free) char *path = kh_printf("%s%s/tree/boot/map", one.path, artifact);
	assert_int_equal(chmod(path, 0644), 0);
}

static void add_file(const char *artifact)
{
	kh_auto(kh_free) char *path = kh_printf("%s/tree/etc/cron.d/more", artifact);
	fixture_put(&one, path, "more\n");
}

static void turn_link(const char *artifact)
{
	kh_auto(kh_free) char *path = kh_printf("%s/tree/usr/bin/y", artifact);
	fixture_remove(&one, path);
	fixture_link(&one, path, "/etc/shadow");
}

static void make_setuid(const char *artifact)
{
	kh_auto(kh_free) char *path = kh_printf("%s%s/tree/usr/bin/x", one.path, artifact);
	assert_int_equal(chmod(path, 04755), 0);
}

static void put_manifest(const char *artifact, const char *from, const char *to)
{
	kh_auto(kh_free) char *path = kh_printf("%s/manifest.json", artifact);
	kh_auto(kh_free) char *text = fixture_get(&one, path);
	char *at = strstr(text, from);
	assert_non_null(at);
	*at = '\0';
	kh_auto(kh_free) char *changed = kh_printf("%s%s%s", text, to, at + strlen(from));
	fixture_put(&one, path, changed);
}

static void claim_other_inputs(const char *artifact)
{
	put_manifest(artifact, "\"option\": \"kvm\"", "\"option\": \"tcg\"");
}

static void claim_path_outside(const char *artifact)
{
	put_manifest(artifact, "\"/usr/bin/x\"", "\"/../../etc/passwd\"");
}

static void lose_manifest(const char *artifact)
{
	kh_auto(kh_free) char *path = kh_printf("%s/manifest.json", artifact);
	fixture_remove(&one, path);
}

static void cut_manifest(const char *artifact)
{
	put_manifest(artifact, "{", "{{");
}

static void what_differs_from_its_manifest_is_refused(void **state)
{
	(void)state;
	is_refused(change_file, "/tree/usr/bin/x' is damaged");
}

static void a_mode_that_differs_is_refused(void **state)
{
	(void)state;
	is_refused(change_mode, "/tree/boot/map' is damaged");
}

static void a_file_too_many_is_refused(void **state)
{
	(void)state;
	is_refused(add_file, "/etc' is damaged");
}

static void a_link_that_leads_elsewhere_is_refused(void **state)
{
	(void)state;
	is_refused(turn_link, "/usr/bin/y' is damaged");
}

static void set_user_id_is_refused(void **state)
{
	(void)state;
	is_refused(make_setuid, "'/usr/bin/x' of the tree would run with another account's rights");
}

static void inputs_that_do_not_give_the_key_are_refused(void **state)
{
	(void)state;
	is_refused(claim_other_inputs, "is not that of the inputs it states");
}

static void a_path_out_of_the_tree_is_refused(void **state)
{
	(void)state;
	is_refused(claim_path_outside, "is damaged");
}

static void an_artifact_without_a_whole_manifest_is_refused(void **state)
{
	(void)state;
	is_refused(lose_manifest, "has no manifest");
}

static void a_manifest_that_is_no_json_is_refused_with_its_line(void **state)
{
	(void)state;
	is_refused(cut_manifest, "manifest.json': line 1: ");
}

static void a_directory_without_artifacts_is_an_error(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct kh_strv none = {0};
	assert_int_equal(kh_store_import(&other.root, &config, one.path, &none, &none, &err), -1);
	assert_int_equal(err.code, KH_USAGE);
	assert_non_null(strstr(err.message, "there are no artifacts in '"));
}

/* A tar file with names out of its directory: tar runs as the build account, and leaves them. */
static void a_hostile_tar_file_reaches_nothing(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_strv_done) struct kh_strv imported = {0}, present = {0};
	kh_auto(kh_free) char *tar = kh_printf("%s/hostile.tar", one.path);
	kh_auto(kh_free) char *file = kh_printf("--file=%s", tar);
	kh_auto(kh_free) char *directory = kh_printf("--directory=%s", one.path);
	const char *argv[] = {"tar",
			      "--create",
			      file,
			      directory,
			      "--absolute-names",
			      "--transform=s,evil,../../evil,",
			      "evil",
			      NULL};
	fixture_put(&one, "/evil", "evil\n");
	assert_int_equal(kh_run(&kh_run_system, argv, 60, NULL, &err), 0);
	assert_int_equal(kh_store_import(&other.root, &config, tar, &imported, &present, &err), -1);
	assert_false(kh_root_exists(&other.root, "/store/evil"));
	assert_false(kh_root_exists(&other.root, "/evil"));
	assert_int_equal(imported.count, 0);
}

/* ---- pruning ---- */

static void what_is_installed_wanted_or_newest_is_kept(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_pruned_list_done) struct kh_pruned_list pruned = {0};
	char newest[KH_DIGEST_SIZE], wanted[KH_DIGEST_SIZE], installed[KH_DIGEST_SIZE],
		old[KH_DIGEST_SIZE], only[KH_DIGEST_SIZE];
	make_artifact("qemu", "newest", "2026-05-05T00:00:00Z", newest);
	make_artifact("qemu", "wanted", "2026-04-04T00:00:00Z", wanted);
	make_artifact("qemu", "installed", "2026-03-03T00:00:00Z", installed);
	make_artifact("qemu", "old", "2026-02-02T00:00:00Z", old);
	make_artifact("kernel", "only", "2020-01-01T00:00:00Z", only);
	kh_auto(kh_free) char *record =
		kh_printf("{\"key\": \"%s\"}\nl\tb\t/usr/local/bin/a\n", installed);
	fixture_put(&one, "/var/lib/kvmhost/installed/qemu.record", record);
	fixture_put(&one, "/store/artifacts/.abc.new/tree/x", "half\n");
	fixture_put(&one, "/store/build/qemu-1.stage/x", "half\n");
	fixture_put(&one, "/store/build/qemu-1/x.o", "object\n");
	fixture_put(&one, "/store/sources/qemu.json", "{}");
	fixture_put(&one, "/store/base/k.config", "CONFIG_A=y\n");
	fixture_put(&one, "/store/log/qemu-20260202T000000Z.log", "where there is no /var/log\n");
	struct kh_strv keep = {(char *[]){wanted}, 1};
	assert_int_equal(kh_store_prune(&one.root, store, &keep, false, &pruned, &err), 0);
	assert_int_equal(pruned.count, 3);
	assert_non_null(strstr(pruned.items[0].path, old));
	assert_string_equal(pruned.items[0].what, "artifact of qemu 7.2");
	assert_true(pruned.items[0].bytes > 0);
	assert_true(kh_root_exists(&one.root, "/store/build/qemu-1/x.o"));
	kh_pruned_list_done(&pruned);
	assert_int_equal(kh_store_prune(&one.root, store, &keep, true, &pruned, &err), 0);
	assert_int_equal(pruned.count, 2);
	assert_false(kh_root_exists(&one.root, "/store/build/qemu-1"));
	assert_true(kh_root_exists(&one.root, "/store/base/k.config"));
	assert_true(kh_root_exists(&one.root, "/store/log/qemu-20260202T000000Z.log"));
	struct kh_artifact *all = NULL;
	size_t count = 0;
	kh_store_list(&one.root, store, &all, &count);
	assert_int_equal(count, 4);
	kh_artifacts_free(all, count);
}

/* Whatever it is wanted for: it can be neither installed nor, while it is there, made anew. */
static void what_is_damaged_is_not_kept(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_pruned_list_done) struct kh_pruned_list pruned = {0};
	char changed[KH_DIGEST_SIZE], nameless[KH_DIGEST_SIZE], good[KH_DIGEST_SIZE];
	make_artifact("qemu", "changed", "2026-05-05T00:00:00Z", changed);
	make_artifact("qemu", "nameless", "2026-04-04T00:00:00Z", nameless);
	make_artifact("qemu", "good", "2026-03-03T00:00:00Z", good);
	kh_auto(kh_free) char *file = kh_printf("/store/artifacts/%s/tree/usr/bin/x", changed);
	kh_auto(kh_free) char *manifest = kh_printf("/store/artifacts/%s/manifest.json", nameless);
	fixture_put_mode(&one, file, "CHANGED", 0755);
	fixture_put(&one, manifest, "{\"key\": ");
	fixture_put(&one, "/store/artifacts/notes", "the operator's own\n");
	struct kh_strv keep = {(char *[]){changed, nameless}, 2};
	assert_int_equal(kh_store_prune(&one.root, store, &keep, false, &pruned, &err), 0);
	assert_int_equal(pruned.count, 2);
	assert_string_equal(pruned.items[0].what, "damaged artifact of qemu 7.2");
	assert_non_null(strstr(pruned.items[0].path, changed));
	assert_string_equal(pruned.items[1].what, "damaged artifact");
	assert_non_null(strstr(pruned.items[1].path, nameless));
	kh_auto(kh_artifact_done) struct kh_artifact artifact = {0};
	assert_int_equal(kh_store_find(&one.root, store, good, &artifact), 0);
	assert_true(kh_root_exists(&one.root, "/store/artifacts/notes"));
}

/* ---- damage ---- */

static void a_damaged_artifact_is_replaced(const char *name)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_strv_done) struct kh_strv imported = {0}, present = {0};
	kh_auto(kh_free) char *path = kh_printf("%s/out", one.path);
	char key[KH_DIGEST_SIZE];
	make_artifact("qemu", "kvm", "2026-01-01T00:00:00Z", key);
	export_to(key, path);
	assert_int_equal(kh_store_import(&other.root, &config, path, &imported, &present, &err), 0);
	kh_auto(kh_free) char *file = kh_printf("/store/artifacts/%s/%s", key, name);
	fixture_put(&other, file, "garbage");
	assert_int_equal(kh_store_import(&other.root, &config, path, &imported, &present, &err), 0);
	assert_int_equal(imported.count, 2);
	assert_int_equal(present.count, 0);
	is_there_and_imported(key);
}

static void an_import_replaces_a_damaged_file(void **state)
{
	(void)state;
	a_damaged_artifact_is_replaced("tree/usr/bin/x");
}

static void an_import_replaces_a_damaged_manifest(void **state)
{
	(void)state;
	a_damaged_artifact_is_replaced("manifest.json");
}

static void what_is_built_replaces_what_nobody_can_read(void **state)
{
	(void)state;
	kh_auto(kh_artifact_done) struct kh_artifact artifact = {0};
	char key[KH_DIGEST_SIZE];
	make_artifact("qemu", "kvm", "2026-01-01T00:00:00Z", key);
	kh_auto(kh_free) char *manifest = kh_printf("/store/artifacts/%s/manifest.json", key);
	fixture_put(&one, manifest, "");
	make_artifact("qemu", "kvm", "2026-01-01T00:00:00Z", key);
	assert_int_equal(kh_store_find(&one.root, store, key, &artifact), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_hosts, close_hosts)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_artifact_travels_in_a_directory),
		TEST(an_artifact_travels_in_a_tar_file),
		TEST(a_file_that_is_there_is_not_written_over),
		TEST(a_link_is_not_written_through),
		TEST(what_differs_from_its_manifest_is_refused),
		TEST(a_mode_that_differs_is_refused),
		TEST(a_file_too_many_is_refused),
		TEST(a_link_that_leads_elsewhere_is_refused),
		TEST(set_user_id_is_refused),
		TEST(inputs_that_do_not_give_the_key_are_refused),
		TEST(a_path_out_of_the_tree_is_refused),
		TEST(an_artifact_without_a_whole_manifest_is_refused),
		TEST(a_manifest_that_is_no_json_is_refused_with_its_line),
		TEST(a_directory_without_artifacts_is_an_error),
		TEST(a_hostile_tar_file_reaches_nothing),
		TEST(what_is_installed_wanted_or_newest_is_kept),
		TEST(what_is_damaged_is_not_kept),
		TEST(an_import_replaces_a_damaged_file),
		TEST(an_import_replaces_a_damaged_manifest),
		TEST(what_is_built_replaces_what_nobody_can_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
