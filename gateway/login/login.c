/*
 * login.c - the life of a connection before its login, in the door
 *
 * Nothing of a mailbox is in reach here.  A connection costs its input buffer
 * and a few hundred bytes of replies, lasts a minute at most, and ends after
 * three commands that are none or three wrong passwords.  While a password is
 * being checked the stream is held: what was pipelined behind it stays where it
 * is and goes to the session.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/login/inside.h"
#include "lib/base/parting.h"
#include "lib/base/text.h"

#define LOGIN_MS	60000	/* HARDENING 2: from greeting to login */
#define LOGIN_BADS	3	/* commands that are none, before login */
#define LOGIN_INPUT	16384	/* a whole SASL response */
#define LOGIN_PAUSE	8192	/* replies that wait: read no further */
#define LOGIN_OUTPUT	16384	/* with room for the reply that comes on top */

void
login_drop(struct login *login)
{
	if (login->asked)
		login->ports.forget(login->ports.arg, login);
	login->asked = false;
	login_scram_end(login);
	explicit_bzero(login->user, sizeof(login->user));
	login->user_len = 0;
}

static void
login_free(struct login *login)
{
	if (login->protocol->release != NULL)
		login->protocol->release(login);
	stream_free(login->stream);
	timer_free(login->deadline);
	explicit_bzero(login, login->protocol->bytes);
	free(login);
}

/* The connection is gone, or not ours any more. */
static void
end(struct login *login)
{
	login_drop(login);
	stream_free(login->stream);
	login->stream = NULL;
	login->ports.ended(login->ports.arg, login);
	login_free(login);
}

/* Let the last reply leave. */
static void
part(struct login *login)
{
	login_drop(login);
	login->parts = true;
	parting_begin(login->stream, login->deadline);
}

/* Give the connection away: name and password are right. */
static void
hand_over(struct login *login)
{
	struct stream *stream = login->stream;

	stream_hold(stream, true);
	login->stream = NULL;
	login->ports.hand_over(login->ports.arg, stream, login->account,
	    slice_of(login->user, login->user_len), login->tag);
	end(login);
}

void
login_log(struct login *login, const char *what)
{
	TEXT_AUTO text = TEXT_INIT(2048);

	text_addf(&text, "%s: %s", login->protocol->name, login->peer);
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
login_say(struct login *login, enum login_answer answer, const char *words)
{
	login->protocol->say(login, answer, words);
}

void
login_leave(struct login *login, const char *words)
{
	login_say(login, LOGIN_LEAVE, words);
	login->is_over = true;
}

void
login_bad(struct login *login)
{
	login->next = NULL;
	if (++login->bad_commands < LOGIN_BADS)
		return;
	login_log(login, "too many bad commands, connection ended");
	login_leave(login, "too many bad commands");
}

unsigned
login_facts(const struct login *login)
{
	bool has_tls = stream_has_tls(login->stream);
	unsigned bits = 0;

	if (has_tls || login->options.clear_logins)
		bits |= LOGIN_IS_SAFE;
	if (login->options.offers_tls && login->options.tls != NULL)
		bits |= LOGIN_HAS_TLS;
	if (!has_tls)
		bits |= LOGIN_IS_CLEAR;
	return bits;
}

bool
login_is_request(struct slice input)
{
	static const char *const methods[] = {
		"GET ", "POST ", "PUT ", "HEAD ", "CONNECT ", "OPTIONS ",
		"EHLO ", "HELO ",
	};

	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
		if (slice_has_prefix(input, methods[i]))
			return true;
	return false;
}

static bool
is_foreign(const struct login *login)
{
	struct slice input = stream_input(login->stream);

	/* an empty line is only a bad command */
	return login->next == NULL && input.len > 0 && input.at[0] != '\r' &&
	    input.at[0] != '\n' && login->protocol->is_foreign(login, input);
}

/* Take one command or response and act on it; false when there is none. */
static bool
take(struct login *login)
{
	if (!is_foreign(login))
		return login->protocol->take(login);
	login_log(login, "spoke another protocol");
	login_leave(login, login->protocol->server);
	return true;
}

/* Go on as far as input, replies and a check under way allow. */
static void
pump(struct login *login)
{
	while (!login->is_over && !login->asked && !login->shakes &&
	    login->account == 0) {
		if (stream_waiting(login->stream) >= LOGIN_PAUSE) {
			stream_tell_drained(login->stream);
			return;
		}
		if (!take(login))
			break;
	}
	if (login->account != 0)
		hand_over(login);
	else if (login->is_over || (login->peer_ended && !login->asked))
		part(login);
}

void
login_goes_on(struct login *login)
{
	if (login->protocol->goes_on != NULL) {
		login->protocol->goes_on(login);
		return;
	}
	stream_hold(login->stream, false);
	pump(login);
}

static void
on_stream(void *arg, enum stream_event event)
{
	struct login *login = arg;

	if (login->parts) {
		if (!parting_goes_on(login->stream, login->deadline, event,
		    &login->peer_ended))
			end(login);
		return;
	}
	switch (event) {
	case STREAM_INPUT:
	case STREAM_DRAINED:
		break;
	case STREAM_TLS_UP:
		login->shakes = false;
		if (login->options.implicit_tls)
			login->protocol->greet(login);
		break;
	case STREAM_CLOSED:
		login->peer_ended = true;
		break;
	case STREAM_FAILED:
		login_log(login, stream_fault(login->stream));
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
	struct login *login = arg;

	if (login->parts)
		end(login);
	else
		login_close(login, "login took too long");
}

void
login_close(struct login *login, const char *words)
{
	if (login->parts)
		return;
	login_log(login, words);
	/* in a handshake nobody would understand it */
	if (!login->shakes)
		login_say(login, LOGIN_CLOSE, words);
	part(login);
}

static int
begin_tls(struct login *login)
{
	int r = stream_start_tls(login->stream, login->options.tls);

	login->shakes = r == 0;
	return r;
}

void
login_start_tls(struct login *login)
{
	char words[64];

	/* HARDENING A20: bytes sent before TLS are not obeyed inside it */
	if (stream_input(login->stream).len > 0) {
		(void)snprintf(words, sizeof(words), "bytes came behind %s",
		    login->protocol->tls_command);
		login_say(login, LOGIN_BAD, words);
		login_log(login, words);
		login->is_over = true;
		return;
	}
	login_say(login, LOGIN_OK, "begin TLS now");
	/* RFC 2595 4: what was said in clear is forgotten */
	login->user_len = 0;
	login->is_over = begin_tls(login) < 0;
}

/* The greeting, or the handshake before it.  0 or a negative errno. */
static int
begin(struct login *login)
{
	if (login->options.implicit_tls)
		return login->options.tls == NULL ? -EINVAL :
		    begin_tls(login);
	login->protocol->greet(login);
	return 0;
}

struct login *
login_new(struct loop *loop, int fd, const char *peer,
    const struct login_protocol *protocol,
    const struct login_options *options, const struct login_ports *ports)
{
	struct login *login = calloc(1, protocol->bytes);

	if (login == NULL) {
		(void)close(fd);
		return NULL;
	}
	login->protocol = protocol;
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
	if (login->stream == NULL || login->deadline == NULL ||
	    begin(login) < 0) {
		login_free(login);
		return NULL;
	}
	timer_set(login->deadline, LOGIN_MS);
	return login;
}
