/* netplan_files.c - see netplan_files.h. */
#include "net/netplan_files.h"

#include <fnmatch.h>
#include <string.h>
#include <strings.h>

#include "core/base/mem.h"

/* ---- which files ---- */

static const char *const dirs[] = {"/run/netplan", "/etc/netplan", "/lib/netplan"};

static void list_names(const struct kh_net_view *view, struct kh_strv *names)
{
	for (size_t d = 0; d < KH_COUNT(dirs); d++) {
		kh_auto(kh_strv_done) struct kh_strv found = {0};
		kh_net_view_list(view, dirs[d], &found);
		for (size_t i = 0; i < found.count; i++)
			if (kh_str_ends(found.items[i], ".yaml") && found.items[i][0] != '.' &&
			    !kh_strv_has(names, found.items[i]))
				kh_strv_add(names, found.items[i]);
	}
	kh_strv_sort(names);
}

static int add_file(const struct kh_net_view *view, const char *name,
		    struct kh_netplan_files *files, struct kh_error *err)
{
	for (size_t d = 0; d < KH_COUNT(dirs); d++) {
		kh_auto(kh_free) char *path = kh_printf("%s/%s", dirs[d], name);
		kh_auto(kh_free) char *text = kh_net_view_text(view, path);
		if (!text)
			continue;
		struct kh_netplan_file *file = kh_append(files->items, files->count);
		file->path = kh_take(path);
		return kh_netplan_load(file->path, text, &file->yaml, err);
	}
	return 0;
}

int kh_netplan_files_load(const struct kh_net_view *view, struct kh_netplan_files *ret_files,
			  struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	*ret_files = (struct kh_netplan_files){0};
	list_names(view, &names);
	for (size_t i = 0; i < names.count; i++)
		if (add_file(view, names.items[i], ret_files, err) != 0)
			return -1;
	return 0;
}

void kh_netplan_files_done(struct kh_netplan_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		kh_netplan_done(&files->items[i].yaml);
		kh_free(&files->items[i].path);
	}
	kh_free(&files->items);
	files->count = 0;
}

/* ---- definitions ---- */

/* The section that is the first to stand at or behind "at" and may hold a port; *at is behind it.
 */
static yaml_node_t *next_section(struct kh_netplan *yaml, size_t *at, yaml_node_t **ret_key)
{
	static const char *const sections[] = {"ethernets", "bonds", "vlans"};
	yaml_node_t *network = kh_netplan_get(yaml, kh_netplan_root(yaml), "network");
	while (kh_netplan_key(yaml, network, *at)) {
		yaml_node_t *key = kh_netplan_key(yaml, network, *at);
		yaml_node_t *section = kh_netplan_value(yaml, network, *at);
		const char *name = kh_netplan_text(key);
		*at += 1;
		*ret_key = key;
		if (name && kh_str_is_one_of(name, sections, KH_COUNT(sections)))
			return section;
	}
	return NULL;
}

bool kh_netplan_find(struct kh_netplan *yaml, const char *id, struct kh_netplan_entry *ret_entry)
{
	yaml_node_t *section_key = NULL;
	size_t at = 0;
	for (yaml_node_t *section = next_section(yaml, &at, &section_key); section;
	     section = next_section(yaml, &at, &section_key)) {
		for (size_t i = 0; kh_netplan_key(yaml, section, i); i++) {
			yaml_node_t *key = kh_netplan_key(yaml, section, i);
			const char *name = kh_netplan_text(key);
			if (!name || strcmp(name, id) != 0)
				continue;
			*ret_entry = (struct kh_netplan_entry){section_key, key,
							       kh_netplan_value(yaml, section, i)};
			return true;
		}
	}
	return false;
}

static const yaml_node_t *value_of(const struct kh_netplan_files *files, const char *id,
				   const char *parent, const char *key)
{
	for (size_t i = files->count; i > 0; i--) {
		struct kh_netplan *yaml = &files->items[i - 1].yaml;
		struct kh_netplan_entry entry;
		if (!kh_netplan_find(yaml, id, &entry))
			continue;
		const yaml_node_t *node =
			parent ? kh_netplan_get(yaml, entry.value, parent) : entry.value;
		const yaml_node_t *value = kh_netplan_get(yaml, node, key);
		if (value)
			return value;
	}
	return NULL;
}

bool kh_netplan_says(const struct kh_netplan_files *files, const char *id, const char *key)
{
	return value_of(files, id, NULL, key) != NULL;
}

const char *kh_netplan_word(const struct kh_netplan_files *files, const char *id,
			    const char *parent, const char *key)
{
	return kh_netplan_text(value_of(files, id, parent, key));
}

/* ---- whose are they? ---- */

/* A link that is made (bond, VLAN) has the id as its name; "match" is for those that are there. An
 * empty "match", or one by what is not understood here (a list of drivers), fits all of them. */
static bool fits(const struct kh_netplan_files *files, const char *id,
		 const struct kh_facts_link *link)
{
	const char *mac = kh_netplan_word(files, id, "match", "macaddress");
	const char *name = kh_netplan_word(files, id, "match", "name");
	const char *driver = kh_netplan_word(files, id, "match", "driver");
	const char *set_name = kh_netplan_word(files, id, NULL, "set-name");
	if (!kh_netplan_says(files, id, "match"))
		return strcmp(id, link->name) == 0;
	if (link->kind == KH_LINK_BOND || link->kind == KH_LINK_VLAN)
		return false;
	if (mac && (!link->mac || strcasecmp(mac, link->mac) != 0))
		return false;
	bool is_renamed = set_name && strcmp(set_name, link->name) == 0;
	if (name && !is_renamed && fnmatch(name, link->name, 0) != 0)
		return false;
	return !driver || (link->driver && fnmatch(driver, link->driver, 0) == 0);
}

void kh_netplan_ids(const struct kh_netplan_files *files, const struct kh_facts_link *link,
		    struct kh_strv *ids)
{
	for (size_t f = 0; f < files->count; f++) {
		struct kh_netplan *yaml = &files->items[f].yaml;
		yaml_node_t *section_key = NULL;
		size_t at = 0;
		for (yaml_node_t *section = next_section(yaml, &at, &section_key); section;
		     section = next_section(yaml, &at, &section_key)) {
			for (size_t i = 0; kh_netplan_key(yaml, section, i); i++) {
				const char *id = kh_netplan_text(kh_netplan_key(yaml, section, i));
				if (id && !kh_strv_has(ids, id) && fits(files, id, link))
					kh_strv_add(ids, id);
			}
		}
	}
}

const char *kh_netplan_path_of(const struct kh_netplan_files *files, const char *id)
{
	struct kh_netplan_entry entry;
	for (size_t i = 0; i < files->count; i++)
		if (kh_netplan_find(&files->items[i].yaml, id, &entry))
			return files->items[i].path;
	return NULL;
}

bool kh_netplan_is_wide(const struct kh_netplan_files *files, const char *id)
{
	const char *name = kh_netplan_word(files, id, "match", "name");
	return kh_netplan_says(files, id, "match") &&
	       !kh_netplan_word(files, id, "match", "macaddress") &&
	       (!name || strpbrk(name, "*?["));
}
