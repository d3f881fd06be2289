/* preflight.c - the stage `preflight`: leaves nothing behind, refuses only what would do harm.
 *
 * A plan is for reading and needs no rights: what would stop an apply is a warning there. What a
 * host lacks for running guests (hardware virtualization, memory) is a warning too: its
 * configuration can still be applied, and the report says that it is not ready.
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/journal.h"
#include "core/probe.h"
#include "stages/stages.h"

enum {
	MIB = 1 << 20,
	STATE_NEEDS_MIB = 50, /* kept copies of changed files, and a margin for everybody else */
	BOOT_NEEDS_MIB = 10,  /* grub.cfg and its new copy side by side */
	LOW_MEMORY_MIB = 2048,
};

static const char *const machine = "x86_64";

/* ---- the questions, shared by plan and check ---- */

struct room {
	const char *path;
	long long needs_mib;
	long long has_mib; /* -1: not known */
};

static struct room room_at(const struct kh_context *context, const char *path, long long needs_mib)
{
	long long bytes = kh_probe_free_bytes(context->root, path);
	return (struct room){path, needs_mib, bytes < 0 ? -1 : bytes / MIB};
}

/* The first place that is too full; path NULL: none. */
static struct room find_full(const struct kh_context *context)
{
	struct room state = room_at(context, kh_state_dir, STATE_NEEDS_MIB);
	if (state.has_mib >= 0 && state.has_mib < state.needs_mib)
		return state;
	struct room boot = room_at(context, "/boot", BOOT_NEEDS_MIB);
	if (kh_root_is_dir(context->root, "/boot") && boot.has_mib >= 0 &&
	    boot.has_mib < boot.needs_mib)
		return boot;
	return (struct room){0};
}

static char *lock_text(const struct kh_probe_lock *lock)
{
	if (lock->pid == 0)
		return kh_printf("'%s' is locked", lock->path);
	return kh_printf("'%s' (pid %lld) holds '%s'", lock->program ? lock->program : "?",
			 lock->pid, lock->path);
}

static bool is_other_machine(const struct kh_context *context)
{
	const char *is = context->facts->os.machine;
	return is && strcmp(is, machine) != 0;
}

/* ---- refusals ---- */

/* What would stop an apply: refuse, or only say so in a plan. */
static int stop_apply(const struct kh_context *context, struct kh_plan *plan, const char *what,
		      const char *hint, struct kh_error *err)
{
	if (!context->is_apply) {
		kh_plan_note(plan, KH_NOTE_WARNING, "apply would refuse: %s (%s)", what, hint);
		return 0;
	}
	kh_fail(err, KH_HOST, 0, "%s", what);
	return kh_hint(err, "%s", hint);
}

static int refuse_machine(const struct kh_context *context, struct kh_error *err)
{
	if (!is_other_machine(context))
		return 0;
	kh_fail(err, KH_HOST, 0, "this is a '%s' machine, not '%s'", context->facts->os.machine,
		machine);
	return kh_hint(err, "kvmhost configures x86-64 hosts only");
}

/* Only the apply itself needs rights: a plan by anybody is no mistake, so nothing is noted. */
static int refuse_user(const struct kh_context *context, struct kh_error *err)
{
	if (!context->is_apply || !context->root->is_live || kh_probe_is_superuser())
		return 0;
	kh_fail(err, KH_HOST, 0, "not root");
	return kh_hint(err, "run it with sudo");
}

/* Only proc/ and sys/ were captured: it serves plan and report, and nothing of it ever boots. */
static int refuse_recorded(const struct kh_context *context, struct kh_error *err)
{
	if (!context->is_apply || context->root->is_live || kh_root_is_dir(context->root, "/etc"))
		return 0;
	kh_fail(err, KH_HOST, 0, "'%s' has no /etc: it is a recorded host, not a system",
		context->root->host_path);
	return kh_hint(err, "'kvmhost --root' plans and reports there; apply to a whole system");
}

static int refuse_read_only(const struct kh_context *context, struct kh_plan *plan,
			    struct kh_error *err)
{
	if (!kh_probe_is_read_only(context->root, "/etc"))
		return 0;
	return stop_apply(context, plan, "'/etc' is on a read-only file system",
			  "remount it writable, or apply to a copy with --root", err);
}

static int refuse_full(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	struct room full = find_full(context);
	if (!full.path)
		return 0;
	kh_auto(kh_free) char *what = kh_printf("only %lld MiB free at '%s', %lld are needed",
						full.has_mib, full.path, full.needs_mib);
	return stop_apply(context, plan, what,
			  "make room there, for example by removing old kernels", err);
}

static int refuse_package_manager(const struct kh_context *context, struct kh_plan *plan,
				  struct kh_error *err)
{
	kh_auto(kh_probe_lock_done) struct kh_probe_lock lock = {0};
	kh_probe_package_manager(context->root, &lock);
	if (!lock.path)
		return 0;
	kh_auto(kh_free) char *who = lock_text(&lock);
	kh_auto(kh_free) char *what = kh_printf("a package manager is at work: %s", who);
	return stop_apply(context, plan, what, "wait until it is done, then run kvmhost again",
			  err);
}

/* ---- notes ---- */

static void note_cpu(const struct kh_context *context, struct kh_plan *plan)
{
	const struct kh_facts_cpu *cpu = &context->facts->cpu;
	if (cpu->count == 0)
		return;
	if (!kh_facts_cpu_has(cpu, "vmx") && !kh_facts_cpu_has(cpu, "svm"))
		kh_plan_note(plan, KH_NOTE_WARNING,
			     "the CPU shows no hardware virtualization (neither 'vmx' nor 'svm'): "
			     "switched off in the firmware, or hidden by the hypervisor below; the "
			     "host is configured, but not ready for guests");
}

static void note_host(const struct kh_context *context, struct kh_plan *plan)
{
	const struct kh_facts *facts = context->facts;
	if (facts->boot.secure_boot == KH_SECURE_BOOT_ON)
		kh_plan_note(plan, KH_NOTE_INFO,
			     "Secure Boot is on: only signed kernels boot, and only modules with a "
			     "trusted signature load");
	if (facts->os.is_container)
		kh_plan_note(plan, KH_NOTE_INFO,
			     "this is a container: boot loader and modules belong to its host and "
			     "are skipped, running kernel values are set where they are writable");
	long long memory_mib = facts->memory.total_kib / 1024;
	if (facts->memory.total_kib > 0 && memory_mib < LOW_MEMORY_MIB)
		kh_plan_note(plan, KH_NOTE_WARNING,
			     "only %lld MiB of memory: little is left for guests", memory_mib);
}

static int plan(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	if (refuse_machine(context, err) != 0 || refuse_user(context, err) != 0 ||
	    refuse_recorded(context, err) != 0 || refuse_read_only(context, plan, err) != 0 ||
	    refuse_full(context, plan, err) != 0 || refuse_package_manager(context, plan, err) != 0)
		return -1;
	note_cpu(context, plan);
	note_host(context, plan);
	return 0;
}

/* ---- check ---- */

static void check_machine(const struct kh_context *context, struct kh_report *report)
{
	const char *is = context->facts->os.machine;
	const struct kh_check_text text = {
		.expected = machine,
		.found = is ? is : "not recorded",
		.why = "kvmhost configures x86-64 hosts only",
		.fix = is_other_machine(context) ? "use an x86-64 machine" : NULL,
	};
	kh_report_add(report, "preflight.arch",
		      !is                         ? KH_SKIP
		      : is_other_machine(context) ? KH_FAIL
						  : KH_PASS,
		      &text);
}

static void check_room(const struct kh_context *context, struct kh_report *report)
{
	struct room full = find_full(context);
	kh_auto(kh_free) char *wanted = kh_printf("%d MiB free at '%s', %d at '/boot'",
						  STATE_NEEDS_MIB, kh_state_dir, BOOT_NEEDS_MIB);
	kh_auto(kh_free) char *found =
		full.path ? kh_printf("%lld MiB at '%s'", full.has_mib, full.path) : NULL;
	const struct kh_check_text text = {
		.expected = wanted,
		.found = !context->root->is_live ? "not the running system"
			 : found                 ? found
						 : "enough",
		.why = "kvmhost keeps a copy of all it changes; a full /boot leaves half a boot "
		       "configuration",
		.fix = full.path ? "make room there" : NULL,
	};
	kh_report_add(report, "preflight.space",
		      !context->root->is_live ? KH_SKIP
		      : full.path             ? KH_WARN
					      : KH_PASS,
		      &text);
}

static void check_package_manager(const struct kh_context *context, struct kh_report *report)
{
	kh_auto(kh_probe_lock_done) struct kh_probe_lock lock = {0};
	kh_probe_package_manager(context->root, &lock);
	kh_auto(kh_free) char *who = lock.path ? lock_text(&lock) : NULL;
	const struct kh_check_text text = {
		.expected = "none at work",
		.found = !context->root->is_live ? "not the running system"
			 : who                   ? who
						 : "none at work",
		.why = "it changes the same files as kvmhost",
		.fix = who ? "wait until it is done" : NULL,
	};
	kh_report_add(report, "preflight.package_manager",
		      !context->root->is_live ? KH_SKIP
		      : who                   ? KH_WARN
					      : KH_PASS,
		      &text);
}

static int check(const struct kh_context *context, struct kh_report *report, struct kh_error *err)
{
	(void)err;
	check_machine(context, report);
	check_room(context, report);
	check_package_manager(context, report);
	return 0;
}

const struct kh_stage kh_stage_preflight = {
	.name = "preflight",
	.summary = "refuses hosts where the changes would do harm, and says why",
	.touches = "nothing",
	.after = NULL,
	.phase = KH_PHASE_PREPARE,
	.plan = plan,
	.check = check,
};
