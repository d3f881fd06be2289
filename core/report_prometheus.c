/* report_prometheus.c - see report_view.h: for node_exporter's textfile collector. */
#include "core/base/mem.h"
#include "core/report_view.h"
#include "core/safe_text.h"

/* A label's value: one line, backslash and quote escaped, UTF-8. */
static void add_label(struct kh_str *out, const char *name, const char *value)
{
	kh_auto(kh_free) char *clean = kh_safe_line(value, true);
	kh_str_addf(out, "%s=\"", name);
	for (const char *at = clean; *at; at++) {
		if (*at == '\\' || *at == '"')
			kh_str_addf(out, "\\%c", *at);
		else
			kh_str_add_bytes(out, at, 1);
	}
	kh_str_add(out, "\"");
}

static void add_head(struct kh_str *out, const char *name, const char *help)
{
	kh_str_addf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

/* A number that alerts compare: the worse, the more. */
static int weight(enum kh_status status)
{
	switch (status) {
	case KH_PASS:
		return 0;
	case KH_WARN:
		return 1;
	case KH_FAIL:
		return 2;
	case KH_SKIP:
		return -1;
	}
	return -1;
}

char *kh_report_prometheus(const struct kh_report *report, const char *version, time_t now)
{
	struct kh_str out = {0};
	struct kh_report_counts counts = kh_report_count(report);
	add_head(&out, "kvmhost_info", "The kvmhost that made this report.");
	kh_str_add(&out, "kvmhost_info{");
	add_label(&out, "version", version);
	kh_str_add(&out, "} 1\n");
	add_head(&out, "kvmhost_report_timestamp_seconds", "When the report was made, Unix time.");
	kh_str_addf(&out, "kvmhost_report_timestamp_seconds %lld\n", (long long)now);
	add_head(&out, "kvmhost_ready", "1 when no check fails, otherwise 0.");
	kh_str_addf(&out, "kvmhost_ready %d\n", kh_report_is_ready(report) ? 1 : 0);
	add_head(&out, "kvmhost_checks", "Checks of the report, by status.");
	for (int status = KH_PASS; status <= KH_SKIP; status++)
		kh_str_addf(&out, "kvmhost_checks{status=\"%s\"} %zu\n",
			    kh_status_name((enum kh_status)status), counts.of[status]);
	add_head(&out, "kvmhost_check_status",
		 "Each check: 0 passes, 1 warns, 2 fails, -1 is skipped.");
	for (size_t i = 0; i < report->check_count; i++) {
		kh_str_add(&out, "kvmhost_check_status{");
		add_label(&out, "id", report->checks[i].id);
		kh_str_addf(&out, "} %d\n", weight(report->checks[i].status));
	}
	return kh_str_take(&out);
}
