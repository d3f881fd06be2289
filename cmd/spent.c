/* spent.c - where the time of a run went, by stage; see watch.h. */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/watch.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/progress_line.h"

enum { WORTH_MS = 1000 }; /* what took less is not told */

struct spent {
	char *stage;
	long long ms;
};

static struct {
	struct spent *items;
	size_t count;
} account;

void kh_spent_add(const char *stage, long long ms)
{
	struct spent *spent = NULL;
	for (size_t i = 0; i < account.count && !spent; i++)
		if (strcmp(account.items[i].stage, stage) == 0)
			spent = &account.items[i];
	if (!spent) {
		spent = kh_append(account.items, account.count);
		spent->stage = kh_strdup(stage);
	}
	spent->ms += ms;
}

static void forget(void)
{
	for (size_t i = 0; i < account.count; i++)
		kh_free(&account.items[i].stage);
	kh_free(&account.items);
	account.count = 0;
}

static void print_json(long long all_ms)
{
	for (size_t i = 0; i < account.count; i++)
		kh_watch_print_json("stage",
				    json_pack("{s:s, s:I}", "stage", account.items[i].stage, "ms",
					      (json_int_t)account.items[i].ms));
	kh_watch_print_json("end", json_pack("{s:I}", "ms", (json_int_t)all_ms));
}

static void print_line(long long all_ms)
{
	kh_auto(kh_str_done) struct kh_str out = {0};
	for (size_t i = 0; i < account.count; i++) {
		const struct spent *spent = &account.items[i];
		kh_auto(kh_free) char *took = kh_progress_duration(spent->ms);
		if (spent->ms >= WORTH_MS)
			kh_str_addf(&out, "%s%s %s", out.length > 0 ? ", " : "", spent->stage,
				    took);
	}
	kh_auto(kh_free) char *took = kh_progress_duration(all_ms);
	if (out.length > 0)
		kh_print(stderr, "%stime: %s; all together %s\n", kh_watch_stamp(),
			 kh_str_text(&out), took);
}

void kh_spent_print(long long all_ms, bool is_quiet)
{
	if (kh_watch_is_json() && !is_quiet)
		print_json(all_ms);
	else if (!is_quiet)
		print_line(all_ms);
	forget();
}
