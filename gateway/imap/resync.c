/*
 * resync.c - a client that was away learns what changed
 *
 * What has gone from a mailbox is remembered for as long as the mailbox is
 * there, so nothing has to be guessed from what the client still knows.
 */
#include "gateway/imap/resync.h"

#include <errno.h>
#include <stdlib.h>

#include "gateway/imap/reply.h"

#define LINE_BYTES	4096	/* ranges in one response: not a limit */
#define LETTERS_STEP	500	/* looked at before others get a turn */

/* Looking for what has gone. */
struct finding {
	struct imapd_vanished	*vanished;
	const struct selected	*selected;
};

static int
add(struct imapd_vanished *vanished, uint32_t low, uint32_t high)
{
	struct imapd_range *grown, *last;
	size_t room = vanished->room * 2 + 64;

	last = vanished->count == 0 ? NULL :
	    &vanished->ranges[vanished->count - 1];
	if (last != NULL && last->high == low - 1) {
		last->high = high;
		return 0;
	}
	if (vanished->count == vanished->room) {
		grown = reallocarray(vanished->ranges, room, sizeof(*grown));
		if (grown == NULL)
			return -ENOMEM;
		vanished->ranges = grown;
		vanished->room = room;
	}
	vanished->ranges[vanished->count++] = (struct imapd_range){ low,
	    high };
	return 0;
}

/*
 * Of letters that the client still counts it hears by VANISHED without EARLIER,
 * which takes their numbers away (RFC 7162 3.2.10.2).
 */
static int
add_unseen(const struct finding *finding, uint32_t low, uint32_t high)
{
	size_t count = selected_count(finding->selected);
	uint64_t next = low;
	uint32_t uid;
	int r = 0;

	for (size_t n = selected_find(finding->selected, low); r == 0 &&
	    n < count && next <= high; n++) {
		uid = selected_at(finding->selected, n)->uid;
		if (uid > high)
			break;
		if (uid > next)
			r = add(finding->vanished, (uint32_t)next, uid - 1);
		next = (uint64_t)uid + 1;
	}
	return r < 0 || next > high ? r :
	    add(finding->vanished, (uint32_t)next, high);
}

static int
on_vanished(void *arg, uint32_t first, uint32_t last)
{
	struct finding *finding = arg;
	struct imapd_vanished *vanished = finding->vanished;
	const struct imapd_set *known = vanished->known;
	int r = 0;

	if (known == NULL)
		return add_unseen(finding, first, last);
	while (vanished->known_at < known->count &&
	    known->ranges[vanished->known_at].high < first)
		vanished->known_at++;
	for (size_t i = vanished->known_at; r == 0 && i < known->count &&
	    known->ranges[i].low <= last; i++)
		r = add_unseen(finding, known->ranges[i].low > first ?
		    known->ranges[i].low : first, known->ranges[i].high < last ?
		    known->ranges[i].high : last);
	return r;
}

void
imapd_vanished_begin(struct imapd_vanished *vanished, uint64_t since,
    const struct imapd_set *known)
{
	*vanished = (struct imapd_vanished){
		.since = since, .known = known, .from = 1,
	};
}

static int
find_some(const struct imapd_session *session,
    struct imapd_vanished *vanished)
{
	struct finding finding = { vanished, session->selected };
	int r = selected_vanished(session->selected, vanished->since,
	    &vanished->from, on_vanished, &finding);

	if (r == 0)
		vanished->from = 0;
	return r < 0 ? r : 0;
}

void
imapd_say_vanished(struct imapd_session *session, const char *which,
    struct slice set)
{
	/* what the stream cannot take it tells as STREAM_FAILED */
	(void)stream_write(session->stream, slice_str("* VANISHED "));
	(void)stream_write(session->stream, slice_str(which));
	(void)stream_write(session->stream, set);
	(void)stream_write(session->stream, slice_str("\r\n"));
}

int
imapd_vanished_step(struct imapd_session *session,
    struct imapd_vanished *vanished)
{
	TEXT_AUTO text = TEXT_INIT(2 * LINE_BYTES);

	if (vanished->from != 0)
		return find_some(session, vanished);
	while (vanished->next < vanished->count) {
		if (stream_waiting(session->stream) >= IMAPD_PAUSE)
			return 0;
		text_clear(&text);
		while (vanished->next < vanished->count &&
		    text.len < LINE_BYTES)
			imapd_add_range(&text,
			    &vanished->ranges[vanished->next++]);
		imapd_say_vanished(session, "(EARLIER) ", text_slice(&text));
	}
	return 1;
}

void
imapd_vanished_end(struct imapd_vanished *vanished)
{
	free(vanished->ranges);
	*vanished = (struct imapd_vanished){ 0 };
}

/* A SELECT that tells what changed. */
struct resync {
	struct imapd_select	 select;
	struct imapd_vanished	 vanished;
	size_t			 next;		/* letter to be looked at */
};

static void
drop(struct imapd_session *session)
{
	struct resync *work = session->work;

	imapd_vanished_end(&work->vanished);
}

static bool
is_wanted(const struct imapd_session *session, const struct resync *work,
    size_t n)
{
	const struct selected_letter *letter =
	    selected_at(session->selected, n);

	return letter->modseq > work->select.modseq &&
	    !selected_is_expunged(session->selected, n) &&
	    (!work->select.has_known ||
	    imapd_set_has(&work->select.known, letter->uid));
}

/* RFC 7162 3.2.6: what has gone comes first. */
static void
more(struct imapd_session *session)
{
	struct resync *work = session->work;
	size_t count = selected_count(session->selected);
	int r = imapd_vanished_step(session, &work->vanished);

	if (r < 0) {
		imapd_leave(session);
		imapd_refuse(session, r);
	}
	if (r <= 0)
		return;
	for (unsigned i = 0; i < LETTERS_STEP && work->next < count &&
	    stream_waiting(session->stream) < IMAPD_PAUSE; i++) {
		if (is_wanted(session, work, work->next))
			imapd_tell_letter(session, work->next, true);
		work->next++;
	}
	if (work->next == count)
		imapd_opened(session);
}

void
imapd_resync(struct imapd_session *session, const struct imapd_select *select)
{
	struct resync *work = imapd_work(session, sizeof(*work));

	if (work == NULL)
		return;
	session->drop = drop;
	work->select = *select;
	imapd_vanished_begin(&work->vanished, select->modseq,
	    work->select.has_known ? &work->select.known : NULL);
	session->more = more;
}

void
imapd_finish_numbered(struct imapd_session *session, const char *words)
{
	/* the number is behind all that it covers */
	if (imapd_tell(session, true))
		imapd_finish(session, "OK [HIGHESTMODSEQ %llu] %s",
		    (unsigned long long)selected_modseq(session->selected),
		    words);
}
