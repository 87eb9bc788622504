/*
 * peer.h - the other end, for tests of the loop and what lives on it
 *
 * The test plays the peer: it writes to one end of a socket pair, lets the loop
 * turn, and looks at what came of it.  Nothing here blocks for long.
 */
#ifndef TESTS_UNIT_BASE_PEER_H
#define TESTS_UNIT_BASE_PEER_H

#include <openssl/ssl.h>

#include "lib/base/loop.h"
#include "lib/base/tls.h"

/*
 * Turns for so many ms, and on a machine that was busy elsewhere meanwhile so
 * many turns all the same that a question goes round and its answer is back; and
 * these alone, without waiting.
 */
void	turn_ms(struct loop *, uint64_t ms);
void	turn(struct loop *);

/* Turn until `what` is true; the test fails when it takes a minute. */
#define TURN_UNTIL(loop, what)					\
	do {							\
		for (int tries_ = 0; tries_ < 60000 && !(what); tries_++) \
			turn_ms(loop, 1);			\
		ck_assert(what);				\
	} while (0)

/* Two ends of a stream, non-blocking. */
void	pair_open(int fd[2]);
/* Give the end so many bytes of room for sending, or as few as there can be. */
void	pair_narrow(int fd, int bytes);
void	peer_say(int fd, const char *words);
/* What there is to be read now, at most `size` bytes; 0: end, or empty. */
size_t	peer_hear(int fd, char *buffer, size_t size);
/* True once the other side has ended (everything before it was read). */
bool	peer_at_end(int fd);

/* Descriptors this process has. */
unsigned fds_open(void);
/* Bytes of the heap in use. */
size_t	heap_bytes(void);

/* A self-signed certificate and its key, as PEM; the caller frees both. */
void	make_certificate(char **certificate_out, char **key_out);
struct tls_server *make_tls_server(const char *alpn);

/* A TLS client on `fd` (borrowed); the versions are OpenSSL's, 0: any. */
struct tls_client {
	SSL_CTX	*context;
	SSL	*ssl;
};
struct tls_client client_open(int fd, int most_version, const char *alpn);
/* Both sides turn until the client has done or failed; true: it is up. */
bool	client_shake(struct loop *, struct tls_client *);
void	client_say(struct loop *, struct tls_client *, const char *words);
void	client_close(struct tls_client *);

/* Whether what heap_bytes() says is of the heap, or of a sanitizer's own. */
#ifdef __SANITIZE_ADDRESS__
#define HEAP_IS_KNOWN	false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HEAP_IS_KNOWN	false
#endif
#endif
#ifndef HEAP_IS_KNOWN
#define HEAP_IS_KNOWN	true
#endif

#endif
