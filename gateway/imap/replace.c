/*
 * replace.c - REPLACE (RFC 8508)
 *
 * Within one account the new message comes and the old one goes in one commit.
 * Of two accounts no commit has both: the new one is kept first, durably, and
 * told of ("OK [APPENDUID ...]", RFC 8508 4.3), and only then the old one goes.
 * What breaks off in between leaves both of them, never none, and the command
 * has not ended with OK.
 */
#include <errno.h>
#include <stdio.h>

#include "gateway/imap/across.h"
#include "gateway/imap/append.h"
#include "gateway/imap/relay.h"
#include "gateway/imap/reply.h"
#include "gateway/imap/resync.h"
#include "gateway/imap/visit.h"
#include "gateway/imap/visitor.h"

#define COMMAND_BYTES	(66 * 1024)	/* the head of the message, a name */

struct replacing {
	struct imapd_instead instead;
	struct slice	 said;		/* the set, as it was */
	struct imapd_set set;		/* of one number */
	struct slice	 name;		/* where the new one goes */
	struct slice	 prefix;	/* of another's; or empty */
	struct imapd_parse parse;	/* at the head of the message */
	uint32_t	 uid;		/* of the old one */
};

/* The end */

/* RFC 8508 4.5: what was replaced has gone as by UID EXPUNGE. */
static void
finish_numbered(struct imapd_session *session)
{
	imapd_finish_numbered(session, "it is replaced");
}

static void
finish(struct imapd_session *session)
{
	if (session->condstore)
		session->more = finish_numbered;
	else
		imapd_finish(session, "OK it is replaced");
}

/* RFC 8508 4.3: the client hears of the new one before the old one goes. */
static void
tell_new(struct imapd_session *session, struct slice code)
{
	if (code.len > 0)
		imapd_untagged_coded(session->stream, code, "it is kept");
}

/* In one commit: the old one has gone, too. */
static void
replaced(struct imapd_session *session, void *arg, struct slice code)
{
	const struct replacing *work = arg;
	size_t place = selected_find(session->selected, work->uid);

	imapd_tell_steps(session, "deleted", &place, 1);
	tell_new(session, code);
	finish(session);
}

/* Where it was others hear of it, and what is heard there is passed on. */
static void
gone(struct imapd_session *session)
{
	struct imapd_visit *away = session->away;
	struct slice line;
	bool is_last;

	if (!imapd_visit_line(away, &line)) {
		if (!away->is_lost) {
			imapd_visit_wait(session);
			return;
		}
		imapd_untagged(session->stream, "BYE the mailbox cannot be "
		    "reached any more");
		session->is_over = true;
		return;
	}
	is_last = slice_has_prefix(line, "x ");
	if (is_last)
		imapd_finish(session, "%.*s",
		    SLICE_FMT(slice_trim(slice_after(line, 2))));
	else
		(void)stream_write(session->stream, line);
	stream_consume(away->stream, line.len);
}

static void
expunge(struct imapd_session *session, const struct replacing *work)
{
	size_t place = selected_find(session->selected, work->uid), known;
	struct message_id id;
	int r = selected_expunge(session->selected, &place, 1, &id, &known);

	if (r < 0) {
		imapd_refuse(session, r);
		return;
	}
	session->ports.step(session->ports.arg, &id, known, "deleted");
	finish(session);
}

/* The new one is kept in another account than the old one is in. */
static void
kept(struct imapd_session *session, void *arg, struct slice code)
{
	const struct replacing *work = arg;
	char command[32];

	tell_new(session, code);
	if (session->away == NULL) {
		expunge(session, work);
		return;
	}
	(void)snprintf(command, sizeof(command), "x GONE %u\r\n", work->uid);
	/* what it cannot take it tells as STREAM_FAILED */
	(void)stream_write(session->away->stream, slice_str(command));
	session->more = gone;
}

static void
on_put(struct imapd_session *session, void *arg, struct slice answer)
{
	struct slice code = answer;

	if (!slice_has_prefix(answer, "OK ")) {
		imapd_finish(session, "%.*s", SLICE_FMT(answer));
		return;
	}
	if (!slice_has_prefix(answer, "OK [") ||
	    !slice_cut(&answer, ']', &code))
		code = slice_of(NULL, 0);
	kept(session, arg, slice_after(code, sizeof("OK [") - 1));
}

/* The new one */

static bool
is_one(const struct imapd_set *set)
{
	return !set->is_saved && set->count == 1 &&
	    set->ranges[0].low == set->ranges[0].high;
}

static bool
read(struct imapd_parse *parse, struct replacing *work)
{
	work->said = parse->rest;
	if (!imapd_set(parse, &work->set))
		return false;
	work->said.len -= parse->rest.len;
	if (!imapd_space(parse))
		return false;
	if (!is_one(&work->set))
		return imapd_parse_fault(parse, "one message is replaced");
	if (!imapd_mailbox(parse, &work->name) || !imapd_space(parse))
		return false;
	work->parse = *parse;
	return true;
}

/* It should have gone elsewhere: its message is still to come. */
static void
refuse_elsewhere(struct imapd_session *session, int error)
{
	struct imapd_parse parse = {
		.rest = text_slice(&session->input.command),
		.arena = session->arena, .utf8 = imapd_knows_utf8(session),
	};
	struct replacing *work = imapd_work(session, sizeof(*work));
	struct slice word;

	if (work == NULL)
		return;
	work->instead.error = error;
	/* all of it was read once */
	if (imapd_tag(&parse, &word) && imapd_atom(&parse, &word) &&
	    imapd_space(&parse) && (!imapd_is_uid(session) ||
	    (imapd_atom(&parse, &word) && imapd_space(&parse))) &&
	    read(&parse, work))
		imapd_append_instead(session, &parse, work->name,
		    &work->instead);
	if (parse.fault != NULL)
		imapd_wrong(session, parse.fault);
}

/* Into another account than the one where the old one is. */
static void
put(struct imapd_session *session, struct imapd_parse *parse,
    struct replacing *work)
{
	TEXT_AUTO command = TEXT_INIT(COMMAND_BYTES);
	struct slice said;
	bool is_refused = work->instead.no != NULL ||
	    work->instead.fault != NULL || work->instead.error < 0;

	work->instead.kept = kept;
	work->instead.arg = work;
	if (is_refused || work->prefix.len == 0) {
		imapd_append_instead(session, parse, work->name,
		    &work->instead);
		return;
	}
	text_addf(&command, "%s PUT ", session->tag);
	imapd_add_mailbox(&command, work->name, imapd_knows_utf8(session));
	text_add_byte(&command, ' ');
	text_add(&command, work->parse.rest);
	if (text_failed(&command) ||
	    arena_copy(session->arena, text_slice(&command), &said) < 0)
		refuse_elsewhere(session, -ENOMEM);
	else
		imapd_relay_put(session, work->prefix, said, refuse_elsewhere,
		    on_put, work);
}

/* The old one */

/* Of the view; 0, and the words behind NO or BAD, when there is none. */
static uint32_t
find_replaced(const struct imapd_session *session, struct imapd_set *set,
    struct imapd_instead *instead)
{
	size_t count = selected_count(session->selected), n;
	uint32_t star = (uint32_t)count, number;

	if (imapd_is_uid(session) && count > 0)
		star = selected_at(session->selected, count - 1)->uid;
	imapd_set_ranges(set, star);
	number = set->count == 1 ? set->ranges[0].low : 0;
	n = imapd_is_uid(session) ?
	    selected_find(session->selected, number) : (size_t)number - 1;
	if (number != 0 && n < count && (!imapd_is_uid(session) ||
	    selected_at(session->selected, n)->uid == number))
		return selected_at(session->selected, n)->uid;
	if (imapd_is_uid(session))
		instead->no = "there is no message of that UID";
	else
		instead->fault = "there is no message of that number";
	return 0;
}

/* Which is it, and may it be taken away? */
static void
find_old(struct imapd_session *session, struct replacing *work)
{
	work->uid = find_replaced(session, &work->set, &work->instead);
	if (session->is_read_only)
		work->instead.no = "the mailbox is open for reading only";
	/* RFC 4314 4: as STORE +FLAGS \Deleted and EXPUNGE together */
	if ((session->rights & RIGHT_MARK) == 0 ||
	    (session->rights & RIGHT_EXPUNGE) == 0)
		work->instead.error = -EACCES;
}

/* "OK 17 ...", or why not. */
static void
take_out_answer(struct imapd_session *session, struct replacing *work,
    struct slice words)
{
	struct slice rest, number;
	const char **place = slice_has_prefix(words, "BAD ") ?
	    &work->instead.fault : &work->instead.no;
	char *copy;
	uint64_t uid;

	if (slice_has_prefix(words, "OK ")) {
		rest = slice_after(words, 3);
		if (slice_cut(&rest, ' ', &number) &&
		    slice_u64(number, UINT32_MAX, &uid) == 0)
			work->uid = (uint32_t)uid;
		else
			work->instead.error = -EAGAIN;
		return;
	}
	/* what is behind NO or BAD */
	rest = words;
	(void)slice_cut(&rest, ' ', &number);
	copy = arena_alloc(session->arena, rest.len + 1);
	if (copy == NULL || slice_cstr(rest, copy, rest.len + 1) < 0)
		work->instead.error = -ENOMEM;
	else
		*place = copy;
}

static void
asked_out(struct imapd_session *session)
{
	struct replacing *work = session->work;
	struct imapd_visit *away = session->away;
	struct slice line;

	if (imapd_visit_line(away, &line)) {
		if (slice_has_prefix(line, "x ")) {
			take_out_answer(session, work,
			    slice_trim(slice_after(line, 2)));
			session->more = NULL;
			put(session, &work->parse, work);
			if (work->parse.fault != NULL)
				imapd_wrong(session, work->parse.fault);
		} else {
			(void)stream_write(session->stream, line);
		}
		stream_consume(away->stream, line.len);
	} else if (away->is_lost) {
		imapd_untagged(session->stream, "BYE the mailbox cannot be "
		    "reached any more");
		session->is_over = true;
	} else {
		imapd_visit_wait(session);
	}
}

static void
ask_out(struct imapd_session *session, const struct replacing *work)
{
	TEXT_AUTO command = TEXT_INIT(COMMAND_BYTES);

	text_addf(&command, "x %sOUT %.*s\r\n",
	    imapd_is_uid(session) ? "UID " : "", SLICE_FMT(work->said));
	if (text_failed(&command))
		session->away->is_lost = true;
	else
		(void)stream_write(session->away->stream,
		    text_slice(&command));
	session->more = asked_out;
}

void
imapd_replace(struct imapd_session *session, struct imapd_parse *parse)
{
	struct replacing *work = imapd_work(session, sizeof(*work));
	bool is_elsewhere;

	if (work == NULL || !read(parse, work))
		return;
	is_elsewhere = imapd_is_elsewhere(session, work->name, &work->prefix);
	if (is_elsewhere && imapd_is_away_at(session, work->prefix)) {
		imapd_relay_message(session);
		return;
	}
	if (session->away != NULL) {
		ask_out(session, work);
		return;
	}
	find_old(session, work);
	if (is_elsewhere) {
		put(session, parse, work);
		return;
	}
	if (!imapd_is_here(session, &work->name))
		return;
	work->instead.uid = work->uid;
	work->instead.kept = replaced;
	work->instead.arg = work;
	imapd_append_instead(session, parse, work->name, &work->instead);
}

/* What a visitor's session does for it: across.h */

void
imapd_visit_out(struct imapd_session *session, struct imapd_parse *parse)
{
	struct replacing *work = imapd_work(session, sizeof(*work));

	if (work == NULL || !imapd_set(parse, &work->set) ||
	    !imapd_end(parse))
		return;
	find_old(session, work);
	if (work->instead.fault != NULL)
		imapd_bad(session, work->instead.fault);
	else if (work->instead.error < 0)
		imapd_refuse(session, work->instead.error);
	else if (work->instead.no != NULL)
		imapd_finish(session, "NO %s", work->instead.no);
	else
		imapd_finish(session, "OK %u it may go", work->uid);
}

void
imapd_visit_put(struct imapd_session *session, struct imapd_parse *parse)
{
	struct replacing *work = imapd_work(session, sizeof(*work));

	/* one message, and the usual last words */
	if (work != NULL && imapd_mailbox(parse, &work->name) &&
	    imapd_space(parse) && imapd_is_here(session, &work->name))
		imapd_append_instead(session, parse, work->name,
		    &work->instead);
}
