/* ksm_boot.c - KSM at every boot: our lines in rc.local, or a tmpfiles.d drop-in. */
#include <string.h>

#include "core/base/mem.h"
#include "stages/ksm.h"

const char kh_ksm_drop_in[] = "/etc/tmpfiles.d/kvmhost-ksm.conf";

/* A line for each value, of shell or of tmpfiles.d, joined by newlines. */
static char *value_lines(const struct kh_ksm *ksm, bool is_shell)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	for (int i = 0; i < KH_KSM_KNOBS; i++) {
		const struct kh_ksm_wanted *wanted = &ksm->wanted[i];
		kh_auto(kh_free) char *path = kh_ksm_path(wanted);
		if (!wanted->value)
			continue;
		if (is_shell) /* "|| :" for scripts that run with -e */
			kh_strv_addf(&lines, "\techo %s > %s || :", wanted->value, path);
		else
			kh_strv_addf(&lines, "w %s - - - - %s", path, wanted->value);
	}
	return kh_strv_join(&lines, "\n");
}

static int plan_tmpfiles(const struct kh_context *context, const struct kh_ksm *ksm,
			 struct kh_plan *plan, struct kh_error *err)
{
	bool is_needed = ksm->uses_tmpfiles && context->config->ksm.run;
	kh_auto(kh_free) char *lines = value_lines(ksm, false);
	const struct kh_template_value values[] = {{"LINES", lines}, {NULL, NULL}};
	if (kh_memory_put(plan, kh_ksm_drop_in, is_needed ? values : NULL,
			  is_needed ? "KSM at every boot" : "no longer needed", err) != 0)
		return -1;
	for (int i = 0; is_needed && i < KH_KSM_KNOBS; i++) {
		kh_auto(kh_free) char *path = kh_ksm_path(&ksm->wanted[i]);
		if (ksm->wanted[i].value)
			kh_memory_note_tmpfiles(plan, path, kh_ksm_drop_in, ksm->wanted[i].value);
	}
	return 0;
}

/* What about the script is not as it should be, and not ours to change. */
static void note_rc_local(struct kh_plan *plan, const char *path, const char *text, bool is_needed)
{
	kh_auto(kh_strv_done) struct kh_strv others = {0};
	kh_rclocal_mentions(text, "/sys/kernel/mm/ksm/", &others);
	for (size_t i = 0; i < others.count; i++)
		kh_plan_note(plan, KH_NOTE_WARNING,
			     "%s:%s: somebody's own line sets KSM too; it stays", path,
			     others.items[i]);
	int early = kh_rclocal_early_exit(text);
	if (is_needed && early)
		kh_plan_note(plan, KH_NOTE_WARNING,
			     "%s:%d may end the script before our lines are reached", path, early);
	if (is_needed && kh_rclocal_has_commands(text) && !kh_root_is_executable(plan->root, path))
		kh_plan_note(plan, KH_NOTE_WARNING,
			     "%s was not executable: its other lines run at boot from now on, too",
			     path);
}

/* EL's script is /etc/rc.d/rc.local, and everybody looks for /etc/rc.local. */
static int plan_rc_link(struct kh_plan *plan, const char *path, struct kh_error *err)
{
	struct stat status;
	if (strcmp(path, "/etc/rc.d/rc.local") != 0)
		return 0;
	int found = kh_root_stat(plan->root, "/etc/rc.local", false, &status, err);
	if (found != 1)
		return found;
	return kh_plan_link(plan, "/etc/rc.local", "rc.d/rc.local", "the usual name of rc.local",
			    err);
}

/* The mode the file has, executable for whoever may read it. */
static int executable_mode(const struct kh_root *root, const char *path, mode_t *ret_mode,
			   struct kh_error *err)
{
	struct stat status;
	int found = kh_root_stat(root, path, true, &status, err);
	if (found < 0)
		return -1;
	mode_t mode = found == 0 ? status.st_mode & 07777 : 0755;
	*ret_mode = mode | ((mode & 0444) >> 2);
	return 0;
}

static int put_rc_local(struct kh_plan *plan, const struct kh_ksm *ksm, const char *old,
			struct kh_error *err)
{
	const char *path = ksm->host.path;
	mode_t mode = 0;
	kh_auto(kh_free) char *start = kh_strdup(old), *body = NULL, *text = NULL;
	kh_auto(kh_free) char *lines = value_lines(ksm, true);
	const struct kh_template_value values[] = {{"LINES", lines}, {NULL, NULL}};
	if (!*kh_str_trim(start)) {
		kh_free(&start);
		if (kh_template_fill(plan->root, "etc/rc.local.in", NULL, &start, err) != 0)
			return -1;
	} else {
		kh_free(&start);
		start = kh_strdup(old);
	}
	if (kh_template_fill(plan->root, "etc/rc.local.ksm.in", values, &body, err) != 0 ||
	    kh_rclocal_put(path, start, body, &text, err) != 0 ||
	    executable_mode(plan->root, path, &mode, err) != 0)
		return -1;
	if (kh_plan_put_file(plan, path, text, mode, "KSM at every boot", err) != 0)
		return -1;
	return plan_rc_link(plan, path, err);
}

static int plan_rc_local(const struct kh_context *context, const struct kh_ksm *ksm,
			 struct kh_plan *plan, struct kh_error *err)
{
	bool is_needed = !ksm->uses_tmpfiles && context->config->ksm.run, is_there = false;
	const char *path = ksm->host.path;
	kh_auto(kh_free) char *old = NULL, *text = NULL;
	if (kh_memory_read(context->root, path, &old, &is_there, err) != 0)
		return -1;
	note_rc_local(plan, path, old, is_needed);
	if (is_needed)
		return put_rc_local(plan, ksm, old, err);
	if (!is_there)
		return 0;
	if (kh_rclocal_put(path, old, "", &text, err) != 0)
		return -1;
	return kh_plan_put_file(plan, path, text, 0, "our KSM lines are no longer needed", err);
}

int kh_ksm_plan_boot(const struct kh_context *context, const struct kh_ksm *ksm,
		     struct kh_plan *plan, struct kh_error *err)
{
	if (plan_rc_local(context, ksm, plan, err) != 0)
		return -1;
	return plan_tmpfiles(context, ksm, plan, err);
}
