/* grub.h - what the files of stage `grub` share; see grub.c. */
#ifndef KH_STAGES_GRUB_H
#define KH_STAGES_GRUB_H

#include "grub/cmdline.h"
#include "grub/entries.h"
#include "grub/menu.h"
#include "grub/trial.h"
#include "stages/stages.h"

/* What becomes of the wanted arguments now (grub_trial.c). */
enum kh_grub_way {
	KH_GRUB_WRITE, /* nothing to try, or it is proved: every normal entry gets them */
	KH_GRUB_TRY,   /* only the trial's entry has them */
	KH_GRUB_JOIN,  /* the trial of a kernel has them */
	KH_GRUB_HOLD,  /* they failed: nothing has them */
};

/* What the stage works out once per plan or check. */
struct kh_grub_work {
	const struct kh_context *context;
	struct kh_cmdline_groups groups; /* wanted, in order */
	struct kh_strv written;          /* words an earlier run of ours wrote */
	struct kh_strv stale;            /* those of them that are not wanted any more */
	struct kh_boot_entries entries;  /* the boot menu as it is */
	enum kh_grub_way way;
	struct kh_trial trial;     /* of arguments, as recorded */
	struct kh_trial kernel;    /* a kernel's */
	enum kh_trial_state state; /* of the wanted arguments, when way is TRY or HOLD */
	char *key, *words;         /* of the wanted arguments */
	char *obstacle;            /* why GRUB cannot try them once; or NULL */
	char *untried;             /* WRITE: why they are not tried first; NULL: no need to */
};

int kh_grub_open(const struct kh_context *context, struct kh_grub_work *ret_work,
		 struct kh_error *err);
void kh_grub_done(struct kh_grub_work *work);

/* grub_args.c: the wanted arguments, from every section's configuration. Errors as of
 * kh_hugepool_resolve. */
int kh_grub_want(const struct kh_context *context, struct kh_cmdline_groups *groups,
		 struct kh_error *err);
/* Arguments that an earlier run of ours wrote for every entry, and those of them that are not
 * wanted any more. */
void kh_grub_remember(const struct kh_root *root, const struct kh_cmdline_groups *groups,
		      struct kh_strv *ret_written, struct kh_strv *ret_stale);
/* grub_stale.c: arguments on a command line that do nothing today or do harm: a sentence each. */
void kh_grub_stale_recipes(const struct kh_context *context, const char *arguments,
			   struct kh_strv *ret_sentences);
/* 5.0: the block layer that elevator= chose from is gone. */
enum { KH_GRUB_NO_ELEVATOR = 5000 };
/* major * 1000 + minor of the kernel that boots next, or -1. */
int kh_grub_next_kernel(const struct kh_context *context);

/* grub_mkconfig.c: GRUB 2 whose grub.cfg is generated. */
int kh_grub_plan_mkconfig(const struct kh_grub_work *work, struct kh_plan *plan,
			  struct kh_error *err);
/* The script that writes the fallback's entry. */
extern const char *const kh_grub_fallback_path;
/* grub_entries.c: entries that are edited themselves: BLS and GRUB legacy. */
int kh_grub_plan_bls(const struct kh_grub_work *work, struct kh_plan *plan, struct kh_error *err);
int kh_grub_plan_legacy(const struct kh_grub_work *work, struct kh_plan *plan,
			struct kh_error *err);

/* /etc/default/grub with our arguments in it: what future kernels get. */
int kh_grub_plan_default_file(const struct kh_grub_work *work, struct kh_plan *plan,
			      struct kh_error *err);
/* grub_fallback.c: the entry "as before kvmhost". */
/* The entry to keep: that of the running kernel, else the default one; NULL. */
const struct kh_boot_entry *kh_grub_fallback_source(const struct kh_grub_work *work);
/* Its arguments without ours, and its title as that of the fallback. Both owned. */
char *kh_grub_fallback_arguments(const struct kh_grub_work *work,
				 const struct kh_boot_entry *entry);
char *kh_grub_fallback_title(const struct kh_boot_entry *entry);
/* What is wrong with the fallback there is: "its kernel 'X' is gone", "it carries 'a=b'"; NULL:
 * nothing, or there is none. Owned. */
char *kh_grub_fallback_fault(const struct kh_grub_work *work, const struct kh_boot_entry *fallback);

/* grub_dropin.c: Debian's drop-in for update-grub. */
bool kh_grub_uses_dropins(const struct kh_facts_boot *boot);
int kh_grub_plan_dropin(const struct kh_grub_work *work, struct kh_plan *plan,
			struct kh_error *err);
/* Who has the last word on this group after everything of ours, "FILE:LINE, which ..."; NULL:
 * nobody. Owned. */
char *kh_grub_overrider(const struct kh_grub_work *work, const struct kh_cmdline_group *group);
/* All that /etc/default/grub and the drop-ins of others assign, as one text of words. Owned. */
char *kh_grub_others_words(const struct kh_root *root);
extern const char *const kh_grub_dropin_path;

/* grub_trial.c: new arguments, booted once before every entry gets them. */
void kh_grub_trial_judge(struct kh_grub_work *work);
void kh_grub_trial_done(struct kh_grub_work *work);
/* Are the wanted arguments those of this key, of a trial? */
bool kh_grub_trial_is_of(const struct kh_context *context, const char *key);
/* A kernel that this very plan puts on trial takes the arguments along. */
void kh_grub_trial_join(struct kh_grub_work *work, const struct kh_plan *plan);
/* The arguments of the trial's entry, from those of the entry it is a copy of. Owned. */
char *kh_grub_trial_arguments(const struct kh_grub_work *work, const char *arguments);
/* The entry to copy: the default one, when it is a normal one; or NULL. */
const struct kh_boot_entry *kh_grub_trial_source(const struct kh_grub_work *work);
/* Is this the entry of the trial, as it is wanted? */
bool kh_grub_trial_is_good(const struct kh_grub_work *work, const struct kh_boot_entry *entry);
/* What is wrong with the trial's entry in the menu; NULL: nothing. */
const char *kh_grub_trial_fault(const struct kh_grub_work *work);
/* Before anything of it is in the menu: a boot with them in QEMU. */
int kh_grub_trial_rehearse(const struct kh_grub_work *work, struct kh_plan *plan,
			   struct kh_error *err);
/* The choice for one boot made or taken back, then the record; the menu is in place by then. */
int kh_grub_trial_finish(const struct kh_grub_work *work, struct kh_plan *plan,
			 struct kh_error *err);
void kh_grub_trial_note(const struct kh_grub_work *work, struct kh_plan *plan);
void kh_grub_trial_check(const struct kh_grub_work *work, struct kh_report *report);

/* grub_check.c */
int kh_grub_check(const struct kh_context *context, struct kh_report *report, struct kh_error *err);

#endif
