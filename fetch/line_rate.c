/*
 * line_rate.c - how the line's bytes a second are shared out
 */
#include "fetch/line_rate.h"

#include <limits.h>

#include "fetch/line.h"
#include "lib/base/bucket.h"

uint64_t
line_rate_share(uint64_t rate, unsigned running)
{
	uint64_t share;

	if (rate >= LINE_RATE_FREE || running == 0)
		return BUCKET_FREE;
	share = rate / running;
	return share == 0 ? 1 : share;
}

unsigned
line_rate_most(uint64_t rate)
{
	uint64_t most = rate / LINE_SHARE_LEAST;

	if (rate >= LINE_RATE_FREE)
		return UINT_MAX;
	return most == 0 ? 1 : (unsigned)most;
}
