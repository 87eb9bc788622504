/*
 * login_cache.c - passwords found right a moment ago
 */
#include "policy/login_cache.h"

#include <sys/random.h>

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

/* a key is a keyed digest already: any four bytes of it are the hash */
#define HASH_FUNCTION(key, len, hash) memcpy(&(hash), (key), sizeof(hash))
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "policy/password.h"

#define DIGEST_BYTES	32

struct entry {
	unsigned char	 digest[DIGEST_BYTES];
	uint64_t	 at_ms;
	UT_hash_handle	 hh;
};

struct login_cache {
	unsigned char	 secret[DIGEST_BYTES];
	struct entry	*entries;	/* oldest first */
};

struct login_cache *
login_cache_new(void)
{
	struct login_cache *cache = calloc(1, sizeof(*cache));

	if (cache != NULL && getrandom(cache->secret, DIGEST_BYTES, 0) !=
	    DIGEST_BYTES) {
		free(cache);
		return NULL;
	}
	return cache;
}

void
login_cache_free(struct login_cache *cache)
{
	struct entry *e, *next;

	if (cache == NULL)
		return;
	HASH_ITER(hh, cache->entries, e, next) {
		HASH_DEL(cache->entries, e);
		free(e);
	}
	OPENSSL_cleanse(cache->secret, sizeof(cache->secret));
	free(cache);
}

/* account, then the hash with its NUL, then the password to the end */
static bool
digest_of(const struct login_cache *cache, uint64_t account, const char *hash,
    struct slice password, unsigned char out[DIGEST_BYTES])
{
	unsigned char bytes[8 + PASSWORD_HASH_SIZE + PASSWORD_MAX_BYTES];
	size_t hash_size = strlen(hash) + 1, len = 8;
	unsigned out_len = DIGEST_BYTES;
	bool made;

	if (hash_size == 1 || hash_size > PASSWORD_HASH_SIZE ||
	    password.len == 0 || password.len > PASSWORD_MAX_BYTES)
		return false;
	memcpy(bytes, &account, 8);
	memcpy(bytes + len, hash, hash_size);
	len += hash_size;
	memcpy(bytes + len, password.at, password.len);
	len += password.len;
	made = HMAC(EVP_sha256(), cache->secret, DIGEST_BYTES, bytes, len, out,
	    &out_len) != NULL;
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return made;
}

static struct entry *
find(struct login_cache *cache, const unsigned char digest[DIGEST_BYTES])
{
	struct entry *e;

	HASH_FIND(hh, cache->entries, digest, DIGEST_BYTES, e);
	return e;
}

bool
login_cache_has(struct login_cache *cache, uint64_t account, const char *hash,
    struct slice password, uint64_t now_ms)
{
	unsigned char digest[DIGEST_BYTES];
	const struct entry *e;

	if (!digest_of(cache, account, hash, password, digest))
		return false;
	e = find(cache, digest);
	return e != NULL && now_ms - e->at_ms < LOGIN_CACHE_MS;
}

void
login_cache_add(struct login_cache *cache, uint64_t account, const char *hash,
    struct slice password, uint64_t now_ms)
{
	unsigned char digest[DIGEST_BYTES];
	struct entry *e;

	if (!digest_of(cache, account, hash, password, digest))
		return;
	e = find(cache, digest);
	if (e == NULL && HASH_COUNT(cache->entries) >= LOGIN_CACHE_ENTRIES)
		e = cache->entries;
	if (e != NULL)
		HASH_DEL(cache->entries, e);
	else
		e = malloc(sizeof(*e));
	if (e == NULL)
		return;
	memset(e, 0, sizeof(*e));
	memcpy(e->digest, digest, DIGEST_BYTES);
	e->at_ms = now_ms;
	HASH_ADD(hh, cache->entries, digest, DIGEST_BYTES, e);
	/* without memory for the table the entry is not in it */
	if (e->hh.tbl == NULL)
		free(e);
}
