/* modules_load.c - loading and unloading on the live root; see modules.h.
 *
 * What modprobe would do, done by libkmod: options, install commands and blacklists of modprobe.d
 * are honoured, as by systemd-modules-load at boot. The kernel's word is not enough: a driver may
 * load and leave at once, so the module list is read again, and it also tells which modules came
 * along.
 */
#include <errno.h>
#include <libkmod.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/facts_cpu.h"
#include "core/modules.h"

static void unref_context(struct kmod_ctx **context)
{
	kmod_unref(*context);
}

static void unref_list(struct kmod_list **list)
{
	kmod_module_unref_list(*list);
}

static void be_silent(void *data, int priority, const char *file, int line, const char *function,
		      const char *format, va_list args)
{
	(void)data, (void)priority, (void)file, (void)line;
	(void)function, (void)format, (void)args;
}

static struct kmod_ctx *open_live(const char *release)
{
	kh_auto(kh_free) char *dir = kh_printf("/lib/modules/%s", release);
	struct kmod_ctx *context = kmod_new(release ? dir : NULL, NULL);
	if (context)
		kmod_set_log_fn(context, be_silent, NULL);
	return context;
}

/* ---- why a module did not come ---- */

static const char *other_vendor(const char *name)
{
	if (kh_modules_same(name, "kvm_intel"))
		return "kvm_amd";
	return kh_modules_same(name, "kvm_amd") ? "kvm_intel" : NULL;
}

static int lacks_virtualization(const struct kh_root *root, const char *name, struct kh_error *err)
{
	const char *flag = kh_modules_same(name, "kvm_intel") ? "vmx" : "svm";
	const char *other = other_vendor(name);
	struct kh_facts_cpu cpu;
	kh_facts_cpu_collect(root, &cpu);
	bool has_flag = kh_facts_cpu_has(&cpu, flag);
	kh_facts_cpu_done(&cpu);
	if (kh_modules_is_loaded(root, other))
		return kh_hint(err, "'%s' is in control: only one of the two can be", other);
	if (!has_flag)
		return kh_hint(err,
			       "no '%s' in the CPU's flags: the CPU has no hardware "
			       "virtualization, or it is hidden or switched off in the firmware",
			       flag);
	return kh_hint(err, "hardware virtualization is probably switched off in the firmware: "
			    "enable VT-x or SVM there");
}

static bool is_hardware_refusal(const char *name, int error)
{
	bool is_no_device = error == ENODEV || error == EOPNOTSUPP || error == EIO || error == 0;
	return other_vendor(name) && is_no_device;
}

/* Put the likely reason into the hint; returns -1. */
static int explain(const struct kh_root *root, const char *name, int error, struct kh_error *err)
{
	if (other_vendor(name) && error != ENOENT && error != EPERM && error != EKEYREJECTED)
		return lacks_virtualization(root, name, err);
	if (error == EKEYREJECTED || error == ENOKEY)
		return kh_hint(err, "the kernel accepts only modules with a trusted signature "
				    "(Secure Boot)");
	if (error == EPERM)
		return kh_hint(err, "not allowed: not root, in a container, or the kernel is "
				    "locked down");
	if (error == ENOEXEC || error == EINVAL)
		return kh_hint(err, "the module does not fit the running kernel, or an option in "
				    "modprobe.d is not known to it");
	if (error == ENODEV || error == EOPNOTSUPP)
		return kh_hint(err, "the hardware it drives is not there");
	return -1;
}

/* ---- loading ---- */

static int probe(struct kmod_ctx *context, const char *name)
{
	kh_auto(unref_list) struct kmod_list *found = NULL;
	int result = kmod_module_new_from_lookup(context, name, &found);
	if (result < 0)
		return result;
	if (!found)
		return -ENOENT;
	struct kmod_list *entry;
	kmod_list_foreach(entry, found)
	{
		struct kmod_module *module = kmod_module_get_module(entry);
		result = kmod_module_probe_insert_module(module, KMOD_PROBE_APPLY_BLACKLIST, NULL,
							 NULL, NULL, NULL);
		kmod_module_unref(module);
		if (result != 0 && result != -EEXIST)
			return result;
	}
	return 0;
}

/* First words of the lines of /proc/modules. */
static void list_loaded(const struct kh_root *root, struct kh_strv *names)
{
	kh_auto(kh_free) char *text = kh_root_text(root, "/proc/modules");
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, text ? text : "");
	for (size_t i = 0; i < lines.count; i++)
		kh_strv_add_owned(names,
				  kh_strndup(lines.items[i], strcspn(lines.items[i], " \t")));
}

/* The kernel lists the newest first. */
static void list_new(const struct kh_root *root, const struct kh_strv *before, struct kh_strv *came)
{
	kh_auto(kh_strv_done) struct kh_strv after = {0};
	list_loaded(root, &after);
	for (size_t i = after.count; i > 0; i--)
		if (!kh_strv_has(before, after.items[i - 1]))
			kh_strv_add(came, after.items[i - 1]);
}

int kh_modules_load(const struct kh_root *root, const char *release, const char *name,
		    struct kh_strv *ret_loaded, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv before = {0};
	if (!root->is_live)
		return kh_fail(err, KH_SYSTEM, 0,
			       "load module '%s': '%s' is not the running system", name,
			       root->host_path);
	kh_auto(unref_context) struct kmod_ctx *context = open_live(release);
	if (!context)
		return kh_fail(err, KH_SYSTEM, errno, "load module '%s': libkmod", name);
	list_loaded(root, &before);
	int result = probe(context, name);
	list_new(root, &before, ret_loaded);
	if (result > 0)
		return kh_fail(err, KH_HOST, 0,
			       "load module '%s': it is blacklisted in modprobe.d or on the "
			       "kernel's command line",
			       name);
	if (result < 0) {
		kh_fail(err, KH_SYSTEM, -result, "load module '%s'", name);
		explain(root, name, -result, err);
		return is_hardware_refusal(name, -result) ? 1 : -1;
	}
	if (kh_modules_is_loaded(root, name))
		return 0;
	kh_fail(err, KH_VERIFY, 0,
		"load module '%s': the kernel reported success, but it is not in its list", name);
	explain(root, name, 0, err);
	return is_hardware_refusal(name, 0) ? 1 : -1;
}

/* ---- unloading ---- */

static int remove_module(struct kmod_module *module, const char *name, struct kh_error *err)
{
	if (kmod_module_get_refcnt(module) > 0)
		return 1;
	int result = kmod_module_remove_module(module, KMOD_REMOVE_NOWAIT | KMOD_REMOVE_NOLOG);
	if (result == -EAGAIN || result == -EWOULDBLOCK || result == -EBUSY)
		return 1;
	if (result < 0 && result != -ENOENT)
		return kh_fail(err, KH_SYSTEM, -result, "unload module '%s'", name);
	return 0;
}

int kh_modules_unload(const struct kh_root *root, const char *release, const char *name,
		      struct kh_error *err)
{
	if (!root->is_live)
		return kh_fail(err, KH_SYSTEM, 0,
			       "unload module '%s': '%s' is not the running system", name,
			       root->host_path);
	kh_auto(kh_strv_done) struct kh_strv loaded = {0};
	list_loaded(root, &loaded);
	bool is_there = false;
	for (size_t i = 0; i < loaded.count && !is_there; i++)
		is_there = kh_modules_same(loaded.items[i], name);
	if (!is_there)
		return 0;
	kh_auto(unref_context) struct kmod_ctx *context = open_live(release);
	struct kmod_module *module = NULL;
	if (!context || kmod_module_new_from_name(context, name, &module) < 0)
		return kh_fail(err, KH_SYSTEM, errno, "unload module '%s': libkmod", name);
	int result = remove_module(module, name, err);
	kmod_module_unref(module);
	return result;
}
