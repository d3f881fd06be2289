/* kernel_refuse.c - when the chosen kernel must not be installed here. */
#include <string.h>

#include "core/base/mem.h"
#include "core/journal.h"
#include "core/probe.h"
#include "grub/trial_entry.h"
#include "platform/recipe.h"
#include "stages/kernel.h"

static int refuse_cover(const struct kh_kernel_work *work, struct kh_error *err)
{
	return kh_recipe_kernel.check_cover(work->context, &work->artifact, err);
}

/* GRUB under Secure Boot loads only what a key of the firmware or of the machine's owner signed.
 * The kernel recipe notes in the artifact that it did (platform/kernel_sign.c). */
static int refuse_secure_boot(const struct kh_kernel_work *work, struct kh_error *err)
{
	const json_t *about = json_object_get(work->artifact.manifest, "about");
	if (work->context->facts->boot.secure_boot != KH_SECURE_BOOT_ON ||
	    json_is_true(json_object_get(about, "signed")))
		return 0;
	kh_fail(err, KH_HOST, 0, "Secure Boot is on, and kernel '%s' is not signed", work->release);
	return kh_hint(err,
		       "set kernel.mok_key and kernel.mok_certificate to a key that is enrolled "
		       "here (mokutil --import), or switch Secure Boot off");
}

/* Its files would be replaced under the kernel that runs, and nothing would be left to go back to.
 */
static int refuse_running(const struct kh_kernel_work *work, struct kh_error *err)
{
	const char *running = work->context->facts->os.kernel_release;
	bool is_same = running && strcmp(running, work->release) == 0;
	if (!is_same || (work->installed_key && strcmp(work->installed_key, work->key) == 0))
		return 0;
	kh_fail(err, KH_HOST, 0, "the running kernel is called '%s' too", running);
	return kh_hint(err, "another kernel needs another name: change kernel.localversion");
}

static bool is_unfinished(const struct kh_root *root)
{
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_auto(kh_history_done) struct kh_history history = {0};
	return kh_history_read(root, &history, &ignored) == 0 &&
	       kh_history_unfinished(&history, 0) != NULL;
}

/* A package's kernel of the same name stays the package's. What a run of ours that was cut off left
 * is not somebody else's. */
static int refuse_foreign(const struct kh_kernel_work *work, struct kh_error *err)
{
	const struct kh_root *root = work->context->root;
	kh_auto(kh_free) char *image = kh_printf("/boot/vmlinuz-%s", work->release);
	kh_auto(kh_free) char *modules = kh_printf("/lib/modules/%s", work->release);
	const char *there = kh_root_exists(root, image)     ? image
			    : kh_root_is_dir(root, modules) ? modules
							    : NULL;
	if (!there || work->installed_key || is_unfinished(root))
		return 0;
	kh_fail(err, KH_HOST, 0, "'%s' is there already, and kvmhost did not install it", there);
	return kh_hint(err, "change kernel.localversion, or remove that kernel");
}

static long long size_of(const struct kh_root *root, const char *path)
{
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	struct stat status;
	return kh_root_stat(root, path, true, &status, &ignored) == 0 ? status.st_size : 0;
}

static long long largest_initramfs(const struct kh_root *root)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	long long largest = 0;
	kh_root_list(root, "/boot", &names);
	for (size_t i = 0; i < names.count; i++) {
		kh_auto(kh_free) char *path = kh_printf("/boot/%s", names.items[i]);
		long long size = kh_str_starts(names.items[i], "init") ? size_of(root, path) : 0;
		largest = size > largest ? size : largest;
	}
	return largest;
}

/* Twice what is expected: an initramfs is written beside the old one before it takes its place. */
static int refuse_small_boot(const struct kh_kernel_work *work, struct kh_error *err)
{
	const struct kh_root *root = work->context->root;
	if (work->installed_key)
		return 0;
	kh_auto(kh_free) char *image =
		kh_printf("%s/boot/vmlinuz-%s", work->artifact.tree, work->release);
	long long needed = 2 * (size_of(root, image) + largest_initramfs(root));
	long long room = kh_probe_free_bytes(root, "/boot");
	if (room < 0 || room >= needed)
		return 0;
	kh_fail(err, KH_HOST, 0, "/boot has %lld MiB free, and kernel '%s' needs %lld MiB",
		room >> 20, work->release, (needed >> 20) + 1);
	return kh_hint(err, "remove kernels that are not needed any more");
}

/* What boots by default is pinned; another system's entry would be replaced by that. */
static int refuse_other_system(const struct kh_kernel_work *work, struct kh_error *err)
{
	const struct kh_boot_entry *entry = kh_boot_entries_default(&work->entries);
	if (!entry || entry->kind != KH_ENTRY_OTHER || strstr(entry->title, KH_TRIAL_TITLE))
		return 0;
	kh_fail(err, KH_HOST, 0, "the boot menu's default is '%s', not a kernel of this system",
		entry->title);
	return kh_hint(err, "make this system's entry the default (GRUB_DEFAULT), then again");
}

int kh_kernel_refuse(const struct kh_kernel_work *work, struct kh_error *err)
{
	static int (*const refusals[])(const struct kh_kernel_work *, struct kh_error *) = {
		refuse_cover,   refuse_secure_boot, refuse_running,
		refuse_foreign, refuse_small_boot,  refuse_other_system,
	};
	if (work->state != KH_TRIAL_NONE || !work->artifact.key)
		return 0;
	for (size_t i = 0; i < KH_COUNT(refusals); i++)
		if (refusals[i](work, err) != 0)
			return -1;
	return 0;
}
