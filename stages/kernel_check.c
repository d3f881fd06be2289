/* kernel_check.c - stage kernel's part of the report: chosen, installed and running versions, the
 * trial, the default, the files. */
#include <string.h>

#include "core/base/mem.h"
#include "core/installed.h"
#include "grub/trial_entry.h"
#include "sources/source.h"
#include "stages/kernel.h"

/* ---- versions ---- */

static void check_unknown(const struct kh_context *context, struct kh_report *report)
{
	const char *wanted = kh_source_wanted(context->config, "kernel");
	const char *running = context->facts->os.kernel_release;
	bool is_none = strcmp(wanted, "none") == 0;
	/* "distro" names no version: nobody is promised a certain one before it is built. */
	enum kh_status status = is_none                         ? KH_SKIP
				: strcmp(wanted, "distro") == 0 ? KH_WARN
								: KH_FAIL;
	kh_auto(kh_free) char *found = kh_printf("%s; kernel '%s' runs",
						 is_none ? "left to the distribution's packages"
							 : "none was built for this host yet",
						 running ? running : "?");
	struct kh_check_text text = {.expected = wanted,
				     .found = found,
				     .why = "the kernel is what guests run on",
				     .fix = is_none ? NULL : "kvmhost apply"};
	kh_report_add(report, "kernel.chosen", status, &text);
}

static void check_chosen(const struct kh_kernel_work *work, struct kh_report *report)
{
	const char *running = work->context->facts->os.kernel_release;
	bool is_running = running && strcmp(running, work->release) == 0;
	bool is_installed = work->installed_key && strcmp(work->installed_key, work->key) == 0;
	bool will_run = work->state == KH_TRIAL_ARMED || work->state == KH_TRIAL_OFFERED ||
			work->state == KH_TRIAL_PROVED;
	kh_auto(kh_free) char *found =
		kh_printf("'%s' runs; '%s' is %s", running ? running : "?", work->release,
			  is_installed          ? "installed"
			  : work->installed_key ? "installed from another build"
						: "built and not installed");
	struct kh_check_text text = {.expected = work->release,
				     .found = found,
				     .why = "the kernel is what guests run on",
				     .fix = is_running && is_installed ? NULL
					    : will_run && is_installed ? "reboot"
								       : "kvmhost apply kernel"};
	kh_report_add(report, "kernel.chosen",
		      is_running && is_installed ? KH_PASS
		      : will_run && is_installed ? KH_WARN
						 : KH_FAIL,
		      &text);
}

/* ---- the trial ---- */

static void check_trial(const struct kh_kernel_work *work, struct kh_report *report)
{
	static const struct {
		enum kh_status status;
		const char *found, *fix;
	} rows[] = {
		[KH_TRIAL_NONE] = {KH_WARN, "not tried yet", "kvmhost apply kernel"},
		[KH_TRIAL_OFFERED] = {KH_WARN, "waits to be chosen in the boot menu",
				      "choose it there, then 'kvmhost confirm'"},
		[KH_TRIAL_ARMED] = {KH_WARN, "the next boot tries it", "reboot"},
		[KH_TRIAL_BOOTED] = {KH_WARN, "it runs and has not proved itself",
				     "kvmhost confirm"},
		[KH_TRIAL_PROVED] = {KH_PASS, "it proved itself", NULL},
		[KH_TRIAL_FAILED] = {KH_FAIL, "it failed",
				     "look why it did not come up, then 'kvmhost confirm --retry'"},
	};
	const char *reason = work->trial.reason;
	bool has_reason = reason && work->state != KH_TRIAL_NONE;
	kh_auto(kh_free) char *found =
		kh_printf("kernel '%s': %s%s%s", work->release, rows[work->state].found,
			  has_reason ? ": " : "", has_reason ? reason : "");
	struct kh_check_text text = {.expected = "the chosen kernel came up and proved itself",
				     .found = found,
				     .why = "a kernel becomes the default only after it has worked",
				     .fix = rows[work->state].fix};
	kh_report_add(report, "kernel.trial", rows[work->state].status, &text);
}

static void check_default(const struct kh_kernel_work *work, struct kh_report *report)
{
	const struct kh_boot_entry *entry = kh_boot_entries_default(&work->entries);
	const char *wanted = kh_kernel_default(work);
	kh_auto(kh_free) char *release = entry ? kh_boot_release(entry->kernel) : NULL;
	bool is_good = release && wanted && strcmp(release, wanted) == 0;
	struct kh_check_text text = {
		.expected = wanted,
		.found = release ? release : "not known",
		.why = work->state == KH_TRIAL_PROVED
			       ? "the chosen kernel boots when nobody is there"
			       : "until the chosen kernel is proved the one before it boots",
		.fix = is_good ? NULL : "kvmhost apply kernel"};
	kh_report_add(report, "kernel.default", is_good ? KH_PASS : KH_FAIL, &text);
}

/* ---- the files ---- */

enum { MOST_NAMED = 3 };

static void check_files(const struct kh_kernel_work *work, struct kh_report *report)
{
	json_t *record = kh_installed_read(work->context->root, work->program);
	kh_auto(kh_strv_done) struct kh_strv changed = {0};
	if (!record)
		return;
	kh_installed_check(work->context->root, record, false, &changed);
	json_decref(record);
	size_t count = changed.count;
	while (changed.count > MOST_NAMED)
		kh_strv_remove(&changed, changed.count - 1);
	kh_auto(kh_free) char *names = kh_strv_join(&changed, "', '");
	kh_auto(kh_free) char *found = count ? kh_printf("%zu changed or gone: '%s'%s", count,
							 names, count > MOST_NAMED ? ", ..." : "")
					     : kh_strdup("as installed");
	struct kh_check_text text = {.expected = "as installed",
				     .found = found,
				     .why = "what boots is what was built",
				     .fix = count ? "kvmhost apply kernel" : NULL};
	kh_report_add(report, "kernel.files", count ? KH_FAIL : KH_PASS, &text);
}

int kh_kernel_check(const struct kh_context *context, struct kh_report *report,
		    struct kh_error *err)
{
	kh_auto(kh_kernel_done) struct kh_kernel_work work = {0};
	int result = kh_kernel_open(context, &work, err);
	if (result < 0) {
		struct kh_check_text text = {.expected = "a kernel this host can have",
					     .found = err->message,
					     .why = "the chosen kernel cannot be worked out",
					     .fix = err->hint};
		kh_report_add(report, "kernel.chosen", KH_FAIL, &text);
		kh_error_done(err);
		return 0;
	}
	if (result == 1) {
		check_unknown(context, report);
		return 0;
	}
	check_chosen(&work, report);
	check_trial(&work, report);
	if (context->facts->boot.loader != KH_LOADER_NONE)
		check_default(&work, report);
	check_files(&work, report);
	return 0;
}
