/*
 * consent.h - what is said about a consent under way, and how it stands
 *
 * A person consents at the provider's own page: with a code typed there (RFC
 * 8628), or in a browser that comes back to 127.0.0.1 (RFC 8252).  The process
 * that collects for the owner asks the provider; who watches looks at it again
 * and again.  The device code, the verifier and the tokens never leave it.
 */
#ifndef POSTROOM_FETCH_CONSENT_H
#define POSTROOM_FETCH_CONSENT_H

#include "lib/base/pack.h"

#define CONSENT_URL_MOST	4096	/* of a browser: everything is in it */
#define CONSENT_CODE_MOST	4096	/* which it brings back */
#define CONSENT_WORDS_MOST	256

enum consent_step {
	CONSENT_DEVICE,		/* begin, with a code to be typed */
	CONSENT_BROWSER,	/* begin; `value`: where it comes back to */
	CONSENT_CODE,		/* it came: `value`, and the `state` it had */
	CONSENT_LOOK,		/* how does it stand? */
	CONSENT_STEP_COUNT
};

enum consent_stage {
	CONSENT_NONE,		/* there is none under way */
	CONSENT_STARTING,	/* ask again: the process comes up */
	CONSENT_ASKING,		/* the provider is being asked */
	CONSENT_WAITING,	/* for the person */
	CONSENT_DONE,		/* it is given, and kept */
	CONSENT_FAILED,
	CONSENT_STAGE_COUNT
};

struct consent_ask {
	uint64_t	id;	/* of the fetch account */
	enum consent_step step;
	struct slice	value, state;
};

struct consent_state {
	enum consent_stage stage;
	struct slice	url;	/* to be opened, while it waits */
	struct slice	code;	/* to be typed there; or empty */
	uint64_t	expires_seconds;	/* from now */
	const char	*result;	/* static; when it failed: why */
	struct slice	words;		/* of the provider's, printable */
};

/* What the schedule passes on, as it was asked. */
void	consent_ask_pack(struct text *, const struct consent_ask *);
/* 0 or -EBADMSG; slices point into what is read. */
int	consent_ask_unpack(struct slice body, struct consent_ask *ask_out);
void	consent_state_pack(struct text *, const struct consent_state *);
int	consent_state_unpack(struct slice body,
	    struct consent_state *state_out);

/* "waiting", ...; the step of that word, or CONSENT_STEP_COUNT. */
const char	*consent_stage_word(enum consent_stage);
enum consent_step consent_step_of(struct slice word);

#endif
