/* ahead.c - see ahead.h. */
#include "fetch/ahead.h"

#include <pthread.h>

#include "core/base/mem.h"
#include "fetch/decode.h"

enum { SLOTS = 8 };

struct slot {
	ssize_t length; /* 0: the end; -1: *err of the ring */
	long long taken;
	unsigned char bytes[KH_DECODE_BLOCK];
};

/* A ring with one writer, the thread, and one reader. The slot that was read last stays the
 * reader's until it asks for the next one. */
struct kh_ahead {
	struct kh_decode *decode;
	bool has_thread;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool is_stopped;        /* by the reader */
	unsigned filled, taken; /* blocks so far: written; given back */
	bool holds;             /* the reader has block number `taken` */
	struct kh_error err;    /* of the thread, until its slot is read */
	struct slot slots[SLOTS];
};

static void decode_into(struct kh_ahead *ahead, struct slot *slot, struct kh_error *err)
{
	slot->length = kh_decode_read(ahead->decode, slot->bytes, err);
	slot->taken = kh_decode_taken(ahead->decode);
}

/* A slot nobody reads, or NULL when there is no more to do. */
static struct slot *wait_for_room(struct kh_ahead *ahead)
{
	pthread_mutex_lock(&ahead->lock);
	while (!ahead->is_stopped && ahead->filled - ahead->taken == SLOTS)
		pthread_cond_wait(&ahead->changed, &ahead->lock);
	struct slot *slot = ahead->is_stopped ? NULL : &ahead->slots[ahead->filled % SLOTS];
	pthread_mutex_unlock(&ahead->lock);
	return slot;
}

static void *work(void *data)
{
	struct kh_ahead *ahead = data;
	ssize_t length = 1;
	while (length > 0) {
		struct slot *slot = wait_for_room(ahead);
		if (!slot)
			break;
		decode_into(ahead, slot, &ahead->err);
		length = slot->length;
		pthread_mutex_lock(&ahead->lock);
		ahead->filled++;
		pthread_cond_signal(&ahead->changed);
		pthread_mutex_unlock(&ahead->lock);
	}
	return NULL;
}

/* The slot after the one that is held. The last one (its length is 0 or -1) is never given back. */
static struct slot *next_slot(struct kh_ahead *ahead)
{
	pthread_mutex_lock(&ahead->lock);
	if (ahead->holds && ahead->slots[ahead->taken % SLOTS].length > 0) {
		ahead->taken++;
		pthread_cond_signal(&ahead->changed);
	}
	while (ahead->filled == ahead->taken)
		pthread_cond_wait(&ahead->changed, &ahead->lock);
	ahead->holds = true;
	pthread_mutex_unlock(&ahead->lock);
	return &ahead->slots[ahead->taken % SLOTS];
}

int kh_ahead_open(int in_fd, unsigned threads, struct kh_ahead **ret_ahead, struct kh_error *err)
{
	kh_auto(kh_decode_free) struct kh_decode *decode = NULL;
	if (kh_decode_open(in_fd, threads, &decode, err) != 0)
		return -1;
	struct kh_ahead *ahead = kh_alloc(sizeof(*ahead));
	ahead->decode = kh_take(decode);
	pthread_mutex_init(&ahead->lock, NULL);
	pthread_cond_init(&ahead->changed, NULL);
	ahead->has_thread = pthread_create(&ahead->thread, NULL, work, ahead) == 0;
	*ret_ahead = ahead;
	return 0;
}

ssize_t kh_ahead_read(struct kh_ahead *ahead, const unsigned char **ret_block, struct kh_error *err)
{
	struct slot *slot = ahead->slots;
	if (ahead->has_thread)
		slot = next_slot(ahead);
	else if (!ahead->holds || slot->length > 0)
		decode_into(ahead, slot, &ahead->err);
	ahead->holds = true;
	if (slot->length > 0)
		*ret_block = slot->bytes;
	if (slot->length < 0)
		return kh_fail(err, ahead->err.code, 0, "%s", ahead->err.message);
	return slot->length;
}

long long kh_ahead_taken(const struct kh_ahead *ahead)
{
	return ahead->slots[ahead->taken % SLOTS].taken;
}

bool kh_ahead_is_rpm(const struct kh_ahead *ahead)
{
	return kh_decode_is_rpm(ahead->decode);
}

void kh_ahead_free(struct kh_ahead **ahead)
{
	struct kh_ahead *old = *ahead;
	if (!old)
		return;
	if (old->has_thread) {
		pthread_mutex_lock(&old->lock);
		old->is_stopped = true;
		pthread_cond_signal(&old->changed);
		pthread_mutex_unlock(&old->lock);
		pthread_join(old->thread, NULL);
	}
	pthread_cond_destroy(&old->changed);
	pthread_mutex_destroy(&old->lock);
	kh_decode_free(&old->decode);
	kh_error_done(&old->err);
	kh_free(ahead);
}
