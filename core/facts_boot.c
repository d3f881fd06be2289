/* facts_boot.c - see facts_boot.h. */
#include "core/facts_boot.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/facts_text.h"
#include "grub/cmdline.h"
#include "grub/menu.h"
#include "grub/trial.h"

/* The variable is four bytes of attributes, then one byte: 1 is on.
 * Source: UEFI specification 2.10, 3.3 "Globally Defined Variables";
 * Documentation/filesystems/efivarfs. */
static enum kh_secure_boot read_secure_boot(const struct kh_root *root)
{
	static const char path[] =
		"/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_auto(kh_free) char *bytes = NULL;
	size_t length = 0;
	if (kh_root_read(root, path, &bytes, &length, &ignored) != 0 || length < 5)
		return KH_SECURE_BOOT_UNKNOWN;
	return bytes[4] == 1 ? KH_SECURE_BOOT_ON : KH_SECURE_BOOT_OFF;
}

static int by_version(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

static void find_kernels(const struct kh_root *root, struct kh_strv *kernels)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_root_list(root, "/boot", &names);
	for (size_t i = 0; i < names.count; i++) {
		const char *name = names.items[i];
		if (kh_str_starts(name, "vmlinuz-") && !strstr(name, "-rescue-"))
			kh_strv_add(kernels, name + strlen("vmlinuz-"));
	}
	if (kernels->count > 1)
		qsort(kernels->items, kernels->count, sizeof(char *), by_version);
}

static void find_next(const struct kh_root *root, struct kh_facts_boot *boot)
{
	struct kh_boot_entries entries;
	kh_menu_read(root, boot, &entries);
	const struct kh_boot_entry *entry = kh_boot_entries_default(&entries);
	boot->next_release = entry ? kh_boot_release(entry->kernel) : NULL;
	boot->next_arguments = entry ? kh_strdup(entry->arguments) : NULL;
	kh_boot_entries_done(&entries);
}

static char *read_cmdline(const struct kh_root *root)
{
	kh_auto(kh_free) char *line = kh_root_line(root, "/proc/cmdline");
	return line ? kh_cmdline_kernel(line) : NULL;
}

static char *find_tried_arguments(const struct kh_root *root)
{
	kh_auto(kh_free) char *text = kh_root_text(root, kh_trial_arguments_path);
	json_t *record = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
	const char *arguments = record ? kh_json_get(record, "arguments") : "";
	char *found = *arguments ? kh_strdup(arguments) : NULL;
	json_decref(record);
	return found;
}

void kh_facts_boot_collect(const struct kh_root *root, struct kh_facts_boot *ret_boot)
{
	static const char *const mkconfig[] = {"/usr/sbin/update-grub", "/usr/sbin/grub2-mkconfig",
					       "/sbin/grub2-mkconfig", "/usr/sbin/grub-mkconfig",
					       NULL};
	static const char *const grubby[] = {"/usr/sbin/grubby", "/sbin/grubby", NULL};
	*ret_boot = (struct kh_facts_boot){0};
	ret_boot->cmdline = read_cmdline(root);
	/* An image that was never booted shows its firmware by what was installed on its ESP. */
	ret_boot->is_uefi = kh_root_is_dir(root, "/sys/firmware/efi") ||
			    (!ret_boot->cmdline && kh_root_is_dir(root, "/boot/efi/EFI"));
	ret_boot->secure_boot = read_secure_boot(root);
	if (kh_root_exists(root, "/etc/default/grub"))
		ret_boot->default_grub = kh_strdup("/etc/default/grub");
	ret_boot->mkconfig = kh_strdup(kh_root_find_program(root, mkconfig));
	ret_boot->grubby = kh_strdup(kh_root_find_program(root, grubby));
	find_kernels(root, &ret_boot->kernels);
	kh_menu_find(root, ret_boot);
	find_next(root, ret_boot);
	ret_boot->written_arguments = kh_root_line(root, KH_WRITTEN_ARGUMENTS);
	ret_boot->tried_arguments = find_tried_arguments(root);
}

void kh_facts_boot_done(struct kh_facts_boot *boot)
{
	free(boot->cmdline);
	free(boot->grub_cfg);
	free(boot->default_grub);
	free(boot->mkconfig);
	free(boot->grubby);
	free(boot->next_release);
	free(boot->next_arguments);
	free(boot->written_arguments);
	free(boot->tried_arguments);
	kh_strv_done(&boot->kernels);
	*boot = (struct kh_facts_boot){0};
}

static const char *loader_name(enum kh_loader loader)
{
	switch (loader) {
	case KH_LOADER_NONE:
		return "none";
	case KH_LOADER_GRUB:
		return "grub";
	case KH_LOADER_GRUB_BLS:
		return "grub-bls";
	case KH_LOADER_GRUB_LEGACY:
		return "grub-legacy";
	}
	return "?";
}

json_t *kh_facts_boot_json(const struct kh_facts_boot *boot)
{
	static const char *const secure_boot[] = {"unknown", "off", "on"};
	json_t *object = json_object();
	json_object_set_new(object, "cmdline", kh_json_text(boot->cmdline));
	json_object_set_new(object, "uefi", json_boolean(boot->is_uefi));
	json_object_set_new(object, "secure_boot", json_string(secure_boot[boot->secure_boot]));
	json_object_set_new(object, "loader", json_string(loader_name(boot->loader)));
	json_object_set_new(object, "grub_cfg", kh_json_text(boot->grub_cfg));
	json_object_set_new(object, "default_grub", kh_json_text(boot->default_grub));
	json_object_set_new(object, "mkconfig", kh_json_text(boot->mkconfig));
	json_object_set_new(object, "grubby", kh_json_text(boot->grubby));
	json_object_set_new(object, "kernels", kh_facts_json_list(&boot->kernels));
	json_object_set_new(object, "next_release", kh_json_text(boot->next_release));
	return object;
}
