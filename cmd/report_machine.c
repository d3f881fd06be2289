/* report_machine.c - see report.h: what a report says of the machine beside its checks. */
#include <stdlib.h>
#include <string.h>

#include "cmd/report.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/run.h"
#include "core/facts_text.h"
#include "core/facts_topology.h"
#include "core/installed.h"
#include "core/packages.h"
#include "core/store.h"
#include "core/store_prune.h"
#include "grub/menu.h"
#include "grub/trial.h"

enum { VERSION_SECONDS = 5 };

/* ---- programs ---- */

struct program {
	const char *name;            /* also of its record */
	const char *const *places;   /* in the order they are looked for; PREFIX/... first */
	const char *const *packages; /* of Debian */
};

/* The first word of a program's --version that begins with a digit. Owned, or NULL. */
static char *asked_version(const struct kh_root *root, const char *path)
{
	if (!root->is_live)
		return NULL;
	const char *const argv[] = {path, "--version", NULL};
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_auto(kh_free) char *output = NULL;
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	if (kh_run(&kh_run_system, argv, VERSION_SECONDS, &output, &ignored) != 0)
		return NULL;
	kh_strv_split(&words, output, " \t\n,()");
	for (size_t i = 0; i < words.count; i++)
		if (words.items[i][0] >= '0' && words.items[i][0] <= '9')
			return kh_strdup(words.items[i]);
	return NULL;
}

static char *package_version(const struct kh_root *root, const struct program *program)
{
	kh_auto(kh_packages_done) struct kh_packages packages = {0};
	kh_packages_read(root, &packages);
	for (const char *const *name = program->packages; *name; name++)
		for (size_t i = 0; i < packages.count; i++)
			if (strcmp(packages.items[i].name, *name) == 0)
				return kh_strdup(packages.items[i].version);
	return NULL;
}

/* NULL: it is not installed. */
static json_t *program_json(const struct kh_root *root, const struct program *program)
{
	const char *path = kh_root_find_program(root, program->places);
	json_t *record = kh_installed_read(root, program->name);
	const json_t *about = json_object_get(record, "about");
	const char *prefix = kh_json_get(about, "prefix");
	json_t *object = NULL;
	if (path && *prefix && kh_str_starts(path, prefix)) {
		object = json_pack("{s:o,s:o,s:o}", "version",
				   kh_json_text(kh_json_get(about, "version")), "path",
				   kh_json_text(path), "key",
				   kh_json_text(kh_json_get(record, "key")));
	} else if (path) {
		bool is_packaged = !kh_str_starts(path, "/usr/local/");
		kh_auto(kh_free) char *version =
			is_packaged ? package_version(root, program) : NULL;
		if (!version)
			version = asked_version(root, path);
		object = json_pack("{s:o,s:o,s:n}", "version", kh_json_text(version), "path",
				   kh_json_text(path), "key");
	}
	json_decref(record);
	return object;
}

static json_t *programs_json(const struct kh_session *session)
{
	kh_auto(kh_free) char *chosen =
		kh_printf("%s/bin/qemu-system-x86_64", session->config.qemu.prefix);
	kh_auto(kh_free) char *modular =
		kh_printf("%s/sbin/virtqemud", session->config.libvirt.prefix);
	kh_auto(kh_free) char *classic =
		kh_printf("%s/sbin/libvirtd", session->config.libvirt.prefix);
	const char *const qemu_places[] = {chosen,
					   "/usr/local/bin/qemu-system-x86_64",
					   "/usr/bin/qemu-system-x86_64",
					   "/usr/libexec/qemu-kvm",
					   "/usr/bin/kvm",
					   NULL};
	const char *const libvirt_places[] = {modular, classic, "/usr/sbin/virtqemud",
					      "/usr/sbin/libvirtd", NULL};
	static const char *const qemu_packages[] = {"qemu-system-x86", NULL};
	static const char *const libvirt_packages[] = {"libvirt-daemon-driver-qemu",
						       "libvirt-daemon", NULL};
	const struct program programs[] = {{"qemu", qemu_places, qemu_packages},
					   {"libvirt", libvirt_places, libvirt_packages}};
	json_t *object = json_object();
	for (size_t i = 0; i < KH_COUNT(programs); i++) {
		json_t *program = program_json(&session->root, &programs[i]);
		if (program)
			json_object_set_new(object, programs[i].name, program);
	}
	return object;
}

/* ---- what the store has ---- */

static json_t *builds_json(const struct kh_session *session)
{
	kh_auto(kh_strv_done) struct kh_strv installed = {0};
	struct kh_artifact *all = NULL;
	size_t count = 0;
	json_t *rows = json_array();
	kh_store_installed_keys(&session->root, &installed);
	kh_store_list(&session->root, session->config.build.store, &all, &count);
	for (size_t i = 0; i < count; i++) {
		const json_t *manifest = all[i].manifest;
		json_t *seconds = json_object_get(json_object_get(manifest, "about"), "seconds");
		json_t *row = json_object();
		json_object_set_new(row, "program", kh_json_text(kh_json_get(manifest, "program")));
		json_object_set_new(row, "version",
				    kh_json_text(kh_artifact_about(&all[i], "version")));
		json_object_set_new(row, "made", kh_json_text(kh_json_get(manifest, "made")));
		json_object_set_new(row, "seconds",
				    json_is_integer(seconds) ? json_incref(seconds) : json_null());
		json_object_set_new(row, "installed",
				    json_boolean(kh_strv_has(&installed, all[i].key)));
		json_array_append_new(rows, row);
	}
	kh_artifacts_free(all, count);
	return rows;
}

/* ---- the boot menu ---- */

static const char *kind_name(const struct kh_boot_entry *entry)
{
	if (entry->id && strstr(entry->id, KH_TRIAL_ID))
		return "trial";
	switch (entry->kind) {
	case KH_ENTRY_NORMAL:
		return "normal";
	case KH_ENTRY_RECOVERY:
		return "recovery";
	case KH_ENTRY_FALLBACK:
		return "fallback";
	case KH_ENTRY_OTHER:
		return "other";
	}
	return "other";
}

static const char *state_name(enum kh_trial_state state)
{
	switch (state) {
	case KH_TRIAL_NONE:
		return "none";
	case KH_TRIAL_OFFERED:
		return "offered";
	case KH_TRIAL_ARMED:
		return "armed";
	case KH_TRIAL_BOOTED:
		return "booted";
	case KH_TRIAL_PROVED:
		return "proved";
	case KH_TRIAL_FAILED:
		return "failed";
	}
	return "none";
}

/* The kernel's, or where there is none that of the arguments. */
static json_t *trial_json(const struct kh_session *session)
{
	kh_auto(kh_trial_done) struct kh_trial kernel = {0}, arguments = {0};
	kh_trial_read(&session->root, &session->facts, &kernel);
	kh_trial_read_arguments(&session->root, &session->facts, &arguments);
	const struct kh_trial *trial = kernel.state != KH_TRIAL_NONE ? &kernel : &arguments;
	if (trial->state == KH_TRIAL_NONE)
		return json_null();
	return json_pack("{s:s,s:s,s:o,s:o,s:o,s:o}", "of",
			 trial->is_arguments ? "arguments" : "kernel", "state",
			 state_name(trial->state), "release", kh_json_text(trial->release),
			 "arguments", kh_json_text(trial->arguments), "pinned",
			 kh_json_text(trial->pinned), "reason", kh_json_text(trial->reason));
}

static json_t *boot_json(const struct kh_session *session)
{
	kh_auto(kh_boot_entries_done) struct kh_boot_entries entries = {0};
	kh_auto(kh_free) char *once = kh_menu_variable(&session->root, "next_entry");
	kh_menu_read(&session->root, &session->facts.boot, &entries);
	json_t *list = json_array();
	for (size_t i = 0; i < entries.count; i++) {
		const struct kh_boot_entry *entry = &entries.items[i];
		kh_auto(kh_free) char *release =
			entry->kernel ? kh_boot_release(entry->kernel) : NULL;
		json_array_append_new(
			list, json_pack("{s:o,s:s,s:o,s:b}", "title", kh_json_text(entry->title),
					"kind", kind_name(entry), "release", kh_json_text(release),
					"default", i == entries.default_at));
	}
	return json_pack("{s:o,s:o,s:o,s:o}", "entries", list, "running",
			 kh_json_text(session->facts.os.kernel_release), "once",
			 kh_json_text(once && *once ? once : NULL), "trial", trial_json(session));
}

/* ---- all of it ---- */

static json_t *facts_json(const struct kh_facts *facts)
{
	return json_pack(
		"{s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "os", kh_facts_os_json(&facts->os), "cpu",
		kh_facts_cpu_json(&facts->cpu), "memory", kh_facts_memory_json(&facts->memory),
		"boot", kh_facts_boot_json(&facts->boot), "net", kh_facts_net_json(&facts->net),
		"disk", kh_facts_disk_json(&facts->disk), "pci", kh_facts_pci_json(&facts->pci));
}

/* The module's parameter, "Y" or "1"; null where no such module is loaded. */
static json_t *nested_json(const struct kh_root *root)
{
	static const char *const modules[] = {"kvm_intel", "kvm_amd"};
	for (size_t i = 0; i < KH_COUNT(modules); i++) {
		kh_auto(kh_free) char *value =
			kh_root_linef(root, "/sys/module/%s/parameters/nested", modules[i]);
		if (value)
			return json_boolean(*value == 'Y' || *value == '1');
	}
	return json_null();
}

json_t *kh_report_machine(const struct kh_session *session)
{
	kh_auto(kh_topology_done) struct kh_topology topology = {0};
	const struct kh_config_bridge *bridge = &session->config.bridge;
	kh_topology_collect(&session->root, &session->facts.memory, &topology);
	json_t *machine = json_object();
	json_object_set_new(machine, "facts", facts_json(&session->facts));
	json_object_set_new(machine, "topology", kh_topology_json(&topology));
	json_object_set_new(machine, "boot", boot_json(session));
	json_object_set_new(machine, "programs", programs_json(session));
	json_object_set_new(machine, "builds", builds_json(session));
	json_object_set_new(machine, "bridge", kh_json_text(bridge->name));
	json_object_set_new(machine, "nested", nested_json(&session->root));
	return machine;
}
