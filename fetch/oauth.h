/*
 * oauth.h - asking a provider's token endpoint (RFC 6749, 7636, 8252, 8628)
 *
 * Four questions: a new access token for a refresh token; a code for a person
 * at another screen; whether that person has answered; and tokens for the code
 * that a browser brought.  One HTTPS request each; what comes of it is told
 * once.  Nothing is kept here: tokens live with who asked.
 */
#ifndef POSTROOM_FETCH_OAUTH_H
#define POSTROOM_FETCH_OAUTH_H

#include "fetch/oauth_answer.h"
#include "lib/base/https.h"

#define OAUTH_VERIFIER_SIZE	44	/* RFC 7636 4.1: 43 letters, 32 bytes */
#define OAUTH_DEADLINE_MS	30000	/* for one request */

struct oauth;			/* one question under way; opaque */

/* Where to ask, and the way there. */
struct oauth_route {
	struct talk_hall *hall;
	struct loop	*loop;
	const char	*addresses;	/* of the URL's host; talk.h */
	struct talk_proxy proxy;
	uint64_t	 deadline_ms;	/* 0: OAUTH_DEADLINE_MS */
	/* what is carried is added here until oauth_free(); or NULL */
	struct talk_counts *counts;
};

/*
 * Told once, from the loop; the answer is wiped afterwards.  Where there was
 * no answer it is OAUTH_LATER with words, OAUTH_NONSENSE if it was not HTTP.
 */
typedef void	oauth_token_fn(void *arg, const struct oauth_token *);
typedef void	oauth_device_fn(void *arg, const struct oauth_device *);

/*
 * All of these: 0, -EINVAL (an URL or something else is not fit) or -ENOMEM;
 * then nothing comes.  oauth_free() may be called in the function.
 */
int	oauth_refresh(const struct oauth_route *, const struct grant *,
	    oauth_token_fn *, void *arg, struct oauth **oauth_out);
/*
 * The same with the refresh token before that one: who lost power between an
 * answer and its being stored may still be known by it.
 */
int	oauth_refresh_before(const struct oauth_route *, const struct grant *,
	    oauth_token_fn *, void *arg, struct oauth **oauth_out);
int	oauth_device_begin(const struct oauth_route *, const struct grant *,
	    oauth_device_fn *, void *arg, struct oauth **oauth_out);
int	oauth_device_poll(const struct oauth_route *, const struct grant *,
	    const char *device_code, oauth_token_fn *, void *arg,
	    struct oauth **oauth_out);
int	oauth_exchange(const struct oauth_route *, const struct grant *,
	    struct slice code, const char *redirect, const char *verifier,
	    oauth_token_fn *, void *arg, struct oauth **oauth_out);
/* Forget it; NULL is fine. */
void	oauth_free(struct oauth *);

/* 43 random letters: a verifier, or a state.  0, -EIO. */
int	oauth_secret_new(char secret_out[OAUTH_VERIFIER_SIZE]);
/* RFC 7636 4.2: its challenge, S256. */
int	oauth_challenge(const char *verifier,
	    char challenge_out[OAUTH_VERIFIER_SIZE]);
/* Add the URL a browser is to open (RFC 6749 4.1.1); `login`: who. */
void	oauth_authorize_url(struct text *url, const struct grant *,
	    const char *login, const char *redirect, const char *state,
	    const char *challenge);
/*
 * "http://127.0.0.1:PORT/..." and nothing else (RFC 8252 7.3): a code is never
 * sent to another machine.
 */
bool	oauth_is_loopback(struct slice redirect);

#endif
