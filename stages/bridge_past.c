/* bridge_past.c - what the last change of the network left; see bridge.h. */
#include <string.h>

#include "core/base/mem.h"
#include "net/guard.h"
#include "stages/bridge.h"

void kh_bridge_digest(const struct kh_config_bridge *config, char ret_hex[KH_DIGEST_SIZE])
{
	kh_auto(kh_free) char *addresses = kh_strv_join(&config->addresses, ",");
	kh_auto(kh_free) char *gateways = kh_strv_join(&config->gateways, ",");
	kh_auto(kh_free) char *dns = kh_strv_join(&config->dns, ",");
	kh_auto(kh_free) char *text =
		kh_printf("%s %s %d [%s] [%s] [%s] %d %lld %d", config->name, config->port,
			  (int)config->address_mode, addresses, gateways, dns, (int)config->stp,
			  config->confirm_timeout_s, (int)config->confirm);
	kh_digest_bytes(text, strlen(text), ret_hex);
}

void kh_bridge_past_done(struct kh_bridge_past *past)
{
	kh_net_record_done(&past->record);
	kh_net_state_done(&past->state);
}

int kh_bridge_past_read(const struct kh_context *context, struct kh_bridge_past *past,
			struct kh_error *err)
{
	char record_digest[KH_DIGEST_SIZE] = "", wanted[KH_DIGEST_SIZE];
	int found = kh_net_record_read(context->root, &past->record, record_digest, err);
	if (found < 0 && err->sys == 0) /* damaged, not unreadable */
		kh_hint(err, "remove '%s'", kh_net_record_path);
	if (found != 0)
		return found < 0 ? kh_wrap(err, "guard") : 0;
	past->has_record = true;
	kh_bridge_digest(&context->config->bridge, wanted);
	past->is_same = strcmp(past->record.digest, wanted) == 0;
	kh_net_state_read(context->root, record_digest, &past->state);
	return 0;
}

static bool is_reverted(const struct kh_bridge_past *past)
{
	return past->state.phase == KH_NET_REVERTED || past->state.phase == KH_NET_REVERTING;
}

/* A bridge of another name would come up beside the one there is, with the same address. */
int kh_bridge_refuse_rename(const struct kh_context *context, const struct kh_bridge_past *past,
			    struct kh_error *err)
{
	const struct kh_net_record *record = &past->record;
	const char *name = context->config->bridge.name;
	size_t in_place = 0;
	if (!past->has_record || is_reverted(past) || strcmp(record->bridge, name) == 0)
		return 0;
	for (size_t i = 0; i < record->file_count; i++)
		in_place += kh_net_file_is_written(context->root, &record->files[i]);
	if (in_place == 0)
		return 0;
	kh_fail(err, KH_HOST, 0, "bridge.name is '%s', but this host has been given '%s'", name,
		record->bridge);
	return kh_hint(err,
		       "set it to '%s'; or put the network back with 'kvmhost undo', and reboot",
		       record->bridge);
}

/* What the guard took back once is not tried again by itself, unless it was never whole. */
int kh_bridge_refuse_repeat(const struct kh_bridge_past *past, struct kh_plan *plan,
			    struct kh_error *err)
{
	const char *why = past->state.why ? past->state.why : "the network did not answer";
	if (!past->has_record || !is_reverted(past))
		return 0;
	if (!past->is_same || past->state.is_cut_off) {
		kh_plan_note(plan, KH_NOTE_WARNING,
			     "the guard put the old network back at the last attempt: %s", why);
		return 0;
	}
	kh_fail(err, KH_HOST, 0, "the guard put the old network back: %s", why);
	return kh_hint(
		err,
		"correct the bridge section of the configuration; to try the same again, run "
		"'kvmhost undo' or remove '%s' first",
		kh_net_record_path);
}

/* A change that is being judged is not changed under the guard's eyes. */
int kh_bridge_refuse_unjudged(const struct kh_context *context, const struct kh_bridge_past *past,
			      struct kh_error *err)
{
	const struct kh_net_state *state = &past->state;
	const char *boot_id = context->facts->os.boot_id;
	bool is_pending = state->phase == KH_NET_ASKED || state->phase == KH_NET_SWITCHING ||
			  state->phase == KH_NET_SWITCHED;
	if (!is_pending || !state->boot_id || !boot_id || strcmp(state->boot_id, boot_id) != 0)
		return 0;
	kh_fail(err, KH_HOST, 0, "the last switch to '%s' waits to be confirmed",
		past->record.bridge);
	return kh_hint(err, "run 'kvmhost confirm' in a new session");
}
