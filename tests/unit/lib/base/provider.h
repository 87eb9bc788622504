/*
 * provider.h - somebody's mail server, for tests of outgoing conversations
 *
 * It plays a script of steps to one visitor, in a thread of its own, on the
 * loopback, and keeps every byte it has heard.  Certificates are made here too.
 */
#ifndef TESTS_UNIT_BASE_PROVIDER_H
#define TESTS_UNIT_BASE_PROVIDER_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "lib/base/slice.h"

enum step_is {
	STEP_HANG_UP,		/* the end of every script */
	STEP_SAY,		/* `words`, a line or more, with their ends */
	STEP_HEAR,		/* a line that begins with `words` */
	STEP_SHAKE,		/* hands: become TLS's server side */
	STEP_FLOOD,		/* say `bytes` bytes of the pattern */
	STEP_SINK,		/* hear `bytes` bytes of the pattern */
	STEP_WAIT		/* in silence, until the visitor has gone */
};

struct step {
	enum step_is	 is;
	const char	*words;
	size_t		 bytes;
};

#define SAY_IT(words)	{ STEP_SAY, words, 0 }
#define HEAR(words)	{ STEP_HEAR, words, 0 }
#define SHAKE		{ STEP_SHAKE, NULL, 0 }
#define FLOOD(bytes)	{ STEP_FLOOD, NULL, bytes }
#define SINK(bytes)	{ STEP_SINK, NULL, bytes }
#define WAIT		{ STEP_WAIT, NULL, 0 }
#define HANG_UP		{ STEP_HANG_UP, NULL, 0 }

/* Byte `n` of what is flooded and sunk. */
char	pattern(size_t n);

struct provider {
	const struct step *script;
	SSL_CTX		*tls;		/* borrowed; NULL: none */
	SSL		*ssl;
	int		 listener, visitor;
	uint16_t	 port;
	pthread_t	 thread;
	char		 heard[16384];	/* what was no pattern */
	size_t		 heard_bytes;
	const char	*astray;	/* the step that did not come true */
	atomic_bool	 is_done;
};

/* Wait for a visitor at 127.0.0.1, or at ::1 with AF_INET6. */
void	provider_open(struct provider *, int family, const struct step *,
	    SSL_CTX *tls);
/* The same at 127.0.0.1, at the port where it was before it was closed. */
void	provider_open_again(struct provider *, const struct step *,
	    SSL_CTX *tls);
/* He is sent away if he is still there; everything heard stands still now. */
void	provider_close(struct provider *);
/* The bytes heard contain this. */
bool	provider_has_heard(const struct provider *, const char *words);

/* Who signs certificates. */
struct authority {
	EVP_PKEY	*key;
	X509		*certificate;
};
struct authority authority_new(const char *name);
void	authority_free(struct authority *);
/* Its certificate as PEM; the caller frees it. */
char	*authority_pem(const struct authority *);

/*
 * A server of that name (or address), good from so many days from now to so
 * many; signed by itself when `by` is NULL.
 */
SSL_CTX	*server_context(const struct authority *by, const char *host,
	    int from_day, int to_day);
/* The SHA-256 of the certificate it shows. */
void	server_print(SSL_CTX *, unsigned char print_out[32]);

#endif
