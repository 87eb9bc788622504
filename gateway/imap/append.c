/*
 * append.c - APPEND (RFC 9051 6.3.12) of one message or several (RFC 3502)
 *
 * OK is a receipt: all messages are in the mailbox, durably, or none is.  What
 * is stored has CRLF line ends and no NUL (DESIGN.md 3); a message of which a
 * part is missing when the connection ends was never there.
 */
#include <errno.h>
#include <string.h>

#include "gateway/imap/reply.h"
#include "gateway/imap/session.h"
#include "store/appending.h"
#include "store/folders.h"

#define KEYWORDS_BYTES	16384	/* HARDENING 2: 200 keywords */

struct append {
	struct appending	*appending;
	int			 error;		/* what is still to come is dropped */
	struct append_letter	 letter;
	struct text		 keywords;
	struct text		 body;
	bool			 after_cr;	/* the last byte of it was CR */
	uint64_t		 left;		/* of the literal */
	bool			 is_empty;	/* a literal of no bytes */
	uint32_t		 count;		/* of messages */
};

static bool	take_message(struct imapd_session *);

static void
drop(struct imapd_session *session)
{
	struct append *work = session->work;

	appending_end(work->appending);
	text_free(&work->keywords);
	text_free(&work->body);
}

static void
refuse(struct imapd_session *session, int error)
{
	if (error == -ENOENT)
		imapd_finish(session, "NO [TRYCREATE] there is no such "
		    "mailbox");
	else if (error == -ECANCELED)
		imapd_finish(session, "NO a message of no bytes is none");
	else
		imapd_refuse(session, error);
}

/* [flags] [date-time], then the size of the message. */
static bool
read_head(struct imapd_session *session, struct imapd_parse *parse,
    struct imapd_literal *literal_out)
{
	struct append *work = session->work;
	struct imapd_flags flags = { 0 };
	int64_t at = clock_utc_ms();

	if (imapd_peek(parse) == '(' && (!imapd_flags(parse, true, &flags) ||
	    !imapd_space(parse)))
		return false;
	if (imapd_peek(parse) == '"' && (!imapd_date_time(parse, &at) ||
	    !imapd_space(parse)))
		return false;
	if (imapd_literal_read(parse->rest, literal_out) < 0 ||
	    literal_out->marked_at != 0)
		return imapd_parse_fault(parse, "a message is missing");
	text_clear(&work->keywords);
	for (size_t i = 0; i < flags.count; i++)
		text_addf(&work->keywords, "%s%.*s", i > 0 ? " " : "",
		    SLICE_FMT(flags.keywords[i]));
	work->letter = (struct append_letter){
		.received_at_utc_ms = at, .flags = flags.bits
	};
	return true;
}

/* The message is next; one that is refused and was not sent stays there. */
static void
begin_message(struct imapd_session *session,
    const struct imapd_literal *literal)
{
	struct append *work = session->work;

	if (work->error == 0 && literal->bytes > BIG_BYTES)
		work->error = -EMSGSIZE;
	if (work->error < 0 && literal->waits) {
		refuse(session, work->error);
		return;
	}
	if (literal->waits)
		imapd_go_on(session->stream);
	work->left = literal->bytes;
	work->is_empty = literal->bytes == 0;
	work->after_cr = false;
	text_clear(&work->body);
	imapd_input_next(&session->input);
	session->take = take_message;
}

/* Add bytes of the message with line ends and NULs made right. */
static void
add_body(struct append *work, struct slice bytes)
{
	size_t from = 0;

	for (size_t i = 0; i < bytes.len; i++) {
		char c = bytes.at[i];

		if (c != '\r' && c != '\n' && c != '\0' && !work->after_cr)
			continue;
		text_add(&work->body, slice_of(bytes.at + from, i - from));
		from = i + 1;
		if (work->after_cr && c != '\n')
			text_add_byte(&work->body, '\n');
		else if (!work->after_cr && c == '\n')
			text_add_byte(&work->body, '\r');
		text_add_byte(&work->body, c == '\0' ? '\x80' : c);
		work->after_cr = c == '\r';
	}
	text_add(&work->body, slice_after(bytes, from));
}

/* All of the message is here. */
static int
add_letter(struct append *work)
{
	if (work->error < 0)
		return work->error;
	if (work->is_empty)
		return -ECANCELED;	/* RFC 3502 6.3.11 */
	if (work->after_cr)
		text_add_byte(&work->body, '\n');
	if (text_failed(&work->body) || text_failed(&work->keywords))
		return -EMSGSIZE;
	work->letter.body = text_slice(&work->body);
	work->letter.body_bytes = work->body.len;
	work->letter.keywords = text_slice(&work->keywords);
	work->count++;
	work->letter.lacks_crlf = !slice_has_suffix(work->letter.body, "\r\n");
	return appending_add(work->appending, &work->letter);
}

static void
commit(struct imapd_session *session)
{
	struct append *work = session->work;
	uint32_t uidvalidity, first;
	int r;

	if (work->error == 0)
		work->error = appending_commit(work->appending, &uidvalidity,
		    &first);
	r = work->error;
	if (r < 0)
		refuse(session, r);
	else if (work->count == 1)
		imapd_finish(session, "OK [APPENDUID %u %u] it is kept",
		    uidvalidity, first);
	else
		imapd_finish(session, "OK [APPENDUID %u %u:%u] they are kept",
		    uidvalidity, first, first + work->count - 1);
}

/* A message that nobody waits for would be taken for commands. */
static void
wrong_tail(struct imapd_session *session, const char *fault)
{
	struct imapd_literal literal;

	session->take = NULL;
	session->input.is_lost = imapd_literal_read(text_slice(
	    &session->input.command), &literal) == 0 && !literal.waits;
	imapd_bad(session, fault);
}

/* Behind a message: the end of the command, or another message. */
static bool
take_tail(struct imapd_session *session)
{
	struct imapd_parse parse = { .arena = session->arena };
	struct imapd_literal literal;

	switch (imapd_input_line(&session->input, session->stream)) {
	case IMAPD_GOT_NOTHING:
		return false;
	case IMAPD_GOT_COMMAND:
		break;
	default:
		wrong_tail(session, session->input.fault);
		return true;
	}
	parse.rest = text_slice(&session->input.command);
	if (parse.rest.len == 0)
		commit(session);
	else if (imapd_space(&parse) && read_head(session, &parse, &literal))
		begin_message(session, &literal);
	else
		wrong_tail(session, parse.fault);
	return true;
}

static bool
take_message(struct imapd_session *session)
{
	struct append *work = session->work;
	struct slice here = stream_input(session->stream);

	here = slice_first(here, work->left < here.len ? (size_t)work->left :
	    here.len);
	if (here.len == 0 && work->left > 0)
		return false;
	if (work->error == 0)
		add_body(work, here);
	stream_consume(session->stream, here.len);
	work->left -= here.len;
	if (work->left > 0)
		return true;
	work->error = add_letter(work);
	session->take = take_tail;
	return true;
}

/* Where it goes; an error is told once the client hears us. */
static int
find_mailbox(struct imapd_session *session, struct append *work,
    struct slice name)
{
	uint32_t mailbox;
	int r = folder_find(session->account, name, &mailbox);

	if (r == -EINVAL)
		return -ENOENT;
	return r < 0 ? r : appending_new(session->account, mailbox,
	    &work->appending);
}

void
imapd_append(struct imapd_session *session, struct imapd_parse *parse)
{
	struct append *work;
	struct imapd_literal literal;
	struct slice name;

	if (!imapd_mailbox(parse, &name) || !imapd_space(parse))
		return;
	work = imapd_work(session, sizeof(*work));
	if (work == NULL)
		return;
	work->keywords = (struct text)TEXT_INIT(KEYWORDS_BYTES);
	work->body = (struct text)TEXT_INIT(BIG_BYTES);
	session->drop = drop;
	if (!read_head(session, parse, &literal))
		return;
	work->error = find_mailbox(session, work, name);
	begin_message(session, &literal);
}
