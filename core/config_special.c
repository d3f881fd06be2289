/* config_special.c - see config_parse.h: the types that fit only one key. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/config_check.h"
#include "core/config_parse.h"

/* ---- bridge.address ---- */

static size_t count_family(const struct kh_strv *list, bool is_ipv6)
{
	size_t count = 0;
	for (size_t i = 0; i < list->count; i++)
		count += kh_config_is_ipv6(list->items[i]) == is_ipv6;
	return count;
}

/* Is it an address of this network, "ADDRESS/BITS"? Both have been checked. */
static bool is_inside(const char *gateway, const char *network)
{
	unsigned char one[16] = {0}, other[16] = {0};
	int family = kh_config_is_ipv6(gateway) ? AF_INET6 : AF_INET;
	kh_auto(kh_free) char *address = kh_strndup(network, strcspn(network, "/"));
	size_t bits = (size_t)kh_str_number(strchr(network, '/') + 1);
	if (inet_pton(family, gateway, one) != 1 || inet_pton(family, address, other) != 1)
		return false;
	for (size_t i = 0; i < bits; i++)
		if (((one[i / 8] ^ other[i / 8]) >> (7 - i % 8)) & 1)
			return false;
	return true;
}

/* A route to a gateway that no network of ours has is refused by the kernel: the host would be
 * without one. Link-local gateways need none, and who has one address alone (/32, /128) has a
 * gateway outside by necessity. */
static bool is_reachable(const struct kh_config_bridge *bridge, const char *gateway)
{
	static const char link_local[] = "fe80::/10";
	if (kh_config_is_ipv6(gateway) && is_inside(gateway, link_local))
		return true;
	const char *alone = kh_config_is_ipv6(gateway) ? "/128" : "/32";
	for (size_t i = 0; i < bridge->addresses.count; i++) {
		const char *address = bridge->addresses.items[i];
		if (kh_config_is_ipv6(gateway) == kh_config_is_ipv6(address) &&
		    (kh_str_ends(address, alone) || is_inside(gateway, address)))
			return true;
	}
	return false;
}

int kh_config_check_static(struct kh_config_parser *parser, const struct kh_yaml_node *node)
{
	const struct kh_config_bridge *bridge = &parser->config->bridge;
	if (bridge->addresses.count == 0) {
		kh_yaml_fail(parser->yaml, node->line, node->column, parser->err,
			     "'bridge.address' needs an 'address'");
		return kh_hint(parser->err, "{address: 192.0.2.10/25, gateway: 192.0.2.1}");
	}
	const struct kh_yaml_node *gateway = kh_yaml_get(node, "gateway");
	const struct kh_yaml_node *at = gateway ? gateway : node;
	for (int is_ipv6 = 0; is_ipv6 <= 1; is_ipv6++) {
		const char *family = is_ipv6 ? "IPv6" : "IPv4";
		size_t count = count_family(&bridge->gateways, is_ipv6);
		if (count > 1)
			return kh_yaml_fail(parser->yaml, at->line, at->column, parser->err,
					    "'bridge.address.gateway' has %zu %s gateways: there "
					    "can be one",
					    count, family);
		if (count == 1 && count_family(&bridge->addresses, is_ipv6) == 0)
			return kh_yaml_fail(parser->yaml, at->line, at->column, parser->err,
					    "'bridge.address.gateway' is %s, but no address is",
					    family);
	}
	for (size_t i = 0; i < bridge->addresses.count; i++) {
		const char *address = bridge->addresses.items[i];
		kh_auto(kh_free) char *own = kh_strndup(address, strcspn(address, "/"));
		if (kh_strv_has(&bridge->gateways, own))
			return kh_yaml_fail(parser->yaml, at->line, at->column, parser->err,
					    "'bridge.address.gateway' is the host's own address");
	}
	for (size_t i = 0; i < bridge->gateways.count; i++)
		if (!is_reachable(bridge, bridge->gateways.items[i]))
			return kh_yaml_fail(parser->yaml, at->line, at->column, parser->err,
					    "'bridge.address.gateway' is '%s', which is in no "
					    "network of 'bridge.address'",
					    bridge->gateways.items[i]);
	return 0;
}

int kh_config_parse_address(struct kh_config_parser *parser, const struct kh_config_key *key,
			    const struct kh_yaml_node *node, const char *dotted)
{
	struct kh_config_bridge *bridge = &parser->config->bridge;
	kh_strv_done(&bridge->addresses);
	kh_strv_done(&bridge->gateways);
	kh_strv_done(&bridge->dns);
	if (node->kind == KH_YAML_MAP) {
		bridge->address_mode = KH_ADDRESS_STATIC;
		if (kh_config_parse_keys(parser, key->nested, parser->config, node, dotted) < 0)
			return -1;
		return kh_config_check_static(parser, node);
	}
	bool is_dhcp = node->kind == KH_YAML_SCALAR && strcasecmp(node->text, "dhcp") == 0;
	bool is_inherit = node->kind == KH_YAML_SCALAR && strcasecmp(node->text, "inherit") == 0;
	if (is_dhcp || is_inherit) {
		bridge->address_mode = is_dhcp ? KH_ADDRESS_DHCP : KH_ADDRESS_INHERIT;
		return 0;
	}
	kh_config_bad_value(parser, node, dotted, "inherit, dhcp or a mapping");
	return kh_hint(parser->err,
		       "an address of your own: {address: 192.0.2.10/25, gateway: 192.0.2.1}");
}

/* ---- texts that are values of kernel settings ---- */

/* The kernel's own parsers want 1 and 0 where YAML people write true and false. */
static int scalar_text(struct kh_config_parser *parser, const struct kh_yaml_node *node,
		       const char *dotted, const char *(*check)(char *), char **ret_text)
{
	if (node->kind != KH_YAML_SCALAR) {
		kh_config_bad_value(parser, node, dotted, "one value");
		return node->kind == KH_YAML_LIST
			       ? kh_hint(parser->err,
					 "several numbers are one text: \"4096 87380\"")
			       : -1;
	}
	bool is_true = !node->is_quoted && strcasecmp(node->text, "true") == 0;
	bool is_false = !node->is_quoted && strcasecmp(node->text, "false") == 0;
	kh_auto(kh_free) char *text = kh_strdup(is_true ? "1" : is_false ? "0" : node->text);
	const char *why = check(text);
	if (why)
		return kh_config_bad_text(parser, node, dotted, why);
	*ret_text = kh_take(text);
	return 0;
}

static int bad_name(struct kh_config_parser *parser, const struct kh_yaml_node *node,
		    const char *name, const char *in, const char *why)
{
	kh_auto(kh_free) char *quoted = kh_yaml_quote(name);
	bool is_key = node->key && strcmp(node->key, name) == 0;
	return kh_yaml_fail(parser->yaml, is_key ? node->key_line : node->line,
			    is_key ? node->key_column : node->column, parser->err,
			    "'%s' cannot have %s: %s", in, quoted, why);
}

static int must_be_map(struct kh_config_parser *parser, const struct kh_yaml_node *node,
		       const char *dotted, const char *form)
{
	if (node->kind == KH_YAML_MAP || node->kind == KH_YAML_NULL)
		return 0;
	return kh_config_bad_value(parser, node, dotted, form);
}

/* ---- sysctl ---- */

void kh_config_clear_sysctl(struct kh_config *config)
{
	for (size_t i = 0; i < config->sysctl_count; i++) {
		free(config->sysctl[i].name);
		free(config->sysctl[i].value);
	}
	free(config->sysctl);
	config->sysctl = NULL;
	config->sysctl_count = 0;
}

int kh_config_parse_sysctl_one(struct kh_config_parser *parser, const char *name,
			       const struct kh_yaml_node *node, const char *dotted)
{
	struct kh_config *config = parser->config;
	kh_auto(kh_free) char *own_name = kh_strdup(name);
	const char *why = kh_config_check_sysctl_name(own_name);
	if (why) {
		bad_name(parser, node, name, "sysctl", why);
		return node->kind == KH_YAML_MAP && !strchr(name, '.')
			       ? kh_hint(parser->err, "write the whole name: '%s.NAME: VALUE'",
					 name)
			       : -1;
	}
	char *value;
	if (scalar_text(parser, node, dotted, kh_config_check_sysctl_value, &value) < 0)
		return -1;
	for (size_t i = 0; i < config->sysctl_count; i++) {
		if (strcmp(config->sysctl[i].name, name) != 0)
			continue;
		free(config->sysctl[i].value);
		config->sysctl[i].value = value;
		return 0;
	}
	struct kh_config_sysctl *added = kh_append(config->sysctl, config->sysctl_count);
	added->name = kh_take(own_name);
	added->value = value;
	return 0;
}

int kh_config_parse_sysctl(struct kh_config_parser *parser, const struct kh_yaml_node *node,
			   const char *dotted)
{
	if (must_be_map(parser, node, dotted, "a mapping, NAME: VALUE") < 0)
		return -1;
	kh_config_clear_sysctl(parser->config);
	for (size_t i = 0; i < node->item_count; i++) {
		const struct kh_yaml_node *item = node->items[i];
		kh_auto(kh_free) char *name = kh_printf("%s.%s", dotted, item->key);
		kh_config_remember(parser, name, item);
		if (kh_config_parse_sysctl_one(parser, item->key, item, name) < 0)
			return -1;
	}
	return 0;
}

/* ---- modules.options ---- */

static void option_done(struct kh_config_option *option)
{
	free(option->module);
	free(option->name);
	free(option->value);
}

void kh_config_clear_options(struct kh_config *config)
{
	for (size_t i = 0; i < config->modules.option_count; i++)
		option_done(&config->modules.options[i]);
	free(config->modules.options);
	config->modules.options = NULL;
	config->modules.option_count = 0;
}

static void drop_options_of(struct kh_config_modules *modules, const char *module)
{
	size_t kept = 0;
	for (size_t i = 0; i < modules->option_count; i++) {
		struct kh_config_option option = modules->options[i];
		if (strcmp(option.module, module) == 0)
			option_done(&option);
		else
			modules->options[kept++] = option;
	}
	modules->option_count = kept;
}

static void put_option(struct kh_config_modules *modules, const char *module, const char *name,
		       char *value)
{
	for (size_t i = 0; i < modules->option_count; i++) {
		struct kh_config_option *option = &modules->options[i];
		if (strcmp(option->module, module) != 0 || strcmp(option->name, name) != 0)
			continue;
		free(option->value);
		option->value = value;
		return;
	}
	struct kh_config_option *added = kh_append(modules->options, modules->option_count);
	added->module = kh_strdup(module);
	added->name = kh_strdup(name);
	added->value = value;
}

static int parse_option(struct kh_config_parser *parser, const char *module, const char *name,
			const struct kh_yaml_node *node, const char *dotted)
{
	kh_auto(kh_free) char *own_name = kh_strdup(name);
	const char *why = kh_config_check_option_name(own_name);
	if (why)
		return bad_name(parser, node, name, "modules.options", why);
	char *value;
	if (scalar_text(parser, node, dotted, kh_config_check_option_value, &value) < 0)
		return -1;
	put_option(&parser->config->modules, module, own_name, value);
	return 0;
}

/* The mapping of one module replaces what was there for it. */
static int parse_module_options(struct kh_config_parser *parser, const char *module,
				const struct kh_yaml_node *node, const char *dotted)
{
	if (must_be_map(parser, node, dotted, "a mapping, NAME: VALUE") < 0)
		return -1;
	drop_options_of(&parser->config->modules, module);
	for (size_t i = 0; i < node->item_count; i++) {
		const struct kh_yaml_node *item = node->items[i];
		kh_auto(kh_free) char *name = kh_printf("%s.%s", dotted, item->key);
		kh_config_remember(parser, name, item);
		if (parse_option(parser, module, item->key, item, name) < 0)
			return -1;
	}
	return 0;
}

int kh_config_parse_option_one(struct kh_config_parser *parser, const char *rest,
			       const struct kh_yaml_node *node, const char *dotted)
{
	size_t length = strcspn(rest, ".");
	kh_auto(kh_free) char *module = kh_strndup(rest, length);
	const char *why = kh_config_check_module(module);
	if (why)
		return bad_name(parser, node, rest, "modules.options", why);
	if (rest[length] == '\0')
		return parse_module_options(parser, module, node, dotted);
	return parse_option(parser, module, rest + length + 1, node, dotted);
}

int kh_config_parse_options(struct kh_config_parser *parser, const struct kh_yaml_node *node,
			    const char *dotted)
{
	if (must_be_map(parser, node, dotted, "a mapping, MODULE: {NAME: VALUE}") < 0)
		return -1;
	kh_config_clear_options(parser->config);
	for (size_t i = 0; i < node->item_count; i++) {
		const struct kh_yaml_node *item = node->items[i];
		kh_auto(kh_free) char *module = kh_strdup(item->key);
		const char *why = kh_config_check_module(module);
		if (why)
			return bad_name(parser, item, item->key, dotted, why);
		kh_auto(kh_free) char *name = kh_printf("%s.%s", dotted, module);
		kh_config_remember(parser, name, item);
		if (parse_module_options(parser, module, item, name) < 0)
			return -1;
	}
	return 0;
}
