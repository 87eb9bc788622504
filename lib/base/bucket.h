/*
 * bucket.h - so many bytes a second, and no more
 *
 * A token bucket.  Over any time of T milliseconds no more than
 * rate * T / 1000 + bucket_burst(rate) bytes pass, if nobody takes more than
 * there is room for.  Who must take more (what is written cannot be held back
 * half-way) takes it, and waits the longer.
 *
 * Time is given, not asked for: a bucket knows no clock.
 */
#ifndef POSTROOM_BASE_BUCKET_H
#define POSTROOM_BASE_BUCKET_H

#include <stddef.h>
#include <stdint.h>

#define BUCKET_FREE	UINT64_MAX	/* as a rate: no limit */
#define BUCKET_RATE_MOST (UINT64_C(1) << 40)	/* of a limit; above: none */
#define BUCKET_BURST_MS	250	/* of its rate may pass at once */
#define BUCKET_BURST_LEAST 2048	/* bytes: or that, on a thin line */

struct bucket {
	uint64_t	rate;		/* bytes a second */
	int64_t		level;		/* thousandths of bytes; < 0: owed */
	uint64_t	at_ms;		/* when it was that */
};

/*
 * From now on this rate, at least 1.  What may pass at this moment stays, but
 * never above the new burst; in a zeroed bucket nothing may.
 */
void		bucket_set(struct bucket *, uint64_t rate, uint64_t now_ms);
/*
 * How many bytes may pass now: SIZE_MAX without a limit, 0 while it is less
 * than is worth it.
 */
size_t		bucket_room(struct bucket *, uint64_t now_ms);
/* So many have passed, also when there was no room for them. */
void		bucket_take(struct bucket *, size_t bytes, uint64_t now_ms);
/* Until there is room, if nothing passes meanwhile. */
uint64_t	bucket_wait_ms(struct bucket *, uint64_t now_ms);
/* The burst of a rate, bytes. */
uint64_t	bucket_burst(uint64_t rate);

#endif
