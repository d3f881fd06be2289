/* What sources are read from: versions, control files, series of patches, apt's sources, the lock
 * file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/stanza.h"
#include "sources/apt.h"
#include "sources/apt_sources.h"
#include "sources/choice.h"
#include "sources/debian.h"
#include "sources/debversion.h"
#include "sources/patch.h"
#include "sources/pin.h"
#include "sources/record.h"
#include "sources/releases.h"
#include "tests/lib/fixture.h"

#define DIGEST "949d166a1263bd0cf0c5aab44eeb57869615099e7c48bf88d0e4adb77379b999"

/* ---- versions ---- */

static void versions_are_ordered_as_dpkg_does(void **state)
{
	(void)state;
	static const char *const rising[] = {
		"1.0~rc1",         "1.0",     "1.0-1", "1.0-1+b1", "1.0-1.1", "1.0-2",
		"1.0+dfsg-1",      "1.0.1-1", "1.2-1", "1.10-1",   "1:0.1-1", "1:0.1-1+deb12u2",
		"1:0.1-1+deb12u18"};
	for (size_t i = 0; i + 1 < KH_COUNT(rising); i++) {
		if (kh_debversion_compare(rising[i], rising[i + 1]) >= 0 ||
		    kh_debversion_compare(rising[i + 1], rising[i]) <= 0)
			fail_msg("%s < %s", rising[i], rising[i + 1]);
		assert_int_equal(kh_debversion_compare(rising[i], rising[i]), 0);
	}
	assert_int_equal(kh_debversion_compare("1.0", "1.00"), 0);
	assert_int_equal(kh_debversion_compare("0:1", "1"), 0);
}

static void a_version_of_the_program_or_of_the_package_is_meant(void **state)
{
	(void)state;
	static const char qemu[] = "1:7.2+dfsg-7+deb12u18";
	assert_true(kh_debian_is_version(qemu, "7.2"));
	assert_true(kh_debian_is_version(qemu, "7.2+dfsg"));
	assert_true(kh_debian_is_version(qemu, "7.2+dfsg-7+deb12u18"));
	assert_true(kh_debian_is_version(qemu, qemu));
	assert_true(kh_debian_is_version(qemu, "distro"));
	assert_false(kh_debian_is_version(qemu, "7.2+dfsg-7"));
	assert_false(kh_debian_is_version(qemu, "7"));
	assert_false(kh_debian_is_version("6.1.176-1", "6.1.17"));
	assert_true(kh_debian_is_version("6.12.95-1~bpo12+1", "6.12.95"));
}

static void the_shipped_table_has_whole_digests_newest_first(void **state)
{
	(void)state;
	for (size_t i = 0; i < kh_release_count; i++) {
		const struct kh_release *row = &kh_releases[i];
		assert_int_equal(strlen(row->sha256), 64);
		assert_int_equal(strspn(row->sha256, "0123456789abcdef"), 64);
		if (i > 0 && strcmp(row[-1].program, row->program) == 0)
			assert_true(kh_debversion_compare(row[-1].version, row->version) > 0);
	}
	assert_string_equal(kh_release_find("kernel", "6.12.104")->sha256, DIGEST);
	assert_null(kh_release_find("kernel", "6.12.1040"));
	assert_null(kh_release_find("qemu", "6.12.104"));
}

/* ---- control files ---- */

static void paragraphs_have_fields_of_several_lines_and_comments(void **state)
{
	(void)state;
	const char *at =
		"\n# a comment\nPackage: x\nFiles:\n one\n# in between\n\ttwo \nno field\n\n"
		"\nB: 2";
	size_t line = 0;
	kh_auto(kh_stanza_done) struct kh_stanza one = {0}, two = {0}, three = {0};
	assert_int_equal(kh_stanza_next(&at, &line, &one), 0);
	assert_string_equal(kh_stanza_get(&one, "package"), "x");
	assert_string_equal(kh_stanza_get(&one, "Files"), "\none\ntwo");
	assert_int_equal(one.fields[1].line, 4);
	assert_null(kh_stanza_get(&one, "B"));
	assert_int_equal(kh_stanza_next(&at, &line, &two), 0);
	assert_string_equal(kh_stanza_get(&two, "B"), "2");
	assert_int_equal(kh_stanza_next(&at, &line, &three), 1);
}

static int read_dsc(const char *text, struct kh_source *source)
{
	kh_auto(kh_stanza_done) struct kh_stanza stanza = {0};
	size_t line = 0;
	if (kh_stanza_next(&text, &line, &stanza) != 0)
		return 2;
	return kh_debian_read(&stanza, source);
}

#define DSC_HEAD "Format: 3.0 (quilt)\nVersion: 9.0.0-4+deb12u2\nChecksums-Sha256:\n"

static void a_source_package_is_an_archive_and_patches(void **state)
{
	(void)state;
	kh_auto(kh_source_done) struct kh_source source = {0};
	assert_int_equal(read_dsc(DSC_HEAD " " DIGEST " 5 libvirt_9.0.0-4.dsc\n " DIGEST
					   " 7 libvirt_9.0.0.orig.tar.xz\n " DIGEST
					   " 8 libvirt_9.0.0.orig.tar.xz.asc\n " DIGEST
					   " 9 libvirt_9.0.0-4.debian.tar.xz\n",
				  &source),
			 0);
	assert_string_equal(source.version, "9.0.0");
	assert_string_equal(source.package_version, "9.0.0-4+deb12u2");
	assert_int_equal(source.file_count, 4);
	assert_int_equal(kh_record_file(&source, KH_SOURCE_ARCHIVE)->size_bytes, 7);
	assert_int_equal(kh_record_file(&source, KH_SOURCE_SIGNATURE)->size_bytes, 8);
	assert_int_equal(kh_record_file(&source, KH_SOURCE_PATCHES)->size_bytes, 9);
}

static void a_source_package_of_another_form_is_none(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"Format: 1.0\nVersion: 1-1\nChecksums-Sha256:\n " DIGEST " 7 a_1.orig.tar.xz\n",
		DSC_HEAD " " DIGEST " 7 a_1.orig.tar.xz\n",
		DSC_HEAD " " DIGEST " 7 a_1.orig.tar.xz\n " DIGEST " 7 a_1.orig-b.tar.xz\n " DIGEST
			 " 7 a_1-1.debian.tar.xz\n",
		DSC_HEAD " " DIGEST " 7 ../a_1.orig.tar.xz\n " DIGEST " 7 a_1-1.debian.tar.xz\n",
		DSC_HEAD " 123 7 a_1.orig.tar.xz\n " DIGEST " 7 a_1-1.debian.tar.xz\n",
		DSC_HEAD " " DIGEST " x a_1.orig.tar.xz\n " DIGEST " 7 a_1-1.debian.tar.xz\n",
		DSC_HEAD " " DIGEST " 7 a_1.orig.tar.xz more\n " DIGEST " 7 a_1-1.debian.tar.xz\n",
		"Format: 3.0 (quilt)\nVersion: 1-1\n",
	};
	for (size_t i = 0; i < KH_COUNT(texts); i++) {
		kh_auto(kh_source_done) struct kh_source source = {0};
		if (read_dsc(texts[i], &source) != 1)
			fail_msg("taken: %s", texts[i]);
	}
}

static void urls_are_taken_from_what_apt_prints(void **state)
{
	(void)state;
	static const char text[] =
		"Reading package lists...\n"
		"'http://x/a_1%2bb.dsc' a_1+b.dsc 6909 SHA256:00\n"
		"'file:/srv/pool/b.tar.xz' b.tar.xz 1 SHA256:00\n'cdrom:[x]/c' c 1 SHA256:00\n";
	kh_auto(kh_free) char *http = kh_apt_url(text, "a_1+b.dsc");
	kh_auto(kh_free) char *file = kh_apt_url(text, "b.tar.xz");
	assert_string_equal(http, "http://x/a_1%2bb.dsc");
	assert_string_equal(file, "file:///srv/pool/b.tar.xz");
	assert_null(kh_apt_url(text, "c"));
	assert_null(kh_apt_url(text, "d"));
}

/* ---- apt's sources ---- */

static void only_the_distributions_archives_are_kept_with_their_keys(void **state)
{
	(void)state;
	kh_auto(kh_str_done) struct kh_str out = {0};
	kh_apt_sources_add_list(
		"# comment\n"
		"deb [arch=amd64 signed-by=/k.gpg] http://m/debian bookworm main contrib # why\n"
		"deb http://m/security bookworm-security main\n"
		"deb-src http://m/debian bookworm-backports main\n"
		"deb http://docker/ bookworm stable\n"
		"deb http://pgdg/ bookworm-pgdg main\n"
		"deb http://flat/ ./\n"
		"deb [broken http://x bookworm main\n",
		"bookworm", &out);
	assert_string_equal(
		kh_str_text(&out),
		"Types: deb-src\nURIs: http://m/debian\nSuites: bookworm\nComponents: main "
		"contrib\nsigned-by: /k.gpg\n\n"
		"Types: deb-src\nURIs: http://m/security\nSuites: bookworm-security\n"
		"Components: main\n\n"
		"Types: deb-src\nURIs: http://m/debian\nSuites: bookworm-backports\n"
		"Components: main\n\n");
}

static void deb822_sources_keep_suites_of_the_release_and_embedded_keys(void **state)
{
	(void)state;
	kh_auto(kh_str_done) struct kh_str out = {0};
	kh_apt_sources_add_deb822(
		"Types: deb\nURIs: http://m/ubuntu\n"
		"Suites: noble noble-updates oracular\nComponents: main universe x\n"
		"Architectures: amd64\nSigned-By:\n -----BEGIN\n .\n abc\n\n"
		"Types: deb\nEnabled: no\nURIs: http://m/\nSuites: noble\n"
		"Components: main\n\n"
		"Types: deb\nURIs: http://nodesource/\nSuites: nodistro\n"
		"Components: main\n",
		"noble", &out);
	assert_string_equal(kh_str_text(&out),
			    "Types: deb-src\nURIs: http://m/ubuntu\nSuites: noble noble-updates\n"
			    "Components: main universe\nSigned-By: \n -----BEGIN\n .\n abc\n\n");
}

static void a_host_without_an_archive_of_its_distribution_is_refused(void **state)
{
	(void)state;
	struct fixture f;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	char *text = NULL;
	fixture_open_empty(&f);
	assert_int_equal(kh_apt_sources_text(&f.root, &text, &err), -1);
	assert_int_equal(err.code, KH_HOST);
	fixture_put(&f, "/etc/os-release", "VERSION_CODENAME=\"bookworm\"\n");
	fixture_put(&f, "/etc/apt/sources.list.d/x.list", "deb http://x/ bookworm stable\n");
	assert_int_equal(kh_apt_sources_text(&f.root, &text, &err), -1);
	assert_string_equal(err.message, "apt has no archive of the distribution ('bookworm')");
	fixture_close(&f);
}

/* ---- patches ---- */

static void a_series_has_names_comments_and_strip_options(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_series_done) struct kh_series series = {0};
	assert_int_equal(
		kh_series_parse("# all\n\na.patch\nb/c.patch -p0 # why\r\n", &series, &err), 0);
	assert_int_equal(series.count, 2);
	assert_string_equal(series.items[0].name, "a.patch");
	assert_string_equal(series.items[0].strip, "-p1");
	assert_string_equal(series.items[1].name, "b/c.patch");
	assert_string_equal(series.items[1].strip, "-p0");
}

static void a_series_that_leads_elsewhere_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {"a\n../x.patch\n", "a\n/etc/x\n",  "a\nb -R\n",
					    "a\n--dry-run\n",  "a\nb -p1 c\n", "a\nb/../../c\n"};
	for (size_t i = 0; i < KH_COUNT(texts); i++) {
		kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
		kh_auto(kh_series_done) struct kh_series series = {0};
		assert_int_equal(kh_series_parse(texts[i], &series, &err), -1);
		assert_true(kh_str_starts(err.message, "debian/patches/series:2: "));
	}
}

/* ---- the lock file ---- */

static void fill(struct kh_source *source)
{
	source->program = kh_strdup("kernel");
	source->wanted = kh_strdup("distro");
	source->version = kh_strdup("6.1.176");
	source->package_version = kh_strdup("6.1.176-1");
	source->provider = kh_strdup("distro");
	struct kh_source_file *archive =
		kh_record_add_file(source, "linux_6.1.176.orig.tar.xz", KH_SOURCE_ARCHIVE);
	archive->size_bytes = 7;
	archive->sha256 = kh_strdup(DIGEST);
	kh_strv_add(&archive->urls, "http://deb.example.org/linux_6.1.176.orig.tar.xz");
	kh_record_add_file(source, "linux.sig", KH_SOURCE_SIGNATURE);
}

static void a_lock_file_says_what_it_was_made_from(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_source_done) struct kh_source source = {0};
	kh_auto(kh_pin_done) struct kh_pins pins = {0};
	fill(&source);
	kh_auto(kh_free) char *text = kh_pin_text(&source, 1);
	if (kh_pin_parse("kvmhost.lock", text, strlen(text), &pins, &err) != 0)
		fail_msg("%s", err.message);
	const struct kh_pin *pin = kh_pin_find(&pins, "kernel");
	assert_true(kh_pin_is(pin, &source));
	assert_null(kh_pin_find(&pins, "qemu"));
	assert_int_equal(pin->source.file_count, 1); /* without a digest nothing is pinned */
	assert_string_equal(pin->source.files[0].urls.items[0],
			    "http://deb.example.org/linux_6.1.176.orig.tar.xz");
	kh_auto(kh_free) char *again = kh_pin_text(&pin->source, 1);
	assert_string_equal(again, text);
	source.files[0].sha256[0] = '0';
	assert_false(kh_pin_is(pin, &source));
}

static void passwords_of_mirrors_get_into_no_lock_file_and_no_record(void **state)
{
	(void)state;
	kh_auto(kh_source_done) struct kh_source source = {0};
	struct kh_config config = {0};
	config.sources.provider = (char *)(uintptr_t) "https://me:secret@mirror.example.org/pub";
	fill(&source);
	kh_strv_add(&source.files[0].urls, "https://me:secret@mirror.example.org/a.tar.xz");
	free(source.provider);
	source.provider = kh_strdup(config.sources.provider);
	kh_auto(kh_free) char *text = kh_pin_text(&source, 1);
	json_t *record = kh_record_json(&source);
	kh_auto(kh_free) char *json = json_dumps(record, JSON_COMPACT);
	assert_null(strstr(text, "secret"));
	assert_null(strstr(json, "secret"));
	assert_non_null(strstr(text, "https://mirror.example.org/a.tar.xz"));
	assert_non_null(strstr(json, "https://mirror.example.org/a.tar.xz"));
	/* and what was recorded so is still known as that mirror's */
	assert_true(kh_choice_is_provider(&config, kh_json_get(record, "provider")));
	json_decref(record);
}

static void mistakes_in_a_lock_file_have_their_place(void **state)
{
	(void)state;
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"kernel: {}\n", "kvmhost.lock:1:1: a lock file begins with 'format: 1'"},
		{"format: 2\n",
		 "kvmhost.lock:1:9: this version of kvmhost reads lock files of format 1"},
		{"format: 1\nkernell: {}\n",
		 "kvmhost.lock:2:1: unknown program 'kernell': there are "
		 "kernel, qemu and libvirt"},
		{"format: 1\nqemu:\n  wantd: x\n", "kvmhost.lock:3:3: unknown key 'wantd'"},
		{"format: 1\nqemu:\n  wanted: distro\n",
		 "kvmhost.lock:2:1: 'qemu' has no 'version'"},
		{"format: 1\nqemu:\n  files:\n    - {name: ../x}\n",
		 "kvmhost.lock:4:14: a file's name has no '/' and does not begin with '.'"},
		{"format: 1\nqemu:\n  files:\n    - {sha256: 00}\n",
		 "kvmhost.lock:4:16: a SHA-256 digest has 64 lower-case hexadecimal digits"},
		{"format: 1\nqemu:\n  files:\n    - {size: -1}\n",
		 "kvmhost.lock:4:14: 'size' takes a number of bytes"},
		{"format: 1\nqemu:\n  files:\n    - {urls: [ftp://x/y]}\n",
		 "kvmhost.lock:4:15: this is no URL (https, http, file)"},
		{"format: 1\nqemu:\n  files:\n    - {role: tar}\n",
		 "kvmhost.lock:4:14: 'role' is one of archive, patches, signature and index"},
		{"format: 1\nqemu:\n  files:\n    - {name: x}\n",
		 "kvmhost.lock:4:7: this file has no 'sha256'"},
	};
	for (size_t i = 0; i < KH_COUNT(cases); i++) {
		kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
		kh_auto(kh_pin_done) struct kh_pins pins = {0};
		assert_int_equal(kh_pin_parse("kvmhost.lock", cases[i].text, strlen(cases[i].text),
					      &pins, &err),
				 -1);
		assert_int_equal(err.code, KH_CONFIG);
		if (!kh_str_starts(err.message, cases[i].message))
			fail_msg("%s", err.message);
	}
}

static void a_lock_file_lies_beside_the_configuration(void **state)
{
	(void)state;
	struct fixture f;
	struct kh_config config = {.path = kh_strdup("/etc/kvmhost/site.yaml")};
	fixture_open_empty(&f);
	kh_auto(kh_free) char *one = kh_pin_path(&f.root, &config);
	assert_string_equal(one, "/etc/kvmhost/kvmhost.lock");
	free(config.path);
	config.path = kh_strdup("site.yaml");
	kh_auto(kh_free) char *two = kh_pin_path(&f.root, &config);
	assert_string_equal(two, "kvmhost.lock");
	free(config.path);
	config.path = NULL;
	kh_auto(kh_free) char *three = kh_pin_path(&f.root, &config);
	kh_auto(kh_free) char *wanted = kh_printf("%s/etc/kvmhost/kvmhost.lock", f.path);
	assert_string_equal(three, wanted);
	fixture_close(&f);
}

static void a_lock_file_is_written_whole_and_read_again(void **state)
{
	(void)state;
	struct fixture f;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_source_done) struct kh_source source = {0};
	kh_auto(kh_pin_done) struct kh_pins pins = {0};
	fixture_open_empty(&f);
	fill(&source);
	kh_auto(kh_free) char *path = kh_printf("%s/kvmhost.lock", f.path);
	assert_int_equal(kh_pin_read(path, &pins, &err), 0);
	assert_int_equal(pins.count, 0);
	assert_int_equal(kh_pin_write(path, &source, 1, &err), 0);
	assert_int_equal(kh_pin_read(path, &pins, &err), 0);
	assert_int_equal(pins.count, 1);
	kh_auto(kh_free) char *nowhere = kh_printf("%s/no/such/kvmhost.lock", f.path);
	assert_int_equal(kh_pin_write(nowhere, &source, 1, &err), -1);
	fixture_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_are_ordered_as_dpkg_does),
		cmocka_unit_test(a_version_of_the_program_or_of_the_package_is_meant),
		cmocka_unit_test(the_shipped_table_has_whole_digests_newest_first),
		cmocka_unit_test(paragraphs_have_fields_of_several_lines_and_comments),
		cmocka_unit_test(a_source_package_is_an_archive_and_patches),
		cmocka_unit_test(a_source_package_of_another_form_is_none),
		cmocka_unit_test(urls_are_taken_from_what_apt_prints),
		cmocka_unit_test(only_the_distributions_archives_are_kept_with_their_keys),
		cmocka_unit_test(deb822_sources_keep_suites_of_the_release_and_embedded_keys),
		cmocka_unit_test(a_host_without_an_archive_of_its_distribution_is_refused),
		cmocka_unit_test(a_series_has_names_comments_and_strip_options),
		cmocka_unit_test(a_series_that_leads_elsewhere_is_refused),
		cmocka_unit_test(a_lock_file_says_what_it_was_made_from),
		cmocka_unit_test(passwords_of_mirrors_get_into_no_lock_file_and_no_record),
		cmocka_unit_test(mistakes_in_a_lock_file_have_their_place),
		cmocka_unit_test(a_lock_file_lies_beside_the_configuration),
		cmocka_unit_test(a_lock_file_is_written_whole_and_read_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
