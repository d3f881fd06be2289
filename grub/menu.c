/* menu.c - see menu.h. */
#include "grub/menu.h"

#include <string.h>

#include "core/base/mem.h"
#include "grub/bls.h"
#include "grub/grub_cfg.h"
#include "grub/legacy.h"

static const char efi_dir[] = "/boot/efi/EFI";

/* An ESP may be shared: only a menu that boots a kernel of this host is this host's. */
static bool is_of_this_host(const struct kh_root *root, const char *path, const char *text)
{
	struct kh_boot_entries entries;
	bool is_ours = kh_grub_cfg_uses_bls(text) && kh_root_is_dir(root, kh_bls_dir);
	kh_grub_cfg_parse(text, path, NULL, &entries);
	for (size_t i = 0; !is_ours && i < entries.count; i++) {
		const char *kernel = entries.items[i].kernel;
		const char *slash = kernel ? strrchr(kernel, '/') : NULL;
		kh_auto(kh_free) char *file = kh_printf("/boot%s", slash ? slash : "/?");
		is_ours = entries.items[i].kind == KH_ENTRY_NORMAL && kh_root_exists(root, file);
	}
	kh_boot_entries_done(&entries);
	return is_ours;
}

/* The first EFI/<distribution>/grub.cfg that is a whole configuration of this host. */
static char *find_on_esp(const struct kh_root *root, char **ret_text)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_root_list(root, efi_dir, &names);
	for (size_t i = 0; i < names.count; i++) {
		kh_auto(kh_free) char *path = kh_printf("%s/%s/grub.cfg", efi_dir, names.items[i]);
		kh_auto(kh_free) char *text = kh_root_text(root, path);
		if (!text || kh_grub_cfg_is_stub(text) || !is_of_this_host(root, path, text))
			continue;
		*ret_text = kh_take(text);
		return kh_take(path);
	}
	return NULL;
}

static char *find_grub_cfg(const struct kh_root *root, bool is_uefi, char **ret_text)
{
	static const char *const places[] = {"/boot/grub2/grub.cfg", "/boot/grub/grub.cfg"};
	char *path = is_uefi ? find_on_esp(root, ret_text) : NULL;
	for (size_t i = 0; !path && i < KH_COUNT(places); i++) {
		*ret_text = kh_root_text(root, places[i]);
		if (*ret_text)
			path = kh_strdup(places[i]);
	}
	return path;
}

void kh_menu_find(const struct kh_root *root, struct kh_facts_boot *boot)
{
	static const char *const legacy[] = {"/boot/grub/grub.conf", "/boot/grub/menu.lst",
					     "/etc/grub.conf"};
	kh_auto(kh_free) char *text = NULL;
	boot->grub_cfg = find_grub_cfg(root, boot->is_uefi, &text);
	if (boot->grub_cfg) {
		boot->loader = kh_grub_cfg_uses_bls(text) && kh_root_is_dir(root, kh_bls_dir)
				       ? KH_LOADER_GRUB_BLS
				       : KH_LOADER_GRUB;
		return;
	}
	for (size_t i = 0; i < KH_COUNT(legacy); i++)
		if (kh_root_exists(root, legacy[i])) { /* the last is a link: to the ESP on UEFI */
			boot->grub_cfg = kh_root_resolve(root, legacy[i]);
			boot->loader = KH_LOADER_GRUB_LEGACY;
			return;
		}
}

char *kh_menu_variable(const struct kh_root *root, const char *name)
{
	static const char *const places[] = {"/boot/grub2/grubenv", "/boot/grub/grubenv"};
	for (size_t i = 0; i < KH_COUNT(places); i++) {
		kh_auto(kh_free) char *text = kh_root_text(root, places[i]);
		if (text)
			return kh_grubenv_value(text, name);
	}
	return NULL;
}

void kh_menu_read(const struct kh_root *root, const struct kh_facts_boot *boot,
		  struct kh_boot_entries *ret_entries)
{
	*ret_entries = (struct kh_boot_entries){0};
	if (boot->loader == KH_LOADER_NONE)
		return;
	kh_auto(kh_free) char *saved = kh_menu_variable(root, "saved_entry");
	kh_auto(kh_free) char *text = kh_root_text(root, boot->grub_cfg);
	if (boot->loader == KH_LOADER_GRUB_BLS) {
		kh_auto(kh_free) char *own = kh_menu_variable(root, "kernelopts");
		kh_auto(kh_free) char *general = kh_menu_variable(root, "default_kernelopts");
		const struct kh_bls_lists lists = {own, general};
		kh_auto(kh_free) char *chosen = text ? kh_grub_cfg_default(text, saved) : NULL;
		kh_bls_read(root, chosen ? chosen : saved, &lists, ret_entries);
		return;
	}
	if (text && boot->loader == KH_LOADER_GRUB)
		kh_grub_cfg_parse(text, boot->grub_cfg, saved, ret_entries);
	else if (text)
		kh_legacy_parse(text, boot->grub_cfg, ret_entries);
}
