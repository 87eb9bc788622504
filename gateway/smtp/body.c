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
#include <sys/mman.h>
#include <unistd.h>

#include "store/account.h"

#define STEP_BYTES	16384	/* from the memfd into the pipe at a time */
/*
 * A doubled dot cuts the input into runs, and a message of nothing else into
 * one each four bytes: they are gathered, so that the writes are as many as the
 * inputs.  A run that is long by itself is not copied.
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
	char		*gathered;	/* came after what is staged; or NULL */
	size_t		 gathered_len;
	int		 memfd;		/* -1: not made */
	uint64_t	 staged;	/* bytes in it */
	uint64_t	 sent;		/* of these, gone into the pipe */
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
gathered_free(struct body *body)
{
	free(body->gathered);
	body->gathered = NULL;
	body->gathered_len = 0;
}

void
body_free(struct body *body)
{
	if (body == NULL)
		return;
	if (body->asks)
		body->ports->forget(body->ports->arg, body);
	pipe_close(body);
	gathered_free(body);
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
	gathered_free(body);
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

/* All of what is staged and not sent has been written, or does not fit now. */
static void
pipe_fill(struct body *body)
{
	char bytes[STEP_BYTES];
	ssize_t got, put;

	if (body->staged == 0)
		return;
	while (body->sent < body->staged) {
		got = pread(body->memfd, bytes, sizeof(bytes),
		    (off_t)body->sent);
		put = got <= 0 ? -1 : write(body->pipe, bytes, (size_t)got);
		if (got > 0 && put < 0 && errno == EAGAIN)
			return;
		if (got > 0 && put < 0 && errno == EINTR)
			continue;
		if (put < 0) {
			refuse_for_now(body);
			return;
		}
		body->sent += (uint64_t)put;
	}
	body->sent = body->staged = 0;
	if (ftruncate(body->memfd, 0) < 0)
		refuse_for_now(body);
}

static void
finish(struct body *body)
{
	const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE |
	    F_SEAL_SEAL;

	if (body->failed)
		return;
	if (body->pipe >= 0)
		pipe_close(body);
	else if (!body->has_ticket &&
	    fcntl(body->memfd, F_ADD_SEALS, seals) < 0)
		refuse_for_now(body);
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
	if (r == -ENOSPC)
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
	else if (body->bytes > BIG_BYTES && !body->has_ticket)
		ask_big(body);
	else if (body->pipe >= 0) {
		pipe_fill(body);
		if (body->watch != NULL && watch_want(body->watch,
		    body->sent < body->staged ? LOOP_WRITE : 0) < 0)
			refuse_for_now(body);
	}
}

bool
body_is_busy(const struct body *body)
{
	return body->asks || (!body->failed && body->pipe >= 0 &&
	    body->sent < body->staged);
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

void
body_open(struct body *body)
{
	if (body->memfd >= 0)
		return;
	body->memfd = memfd_create("message", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (body->memfd < 0)
		body_refuse(body, 452, "4.3.1",
		    "There is no room for the message now");
}

/* Put what does not go straight into the pipe into the memfd. */
static void
stage(struct body *body, struct slice s)
{
	ssize_t n;

	if (body->pipe >= 0 && body->staged == 0) {
		n = write(body->pipe, s.at, s.len);
		if (n < 0 && errno != EAGAIN && errno != EINTR) {
			refuse_for_now(body);
			return;
		}
		s = slice_after(s, n < 0 ? 0 : (size_t)n);
	}
	while (s.len > 0) {
		n = pwrite(body->memfd, s.at, s.len, (off_t)body->staged);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			refuse_for_now(body);
			return;
		}
		body->staged += (uint64_t)n;
		s = slice_after(s, (size_t)n);
	}
}

/* All that was gathered goes on; whoever calls sees to advance(). */
static void
stage_gathered(struct body *body)
{
	if (body->gathered_len > 0)
		stage(body, slice_of(body->gathered, body->gathered_len));
	body->gathered_len = 0;
}

static void
gather(struct body *body, struct slice s)
{
	if (body->gathered == NULL)
		body->gathered = malloc(GATHER_BYTES);
	if (body->gathered == NULL) {
		refuse_for_now(body);
		return;
	}
	memcpy(body->gathered + body->gathered_len, s.at, s.len);
	body->gathered_len += s.len;
}

void
body_put(struct body *body, struct slice s)
{
	bool is_long = s.len >= LONG_RUN_BYTES;

	body->bytes += s.len;
	if (body->bytes > body->most)
		body_refuse(body, 552, "5.3.4",
		    "The message is larger than this hub takes");
	if (body->failed || s.len == 0)
		return;
	if (is_long || s.len > GATHER_BYTES - body->gathered_len) {
		stage_gathered(body);
		if (is_long && !body->failed)
			stage(body, s);
		advance(body);
	}
	if (!is_long && !body->failed)
		gather(body, s);
}

void
body_flush(struct body *body)
{
	if (body->failed || body->gathered == NULL)
		return;
	stage_gathered(body);
	gathered_free(body);
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
