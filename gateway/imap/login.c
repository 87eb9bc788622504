/*
 * login.c - IMAP before login (RFC 9051 3.1), in the door
 *
 * Nothing of a mailbox is in reach here.  A connection costs its input buffer
 * and a few hundred bytes of replies, lasts a minute at most, and ends after
 * three commands that are none or three wrong passwords.  While a password is
 * being checked the stream is held: what was pipelined behind it stays where it
 * is and goes to the session.
 */
#include "gateway/imap/login.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/imap/reply.h"

#define LOGIN_MS	60000	/* HARDENING 2: from greeting to login */
#define PART_MS		10000	/* for the last reply to leave */
#define GOODBYE_MS	1000	/* for the client to end its side then */
#define LOGIN_BAD	3	/* bad commands, before login */
#define LOGIN_INPUT	16384	/* a whole SASL response */
#define LOGIN_PAUSE	8192	/* replies that wait: read no further */
#define LOGIN_OUTPUT	16384	/* with room for the reply that comes on top */
/* Words, strings and a name; HARDENING A31: under 64 KiB in all. */
#define LOGIN_PARSE	16384

/* RFC 4422 leaves it to us. */
static const struct imapd_limits response_limits = {
	.line_bytes = IMAPD_RESPONSE_BYTES + 2,
	.command_bytes = IMAPD_RESPONSE_BYTES + 2,
};

static unsigned
facts(const struct imapd_login *login)
{
	bool has_tls = stream_has_tls(login->stream);
	unsigned bits = 0;

	if (has_tls || login->options.clear_logins)
		bits |= IMAPD_NEEDS_SAFE;
	if (login->options.offers_tls && login->options.tls != NULL)
		bits |= IMAPD_NEEDS_TLS;
	if (!has_tls)
		bits |= IMAPD_NEEDS_CLEAR;
	return bits;
}

static void
add_capabilities(const struct imapd_login *login, struct text *text)
{
	unsigned are = facts(login);

	text_add_str(text, "CAPABILITY");
	imapd_add_capabilities(text, false);
	if ((are & IMAPD_NEEDS_TLS) && (are & IMAPD_NEEDS_CLEAR))
		text_add_str(text, " STARTTLS");
	text_add_str(text, (are & IMAPD_NEEDS_SAFE) ?
	    " AUTH=PLAIN AUTH=LOGIN" : " LOGINDISABLED");
}

static void
greet(struct imapd_login *login)
{
	TEXT_AUTO words = TEXT_INIT(1024);

	add_capabilities(login, &words);
	imapd_untagged(login->stream, "OK [%.*s] %s Postroom IMAP ready",
	    SLICE_FMT(text_slice(&words)), login->hostname);
}

/* What was asked is not to be answered, what was said is forgotten. */
static void
drop_work(struct imapd_login *login)
{
	if (login->asked)
		login->ports.forget(login->ports.arg, login);
	login->asked = false;
	explicit_bzero(login->user, sizeof(login->user));
	login->user_len = 0;
	imapd_input_next(&login->input);
}

/* The connection is gone, or not ours any more. */
static void
end(struct imapd_login *login)
{
	drop_work(login);
	imapd_input_free(&login->input);
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
part(struct imapd_login *login)
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
on_parting(struct imapd_login *login, enum stream_event event)
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
imapd_login_done(struct imapd_login *login, uint64_t account)
{
	struct stream *stream = login->stream;

	login->stream = NULL;
	login->ports.hand_over(login->ports.arg, stream, account,
	    slice_of(login->user, login->user_len), slice_str(login->tag));
	end(login);
}

void
imapd_login_log(struct imapd_login *login, const char *what)
{
	TEXT_AUTO text = TEXT_INIT(2048);

	text_addf(&text, "imap: %s", login->peer);
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
imapd_login_say(struct imapd_login *login, const char *words)
{
	imapd_tagged(login->stream, slice_str(login->tag), "%s", words);
}

/* "* BYE words", and that is the end. */
static void
bye(struct imapd_login *login, const char *words)
{
	imapd_untagged(login->stream, "BYE %s", words);
	login->is_over = true;
}

void
imapd_login_bad(struct imapd_login *login, const char *words)
{
	imapd_login_say(login, words);
	login->next = NULL;
	if (login->input.is_lost) {
		bye(login, "the connection is out of step");
	} else if (++login->bad_commands >= LOGIN_BAD) {
		imapd_login_log(login,
		    "too many bad commands, connection ended");
		bye(login, "too many bad commands");
	}
}

/* What a parser found, as a reply. */
static void
bad_parse(struct imapd_login *login, const char *fault)
{
	TEXT_AUTO words = TEXT_INIT(256);

	text_addf(&words, "BAD %s", fault);
	text_add_byte(&words, '\0');
	imapd_login_bad(login, text_failed(&words) ? "BAD" : words.at);
}

static void
read_command(struct imapd_login *login)
{
	ARENA_AUTO arena = arena_new(LOGIN_PARSE);
	struct imapd_parse parse = {
		.rest = text_slice(&login->input.command), .arena = arena
	};
	const struct imapd_command *command;
	struct slice tag;

	login->tag[0] = '\0';
	if (arena != NULL && imapd_tag(&parse, &tag) &&
	    tag.len <= IMAPD_TAG_BYTES)
		(void)slice_cstr(tag, login->tag, sizeof(login->tag));
	if (login->input.fault != NULL || login->tag[0] == '\0') {
		bad_parse(login, login->input.fault != NULL ?
		    login->input.fault : "a command begins with a tag");
		return;
	}
	command = imapd_command_read(&parse, IMAPD_STRANGER, facts(login));
	if (command == NULL) {
		/* what is refused is a command all the same */
		if (slice_has_prefix(slice_str(parse.fault), "NO "))
			imapd_login_say(login, parse.fault);
		else
			imapd_login_bad(login, parse.fault);
		return;
	}
	command->handler.login(login, &parse);
	/* a handler that has given the connection away sets no fault */
	if (parse.fault != NULL)
		bad_parse(login, parse.fault);
}

/* A line that is no command: a SASL response. */
static void
read_response(struct imapd_login *login)
{
	if (login->input.fault != NULL)
		bad_parse(login, login->input.fault);
	else
		login->next(login, text_slice(&login->input.command));
}

/* Does the next command, or what is there of it, begin as no IMAP does? */
static bool
is_foreign(const struct imapd_login *login)
{
	return login->next == NULL && login->input.command.len == 0 &&
	    !login->input.reader.skips &&
	    imapd_line_is_foreign(stream_input(login->stream));
}

/* Take one command and act on it; false when there is none. */
static bool
take_command(struct imapd_login *login)
{
	bool is_response = login->next != NULL;
	enum imapd_got got;

	if (is_foreign(login)) {
		imapd_login_log(login, "spoke another protocol");
		bye(login, "this is an IMAP server");
		return true;
	}
	login->input.limits = is_response ? &response_limits :
	    &imapd_limits_before_login;
	login->input.command.limit = login->input.limits->command_bytes;
	got = is_response ? imapd_input_line(&login->input, login->stream) :
	    imapd_input_take(&login->input, login->stream);
	if (got == IMAPD_GOT_NOTHING)
		return false;
	if (is_response)
		read_response(login);
	else
		read_command(login);
	return true;
}

/* Go on as far as input, replies and a check under way allow. */
static void
pump(struct imapd_login *login)
{
	while (!login->is_over && !login->asked && !login->shakes) {
		if (stream_waiting(login->stream) >= LOGIN_PAUSE) {
			stream_tell_drained(login->stream);
			return;
		}
		if (!take_command(login))
			break;
		imapd_input_next(&login->input);
	}
	if (login->is_over || (login->peer_ended && !login->asked))
		part(login);
}

static void
on_stream(void *arg, enum stream_event event)
{
	struct imapd_login *login = arg;

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
		imapd_login_log(login, stream_fault(login->stream));
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
	struct imapd_login *login = arg;

	if (login->parts)
		end(login);
	else
		imapd_login_close(login, "login took too long");
}

void
imapd_login_close(struct imapd_login *login, const char *words)
{
	if (login->parts)
		return;
	imapd_login_log(login, words);
	/* in a handshake nobody would understand it */
	if (!login->shakes)
		bye(login, words);
	part(login);
}

static int
begin_tls(struct imapd_login *login)
{
	int r = stream_start_tls(login->stream, login->options.tls);

	login->shakes = r == 0;
	return r;
}

void
imapd_login_capability(struct imapd_login *login, struct imapd_parse *parse)
{
	TEXT_AUTO words = TEXT_INIT(1024);

	(void)parse;
	add_capabilities(login, &words);
	imapd_untagged(login->stream, "%.*s", SLICE_FMT(text_slice(&words)));
	imapd_login_say(login, "OK that is all");
}

void
imapd_login_noop(struct imapd_login *login, struct imapd_parse *parse)
{
	(void)parse;
	imapd_login_say(login, "OK nothing done");
}

void
imapd_login_logout(struct imapd_login *login, struct imapd_parse *parse)
{
	(void)parse;
	bye(login, "goodbye");
	imapd_login_say(login, "OK goodbye");
}

/* RFC 2971 3.1: who the client says it is changes nothing. */
void
imapd_login_id(struct imapd_login *login, struct imapd_parse *parse)
{
	if (!imapd_id_read(parse))
		return;
	imapd_untagged(login->stream, "ID (\"name\" \"Postroom\")");
	imapd_login_say(login, "OK and who are you?");
}

void
imapd_login_starttls(struct imapd_login *login, struct imapd_parse *parse)
{
	(void)parse;
	/* HARDENING A20: bytes sent before TLS are not obeyed inside it */
	if (stream_input(login->stream).len > 0) {
		imapd_login_say(login, "BAD bytes came behind STARTTLS");
		imapd_login_log(login, "sent bytes behind STARTTLS");
		login->is_over = true;
		return;
	}
	imapd_login_say(login, "OK begin TLS now");
	login->is_over = begin_tls(login) < 0;
}

struct imapd_login *
imapd_login_new(struct loop *loop, int fd, const char *peer,
    const struct imapd_login_options *options,
    const struct imapd_login_ports *ports)
{
	struct imapd_login *login = calloc(1, sizeof(*login));

	if (login == NULL) {
		(void)close(fd);
		return NULL;
	}
	imapd_input_begin(&login->input, &imapd_limits_before_login);
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
