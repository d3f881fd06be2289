/* kernel.h - what the files of stage `kernel` share; see kernel.c. */
#ifndef KH_STAGES_KERNEL_H
#define KH_STAGES_KERNEL_H

#include "core/store.h"
#include "grub/cmdline.h"
#include "grub/entries.h"
#include "grub/trial.h"
#include "stages/stages.h"

/* What the stage works out once per plan or check. */
struct kh_kernel_work {
	const struct kh_context *context;
	struct kh_artifact artifact; /* key NULL: what the record names is looked after, no more */
	char *release;               /* of the chosen kernel; NULL: nothing is chosen or known */
	char *key;                   /* of its artifact */
	char *program;               /* its name among what is installed: "kernel-RELEASE" */
	char *installed_key;         /* of the artifact that is installed for it, or NULL */
	struct kh_trial trial;       /* as recorded, of whatever artifact */
	enum kh_trial_state state;   /* of the chosen one */
	char *pinned;                /* the release that is the default while nothing is proved */
	struct kh_boot_entries entries;
	struct kh_cmdline_groups groups; /* kvmhost's arguments */
	struct kh_strv stale;            /* those it wrote for every entry and wants no more */
	char *obstacle;                  /* see kh_trial_obstacle; NULL: none */
};

/* Returns 0, or 1 when there is no kernel of ours to look after. */
int kh_kernel_open(const struct kh_context *context, struct kh_kernel_work *ret_work,
		   struct kh_error *err);
void kh_kernel_done(struct kh_kernel_work *work);
/* The release that shall be the default now. */
const char *kh_kernel_default(const struct kh_kernel_work *work);
/* Does the entry of the trial belong into the menu? */
bool kh_kernel_wants_entry(const struct kh_kernel_work *work);
/* Is it to be armed by this plan? */
bool kh_kernel_is_new(const struct kh_kernel_work *work);
/* The arguments of the trial's entry, from those of the entry it is a copy of. Owned. */
char *kh_kernel_arguments(const struct kh_kernel_work *work, const char *arguments);
/* Is this entry one that boots the chosen kernel with all of its arguments, and with none that were
 * wanted when the trial was recorded and are not now? source: of which it is a copy, or NULL. */
bool kh_kernel_is_entry_good(const struct kh_kernel_work *work, const struct kh_boot_entry *entry,
			     const struct kh_boot_entry *source);

/* kernel_refuse.c: what forbids the installation: KH_HOST with a hint. */
int kh_kernel_refuse(const struct kh_kernel_work *work, struct kh_error *err);

/* kernel_grub.c, kernel_bls.c: a boot loader's part. */
struct kh_kernel_loader {
	/* The default pinned, the trial's entry put or taken away: before anything is installed. */
	int (*pin)(const struct kh_kernel_work *work, struct kh_plan *plan, struct kh_error *err);
	/* The distribution's hooks: initramfs, menu. */
	int (*run_hooks)(const struct kh_kernel_work *work, struct kh_plan *plan,
			 struct kh_error *err);
	/* The trial's entry, once. */
	int (*choose_once)(const struct kh_kernel_work *work, struct kh_plan *plan,
			   struct kh_error *err);
	/* What is wanted once the rest is in place, and again when it is undone. */
	int (*finish)(const struct kh_kernel_work *work, struct kh_plan *plan,
		      struct kh_error *err);
};
extern const struct kh_kernel_loader kh_kernel_loader_grub, kh_kernel_loader_bls;

/* kernel_arm.c */
/* A program of the host, by its name: a path, or KH_HOST. */
int kh_kernel_tool(const struct kh_kernel_work *work, const char *name, const char *package,
		   char **ret_path, struct kh_error *err);
/* grub-reboot (grub2-reboot) for the entry with this id, while it is not chosen. */
int kh_kernel_plan_once(const struct kh_kernel_work *work, struct kh_plan *plan, const char *prefix,
			const char *id, struct kh_error *err);
/* The unit that calls `kvmhost confirm`, and what ends a boot in which it does not come to that:
 * before the boot is chosen, so that the power may go at once. */
int kh_kernel_plan_units(const struct kh_kernel_work *work, struct kh_plan *plan,
			 struct kh_error *err);
int kh_kernel_plan_record(const struct kh_kernel_work *work, struct kh_plan *plan,
			  struct kh_error *err);
void kh_kernel_note_state(const struct kh_kernel_work *work, struct kh_plan *plan);

/* kernel_names.c: the names of network cards, pinned before another kernel boots. */
int kh_kernel_plan_names(const struct kh_kernel_work *work, struct kh_plan *plan,
			 struct kh_error *err);

/* kernel_check.c */
int kh_kernel_check(const struct kh_context *context, struct kh_report *report,
		    struct kh_error *err);

/* kernel_prove.c: the first failed check that a kernel answers for, "ID: FOUND"; NULL: none. Owned.
 */
char *kh_kernel_find_failure(const struct kh_report *report);
/* The same of those that arguments answer for; had_kvm: the host made virtual machines before. */
char *kh_kernel_find_failure_of_arguments(const struct kh_report *report, bool had_kvm);

#endif
