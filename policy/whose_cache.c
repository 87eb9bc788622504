/*
 * whose_cache.c - whose an address is, without asking each time
 */
#include "policy/whose_cache.h"

#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct entry {
	uint64_t	account;
	UT_hash_handle	hh;
	size_t		len;
	char		address[];
};

struct whose_cache {
	struct entry	*entries;
};

struct whose_cache *
whose_cache_new(void)
{
	return calloc(1, sizeof(struct whose_cache));
}

void
whose_cache_clear(struct whose_cache *cache)
{
	struct entry *entry, *following;

	HASH_ITER(hh, cache->entries, entry, following) {
		HASH_DEL(cache->entries, entry);
		free(entry);
	}
}

void
whose_cache_free(struct whose_cache *cache)
{
	if (cache == NULL)
		return;
	whose_cache_clear(cache);
	free(cache);
}

bool
whose_cache_find(const struct whose_cache *cache, struct slice address,
    uint64_t *account_out)
{
	const struct entry *entry;

	HASH_FIND(hh, cache->entries, address.at, address.len, entry);
	if (entry == NULL)
		return false;
	*account_out = entry->account;
	return true;
}

void
whose_cache_note(struct whose_cache *cache, struct slice address,
    uint64_t account)
{
	struct entry *entry;

	/* ann+anything@ is without end: start over rather than grow */
	if (HASH_COUNT(cache->entries) >= WHOSE_CACHE_ENTRIES)
		whose_cache_clear(cache);
	if (address.len > ADDRESS_SIZE)
		return;
	entry = calloc(1, sizeof(*entry) + address.len);
	if (entry == NULL)
		return;
	entry->account = account;
	entry->len = address.len;
	memcpy(entry->address, address.at, address.len);
	HASH_ADD_KEYPTR(hh, cache->entries, entry->address, entry->len, entry);
	if (entry->hh.tbl == NULL)
		free(entry);
}

int
whose_cache_ask(struct whose_cache *cache, struct policy *policy,
    struct slice address, enum whose *whose_out, uint64_t *account_out)
{
	int r;

	if (whose_cache_find(cache, address, account_out)) {
		*whose_out = WHOSE_OURS;
		return 0;
	}
	r = policy_whose(policy, address, whose_out, account_out);
	if (r == 0 && *whose_out == WHOSE_OURS)
		whose_cache_note(cache, address, *account_out);
	return r;
}

size_t
whose_cache_count(const struct whose_cache *cache)
{
	return HASH_COUNT(cache->entries);
}
