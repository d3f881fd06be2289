/* dhcp_client.h - DHCP clients that run on a link: found, stopped without giving the lease back,
 * and started on another link with the same words.
 *
 * ifupdown and the ifcfg scripts start one of dhclient, udhcpc and dhcpcd; its address moves, so it
 * has to move too. NetworkManager and systemd-networkd have their own: those are told otherwise
 * (takeover.h).
 *
 * dhcpcd puts a title over its words ("dhcpcd: eth0 [ip4]"). It is started with what that tells;
 * the rest stands in dhcpcd.conf. One that looks after all links ("dhcpcd: [manager]") is not
 * found. Source: dhcpcd 9.4.1, src/dhcpcd.c (setproctitle), dhcpcd(8).
 */
#ifndef KH_NET_DHCP_CLIENT_H
#define KH_NET_DHCP_CLIENT_H

#include "core/base/root.h"
#include "core/base/run.h"

/* Those whose command line names the link: words joined by newlines, one text a client. */
void kh_dhcp_client_find(const struct kh_root *root, const char *link, struct kh_strv *clients);

/* Kill those of the link at once: on SIGTERM some give the lease back, or take the address away. */
void kh_dhcp_client_stop(const struct kh_root *root, const char *link);

struct kh_dhcp_move {
	const char *from, *to; /* links */
	/* Goes on asking in the background where there is no answer. Otherwise a client that gets
	 * none in time is ended, and that is an error. */
	bool is_patient;
};

/* Start each of `clients` with every FROM in its words replaced by TO; lease files of FROM are
 * copied first, so that the same address is asked for. The first error is told. */
int kh_dhcp_client_start(const struct kh_root *root, struct kh_runner *runner,
			 const struct kh_strv *clients, const struct kh_dhcp_move *move,
			 struct kh_error *err);

#endif
