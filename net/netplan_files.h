/* netplan_files.h - all of netplan's files, and which definition in them is the port's.
 *
 * A definition has an id, and any file may add keys to it or replace them: what counts is what all
 * files say together. A file in /run/netplan hides one of the same name in /etc/netplan, and that
 * one in /lib/netplan; the rest are read by name, whatever their directory.
 *
 * Source: netplan-generate(8), netplan(5).
 */
#ifndef KH_NET_NETPLAN_FILES_H
#define KH_NET_NETPLAN_FILES_H

#include "net/backend.h"
#include "net/netplan_edit.h"

struct kh_netplan_file {
	char *path;
	struct kh_netplan yaml;
};

struct kh_netplan_files {
	struct kh_netplan_file *items; /* in the order in which netplan reads them */
	size_t count;
};

/* Error KH_HOST: a file is no YAML. ret_files is to be freed all the same. */
int kh_netplan_files_load(const struct kh_net_view *view, struct kh_netplan_files *ret_files,
			  struct kh_error *err);
void kh_netplan_files_done(struct kh_netplan_files *files);

/* The definition with this id in one file. */
bool kh_netplan_find(struct kh_netplan *yaml, const char *id, struct kh_netplan_entry *ret_entry);

/* What the files say together: the last one that has the key. parent: a mapping in the definition,
 * or NULL. */
bool kh_netplan_says(const struct kh_netplan_files *files, const char *id, const char *key);
const char *kh_netplan_word(const struct kh_netplan_files *files, const char *id,
			    const char *parent, const char *key);

/* The ids whose definitions are meant for this link. */
void kh_netplan_ids(const struct kh_netplan_files *files, const struct kh_facts_link *link,
		    struct kh_strv *ids);
/* The first file that has the id; NULL: none. */
const char *kh_netplan_path_of(const struct kh_netplan_files *files, const char *id);
/* Does it fit many links of a kind, and not one by its name or address? */
bool kh_netplan_is_wide(const struct kh_netplan_files *files, const char *id);

#endif
