/* config_keys_memory.c - rows of the key table: huge pages and kernel samepage merging. */
#include <stddef.h>

#include "core/base/translate.h"
#include "core/config.h"
#include "core/config_check.h"
#include "core/config_keys.h"

#define AT(member) offsetof(struct kh_config, member)
#define POOL_AT(member) offsetof(struct kh_config_pool, member)
/* Words in the order of the enums of config.h. */
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct kh_config_key pool_keys[] = {
	{.name = "size",
	 .type = KH_KEY_SIZE,
	 .offset = POOL_AT(size_bytes),
	 .choices = WORDS("2M", "1G"),
	 .example = "2M",
	 .doc = "Size of one page. Required."},
	{.name = "count",
	 .type = KH_KEY_NUMBER,
	 .offset = POOL_AT(count),
	 .min = 1,
	 .max = 1LL << 32,
	 .unit = KH_WORD("pages"),
	 .example = "512",
	 .doc = "Number of pages. A pool has exactly one of count, percent and for_guests."},
	{.name = "percent",
	 .type = KH_KEY_NUMBER,
	 .offset = POOL_AT(percent),
	 .min = 1,
	 .max = 90,
	 .unit = "percent",
	 .example = "50",
	 .doc = "Percent of the RAM (of the node's RAM, when a node is given). The number of pages that "
		"was worked out first stays while the RAM is the same to 1 %: it changes a little "
		"with each kernel."},
	{.name = "for_guests",
	 .type = KH_KEY_SIZE,
	 .offset = POOL_AT(for_guests_bytes),
	 .min = 2LL << 20,
	 .max = 1LL << 50,
	 .example = "16G",
	 .doc = "Memory of the guests that will use the pool, rounded up to whole pages."},
	{.name = "mount",
	 .type = KH_KEY_TEXT,
	 .offset = POOL_AT(mount),
	 .check = kh_config_check_mount,
	 .item = "absolute path",
	 .example = "/dev/hugepages",
	 .doc = "Where hugetlbfs with this page size is mounted. Without it: nowhere."},
	{.name = "reserve",
	 .type = KH_KEY_CHOICE,
	 .offset = POOL_AT(reserve),
	 .choices = WORDS("auto", "boot", "runtime"),
	 .fallback = "auto",
	 .doc = "When pages are set aside. boot: by a kernel argument. runtime: now and by sysctl. "
		"auto: boot for 1G, because they are hard to find later, runtime for 2M."},
	{.name = "node",
	 .type = KH_KEY_NUMBER,
	 .offset = POOL_AT(node),
	 .min = 0,
	 .max = 1023,
	 .unit = "(a NUMA node)",
	 .example = "0",
	 .doc = "NUMA node that the pages come from. Without it: all nodes together."},
	{.name = NULL},
};

const struct kh_config_key kh_config_hugepages_keys[] = {
	{.name = "default_size",
	 .type = KH_KEY_SIZE,
	 .offset = AT(hugepages.default_size_bytes),
	 .choices = WORDS("auto", "2M", "1G"),
	 .fallback = "auto",
	 .doc = "Page size that programs get when they name none. auto: the kernel's own."},
	{.name = "pools",
	 .type = KH_KEY_POOLS,
	 .offset = AT(hugepages.pools),
	 .nested = pool_keys,
	 .fallback = "[]",
	 .example = "[{size: 2M, count: 512, mount: /dev/hugepages}]",
	 .doc = "Huge pages set aside for guests. They are lost to everything else, even when idle, "
		"so there are none unless you say how many."},
	{.name = NULL},
};

const struct kh_config_key kh_config_ksm_keys[] = {
	{.name = "run",
	 .type = KH_KEY_BOOL,
	 .offset = AT(ksm.run),
	 .fallback = "true",
	 .doc = "Merge equal memory pages of guests (kernel same-page merging), now and at every "
		"boot. It saves memory, costs CPU time, works against transparent huge pages, and "
		"lets guests find out what others have in memory."},
	{.name = "pages_to_scan",
	 .type = KH_KEY_NUMBER,
	 .offset = AT(ksm.pages_to_scan),
	 .min = 1,
	 .max = 1000000,
	 .unit = KH_WORD("pages"),
	 .fallback = "200",
	 .doc = "Pages that are looked at between two pauses."},
	{.name = "sleep_millisecs",
	 .type = KH_KEY_NUMBER,
	 .offset = AT(ksm.sleep_millisecs),
	 .min = 0,
	 .max = 3600000,
	 .unit = KH_WORD("milliseconds"),
	 .fallback = "20",
	 .doc = "Length of a pause, in milliseconds."},
	{.name = "merge_across_nodes",
	 .type = KH_KEY_CHOICE,
	 .offset = AT(ksm.merge_across_nodes),
	 .choices = WORDS("auto", "on", "off"),
	 .fallback = "auto",
	 .doc = "Merge pages of different NUMA nodes. auto: off on hosts with more than one node, "
		"where a merged page may be far away."},
	{.name = "persist",
	 .type = KH_KEY_CHOICE,
	 .offset = AT(ksm.persist),
	 .choices = WORDS("rc.local", "tmpfiles"),
	 .fallback = "rc.local",
	 .doc = "What sets KSM at every boot: /etc/rc.local or tmpfiles.d."},
	{.name = NULL},
};
