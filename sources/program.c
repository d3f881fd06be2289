/* program.c - see program.h. */
#include "sources/program.h"

#include <ctype.h>
#include <string.h>

#include "core/base/mem.h"

/* Source: www.kernel.org, www.qemu.org/download, libvirt.org/downloads.html. */
static const char *const linux_upstream[] = {"https://cdn.kernel.org/pub/linux/kernel/%s",
					     "https://mirrors.edge.kernel.org/pub/linux/kernel/%s",
					     "https://www.kernel.org/pub/linux/kernel/%s", NULL};
static const char *const qemu_upstream[] = {"https://download.qemu.org", NULL};
static const char *const libvirt_upstream[] = {"https://download.libvirt.org", NULL};
static const char *const linux_subdirs[] = {
	"", "%s", "kernel/%s", "linux/kernel/%s", "pub/linux/kernel/%s", NULL};
static const char *const qemu_subdirs[] = {"", "qemu", NULL};
static const char *const libvirt_subdirs[] = {"", "libvirt", NULL};

const struct kh_program kh_programs[] = {
	{"kernel", "linux", "linux", "kernel", linux_upstream, linux_subdirs, ".tar.sign", true,
	 "Kbuild"},
	{"qemu", "qemu", "qemu", "qemu-kvm", qemu_upstream, qemu_subdirs, ".tar.xz.sig", false,
	 "configure"},
	{"libvirt", "libvirt", "libvirt", "libvirt", libvirt_upstream, libvirt_subdirs,
	 ".tar.xz.asc", false, "meson.build"},
};

const struct kh_program *kh_program_find(const char *name)
{
	for (size_t i = 0; i < KH_PROGRAM_COUNT; i++)
		if (strcmp(kh_programs[i].name, name) == 0)
			return &kh_programs[i];
	return NULL;
}

char *kh_program_archive(const struct kh_program *program, const char *version)
{
	return kh_printf("%s-%s.tar.xz", program->title, version);
}

char *kh_program_signature(const struct kh_program *program, const char *version)
{
	return kh_printf("%s-%s%s", program->title, version, program->signature);
}

char *kh_program_place(const char *pattern, const char *version)
{
	const char *series = strstr(pattern, "%s");
	if (!series)
		return kh_strdup(pattern);
	return kh_printf("%.*sv%.*s.x%s", (int)(series - pattern), pattern,
			 (int)strcspn(version, ".-"), version, series + 2);
}

char *kh_program_url(const char *base, const char *name)
{
	kh_auto(kh_str_done) struct kh_str url = {0};
	kh_str_add(&url, base);
	if (!kh_str_ends(base, "/"))
		kh_str_add(&url, "/");
	for (; *name; name++) {
		if (isalnum((unsigned char)*name) || strchr("-._~/", *name))
			kh_str_add_bytes(&url, name, 1);
		else
			kh_str_addf(&url, "%%%02x", (unsigned char)*name);
	}
	return kh_str_take(&url);
}
