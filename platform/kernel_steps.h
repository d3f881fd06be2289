/* kernel_steps.h - how many steps a build of the kernel will take, from what `make -n` prints.
 *
 * make prints the commands it would run; those of a step begin with the echo that says so,
 *
 *     set -e;  echo '  CC      init/main.o';  trap ...; gcc ...
 *
 * and the list of a directory's modules is made by echoing them. Steps that make cannot see yet,
 * because what they work on is not made, are estimated: two for each module (its .mod.o, its link)
 * and those that link the kernel and pack its image.
 * Source: scripts/Kbuild.include (cmd, quiet_log_print), scripts/Makefile.build (modules.order),
 * scripts/Makefile.modfinal.
 */
#ifndef KH_PLATFORM_KERNEL_STEPS_H
#define KH_PLATFORM_KERNEL_STEPS_H

#include <stddef.h>

struct kh_kernel_steps {
	size_t seen;    /* steps that make has printed */
	size_t modules; /* in the lists */
};

/* data: struct kh_kernel_steps. */
void kh_kernel_steps_take(void *data, const char *line);
/* 0: nothing is to be done, or make did not say. */
size_t kh_kernel_steps_total(const struct kh_kernel_steps *steps);

#endif
