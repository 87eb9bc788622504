/*
 * sessions.h - who is logged in to the web page
 *
 * A session is known by a token of 256 random bits, which only the browser's
 * cookie has: here stands its SHA-256.  It ends when it is not used for a
 * while, when it is old, when its password has changed (the stamp), and with
 * this process.  Each login gets a token of its own, whatever cookie came with
 * it, so none can be planted (HARDENING A73).
 */
#ifndef POSTROOM_GATEWAY_HTTP_SESSIONS_H
#define POSTROOM_GATEWAY_HTTP_SESSIONS_H

#include "lib/base/slice.h"

#define SESSION_TOKEN_SIZE	65		/* 64 hex digits and a NUL */
#define SESSION_IDLE_MS		(30 * 60 * 1000)	/* a meeting */
#define SESSION_AGE_MS		(12 * 60 * 60 * 1000)	/* a working day */
#define SESSIONS_MOST		2048		/* four for each of 500 */
#define SESSIONS_OF_ONE		8		/* browsers of one person */

struct sessions;		/* opaque; see sessions.c */

struct session {
	uint64_t	account;
	uint64_t	stamp;		/* of the password it began with */
	char		form[SESSION_TOKEN_SIZE];	/* in its forms */
};

/* NULL when memory is out. */
struct sessions	*sessions_new(void);
/* End all of them; NULL is fine. */
void		 sessions_free(struct sessions *);
/*
 * Begin one; the one of this account (or of all) that was used least lately
 * gives way when there are as many as can be.  0, -ENOMEM or -EIO (no random
 * bytes).
 */
int		 sessions_begin(struct sessions *, uint64_t account,
		    uint64_t stamp, uint64_t now_ms,
		    char token_out[SESSION_TOKEN_SIZE]);
/* The session of this token, which counts as used, or NULL. */
const struct session *sessions_find(struct sessions *, struct slice token,
		    uint64_t now_ms);
/* End it, if there is one. */
void		 sessions_end(struct sessions *, struct slice token);
unsigned	 sessions_count(const struct sessions *);

#endif
