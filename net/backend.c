/* backend.c - the table of back ends, and what they share. */
#include "net/backend.h"

#include <ctype.h>
#include <string.h>

#include "core/base/mem.h"

const struct kh_net_backend *kh_net_backend_find(enum kh_net_manager manager)
{
	static const struct kh_net_backend *const all[] = {
		&kh_net_ifupdown, &kh_net_ifcfg,   &kh_net_nmkeyfile,
		&kh_net_networkd, &kh_net_netplan,
	};
	for (size_t i = 0; i < KH_COUNT(all); i++)
		if (all[i]->manager == manager)
			return all[i];
	return NULL;
}

void kh_net_answer_done(struct kh_net_answer *answer)
{
	for (size_t i = 0; i < answer->edit_count; i++) {
		kh_free(&answer->edits[i].path);
		kh_free(&answer->edits[i].content);
		kh_free(&answer->edits[i].why);
	}
	kh_free(&answer->edits);
	kh_free(&answer->carrier);
	kh_strv_done(&answer->notes);
	*answer = (struct kh_net_answer){0};
}

void kh_net_answer_edit(struct kh_net_answer *answer, const char *path, const char *content,
			mode_t mode, const char *why)
{
	struct kh_net_edit *edit = kh_append(answer->edits, answer->edit_count);
	edit->path = kh_strdup(path);
	edit->content = kh_strdup(content);
	edit->mode = mode;
	edit->why = kh_strdup(why);
}

int kh_net_family(const char *address)
{
	return strchr(address, ':') ? 6 : 4;
}

bool kh_net_replaces(const struct kh_net_wish *wish, int family)
{
	const struct kh_config_bridge *config = wish->config;
	if (config->address_mode == KH_ADDRESS_DHCP)
		return family == 4;
	if (config->address_mode == KH_ADDRESS_INHERIT)
		return false;
	for (size_t i = 0; i < config->addresses.count; i++)
		if (kh_net_family(config->addresses.items[i]) == family)
			return true;
	return false;
}

const char *kh_net_gateway(const struct kh_net_wish *wish, int family)
{
	const struct kh_strv *gateways = &wish->config->gateways;
	for (size_t i = 0; i < gateways->count; i++)
		if (kh_net_family(gateways->items[i]) == family)
			return gateways->items[i];
	return NULL;
}

int kh_net_taken(const struct kh_net_wish *wish, const char *path, struct kh_error *err)
{
	kh_fail(err, KH_HOST, 0, "'%s' has a '%s' already, and '%s' is not its port", path,
		wish->config->name, wish->port->name);
	return kh_hint(err, "give the bridge another name (bridge.name)");
}

bool kh_net_has_own_mac(const struct kh_net_wish *wish)
{
	int count = 0;
	if (wish->port->kind != KH_LINK_PHYSICAL || !wish->port->mac || wish->port->mac_type > 0)
		return false;
	for (size_t i = 0; i < wish->facts->link_count; i++) {
		const struct kh_facts_link *link = &wish->facts->links[i];
		bool counts = link->kind == KH_LINK_PHYSICAL || link->kind == KH_LINK_OTHER;
		if (counts && link->mac && strcmp(link->mac, wish->port->mac) == 0)
			count++;
	}
	return count == 1;
}

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || (c != '\0' && strchr("._-:@", c));
}

/* The next place where NAME stands as a word, or NULL. TEXT is the start of all, for looking back.
 */
static const char *find_word(const char *text, const char *from, const char *name)
{
	size_t length = strlen(name);
	for (const char *at = strstr(from, name); at; at = strstr(at + 1, name))
		if ((at == text || !is_name_char(at[-1])) && !is_name_char(at[length]))
			return at;
	return NULL;
}

bool kh_net_names(const char *text, const char *name)
{
	return find_word(text, text, name) != NULL;
}

static char *rename_words(const char *text, const char *old, const char *new_name)
{
	kh_auto(kh_str_done) struct kh_str out = {0};
	const char *from = text;
	for (const char *at = find_word(text, from, old); at; at = find_word(text, from, old)) {
		kh_str_add_bytes(&out, from, (size_t)(at - from));
		kh_str_add(&out, new_name);
		from = at + strlen(old);
	}
	kh_str_add(&out, from);
	return kh_str_take(&out);
}

static char *replace_all(const char *text, const char *old, const char *new_text)
{
	kh_auto(kh_str_done) struct kh_str out = {0};
	const char *from = text;
	for (const char *at = strstr(from, old); at; at = strstr(from, old)) {
		kh_str_add_bytes(&out, from, (size_t)(at - from));
		kh_str_add(&out, new_text);
		from = at + strlen(old);
	}
	kh_str_add(&out, from);
	return kh_str_take(&out);
}

/* Between the dots of a setting, a dot of a link's name is a slash: "eth0/5" (sysctl.d(5)). */
static char *name_of_setting(const char *parent, const char *link)
{
	kh_auto(kh_free) char *name = kh_strdup(link);
	for (char *dot = strchr(name, '.'); dot; dot = strchr(dot, '.'))
		*dot = '/';
	return kh_printf(".%s.%s.", parent, name);
}

char *kh_net_rename(const char *text, const char *old, const char *new_name)
{
	static const char *const parents[] = {"conf", "neigh"};
	char *result = rename_words(text, old, new_name);
	for (size_t i = 0; i < KH_COUNT(parents); i++) {
		kh_auto(kh_free) char *before = result;
		kh_auto(kh_free) char *from = name_of_setting(parents[i], old);
		kh_auto(kh_free) char *to = name_of_setting(parents[i], new_name);
		result = replace_all(before, from, to);
	}
	return result;
}
