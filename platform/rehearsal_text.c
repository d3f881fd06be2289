/* rehearsal_text.c - see rehearsal.h: the second archive, and what the console says.
 *
 * The format is "newc" of cpio, plain: an archive of one directory, one device and one file.
 */
#include <string.h>

#include "core/base/mem.h"
#include "grub/cmdline.h"
#include "platform/rehearsal.h"

#define MARK "kvmhost-rehearsal: "

/* ---- arguments ---- */

static bool is_left_out(const char *word)
{
	static const char *const keys[] = {
		"root",          "console",
		"earlyprintk",   "earlycon",
		"quiet",         "loglevel",
		"hugepages",     "hugepagesz",
		"mem",           "memmap",
		"panic",         "crashkernel",
		"kvmhost.trial", "default_hugepagesz",
		"hugetlb_cma",   "BOOT_IMAGE",
	};
	for (size_t i = 0; i < KH_COUNT(keys); i++)
		if (kh_cmdline_is_key(word, keys[i]))
			return true;
	return word[0] == '$'; /* a variable of GRUB's */
}

/* QEMU hands over what GRUB would: without the backslashes of GRUB's script. */
static char *unescaped(const char *word)
{
	struct kh_str out = {0};
	for (; *word; word++) {
		if (*word == '\\' && word[1])
			word++;
		kh_str_add_bytes(&out, word, 1);
	}
	return kh_str_take(&out);
}

char *kh_rehearsal_arguments(const char *arguments)
{
	kh_auto(kh_strv_done) struct kh_strv words = {0}, kept = {0};
	kh_cmdline_split(arguments, &words);
	for (size_t i = 0; i < words.count; i++)
		if (!is_left_out(words.items[i]))
			kh_strv_add_owned(&kept, unescaped(words.items[i]));
	kh_strv_add(&kept, "console=ttyS0 loglevel=6 panic=-1");
	return kh_strv_join(&kept, " ");
}

/* ---- modules ---- */

static void add_once(struct kh_strv *all, const char *name)
{
	if (!kh_strv_has(all, name))
		kh_strv_add(all, name);
}

/* PCI class 01 is mass storage; virtio devices 2 and 8 are disks and SCSI hosts.
 * Source: PCI Code and ID Assignment Specification; virtio 1.2, 5 "Device Types". */
static bool is_storage(const struct kh_hardware_device *device)
{
	if (strcmp(device->bus, "pci") == 0)
		return strstr(device->modalias, "bc01") != NULL;
	return strcmp(device->bus, "virtio") == 0 &&
	       (kh_str_starts(device->modalias, "virtio:d00000002") ||
		kh_str_starts(device->modalias, "virtio:d00000008"));
}

size_t kh_rehearsal_modules(const struct kh_hardware *hardware, struct kh_strv *ret_all)
{
	if (hardware->root_filesystem)
		add_once(ret_all, hardware->root_filesystem);
	for (size_t i = 0; i < hardware->root_stack.count; i++)
		add_once(ret_all, hardware->root_stack.items[i]);
	size_t must_count = ret_all->count;
	for (size_t i = 0; i < hardware->device_count; i++) {
		const struct kh_hardware_device *device = &hardware->devices[i];
		for (size_t m = 0; is_storage(device) && m < device->modules.count; m++)
			add_once(ret_all, device->modules.items[m]);
	}
	return must_count;
}

/* ---- the archive ---- */

static const char script_head[] =
	"#!/bin/sh\n"
	"# Takes the place of the initramfs's own /init: kvmhost rehearses a boot.\n"
	"PATH=/usr/sbin:/usr/bin:/sbin:/bin\n"
	"echo '" MARK "userspace'\n"
	"[ -d /proc ] || mkdir /proc\n"
	"[ -d /sys ] || mkdir /sys\n"
	"mount -t proc proc /proc\n"
	"mount -t sysfs sysfs /sys\n"
	"try() {\n"
	"	if said=$(modprobe \"$1\" 2>&1); then said=loaded; fi\n"
	"	echo '" MARK "module' \"$1\": $said\n"
	"}\n";

static void add_member(struct kh_str *out, unsigned number, const char *name, unsigned mode,
		       unsigned device, const char *content)
{
	static const char zeros[4] = {0};
	size_t size = strlen(content), name_size = strlen(name) + 1;
	kh_str_addf(out, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", number, mode,
		    0U, 0U, 1U, 0U, (unsigned)size, 0U, 0U, device >> 8, device & 255,
		    (unsigned)name_size, 0U);
	kh_str_add_bytes(out, name, name_size);
	kh_str_add_bytes(out, zeros, -out->length & 3);
	kh_str_add_bytes(out, content, size);
	kh_str_add_bytes(out, zeros, -out->length & 3);
}

char *kh_rehearsal_archive(const struct kh_strv *modules, size_t *ret_length)
{
	kh_auto(kh_str_done) struct kh_str script = {0};
	struct kh_str out = {0};
	kh_str_add(&script, script_head);
	for (size_t i = 0; i < modules->count; i++)
		kh_str_addf(&script, "try %s\n", modules->items[i]);
	kh_str_add(&script, "echo '" MARK "end'\n");
	add_member(&out, 1, "dev", 040755, 0, "");
	add_member(&out, 2, "dev/console", 020600, 5 << 8 | 1, "");
	add_member(&out, 3, "init", 0100755, 0, kh_str_text(&script));
	add_member(&out, 4, "TRAILER!!!", 0, 0, "");
	*ret_length = out.length;
	return kh_str_take(&out);
}

/* ---- the verdict ---- */

/* The first line with these words, from them on; or NULL. */
static const char *find(const struct kh_strv *console, const char *what)
{
	for (size_t i = 0; i < console->count; i++)
		if (strstr(console->items[i], what))
			return strstr(console->items[i], what);
	return NULL;
}

/* A panic's own line is far above the last ones: a dump of the stack comes behind it. */
static char *judge_start(const struct kh_strv *console)
{
	const char *panic = find(console, "Kernel panic");
	return panic ? kh_printf("it does not reach userspace: %s", panic)
		     : kh_strdup("it does not reach userspace");
}

enum fate { UNSEEN, LOADED, MISSING, NO_DEVICE, REFUSED };

/* What became of a module: modprobe of kmod and of busybox say it with these words. A driver that
 * finds itself on a machine without its kind of bus (Hyper-V, Xen) loads nothing and is fine. */
static enum fate fate_of(const struct kh_strv *console, const char *module, const char **ret_said)
{
	kh_auto(kh_free) char *start = kh_printf(MARK "module %s: ", module);
	for (size_t i = 0; i < console->count; i++) {
		const char *at = strstr(console->items[i], start);
		if (!at)
			continue;
		*ret_said = at + strlen(start);
		return kh_str_starts(*ret_said, "loaded")   ? LOADED
		       : strstr(*ret_said, "not found")     ? MISSING
		       : strstr(*ret_said, "o such device") ? NO_DEVICE
							    : REFUSED;
	}
	return UNSEEN;
}

static char *judge_modules(const struct kh_strv *console, const struct kh_strv *modules,
			   size_t must_count)
{
	size_t good = 0;
	for (size_t i = 0; i < modules->count; i++) {
		const char *name = modules->items[i], *said = "?";
		enum fate fate = fate_of(console, name, &said);
		if (fate == REFUSED)
			return kh_printf("module '%s' does not load: %s", name, said);
		if (fate == MISSING && i < must_count)
			return kh_printf("the initramfs has no module '%s', which the root file "
					 "system needs",
					 name);
		good += i >= must_count && (fate == LOADED || fate == NO_DEVICE);
	}
	return modules->count > must_count && good == 0
		       ? kh_strdup("the initramfs has no driver of this host's storage")
		       : NULL;
}

char *kh_rehearsal_judge(const struct kh_strv *console, const struct kh_strv *modules,
			 size_t must_count)
{
	if (!find(console, MARK "userspace"))
		return judge_start(console);
	if (!find(console, MARK "end"))
		return kh_strdup("it does not come to its end");
	return judge_modules(console, modules, must_count);
}
