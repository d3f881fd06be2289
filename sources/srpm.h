/* srpm.h - put a source package of the CentOS family together: %prep of its spec file.
 *
 * rpmbuild(8) does it, as the build account, in a directory of its own and without network: a spec
 * file is a program (macros run commands while it is read, %prep is a shell script), and which
 * patches are applied, how and in which order is said nowhere else. docs/design.md has more.
 *
 * Source: rpmbuild(8), -bp; rpm-spec(5), "%prep".
 */
#ifndef KH_SOURCES_SRPM_H
#define KH_SOURCES_SRPM_H

#include "sources/area.h"
#include "sources/program.h"

bool kh_srpm_is(const char *file_name); /* "kernel-5.14.0-503.el9.src.rpm" */

/* work: the working area, below the root; package: in it, what the .src.rpm had, tree: in it, to be
 * made. Errors: KH_HOST for a package in which no spec file or no tree is found, KH_PROGRAM. */
int kh_srpm_tree(const struct kh_making *making, const struct kh_area *area,
		 const struct kh_program *program, const char *work, const char *package,
		 const char *tree, struct kh_error *err);

#endif
