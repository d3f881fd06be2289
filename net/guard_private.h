/* guard_private.h - between the files of guard.h. */
#ifndef KH_NET_GUARD_PRIVATE_H
#define KH_NET_GUARD_PRIVATE_H

#include "net/connection.h"
#include "net/dhcp_client.h"
#include "net/guard.h"
#include "net/live.h"

struct kh_guard_watch {
	const struct kh_root *root;
	struct kh_runner *runner;
	struct kh_guard_world *world;
	struct kh_net_record record;
	char digest[KH_DIGEST_SIZE]; /* of the record's file */
	struct kh_net_state state;
	char *boot_id; /* of now, or NULL */
};

/* Returns 1 when there is no record. */
int kh_guard_open(const struct kh_root *root, struct kh_runner *runner,
		  struct kh_guard_world *world, struct kh_guard_watch *watch, struct kh_error *err);
void kh_guard_watch_done(struct kh_guard_watch *watch);

/* Write the state with this phase. */
int kh_guard_note(struct kh_guard_watch *watch, enum kh_net_phase phase, struct kh_error *err);
/* The same, unless somebody decided meanwhile: then 1, and watch->state.phase is what it is. */
int kh_guard_turn(struct kh_guard_watch *watch, enum kh_net_phase phase, struct kh_error *err);

/* Wait for the proof; confirmed or reverted at the end. is_live: in the boot of a live switch. */
int kh_guard_judge(struct kh_guard_watch *watch, bool is_live, struct kh_error *err);
/* Take it back: files, links, manager (guard_revert.c). */
int kh_guard_revert(struct kh_guard_watch *watch, struct kh_error *err);
/* Files and kernel back in the boot of a live switch. Returns 1 when there was none. untold: what
 * the manager did not like to be told then; with a lease, nobody may be renewing it. */
int kh_guard_move_back(const struct kh_root *root, struct kh_runner *runner,
		       const struct kh_net_record *record, const char *boot_id,
		       struct kh_error *untold, struct kh_error *err);
/* Make the live switch that was asked for, then judge it (guard_live.c). */
int kh_guard_switch(struct kh_guard_watch *watch, struct kh_error *err);

#endif
