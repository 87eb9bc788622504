/*
 * scan_rspamd.c - messages to an rspamd, and its answers back
 */
#include "programs/scan_rspamd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "filters/rspamd.h"
#include "lib/base/https_reply.h"

#define PIECE_BYTES	65536	/* sent, and read, at one time */

struct call {
	LIST_ENTRY(call) next;
	struct rspamd_calls *calls;
	rspamd_told_fn	*told;		/* NULL: nobody wants to know */
	void		*arg;
	int		 socket, fd;
	struct watch	*watch;
	struct timer	*patience;
	struct text	 head;
	size_t		 head_sent;
	uint64_t	 bytes, sent;	/* of the message */
	bool		 is_joined, is_sent;
	struct https_reply reply;
};

struct rspamd_calls {
	struct loop	*loop;
	struct clamd	 at;
	uint64_t	 ms;
	unsigned	 count;
	LIST_HEAD(, call) all;
};

static void
call_free(struct call *call)
{
	LIST_REMOVE(call, next);
	call->calls->count--;
	watch_free(call->watch);
	timer_free(call->patience);
	if (call->socket >= 0)
		(void)close(call->socket);
	(void)close(call->fd);
	text_free(&call->head);
	https_reply_close(&call->reply);
	free(call);
}

static void
end(struct call *call, bool is_answer, struct slice said)
{
	if (call->told != NULL)
		call->told(call->arg, is_answer, said);
	call_free(call);
}

static void
fail(struct call *call, const char *what, int error)
{
	TEXT_AUTO words = TEXT_INIT(256);

	text_addf(&words, "%s%s%s", what, error == 0 ? "" : ": ",
	    error == 0 ? "" : strerror(error));
	end(call, false, text_slice(&words));
}

static void
on_late(void *arg)
{
	fail(arg, "it took longer than it may", 0);
}

/* The next piece that it is to have; 0 bytes: it has all. */
static int
next_piece(struct call *call, char room[PIECE_BYTES],
    struct slice *piece_out)
{
	uint64_t left = call->bytes - call->sent;
	ssize_t n;

	*piece_out = slice_after(text_slice(&call->head), call->head_sent);
	if (piece_out->len > 0 || left == 0)
		return 0;
	n = pread(call->fd, room, left < PIECE_BYTES ? (size_t)left :
	    PIECE_BYTES, (off_t)call->sent);
	if (n <= 0)
		return n < 0 ? -errno : -EIO;
	*piece_out = slice_of(room, (size_t)n);
	return 0;
}

/* Send what fits; 1: it has all, 0: it takes no more now. */
static int
send_some(struct call *call)
{
	char room[PIECE_BYTES];
	struct slice piece;

	for (;;) {
		ssize_t n;
		int r = next_piece(call, room, &piece);

		if (r < 0 || piece.len == 0)
			return r < 0 ? r : 1;
		n = send(call->socket, piece.at, piece.len,
		    MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -errno;
		if (call->head_sent < call->head.len)
			call->head_sent += (size_t)n;
		else
			call->sent += (uint64_t)n;
	}
}

/* Its answer, as far as it has come.  True: the call is over. */
static bool
take_some(struct call *call)
{
	char room[PIECE_BYTES];
	ssize_t n = recv(call->socket, room, sizeof(room), MSG_DONTWAIT);
	int r;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n < 0) {
		fail(call, "it broke off", errno);
		return true;
	}
	r = n == 0 ? https_reply_end(&call->reply) :
	    https_reply_take(&call->reply, slice_of(room, (size_t)n));
	if (r == 0)
		return false;
	if (r < 0)
		fail(call, r == -E2BIG ? "its answer is too long" :
		    n == 0 ? "it broke off" : "its answer is no HTTP", 0);
	else if (call->reply.status != 200)
		fail(call, "it refused the question", 0);
	else
		end(call, true, text_slice(&call->reply.body));
	return true;
}

/* It is there now, or not. */
static bool
is_joined(struct call *call)
{
	socklen_t len = sizeof(int);
	int error = 0;

	if (getsockopt(call->socket, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	if (error != 0) {
		fail(call, "it cannot be reached", error);
		return false;
	}
	call->is_joined = true;
	return true;
}

static void
on_ready(void *arg, unsigned what)
{
	struct call *call = arg;
	int r;

	if (!call->is_joined && !is_joined(call))
		return;
	/* one who answers before he has heard all has heard enough */
	if ((what & LOOP_READ) != 0 && take_some(call))
		return;
	if (call->is_sent || (what & LOOP_WRITE) == 0)
		return;
	r = send_some(call);
	if (r == -EPIPE || r == -ECONNRESET)
		r = 1;		/* what it has said before that comes yet */
	call->is_sent = r > 0;
	if (r < 0)
		fail(call, "it cannot be sent the message", -r);
	else if (watch_want(call->watch, LOOP_READ |
	    (call->is_sent ? 0 : LOOP_WRITE)) < 0)
		fail(call, "memory is out", 0);
}

static int
join(struct call *call)
{
	const struct rspamd_calls *calls = call->calls;

	call->socket = socket(calls->at.at.ss_family, SOCK_STREAM |
	    SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (call->socket < 0 || (connect(call->socket,
	    (const struct sockaddr *)&calls->at.at, calls->at.len) < 0 &&
	    errno != EINPROGRESS))
		return -errno;
	call->watch = watch_new(calls->loop, call->socket, on_ready, call);
	call->patience = timer_new(calls->loop, on_late, call);
	if (call->watch == NULL || call->patience == NULL ||
	    watch_want(call->watch, LOOP_READ | LOOP_WRITE) < 0)
		return -ENOMEM;
	timer_set(call->patience, calls->ms);
	return 0;
}

void
rspamd_call(struct rspamd_calls *calls, struct slice head, int fd,
    uint64_t bytes, rspamd_told_fn *told, void *arg)
{
	struct call *call = calls->count >= RSPAMD_CALLS_MOST ? NULL :
	    calloc(1, sizeof(*call));
	int r;

	if (call == NULL) {
		(void)close(fd);
		told(arg, false, slice_str("too many are asked at one time"));
		return;
	}
	call->calls = calls;
	call->told = told;
	call->arg = arg;
	call->socket = -1;
	call->fd = fd;
	call->bytes = bytes;
	call->head = (struct text)TEXT_INIT(RSPAMD_HEAD_MOST);
	https_reply_open(&call->reply, RSPAMD_ANSWER_MOST);
	LIST_INSERT_HEAD(&calls->all, call, next);
	calls->count++;
	text_add(&call->head, head);
	r = text_failed(&call->head) ? -ENOMEM : join(call);
	if (r < 0)
		fail(call, "it cannot be reached", -r);
}

void
rspamd_forget(struct rspamd_calls *calls, const void *arg)
{
	struct call *call, *following;

	for (call = LIST_FIRST(&calls->all); call != NULL; call = following) {
		following = LIST_NEXT(call, next);
		if (call->arg == arg)
			call_free(call);
	}
}

int
rspamd_calls_new(struct loop *loop, const struct clamd *at, uint64_t ms,
    struct rspamd_calls **calls_out)
{
	struct rspamd_calls *calls = calloc(1, sizeof(*calls));

	if (calls == NULL)
		return -ENOMEM;
	calls->loop = loop;
	calls->at = *at;
	calls->ms = ms;
	LIST_INIT(&calls->all);
	*calls_out = calls;
	return 0;
}

void
rspamd_calls_free(struct rspamd_calls *calls)
{
	struct call *call;

	if (calls == NULL)
		return;
	while ((call = LIST_FIRST(&calls->all)) != NULL)
		call_free(call);
	free(calls);
}
