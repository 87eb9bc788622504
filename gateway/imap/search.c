/*
 * search.c - SEARCH (RFC 9051 6.4.4, RFC 3501 6.4.4, RFC 5182)
 *
 * Goes over the view; only letters about which nothing else decides are read,
 * a piece at a time.  A letter that cannot be read does not match, and the
 * client hears so.
 */
#include <errno.h>
#include <stdlib.h>

#include "gateway/imap/match.h"
#include "gateway/imap/reply.h"

#define JUDGE_STEP	500		/* letters judged by the view alone */
#define JUDGE_MS	5		/* with hundreds of keys not so many */
#define SEARCH_MS	30000		/* HARDENING 2: of work, not of waiting */
#define RESULT_BYTES	(16 * 1024 * 1024)	/* a million numbers */

struct search {
	struct imapd_search	 asked;
	struct imapd_match	 match;
	void			(*go)(struct imapd_session *);
	size_t			 n, count;	/* of the view */
	uint32_t		*uids;		/* of those found, ascending */
	uint32_t		*numbers;	/* and their numbers */
	size_t			 found;
	uint64_t		 modseq_first, modseq_last, modseq_most;
	uint64_t		 worked_ms;
	bool			 has_unread;	/* one could not be read */
};

static void	go_judge(struct imapd_session *);

static void
drop(struct imapd_session *session)
{
	struct search *search = session->work;

	imapd_match_end(&search->match);
	free(search->uids);
	free(search->numbers);
}

/* The number of one more that was found. */
static void
note_modseq(struct search *search, uint64_t modseq)
{
	if (search->found == 0)
		search->modseq_first = modseq;
	search->modseq_last = modseq;
	if (search->modseq_most < modseq)
		search->modseq_most = modseq;
}

/*
 * RFC 7162 3.1.6, RFC 4731 3.2: the highest number of what is told; 0 when that
 * is not to be told.
 */
static uint64_t
modseq_told(const struct search *search, unsigned returns)
{
	uint64_t modseq = 0;

	if (!search->asked.has_modseq || search->found == 0)
		return 0;
	if ((returns & (IMAPD_RETURN_MIN | IMAPD_RETURN_MAX)) == 0 ||
	    (returns & (IMAPD_RETURN_ALL | IMAPD_RETURN_COUNT)) != 0)
		return search->modseq_most;
	if (returns & IMAPD_RETURN_MIN)
		modseq = search->modseq_first;
	if ((returns & IMAPD_RETURN_MAX) && modseq < search->modseq_last)
		modseq = search->modseq_last;
	return modseq;
}

/* Letter `n` is judged; on to the next. */
static void
judged(struct imapd_session *session, bool matches)
{
	struct search *search = session->work;

	if (matches) {
		note_modseq(search,
		    selected_at(session->selected, search->n)->modseq);
		search->uids[search->found] =
		    selected_at(session->selected, search->n)->uid;
		search->numbers[search->found++] = (uint32_t)search->n + 1;
	}
	imapd_match_next(&search->match);
	search->n++;
	search->go = go_judge;
}

static void
unreadable(struct imapd_session *session, int r)
{
	struct search *search = session->work;

	search->has_unread = true;
	if (r == -EIO || r == -ENOMEM)
		session->ports.failed(session->ports.arg, r);
	judged(session, false);
}

static void
go_read(struct imapd_session *session)
{
	struct search *search = session->work;
	int r = imapd_match_read(&search->match);

	if (r < 0)
		unreadable(session, r);
	else if (r == 0)
		judged(session, imapd_match_judge(&search->match,
		    search->n) == IMAPD_YES);
}

static void
go_open(struct imapd_session *session)
{
	struct search *search = session->work;
	int r = imapd_match_open(&search->match);

	if (r < 0)
		unreadable(session, r);
	else
		search->go = go_read;
}

static void
on_big(void *arg, int fd)
{
	struct imapd_session *session = arg;
	struct search *search = session->work;
	int r;

	session->asked = false;
	r = imapd_letter_take_file(&search->match.letter, fd);
	if (r < 0)
		unreadable(session, r);
	else
		search->go = go_open;
	timer_set(session->turn, 0);
}

/* The view does not decide: look at the row, then at the bytes. */
static void
go_look(struct imapd_session *session)
{
	struct search *search = session->work;
	enum imapd_verdict verdict;
	struct message_id id;
	int r = imapd_match_look(&search->match, search->n);

	if (r < 0) {
		unreadable(session, r);
		return;
	}
	verdict = imapd_match_judge(&search->match, search->n);
	if (verdict != IMAPD_NOT_YET) {
		judged(session, verdict == IMAPD_YES);
		return;
	}
	search->go = go_open;
	if (!imapd_letter_lacks_file(&search->match.letter, &id))
		return;
	r = session->ports.big(session->ports.arg, &id, on_big, session);
	session->asked = r == 0;
	if (r < 0)
		unreadable(session, r);
}

/* RFC 9051 7.3.4: what was asked for, of what was found. */
static void
add_returns(struct text *text, const struct search *search,
    const uint32_t *found, unsigned returns)
{
	if ((returns & IMAPD_RETURN_MIN) && search->found > 0)
		text_addf(text, " MIN %u", found[0]);
	if ((returns & IMAPD_RETURN_MAX) && search->found > 0)
		text_addf(text, " MAX %u", found[search->found - 1]);
	if (returns & IMAPD_RETURN_COUNT)
		text_addf(text, " COUNT %zu", search->found);
	if ((returns & IMAPD_RETURN_ALL) && search->found > 0) {
		text_add_str(text, " ALL ");
		imapd_add_uids(text, found, search->found);
	}
}

static void
tell(struct imapd_session *session, const struct search *search)
{
	TEXT_AUTO text = TEXT_INIT(RESULT_BYTES);
	bool is_uid = imapd_is_uid(session);
	const uint32_t *found = is_uid ? search->uids : search->numbers;
	unsigned returns = search->asked.is_extended ?
	    search->asked.returns : IMAPD_RETURN_ALL;
	unsigned long long modseq = modseq_told(search, returns);

	/* RFC 5182 2.1: SAVE alone tells nothing */
	if (returns == IMAPD_RETURN_SAVE)
		return;
	if (search->asked.is_extended || session->rev2) {
		text_add_str(&text, "* ESEARCH (TAG ");
		imapd_add_string(&text, slice_str(session->tag), false);
		text_addf(&text, ")%s", is_uid ? " UID" : "");
		add_returns(&text, search, found, returns);
		if (modseq != 0)
			text_addf(&text, " MODSEQ %llu", modseq);
	} else {
		text_add_str(&text, "* SEARCH");
		for (size_t i = 0; i < search->found; i++)
			text_addf(&text, " %u", found[i]);
		if (modseq != 0)
			text_addf(&text, " (MODSEQ %llu)", modseq);
	}
	text_add_str(&text, "\r\n");
	if (text_failed(&text))
		session->is_over = true;
	else
		(void)stream_write(session->stream, text_slice(&text));
}

/* RFC 5182 2.4: with MIN or MAX and nothing else, "$" is only those. */
static void
save(struct imapd_session *session, struct search *search)
{
	unsigned returns = search->asked.returns;
	size_t last = search->found == 0 ? 0 : search->found - 1;

	free(session->saved);
	session->saved = search->uids;
	session->saved_count = search->found;
	search->uids = NULL;
	if (search->found == 0 || (returns & (IMAPD_RETURN_ALL |
	    IMAPD_RETURN_COUNT)) || (returns & (IMAPD_RETURN_MIN |
	    IMAPD_RETURN_MAX)) == 0)
		return;
	session->saved_count = 1;
	if ((returns & IMAPD_RETURN_MIN) == 0)
		session->saved[0] = session->saved[last];
	else if ((returns & IMAPD_RETURN_MAX) && last > 0) {
		session->saved[1] = session->saved[last];
		session->saved_count = 2;
	}
}

static void
finish(struct imapd_session *session)
{
	struct search *search = session->work;

	tell(session, search);
	if (search->asked.returns & IMAPD_RETURN_SAVE)
		save(session, search);
	if (search->has_unread)
		imapd_untagged(session->stream, "NO a letter that could not "
		    "be read was not searched");
	imapd_finish(session, "OK that is all");
}

static void
go_judge(struct imapd_session *session)
{
	struct search *search = session->work;
	enum imapd_verdict verdict;
	uint64_t until = clock_ms() + JUDGE_MS;

	for (unsigned i = 0; i < JUDGE_STEP && clock_ms() <= until; i++) {
		if (search->n == search->count) {
			finish(session);
			return;
		}
		verdict = imapd_match_judge(&search->match, search->n);
		if (verdict == IMAPD_NOT_YET) {
			search->go = go_look;
			return;
		}
		judged(session, verdict == IMAPD_YES);
	}
}

static void
more(struct imapd_session *session)
{
	struct search *search = session->work;
	uint64_t began = clock_ms();

	if (search->worked_ms > SEARCH_MS) {
		imapd_finish(session,
		    "NO [LIMIT] the search takes too long: ask for less");
		return;
	}
	search->worked_ms -= began;
	search->go(session);
	/* finished: it is gone with the command's arena only later */
	search->worked_ms += clock_ms();
}

/* RFC 5182 2.1: a search that fails leaves nothing in "$". */
static void
forget_saved(struct imapd_session *session)
{
	free(session->saved);
	session->saved = NULL;
	session->saved_count = 0;
}

void
imapd_search(struct imapd_session *session, struct imapd_parse *parse)
{
	struct imapd_search asked;
	struct search *search;
	int r;

	if (!imapd_search_read(parse, &asked))
		return;
	if (asked.bad_charset) {
		if (asked.returns & IMAPD_RETURN_SAVE)
			forget_saved(session);
		imapd_finish(session, "NO [BADCHARSET (UTF-8 US-ASCII)] the "
		    "charset is not known");
		return;
	}
	if (asked.has_modseq)
		imapd_condstore(session);
	search = imapd_work(session, sizeof(*search));
	if (search == NULL)
		return;
	session->drop = drop;
	search->asked = asked;
	search->count = selected_count(session->selected);
	search->uids = calloc(search->count + 1, sizeof(*search->uids));
	search->numbers = calloc(search->count + 1, sizeof(*search->numbers));
	search->go = go_judge;
	r = imapd_match_begin(&search->match, session, asked.keys);
	if (r < 0 || search->uids == NULL || search->numbers == NULL)
		imapd_refuse(session, -ENOMEM);
	else
		session->more = more;
}
