/*
 * bdat.c - BDAT: the message in counted chunks (RFC 3030 2)
 *
 * A chunk is read whatever is replied to it, so that its bytes are never taken
 * for commands; what is too large to be read is answered by a close.
 * BINARYMIME is not offered, so chunks hold lines like any other mail and their
 * line ends are judged in the same way.
 */
#include <errno.h>

#include "gateway/smtp/commands.h"

struct chunk {
	uint64_t	bytes;
	bool		is_last;
};

/* bdat-cmd = "BDAT" SP chunk-size [ SP end-marker ]; 0, -EINVAL, -ERANGE */
static int
chunk_parse(struct slice args, struct chunk *chunk_out)
{
	struct chunk chunk = { 0 };
	struct slice size, word;
	int r;

	if (!slice_word(&args, &size))
		return -EINVAL;
	chunk.is_last = slice_word(&args, &word);
	if (chunk.is_last && (!slice_is_word(word, "LAST") ||
	    slice_trim(args).len > 0))
		return -EINVAL;
	r = slice_u64(size, UINT64_MAX, &chunk.bytes);
	if (r == 0)
		*chunk_out = chunk;
	return r;
}

static void
refuse_size(struct smtp_session *session)
{
	smtp_log(session, "ended: a chunk larger than any message");
	smtp_reply_end(session, 552, "5.3.4",
	    "The chunk is larger than this hub takes; goodbye");
}

static void
say_lost(struct smtp_session *session)
{
	if (!smtp_all_put_off(session))
		smtp_reply(session, 503, "5.5.1", "Send MAIL and RCPT first");
}

/* The chunk may not come now; read it away if there is anything to read. */
static void
refuse_order(struct smtp_session *session, struct chunk chunk)
{
	session->chunk_left = chunk.bytes;
	session->chunk_is_last = false;
	session->chunk_is_lost = true;
	if (chunk.bytes == 0)
		say_lost(session);
}

/* All of a chunk has been read. */
static void
chunk_end(struct smtp_session *session)
{
	struct tx *tx = session->tx;

	smtp_clock_stop(session);
	if (session->chunk_is_lost) {
		say_lost(session);
		return;
	}
	if (session->chunk_is_last)
		smtp_body_put(session, dot_finish(&tx->dot));
	if (session->chunk_is_last || body_fault(tx->body) != NULL)
		smtp_message_end(session);
	else
		smtp_reply(session, 250, "2.0.0", "Chunk taken");
}

void
smtp_bdat(struct smtp_session *session, struct slice args)
{
	struct tx *tx = session->tx;
	struct chunk chunk = { 0 };
	int r = chunk_parse(args, &chunk);

	/* reading a stranger's chunk away would give them more than their time */
	if (smtp_is_stranger(session)) {
		smtp_reply_end(session, 530, "5.7.0", "Log in first; goodbye");
		return;
	}
	if (r == -EINVAL) {
		/* nobody knows how many bytes follow that are no commands */
		smtp_reply_end(session, 501, "5.5.4",
		    "Say BDAT size or BDAT size LAST; goodbye");
		return;
	}
	if (r < 0 || chunk.bytes > session->options.message_bytes) {
		refuse_size(session);
		return;
	}
	if ((smtp_state(session) & (SMTP_RCPT | SMTP_CHUNKS)) == 0) {
		refuse_order(session, chunk);
		return;
	}
	if (tx->chunks == 0) {
		tx->dot = dot_reader_of(true, session->options.normalises);
		body_open(tx->body);
	}
	if (++tx->chunks > session->limits->chunks) {
		smtp_reply_end(session, 421, "4.7.0",
		    "Too many chunks; goodbye");
		return;
	}
	session->chunk_left = chunk.bytes;
	session->chunk_is_last = chunk.is_last;
	session->chunk_is_lost = false;
	if (chunk.bytes == 0)
		chunk_end(session);
}

/* From the loop: the body takes more again. */
static void
on_room(void *arg)
{
	struct smtp_session *session = arg;

	smtp_woken(session);
	if (session->chunk_left == 0)
		chunk_end(session);
	smtp_go_on(session);
}

bool
smtp_bdat_read(struct smtp_session *session)
{
	struct slice input = stream_input(session->stream), run;
	size_t before;

	if (session->chunk_left < input.len)
		input = slice_first(input, (size_t)session->chunk_left);
	before = input.len;
	if (before == 0)
		return false;
	while (!session->chunk_is_lost && dot_take(&session->tx->dot, &input,
	    &run) == DOT_RUN)
		smtp_body_put(session, run);
	if (!session->chunk_is_lost) {
		body_flush(session->tx->body);
		session->tx->moved_ms = clock_ms();
	}
	smtp_consumed(session, before);
	session->rate_bytes += before;
	session->chunk_left -= before;
	if (!session->chunk_is_lost && smtp_wait_body(session, on_room))
		return false;
	if (session->chunk_left == 0)
		chunk_end(session);
	return true;
}
