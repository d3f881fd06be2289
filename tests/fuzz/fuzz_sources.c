/* fuzz_sources.c - any bytes as a lock file, a control file, a series of patches, apt's lists of
 * archives: never a crash, and never a name that leads elsewhere.
 *
 * Built plainly it replays inputs (see tests/lib/replay.h); with -fsanitize=fuzzer -DKH_LIBFUZZER
 * it is a libFuzzer target. The first byte says what the rest is: '0' to '3' in that order.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/packages.h"
#include "sources/apt.h"
#include "sources/apt_sources.h"
#include "sources/debian.h"
#include "sources/debversion.h"
#include "sources/patch.h"
#include "sources/pin.h"
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data + (size > 0);
	size_t length = size > 0 ? size - 1 : 0;
	kh_auto(kh_free) char *text = kh_alloc(length + 1);
	memcpy(text, bytes, length);
	unsigned kind = size > 0 ? data[0] % 4 : 0;
	if (kind == 0)
		lock_file(text, length);
	else if (kind == 1)
		control_file(text);
	else if (kind == 2)
		series(text);
	else
		archives(text);
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
