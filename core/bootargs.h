/* bootargs.h - where the boot loader's files say something to the next kernel.
 *
 * For the report's "persisted" column only: the grub stage knows entries and writes them; this just
 * finds the file and line. Read in this order: /etc/default/grub.d (last name first),
 * /etc/default/grub, BLS entries, /etc/kernel/cmdline, and the menu itself.
 */
#ifndef KH_BOOTARGS_H
#define KH_BOOTARGS_H

#include <stdbool.h>

#include "core/facts.h"

/* Does this line of arguments (quotes already replaced by blanks) say what is looked for? It may
 * keep what it finds in data. */
typedef bool (*kh_bootargs_match)(const char *arguments, void *data);

/* "FILE:LINE" of the first line that matches, owned, or NULL. */
char *kh_bootargs_find(const struct kh_root *root, const struct kh_facts *facts,
		       kh_bootargs_match match, void *data);

/* The value of the last KEY=VALUE among the arguments: owned text, or NULL. */
char *kh_bootargs_value(const char *arguments, const char *key);

#endif
