/* report_junit.c - see report_view.h: JUnit XML, for pipelines. */
#include <string.h>

#include "core/base/mem.h"
#include "core/report_view.h"
#include "core/safe_text.h"

static void add_attribute(struct kh_str *out, const char *name, const char *value)
{
	kh_str_addf(out, " %s=\"", name);
	kh_safe_add_markup(out, value);
	kh_str_add(out, "\"");
}

/* All there is to say of a check, as text. */
static void add_story(struct kh_str *out, const struct kh_check *check)
{
	const char *const parts[][2] = {
		{"found", check->found},         {"expected", check->expected}, {"gap", check->gap},
		{"persisted", check->persisted}, {"why", check->why},           {"fix", check->fix},
	};
	for (size_t i = 0; i < KH_COUNT(parts); i++) {
		if (!parts[i][1] || !*parts[i][1])
			continue;
		kh_str_addf(out, "%s: ", parts[i][0]);
		kh_safe_add_markup(out, parts[i][1]);
		kh_str_add(out, "\n");
	}
}

static void add_case(struct kh_str *out, const struct kh_check *check)
{
	kh_auto(kh_free) char *subject = kh_strndup(check->id, strcspn(check->id, "."));
	kh_auto(kh_free) char *class = kh_printf("kvmhost.%s", subject);
	kh_str_add(out, "    <testcase");
	add_attribute(out, "classname", class);
	add_attribute(out, "name", check->id);
	kh_str_add(out, " time=\"0\"");
	switch (check->status) {
	case KH_PASS:
		kh_str_add(out, "/>\n");
		return;
	case KH_SKIP:
		kh_str_add(out, "><skipped");
		add_attribute(out, "message", check->found);
		kh_str_add(out, "/>");
		break;
	case KH_WARN:
		kh_str_add(out, "><system-out>warning\n");
		add_story(out, check);
		kh_str_add(out, "</system-out>");
		break;
	case KH_FAIL:
		kh_str_add(out, "><failure");
		add_attribute(out, "message", check->found);
		kh_str_add(out, " type=\"kvmhost\">");
		add_story(out, check);
		kh_str_add(out, "</failure>");
		break;
	}
	kh_str_add(out, "</testcase>\n");
}

static void add_time(struct kh_str *out, time_t now)
{
	struct tm utc;
	char text[32] = "";
	if (gmtime_r(&now, &utc))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
	add_attribute(out, "timestamp", text);
}

char *kh_report_junit(const struct kh_report *report, const char *host, time_t now)
{
	struct kh_str out = {0};
	struct kh_report_counts counts = kh_report_count(report);
	kh_auto(kh_free) char *numbers =
		kh_printf(" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" time=\"0\"",
			  report->check_count, counts.of[KH_FAIL], counts.of[KH_SKIP]);
	kh_str_addf(
		&out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<testsuites name=\"kvmhost report\"%s>\n  <testsuite name=\"kvmhost report\"%s",
		numbers, numbers);
	add_attribute(&out, "hostname", host ? host : "");
	add_time(&out, now);
	kh_str_add(&out, ">\n");
	for (size_t i = 0; i < report->check_count; i++)
		add_case(&out, &report->checks[i]);
	kh_str_add(&out, "  </testsuite>\n</testsuites>\n");
	return kh_str_take(&out);
}
