/* trial.h - boot another kernel once, and keep it only when it proved itself.
 *
 * While a kernel is on trial the default stays pinned to the kernel that runs; the chosen one is
 * booted once, through an entry of its own that GRUB takes for the next boot only (next_entry in
 * the environment block: grub-reboot), with arguments that end a failed boot in a reboot instead of
 * a prompt. `kvmhost confirm` (a unit calls it at every boot) proves the host and records that in
 * /var/lib/kvmhost/trial.json; the next plan then makes the kernel the default and takes the entry
 * away. A boot that came back to another kernel while a trial was armed is a failed one: it is not
 * tried again until somebody says so.
 */
#ifndef KH_GRUB_TRIAL_H
#define KH_GRUB_TRIAL_H

#include "core/base/root.h"
#include "core/facts.h"

extern const char *const kh_trial_path; /* "/var/lib/kvmhost/trial.json" */
/* What is added to the arguments for the one boot. Source: kernel-parameters.rst (panic=),
 * dracut.cmdline(7) (rd.shell, rd.emergency). */
extern const char *const kh_trial_arguments; /* "panic=30 rd.shell=0 rd.emergency=reboot" */

enum kh_trial_state {
	KH_TRIAL_NONE,
	KH_TRIAL_ARMED,  /* the next boot tries it */
	KH_TRIAL_BOOTED, /* it runs now, and is not proved yet */
	KH_TRIAL_PROVED, /* it ran and passed */
	KH_TRIAL_FAILED, /* a boot came back without it */
};

struct kh_trial {
	enum kh_trial_state state;
	char *release;
	char *boot_id; /* of the boot it was armed in */
	char *reason;  /* why it failed or what passed; or NULL */
};

/* Reads the record and judges it by what runs now. */
void kh_trial_read(const struct kh_root *root, const struct kh_facts *facts,
		   struct kh_trial *ret_trial);
void kh_trial_done(struct kh_trial *trial);
char *kh_trial_text(const struct kh_trial *trial); /* the record's file; owned */

/* Can GRUB take back the one-time choice at boot? NULL: yes; otherwise why not: "/boot/grub is on
 * LVM". Source: info grub "Environment block": no writing to LVM, RAID, btrfs, zfs. Owned. */
char *kh_trial_obstacle(const struct kh_root *root, const struct kh_facts *facts);

#endif
