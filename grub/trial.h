/* trial.h - boot another kernel once, and keep it only when it proved itself.
 *
 * While a kernel is on trial the default stays pinned to the kernel that runs; the chosen one is
 * booted once, through an entry of its own that GRUB takes for the next boot only (next_entry in
 * the environment block: grub-reboot), with arguments that end a failed boot in a reboot instead of
 * a prompt. `kvmhost confirm` (a unit calls it at every boot) proves the host; the next plan then
 * makes the kernel the default and takes the entry away. A boot that came back to another kernel
 * while a trial was armed is a failed one: it is not tried again until somebody says so.
 *
 * There are two files. The record says what is tried; it is planned like any file, journalled and
 * undone. The finding says what came of it; no stage plans it, so that the record stays as planned:
 *
 *     /var/lib/kvmhost/trial.json    {"state": "armed|offered", "release", "key", "pinned",
 *                                     "boot_id", "attempt", "had_route"}
 *     /var/lib/kvmhost/trial.state   {"key", "release", "attempt", "result": "proved|failed|retry",
 *                                     "reason", "time"}
 */
#ifndef KH_GRUB_TRIAL_H
#define KH_GRUB_TRIAL_H

#include "core/base/root.h"
#include "core/facts.h"

extern const char *const kh_trial_path;         /* "/var/lib/kvmhost/trial.json" */
extern const char *const kh_trial_finding_path; /* "/var/lib/kvmhost/trial.state" */
/* What is added to the arguments for the one boot. Source: kernel-parameters.rst (panic=),
 * dracut.cmdline(7) (rd.shell, rd.emergency). */
extern const char *const kh_trial_arguments; /* "panic=30 rd.shell=0 rd.emergency=reboot" */

enum kh_trial_state {
	KH_TRIAL_NONE,
	KH_TRIAL_OFFERED, /* cannot be tried once; whoever is there chooses it in the menu */
	KH_TRIAL_ARMED,   /* the next boot tries it */
	KH_TRIAL_BOOTED,  /* it runs now, and is not proved yet */
	KH_TRIAL_PROVED,  /* it ran and passed */
	KH_TRIAL_FAILED,  /* a boot came back without it */
};

struct kh_trial {
	enum kh_trial_state state;
	char *release;
	char *key;              /* of the artifact */
	char *pinned;           /* the release that is the default until this one is proved */
	char *boot_id;          /* of the boot it was armed in */
	long long attempt;      /* of this artifact, from 1 */
	bool is_offered;        /* the record's word, whatever became of it */
	bool had_route;         /* there was a default route when it was armed */
	bool has_finding;       /* what came of it was noted */
	char *reason;           /* why it failed or what passed; or NULL */
	long long next_attempt; /* the number of a trial that is armed anew */
};

enum kh_trial_result { KH_TRIAL_RESULT_PROVED, KH_TRIAL_RESULT_FAILED, KH_TRIAL_RESULT_RETRY };

/* Reads the record and judges it by the finding and by what runs now. */
void kh_trial_read(const struct kh_root *root, const struct kh_facts *facts,
		   struct kh_trial *ret_trial);
void kh_trial_done(struct kh_trial *trial);
char *kh_trial_text(const struct kh_trial *trial); /* the record's file; owned */
/* Note what came of it. RETRY: a failed one may be tried again. */
int kh_trial_note(const struct kh_root *root, const struct kh_trial *trial,
		  enum kh_trial_result result, const char *reason, struct kh_error *err);
/* Does the running kernel have the arguments of the one boot: was it booted by the trial's entry?
 */
bool kh_trial_is_one_shot(const struct kh_facts *facts);

/* Can GRUB take back the one-time choice at boot? NULL: yes; otherwise why not: "/boot/grub is on
 * LVM". Owned. */
char *kh_trial_obstacle(const struct kh_root *root, const struct kh_facts *facts);

#endif
