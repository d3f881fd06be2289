/* sleep.c - a host that somebody's desktop, lid or key cannot put to sleep, when sleep.allow says
 * so.
 *
 * Every way into suspend and hibernation goes through a target of systemd. A target that
 * /etc/systemd/system links to /dev/null is masked: it cannot be started, whoever asks. logind is
 * told not to ask. Which links are ours is remembered in a file: what an administrator masked stays
 * masked when sleep.allow is true again.
 *
 * Source: systemd.unit(5), "masked"; systemd-suspend.service(8); logind.conf(5).
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/template.h"
#include "stages/stages.h"

static const char *const targets[] = {"sleep.target", "suspend.target", "hibernate.target",
				      "hybrid-sleep.target", "suspend-then-hibernate.target"};
static const char drop_in[] = "/etc/systemd/logind.conf.d/90-kvmhost.conf";
static const char list_path[] = "/var/lib/kvmhost/masked-targets";
static const char why[] = "a sleeping host has lost its guests, and nobody is there to wake it";
static const char no_more[] = "sleep.allow is true";

static char *target_path(const char *target)
{
	return kh_printf("/etc/systemd/system/%s", target);
}

static bool is_masked(const struct kh_root *root, const char *target)
{
	kh_auto(kh_free) char *path = target_path(target);
	kh_auto(kh_free) char *link = kh_root_readlink(root, path);
	return link && strcmp(link, "/dev/null") == 0;
}

/* The targets that we masked in an earlier run. */
static void read_ours(const struct kh_root *root, struct kh_strv *ret_ours)
{
	kh_auto(kh_free) char *text = kh_root_text(root, list_path);
	kh_strv_split(ret_ours, text ? text : "", " \n");
}

/* Mask one, and remember it as ours unless somebody else had masked it before. */
static int plan_mask(const struct kh_context *context, const char *target, bool is_ours,
		     struct kh_plan *plan, struct kh_strv *ours, struct kh_error *err)
{
	kh_auto(kh_free) char *path = target_path(target);
	bool was_masked = is_masked(context->root, target);
	if (!was_masked && kh_root_exists(context->root, path)) {
		kh_fail(err, KH_HOST, 0, "'%s' is a unit of somebody's own", path);
		return kh_hint(err, "remove it, or leave sleep.allow at true");
	}
	if (is_ours || !was_masked)
		kh_strv_add(ours, target);
	return kh_plan_link(plan, path, "/dev/null", why, err);
}

static int plan_unmask(const struct kh_context *context, const char *target, struct kh_plan *plan,
		       struct kh_error *err)
{
	kh_auto(kh_free) char *path = target_path(target);
	if (!is_masked(context->root, target)) /* somebody took it back */
		return 0;
	return kh_plan_remove_file(plan, path, no_more, err);
}

static int plan_drop_in(struct kh_plan *plan, bool is_wanted, struct kh_error *err)
{
	kh_auto(kh_free) char *text = NULL;
	if (!is_wanted)
		return kh_plan_remove_file(plan, drop_in, no_more, err);
	if (kh_template_fill(plan->root, "etc/systemd/logind.conf.d/90-kvmhost.conf.in", NULL,
			     &text, err) != 0)
		return -1;
	return kh_plan_put_file(plan, drop_in, text, 0644, why, err);
}

static int plan_list(struct kh_plan *plan, const struct kh_strv *ours, struct kh_error *err)
{
	kh_auto(kh_free) char *names = kh_strv_join(ours, " ");
	kh_auto(kh_free) char *line = kh_printf("%s\n", names);
	if (ours->count == 0)
		return kh_plan_remove_file(plan, list_path, no_more, err);
	return kh_plan_put_file(plan, list_path, line, 0644,
				"what is masked now can be unmasked again", err);
}

/* systemd keeps a unit that it has loaded; logind reads its files at its start. */
static int reload_systemd(const struct kh_context *context, struct kh_plan *plan,
			  struct kh_error *err)
{
	static const char *const argv[] = {"systemctl", "daemon-reload", NULL};
	static const struct kh_plan_command command = {
		.argv = argv,
		.no_undo = "it reads the files as they are",
		.why = "systemd sees which targets are masked",
	};
	if (!context->root->is_live || !kh_root_is_dir(context->root, "/run/systemd/system") ||
	    !kh_plan_has(plan, list_path))
		return 0;
	return kh_plan_trigger(plan, "reload systemd", &command, err);
}

static int plan(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	bool is_wanted = !context->config->sleep.allow;
	kh_auto(kh_strv_done) struct kh_strv before = {0};
	kh_auto(kh_strv_done) struct kh_strv ours = {0};
	if (!context->facts->os.has_systemd) {
		if (is_wanted)
			kh_plan_note(plan, KH_NOTE_WARNING,
				     "sleep is not prevented: there is no systemd to tell");
		return 0;
	}
	read_ours(context->root, &before);
	for (size_t i = 0; i < KH_COUNT(targets); i++) {
		bool is_ours = kh_strv_has(&before, targets[i]);
		if (is_wanted && plan_mask(context, targets[i], is_ours, plan, &ours, err) != 0)
			return -1;
		if (!is_wanted && is_ours && plan_unmask(context, targets[i], plan, err) != 0)
			return -1;
	}
	if (plan_drop_in(plan, is_wanted, err) != 0 || plan_list(plan, &ours, err) != 0)
		return -1;
	return reload_systemd(context, plan, err);
}

/* The first target that is not masked, or NULL. */
static const char *find_open(const struct kh_root *root)
{
	for (size_t i = 0; i < KH_COUNT(targets); i++)
		if (!is_masked(root, targets[i]))
			return targets[i];
	return NULL;
}

static int check(const struct kh_context *context, struct kh_report *report, struct kh_error *err)
{
	(void)err;
	if (context->config->sleep.allow) {
		kh_report_add(report, "sleep.prevented", KH_SKIP,
			      &(struct kh_check_text){.found = no_more});
		return 0;
	}
	const char *open = find_open(context->root);
	kh_auto(kh_free) char *state = open ? kh_printf("%s is not masked", open) : NULL;
	bool has_systemd = context->facts->os.has_systemd;
	kh_report_setting(report, &(struct kh_setting){
					  .id = "sleep.prevented",
					  .wanted = "masked",
					  .effective = !has_systemd ? NULL
						       : open       ? state
								    : "masked",
					  .persisted = open ? NULL : "masked",
					  .where = "/etc/systemd/system",
					  .no_knob = has_systemd ? NULL : "there is no systemd",
					  .why = why,
					  .fix = "kvmhost apply sleep",
				  });
	return 0;
}

const struct kh_stage kh_stage_sleep = {
	.name = "sleep",
	.summary = "no suspend and no hibernation, when asked for",
	.touches =
		"/etc/systemd/system/{sleep,suspend,...}.target, /etc/systemd/logind.conf.d/90-kvmhost.conf",
	.after = kh_after_preflight,
	.phase = KH_PHASE_CONFIGURE,
	.plan = plan,
	.check = check,
};
