/* grub_trial_check.c - stage grub's part of the report about arguments on trial. */
#include "core/base/mem.h"
#include "stages/grub.h"

static const struct {
	enum kh_status status;
	const char *found, *fix;
} rows[] = {
	[KH_TRIAL_NONE] = {KH_WARN, "not tried", "kvmhost apply grub"},
	[KH_TRIAL_OFFERED] = {KH_WARN, "they wait to be chosen in the boot menu",
			      "choose '" KH_TRIAL_TITLE "' there, then 'kvmhost confirm'"},
	[KH_TRIAL_ARMED] = {KH_WARN, "the next boot tries them", "reboot"},
	[KH_TRIAL_BOOTED] = {KH_WARN, "they run and are not proved", "kvmhost confirm"},
	[KH_TRIAL_PROVED] = {KH_PASS, "they proved themselves", NULL},
	[KH_TRIAL_FAILED] = {KH_FAIL, "they failed",
			     "change them, or look why, then 'kvmhost confirm --retry'"},
};

void kh_grub_trial_check(const struct kh_grub_work *work, struct kh_report *report)
{
	enum kh_trial_state state = work->state;
	bool is_joined = work->way == KH_GRUB_JOIN;
	bool is_new = work->way == KH_GRUB_TRY && state == KH_TRIAL_NONE; /* boot.arg.* says it */
	if (is_new || (work->way == KH_GRUB_WRITE && state != KH_TRIAL_PROVED))
		return;
	const char *reason = state == KH_TRIAL_NONE ? NULL : work->trial.reason;
	const char *time = state == KH_TRIAL_NONE ? NULL : work->trial.time;
	kh_auto(kh_free) char *found =
		is_joined ? kh_printf("'%s': tried together with the kernel", work->words)
			  : kh_printf("'%s': %s%s%s%s%s", work->words, rows[state].found,
				      time ? ", " : "", time ? time : "", reason ? ": " : "",
				      reason ? reason : "");
	struct kh_check_text text = {
		.expected = "the host came up with the wanted arguments and proved itself",
		.found = found,
		.why = "arguments become the default only after a boot with them has worked",
		.fix = is_joined ? "reboot" : rows[state].fix};
	kh_report_add(report, "boot.trial", is_joined ? KH_WARN : rows[state].status, &text);
}
