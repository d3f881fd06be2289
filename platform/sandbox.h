/* sandbox.h - run a step of a build: unprivileged, without network, its output in a log.
 *
 * As root the step runs as the build account (build.user; auto: a number without a name that owns
 * the store's build directories, core/account.h) in network, IPC and process namespaces of its own;
 * otherwise as whoever runs, in a user namespace too, where the kernel allows that. No new
 * privileges, a clean environment, standard input from /dev/null, no core files. What a step leaves
 * running ends with it, and it ends with us: the first process of its process namespace waits for
 * it and takes all others along. Every line of output goes to the log and to on_line.
 *
 * Where the network cannot be cut off, is_isolated is false and obstacle says why: the caller tells
 * the operator.
 */
#ifndef KH_PLATFORM_SANDBOX_H
#define KH_PLATFORM_SANDBOX_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/error.h"
#include "core/base/root.h"
#include "core/base/str.h"
#include "core/config.h"

#define KH_SANDBOX_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct kh_sandbox {
	uid_t uid; /* the build account's; the caller's own when not root */
	gid_t gid;
	char *home;                 /* HOME of the steps: below the store */
	char *log_path;             /* host path; appended */
	struct kh_strv environment; /* "CCACHE_DIR=...": beside PATH, LC_ALL, HOME, TMPDIR; one
				     * of these given here replaces it */
	/* Host paths of directories: a step may write below these, and where any program may (/tmp,
	 * /dev), and nowhere else; none: wherever its account may. Where the kernel has Landlock.
	 */
	struct kh_strv writable;
	/* Called with each line, without its newline; may be NULL. */
	void (*on_line)(void *data, const char *line);
	void *data;
	unsigned timeout_s; /* without output; 0: 1800 */
	bool is_isolated;   /* network and processes are cut off */
	char *obstacle;     /* why not, or NULL */
};

/* Choose the account and make HOME anew, empty; log_path: the directory is made. */
int kh_sandbox_open(const struct kh_root *root, const struct kh_config *config,
		    const char *log_path, struct kh_sandbox *ret_sandbox, struct kh_error *err);
void kh_sandbox_done(struct kh_sandbox *sandbox);
/* A directory that belongs to the build account (made with its parents where missing; only itself
 * is given to the account). One that belongs to another account is emptied: a build is not mixed
 * from two. A link in its place is an error. */
int kh_sandbox_dir(const struct kh_sandbox *sandbox, const char *host_path, struct kh_error *err);
/* A file of the build account in a directory of its own; what is there is replaced, a link too. */
int kh_sandbox_put(const struct kh_sandbox *sandbox, const char *host_path, const char *text,
		   struct kh_error *err);
/* What a step wrote: owned text of a regular file, not through a link. Returns 0, 1: absent, -1. */
int kh_sandbox_get(const struct kh_sandbox *sandbox, const char *host_path, char **ret_text,
		   struct kh_error *err);

/* Run argv in the directory cwd (host path). An exit status other than 0 is KH_PROGRAM: the message
 * has the first real error lines of the output, the hint the log's path. */
int kh_sandbox_run(struct kh_sandbox *sandbox, const char *cwd, const char *const *argv,
		   struct kh_error *err);
/* The same, with the output (standard output only, at most 64 MiB) as text; owned. */
int kh_sandbox_capture(struct kh_sandbox *sandbox, const char *cwd, const char *const *argv,
		       char **ret_output, struct kh_error *err);

#endif
