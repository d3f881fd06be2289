/* modprobe.h - the lines of modprobe.d, with the file and line each stands in.
 *
 * libkmod applies this configuration but does not say where an option comes from, and that is what
 * an operator needs to know when another file overrides ours. Options add up over all files in
 * their order; of two values of one parameter the kernel takes the last. Source: modprobe.d(5).
 */
#ifndef KH_MODPROBE_H
#define KH_MODPROBE_H

#include "core/base/root.h"

struct kh_modprobe_line {
	char *path;
	int line;
	char *command; /* "options", "blacklist", "install", ... */
	char *module;
	char *rest; /* trimmed, "" when there is none */
};

struct kh_modprobe {
	struct kh_modprobe_line *lines; /* in the order they are read */
	size_t line_count;
};

/* Read them as they will be once PATH (NULL: no such) holds text. */
void kh_modprobe_read(const struct kh_root *root, const char *path, const char *text,
		      struct kh_modprobe *ret_modprobe);
void kh_modprobe_done(struct kh_modprobe *modprobe);

/* The first "blacklist MODULE" line, or NULL. */
const struct kh_modprobe_line *kh_modprobe_blacklist(const struct kh_modprobe *modprobe,
						     const char *module);
/* The line that decides PARAMETER of MODULE, or NULL; *ret_value (owned) is its value there. */
const struct kh_modprobe_line *kh_modprobe_option(const struct kh_modprobe *modprobe,
						  const char *module, const char *parameter,
						  char **ret_value);

#endif
