/*
 * gather.c - what SORT and THREAD know of the letters that were found
 *
 * Letters whose structures are kept are rows and nothing else: a walk over a
 * stretch of them.  The one that has none ends the walk, and goes through the
 * same states as one that is searched.
 */
#include "gateway/imap/gather.h"

#include <errno.h>

#include "gateway/imap/reply.h"

#define STRETCH		200	/* letters in one walk: some 2 ms */
#define GATHER_MS	5

static void	go_walk(struct imapd_session *);

/* The letter is shown; on to the next. */
static void
shown(struct imapd_session *session, int r)
{
	struct imapd_gather *gather = session->work;

	gather->finding.gathered++;
	gather->finding.go = go_walk;
	if (r < 0)
		imapd_gather_refuse(session, r);
}

static void
show_unreadable(struct imapd_session *session, int error)
{
	struct imapd_gather *gather = session->work;
	struct imapd_finding *finding = &gather->finding;
	const struct letter_facts *facts = error == -EUCLEAN ? NULL :
	    &finding->match.letter.facts;
	int r;

	finding->has_unread = true;
	if (error == -EIO || error == -ENOMEM)
		session->ports.failed(session->ports.arg, error);
	r = gather->each(session, facts, NULL);
	imapd_match_next(&finding->match);
	shown(session, r);
}

/* Its bytes can be had: make the structure. */
static void
go_make(struct imapd_session *session)
{
	struct imapd_gather *gather = session->work;
	struct imapd_letter *letter = &gather->finding.match.letter;
	int r = imapd_letter_structure(letter);

	if (r < 0) {
		show_unreadable(session, r);
		return;
	}
	r = gather->each(session, &letter->facts, &letter->structure);
	imapd_match_next(&gather->finding.match);
	shown(session, r);
}

static void
on_big(void *arg, int fd)
{
	struct imapd_session *session = arg;
	struct imapd_gather *gather = session->work;
	int r;

	session->asked = false;
	r = imapd_letter_take_file(&gather->finding.match.letter, fd);
	if (r < 0)
		show_unreadable(session, r);
	else
		gather->finding.go = go_make;
	timer_set(session->turn, 0);
}

/* The letter at hand has no structure. */
static void
go_look(struct imapd_session *session)
{
	struct imapd_gather *gather = session->work;
	struct imapd_finding *finding = &gather->finding;
	struct imapd_letter *letter = &finding->match.letter;
	struct message_id id;
	int r = imapd_letter_find(letter, session->selected,
	    finding->numbers[finding->gathered] - 1, 0);

	if (r < 0) {
		show_unreadable(session, r);
		return;
	}
	finding->go = go_make;
	if (!imapd_letter_lacks_file(letter, &id))
		return;
	r = session->ports.big(session->ports.arg, &id, on_big, session);
	session->asked = r == 0;
	if (r < 0)
		show_unreadable(session, r);
}

/* A row of the walk.  1: it has no structure, and ends the walk. */
static int
show_row(void *arg, size_t n, const struct letter_facts *facts)
{
	struct imapd_session *session = arg;
	struct imapd_gather *gather = session->work;
	struct structure structure;
	int r;

	(void)n;
	if (facts == NULL)
		gather->finding.has_unread = true;
	if (facts != NULL && gather->wants_structure) {
		if (facts->structure.len == 0 ||
		    structure_open(facts->structure, &structure) < 0)
			return 1;
		r = gather->each(session, facts, &structure);
	} else {
		r = gather->each(session, facts, NULL);
	}
	gather->finding.gathered++;
	return r;
}

/* Letters from `at` that stand beside each other in the view. */
static size_t
stretch(const struct imapd_gather *gather)
{
	const struct imapd_finding *finding = &gather->finding;
	const uint32_t *numbers = finding->numbers + finding->gathered;
	size_t left = finding->found - finding->gathered, n = 1;

	while (n < left && n < STRETCH && numbers[n] == numbers[n - 1] + 1)
		n++;
	return n;
}

static void
go_walk(struct imapd_session *session)
{
	struct imapd_gather *gather = session->work;
	struct imapd_finding *finding = &gather->finding;
	uint64_t until = clock_ms() + GATHER_MS;
	int r = 0;

	while (r == 0 && finding->gathered < finding->found &&
	    clock_ms() <= until)
		r = selected_facts(session->selected,
		    finding->numbers[finding->gathered] - 1, stretch(gather),
		    gather->wants_structure ? FACTS_STRUCTURE : 0, show_row,
		    session);
	if (r < 0)
		imapd_gather_refuse(session, r);
	else if (r > 0)
		finding->go = go_look;
	else if (finding->gathered == finding->found)
		gather->all(session);
}

void
imapd_gather(struct imapd_session *session, bool wants_structure,
    imapd_gather_fn *each, void (*all)(struct imapd_session *))
{
	struct imapd_gather *gather = session->work;

	gather->wants_structure = wants_structure;
	gather->each = each;
	gather->all = all;
	gather->finding.go = go_walk;
}

void
imapd_gather_refuse(struct imapd_session *session, int error)
{
	if (error == -ENOBUFS || error == -E2BIG)
		imapd_find_fail(session, "[LIMIT]", "these are too many "
		    "letters for that: search for fewer");
	else
		imapd_refuse(session, error);
}
