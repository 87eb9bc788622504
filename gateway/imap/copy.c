/*
 * copy.c - COPY and MOVE (RFC 9051 6.4.7 and 6.4.8, UIDPLUS)
 *
 * A COPY is all or nothing.  A MOVE moves each step whole: a letter is in one of
 * the two mailboxes, whatever happens.
 */
#include <errno.h>
#include <stdlib.h>

#include "gateway/imap/across.h"
#include "gateway/imap/relay.h"
#include "gateway/imap/reply.h"
#include "gateway/imap/resync.h"
#include "gateway/imap/visitor.h"
#include "store/copying.h"
#include "store/folders.h"

/* Ranges of UIDs, in COPYUID. */
#define UIDS_BYTES	(1024 * 1024)

struct copy {
	struct copying	*copying;
	size_t		*places;
	uint32_t	*from, *to;	/* UIDs of what was copied */
	size_t		 count, next, copied;
	bool		 is_move;
};

static void
drop(struct imapd_session *session)
{
	struct copy *work = session->work;

	copying_end(work->copying);
	free(work->places);
	free(work->from);
	free(work->to);
}

/* "COPYUID 38505 304,319:320 3956:3958" (RFC 9051 7.1). */
static void
add_copyuid(struct text *text, const struct copy *work)
{
	text_addf(text, "COPYUID %u ", copying_uidvalidity(work->copying));
	imapd_add_uids(text, work->from, work->copied);
	text_add_byte(text, ' ');
	imapd_add_uids(text, work->to, work->copied);
}

static void
finish_move(struct imapd_session *session)
{
	imapd_finish_numbered(session, "done");
}

static void
finish(struct imapd_session *session)
{
	struct copy *work = session->work;
	TEXT_AUTO code = TEXT_INIT(UIDS_BYTES);

	if (work->copied == 0) {
		imapd_finish(session, "OK there was nothing to do");
		return;
	}
	add_copyuid(&code, work);
	/* RFC 6851 4.3: MOVE tells it before the messages go */
	if (text_failed(&code)) {
		imapd_finish(session, "OK done");
	} else if (work->is_move) {
		imapd_untagged_coded(session->stream, text_slice(&code),
		    "done");
		if (session->condstore)
			session->more = finish_move;
		else
			imapd_finish(session, "OK done");
	} else {
		imapd_finish_coded(session, text_slice(&code), "done");
	}
}

/* Who moves into Junk, or out of there, has judged. */
static void
tell_lessons(struct imapd_session *session, const struct copy *work,
    const uint32_t *uids, size_t count)
{
	static const char *const words[] = {
		[LESSON_SPAM] = "spam", [LESSON_WANTED] = "wanted"
	};
	enum lesson lesson = copying_lesson(work->copying);
	size_t places[SELECTED_STEP], judged = 0;

	if (lesson == LESSON_NONE)
		return;
	for (size_t i = 0; i < count; i++)
		if (uids[i] != 0)
			places[judged++] = work->places[work->next + i];
	imapd_tell_steps(session, words[lesson], places, judged);
}

static void
more(struct imapd_session *session)
{
	struct copy *work = session->work;
	size_t count = work->count - work->next;
	uint32_t uids[SELECTED_STEP];
	int r;

	if (count == 0) {
		finish(session);
		return;
	}
	imapd_progress(session, work->next, work->count);
	if (count > SELECTED_STEP)
		count = SELECTED_STEP;
	r = copying_add(work->copying, work->places + work->next, count,
	    work->next + count == work->count, uids);
	if (r < 0) {
		imapd_refuse_into(session, r);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (uids[i] == 0)
			continue;
		work->from[work->copied] = selected_at(session->selected,
		    work->places[work->next + i])->uid;
		work->to[work->copied++] = uids[i];
	}
	tell_lessons(session, work, uids, count);
	work->next += count;
}

static int
begin(struct imapd_session *session, struct copy *work, struct slice name)
{
	uint32_t mailbox;
	unsigned rights;
	int r;

	work->from = calloc(work->count + 1, sizeof(*work->from));
	work->to = calloc(work->count + 1, sizeof(*work->to));
	if (work->from == NULL || work->to == NULL)
		return -ENOMEM;
	r = imapd_find_mailbox(session, name, RIGHT_INSERT, &mailbox);
	if (r == 0)
		r = copying_new(session->selected, mailbox, work->is_move,
		    &work->copying);
	if (r < 0 || !session->is_visit)
		return r;
	/* RFC 4314 4: flags that they may not set there are left out */
	r = imapd_rights(session, mailbox, &rights);
	if (r == 0)
		copying_keep(work->copying, imapd_may_flags(rights),
		    (rights & RIGHT_WRITE) != 0);
	return r;
}

static void
copy(struct imapd_session *session, struct imapd_parse *parse, bool is_move)
{
	struct copy *work;
	struct imapd_set set;
	struct slice name, said = parse->rest, prefix;
	bool is_elsewhere;
	int r;

	if (!imapd_set(parse, &set))
		return;
	said.len -= parse->rest.len;
	if (!imapd_space(parse) || !imapd_mailbox(parse, &name) ||
	    !imapd_end(parse))
		return;
	is_elsewhere = imapd_is_elsewhere(session, name, &prefix);
	if (is_elsewhere && imapd_is_away_at(session, prefix)) {
		imapd_relay_away(session);
		return;
	}
	if (is_elsewhere || session->away != NULL) {
		imapd_copy_across(session, said, name, is_move);
		return;
	}
	if (!imapd_is_here(session, &name))
		return;
	/* RFC 6851 4: whoever moves takes away */
	if (is_move && ((session->rights & RIGHT_MARK) == 0 ||
	    (session->rights & RIGHT_EXPUNGE) == 0)) {
		imapd_refuse(session, -EACCES);
		return;
	}
	work = imapd_work(session, sizeof(*work));
	if (work == NULL || !imapd_places(session, &set,
	    imapd_is_uid(session), &work->places, &work->count))
		return;
	session->drop = drop;
	work->is_move = is_move;
	r = begin(session, work, name);
	if (r < 0)
		imapd_refuse_into(session, r);
	else
		session->more = more;
}

void
imapd_copy(struct imapd_session *session, struct imapd_parse *parse)
{
	copy(session, parse, false);
}

void
imapd_move(struct imapd_session *session, struct imapd_parse *parse)
{
	copy(session, parse, true);
}
