/*
 * fetch_way.h - the way to a provider: its proxy, a token, and the consent
 *
 * Before a remote mailbox is collected it is asked of the keeper who carries
 * the connection and, where the login is a token's, which grant there is; then
 * the provider's login server gives an access token for it.  Access tokens are
 * here only, in the memory of the process that collects for their owner, until
 * they expire.
 *
 * A refresh token that was changed is with the keeper, durably, before the
 * access token that came with it is used (policy/grants.h says why).
 */
#ifndef POSTROOM_PROGRAMS_FETCH_WAY_H
#define POSTROOM_PROGRAMS_FETCH_WAY_H

#include "fetch/service.h"
#include "lib/base/ipc.h"
#include "lib/base/talk.h"
#include "policy/grants.h"
#include "policy/line_counts.h"

struct fetch_ways;		/* of a process; opaque */
struct fetch_way;		/* one being looked for */

/* What was found; borrowed until the way is freed. */
struct fetch_way_found {
	enum fetch_end	 end;		/* DONE, or why there is no way */
	struct slice	 words;
	struct talk_proxy proxy;
	const char	*token;		/* NULL: the login has a password */
	bool		 is_fresh;	/* the token was asked for now */
};

typedef void	 fetch_way_fn(void *arg, const struct fetch_way_found *);

/* So much was carried to login servers and back for that fetch account. */
typedef void	 fetch_ways_carried_fn(void *arg, uint64_t id,
		    const struct line_counts *);

/*
 * `people_hosts`: option people_fetch_hosts, borrowed.  NULL when memory is out.
 */
struct fetch_ways *fetch_ways_new(struct loop *, struct talk_hall *,
		    const char *people_hosts, fetch_ways_carried_fn *,
		    void *arg);
/* Whoever waits is not called any more; NULL is fine. */
void		 fetch_ways_free(struct fetch_ways *);
/* Who can be asked from now on; NULL: nobody. */
void		 fetch_ways_peers(struct fetch_ways *, struct ipc *keeper,
		    struct ipc *resolver);
/* Somebody is waited for: the process has something to do. */
bool		 fetch_ways_is_busy(const struct fetch_ways *);

/*
 * Find the way for that fetch account; `fn` is called once, in a later turn.
 * 0, -ENOTCONN (keeper or resolver is not there) or -ENOMEM.
 */
int		 fetch_way_find(struct fetch_ways *, uint64_t id,
		    fetch_way_fn *, void *arg, struct fetch_way **way_out);
/* Forget it; NULL is fine. */
void		 fetch_way_free(struct fetch_way *);
/* The token of that account was refused: the next way has another one. */
void		 fetch_ways_refused(struct fetch_ways *, uint64_t id);

/*
 * A FETCH_CONSENT: the answer, how it stands now, is added to `answer`.  0, or
 * -EBADMSG.
 */
int		 fetch_ways_consent(struct fetch_ways *, struct slice body,
		    struct text *answer);

#endif
