/* packages.h - the distribution's packages: which are there, and installing some as a change.
 *
 * Installing brings dependencies; what really came is found by comparing the package database
 * before and after, and kept in the journal, so that undo removes exactly these and nothing else.
 * Where something that came later needs one of them, all stay, and that is said. On the CentOS
 * family a key that dnf imported with the first package of a repository is taken back, too.
 *
 * Debian's database is a text file, /var/lib/dpkg/status (dpkg(1)), which planning can read. rpm's
 * is not: there a package counts as installed when a file it brings is there (the stage's table),
 * and `rpm -qa` is asked only while changing.
 */
#ifndef KH_PACKAGES_H
#define KH_PACKAGES_H

#include <jansson.h>
#include <stdbool.h>

#include "core/base/error.h"
#include "core/base/root.h"
#include "core/base/run.h"
#include "core/base/str.h"

enum kh_package_manager {
	KH_PACKAGES_NONE, /* neither apt nor dnf or yum */
	KH_PACKAGES_APT,
	KH_PACKAGES_DNF,
};

enum kh_package_manager kh_packages_manager(const struct kh_root *root);

struct kh_package {
	char *name; /* "gcc"; of a foreign architecture "gcc:i386" */
	char *version;
};

struct kh_packages { /* installed ones, sorted by name */
	struct kh_package *items;
	size_t count;
};

/* The text of dpkg's status file. */
void kh_packages_parse_status(const char *text, struct kh_packages *ret_packages);
/* Installed on this root by dpkg; none where there is no dpkg. */
void kh_packages_read(const struct kh_root *root, struct kh_packages *ret_packages);
void kh_packages_done(struct kh_packages *packages);
bool kh_packages_has(const struct kh_packages *packages, const char *name);

/* ---- for the engine ---- */

/* A package run changes the files that a plan was made from (/etc, the boot loader's menu,
 * kernels): wait until dpkg or rpm is done with this root, as long as apt would for another one.
 * What was waited for is told as a note. Returns 0, or -1 (KH_SYSTEM) with who is still at it after
 * most_s seconds. */
struct kh_sink;
enum { KH_PACKAGES_WAIT_S = 300 };
int kh_packages_wait(const struct kh_root *root, unsigned most_s, struct kh_sink *sink,
		     struct kh_error *err);

/* Install names (apt: no recommended ones). place: a directory with packages and their index
 * (made by `kvmhost bundle`), the only source then; NULL: as the host is configured. ret_details:
 * {"came": [names], "changed": [names of packages that got another version]}, also when it fails
 * half-way. Errors: KH_PROGRAM; where names were not found and a repository of development packages
 * is configured but not enabled, the hint names it. */
int kh_packages_install(const struct kh_root *root, struct kh_runner *runner,
			const struct kh_strv *names, const char *place, json_t **ret_details,
			struct kh_error *err);
/* Take back what an install brought. asked: the names it was asked for; details: as above, or NULL
 * when it was cut off before they were known (rpm: nothing is removed then, for what is there was
 * not looked at before). Below another root that is left to do. ret_note: what
 * stays, and why. Never fails: the rest of an undo does not hang on it. */
void kh_packages_remove(const struct kh_root *root, struct kh_runner *runner, const json_t *asked,
			const json_t *details, char **ret_note);

#endif
