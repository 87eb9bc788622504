/*
 * bucket.c - so many bytes a second, and no more
 */
#include "lib/base/bucket.h"

#include <stdbool.h>

#define REFILL_MOST_MS	3600000	/* at once; no product below overflows */

uint64_t
bucket_burst(uint64_t rate)
{
	uint64_t burst = rate / 1000 * BUCKET_BURST_MS;

	return burst < BUCKET_BURST_LEAST ? BUCKET_BURST_LEAST : burst;
}

static bool
is_free(const struct bucket *bucket)
{
	return bucket->rate > BUCKET_RATE_MOST;
}

/* What is worth a turn: a quarter of a burst. */
static int64_t
worth(const struct bucket *bucket)
{
	return (int64_t)(bucket_burst(bucket->rate) / 4 * 1000);
}

static void
refill(struct bucket *bucket, uint64_t now_ms)
{
	uint64_t ms = now_ms > bucket->at_ms ? now_ms - bucket->at_ms : 0;
	int64_t most = (int64_t)(bucket_burst(bucket->rate) * 1000);

	if (ms > REFILL_MOST_MS)
		ms = REFILL_MOST_MS;
	bucket->at_ms = now_ms;
	bucket->level += (int64_t)(bucket->rate * ms);
	if (bucket->level > most)
		bucket->level = most;
}

void
bucket_set(struct bucket *bucket, uint64_t rate, uint64_t now_ms)
{
	int64_t most;

	if (bucket->rate == 0 || is_free(bucket))
		*bucket = (struct bucket){ .level = 0 };	/* a new one */
	else
		refill(bucket, now_ms);
	bucket->at_ms = now_ms;
	bucket->rate = rate == 0 ? 1 : rate;
	if (is_free(bucket))
		return;
	most = (int64_t)(bucket_burst(bucket->rate) * 1000);
	if (bucket->level > most)
		bucket->level = most;
}

size_t
bucket_room(struct bucket *bucket, uint64_t now_ms)
{
	if (is_free(bucket))
		return SIZE_MAX;
	refill(bucket, now_ms);
	return bucket->level < worth(bucket) ? 0 :
	    (size_t)bucket->level / 1000;
}

void
bucket_take(struct bucket *bucket, size_t bytes, uint64_t now_ms)
{
	if (is_free(bucket))
		return;
	refill(bucket, now_ms);
	bucket->level -= (int64_t)bytes * 1000;
}

uint64_t
bucket_wait_ms(struct bucket *bucket, uint64_t now_ms)
{
	int64_t missing;

	if (is_free(bucket))
		return 0;
	refill(bucket, now_ms);
	missing = worth(bucket) - bucket->level;
	if (missing <= 0)
		return 0;
	return ((uint64_t)missing + bucket->rate - 1) / bucket->rate;
}
