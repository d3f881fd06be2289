/* modules_want.c - see modules_want.h. */
#include "stages/modules_want.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

const char *const kh_want_load_d = "/etc/modules-load.d/kvmhost.conf";
const char *const kh_want_load_script = "/etc/sysconfig/modules/kvmhost.modules";
const char *const kh_want_modprobe_path = "/etc/modprobe.d/kvmhost.conf";

bool kh_want_has_virtualization(const struct kh_context *context)
{
	const struct kh_facts_cpu *cpu = &context->facts->cpu;
	return kh_facts_cpu_has(cpu, "vmx") || kh_facts_cpu_has(cpu, "svm");
}

const char *kh_want_load_path(const struct kh_context *context)
{
	bool has_scripts = kh_root_is_dir(context->root, "/etc/sysconfig/modules") ||
			   kh_root_exists(context->root, "/etc/rc.d/rc.sysinit");
	return !context->facts->os.has_systemd && has_scripts ? kh_want_load_script
							      : kh_want_load_d;
}

/* ---- names ---- */

/* What "kvm_vendor" stands for here; NULL when the CPU is neither Intel's nor AMD's. */
static const char *vendor_module(const struct kh_context *context)
{
	const struct kh_facts_cpu *cpu = &context->facts->cpu;
	switch (cpu->vendor) {
	case KH_VENDOR_INTEL:
		return "kvm_intel";
	case KH_VENDOR_AMD:
		return "kvm_amd";
	case KH_VENDOR_UNKNOWN:
		break;
	}
	return cpu->count == 0 ? "kvm" : NULL;
}

static const char *real_name(const struct kh_context *context, const char *name)
{
	return strcmp(name, "kvm_vendor") == 0 ? vendor_module(context) : name;
}

static struct kh_want_module *find(const struct kh_want *want, const char *name)
{
	for (size_t i = 0; i < want->module_count; i++)
		if (kh_modules_same(want->modules[i].name, name))
			return &want->modules[i];
	return NULL;
}

static bool is_kvm(const char *name)
{
	return kh_modules_same(name, "kvm") || kh_modules_same(name, "kvm_intel") ||
	       kh_modules_same(name, "kvm_amd");
}

/* A host without hardware virtualization may lack kvm: its configuration can still be applied. */
static bool is_required(const struct kh_context *context, const char *name)
{
	const struct kh_strv *require = &context->config->modules.require;
	for (size_t i = 0; i < require->count; i++) {
		const char *wanted = real_name(context, require->items[i]);
		if (wanted && kh_modules_same(wanted, name))
			return !is_kvm(name) || kh_want_has_virtualization(context);
	}
	return false;
}

/* ---- states ---- */

/* Why recipes name modules that kernels no longer have. */
static const struct {
	const char *name, *reason;
} folded[] = {
	{"vfio_virqfd", "it is part of 'vfio' since Linux 6.2"},
	{"virtio_ring", "it is built together with 'virtio'"},
};

static char *absence(const struct kh_want *want, const char *name)
{
	const char *release = want->release ? want->release : "?";
	for (size_t i = 0; i < KH_COUNT(folded); i++)
		if (kh_modules_same(folded[i].name, name))
			return kh_printf("kernel %s has no such module: %s", release,
					 folded[i].reason);
	return kh_printf("kernel %s has no such module", release);
}

static bool is_in_list(const struct kh_strv *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (kh_modules_same(names->items[i], name))
			return true;
	return false;
}

static enum kh_want_state state_of(const struct kh_context *context, const struct kh_want *want,
				   const char *name)
{
	enum kh_module_state state =
		want->tree ? kh_modules_look(want->tree, name) : KH_MODULE_ABSENT;
	if (is_in_list(&context->facts->os.loaded_modules, name))
		return KH_WANT_LOADED;
	if (state == KH_MODULE_BUILTIN)
		return KH_WANT_BUILTIN;
	/* the modules looked at may be another kernel's than the one that runs */
	const char *running = context->facts->os.kernel_release;
	bool is_running = running && want->release && strcmp(running, want->release) == 0;
	if (state == KH_MODULE_AVAILABLE)
		return context->root->is_live && !is_running &&
				       kh_modules_is_loaded(context->root, name)
			       ? KH_WANT_BUILTIN
			       : KH_WANT_LOADABLE;
	/* a kernel without loadable modules, or a recorded host: only /sys/module tells */
	if (kh_modules_is_loaded(context->root, name))
		return KH_WANT_BUILTIN;
	return want->tree ? KH_WANT_ABSENT : KH_WANT_UNKNOWN;
}

/* Why this module cannot be loaded although it is there, or NULL. Owned. */
static char *blocker(const struct kh_context *context, const struct kh_want *want, const char *name)
{
	const struct kh_modprobe_line *line = kh_modprobe_blacklist(&want->modprobe, name);
	if (line)
		return kh_printf("blacklisted by %s:%d", line->path, line->line);
	const char *flag = kh_modules_same(name, "kvm_intel") ? "vmx"
			   : kh_modules_same(name, "kvm_amd") ? "svm"
							      : NULL;
	const struct kh_facts_cpu *cpu = &context->facts->cpu;
	if (flag && cpu->count > 0 && !kh_facts_cpu_has(cpu, flag))
		return kh_printf("no '%s' in the CPU's flags: no hardware virtualization, or it is "
				 "switched off in the firmware",
				 flag);
	return NULL;
}

static void add(const struct kh_context *context, struct kh_want *want, const char *given)
{
	const char *name = real_name(context, given);
	bool is_unknown_vendor = !name;
	if (is_unknown_vendor)
		name = given;
	if (find(want, name))
		return;
	struct kh_want_module *module = kh_append(want->modules, want->module_count);
	module->name = kh_strdup(name);
	module->is_required = is_required(context, name);
	module->state = is_unknown_vendor ? KH_WANT_ABSENT : state_of(context, want, name);
	if (module->state == KH_WANT_LOADABLE || module->state == KH_WANT_UNKNOWN)
		module->reason = blocker(context, want, name);
	if (module->reason)
		module->state = KH_WANT_BLOCKED;
	if (module->state == KH_WANT_ABSENT)
		module->reason = is_unknown_vendor
					 ? kh_strdup("the CPU is neither Intel's nor AMD's")
					 : absence(want, name);
}

int kh_want_collect(const struct kh_context *context, struct kh_want *ret_want,
		    struct kh_error *err)
{
	const struct kh_facts *facts = context->facts;
	const struct kh_strv *load = &context->config->modules.load;
	kh_auto(kh_want_done) struct kh_want want = {0};
	kh_modprobe_read(context->root, NULL, NULL, &want.modprobe);
	want.release = kh_modules_release(context->root, facts->os.kernel_release,
					  facts->boot.next_release);
	if (kh_modules_open(context->root, want.release, &want.tree, err) < 0)
		return -1;
	for (size_t i = 0; i < load->count; i++) {
		bool is_vendor = strcmp(load->items[i], "kvm_vendor") == 0;
		if (is_vendor && facts->cpu.vendor == KH_VENDOR_UNKNOWN && facts->cpu.count == 0)
			want.is_vendor_left = true;
		add(context, &want, load->items[i]);
	}
	*ret_want = want;
	want = (struct kh_want){0};
	return 0;
}

void kh_want_done(struct kh_want *want)
{
	for (size_t i = 0; i < want->module_count; i++) {
		free(want->modules[i].name);
		free(want->modules[i].reason);
	}
	free(want->modules);
	free(want->release);
	kh_modules_free(&want->tree);
	kh_modprobe_done(&want->modprobe);
	*want = (struct kh_want){0};
}

/* ---- options ---- */

char *kh_want_parameter_path(const struct kh_config_option *option)
{
	kh_auto(kh_free) char *module = kh_strdup(option->module);
	for (char *c = module; *c; c++)
		*c = *c == '-' ? '_' : *c;
	return kh_printf("/sys/module/%s/parameters/%s", module, option->name);
}

static const char *as_bit(const char *value)
{
	if (strcmp(value, "Y") == 0 || strcmp(value, "y") == 0)
		return "1";
	return strcmp(value, "N") == 0 || strcmp(value, "n") == 0 ? "0" : value;
}

bool kh_want_same_value(const char *a, const char *b)
{
	return strcmp(as_bit(a), as_bit(b)) == 0;
}

bool kh_want_takes_option(const struct kh_context *context, const struct kh_want *want,
			  const struct kh_config_option *option, char **ret_reason)
{
	kh_auto(kh_free) char *path = kh_want_parameter_path(option);
	if (kh_root_exists(context->root, path) || !want->tree)
		return true;
	if (kh_modules_look(want->tree, option->module) == KH_MODULE_ABSENT) {
		*ret_reason = absence(want, option->module);
		return false;
	}
	if (kh_modules_has_parameter(want->tree, option->module, option->name) != 0)
		return true;
	*ret_reason = kh_printf("module '%s' of kernel %s has no parameter '%s'", option->module,
				want->release, option->name);
	return false;
}
