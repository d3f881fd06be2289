/* rpm.h - the provider of the CentOS family's source packages: its parts, for tests. */
#ifndef KH_SOURCES_RPM_H
#define KH_SOURCES_RPM_H

#include "core/base/str.h"

struct kh_rpm_package {
	char *version; /* "17:9.0.0-10.el9"; without the epoch 0 */
	char *spec;    /* for dnf: "qemu-kvm-17:9.0.0-10.el9" */
	char *file;    /* "qemu-kvm-9.0.0-10.el9.src.rpm" */
	char *repo;    /* as in our own file: "appstream-source.src" */
	char *vendor;  /* "CentOS" */
};

struct kh_rpm_packages {
	struct kh_rpm_package *items;
	size_t count;
};

/* What kh_dnf_list() gave, the newest first; lines that are no package are left out (dnf's own
 * words among them), and so are those of other names. */
void kh_rpm_read_list(const char *text, const char *name, struct kh_rpm_packages *ret_packages);
void kh_rpm_packages_done(struct kh_rpm_packages *packages);

#endif
