/* qemu_build.h - the recipe of QEMU (kh_recipe_qemu in recipe.h), as far as others look at it.
 *
 * Packages of a build (Debian's names): gcc ninja-build meson pkg-config python3 python3-venv
 * bzip2 binutils libglib2.0-dev libpixman-1-dev libfdt-dev zlib1g-dev libaio-dev liburing-dev
 * libcap-ng-dev libseccomp-dev libnuma-dev libjpeg-dev libpng-dev libgnutls28-dev libattr1-dev.
 * Where it runs: the libraries of these, and for the firmware that Debian's source lacks seabios,
 * ipxe-qemu, qemu-system-data and ovmf.
 */
#ifndef KH_PLATFORM_QEMU_BUILD_H
#define KH_PLATFORM_QEMU_BUILD_H

#include "core/base/str.h"
#include "core/config.h"

/* The arguments of QEMU's configure after its name; appended. help: what `configure --help` says:
 * only options that it knows are given, as they change between versions. has_fdt: libfdt is
 * installed. */
void kh_qemu_options(const struct kh_config *config, const char *help, bool has_fdt,
		     struct kh_strv *ret_options);

/* Firmware of other machines, by the start of the file's name: not wanted when all targets are x86.
 * NULL-terminated. */
extern const char *const kh_qemu_foreign_firmware[];

#endif
