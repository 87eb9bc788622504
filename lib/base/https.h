/*
 * https.h - one request to an HTTPS server, and its answer
 *
 * A conversation of talk.h with one question in it: TLS always, the same trust,
 * the same proxies, addresses looked up before.  Redirects are answers like any
 * other, nothing is kept for the next request, and what was said and heard is
 * wiped: tokens are in it.
 */
#ifndef POSTROOM_BASE_HTTPS_H
#define POSTROOM_BASE_HTTPS_H

#include "lib/base/talk.h"
#include "lib/base/text.h"

#define HTTPS_HOST_SIZE	256
#define HTTPS_PATH_SIZE	1024

struct https;			/* opaque; see https.c */

/* "https://HOST[:PORT][/PATH]"; nothing in it can end a line. */
struct https_url {
	char		host[HTTPS_HOST_SIZE];	/* in ASCII form, no brackets */
	uint16_t	port;
	char		path[HTTPS_PATH_SIZE];	/* begins with "/" */
};

/*
 * Read one.  0, or -EINVAL: another scheme, a name and password, a fragment, or
 * no URL at all.
 */
int	https_url_read(struct slice, struct https_url *url_out);

struct https_options {
	const struct https_url *url;	/* copied */
	const char	*addresses;	/* as in talk.h */
	struct talk_proxy proxy;
	const unsigned char *pin;	/* as in talk.h; or NULL */
	/* what is posted; NULL: GET */
	const struct slice *form;
	const char	*type;		/* of that; NULL: a form (HTML's urlencoded) */
	const char	*accept;	/* a media type; NULL: JSON */
	uint64_t	 deadline_ms;	/* for all of it */
	size_t		 answer_most;	/* bytes of the body */
	struct talk_counts *counts;	/* as in talk.h; or NULL */
};

struct https_answer {
	unsigned	 status;	/* 200..599; 0: there is no answer */
	struct slice	 body;		/* borrowed, wiped afterwards */
	unsigned	 retry_after;	/* seconds; 0: it does not say */
	bool		 is_plain;	/* it is text/plain */
	/* without an answer: why */
	enum talk_fault	 fault;
	struct slice	 words;
};

/* It is over, called once, from the loop; https_free() may be called here. */
typedef void	 https_fn(void *arg, const struct https_answer *);

/* Begin.  0, -EINVAL (an option is not fit) or -ENOMEM: then nothing comes. */
int	https_ask(struct talk_hall *, struct loop *,
	    const struct https_options *, https_fn *, void *arg,
	    struct https **https_out);
/* Hang up and forget; NULL is fine. */
void	https_free(struct https *);

/* Add "name=value" to a form, encoded, with a "&" before it if need be. */
void	https_form_add(struct text *form, const char *name, struct slice value);

#endif
