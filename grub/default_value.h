/* default_value.h - one value of a shell assignment, edited where it stands.
 *
 * A value is read letter by letter as a shell reads it, quotes and backslashes taken off, and each
 * letter keeps its place. Words are found in what results and changed at those places, so that the
 * quotes stay paired and every other byte stays. $NAME and ${NAME} are letters as they are written;
 * any other expansion is one letter nobody can read, and the word it stands in is left alone, and
 * so is the first word of NAME+= that does not begin with a blank. Source: POSIX shell command
 * language 2.2, 2.6; bash(1), PARAMETERS (+=).
 */
#ifndef KH_GRUB_DEFAULT_VALUE_H
#define KH_GRUB_DEFAULT_VALUE_H

#include <stdbool.h>

#include "grub/cmdline.h"

/* What shall become of a value: stale words go; the groups are merged in, or their keys taken out.
 */
struct kh_default_edit {
	const struct kh_cmdline_groups *groups;
	const struct kh_strv *stale;
	bool is_merge;
	bool is_append; /* of NAME+=VALUE */
	bool goes_on;   /* something later is put behind the value */
};

/* Are its quotes closed, the shell's and the kernel's, and is nothing in it whose end could be
 * elsewhere? */
bool kh_default_value_is_clear(const char *raw);
/* raw edited; equal to it, byte for byte, when nothing needs to change or it is not clear. Owned.
 */
char *kh_default_value_edit(const char *raw, const struct kh_default_edit *edit);
/* text as it must be written between these quotes of a shell. Owned. */
char *kh_default_value_escape(const char *text, char quote);

#endif
