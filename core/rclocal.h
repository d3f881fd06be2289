/* rclocal.h - /etc/rc.local: commands at the end of the boot, shared with the administrator.
 *
 * Our commands stand in one block (block.h) before a final "exit 0". Everything else stays as it
 * is. These functions work on text; whether the host runs the file at all is asked with
 * kh_rclocal_look().
 * Source: systemd-rc-local-generator(8); Debian's and EL's sysvinit scripts.
 */
#ifndef KH_RCLOCAL_H
#define KH_RCLOCAL_H

#include <stdbool.h>

#include "core/base/error.h"
#include "core/base/root.h"
#include "core/base/str.h"

/* The text with these lines (each with its newline; "" or NULL: none) as our block. Without a block
 * it goes before a final "exit", otherwise to the end. An empty text must not be given: a new file
 * starts from its template. Errors (KH_HOST): our block is damaged. ret_text is the caller's. */
int kh_rclocal_put(const char *path, const char *text, const char *lines, char **ret_text,
		   struct kh_error *err);

/* Does its first line name a shell (sh, bash, dash, ksh, busybox sh)? systemd does not run a script
 * without such a line, and another interpreter does not understand our lines. */
bool kh_rclocal_has_shell(const char *text);
/* Is there any command of somebody else in it ("exit" does not count)? */
bool kh_rclocal_has_commands(const char *text);
/* The number of a line before our block (or before the end, where there is none) that is an "exit"
 * at the start of the line: what follows may never run. 0: none. */
int kh_rclocal_early_exit(const char *text);

/* The value that the script writes last to this file of /proc or /sys ("echo VALUE > PATH"): owned
 * text and its line, or NULL. */
char *kh_rclocal_value(const char *text, const char *path, int *ret_line);
/* "12: echo 1 > /sys/..." for each line outside our block, comments aside, that mentions needle. */
void kh_rclocal_mentions(const char *text, const char *needle, struct kh_strv *ret_lines);

/* How this host treats it. */
struct kh_rclocal_host {
	char *path;          /* the file that is run: /etc/rc.local, or /etc/rc.d/rc.local; owned */
	const char *why_not; /* why it is not run at boot, or NULL: it is */
};
void kh_rclocal_look(const struct kh_root *root, bool has_systemd,
		     struct kh_rclocal_host *ret_host);
void kh_rclocal_host_done(struct kh_rclocal_host *host);

#endif
