/* rehearsal.h - a kernel with its initramfs and arguments, booted in QEMU before it is tried for
 * real.
 *
 * What it shows: GRUB's files are a kernel that decompresses and comes up, the initramfs unpacks,
 * its shell runs, and the drivers of the root file system load into that kernel. The initramfs is
 * the host's own; behind it lies a second archive whose /init takes the place of the first's, says
 * what it sees on the console and ends. What it cannot show is this host's hardware: that is what
 * the trial boot is for.
 *
 * QEMU runs in the build sandbox (sandbox.h): as the build account, without network, with at most
 * 2 GiB of memory, and no longer than grub.rehearsal seconds. It is the host's own, KVM or TCG,
 * whatever the account may use. Arguments that are about the host's memory and consoles are left
 * out: huge pages are judged by numbers (core/hugepool.h), and the console is what is read.
 *
 * Source: Documentation/driver-api/early-userspace/buffer-format.rst (concatenated archives, what
 * comes later replaces what was before); init/main.c (/init); qemu-system(1), -kernel.
 */
#ifndef KH_PLATFORM_REHEARSAL_H
#define KH_PLATFORM_REHEARSAL_H

#include "core/facts_hardware.h"
#include "core/stage.h"

/* Plan the rehearsal of the kernel RELEASE in /boot with these arguments; where there is no QEMU,
 * a note says so, and grub.rehearsal: 0 plans nothing. A failed one is the stage's refusal, and
 * what the stage planned behind it is not done. */
int kh_rehearsal_plan(const struct kh_context *context, struct kh_plan *plan, const char *release,
		      const char *arguments, struct kh_error *err);

/* ---- its parts, for tests ---- */

/* The arguments without those that are about memory, consoles and the root device. Owned. */
char *kh_rehearsal_arguments(const char *arguments);
/* The modules of root file system and storage, in *ret_all, each once; the root's own first: their
 * number is returned. */
size_t kh_rehearsal_modules(const struct kh_hardware *hardware, struct kh_strv *ret_all);
/* The second archive: its /init tries these modules. Owned; *ret_length bytes. */
char *kh_rehearsal_archive(const struct kh_strv *modules, size_t *ret_length);
/* What the console says: NULL when all is well, otherwise what is wrong. must_count: of the
 * modules, the first that have to be there; of the others one. Owned. */
char *kh_rehearsal_judge(const struct kh_strv *console, const struct kh_strv *modules,
			 size_t must_count);

#endif
