/* sysctl.h - which file decides a sysctl at boot.
 *
 * systemd-sysctl and procps read the *.conf files of /etc/sysctl.d, /run/sysctl.d,
 * /usr/local/lib/sysctl.d, /usr/lib/sysctl.d (and /lib/sysctl.d) in the order of their file names
 * whatever the directory, a name in an earlier directory hiding the same name in later ones; procps'
 * `sysctl --system` reads /etc/sysctl.conf last, systemd only through a 99-sysctl.conf link. The last
 * assignment wins. Source: sysctl.d(5), sysctl(8).
 */
#ifndef KH_SYSCTL_H
#define KH_SYSCTL_H

#include "core/base/root.h"

struct kh_sysctl_setting {
	char *path; /* the file, NULL: nothing sets it */
	int line;
	char *value;
};

/* The assignment of NAME ("vm.swappiness"; slashes count as dots) that wins at boot. */
void kh_sysctl_winner(const struct kh_root *root, const char *name,
		      struct kh_sysctl_setting *ret_setting);
void kh_sysctl_setting_done(struct kh_sysctl_setting *setting);

/* "/proc/sys/vm/swappiness" for "vm.swappiness" (and for "net.ipv4.conf.eth0/1.x"). Owned. */
char *kh_sysctl_path(const char *name);

/* "tuned profile 'virtual-host'" when an active tuned profile (with its includes) sets this sysctl or
 * knob ("vm.swappiness", "transparent_hugepages", "elevator"), otherwise NULL. Owned. */
char *kh_tuned_setter(const struct kh_root *root, const char *knob);

#endif
