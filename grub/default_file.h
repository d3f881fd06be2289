/* default_file.h - /etc/default/grub and its drop-ins, as shell text.
 *
 * grub-mkconfig sources these files, so an assignment may be quoted in every way the shell knows,
 * be continued on the next line, be repeated (the last one wins) or append (+=, or "$NAME more").
 * The parser finds assignments and leaves everything else alone; nothing is run or expanded.
 * Merging changes our words inside the values and keeps every other byte. Where the parser cannot
 * know which assignment has the last word, ours go into a line at the end that adds to whatever the
 * variable holds by then. Source: info grub "Simple configuration"; grub-mkconfig(8); POSIX shell
 * command language 2.2, 2.9.1.
 */
#ifndef KH_GRUB_DEFAULT_FILE_H
#define KH_GRUB_DEFAULT_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "grub/cmdline.h"

struct kh_default_assignment {
	char *name;
	size_t start, end; /* of the value in the text, quotes included */
	bool is_append;    /* NAME+=VALUE */
	/* Inside if, case, a loop, a function, a subshell; behind && or ||; before a command. */
	bool is_conditional;
	int line; /* where the name stands, from 1 */
};

struct kh_default_assignments { /* in the order of the file */
	struct kh_default_assignment *items;
	size_t count;
	/* The last place where a command line may be set in a way that cannot be seen: a file that
	 * is sourced, a function, eval, "${NAME:=VALUE}", … Its end in the text; 0: there is none.
	 */
	size_t unseen;
};

void kh_default_file_parse(const char *text, struct kh_default_assignments *ret_assignments);
void kh_default_assignments_done(struct kh_default_assignments *assignments);

/* What NAME holds after the file was sourced, quotes removed and variables other than NAME itself
 * left as they are written ("$X"); NULL when the file does not set it. *ret_line (may be NULL): of
 * the last assignment. Owned. */
char *kh_default_file_value(const char *text, const char *name, int *ret_line);

/* Does the file set NAME afresh (dropping what it held before)? */
bool kh_default_file_overrides(const char *text, const char *name);

/* text with the groups merged into GRUB_CMDLINE_LINUX and GRUB_CMDLINE_LINUX_DEFAULT: the words go
 * into the last assignment of `variable` (one of the two) and their keys are taken out of every
 * other assignment of both; stale words go away everywhere. Where there is no assignment, or the
 * last one is conditional or has something unseen behind it, they go into a new line at the end,
 * NAME="${NAME:+$NAME }words"; that line goes away with its last word. What a repeatable group
 * wants and another assignment has already stays there. Equal to text, byte for byte, when nothing
 * needs to change. Owned. */
char *kh_default_file_merge(const char *text, const char *variable,
			    const struct kh_cmdline_groups *groups, const struct kh_strv *stale);

#endif
