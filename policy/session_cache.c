/*
 * session_cache.c - the sessions of TLS that those who collect may resume
 *
 * The table is walked in the order in which its entries came, so the first one
 * is the oldest.
 */
#include "policy/session_cache.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/loop.h"

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct entry {
	uint64_t	fetch_account;
	uint64_t	at_ms;
	UT_hash_handle	hh;
	size_t		len;
	char		session[];
};

struct session_cache {
	struct entry	*entries;
};

struct session_cache *
session_cache_new(void)
{
	return calloc(1, sizeof(struct session_cache));
}

static struct entry *
find(const struct session_cache *cache, uint64_t fetch_account)
{
	struct entry *entry;

	HASH_FIND(hh, cache->entries, &fetch_account, sizeof(fetch_account),
	    entry);
	return entry;
}

static void
drop(struct session_cache *cache, struct entry *entry)
{
	if (entry == NULL)
		return;
	HASH_DEL(cache->entries, entry);
	explicit_bzero(entry->session, entry->len);
	free(entry);
}

void
session_cache_free(struct session_cache *cache)
{
	if (cache == NULL)
		return;
	while (cache->entries != NULL)
		drop(cache, cache->entries);
	free(cache);
}

/* Those that are too old, and one if there is no room for another. */
static void
sweep(struct session_cache *cache, uint64_t now_ms)
{
	if (HASH_COUNT(cache->entries) >= SESSION_CACHE_ENTRIES)
		drop(cache, cache->entries);
	while (cache->entries != NULL &&
	    now_ms - cache->entries->at_ms >= TALK_SESSION_MOST_MS)
		drop(cache, cache->entries);
}

/* Not to keep one is no fault: the next handshake is a whole one. */
void
session_cache_put(struct session_cache *cache, uint64_t fetch_account,
    struct slice session)
{
	struct entry *entry;

	drop(cache, find(cache, fetch_account));
	sweep(cache, clock_ms());
	if (session.len == 0 || session.len > TALK_SESSION_BYTES)
		return;
	entry = calloc(1, sizeof(*entry) + session.len);
	if (entry == NULL)
		return;
	entry->fetch_account = fetch_account;
	entry->at_ms = clock_ms();
	entry->len = session.len;
	memcpy(entry->session, session.at, session.len);
	HASH_ADD(hh, cache->entries, fetch_account,
	    sizeof(entry->fetch_account), entry);
	if (entry->hh.tbl == NULL) {
		explicit_bzero(entry->session, entry->len);
		free(entry);
	}
}

struct slice
session_cache_get(const struct session_cache *cache, uint64_t fetch_account)
{
	const struct entry *entry = find(cache, fetch_account);

	return entry == NULL ? slice_of(NULL, 0) : slice_of(entry->session,
	    entry->len);
}

size_t
session_cache_count(const struct session_cache *cache)
{
	return HASH_COUNT(cache->entries);
}
