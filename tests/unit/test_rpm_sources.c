/* Source packages of the CentOS family, what needs no dnf: repositories as a host has them, rpm's
 * order of versions, what dnf and rpmkeys say. With the real ones: tests/cli/test_fetch_rpm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/base/run.h"
#include "core/facts.h"
#include "core/repofile.h"
#include "sources/dnf_repos.h"
#include "sources/program.h"
#include "sources/provider.h"
#include "sources/record.h"
#include "sources/rpm.h"
#include "sources/rpmkeys.h"
#include "sources/rpmversion.h"
#include "tests/lib/fixture.h"

static const char stream9[] = "# comment\n"
			      "[baseos]\n"
			      "name=CentOS Stream $releasever - BaseOS\n"
			      "metalink=https://mirrors.example.org/metalink?repo=baseos-$stream\n"
			      "gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-centosofficial\n"
			      "enabled=1\n"
			      "\n"
			      "[baseos-debug]\n"
			      "enabled=0\n"
			      "\n"
			      "[baseos-source]\n"
			      "name=CentOS Stream $releasever - BaseOS - Source\n"
			      "baseurl=https://a.example.org/source/\n"
			      "  https://b.example.org/source/\n"
			      "; another comment\n"
			      "Enabled = 0\n"
			      "gpgcheck=1\n"
			      "\n"
			      "[crb]\n"
			      "enabled=0\n"
			      "[crb-source]\n"
			      "enabled=0\n";

/* ---- repositories ---- */

static void repositories_are_read_as_they_stand(void **state)
{
	(void)state;
	kh_auto(kh_repofile_done) struct kh_repos repos = {0};
	kh_repofile_parse(stream9, "/etc/yum.repos.d/centos.repo", &repos);
	assert_int_equal(repos.count, 5);
	const struct kh_repo *source = kh_repofile_find(&repos, "baseos-source");
	assert_non_null(source);
	assert_string_equal(source->where, "/etc/yum.repos.d/centos.repo");
	assert_false(kh_repofile_is_enabled(source));
	assert_true(kh_repofile_is_enabled(kh_repofile_find(&repos, "baseos")));
	kh_auto(kh_free) char *urls = kh_repofile_get(source, "baseurl");
	assert_string_equal(urls, "https://a.example.org/source/ https://b.example.org/source/");
	kh_auto(kh_free) char *none = kh_repofile_get(source, "gpgkey");
	assert_null(none);
}

static void a_repository_is_enabled_unless_it_says_otherwise(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		bool is_enabled;
	} cases[] = {{"", true},
		     {"enabled=1\n", true},
		     {"enabled=True\n", true},
		     {"enabled=0\n", false},
		     {"enabled = no\n", false},
		     {"enabled=1\nenabled=0\n", false}};
	for (size_t i = 0; i < KH_COUNT(cases); i++) {
		kh_auto(kh_repofile_done) struct kh_repos repos = {0};
		kh_auto(kh_free) char *text = kh_printf("[x]\n%s", cases[i].line);
		kh_repofile_parse(text, "x.repo", &repos);
		assert_int_equal(kh_repofile_is_enabled(&repos.items[0]), cases[i].is_enabled);
	}
}

static void an_override_has_the_last_word(void **state)
{
	(void)state;
	struct fixture f;
	kh_auto(kh_repofile_done) struct kh_repos repos = {0};
	fixture_open_empty(&f);
	fixture_put(&f, "/etc/yum.repos.d/centos.repo", stream9);
	fixture_put(&f, "/etc/yum.repos.d/centos.repo.rpmsave", "[old]\n");
	fixture_put(&f, "/etc/dnf/repos.override.d/99-config_manager.repo",
		    "[baseos]\nenabled=0\n");
	kh_repofile_read(&f.root, &repos);
	assert_int_equal(repos.count, 5);
	assert_false(kh_repofile_is_enabled(kh_repofile_find(&repos, "baseos")));
	fixture_close(&f);
}

static void development_packages_that_are_switched_off_are_found(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open_empty(&f);
	kh_auto(kh_free) char *nothing = kh_repofile_advice(&f.root);
	assert_null(nothing);
	fixture_put(&f, "/etc/yum.repos.d/centos.repo", stream9);
	kh_auto(kh_free) char *advice = kh_repofile_advice(&f.root);
	assert_string_equal(advice, "many development packages are in the repository 'crb' "
				    "(/etc/yum.repos.d/centos.repo), which is not enabled: 'dnf "
				    "config-manager --set-enabled crb'");
	fixture_put(&f, "/etc/yum.repos.d/centos.repo",
		    "[crb]\nenabled=1\n[crb-source]\nenabled=0\n");
	kh_auto(kh_free) char *enabled = kh_repofile_advice(&f.root);
	assert_null(enabled);
	fixture_put(&f, "/etc/yum.repos.d/centos.repo",
		    "[codeready-builder-for-rhel-9-x86_64-source-rpms]\nenabled=0\n"
		    "[codeready-builder-for-rhel-9-x86_64-rpms]\nenabled=0\n");
	kh_auto(kh_free) char *redhat = kh_repofile_advice(&f.root);
	assert_non_null(strstr(redhat, "'codeready-builder-for-rhel-9-x86_64-rpms'"));
	fixture_close(&f);
}

static void sources_of_enabled_repositories_are_used_and_nothing_else(void **state)
{
	(void)state;
	kh_auto(kh_repofile_done) struct kh_repos repos = {0};
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *text = NULL;
	kh_repofile_parse(stream9, "centos.repo", &repos);
	kh_repofile_parse("[rhel-9-for-x86_64-baseos-rpms]\n"
			  "[rhel-9-for-x86_64-baseos-source-rpms]\nenabled=0\nsslclientcert=/x\n"
			  "[epel-source]\nenabled=0\n",
			  "redhat.repo", &repos);
	assert_int_equal(kh_dnf_repos_text(&repos, &text, &err), 0);
	assert_string_equal(text, "[baseos-source.src]\n"
				  "name=CentOS Stream $releasever - BaseOS - Source\n"
				  "baseurl=https://a.example.org/source/\n"
				  "  https://b.example.org/source/\n"
				  "gpgcheck=1\n"
				  "enabled=1\nskip_if_unavailable=0\n\n"
				  "[rhel-9-for-x86_64-baseos-source-rpms.src]\n"
				  "sslclientcert=/x\n"
				  "enabled=1\nskip_if_unavailable=0\n\n");
	assert_string_equal(kh_dnf_repos_origin(&repos, "baseos-source.src")->id, "baseos-source");
	assert_null(kh_dnf_repos_origin(&repos, "baseos-source"));
	assert_null(kh_dnf_repos_origin(&repos, "other.src"));
}

static void without_source_repositories_it_is_refused_with_what_would_do(void **state)
{
	(void)state;
	kh_auto(kh_repofile_done) struct kh_repos repos = {0};
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *text = NULL;
	kh_repofile_parse("[baseos]\n[appstream]\nenabled=1\n[extras]\nenabled=0\n", "x", &repos);
	assert_int_equal(kh_dnf_repos_text(&repos, &text, &err), -1);
	assert_int_equal(err.code, KH_HOST);
	assert_string_equal(err.message,
			    "no source repository is configured below '/etc/yum.repos.d' for the "
			    "enabled ones (baseos, appstream)");
}

/* ---- versions ---- */

static void versions_are_ordered_as_rpm_does(void **state)
{
	(void)state;
	/* In rising order; "=" is the same as the one before. Source: rpm's tests/rpmvercmp.at. */
	static const char *const rising[] = {
		"1.0~rc1-1",      "1.0~rc1^git1-1", "1.0~rc2-1",
		"1.0-1",          "1.0^git1~pre-1", "1.0^git1-1",
		"1.0^git2-1",     "1.01-1",         "=1.1-1",
		"=1_1-1",         "1.1-2.el9",      "1.1-10.el9",
		"1.1.a-1",        "1.1.1-1",        "2.0a-1",
		"2.0.1-1",        "2.0.1a-1",       "5.14.0-70.1.el9",
		"5.14.0-427.el9", "5.14.0-503.el9", "5.14.0-503.26.1.el9_5",
		"20101121-1",     "1:0.1-1",        "17:9.0.0-10.el9",
		"17:9.1.0-1.el9"};
	for (size_t a = 0; a < KH_COUNT(rising); a++)
		for (size_t b = a; b < KH_COUNT(rising); b++) {
			bool is_same = true;
			for (size_t i = a + 1; i <= b; i++)
				is_same &= *rising[i] == '=';
			const char *one = rising[a] + (*rising[a] == '=');
			const char *two = rising[b] + (*rising[b] == '=');
			int forth = kh_rpmversion_compare(one, two);
			int back = kh_rpmversion_compare(two, one);
			if (is_same ? forth != 0 || back != 0 : forth >= 0 || back <= 0)
				fail_msg("%s and %s: %d, %d", one, two, forth, back);
		}
}

static void a_version_is_meant_with_and_without_what_the_distribution_added(void **state)
{
	(void)state;
	static const char package[] = "17:9.0.0-10.el9";
	kh_auto(kh_free) char *program = kh_rpmversion_program(package);
	assert_string_equal(program, "9.0.0");
	assert_true(kh_rpmversion_is(package, "distro"));
	assert_true(kh_rpmversion_is(package, "9.0.0"));
	assert_true(kh_rpmversion_is(package, "9.0.0-10.el9"));
	assert_true(kh_rpmversion_is(package, "17:9.0.0-10.el9"));
	assert_false(kh_rpmversion_is(package, "9.0"));
	assert_false(kh_rpmversion_is(package, "9.0.0-1"));
}

/* ---- what dnf says ---- */

static void the_list_is_sorted_and_what_is_no_package_is_left_out(void **state)
{
	(void)state;
	kh_auto(kh_rpm_packages_done) struct kh_rpm_packages packages = {0};
	kh_rpm_read_list("Unable to detect release version\n"
			 "qemu-kvm|17|8.2.0|11.el9|appstream-source.src|CentOS\n\n"
			 "qemu-kvm|17|9.0.0|10.el9|appstream-source.src|Red Hat, Inc.\r\n"
			 "qemu-kvm-extra|0|1|1|x|y\n"
			 "qemu-kvm|0|99|1|x|\n"
			 "qemu-kvm|x|9|1|x|y\n"
			 "qemu-kvm|0|../9|1|x|y\n"
			 "qemu-kvm|0|9|$(id)|x|y\n"
			 "qemu-kvm|0|9\n",
			 "qemu-kvm", &packages);
	assert_int_equal(packages.count, 3);
	assert_string_equal(packages.items[0].version, "17:9.0.0-10.el9");
	assert_string_equal(packages.items[0].spec, "qemu-kvm-17:9.0.0-10.el9");
	assert_string_equal(packages.items[0].file, "qemu-kvm-9.0.0-10.el9.src.rpm");
	assert_string_equal(packages.items[0].repo, "appstream-source.src");
	assert_string_equal(packages.items[0].vendor, "Red Hat, Inc.");
	assert_string_equal(packages.items[1].version, "17:8.2.0-11.el9");
	assert_string_equal(packages.items[2].version, "99-1");
}

/* ---- what rpmkeys says ---- */

static int read_keys(const char *text, char **ret_message)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *signer = NULL;
	int outcome = kh_rpmkeys_read(text, &signer, &err);
	*ret_message = kh_strdup(err.message ? err.message : signer ? signer : "");
	return outcome;
}

static void a_signature_is_told_from_digests_alone(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int outcome;
		const char *message;
	} cases[] = {
		{"x.src.rpm:\n"
		 "    Header V4 RSA/SHA256 Signature, key ID 8483c65d: OK\n"
		 "    Header SHA256 digest: OK\n"
		 "    Payload SHA256 digest: OK\n",
		 0, "V4 RSA/SHA256 Signature, key ID 8483c65d"},
		{"x.src.rpm:\n"
		 "    Header OpenPGP V4 RSA/SHA512 signature, key fingerprint: 99db70fa: OK\n",
		 0, "OpenPGP V4 RSA/SHA512 signature, key fingerprint: 99db70fa"},
		{"x.src.rpm:\n    Header SHA256 digest: OK\n    MD5 digest: OK\n", 1, ""},
		{"x.src.rpm:\n    Header V4 RSA/SHA256 Signature, key ID 8483c65d: NOKEY\n"
		 "    Header SHA256 digest: OK\n",
		 -1, "rpmkeys: Header V4 RSA/SHA256 Signature, key ID 8483c65d: NOKEY"},
		{"x.src.rpm:\n    Header V4 RSA/SHA256 Signature, key ID 8483c65d: OK\n"
		 "    Payload SHA256 digest: BAD (Expected 1 != 2)\n",
		 -1, "rpmkeys: Payload SHA256 digest: BAD (Expected 1 != 2)"},
		{"Header Signature, key in the file's name: OK\n", 1, ""},
		{"", 1, ""},
	};
	for (size_t i = 0; i < KH_COUNT(cases); i++) {
		kh_auto(kh_free) char *message = NULL;
		assert_int_equal(read_keys(cases[i].text, &message), cases[i].outcome);
		assert_string_equal(message, cases[i].message);
	}
}

static void keys_are_the_files_that_the_repository_names(void **state)
{
	(void)state;
	kh_auto(kh_repofile_done) struct kh_repos repos = {0};
	kh_auto(kh_strv_done) struct kh_strv paths = {0};
	kh_repofile_parse("[x]\ngpgkey=file:///etc/pki/KEY-$releasever-$basearch\n"
			  "  https://example.org/KEY, file:///etc/pki/KEY\n",
			  "x", &repos);
	kh_rpmkeys_files(&repos.items[0], "9", "x86_64", &paths);
	assert_int_equal(paths.count, 2);
	assert_string_equal(paths.items[0], "/etc/pki/KEY-9-x86_64");
	assert_string_equal(paths.items[1], "/etc/pki/KEY");
}

static void a_key_on_the_package_is_not_its_makers_signature(void **state)
{
	(void)state;
	kh_auto(kh_free) char *package =
		kh_printf("%s (RSA, key ID 8483c65d)", kh_record_signed_package);
	assert_true(kh_record_is_makers("Greg Kroah-Hartman <gregkh@kernel.org> (647F...)"));
	assert_false(kh_record_is_makers(package));
	assert_false(kh_record_is_makers(kh_record_signed_index));
	assert_false(kh_record_is_makers(NULL));
}

/* ---- what is run ---- */

static struct fixture place;
static struct kh_strv ran;

static const char *answer_to(const char *line)
{
	if (strstr(line, "%{vendor}"))
		return "kernel|0|5.14.0|503.el9|baseos-source.src|CentOS\n"
		       "kernel|0|6.12.0|1.el9|baseos-source.src|Somebody\n";
	if (strstr(line, "--location"))
		return "https://a.example.org/kernel-5.14.0-503.el9.src.rpm\n";
	if (strstr(line, "--checksig"))
		return "x:\n    V4 RSA/SHA256 Signature, key ID 8483c65d: OK\n";
	return strstr(line, "system-release") ? "CentOS\n" : "";
}

static int play(struct kh_runner *runner, const char *const *argv, unsigned timeout_s,
		struct kh_run_result *ret_result, struct kh_error *err)
{
	(void)runner;
	(void)timeout_s;
	(void)err;
	kh_auto(kh_str_done) struct kh_str line = {0};
	for (size_t i = 0; argv[i]; i++)
		kh_str_addf(&line, "%s%s", i ? " " : "", argv[i]);
	const char *text = kh_str_text(&line);
	if (strstr(text, "--destdir"))
		fixture_put(&place, "/store/dnf/packages/kernel-5.14.0-503.el9.src.rpm", "rpm");
	ret_result->output = kh_strdup(answer_to(text));
	kh_auto(kh_str_done) struct kh_str shown = {0};
	for (const char *at = text; *at;) {
		bool is_place = kh_str_starts(at, place.path);
		kh_str_add_bytes(&shown, is_place ? "ROOT" : at, is_place ? 4 : 1);
		at += is_place ? strlen(place.path) : 1;
	}
	kh_strv_add(&ran, kh_str_text(&shown));
	return 0;
}

/* A host that has only these programs. */
static void find_with(const char *program, const char *release)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_candidates_done) struct kh_candidates candidates = {0};
	struct kh_config config = {.build.store = (char *)(uintptr_t) "/store"};
	struct kh_facts facts = {0};
	struct kh_runner runner = {.run = play};
	kh_auto(kh_free) char *path = kh_printf("/usr/bin/%s", program);
	fixture_open_empty(&place);
	place.root.is_live = true;
	fixture_put_mode(&place, path, "", 0755);
	fixture_put(&place, "/etc/os-release", release);
	fixture_put(&place, "/etc/yum.repos.d/x.repo", stream9);
	fixture_put(&place, "/etc/pki/KEY", "");
	fixture_put(&place, "/var/lib/rpm/README", "");
	kh_facts_collect(&place.root, &facts);
	kh_strv_done(&ran);
	struct kh_making making = {
		.root = &place.root, .config = &config, .facts = &facts, .runner = &runner};
	struct kh_request request = {.making = &making,
				     .program = kh_program_find("kernel"),
				     .wanted = "distro",
				     .is_update = true};
	if (kh_provider_rpm.find(&request, &candidates, &err) != 0)
		fail_msg("%s", err.message);
	assert_int_equal(candidates.count, 1);
	assert_string_equal(candidates.items[0].package_version, "5.14.0-503.el9");
	assert_string_equal(candidates.items[0].files[0].urls.items[0],
			    "https://a.example.org/kernel-5.14.0-503.el9.src.rpm");
	assert_true(kh_root_exists(&place.root, "/store/archives/kernel-5.14.0-503.el9.src.rpm"));
	kh_facts_done(&facts);
}

#define OPTIONS                                                                                    \
	" -q -y --setopt=reposdir=ROOT/store/dnf/repos.d --setopt=cachedir=ROOT/store/dnf/cache"
#define LOGS " --setopt=logdir=ROOT/store/dnf/log --setopt=persistdir=ROOT/store/dnf/state"
#define FORMAT "--queryformat %{name}|%{epoch}|%{version}|%{release}|%{repoid}|%{vendor}\n kernel"
#define PACKAGE "kernel-0:5.14.0-503.el9"

static void dnf_4_has_a_plugin_that_downloads_sources(void **state)
{
	(void)state;
	find_with("dnf", "ID=centos\n");
	assert_int_equal(ran.count, 5);
	assert_string_equal(ran.items[0], "dnf" OPTIONS LOGS " --refresh repoquery --available "
					  "--arch=src " FORMAT);
	assert_string_equal(ran.items[1], "rpm -q --whatprovides system-release --queryformat "
					  "%{VENDOR}\\n");
	assert_string_equal(ran.items[2], "dnf" OPTIONS LOGS " download --source "
					  "--destdir=ROOT/store/dnf/packages " PACKAGE ".src");
	assert_string_equal(ran.items[3], "dnf" OPTIONS LOGS " repoquery --available "
					  "--arch=src --location " PACKAGE);
	assert_string_equal(ran.items[4], "rpmkeys --checksig -v ROOT/store/dnf/packages/"
					  "kernel-5.14.0-503.el9.src.rpm");
	fixture_close(&place);
}

static void dnf_5_downloads_by_itself(void **state)
{
	(void)state;
	find_with("dnf5", "ID=fedora\n");
	assert_string_equal(ran.items[0],
			    "dnf5" OPTIONS " --setopt=system_cachedir=ROOT/store/dnf/cache" LOGS
			    " --refresh repoquery --available --arch=src " FORMAT);
	assert_string_equal(ran.items[2],
			    "dnf5" OPTIONS " --setopt=system_cachedir=ROOT/store/dnf/cache" LOGS
			    " download --destdir=ROOT/store/dnf/packages " PACKAGE ".src");
	fixture_close(&place);
}

static void yum_has_programs_of_its_own_and_a_file(void **state)
{
	(void)state;
	find_with("yumdownloader", "ID=centos\n");
	assert_string_equal(ran.items[0], "repoquery --config=ROOT/store/dnf/yum.conf "
					  "--archlist=src --show-duplicates " FORMAT);
	assert_string_equal(ran.items[2], "yumdownloader --config=ROOT/store/dnf/yum.conf --source "
					  "--destdir=ROOT/store/dnf/packages " PACKAGE ".src");
	kh_auto(kh_free) char *text = fixture_get(&place, "/store/dnf/yum.conf");
	assert_non_null(strstr(text, "\nreposdir="));
	fixture_close(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(repositories_are_read_as_they_stand),
		cmocka_unit_test(a_repository_is_enabled_unless_it_says_otherwise),
		cmocka_unit_test(an_override_has_the_last_word),
		cmocka_unit_test(development_packages_that_are_switched_off_are_found),
		cmocka_unit_test(sources_of_enabled_repositories_are_used_and_nothing_else),
		cmocka_unit_test(without_source_repositories_it_is_refused_with_what_would_do),
		cmocka_unit_test(versions_are_ordered_as_rpm_does),
		cmocka_unit_test(a_version_is_meant_with_and_without_what_the_distribution_added),
		cmocka_unit_test(the_list_is_sorted_and_what_is_no_package_is_left_out),
		cmocka_unit_test(a_signature_is_told_from_digests_alone),
		cmocka_unit_test(keys_are_the_files_that_the_repository_names),
		cmocka_unit_test(a_key_on_the_package_is_not_its_makers_signature),
		cmocka_unit_test(dnf_4_has_a_plugin_that_downloads_sources),
		cmocka_unit_test(dnf_5_downloads_by_itself),
		cmocka_unit_test(yum_has_programs_of_its_own_and_a_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
