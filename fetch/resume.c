/*
 * resume.c - the rest of a big message of which the beginning is here
 */
#include "fetch/resume.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "fetch/collect_inside.h"

#define READ_BYTES	65536
/* Before others get a turn; the pipe takes no more at once anyway. */
#define READS_OF_TURN	16

uint64_t
resume_from(const struct collect *collect, const struct listed *row)
{
	return collect->protocol->rest == NULL || collect->is_whole_only ? 0 :
	    row->half;
}

/*
 * It does not fit: what is kept of it goes, and the message comes whole, in a
 * conversation of its own, for this one carries the rest of it.
 */
static void
start_over(struct collect *collect, const char *words)
{
	struct incoming *incoming = collect->conversation->incoming;
	TEXT_AUTO body = TEXT_INIT(32);

	if (incoming != NULL) {
		pack_u64(&body, collect->conversation->listing.id);
		pack_u32(&body, incoming->retr.number);
		pack_u64(&body, incoming->has_ticket ? incoming->ticket : 0);
		queue_tell(collect, QUEUE_HALF_DROP, &body);
		incoming_drop(collect);
	}
	collect->is_whole_only = true;
	collect_break(collect, FETCH_END_INCONSISTENT, words);
}

bool
resume_is_right(struct collect *collect, uint64_t asked, uint64_t said)
{
	if (asked == said)
		return true;
	start_over(collect, "the rest of a message cannot be had");
	return false;
}

bool
resume_is_kept(const struct collect *collect, const struct incoming *incoming)
{
	const struct protocol *protocol = collect->protocol;

	return protocol->rest != NULL && incoming->retr.listed > BIG_BYTES &&
	    collect->conversation->listing.uidvalidity != 0 &&
	    !protocol->is_mended(collect);
}

/* The beginning */

/* The next of it; false: there is none. */
static bool
read_some(struct resume *resume, char *bytes, size_t most, struct slice *s_out)
{
	size_t want = resume->left < most ? (size_t)resume->left : most;
	size_t got = 0;

	while (got < want) {
		ssize_t n = pread(resume->fd, bytes + got, want - got,
		    (off_t)(resume->at + got));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		got += (size_t)n;
	}
	resume->at += got;
	resume->left -= got;
	*s_out = slice_of(bytes, got);
	return true;
}

/* All of it has been read: is it what was kept?  Then the rest may come. */
static void
read_end(struct collect *collect, struct incoming *incoming)
{
	unsigned char digest[DIGEST_BYTES];
	bool is_same = digest_so_far(&collect->whole, digest) == 0 &&
	    memcmp(digest, incoming->resume.digest, DIGEST_BYTES) == 0;

	resume_end(incoming);
	if (is_same)
		conversation_hold(collect, HOLD_HALF, false);
	else
		start_over(collect, "what was kept of a message is damaged");
}

void
resume_more(struct collect *collect)
{
	struct incoming *incoming = collect->conversation->incoming;
	char bytes[READ_BYTES];
	struct slice s;

	for (unsigned i = 0; i < READS_OF_TURN && incoming != NULL &&
	    incoming->resume.fd >= 0 && incoming->len == 0; i++) {
		if (incoming->resume.left == 0) {
			read_end(collect, incoming);
			return;
		}
		if (!read_some(&incoming->resume, bytes, sizeof(bytes), &s)) {
			start_over(collect,
			    "what was kept of a message cannot be read");
			return;
		}
		incoming_add(collect, s, 0);
		if (conversation_is_over(collect))
			return;
		incoming = collect->conversation->incoming;
	}
	if (incoming != NULL && incoming->resume.fd >= 0 &&
	    incoming->len == 0 && watch_want(incoming->watch, LOOP_WRITE) < 0)
		collect_break(collect, FETCH_END_LOCAL, "out of memory");
}

/* The header has to stand in the buffer as a whole, as far as it is read. */
static void
read_first(struct collect *collect, struct incoming *incoming)
{
	char bytes[READ_BYTES];
	struct slice s;

	incoming->is_waiting = true;
	while (incoming->len < BIG_BYTES && incoming->resume.left > 0) {
		size_t room = BIG_BYTES - incoming->len;

		if (!read_some(&incoming->resume, bytes,
		    room < sizeof(bytes) ? room : sizeof(bytes), &s)) {
			start_over(collect,
			    "what was kept of a message cannot be read");
			return;
		}
		incoming_add(collect, s, 0);
		if (collect->conversation->incoming != incoming)
			return;
	}
	incoming->is_waiting = false;
	incoming_go_on(collect);
}

static void
on_big_of(struct collect *collect, uint64_t bytes,
    struct ipc_message *message)
{
	struct incoming *incoming = collect->conversation->incoming;
	struct queue_answer said;
	struct slice digest;
	struct unpack u;
	uint64_t ticket, length;

	(void)bytes;
	if (!queue_answer_read(collect, message, &u, &said))
		return;
	ticket = unpack_u64(&u);
	length = unpack_u64(&u);
	digest = unpack_bytes(&u, DIGEST_BYTES);
	if (!unpack_is_done(&u)) {
		collect_break(collect, FETCH_END_LOCAL,
		    "the queue's answer cannot be read");
		return;
	}
	if (!incoming_piped(collect, message, &said, ticket))
		return;
	incoming->is_kept = true;
	if (collect->is_pausing && resume_may_cut(collect)) {
		take_close(collect, slice_str("the line has closed"));
		return;
	}
	if (incoming->retr.half == 0) {
		/* what came while this was asked may be mended already */
		if (collect->protocol->is_mended(collect))
			resume_mended(collect, incoming);
		else
			incoming_go_on(collect);
		return;
	}
	incoming->resume.fd = ipc_take_fd(message, 1);
	incoming->resume.left = length;
	memcpy(incoming->resume.digest, digest.at, DIGEST_BYTES);
	/* another beginning than the listing has told of, or none any more */
	if (length != incoming->retr.half || incoming->resume.fd < 0)
		start_over(collect, "what was kept of a message is gone");
	else
		read_first(collect, incoming);
}

void
resume_begin(struct collect *collect, struct incoming *incoming)
{
	TEXT_AUTO body = TEXT_INIT(32);

	if (incoming->retr.half > 0) {
		incoming->is_big = true;
		conversation_hold(collect, HOLD_HALF, true);
	}
	pack_u64(&body, collect->conversation->listing.id);
	pack_u32(&body, incoming->retr.number);
	pack_u8(&body, incoming->retr.half > 0);
	conversation_hold(collect, HOLD_PIPE, true);
	(void)queue_ask(collect, QUEUE_BIG_OF, &body, -1, 0, on_big_of);
}

/* The rest */

/* Of the message of `ticket`; it may have been left, and another come since. */
static void
on_mended(struct collect *collect, uint64_t ticket,
    struct ipc_message *message)
{
	struct incoming *incoming = collect->conversation->incoming;

	if (message == NULL) {
		collect_break(collect, FETCH_END_PAUSED,
		    "the queue is not there");
		return;
	}
	if (incoming == NULL || !incoming->has_ticket ||
	    incoming->ticket != ticket)
		return;
	incoming->is_waiting = false;
	incoming_go_on(collect);
	conversation_hold(collect, HOLD_HALF, false);
}

void
resume_mended(struct collect *collect, struct incoming *incoming)
{
	TEXT_AUTO body = TEXT_INIT(16);

	/* a full pipe is not filled either: what was mended is behind it */
	if (watch_want(incoming->watch, 0) < 0) {
		collect_break(collect, FETCH_END_LOCAL, "out of memory");
		return;
	}
	incoming->is_kept = false;
	incoming->is_waiting = true;
	pack_u64(&body, incoming->ticket);
	conversation_hold(collect, HOLD_HALF, true);
	(void)queue_ask(collect, QUEUE_BIG_MENDED, &body, -1,
	    incoming->ticket, on_mended);
}

bool
resume_is_whole(struct collect *collect, uint64_t wire_bytes)
{
	const struct incoming *incoming = collect->conversation->incoming;

	if (incoming->retr.half == 0 || wire_bytes == incoming->retr.listed)
		return true;
	start_over(collect, "the rest of a message is not what was listed");
	return false;
}

bool
resume_may_cut(const struct collect *collect)
{
	const struct incoming *incoming = collect->conversation->incoming;

	return incoming != NULL && incoming->is_kept &&
	    incoming->has_ticket &&
	    incoming->bytes + RESUME_FINISH_BYTES < incoming->retr.listed;
}

void
resume_end(struct incoming *incoming)
{
	if (incoming->resume.fd >= 0)
		(void)close(incoming->resume.fd);
	incoming->resume.fd = -1;
}
