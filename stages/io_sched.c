/* io_sched.c - which I/O scheduler a disk gets, now and through a udev rule; see io.h.
 *
 * Since Linux 5.0 the names are none, mq-deadline, bfq, kyber; before it disks of the single-queue
 * layer offer noop, deadline, cfq. The configuration takes both, and a disk gets whichever it
 * offers. A kernel before 5.0 may have disks of both kinds: then both rules are written, and each
 * only matches where its name is offered. A scheduler in a module shows up in the offer only once
 * it is loaded; its rule is written without that condition, since the kernel loads it on demand.
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/base/translate.h"
#include "core/dropin.h"
#include "core/modules.h"
#include "core/probe.h"
#include "core/sysctl.h"
#include "stages/io.h"

enum { RELEASE_ONLY_MQ = 5000 };

static const char *const why_sched = "the I/O scheduler that suits this kind of disk";

/* ---- names ---- */

static const struct {
	const char *old_name, *name, *module;
} schedulers[] = {
	{"noop", "none", NULL},
	{"deadline", "mq-deadline", "mq-deadline"},
	{"cfq", "bfq", "bfq"},
	{NULL, "kyber", "kyber-iosched"},
};

static const char *auto_name(enum kh_disk_class class)
{
	switch (class) {
	case KH_DISK_ROTATIONAL:
	case KH_DISK_SOLID:
		return "mq-deadline";
	case KH_DISK_NVME:
	case KH_DISK_VIRTUAL:
		return "none";
	}
	return "none";
}

/* The configured scheduler by its name of today. */
static const char *wanted_name(const struct kh_context *context, enum kh_disk_class class)
{
	switch (context->config->grub.elevator) {
	case KH_ELEVATOR_AUTO:
		return auto_name(class);
	case KH_ELEVATOR_NONE:
	case KH_ELEVATOR_NOOP:
		return "none";
	case KH_ELEVATOR_MQ_DEADLINE:
	case KH_ELEVATOR_DEADLINE:
		return "mq-deadline";
	case KH_ELEVATOR_BFQ:
	case KH_ELEVATOR_CFQ:
		return "bfq";
	case KH_ELEVATOR_KYBER:
		return "kyber";
	}
	return "none";
}

static const char *old_name(const char *name)
{
	for (size_t i = 0; i < KH_COUNT(schedulers); i++)
		if (strcmp(schedulers[i].name, name) == 0)
			return schedulers[i].old_name;
	return NULL;
}

static const char *module_of(const char *name)
{
	for (size_t i = 0; i < KH_COUNT(schedulers); i++)
		if (strcmp(schedulers[i].name, name) == 0)
			return schedulers[i].module;
	return NULL;
}

/* Is the scheduler a module (loaded or not: the answer must not change by loading it)? */
static bool is_in_module(const struct kh_context *context, const char *name)
{
	const char *module = module_of(name);
	if (!module)
		return false;
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_auto(kh_modules_free) struct kh_modules *modules = NULL;
	kh_auto(kh_free) char *release =
		kh_modules_release(context->root, context->facts->os.kernel_release,
				   context->facts->boot.next_release);
	if (kh_modules_open(context->root, release, &modules, &ignored) != 0)
		return false;
	return kh_modules_look(modules, module) == KH_MODULE_AVAILABLE;
}

const char *kh_io_sched_module(const struct kh_context *context)
{
	const char *name = wanted_name(context, KH_DISK_ROTATIONAL);
	bool is_asked_for = context->config->grub.elevator != KH_ELEVATOR_AUTO;
	return is_asked_for && is_in_module(context, name) ? module_of(name) : NULL;
}

/* What the disk gets: a name it offers, or one that comes with a module; NULL: neither. */
static const char *name_for(const struct kh_context *context, const struct kh_facts_disk_one *disk)
{
	const char *name = wanted_name(context, disk->class);
	const char *old = old_name(name);
	if (kh_strv_has(&disk->schedulers, name))
		return name;
	if (old && kh_strv_has(&disk->schedulers, old))
		return old;
	return is_in_module(context, name) ? name : NULL;
}

/* ---- rules ---- */

static const struct {
	enum kh_disk_class class;
	const char *match;
} classes[] = {
	{KH_DISK_ROTATIONAL, "KERNEL==\"sd*|hd*|mmcblk*|cciss*\", ATTR{queue/rotational}==\"1\""},
	{KH_DISK_SOLID, "KERNEL==\"sd*|hd*|mmcblk*|cciss*\", ATTR{queue/rotational}==\"0\""},
	{KH_DISK_NVME, "KERNEL==\"nvme*n*\""},
	{KH_DISK_VIRTUAL, "KERNEL==\"vd*|xvd*\""},
	/* after the others: such a disk is called sd* too */
	{KH_DISK_VIRTUAL, "KERNEL==\"sd*\", SUBSYSTEMS==\"virtio|vmbus|xen\""},
};

/* One rule. is_guarded: only where the name is offered. */
static char *rule(const char *match, const char *name, bool is_guarded)
{
	const char *is_old =
		strcmp(name, "deadline") == 0 ? ", ATTR{queue/scheduler}!=\"*mq-deadline*\"" : "";
	kh_auto(kh_free) char *guard =
		is_guarded ? kh_printf(", ATTR{queue/scheduler}==\"*%s*\"%s", name, is_old)
			   : kh_strdup("");
	return kh_printf(
		"ACTION==\"add|change\", SUBSYSTEM==\"block\", ENV{DEVTYPE}==\"disk\", %s%s, "
		"ATTR{queue/scheduler}=\"%s\"",
		match, guard, name);
}

static bool may_be_old(const struct kh_context *context)
{
	const char *next = context->facts->boot.next_release;
	const char *release = next ? next : context->facts->os.kernel_release;
	int number = release ? kh_facts_release_number(release) : -1;
	return number > 0 && number < RELEASE_ONLY_MQ;
}

void kh_io_sched_rules(const struct kh_context *context, struct kh_str *rules)
{
	for (size_t i = 0; i < KH_COUNT(classes); i++) {
		const char *name = wanted_name(context, classes[i].class);
		const char *old = may_be_old(context) ? old_name(name) : NULL;
		bool is_guarded = !is_in_module(context, name);
		kh_auto(kh_free) char *line = rule(classes[i].match, name, is_guarded);
		kh_auto(kh_free) char *old_line = old ? rule(classes[i].match, old, true) : NULL;
		kh_str_addf(rules, "%s\n", line);
		if (old_line)
			kh_str_addf(rules, "%s\n", old_line);
	}
}

/* ---- plan ---- */

/* Another rules file that is read after ours and sets a scheduler. Owned, or NULL. */
static char *later_rules(const struct kh_context *context)
{
	static const char *const dirs[] = {"/etc/udev/rules.d",           "/run/udev/rules.d",
					   "/usr/local/lib/udev/rules.d", "/usr/lib/udev/rules.d",
					   "/lib/udev/rules.d",           NULL};
	kh_auto(kh_strv_done) struct kh_strv paths = {0};
	kh_dropin_list(context->root, dirs, ".rules", NULL, &paths);
	for (size_t i = paths.count; i > 0; i--) {
		const char *path = paths.items[i - 1];
		if (strcmp(kh_dropin_name(path), kh_dropin_name(kh_io_rules_path)) <= 0)
			return NULL;
		kh_auto(kh_free) char *text = kh_root_text(context->root, path);
		if (text && strstr(text, "ATTR{queue/scheduler}=\""))
			return kh_strdup(path);
	}
	return NULL;
}

static void note_overrides(const struct kh_context *context, struct kh_plan *plan)
{
	kh_auto(kh_free) char *later = later_rules(context);
	kh_auto(kh_free) char *tuned = kh_tuned_setter(context->root, "elevator");
	if (later)
		kh_plan_note(plan, KH_NOTE_WARNING,
			     "%s also sets I/O schedulers and is read after %s: it wins", later,
			     kh_io_rules_path);
	if (tuned)
		kh_plan_note(plan, KH_NOTE_WARNING, "I/O schedulers are also set by the active %s",
			     tuned);
}

static void note_not_offered(const struct kh_context *context, const struct kh_facts_disk_one *disk,
			     struct kh_plan *plan)
{
	const char *name = wanted_name(context, disk->class);
	kh_auto(kh_free) char *offer = kh_strv_join(&disk->schedulers, " ");
	bool is_asked_for = context->config->grub.elevator != KH_ELEVATOR_AUTO;
	kh_plan_note(plan, is_asked_for ? KH_NOTE_WARNING : KH_NOTE_INFO,
		     "skipped: scheduler '%s' of disk '%s': the kernel offers only: %s", name,
		     disk->name, *offer ? offer : KH_WORD("nothing"));
}

int kh_io_sched_plan(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	const struct kh_facts_disk *facts = &context->facts->disk;
	note_overrides(context, plan);
	for (size_t i = 0; i < facts->disk_count; i++) {
		const struct kh_facts_disk_one *disk = &facts->disks[i];
		if (!disk->scheduler)
			continue;
		const char *name = name_for(context, disk);
		if (!name) {
			note_not_offered(context, disk, plan);
			continue;
		}
		kh_auto(kh_free) char *path =
			kh_printf("/sys/block/%s/queue/scheduler", disk->name);
		if (kh_plan_set_value(plan, path, name, why_sched, err) != 0)
			return -1;
	}
	return 0;
}

/* ---- check ---- */

/* Where our rules give this disk that scheduler. Owned, or NULL. */
static char *rule_place(const struct kh_context *context, const struct kh_facts_disk_one *disk,
			const char *name)
{
	bool is_sd = kh_str_starts(disk->name, "sd");
	for (size_t i = 0; i < KH_COUNT(classes); i++) {
		bool is_behind_virtio = strstr(classes[i].match, "SUBSYSTEMS") != NULL;
		if (classes[i].class != disk->class ||
		    (disk->class == KH_DISK_VIRTUAL && is_behind_virtio != is_sd))
			continue;
		kh_auto(kh_free) char *guarded = rule(classes[i].match, name, true);
		kh_auto(kh_free) char *plain = rule(classes[i].match, name, false);
		char *place = kh_io_find_rule(context, guarded);
		return place ? place : kh_io_find_rule(context, plain);
	}
	return NULL;
}

static char *gap_of(const struct kh_context *context)
{
	kh_auto(kh_free) char *later = later_rules(context);
	kh_auto(kh_free) char *tuned = kh_tuned_setter(context->root, "elevator");
	if (later)
		return kh_printf("overridden by %s", later);
	return tuned ? kh_printf("overridden by the active %s", tuned) : NULL;
}

static const char *missing_reason(const struct kh_context *context,
				  const struct kh_facts_disk_one *disk, const char *name)
{
	if (!disk->scheduler)
		return "this disk has no I/O scheduler";
	if (context->root->is_live && kh_probe_is_read_only(context->root, "/sys/block"))
		return "/sys is mounted read-only here: disks are the host's";
	return name ? NULL : "this kernel does not offer it for this disk";
}

static void check_disk(const struct kh_context *context, const struct kh_facts_disk_one *disk,
		       struct kh_report *report)
{
	const char *name = disk->scheduler ? name_for(context, disk) : NULL;
	const char *wanted = name ? name : wanted_name(context, disk->class);
	bool is_effective = disk->scheduler && strcmp(disk->scheduler, wanted) == 0;
	kh_auto(kh_free) char *id = kh_printf("io.scheduler.%s", disk->name);
	kh_auto(kh_free) char *place = rule_place(context, disk, wanted);
	kh_auto(kh_free) char *gap = is_effective ? NULL : gap_of(context);
	const char *no_knob = missing_reason(context, disk, name);
	bool is_live = context->root->is_live;
	const struct kh_setting setting = {
		.id = id,
		.wanted = wanted,
		.effective = no_knob ? NULL : disk->scheduler,
		.persisted = place ? wanted : NULL,
		.where = place,
		.needs_reboot = !is_live,
		.gap = gap,
		.no_knob = no_knob,
		.why = why_sched,
		.fix = gap                 ? "take the other setting out, then: kvmhost apply io"
		       : place && !is_live ? "reboot"
					   : "kvmhost apply io",
	};
	kh_report_setting(report, &setting);
}

void kh_io_sched_check(const struct kh_context *context, struct kh_report *report)
{
	for (size_t i = 0; i < context->facts->disk.disk_count; i++)
		check_disk(context, &context->facts->disk.disks[i], report);
}
