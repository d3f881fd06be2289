/* stage_host.h - one stage on one recorded host, for tests of stages.
 *
 *     struct stage_host host;
 *     stage_host_open(&host, "debian12-ifupdown", "sysctl: {vm.swappiness: 10}\n");
 *     const char *text = stage_host_plan(&host, &kh_stage_sysctl);   // NULL: refused, host.err
 *     stage_host_apply(&host);                                       // files only
 *     ... stage_host_check(&host, &kh_stage_sysctl); stage_host_status(&host, "sysctl...") ...
 *     stage_host_close(&host);
 *
 * Between open and plan a test may change host.fixture, host.facts and host.fixture.root.is_live (a
 * copy that counts as the running system: for planning only).
 */
#ifndef TESTS_STAGE_HOST_H
#define TESTS_STAGE_HOST_H

#include "core/stage.h"
#include "tests/lib/fixture.h"

struct stage_host {
	struct fixture fixture;
	struct kh_config config;
	struct kh_facts facts;
	struct kh_context context;
	struct kh_plan plan;
	struct kh_report report;
	struct kh_error err;
	char *text;
};

/* root: a name of tests/roots/, or NULL for an empty one. yaml: the configuration. */
void stage_host_open(struct stage_host *host, const char *root, const char *yaml);
/* The same host with another configuration, and facts collected again. */
void stage_host_configure(struct stage_host *host, const char *yaml);
void stage_host_close(struct stage_host *host);

/* Plan; the text belongs to the host. NULL: the stage failed, host->err says why. */
const char *stage_host_plan(struct stage_host *host, const struct kh_stage *stage);
/* Carry out what the last plan says about files. */
void stage_host_apply(struct stage_host *host);

void stage_host_check(struct stage_host *host, const struct kh_stage *stage);
/* "pass", "warn", "fail", "skip", or "none": no such check. */
const char *stage_host_status(const struct stage_host *host, const char *id);

/* For texts of plans and files: fail the test unless (if) part is in text. */
void expect_text(const char *text, const char *part);
void expect_no_text(const char *text, const char *part);

#endif
