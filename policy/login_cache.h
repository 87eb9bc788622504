/*
 * login_cache.h - passwords found right a moment ago
 *
 * A client that polls each minute must not cost a yescrypt each time.  What is
 * kept is a digest, under a key of this process, of account, password and the
 * stored hash: a new password makes the old entry worthless by itself.
 */
#ifndef POSTROOM_POLICY_LOGIN_CACHE_H
#define POSTROOM_POLICY_LOGIN_CACHE_H

#include "lib/base/slice.h"

#define LOGIN_CACHE_MS		(5 * 60 * 1000)
#define LOGIN_CACHE_ENTRIES	1024	/* twice an office */

struct login_cache;		/* opaque; see login_cache.c */

/* NULL when memory is out or there are no random bytes. */
struct login_cache *login_cache_new(void);
void	login_cache_free(struct login_cache *);
/* This password was right for this account and hash within that time. */
bool	login_cache_has(struct login_cache *, uint64_t account,
	    const char *hash, struct slice password, uint64_t now_ms);
/* It is right; the time begins anew. */
void	login_cache_add(struct login_cache *, uint64_t account,
	    const char *hash, struct slice password, uint64_t now_ms);

#endif
