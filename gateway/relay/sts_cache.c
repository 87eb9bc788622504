/*
 * sts_cache.c - policies of domains, kept until they run out
 */
#include "gateway/relay/sts_cache.h"

#include <stddef.h>
#include <string.h>

#include "lib/base/crc32c.h"

struct slot {
	uint32_t	sum;		/* of what follows; or: empty */
	uint32_t	mode, age_seconds, hosts_bytes;
	int64_t		fetched_utc_ms;
	char		domain[HOST_NAME_MOST + 3];
	char		id[STS_ID_MOST + 4];
	char		hosts[STS_HOSTS_BYTES];
	char		unused[STS_SLOT_BYTES - 24 - (HOST_NAME_MOST + 3) -
			    (STS_ID_MOST + 4) - STS_HOSTS_BYTES];
};
_Static_assert(sizeof(struct slot) == STS_SLOT_BYTES, "a slot has its size");

struct sts_cache {
	struct slot	slots[STS_CACHE_SLOTS];
};

struct sts_cache *
sts_cache_in(void *bytes)
{
	return bytes;
}

static uint32_t
sum_of(const struct slot *slot)
{
	uint32_t sum = crc32c(0, slice_of((const char *)slot +
	    sizeof(slot->sum), sizeof(*slot) - sizeof(slot->sum)));

	return sum == 0 ? 1 : sum;	/* 0 is that of none */
}

/* It holds a policy that has not run out.  A file may hold anything. */
static bool
is_good(const struct slot *slot, int64_t now_utc_ms)
{
	return slot->sum != 0 && slot->sum == sum_of(slot) &&
	    slot->mode < STS_MODES && slot->age_seconds <= STS_AGE_MOST &&
	    slot->hosts_bytes <= sizeof(slot->hosts) &&
	    memchr(slot->domain, '\0', sizeof(slot->domain)) != NULL &&
	    memchr(slot->id, '\0', STS_ID_MOST + 1) != NULL &&
	    /* a clock that was ahead keeps nothing for longer */
	    slot->fetched_utc_ms <= now_utc_ms &&
	    now_utc_ms - slot->fetched_utc_ms <
	    (int64_t)slot->age_seconds * 1000;
}

/* The newest of that domain, or NULL. */
static const struct slot *
find(const struct sts_cache *cache, struct slice domain, int64_t now_utc_ms)
{
	const struct slot *found = NULL;

	for (size_t i = 0; i < STS_CACHE_SLOTS; i++) {
		const struct slot *slot = &cache->slots[i];

		if (slot->sum != 0 && strnlen(slot->domain,
		    sizeof(slot->domain)) == domain.len &&
		    slice_is_nocase(slice_of(slot->domain, domain.len),
		    domain) && is_good(slot, now_utc_ms) && (found == NULL ||
		    slot->fetched_utc_ms >= found->fetched_utc_ms))
			found = slot;
	}
	return found;
}

bool
sts_cache_find(const struct sts_cache *cache, struct slice domain,
    int64_t now_utc_ms, struct sts_kept *kept_out)
{
	const struct slot *slot = find(cache, domain, now_utc_ms);

	if (slot == NULL)
		return false;
	*kept_out = (struct sts_kept){
		.fetched_utc_ms = slot->fetched_utc_ms,
		.policy = { .mode = (enum sts_mode)slot->mode,
		    .age_seconds = slot->age_seconds,
		    .hosts_bytes = slot->hosts_bytes }
	};
	memcpy(kept_out->id, slot->id, sizeof(kept_out->id));
	memcpy(kept_out->policy.hosts, slot->hosts, slot->hosts_bytes);
	return true;
}

/* An empty one, or the one that was fetched longest ago. */
static struct slot *
make_room(struct sts_cache *cache, int64_t now_utc_ms)
{
	struct slot *oldest = NULL;

	for (size_t i = 0; i < STS_CACHE_SLOTS; i++) {
		struct slot *slot = &cache->slots[i];

		if (!is_good(slot, now_utc_ms))
			return slot;
		if (oldest == NULL ||
		    slot->fetched_utc_ms < oldest->fetched_utc_ms)
			oldest = slot;
	}
	return oldest;
}

void
sts_cache_put(struct sts_cache *cache, struct slice domain,
    const struct sts_kept *kept)
{
	const struct slot *old = find(cache, domain, kept->fetched_utc_ms);
	struct slot *slot = make_room(cache, kept->fetched_utc_ms);

	if (domain.len > HOST_NAME_MOST)
		return;
	slot->sum = 0;
	memset((char *)slot + sizeof(slot->sum), 0, sizeof(*slot) -
	    sizeof(slot->sum));
	slot->mode = kept->policy.mode;
	slot->age_seconds = kept->policy.age_seconds;
	slot->hosts_bytes = (uint32_t)kept->policy.hosts_bytes;
	slot->fetched_utc_ms = kept->fetched_utc_ms;
	memcpy(slot->domain, domain.at, domain.len);
	memcpy(slot->id, kept->id, sizeof(kept->id));
	memcpy(slot->hosts, kept->policy.hosts, kept->policy.hosts_bytes);
	slot->sum = sum_of(slot);
	/* now that the new one is there */
	if (old != NULL && old != slot)
		cache->slots[old - cache->slots].sum = 0;
}
