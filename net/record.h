/* record.h - what the guard needs to put the old network back, as a file:
 * /var/lib/kvmhost/guard.json.
 *
 * It is planned like any file, before the first network file is touched, so that at every moment
 * after the first change the way back is on disk. It holds the network files with their content
 * before the change, what the network should look like afterwards, and the boot it was made in: the
 * guard acts in later boots only. What the guard finds out goes to a second file,
 * /var/lib/kvmhost/guard.state, which no stage plans: the record stays as planned, for the plan and
 * for undo.
 */
#ifndef KH_NET_RECORD_H
#define KH_NET_RECORD_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/digest.h"
#include "core/base/error.h"
#include "core/base/root.h"
#include "core/base/str.h"
#include "core/facts_net.h"

extern const char *const kh_net_record_path; /* "/var/lib/kvmhost/guard.json" */
extern const char *const kh_net_state_path;  /* "/var/lib/kvmhost/guard.state" */

struct kh_net_file {
	char *path;
	mode_t mode; /* of before */
	uid_t uid;
	gid_t gid;
	char *before;                 /* what the guard puts back; NULL: absent */
	char *base;                   /* before kvmhost's first change; NULL: absent */
	char written[KH_DIGEST_SIZE]; /* digest of what the plan writes; "": it removes the file */
};

struct kh_net_record {
	char *digest;  /* of the configuration's bridge section */
	char *boot_id; /* of the boot it was made in; NULL: not known */
	char *bridge, *port;
	char *ssh_port; /* the one that the administrator's session came in by; NULL: none */
	enum kh_net_manager manager;
	long long timeout_s;
	bool is_dynamic;    /* any address of DHCP or router advertisements will do */
	bool wants_route;   /* a default route over the bridge is expected */
	bool had_ipv4;      /* the default route was IPv4: that of an advertisement is none */
	bool wants_login;   /* there is an ssh server: a new connection to it is expected */
	bool is_static;     /* the addresses are the configuration's, not the port's */
	bool is_any_enough; /* one of the addresses has to be there, not each */
	bool wants_stp;
	struct kh_strv addresses; /* "192.0.2.10/25": each is expected, unless is_dynamic */
	struct kh_strv gateways;  /* each must answer; empty: that of the default route */
	struct kh_net_file *files;
	size_t file_count;
};

void kh_net_record_done(struct kh_net_record *record);
/* Returns 0, 1 when there is none, -1 with *err (KH_SYSTEM) when it cannot be read. */
int kh_net_record_read(const struct kh_root *root, struct kh_net_record *ret_record,
		       char ret_digest[KH_DIGEST_SIZE], struct kh_error *err);
/* As JSON, to be planned as a file. Owned by the caller. */
char *kh_net_record_text(const struct kh_net_record *record);

/* What is below the root now: its digest ("" when absent) compared with before/base/written. */
bool kh_net_file_is_written(const struct kh_root *root, const struct kh_net_file *file);
bool kh_net_file_is_base(const struct kh_root *root, const struct kh_net_file *file);
bool kh_net_file_is_before(const struct kh_root *root, const struct kh_net_file *file);

/* How far a change came: the power may go between the record and the last file. A file that
 * somebody edited since counts as written. */
enum kh_net_progress {
	KH_NET_NOT_WRITTEN, /* every file that was to change is as it was */
	KH_NET_PARTLY_WRITTEN,
	KH_NET_WRITTEN,
};
enum kh_net_progress kh_net_record_progress(const struct kh_root *root,
					    const struct kh_net_record *record);

/* ---- the guard's findings ---- */

enum kh_net_phase {
	KH_NET_WAITING, /* not yet judged */
	KH_NET_CONFIRMED,
	KH_NET_REVERTING, /* begun to put the old files back */
	KH_NET_REVERTED,
	KH_NET_ASKED,     /* a live switch was asked for, in the boot of boot_id */
	KH_NET_SWITCHING, /* it is being made */
	KH_NET_SWITCHED,  /* it was made, and waits to be confirmed */
};

struct kh_net_state {
	enum kh_net_phase phase;
	char *time; /* "2026-11-21T10:00:00Z", or NULL */
	/* of reverting: "no ARP answer from gateway 192.0.2.1 on br0 within 120 s"; of a switch:
	 * what the manager did not take over; or NULL */
	char *why;
	char *boot_id;
	bool has_rebooted; /* the last resort was used */
	bool is_cut_off;   /* only a part of the files was written: the attempt does not count */
	/* SWITCHED: when port and manager were done; milliseconds since the machine was started */
	long long switched_ms;
	struct kh_strv connections; /* to sshd, before the switch: see connection.h */
};

/* The state that belongs to the record with this digest; of another record, or none: WAITING, or
 * CONFIRMED where it was that before the other one came. */
void kh_net_state_read(const struct kh_root *root, const char *record_digest,
		       struct kh_net_state *ret_state);
int kh_net_state_write(const struct kh_root *root, const char *record_digest,
		       const struct kh_net_state *state, struct kh_error *err);
void kh_net_state_done(struct kh_net_state *state);

#endif
