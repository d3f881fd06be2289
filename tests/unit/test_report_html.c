/* test_report_html.c - the page: what a host says of itself stays text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/report.h"
#include "cmd/svg.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "tests/lib/markup.h"

static const char tags[] =
	"html head meta title style body header h1 h2 h3 div span p dl dt dd nav a main section "
	"table thead tbody tr th td code details summary figure figcaption svg desc rect text path "
	"ul li b footer";

static const char whole[] =
	"{\"schema\": 1, \"host\": \"vh1\", \"verdict\": \"not-ready\", \"time\": "
	"\"2026-11-21T10:00:00Z\", \"kvmhost\": \"0.1.0\", \"stages\": [\"ksm\"],"
	"\"checks\": ["
	"{\"id\": \"ksm.run\", \"status\": \"fail\", \"expected\": \"1\", \"found\": \"0\", "
	"\"why\": \"it saves memory\", \"fix\": \"kvmhost apply ksm, then reboot\", "
	"\"persisted\": \"0 (/etc/rc.local:3)\", \"gap\": \"not applied\"},"
	"{\"id\": \"cpu.aes\", \"status\": \"warn\", \"expected\": \"aes\", \"found\": \"absent\", "
	"\"why\": \"w\", \"fix\": \"'lscpu' shows it\"},"
	"{\"id\": \"cpu.avx\", \"status\": \"pass\", \"expected\": \"avx\", \"found\": \"avx\", "
	"\"why\": \"\", \"fix\": \"\"},"
	"{\"id\": \"odd\", \"status\": \"skip\", \"expected\": \"\", \"found\": \"not here\", "
	"\"why\": \"\", \"fix\": \"\"}],"
	"\"previous\": {\"file\": \"old.json\", \"time\": \"yesterday\", \"changes\": ["
	"{\"what\": \"kernel\", \"before\": \"6.1\", \"now\": null}]},"
	"\"machine\": {\"bridge\": \"br0\", \"nested\": true,"
	"\"programs\": {\"qemu\": {\"version\": \"7.2\"}, \"libvirt\": {\"version\": \"9.0\"}},"
	"\"builds\": [{\"program\": \"qemu\", \"version\": \"7.2.22\", \"made\": \"today\", "
	"\"seconds\": 754, \"installed\": true}],"
	"\"boot\": {\"entries\": [{\"title\": \"Debian\", \"kind\": \"normal\", \"release\": "
	"\"6.1.0\", \"default\": true}, {\"title\": \"as before\", \"kind\": \"fallback\", "
	"\"release\": \"5.10\", \"default\": false}], \"running\": \"6.1.0\", \"once\": \"x\", "
	"\"trial\": {\"state\": \"armed\", \"release\": \"6.12\", \"pinned\": \"6.1.0\"}},"
	"\"topology\": {\"packages\": [{\"id\": 0, \"cores\": [{\"id\": 0, \"node\": 0, \"cpus\": "
	"[0, 2]}, {\"id\": 1, \"node\": 0, \"cpus\": [1, 3]}]}], \"caches\": [{\"level\": 3, "
	"\"type\": \"Unified\", \"size_kib\": 22528, \"cpus\": \"0-3\"}, {\"level\": 2, \"type\": "
	"\"Unified\", \"size_kib\": 1024, \"cpus\": \"0,2\"}]},"
	"\"facts\": {\"os\": {\"name\": \"Debian 12\", \"kernel_release\": \"6.1.0\"},"
	"\"cpu\": {\"model_name\": \"EPYC\", \"count\": 4, \"socket_count\": 1},"
	"\"memory\": {\"total_kib\": 16777216, \"available_kib\": 8388608, \"nodes\": [{\"id\": 0, "
	"\"cpus\": \"0-3\", \"total_kib\": 16777216, \"free_kib\": 1}], \"pools\": [{\"size_kib\": "
	"2048, \"node\": null, \"total_pages\": 1024, \"free_pages\": 512}, {\"size_kib\": 2048, "
	"\"node\": 0, \"total_pages\": 1024, \"free_pages\": 512}], \"ksm\": {\"pages_sharing\": "
	"262144}},"
	"\"disk\": [{\"name\": \"sda\", \"size_bytes\": 1000204886016, \"node\": null}],"
	"\"net\": {\"links\": [{\"name\": \"eno1\", \"kind\": \"physical\", \"up\": true, "
	"\"driver\": \"igb\", \"speed_mbit\": 1000, \"mtu\": 1500, \"ports\": [], \"addresses\": "
	"[]}, {\"name\": \"br0\", \"kind\": \"bridge\", \"up\": true, \"mtu\": 1500, \"ports\": "
	"[\"eno1\"], \"addresses\": [\"192.0.2.10/25\"]}], \"default_link\": \"br0\", "
	"\"gateway4\": \"192.0.2.1\"}}}}";

static json_t *load(const char *text)
{
	json_error_t wrong;
	json_t *document = json_loads(text, 0, &wrong);
	if (!document)
		fail_msg("%d: %s", wrong.line, wrong.text);
	return document;
}

static char *page_of(const json_t *document)
{
	char *page = kh_report_html(document);
	kh_auto(kh_free) char *wrong = markup_fault(page, tags);
	if (wrong)
		fail_msg("%s", wrong);
	return page;
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("it lacks '%s'", part);
}

static void a_whole_report_gives_a_whole_page(void **state)
{
	(void)state;
	json_t *document = load(whole);
	kh_auto(kh_free) char *page = page_of(document);
	json_decref(document);
	static const char *const parts[] = {
		"<title>vh1: readiness report</title>",
		"<h1>vh1</h1>",
		">Not ready</span>",
		"<span class=\"badge fail\">1 fail</span>",
		"<code>kvmhost apply ksm</code>, then reboot",
		"<code>lscpu</code> shows it",
		"persisted: 0 (/etc/rc.local:3)",
		">L3 22 MiB</text>",
		">NUMA node 0 · 16 GiB</text>",
		">huge pages: 1024 × 2 MiB (512 free)</text>",
		">sda · 932 GiB</text>",
		">CPU 0 2</text>",
		"huge pages in use: <b>1 GiB</b>",
		"beyond the total: saved by KSM: <b>1 GiB</b>",
		">eno1 (network card)</text>",
		">192.0.2.10/25</text>",
		">192.0.2.1</text>",
		">next boot only: a kernel on trial</text>",
		">6.1.0 · runs now</text>",
		">fallback: as before kvmhost</text>",
		">12 min 34 s</td>",
		"What changed since yesterday",
	};
	for (size_t i = 0; i < KH_COUNT(parts); i++)
		assert_has(page, parts[i]);
}

static void nothing_is_loaded_and_nothing_runs(void **state)
{
	(void)state;
	static const char *const forbidden[] = {"<script", "http://", "https://", "url(",
						"@import", " src=",   "<link",    "javascript:"};
	json_t *document = load(whole);
	kh_auto(kh_free) char *page = page_of(document);
	json_decref(document);
	assert_has(page, "default-src 'none'");
	for (size_t i = 0; i < KH_COUNT(forbidden); i++)
		assert_null(strstr(page, forbidden[i]));
}

static void every_picture_has_a_title_and_a_description(void **state)
{
	(void)state;
	json_t *document = load(whole);
	kh_auto(kh_free) char *page = page_of(document);
	json_decref(document);
	int pictures = 0;
	for (const char *at = page; (at = strstr(at, "<svg ")) != NULL; at++, pictures++) {
		const char *end = strstr(at, "</svg>");
		const char *title = strstr(at, "<title id=\""), *desc = strstr(at, "<desc id=\"");
		assert_non_null(strstr(at, "role=\"img\""));
		assert_true(title && title < end && desc && desc < end);
		assert_true(desc[strlen("<desc id=\"")] != '\0');
	}
	assert_int_equal(pictures, 5); /* topology, memory, network, boot order, one build */
}

/* Every text of the document replaced, but the words that decide what is drawn. */
static json_t *poisoned(const json_t *value, const char *poison)
{
	const char *name;
	json_t *member, *copy;
	size_t index;
	if (json_is_object(value)) {
		copy = json_object();
		json_object_foreach((json_t *)(uintptr_t)value, name, member)
		{
			bool is_word = strcmp(name, "status") == 0 || strcmp(name, "kind") == 0 ||
				       strcmp(name, "state") == 0;
			json_object_set_new(copy, name,
					    is_word ? json_incref(member)
						    : poisoned(member, poison));
		}
		return copy;
	}
	if (json_is_array(value)) {
		copy = json_array();
		json_array_foreach(value, index, member)
			json_array_append_new(copy, poisoned(member, poison));
		return copy;
	}
	return json_is_string(value) ? json_string(poison) : json_deep_copy(value);
}

static void what_a_host_says_stays_text(void **state)
{
	(void)state;
	static const char *const poisons[] = {
		"<script>alert(1)</script>",
		"\"><img src=x onerror=alert(1)>",
		"' onload='alert(1)",
		"</style></title></text></svg><script>",
		"]]><!-- --><![CDATA[",
		"&lt;b&gt; &amp &#x3c;script",
		"'<b>' '\"' 'x",
		"kvmhost <i> ; </code><script>",
		"\x1b[31m\x07\x7f\xc2\x9b",
		"\xe2\x80\xae"
		"evil"
		"\xe2\x81\xa6",
		"\n\n\t",
		"",
	};
	json_t *document = load(whole);
	for (size_t i = 0; i < KH_COUNT(poisons); i++) {
		json_t *bad = poisoned(document, poisons[i]);
		kh_auto(kh_free) char *page = page_of(bad);
		assert_null(strstr(page, "<script"));
		assert_null(strstr(page, "\xe2\x80\xae"));
		json_decref(bad);
	}
	json_decref(document);
}

/* Every value, one after the other, by one of another type. */
static void spoil(json_t *root, json_t *value, const json_t *by)
{
	const char *name;
	json_t *member;
	size_t index;
	void *next;
	json_object_foreach_safe(value, next, name, member)
	{
		json_incref(member);
		json_object_set(value, name, (json_t *)(uintptr_t)by);
		kh_auto(kh_free) char *page = page_of(root);
		json_object_set(value, name, member);
		spoil(root, member, by);
		json_decref(member);
	}
	json_array_foreach(value, index, member)
	{
		json_incref(member);
		json_array_set(value, index, (json_t *)(uintptr_t)by);
		kh_auto(kh_free) char *page = page_of(root);
		json_array_set(value, index, member);
		spoil(root, member, by);
		json_decref(member);
	}
}

static void values_of_another_type_are_left_out(void **state)
{
	(void)state;
	static const char *const others[] = {
		"null",         "\"x\"", "9223372036854775807", "-9223372036854775807", "[[]]",
		"{\"a\": [1]}", "1.5"};
	json_t *document = load(whole);
	for (size_t i = 0; i < KH_COUNT(others); i++) {
		json_t *by = json_loads(others[i], JSON_DECODE_ANY, NULL);
		spoil(document, document, by);
		json_decref(by);
	}
	json_decref(document);
}

static void a_report_without_a_machine_has_its_checks(void **state)
{
	(void)state;
	json_t *document = load(whole);
	json_object_del(document, "machine");
	kh_auto(kh_free) char *page = page_of(document);
	json_decref(document);
	assert_null(strstr(page, "<svg"));
	assert_has(page, "ksm.run");
}

static void a_text_that_is_too_long_is_cut_and_kept_whole_in_its_title(void **state)
{
	(void)state;
	kh_auto(kh_str_done) struct kh_str out = {0};
	const struct kh_svg svg = {&out};
	kh_svg_text(&svg, "small", 1, 2, 31, "größer als <das>");
	assert_string_equal(out.text, "<text class=\"small\" x=\"1\" y=\"2\"><title>größer als "
				      "&lt;das&gt;</title>größ…</text>\n");
}

static void sizes_are_rounded_for_people(void **state)
{
	(void)state;
	static const struct {
		long long kib;
		const char *text;
	} cases[] = {{0, "0 KiB"},           {1023, "1023 KiB"}, {1024, "1 MiB"},
		     {1536, "1.5 MiB"},      {22528, "22 MiB"},  {131736896, "126 GiB"},
		     {65724556, "62.7 GiB"}, {-1, "0 KiB"},      {1LL << 40, "1 PiB"}};
	for (size_t i = 0; i < KH_COUNT(cases); i++) {
		kh_auto(kh_free) char *text = kh_svg_size(cases[i].kib);
		if (strcmp(text, cases[i].text) != 0)
			fail_msg("%lld is '%s', not '%s'", cases[i].kib, text, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_report_gives_a_whole_page),
		cmocka_unit_test(nothing_is_loaded_and_nothing_runs),
		cmocka_unit_test(every_picture_has_a_title_and_a_description),
		cmocka_unit_test(what_a_host_says_stays_text),
		cmocka_unit_test(values_of_another_type_are_left_out),
		cmocka_unit_test(a_report_without_a_machine_has_its_checks),
		cmocka_unit_test(a_text_that_is_too_long_is_cut_and_kept_whole_in_its_title),
		cmocka_unit_test(sizes_are_rounded_for_people),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
