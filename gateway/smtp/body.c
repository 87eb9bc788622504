/*
 * body.c - the bytes of one message on their way to the queue
 *
 * advance() is the one place that decides what to wait for next: more space, a
 * pipe, or room in the pipe.  It is called after every change.
 */
#include "gateway/smtp/body.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/memfd.h"
#include "store/account.h"

#define LEAST_HELD	8192	/* the first room that is made for bytes */
/*
 * A doubled dot cuts the input into runs, and a message of nothing else into
 * one each four bytes: they are held until there are so many, so that the
 * writes are as many as the inputs.  A run that is long by itself goes straight
 * into the pipe.
 */
#define GATHER_BYTES	32768
#define LONG_RUN_BYTES	4096

struct body {
	struct loop	*loop;
	const struct smtp_ports *ports;
	uint64_t	 most;		/* bytes of the largest message */
	uint64_t	 grow;
	uint64_t	 bytes;		/* that came */
	uint64_t	 granted;
	uint64_t	 asked;		/* space asked for just now */
	bool		 asks;		/* a port owes us a reply */
	bool		 ended;		/* nothing comes any more */
	bool		 failed;
	struct smtp_answer fault;
	char		*held;		/* came and went nowhere yet; or NULL */
	size_t		 held_len, held_size;
	size_t		 due;		/* of these, to go into the pipe now */
	size_t		 sent;		/* of these, gone into it */
	int		 memfd;		/* of all, at the end; -1: not made */
	int		 pipe;		/* -1: none, or closed */
	struct watch	*watch;		/* of the pipe */
	bool		 has_ticket;	/* a big file waits for our submit */
	uint64_t	 ticket;
	body_fn		*then;		/* who waits for us, once */
	void		*then_arg;
};

struct body *
body_new(struct loop *loop, const struct smtp_ports *ports, uint64_t most,
    uint64_t grow)
{
	struct body *body = calloc(1, sizeof(*body));

	if (body == NULL)
		return NULL;
	body->loop = loop;
	body->ports = ports;
	body->most = most;
	body->grow = grow;
	body->memfd = -1;
	body->pipe = -1;
	return body;
}

static void
pipe_close(struct body *body)
{
	watch_free(body->watch);
	body->watch = NULL;
	if (body->pipe >= 0)
		(void)close(body->pipe);
	body->pipe = -1;
}

static void
held_free(struct body *body)
{
	free(body->held);
	body->held = NULL;
	body->held_len = body->held_size = body->due = body->sent = 0;
}

void
body_free(struct body *body)
{
	if (body == NULL)
		return;
	if (body->asks)
		body->ports->forget(body->ports->arg, body);
	pipe_close(body);
	held_free(body);
	if (body->has_ticket)
		body->ports->abandon(body->ports->arg, body->ticket);
	if (body->granted > 0)
		body->ports->release(body->ports->arg, body->granted);
	if (body->memfd >= 0)
		(void)close(body->memfd);
	free(body);
}

void
body_refuse(struct body *body, int code, const char *status, const char *words)
{
	if (body->failed)
		return;
	body->failed = true;
	body->fault.code = code;
	(void)snprintf(body->fault.status, sizeof(body->fault.status), "%s",
	    status);
	(void)snprintf(body->fault.words, sizeof(body->fault.words), "%s",
	    words);
	pipe_close(body);
	held_free(body);
}

static void
refuse_for_now(struct body *body)
{
	body_refuse(body, 451, "4.3.0", "The message cannot be taken now");
}

/* A port said no; its own words are passed on if they are a refusal. */
static void
refuse_as(struct body *body, const struct smtp_answer *answer)
{
	if (answer->code >= 400 && answer->code <= 599)
		body_refuse(body, answer->code, answer->status,
		    answer->words);
	else
		refuse_for_now(body);
}

/* What is held goes into the pipe, or as much of it as fits now. */
static void
pipe_fill(struct body *body)
{
	ssize_t put;

	body->due = body->held_len;
	while (body->sent < body->due) {
		put = write(body->pipe, body->held + body->sent,
		    body->due - body->sent);
		if (put < 0 && errno == EAGAIN)
			return;
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0) {
			refuse_for_now(body);
			return;
		}
		body->sent += (size_t)put;
	}
	body->held_len = body->due = body->sent = 0;
}

static void
refuse_room(struct body *body)
{
	body_refuse(body, 452, "4.3.1",
	    "There is no room for the message now");
}

/* Nothing comes any more: what was held is the message, or its last bytes. */
static void
finish(struct body *body)
{
	if (body->failed)
		return;
	if (body->has_ticket) {
		pipe_close(body);
		return;
	}
	body->memfd = memfd_of("message", slice_of(body->held,
	    body->held_len));
	if (body->memfd < 0)
		refuse_room(body);
	held_free(body);
}

static void on_grant(void *arg, const struct smtp_answer *);
static void on_big(void *arg, int pipe_fd, uint64_t ticket,
    const struct smtp_answer *);

static void
ask_grant(struct body *body, uint64_t bytes)
{
	int r;

	body->asked = bytes;
	body->asks = true;
	r = body->ports->grant(body->ports->arg, bytes, on_grant, body);
	if (r == 0)
		return;
	body->asks = false;
	if (r > 0)
		body->granted += bytes;
	else if (r == -ENOSPC)
		body_refuse(body, 452, "4.3.1",
		    "Too much mail of yours is under way; try again later");
	else
		refuse_for_now(body);
}

/* What is needed beyond the grant, and then as much again. */
static uint64_t
growth(const struct body *body)
{
	uint64_t more = body->granted > body->grow ? body->granted :
	    body->grow;
	uint64_t needed = body->bytes - body->granted;

	if (more < needed)
		more = needed;
	return more < body->most - body->granted ? more :
	    body->most - body->granted;
}

static void
ask_big(struct body *body)
{
	body->asks = true;
	if (body->ports->big(body->ports->arg, on_big, body) < 0) {
		body->asks = false;
		refuse_for_now(body);
	}
}

/* Begin whatever has to be waited for next. */
static void
advance(struct body *body)
{
	if (body->failed || body->asks)
		return;
	if (body->bytes > body->granted)
		ask_grant(body, growth(body));
	if (body->failed || body->asks)
		return;
	if (body->bytes > BIG_BYTES && !body->has_ticket)
		ask_big(body);
	else if (body->pipe >= 0) {
		pipe_fill(body);
		if (body->watch != NULL && watch_want(body->watch,
		    body->sent < body->due ? LOOP_WRITE : 0) < 0)
			refuse_for_now(body);
	}
}

bool
body_is_busy(const struct body *body)
{
	return body->asks || (!body->failed && body->pipe >= 0 &&
	    body->sent < body->due);
}

/* From the loop: something happened.  The body may be gone after this. */
static void
go_on(struct body *body)
{
	body_fn *then = body->then;

	advance(body);
	if (body_is_busy(body))
		return;
	if (body->ended)
		finish(body);
	body->then = NULL;
	if (then != NULL)
		then(body->then_arg);
}

static void
on_grant(void *arg, const struct smtp_answer *answer)
{
	struct body *body = arg;

	body->asks = false;
	if (answer->code == 250)
		body->granted += body->asked;
	else
		refuse_as(body, answer);
	go_on(body);
}

static void
on_pipe(void *arg, unsigned what)
{
	(void)what;
	go_on(arg);
}

static void
on_big(void *arg, int pipe_fd, uint64_t ticket,
    const struct smtp_answer *answer)
{
	struct body *body = arg;

	body->asks = false;
	if (pipe_fd < 0) {
		refuse_as(body, answer);
		go_on(body);
		return;
	}
	body->pipe = pipe_fd;
	body->ticket = ticket;
	body->has_ticket = true;
	body->watch = watch_new(body->loop, pipe_fd, on_pipe, body);
	if (body->watch == NULL || fcntl(pipe_fd, F_SETFL, O_NONBLOCK) < 0)
		refuse_for_now(body);
	/* the sender may have been found wanting meanwhile */
	if (body->failed)
		pipe_close(body);
	go_on(body);
}

void
body_reserve(struct body *body, uint64_t bytes)
{
	ask_grant(body, bytes);
}

/* Room for `more` bytes behind what is held. */
static bool
make_room(struct body *body, size_t more)
{
	size_t need = body->held_len + more, size = body->held_size;
	char *held;

	if (need <= size)
		return true;
	size = size * 2 > LEAST_HELD ? size * 2 : LEAST_HELD;
	if (size < need)
		size = need;
	held = realloc(body->held, size);
	if (held == NULL) {
		refuse_room(body);
		return false;
	}
	body->held = held;
	body->held_size = size;
	return true;
}

void
body_open(struct body *body)
{
	(void)make_room(body, LEAST_HELD);
}

static void
hold(struct body *body, struct slice s)
{
	if (!make_room(body, s.len))
		return;
	memcpy(body->held + body->held_len, s.at, s.len);
	body->held_len += s.len;
}

/* Straight into the pipe, if nothing waits before it; what is left of it. */
static struct slice
put_through(struct body *body, struct slice s)
{
	ssize_t n;

	if (body->pipe < 0 || body->held_len > 0)
		return s;
	n = write(body->pipe, s.at, s.len);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		refuse_for_now(body);
	return slice_after(s, n < 0 ? 0 : (size_t)n);
}

void
body_put(struct body *body, struct slice s)
{
	bool is_long = s.len >= LONG_RUN_BYTES;

	body->bytes += s.len;
	if (body->bytes > body->most)
		body_refuse(body, 552, "5.3.4",
		    "The message is larger than this hub takes");
	if (!body->failed && is_long)
		s = put_through(body, s);
	if (!body->failed && s.len > 0)
		hold(body, s);
	if (!body->failed && (is_long ||
	    body->held_len - body->due >= GATHER_BYTES))
		advance(body);
}

void
body_flush(struct body *body)
{
	if (!body->failed)
		advance(body);
}

void
body_end(struct body *body)
{
	body_flush(body);
	body->ended = true;
	if (!body_is_busy(body))
		finish(body);
}

void
body_when_free(struct body *body, body_fn *fn, void *arg)
{
	body->then = fn;
	body->then_arg = arg;
}

const struct smtp_answer *
body_fault(const struct body *body)
{
	return body->failed ? &body->fault : NULL;
}

uint64_t
body_bytes(const struct body *body)
{
	return body->bytes;
}

uint64_t
body_granted(const struct body *body)
{
	return body->granted;
}

struct body_whole
body_take(struct body *body)
{
	struct body_whole whole = {
	    .memfd = body->has_ticket ? -1 : body->memfd,
	    .ticket = body->ticket, .granted = body->granted
	};

	body->granted = 0;
	body->has_ticket = false;
	return whole;
}

void
body_give_back(struct body *body, const struct body_whole *whole)
{
	body->granted = whole->granted;
	body->has_ticket = whole->memfd < 0;
}
