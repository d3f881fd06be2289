/* cmdline.h - kernel command lines: words, arguments, and merging ours into somebody's.
 *
 * A command line is text; its words are separated by white space outside double quotes. An argument
 * is a word KEY or KEY=VALUE; in KEY '-' and '_' are the same. What kvmhost wants comes in groups:
 * a group owns some keys and has the words that shall stand for them, in order. Merging replaces
 * what stands for those keys by the group's words, once, where the first of them stood (or at the
 * end), and keeps every other byte of the text. `iommu` and `intel_iommu` are different keys.
 *
 * What stands behind the word "--" is init's, not the kernel's: it is neither looked at nor
 * changed, and what is added comes before it.
 *
 * A repeatable group (console=, rd.lvm.lv=, pci=) owns only the very words it wants: other values
 * of the key are somebody else's and stay. Source: Documentation/admin-guide/kernel-parameters.rst;
 * kernel/params.c (next_arg, parameq).
 */
#ifndef KH_GRUB_CMDLINE_H
#define KH_GRUB_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/str.h"

struct kh_cmdline_group {
	char *name;           /* "hugepages": for check ids and messages */
	struct kh_strv keys;  /* the arguments it owns */
	struct kh_strv words; /* wanted, in order; none: the keys shall not stand there */
	bool is_repeatable;
	char *why; /* for the plan and the report */
};

struct kh_cmdline_groups {
	struct kh_cmdline_group *items;
	size_t count;
};

/* A new, empty group at the end; fill keys and words. */
struct kh_cmdline_group *kh_cmdline_add_group(struct kh_cmdline_groups *groups, const char *name,
					      const char *why);
void kh_cmdline_groups_done(struct kh_cmdline_groups *groups);
/* All wanted words of all groups, in order; appended to words. */
void kh_cmdline_wanted(const struct kh_cmdline_groups *groups, struct kh_strv *words);

/* text up to the last word that the kernel reads. Owned. */
char *kh_cmdline_kernel(const char *text);
/* The words of text as they stand there, quotes kept; appended. A quote that is not closed reaches
 * to the end. Quotes escaped for a shell (\") count as quotes. */
void kh_cmdline_split(const char *text, struct kh_strv *words);
/* Does the kernel read this word there (quotes aside; it may have blanks in quotes)? */
bool kh_cmdline_has_word(const char *text, const char *word);
/* word as it must stand in a GRUB 2 configuration or entry, where '$' would be a variable and ';'
 * the end of the command: special characters get a backslash, those that have one already are left.
 * Owned. Source: info grub "Shell-like scripting", Quoting. */
char *kh_cmdline_escape(const char *word);
/* "KEY" of "KEY=VALUE", with '-' as '_'. Owned by the caller. */
char *kh_cmdline_key(const char *word);
/* Is this word an argument of that key (quotes and backslashes aside)? */
bool kh_cmdline_is_key(const char *word, const char *key);
/* Do both words say the same to the kernel (quotes aside)? */
bool kh_cmdline_same_word(const char *a, const char *b);
/* May this key stand several times, each with a meaning of its own (or all adding up)? */
bool kh_cmdline_is_repeatable(const char *key);

/* text with the groups merged in; equal to text, byte for byte, when they are there already. Owned.
 */
char *kh_cmdline_merge(const char *text, const struct kh_cmdline_groups *groups);
/* text without any word that belongs to a group (repeatable groups are left alone). Owned. */
char *kh_cmdline_strip(const char *text, const struct kh_cmdline_groups *groups);
/* text without these words. Huge-page words mean something only together: they go when all of them
 * stand there in this order and no others do. Owned. */
char *kh_cmdline_drop(const char *text, const struct kh_strv *words);

/* The words of text that belong to the group, joined by spaces, or NULL: none. Owned. */
char *kh_cmdline_found(const char *text, const struct kh_cmdline_group *group);
/* Does text have the group's words, each once, and no other value of its keys? */
bool kh_cmdline_has(const char *text, const struct kh_cmdline_group *group);
/* What is wrong with text: "lacks 'a=b'", "has 'a=c' instead of 'a=b'", "has 'a=b' more than once",
 * joined by ", "; NULL when all is well. Owned. */
char *kh_cmdline_judge(const char *text, const struct kh_cmdline_groups *groups);

#endif
