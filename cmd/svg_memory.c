/* svg_memory.c - see svg.h: what memory is used for, as a bar with a legend. */
#include "cmd/svg.h"
#include "core/base/mem.h"
#include "core/base/translate.h"
#include "core/report_read.h"
#include "core/safe_text.h"

enum { WIDTH = 1000, HEIGHT = 30, PAGE_KIB = 4 }; /* the page of x86 that KSM merges */

struct share {
	const char *key; /* of the classes s-KEY and k-KEY */
	const char *name;
	long long kib;
};

/* KiB in the pools of the whole host: all pages, or the free ones. */
static long long pools_kib(const json_t *machine, const char *which)
{
	long long sum = 0;
	size_t index;
	json_t *pool;
	json_array_foreach(kh_report_at(machine, "facts.memory.pools"), index, pool)
	{
		long long size_kib = kh_report_number_at(pool, "size_kib");
		long long pages = kh_report_number_at(pool, which);
		if (!json_is_null(json_object_get(pool, "node")) || size_kib <= 0 || pages <= 0 ||
		    pages > (1LL << 50) / size_kib)
			continue;
		sum += pages * size_kib;
	}
	return sum;
}

/* A merged page that n others share saves n pages: pages_sharing counts those. Source:
 * Documentation/admin-guide/mm/ksm.rst. */
static long long saved_kib(const json_t *machine)
{
	long long pages = kh_report_number_at(machine, "facts.memory.ksm.pages_sharing");
	return pages > 0 && pages < 1LL << 45 ? pages * PAGE_KIB : 0;
}

static void draw_bar(struct kh_str *out, const struct share *shares, size_t count, long long sum,
		     const char *desc)
{
	struct kh_svg svg = {out};
	long long before = 0;
	kh_svg_open(out, "memory", "bar\" preserveAspectRatio=\"none", WIDTH, HEIGHT,
		    "What memory is used for", desc);
	for (size_t i = 0; i < count; i++) {
		kh_auto(kh_free) char *style = kh_printf("s-%s", shares[i].key);
		int from = (int)((double)before / (double)sum * WIDTH);
		before += shares[i].kib;
		int to = (int)((double)before / (double)sum * WIDTH);
		if (shares[i].kib > 0)
			kh_svg_box(&svg, style, from, 0, to > from ? to - from : 1, HEIGHT);
	}
	kh_svg_close(out);
}

static void add_legend(struct kh_str *out, const struct share *shares, size_t count)
{
	kh_str_add(out, "<ul class=\"legend\">\n");
	for (size_t i = 0; i < count; i++) {
		kh_auto(kh_free) char *size = kh_svg_size(shares[i].kib);
		if (shares[i].kib <= 0)
			continue;
		kh_str_addf(out, "<li><span class=\"k-%s\"></span>%s: <b>%s</b></li>\n",
			    shares[i].key, shares[i].name, size);
	}
	kh_str_add(out, "</ul>\n");
}

void kh_svg_memory(struct kh_str *out, const json_t *machine)
{
	long long total = kh_report_number_at(machine, "facts.memory.total_kib");
	long long available = kh_report_number_at(machine, "facts.memory.available_kib");
	if (total <= 0 || total > 1LL << 50)
		return;
	long long huge = pools_kib(machine, "total_pages");
	long long huge_free = pools_kib(machine, "free_pages");
	huge = huge > total ? total : huge;
	huge_free = huge_free > huge ? huge : huge_free;
	available = available < 0 ? 0 : available > total - huge ? total - huge : available;
	const struct share shares[] = {
		{"huge", "huge pages in use", huge - huge_free},
		{"huge-free", "huge pages reserved and free", huge_free},
		{"used", "other use", total - huge - available},
		{"free", KH_WORD("available"), available},
		{"saved", "beyond the total: saved by KSM", saved_kib(machine)},
	};
	long long sum = 0;
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	for (size_t i = 0; i < KH_COUNT(shares); i++) {
		kh_auto(kh_free) char *size = kh_svg_size(shares[i].kib);
		sum += shares[i].kib;
		if (shares[i].kib > 0)
			kh_strv_addf(&words, "%s: %s", shares[i].name, size);
	}
	kh_auto(kh_free) char *desc = kh_strv_join(&words, ", ");
	kh_auto(kh_free) char *size = kh_svg_size(total);
	kh_str_addf(out, "<figure class=\"card\"><figcaption>Memory: %s</figcaption>\n", size);
	draw_bar(out, shares, KH_COUNT(shares), sum, desc);
	add_legend(out, shares, KH_COUNT(shares));
	kh_str_add(out, "</figure>\n");
}
