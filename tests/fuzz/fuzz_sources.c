/* fuzz_sources.c - any bytes as a lock file, a control file, a series of patches, apt's lists of
 * archives, dnf's repositories, what dnf and rpmkeys say: never a crash, and never a name that
 * leads elsewhere.
 *
 * Built plainly it replays inputs (see tests/lib/replay.h); with -fsanitize=fuzzer -DKH_LIBFUZZER
 * it is a libFuzzer target. The first byte says what the rest is: '0' to '5' in that order.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/packages.h"
#include "core/repofile.h"
#include "sources/apt.h"
#include "sources/apt_sources.h"
#include "sources/debian.h"
#include "sources/debversion.h"
#include "sources/dnf_repos.h"
#include "sources/patch.h"
#include "sources/pin.h"
#include "sources/rpm.h"
#include "sources/rpmkeys.h"
#include "sources/rpmversion.h"
#include "tests/lib/replay.h"

static void lock_file(const char *text, size_t length)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_pin_done) struct kh_pins pins = {0};
	if (kh_pin_parse("kvmhost.lock", text, length, &pins, &err) != 0)
		return;
	/* What was read can be written, and says the same then. */
	for (size_t i = 0; i < pins.count; i++) {
		kh_auto(kh_pin_done) struct kh_pins again = {0};
		kh_auto(kh_free) char *written = kh_pin_text(&pins.items[i].source, 1);
		int result = kh_pin_parse("kvmhost.lock", written, strlen(written), &again, &err);
		assert(result == 0 && kh_pin_is(&again.items[0], &pins.items[i].source));
	}
}

static void control_file(const char *text)
{
	size_t line = 0;
	for (const char *at = text; *at;) {
		kh_auto(kh_stanza_done) struct kh_stanza stanza = {0};
		kh_auto(kh_source_done) struct kh_source source = {0};
		if (kh_stanza_next(&at, &line, &stanza) != 0)
			break;
		if (kh_debian_read(&stanza, &source) != 0)
			continue;
		for (size_t i = 0; i < source.file_count; i++)
			assert(!strchr(source.files[i].name, '/') &&
			       source.files[i].name[0] != '.');
		assert(kh_debversion_compare(source.package_version, source.package_version) == 0);
		assert(kh_debian_is_version(source.package_version, source.version));
	}
	kh_auto(kh_packages_done) struct kh_packages packages = {0};
	kh_packages_parse_status(text, &packages);
}

static void series(const char *text)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_series_done) struct kh_series found = {0};
	if (kh_series_parse(text, &found, &err) != 0)
		return;
	for (size_t i = 0; i < found.count; i++)
		assert(found.items[i].name[0] != '/' && found.items[i].name[0] != '-');
}

static void archives(const char *text)
{
	kh_auto(kh_str_done) struct kh_str out = {0};
	kh_apt_sources_add_list(text, "bookworm", &out);
	kh_apt_sources_add_deb822(text, "bookworm", &out);
	kh_auto(kh_free) char *url = kh_apt_url(text, "a.dsc");
}

static void repositories(const char *text)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_repofile_done) struct kh_repos repos = {0}, again = {0};
	kh_auto(kh_free) char *out = NULL;
	kh_repofile_parse(text, "x.repo", &repos);
	kh_repofile_builder(&repos);
	for (size_t i = 0; i < repos.count; i++) {
		kh_auto(kh_strv_done) struct kh_strv keys = {0};
		kh_rpmkeys_files(&repos.items[i], "9", "x86_64", &keys);
		for (size_t k = 0; k < keys.count; k++)
			assert(keys.items[k][0] == '/');
	}
	if (kh_dnf_repos_text(&repos, &out, &err) != 0)
		return;
	/* What is written is enabled, and nothing else is in it. */
	kh_repofile_parse(out, "own.repo", &again);
	for (size_t i = 0; i < again.count; i++)
		assert(kh_repofile_is_enabled(&again.items[i]) &&
		       kh_dnf_repos_origin(&repos, again.items[i].id));
}

static void said_by_rpm(const char *text)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_rpm_packages_done) struct kh_rpm_packages packages = {0};
	kh_auto(kh_free) char *signer = NULL;
	kh_rpmkeys_read(text, &signer, &err);
	kh_rpm_read_list(text, "kernel", &packages);
	for (size_t i = 0; i < packages.count; i++) {
		const char *version = packages.items[i].version;
		assert(!strchr(packages.items[i].file, '/'));
		assert(kh_rpmversion_is(version, version));
		for (size_t k = i; k < packages.count; k++) {
			int forth = kh_rpmversion_compare(version, packages.items[k].version);
			int back = kh_rpmversion_compare(packages.items[k].version, version);
			assert(forth >= 0 && back <= 0 && (forth == 0) == (back == 0));
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data + (size > 0);
	size_t length = size > 0 ? size - 1 : 0;
	kh_auto(kh_free) char *text = kh_alloc(length + 1);
	memcpy(text, bytes, length);
	unsigned kind = size > 0 ? data[0] % 6 : 0;
	if (kind == 0)
		lock_file(text, length);
	else if (kind == 1)
		control_file(text);
	else if (kind == 2)
		series(text);
	else if (kind == 3)
		archives(text);
	else if (kind == 4)
		repositories(text);
	else
		said_by_rpm(text);
	return 0;
}

#ifndef KH_LIBFUZZER

int main(int argc, char **argv)
{
	const struct replay replay = {.run = LLVMFuzzerTestOneInput,
				      .corpus = "tests/fuzz/corpus/sources",
				      .mutations = 2000};
	return replay_main(&replay, argc, argv);
}

#endif
