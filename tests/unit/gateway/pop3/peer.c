/*
 * peer.c - the other end of a connection, in the loop of the test itself
 */
#include "tests/unit/gateway/pop3/peer.h"

#include <check.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void
stop(void *arg)
{
	loop_stop(arg);
}

void
pop3_peer_open(struct pop3_peer *peer, struct loop *loop, int *fd_out)
{
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0, pair), 0);
	*peer = (struct pop3_peer){ .loop = loop, .fd = pair[0] };
	peer->got.limit = 64 << 20;
	peer->turn = timer_new(loop, stop, loop);
	ck_assert_ptr_nonnull(peer->turn);
	*fd_out = pair[1];
}

void
pop3_peer_close(struct pop3_peer *peer)
{
	SSL_free(peer->ssl);
	peer->ssl = NULL;
	(void)close(peer->fd);
	timer_free(peer->turn);
	text_free(&peer->got);
}

static ssize_t
receive(struct pop3_peer *peer, char *buffer, size_t size)
{
	ssize_t n;

	if (peer->ssl == NULL)
		return recv(peer->fd, buffer, size, 0);
	n = SSL_read(peer->ssl, buffer, (int)size);
	if (n > 0)
		return n;
	errno = EAGAIN;
	return SSL_get_error(peer->ssl, (int)n) == SSL_ERROR_WANT_READ ?
	    -1 : 0;
}

void
pop3_peer_turn(struct pop3_peer *peer)
{
	char buffer[65536];
	ssize_t n;

	timer_set(peer->turn, 1);
	ck_assert_int_eq(loop_run(peer->loop), 0);
	while (!peer->deaf && !peer->ended) {
		n = receive(peer, buffer, sizeof(buffer));
		if (n > 0)
			text_add(&peer->got, slice_of(buffer, (size_t)n));
		else if (n < 0 && errno == EAGAIN)
			break;
		else
			peer->ended = true;
	}
	ck_assert(!text_failed(&peer->got));
}

void
pop3_peer_say(struct pop3_peer *peer, struct slice s)
{
	uint64_t since = clock_ms();

	while (s.len > 0) {
		ssize_t n = peer->ssl != NULL ?
		    SSL_write(peer->ssl, s.at, (int)s.len) :
		    send(peer->fd, s.at, s.len, MSG_NOSIGNAL);

		if (n > 0)
			s = slice_after(s, (size_t)n);
		else if (peer->ssl == NULL && errno == EPIPE)
			return;		/* what comes next shows why */
		ck_assert(clock_ms() - since < PEER_GUARD_MS);
		if (s.len > 0)
			pop3_peer_turn(peer);
	}
}

void
pop3_peer_wait(struct pop3_peer *peer, size_t bytes)
{
	uint64_t since = clock_ms();

	while (peer->got.len < bytes && !peer->ended &&
	    clock_ms() - since < PEER_GUARD_MS)
		pop3_peer_turn(peer);
}

void
pop3_peer_expect(struct pop3_peer *peer, struct slice expected)
{
	uint64_t since = clock_ms();

	while (peer->got.len < expected.len && !peer->ended &&
	    slice_is(text_slice(&peer->got),
	    slice_first(expected, peer->got.len)) &&
	    clock_ms() - since < PEER_GUARD_MS)
		pop3_peer_turn(peer);
	ck_assert_msg(slice_is(text_slice(&peer->got), expected),
	    "got \"%.*s\", expected \"%.*s\"",
	    SLICE_FMT(text_slice(&peer->got)), SLICE_FMT(expected));
	text_clear(&peer->got);
}

void
pop3_peer_expect_end(struct pop3_peer *peer)
{
	pop3_peer_wait(peer, 1);
	ck_assert_msg(peer->got.len == 0, "got \"%.*s\" before the end",
	    SLICE_FMT(text_slice(&peer->got)));
	ck_assert(peer->ended);
}

bool
pop3_peer_tls(struct pop3_peer *peer, const char *alpn)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	unsigned char names[64];
	uint64_t since = clock_ms();
	int r, error = 0;

	peer->ssl = SSL_new(context);
	SSL_CTX_free(context);
	if (alpn != NULL) {
		names[0] = (unsigned char)strlen(alpn);
		memcpy(names + 1, alpn, names[0]);
		ck_assert_int_eq(SSL_set_alpn_protos(peer->ssl, names,
		    names[0] + 1u), 0);
	}
	ck_assert_int_eq(SSL_set_fd(peer->ssl, peer->fd), 1);
	peer->deaf = true;	/* the handshake reads for itself */
	do {
		pop3_peer_turn(peer);
		r = SSL_connect(peer->ssl);
		error = SSL_get_error(peer->ssl, r);
	} while (r != 1 && error == SSL_ERROR_WANT_READ &&
	    clock_ms() - since < PEER_GUARD_MS);
	peer->deaf = false;
	return r == 1;
}

void
pop3_peer_talk(struct pop3_peer *peer, const struct pop3_exchange *exchange)
{
	for (; exchange->say != NULL; exchange++) {
		pop3_peer_say(peer, slice_str(exchange->say));
		pop3_peer_expect(peer, slice_str(exchange->expect));
	}
}
