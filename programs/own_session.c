/*
 * own_session.c - an IMAP session of an account of this hub, for a command
 *
 * What the server says is judged like any peer's bytes: a response has a bound,
 * and what cannot be one ends the session.
 */
#include "programs/own_session.h"

#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "policy/admin_json.h"

#define READ_BYTES	65536
#define SEND_BYTES	(256 * 1024)	/* gathered before they are sent */
/* One response: the largest letter there can be, and what stands around it. */
#define RESPONSE_BYTES	((size_t)1 << 31)
/* A mailbox's process may be about to leave as we come: it is asked again. */
#define TRIES		50
#define TRY_AGAIN_MS	100

struct own_session {
	int		 fd;
	struct text	 out;
	struct text	 in;
	size_t		 at;		/* so much of it was read */
	struct text	 words;
	unsigned	 number;	/* of the command: its tag */
	bool		 is_lost;
};

static void
session_free(struct own_session *session)
{
	if (session->fd >= 0)
		(void)close(session->fd);
	text_free(&session->out);
	text_free(&session->in);
	text_free(&session->words);
	free(session);
}

/* Lost: say why. */
static enum own_result
lost(struct own_session *session, const char *why)
{
	session->is_lost = true;
	text_clear(&session->words);
	text_add_str(&session->words, why);
	return OWN_LOST;
}

/* Bytes */

static void
flush(struct own_session *session)
{
	struct slice rest = text_slice(&session->out);

	while (!session->is_lost && rest.len > 0) {
		ssize_t n = send(session->fd, rest.at, rest.len, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			(void)lost(session, strerror(errno));
		rest = slice_after(rest, n < 0 ? 0 : (size_t)n);
	}
	text_clear(&session->out);
}

void
own_say(struct own_session *session, struct slice bytes)
{
	while (bytes.len > 0) {
		struct slice part = slice_first(bytes, SEND_BYTES);

		text_add(&session->out, part);
		if (session->out.len >= SEND_BYTES)
			flush(session);
		bytes = slice_after(bytes, part.len);
	}
	if (text_failed(&session->out))
		(void)lost(session, strerror(ENOMEM));
}

void
own_sayf(struct own_session *session, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text_vaddf(&session->out, format, args);
	va_end(args);
}

void
own_say_name(struct own_session *session, struct slice name)
{
	text_add_byte(&session->out, '"');
	for (size_t i = 0; i < name.len; i++) {
		if (name.at[i] == '"' || name.at[i] == '\\')
			text_add_byte(&session->out, '\\');
		text_add_byte(&session->out, name.at[i]);
	}
	text_add_byte(&session->out, '"');
}

void
own_begin(struct own_session *session)
{
	own_sayf(session, "P%u ", ++session->number);
}

/* More bytes of the server: 0 or -errno. */
static int
read_more(struct own_session *session)
{
	char *room;
	ssize_t n;

	if (session->at > 0) {
		text_consume(&session->in, session->at);
		session->at = 0;
	}
	room = text_space(&session->in, READ_BYTES);
	if (room == NULL)
		return -ENOMEM;
	do
		n = recv(session->fd, room, READ_BYTES, 0);
	while (n < 0 && errno == EINTR);
	session->in.len -= READ_BYTES - (n > 0 ? (size_t)n : 0);
	if (n < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return n == 0 ? -ECONNRESET : 0;
}

/* The size of the literal that the line announces at its end. */
static bool
announces(struct slice line, uint64_t *bytes_out)
{
	size_t open = slice_find_last(line, '{');

	if (open == SIZE_MAX || !slice_has_suffix(line, "}"))
		return false;
	return slice_u64(slice_of(line.at + open + 1, line.len - open - 2),
	    RESPONSE_BYTES, bytes_out) == 0;
}

/* The next response, literals and all.  0 or -errno. */
static int
next_response(struct own_session *session, struct slice *response_out)
{
	size_t looked = 0;	/* from session->at on: lines and literals */

	for (;;) {
		struct slice here = slice_after(text_slice(&session->in),
		    session->at);
		struct slice rest = slice_after(here, looked);
		size_t end = slice_find(rest, '\n');
		uint64_t literal = 0;
		int r;

		if (here.len >= looked && end != SIZE_MAX && end > 0 &&
		    rest.at[end - 1] == '\r') {
			if (!announces(slice_first(rest, end - 1), &literal)) {
				*response_out = slice_first(here,
				    looked + end - 1);
				session->at += looked + end + 1;
				return 0;
			}
			looked += end + 1 + (size_t)literal;
			continue;
		}
		r = read_more(session);
		if (r < 0)
			return r;
	}
}

/* Answers */

/* "P7 OK words": is it the answer? */
static bool
is_tagged(struct own_session *session, struct slice response,
    enum own_result *result_out)
{
	struct slice tag, word;
	char ours[16];

	(void)snprintf(ours, sizeof(ours), "P%u", session->number);
	if (!slice_cut(&response, ' ', &tag) || !slice_is_str(tag, ours))
		return false;
	if (!slice_cut(&response, ' ', &word)) {
		word = response;
		response = slice_of(NULL, 0);
	}
	text_clear(&session->words);
	text_add(&session->words, response);
	*result_out = slice_is_word(word, "OK") ? OWN_OK : OWN_NO;
	return true;
}

enum own_result
own_answer(struct own_session *session, own_fn *fn, void *arg)
{
	flush(session);
	while (!session->is_lost) {
		struct slice response;
		enum own_result result;
		int r = next_response(session, &response);

		if (r < 0)
			return lost(session, strerror(-r));
		if (slice_has_prefix(response, "+"))
			return OWN_GO_ON;
		if (is_tagged(session, response, &result))
			return result;
		if (slice_has_prefix(response, "* BYE ")) {
			text_clear(&session->words);
			text_add(&session->words, slice_after(response, 6));
			session->is_lost = true;
			return OWN_LOST;
		}
		r = fn == NULL ? 0 : fn(arg, response);
		if (r < 0)
			return lost(session, strerror(-r));
	}
	return OWN_LOST;
}

struct slice
own_words(const struct own_session *session)
{
	return text_slice(&session->words);
}

/* Opening */

/* Ask for the session; 0, -errno. */
static int
ask(struct own_session *session, const char *run_dir, const char *address)
{
	const char *values[ADMIN_ARGS] = { address };

	session->fd = cli_control(run_dir);
	if (session->fd < 0)
		return session->fd;
	admin_write(admin_find(slice_str("mailbox session")), values,
	    &session->out);
	text_add_byte(&session->out, '\n');
	flush(session);
	return session->is_lost ? -ECONNRESET : 0;
}

/* The first line: the session's own, or why there is none (JSON). */
static int
first_line(struct own_session *session, struct slice *line_out)
{
	size_t end;
	int r = 0;

	while ((end = slice_find(text_slice(&session->in), '\n')) ==
	    SIZE_MAX && r == 0)
		r = read_more(session);
	if (r < 0)
		return r;
	*line_out = slice_first(text_slice(&session->in), end);
	session->at = end + 1;
	return 0;
}

static struct own_session *
session_new(void)
{
	struct own_session *session = calloc(1, sizeof(*session));

	if (session == NULL)
		return NULL;
	session->fd = -1;
	session->out = (struct text)TEXT_INIT(2 * SEND_BYTES + CLI_WORDS_BYTES);
	session->in = (struct text)TEXT_INIT(RESPONSE_BYTES + READ_BYTES);
	session->words = (struct text)TEXT_INIT(CLI_WORDS_BYTES);
	return session;
}

/* One try: 0, 1 (told), or -errno. */
static int
try_open(struct cli *cli, const char *address, struct own_session *session)
{
	struct slice line;
	struct json_t *object;
	int r = ask(session, cli->config.run_dir, address);

	if (r == 0)
		r = first_line(session, &line);
	if (r < 0)
		return r;
	if (slice_has_prefix(line, "{")) {
		TEXT_AUTO answer = TEXT_INIT(READ_BYTES);

		text_add(&answer, line);
		r = cli_answer(cli, admin_find(slice_str("mailbox session")),
		    &answer, &object);
		return r != CLI_OK ? r : -EPROTO;
	}
	own_begin(session);
	own_sayf(session, "ENABLE IMAP4rev2\r\n");
	return own_answer(session, NULL, NULL) == OWN_OK ? 0 : -ECONNRESET;
}

static void
wait_a_little(void)
{
	const struct timespec pause = { .tv_nsec = TRY_AGAIN_MS * 1000000L };

	(void)nanosleep(&pause, NULL);
}

int
own_open(struct cli *cli, const char *address,
    struct own_session **session_out)
{
	int r = 0;

	for (unsigned i = 0; i < TRIES; i++) {
		struct own_session *session = session_new();

		if (session == NULL)
			return cli_fail(cli, CLI_FAILED, NO_MEMORY);
		r = try_open(cli, address, session);
		if (r == 0) {
			*session_out = session;
			return CLI_OK;
		}
		session_free(session);
		if (r > 0)
			return r;
		if (r == -ENOENT || r == -ECONNREFUSED)
			return cli_fail(cli, CLI_BUSY, NOT_RUNNING);
		if (r != -ECONNRESET && r != -EPIPE)
			break;
		wait_a_little();
	}
	return cli_fail(cli, CLI_BUSY, HUB_SILENT, strerror(-r));
}

void
own_close(struct own_session *session)
{
	if (session == NULL)
		return;
	if (!session->is_lost) {
		own_begin(session);
		own_sayf(session, "LOGOUT\r\n");
		(void)own_answer(session, NULL, NULL);
	}
	session_free(session);
}
