/*
 * peer.h - the other end of a connection, in the loop of the test itself
 *
 * A peer says bytes and looks at what comes back.  Each wait has a limit of
 * PEER_GUARD_MS, which is only there so that a broken server fails the test.
 */
#ifndef TESTS_UNIT_GATEWAY_POP3_PEER_H
#define TESTS_UNIT_GATEWAY_POP3_PEER_H

#include <openssl/ssl.h>

#include "lib/base/loop.h"
#include "lib/base/text.h"

#define PEER_GUARD_MS	120000

struct pop3_peer {
	struct loop	*loop;
	int		 fd;
	struct timer	*turn;
	SSL		*ssl;		/* after pop3_peer_tls() */
	struct text	 got;		/* came, and was not expected yet */
	bool		 deaf;		/* reads nothing */
	bool		 ended;		/* the server closed */
};

/* A connection: the peer has one end, *fd_out is the server's. */
void	pop3_peer_open(struct pop3_peer *, struct loop *, int *fd_out);
void	pop3_peer_close(struct pop3_peer *);
/* Run the loop for a moment and read what came. */
void	pop3_peer_turn(struct pop3_peer *);
/* Send these bytes, however long that takes. */
void	pop3_peer_say(struct pop3_peer *, struct slice);
/* What comes next is this and nothing else so far. */
void	pop3_peer_expect(struct pop3_peer *, struct slice);
/* Wait until `bytes` of them have come, or the end. */
void	pop3_peer_wait(struct pop3_peer *, size_t bytes);
/* Nothing more comes; the server closes. */
void	pop3_peer_expect_end(struct pop3_peer *);
/* Become a TLS client that offers `alpn` (or no name); false: refused. */
bool	pop3_peer_tls(struct pop3_peer *, const char *alpn);

/* One thing to say and what must come back. */
struct pop3_exchange {
	const char	*say;
	const char	*expect;
};
/* Go through them, up to the one without `say`. */
void	pop3_peer_talk(struct pop3_peer *, const struct pop3_exchange *);

#endif
