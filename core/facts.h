/* facts.h - what is known about the host, collected once, then const.
 *
 * Collectors are pure readers below the root: they parse and keep; "is that enough?" is asked by
 * stages and checks. Absent is a value: NULL for texts, -1 for numbers, empty for lists. Each group
 * has its own facts_<group>.[ch] with collect, done and a JSON form; a recorded host (only proc/
 * and sys/ captured) gives the same facts as a running one.
 */
#ifndef KH_FACTS_H
#define KH_FACTS_H

#include <jansson.h>

#include "core/base/root.h"
#include "core/facts_boot.h"
#include "core/facts_cpu.h"
#include "core/facts_disk.h"
#include "core/facts_hardware.h"
#include "core/facts_memory.h"
#include "core/facts_net.h"
#include "core/facts_os.h"
#include "core/facts_pci.h"

struct kh_facts {
	struct kh_facts_os os;
	struct kh_facts_cpu cpu;
	struct kh_facts_memory memory;
	struct kh_facts_boot boot;
	struct kh_facts_net net;
	struct kh_facts_disk disk;
	struct kh_facts_pci pci;
	struct kh_hardware_reader *hardware; /* read when first asked: kh_hardware_read */
};

/* Never fails: what cannot be read is absent. */
void kh_facts_collect(const struct kh_root *root, struct kh_facts *ret_facts);
void kh_facts_done(struct kh_facts *facts);
json_t *kh_facts_json(const struct kh_facts *facts); /* a new reference */

#endif
