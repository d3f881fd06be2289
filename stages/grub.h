/* grub.h - what the files of stage `grub` share; see grub.c. */
#ifndef KH_STAGES_GRUB_H
#define KH_STAGES_GRUB_H

#include "grub/cmdline.h"
#include "grub/entries.h"
#include "grub/menu.h"
#include "stages/stages.h"

/* What the stage works out once per plan or check. */
struct kh_grub_work {
	const struct kh_context *context;
	struct kh_cmdline_groups groups; /* wanted, in order */
	struct kh_strv written;          /* words an earlier run of ours wrote */
	struct kh_strv stale;            /* those of them that are not wanted any more */
	struct kh_boot_entries entries;  /* the boot menu as it is */
};

int kh_grub_open(const struct kh_context *context, struct kh_grub_work *ret_work,
		 struct kh_error *err);
void kh_grub_done(struct kh_grub_work *work);

/* grub_args.c: the wanted arguments, from every section's configuration. Errors as of
 * kh_hugepool_resolve. */
int kh_grub_want(const struct kh_context *context, struct kh_cmdline_groups *groups,
		 struct kh_error *err);
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

/* grub_check.c */
int kh_grub_check(const struct kh_context *context, struct kh_report *report, struct kh_error *err);

#endif
