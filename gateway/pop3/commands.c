/*
 * commands.c - what a POP3 client may say, and when
 *
 * The table, its one reader, and its print for `postroom pop3 commands`.
 */
#include "gateway/pop3/commands.h"

#include <string.h>

#include "gateway/pop3/pop3.h"
#include "gateway/pop3/reply.h"
#include "gateway/pop3/session.h"

#define DOOR		POP3_AUTHORIZATION
#define INSIDE		POP3_TRANSACTION
#define START		(LOGIN_HAS_TLS | LOGIN_IS_CLEAR)
#define LOGIN(fn)	{ .login = (fn) }
#define SESSION(fn)	{ .session = (fn) }

const struct pop3_command pop3_commands[] = {
{ "CAPA", DOOR,   NEEDS_NOTHING,            ARGS_NONE,         LOGIN(pop3_login_capa),    "2449 5" },
{ "STLS", DOOR,   START,                    ARGS_NONE,         LOGIN(pop3_login_stls),    "2595 4" },
{ "UTF8", DOOR,   NEEDS_NOTHING,            ARGS_NONE,         LOGIN(pop3_login_utf8),    "6856 2" },
{ "USER", DOOR,   LOGIN_IS_SAFE,            ARGS_TEXT,         LOGIN(pop3_login_user),    "1939 7" },
{ "PASS", DOOR,   LOGIN_IS_SAFE|NEEDS_NAME, ARGS_TEXT,         LOGIN(pop3_login_pass),    "1939 7" },
{ "AUTH", DOOR,   LOGIN_IS_SAFE,            ARGS_MAYBE_TEXT,   LOGIN(pop3_login_auth),    "5034 4" },
{ "QUIT", DOOR,   NEEDS_NOTHING,            ARGS_NONE,         LOGIN(pop3_login_quit),    "1939 4" },
{ "CAPA", INSIDE, NEEDS_NOTHING,            ARGS_NONE,         SESSION(pop3_session_capa), "2449 5" },
{ "STAT", INSIDE, NEEDS_NOTHING,            ARGS_NONE,         SESSION(pop3_session_stat), "1939 5" },
{ "LIST", INSIDE, NEEDS_NOTHING,            ARGS_MAYBE_NUMBER, SESSION(pop3_session_list), "1939 5" },
{ "UIDL", INSIDE, NEEDS_NOTHING,            ARGS_MAYBE_NUMBER, SESSION(pop3_session_uidl), "1939 7" },
{ "RETR", INSIDE, NEEDS_NOTHING,            ARGS_NUMBER,       SESSION(pop3_session_retr), "1939 5" },
{ "TOP",  INSIDE, NEEDS_NOTHING,            ARGS_NUMBER_LINES, SESSION(pop3_session_top),  "1939 7" },
{ "DELE", INSIDE, NEEDS_NOTHING,            ARGS_NUMBER,       SESSION(pop3_session_dele), "1939 5" },
{ "RSET", INSIDE, NEEDS_NOTHING,            ARGS_NONE,         SESSION(pop3_session_rset), "1939 5" },
{ "NOOP", INSIDE, NEEDS_NOTHING,            ARGS_NONE,         SESSION(pop3_session_noop), "1939 5" },
{ "QUIT", INSIDE, NEEDS_NOTHING,            ARGS_NONE,         SESSION(pop3_session_quit), "1939 6" },
{ 0 }
};

/* What to say when a need is not met; the first that is not counts. */
static const struct {
	unsigned	 need;
	const char	*words;
} refusals[] = {
	{ LOGIN_HAS_TLS,	"TLS is not offered here" },
	{ LOGIN_IS_CLEAR,	"TLS is active already" },
	{ LOGIN_IS_SAFE,	"clear-text logins need TLS: use STLS" },
	{ NEEDS_NAME,		"say USER first" },
};

static const char *const shapes[] = {
	[ARGS_NONE] = "no argument",
	[ARGS_TEXT] = "an argument",
	[ARGS_MAYBE_TEXT] = "an argument or none",
	[ARGS_NUMBER] = "a message number",
	[ARGS_MAYBE_NUMBER] = "a message number or nothing",
	[ARGS_NUMBER_LINES] = "a message number and a number of lines",
};

enum pop3_got
pop3_line_take(struct stream *stream, struct line_reader *reader, size_t max,
    char *buffer, struct slice *line_out)
{
	struct slice input = stream_input(stream), line = { NULL, 0 };
	size_t had = input.len;
	enum line_is is = line_take(reader, &input, max, &line);

	/* the handler may give the stream away: nothing may point into it */
	if (line.len > 0)
		memcpy(buffer, line.at, line.len);
	stream_consume(stream, had - input.len);
	switch (is) {
	case LINE_MORE:
		return POP3_GOT_NOTHING;
	case LINE_GOOD:
		*line_out = slice_of(buffer, line.len);
		return POP3_GOT_LINE;
	case LINE_TOO_LONG:
		pop3_err(stream, NULL, "the line is too long");
		break;
	case LINE_BARE_LF:
	case LINE_BARE_CR:
	case LINE_HAS_NUL:
		pop3_err(stream, NULL, "a line ends in CRLF and holds no NUL");
		break;
	}
	return POP3_GOT_BAD;
}

/* Cut a 32-bit number off the front of `*rest`. */
static bool
take_number(struct slice *rest, uint32_t *number_out)
{
	struct slice word;
	uint64_t n;

	if (!slice_word(rest, &word) || slice_u64(word, UINT32_MAX, &n) < 0)
		return false;
	*number_out = (uint32_t)n;
	return true;
}

/* Bring what follows the name into `shape`; false when it has another. */
static bool
read_args(struct slice rest, enum pop3_shape shape, struct pop3_args *args_out)
{
	struct pop3_args args = { .text = rest };
	struct slice words = slice_trim(rest);

	switch (shape) {
	case ARGS_TEXT:
		if (rest.len == 0)
			return false;
		/* FALLTHROUGH */
	case ARGS_MAYBE_TEXT:
		*args_out = args;
		return true;
	case ARGS_MAYBE_NUMBER:
		if (words.len == 0)
			break;
		/* FALLTHROUGH */
	case ARGS_NUMBER:
	case ARGS_NUMBER_LINES:
		args.has_number = true;
		if (!take_number(&words, &args.number) ||
		    (shape == ARGS_NUMBER_LINES &&
		    !take_number(&words, &args.lines)))
			return false;
		break;
	case ARGS_NONE:
		break;
	}
	if (words.len > 0)
		return false;
	*args_out = args;
	return true;
}

static const struct pop3_command *
find(struct slice name, enum pop3_state state)
{
	const struct pop3_command *row;

	for (row = pop3_commands; row->name != NULL; row++)
		if (row->state == state && slice_is_word(name, row->name))
			return row;
	return NULL;
}

const struct pop3_command *
pop3_command_read(struct stream *stream, struct slice line,
    enum pop3_state state, unsigned facts, struct pop3_args *args_out)
{
	const struct pop3_command *row;
	struct slice rest = line, name = line;

	if (!slice_cut(&rest, ' ', &name))
		rest = slice_of(NULL, 0);
	row = find(name, state);
	if (row == NULL) {
		pop3_err(stream, NULL, "not a command here");
		return NULL;
	}
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
		if (row->needs & ~facts & refusals[i].need) {
			pop3_err(stream, NULL, "%s", refusals[i].words);
			return NULL;
		}
	}
	if (!read_args(rest, row->shape, args_out)) {
		pop3_err(stream, NULL, "%s wants %s", row->name,
		    shapes[row->shape]);
		return NULL;
	}
	return row;
}

void
pop3_commands_show(struct text *text)
{
	const struct pop3_command *row;

	for (row = pop3_commands; row->name != NULL; row++)
		text_addf(text, "%-5s %-13s %s\n", row->name,
		    row->state == POP3_AUTHORIZATION ? "AUTHORIZATION" :
		    "TRANSACTION", row->rfc);
}
