/* bridge.h - between the parts of the bridge stage: bridge.c plans, bridge_port.c finds the uplink,
 * bridge_past.c reads what the last change left, bridge_expect.c says what the guard is to find,
 * bridge_cloud.c stops cloud-init, bridge_check.c reports. */
#ifndef KH_STAGES_BRIDGE_H
#define KH_STAGES_BRIDGE_H

#include "core/stage.h"
#include "net/backend.h"
#include "net/record.h"

enum kh_bridge_need {
	KH_BRIDGE_NONE,   /* nothing to do; the reason is noted */
	KH_BRIDGE_IN_USE, /* the port is in a bridge in the running system */
	KH_BRIDGE_WANTED,
};

struct kh_bridge_port {
	enum kh_bridge_need need;
	const struct kh_facts_link *link;
	const struct kh_facts_link *master; /* the bridge it is in now, or NULL */
	char *reason;                       /* of KH_BRIDGE_NONE and KH_BRIDGE_IN_USE */
	struct kh_facts_link made_up; /* a named port of a tree without /sys; link points here */
};

/* Which link becomes the port. Errors: KH_HOST with a hint, rather than a guess. */
int kh_bridge_find_port(const struct kh_context *context, struct kh_bridge_port *ret_port,
			struct kh_error *err);
void kh_bridge_port_done(struct kh_bridge_port *port);

/* The configuration's bridge section as one digest: what the record belongs to. */
void kh_bridge_digest(const struct kh_config_bridge *config, char ret_hex[KH_DIGEST_SIZE]);

/* The last change of the network, and what the guard found. */
struct kh_bridge_past {
	bool has_record;
	bool is_same; /* the record belongs to the present configuration */
	struct kh_net_record record;
	struct kh_net_state state;
};

/* Errors: KH_SYSTEM when the record is damaged. */
int kh_bridge_past_read(const struct kh_context *context, struct kh_bridge_past *past,
			struct kh_error *err);
void kh_bridge_past_done(struct kh_bridge_past *past);
/* KH_HOST, with a hint: another name for the bridge; the same that the guard took back (if it was
 * something else, or a part, the plan notes it); a change while the last one waits to be confirmed.
 */
int kh_bridge_refuse_rename(const struct kh_context *context, const struct kh_bridge_past *past,
			    struct kh_error *err);
int kh_bridge_refuse_repeat(const struct kh_bridge_past *past, struct kh_plan *plan,
			    struct kh_error *err);
int kh_bridge_refuse_unjudged(const struct kh_context *context, const struct kh_bridge_past *past,
			      struct kh_error *err);

/* Do the network manager's files have the bridge, so that it is there after a boot? */
bool kh_bridge_is_persisted(const struct kh_context *context);

/* `port: auto` asks for a bridge where there is an uplink that somebody known configures. Is there
 * none? Then the bridge is left out: said, and no reason to stop. A port that was named is one. */
bool kh_bridge_is_left_out(const struct kh_context *context);

/* Where cloud-init configures the network at boot: an edit in front of the others that stops it. */
void kh_bridge_stop_cloud_init(const struct kh_net_view *view, struct kh_net_answer *answer);

int kh_bridge_check(const struct kh_context *context, struct kh_report *report,
		    struct kh_error *err);

/* Fill in what the guard is to find: addresses, gateways, the default route. The record's manager
 * and is_dynamic are known already. */
void kh_bridge_expect(const struct kh_context *context, const struct kh_bridge_port *port,
		      const struct kh_net_view *view, struct kh_net_record *record);

#endif
