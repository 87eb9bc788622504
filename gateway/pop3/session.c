/*
 * session.c - POP3 after login (RFC 1939 5), in the account's process
 *
 * The client sees the mailbox as it was when the session began: the snapshot
 * is the lock that RFC 1939 4 asks for, so two sessions of one account do not
 * shut each other out.  Only QUIT deletes; every other end, a lost connection
 * too, deletes nothing.
 *
 * A reply may be far longer than the memory a session may take.  It is made in
 * pieces: `more` adds one, and is called again when the peer has taken what
 * waits.  No command is read before the reply to the last one is all made.
 */
#include "gateway/pop3/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/pop3/reply.h"

#define SESSION_IDLE_MS	600000	/* RFC 1939 3: at least ten minutes */
#define SESSION_BAD	20	/* HARDENING 2: bad commands after login */
#define SESSION_INPUT	8192	/* commands that wait */
#define SESSION_PAUSE	(256 * 1024)	/* output that waits: make no more */
/* Above the pause there is room for one piece, every line a doubled dot. */
#define SESSION_OUTPUT	(1024 * 1024)

bool
pop3_is_deleted(const struct pop3_session *session, size_t n)
{
	return session->deleted[n / 8] >> n % 8 & 1;
}

const struct letter *
pop3_letter(struct pop3_session *session, uint32_t number, size_t *n_out)
{
	if (number == 0 || number > session->count) {
		pop3_err(session->stream, NULL, "no such letter");
		return NULL;
	}
	if (pop3_is_deleted(session, number - 1)) {
		pop3_err(session->stream, NULL, "letter %u is deleted",
		    (unsigned)number);
		return NULL;
	}
	*n_out = number - 1;
	return view_letter(session->view, number - 1);
}

void
pop3_unmark_all(struct pop3_session *session)
{
	session->kept = session->count;
	session->kept_bytes = 0;
	for (size_t i = 0; i < session->count; i++)
		session->kept_bytes += view_letter(session->view, i)->bytes;
	memset(session->deleted, 0, session->count / 8 + 1);
}

static void
end(struct pop3_session *session)
{
	if (session->asked)
		session->ports.forget(session->ports.arg, session);
	pop3_sending_end(session);
	stream_finish(session->stream);
	if (session->view != NULL)
		account_view_close(session->account, session->view);
	session->ports.ended(session->ports.arg, session);
	free(session->deleted);
	free(session);
}

static void
bad_command(struct pop3_session *session)
{
	if (++session->bad_commands < SESSION_BAD)
		return;
	pop3_err(session->stream, NULL, "too many bad commands");
	session->is_over = true;
}

/* Take one line and act on it; false when there is none. */
static bool
take_line(struct pop3_session *session)
{
	const struct pop3_command *command;
	char buffer[LOGIN_RESPONSE_BYTES];
	struct pop3_args args;
	struct slice line;

	switch (pop3_line_take(session->stream, &session->reader,
	    POP3_COMMAND_BYTES, buffer, &line)) {
	case POP3_GOT_NOTHING:
		return false;
	case POP3_GOT_BAD:
		bad_command(session);
		return true;
	case POP3_GOT_LINE:
		break;
	}
	command = pop3_command_read(session->stream, line, POP3_TRANSACTION,
	    NEEDS_NOTHING, &args);
	if (command == NULL)
		bad_command(session);
	else
		command->handler.session(session, &args);
	return true;
}

/* Go on as far as input, output and a question under way allow. */
static void
pump(struct pop3_session *session)
{
	while (!session->is_over && !session->asked) {
		if (stream_waiting(session->stream) >= SESSION_PAUSE) {
			stream_tell_drained(session->stream);
			return;
		}
		if (session->more != NULL)
			session->more(session);
		else if (!take_line(session))
			break;
	}
	if (session->is_over || (session->peer_ended && !session->asked))
		end(session);
}

/*
 * No byte came for ten minutes.  Whoever is still taking a long reply is not
 * idle; RFC 1939 3: the others are left without a word and without UPDATE.
 */
static bool
is_idle(struct pop3_session *session)
{
	size_t waiting = stream_waiting(session->stream);
	bool moved = waiting != session->idle_waiting;

	session->idle_waiting = waiting;
	return waiting == 0 || !moved;
}

static void
on_stream(void *arg, enum stream_event event)
{
	struct pop3_session *session = arg;

	switch (event) {
	case STREAM_INPUT:
	case STREAM_DRAINED:
		break;
	case STREAM_CLOSED:
		session->peer_ended = true;
		break;
	case STREAM_IDLE:
		if (!is_idle(session))
			return;
		session->is_over = true;
		break;
	case STREAM_FAILED:
	case STREAM_TLS_UP:	/* not here: the door has the TLS */
		session->is_over = true;
		break;
	}
	pump(session);
}

/* Look at the mailbox and say so; without it the session is over. */
static void
begin(struct pop3_session *session)
{
	int r = account_view_open(session->account, MAILBOX_INBOX,
	    &session->view);

	if (r == 0) {
		session->count = view_count(session->view);
		session->deleted = malloc(session->count / 8 + 1);
	}
	if (r < 0 || session->deleted == NULL) {
		pop3_err(session->stream, POP3_TEMP,
		    "the mailbox cannot be opened now");
		session->is_over = true;
		stream_tell_drained(session->stream);
		return;
	}
	pop3_unmark_all(session);
	pop3_ok(session->stream, "%s has %zu letters (%llu octets)",
	    session->login, session->kept,
	    (unsigned long long)session->kept_bytes);
}

struct pop3_session *
pop3_session_new(struct loop *loop, int fd, struct account *account,
    const struct pop3_session_options *options,
    const struct pop3_session_ports *ports)
{
	struct pop3_session *session = calloc(1, sizeof(*session));

	if (session != NULL)
		session->stream = stream_new(loop, fd, SESSION_INPUT,
		    SESSION_OUTPUT, on_stream, session);
	if (session == NULL || session->stream == NULL) {
		free(session);
		(void)close(fd);
		return NULL;
	}
	session->account = account;
	session->ports = *ports;
	session->sending.fd = -1;
	(void)snprintf(session->hostname, sizeof(session->hostname), "%s",
	    options->hostname);
	(void)snprintf(session->login, sizeof(session->login), "%.*s",
	    SLICE_FMT(options->login));
	stream_idle_after(session->stream, SESSION_IDLE_MS);
	begin(session);
	return session;
}

void
pop3_session_close(struct pop3_session *session)
{
	end(session);
}

void
pop3_session_capa(struct pop3_session *session, const struct pop3_args *args)
{
	(void)args;
	pop3_ok(session->stream, "what this server can do");
	/* RFC 2449 6: the same as before login; who is here could log in */
	pop3_capabilities(session->stream, true);
	pop3_dot(session->stream);
}
