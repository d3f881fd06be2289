/* modules_index.h - is an index of kernel modules (modules.dep.bin and the like) whole?
 *
 * libkmod follows the offsets in it without a look at where they lead, and crashes when they lead
 * nowhere: after a power cut in the middle of depmod, or in an image somebody prepared. So what it
 * is given is looked through first.
 */
#ifndef KH_MODULES_INDEX_H
#define KH_MODULES_INDEX_H

#include <stdbool.h>
#include <stddef.h>

/* Every offset leads to a node inside the file, every text ends there, and no node is reached more
 * often than a tree allows. Source: kmod, libkmod/libkmod-index.h: "Integers are stored as 32 bit
 * unsigned in network order". */
bool kh_modules_index_is_sound(const char *bytes, size_t length);

#endif
