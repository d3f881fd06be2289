/* trial.h - boot another kernel, or other arguments, once, and keep them only when they proved
 * themselves.
 *
 * While a kernel is on trial the default stays pinned to the kernel that runs; the chosen one is
 * booted once, through an entry of its own that GRUB takes for the next boot only (next_entry in
 * the environment block: grub-reboot), with arguments that end a failed boot in a reboot instead of
 * a prompt. `kvmhost confirm` (a unit calls it at every boot) proves the host; the next plan then
 * makes the kernel the default and takes the entry away. A boot that came back to another kernel
 * while a trial was armed is a failed one: it is not tried again until somebody says so.
 *
 * New kernel arguments (stage grub) go the same way: the entry of the one boot is a copy of the
 * default's with them, and until they are proved nothing that makes a menu has them. The entry has
 * a word of its own, kvmhost.trial=..., so that a boot by it is known. Kernel and arguments that
 * change together have one trial, the kernel's: the record of the arguments then says "joined".
 *
 * There are two files for each. The record says what is tried; it is planned like any file,
 * journalled and undone. The finding says what came of it; no stage plans it, so that the record
 * stays as planned:
 *
 *     trial.json    {"state": "armed|offered|joined", "release", "key", "pinned", "boot_id",
 *                    "attempt", "had_route", "had_kvm", "had_libvirt", "arguments"}
 *     trial.state   {"key", "release", "attempt", "result": "proved|failed|retry", "reason",
 * "time"}
 *
 * in /var/lib/kvmhost; those of arguments are trial-arguments.json and trial-arguments.state, where
 * the key is a digest of the words.
 */
#ifndef KH_GRUB_TRIAL_H
#define KH_GRUB_TRIAL_H

#include "core/base/root.h"
#include "core/facts.h"

extern const char *const kh_trial_path;         /* "/var/lib/kvmhost/trial.json" */
extern const char *const kh_trial_finding_path; /* "/var/lib/kvmhost/trial.state" */
extern const char *const kh_trial_arguments_path;
extern const char *const kh_trial_arguments_finding_path;
/* What is added to the arguments for the one boot, but for the word that marks it: a boot that
 * panics, hangs or finds no root ends in a reboot. Source: kernel-parameters.rst (panic=,
 * softlockup_panic=, nmi_watchdog=); sysctl/kernel.rst and fs/proc/proc_sysctl.c (hung_task_panic
 * as an argument); systemd(1) (systemd.watchdog_sec=, where there is a watchdog);
 * dracut.cmdline(7) (rd.shell, rd.emergency). */
extern const char *const kh_trial_words;
#define KH_TRIAL_MARK "kvmhost.trial"

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
	bool is_arguments; /* of arguments; otherwise of a kernel */
	bool is_joined;    /* arguments: the kernel's trial has them; the state is NONE */
	char *release;
	char *key;              /* of the artifact; of the arguments */
	char *pinned;           /* the release that is the default until this one is proved */
	char *boot_id;          /* of the boot it was armed in */
	char *arguments;        /* kvmhost's words that the trial's entry has; or NULL: not known */
	long long attempt;      /* of this artifact, from 1 */
	bool is_offered;        /* the record's word, whatever became of it */
	bool had_route;         /* there was a default route when it was armed */
	bool had_kvm;           /* and /dev/kvm */
	bool had_libvirt;       /* and somebody behind libvirt's socket */
	bool has_record;        /* there is one; otherwise all is from the finding */
	bool has_finding;       /* what came of it was noted */
	char *reason;           /* why it failed or what passed; or NULL */
	char *time;             /* of the finding, "2026-11-21T10:00:00Z"; or NULL */
	long long next_attempt; /* the number of a trial that is armed anew */
};

enum kh_trial_result { KH_TRIAL_RESULT_PROVED, KH_TRIAL_RESULT_FAILED, KH_TRIAL_RESULT_RETRY };

/* Reads the record and judges it by the finding and by what runs now. */
void kh_trial_read(const struct kh_root *root, const struct kh_facts *facts,
		   struct kh_trial *ret_trial);
/* The same of the arguments' trial. */
void kh_trial_read_arguments(const struct kh_root *root, const struct kh_facts *facts,
			     struct kh_trial *ret_trial);
void kh_trial_done(struct kh_trial *trial);
char *kh_trial_text(const struct kh_trial *trial); /* the record's file; owned */
/* "kernel 'X'" or "the new kernel arguments": for sentences. Owned. */
char *kh_trial_name(const struct kh_trial *trial);
/* Note what came of it. RETRY: a failed one may be tried again. */
int kh_trial_note(const struct kh_root *root, const struct kh_trial *trial,
		  enum kh_trial_result result, const char *reason, struct kh_error *err);
/* Is it to be told and asked about: armed, offered, booted? */
bool kh_trial_is_under_way(const struct kh_trial *trial);

/* The word that marks a boot by the entry of this trial of arguments. Owned. */
char *kh_trial_mark(const char *key, long long attempt);
/* Does the running kernel have the arguments of the one boot: was it booted by a trial's entry? */
bool kh_trial_is_one_shot(const struct kh_facts *facts);

/* Can GRUB take back the one-time choice at boot? NULL: yes; otherwise why not: "/boot/grub is on
 * LVM". Owned. */
char *kh_trial_obstacle(const struct kh_root *root, const struct kh_facts *facts);

#endif
