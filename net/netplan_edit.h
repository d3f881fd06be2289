/* netplan_edit.h - between the parts of the netplan back end: netplan.c surveys the files,
 * netplan_edit.c moves keys from the port's entry to the bridge's in one of them. */
#ifndef KH_NET_NETPLAN_EDIT_H
#define KH_NET_NETPLAN_EDIT_H

#include "net/backend.h"
#include "net/netplan_yaml.h"

struct kh_netplan_entry {
	yaml_node_t *section_key; /* "ethernets", "bonds", "vlans" */
	yaml_node_t *key, *value;
};

struct kh_netplan_job {
	const struct kh_net_wish *wish;
	struct kh_netplan *yaml;
	const struct kh_netplan_entry *entry;
	int child;       /* column of the bridge's keys */
	bool has_bridge; /* its own keys are in an earlier file */
};

/* Keys that stay with the port. */
bool kh_netplan_is_port_key(const char *key);

/* Is there anything in the entry that the bridge gets? Else the file can stay as it is, once the
 * bridge's own keys are in another one. */
bool kh_netplan_moves(const struct kh_netplan_job *job);

/* The text of the file with the keys moved. Owned by the caller. */
char *kh_netplan_edit(struct kh_netplan_job *job);

#endif
