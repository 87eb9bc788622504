/*
 * search.c - SEARCH (RFC 9051 6.4.4, RFC 3501 6.4.4, RFC 5182)
 *
 * Goes over the view; only letters about which nothing else decides, nor the
 * search index, are read, a piece at a time.  A letter that cannot be read does not match, and the
 * client hears so.
 */
#include <errno.h>
#include <stdlib.h>

#include "gateway/imap/search.h"

#define JUDGE_STEP	500		/* letters judged by the view alone */
#define JUDGE_MS	5		/* with hundreds of keys not so many */
#define SEARCH_MS	30000		/* HARDENING 2: of work, not of waiting */

static void	go_judge(struct imapd_session *);

void
imapd_find_fail(struct imapd_session *session, const char *code,
    const char *words)
{
	const struct imapd_finding *search = session->work;

	if (search->asked.returns & IMAPD_RETURN_SAVE) {
		free(session->saved);
		session->saved = NULL;
		session->saved_count = 0;
	}
	imapd_finish(session, "NO %s %s", code, words);
}

void
imapd_find_end(struct imapd_finding *search)
{
	imapd_match_end(&search->match);
	free(search->uids);
	free(search->numbers);
}

/* Letter `n` is judged; on to the next. */
static void
judged(struct imapd_session *session, bool matches)
{
	struct imapd_finding *search = session->work;
	const struct selected_letter *letter =
	    selected_at(session->selected, search->n);

	if (matches) {
		if (search->modseq_most < letter->modseq)
			search->modseq_most = letter->modseq;
		search->uids[search->found] = letter->uid;
		search->numbers[search->found++] = (uint32_t)search->n + 1;
	}
	imapd_match_next(&search->match);
	search->n++;
	search->go = go_judge;
}

static void
unreadable(struct imapd_session *session, int r)
{
	struct imapd_finding *search = session->work;

	search->has_unread = true;
	if (r == -EIO || r == -ENOMEM)
		session->ports.failed(session->ports.arg, r);
	judged(session, false);
}

static void
go_read(struct imapd_session *session)
{
	struct imapd_finding *search = session->work;
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
	struct imapd_finding *search = session->work;
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
	struct imapd_finding *search = session->work;
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
	struct imapd_finding *search = session->work;
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

/* One row of a run.  1: it is to be looked at by itself; 2: enough for a turn. */
static int
take_row(void *arg, size_t n, const struct letter_facts *facts)
{
	struct imapd_session *session = arg;
	struct imapd_finding *search = session->work;
	int r;

	if (!imapd_match_take(&search->match, n, facts)) {
		imapd_match_next(&search->match);
		return 1;
	}
	/* it is small, and lent as long as its row is at hand */
	for (r = search->match.reads != 0; r > 0;)
		r = imapd_match_read(&search->match);
	if (r < 0)
		unreadable(session, r);
	else
		judged(session, imapd_match_judge(&search->match, n) ==
		    IMAPD_YES);
	return clock_ms() > search->run_until_ms ? 2 : 0;
}

/* The view does not decide: look at rows, of those behind it, too. */
static void
go_run(struct imapd_session *session)
{
	struct imapd_finding *search = session->work;
	unsigned wanted;
	size_t run = imapd_match_run(&search->match, search->n, search->count,
	    &wanted);
	int r = 1;

	search->go = go_judge;
	search->run_until_ms = clock_ms() + JUDGE_MS;
	if (run > 0)
		r = selected_facts(session->selected, search->n, run, wanted,
		    take_row, session);
	if (r == 1)
		search->go = go_look;
	else if (r < 0)
		unreadable(session, r);
}

static void
go_judge(struct imapd_session *session)
{
	struct imapd_finding *search = session->work;
	enum imapd_verdict verdict;
	uint64_t until = clock_ms() + JUDGE_MS;

	if (imapd_match_narrow(&search->match))
		return;
	for (unsigned i = 0; i < JUDGE_STEP && clock_ms() <= until; i++) {
		if (search->n == search->count) {
			search->found_all(session);
			return;
		}
		verdict = imapd_match_judge(&search->match, search->n);
		if (verdict == IMAPD_NOT_YET) {
			search->go = go_run;
			return;
		}
		judged(session, verdict == IMAPD_YES);
	}
}

/* What is found is gone over once more for an order: as much work again. */
static void
tell_progress(struct imapd_session *session)
{
	const struct imapd_finding *search = session->work;
	size_t done = search->n, all = search->count;

	if (search->gathers) {
		if (search->found > 0 && search->n == search->count)
			done += (size_t)((uint64_t)search->gathered *
			    search->count / search->found);
		all *= 2;
	}
	imapd_progress(session, done, all);
}

static void
more(struct imapd_session *session)
{
	struct imapd_finding *search = session->work;
	uint64_t began = clock_ms();

	tell_progress(session);

	if (search->worked_ms > SEARCH_MS) {
		imapd_find_fail(session, "[LIMIT]",
		    "the search takes too long: ask for less");
		return;
	}
	search->worked_ms -= began;
	search->go(session);
	/* finished: it is gone with the command's arena only later */
	search->worked_ms += clock_ms();
}

void
imapd_find(struct imapd_session *session, const struct imapd_search *asked,
    void (*found_all)(struct imapd_session *))
{
	struct imapd_finding *search = session->work;
	const char *words = NULL;
	int r;

	search->asked = *asked;
	if (asked->bad_charset) {
		imapd_find_fail(session, "[BADCHARSET (UTF-8 US-ASCII)]",
		    "the charset is not known");
		return;
	}
	if (asked->has_modseq)
		imapd_condstore(session);
	search->found_all = found_all;
	search->count = selected_count(session->selected);
	search->uids = calloc(search->count + 1, sizeof(*search->uids));
	search->numbers = calloc(search->count + 1, sizeof(*search->numbers));
	search->go = go_judge;
	r = imapd_match_begin(&search->match, session, search->asked.keys,
	    &words);
	if (r == -E2BIG)
		imapd_find_fail(session, "[LIMIT]", words);
	else if (r < 0 || search->uids == NULL || search->numbers == NULL)
		imapd_find_fail(session, "[LIMIT]", "memory is out");
	else
		session->more = more;
}

static void
drop(struct imapd_session *session)
{
	imapd_find_end(session->work);
}

/* What SEARCH does with what was found. */
static void
tell(struct imapd_session *session)
{
	struct imapd_finding *search = session->work;

	/* RFC 9051 6.4.4: the old response is not used any more */
	if (session->rev2 && !search->asked.is_extended) {
		search->asked.is_extended = true;
		search->asked.returns = IMAPD_RETURN_ALL;
	}
	imapd_find_tell(session, "SEARCH", imapd_is_uid(session) ?
	    search->uids : search->numbers);
}

void
imapd_search(struct imapd_session *session, struct imapd_parse *parse)
{
	struct imapd_search asked;

	if (!imapd_search_read(parse, &asked) ||
	    imapd_work(session, sizeof(struct imapd_finding)) == NULL)
		return;
	session->drop = drop;
	imapd_find(session, &asked, tell);
}
