/*
 * across.c - COPY and MOVE between mailboxes of two accounts
 *
 * The letters are asked for where they are and appended where they go, both by
 * visits (a session of our own account is one, too); we only pass them on, a
 * batch at a time.  All that a COPY copies are one appending: they are there,
 * durably, or none is (RFC 9051 6.4.7).  A MOVE appends each batch by itself, and
 * expunges what it was only then; who stops it finds every letter in one of the
 * two mailboxes.  A batch whose other end is lost before it has answered is begun
 * again, once; its letters have names of their own, so that what is there already
 * is not put there twice.
 */
#include "gateway/imap/across.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/imap/relay.h"
#include "gateway/imap/reply.h"
#include "gateway/imap/resync.h"
#include "gateway/imap/visit.h"
#include "store/copying.h"

#define COMMAND_BYTES	(64 * 1024 + 2048)	/* a set as it was said */
#define UIDS_BYTES	(1024 * 1024)		/* ranges of them, in COPYUID */
#define BATCH		1000u			/* letters asked for at once */
#define TRIES		2

/* a name as it is said, and the flags and keywords of a letter (export.c) */
_Static_assert(FOLDER_MAX_BYTES * 4 + KEYWORDS_MOST + 1024 <= COMMAND_BYTES,
    "the head of a letter goes into one command");

struct across {
	bool		 is_move;
	bool		 from_away;	/* they are not ours */
	bool		 knows_utf8;	/* the visits do */
	struct slice	 set;		/* as it was said */
	bool		 is_named;	/* these are all of them: */
	uint32_t	*uids;
	size_t		*places;	/* ours: to be expunged */
	size_t		 count, room;
	size_t		 first, end;	/* of the batch */
	size_t		 next;		/* of it, to be expunged */
	struct slice	 to;		/* the prefix of where they go */
	struct slice	 name;		/* of the mailbox, with it */
	struct imapd_visit *source, *target;
	uint32_t	*passed;	/* UIDs of what was passed on */
	size_t		 copied;	/* in this appending */
	uint64_t	 left;		/* of the letter under way */
	unsigned	 tries;
	struct text	 words;		/* what the target answered */
};

static void	begin(struct imapd_session *), ask_letters(struct imapd_session *);

static void
drop(struct imapd_session *session)
{
	struct across *work = session->work;

	free(work->places);
	free(work->uids);
	free(work->passed);
	text_free(&work->words);
	/* what is half said there is not to be finished by another command */
	if (work->target != NULL)
		imapd_visit_end(work->target);
	if (work->source != NULL && work->source != session->away)
		imapd_visit_end(work->source);
}

/* An end of it is lost.  Where the selected mailbox was, so are we. */
static void
lost(struct imapd_session *session)
{
	struct across *work = session->work;
	struct imapd_visit *source = work->source, *target = work->target;
	bool is_away = source != NULL && source == session->away &&
	    source->is_lost;

	work->source = work->target = NULL;
	if (target != NULL)
		imapd_visit_end(target);
	if (source != NULL && (source != session->away || source->is_lost))
		imapd_visit_end(source);
	if (is_away) {
		imapd_untagged(session->stream, "BYE the mailbox cannot be "
		    "reached any more");
		session->is_over = true;
	} else if (++work->tries < TRIES && work->is_move) {
		begin(session);
	} else {
		imapd_refuse(session, -EAGAIN);
	}
}

static void
send(struct imapd_visit *visit, const struct text *text)
{
	/* what it cannot take it tells as STREAM_FAILED */
	if (text_failed(text))
		visit->is_lost = true;
	else
		(void)stream_write(visit->stream, text_slice(text));
}

/* The answer of one end: "x OK ..."; its words without the tag. */
static bool
is_answer(struct slice line, struct slice *words_out)
{
	if (!slice_has_prefix(line, "x "))
		return false;
	*words_out = slice_trim(slice_after(line, 2));
	return true;
}

/* What is no answer is news of the mailbox that is selected. */
static void
pass_news(struct imapd_session *session, const struct imapd_visit *visit,
    struct slice line)
{
	if (visit == session->away)
		(void)stream_write(session->stream, line);
}

/*
 * The next line of `visit`.  False: there is none, and the command waits, or it
 * has gone another way.
 */
static bool
next_line(struct imapd_session *session, struct imapd_visit *visit,
    struct slice *line_out)
{
	if (imapd_visit_line(visit, line_out))
		return true;
	if (visit->is_lost)
		lost(session);
	else
		imapd_visit_wait(session);
	return false;
}

/* An end says no: so do we. */
static void
refuse_as(struct imapd_session *session, struct slice words)
{
	imapd_finish(session, "%.*s", SLICE_FMT(words));
}

/* The end */

/* "COPYUID 38505 304,319:320 3956:3958" (RFC 9051 7.1), if we were told. */
static void
add_copyuid(const struct across *work, struct text *code)
{
	struct slice rest = text_slice(&work->words), before, validity;
	size_t at = slice_find_str(rest, "[APPENDUID ");

	if (at == SIZE_MAX)
		return;
	rest = slice_after(rest, at + sizeof("[APPENDUID ") - 1);
	if (!slice_cut(&rest, ']', &before) ||
	    !slice_cut(&before, ' ', &validity))
		return;
	text_addf(code, "COPYUID %.*s ", SLICE_FMT(validity));
	imapd_add_uids(code, work->passed, work->copied);
	text_addf(code, " %.*s", SLICE_FMT(before));
}

static void
finish_numbered(struct imapd_session *session)
{
	imapd_finish_numbered(session, "done");
}

/* A batch was moved; are there more?  If so, the next has begun. */
static bool
goes_on(struct imapd_session *session)
{
	struct across *work = session->work;

	if (work->end == work->count)
		return false;
	work->first = work->end;
	work->tries = 0;
	begin(session);
	return true;
}

/* Ours that were moved go, as many as in one look. */
static void
expunge(struct imapd_session *session)
{
	struct across *work = session->work;
	size_t count = work->end - work->next, known;
	struct message_id ids[SELECTED_STEP];
	int r;

	if (count > SELECTED_STEP)
		count = SELECTED_STEP;
	r = selected_expunge(session->selected, work->places + work->next,
	    count, ids, &known);
	if (r < 0) {
		imapd_refuse(session, r);
		return;
	}
	session->ports.step(session->ports.arg, ids, known, "deleted");
	work->next += count;
	if (work->next < work->end || goes_on(session))
		return;
	if (session->condstore)
		session->more = finish_numbered;
	else
		imapd_finish(session, "OK done");
}

static void
next_batch(struct imapd_session *session)
{
	(void)goes_on(session);
}

/* Where they were others hear of it, and what is heard there is passed on. */
static void
gone(struct imapd_session *session)
{
	struct across *work = session->work;
	struct slice line, words;

	if (!next_line(session, work->source, &line))
		return;
	if (!is_answer(line, &words))
		pass_news(session, work->source, line);
	else if (work->end == work->count || !slice_has_prefix(words, "OK"))
		refuse_as(session, words);
	else
		session->more = next_batch;
	stream_consume(work->source->stream, line.len);
}

static void
finish_move(struct imapd_session *session, struct slice code)
{
	struct across *work = session->work;
	TEXT_AUTO command = TEXT_INIT(COMMAND_BYTES);

	/* RFC 6851 4.3: it is told before the messages go */
	if (code.len > 0)
		imapd_untagged_coded(session->stream, code, "done");
	work->tries = TRIES;
	work->next = work->first;
	if (!work->from_away) {
		session->more = expunge;
		return;
	}
	text_add_str(&command, "x GONE ");
	imapd_add_uids(&command, work->passed, work->copied);
	text_add_str(&command, "\r\n");
	send(work->source, &command);
	session->more = gone;
}

static void
finish(struct imapd_session *session)
{
	struct across *work = session->work;
	TEXT_AUTO code = TEXT_INIT(UIDS_BYTES);

	add_copyuid(work, &code);
	work->target = NULL;	/* it stays for the next */
	if (text_failed(&code))
		text_clear(&code);	/* it need not be told */
	if (work->is_move)
		finish_move(session, text_slice(&code));
	else if (code.len > 0)
		imapd_finish_coded(session, text_slice(&code), "done");
	else
		imapd_finish(session, "OK done");
}

/* The way of the letters */

/* They are kept, or are not. */
static void
appended(struct imapd_session *session)
{
	struct across *work = session->work;
	struct slice line, words;

	if (!next_line(session, work->target, &line))
		return;
	if (is_answer(line, &words))
		text_add(&work->words, words);
	stream_consume(work->target->stream, line.len);
	if (work->words.len == 0)
		return;
	words = text_slice(&work->words);
	if (slice_has_prefix(words, "OK "))
		finish(session);
	else
		refuse_as(session, words);
}

static void
all_passed(struct imapd_session *session, struct slice words)
{
	struct across *work = session->work;

	if (!slice_has_prefix(words, "OK")) {
		refuse_as(session, words);
	} else if (work->end < work->count && (!work->is_move ||
	    work->copied == 0)) {
		work->first = work->end;
		session->more = ask_letters;
	} else if (work->copied == 0) {
		imapd_finish(session, "OK there was nothing to do");
	} else {
		(void)stream_write(work->target->stream, slice_str("\r\n"));
		session->more = appended;
	}
}

/* "* EXPORT uid id (flags) "date" {n}" becomes a message of an APPEND. */
static bool
begin_letter(struct across *work, struct slice line)
{
	TEXT_AUTO out = TEXT_INIT(COMMAND_BYTES);
	struct slice rest = slice_trim(slice_after(line, 9)), uid, id;
	struct imapd_literal literal;
	uint64_t n;

	if (!slice_cut(&rest, ' ', &uid) || !slice_cut(&rest, ' ', &id) ||
	    slice_u64(uid, UINT32_MAX, &n) < 0 ||
	    imapd_literal_read(rest, &literal) < 0 ||
	    work->copied == work->end)
		return false;
	if (work->copied == 0) {
		text_add_str(&out, "x TAKE ");
		imapd_add_mailbox(&out, work->name, work->knows_utf8);
	}
	/* the name goes before the flags (append.c) */
	text_addf(&out, " %s%.*s%s%.*s{%llu+}\r\n", work->is_move ? "MOVED " :
	    "", work->is_move ? (int)id.len : 0, id.at,
	    work->is_move ? " " : "", (int)literal.marked_at, rest.at,
	    (unsigned long long)literal.bytes);
	work->passed[work->copied++] = (uint32_t)n;
	work->left = literal.bytes + 2;		/* CRLF behind it is theirs */
	send(work->target, &out);
	return true;
}

/* The bytes of a letter; those of its end are not passed on. */
static bool
pass_bytes(struct across *work)
{
	struct slice here = stream_input(work->source->stream);
	uint64_t body = work->left > 2 ? work->left - 2 : 0;

	here = slice_first(here, body > 0 && body < here.len ? (size_t)body :
	    body == 0 && work->left < here.len ? (size_t)work->left :
	    here.len);
	if (body > 0)
		(void)stream_write(work->target->stream, here);
	work->left -= here.len;
	stream_consume(work->source->stream, here.len);
	return here.len > 0;
}

static void
pass_line(struct imapd_session *session)
{
	struct across *work = session->work;
	struct slice line, words;

	if (!next_line(session, work->source, &line))
		return;
	if (is_answer(line, &words)) {
		all_passed(session, words);
	} else if (slice_has_prefix(line, "* EXPORT ")) {
		if (!begin_letter(work, line)) {
			work->source->is_lost = true;
			lost(session);
			return;
		}
	} else {
		pass_news(session, work->source, line);
	}
	stream_consume(work->source->stream, line.len);
}

static void
passing(struct imapd_session *session)
{
	struct across *work = session->work;

	if (work->target->is_lost) {
		lost(session);
	} else if (stream_waiting(work->target->stream) >= IMAPD_PAUSE) {
		stream_tell_drained(work->target->stream);
		imapd_visit_wait(session);
	} else if (work->left == 0) {
		pass_line(session);
	} else if (!pass_bytes(work)) {
		if (work->source->is_lost)
			lost(session);
		else
			imapd_visit_wait(session);
	}
}

/* The beginning */

/* The next batch. */
static void
ask_letters(struct imapd_session *session)
{
	struct across *work = session->work;
	TEXT_AUTO command = TEXT_INIT(COMMAND_BYTES);

	imapd_progress(session, work->first, work->count);
	work->end = work->count - work->first > BATCH ? work->first + BATCH :
	    work->count;
	text_add_str(&command, "x UID EXPORT ");
	imapd_add_uids(&command, work->uids + work->first,
	    work->end - work->first);
	text_addf(&command, " %s\r\n", work->is_move ? "MOVE" : "COPY");
	send(work->source, &command);
	session->more = passing;
}

/* It is known which they are. */
static void
named(struct imapd_session *session)
{
	struct across *work = session->work;

	work->is_named = true;
	if (work->passed == NULL)
		work->passed = calloc(work->count + 1, sizeof(*work->passed));
	if (work->passed == NULL)
		imapd_refuse(session, -ENOMEM);
	else if (work->count == 0)
		imapd_finish(session, "OK there was nothing to do");
	else
		ask_letters(session);
}

/* Add the UIDs of "3:7"; what we did not ask for makes no sense. */
static bool
add_range(struct across *work, struct slice range)
{
	struct slice low;
	uint64_t first, last;
	uint32_t *grown;

	if (!slice_cut(&range, ':', &low))
		low = range;
	if (slice_u64(low, UINT32_MAX, &first) < 0 ||
	    slice_u64(range, UINT32_MAX, &last) < 0 || last < first ||
	    last - first >= COPYING_LETTERS_MOST - work->count)
		return false;
	while (work->room < work->count + (last - first) + 1) {
		size_t room = work->room == 0 ? BATCH : work->room * 2;

		grown = reallocarray(work->uids, room, sizeof(*grown));
		if (grown == NULL)
			return false;
		work->uids = grown;
		work->room = room;
	}
	for (; first <= last; first++)
		work->uids[work->count++] = (uint32_t)first;
	return true;
}

/* "* NAMES 3:7,9" */
static bool
add_names(struct across *work, struct slice line)
{
	struct slice rest = slice_trim(slice_after(line,
	    sizeof("* NAMES ") - 1)), range;

	while (slice_cut(&rest, ',', &range))
		if (!add_range(work, range))
			return false;
	return add_range(work, rest);
}

static void
naming(struct imapd_session *session)
{
	struct across *work = session->work;
	struct slice line, words;

	if (!next_line(session, work->source, &line))
		return;
	if (slice_has_prefix(line, "* NAMES ")) {
		if (!add_names(work, line)) {
			work->source->is_lost = true;
			lost(session);
			return;
		}
	} else if (!is_answer(line, &words)) {
		pass_news(session, work->source, line);
	} else if (!slice_has_prefix(words, "OK")) {
		refuse_as(session, words);
	} else {
		session->more = named;
	}
	stream_consume(work->source->stream, line.len);
}

/* Of another's mailbox, which is open there: which they are. */
static void
ask_names(struct imapd_session *session)
{
	struct across *work = session->work;
	TEXT_AUTO command = TEXT_INIT(COMMAND_BYTES);

	text_addf(&command, "x %sNAMES ", imapd_is_uid(session) ? "UID " : "");
	text_add(&command, work->set);
	text_add_str(&command, "\r\n");
	send(work->source, &command);
	work->count = 0;
	session->more = naming;
}

static void
opened(struct imapd_session *session)
{
	struct across *work = session->work;
	struct slice line, words;

	if (!next_line(session, work->source, &line))
		return;
	if (is_answer(line, &words)) {
		if (slice_has_prefix(words, "OK"))
			session->more = named;
		else
			refuse_as(session, words);
	}
	stream_consume(work->source->stream, line.len);
}

static void
on_source(struct imapd_session *session, struct imapd_visit *visit, int error)
{
	struct across *work = session->work;
	TEXT_AUTO command = TEXT_INIT(64);

	if (visit == NULL) {
		imapd_refuse(session, error);
		return;
	}
	work->source = visit;
	if (work->from_away) {
		session->more = work->is_named ? ask_letters : ask_names;
		return;
	}
	text_addf(&command, "x OPEN %u\r\n",
	    selected_mailbox(session->selected));
	send(visit, &command);
	session->more = opened;
}

/* May it be put there?  If so, where is it? */
static void
asked_into(struct imapd_session *session)
{
	struct across *work = session->work;
	struct slice line, words;
	bool is_ok;
	int r;

	if (!next_line(session, work->target, &line))
		return;
	if (!is_answer(line, &words)) {
		stream_consume(work->target->stream, line.len);
		return;
	}
	is_ok = slice_has_prefix(words, "OK");
	if (!is_ok)
		refuse_as(session, words);
	stream_consume(work->target->stream, line.len);
	if (!is_ok)
		return;
	r = imapd_visit(session, work->from_away ? slice_str(
	    session->away->prefix) : slice_str(IMAPD_OURSELVES), on_source);
	if (r < 0)
		imapd_refuse(session, r);
}

static void
on_target(struct imapd_session *session, struct imapd_visit *visit, int error)
{
	struct across *work = session->work;
	TEXT_AUTO command = TEXT_INIT(COMMAND_BYTES);

	if (visit == NULL) {
		imapd_refuse_into(session, error);
		return;
	}
	work->target = visit;
	text_add_str(&command, "x INTO ");
	imapd_add_mailbox(&command, work->name, imapd_knows_utf8(session));
	text_add_str(&command, "\r\n");
	send(visit, &command);
	session->more = asked_into;
}

static void
begin(struct imapd_session *session)
{
	struct across *work = session->work;
	int r;

	work->copied = 0;
	work->left = 0;
	text_clear(&work->words);
	/* they stay, and are found; but to have room all may be ended */
	work->source = work->target = NULL;
	imapd_visits_room(session, 2);
	r = imapd_visit(session, work->to, on_target);
	if (r < 0)
		imapd_refuse_into(session, r);
}

/* Where they go, and what that is called there. */
static int
name_target(struct imapd_session *session, struct across *work,
    struct slice name)
{
	TEXT_AUTO whole = TEXT_INIT(FOLDER_MAX_BYTES * 4 + 8);

	if (imapd_is_elsewhere(session, name, &work->to)) {
		work->name = name;
		return 0;
	}
	work->to = slice_str(IMAPD_OURSELVES);
	text_add_str(&whole, IMAPD_OURSELVES "/");
	text_add(&whole, name);
	return text_failed(&whole) ? -ENOENT : arena_copy(session->arena,
	    text_slice(&whole), &work->name);
}

/* Of ours: which they are, by numbers that do not change. */
static bool
name_ours(struct imapd_session *session, struct across *work)
{
	struct imapd_parse parse = { .rest = work->set,
	    .arena = session->arena };
	struct imapd_set set;

	/* it was read before */
	if (!imapd_set(&parse, &set) || !imapd_places(session, &set,
	    imapd_is_uid(session), &work->places, &work->count))
		return false;
	if (work->count == 0) {
		imapd_finish(session, "OK there was nothing to do");
		return false;
	}
	work->uids = calloc(work->count, sizeof(*work->uids));
	if (work->uids == NULL) {
		imapd_refuse(session, -ENOMEM);
		return false;
	}
	for (size_t i = 0; i < work->count; i++)
		work->uids[i] = selected_at(session->selected,
		    work->places[i])->uid;
	return true;
}

void
imapd_copy_across(struct imapd_session *session, struct slice set,
    struct slice name, bool is_move)
{
	struct across *work = imapd_work(session, sizeof(*work));
	int r;

	if (work == NULL)
		return;
	session->drop = drop;
	work->words = (struct text)TEXT_INIT(COMMAND_BYTES);
	work->is_move = is_move;
	work->knows_utf8 = imapd_knows_utf8(session);
	work->set = set;
	work->from_away = session->away != NULL;
	r = name_target(session, work, name);
	if (r < 0)
		imapd_refuse_into(session, r);
	else if (work->from_away || name_ours(session, work))
		begin(session);
}
