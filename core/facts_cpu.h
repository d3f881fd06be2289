/* facts_cpu.h - processors: vendor, flags, vulnerabilities. Source: /proc/cpuinfo (key before the
 * colon compared exactly: newer kernels have a separate "vmx flags" line), /sys/devices/system/cpu.
 */
#ifndef KH_FACTS_CPU_H
#define KH_FACTS_CPU_H

#include <jansson.h>
#include <stdbool.h>

#include "core/base/root.h"

enum kh_vendor { KH_VENDOR_UNKNOWN, KH_VENDOR_INTEL, KH_VENDOR_AMD /* and Hygon */ };

struct kh_facts_vulnerability {
	char *name; /* file name: "itlb_multihit" */
	char *text; /* its line */
};

struct kh_facts_cpu {
	enum kh_vendor vendor;
	char *model_name;
	char *microcode;
	long long family, model, stepping;
	long long count;          /* logical CPUs; 0: no cpuinfo */
	long long socket_count;   /* distinct physical ids, or -1 */
	struct kh_strv flags;     /* of the first CPU */
	struct kh_strv vmx_flags; /* the "vmx flags" line */
	struct kh_facts_vulnerability *vulnerabilities;
	size_t vulnerability_count;
};

void kh_facts_cpu_collect(const struct kh_root *root, struct kh_facts_cpu *ret_cpu);
void kh_facts_cpu_done(struct kh_facts_cpu *cpu);
json_t *kh_facts_cpu_json(const struct kh_facts_cpu *cpu);

bool kh_facts_cpu_has(const struct kh_facts_cpu *cpu, const char *flag); /* in flags or vmx flags */

/* The /proc/cpuinfo part, for tests and fuzzing. */
void kh_facts_cpu_parse(const char *cpuinfo, struct kh_facts_cpu *cpu);

#endif
