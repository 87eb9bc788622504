/*
 * results.c - what a search has found, told in pieces
 *
 * A list of all letters of a large mailbox is longer than what a client takes at
 * once and than the memory a session may use: it is made as it is taken.
 */
#include <errno.h>
#include <stdlib.h>

#include "gateway/imap/reply.h"
#include "gateway/imap/search.h"

/* Numbers, or ranges of them, that are told at once. */
#define PIECE_RUNS	2000
#define PIECE_BYTES	(PIECE_RUNS * 24)	/* "4294967295:4294967295," */

static unsigned
returns_of(const struct imapd_finding *finding)
{
	return finding->asked.is_extended ? finding->asked.returns :
	    IMAPD_RETURN_ALL;
}

/* The place in the view of what is told. */
static size_t
place_of(const struct imapd_session *session, uint32_t told)
{
	return imapd_is_uid(session) ? selected_find(session->selected, told) :
	    told - 1;
}

/*
 * RFC 7162 3.1.6, RFC 4731 3.2: the highest number of what is told; 0 when that
 * is not to be told.
 */
static uint64_t
modseq_told(const struct imapd_session *session,
    const struct imapd_finding *finding)
{
	unsigned returns = returns_of(finding);
	const struct selected_letter *end;
	uint64_t modseq = 0;

	if (!finding->asked.has_modseq || finding->found == 0)
		return 0;
	if ((returns & (IMAPD_RETURN_MIN | IMAPD_RETURN_MAX)) == 0 ||
	    (returns & (IMAPD_RETURN_ALL | IMAPD_RETURN_COUNT |
	    IMAPD_RETURN_PARTIAL)) != 0)
		return finding->modseq_most;
	if (returns & IMAPD_RETURN_MIN)
		modseq = selected_at(session->selected,
		    place_of(session, finding->telling[0]))->modseq;
	end = selected_at(session->selected,
	    place_of(session, finding->telling[finding->found - 1]));
	if ((returns & IMAPD_RETURN_MAX) && modseq < end->modseq)
		modseq = end->modseq;
	return modseq;
}

static int
by_uid(const void *one, const void *other)
{
	uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;

	return a < b ? -1 : a > b;
}

/* The UIDs of a page and of both ends, as far as they are told, in order. */
static size_t
told_uids(const struct imapd_session *session,
    const struct imapd_finding *finding, uint32_t *uids)
{
	const uint32_t *telling = finding->telling;
	unsigned returns = finding->asked.returns;
	size_t count = 0, kept = 0;

	if (returns & IMAPD_RETURN_MIN)
		uids[count++] = telling[0];
	if (returns & IMAPD_RETURN_PARTIAL)
		for (size_t i = 0; i < finding->to_tell; i++)
			uids[count++] = telling[finding->first + i];
	if (returns & IMAPD_RETURN_MAX)
		uids[count++] = telling[finding->found - 1];
	if (!imapd_is_uid(session))
		for (size_t i = 0; i < count; i++)
			uids[i] = selected_at(session->selected,
			    uids[i] - 1)->uid;
	/* what is first in an order may be behind the last */
	qsort(uids, count, sizeof(*uids), by_uid);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || uids[i] != uids[kept - 1])
			uids[kept++] = uids[i];
	return kept;
}

/*
 * RFC 5182 2.4, RFC 9394 3.2: "$" is what is told, where MIN, MAX or PARTIAL
 * say so and neither COUNT nor ALL is about all.  0 or -ENOMEM.
 */
static int
save(struct imapd_session *session)
{
	struct imapd_finding *finding = session->work;
	unsigned returns = finding->asked.returns;
	uint32_t *uids;

	free(session->saved);
	session->saved = NULL;
	session->saved_count = 0;
	if (finding->found == 0)
		return 0;
	if ((returns & (IMAPD_RETURN_ALL | IMAPD_RETURN_COUNT)) != 0 ||
	    (returns & (IMAPD_RETURN_MIN | IMAPD_RETURN_MAX |
	    IMAPD_RETURN_PARTIAL)) == 0) {
		session->saved = finding->uids;
		session->saved_count = finding->found;
		finding->uids = NULL;
		return 0;
	}
	uids = calloc(finding->to_tell + 2, sizeof(*uids));
	if (uids == NULL)
		return -ENOMEM;
	session->saved_count = told_uids(session, finding, uids);
	session->saved = uids;
	return 0;
}

void
imapd_find_finish(struct imapd_session *session)
{
	const struct imapd_finding *finding = session->work;

	if ((finding->asked.returns & IMAPD_RETURN_SAVE) &&
	    save(session) < 0) {
		imapd_find_fail(session, "[LIMIT]", "memory is out");
		return;
	}
	if (finding->has_unread)
		imapd_untagged(session->stream, "NO a letter that could not "
		    "be read was not searched");
	imapd_finish(session, "OK that is all");
}

/* The line has begun: a piece of it, or its end. */
static void
tell_more(struct imapd_session *session)
{
	struct imapd_finding *finding = session->work;
	TEXT_AUTO text = TEXT_INIT(PIECE_BYTES);
	const uint32_t *next = finding->telling + finding->first +
	    finding->told;
	size_t left = finding->to_tell - finding->told;
	unsigned long long modseq;
	bool is_set = finding->asked.is_extended, is_end = left == 0;

	if (left > 0 && is_set) {
		if (finding->told > 0)
			text_add_byte(&text, ',');
		finding->told += imapd_add_uid_runs(&text, next, left,
		    PIECE_RUNS);
	} else if (left > 0) {
		left = left < PIECE_RUNS ? left : PIECE_RUNS;
		for (size_t i = 0; i < left; i++)
			text_addf(&text, " %u", next[i]);
		finding->told += left;
	} else {
		if (returns_of(finding) & IMAPD_RETURN_PARTIAL)
			text_add_str(&text, finding->told == 0 ? "NIL)" : ")");
		modseq = modseq_told(session, finding);
		if (modseq != 0)
			text_addf(&text, is_set ? " MODSEQ %llu" :
			    " (MODSEQ %llu)", modseq);
		text_add_str(&text, "\r\n");
	}
	imapd_write(session, &text);
	if (is_end)
		imapd_find_finish(session);
}

/* RFC 9051 7.3.4: what was asked for, of what was found; of a list of letters
 * the beginning. */
static void
add_returns(struct text *text, const struct imapd_finding *finding)
{
	unsigned returns = returns_of(finding);

	if ((returns & IMAPD_RETURN_MIN) && finding->found > 0)
		text_addf(text, " MIN %u", finding->telling[0]);
	if ((returns & IMAPD_RETURN_MAX) && finding->found > 0)
		text_addf(text, " MAX %u",
		    finding->telling[finding->found - 1]);
	if (returns & IMAPD_RETURN_COUNT)
		text_addf(text, " COUNT %zu", finding->found);
	if (returns & IMAPD_RETURN_PARTIAL)
		text_addf(text, " PARTIAL (%.*s ",
		    SLICE_FMT(finding->asked.partial.words));
	else if (finding->to_tell > 0)
		text_add_str(text, " ALL ");
}

void
imapd_find_tell(struct imapd_session *session, const char *word,
    const uint32_t *found)
{
	struct imapd_finding *finding = session->work;
	TEXT_AUTO text = TEXT_INIT(PIECE_BYTES);

	finding->telling = found;
	/* RFC 5182 2.1: SAVE alone tells nothing */
	if (returns_of(finding) == IMAPD_RETURN_SAVE) {
		imapd_find_finish(session);
		return;
	}
	if (returns_of(finding) & IMAPD_RETURN_ALL)
		finding->to_tell = finding->found;
	if (returns_of(finding) & IMAPD_RETURN_PARTIAL)
		finding->to_tell = imapd_partial_of(&finding->asked.partial,
		    finding->found, &finding->first);
	if (finding->asked.is_extended) {
		text_add_str(&text, "* ESEARCH (TAG ");
		imapd_add_string(&text, slice_str(session->tag), false);
		text_addf(&text, ")%s", imapd_is_uid(session) ? " UID" : "");
		add_returns(&text, finding);
	} else {
		text_addf(&text, "* %s", word);
	}
	imapd_write(session, &text);
	/* a line that has begun is told to its end, however long it took */
	session->more = tell_more;
}
