/* tmpfiles.h - which tmpfiles.d line decides a value of /sys at boot.
 *
 * systemd-tmpfiles reads the *.conf files of /etc/tmpfiles.d, /run/tmpfiles.d,
 * /usr/local/lib/tmpfiles.d, /usr/lib/tmpfiles.d (and /lib/tmpfiles.d) in the order of their names,
 * a name in an earlier directory hiding the same name in later ones. Unlike sysctl.d the first line
 * for a path wins; lines with a glob are carried out after the plain ones, and so override them.
 * Source: tmpfiles.d(5); systemd's src/tmpfiles/tmpfiles.c.
 */
#ifndef KH_TMPFILES_H
#define KH_TMPFILES_H

#include <stdbool.h>

#include "core/base/root.h"

struct kh_tmpfiles_setting {
	char *file; /* NULL: nothing sets it */
	int line;
	char *value;
	bool is_glob; /* found by a pattern: carried out after the plain lines */
};

/* What a "w" line writes to PATH at boot. */
void kh_tmpfiles_winner(const struct kh_root *root, const char *path,
			struct kh_tmpfiles_setting *ret_setting);
void kh_tmpfiles_setting_done(struct kh_tmpfiles_setting *setting);

#endif
