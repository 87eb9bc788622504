/*
 * sts_cache.h - policies of domains (sts.h), kept until they run out
 *
 * A table in memory that may be a file's, so that a restart forgets none: who
 * cuts off a domain's policy would have mail for it in clear.  A slot that was
 * being written when the machine stopped is empty, and the one it was to take
 * the place of still there.  Full, the table loses what was fetched longest
 * ago.
 */
#ifndef POSTROOM_GATEWAY_RELAY_STS_CACHE_H
#define POSTROOM_GATEWAY_RELAY_STS_CACHE_H

#include "gateway/relay/sts.h"

#define STS_CACHE_SLOTS		512
#define STS_SLOT_BYTES		2048
#define STS_CACHE_BYTES		((size_t)STS_CACHE_SLOTS * STS_SLOT_BYTES)
#define STS_CACHE_NAME		"mta-sts"	/* of the file, below DATA */

struct sts_cache;		/* STS_CACHE_BYTES; see sts_cache.c */

/* A table in `bytes` of that size (borrowed), whatever they hold. */
struct sts_cache *sts_cache_in(void *bytes);

struct sts_kept {
	char		 id[STS_ID_MOST + 1];
	int64_t		 fetched_utc_ms;
	struct sts_policy policy;
};

/* What is kept of `domain`, if it has not run out. */
bool	sts_cache_find(const struct sts_cache *, struct slice domain,
	    int64_t now_utc_ms, struct sts_kept *kept_out);
/* Keep it from now on as long as it says, in place of what was kept. */
void	sts_cache_put(struct sts_cache *, struct slice domain,
	    const struct sts_kept *);

#endif
