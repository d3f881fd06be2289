/* report_flatten.c - see report_compare.h: what of a report is compared, by name. */
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/translate.h"
#include "core/report_compare.h"
#include "core/report_read.h"

/* Facts that a host keeps between boots; those that need more than being printed come below. */
static const struct {
	const char *name, *path;
} facts[] = {
	{"system", "facts.os.name"},
	{KH_WORD("architecture"), "facts.os.machine"},
	{"kernel", "facts.os.kernel_release"},
	{"next kernel", "facts.boot.next_release"},
	{"boot loader", "facts.boot.loader"},
	{"UEFI", "facts.boot.uefi"},
	{"Secure Boot", "facts.boot.secure_boot"},
	{"processor vendor", "facts.cpu.vendor"},
	{KH_WORD("processor"), "facts.cpu.model_name"},
	{"processor family", "facts.cpu.family"},
	{"processor model", "facts.cpu.model"},
	{"processor stepping", "facts.cpu.stepping"},
	{KH_WORD("microcode"), "facts.cpu.microcode"},
	{KH_WORD("processors"), "facts.cpu.count"},
	{"sockets", "facts.cpu.socket_count"},
	{"transparent huge pages", "facts.memory.thp_enabled"},
	{"KSM run", "facts.memory.ksm.run"},
	{"NUMA balancing", "facts.memory.numa_balancing"},
	{"network manager", "facts.net.manager"},
	{"bridge", "bridge"},
	{"nested virtualization", "nested"},
	{"QEMU", "programs.qemu.version"},
	{"QEMU path", "programs.qemu.path"},
	{"QEMU artifact", "programs.qemu.key"},
	{"libvirt", "programs.libvirt.version"},
	{"libvirt path", "programs.libvirt.path"},
	{"libvirt artifact", "programs.libvirt.key"},
	{"kernel on trial", "boot.trial.release"},
};

static void put(json_t *flat, const char *name, char *text)
{
	if (text)
		json_object_set_new(flat, name, kh_json_text(text));
	kh_free(&text);
}

static char *text_of(const json_t *value)
{
	if (json_is_string(value))
		return kh_strdup(json_string_value(value));
	if (json_is_integer(value))
		return kh_printf("%lld", (long long)json_integer_value(value));
	if (json_is_boolean(value))
		return kh_strdup(json_is_true(value) ? "yes" : "no");
	return NULL;
}

/* Memory differs by what the firmware keeps: only whole GiB count. */
static void add_memory(json_t *flat, const json_t *machine)
{
	enum { KIB_IN_GIB = 1 << 20 };
	long long total_kib = kh_report_number_at(machine, "facts.memory.total_kib");
	if (total_kib >= 0)
		put(flat, "memory",
		    kh_printf("%lld GiB", (total_kib + KIB_IN_GIB / 2) / KIB_IN_GIB));
	const json_t *nodes = kh_report_at(machine, "facts.memory.nodes");
	if (json_is_array(nodes))
		put(flat, "NUMA nodes", kh_printf("%zu", json_array_size(nodes)));
	size_t index;
	json_t *pool;
	json_array_foreach(kh_report_at(machine, "facts.memory.pools"), index, pool)
	{
		long long size_kib = kh_report_number_at(pool, "size_kib");
		long long pages = kh_report_number_at(pool, "total_pages");
		if (!json_is_null(json_object_get(pool, "node")) || size_kib <= 0 ||
		    size_kib >= 1LL << 40)
			continue;
		kh_auto(kh_free) char *size = kh_str_size_text((unsigned long long)size_kib << 10);
		kh_auto(kh_free) char *name = kh_printf("huge pages of %s", size);
		put(flat, name, kh_printf("%lld", pages));
	}
}

/* The arguments but those that name the host's own disks and image. */
static void add_cmdline(json_t *flat, const json_t *machine)
{
	static const char *const own[] = {"BOOT_IMAGE=",   "root=",       "resume=", "rd.lvm.lv=",
					  "rd.luks.uuid=", "rd.md.uuid=", "initrd="};
	const char *cmdline = kh_report_text_at(machine, "facts.boot.cmdline");
	kh_auto(kh_strv_done) struct kh_strv words = {0}, kept = {0};
	if (!cmdline)
		return;
	kh_strv_split(&words, cmdline, " \t\n");
	for (size_t i = 0; i < words.count; i++) {
		bool is_own = false;
		for (size_t j = 0; j < KH_COUNT(own); j++)
			is_own = is_own || kh_str_starts(words.items[i], own[j]);
		if (!is_own)
			kh_strv_add(&kept, words.items[i]);
	}
	put(flat, "kernel arguments", kh_strv_join(&kept, " "));
}

static void add_lists(json_t *flat, const json_t *machine)
{
	size_t index;
	const char *name;
	json_t *value;
	kh_auto(kh_strv_done) struct kh_strv flags = {0};
	json_array_foreach(kh_report_at(machine, "facts.cpu.flags"), index, value)
	{
		if (json_is_string(value))
			kh_strv_add(&flags, json_string_value(value));
	}
	if (flags.count > 0) {
		kh_strv_sort(&flags);
		put(flat, "processor flags", kh_strv_join(&flags, " "));
	}
	json_object_foreach(kh_report_at(machine, "facts.cpu.vulnerabilities"), name, value)
	{
		kh_auto(kh_free) char *key = kh_printf("vulnerability %s", name);
		put(flat, key, text_of(value));
	}
}

/* What was found counts where it is a setting or a finding; elsewhere it is a measurement. */
static void add_checks(json_t *flat, const json_t *document)
{
	size_t index;
	json_t *check;
	json_array_foreach(json_object_get(document, "checks"), index, check)
	{
		const char *status = kh_json_get(check, "status");
		bool is_setting = json_object_get(check, "persisted") != NULL;
		bool is_finding = strcmp(status, "fail") == 0 || strcmp(status, "warn") == 0;
		kh_auto(kh_free) char *name = kh_printf("check %s", kh_json_get(check, "id"));
		put(flat, name,
		    is_setting || is_finding
			    ? kh_printf("%s: %s", status, kh_json_get(check, "found"))
			    : kh_strdup(status));
	}
}

json_t *kh_report_flatten(const json_t *document)
{
	json_t *flat = json_object();
	const json_t *machine = json_object_get(document, "machine");
	for (size_t i = 0; i < KH_COUNT(facts); i++)
		put(flat, facts[i].name, text_of(kh_report_at(machine, facts[i].path)));
	add_memory(flat, machine);
	add_cmdline(flat, machine);
	add_lists(flat, machine);
	add_checks(flat, document);
	return flat;
}
