/* config.h - what the operator wants: one YAML file, --set options, and defaults for the rest.
 *
 * The key table (config_keys.c) has a row per key: name, type, offset in these structs, limits,
 * default and one line of documentation with the unit. It feeds the parser, `kvmhost help config`,
 * the starter file, kvmhost.yaml(5) and the JSON Schema: nothing is said twice.
 * Order of calls: kh_config_load (defaults, then the file, then each --set), use it as const,
 * kh_config_done. The struct owns everything in it.
 */
#ifndef KH_CONFIG_H
#define KH_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/root.h"
#include "core/base/str.h"

enum kh_tri { KH_AUTO, KH_ON, KH_OFF };

struct kh_config_sources {
	char *provider; /* "auto", "upstream", "distro", a directory's path or a mirror's URL */
	char *keyring;  /* path of an OpenPGP keyring, or NULL: signatures are not asked for */
};

struct kh_config_build {
	char *jobs; /* "auto" or a number: kh_config_jobs() */
	char *user; /* "auto": a transient unprivileged one, or an account's name */
	enum kh_tri ccache;
	char *store; /* absolute path below the root */
};

/* A program that is built from source: version is "distro" (the newest its provider has), "none"
 * (left to the distribution's packages) or exact. */
struct kh_config_kernel {
	char *version;
	char *sha256; /* of the source archive, lower case, or NULL */
	char *base;   /* "host", "running", "defconfig" or a file of the machine we run on */
	struct kh_strv hosts;     /* "self", or files made by `kvmhost facts --json` */
	struct kh_strv fragments; /* shipped ones by name, others by path */
	char *localversion;
	char *mok_key, *mok_certificate; /* of the machine's owner, to sign with; or NULL */
};

struct kh_config_qemu {
	char *version, *sha256;
	char *prefix;
	struct kh_strv targets;   /* "x86_64-softmmu" */
	struct kh_strv configure; /* more options of ./configure */
};

enum kh_libvirt_daemon { KH_LIBVIRT_AUTO, KH_LIBVIRT_MONOLITHIC, KH_LIBVIRT_MODULAR };

struct kh_config_libvirt {
	char *version, *sha256;
	char *prefix;
	enum kh_libvirt_daemon daemon;
	struct {
		char *vnc_listen;
		char *user, *group; /* "auto": the distribution's own account */
	} qemu_conf;
};

struct kh_config_option { /* modules.options: MODULE: {NAME: VALUE} */
	char *module;
	char *name;
	char *value;
};

struct kh_config_modules {
	struct kh_strv load;    /* in order; "kvm_vendor" stands for kvm_intel or kvm_amd */
	struct kh_strv require; /* those of load whose absence is an error */
	struct kh_config_option *options;
	size_t option_count;
};

enum kh_address_mode { KH_ADDRESS_INHERIT, KH_ADDRESS_DHCP, KH_ADDRESS_STATIC };
enum kh_activate { KH_ACTIVATE_REBOOT, KH_ACTIVATE_NOW };
enum kh_bridge_confirm { KH_CONFIRM_LOGIN, KH_CONFIRM_GATEWAY };

struct kh_config_bridge {
	char *name;
	char *port; /* "auto", "none", a link's name, or a MAC address */
	enum kh_address_mode address_mode;
	struct kh_strv addresses; /* static: "192.0.2.10/25", "2001:db8::10/64" */
	struct kh_strv gateways;  /* static: at most one per address family */
	struct kh_strv dns;
	bool stp;
	enum kh_activate activate;
	enum kh_bridge_confirm confirm;
	long long confirm_timeout_s;
};

enum kh_iommu { KH_IOMMU_AUTO, KH_IOMMU_ON, KH_IOMMU_PT, KH_IOMMU_OFF };
enum kh_thp { KH_THP_ALWAYS, KH_THP_MADVISE, KH_THP_NEVER };
enum kh_elevator {
	KH_ELEVATOR_AUTO,
	KH_ELEVATOR_NONE,
	KH_ELEVATOR_MQ_DEADLINE,
	KH_ELEVATOR_BFQ,
	KH_ELEVATOR_KYBER,
	KH_ELEVATOR_DEADLINE,
	KH_ELEVATOR_NOOP,
	KH_ELEVATOR_CFQ,
};

enum kh_grub_trial { KH_GRUB_TRIAL_AUTO, KH_GRUB_TRIAL_OFF };

struct kh_config_grub {
	enum kh_iommu iommu;
	enum kh_thp transparent_hugepage;
	enum kh_elevator elevator;
	struct kh_strv cgroup_disable;
	struct kh_strv extra; /* whole arguments: "mitigations=auto" */
	enum kh_grub_trial trial;
	long long rehearsal_s; /* 0: none */
};

enum kh_pool_amount { KH_POOL_COUNT, KH_POOL_PERCENT, KH_POOL_FOR_GUESTS };
enum kh_pool_reserve { KH_RESERVE_AUTO, KH_RESERVE_BOOT, KH_RESERVE_RUNTIME };

struct kh_config_pool {
	uint64_t size_bytes; /* of one page: 2M or 1G */
	enum kh_pool_amount amount;
	long long count;           /* pages, of KH_POOL_COUNT */
	long long percent;         /* of RAM (of the node's RAM when node is given) */
	uint64_t for_guests_bytes; /* rounded up to whole pages */
	char *mount;               /* where hugetlbfs of this size is mounted, or NULL */
	enum kh_pool_reserve reserve;
	long long node; /* NUMA node, or -1: all together */
	char *where; /* "kvmhost.yaml:21:7", for later refusals; never NULL ("built-in default") */
};

struct kh_config_hugepages {
	uint64_t default_size_bytes; /* 0: auto */
	struct kh_config_pool *pools;
	size_t pool_count;
};

enum kh_ksm_persist { KH_KSM_RC_LOCAL, KH_KSM_TMPFILES };

struct kh_config_ksm {
	bool run;
	long long pages_to_scan;
	long long sleep_millisecs;
	enum kh_tri merge_across_nodes;
	enum kh_ksm_persist persist;
};

struct kh_config_sysctl { /* sysctl: {NAME: VALUE} */
	char *name;       /* dotted: "vm.swappiness" */
	char *value;
};

struct kh_config_io {
	enum kh_tri tso; /* NIC offloads of the bridge's port: auto leaves them alone */
	enum kh_tri gso;
};

struct kh_config {
	struct kh_config_sources sources;
	struct kh_config_build build;
	struct kh_config_kernel kernel;
	struct kh_config_qemu qemu;
	struct kh_config_libvirt libvirt;
	struct kh_config_modules modules;
	struct kh_config_bridge bridge;
	struct kh_config_grub grub;
	struct kh_config_hugepages hugepages;
	struct kh_config_ksm ksm;
	struct kh_config_sysctl *sysctl;
	size_t sysctl_count;
	struct kh_config_io io;
	struct {
		enum kh_tri balancing;
	} numa;
	struct {
		bool allow;
	} sleep;
	struct {
		struct kh_strv require;
	} report;
	char *path; /* the file that was read, or NULL: none */
	/* Positions: "bridge.stp", "kvmhost.yaml:9:8", in pairs. Also "hugepages.pools[0].count",
	 * "sysctl.vm.swappiness", "modules.options.kvm_intel.nested". */
	struct kh_strv keys;
};

/* Default: /etc/kvmhost/kvmhost.yaml below the root. */
extern const char *const kh_config_default_path;

/* Fill ret_config: defaults, then the file, then the settings ("KEY=VALUE", in order).
 * path: NULL means the default path below root, whose absence is fine; otherwise a file of the
 * machine we run on (as typed by the operator), which must exist. A file without a byte in it is an
 * error (what a power cut leaves of one just written); /dev/null stands for no file.
 * Errors: KH_CONFIG for anything in the file ("FILE:LINE:COLUMN: what", then the source line and a
 * caret; the nearest known key as a hint), KH_USAGE for a bad --set, KH_SYSTEM for reading. */
int kh_config_load(const struct kh_root *root, const char *path, const struct kh_strv *settings,
		   struct kh_config *ret_config, struct kh_error *err);
/* The same with the file's text (length bytes, whatever they are) in memory; name: in messages.
 * text NULL: no file. For tests and for texts that were made, such as the starter. */
int kh_config_load_text(const char *name, const char *text, size_t length,
			const struct kh_strv *settings, struct kh_config *ret_config,
			struct kh_error *err);
void kh_config_done(struct kh_config *config);

/* Where a key was given ("kvmhost.yaml:9:8", "--set bridge.stp"), or "built-in default". */
const char *kh_config_where(const struct kh_config *config, const char *dotted_key);

/* Compilers at once: build.jobs, or as many as the machine we run on has processors. */
unsigned kh_config_jobs(const struct kh_config *config);

/* The configuration as one JSON text, keys sorted, for the journal's digest. Owned by the caller.
 */
char *kh_config_json(const struct kh_config *config);

#endif
