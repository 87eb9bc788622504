/*
 * fetch_run.c - FETCH of messages that stand side by side
 *
 * One statement gives the rows of a run of letters, their structures and their
 * bytes, each lent while its row is at hand: nothing is asked twice, and only
 * what is told is copied.  A letter that cannot be told so (it is big, damaged,
 * was not scanned yet, or is asked for again and again in one command) ends the
 * run, and is told by itself, in pieces (fetch.c).
 */
#include "gateway/imap/fetch.h"

#include <errno.h>

#define RUN_STEP	200	/* messages in one look at the index */
#define RUN_MS		5	/* DESIGN.md 4: then others get a turn */
/* What the sections of one message may come to, to be told in one step. */
#define RUN_LETTER	(1024 * 1024)
/* Sent at once; large enough that the system calls do not count, and small
 * enough that the bytes are still in the cache when the kernel copies them. */
#define RUN_PIECE	(64 * 1024)

/* Sections of the letter that is lent, all of them. */
static void
tell_sections(struct imapd_session *session)
{
	struct imapd_fetch *fetch = session->work;
	size_t next = fetch->next;

	if (imapd_fetch_is_newly_seen(fetch))
		session->ports.step(session->ports.arg,
		    &fetch->letter.facts.id, 1, "read");
	fetch->item = 0;
	fetch->go = imapd_fetch_section;
	while (fetch->next == next && !session->is_over)
		fetch->go(session);
}

/* Can it be told in this step? */
static bool
take(struct imapd_session *session, size_t n,
    const struct letter_facts *facts, struct structure *structure)
{
	struct imapd_fetch *fetch = session->work;

	if (facts == NULL)
		return false;
	if (fetch->sections == 0)
		return !fetch->wants_structure ||
		    structure_open(facts->structure, structure) == 0;
	if (facts->bytes > RUN_LETTER / fetch->sections ||
	    !imapd_letter_lend(&fetch->letter, session->selected, n, facts,
	    fetch->wants_structure || fetch->wants_parts))
		return false;
	*structure = fetch->letter.structure;
	return true;
}

/* One row.  1: the letter is to be told by itself; 2: enough for this step. */
static int
tell_row(void *arg, size_t n, const struct letter_facts *facts)
{
	struct imapd_session *session = arg;
	struct imapd_fetch *fetch = session->work;
	struct structure structure = { 0 };
	size_t before = fetch->out.len;

	if (!take(session, n, facts, &structure))
		return 1;
	imapd_fetch_items(session, n, facts, &structure);
	if (text_failed(&fetch->out) ||
	    fetch->out.len - before > IMAPD_FETCH_ITEMS) {
		fetch->out.len = before;
		fetch->out.failed = false;
		imapd_fetch_pass_over(session, -ENOBUFS);
		return 0;
	}
	if (fetch->sections > 0) {
		tell_sections(session);
	} else {
		text_add_str(&fetch->out, ")\r\n");
		fetch->next++;
	}
	if (fetch->out.len >= RUN_PIECE || text_failed(&fetch->out))
		imapd_fetch_flush(session);
	return session->is_over || clock_ms() >= fetch->until_ms ||
	    stream_waiting(session->stream) >= IMAPD_PAUSE ? 2 : 0;
}

/* Messages from the next one on that stand side by side in the view. */
static size_t
run_length(const struct imapd_fetch *fetch)
{
	const size_t *places = fetch->places + fetch->next;
	size_t most = fetch->count - fetch->next, run = 1;

	if (fetch->sets_seen && most > fetch->seen_upto - fetch->next)
		most = fetch->seen_upto - fetch->next;
	if (most > RUN_STEP)
		most = RUN_STEP;
	while (run < most && places[run] == places[0] + run)
		run++;
	return run;
}

/* FLAGS and UID alone: the view knows them. */
static void
tell_view(struct imapd_session *session)
{
	struct imapd_fetch *fetch = session->work;

	for (unsigned i = 0; i < RUN_STEP && fetch->next < fetch->count; i++) {
		imapd_fetch_items(session, fetch->places[fetch->next], NULL,
		    NULL);
		text_add_str(&fetch->out, ")\r\n");
		fetch->next++;
	}
}

int
imapd_fetch_run(struct imapd_session *session)
{
	struct imapd_fetch *fetch = session->work;
	unsigned wanted = imapd_fetch_wants_saved(fetch);
	int r;

	if (fetch->sections > 0) {
		wanted |= FACTS_STRUCTURE | FACTS_TEXT;
	} else if (fetch->wants_structure) {
		wanted |= FACTS_STRUCTURE;
		if (!fetch->wants_facts)
			wanted |= FACTS_NO_ROW;
	} else if (!fetch->wants_facts) {
		tell_view(session);
		return 0;
	}
	fetch->until_ms = clock_ms() + RUN_MS;
	r = selected_facts(session->selected, fetch->places[fetch->next],
	    run_length(fetch), wanted, tell_row, session);
	return r == 2 ? 0 : r;
}
