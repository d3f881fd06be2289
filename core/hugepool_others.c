/* hugepool_others.c - see hugepool.h: what the next boot's arguments say of huge pages that is not
 * the configuration's pools. */
#include "core/base/mem.h"
#include "core/hugepool.h"
#include "grub/cmdline.h"

static const char *const keys[] = {"default_hugepagesz", "hugepagesz", "hugepages"};

static bool is_about_pages(const char *word)
{
	for (size_t i = 0; i < KH_COUNT(keys); i++)
		if (kh_cmdline_is_key(word, keys[i]))
			return true;
	return false;
}

/* Does the grub stage write words of its own for these keys, in place of all others? */
static bool has_group(const struct kh_hugepools *pools)
{
	for (size_t i = 0; i < pools->pool_count; i++)
		if (pools->pools[i].is_boot)
			return true;
	return pools->default_size_kib > 0;
}

/* What earlier runs wrote goes as it came. */
static char *without_ours(const struct kh_facts_boot *boot)
{
	kh_auto(kh_strv_done) struct kh_strv written = {0};
	if (boot->loader == KH_LOADER_NONE)
		return kh_strdup(boot->cmdline ? boot->cmdline : "");
	kh_cmdline_split(boot->written_arguments ? boot->written_arguments : "", &written);
	return kh_cmdline_drop(boot->next_arguments ? boot->next_arguments : "", &written);
}

static bool is_in_extra(const struct kh_strv *extra, const char *word)
{
	kh_auto(kh_free) char *key = kh_cmdline_key(word);
	for (size_t i = 0; i < extra->count; i++)
		if (kh_cmdline_is_key(extra->items[i], key))
			return true;
	return false;
}

char *kh_hugepool_others_arguments(const struct kh_config *config, const struct kh_facts *facts,
				   const struct kh_hugepools *pools)
{
	const struct kh_strv *extra = &config->grub.extra;
	bool is_replaced = facts->boot.loader != KH_LOADER_NONE && has_group(pools);
	kh_auto(kh_free) char *text = is_replaced ? kh_strdup("") : without_ours(&facts->boot);
	kh_auto(kh_strv_done) struct kh_strv words = {0}, kept = {0};
	kh_cmdline_split(text, &words);
	for (size_t i = 0; i < words.count; i++)
		if (is_about_pages(words.items[i]) && !is_in_extra(extra, words.items[i]))
			kh_strv_add(&kept, words.items[i]);
	for (size_t i = 0; i < extra->count; i++)
		if (is_about_pages(extra->items[i]))
			kh_strv_add(&kept, extra->items[i]);
	return kh_strv_join(&kept, " ");
}
