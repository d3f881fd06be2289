/* guard.h - nobody is locked out: the guard of the bridge, for both ways of switching.
 *
 *   apply    The bridge stage plans, before the first network file: the program at a stable place,
 *            the record (record.h) with every network file as it was, and a service that runs
 *            `kvmhost guard` at boot.
 *   reboot   In the boot after, the guard waits for the bridge, its address and the gateway's
 * answer (ARP or neighbour discovery), and for somebody to log in over it. now      With `activate:
 * now` apply runs `kvmhost guard switch`: the port is read (live.h), put on disk, and the guard
 * started as a process of its own: by systemd, or where there is none as a daemon with a parent
 * that starts it again. It makes the switch, tells the manager, and waits as above. proved   by
 * `kvmhost confirm` in a session that began after the switch; or by itself when the network is as
 * expected, the gateway answers, and there is a new TCP connection from outside to sshd
 * (connection.h). After a boot of a host without an ssh server the gateway has to do. "confirmed"
 * is noted; later boots do nothing. not      within the timeout: "reverting" is noted with the
 * reason, the files are put back from the record; a live switch is taken back in the kernel,
 * otherwise the bridge is taken away and the network restarted in its manager's way; "reverted" is
 * noted. If the old network does not answer after a restart, the machine is rebooted, once. later
 * plan refuses to try the same again and says why the last attempt failed; the report shows it.
 *
 * Whoever dies, whenever: files are replaced atomically, the record comes before them, the port's
 * state before the first link is touched. A guard that finds "switching" in the same boot takes it
 * back; one that finds "reverting" begins the reverting again; one that finds anything undecided
 * after a boot judges that boot, and so does one that finds a confirmed network half undone (the
 * journal tells; nothing else of it needs configuration or journal). undo takes the record away
 * with everything else; `kvmhost guard back`, its reverse of the switch, moves back at once.
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

/* `kvmhost guard switch`, run by apply: start the guard and wait until it has made the switch.
 * Errors: KH_SYSTEM with the reason when it was taken back, or could not be made. */
int kh_guard_ask(const struct kh_root *root, struct kh_runner *runner, struct kh_error *err);
/* `kvmhost guard back`, run by undo: back to what was before the switch, now. Nothing to do after a
 * later boot: there the files decide, at the next one. */
int kh_guard_back(const struct kh_root *root, struct kh_runner *runner, struct kh_error *err);

/* `kvmhost confirm`: does a network change wait for it? Then 1: it is confirmed now. Returns 0 when
 * none waits, -1 with *err (KH_HOST) when this session is not a new one, or it is too late. */
int kh_guard_confirm(const struct kh_root *root, long long pid, struct kh_error *err);

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
	void (*wait)(struct kh_guard_world *world);        /* a moment */
	long long (*now_ms)(struct kh_guard_world *world); /* since the machine was started */
	/* As kh_connection_list(). */
	void (*connections)(struct kh_guard_world *world, const struct kh_root *root,
			    const char *own_port, struct kh_strv *connections);
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
