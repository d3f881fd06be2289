/* ifupdown_line.h - whose is an option line of the port: the port's, the bridge's, or both's?
 *
 * What shapes the link (bonding, VLAN, ethtool, ip link) stays with the port; what needs its
 * address (routes, rules, sysctls of the protocols) goes to the bridge. Commands are told apart by
 * their words. Nothing is run, and this is no shell: a line that cannot be told apart is refused.
 */
#ifndef KH_NET_IFUPDOWN_LINE_H
#define KH_NET_IFUPDOWN_LINE_H

#include <stdbool.h>

/* "up", "pre-up", ...: an option that is a command. */
bool kh_ifupdown_is_command(const char *key);

/* The port's part of an option line and the bridge's: the line itself for one of them, or, where a
 * command line does something for each, a line for each of them. NULL: it has none. Owned. Returns
 * 0, or 1 when such a line cannot be divided without knowing the shell's language. */
int kh_ifupdown_divide(const char *line, char **ret_port, char **ret_bridge);

#endif
