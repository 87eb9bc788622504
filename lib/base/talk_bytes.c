/*
 * talk_bytes.c - the bytes of an open conversation
 *
 * libcurl is no more than a socket with or without TLS here.  TLS may hold
 * bytes that the socket does not show: readable() comes again, without waiting
 * for the socket, until a reader has seen -EAGAIN.
 */
#include <errno.h>

#include "lib/base/talk_inside.h"

#define PIECE_BYTES	(16u * 1024)	/* one TLS record */

/* Watch for exactly what could be done next. */
static void
rewatch(struct talk *talk)
{
	unsigned what = 0;

	if (!talk->broke && !talk->held && !talk->is_starved)
		what |= LOOP_READ;
	if (!talk->broke && talk->out.len > 0 &&
	    !(talk->is_paced && talk->is_starved))
		what |= LOOP_WRITE;
	if (watch_want(talk->watch, what) < 0)
		talk->broke = true;
	if (talk->broke || talk->tell_drained ||
	    (talk->may_have_more && !talk->held && !talk->is_starved))
		timer_set(talk->soon, 0);
}

/* A password may have been in it: it does not stay behind in memory. */
static void
wipe_sent(struct talk *talk)
{
	if (talk->out.len == 0 && talk->out.at != NULL)
		OPENSSL_cleanse(talk->out.at, talk->out.size);
}

/* How many bytes of what waits to write next; 0: none now. */
static size_t
next_piece(struct talk *talk)
{
	size_t n = talk->out.len < PIECE_BYTES ? talk->out.len : PIECE_BYTES;

	/* OpenSSL wants the same bytes again, no fewer */
	if (talk->retry_bytes != 0)
		return talk->retry_bytes;
	return talk->is_paced && n > 0 ? talk_line_room(talk, n) : n;
}

/* Write what waits, as far as the socket takes it. */
static void
flush(struct talk *talk)
{
	CURLcode code = CURLE_OK;
	size_t n, sent = 0;

	while (code == CURLE_OK && (n = next_piece(talk)) > 0) {
		code = curl_easy_send(talk->easy, talk->out.at, n, &sent);
		if (code == CURLE_OK) {
			talk->retry_bytes = 0;
			talk_line_sent(talk, sent);
			text_consume(&talk->out, sent);
			talk->tell_drained = talk->out.len == 0;
			wipe_sent(talk);
		} else if (code == CURLE_AGAIN)
			talk->retry_bytes = n;
		else {
			/* reading on brings its last words, then the end */
			talk->is_deaf = true;
			talk->may_have_more = true;
			talk->retry_bytes = 0;
			text_clear(&talk->out);
			wipe_sent(talk);
		}
	}
}

/* Call a handler; false when it freed the conversation. */
static bool
tell(struct talk *talk, void (*fn)(void *))
{
	bool gone = false;

	talk->gone = &gone;
	fn(talk->events.arg);
	if (!gone)
		talk->gone = NULL;
	return !gone;
}

static void
tell_readable(struct talk *talk)
{
	if (talk->held || talk->broke || talk->is_starved)
		return;
	/* talk_read() takes this back when nothing is left */
	talk->may_have_more = true;
	if (tell(talk, talk->events.readable))
		rewatch(talk);
}

static void
on_socket(void *arg, unsigned what)
{
	struct talk *talk = arg;

	if (what & LOOP_WRITE) {
		flush(talk);
		rewatch(talk);
	}
	if (what & LOOP_READ)
		tell_readable(talk);
}

static void
on_soon(void *arg)
{
	struct talk *talk = arg;

	if (talk->out.len > 0 && talk->retry_bytes == 0 && !talk->broke) {
		flush(talk);
		rewatch(talk);
	}
	if (talk->tell_drained && !talk->broke) {
		talk->tell_drained = false;
		if (talk->events.drained != NULL &&
		    !tell(talk, talk->events.drained))
			return;
	}
	if (talk->broke)
		talk_fail(talk, TALK_CLOSED, slice_of(talk->last,
		    talk->last_len));
	else if (talk->may_have_more)
		tell_readable(talk);
}

int
talk_bytes_new(struct talk *talk)
{
	talk->out.limit = TALK_WAITING_MOST;
	talk->soon = timer_new(talk->hall->loop, on_soon, talk);
	return talk->soon == NULL ? -ENOMEM : 0;
}

int
talk_bytes_open(struct talk *talk)
{
	curl_socket_t fd = CURL_SOCKET_BAD;

	if (curl_easy_getinfo(talk->easy, CURLINFO_ACTIVESOCKET, &fd) !=
	    CURLE_OK || fd == CURL_SOCKET_BAD)
		return -EBADF;
	talk->watch = watch_new(talk->hall->loop, fd, on_socket, talk);
	if (talk->watch == NULL)
		return -ENOMEM;
	talk->fd = fd;
	talk->is_open = true;
	talk->may_have_more = true;
	rewatch(talk);
	return talk->broke ? -ENOMEM : 0;
}

/* Before the socket is closed, and before failed() is told. */
void
talk_bytes_close(struct talk *talk)
{
	if (talk->is_open)
		talk_line_look(talk, talk->fd);
	watch_free(talk->watch);
	timer_free(talk->soon);
	text_clear(&talk->out);
	wipe_sent(talk);
	text_free(&talk->out);
	talk->watch = NULL;
	talk->soon = NULL;
	talk->is_open = false;
}

int
talk_write(struct talk *talk, struct slice bytes)
{
	if (bytes.len > TALK_WAITING_MOST - talk->out.len)
		return -ENOBUFS;
	/* nobody hears it any more: failed() comes, or has come */
	if (talk->is_over || talk->broke || talk->is_deaf || bytes.len == 0)
		return 0;
	text_add(&talk->out, bytes);
	if (text_failed(&talk->out)) {
		talk->out.failed = false;
		return -ENOMEM;
	}
	talk->tell_drained = false;
	/* what is written in one turn of the loop leaves together */
	if (talk->is_open)
		timer_set(talk->soon, 0);
	return 0;
}

size_t
talk_waiting(const struct talk *talk)
{
	return talk->out.len;
}

int
talk_read(struct talk *talk, char *bytes, size_t size)
{
	CURLcode code;
	size_t n = 0;

	if (talk->is_over || talk->broke)
		return -ECONNRESET;
	if (!talk->is_open)
		return -EAGAIN;
	if (size > INT32_MAX)
		size = INT32_MAX;
	size = talk_line_room(talk, size);
	if (size == 0) {
		talk->may_have_more = false;
		rewatch(talk);
		return -EAGAIN;
	}
	code = curl_easy_recv(talk->easy, bytes, size, &n);
	if (code == CURLE_OK && n > 0) {
		talk_line_received(talk, n);
		return (int)n;
	}
	talk->may_have_more = false;
	if (code == CURLE_AGAIN)
		return -EAGAIN;
	talk->broke = true;
	timer_set(talk->soon, 0);
	return -ECONNRESET;
}

void
talk_bytes_resume(struct talk *talk)
{
	talk->may_have_more = true;
	rewatch(talk);
}

void
talk_hold(struct talk *talk, bool held)
{
	if (talk->held == held)
		return;
	talk->held = held;
	if (talk->is_open)
		rewatch(talk);
}
