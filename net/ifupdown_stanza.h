/* ifupdown_stanza.h - between the parts of the ifupdown back end: ifupdown.c chooses the files,
 * ifupdown_stanza.c rewrites the blocks in them. */
#ifndef KH_NET_IFUPDOWN_STANZA_H
#define KH_NET_IFUPDOWN_STANZA_H

#include "net/backend.h"
#include "net/interfaces.h"

struct kh_ifupdown_job {
	const struct kh_net_wish *wish;
	struct kh_net_answer *answer;
	const char *port, *bridge;
	bool has_tools;    /* bridge-utils */
	bool is_begun;     /* the bridge's first stanza is written */
	bool is_dhcp;      /* of some stanza of the bridge */
	bool has_written4; /* the configuration's own addresses are written */
	bool has_written6;
	bool has_pre_up;           /* the operator's own, of what goes to the bridge */
	bool is_up_first;          /* "auto" names the port in front of its first stanza */
	bool has_port;             /* there is a stanza of the port */
	size_t last;               /* the place of its last one */
	const char *taken;         /* a file that has a stanza of the bridge's name, or NULL */
	struct kh_strv port_lines; /* the port's own option lines, of all its stanzas */
};

/* First, for each stanza of the port (PATH has it): remember the lines that stay with the port.
 * ifup applies the options of all its stanzas to the one link. Error KH_HOST: an option with two
 * values, a line that is the port's and the bridge's. */
int kh_ifupdown_collect(struct kh_ifupdown_job *job, const struct kh_interfaces_block *block,
			const char *path, struct kh_error *err);

/* The block as it reads with the bridge: the port's stanzas become the bridge's, others stay. */
void kh_ifupdown_rewrite(struct kh_ifupdown_job *job, const struct kh_interfaces_block *block,
			 struct kh_str *out);
/* Stanzas for a family that the configuration gives and the port never had. */
void kh_ifupdown_add_missing(struct kh_ifupdown_job *job, struct kh_str *out);

/* What the bridge's last stanza ends with. */
void kh_ifupdown_add_end(struct kh_ifupdown_job *job, struct kh_str *out);

/* "enp1s0:0" is an address label of enp1s0. */
bool kh_ifupdown_is_label(const char *name, const char *port);

#endif
