/*
 * append.c - APPEND (RFC 9051 6.3.12) of one message or several (RFC 3502), and
 * of one that is put in place of another (replace.c)
 *
 * OK is a receipt: all messages are in the mailbox, durably, or none is; what is
 * replaced goes in the same commit, and stays when that fails.  What
 * is stored has CRLF line ends and no NUL (DESIGN.md 3); a message of which a
 * part is missing when the connection ends was never there.
 *
 * A small message gathers here, a big one goes into a file of the queue as it
 * comes (saving.h).  What was small as the client told it, and is not when its
 * line ends are mended, becomes a big one on the way.
 *
 * A session that imports (imap.h) may say, behind the date of a message, where
 * it is from: X-IMPORTED (KEY), an append-ext as RFC 4466 2.5 has them, with 32
 * hexadecimal digits.  One of a key that is known already is passed over.
 */
#include "gateway/imap/append.h"

#include <errno.h>
#include <string.h>

#include "gateway/imap/across.h"
#include "gateway/imap/relay.h"
#include "gateway/imap/reply.h"
#include "gateway/imap/saving.h"
#include "gateway/imap/visitor.h"
#include "lib/base/dot.h"
#include "lib/base/pack.h"
#include "lib/message/header.h"
#include "lib/message/structure.h"
#include "lib/message/words.h"
#include "store/folders.h"

#define KEYWORDS_BYTES	16384	/* HARDENING 2: 200 keywords */
#define HEAD_BYTES	(64 * 1024)	/* of memory, to parse one message's
					   flags and date */
/* A small message, and one look at the input on top (saving.c has the sum). */
#define GATHERED_BYTES	(3 * BIG_BYTES)
#define BEGINNING_BYTES	16384	/* of a big one, for its subject */
/* Of one command: those of a thousand usual messages.  More are made when
 * somebody asks for them. */
#define STRUCTURES_BYTES (1024 * 1024)
/* For the trail: of a subject, and of what all messages of a command leave. */
#define SUBJECT_BYTES	256
#define CODE_BYTES	(32 * 1024)	/* of APPENDUID: who asked reads lines
					   of 64 KiB */
#define SAVED_BYTES	(APPENDING_MOST * (SUBJECT_BYTES + 64))

struct append {
	struct slice		 mailbox;
	const struct imapd_instead *instead;	/* one message; or NULL */
	struct appending	*appending;
	/* why it is refused: what is still to come is dropped */
	int			 error;		/* of the store */
	const char		*no, *fault;	/* the words behind NO, BAD */
	struct append_letter	 letter;
	bool			 has_key;	/* it is an import */
	bool			 is_known;	/* of before: passed over */
	unsigned char		 key[IMPORT_KEY_BYTES];
	struct text		 keywords;
	struct text		 body;		/* or the beginning of: */
	struct imapd_saving	*saving;	/* a big one; or NULL */
	size_t			 structures;	/* bytes of them */
	unsigned		 rights;	/* RIGHT_ bits there */
	struct message_id	 moved;		/* the next is called so */
	uint32_t		 known;		/* that are there already */
	bool			 waits;		/* the client, for our "+" */
	bool			 is_wrapped;	/* in "UTF8 (...)" */
	struct dot_reader	 ends;		/* mends its line ends */
	uint64_t		 left;		/* of the literal */
	uint64_t		 dropped;	/* bytes that came for nothing */
	bool			 is_empty;	/* a literal of no bytes */
	uint32_t		 count;		/* of messages */
	struct text		 saved;		/* of each: mends, subject */
};

static bool	take_message(struct imapd_session *);

static void
drop(struct imapd_session *session)
{
	struct append *work = session->work;

	/* the queue hears that the file is not wanted before it hears that
	 * nothing refers to it */
	imapd_saving_end(work->saving);
	appending_end(work->appending);
	text_free(&work->keywords);
	text_free(&work->body);
	text_free(&work->saved);
}

/* What went wrong with a big one is wrong with all of the command. */
static int
error_of(const struct append *work)
{
	return work->error == 0 && work->saving != NULL ?
	    imapd_saving_error(work->saving) : work->error;
}

static bool
is_refused(const struct append *work)
{
	return error_of(work) < 0 || work->no != NULL || work->fault != NULL;
}

/* Nothing more comes: say why. */
static void
refuse(struct imapd_session *session)
{
	const struct append *work = session->work;

	session->take = NULL;
	if (work->fault != NULL)
		imapd_bad(session, work->fault);
	else if (work->no != NULL)
		imapd_finish(session, "NO %s", work->no);
	else
		imapd_refuse_into(session, error_of(work));
}

/* Bytes that nobody asked for go nowhere, but not for ever. */
static bool
may_drop(struct imapd_session *session, uint64_t bytes)
{
	struct append *work = session->work;

	work->dropped += bytes;
	if (work->dropped <= IMAPD_SKIP_MOST)
		return true;
	session->input.is_lost = true;
	work->fault = "[TOOBIG] what follows is too large to be dropped";
	refuse(session);
	return false;
}

/*
 * Of a MOVE between accounts (across.c): "MOVED id ".  A message that is called
 * so already is passed over, so no client is to choose a name: APPEND, which is
 * passed on as a client has said it, has none.
 */
static bool
read_moved(struct imapd_parse *parse, struct message_id *moved)
{
	struct slice word;

	*moved = (struct message_id){ { 0 } };
	if (!slice_has_prefix(parse->rest, "MOVED "))
		return true;
	return imapd_word(parse, "MOVED") && imapd_space(parse) &&
	    imapd_atom(parse, &word) && (message_id_read(word, moved) == 0 ||
	    imapd_parse_fault(parse, "that is no id")) && imapd_space(parse);
}

/* [X-IMPORTED (key) SP] */
static bool
read_key(struct imapd_session *session, struct imapd_parse *parse)
{
	struct append *work = session->work;
	struct slice digits;

	work->has_key = work->is_known = false;
	if (!session->imports || !imapd_word(parse, "X-IMPORTED"))
		return true;
	if (!imapd_space(parse) || !imapd_byte(parse, '(') ||
	    !imapd_atom(parse, &digits) || !imapd_byte(parse, ')') ||
	    !imapd_space(parse))
		return false;
	if (digits.len != 2 * IMPORT_KEY_BYTES)
		return imapd_parse_fault(parse, "that is no key");
	for (size_t i = 0; i < IMPORT_KEY_BYTES; i++) {
		int byte = slice_hex(slice_after(digits, 2 * i));

		if (byte < 0)
			return imapd_parse_fault(parse, "that is no key");
		work->key[i] = (unsigned char)byte;
	}
	work->has_key = true;
	return true;
}

/* [flags] [date-time] [key], then the size of the message. */
static bool
read_head(struct imapd_session *session, struct imapd_parse *parse,
    struct imapd_literal *literal_out)
{
	struct append *work = session->work;
	struct imapd_flags flags = { 0 };
	int64_t at = clock_utc_ms();

	if (session->command->handler.session == imapd_visit_take &&
	    !read_moved(parse, &work->moved))
		return false;
	if (imapd_peek(parse) == '(' && (!imapd_flags(parse, true, &flags) ||
	    !imapd_space(parse)))
		return false;
	if (imapd_peek(parse) == '"' && (!imapd_date_time(parse, &at) ||
	    !imapd_space(parse)))
		return false;
	/* RFC 6855 4: what RFC 9755 did away with, and programs still send */
	work->is_wrapped = imapd_word(parse, "UTF8");
	if (work->is_wrapped && (!imapd_space(parse) ||
	    !imapd_byte(parse, '(')))
		return false;
	if (!read_key(session, parse))
		return false;
	if (imapd_literal_read(parse->rest, literal_out) < 0 ||
	    literal_out->marked_at != 0)
		return imapd_parse_fault(parse, "a message is missing");
	text_clear(&work->keywords);
	flags.bits &= imapd_may_flags(work->rights);
	if ((work->rights & RIGHT_WRITE) == 0)
		flags.count = 0;
	for (size_t i = 0; i < flags.count; i++)
		text_addf(&work->keywords, "%s%.*s", i > 0 ? " " : "",
		    SLICE_FMT(flags.keywords[i]));
	work->letter = (struct append_letter){
		.received_at_utc_ms = at, .flags = flags.bits
	};
	return true;
}

/* It is a big one of some `bytes`: what has gathered of it goes ahead. */
static void
begin_big(struct imapd_session *session, uint64_t bytes)
{
	struct append *work = session->work;

	work->error = imapd_saving_begin(session, bytes, &work->saving);
	if (work->error == 0)
		imapd_saving_add(work->saving, text_slice(&work->body));
}

/* Where it goes is known; one that is refused and was not sent stays there. */
static bool
take_permission(struct imapd_session *session)
{
	struct append *work = session->work;

	session->take = take_message;
	if (!work->waits)
		return true;
	if (is_refused(work))
		refuse(session);
	else
		imapd_go_on(session->stream);
	return true;
}

/* Was it brought before? */
static void
look_up(struct imapd_session *session)
{
	struct append *work = session->work;
	int r;

	if (!work->has_key || is_refused(work))
		return;
	r = imported_has(session->account, slice_of(work->key,
	    IMPORT_KEY_BYTES));
	if (r < 0)
		work->error = r;
	work->is_known = r == 1;
}

/* They are in the mailbox, and the trail hears of each. */
static void
tell_saved(struct imapd_session *session)
{
	struct append *work = session->work;
	struct unpack u = unpack_of(text_slice(&work->saved));

	for (uint32_t i = 0; i < work->count; i++) {
		struct imapd_saved saved = {
			.id = appending_id(work->appending, i),
			.mailbox = work->mailbox,
			.mended = unpack_u32(&u),
		};

		saved.subject = unpack_slice(&u);
		/* another session was quicker to move it here */
		work->known += saved.id == NULL;
		if (saved.id != NULL)
			session->ports.saved(session->ports.arg, &saved);
	}
}

/*
 * What another account's COPY brings is all or nothing too, however much it is:
 * it comes in steps.  A client sends so much at once by mistake.
 */
static void
make_room(struct imapd_session *session)
{
	struct append *work = session->work;

	if (session->command->handler.session != imapd_visit_take) {
		work->no = "[LIMIT] that is too many messages at once";
		return;
	}
	work->error = appending_step(work->appending);
	if (work->error < 0)
		return;
	/* of what is taken back it was said all the same */
	tell_saved(session);
	work->count = 0;
	work->structures = 0;
	text_clear(&work->saved);
}

/* The message is next. */
static void
begin_message(struct imapd_session *session,
    const struct imapd_literal *literal)
{
	struct append *work = session->work;

	if (!is_refused(work) && work->count == APPENDING_MOST)
		make_room(session);
	if (!is_refused(work) && literal->bytes > session->message_bytes)
		work->error = -EMSGSIZE;
	if (!literal->waits && literal->bytes > IMAPD_LITERAL_MINUS &&
	    work->fault == NULL && !session->is_visit)
		work->fault = IMAPD_TOO_EAGER;
	text_clear(&work->body);
	look_up(session);
	if (!is_refused(work) && !work->is_known &&
	    literal->bytes > BIG_BYTES)
		begin_big(session, literal->bytes);
	if (is_refused(work) && literal->waits) {
		refuse(session);
		return;
	}
	if (is_refused(work) && !may_drop(session, literal->bytes))
		return;
	work->left = literal->bytes;
	work->waits = literal->waits;
	work->is_empty = literal->bytes == 0;
	work->ends = dot_reader_of(true, true);
	imapd_input_next(&session->input);
	session->take = take_permission;
}

static void
put(struct append *work, struct slice bytes)
{
	size_t here = work->body.len;

	if (work->saving == NULL) {
		text_add(&work->body, bytes);
		return;
	}
	imapd_saving_add(work->saving, bytes);
	if (here < BEGINNING_BYTES)
		text_add(&work->body, slice_first(bytes,
		    BEGINNING_BYTES - here));
}

/* Add bytes of the message with line ends and NULs made right. */
static void
add_body(struct append *work, struct slice bytes)
{
	struct slice run;

	while (dot_take(&work->ends, &bytes, &run) == DOT_RUN)
		put(work, run);
}

/* What was added goes on, as far as it can now. */
static void
send_on(struct imapd_session *session)
{
	struct append *work = session->work;

	if (is_refused(work))
		return;
	if (work->saving != NULL)
		(void)imapd_saving_flush(work->saving);
	else if (work->body.len > BIG_BYTES)
		begin_big(session, work->body.len + work->left);
}

/* What the trail is to say of it, once it is there. */
static void
note_saved(struct append *work)
{
	TEXT_AUTO subject = TEXT_INIT(4096);
	struct slice message = text_slice(&work->body);
	struct header_field field;

	if (header_find(slice_first(message, header_bytes(message)),
	    "Subject", &field))
		words_decode(&subject, slice_first(field.value, 1024));
	pack_u32(&work->saved, work->ends.breaches);
	pack_slice(&work->saved, slice_first(text_slice(&subject),
	    SUBJECT_BYTES));
}

static int
add_small(struct append *work)
{
	TEXT_AUTO packed = TEXT_INIT(STRUCTURE_MOST);

	work->letter.body = text_slice(&work->body);
	work->letter.body_bytes = work->body.len;
	work->letter.lacks_crlf = !slice_has_suffix(work->letter.body, "\r\n");
	/* without memory for it now it is made when it is asked for */
	if (work->structures < STRUCTURES_BYTES &&
	    structure_make(work->letter.body, &packed) == 0)
		work->letter.structure = text_slice(&packed);
	work->structures += packed.len;
	return appending_add(work->appending, &work->letter);
}

static int
add_big(struct append *work)
{
	imapd_saving_letter(work->saving, &work->letter);
	return appending_add(work->appending, &work->letter);
}

/* All of the message is here. */
static int
add_letter(struct append *work)
{
	int r;

	if (text_failed(&work->body))
		return -ENOMEM;
	if (text_failed(&work->keywords))
		return -E2BIG;
	if (work->is_known)
		return 0;
	work->letter.keywords = text_slice(&work->keywords);
	work->letter.moved = work->moved;
	work->letter.import_key = slice_of(work->key, work->has_key ?
	    IMPORT_KEY_BYTES : 0);
	r = work->saving == NULL ? add_small(work) : add_big(work);
	if (r < 0)
		return r;
	work->known += r > 0;
	if (r > 0)
		return 0;
	work->count++;
	note_saved(work);
	return text_failed(&work->saved) ? -ENOMEM : 0;
}

/* Whoever had it put there goes on. */
static void
tell_kept(struct imapd_session *session, uint32_t uidvalidity, uint32_t uid)
{
	const struct append *work = session->work;
	TEXT_AUTO code = TEXT_INIT(64);

	text_addf(&code, "APPENDUID %u %u", uidvalidity, uid);
	session->take = NULL;
	work->instead->kept(session, work->instead->arg, text_slice(&code));
}

/* RFC 4315 3; what has come in between of many makes it long. */
static void
finish_kept(struct imapd_session *session, uint32_t uidvalidity)
{
	const struct append *work = session->work;
	TEXT_AUTO code = TEXT_INIT(CODE_BYTES);
	const uint32_t *uids;
	size_t count;

	uids = appending_uids(work->appending, &count);
	text_addf(&code, "APPENDUID %u ", uidvalidity);
	imapd_add_uids(&code, uids, count);
	if (text_failed(&code))
		imapd_finish(session, "OK they are kept");
	else
		imapd_finish_coded(session, text_slice(&code), count == 1 ?
		    "it is kept" : "they are kept");
}

static void
commit(struct imapd_session *session)
{
	struct append *work = session->work;
	uint32_t uidvalidity, first;
	size_t before;

	if (is_refused(work)) {
		refuse(session);
		return;
	}
	(void)appending_uids(work->appending, &before);
	if (work->count == 0 && before == 0) {
		imapd_finish(session, "OK all of it was brought before");
		return;
	}
	work->error = appending_commit(work->appending, &uidvalidity, &first);
	if (is_refused(work)) {
		refuse(session);
		return;
	}
	tell_saved(session);
	if (work->instead != NULL && work->instead->kept != NULL)
		tell_kept(session, uidvalidity, first);
	else if (work->known > 0)
		imapd_finish(session, "OK they are kept");
	else
		finish_kept(session, uidvalidity);
}

/* A message that nobody waits for would be taken for commands: it is dropped. */
static void
wrong_tail(struct imapd_session *session, const char *fault)
{
	struct append *work = session->work;
	struct imapd_literal literal;
	int r = imapd_literal_read(text_slice(&session->input.command),
	    &literal);

	if (work->fault == NULL)
		work->fault = fault;
	session->input.is_lost |= r == -ERANGE;
	if (r == 0)
		begin_message(session, &literal);
	else
		refuse(session);
}

/* Behind a message: the end of the command, or another message. */
static bool
take_tail(struct imapd_session *session)
{
	struct append *work = session->work;
	ARENA_AUTO arena = NULL;
	struct imapd_parse parse = { 0 };
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
	if (is_refused(work) && !may_drop(session, parse.rest.len))
		return true;
	/* its own: thousands of messages may follow */
	parse.arena = arena = arena_new(HEAD_BYTES);
	if (arena == NULL)
		wrong_tail(session, "[LIMIT] memory is out");
	else if (work->is_wrapped && !imapd_byte(&parse, ')'))
		wrong_tail(session, parse.fault);
	else if (parse.rest.len == 0)
		commit(session);
	else if (work->instead != NULL)
		wrong_tail(session, "one message replaces another");
	else if (imapd_space(&parse) && read_head(session, &parse, &literal))
		begin_message(session, &literal);
	else
		wrong_tail(session, parse.fault);
	return true;
}

/* What the queue says of a big one is here: it is a letter, or is not. */
static bool
take_letter(struct imapd_session *session)
{
	struct append *work = session->work;

	work->error = is_refused(work) ? error_of(work) : add_letter(work);
	imapd_saving_end(work->saving);
	work->saving = NULL;
	session->take = take_tail;
	return true;
}

/* All of the message was read, and what there is of it added. */
static bool
take_end(struct imapd_session *session)
{
	struct append *work = session->work;

	session->take = take_letter;
	if (work->saving == NULL || is_refused(work))
		return true;
	if (imapd_saving_flush(work->saving))
		imapd_saving_finish(work->saving, work->appending);
	else
		session->take = take_end;
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
	if (!is_refused(work) && !work->is_known)
		add_body(work, here);
	stream_consume(session->stream, here.len);
	work->left -= here.len;
	if (work->left == 0) {
		session->take = take_end;
		if (!is_refused(work) && work->is_empty)
			work->no = "a message of no bytes is none"; /* RFC 3502 */
		if (!is_refused(work))
			put(work, dot_finish(&work->ends));
	}
	send_on(session);
	return true;
}

/* Where it goes; an error is told once the client hears us. */
static int
find_mailbox(struct imapd_session *session, struct append *work)
{
	uint32_t mailbox;
	int r = imapd_find_mailbox(session, work->mailbox, RIGHT_INSERT,
	    &mailbox);

	/* RFC 4314 4: flags that they may not set are left out */
	if (r == 0)
		r = imapd_rights(session, mailbox, &work->rights);
	return r < 0 ? r : appending_new(session->account, mailbox,
	    &work->appending);
}

/* The mailbox is known; what follows is as in any of them. */
static struct append *
begin(struct imapd_session *session, struct slice name)
{
	struct append *work = imapd_work(session, sizeof(*work));

	if (work == NULL)
		return NULL;
	work->mailbox = name;
	work->rights = RIGHTS_ALL;
	work->keywords = (struct text)TEXT_INIT(KEYWORDS_BYTES);
	work->body = (struct text)TEXT_INIT(GATHERED_BYTES);
	work->saved = (struct text)TEXT_INIT(SAVED_BYTES);
	session->drop = drop;
	session->more = NULL;
	return work;
}

/* Up to the first message; -errno: it is refused already. */
static void
append(struct imapd_session *session, struct imapd_parse *parse,
    struct slice name, int error)
{
	struct append *work = begin(session, name);
	struct imapd_literal literal;

	if (work == NULL)
		return;
	if (error == 0)
		error = find_mailbox(session, work);
	if (!read_head(session, parse, &literal))
		return;
	work->error = error;
	begin_message(session, &literal);
}

/* It should have gone elsewhere: its message is still to come. */
static void
refuse_elsewhere(struct imapd_session *session, int error)
{
	struct imapd_parse parse = {
		.rest = text_slice(&session->input.command),
		.arena = session->arena, .utf8 = imapd_knows_utf8(session),
	};
	struct slice name;

	/* all of it was read once */
	if (imapd_tag(&parse, &name) &&
	    imapd_atom(&parse, &name) && imapd_space(&parse) &&
	    imapd_mailbox(&parse, &name) && imapd_space(&parse))
		append(session, &parse, name, error);
	if (parse.fault != NULL)
		imapd_wrong(session, parse.fault);
}

void
imapd_append(struct imapd_session *session, struct imapd_parse *parse)
{
	struct slice name;

	if (imapd_mailbox(parse, &name) && imapd_space(parse) &&
	    imapd_is_here_append(session, &name, refuse_elsewhere))
		append(session, parse, name, 0);
}

void
imapd_visit_take(struct imapd_session *session, struct imapd_parse *parse)
{
	imapd_append(session, parse);
}

void
imapd_append_instead(struct imapd_session *session, struct imapd_parse *parse,
    struct slice name, const struct imapd_instead *instead)
{
	struct append *work = begin(session, name);
	struct imapd_literal literal;

	if (work == NULL || !read_head(session, parse, &literal))
		return;
	work->instead = instead;
	work->no = instead->no;
	work->fault = instead->fault;
	work->error = instead->error;
	if (!is_refused(work))
		work->error = find_mailbox(session, work);
	if (!is_refused(work) && instead->uid != 0)
		appending_replaces(work->appending, session->selected,
		    instead->uid);
	begin_message(session, &literal);
}
