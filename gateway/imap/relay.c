/*
 * relay.c - commands about mailboxes of other accounts (RFC 4314)
 *
 * When a visit is lost under a command, what became of that is not known: the
 * client hears NO or, where its mailbox was selected there or an answer had
 * begun, is told to come back.
 */
#include "gateway/imap/relay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/imap/reply.h"
#include "gateway/imap/visit.h"
#include "gateway/imap/visitor.h"
#include "store/folders.h"

/* What of the command is still to be sent. */
enum sending {
	SENDS_NOTHING,
	SENDS_COMMAND,		/* what was gathered of it */
	SENDS_MESSAGE,		/* of an APPEND, as it comes */
	SENDS_TAIL,		/* what is behind a message */
	SENDS_LINES		/* IDLE: the line that ends it */
};

/* A command that is carried out elsewhere. */
struct relay {
	struct imapd_visit *visit;	/* NULL: on the way there */
	enum sending	 sending;
	bool		 is_append;
	bool		 is_begun;	/* some of the answer was passed on */
	uint64_t	 left;		/* of the message */
	bool		 is_asked_for;	/* and none of it has come */
	imapd_refused_fn *refuse;
	struct slice	 said;		/* in place of the command; or empty */
	imapd_put_fn	*put;		/* is given the answer; or NULL */
	void		*arg;
};

static void	relay_more(struct imapd_session *);

/* It cannot be done; where the message of an APPEND is still to come it is
 * taken off the input first. */
static void
refuse(struct imapd_session *session, int error)
{
	struct relay *relay = session->work;

	if (relay->refuse != NULL)
		relay->refuse(session, error);
	else
		imapd_refuse(session, error);
}

static void
on_there(struct imapd_session *session, struct imapd_visit *visit, int error)
{
	struct relay *relay = session->work;

	relay->visit = visit;
	if (visit != NULL)
		session->more = relay_more;
	else
		refuse(session, error);
}

/* RFC 9051 6.3.2: whatever comes of it, the old one is closed. */
static void
leave_for(struct imapd_session *session, struct slice prefix)
{
	bool had = session->selected != NULL;

	if (imapd_is_away_at(session, prefix))
		return;		/* it is said there */
	had |= session->away != NULL;
	imapd_leave(session);
	if (had)
		imapd_untagged(session->stream,
		    "OK [CLOSED] the mailbox before is closed");
}

static bool
is_select(const struct imapd_session *session)
{
	return session->command->handler.session == imapd_select ||
	    session->command->handler.session == imapd_examine;
}

/* Carry the command out, as it says, where names begin so. */
static void
begin_as(struct imapd_session *session, struct slice prefix,
    const struct relay *as)
{
	struct relay *relay = imapd_work(session, sizeof(*relay));
	int r;

	if (relay == NULL)
		return;
	*relay = *as;
	relay->sending = SENDS_COMMAND;
	if (is_select(session))
		leave_for(session, prefix);
	imapd_visits_room(session, 1);
	r = imapd_visit(session, prefix, on_there);
	if (r < 0)
		refuse(session, r);
}

static void
begin(struct imapd_session *session, struct slice prefix,
    imapd_refused_fn *refused, bool is_append)
{
	const struct relay as = { .refuse = refused, .is_append = is_append };

	begin_as(session, prefix, &as);
}

/* Names */

/* The first two levels of a name below `space`. */
static bool
is_below(struct slice name, const char *space, struct slice *prefix_out)
{
	struct slice rest = name, level;
	size_t end;

	if (!slice_cut(&rest, FOLDER_SEPARATOR, &level))
		level = name;
	if (!slice_is_str(level, space))
		return false;
	end = level.len == name.len ? SIZE_MAX :
	    slice_find(rest, FOLDER_SEPARATOR);
	*prefix_out = end == SIZE_MAX ? name :
	    slice_first(name, level.len + 1 + end);
	return true;
}

bool
imapd_is_elsewhere(const struct imapd_session *session, struct slice name,
    struct slice *prefix_out)
{
	struct slice prefix;
	uint32_t mailbox;

	if (session->is_visit || session->imports ||
	    (!is_below(name, IMAPD_USERS, &prefix) &&
	    !is_below(name, IMAPD_PUBLIC, &prefix)))
		return false;
	if (folder_find(session->account, name, &mailbox) == 0 ||
	    folder_find(session->account, slice_first(name,
	    slice_find(name, FOLDER_SEPARATOR)), &mailbox) == 0)
		return false;
	*prefix_out = prefix;
	return true;
}

static bool
is_here(struct imapd_session *session, struct slice *name,
    imapd_refused_fn *refused, bool is_append)
{
	struct slice prefix;

	if (session->is_visit) {
		if (!imapd_strip(session, name))
			*name = slice_of(NULL, 0);	/* there is none */
		return true;
	}
	if (!imapd_is_elsewhere(session, *name, &prefix))
		return true;
	begin(session, prefix, refused, is_append);
	return false;
}

bool
imapd_is_here(struct imapd_session *session, struct slice *name)
{
	return is_here(session, name, NULL, false);
}

bool
imapd_is_here_into(struct imapd_session *session, struct slice *name)
{
	return is_here(session, name, imapd_refuse_into, false);
}

bool
imapd_is_here_append(struct imapd_session *session, struct slice *name,
    imapd_refused_fn *refused)
{
	return is_here(session, name, refused, true);
}

bool
imapd_belongs_away(const struct imapd_session *session)
{
	imapd_session_fn *handler = session->command->handler.session;

	return session->away != NULL && handler != imapd_copy &&
	    handler != imapd_move && handler != imapd_replace &&
	    (session->command->states == IMAPD_SELECTED ||
	    handler == imapd_noop || handler == imapd_idle);
}

void
imapd_relay_away(struct imapd_session *session)
{
	begin(session, slice_str(session->away->prefix), NULL, false);
}

void
imapd_relay_message(struct imapd_session *session)
{
	begin(session, slice_str(session->away->prefix), NULL, true);
}

void
imapd_relay_put(struct imapd_session *session, struct slice prefix,
    struct slice command, imapd_refused_fn *refused, imapd_put_fn *put,
    void *arg)
{
	const struct relay as = { .refuse = refused, .is_append = true,
	    .said = command, .put = put, .arg = arg };

	begin_as(session, prefix, &as);
}

/* Passing on */

static void
send(struct imapd_visit *visit, struct slice bytes)
{
	/* what it cannot take it tells as STREAM_FAILED */
	(void)stream_write(visit->stream, bytes);
}

/* What comes behind the command that was gathered. */
static enum sending
sends_next(struct imapd_session *session, struct relay *relay)
{
	struct imapd_literal literal;

	if (relay->is_append && imapd_literal_read(text_slice(
	    &session->input.command), &literal) == 0) {
		relay->left = literal.bytes;
		relay->is_asked_for = literal.waits;
		return SENDS_MESSAGE;
	}
	/* one line ends it, whatever it says (RFC 9051 6.3.13) */
	return relay->sending == SENDS_COMMAND &&
	    session->command->handler.session == imapd_idle ? SENDS_LINES :
	    SENDS_NOTHING;
}

static void
send_line(struct imapd_session *session, struct relay *relay)
{
	send(relay->visit, relay->said.len > 0 ? relay->said :
	    text_slice(&session->input.command));
	send(relay->visit, slice_str("\r\n"));
	relay->said = slice_of(NULL, 0);
	relay->sending = sends_next(session, relay);
	/* else it is kept for its end: what comes next is another */
	if (relay->sending != SENDS_NOTHING)
		imapd_input_next(&session->input);
	if (relay->is_append)
		relay->refuse = NULL;	/* the message is there, not here */
}

static bool
send_message(struct imapd_session *session, struct relay *relay)
{
	struct slice here = stream_input(session->stream);

	here = slice_first(here, relay->left < here.len ?
	    (size_t)relay->left : here.len);
	send(relay->visit, here);
	stream_consume(session->stream, here.len);
	relay->left -= here.len;
	relay->is_asked_for &= here.len == 0;
	if (relay->left == 0)
		relay->sending = SENDS_TAIL;
	return here.len > 0 || relay->left == 0;
}

/* Send what there is of the command; false: nothing could be done. */
static bool
send_some(struct imapd_session *session, struct relay *relay)
{
	if (relay->sending == SENDS_NOTHING)
		return false;
	if (stream_waiting(relay->visit->stream) >= IMAPD_PAUSE) {
		stream_tell_drained(relay->visit->stream);
		return false;
	}
	if (relay->sending == SENDS_MESSAGE)
		return send_message(session, relay);
	if (relay->sending != SENDS_COMMAND) {
		switch (imapd_input_line(&session->input, session->stream)) {
		case IMAPD_GOT_NOTHING:
			return false;
		case IMAPD_GOT_COMMAND:
			break;
		default:
			imapd_untagged(session->stream, "BYE %s",
			    session->input.fault);
			session->is_over = true;
			return true;
		}
	}
	send_line(session, relay);
	return true;
}

/* Does the command make CONDSTORE known (RFC 7162 3.1)? */
static bool
is_condstore(struct slice command)
{
	static const char *const words[] = { "MODSEQ", "CHANGEDSINCE",
	    "CONDSTORE" };

	for (; command.len > 0; command = slice_after(command, 1))
		for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
			if (slice_has_prefix(command, words[i]))
				return true;
	return false;
}

/* Is it answered while bytes of its message are on their way, which would be
 * taken for commands? */
static bool
is_out_of_step(const struct relay *relay)
{
	return (relay->sending == SENDS_MESSAGE ||
	    relay->sending == SENDS_TAIL) && !relay->is_asked_for;
}

/* All of the answer has been passed on. */
static void
finish(struct imapd_session *session, struct relay *relay)
{
	imapd_session_fn *handler = session->command->handler.session;
	bool is_ok = relay->visit->frame.is_ok;

	if (is_out_of_step(relay)) {
		imapd_untagged(session->stream, "BYE the connection is out of "
		    "step");
		session->is_over = true;
		return;
	}
	if (is_select(session))
		session->away = is_ok ? relay->visit : NULL;
	else if (is_ok && (handler == imapd_close || handler ==
	    imapd_unselect))
		session->away = NULL;
	if (is_ok && is_condstore(text_slice(&session->input.command)))
		session->condstore = true;
	imapd_answered(session);
}

/* The answer is not the client's, but for what stands before it. */
static bool
take_line(struct imapd_session *session, struct relay *relay)
{
	struct stream *stream = relay->visit->stream;
	struct slice line, tag = slice_str(session->tag);

	if (!imapd_visit_line(relay->visit, &line))
		return false;
	if (!slice_is(slice_first(line, tag.len), tag))
		(void)stream_write(session->stream, line);
	else if (is_out_of_step(relay))
		finish(session, relay);
	else
		relay->put(session, relay->arg,
		    slice_trim(slice_after(line, tag.len)));
	stream_consume(stream, line.len);
	return true;
}

/* Pass on what has come; false: nothing has. */
static bool
take_some(struct imapd_session *session, struct relay *relay)
{
	struct imapd_visit *visit = relay->visit;
	struct slice piece;
	enum imapd_framed framed;

	if (relay->put != NULL)
		return take_line(session, relay);
	framed = imapd_frame_take(&visit->frame, stream_input(visit->stream),
	    slice_str(session->tag), &piece);
	if (framed == IMAPD_FRAME_NEEDS_MORE)
		return false;
	relay->is_begun = true;
	(void)stream_write(session->stream, piece);
	stream_consume(visit->stream, piece.len);
	if (framed == IMAPD_FRAME_END)
		finish(session, relay);
	return true;
}

/* The other process has ended, or has ended this. */
static void
lost(struct imapd_session *session, struct relay *relay)
{
	bool was_away = relay->visit == session->away;
	bool was_cut = relay->visit->frame.in_line ||
	    relay->visit->frame.literal_left > 0 ||
	    (relay->is_append && relay->sending > SENDS_COMMAND);

	imapd_visit_end(relay->visit);
	relay->visit = NULL;
	session->wakes = false;
	if (!was_cut && (was_away || relay->is_begun))
		imapd_untagged(session->stream, "BYE the mailbox cannot be "
		    "reached any more");
	if (was_cut || was_away || relay->is_begun)
		session->is_over = true;
	else
		refuse(session, -EAGAIN);
}

static void
relay_more(struct imapd_session *session)
{
	struct relay *relay = session->work;
	struct imapd_visit *visit = relay->visit;
	bool moved;

	session->wakes = false;
	if (visit->is_lost && stream_input(visit->stream).len == 0) {
		lost(session, relay);
		return;
	}
	moved = send_some(session, relay);
	if (session->is_over || take_some(session, relay) || moved)
		return;
	/* it has ended in the middle of a line */
	if (visit->is_lost) {
		lost(session, relay);
		return;
	}
	imapd_visit_wait(session);
	session->wakes = relay->sending != SENDS_NOTHING;
}
