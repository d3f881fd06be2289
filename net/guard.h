/* guard.h - nobody is locked out: the boot-time guard of the bridge.
 *
 * How it works, from apply to the boot after:
 *
 *   apply   The bridge stage plans, before the first network file: the program at a stable place,
 * the record (record.h) with every network file as it was, and a service that runs `kvmhost guard`
 * at boot. The record names the boot it was made in; in that boot the guard does nothing. boot The
 * guard waits up to the timeout for the bridge to be up, to have its address, and for the gateway
 * to answer ARP (or neighbour discovery). Good: "confirmed" is noted; later boots do nothing. Not
 * good: "reverting" is noted with the reason, the old files are put back from the record, the
 * bridge is taken away, the network restarted in its manager's way, "reverted" noted. If the old
 * network does not answer either, the machine is rebooted, once. later   plan refuses to try the
 * same again and says why the last attempt failed; the report shows it.
 *
 * A power cut at any moment is harmless: files are replaced atomically, the record comes before
 * them, and a guard that finds "reverting" begins the reverting again. It needs neither
 * configuration nor journal. undo takes the record away with everything else.
 */
#ifndef KH_NET_GUARD_H
#define KH_NET_GUARD_H

#include "core/base/run.h"
#include "core/facts_net.h"
#include "core/plan.h"
#include "net/backend.h"
#include "net/record.h"

/* `kvmhost guard`. Returns 0 when there is nothing to do, when the network is as expected, and when
 * the old one was put back. Errors: KH_HOST below another root, KH_SYSTEM when files cannot be put
 * back. */
int kh_guard_run(const struct kh_root *root, struct kh_runner *runner, struct kh_error *err);

/* ---- planning it (guard_install.c) ---- */

/* The program that the guard copies where none is installed: "/proc/self/exe". For tests. */
extern const char *kh_guard_program_source;

/* Fill in what is there now of every file the edits change. base: an earlier record whose originals
 * are kept (NULL: none); keep_before: and what it would put back as well (not yet confirmed). */
int kh_guard_record_files(const struct kh_root *root, const struct kh_net_answer *answer,
			  const struct kh_net_record *base, bool keep_before,
			  struct kh_net_record *record, struct kh_error *err);
/* Plan the program at a stable place, unless it is installed or planned; *ret_path: which. */
int kh_guard_plan_program(struct kh_plan *plan, const char *why, const char **ret_path,
			  struct kh_error *err);
/* Plan program, record and service. record NULL: the record that is there stays. */
int kh_guard_plan(struct kh_plan *plan, bool has_systemd, const struct kh_net_record *record,
		  struct kh_error *err);

/* ---- its parts, for tests ---- */

/* The guard's senses and hands. */
struct kh_guard_world {
	void (*look)(struct kh_guard_world *world, const struct kh_root *root,
		     struct kh_facts_net *ret_net);
	/* Does the neighbour answer on this link? Takes at most a second or two. */
	bool (*answers)(struct kh_guard_world *world, const char *link, const char *address);
	void (*drop_link)(struct kh_guard_world *world, const char *link);
	void (*wait)(struct kh_guard_world *world); /* a second */
	long long (*now_ms)(struct kh_guard_world *world);
	void *data;
};

extern struct kh_guard_world kh_guard_real_world; /* guard_probe.c */

int kh_guard_watch(const struct kh_root *root, struct kh_runner *runner,
		   struct kh_guard_world *world, struct kh_error *err);
/* What is missing for the network to be as the record expects: owned text, or NULL: nothing. */
char *kh_guard_missing(struct kh_guard_world *world, const struct kh_net_record *record,
		       const struct kh_facts_net *net);
/* Put the old files back. Idempotent. */
int kh_guard_restore(const struct kh_root *root, const struct kh_net_record *record,
		     struct kh_error *err);

#endif
