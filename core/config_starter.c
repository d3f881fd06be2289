/* config_starter.c - see config_help.h: the file that `kvmhost init` writes. */
#include <string.h>

#include "core/base/mem.h"
#include "core/config_help.h"
#include "core/config_keys.h"
#include "core/config_starter.h"

enum { WIDTH = 79 };

static void add_about(struct kh_str *str, const char *label, const char *text)
{
	kh_auto(kh_free) char *line = kh_printf("%s %s", label, text);
	kh_config_wrap(str, "#   ", line, WIDTH);
}

static double gib(long long kib)
{
	return (double)kib / (1 << 20);
}

static void about_system(struct kh_str *str, const struct kh_facts *facts)
{
	kh_auto(kh_free) char *name = kh_starter_harmless(facts->os.name);
	kh_auto(kh_free) char *kernel = kh_starter_harmless(facts->os.kernel_release);
	kh_auto(kh_free) char *model = kh_starter_harmless(facts->cpu.model_name);
	kh_auto(kh_free) char *system = kh_printf("%s, kernel %s", name, kernel);
	add_about(str, "system:", system);
	kh_auto(kh_free) char *cpu = kh_printf(
		"%s, %lld logical CPUs%s", model, facts->cpu.count,
		kh_facts_cpu_has(&facts->cpu, "pdpe1gb") ? ", 1G pages" : ", no 1G pages");
	add_about(str, "CPU:", cpu);
}

static void about_memory(struct kh_str *str, const struct kh_facts *facts)
{
	const struct kh_facts_memory *memory = &facts->memory;
	if (memory->total_kib <= 0)
		return;
	kh_auto(kh_str_done) struct kh_str text = {0};
	kh_str_addf(&text, "%.1f GiB", gib(memory->total_kib));
	for (size_t i = 0; memory->node_count > 1 && i < memory->node_count; i++)
		kh_str_addf(&text, ", node %lld: %.1f GiB", memory->nodes[i].id,
			    gib(memory->nodes[i].total_kib));
	if (memory->swap_total_kib >= 0)
		kh_str_addf(&text, ", swap %.1f GiB", gib(memory->swap_total_kib));
	add_about(str, "memory:", text.text);
}

static const char *manager_name(enum kh_net_manager manager)
{
	switch (manager) {
	case KH_NET_IFUPDOWN:
		return "ifupdown";
	case KH_NET_NETWORKMANAGER:
		return "NetworkManager";
	case KH_NET_NETWORKD:
		return "systemd-networkd";
	case KH_NET_NETPLAN:
		return "netplan";
	case KH_NET_IFCFG:
		return "ifcfg files";
	case KH_NET_NONE:
		break;
	}
	return "nothing that is known";
}

static void about_network(struct kh_str *str, const struct kh_facts *facts)
{
	const struct kh_facts_link *link = kh_starter_link(facts);
	kh_auto(kh_str_done) struct kh_str text = {0};
	if (link) {
		kh_auto(kh_free) char *name = kh_starter_harmless(link->name);
		kh_str_addf(&text, "%s has the default route", name);
		kh_str_addf(&text, link->mac ? " (%s)" : "%s", link->mac ? link->mac : "");
		if (link->addresses.count > 0)
			kh_str_add(&text, ", ");
		kh_auto(kh_free) char *addresses = kh_strv_join(&link->addresses, ", ");
		kh_str_add(&text, addresses);
	} else {
		kh_str_add(&text, "no default route found");
	}
	kh_str_addf(&text, "; managed by %s", manager_name(facts->net.manager));
	add_about(str, "network:", text.text);
}

static const char *class_name(enum kh_disk_class class)
{
	switch (class) {
	case KH_DISK_ROTATIONAL:
		return "rotating";
	case KH_DISK_SOLID:
		return "flash";
	case KH_DISK_NVME:
		return "NVMe";
	case KH_DISK_VIRTUAL:
		break;
	}
	return "virtual";
}

static void about_disks(struct kh_str *str, const struct kh_facts *facts)
{
	kh_auto(kh_str_done) struct kh_str text = {0};
	for (size_t i = 0; i < facts->disk.disk_count; i++) {
		const struct kh_facts_disk_one *disk = &facts->disk.disks[i];
		kh_auto(kh_free) char *name = kh_starter_harmless(disk->name);
		kh_auto(kh_free) char *scheduler = kh_starter_harmless(disk->scheduler);
		kh_str_addf(&text, "%s%s (%s, %.0f GB, scheduler %s)", i > 0 ? ", " : "", name,
			    class_name(disk->class), (double)disk->size_bytes / 1e9, scheduler);
	}
	if (text.length > 0)
		add_about(str, "disks:", text.text);
}

static void add_header(struct kh_str *str, const struct kh_facts *facts)
{
	kh_auto(kh_free) char *host = kh_starter_harmless(facts->os.hostname);
	kh_auto(kh_free) char *first = kh_printf(
		"kvmhost.yaml - how kvmhost sets up %s; written by 'kvmhost init'.", host);
	kh_config_wrap(str, "# ", first, WIDTH);
	kh_config_wrap(str, "# ",
		       "Every key stands here with its default: change what you want different, "
		       "delete what you do not want to decide. 'kvmhost plan' shows what it would "
		       "do, kvmhost.yaml(5) explains.",
		       WIDTH);
	kh_str_add(str, "#\n# This host:\n");
	about_system(str, facts);
	about_memory(str, facts);
	about_network(str, facts);
	about_disks(str, facts);
}

/* ---- the keys ---- */

struct starter {
	const struct kh_facts *facts;
	const struct kh_strv *chosen; /* KEY=VALUE; may be NULL */
};

static void add_nested(struct kh_str *str, const struct kh_config_key *table)
{
	for (; table->name; table++) {
		kh_auto(kh_free) char *text = kh_printf("%s: %s", table->name, table->doc);
		kh_config_wrap(str, "  #   ", text, WIDTH);
	}
}

static void add_section(struct kh_str *str, const struct kh_config_key *table, const char *parent,
			const char *indent, const struct starter *starter);

/* The value that was chosen, or the default. */
static const char *value_of(const struct starter *starter, const char *dotted, const char *fallback)
{
	size_t length = strlen(dotted);
	for (size_t i = 0; starter->chosen && i < starter->chosen->count; i++) {
		const char *setting = starter->chosen->items[i];
		if (strncmp(setting, dotted, length) == 0 && setting[length] == '=')
			return setting + length + 1;
	}
	return fallback;
}

static void add_key(struct kh_str *str, const struct kh_config_key *key, const char *dotted,
		    const char *indent, const struct starter *starter)
{
	kh_auto(kh_free) char *accepts = kh_config_key_accepts(key);
	kh_auto(kh_free) char *comment = kh_printf("%s# ", indent);
	kh_auto(kh_free) char *takes = kh_printf("Takes %s.", accepts);
	kh_config_wrap(str, comment, key->doc, WIDTH);
	if (key->type == KH_KEY_SECTION) {
		kh_auto(kh_free) char *deeper = kh_printf("%s  ", indent);
		kh_str_addf(str, "%s%s:\n", indent, key->name);
		add_section(str, key->nested, dotted, deeper, starter);
		return;
	}
	kh_config_wrap(str, comment, takes, WIDTH);
	if (key->nested)
		add_nested(str, key->nested);
	if (key->example)
		kh_str_addf(str, "%s# Example: %s: %s\n", indent, key->name, key->example);
	kh_starter_note(str, dotted, starter->facts);
	const char *value = value_of(starter, dotted, key->fallback);
	kh_str_addf(str, "%s%s:%s%s\n", indent, key->name, value ? " " : "", value ? value : "");
}

static void add_section(struct kh_str *str, const struct kh_config_key *table, const char *parent,
			const char *indent, const struct starter *starter)
{
	for (; table->name; table++) {
		kh_auto(kh_free) char *dotted = kh_printf("%s.%s", parent, table->name);
		add_key(str, table, dotted, indent, starter);
	}
}

char *kh_config_starter(const struct kh_facts *facts, const struct kh_strv *chosen)
{
	const struct starter starter = {facts, chosen};
	struct kh_str text = {0};
	add_header(&text, facts);
	for (const struct kh_config_key *section = kh_config_keys; section->name; section++) {
		kh_str_add(&text, "\n");
		kh_config_wrap(&text, "# ", section->doc, WIDTH);
		if (section->type != KH_KEY_SECTION) {
			kh_str_addf(&text, "# Example: %s: %s\n", section->name, section->example);
			kh_str_addf(&text, "%s: %s\n", section->name,
				    value_of(&starter, section->name, section->fallback));
			continue;
		}
		kh_str_addf(&text, "%s:\n", section->name);
		add_section(&text, section->nested, section->name, "  ", &starter);
	}
	return kh_str_take(&text);
}
