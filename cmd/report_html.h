/* report_html.h - between the parts of the page: report_html.c, report_html_checks.c. */
#ifndef KH_CMD_REPORT_HTML_H
#define KH_CMD_REPORT_HTML_H

#include "cmd/report.h"
#include "core/report_view.h"

/* The checks of the document, by what they are about. */
struct kh_html_checks {
	const json_t **items; /* borrowed */
	enum kh_status *statuses;
	char **families; /* of a warning that is one of many ("kernel.config"); otherwise NULL */
	size_t count;
	struct kh_report_counts counts;
};

void kh_html_checks_read(struct kh_html_checks *checks, const json_t *document);
void kh_html_checks_done(struct kh_html_checks *checks);
void kh_html_add_counts(struct kh_str *out, const struct kh_report_counts *counts);
/* "<span class="badge MORE STATUS">", to be ended by the caller. */
void kh_html_open_badge(struct kh_str *out, enum kh_status status, const char *more);
/* What needs attention, in full. */
void kh_html_add_findings(struct kh_str *out, const struct kh_html_checks *checks);
/* What passes and what is skipped, folded. */
void kh_html_add_checks(struct kh_str *out, const struct kh_html_checks *checks);

#endif
