/* test_report_compare.c - reading reports, what differs between them, and what keeps guests from
 * moving. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/report_compare.h"
#include "core/report_read.h"

/* ---- reading ---- */

static void assert_refused(const char *text, const char *message)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	json_t *document = NULL;
	assert_int_equal(kh_report_read_text("a.json", text, strlen(text), &document, &err), -1);
	assert_null(document);
	assert_int_equal(err.code, KH_USAGE);
	assert_string_equal(err.message, message);
	assert_string_equal(err.hint, "'kvmhost report --json > FILE' writes a report");
}

static void what_is_no_report_is_refused_with_file_line_and_reason(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"", "'a.json' is empty"},
		{" \n", "'a.json' is empty"},
		{"{\n \"schema\": 1,\n}", "a.json:3:1: not JSON: string or '}' expected near '}'"},
		{"{\"schema\": 1, \"schema\": 1}",
		 "a.json:1:22: not JSON: duplicate object key near '\"schema\"'"},
		{"[]", "a.json:1: this is no report: not a JSON object"},
		{"{}", "a.json:1: this is no report: 'schema' is not a number"},
		{"{\n\"schema\": \"1\"}", "a.json:2: this is no report: 'schema' is not a number"},
		{"{\"x\": [{\"schema\": 1}],\n\n\"schema\": 2}",
		 "a.json:3: this report is of another version: 'schema' is not 1"},
		{"{\"schema\": 1, \"a\": \"\\\"\\n{\",\n\"host\": 3}",
		 "a.json:2: this is no report: 'host' is not a text"},
		{"{\"schema\": 1,\n\"host\": \"h\",\n\"verdict\": \"good\"}",
		 "a.json:3: this is no report: 'verdict' is neither ready nor not-ready"},
		{"{\"schema\": 1, \"host\": \"h\", \"verdict\": \"ready\",\n\"machine\": []}",
		 "a.json:2: this is no report: 'machine' is not an object"},
		{"{\"schema\": 1, \"host\": \"h\", \"verdict\": \"ready\",\n\"checks\": {}}",
		 "a.json:2: this is no report: 'checks' is not a list"},
		{"{\"schema\": 1, \"host\": \"h\", \"verdict\": \"ready\", \"checks\": [\n{\"id\": "
		 "\"a\", \"status\": \"pass\"},\n7]}",
		 "a.json:3: checks[1] is not an object"},
		{"{\"schema\": 1, \"host\": \"h\", \"verdict\": \"ready\", \"checks\": [\n{}]}",
		 "a.json:2: checks[0] has no 'id'"},
		{"{\"schema\": 1, \"host\": \"h\", \"verdict\": \"ready\", \"checks\": [\n{\"id\": "
		 "\"a\", \"status\": \"good\"}]}",
		 "a.json:2: the 'status' of check 'a' is not pass, warn, fail or skip"},
		{"{\"schema\": 1, \"host\": \"h\", \"verdict\": \"ready\", \"checks\": [\n{\"id\": "
		 "\"a\", \"status\": \"pass\", \"found\": 1}]}",
		 "a.json:2: 'found' of check 'a' is not a text"},
		{"{\"schema\": 1, \"host\": \"h\", \"verdict\": \"ready\", \"checks\": [\n{\"id\": "
		 "\"a\", \"status\": \"pass\"},\n{\"id\": \"a\", \"status\": \"pass\"}]}",
		 "a.json:3: check 'a' stands here twice"},
	};
	for (size_t i = 0; i < KH_COUNT(cases); i++)
		assert_refused(cases[i][0], cases[i][1]);
}

static json_t *read_report(const char *text)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	json_t *document = NULL;
	if (kh_report_read_text("a.json", text, strlen(text), &document, &err) != 0)
		fail_msg("%s", err.message);
	return document;
}

static void a_report_of_an_older_kvmhost_is_read(void **state)
{
	(void)state;
	json_t *document = read_report(
		"{\"schema\": 1, \"host\": \"vh1\", \"verdict\": \"ready\", \"checks\": [{\"id\": "
		"\"a\", \"status\": \"pass\"}], \"something\": \"new\"}");
	assert_string_equal(kh_report_text_at(document, "host"), "vh1");
	assert_null(kh_report_at(document, "machine.facts.cpu"));
	assert_null(kh_report_text_at(document, "schema"));
	assert_int_equal(kh_report_number_at(document, "schema"), 1);
	assert_int_equal(kh_report_number_at(document, "host.x"), -1);
	json_decref(document);
}

static void a_file_that_is_not_there_is_named(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	json_t *document = NULL;
	assert_int_equal(kh_report_read("/nowhere/a.json", &document, &err), -1);
	assert_int_equal(err.code, KH_SYSTEM);
	assert_string_equal(err.message, "open '/nowhere/a.json': No such file or directory");
}

/* ---- comparing ---- */

struct host {
	const char *name, *vendor, *flags, *qemu, *kernel, *pages, *bridge, *nested, *swappiness;
};

static const struct host usual = {"vh1",    "intel",   "\"aes\", \"avx\", \"ept\"",
				  "8.2.1",  "6.1.0-9", "1024",
				  "bridge", "true",    "pass"};

static json_t *report_of(const struct host *host)
{
	kh_auto(kh_free) char *text = kh_printf(
		"{\"schema\": 1, \"host\": \"%s\", \"verdict\": \"ready\", \"checks\": [{\"id\": "
		"\"sysctl.vm.swappiness\", \"status\": \"%s\", \"found\": \"10\", \"persisted\": "
		"\"10\"}, {\"id\": \"memory.total\", \"status\": \"pass\", \"found\": \"%s GiB\"}],"
		"\"machine\": {\"bridge\": \"br0\", \"nested\": %s, \"programs\": {\"qemu\": "
		"{\"version\": \"%s\"}, \"libvirt\": {\"version\": \"9.0\"}}, \"facts\": {\"os\": "
		"{\"kernel_release\": \"%s\", \"hostname\": \"%s\", \"machine\": \"x86_64\"}, "
		"\"cpu\": {\"vendor\": \"%s\", \"flags\": [%s]}, \"memory\": {\"total_kib\": "
		"16777216, \"pools\": [{\"size_kib\": 2048, \"node\": null, \"total_pages\": %s}]}, "
		"\"boot\": {\"cmdline\": \"BOOT_IMAGE=/%s root=UUID=%s ro quiet\"}, \"net\": "
		"{\"links\": [{\"name\": \"br0\", \"kind\": \"%s\"}]}}}}",
		host->name, host->swappiness, host->name, host->nested, host->qemu, host->kernel,
		host->name, host->vendor, host->flags, host->pages, host->name, host->name,
		host->bridge);
	return read_report(text);
}

static json_t *compare(const struct host *hosts, size_t count)
{
	struct kh_compared reports[4] = {{NULL, NULL}};
	for (size_t i = 0; i < count; i++)
		reports[i] = (struct kh_compared){hosts[i].name, report_of(&hosts[i])};
	json_t *result = kh_report_compare(reports, count);
	for (size_t i = 0; i < count; i++)
		json_decref((json_t *)(uintptr_t)reports[i].document);
	return result;
}

static void assert_text_at(const json_t *list, size_t index, const char *path, const char *text)
{
	const char *found = kh_report_text_at(json_array_get(list, index), path);
	if (!found || strcmp(found, text) != 0)
		fail_msg("%s of %zu is '%s', not '%s'", path, index, found ? found : "(none)",
			 text);
}

static void equal_hosts_differ_in_nothing(void **state)
{
	(void)state;
	struct host hosts[] = {usual, usual, usual};
	hosts[1].name = "vh2";
	hosts[2].name = "vh3";
	json_t *result = compare(hosts, 3);
	assert_int_equal(json_array_size(json_object_get(result, "differences")), 0);
	assert_int_equal(json_array_size(json_object_get(result, "migration")), 0);
	assert_int_equal(json_array_size(json_object_get(result, "notes")), 0);
	assert_true(json_is_null(json_object_get(result, "odd")));
	json_decref(result);
}

static void the_odd_one_out_comes_first_with_its_differences(void **state)
{
	(void)state;
	struct host hosts[] = {usual, usual, usual, usual};
	hosts[1].name = "vh2";
	hosts[2].name = "vh3";
	hosts[3].name = "vh4";
	hosts[0].kernel = "6.1.0-8"; /* vh1 differs in one */
	hosts[2].kernel = "5.10.0-1";
	hosts[2].swappiness = "fail"; /* vh3 in two */
	json_t *result = compare(hosts, 4);
	assert_string_equal(kh_report_text_at(result, "odd"), "vh3");
	const json_t *list = json_object_get(result, "hosts");
	assert_text_at(list, 0, "label", "vh3");
	assert_text_at(list, 1, "label", "vh1");
	assert_text_at(list, 2, "label", "vh2");
	list = json_object_get(result, "differences");
	assert_int_equal(json_array_size(list), 2);
	assert_text_at(list, 0, "what", "check sysctl.vm.swappiness");
	assert_text_at(list, 0, "values.vh3", "fail: 10");
	assert_text_at(list, 0, "values.vh1", "pass: 10");
	assert_text_at(list, 0, "common", "pass: 10");
	assert_text_at(list, 1, "what", "kernel"); /* no value that more than half have */
	json_decref(result);
}

struct rule {
	struct host other;
	const char *level, *what, *text;
};

static void what_keeps_guests_from_moving_is_told(void **state)
{
	(void)state;
	struct rule rules[] = {
		{usual, "blocker", "CPU flags",
		 "guests of vh1 that see one of these cannot move to vh2: avx"},
		{usual, "blocker", "processor vendor",
		 "running guests cannot move between Intel and AMD: intel (vh1), amd (vh2)"},
		{usual, "blocker", "QEMU",
		 "guests with the newest machine type of the newer QEMU cannot move to the older: "
		 "QEMU 8.2.1 on vh1, 7.2.22 on vh2"},
		{usual, "warning", "kernel",
		 "KVM of the newer kernel may hold guest state that the older cannot take: kernel "
		 "6.1.0-9 on vh1, 5.14.0-1.el9 on vh2"},
		{usual, "blocker", "huge pages",
		 "guests of vh1 backed by pages of 2M cannot move to vh2: none are reserved there"},
		{usual, "blocker", "bridge",
		 "guests attached to br0 cannot move to vh2: there is no such bridge"},
		{usual, "warning", "nested virtualization",
		 "guests of vh1 that run guests themselves cannot move to vh2"},
	};
	rules[0].other.flags = "\"aes\"";
	rules[1].other.vendor = "amd";
	rules[2].other.qemu = "1:7.2.22+dfsg";
	rules[2].text = "guests with the newest machine type of the newer QEMU cannot move to the "
			"older: QEMU 8.2.1 on vh1, 1:7.2.22+dfsg on vh2";
	rules[3].other.kernel = "5.14.0-1.el9";
	rules[4].other.pages = "0";
	rules[5].other.bridge = "physical";
	rules[6].other.nested = "false";
	for (size_t i = 0; i < KH_COUNT(rules); i++) {
		struct host hosts[] = {usual, rules[i].other};
		hosts[1].name = "vh2";
		json_t *result = compare(hosts, 2);
		const json_t *list = json_object_get(result, "migration");
		assert_int_equal(json_array_size(list), 1);
		assert_text_at(list, 0, "level", rules[i].level);
		assert_text_at(list, 0, "what", rules[i].what);
		assert_text_at(list, 0, "text", rules[i].text);
		json_decref(result);
	}
}

static void flags_that_no_guest_sees_do_not_count(void **state)
{
	(void)state;
	struct host hosts[] = {usual, usual};
	hosts[1].name = "vh2";
	hosts[1].flags = "\"aes\", \"avx\", \"rep_good\", \"dtherm\"";
	json_t *result = compare(hosts, 2);
	assert_int_equal(json_array_size(json_object_get(result, "migration")), 0);
	json_decref(result);
}

static void versions_are_compared_by_their_first_two_numbers(void **state)
{
	(void)state;
	assert_int_equal(kh_report_compare_versions("8.2.1", "8.2.9"), 0);
	assert_int_equal(kh_report_compare_versions("1:8.2+dfsg-1", "8.2"), 0);
	assert_int_equal(kh_report_compare_versions("10.0", "9.2"), 1);
	assert_int_equal(kh_report_compare_versions("6.1.0-9-amd64", "6.12.1"), -1);
	assert_int_equal(kh_report_compare_versions(NULL, "1"), -1);
	assert_int_equal(kh_report_compare_versions(NULL, NULL), 0);
	assert_int_equal(kh_report_compare_versions("x", "y"), 0);
}

static void changes_since_are_told_worst_first(void **state)
{
	(void)state;
	static const char before[] =
		"{\"schema\": 1, \"host\": \"h\", \"verdict\": \"ready\", \"checks\": ["
		"{\"id\": \"better\", \"status\": \"fail\", \"found\": \"0\"},"
		"{\"id\": \"same\", \"status\": \"pass\", \"found\": \"1 GiB\"},"
		"{\"id\": \"worse\", \"status\": \"pass\", \"found\": \"1\"},"
		"{\"id\": \"gone\", \"status\": \"pass\"}],"
		"\"machine\": {\"facts\": {\"os\": {\"kernel_release\": \"5.10\"}}}}";
	static const char now[] =
		"{\"schema\": 1, \"host\": \"h\", \"verdict\": \"ready\", \"checks\": ["
		"{\"id\": \"better\", \"status\": \"pass\", \"found\": \"1\"},"
		"{\"id\": \"same\", \"status\": \"pass\", \"found\": \"2 GiB\"},"
		"{\"id\": \"warned\", \"status\": \"warn\", \"found\": \"x\"},"
		"{\"id\": \"worse\", \"status\": \"fail\", \"found\": \"0\"}],"
		"\"machine\": {\"facts\": {\"os\": {\"kernel_release\": \"6.1\"}}}}";
	json_t *old_report = read_report(before), *new_report = read_report(now);
	json_t *changes = kh_report_changes(old_report, new_report);
	kh_auto(kh_free) char *text = json_dumps(changes, JSON_COMPACT);
	assert_string_equal(text, "[{\"what\":\"worse\",\"before\":\"pass\",\"now\":\"fail: 0\"},"
				  "{\"what\":\"warned\",\"before\":null,\"now\":\"warn: x\"},"
				  "{\"what\":\"better\",\"before\":\"fail: 0\",\"now\":\"pass\"},"
				  "{\"what\":\"kernel\",\"before\":\"5.10\",\"now\":\"6.1\"},"
				  "{\"what\":\"gone\",\"before\":\"pass\",\"now\":null}]");
	json_decref(changes);
	json_decref(old_report);
	json_decref(new_report);
}

/* ---- reports of some stages ---- */

static const char of_all[] =
	"{\"schema\": 1, \"host\": \"h1\", \"verdict\": \"ready\", \"machine\": {}, \"checks\": ["
	"{\"id\": \"ksm.run\", \"stage\": \"ksm\", \"status\": \"pass\"},"
	"{\"id\": \"ksm.old\", \"stage\": \"ksm\", \"status\": \"pass\"},"
	"{\"id\": \"thp.enabled\", \"stage\": \"thp\", \"status\": \"pass\"},"
	"{\"id\": \"from.before\", \"status\": \"pass\"},"
	"{\"id\": \"kvmhost.runs\", \"status\": \"pass\"}]}";
static const char of_ksm[] =
	"{\"schema\": 1, \"host\": \"h2\", \"verdict\": \"ready\", \"machine\": {}, \"stages\": "
	"[\"sleep\", \"ksm\"], \"checks\": ["
	"{\"id\": \"ksm.run\", \"stage\": \"ksm\", \"status\": \"skip\"},"
	"{\"id\": \"sleep.new\", \"stage\": \"sleep\", \"status\": \"pass\"},"
	"{\"id\": \"kvmhost.runs\", \"status\": \"skip\"}]}";
static const char of_thp[] =
	"{\"schema\": 1, \"host\": \"h3\", \"verdict\": \"ready\", \"machine\": {}, \"stages\": "
	"[\"thp\"], \"checks\": [{\"id\": \"kvmhost.runs\", \"status\": \"pass\"}]}";

static void assert_changes(const char *before, const char *now, const char *expected)
{
	json_t *old_report = read_report(before), *new_report = read_report(now);
	json_t *changes = kh_report_changes(old_report, new_report);
	kh_auto(kh_free) char *text = json_dumps(changes, JSON_COMPACT);
	assert_string_equal(text, expected);
	json_decref(changes);
	json_decref(old_report);
	json_decref(new_report);
}

static void only_what_both_reports_looked_at_has_changed(void **state)
{
	(void)state;
	assert_changes(of_all, of_ksm,
		       "[{\"what\":\"ksm.run\",\"before\":\"pass\",\"now\":\"skip\"},"
		       "{\"what\":\"sleep.new\",\"before\":null,\"now\":\"pass\"},"
		       "{\"what\":\"kvmhost.runs\",\"before\":\"pass\",\"now\":\"skip\"},"
		       "{\"what\":\"ksm.old\",\"before\":\"pass\",\"now\":null}]");
	assert_changes(of_ksm, of_all,
		       "[{\"what\":\"ksm.run\",\"before\":\"skip\",\"now\":\"pass\"},"
		       "{\"what\":\"ksm.old\",\"before\":null,\"now\":\"pass\"},"
		       "{\"what\":\"kvmhost.runs\",\"before\":\"skip\",\"now\":\"pass\"},"
		       "{\"what\":\"sleep.new\",\"before\":\"pass\",\"now\":null}]");
	assert_changes(of_ksm, of_thp,
		       "[{\"what\":\"kvmhost.runs\",\"before\":\"skip\",\"now\":\"pass\"}]");
}

static void assert_scope(const char *left, const char *right, const char *expected)
{
	json_t *reports[] = {read_report(left), read_report(right)};
	json_t *stages = kh_report_common_stages((const json_t *[]){reports[0], reports[1]}, 2);
	kh_auto(kh_free) char *text = kh_report_scope_text(stages);
	if (expected)
		assert_string_equal(text, expected);
	else
		assert_null(text);
	json_decref(stages);
	json_decref(reports[0]);
	json_decref(reports[1]);
}

static void what_is_compared_is_told_where_it_is_not_all(void **state)
{
	(void)state;
	assert_scope(of_all, of_all, NULL);
	assert_scope(of_all, of_ksm,
		     "only the checks of stages that all reports cover are compared: sleep, ksm");
	assert_scope(of_ksm, of_thp,
		     "the reports cover no stage in common: no checks of stages are "
		     "compared");
}

static void hosts_do_not_differ_in_what_one_report_did_not_look_at(void **state)
{
	(void)state;
	const struct kh_compared reports[] = {{"h1", read_report(of_all)},
					      {"h2", read_report(of_ksm)},
					      {"h3", read_report(of_thp)}};
	json_t *result = kh_report_compare(reports, KH_COUNT(reports));
	kh_auto(kh_free) char *notes = json_dumps(json_object_get(result, "notes"), JSON_COMPACT);
	const json_t *list = json_object_get(result, "differences");
	assert_int_equal(json_array_size(list), 1);
	assert_text_at(list, 0, "what", "check kvmhost.runs");
	assert_string_equal(notes, "[\"the report of h2 is of some stages only\","
				   "\"the report of h3 is of some stages only\","
				   "\"the reports cover no stage in common: no checks of stages "
				   "are compared\"]");
	json_decref(result);
	for (size_t i = 0; i < KH_COUNT(reports); i++)
		json_decref((json_t *)(uintptr_t)reports[i].document);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_report_is_refused_with_file_line_and_reason),
		cmocka_unit_test(a_report_of_an_older_kvmhost_is_read),
		cmocka_unit_test(a_file_that_is_not_there_is_named),
		cmocka_unit_test(equal_hosts_differ_in_nothing),
		cmocka_unit_test(the_odd_one_out_comes_first_with_its_differences),
		cmocka_unit_test(what_keeps_guests_from_moving_is_told),
		cmocka_unit_test(flags_that_no_guest_sees_do_not_count),
		cmocka_unit_test(versions_are_compared_by_their_first_two_numbers),
		cmocka_unit_test(changes_since_are_told_worst_first),
		cmocka_unit_test(only_what_both_reports_looked_at_has_changed),
		cmocka_unit_test(what_is_compared_is_told_where_it_is_not_all),
		cmocka_unit_test(hosts_do_not_differ_in_what_one_report_did_not_look_at),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
