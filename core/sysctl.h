/* sysctl.h - which file decides a sysctl at boot.
 *
 * systemd-sysctl and procps read the *.conf files of /etc/sysctl.d, /run/sysctl.d,
 * /usr/local/lib/sysctl.d, /usr/lib/sysctl.d (and /lib/sysctl.d) in the order of their file names
 * whatever the directory, a name in an earlier directory hiding the same name in later ones;
 * procps' `sysctl --system` reads /etc/sysctl.conf last, systemd only through a 99-sysctl.conf link
 * (which Debian 13 no longer ships), the start scripts of CentOS 6 read it first. The last
 * assignment wins; a pattern ("net.ipv4.conf.*.rp_filter") sets only what no line sets by its name.
 * Source: sysctl.d(5), sysctl(8), /etc/init.d/functions of initscripts.
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
/* The same as it will be once PATH (a file of one of the directories) holds text. */
void kh_sysctl_winner_after(const struct kh_root *root, const char *name, const char *path,
			    const char *text, struct kh_sysctl_setting *ret_setting);
/* The assignment of NAME that wins within one text; path is only copied into the result. */
void kh_sysctl_find(const char *text, const char *path, const char *name,
		    struct kh_sysctl_setting *ret_setting);
void kh_sysctl_setting_done(struct kh_sysctl_setting *setting);

/* Is /etc/sysctl.conf read at boot (by itself or through a link in sysctl.d)? */
bool kh_sysctl_conf_is_read(const struct kh_root *root);

/* "/proc/sys/vm/swappiness" for "vm.swappiness" (and for "net.ipv4.conf.eth0/1.x"). Owned. The
 * first separator decides: after a dot, dots separate and a slash stands for a dot; otherwise
 * slashes. */
char *kh_sysctl_path(const char *name);

/* Could NAME be a sysctl: at least two parts, none empty, "." or ".."? */
bool kh_sysctl_is_name(const char *name);

/* Same value? White space between numbers does not count: the kernel prints tabs. */
bool kh_sysctl_equal(const char *a, const char *b);

/* "tuned profile 'virtual-host'" when an active tuned profile (with its includes) sets this sysctl
 * or knob ("vm.swappiness", "transparent_hugepages", "elevator"), otherwise NULL. Owned. */
char *kh_tuned_setter(const struct kh_root *root, const char *knob);

#endif
