/* Packages of the CentOS family as a change, with the real dnf and rpm: tiny packages, signed, in a
 * repository of their own, installed into a tree of their own (dnf --installroot). Needs root: rpm
 * changes its root for that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/packages.h"
#include "tests/lib/fixture.h"

static struct fixture made; /* packages, keys, the repository */
static struct fixture host; /* the tree */
static struct kh_runner runner;

static bool can(void)
{
	static const char *const programs[] = {"/usr/bin/dnf",          "/usr/bin/rpmbuild",
					       "/usr/bin/rpmsign",      "/usr/bin/gpg",
					       "/usr/bin/createrepo_c", "/usr/bin/gpgconf"};
	for (size_t i = 0; i < KH_COUNT(programs); i++)
		if (access(programs[i], X_OK) != 0)
			return false;
	return geteuid() == 0;
}

#define NEED_DNF()                                                                                 \
	do {                                                                                       \
		if (!can()) {                                                                      \
			print_message("skipped: needs root, dnf, rpm, createrepo_c and gpg\n");    \
			skip();                                                                    \
		}                                                                                  \
	} while (0)

static void must_run(const char *const *argv)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	if (kh_run(&kh_run_system, argv, 120, NULL, &err) != 0)
		fail_msg("%s", err.message);
}

/* ---- a repository ---- */

static void build(const char *name, const char *version, const char *requires)
{
	kh_auto(kh_free) char *spec =
		kh_printf("Name: %s\nVersion: %s\nRelease: 1\nSummary: a test\nLicense: GPL\n"
			  "BuildArch: noarch\n%s%s\n%%description\nA test.\n%%install\n"
			  "mkdir -p %%{buildroot}/opt\necho %s >%%{buildroot}/opt/%s\n"
			  "%%files\n/opt/%s\n",
			  name, version, requires ? "Requires: " : "", requires ? requires : "",
			  version, name, name);
	kh_auto(kh_free) char *path = kh_printf("/%s.spec", name);
	kh_auto(kh_free) char *host_path = kh_printf("%s%s", made.path, path);
	kh_auto(kh_free) char *top = kh_printf("_topdir %s/rpm", made.path);
	kh_auto(kh_free) char *place = kh_printf("_rpmdir %s/repo", made.path);
	fixture_put(&made, path, spec);
	const char *const argv[] = {"rpmbuild", "-bb", "--define", top,
				    "--define", place, host_path,  NULL};
	must_run(argv);
}

static void sign_all(void)
{
	static const char *const names[] = {"base-1", "base-2", "library-1", "tool-1", "mine-1"};
	kh_auto(kh_free) char *home = kh_printf("%s/gnupg", made.path);
	kh_auto(kh_free) char *key = kh_printf("%s/key", made.path);
	kh_auto(kh_free) char *path = kh_printf("_gpg_path %s", home);
	fixture_put_mode(&made, "/gnupg/README", "", 0600);
	const char *const shut[] = {"chmod", "0700", home, NULL};
	const char *const make[] = {"gpg",
				    "--homedir",
				    home,
				    "--batch",
				    "--passphrase",
				    "",
				    "--quick-gen-key",
				    "Test <test@example.org>",
				    "rsa2048",
				    "sign",
				    "never",
				    NULL};
	const char *const export[] = {"gpg",      "--homedir", home,       "--armor",
				      "--output", key,         "--export", NULL};
	must_run(shut);
	must_run(make);
	must_run(export);
	for (size_t i = 0; i < KH_COUNT(names); i++) {
		kh_auto(kh_free) char *file =
			kh_printf("%s/repo/noarch/%s-1.noarch.rpm", made.path, names[i]);
		const char *const argv[] = {
			"rpmsign",  "--define",       path,        "--define", "__gpg /usr/bin/gpg",
			"--define", "_gpg_name Test", "--addsign", file,       NULL};
		must_run(argv);
	}
	const char *const stop[] = {"gpgconf", "--homedir", home, "--kill", "all", NULL};
	must_run(stop);
}

static int make_repository(void **state)
{
	(void)state;
	if (!can())
		return 0;
	fixture_open_empty(&made);
	build("base", "1", NULL);
	build("base", "2", NULL);
	build("library", "1", "base >= 2");
	build("tool", "1", "library");
	build("mine", "1", "library");
	sign_all();
	build("unsigned", "1", NULL);
	kh_auto(kh_free) char *repo = kh_printf("%s/repo", made.path);
	const char *const argv[] = {"createrepo_c", "-q", repo, NULL};
	must_run(argv);
	return 0;
}

static int remove_repository(void **state)
{
	(void)state;
	if (can())
		fixture_close(&made);
	return 0;
}

/* ---- a host ---- */

/* dnf and rpm, sent to the tree; otherwise as they were called. */
static int run_in_tree(struct kh_runner *self, const char *const *argv, unsigned timeout_s,
		       struct kh_run_result *ret_result, struct kh_error *err)
{
	(void)self;
	const char *words[48];
	size_t count = 0;
	bool is_dnf = strcmp(argv[0], "dnf") == 0;
	kh_auto(kh_free) char *root = kh_printf("--installroot=%s", host.path);
	kh_auto(kh_free) char *repos = kh_printf("--setopt=reposdir=%s/etc/yum.repos.d", host.path);
	words[count++] = argv[0];
	if (is_dnf) {
		words[count++] = root;
		words[count++] = repos;
		words[count++] = "--releasever=9";
		words[count++] = "--disableplugin=local"; /* Debian has it on by itself */
	} else {
		words[count++] = "--root";
		words[count++] = host.path;
	}
	for (size_t i = 1; argv[i]; i++) {
		assert_true(count + 1 < KH_COUNT(words));
		words[count++] = argv[i];
	}
	words[count] = NULL;
	return kh_run_system.run(&kh_run_system, words, timeout_s, ret_result, err);
}

static void open_host(void)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *repo =
		kh_printf("[baseos]\nname=test\nbaseurl=file://%s/repo\ngpgcheck=1\n"
			  "gpgkey=file://%s/key\n[crb]\nname=crb\nbaseurl=file:///nowhere\n"
			  "enabled=0\n",
			  made.path, made.path);
	static const char *const base[] = {"dnf", "-y", "--nogpgcheck", "install", "base-1", NULL};
	fixture_open_empty(&host);
	host.root.is_live = true;
	fixture_put_mode(&host, "/usr/bin/dnf", "", 0755);
	fixture_put(&host, "/etc/yum.repos.d/test.repo", repo);
	runner.run = run_in_tree;
	if (kh_run(&runner, base, 120, NULL, &err) != 0)
		fail_msg("%s", err.message);
}

/* Names with versions, sorted; owned. */
static char *installed(void)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *text = NULL;
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	static const char *const argv[] = {"rpm", "-qa", "--queryformat", "%{NAME}-%{VERSION}\\n",
					   NULL};
	if (kh_run(&runner, argv, 60, &text, &err) != 0)
		fail_msg("%s", err.message);
	kh_strv_split_lines(&lines, text);
	kh_strv_sort(&lines);
	return kh_strv_join(&lines, " ");
}

static void expect_installed(const char *wanted)
{
	kh_auto(kh_free) char *now = installed();
	assert_string_equal(now, wanted);
}

static json_t *install(const char *name)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	json_t *details = NULL;
	kh_strv_add(&names, name);
	if (kh_packages_install(&host.root, &runner, &names, NULL, &details, &err) != 0)
		fail_msg("%s", err.message);
	return details;
}

static char *take_back(const char *asked, const json_t *details)
{
	char *note = NULL;
	json_t *names = json_pack("[s]", asked);
	kh_packages_remove(&host.root, &runner, names, details, &note);
	json_decref(names);
	return note;
}

static bool lists(const json_t *details, const char *key, const char *start)
{
	size_t index;
	json_t *name;
	json_array_foreach(json_object_get(details, key), index,
			   name) if (kh_str_starts(json_string_value(name), start)) return true;
	return false;
}

/* ---- what happens ---- */

static void what_came_goes_with_its_key_and_what_was_there_stays(void **state)
{
	(void)state;
	NEED_DNF();
	open_host();
	expect_installed("base-1");
	json_t *details = install("tool");
	kh_auto(kh_free) char *now = installed();
	assert_non_null(strstr(now, "base-2 gpg-pubkey-"));
	assert_non_null(strstr(now, " library-1 tool-1"));
	assert_int_equal(json_array_size(json_object_get(details, "came")), 3);
	assert_true(lists(details, "came", "gpg-pubkey-"));
	assert_true(lists(details, "came", "library.noarch"));
	assert_true(lists(details, "came", "tool.noarch"));
	assert_true(lists(details, "changed", "base.noarch"));
	kh_auto(kh_free) char *note = take_back("tool", details);
	assert_string_equal(note, "1 package that was there before keeps the newer version");
	expect_installed("base-2");
	assert_false(kh_root_exists(&host.root, "/opt/tool"));
	json_decref(details);
	fixture_close(&host);
}

static void a_key_that_was_there_stays(void **state)
{
	(void)state;
	NEED_DNF();
	open_host();
	json_t *first = install("library"), *second = install("tool");
	assert_true(lists(first, "came", "gpg-pubkey-"));
	assert_false(lists(second, "came", "gpg-pubkey-"));
	assert_int_equal(json_array_size(json_object_get(second, "changed")), 0);
	kh_auto(kh_free) char *note = take_back("tool", second);
	assert_null(note);
	kh_auto(kh_free) char *now = installed();
	assert_non_null(strstr(now, "gpg-pubkey-"));
	assert_null(strstr(now, "tool"));
	json_decref(first);
	json_decref(second);
	fixture_close(&host);
}

static void what_came_later_and_needs_one_keeps_all(void **state)
{
	(void)state;
	NEED_DNF();
	open_host();
	json_t *details = install("tool");
	json_decref(install("mine"));
	kh_auto(kh_free) char *before = installed();
	kh_auto(kh_free) char *note = take_back("tool", details);
	assert_string_equal(note, "2 packages stay: mine-1-1.noarch came since and needs some of "
				  "them; 1 package that was there before keeps the newer version");
	expect_installed(before);
	json_decref(details);
	fixture_close(&host);
}

static void what_nobody_needs_any_more_stays_when_it_did_not_come(void **state)
{
	(void)state;
	NEED_DNF();
	static const char *const orphan[] = {"rpm", "-e", "tool", NULL};
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	open_host();
	json_decref(install("tool"));
	assert_int_equal(kh_run(&runner, orphan, 60, NULL, &err), 0);
	json_t *details = install("mine");
	kh_auto(kh_free) char *note = take_back("mine", details);
	assert_null(note);
	assert_true(kh_root_exists(&host.root, "/opt/library"));
	assert_false(kh_root_exists(&host.root, "/opt/mine"));
	json_decref(details);
	fixture_close(&host);
}

static void a_name_that_is_not_found_leads_to_the_repository_that_is_off(void **state)
{
	(void)state;
	NEED_DNF();
	open_host();
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	json_t *details = NULL;
	kh_strv_add(&names, "tool");
	kh_strv_add(&names, "ninja-build");
	assert_int_equal(kh_packages_install(&host.root, &runner, &names, NULL, &details, &err),
			 -1);
	assert_non_null(strstr(err.message, "ninja-build"));
	assert_string_equal(err.hint, "many development packages are in the repository 'crb' "
				      "(/etc/yum.repos.d/test.repo), which is not enabled: 'dnf "
				      "config-manager --set-enabled crb'");
	assert_int_equal(json_array_size(json_object_get(details, "came")), 0);
	expect_installed("base-1");
	json_decref(details);
	fixture_close(&host);
}

static void an_unsigned_package_is_not_installed(void **state)
{
	(void)state;
	NEED_DNF();
	open_host();
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	json_t *details = NULL;
	kh_strv_add(&names, "unsigned");
	assert_int_equal(kh_packages_install(&host.root, &runner, &names, NULL, &details, &err),
			 -1);
	assert_int_equal(err.code, KH_PROGRAM);
	assert_false(kh_root_exists(&host.root, "/opt/unsigned"));
	json_decref(details);
	fixture_close(&host);
}

static void cut_off_before_it_was_known_what_came_nothing_goes(void **state)
{
	(void)state;
	NEED_DNF();
	open_host();
	json_decref(install("tool"));
	kh_auto(kh_free) char *before = installed();
	kh_auto(kh_free) char *note = take_back("tool", NULL);
	assert_string_equal(note,
			    "installing was cut off before it was known what came: the "
			    "packages stay ('dnf history undo last' takes back what dnf did)");
	expect_installed(before);
	fixture_close(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_came_goes_with_its_key_and_what_was_there_stays),
		cmocka_unit_test(a_key_that_was_there_stays),
		cmocka_unit_test(what_came_later_and_needs_one_keeps_all),
		cmocka_unit_test(what_nobody_needs_any_more_stays_when_it_did_not_come),
		cmocka_unit_test(a_name_that_is_not_found_leads_to_the_repository_that_is_off),
		cmocka_unit_test(an_unsigned_package_is_not_installed),
		cmocka_unit_test(cut_off_before_it_was_known_what_came_nothing_goes),
	};
	return cmocka_run_group_tests(tests, make_repository, remove_repository);
}
