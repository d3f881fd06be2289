/* deep.h - does a guest really boot? The proof behind `kvmhost report --deep`.
 *
 * A domain of libvirt (transient, type kvm, the QEMU that was chosen) boots a disk of one sector,
 * whose program writes a random token and what hypervisor it sees (CPUID 0x40000000) to its serial
 * line. When that line arrives in a file, within a minute, everything between virsh and the
 * processor works; then the domain is destroyed. The result is kept in /var/lib/kvmhost/deep.json,
 * so that a report without --deep shows the last one and its age.
 *
 * The domain is called kvmhost-check-PID, and its files lie in a directory of that name below
 * /var/lib/libvirt (the guest's account has to reach them). What a check that was killed left
 * behind is removed by the next one.
 */
#ifndef KH_PLATFORM_DEEP_H
#define KH_PLATFORM_DEEP_H

#include <jansson.h>
#include <sys/types.h>

#include "core/base/run.h"
#include "core/report.h"
#include "core/stage.h"

/* Try it, and keep the result. Returns 0 with the outcome kept, good or bad; 1 when it cannot be
 * tried here, with the reason in *ret_reason (owned); -1 when the result cannot be kept. */
int kh_deep_run(const struct kh_context *context, struct kh_runner *runner, char **ret_reason,
		struct kh_error *err);
/* The check guest.boots, from the kept result; reason (or NULL): why it could not be tried now. */
void kh_deep_check(const struct kh_context *context, const char *reason, struct kh_report *report);

/* ---- parts, for tests ---- */

enum { KH_DEEP_IMAGE_BYTES = 512, KH_DEEP_TOKEN_LENGTH = 32 };

/* The disk: token has KH_DEEP_TOKEN_LENGTH characters. */
void kh_deep_image(const char *token, unsigned char ret_image[KH_DEEP_IMAGE_BYTES]);
/* The domain as XML; owned. */
char *kh_deep_domain(const char *name, const char *emulator, const char *directory);
/* What the serial line says: 1 the token under KVM, 0 not yet, -1 another hypervisor answered
 * (named in *ret_other, owned). */
int kh_deep_parse(const char *output, const char *token, char **ret_other);
/* "5 minutes ago" of a number of seconds; owned. */
char *kh_deep_age(long long seconds);

#endif
