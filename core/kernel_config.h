/* kernel_config.h - the running kernel's build configuration, read when first asked.
 *
 * The text is a quarter of a megabyte and most runs never look at it: kh_kernel_config_open() only
 * keeps where to look; the first kh_kernel_config_option() reads and indexes it. Places, in order:
 * /proc/config.gz (the kernel's own word), /boot/config-RELEASE, /lib/modules/RELEASE/config.
 * It keeps a descriptor of the root of its own and so may outlive the struct kh_root.
 * Not for use by two threads at once.
 */
#ifndef KH_KERNEL_CONFIG_H
#define KH_KERNEL_CONFIG_H

#include <stddef.h>

#include "core/base/root.h"

struct kh_kernel_config;

/* release: of the running kernel, or NULL when not known (then only /proc/config.gz is looked at).
 */
struct kh_kernel_config *kh_kernel_config_open(const struct kh_root *root, const char *release);
/* From a text, as in /boot/config-*: for tests and fuzzing. */
struct kh_kernel_config *kh_kernel_config_from_text(const char *text);
void kh_kernel_config_free(struct kh_kernel_config *config);

/* 'y', 'm', 'n' of CONFIG_NAME (name without CONFIG_), 'y' also when its value is a number or a
 * text;
 * '?' when there is no configuration to read. NULL answers '?'. */
char kh_kernel_config_option(struct kh_kernel_config *config, const char *name);
/* The value as it is written: "y", "m", "250", "\"text\""; "n": not set; NULL: there is no
 * configuration to read. Owned by the caller. */
char *kh_kernel_config_value(struct kh_kernel_config *config, const char *name);
/* The file it is read from, without reading it; NULL when there is none. Owned by the caller. */
char *kh_kernel_config_path(const struct kh_kernel_config *config);

/* Decompress gzip data; NULL when it is damaged or more than 16 MiB. Owned text. */
char *kh_kernel_config_gunzip(const void *bytes, size_t length);

#endif
