/* facts.c - see facts.h. */
#include "core/facts.h"

#include "core/base/mem.h"

void kh_facts_collect(const struct kh_root *root, struct kh_facts *ret_facts)
{
	kh_facts_os_collect(root, &ret_facts->os);
	kh_facts_cpu_collect(root, &ret_facts->cpu);
	kh_facts_memory_collect(root, &ret_facts->memory);
	kh_facts_boot_collect(root, &ret_facts->boot);
	kh_facts_net_collect(root, &ret_facts->net);
	kh_facts_disk_collect(root, &ret_facts->disk);
	kh_facts_pci_collect(root, &ret_facts->pci);
	ret_facts->hardware = kh_hardware_reader_new(root);
	/* A recorded host has no programs to look at, but both vendors make one kind of machine. */
	if (!ret_facts->os.machine && kh_facts_cpu_has(&ret_facts->cpu, "lm"))
		ret_facts->os.machine = kh_strdup("x86_64");
}

void kh_facts_done(struct kh_facts *facts)
{
	kh_facts_os_done(&facts->os);
	kh_facts_cpu_done(&facts->cpu);
	kh_facts_memory_done(&facts->memory);
	kh_facts_boot_done(&facts->boot);
	kh_facts_net_done(&facts->net);
	kh_facts_disk_done(&facts->disk);
	kh_facts_pci_done(&facts->pci);
	kh_hardware_reader_free(facts->hardware);
	facts->hardware = NULL;
}

json_t *kh_facts_json(const struct kh_facts *facts)
{
	return json_pack(
		"{so so so so so so so so}", "os", kh_facts_os_json(&facts->os), "cpu",
		kh_facts_cpu_json(&facts->cpu), "memory", kh_facts_memory_json(&facts->memory),
		"boot", kh_facts_boot_json(&facts->boot), "net", kh_facts_net_json(&facts->net),
		"disk", kh_facts_disk_json(&facts->disk), "pci", kh_facts_pci_json(&facts->pci),
		"hardware", kh_hardware_json(kh_hardware_read(facts->hardware)));
}
