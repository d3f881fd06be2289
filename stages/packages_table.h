/* packages_table.h - the distribution's packages that building and running needs, as data.
 *
 * A row is for some of the programs and of one kind. Names are those of Debian and Ubuntu, and of
 * the CentOS family. Whether one is there: on Debian dpkg's database says so (a library counts as
 * there with its file, whatever its package is called in this release); rpm's database cannot be
 * read while planning, so there the row names a file that the package brings.
 */
#ifndef KH_STAGES_PACKAGES_TABLE_H
#define KH_STAGES_PACKAGES_TABLE_H

#include <stdbool.h>

#include "core/packages.h"

enum { KH_FOR_KERNEL = 1, KH_FOR_QEMU = 2, KH_FOR_LIBVIRT = 4, KH_FOR_ALL = 7 };

enum kh_package_kind {
	KH_PACKAGE_BUILD,   /* to make it */
	KH_PACKAGE_LIBRARY, /* to run what was made elsewhere; comes along with the BUILD ones */
	KH_PACKAGE_RUN,     /* to use it: firmware, helpers */
};

struct kh_package_row {
	unsigned programs; /* KH_FOR_... */
	enum kh_package_kind kind;
	const char *deb;     /* NULL: none is needed there */
	const char *ubuntu;  /* its name there, where it differs; or NULL */
	const char *library; /* how the file of a library begins: "libz.so.1"; or NULL */
	const char *rpm;
	const char *rpm_file; /* a file of it */
};

extern const struct kh_package_row kh_package_rows[];
extern const size_t kh_package_row_count;

/* What is missing on this root, of the packages that building these programs (KH_FOR_...) and
 * running those needs. os_id: as in os-release. */
void kh_packages_missing(const struct kh_root *root, const char *os_id, unsigned building,
			 unsigned running, struct kh_strv *names);
/* Those of the names that are in the CentOS family's repository of development packages. */
void kh_packages_in_crb(const struct kh_strv *names, struct kh_strv *ret_names);
/* All of them by name, whatever is there: for a bundle. */
void kh_packages_all(enum kh_package_manager manager, const char *os_id, unsigned programs,
		     struct kh_strv *names);

#endif
