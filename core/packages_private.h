/* packages_private.h - rpm's part of packages.h, for packages_change.c. */
#ifndef KH_PACKAGES_PRIVATE_H
#define KH_PACKAGES_PRIVATE_H

#include "core/packages.h"

/* Installed by rpm: "gcc.x86_64". A key that was imported counts as one: "gpg-pubkey-VERSION". */
int kh_packages_rpm_read(struct kh_runner *runner, struct kh_packages *ret_packages,
			 struct kh_error *err);
int kh_packages_rpm_install(const struct kh_root *root, struct kh_runner *runner,
			    const struct kh_strv *names, struct kh_error *err);
/* names: as kh_packages_rpm_read() has them. ret_note: they stay, and why. */
void kh_packages_rpm_remove(const struct kh_root *root, struct kh_runner *runner,
			    const struct kh_strv *names, char **ret_note, struct kh_error *err);

#endif
