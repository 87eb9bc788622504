/*
 * incoming.c - the one message that is coming in
 *
 * Whatever it waits for, space or a file, the server waits too: so nothing can
 * come while an answer is awaited, and what is in the buffer has its bounds.
 * An answer that finds it gone is undone here.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fetch/collect_inside.h"
#include "lib/message/header.h"
#include "lib/message/path.h"

#define GROW_BYTES	65536	/* more space, at least */

static struct slice
buffered(const struct incoming *incoming)
{
	return slice_of(incoming->body, incoming->len);
}

static void
pipe_close(struct incoming *incoming)
{
	watch_free(incoming->watch);
	incoming->watch = NULL;
	if (incoming->pipe >= 0)
		(void)close(incoming->pipe);
	incoming->pipe = -1;
}

int
incoming_begin(struct collect *collect, const struct retr *retr)
{
	struct incoming *incoming = calloc(1, sizeof(*incoming));

	if (incoming == NULL)
		return -ENOMEM;
	incoming->body = malloc(INCOMING_BYTES);
	if (incoming->body == NULL) {
		free(incoming);
		return -ENOMEM;
	}
	incoming->retr = *retr;
	incoming->pipe = incoming->resume.fd = -1;
	digest_begin(&collect->whole);
	digest_begin(&collect->header);
	address_begin(collect);
	collect->conversation->incoming = incoming;
	if (retr->half > 0)
		resume_begin(collect, incoming);
	return 0;
}

/* What of it comes again, or has: it was carried once too often. */
static uint64_t
refetched(const struct incoming *incoming)
{
	uint64_t here = incoming->retr.half;

	if ((incoming->is_whole && !incoming->retr.again) ||
	    incoming->is_kept || incoming->bytes < here)
		return 0;
	return incoming->bytes - here;
}

void
incoming_drop(struct collect *collect)
{
	struct incoming *incoming = collect->conversation->incoming;

	if (incoming == NULL)
		return;
	line_bill_move(collect->bill, LINE_REFETCHED, refetched(incoming));
	collect->conversation->incoming = NULL;
	pipe_close(incoming);
	resume_end(incoming);
	conversation_hold(collect, HOLD_HALF, false);
	if (incoming->has_ticket) {
		queue_tell_number(collect, QUEUE_ABANDON_BIG,
		    incoming->ticket);
		conversation_hold(collect, HOLD_PIPE, false);
	}
	space_put(collect, incoming->retr.space);
	free(incoming->body);
	free(incoming);
}

void
incoming_leave(struct collect *collect)
{
	if (collect->conversation->incoming == NULL)
		return;
	collect->outcome.left++;
	incoming_drop(collect);
}

/* What the envelope needs of the header, which is in the buffer. */

static bool
has_8bit(struct slice s)
{
	unsigned char any = 0;

	for (size_t i = 0; i < s.len; i++)
		any |= (unsigned char)s.at[i];
	return (any & 0x80) != 0;
}

void
incoming_read_header(struct slice header, char sender_out[SENDER_SIZE],
    bool *utf8_out)
{
	struct header_field field;
	struct slice rest;
	struct path path;

	*utf8_out = has_8bit(header) && slice_is_utf8(header);
	if (!header_find(header, "Return-Path", &field))
		return;
	rest = slice_trim(field.value);
	if (path_parse(&rest, PATH_REVERSE, true, &path) == 0 &&
	    slice_cstr(path.address, sender_out, SENDER_SIZE) < 0)
		sender_out[0] = '\0';
}

static void
read_header(struct incoming *incoming)
{
	struct slice body = slice_first(buffered(incoming), BIG_BYTES);

	incoming_read_header(slice_first(body, header_bytes(body)),
	    incoming->sender, &incoming->utf8);
}

/* More space than was thought */

static void	grow(struct collect *, struct incoming *);

static void
on_more_space(struct collect *collect, uint64_t bytes,
    struct ipc_message *message)
{
	struct incoming *incoming = collect->conversation->incoming;
	struct queue_answer said;
	struct unpack u;

	if (!queue_answer_read(collect, message, &u, &said))
		return;
	if (said.code == 250 && incoming != NULL) {
		incoming->retr.space += bytes;
		conversation_hold(collect, HOLD_SPACE, false);
		if (incoming->bytes > incoming->retr.space)
			grow(collect, incoming);
		return;
	} else if (said.code == 250) {
		space_put(collect, bytes);
	} else {
		take_pause(collect, said.words);
		incoming_leave(collect);
	}
	conversation_hold(collect, HOLD_SPACE, false);
}

static void
grow(struct collect *collect, struct incoming *incoming)
{
	uint64_t missing = incoming->bytes - incoming->retr.space;
	uint64_t more = incoming->bytes > GROW_BYTES ? incoming->bytes :
	    GROW_BYTES;
	uint64_t most = collect_largest(collect) - incoming->retr.space;
	TEXT_AUTO body = TEXT_INIT(16);

	/* what was read before the server had to wait still comes, in pieces */
	if ((collect->conversation->held_for & HOLD_SPACE) != 0)
		return;
	if (space_take(collect, missing)) {
		incoming->retr.space += missing;
		return;
	}
	if (more > most)
		more = most;
	pack_u64(&body, more);
	conversation_hold(collect, HOLD_SPACE, true);
	(void)queue_ask(collect, QUEUE_GRANT, &body, -1, more,
	    on_more_space);
}

/* The pipe into a big file */

static void	pipe_fill(struct collect *, struct incoming *);

static void
on_pipe(void *arg, unsigned what)
{
	struct collect *collect = arg;

	(void)what;
	pipe_fill(collect, collect->conversation->incoming);
	if (!conversation_is_over(collect))
		resume_more(collect);
}

/* Write what stands in the buffer; the server waits until all of it is. */
static void
pipe_fill(struct collect *collect, struct incoming *incoming)
{
	ssize_t n = 0;

	/* mended bytes before the queue knows would be kept as the wire's */
	if (incoming->is_waiting) {
		if (watch_want(incoming->watch, 0) < 0)
			collect_break(collect, FETCH_END_LOCAL,
			    "out of memory");
		return;
	}
	while (incoming->sent < incoming->len) {
		n = write(incoming->pipe, incoming->body + incoming->sent,
		    incoming->len - incoming->sent);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		incoming->sent += (size_t)n;
	}
	if (n < 0 && errno != EAGAIN) {
		/* the queue has closed it: its disk is full, or it is gone */
		take_pause(collect, slice_str("a message was cut off"));
		incoming_leave(collect);
		return;
	}
	if (incoming->sent == incoming->len)
		incoming->sent = incoming->len = 0;
	if (watch_want(incoming->watch, incoming->len > 0 ? LOOP_WRITE :
	    0) < 0)
		collect_break(collect, FETCH_END_LOCAL, "out of memory");
	else
		conversation_hold(collect, HOLD_PIPE, incoming->len > 0);
}

/* The file is there: false, if its pipe cannot be used. */
static bool
pipe_open(struct collect *collect, struct incoming *incoming,
    struct ipc_message *message)
{
	incoming->pipe = ipc_take_fd(message, 0);
	if (incoming->pipe < 0 ||
	    fcntl(incoming->pipe, F_SETFL, O_NONBLOCK) < 0)
		return false;
	incoming->watch = watch_new(collect->loop, incoming->pipe, on_pipe,
	    collect);
	return incoming->watch != NULL;
}

bool
incoming_piped(struct collect *collect, struct ipc_message *message,
    const struct queue_answer *said, uint64_t ticket)
{
	struct incoming *incoming = collect->conversation->incoming;

	if (said->code != 250) {
		take_pause(collect, said->words);
		incoming_leave(collect);
		conversation_hold(collect, HOLD_PIPE, false);
		return false;
	}
	if (incoming == NULL) {
		queue_tell_number(collect, QUEUE_ABANDON_BIG, ticket);
		conversation_hold(collect, HOLD_PIPE, false);
		return false;
	}
	incoming->has_ticket = true;
	incoming->ticket = ticket;
	if (pipe_open(collect, incoming, message))
		return true;
	collect_break(collect, FETCH_END_LOCAL,
	    "the pipe of a big message cannot be used");
	return false;
}

void
incoming_go_on(struct collect *collect)
{
	struct incoming *incoming = collect->conversation->incoming;

	if (!incoming->has_header) {
		incoming->has_header = true;
		read_header(incoming);
	}
	pipe_fill(collect, incoming);
	if (!conversation_is_over(collect))
		resume_more(collect);
}

static void
on_big(struct collect *collect, uint64_t bytes, struct ipc_message *message)
{
	struct queue_answer said;
	struct unpack u;
	uint64_t ticket;

	(void)bytes;
	if (!queue_answer_read(collect, message, &u, &said))
		return;
	ticket = unpack_u64(&u);
	if (incoming_piped(collect, message, &said, ticket))
		incoming_go_on(collect);
}

static void
big_begin(struct collect *collect, struct incoming *incoming)
{
	const struct text nothing = TEXT_INIT(0);

	incoming->is_big = true;
	if (resume_is_kept(collect, incoming)) {
		resume_begin(collect, incoming);
		return;
	}
	conversation_hold(collect, HOLD_PIPE, true);
	(void)queue_ask(collect, QUEUE_BIG, &nothing, -1, 0, on_big);
}

/* Too large after all (HARDENING F16) */

static void
on_never_again(struct collect *collect, uint64_t bytes,
    struct ipc_message *message)
{
	struct unpack u = unpack_of(message == NULL ? slice_of(NULL, 0) :
	    message->body);

	(void)bytes;
	/* if it could not be noted, it is asked for once more */
	if (message != NULL && unpack_enum(&u, LISTING_STATUS_COUNT) ==
	    LISTING_OK && spares_read(collect, &u))
		collect->noted_count++;
	collect_break(collect, FETCH_END_INCONSISTENT,
	    "a message is larger than it is listed, and too large");
}

/* While the ledger notes it, it takes no message: all have to be through. */
static void
note_turn(struct collect *collect)
{
	struct conversation *conversation = collect->conversation;
	uint32_t number = conversation->too_large;
	TEXT_AUTO body = TEXT_INIT(32);

	if (parcels_pending(collect) > 0)
		return;
	conversation->turn = NULL;
	pack_u64(&body, collect->conversation->listing.id);
	pack_u32(&body, 1);
	pack_u32(&body, number);
	pack_u32(&body, number);
	(void)queue_ask(collect, QUEUE_LISTING_LEAVE, &body, -1, 0,
	    on_never_again);
}

/*
 * It stays where it is.  The ledger is told, so that no poll downloads it up to
 * here again; and as the line would carry the rest of it, others have to be had
 * in another conversation.
 */
static void
too_large(struct collect *collect, struct incoming *incoming)
{
	struct conversation *conversation = collect->conversation;

	collect->outcome.too_large++;
	conversation->too_large = incoming->retr.number;
	collect_pass_by(collect, incoming->retr.number,
	    incoming->retr.listed);
	incoming_drop(collect);
	conversation_hold(collect, HOLD_LEAVE, true);
	conversation->turn = note_turn;
	note_turn(collect);
}

/* Its bytes */

static uint64_t
lines_of(struct slice s)
{
	struct slice line;
	uint64_t lines = 0;

	while (slice_cut(&s, '\n', &line))
		lines++;
	return lines;
}

void
incoming_add(struct collect *collect, struct slice s, unsigned mend)
{
	struct incoming *incoming = collect->conversation->incoming;

	if (incoming == NULL)
		return;
	incoming->bytes += s.len;
	if (incoming->bytes > collect_largest(collect)) {
		too_large(collect, incoming);
		return;
	}
	if (s.len > INCOMING_BYTES - incoming->len) {
		collect_break(collect, FETCH_END_LOCAL,
		    "more came in than there is room for");
		return;
	}
	memcpy(incoming->body + incoming->len, s.at, s.len);
	incoming->len += s.len;
	incoming->lines += lines_of(s);
	digest_add(&collect->whole, s);
	digest_add_header(&collect->header, s);
	address_add(collect, s, mend);
	if (incoming->bytes > incoming->retr.space)
		grow(collect, incoming);
	if (conversation_is_over(collect) || incoming->is_waiting)
		return;
	if (incoming->is_kept && collect->protocol->is_mended(collect))
		resume_mended(collect, incoming);
	else if (incoming->has_ticket)
		pipe_fill(collect, incoming);
	else if (incoming->len > BIG_BYTES && !incoming->is_big)
		big_begin(collect, incoming);
}

void
incoming_end(struct collect *collect, const struct mended *mended)
{
	struct incoming *incoming = collect->conversation->incoming;
	struct parcel *parcel = NULL;
	bool again;

	if (incoming == NULL)
		return;
	again = incoming->retr.again;
	incoming->is_whole = true;
	if (!resume_is_whole(collect, incoming->bytes - mended->added))
		return;
	if (!incoming->has_header)
		read_header(incoming);
	pipe_close(incoming);
	/* both are awaited with the server on hold, so they are there */
	if (incoming->bytes <= incoming->retr.space &&
	    incoming->has_ticket == incoming->is_big)
		parcel = parcel_new(collect, incoming, mended);
	incoming_drop(collect);
	if (parcel == NULL)
		collect_break(collect, FETCH_END_LOCAL,
		    "a message could not be handed to the queue");
	else
		doubt_judge(collect, parcel, again);
}
