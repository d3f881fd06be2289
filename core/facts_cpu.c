/* facts_cpu.c - see facts_cpu.h.
 *
 * Every processor has the same block in /proc/cpuinfo; flags are taken from the first one, and only
 * "processor" and "physical id" are read from all. Keys are compared whole: "vmx flags" is a line
 * of its own since 5.9 and must not be taken for "flags".
 */
#include "core/facts_cpu.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/facts_text.h"

static enum kh_vendor vendor_of(struct kh_slice id)
{
	if (kh_slice_is(id, "GenuineIntel"))
		return KH_VENDOR_INTEL;
	if (kh_slice_is(id, "AuthenticAMD") || kh_slice_is(id, "HygonGenuine"))
		return KH_VENDOR_AMD;
	return KH_VENDOR_UNKNOWN;
}

static void set_words(struct kh_strv *list, struct kh_slice words)
{
	struct kh_slice word;
	kh_strv_done(list);
	while (kh_slice_next_word(&words, &word))
		kh_strv_add_owned(list, kh_slice_dup(word));
}

static void set_text(char **text, struct kh_slice value)
{
	free(*text);
	*text = kh_slice_dup(value);
}

static void parse_first(struct kh_slice key, struct kh_slice value, struct kh_facts_cpu *cpu)
{
	if (kh_slice_is(key, "vendor_id"))
		cpu->vendor = vendor_of(value);
	else if (kh_slice_is(key, "cpu family"))
		cpu->family = kh_slice_number(value);
	else if (kh_slice_is(key, "model"))
		cpu->model = kh_slice_number(value);
	else if (kh_slice_is(key, "model name"))
		set_text(&cpu->model_name, value);
	else if (kh_slice_is(key, "stepping"))
		cpu->stepping = kh_slice_number(value);
	else if (kh_slice_is(key, "microcode"))
		set_text(&cpu->microcode, value);
	else if (kh_slice_is(key, "flags"))
		set_words(&cpu->flags, value);
	else if (kh_slice_is(key, "vmx flags"))
		set_words(&cpu->vmx_flags, value);
}

struct id_set {
	long long *ids;
	size_t count;
};

static void add_id(struct id_set *set, long long id)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->ids[i] == id)
			return;
	*kh_append(set->ids, set->count) = id;
}

void kh_facts_cpu_parse(const char *cpuinfo, struct kh_facts_cpu *cpu)
{
	struct id_set sockets = {0};
	struct kh_slice line, key, value;
	cpu->count = 0;
	while (kh_slice_next_line(&cpuinfo, &line)) {
		if (!kh_slice_split(line, ':', &key, &value))
			continue;
		if (kh_slice_is(key, "processor"))
			cpu->count++;
		else if (kh_slice_is(key, "physical id"))
			add_id(&sockets, kh_slice_number(value));
		else if (cpu->count == 1)
			parse_first(key, value, cpu);
	}
	cpu->socket_count = sockets.count > 0 ? (long long)sockets.count : -1;
	free(sockets.ids);
}

static void collect_vulnerabilities(const struct kh_root *root, struct kh_facts_cpu *cpu)
{
	static const char dir[] = "/sys/devices/system/cpu/vulnerabilities";
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_root_list(root, dir, &names);
	for (size_t i = 0; i < names.count; i++) {
		char *text = kh_root_linef(root, "%s/%s", dir, names.items[i]);
		if (!text)
			continue;
		struct kh_facts_vulnerability *one =
			kh_append(cpu->vulnerabilities, cpu->vulnerability_count);
		*one = (struct kh_facts_vulnerability){kh_strdup(names.items[i]), text};
	}
}

void kh_facts_cpu_collect(const struct kh_root *root, struct kh_facts_cpu *ret_cpu)
{
	*ret_cpu = (struct kh_facts_cpu){
		.family = -1, .model = -1, .stepping = -1, .socket_count = -1};
	kh_auto(kh_free) char *cpuinfo = kh_root_text(root, "/proc/cpuinfo");
	if (cpuinfo)
		kh_facts_cpu_parse(cpuinfo, ret_cpu);
	collect_vulnerabilities(root, ret_cpu);
}

void kh_facts_cpu_done(struct kh_facts_cpu *cpu)
{
	free(cpu->model_name);
	free(cpu->microcode);
	kh_strv_done(&cpu->flags);
	kh_strv_done(&cpu->vmx_flags);
	for (size_t i = 0; i < cpu->vulnerability_count; i++) {
		free(cpu->vulnerabilities[i].name);
		free(cpu->vulnerabilities[i].text);
	}
	free(cpu->vulnerabilities);
	*cpu = (struct kh_facts_cpu){0};
}

bool kh_facts_cpu_has(const struct kh_facts_cpu *cpu, const char *flag)
{
	return kh_strv_has(&cpu->flags, flag) || kh_strv_has(&cpu->vmx_flags, flag);
}

/* ---- JSON ---- */

static const char *vendor_name(enum kh_vendor vendor)
{
	switch (vendor) {
	case KH_VENDOR_INTEL:
		return "intel";
	case KH_VENDOR_AMD:
		return "amd";
	case KH_VENDOR_UNKNOWN:
		break;
	}
	return NULL;
}

static json_t *vulnerabilities_json(const struct kh_facts_cpu *cpu)
{
	json_t *object = json_object();
	for (size_t i = 0; i < cpu->vulnerability_count; i++)
		json_object_set_new(object, cpu->vulnerabilities[i].name,
				    kh_json_text(cpu->vulnerabilities[i].text));
	return object;
}

json_t *kh_facts_cpu_json(const struct kh_facts_cpu *cpu)
{
	return json_pack(
		"{so so so so so so sI so so so so}", "vendor",
		kh_json_text(vendor_name(cpu->vendor)), "model_name", kh_json_text(cpu->model_name),
		"family", kh_facts_json_number(cpu->family), "model",
		kh_facts_json_number(cpu->model), "stepping", kh_facts_json_number(cpu->stepping),
		"microcode", kh_json_text(cpu->microcode), "count", (json_int_t)cpu->count,
		"socket_count", kh_facts_json_number(cpu->socket_count), "flags",
		kh_facts_json_list(&cpu->flags), "vmx_flags", kh_facts_json_list(&cpu->vmx_flags),
		"vulnerabilities", vulnerabilities_json(cpu));
}
