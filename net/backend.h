/* backend.h - what every network manager's back end is: from a wish to the files that fulfil it.
 *
 * A back end is a pure function. It reads the manager's files through a view (view.h) and answers
 * with edits: paths and their new content. Nothing is written here; the stage plans the edits, and
 * the guard's record is made of the same list. The order of the edits is the order of writing, and
 * the one that makes the port a bridge's port is the last: a power cut in between leaves the old
 * network or the new one, or the guard's record to go back by.
 *
 * Renaming: where a manager can match a link by MAC address, that is kept.
 */
#ifndef KH_NET_BACKEND_H
#define KH_NET_BACKEND_H

#include "core/config.h"
#include "core/facts_net.h"
#include "net/dhcp.h"
#include "net/view.h"

struct kh_net_wish {
	const struct kh_net_view *view;
	const struct kh_facts_net *facts;
	const struct kh_config_bridge *config; /* name, address, DNS, STP */
	const struct kh_facts_link *port;
	const struct kh_dhcp_identity *dhcp; /* used today on the port */
};

struct kh_net_edit {
	char *path;
	char *content; /* NULL: remove the file */
	mode_t mode;   /* 0: keep, 0644 for a new one */
	char *why;
};

struct kh_net_answer {
	struct kh_net_edit *edits;
	size_t edit_count;
	char *carrier;   /* the port is configured into this bridge already: no edits; or NULL */
	bool is_dynamic; /* the bridge's address comes from DHCP or router advertisements */
	struct kh_strv notes; /* what the operator should know */
};

struct kh_net_backend {
	enum kh_net_manager manager;
	/* Errors: KH_HOST with a hint, where it would have to guess. */
	int (*plan)(const struct kh_net_wish *wish, struct kh_net_answer *answer,
		    struct kh_error *err);
};

/* NULL: no back end for this manager. */
const struct kh_net_backend *kh_net_backend_find(enum kh_net_manager manager);

extern const struct kh_net_backend kh_net_ifupdown, kh_net_ifcfg, kh_net_nmkeyfile, kh_net_networkd,
	kh_net_netplan;

void kh_net_answer_done(struct kh_net_answer *answer);
/* Add an edit; content NULL: the file goes. Texts are copied. */
void kh_net_answer_edit(struct kh_net_answer *answer, const char *path, const char *content,
			mode_t mode, const char *why);

/* "192.0.2.10/25" is 4 or 6. */
int kh_net_family(const char *address);
/* Does the static configuration name this family (4 or 6)? Then it replaces the port's. */
bool kh_net_replaces(const struct kh_net_wish *wish, int family);
/* The gateway of that family in the configuration, or NULL. */
const char *kh_net_gateway(const struct kh_net_wish *wish, int family);

/* Refuse: the bridge's name is in use in that file for something that does not carry the port. */
int kh_net_taken(const struct kh_net_wish *wish, const char *path, struct kh_error *err);
/* Is the port's MAC address its own (as far as is known) and that of one link only, so that it can
 * be found by it at boot? */
bool kh_net_has_own_mac(const struct kh_net_wish *wish);

/* TEXT with every OLD that stands alone as a word (a link's name: letters, digits, "._-:@" around
 * it make another word) replaced, and in the names of settings: "net.ipv4.conf.OLD.rp_filter".
 * Owned. */
char *kh_net_rename(const char *text, const char *old, const char *new_name);
/* Does NAME stand in TEXT as such a word? */
bool kh_net_names(const char *text, const char *name);

#endif
