/* grub_fallback.c - the entry "as before kvmhost": the running kernel with the arguments it had.
 *
 * It is made at the first run and kept; made anew only when its kernel is gone, or when another
 * tool (grubby --update-kernel=ALL, grub2-mkconfig --update-bls-cmdline) wrote our arguments into
 * it.
 */
#include <string.h>

#include "core/base/mem.h"
#include "stages/grub.h"

const struct kh_boot_entry *kh_grub_fallback_source(const struct kh_grub_work *work)
{
	const char *running = work->context->facts->os.kernel_release;
	const struct kh_boot_entry *entry = kh_boot_entries_of_release(&work->entries, running);
	if (!entry)
		entry = kh_boot_entries_default(&work->entries);
	return entry && entry->kind == KH_ENTRY_NORMAL ? entry : NULL;
}

char *kh_grub_fallback_arguments(const struct kh_grub_work *work, const struct kh_boot_entry *entry)
{
	return kh_cmdline_drop(entry->arguments, &work->written);
}

char *kh_grub_fallback_title(const struct kh_boot_entry *entry)
{
	return kh_printf("%s, " KH_FALLBACK_TITLE, entry->title);
}

/* The boot loader's path may begin at /boot's file system or at the root's: the name decides. */
static bool is_kernel_there(const struct kh_root *root, const char *kernel)
{
	const char *slash = kernel ? strrchr(kernel, '/') : NULL;
	kh_auto(kh_free) char *path = kh_printf("/boot%s", slash ? slash : "/?");
	return slash && kh_root_exists(root, path);
}

char *kh_grub_fallback_fault(const struct kh_grub_work *work, const struct kh_boot_entry *fallback)
{
	if (!fallback)
		return NULL;
	if (!is_kernel_there(work->context->root, fallback->kernel))
		return kh_printf("its kernel '%s' is gone", fallback->kernel);
	if (work->written.count == 0 || !fallback->arguments)
		return NULL;
	kh_auto(kh_free) char *lacks = kh_cmdline_judge(fallback->arguments, &work->groups);
	return lacks ? NULL
		     : kh_printf("it carries kvmhost's arguments: '%s'", fallback->arguments);
}
