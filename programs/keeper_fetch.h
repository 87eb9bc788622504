/*
 * keeper_fetch.h - what the keeper says of fetch accounts, and to whom
 *
 * The schedule hears which there are; a process that collects hears all of one
 * of its own owner's, the password too, and nothing of anybody else's.  The
 * queue hears whose one is.
 */
#ifndef POSTROOM_PROGRAMS_KEEPER_FETCH_H
#define POSTROOM_PROGRAMS_KEEPER_FETCH_H

#include "policy/before_rules.h"
#include "policy/domain_rules.h"
#include "policy/fetch_accounts.h"
#include "policy/keeper.h"
#include "policy/session_cache.h"

#define KEEPER_FETCH_PAGE	100	/* rows of 1,400 bytes fit a message */
/* Of an answer to KEEPER_FETCH_OPEN. */
#define KEEPER_FETCH_BYTES	(8192 + TALK_SESSION_BYTES)
/* Of one to KEEPER_FETCH_RULES: two texts, a language, their lengths. */
#define KEEPER_RULES_BYTES	(DOMAIN_TEXT_MOST + BEFORE_TEXT_MOST + 64)

/*
 * Add the answer to a KEEPER_FETCH_DUE, to a KEEPER_FETCH_OWNER, or to a
 * KEEPER_FETCH_OPEN of the process that collects for `owner`.  Nothing is added
 * when the database or a password cannot be read, which is logged: no answer.
 * Text that was given a password is for the caller to wipe; KEEPER_FETCH_BYTES
 * of it are taken at once, so that no copy of it stays behind.
 *
 * 0, or -EBADMSG: the body is no such request.
 */
int	keeper_fetch_due(struct policy *, struct slice body,
	    struct text *answer);
int	keeper_fetch_owner(struct policy *, struct slice body,
	    struct text *answer);
int	keeper_fetch_open(struct policy *, const struct seal_key *,
	    struct session_cache *, uint64_t owner, struct slice body,
	    struct text *answer);
/*
 * A KEEPER_FETCH_SESSION of the process that collects for `owner`: of an account
 * that is not its owner's nothing is kept.  0 or -EBADMSG.
 */
int	keeper_fetch_session(struct policy *, struct session_cache *,
	    uint64_t owner, struct slice body);
/* The same of a KEEPER_FETCH_RULES and a KEEPER_FIND. */
int	keeper_fetch_rules(struct policy *, uint64_t owner, struct slice body,
	    struct text *answer);
int	keeper_find(struct policy *, uint64_t owner, struct slice body,
	    struct text *answer);

#endif
