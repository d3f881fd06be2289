/* grub_cfg_word.h - lines of grub.cfg as GRUB reads them; shared by the files of grub_cfg.h. */
#ifndef KH_GRUB_GRUB_CFG_WORD_H
#define KH_GRUB_GRUB_CFG_WORD_H

#include <stdbool.h>
#include <stddef.h>

/* The word at text[*at], quotes removed, or NULL at the end of the line; *at moves behind it.
 * Owned. */
char *kh_grub_cfg_word(const char *text, size_t *at);
/* Is this word the option that gives an entry its id? */
bool kh_grub_cfg_is_id(const char *word);
/* Is this line (without blanks before it) that command, with arguments? */
bool kh_grub_cfg_is_command(const char *line, const char *name);
/* One of the commands that load a Linux kernel? */
bool kh_grub_cfg_is_linux(const char *line);

#endif
