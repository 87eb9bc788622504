/*
 * stream.c - a connection: buffered bytes in and out, with or without TLS
 *
 * Output gathered in one turn of the loop leaves in one write; a large piece
 * leaves at once, uncopied, as far as the socket takes it.  Input is read only
 * while there is room and nobody holds it.  The handler is called from
 * two places only: the watch and the `soon` timer; after each call the stream
 * may be gone, which `gone` tells.
 */
#include "lib/base/stream.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/mark.h"
#include "lib/base/text.h"

#define LARGE_BYTES	16384	/* a TLS record; small ones gather */
#define HANDSHAKE_MS	30000	/* HARDENING A24: for all of it */
#define FINISH_MS	10000	/* for the last bytes to leave, and more ... */
#define FINISH_RATE	4	/* ... at so many bytes a ms: a thin line's */
#define GOODBYE_MS	1000	/* for the peer to end its side then */

enum phase {
	PHASE_CLEAR,
	PHASE_FLUSH,		/* TLS begins once the clear bytes left */
	PHASE_SHAKE,
	PHASE_TLS
};

struct stream {
	struct loop	*loop;
	int		 fd;
	struct watch	*watch;
	struct timer	*soon;		/* flush, poke and late news */
	struct timer	*deadline;	/* of the handshake or the finish */
	struct timer	*idle;
	uint64_t	 idle_ms;
	uint64_t	 heard_ms;	/* when the last byte came */
	stream_fn	*fn;		/* NULL: finishing */
	void		*arg;
	bool		*gone;		/* set when freed inside a handler */
	enum phase	 phase;
	SSL		*ssl;
	char		 tls_words[80];
	char		*in;
	size_t		 in_start, in_len, in_size;
	struct text	 out;
	size_t		 out_sent;	/* of out, already written */
	size_t		 out_clear;	/* of what waits: before TLS begins */
	size_t		 out_upto;	/* of what waits: to the marked byte */
	bool		 is_marked;	/* the last byte of the input is */
	bool		 takes_marks;
	bool		 allows_old_tls;
	bool		 held;
	bool		 poked;
	bool		 ended;		/* the peer will send no more */
	bool		 ended_told;
	bool		 tell_drained;
	bool		 ending;	/* goodbye once everything has left */
	bool		 goodbye;	/* it was said */
	bool		 ssl_wants_write;	/* before it can read on */
	bool		 ssl_wants_read;	/* before it can write on */
	const char	*fault;
	bool		 fault_told;
};

static void on_socket(void *arg, unsigned what);
static void on_soon(void *arg);
static void on_deadline(void *arg);
static void on_idle(void *arg);

struct stream *
stream_new(struct loop *loop, int fd, size_t input_bytes, size_t output_limit,
    stream_fn *fn, void *arg)
{
	struct stream *stream = calloc(1, sizeof(*stream));

	if (stream == NULL)
		return NULL;
	stream->loop = loop;
	stream->fd = fd;
	stream->fn = fn;
	stream->arg = arg;
	stream->in_size = input_bytes;
	stream->out.limit = output_limit;
	stream->heard_ms = clock_ms();
	stream->watch = watch_new(loop, fd, on_socket, stream);
	stream->soon = timer_new(loop, on_soon, stream);
	stream->deadline = timer_new(loop, on_deadline, stream);
	stream->idle = timer_new(loop, on_idle, stream);
	if (stream->watch == NULL || stream->soon == NULL ||
	    stream->deadline == NULL || stream->idle == NULL ||
	    watch_want(stream->watch, LOOP_READ) < 0) {
		stream->fd = -1;	/* stays the caller's */
		stream_free(stream);
		return NULL;
	}
	return stream;
}

void
stream_free(struct stream *stream)
{
	if (stream == NULL)
		return;
	if (stream->gone != NULL)
		*stream->gone = true;
	watch_free(stream->watch);
	timer_free(stream->soon);
	timer_free(stream->deadline);
	timer_free(stream->idle);
	SSL_free(stream->ssl);
	if (stream->fd >= 0)
		(void)close(stream->fd);
	free(stream->in);
	text_free(&stream->out);
	free(stream);
}

/* Tell the handler; false when it freed the stream. */
static bool
tell(struct stream *stream, enum stream_event event)
{
	bool gone = false, *outer = stream->gone;

	if (stream->fn == NULL)
		return true;
	stream->gone = &gone;
	stream->fn(stream->arg, event);
	if (gone) {
		if (outer != NULL)
			*outer = true;
		return false;
	}
	stream->gone = outer;
	return true;
}

static void
fail(struct stream *stream, const char *why)
{
	if (stream->fault == NULL)
		stream->fault = why;
	timer_set(stream->soon, 0);
}

static bool
has_room(const struct stream *stream)
{
	return stream->in_len < stream->in_size;
}

static bool
may_read(const struct stream *stream)
{
	return !stream->ended && stream->fault == NULL &&
	    !stream->is_marked && (stream->phase == PHASE_SHAKE ||
	    (stream->phase != PHASE_FLUSH && !stream->held &&
	    has_room(stream)));
}

size_t
stream_waiting(const struct stream *stream)
{
	return stream->out.len - stream->out_sent;
}

/* Watch for exactly what could be done next. */
static void
rewatch(struct stream *stream)
{
	unsigned what = 0;

	if ((may_read(stream) && !stream->ssl_wants_write) ||
	    stream->ssl_wants_read)
		what |= LOOP_READ;
	if (stream->fault == NULL && (stream->ssl_wants_write ||
	    (stream_waiting(stream) > 0 && !stream->ssl_wants_read &&
	    stream->phase != PHASE_SHAKE)))
		what |= LOOP_WRITE;
	if (watch_want(stream->watch, what) < 0)
		fail(stream, "out of memory");
	/* bytes may wait inside TLS where the socket does not show them */
	if (stream->phase == PHASE_TLS && may_read(stream) &&
	    SSL_pending(stream->ssl) > 0)
		stream_poke(stream);
}

/* What an OpenSSL result <= 0 asks for; true when the stream can go on. */
static bool
ssl_go_on(struct stream *stream, int result, bool writing)
{
	int error = SSL_get_error(stream->ssl, result);

	ERR_clear_error();
	switch (error) {
	case SSL_ERROR_WANT_READ:
		stream->ssl_wants_read = writing;
		return true;
	case SSL_ERROR_WANT_WRITE:
		stream->ssl_wants_write = !writing;
		return true;
	case SSL_ERROR_ZERO_RETURN:
		stream->ended = true;
		return true;
	default:
		fail(stream, stream->phase == PHASE_SHAKE ?
		    "the TLS handshake failed" : "the TLS connection broke");
		return false;
	}
}

/* An idle connection holds no buffer. */
static void
drop_input_buffer(struct stream *stream)
{
	stream->in_start = 0;
	free(stream->in);
	stream->in = NULL;
}

static bool
make_input_room(struct stream *stream)
{
	if (stream->in == NULL)
		stream->in = malloc(stream->in_size);
	if (stream->in == NULL) {
		fail(stream, "out of memory");
		return false;
	}
	if (stream->in_start > 0 && stream->in_len > 0)
		memmove(stream->in, stream->in + stream->in_start,
		    stream->in_len);
	stream->in_start = 0;
	return true;
}

/* One read of a socket without TLS; as recv(2). */
static ssize_t
read_clear(struct stream *stream, char *at, size_t room)
{
	/* another process may have made the socket block */
	return stream->takes_marks ?
	    mark_recv(stream->fd, at, room, &stream->is_marked) :
	    recv(stream->fd, at, room, MSG_DONTWAIT);
}

/* One read into the buffer; true when more may be there. */
static bool
read_once(struct stream *stream)
{
	size_t room = stream->in_size - stream->in_len;
	char *at = stream->in + stream->in_len;
	ssize_t n;

	if (stream->ssl != NULL) {
		ERR_clear_error();	/* somebody else's would be ours */
		n = SSL_read(stream->ssl, at,
		    room > INT_MAX ? INT_MAX : (int)room);
		if (n <= 0) {
			(void)ssl_go_on(stream, (int)n, false);
			return false;
		}
	} else {
		n = read_clear(stream, at, room);
		if (n == 0)
			stream->ended = true;
		else if (n < 0 && errno != EAGAIN && errno != EINTR)
			fail(stream, "the connection broke");
		if (n <= 0)
			return false;
	}
	stream->in_len += (size_t)n;
	/* a short read from a socket means that it is empty now */
	return stream->ssl != NULL || (size_t)n == room;
}

/* Read what there is, up to the room; true when something came. */
static bool
fill(struct stream *stream)
{
	size_t before = stream->in_len;

	if (!may_read(stream) || !make_input_room(stream))
		return false;
	while (may_read(stream) && read_once(stream))
		;
	if (stream->in_len == 0)
		drop_input_buffer(stream);
	if (stream->in_len == before)
		return false;
	stream->heard_ms = clock_ms();
	return true;
}

static void
written(struct stream *stream, size_t n)
{
	stream->out_sent += n;
	if (stream->phase == PHASE_FLUSH)
		stream->out_clear -= n;
	stream->out_upto -= n < stream->out_upto ? n : stream->out_upto;
	if (stream_waiting(stream) > 0)
		return;
	stream->out_sent = 0;
	text_free(&stream->out);	/* an idle peer holds no buffer */
}

/* How much may leave now: not what waits for TLS or for a mark. */
static size_t
may_leave(const struct stream *stream)
{
	if (stream->phase == PHASE_FLUSH)
		return stream->out_clear;
	/* the marked byte leaves by itself */
	return stream->out_upto > 1 ? stream->out_upto - 1 :
	    stream->out_upto == 1 ? 1 : stream_waiting(stream);
}

/* One write without TLS; as send(2). */
static ssize_t
write_clear(struct stream *stream, struct slice s)
{
	return stream->out_upto == 1 ? mark_send(stream->fd, *s.at) :
	    send(stream->fd, s.at, s.len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* One write of what begins `s`; how much has left, 0: that does not go on now. */
static size_t
write_once(struct stream *stream, struct slice s)
{
	ssize_t n;

	if (stream->phase == PHASE_TLS) {
		ERR_clear_error();
		n = SSL_write(stream->ssl, s.at,
		    s.len > INT_MAX ? INT_MAX : (int)s.len);
		if (n <= 0)
			(void)ssl_go_on(stream, (int)n, true);
	} else {
		n = write_clear(stream, s);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			fail(stream, "the connection broke");
	}
	return n > 0 ? (size_t)n : 0;
}

/* Write what waits, as far as the socket takes it. */
static void
flush(struct stream *stream)
{
	size_t most, n;

	if (stream->phase == PHASE_SHAKE || stream->ssl_wants_read)
		return;
	while (stream->fault == NULL && (most = may_leave(stream)) > 0) {
		n = write_once(stream, slice_of(stream->out.at +
		    stream->out_sent, most));
		if (n == 0)
			break;
		written(stream, n);
	}
}

/* What of `s` is left when nothing waits and a large piece may leave at once. */
static struct slice
write_large(struct stream *stream, struct slice s)
{
	size_t n = 1;

	if (stream_waiting(stream) > 0 || s.len > stream->out.limit ||
	    stream->ssl_wants_read ||
	    stream->ssl_wants_write || (stream->phase != PHASE_CLEAR &&
	    stream->phase != PHASE_TLS))
		return s;
	while (n > 0 && s.len >= LARGE_BYTES && stream->fault == NULL) {
		n = write_once(stream, s);
		s = slice_after(s, n);
	}
	return s;
}

/* A step of the handshake; false when the stream is gone. */
static bool
shake(struct stream *stream)
{
	int r;

	ERR_clear_error();
	r = SSL_accept(stream->ssl);
	if (r != 1) {
		if (ssl_go_on(stream, r, false) && stream->ended)
			fail(stream, "the TLS handshake was broken off");
		return true;
	}
	stream->phase = PHASE_TLS;
	stream->heard_ms = clock_ms();
	if (stream->fn != NULL)		/* else it is the finish's */
		timer_stop(stream->deadline);
	(void)snprintf(stream->tls_words, sizeof(stream->tls_words), "%s %s",
	    SSL_get_version(stream->ssl), SSL_get_cipher_name(stream->ssl));
	return tell(stream, STREAM_TLS_UP);
}

static int
begin_tls(struct stream *stream)
{
	stream->phase = PHASE_SHAKE;
	return SSL_set_fd(stream->ssl, stream->fd) == 1 ? 0 : -ENOMEM;
}

/* Once everything has left, say so to the peer. */
static void
say_goodbye(struct stream *stream)
{
	int r;

	if (stream->goodbye || stream->fault != NULL ||
	    stream_waiting(stream) > 0)
		return;
	if (stream->phase == PHASE_TLS) {
		ERR_clear_error();
		r = SSL_shutdown(stream->ssl);
		if (r < 0 && ssl_go_on(stream, r, false))
			return;		/* the socket is full just now */
		ERR_clear_error();
	}
	(void)shutdown(stream->fd, SHUT_WR);
	stream->goodbye = true;
	if (stream->fn == NULL)
		timer_set(stream->deadline, GOODBYE_MS);
}

/*
 * Finishing: after the goodbye wait a moment for the peer's end, so that the
 * close does not take the last reply away from it.
 */
static void
finish_step(struct stream *stream)
{
	stream_consume(stream, stream->in_len);
	if (stream->fault != NULL || (stream->goodbye && stream->ended)) {
		stream_free(stream);
		return;
	}
	rewatch(stream);
}

/* Tell what is new, in an order that makes sense; the stream may be gone. */
static void
tell_news(struct stream *stream, bool input)
{
	if (input && !stream->held && stream->in_len > 0 &&
	    !tell(stream, STREAM_INPUT))
		return;
	flush(stream);
	if (stream->tell_drained && stream_waiting(stream) == 0 &&
	    stream->fault == NULL) {
		stream->tell_drained = false;
		if (!tell(stream, STREAM_DRAINED))
			return;
		flush(stream);
	}
	if (stream->fault != NULL && !stream->fault_told) {
		stream->fault_told = true;
		if (!tell(stream, STREAM_FAILED))
			return;
	} else if (stream->ended && !stream->ended_told &&
	    stream->fault == NULL && !stream->held && !stream->poked) {
		stream->ended_told = true;
		if (!tell(stream, STREAM_CLOSED))
			return;
	}
	if (stream->ending)
		say_goodbye(stream);
	if (stream->fn == NULL)
		finish_step(stream);
	else
		rewatch(stream);
}

static void
on_socket(void *arg, unsigned what)
{
	struct stream *stream = arg;
	bool input = false;

	if (what & LOOP_READ)
		stream->ssl_wants_read = false;
	if (what & LOOP_WRITE)
		stream->ssl_wants_write = false;
	if (stream->phase == PHASE_SHAKE && !shake(stream))
		return;
	if (stream->phase == PHASE_FLUSH) {
		flush(stream);
		if (stream->out_clear == 0 && begin_tls(stream) < 0)
			fail(stream, "out of memory");
	}
	if (stream->phase != PHASE_SHAKE && stream->phase != PHASE_FLUSH)
		input = fill(stream);
	tell_news(stream, input);
}

static void
on_soon(void *arg)
{
	struct stream *stream = arg;
	bool input = stream->poked;

	stream->poked = false;
	if (stream->phase == PHASE_FLUSH) {
		on_socket(stream, 0);
		return;
	}
	if (input && stream->phase != PHASE_SHAKE)
		(void)fill(stream);
	tell_news(stream, input);
}

static void
on_deadline(void *arg)
{
	struct stream *stream = arg;

	if (stream->fn == NULL) {
		stream_free(stream);
		return;
	}
	fail(stream, "the TLS handshake took too long");
}

static void
on_idle(void *arg)
{
	struct stream *stream = arg;
	uint64_t quiet_ms = clock_ms() - stream->heard_ms;

	if (quiet_ms < stream->idle_ms) {
		timer_set(stream->idle, stream->idle_ms - quiet_ms);
		return;
	}
	stream->heard_ms = clock_ms();
	timer_set(stream->idle, stream->idle_ms);
	(void)tell(stream, STREAM_IDLE);
}

void
stream_finish(struct stream *stream)
{
	if (stream == NULL)
		return;
	stream->fn = NULL;
	stream->held = false;
	stream->is_marked = false;
	stream_idle_after(stream, 0);
	timer_set(stream->deadline, stream->goodbye ? GOODBYE_MS :
	    FINISH_MS + stream_waiting(stream) / FINISH_RATE);
	stream_end_output(stream);
}

void
stream_end_output(struct stream *stream)
{
	stream->ending = true;
	timer_set(stream->soon, 0);
}

struct slice
stream_input(const struct stream *stream)
{
	return slice_of(stream->in_len == 0 ? NULL :
	    stream->in + stream->in_start, stream->in_len);
}

void
stream_consume(struct stream *stream, size_t n)
{
	if (n > stream->in_len)
		n = stream->in_len;
	/* reading stopped for want of room: go on with it */
	if (n > 0 && !has_room(stream))
		timer_set(stream->soon, 0);
	stream->in_start += n;
	stream->in_len -= n;
	if (stream->in_len == 0)
		drop_input_buffer(stream);
}

int
stream_write(struct stream *stream, struct slice s)
{
	if (stream->fault != NULL)
		return -ENOBUFS;
	s = write_large(stream, s);
	if (s.len == 0)
		return 0;
	/* what has left counts no more, though moving bytes is put off */
	if (stream->out_sent > 0 &&
	    (stream->out_sent >= stream->out.len / 2 ||
	    s.len > stream->out.limit ||
	    stream->out.len > stream->out.limit - s.len)) {
		text_consume(&stream->out, stream->out_sent);
		stream->out_sent = 0;
	}
	text_add(&stream->out, s);
	if (text_failed(&stream->out)) {
		fail(stream, "the peer does not take what it asked for");
		return -ENOBUFS;
	}
	if (!timer_is_set(stream->soon))
		timer_set(stream->soon, 0);
	return 0;
}

int
stream_mark(struct stream *stream)
{
	if (stream->out_upto > 0 || stream_waiting(stream) == 0)
		return -EBUSY;
	stream->out_upto = stream_waiting(stream);
	return 0;
}

void
stream_take_marks(struct stream *stream)
{
	stream->takes_marks = true;
}

bool
stream_is_marked(const struct stream *stream)
{
	return stream->is_marked;
}

void
stream_pass_mark(struct stream *stream)
{
	stream->is_marked = false;
	stream_poke(stream);
}

bool
stream_has_ended(const struct stream *stream)
{
	return stream->ended;
}

void
stream_tell_drained(struct stream *stream)
{
	stream->tell_drained = true;
	timer_set(stream->soon, 0);
}

void
stream_hold(struct stream *stream, bool held)
{
	if (stream->held == held)
		return;
	stream->held = held;
	if (!held)
		stream_poke(stream);
	else
		rewatch(stream);
}

void
stream_poke(struct stream *stream)
{
	stream->poked = true;
	timer_set(stream->soon, 0);
}

void
stream_idle_after(struct stream *stream, uint64_t ms)
{
	stream->idle_ms = ms;
	stream->heard_ms = clock_ms();
	if (ms == 0)
		timer_stop(stream->idle);
	else
		timer_set(stream->idle, ms);
}

uint64_t
stream_quiet_ms(const struct stream *stream)
{
	return clock_ms() - stream->heard_ms;
}

void
stream_was_quiet(struct stream *stream, uint64_t ms)
{
	stream->heard_ms -= ms < stream->heard_ms ? ms : stream->heard_ms;
	if (stream->idle_ms > 0)
		timer_set(stream->idle, ms < stream->idle_ms ?
		    stream->idle_ms - ms : 0);
}

void
stream_hand_over(struct stream *stream, size_t input_bytes,
    size_t output_limit, stream_fn *fn, void *arg)
{
	char *in = NULL;

	if (stream->in_len == 0)
		drop_input_buffer(stream);
	/* a buffer that holds input may be larger than its bound only */
	if (stream->in_len > 0 && input_bytes > stream->in_size)
		in = realloc(stream->in, stream->in_start + input_bytes);
	if (in != NULL)
		stream->in = in;
	if (in != NULL || stream->in_len == 0 ||
	    input_bytes < stream->in_size)
		stream->in_size = input_bytes;
	stream->out.limit = output_limit;
	stream->fn = fn;
	stream->arg = arg;
	stream->tell_drained = false;
	stream->ended_told = false;
	stream->fault_told = false;
	stream_idle_after(stream, 0);
	stream->held = false;
	stream_poke(stream);
}

int
stream_start_tls(struct stream *stream, const struct tls_server *server)
{
	/* HARDENING A20: what came before the handshake is nobody's word */
	if (stream->in_len > 0 || stream->phase != PHASE_CLEAR)
		return -EPROTO;
	stream->ssl = SSL_new(tls_server_context(server));
	if (stream->ssl == NULL)
		return -ENOMEM;
	if (stream->allows_old_tls)
		tls_allow_old(stream->ssl);
	stream->phase = PHASE_FLUSH;
	stream->out_clear = stream_waiting(stream);
	timer_set(stream->deadline, HANDSHAKE_MS);
	timer_set(stream->soon, 0);
	return 0;
}

void
stream_allow_old_tls(struct stream *stream)
{
	stream->allows_old_tls = true;
}

bool
stream_has_tls(const struct stream *stream)
{
	return stream->phase == PHASE_TLS;
}

int
stream_tls_binding(const struct stream *stream, struct slice type,
    unsigned char *binding_out, size_t *len_out)
{
	return !stream_has_tls(stream) ? -ENOTSUP :
	    tls_binding(stream->ssl, type, binding_out, len_out);
}

const char *
stream_tls_words(const struct stream *stream)
{
	return stream->tls_words;
}

const char *
stream_fault(const struct stream *stream)
{
	return stream->fault == NULL ? "" : stream->fault;
}

int
stream_fd(const struct stream *stream)
{
	return stream->fd;
}
