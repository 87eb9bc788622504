/*
 * data.c - DATA, and what becomes of a message that is whole
 *
 * Only CRLF.CRLF ends DATA.  A message that holds a bare CR, a bare LF or a NUL
 * is read to its real end and refused, and the link is dropped, so that nothing
 * in it was ever a command (HARDENING A01).  No end, no message: whatever comes
 * before a close is forgotten (A26).
 */
#include "gateway/smtp/commands.h"

void
smtp_data(struct smtp_session *session, struct slice args)
{
	struct tx *tx = session->tx;

	(void)args;
	body_open(tx->body);
	if (body_fault(tx->body) != NULL) {
		smtp_reply_answer(session, body_fault(tx->body));
		tx_end(&session->tx);
		return;
	}
	tx->dot = dot_reader_of(false, session->options.normalises);
	tx->dot.is_lenient = session->options.trust == TRUST_DEVICE;
	tx->in_data = true;
	smtp_reply(session, 354, NULL, "Send the message; end it with a dot");
}

/*
 * How many replies end the message: one, but in LMTP one for each recipient
 * that was taken (RFC 2033 4.2), unless it is only a chunk that has ended.
 */
static unsigned
reply_count(const struct smtp_session *session)
{
	bool in_between = tx_has_chunks(session->tx) &&
	    !session->chunk_is_last;

	return session->options.lmtp && !in_between ?
	    session->tx->accepted : 1;
}

/* Whatever the queue says counts for every recipient. */
static void
reply_all(struct smtp_session *session, const struct smtp_answer *answer)
{
	unsigned count = reply_count(session);

	while (count-- > 0)
		smtp_reply_answer(session, answer);
	if (answer->code == 250)
		session->idle_commands = 0;
	tx_end(&session->tx);
}

/* From the loop: the queue's receipt, or why there is none. */
static void
on_answer(void *arg, const struct smtp_answer *answer)
{
	struct smtp_session *session = arg;

	smtp_woken(session);
	if (answer->code == 0) {
		smtp_log(session, "broken off: it cannot be known whether "
		    "the message was kept");
		session->ending = SMTP_BROKEN;
	} else
		reply_all(session, answer);
	smtp_go_on(session);
}

static void
submit(struct smtp_session *session)
{
	static const struct smtp_answer later = {
	    451, "4.3.0", "The message cannot be taken now"
	};
	const struct smtp_ports *ports = session->ports;
	struct tx *tx = session->tx;
	struct body_whole whole = body_take(tx->body);

	tx->env.bytes = body_bytes(tx->body);
	if (ports->submit(ports->arg, &tx->env, whole.memfd, whole.ticket,
	    whole.granted, on_answer, session) == 0) {
		tx->submitted = true;
		smtp_wait(session);
		return;
	}
	body_give_back(tx->body, &whole);
	reply_all(session, &later);
}

/* The message broke the rules of line ends. */
static void
refuse_breach(struct smtp_session *session)
{
	static const struct smtp_answer words = {
	    550, "5.5.2", "Bare CR, bare LF or NUL in the message; goodbye"
	};

	smtp_log(session, "refused: %s in the message",
	    (session->tx->dot.breaches & DOT_NUL) != 0 ? "NUL" :
	    "bare CR or LF");
	reply_all(session, &words);
	session->ending = SMTP_ENDS;
}

static void
end_now(struct smtp_session *session)
{
	struct tx *tx = session->tx;
	const struct smtp_answer *fault = body_fault(tx->body);

	tx->in_data = false;
	if (tx->dot.breaches != 0 && !session->options.normalises)
		refuse_breach(session);
	else if (fault != NULL) {
		struct smtp_answer words = *fault;

		smtp_log(session, "refused: %s", words.words);
		reply_all(session, &words);
	} else
		submit(session);
}

/* From the loop: the last bytes have reached the queue. */
static void
on_flushed(void *arg)
{
	struct smtp_session *session = arg;

	smtp_woken(session);
	end_now(session);
	smtp_go_on(session);
}

void
smtp_message_end(struct smtp_session *session)
{
	smtp_clock_stop(session);
	body_end(session->tx->body);
	if (!smtp_wait_body(session, on_flushed))
		end_now(session);
}

/* From the loop: the body takes more again. */
static void
on_room(void *arg)
{
	smtp_woken(arg);
	smtp_go_on(arg);
}

/* Too much came after it was clear that it will be refused. */
static bool
is_flood(struct smtp_session *session)
{
	uint64_t most = session->options.message_bytes;

	if (body_bytes(session->tx->body) / 2 <= most)
		return false;
	smtp_log(session, "ended: the message did not end");
	smtp_reply_end(session, 552, "5.3.4",
	    "The message is larger than this hub takes; goodbye");
	return true;
}

bool
smtp_data_read(struct smtp_session *session)
{
	struct tx *tx = session->tx;
	struct slice input = stream_input(session->stream), run;
	size_t before = input.len;
	enum dot_is is;

	is = dot_take(&tx->dot, &input, &run);
	if (is == DOT_RUN)
		smtp_body_put(session, run);
	smtp_consumed(session, before - input.len);
	session->rate_bytes += before - input.len;
	if (is == DOT_END) {
		smtp_message_end(session);
		return true;
	}
	if (is == DOT_MORE) {
		body_flush(tx->body);
		(void)smtp_wait_body(session, on_room);
		return false;
	}
	if (is_flood(session))
		return false;
	return !smtp_wait_body(session, on_room);
}

void
smtp_body_put(struct smtp_session *session, struct slice run)
{
	struct tx *tx = session->tx;

	/* what is refused anyway costs no space */
	if (tx->dot.breaches != 0 && !session->options.normalises)
		body_refuse(tx->body, 550, "5.5.2",
		    "Bare CR, bare LF or NUL in the message");
	body_put(tx->body, run);
}
