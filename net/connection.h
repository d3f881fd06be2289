/* connection.h - TCP connections to our ssh port, and sessions that began after a moment.
 *
 * A connection that came to be over the new network proves that somebody outside can reach this
 * host: the handshake went there and back. So the guard keeps a list of those that were there
 * before it changed the network, and looks for one that is not in it, and that came over the
 * bridge: what comes over another card says nothing about it.
 *
 * A session is new when both of these hold:
 *   - the process at the root of the login (the sshd of one connection, the shell that login
 *     started: the highest ancestor that is not a child of init) was started after the switch;
 *     sudo, su and setsid do not make an old login younger;
 *   - where some ancestor has SSH_CONNECTION, that connection is open now and was not open before
 *     the switch. So a shell in a tmux or screen that outlived its login is not new, and neither is
 *     a second command over an ssh connection that is kept open (ControlMaster).
 *
 * Sources: proc(5) (/proc/net/tcp, /proc/PID/stat, /proc/PID/environ), sshd(8) (SSH_CONNECTION),
 * sshd_config(5) (Port, ListenAddress),
 * systemd.socket(5) (ListenStream of ssh.socket).
 */
#ifndef KH_NET_CONNECTION_H
#define KH_NET_CONNECTION_H

#include "core/base/root.h"
#include "core/facts_net.h"

/* Connections from outside to the ports of sshd, and to own_port (may be NULL): "192.0.2.10 22
 * 198.51.100.7 50122", our side first. Also those that were closed a moment ago. */
void kh_connection_list(const struct kh_root *root, const char *own_port,
			struct kh_strv *connections);

/* The port of this host that the ssh session of process PID came in by: owned; NULL: none. The
 * second one: of this process; none where the root is not the running machine's. */
char *kh_connection_port_of(const struct kh_root *root, long long pid);
char *kh_connection_our_port(const struct kh_root *root);

/* Did this connection (one line of the list) come over the link? Our side has to be one of the
 * link's addresses, and the other side must not be a neighbour on another Ethernet link: a
 * container that talks to this host's address has not seen the cable. */
bool kh_connection_is_over(const char *connection, const struct kh_facts_net *net,
			   const char *link);

/* Is there a program that takes ssh connections, so that one can be waited for? */
bool kh_connection_has_server(const struct kh_root *root);

/* Did the session of process PID begin after `since_ms` (milliseconds since the machine was
 * started)? If not, *ret_why says why not (owned). before: connections at that moment. */
bool kh_connection_is_new_session(const struct kh_root *root, long long pid, long long since_ms,
				  const struct kh_strv *before, char **ret_why);

#endif
