/*
 * line_rate.h - how the line's bytes a second are shared out
 *
 * Those who collect are in several processes, so nobody can count for all: each
 * collection that runs gets an equal share, which its process holds it to
 * (talk_hall_share()).  The sum of what was granted is never above the rate;
 * what somebody does not use of a share is not given to others.
 */
#ifndef POSTROOM_FETCH_LINE_RATE_H
#define POSTROOM_FETCH_LINE_RATE_H

#include <stdint.h>

/*
 * A share worth having: far from what would be taken for a server that has
 * fallen asleep (100 bytes a second, collect.c).
 */
#define LINE_SHARE_LEAST	4096u

/*
 * Of `rate` bytes a second, for each of `running`; BUCKET_FREE: no limit, since
 * there is none or nobody runs.
 */
uint64_t line_rate_share(uint64_t rate, unsigned running);
/* How many may run at a time, one at least. */
unsigned line_rate_most(uint64_t rate);

#endif
