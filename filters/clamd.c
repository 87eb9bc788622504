/*
 * clamd.c - a clamd that looks instead of the library
 */
#include "filters/clamd.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "filters/clam.h"
#include "lib/base/loop.h"

#define CHUNK_BYTES	65536	/* clamd takes them up to StreamMaxLength */
#define REPLY_MOST	1024	/* one sentence; names are up to 130 bytes */
#define COMMAND		"zINSTREAM"	/* with a NUL: so ends the reply */

/* One look on its way. */
struct call {
	int		 fd;
	uint64_t	 until_ms;
	bool		 was_cut;	/* it has heard enough, or is gone */
};

/* Wait for one of `events`; those that came, or a negative errno. */
static int
wait_for(const struct call *call, short events)
{
	struct pollfd one = { .fd = call->fd, .events = events };
	uint64_t now = clock_ms();
	int r;

	do {
		if (now >= call->until_ms)
			return -ETIMEDOUT;
		r = poll(&one, 1, (int)(call->until_ms - now));
		now = clock_ms();
	} while (r == 0 || (r < 0 && errno == EINTR));
	return r < 0 ? -errno : one.revents;
}

/* Send it all, unless clamd speaks before the end. */
static int
send_all(struct call *call, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len > 0 && !call->was_cut) {
		int events = wait_for(call, POLLOUT | POLLIN);
		ssize_t n;

		if (events < 0)
			return events;
		call->was_cut = (events & POLLOUT) == 0 ||
		    (events & POLLIN) != 0;
		if (call->was_cut)
			return 0;
		n = send(call->fd, at, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			call->was_cut = true;
		if (n > 0) {
			at += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static int
send_stream(struct call *call, struct slice bytes)
{
	const uint32_t end = 0;
	int r = send_all(call, COMMAND, sizeof(COMMAND));

	while (r == 0 && bytes.len > 0 && !call->was_cut) {
		struct slice chunk = slice_first(bytes, CHUNK_BYTES);
		uint32_t len = htonl((uint32_t)chunk.len);

		r = send_all(call, &len, sizeof(len));
		if (r == 0)
			r = send_all(call, chunk.at, chunk.len);
		bytes = slice_after(bytes, chunk.len);
	}
	return r < 0 ? r : send_all(call, &end, sizeof(end));
}

/* Its reply, up to the NUL that ends it; -EPROTO: there is none. */
static int
take_reply(const struct call *call, char reply[REPLY_MOST],
    struct slice *reply_out)
{
	size_t len = 0;

	while (len < REPLY_MOST) {
		int events = wait_for(call, POLLIN);
		ssize_t n;

		if (events < 0)
			return events;
		n = recv(call->fd, reply + len, REPLY_MOST - len,
		    MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			return -EPROTO;
		len += (size_t)n;
		if (reply[len - 1] == '\0') {
			*reply_out = slice_of(reply, len - 1);
			return 0;
		}
	}
	return -EPROTO;
}

static int
join(const struct clamd *clamd, struct call *call)
{
	socklen_t len = sizeof(int);
	int events, fault = 0;

	call->fd = socket(clamd->at.ss_family, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0);
	if (call->fd < 0)
		return -errno;
	if (connect(call->fd, (const struct sockaddr *)&clamd->at,
	    clamd->len) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return -errno;
	events = wait_for(call, POLLOUT);
	if (events < 0)
		return events;
	return getsockopt(call->fd, SOL_SOCKET, SO_ERROR, &fault, &len) < 0 ?
	    -errno : -fault;
}

struct scan_answer
clamd_look(const struct clamd *clamd, struct slice bytes, uint64_t until_ms)
{
	struct call call = { .fd = -1, .until_ms = until_ms };
	struct scan_answer answer;
	char room[REPLY_MOST];
	struct slice reply;
	int r = join(clamd, &call);

	if (r < 0) {
		answer = scan_answer_of(SCAN_NOT_SCANNED, "",
		    "clamd cannot be reached: %s", strerror(-r));
	} else {
		r = send_stream(&call, bytes);
		if (r == 0)
			r = take_reply(&call, room, &reply);
		if (r == 0)
			answer = clamd_answer(reply);
		else if (r == -ETIMEDOUT)
			answer = scan_answer_of(SCAN_TOO_LONG, "",
			    "clamd took longer than it may");
		else
			answer = scan_answer_of(SCAN_NOT_SCANNED, "",
			    "clamd broke off");
	}
	if (call.fd >= 0)
		(void)close(call.fd);
	return answer;
}

/* Cut `end` off; false if it does not end so. */
static bool
take_end(struct slice *s, const char *end)
{
	if (!slice_has_suffix(*s, end))
		return false;
	s->len -= strlen(end);
	return true;
}

struct scan_answer
clamd_answer(struct slice reply)
{
	char name[REPLY_MOST];

	if (slice_is_str(reply, "INSTREAM size limit exceeded. ERROR"))
		return scan_answer_of(SCAN_TOO_MUCH, "",
		    "it is larger than clamd takes (StreamMaxLength)");
	if (take_end(&reply, " ERROR") && slice_cstr(reply, name,
	    sizeof(name)) == 0)
		return scan_answer_of(SCAN_UNSCANNABLE, "", "clamd failed: %s",
		    name);
	if (slice_is_str(reply, "stream: OK"))
		return (struct scan_answer){ .result = SCAN_CLEAN };
	if (slice_has_prefix(reply, "stream: ") && take_end(&reply, " FOUND")) {
		reply = slice_after(reply, strlen("stream: "));
		if (reply.len > 0 && slice_cstr(reply, name, sizeof(name)) == 0)
			return clam_answer_for(name);
	}
	return scan_answer_of(SCAN_NOT_SCANNED, "",
	    "the answer of clamd makes no sense");
}
