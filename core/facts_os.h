/* facts_os.h - the system: distribution, kernel, init, modules in use, /dev/kvm. */
#ifndef KH_FACTS_OS_H
#define KH_FACTS_OS_H

#include <jansson.h>
#include <stdbool.h>

#include "core/base/root.h"
#include "core/kernel_config.h"

struct kh_facts_os {
	char *id;         /* os-release ID, or NULL */
	char *id_like;    /* os-release ID_LIKE, or NULL */
	char *version_id; /* os-release VERSION_ID, or NULL */
	char *name;       /* os-release PRETTY_NAME, or NULL */
	char *hostname;
	char *kernel_release; /* running: /proc/sys/kernel/osrelease; NULL where not recorded */
	/* "x86_64"; of the running kernel on the live root, else from what is recorded
	 * (/proc/sys/kernel/arch, programs' ELF header); NULL: not known. kh_facts_collect then
	 * takes the CPU's word */
	char *machine;
	char *boot_id;     /* /proc/sys/kernel/random/boot_id, or NULL */
	bool has_systemd;  /* installed below the root */
	bool is_booted;    /* the root shows a running system: /proc is there */
	bool is_container; /* live root only: /run/systemd/container, /.dockerenv, PID 1's
			      environment */
	struct kh_strv loaded_modules;          /* /proc/modules, in file order */
	struct kh_kernel_config *kernel_config; /* read when first asked: kh_facts_os_option */
};

void kh_facts_os_collect(const struct kh_root *root, struct kh_facts_os *ret_os);
void kh_facts_os_done(struct kh_facts_os *os);
json_t *kh_facts_os_json(const struct kh_facts_os *os);

/* 'y', 'm', or 'n' of CONFIG_NAME (name without CONFIG_) in the running kernel's configuration;
 * '?' when the configuration is not known. */
char kh_facts_os_option(const struct kh_facts_os *os, const char *name);
/* major * 1000 + minor of the release ("5.10.0-…" -> 5010), or -1. */
int kh_facts_release_number(const char *release);

/* The os-release part, for tests and fuzzing. Source: os-release(5). */
void kh_facts_os_parse_release(const char *os_release, struct kh_facts_os *os);

#endif
