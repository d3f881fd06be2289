/* grub_trial.c - new kernel arguments are booted once before every entry gets them.
 *
 * What makes a menu (drop-in, /etc/default/grub, normal BLS entries, /etc/kernel/cmdline) does not
 * have them until they are proved, so that neither a kernel's package nor update-grub can make them
 * the default in between; only an entry of the trial's own does, chosen for one boot. Which way
 * they go follows from the record, what runs and what the default entry has:
 *
 * - WRITE: the default entry has them, they run already in a boot that was no trial, they were
 *   proved, or nothing can be tried (another root, GRUB legacy, grub.trial: off);
 * - JOIN: a kernel is on trial; its entry has them as well, and one proof is for both;
 * - HOLD: they failed, until `kvmhost confirm --retry` or other arguments are wanted;
 * - TRY: otherwise.
 */
#include <string.h>

#include "core/base/digest.h"
#include "core/base/mem.h"
#include "grub/bls_order.h"
#include "grub/trial_entry.h"
#include "platform/rehearsal.h"
#include "stages/grub.h"
#include "stages/trial_plan.h"

static bool is_text(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* ---- which way ---- */

/* Does this command line say all that is wanted, and nothing that no longer is? */
static bool has_all(const struct kh_grub_work *work, const char *arguments)
{
	kh_auto(kh_free) char *wrong =
		arguments ? kh_cmdline_judge(arguments, &work->groups) : kh_strdup("");
	for (size_t i = 0; !wrong && i < work->stale.count; i++)
		if (kh_cmdline_has_word(arguments, work->stale.items[i]))
			return false;
	return wrong == NULL;
}

/* Passed by a trial of their own, or by that of a kernel whose entry had them. */
static bool is_proved(const struct kh_grub_work *work)
{
	return (is_text(work->trial.key, work->key) && work->trial.state == KH_TRIAL_PROVED) ||
	       (work->kernel.state == KH_TRIAL_PROVED &&
		is_text(work->kernel.arguments, work->words));
}

static bool is_in_use(const struct kh_grub_work *work)
{
	const struct kh_facts *facts = work->context->facts;
	const struct kh_boot_entry *entry = kh_boot_entries_default(&work->entries);
	if (entry && entry->kind == KH_ENTRY_NORMAL && has_all(work, entry->arguments))
		return true;
	return !kh_trial_is_one_shot(facts) && has_all(work, facts->boot.cmdline);
}

/* Why nothing can be tried here, or NULL. Owned. "": nobody has to be told. */
static char *find_hindrance(const struct kh_grub_work *work)
{
	const struct kh_facts_boot *boot = &work->context->facts->boot;
	if (!work->context->root->is_live || boot->loader == KH_LOADER_NONE ||
	    work->context->config->grub.trial == KH_GRUB_TRIAL_OFF)
		return kh_strdup("");
	if (boot->loader == KH_LOADER_GRUB_LEGACY)
		return kh_strdup("GRUB legacy has no choice for one boot that takes itself back");
	const struct kh_boot_entry *source = kh_grub_trial_source(work);
	kh_auto(kh_free) char *release = source ? kh_boot_release(source->kernel) : NULL;
	return release ? NULL : kh_printf("%s has no normal default entry", boot->grub_cfg);
}

static enum kh_grub_way choose_way(struct kh_grub_work *work)
{
	kh_auto(kh_free) char *hindrance = find_hindrance(work);
	if (is_in_use(work) || is_proved(work))
		return KH_GRUB_WRITE;
	if (hindrance) {
		work->untried = *hindrance ? kh_take(hindrance) : NULL;
		return KH_GRUB_WRITE;
	}
	if (kh_trial_is_under_way(&work->kernel))
		return KH_GRUB_JOIN;
	return work->state == KH_TRIAL_FAILED ? KH_GRUB_HOLD : KH_GRUB_TRY;
}

void kh_grub_trial_judge(struct kh_grub_work *work)
{
	const struct kh_context *context = work->context;
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	char digest[KH_DIGEST_SIZE];
	kh_cmdline_wanted(&work->groups, &words);
	work->words = kh_strv_join(&words, " ");
	kh_digest_bytes(work->words, strlen(work->words), digest);
	work->key = kh_strdup(digest);
	kh_trial_read(context->root, context->facts, &work->kernel);
	kh_trial_read_arguments(context->root, context->facts, &work->trial);
	work->obstacle = kh_trial_obstacle(context->root, context->facts);
	work->state = is_text(work->trial.key, work->key) ? work->trial.state : KH_TRIAL_NONE;
	if (work->state == KH_TRIAL_OFFERED && !work->obstacle)
		work->state = KH_TRIAL_NONE;
	work->way = choose_way(work);
}

void kh_grub_trial_done(struct kh_grub_work *work)
{
	kh_trial_done(&work->trial);
	kh_trial_done(&work->kernel);
	kh_free(&work->key);
	kh_free(&work->words);
	kh_free(&work->obstacle);
	kh_free(&work->untried);
}

bool kh_grub_trial_is_of(const struct kh_context *context, const char *key)
{
	kh_auto(kh_grub_done) struct kh_grub_work work = {0};
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	return kh_grub_open(context, &work, &ignored) == 0 && is_text(work.key, key);
}

void kh_grub_trial_join(struct kh_grub_work *work, const struct kh_plan *plan)
{
	if (kh_plan_has(plan, kh_trial_path) &&
	    (work->way == KH_GRUB_TRY || work->way == KH_GRUB_HOLD))
		work->way = KH_GRUB_JOIN;
}

/* ---- the entry ---- */

const struct kh_boot_entry *kh_grub_trial_source(const struct kh_grub_work *work)
{
	const struct kh_boot_entry *entry = kh_boot_entries_default(&work->entries);
	return entry && entry->kind == KH_ENTRY_NORMAL ? entry : NULL;
}

static long long attempt_of(const struct kh_grub_work *work)
{
	return work->state == KH_TRIAL_NONE ? work->trial.next_attempt : work->trial.attempt;
}

char *kh_grub_trial_arguments(const struct kh_grub_work *work, const char *arguments)
{
	kh_auto(kh_free) char *kept = kh_cmdline_drop(arguments ? arguments : "", &work->stale);
	kh_auto(kh_free) char *merged = kh_cmdline_merge(kept, &work->groups);
	kh_auto(kh_free) char *mark = kh_trial_mark(work->key, attempt_of(work));
	return kh_trial_entry_arguments(merged, mark);
}

bool kh_grub_trial_is_good(const struct kh_grub_work *work, const struct kh_boot_entry *entry)
{
	const struct kh_boot_entry *source = kh_grub_trial_source(work);
	if (!entry || !entry->arguments || !source || !is_text(entry->kernel, source->kernel))
		return false;
	kh_auto(kh_free) char *wanted = kh_grub_trial_arguments(work, entry->arguments);
	return strcmp(wanted, entry->arguments) == 0;
}

const char *kh_grub_trial_fault(const struct kh_grub_work *work)
{
	const struct kh_boot_entry *entry = kh_trial_entry_find_arguments(&work->entries);
	if (work->way != KH_GRUB_TRY)
		return entry ? "a trial that is over is in the menu" : NULL;
	if (!entry)
		return "the trial is not in the menu";
	return kh_grub_trial_is_good(work, entry) ? NULL : "the menu has another trial";
}

int kh_grub_trial_rehearse(const struct kh_grub_work *work, struct kh_plan *plan,
			   struct kh_error *err)
{
	const struct kh_boot_entry *source = kh_grub_trial_source(work);
	if (work->way != KH_GRUB_TRY || work->state != KH_TRIAL_NONE)
		return 0;
	kh_auto(kh_free) char *release = kh_boot_release(source->kernel);
	kh_auto(kh_free) char *arguments = kh_grub_trial_arguments(work, source->arguments);
	return kh_rehearsal_plan(work->context, plan, release, arguments, err);
}

/* ---- choice and record ---- */

static const char *prefix_of(const struct kh_grub_work *work)
{
	return kh_grub_uses_dropins(&work->context->facts->boot) ? "grub" : "grub2";
}

static char *id_of(const struct kh_grub_work *work)
{
	const struct kh_boot_entry *now = kh_trial_entry_find_arguments(&work->entries);
	const struct kh_boot_entry *source = kh_grub_trial_source(work);
	if (work->context->facts->boot.loader != KH_LOADER_GRUB_BLS)
		return kh_strdup(KH_TRIAL_ARGUMENTS_ID);
	return now ? kh_strdup(now->id)
		   : kh_bls_new_id(&work->entries, source, KH_TRIAL_ARGUMENTS_ID);
}

static int plan_once(const struct kh_grub_work *work, struct kh_plan *plan, struct kh_error *err)
{
	kh_auto(kh_free) char *id = id_of(work);
	bool is_wanted = work->state == KH_TRIAL_NONE || work->state == KH_TRIAL_ARMED;
	return work->obstacle || !is_wanted
		       ? 0
		       : kh_trial_plan_once(work->context, plan, prefix_of(work), id,
					    "the next boot tries the new arguments, once", err);
}

static int plan_record(const struct kh_grub_work *work, struct kh_plan *plan, bool is_joined,
		       struct kh_error *err)
{
	const struct kh_boot_entry *source = kh_grub_trial_source(work);
	kh_auto(kh_free) char *release = source ? kh_boot_release(source->kernel) : kh_strdup("?");
	struct kh_trial record = {.is_arguments = true,
				  .is_joined = is_joined,
				  .release = release,
				  .key = work->key,
				  .pinned = release,
				  .arguments = work->words,
				  .attempt = is_joined ? 0 : work->trial.next_attempt,
				  .is_offered = work->obstacle != NULL};
	kh_trial_plan_remember(work->context, &record);
	kh_auto(kh_free) char *text = kh_trial_text(&record);
	return kh_plan_put_file(plan, kh_trial_arguments_path, text, 0644,
				"what is tried, and when", err);
}

static int forget(const struct kh_grub_work *work, struct kh_plan *plan, struct kh_error *err)
{
	bool is_kept = work->way == KH_GRUB_HOLD || (work->trial.state == KH_TRIAL_PROVED &&
						     is_text(work->trial.key, work->key));
	return is_kept ? 0
		       : kh_plan_remove_file(plan, kh_trial_arguments_path,
					     "no arguments are on trial", err);
}

/* The power may go as soon as the boot is chosen: what ends it comes before. The record comes
 * behind: cut off before the choice, it would make a failure of a boot that tried nothing. */
static int finish_try(const struct kh_grub_work *work, struct kh_plan *plan, struct kh_error *err)
{
	if (kh_trial_plan_units(work->context, plan, err) != 0 || plan_once(work, plan, err) != 0)
		return -1;
	return work->state == KH_TRIAL_NONE ? plan_record(work, plan, false, err) : 0;
}

int kh_grub_trial_finish(const struct kh_grub_work *work, struct kh_plan *plan,
			 struct kh_error *err)
{
	bool is_joined = work->trial.is_joined && is_text(work->trial.key, work->key);
	if (work->way == KH_GRUB_TRY)
		return finish_try(work, plan, err);
	if (work->way == KH_GRUB_JOIN)
		return is_joined ? 0 : plan_record(work, plan, true, err);
	if (kh_trial_plan_not_once(work->context, plan, prefix_of(work), KH_TRIAL_ARGUMENTS_ID,
				   err) != 0)
		return -1;
	return forget(work, plan, err);
}

/* ---- what is said ---- */

static void note_try(const struct kh_grub_work *work, struct kh_plan *plan)
{
	if (work->state == KH_TRIAL_BOOTED)
		kh_plan_note(plan, KH_NOTE_INFO,
			     "the new kernel arguments are on trial and not proved yet: 'kvmhost "
			     "confirm' does that; the old ones stay the default");
	else if (work->obstacle)
		kh_plan_note(plan, KH_NOTE_WARNING,
			     "the new kernel arguments are not tried by themselves: %s, where GRUB "
			     "cannot take back a choice for one boot; choose '%s' in the boot "
			     "menu, and 'kvmhost confirm' then keeps them; 'grub.trial: off' "
			     "writes them at once",
			     work->obstacle, KH_TRIAL_TITLE);
	else
		kh_plan_note(plan, KH_NOTE_REBOOT,
			     "the next boot tries '%s'; the old arguments stay the default until "
			     "'kvmhost confirm' has passed them",
			     work->words);
}

void kh_grub_trial_note(const struct kh_grub_work *work, struct kh_plan *plan)
{
	switch (work->way) {
	case KH_GRUB_WRITE:
		if (work->untried)
			kh_plan_note(plan, KH_NOTE_WARNING,
				     "the new kernel arguments are not tried before they are the "
				     "default: %s",
				     work->untried);
		return;
	case KH_GRUB_TRY:
		note_try(work, plan);
		return;
	case KH_GRUB_JOIN:
		kh_plan_note(plan, KH_NOTE_REBOOT,
			     "the kernel arguments '%s' are tried together with the kernel",
			     work->words);
		return;
	case KH_GRUB_HOLD:
		kh_plan_note(plan, KH_NOTE_WARNING,
			     "the kernel arguments '%s' failed their trial and are not tried again "
			     "('kvmhost confirm --retry' does): %s",
			     work->words, work->trial.reason ? work->trial.reason : "?");
		return;
	}
}
