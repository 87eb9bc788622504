/*
 * login.c - POP3 before login (RFC 1939 4), in the door
 *
 * Nothing of a mailbox is in reach here.  A connection costs its input buffer
 * and a few hundred bytes of replies, lasts a minute at most, and ends after
 * three lines that are no command or three wrong passwords.  While a password
 * is being checked the stream is held: what was pipelined behind it stays
 * where it is and goes to the session.
 */
#include "gateway/pop3/login.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/pop3/reply.h"

#define LOGIN_MS	60000	/* HARDENING 2: from greeting to login */
#define PART_MS		10000	/* for the last reply to leave */
#define GOODBYE_MS	1000	/* for the client to end its side then */
#define LOGIN_BAD	3	/* lines that are no command, before login */
#define LOGIN_INPUT	16384	/* a whole SASL response */
#define LOGIN_PAUSE	8192	/* replies that wait: read no further */
#define LOGIN_OUTPUT	16384	/* with room for the reply that comes on top */

static void
greet(struct pop3_login *login)
{
	/* no <timestamp>: APOP would need passwords that can be read */
	pop3_ok(login->stream, "%s Postroom POP3 ready", login->hostname);
}

/* What was asked is not to be answered, what was said is forgotten. */
static void
drop_work(struct pop3_login *login)
{
	if (login->asked)
		login->ports.forget(login->ports.arg, login);
	login->asked = false;
	explicit_bzero(login->user, sizeof(login->user));
	login->user_len = 0;
}

/* The connection is gone, or not ours any more. */
static void
end(struct pop3_login *login)
{
	drop_work(login);
	stream_free(login->stream);
	timer_free(login->deadline);
	login->ports.ended(login->ports.arg, login);
	explicit_bzero(login, sizeof(*login));
	free(login);
}

/*
 * Let the last reply leave.  The login stays until the connection is gone, so
 * that whoever counts connections counts this one too.
 */
static void
part(struct pop3_login *login)
{
	drop_work(login);
	login->parts = true;
	stream_hold(login->stream, false);
	stream_consume(login->stream, stream_input(login->stream).len);
	stream_end_output(login->stream);
	stream_tell_drained(login->stream);
	timer_set(login->deadline, PART_MS);
}

/* An event when nothing is heard any more. */
static void
on_parting(struct pop3_login *login, enum stream_event event)
{
	struct stream *stream = login->stream;

	stream_consume(stream, stream_input(stream).len);
	if (event == STREAM_CLOSED)
		login->peer_ended = true;
	if (event == STREAM_FAILED)
		end(login);
	/* the stream says its goodbye in this turn, so let it have that */
	else if (login->peer_ended && stream_waiting(stream) == 0)
		timer_set(login->deadline, 0);
	else if (event == STREAM_DRAINED)
		timer_set(login->deadline, GOODBYE_MS);
}

void
pop3_login_done(struct pop3_login *login, uint64_t account)
{
	struct stream *stream = login->stream;

	login->stream = NULL;
	login->ports.hand_over(login->ports.arg, stream, account,
	    slice_of(login->user, login->user_len));
	end(login);
}

void
pop3_login_log(struct pop3_login *login, const char *what)
{
	TEXT_AUTO text = TEXT_INIT(2048);

	text_addf(&text, "pop3: %s", login->peer);
	if (login->user_len > 0) {
		text_add_str(&text, " as \"");
		text_add_escaped(&text, slice_of(login->user, login->user_len),
		    256);
		text_add_str(&text, "\"");
	}
	text_addf(&text, ": %s", what);
	text_add_byte(&text, '\0');
	if (!text_failed(&text))
		login->ports.log(login->ports.arg, text.at);
}

void
pop3_login_bad(struct pop3_login *login)
{
	login->next = NULL;
	if (++login->bad_commands < LOGIN_BAD)
		return;
	pop3_err(login->stream, NULL, "too many bad commands");
	pop3_login_log(login, "too many bad commands, connection ended");
	login->is_over = true;
}

static unsigned
facts(const struct pop3_login *login)
{
	bool has_tls = stream_has_tls(login->stream);
	unsigned bits = 0;

	if (has_tls || login->options.clear_logins)
		bits |= NEEDS_SAFE;
	if (login->options.offers_stls && login->options.tls != NULL)
		bits |= NEEDS_STLS;
	if (!has_tls)
		bits |= NEEDS_CLEAR;
	if (login->user_len > 0)
		bits |= NEEDS_NAME;
	return bits;
}

static void
read_line(struct pop3_login *login, struct slice line)
{
	const struct pop3_command *command;
	struct pop3_args args;

	if (login->next != NULL) {
		login->next(login, line);
		return;
	}
	command = pop3_command_read(login->stream, line, POP3_AUTHORIZATION,
	    facts(login), &args);
	if (command == NULL)
		pop3_login_bad(login);
	else
		command->handler.login(login, &args);
}

/* Does the next line, or what is there of it, begin as no POP3 does? */
static bool
is_foreign(const struct pop3_login *login)
{
	return login->next == NULL && !login->reader.skips &&
	    pop3_line_is_foreign(stream_input(login->stream));
}

/* Take one line and act on it; false when there is none. */
static bool
take_line(struct pop3_login *login)
{
	size_t max = login->next == NULL ? POP3_COMMAND_BYTES :
	    POP3_RESPONSE_BYTES;
	char buffer[POP3_RESPONSE_BYTES];
	struct slice line;

	if (is_foreign(login)) {
		pop3_err(login->stream, NULL, "this is a POP3 server");
		pop3_login_log(login, "spoke another protocol");
		login->is_over = true;
		return true;
	}
	switch (pop3_line_take(login->stream, &login->reader, max, buffer,
	    &line)) {
	case POP3_GOT_NOTHING:
		return false;
	case POP3_GOT_BAD:
		pop3_login_bad(login);
		return true;
	case POP3_GOT_LINE:
		break;
	}
	read_line(login, line);
	explicit_bzero(buffer, line.len);	/* it may hold a password */
	return true;
}

/* Go on as far as input, replies and a check under way allow. */
static void
pump(struct pop3_login *login)
{
	while (!login->is_over && !login->asked && !login->shakes) {
		if (stream_waiting(login->stream) >= LOGIN_PAUSE) {
			stream_tell_drained(login->stream);
			return;
		}
		if (!take_line(login))
			break;
	}
	if (login->is_over || (login->peer_ended && !login->asked))
		part(login);
}

static void
on_stream(void *arg, enum stream_event event)
{
	struct pop3_login *login = arg;

	if (login->parts) {
		on_parting(login, event);
		return;
	}
	switch (event) {
	case STREAM_INPUT:
	case STREAM_DRAINED:
		break;
	case STREAM_TLS_UP:
		login->shakes = false;
		if (login->options.implicit_tls)
			greet(login);
		break;
	case STREAM_CLOSED:
		login->peer_ended = true;
		break;
	case STREAM_FAILED:
		pop3_login_log(login, stream_fault(login->stream));
		end(login);
		return;
	case STREAM_IDLE:	/* not asked for: the deadline rules here */
		break;
	}
	pump(login);
}

static void
on_deadline(void *arg)
{
	struct pop3_login *login = arg;

	if (login->parts)
		end(login);
	else
		pop3_login_close(login, "login took too long");
}

void
pop3_login_close(struct pop3_login *login, const char *words)
{
	if (login->parts)
		return;
	pop3_login_log(login, words);
	/* in a handshake nobody would understand it */
	if (!login->shakes)
		pop3_err(login->stream, POP3_TEMP, "%s", words);
	part(login);
}

static int
begin_tls(struct pop3_login *login)
{
	int r = stream_start_tls(login->stream, login->options.tls);

	login->shakes = r == 0;
	return r;
}

void
pop3_login_capa(struct pop3_login *login, const struct pop3_args *args)
{
	unsigned are = facts(login);

	(void)args;
	pop3_ok(login->stream, "what this server can do");
	pop3_capabilities(login->stream, (are & NEEDS_SAFE) != 0);
	if ((are & NEEDS_STLS) && (are & NEEDS_CLEAR))
		pop3_line(login->stream, "STLS");
	pop3_dot(login->stream);
}

void
pop3_login_stls(struct pop3_login *login, const struct pop3_args *args)
{
	(void)args;
	/* HARDENING A20: bytes sent before TLS are not obeyed inside it */
	if (stream_input(login->stream).len > 0) {
		pop3_err(login->stream, NULL, "bytes came behind STLS");
		pop3_login_log(login, "sent bytes behind STLS");
		login->is_over = true;
		return;
	}
	pop3_ok(login->stream, "begin TLS now");
	/* RFC 2595 4: what was said in clear is forgotten */
	login->user_len = 0;
	login->is_over = begin_tls(login) < 0;
}

/*
 * RFC 6856 2.1: the client can read UTF-8 in header fields.  Letters are given
 * as they are stored to everyone, so there is nothing to remember: clients
 * that never say UTF8 have met such mail for twenty years.
 */
void
pop3_login_utf8(struct pop3_login *login, const struct pop3_args *args)
{
	(void)args;
	pop3_ok(login->stream, "UTF-8 it is");
}

void
pop3_login_quit(struct pop3_login *login, const struct pop3_args *args)
{
	(void)args;
	pop3_ok(login->stream, "goodbye");
	login->is_over = true;
}

struct pop3_login *
pop3_login_new(struct loop *loop, int fd, const char *peer,
    const struct pop3_login_options *options,
    const struct pop3_login_ports *ports)
{
	struct pop3_login *login = calloc(1, sizeof(*login));

	if (login == NULL) {
		(void)close(fd);
		return NULL;
	}
	login->options = *options;
	login->ports = *ports;
	(void)snprintf(login->hostname, sizeof(login->hostname), "%s",
	    options->hostname);
	login->options.hostname = login->hostname;
	(void)snprintf(login->peer, sizeof(login->peer), "%s", peer);
	login->stream = stream_new(loop, fd, LOGIN_INPUT, LOGIN_OUTPUT,
	    on_stream, login);
	if (login->stream == NULL)
		(void)close(fd);
	login->deadline = timer_new(loop, on_deadline, login);
	if (login->stream == NULL || login->deadline == NULL)
		goto undo;
	if (!options->implicit_tls)
		greet(login);
	else if (options->tls == NULL || begin_tls(login) < 0)
		goto undo;
	timer_set(login->deadline, LOGIN_MS);
	return login;
undo:
	stream_free(login->stream);
	timer_free(login->deadline);
	free(login);
	return NULL;
}
