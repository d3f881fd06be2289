/* landlock.h - the kernel's interface of Landlock, whose own header is younger than the C libraries
 * we build with. Two processes give up rights by it: the one that unpacks (fetch/confine.h), and
 * the step of a build (platform/sandbox_confine.c).
 *
 * Source: include/uapi/linux/landlock.h, Documentation/userspace-api/landlock.rst.
 */
#ifndef KH_BASE_LANDLOCK_H
#define KH_BASE_LANDLOCK_H

#include <stdint.h>

struct kh_landlock_ruleset {
	uint64_t handled_access_fs, handled_access_net, scoped;
};
struct kh_landlock_path_beneath {
	uint64_t allowed_access;
	int32_t parent_fd;
} __attribute__((packed));

enum { /* system calls: the same numbers on every architecture; a flag; a type of rule */
       KH_LANDLOCK_CREATE = 444,
       KH_LANDLOCK_ADD_RULE = 445,
       KH_LANDLOCK_RESTRICT_SELF = 446,
       KH_LANDLOCK_VERSION = 1,
       KH_LANDLOCK_PATH_BENEATH = 1,
};

enum {
	KH_LANDLOCK_EXECUTE = 1 << 0,
	KH_LANDLOCK_WRITE_FILE = 1 << 1,
	KH_LANDLOCK_READ_FILE = 1 << 2,
	KH_LANDLOCK_READ_DIR = 1 << 3,
	KH_LANDLOCK_MAKE_DIR = 1 << 7,
	KH_LANDLOCK_MAKE_REG = 1 << 8,
	KH_LANDLOCK_MAKE_SYM = 1 << 12,
	KH_LANDLOCK_FIRST = (1 << 13) - 1, /* all of version 1 */
	KH_LANDLOCK_REFER = 1 << 13,       /* 2: renames and hard links into another directory */
	KH_LANDLOCK_TRUNCATE = 1 << 14,    /* 3 */
	KH_LANDLOCK_IOCTL_DEV = 1 << 15,   /* 5 */
};

#endif
