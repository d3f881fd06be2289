/* bridge.c - br0 with the host's address, the uplink as its port, at the next boot or now.
 *
 * Finds the uplink, asks the back end of whoever configures it (net/backend.h) for the files, and
 * plans the guard (net/guard.h) in front of them. With `activate: now` the guard makes the switch
 * as well; otherwise nothing is restarted, and the running network stays as it is.
 */
#include <string.h>

#include "core/base/mem.h"
#include "net/connection.h"
#include "net/guard.h"
#include "stages/bridge.h"
#include "stages/stages.h"

struct work {
	const struct kh_context *context;
	struct kh_plan *plan;
	struct kh_bridge_past past;
	struct kh_bridge_port port;
	struct kh_net_view view;
	struct kh_dhcp_identity dhcp;
	struct kh_net_answer answer;
	enum kh_net_manager manager;
};

static void work_done(struct work *work)
{
	kh_bridge_past_done(&work->past);
	kh_bridge_port_done(&work->port);
	kh_dhcp_identity_done(&work->dhcp);
	kh_net_answer_done(&work->answer);
}

/* ---- the plan ---- */

static int no_manager(const struct work *work, struct kh_error *err)
{
	kh_fail(err, KH_HOST, 0, "cannot tell who configures '%s'", work->port.link->name);
	return kh_hint(err,
		       "known: ifupdown, netplan, NetworkManager, systemd-networkd, ifcfg; or set "
		       "'bridge.port: none'");
}

/* Ask the back end. The past's originals are shown to it, so that it answers the same again. */
static int ask(struct work *work, struct kh_error *err)
{
	const struct kh_context *context = work->context;
	const char *link = work->port.link->name;
	kh_net_view_init(&work->view, context->root,
			 work->past.has_record ? &work->past.record : NULL);
	work->manager = work->view.record ? work->view.record->manager
					  : kh_facts_net_manager(context->root, link);
	const struct kh_net_backend *backend = kh_net_backend_find(work->manager);
	if (!backend)
		return no_manager(work, err);
	kh_dhcp_identity_read(context->root, link, work->port.link->ifindex, &work->dhcp);
	const struct kh_net_wish wish = {.view = &work->view,
					 .facts = &context->facts->net,
					 .config = &context->config->bridge,
					 .port = work->port.link,
					 .dhcp = &work->dhcp};
	if (kh_net_view_check(&work->view, work->manager, err) != 0 ||
	    backend->plan(&wish, &work->answer, err) != 0)
		return kh_wrap(err, "%s", kh_net_manager_name(work->manager));
	if (!work->answer.carrier)
		kh_bridge_stop_cloud_init(&work->view, &work->answer);
	return 0;
}

static bool is_in_place(const struct kh_root *root, const struct kh_net_edit *edit)
{
	kh_auto(kh_free) char *text = kh_root_text(root, edit->path);
	return text && edit->content ? strcmp(text, edit->content) == 0 : text == edit->content;
}

static bool is_all_in_place(const struct work *work)
{
	for (size_t i = 0; i < work->answer.edit_count; i++)
		if (!is_in_place(work->context->root, &work->answer.edits[i]))
			return false;
	return true;
}

/* A switch while the host runs has somebody who made it: net/guard.h asks for a login then. */
static bool wants_login(const struct work *work)
{
	return work->context->config->bridge.confirm == KH_CONFIRM_LOGIN &&
	       kh_connection_has_server(work->context->root);
}

static int make_record(const struct work *work, struct kh_net_record *record, struct kh_error *err)
{
	const struct kh_config_bridge *config = &work->context->config->bridge;
	const struct kh_bridge_past *past = &work->past;
	char digest[KH_DIGEST_SIZE];
	kh_bridge_digest(config, digest);
	record->digest = kh_strdup(digest);
	record->boot_id = kh_strdup(work->context->facts->os.boot_id);
	record->bridge = kh_strdup(config->name);
	record->port = kh_strdup(work->port.link->name);
	record->ssh_port = kh_connection_our_port(work->context->root);
	record->manager = work->manager;
	record->timeout_s = config->confirm_timeout_s;
	record->wants_login = wants_login(work);
	record->is_static = config->address_mode == KH_ADDRESS_STATIC;
	record->wants_stp = config->stp;
	record->is_dynamic = work->answer.is_dynamic;
	kh_bridge_expect(work->context, &work->port, &work->view, record);
	/* Until the last change was confirmed, what it would go back to is what this one goes back
	 * to. */
	bool keep_before = past->state.phase == KH_NET_WAITING;
	return kh_guard_record_files(work->context->root, &work->answer, work->view.record,
				     keep_before, record, err);
}

static int plan_edits(struct work *work, struct kh_error *err)
{
	for (size_t i = 0; i < work->answer.edit_count; i++) {
		const struct kh_net_edit *edit = &work->answer.edits[i];
		int result = edit->content
				     ? kh_plan_put_file(work->plan, edit->path, edit->content,
							edit->mode, edit->why, err)
				     : kh_plan_remove_file(work->plan, edit->path, edit->why, err);
		if (result != 0)
			return -1;
	}
	return 0;
}

static bool is_now(const struct work *work)
{
	return work->context->config->bridge.activate == KH_ACTIVATE_NOW && !work->port.master;
}

static void note_switch(const struct work *work)
{
	const struct kh_config_bridge *config = &work->context->config->bridge;
	if (is_now(work))
		kh_plan_note(
			work->plan, KH_NOTE_WARNING,
			"the address of '%s' moves to '%s' now: log in anew over ssh, or run "
			"'kvmhost confirm' in a new session, within %lld s, or the guard puts it "
			"back",
			work->port.link->name, config->name, config->confirm_timeout_s);
	else if (work->port.master)
		kh_plan_note(work->plan, KH_NOTE_REBOOT,
			     "the changed settings of '%s' take effect at the next boot",
			     config->name);
	else
		kh_plan_note(
			work->plan, KH_NOTE_REBOOT,
			"the address of '%s' moves to '%s' at the next boot; the guard puts it "
			"back if the network does not answer%s within %lld s",
			work->port.link->name, config->name,
			wants_login(work) ? ", or nobody logs in," : "", config->confirm_timeout_s);
	for (size_t i = 0; i < work->answer.notes.count; i++)
		kh_plan_note(work->plan, KH_NOTE_INFO, "%s", work->answer.notes.items[i]);
}

/* The guard makes the switch: a process that outlives apply and the session. */
static int plan_now(const struct work *work, struct kh_error *err)
{
	const char *program = NULL;
	if (kh_guard_plan_program(work->plan, "the guard runs it", &program, err) != 0)
		return -1;
	const char *const argv[] = {program, "guard", "switch", NULL};
	const char *const undo_argv[] = {program, "guard", "back", NULL};
	const struct kh_plan_command command = {
		.argv = argv,
		.undo_argv = undo_argv,
		.why = "the address moves from the port to the bridge, watched by the guard"};
	return kh_plan_run(work->plan, &command, err);
}

/* Of an earlier boot is a change that the power cut off: what is written now comes with the next
 * boot, and nobody can confirm it in this one. */
static bool is_of_earlier_boot(const struct work *work)
{
	const char *now = work->context->facts->os.boot_id;
	const char *then = work->past.record.boot_id;
	return now && (!then || strcmp(now, then) != 0);
}

/* A record that was judged already guards nothing any more; one of other settings or of files that
 * somebody edited since leads back to the wrong place. */
static bool needs_record(const struct work *work, bool is_done)
{
	const struct kh_bridge_past *past = &work->past;
	if (!past->has_record || !work->view.record)
		return true;
	return !is_done &&
	       (!past->is_same || past->state.phase != KH_NET_WAITING || is_of_earlier_boot(work));
}

static int plan_bridge(struct work *work, struct kh_error *err)
{
	bool is_done = is_all_in_place(work);
	/* Everything as we want it, by somebody else's hand: there is nothing to guard. */
	if (is_done && !work->past.has_record)
		return 0;
	kh_auto(kh_net_record_done) struct kh_net_record record = {0};
	bool is_new = needs_record(work, is_done);
	if (!is_done && (kh_bridge_refuse_repeat(&work->past, work->plan, err) != 0 ||
			 kh_bridge_refuse_unjudged(work->context, &work->past, err) != 0))
		return -1;
	if (is_new && make_record(work, &record, err) != 0)
		return -1;
	if (kh_guard_plan(work->plan, work->context->facts->os.has_systemd, is_new ? &record : NULL,
			  err) != 0)
		return -1;
	if (plan_edits(work, err) != 0 || (is_now(work) && plan_now(work, err) != 0))
		return -1;
	if (!work->port.master || !is_done)
		note_switch(work);
	return 0;
}

/* The port is in a bridge as the system runs. If the files are ours, settings may have changed;
 * otherwise it is somebody else's bridge and stays. */
static int plan_in_use(struct work *work, struct kh_error *err)
{
	kh_auto(kh_error_done) struct kh_error problem = KH_ERROR_INIT;
	const struct kh_facts_link *ours =
		kh_facts_net_link(&work->context->facts->net, work->past.record.port);
	if (ours && kh_strv_has(&work->port.master->ports, ours->name))
		work->port.link = ours;
	bool is_known = ask(work, &problem) == 0;
	bool is_ours = is_known && work->view.record && !work->answer.carrier;
	if (is_ours)
		return plan_bridge(work, err);
	kh_plan_note(work->plan, KH_NOTE_INFO, "%s: nothing to do", work->port.reason);
	if (is_known && !work->answer.carrier)
		kh_plan_note(work->plan, KH_NOTE_WARNING,
			     "%s does not configure that: it may be gone after the next boot",
			     kh_net_manager_name(work->manager));
	return 0;
}

/* Where there is nobody's network to configure, the reason; or NULL. */
static const char *not_here(const struct kh_context *context)
{
	if (context->facts->os.is_container)
		return "a container's network is its host's";
	if (!kh_root_is_dir(context->root, "/etc"))
		return "the files that configure the network are not recorded";
	return NULL;
}

static int leave_out(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	if (!kh_bridge_is_left_out(context))
		return -1;
	kh_plan_note(plan, KH_NOTE_WARNING, "no bridge: %s; %s", err->message,
		     err->hint ? err->hint : "");
	kh_error_done(err);
	return 0;
}

static int plan(const struct kh_context *context, struct kh_plan *plan, struct kh_error *err)
{
	kh_auto(work_done) struct work work = {.context = context, .plan = plan};
	const char *reason = not_here(context);
	if (reason && strcmp(context->config->bridge.port, "none") != 0) {
		kh_plan_note(plan, KH_NOTE_INFO, "no bridge: %s", reason);
		return 0;
	}
	if (kh_bridge_find_port(context, &work.port, err) != 0)
		return leave_out(context, plan, err);
	if (kh_bridge_past_read(context, &work.past, err) != 0 ||
	    (work.port.need != KH_BRIDGE_NONE &&
	     kh_bridge_refuse_rename(context, &work.past, err) != 0))
		return -1;
	switch (work.port.need) {
	case KH_BRIDGE_NONE:
		kh_plan_note(plan, KH_NOTE_INFO, "no bridge: %s", work.port.reason);
		return 0;
	case KH_BRIDGE_IN_USE:
		return plan_in_use(&work, err);
	case KH_BRIDGE_WANTED:
		break;
	}
	if (ask(&work, err) != 0)
		return leave_out(context, plan, err);
	if (!work.answer.carrier)
		return plan_bridge(&work, err);
	kh_plan_note(plan, KH_NOTE_REBOOT,
		     "'%s' is configured as a port of '%s', from the next boot",
		     work.port.link->name, work.answer.carrier);
	return 0;
}

bool kh_bridge_is_persisted(const struct kh_context *context)
{
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_auto(work_done) struct work work = {.context = context};
	if (kh_bridge_find_port(context, &work.port, &ignored) != 0 || !work.port.link ||
	    kh_bridge_past_read(context, &work.past, &ignored) != 0 || ask(&work, &ignored) != 0)
		return false;
	return work.answer.carrier || is_all_in_place(&work);
}

const struct kh_stage kh_stage_bridge = {
	.name = "bridge",
	.summary = "a bridge with the host's address, the uplink as its port",
	.touches =
		"the network manager's files, kvmhost-guard.service, /var/lib/kvmhost/guard.json",
	.after = kh_after_preflight,
	.phase = KH_PHASE_CONFIGURE,
	.plan = plan,
	.check = kh_bridge_check,
};
