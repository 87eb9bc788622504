/*
 * keeper_way.h - what the keeper says of proxies and grants, and to whom
 *
 * Only to a process that collects, and only of its own owner's accounts.
 */
#ifndef POSTROOM_PROGRAMS_KEEPER_WAY_H
#define POSTROOM_PROGRAMS_KEEPER_WAY_H

#include "policy/grants.h"

#define KEEPER_WAY_BYTES	(16 * 1024)	/* of an answer */

/*
 * Add the answer to a KEEPER_FETCH_WAY; as keeper_fetch_open(), nothing when it
 * cannot be read, and KEEPER_WAY_BYTES of the text are for the caller to wipe.
 * 0, or -EBADMSG: the body is no such request.
 */
int	keeper_fetch_way(struct policy *, const struct seal_key *,
	    uint64_t owner, struct slice body, struct text *answer);
/*
 * Do what a KEEPER_GRANT_SAVE asks, and say whether it stands.  *news_out: the
 * schedule is to hear of it, a person has consented, or until when that is good
 * has changed.
 */
int	keeper_grant_save(struct policy *, const struct seal_key *,
	    uint64_t owner, struct slice body, int64_t now_utc_ms,
	    struct text *answer, bool *news_out);

#endif
