/* engine_host.h - a host for tests of the engine, the journal and undo with stages of their own:
 * kh_stages[] stands in the test.
 *
 *     struct engine_host *host = engine_host_open();
 *     host->runner.run = ...;
 *     fixture_put(&host->fixture, ...);
 *     engine_host_remember(host);
 *     ... engine_host_apply, engine_host_undo, engine_host_assert_original ...
 *     engine_host_close(host);
 */
#ifndef TESTS_ENGINE_HOST_H
#define TESTS_ENGINE_HOST_H

#include "core/engine.h"
#include "tests/lib/fixture.h"

struct engine_host {
	struct fixture fixture;
	struct kh_config config;
	struct kh_runner runner; /* data: this host; run: the test's */
	struct kh_strv ran;      /* for the runner to note programs in */
	struct kh_strv warnings; /* of the last undo */
	char *tree;              /* as remembered */
};

/* A root with a boot's identity, /sys/knob and nothing else. */
struct engine_host *engine_host_open(void);
/* What engine_host_assert_original compares with is the tree as it is now. */
void engine_host_remember(struct engine_host *host);
/* Also disarms cuts (cut.h). */
void engine_host_close(struct engine_host *host);

struct kh_engine engine_host_engine(struct engine_host *host);

/* Apply and undo return KH_OK or the code of the error. ret_outcome and ret_message may be NULL;
 * the message is owned by the caller. */
enum kh_code engine_host_apply(struct engine_host *host, struct kh_outcome *ret_outcome,
			       char **ret_message);
enum kh_code engine_host_undo(struct engine_host *host, long long run, bool is_forced,
			      char **ret_message);
/* In a child that is killed before its n-th write-like call: as cut_run_killed. Undo: of all runs.
 */
int engine_host_apply_killed(struct engine_host *host, int n);
int engine_host_undo_killed(struct engine_host *host, int n);

/* The number of changes a plan has now. */
size_t engine_host_pending(struct engine_host *host);
void engine_host_assert_original(struct engine_host *host);
/* text "(absent)": there must be no such file. */
void engine_host_assert_file(struct engine_host *host, const char *path, const char *text);

#endif
