/*
 * session_cache.h - the sessions of TLS that those who collect may resume
 *
 * A process that collects ends when it has nothing to do, and what its provider
 * gave (talk_session.h) is worth most to the next one, some minutes later.  It
 * is kept where the password is kept: one for each fetch account, as bytes that
 * nobody reads here, in memory only.
 */
#ifndef POSTROOM_POLICY_SESSION_CACHE_H
#define POSTROOM_POLICY_SESSION_CACHE_H

#include <stdint.h>

#include "lib/base/slice.h"
#include "lib/base/talk_session.h"

/* Of 2 KiB each: all remote mailboxes of a large office.  The oldest go. */
#define SESSION_CACHE_ENTRIES	2000

struct session_cache;		/* opaque; see session_cache.c */

/* NULL when memory is out. */
struct session_cache *session_cache_new(void);
/* All are wiped; NULL is fine. */
void	session_cache_free(struct session_cache *);
/*
 * In place of what it had before; empty: nothing.  Those of more than
 * TALK_SESSION_MOST_MS ago go, as they are of no use any more.
 */
void	session_cache_put(struct session_cache *, uint64_t fetch_account,
	    struct slice session);
/* Empty: none.  Good until the next session_cache_put(). */
struct slice session_cache_get(const struct session_cache *,
	    uint64_t fetch_account);
/* How many there are. */
size_t	session_cache_count(const struct session_cache *);

#endif
