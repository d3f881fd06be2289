/* fuzz_report.c - any bytes as a report of another host: never a crash, and never a page that is
 * not sound.
 *
 * Built plainly it replays inputs (see tests/lib/replay.h); with -fsanitize=fuzzer -DKH_LIBFUZZER
 * it is a libFuzzer target.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "cmd/report.h"
#include "core/base/mem.h"
#include "core/report_compare.h"
#include "core/report_read.h"
#include "tests/lib/markup.h"
#include "tests/lib/replay.h"

static const char tags[] =
	"html head meta title style body header h1 h2 h3 div span p dl dt dd nav a main section "
	"table thead tbody tr th td code details summary figure figcaption svg desc rect text path "
	"ul li b footer";

static void check_page(const json_t *document)
{
	kh_auto(kh_free) char *page = kh_report_html(document);
	kh_auto(kh_free) char *wrong = markup_fault(page, tags);
	assert(!wrong);
}

/* A report is as itself. */
static void check_comparing(const json_t *document)
{
	const struct kh_compared reports[] = {{"a", document}, {"b", document}, {"c", document}};
	json_t *result = kh_report_compare(reports, KH_COUNT(reports));
	json_t *changes = kh_report_changes(document, document);
	assert(json_array_size(json_object_get(result, "differences")) == 0);
	assert(json_array_size(changes) == 0);
	json_decref(changes);
	json_decref(result);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *text = kh_strndup((const char *)data, size);
	json_t *document = NULL;
	if (kh_report_read_text("x", text, strlen(text), &document, &err) != 0) {
		assert(strncmp(err.message, "x:", 2) == 0 && err.hint);
		return 0;
	}
	check_page(document);
	check_comparing(document);
	json_decref(document);
	return 0;
}

#ifndef KH_LIBFUZZER

int main(int argc, char **argv)
{
	const struct replay replay = {.run = LLVMFuzzerTestOneInput,
				      .corpus = "tests/fuzz/corpus/report",
				      .mutations = 3000};
	return replay_main(&replay, argc, argv);
}

#endif
