/* confirm.h - what the files of `kvmhost confirm` share: the proof, and what ends a trial's boot.
 *
 * What has to be good is in confirm_proof.c; what follows from it in cmd_confirm.c.
 */
#ifndef KH_CMD_CONFIRM_H
#define KH_CMD_CONFIRM_H

#include "cmd/cmd.h"
#include "grub/trial.h"

struct kh_confirm {
	const struct kh_options *options;
	struct kh_session session;
	struct kh_trial kernel, arguments; /* both, as read at the start */
	struct kh_trial *trial;            /* the one it is about: either */
};

/* What is wrong with the host, or NULL: it is what it is for. At boot (--unit) it waits for what
 * takes a while to come up. Owned. */
char *kh_confirm_prove(struct kh_confirm *confirm);

/* The verdict is there: the timer that would reboot this boot is told (trial_plan.c). */
void kh_confirm_tell_timer(struct kh_confirm *confirm);
/* It goes on running: what made a failing boot end in a panic goes back to the kernel's defaults,
 * where nobody set it since. Told on standard error when it cannot be. */
void kh_confirm_relax(struct kh_confirm *confirm);

#endif
