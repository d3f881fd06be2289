/* hugepages_now.c - the huge pages of the running kernel; see hugepages.h.
 *
 * The kernel takes whatever memory it finds for the pages it is asked for, and kills programs to
 * find more: so it is never asked for pages that would not leave the host what has to stay
 * (kh_hugepool_host_kib), counted from what is available now. Pages that are there already are no
 * part of what is available, and none of what is asked for. Of a pool that does not fit whole, a
 * part is asked for when it is a tenth of the pool or more: what is available changes all the time,
 * and a plan that was carried out shall be empty.
 * Source: mm/hugetlb.c (set_max_huge_pages), Documentation/filesystems/proc.rst (MemAvailable).
 */
#include <limits.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "stages/hugepages.h"

enum { LEAST_PART = 10 }; /* of a pool: a tenth */

/* ---- what there is ---- */

/* Kernels before 3.14 do not say what is available: at most what no huge page has. */
static long long available_on_host_kib(const struct kh_facts_memory *memory)
{
	long long kib = memory->total_kib;
	if (memory->available_kib >= 0 || memory->total_kib < 0)
		return memory->available_kib;
	for (size_t i = 0; i < memory->pool_count; i++)
		if (memory->pools[i].node < 0 && memory->pools[i].total_pages > 0)
			kib -= memory->pools[i].total_pages * memory->pools[i].size_kib;
	return kib > 0 ? kib : 0;
}

/* Of a node or (-1) of the host; -1: not known. */
static long long available_kib(const struct kh_facts *facts, long long node)
{
	for (size_t i = 0; node >= 0 && i < facts->memory.node_count; i++)
		if (facts->memory.nodes[i].id == node && facts->memory.nodes[i].free_kib >= 0)
			return facts->memory.nodes[i].free_kib + facts->memory.nodes[i].cached_kib;
	return node < 0 ? available_on_host_kib(&facts->memory) : -1;
}

/* What has to stay free there; 0 where it is not known how much memory there is. */
static long long host_kib(const struct kh_facts *facts, long long node)
{
	long long ram_kib = node < 0 ? facts->memory.total_kib : -1;
	for (size_t i = 0; node >= 0 && i < facts->memory.node_count; i++)
		if (facts->memory.nodes[i].id == node)
			ram_kib = facts->memory.nodes[i].total_kib;
	return ram_kib > 0 ? kh_hugepool_host_kib(ram_kib) : 0;
}

char *kh_hugepages_shortage(const struct kh_facts *facts, const struct kh_hugepool *pool,
			    long long taken_kib)
{
	long long now = kh_hugepages_now(facts, pool);
	long long needed_kib = (pool->pages - (now > 0 ? now : 0)) * pool->size_kib;
	long long node = pool->node; /* short of memory is the node, or else the host */
	if (available_kib(facts, node) < 0 ||
	    available_kib(facts, node) - taken_kib - host_kib(facts, node) >= needed_kib)
		node = -1;
	long long available = available_kib(facts, node) - taken_kib;
	long long stays = host_kib(facts, node);
	kh_auto(kh_free) char *whose =
		node < 0 ? kh_strdup("the host") : kh_printf("NUMA node %lld", node);
	if (available_kib(facts, node) >= 0 && available - stays < needed_kib)
		return kh_printf("not enough free memory: %s has %lld MiB, %lld MiB are needed, "
				 "and %lld MiB must stay",
				 whose, available > 0 ? available / 1024 : 0, needed_kib / 1024,
				 stays / 1024);
	return kh_strdup("memory is fragmented: 'reserve: boot' is dependable");
}

/* ---- pages that are not wanted any more ---- */

static bool is_ours(const struct kh_facts *facts, const struct kh_facts_pool *pool)
{
	const struct kh_facts_pool *whole =
		kh_facts_memory_pool(&facts->memory, pool->size_kib, -1);
	bool is_default = pool->size_kib == kh_hugepool_running_default_kib(facts);
	return pool->written_pages > 0 || (whole && whole->written_pages > 0) ||
	       (is_default && facts->memory.written_pages > 0);
}

static bool has_parts(const struct kh_facts_memory *memory, long long size_kib)
{
	for (size_t i = 0; i < memory->pool_count; i++)
		if (memory->pools[i].size_kib == size_kib && memory->pools[i].node >= 0)
			return true;
	return false;
}

/* A part of the host that no pool sets any more, though a file of ours still does. */
static bool is_left_over(const struct kh_context *context, const struct kh_hugepools *pools,
			 const struct kh_facts_pool *pool)
{
	bool is_part = pool->node >= 0 || !has_parts(&context->facts->memory, pool->size_kib);
	return context->root->is_live && is_part && pool->total_pages > 0 &&
	       is_ours(context->facts, pool) &&
	       !kh_hugepool_find(pools, pool->size_kib, pool->node);
}

int kh_hugepages_plan_release(const struct kh_context *context, const struct kh_hugepools *pools,
			      struct kh_plan *plan, struct kh_error *err)
{
	const struct kh_facts_memory *memory = &context->facts->memory;
	for (size_t i = 0; i < memory->pool_count; i++) {
		const struct kh_facts_pool *pool = &memory->pools[i];
		if (!is_left_over(context, pools, pool))
			continue;
		kh_auto(kh_free) char *path =
			kh_facts_memory_pages_path(pool->size_kib, pool->node);
		if (kh_plan_set_count(plan, path, 0, "no pool has these pages any more", err) != 0)
			return -1;
	}
	return 0;
}

/* ---- pages that are wanted ---- */

static void note_boot_pool(const struct kh_context *context, const struct kh_hugepool *pool,
			   struct kh_plan *plan)
{
	kh_auto(kh_free) char *size = kh_hugepool_size_text(pool->size_kib);
	long long now = kh_hugepages_now(context->facts, pool);
	if (now == pool->pages)
		return;
	if (context->facts->boot.loader == KH_LOADER_NONE)
		kh_plan_note(
			plan, KH_NOTE_WARNING,
			"no boot loader is known here to reserve the %s pages: give the kernel "
			"'hugepagesz=%s hugepages=%lld' some other way, or use reserve: runtime",
			size, size, pool->pages);
	else if (context->root->is_live)
		kh_plan_note(
			plan, KH_NOTE_REBOOT,
			"huge pages of %s: the kernel's arguments reserve %lld at the next boot",
			size, pool->pages);
	else
		kh_plan_note(plan, KH_NOTE_LEFT, "left to the boot: reserve huge pages of %s: %lld",
			     size, pool->pages);
}

/* How much more may be asked for: of the host, then of each node in the order of the facts. */
struct room {
	long long *kib;
	long long taken_kib;
};

static void room_done(struct room *room)
{
	kh_free(&room->kib);
}

static long long room_kib(const struct kh_facts *facts, long long node)
{
	long long available = available_kib(facts, node);
	long long room = available - host_kib(facts, node);
	if (available < 0)
		return LLONG_MAX / 2;
	return room > 0 ? room : 0;
}

/* What pages of all nodes take from one is not known before: only the host's room shrinks. */
static void take_room(const struct kh_facts *facts, struct room *room, long long node,
		      long long kib)
{
	room->kib[0] -= kib;
	room->taken_kib += kib;
	for (size_t i = 0; i < facts->memory.node_count; i++)
		if (facts->memory.nodes[i].id == node)
			room->kib[i + 1] -= kib;
}

static void room_open(const struct kh_context *context, const struct kh_hugepools *pools,
		      struct room *ret_room)
{
	const struct kh_facts_memory *memory = &context->facts->memory;
	ret_room->kib = kh_alloc((memory->node_count + 1) * sizeof(*ret_room->kib));
	ret_room->kib[0] = room_kib(context->facts, -1);
	for (size_t i = 0; i < memory->node_count; i++)
		ret_room->kib[i + 1] = room_kib(context->facts, memory->nodes[i].id);
	for (size_t i = 0; i < memory->pool_count; i++) {
		const struct kh_facts_pool *pool = &memory->pools[i];
		if (is_left_over(context, pools, pool) && pool->free_pages > 0)
			take_room(context->facts, ret_room, pool->node,
				  -pool->free_pages * pool->size_kib);
	}
}

static long long find_room(const struct kh_facts *facts, const struct room *room, long long node)
{
	long long least = room->kib[0];
	for (size_t i = 0; i < facts->memory.node_count; i++)
		if (facts->memory.nodes[i].id == node && room->kib[i + 1] < least)
			least = room->kib[i + 1];
	return least > 0 ? least : 0;
}

/* The pages to ask for: those of the pool, or as many as there is room for. */
static long long affordable(const struct kh_facts *facts, const struct room *room,
			    const struct kh_hugepool *pool, long long now)
{
	long long more = find_room(facts, room, pool->node) / pool->size_kib;
	if (pool->pages - now <= more)
		return pool->pages;
	return more >= (pool->pages + LEAST_PART - 1) / LEAST_PART ? now + more : now;
}

/* What a guest has of pages that go is not free then. */
static long long change_kib(const struct kh_facts *facts, const struct kh_hugepool *pool,
			    long long more)
{
	const struct kh_facts_pool *there =
		kh_facts_memory_pool(&facts->memory, pool->size_kib, pool->node);
	long long free_pages = there && there->free_pages > 0 ? there->free_pages : 0;
	return (more < -free_pages ? -free_pages : more) * pool->size_kib;
}

static int plan_pool(const struct kh_context *context, const struct kh_hugepool *pool,
		     struct room *room, struct kh_plan *plan, struct kh_error *err)
{
	kh_auto(kh_free) char *path = kh_hugepages_path(pool);
	kh_auto(kh_free) char *size = kh_hugepool_size_text(pool->size_kib);
	long long known = kh_hugepages_now(context->facts, pool), now = known > 0 ? known : 0;
	long long pages =
		context->root->is_live ? affordable(context->facts, room, pool, now) : pool->pages;
	long long taken_kib = room->taken_kib;
	take_room(context->facts, room, pool->node, change_kib(context->facts, pool, pages - now));
	if (pages < pool->pages) {
		kh_auto(kh_free) char *reason =
			kh_hugepages_shortage(context->facts, pool, taken_kib);
		kh_plan_note(plan, KH_NOTE_WARNING,
			     "fewer than %lld pages of %s can be had now: %s", pool->pages, size,
			     reason);
	}
	kh_auto(kh_free) char *why = kh_printf("%s pages for guests, now", size);
	return pages < pool->pages && pages == now ? 0
						   : kh_plan_set_count(plan, path, pages, why, err);
}

int kh_hugepages_plan_now(const struct kh_context *context, const struct kh_hugepools *pools,
			  struct kh_plan *plan, struct kh_error *err)
{
	kh_auto(room_done) struct room room = {0};
	room_open(context, pools, &room);
	for (size_t i = 0; i < pools->pool_count; i++) {
		const struct kh_hugepool *pool = &pools->pools[i];
		if (pool->is_boot && pool->size_kib == KH_HUGEPOOL_1G_KIB)
			note_boot_pool(context, pool, plan);
		else if (plan_pool(context, pool, &room, plan, err) != 0)
			return -1;
	}
	return 0;
}
