/*
 * fetch_way_inside.h - what fetch_way.c and fetch_consent.c share
 *
 * A way is a chain of steps; what is being waited for has one answer, and
 * `then` names the step that follows it.  A consent is a way that ends with a
 * grant in the keeper's hands.  Any fault ends the chain with its words: the schedule
 * tries again, a person begins again.
 */
#ifndef POSTROOM_PROGRAMS_FETCH_WAY_INSIDE_H
#define POSTROOM_PROGRAMS_FETCH_WAY_INSIDE_H

#include <sys/queue.h>

#include "fetch/consent.h"
#include "fetch/oauth.h"
#include "lib/base/names.h"
#include "policy/fetch_accounts.h"
#include "programs/fetch_way.h"

/* An access token that may be used again. */
struct held_token {
	LIST_ENTRY(held_token) next;
	uint64_t	 id;
	uint64_t	 until_ms;	/* monotonic */
	char		 token[GRANT_TOKEN_SIZE];
};

struct fetch_ways {
	struct loop	*loop;
	struct talk_hall *hall;
	const char	*people_hosts;	/* borrowed: fetch_reach.h */
	struct ipc	*keeper, *resolver;	/* NULL: not there */
	fetch_ways_carried_fn *carried;
	void		*arg;		/* of that */
	LIST_HEAD(, held_token) tokens;
	LIST_HEAD(, fetch_way) ways, consents;
};

typedef void	 step_fn(struct fetch_way *);

/* A person is asked; see consent.h. */
struct consent {
	enum consent_step by;		/* DEVICE or BROWSER */
	enum consent_stage stage;
	char		 url[CONSENT_URL_MOST + 1];
	char		 user_code[OAUTH_USER_CODE_SIZE];
	uint64_t	 until_ms;	/* monotonic: then it has expired */
	uint64_t	 interval_seconds;
	enum oauth_end	 end;		/* when it failed */
	char		 words[CONSENT_WORDS_MOST + 1];
	char		 device_code[GRANT_TOKEN_SIZE];
	char		 redirect[GRANT_URL_SIZE];
	char		 verifier[OAUTH_VERIFIER_SIZE];
	char		 state[OAUTH_VERIFIER_SIZE];
	char		 code[CONSENT_CODE_MOST + 1];
};

struct fetch_way {
	LIST_ENTRY(fetch_way) next;
	struct fetch_ways *ways;
	uint64_t	 id;
	fetch_way_fn	*fn;		/* NULL: it is a consent */
	void		*arg;
	struct ipc	*asked;		/* keeper or resolver, or NULL */
	step_fn		*then;		/* after its answer */
	struct timer	*timer;

	char		 user[FETCH_USER_SIZE];
	struct fetch_proxy proxy;
	bool		 has_grant;
	struct grant	 grant;
	char		 proxy_addresses[NAMES_TEXT_SIZE];
	char		 host[HTTPS_HOST_SIZE];	/* of these: */
	char		 addresses[NAMES_TEXT_SIZE];
	char		*found;		/* where the next addresses go */
	struct oauth	*oauth;
	struct talk_counts carried;	/* by that */
	bool		 tried_before;	/* the older refresh token */
	bool		 is_fresh;
	struct oauth_token token;
	struct consent	*consent;	/* NULL: it is a login's */
};

/* fetch_way.c: 0, or a negative errno: nothing comes. */
int	way_begin(struct fetch_way *);
/* In no list yet; NULL when memory is out. */
struct fetch_way *way_new(struct fetch_ways *, uint64_t id);
/* It ends with this; the way may be gone afterwards. */
void	way_fail(struct fetch_way *, enum fetch_end, const char *words);
/* The same, by what the provider's login server said. */
void	way_fail_by(struct fetch_way *, enum oauth_end, const char *words);
/* The host of an endpoint is known, by us or by the proxy: then. */
void	way_find_endpoint(struct fetch_way *, const char *url, step_fn *then);
struct oauth_route way_route(struct fetch_way *);
/* The question under way is over; none is fine. */
void	way_hang_up(struct fetch_way *);
/* A question could not even be asked. */
void	way_check_asked(struct fetch_way *, int r);
/* Have the keeper store it; the way goes on, or ends, when that is durable. */
void	way_save(struct fetch_way *, const char *refresh);

/* fetch_consent.c: the step after the keeper's answer; a consent is over. */
void	consent_go(struct fetch_way *);
void	consent_end(struct fetch_way *, enum consent_stage, enum oauth_end,
	    const char *words);
/* The timer of a consent: poll, let it expire, or forget it. */
void	consent_tick(void *way);

#endif
