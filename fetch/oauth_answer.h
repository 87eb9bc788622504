/*
 * oauth_answer.h - what a token endpoint answers, read (RFC 6749 5, RFC 8628 3)
 *
 * JSON of a stranger: bounded, judged member by member, and turned into one of
 * the few ends that mean something to a person or to the next step.  Nothing of
 * it ends a line.
 */
#ifndef POSTROOM_FETCH_OAUTH_ANSWER_H
#define POSTROOM_FETCH_OAUTH_ANSWER_H

#include <stdbool.h>

#include "lib/base/slice.h"
#include "policy/grants.h"

#define OAUTH_ANSWER_MOST	(32u * 1024)	/* Microsoft's have 5 KiB */
#define OAUTH_USER_CODE_SIZE	65
#define OAUTH_URL_SIZE		513
#define OAUTH_WORDS_SIZE	257
#define OAUTH_EXPIRES_MOST	(10u * 366 * 86400)	/* seconds: ten years */

enum oauth_end {
	OAUTH_GRANTED,		/* a token, or a code for a person */
	OAUTH_PENDING,		/* the person has not answered yet */
	OAUTH_SLOW_DOWN,	/* the same, and we ask too often */
	OAUTH_DECLINED,		/* the person said no */
	OAUTH_EXPIRED,		/* the code was not used in time */
	OAUTH_REVOKED,		/* the grant is no more: consent again */
	OAUTH_MISCONFIGURED,	/* client id, secret or scope is wrong */
	OAUTH_LATER,		/* it cannot say now */
	OAUTH_NONSENSE,		/* it is no answer */
	OAUTH_END_COUNT
};

struct oauth_token {
	enum oauth_end	end;
	char		access[GRANT_TOKEN_SIZE];	/* granted: not empty */
	char		refresh[GRANT_TOKEN_SIZE];	/* empty: as it was */
	uint64_t	expires_seconds;	/* of the access token */
	uint64_t	refresh_seconds;	/* of the other; 0: unknown */
	char		words[OAUTH_WORDS_SIZE];	/* its own, printable */
};

struct oauth_device {
	enum oauth_end	end;
	char		device_code[GRANT_TOKEN_SIZE];
	char		user_code[OAUTH_USER_CODE_SIZE];
	char		url[OAUTH_URL_SIZE];
	uint64_t	expires_seconds;
	uint64_t	interval_seconds;
	char		words[OAUTH_WORDS_SIZE];
};

/* Read an answer of that HTTP status.  Both hold secrets: wipe them. */
void	oauth_token_read(unsigned status, struct slice body,
	    struct oauth_token *token_out);
void	oauth_device_read(unsigned status, struct slice body,
	    struct oauth_device *device_out);

/* "revoked", "declined", ...: for JSON and the log. */
const char	*oauth_end_code(enum oauth_end);

#endif
