/*
 * sts_fuzz.c - a domain's record and policy, and a cache that may hold anything
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/relay/sts_cache.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define NOW	INT64_C(1700000000000)

/* What was read is kept, and found as it was. */
static void
keep(const struct sts_policy *policy)
{
	struct sts_kept kept = { .id = "1", .fetched_utc_ms = NOW,
	    .policy = *policy }, found;
	struct sts_cache *cache = calloc(1, STS_CACHE_BYTES);

	assert(cache != NULL);
	sts_cache_put(cache, slice_str("far.test"), &kept);
	if (sts_cache_find(cache, slice_str("far.test"), NOW, &found))
		assert(found.policy.mode == policy->mode &&
		    found.policy.hosts_bytes == policy->hosts_bytes &&
		    memcmp(found.policy.hosts, policy->hosts,
		    policy->hosts_bytes) == 0);
	else
		assert(policy->age_seconds == 0);
	free(cache);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct slice input = slice_of(bytes, len), two[2];
	static char cache[STS_CACHE_BYTES];
	char id[STS_ID_MOST + 1];
	struct sts_policy policy;
	struct sts_kept kept;

	two[0] = slice_first(input, len / 2);
	two[1] = slice_after(input, len / 2);
	if (sts_record_read(&input, 1, id) == 0)
		assert(strlen(id) > 0);
	(void)sts_record_read(two, 2, id);
	if (sts_policy_read(input, &policy) == 0) {
		assert(policy.hosts_bytes <= sizeof(policy.hosts));
		assert(policy.age_seconds <= STS_AGE_MOST);
		(void)sts_policy_allows(&policy, "mx.far.test");
		keep(&policy);
	}
	memset(cache, 0, STS_SLOT_BYTES);
	memcpy(cache, bytes, len < STS_SLOT_BYTES ? len : STS_SLOT_BYTES);
	(void)sts_cache_find(sts_cache_in(cache), slice_str("far.test"), NOW,
	    &kept);
	return 0;
}
