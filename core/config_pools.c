/* config_pools.c - see config_parse.h: hugepages.pools. */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/translate.h"
#include "core/config_parse.h"

void kh_config_clear_pools(struct kh_config *config)
{
	for (size_t i = 0; i < config->hugepages.pool_count; i++) {
		free(config->hugepages.pools[i].mount);
		free(config->hugepages.pools[i].where);
	}
	free(config->hugepages.pools);
	config->hugepages.pools = NULL;
	config->hugepages.pool_count = 0;
}

static int set_amount(struct kh_config_parser *parser, const struct kh_yaml_node *node,
		      struct kh_config_pool *pool)
{
	static const struct {
		const char *key;
		enum kh_pool_amount amount;
	} amounts[] = {
		{"count", KH_POOL_COUNT},
		{"percent", KH_POOL_PERCENT},
		{"for_guests", KH_POOL_FOR_GUESTS},
	};
	const char *given = NULL;
	for (size_t i = 0; i < KH_COUNT(amounts); i++) {
		const struct kh_yaml_node *value = kh_yaml_get(node, amounts[i].key);
		if (!value)
			continue;
		if (given)
			return kh_yaml_fail(parser->yaml, value->key_line, value->key_column,
					    parser->err, "a pool has '%s' or '%s', not both", given,
					    amounts[i].key);
		given = amounts[i].key;
		pool->amount = amounts[i].amount;
	}
	if (given)
		return 0;
	return kh_yaml_fail(parser->yaml, node->line, node->column, parser->err,
			    "a pool needs one of 'count', 'percent' and 'for_guests'");
}

/* One mount point is one page size; pools of several nodes may share it. */
static int check_mount(struct kh_config_parser *parser, const struct kh_yaml_node *node,
		       const struct kh_config_pool *pool)
{
	const struct kh_config_hugepages *hugepages = &parser->config->hugepages;
	const struct kh_yaml_node *mount = kh_yaml_get(node, "mount");
	for (size_t i = 0; mount && i < hugepages->pool_count; i++) {
		const struct kh_config_pool *other = &hugepages->pools[i];
		if (other->mount && strcmp(other->mount, pool->mount) == 0 &&
		    other->size_bytes != pool->size_bytes)
			return kh_config_bad_text(parser, mount, "hugepages.pools.mount",
						  "a pool with another page size is mounted there");
	}
	return 0;
}

static int parse_pool(struct kh_config_parser *parser, const struct kh_config_key *key,
		      const struct kh_yaml_node *node, struct kh_config_pool *pool,
		      const char *dotted)
{
	*pool = (struct kh_config_pool){.node = -1, .reserve = KH_RESERVE_AUTO};
	pool->where = kh_yaml_where(parser->yaml, node);
	if (node->kind != KH_YAML_MAP)
		return kh_config_bad_value(parser, node, dotted,
					   KH_WORD("a mapping ({size: 2M, count: 512})"));
	if (kh_config_parse_keys(parser, key->nested, pool, node, dotted) < 0)
		return -1;
	if (!kh_yaml_get(node, "size"))
		return kh_yaml_fail(parser->yaml, node->line, node->column, parser->err,
				    "a pool needs its page 'size', 2M or 1G");
	return set_amount(parser, node, pool);
}

int kh_config_parse_pools(struct kh_config_parser *parser, const struct kh_config_key *key,
			  const struct kh_yaml_node *node, const char *dotted)
{
	struct kh_config_hugepages *hugepages = &parser->config->hugepages;
	if (node->kind != KH_YAML_LIST && node->kind != KH_YAML_NULL) {
		kh_config_bad_value(parser, node, dotted, "a list of pools");
		return node->kind == KH_YAML_MAP ? kh_hint(parser->err, "begin each pool with '- '")
						 : -1;
	}
	kh_config_clear_pools(parser->config);
	for (size_t i = 0; i < node->item_count; i++) {
		const struct kh_yaml_node *item = node->items[i];
		kh_auto(kh_free) char *name = kh_printf("%s[%zu]", dotted, i);
		struct kh_config_pool pool;
		int outcome = parse_pool(parser, key, item, &pool, name);
		if (outcome == 0)
			outcome = check_mount(parser, item, &pool);
		*kh_append(hugepages->pools, hugepages->pool_count) = pool;
		if (outcome < 0)
			return -1;
		kh_config_remember(parser, name, item);
	}
	return 0;
}
