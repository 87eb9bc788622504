/*
 * session.c - one connection of SMTP or its profiles: events in, replies out
 *
 * Everything that happens comes in by one of the on_ functions or through
 * smtp_go_on(), and ends in turn(): read as far as possible, send the replies
 * gathered on the way in one write, and free the session if it is over.  So
 * nothing below turn() ever frees it.
 */
#include "gateway/smtp/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/smtp/commands.h"
#include "lib/base/parting.h"

#define REPLY_WORDS	400	/* RFC 5321 4.5.3.1.5: a line has 512 bytes */
#define LOG_FIELD	256	/* HARDENING A71 */

unsigned
smtp_state(const struct smtp_session *session)
{
	const struct tx *tx = session->tx;

	if (session->helo_len == 0)
		return SMTP_GREETED;
	if (tx == NULL)
		return SMTP_READY;
	if (tx_has_chunks(tx))
		return SMTP_CHUNKS;
	return tx->env.recipient_count == 0 ? SMTP_MAIL : SMTP_RCPT;
}

struct slice
smtp_helo(const struct smtp_session *session)
{
	return slice_of(session->helo, session->helo_len);
}

void
smtp_log(struct smtp_session *session, const char *format, ...)
{
	TEXT_AUTO said = TEXT_INIT(4096), sentence = TEXT_INIT(8192);
	va_list args;

	va_start(args, format);
	text_vaddf(&said, format, args);
	va_end(args);
	text_addf(&sentence, "%s from %s", session->options.lmtp ? "lmtp" :
	    session->options.is_atrn ? "atrn" :
	    session->options.is_submission ? "submission" : "smtp",
	    session->peer);
	if (session->helo_len > 0) {
		text_add_str(&sentence, " called \"");
		text_add_escaped(&sentence, smtp_helo(session), LOG_FIELD);
		text_add_str(&sentence, "\"");
	}
	text_add_str(&sentence, ": ");
	text_add(&sentence, text_slice(&said));
	text_add_byte(&sentence, '\0');
	if (!text_failed(&said) && !text_failed(&sentence))
		session->ports->log(session->ports->arg, sentence.at);
}

void
smtp_log_about(struct smtp_session *session, const char *what,
    struct slice peer_text)
{
	TEXT_AUTO text = TEXT_INIT(2048);

	text_add_escaped(&text, peer_text, LOG_FIELD);
	smtp_log(session, "%s \"%.*s\"", what, SLICE_FMT(text_slice(&text)));
}

static bool
is_one_line(const char *words)
{
	for (; *words != '\0'; words++)
		if ((unsigned char)*words < 0x20 || *words == 0x7f)
			return false;
	return true;
}

static void
reply_line(struct smtp_session *session, int code, char more,
    const char *status, const char *words)
{
	if (!is_one_line(words))
		words = "What was to be said here was more than one line";
	text_addf(&session->out, "%03d%c%s%s%.*s\r\n", code, more,
	    status == NULL ? "" : status, status == NULL ? "" : " ",
	    REPLY_WORDS, words);
	if (text_failed(&session->out))
		session->ending = SMTP_BROKEN;
}

void
smtp_reply_more(struct smtp_session *session, int code, const char *status,
    const char *words)
{
	reply_line(session, code, '-', status, words);
}

void
smtp_reply_end(struct smtp_session *session, int code, const char *status,
    const char *words)
{
	reply_line(session, code, ' ', status, words);
	if (session->ending == SMTP_GOES_ON)
		session->ending = SMTP_ENDS;
}

void
smtp_reply(struct smtp_session *session, int code, const char *status,
    const char *words)
{
	reply_line(session, code, ' ', status, words);
	if ((code < 500 || code > 504) && code != 530 && code != 538 &&
	    code != 555)
		return;
	if (++session->bad_commands < session->limits->bad_commands)
		return;
	smtp_log(session, "ended after %u bad commands",
	    session->bad_commands);
	if (session->ports->erred != NULL)
		session->ports->erred(session->ports->arg);
	smtp_reply_end(session, 421, "4.7.0", "Too many errors; goodbye");
}

void
smtp_replyf(struct smtp_session *session, int code, const char *status,
    const char *format, ...)
{
	char words[REPLY_WORDS + 1];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	smtp_reply(session, code, status, words);
}

/* RFC 3463 2: class "." subject "." detail, of the class of `code`. */
static bool
status_fits(int code, const char *status)
{
	unsigned class, subject, detail;
	char dot;

	return sscanf(status, "%1u.%3u.%3u%c", &class, &subject, &detail,
	    &dot) == 3 && class == (unsigned)code / 100;
}

void
smtp_reply_answer(struct smtp_session *session,
    const struct smtp_answer *answer)
{
	bool known = (answer->code >= 200 && answer->code <= 299) ||
	    (answer->code >= 400 && answer->code <= 599);

	if (!known || !status_fits(answer->code, answer->status))
		smtp_reply(session, 451, "4.3.0",
		    "The message cannot be taken now");
	else if (answer->code == 421)
		smtp_reply_end(session, answer->code, answer->status,
		    answer->words);
	else
		reply_line(session, answer->code, ' ', answer->status,
		    answer->words);
}

/* Nobody is asked any more, and what there was of a message is forgotten. */
static void
drop_work(struct smtp_session *session)
{
	if (session->waits)
		session->ports->forget(session->ports->arg, session);
	session->waits = false;
	smtp_auth_end(session);
	tx_end(&session->tx);
	text_free(&session->out);
}

static void
session_free(struct smtp_session *session)
{
	const struct smtp_ports *ports = session->ports;

	drop_work(session);
	timer_free(session->clock);
	timer_free(session->pause);
	stream_free(session->stream);
	ports->ended(ports->arg, session);
	free(session);
}

/* Let the last replies leave. */
static void
part(struct smtp_session *session)
{
	drop_work(session);
	timer_stop(session->pause);
	session->ending = SMTP_PARTS;
	parting_begin(session->stream, session->clock);
}

void
smtp_flush(struct smtp_session *session)
{
	if (session->out.len > 0 &&
	    stream_write(session->stream, text_slice(&session->out)) < 0)
		session->ending = SMTP_BROKEN;
	text_clear(&session->out);
}

static void
rate_begin(struct smtp_session *session)
{
	session->rate_bytes = 0;
	timer_set(session->clock, session->limits->rate_ms);
}

/* It holds so much space that it may not hold it for nothing. */
static bool
holds_much(const struct smtp_session *session)
{
	return session->tx != NULL && session->tx->body != NULL &&
	    body_granted(session->tx->body) > session->limits->grow_bytes;
}

/*
 * Its time for a command, but for the message, and for a login, no more than is
 * left of that.
 */
static uint64_t
command_ms(const struct smtp_session *session)
{
	const struct smtp_limits *limits = session->limits;
	uint64_t spent;

	if (smtp_is_stranger(session)) {
		spent = clock_ms() - session->began_ms;
		return spent >= limits->first_ms ? 0 :
		    limits->first_ms - spent;
	}
	if (!holds_much(session))
		return limits->command_ms;
	spent = clock_ms() - session->tx->moved_ms;
	if (spent >= limits->unused_ms)
		return 0;
	return limits->unused_ms - spent < limits->command_ms ?
	    limits->unused_ms - spent : limits->command_ms;
}

/* Give the client its time for the next thing it has to do. */
static void
set_clock(struct smtp_session *session)
{
	const struct smtp_limits *limits = session->limits;

	if (session->waits)
		timer_stop(session->clock);
	else if (session->chunk_left > 0 ||
	    (session->tx != NULL && session->tx->in_data)) {
		if (!timer_is_set(session->clock))
			rate_begin(session);
	} else if (session->helo_len == 0 && !smtp_is_stranger(session))
		timer_set(session->clock, limits->first_ms);
	else
		timer_set(session->clock, command_ms(session));
}

void
smtp_refuse_line(struct smtp_session *session, enum line_is is)
{
	switch (is) {
	case LINE_TOO_LONG:
		smtp_reply(session, 500, "5.5.6", "Line too long");
		break;
	case LINE_HAS_NUL:
		smtp_reply(session, 500, "5.5.2", "NUL in a command");
		break;
	default:
		/* what comes behind may have been meant for someone else */
		smtp_log(session, "ended: bare CR or LF in a command");
		smtp_reply_end(session, 500, "5.5.2",
		    "Bare CR or LF in a command; goodbye");
		break;
	}
}

static bool
read_command(struct smtp_session *session)
{
	struct slice input = stream_input(session->stream), line;
	size_t before = input.len;
	enum line_is is;

	is = line_take(&session->lines, &input, SMTP_LINE_BYTES, &line);
	if (is == LINE_BARE_LF && session->options.normalises)
		is = LINE_GOOD;
	if (is == LINE_GOOD) {
		memcpy(session->line, line.at, line.len);
		session->line_len = line.len;
	}
	smtp_consumed(session, before - input.len);
	if (is == LINE_MORE)
		return false;
	timer_stop(session->clock);
	if (is == LINE_GOOD) {
		smtp_dispatch(session, slice_of(session->line,
		    session->line_len));
		/* a password may be in it, in AUTH or where none belongs */
		if (session->options.is_submission)
			explicit_bzero(session->line, session->line_len);
	} else
		smtp_refuse_line(session, is);
	return true;
}

/* What the bytes that come next are, derived from what went before. */
static bool
read_next(struct smtp_session *session)
{
	if (session->chunk_left > 0)
		return smtp_bdat_read(session);
	if (session->tx != NULL && session->tx->in_data)
		return smtp_data_read(session);
	if (smtp_auth_goes_on(session))
		return smtp_auth_read(session);
	return read_command(session);
}

/* The session may be gone after this. */
static void
turn(struct smtp_session *session)
{
	while (session->greeted && !session->waits &&
	    session->ending == SMTP_GOES_ON && read_next(session))
		if (session->out.len > SMTP_OUTPUT_BYTES / 4)
			smtp_flush(session);
	/* RFC 2920 3.2: behind a wait the replies to a group go together */
	if (!session->waits || stream_input(session->stream).len == 0)
		smtp_flush(session);
	if (session->peer_ended && !session->waits &&
	    session->ending == SMTP_GOES_ON)
		session->ending = SMTP_ENDS;
	if (session->ending == SMTP_BROKEN)
		session_free(session);
	else if (session->ending == SMTP_ENDS)
		part(session);
	else if (session->waits || !timer_is_set(session->clock))
		set_clock(session);
}

void
smtp_pause(struct smtp_session *session, uint64_t ms)
{
	smtp_wait(session);
	timer_set(session->pause, ms);
}

void
smtp_wait(struct smtp_session *session)
{
	session->waits = true;
	stream_hold(session->stream, true);
}

void
smtp_woken(struct smtp_session *session)
{
	session->waits = false;
}

void
smtp_go_on(struct smtp_session *session)
{
	stream_hold(session->stream, session->waits);
	turn(session);
}

void
smtp_reverse(struct smtp_session *session)
{
	struct stream *stream;

	smtp_flush(session);
	if (session->ending != SMTP_GOES_ON) {
		smtp_go_on(session);
		return;
	}
	/* whoever has logged in lends its stream to nobody any more */
	drop_work(session);
	stream = session->stream;
	session->stream = NULL;
	stream_hold(stream, false);
	session->ports->reverse(session->ports->arg, stream);
	session_free(session);
}

bool
smtp_wait_body(struct smtp_session *session, body_fn *fn)
{
	if (!body_is_busy(session->tx->body))
		return false;
	smtp_wait(session);
	body_when_free(session->tx->body, fn, session);
	return true;
}

void
smtp_consumed(struct smtp_session *session, size_t n)
{
	if (n > 0)
		stream_consume(session->stream, n);
}

void
smtp_clock_stop(struct smtp_session *session)
{
	timer_stop(session->clock);
}

static void
on_clock(void *arg)
{
	struct smtp_session *session = arg;
	const struct smtp_limits *limits = session->limits;
	bool in_message = session->chunk_left > 0 ||
	    (session->tx != NULL && session->tx->in_data);

	if (session->ending == SMTP_PARTS) {
		session_free(session);
		return;
	}
	if (in_message && session->rate_bytes >=
	    limits->rate_bytes * limits->rate_ms / 1000) {
		rate_begin(session);
		return;
	}
	if (session->ending == SMTP_GOES_ON) {
		smtp_log(session, "ended: %s", in_message ?
		    "the message came too slowly" : "no command came in time");
		smtp_reply_end(session, 421, "4.4.2", in_message ?
		    "The message comes too slowly; goodbye" :
		    "No command came in time; goodbye");
	}
	turn(session);
}

static void
greet(struct smtp_session *session)
{
	session->greeted = true;
	smtp_replyf(session, 220, NULL, "%s %s Postroom ready",
	    session->options.hostname,
	    session->options.lmtp ? "LMTP" : "ESMTP");
}

/* RFC 5321 3.1: the client waits for the greeting. */
static void
refuse_early_talker(struct smtp_session *session)
{
	smtp_log(session, "refused: it spoke before the greeting");
	smtp_reply_end(session, 554, "5.5.1", "You spoke before the greeting");
}

static void
tls_is_up(struct smtp_session *session)
{
	if (!session->options.implicit_tls)
		return;
	if (stream_input(session->stream).len > 0)
		refuse_early_talker(session);
	else
		greet(session);
}

static void
on_stream(void *arg, enum stream_event event)
{
	struct smtp_session *session = arg;

	if (session->ending == SMTP_PARTS) {
		if (!parting_goes_on(session->stream, session->clock, event,
		    &session->peer_ended))
			session_free(session);
		return;
	}
	switch (event) {
	case STREAM_TLS_UP:
		tls_is_up(session);
		break;
	case STREAM_CLOSED:
		session->peer_ended = true;
		break;
	case STREAM_FAILED:
		smtp_log(session, "broken off: %s",
		    stream_fault(session->stream));
		session->ending = SMTP_BROKEN;
		break;
	case STREAM_INPUT:
	case STREAM_DRAINED:
	case STREAM_IDLE:
		break;
	}
	turn(session);
}

/* Something is there to be read although we have said nothing. */
static bool
has_spoken(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* The first words, or the handshake before them. */
static int
begin(struct smtp_session *session)
{
	if (session->options.implicit_tls)
		return stream_start_tls(session->stream,
		    session->options.tls);
	if (has_spoken(stream_fd(session->stream)))
		refuse_early_talker(session);
	else
		greet(session);
	smtp_flush(session);
	return 0;
}

static void
on_pause(void *arg)
{
	struct smtp_session *session = arg;

	smtp_woken(session);
	smtp_rcpt_answer(session);
	smtp_go_on(session);
}

static void
undo_new(struct smtp_session *session, int fd)
{
	if (session == NULL || session->stream == NULL)
		(void)close(fd);
	if (session == NULL)
		return;
	stream_free(session->stream);
	timer_free(session->clock);
	timer_free(session->pause);
	text_free(&session->out);
	free(session);
}

struct smtp_session *
smtp_session_new(struct loop *loop, int fd, const char *peer,
    const struct smtp_options *options, const struct smtp_ports *ports)
{
	struct smtp_session *session = calloc(1, sizeof(*session));

	if (session == NULL)
		goto undo;
	session->loop = loop;
	session->options = *options;
	session->limits = options->limits != NULL ? options->limits :
	    &smtp_default_limits;
	session->ports = ports;
	session->out.limit = SMTP_OUTPUT_BYTES;
	session->began_ms = clock_ms();
	(void)snprintf(session->peer, sizeof(session->peer), "%s", peer);
	session->clock = timer_new(loop, on_clock, session);
	session->pause = timer_new(loop, on_pause, session);
	if (session->clock == NULL || session->pause == NULL)
		goto undo;
	session->stream = stream_new(loop, fd, SMTP_INPUT_BYTES,
	    SMTP_OUTPUT_BYTES, on_stream, session);
	if (session->stream == NULL)
		goto undo;
	if (options->trust == TRUST_DEVICE)
		stream_allow_old_tls(session->stream);
	if (begin(session) < 0)
		goto undo;
	/* an early talker is let go from the loop, like every other */
	timer_set(session->clock, session->ending == SMTP_GOES_ON ?
	    session->limits->first_ms : 0);
	return session;
undo:
	undo_new(session, fd);
	return NULL;
}

void
smtp_session_close(struct smtp_session *session, const char *words)
{
	if (session->ending == SMTP_PARTS)
		return;
	/* what the queue has may be kept: only it may say so, or not */
	if (session->tx != NULL && session->tx->submitted)
		session->ending = SMTP_BROKEN;
	else
		smtp_reply_end(session, 421, "4.3.2", words);
	turn(session);
}

bool
smtp_session_has_quit(const struct smtp_session *session)
{
	return session->has_quit;
}
