/*
 * selected_resume.c - a view that was given up, as its client still knows it
 *
 * A client that is told nothing for hours needs no view: a few numbers say what
 * it knows.  Its letters are those that are there now below its UIDNEXT, and
 * those that a tombstone remembers with a higher number than it was told.  Both
 * together must be as many as it counts: where a tombstone covers more than
 * letters (after a crash, or when INBOX was renamed) that need not be so.
 */
#include <errno.h>
#include <stdlib.h>

#include "store/selected_inside.h"

#define UIDNEXT_MOST	((uint64_t)UINT32_MAX + 1)

/*
 * The letters that are \Recent, as runs: between two of them stands a letter
 * that is not.
 */
static int
find_runs(const struct selected *selected, struct selected_known *known)
{
	bool is_run = false;

	for (size_t i = 0; i < selected->count; i++) {
		const struct selected_letter *letter = &selected->letters[i];

		if (letter->is_recent && !is_run) {
			if (known->run_count == SELECTED_RUNS)
				return -E2BIG;
			known->runs[known->run_count++].first = letter->uid;
		}
		if (letter->is_recent)
			known->runs[known->run_count - 1].last = letter->uid;
		is_run = letter->is_recent;
	}
	return 0;
}

int
selected_known(const struct selected *selected,
    struct selected_known *known_out)
{
	const struct mailbox *mailbox = index_mailbox(
	    selected->account->index, selected->mailbox);
	struct selected_known known;
	int r;

	if (mailbox == NULL || selected->is_gone)
		return -ENOENT;
	if (selected_has_news(selected, true))
		return -EAGAIN;
	known = (struct selected_known){
		.mailbox = selected->mailbox,
		.uidvalidity = mailbox->uidvalidity,
		.count = (uint32_t)selected->count,
		.uidnext = selected->uidnext,
		/* without news it knows all that was ever committed */
		.modseq = mailbox->tally_kept.modseq,
		.claims = selected->claims,
	};
	r = find_runs(selected, &known);
	if (r == 0)
		*known_out = known;
	return r;
}

/* UIDs that have gone since, in ranges that ascend. */
struct departed {
	uint64_t	 below;		/* higher ones its client never saw */
	uint64_t	 most;		/* more than that it never had */
	uint64_t	 count;		/* of UIDs in the ranges */
	struct { uint32_t first, last; } *ranges;
	size_t		 range_count, room;
};

static int
add_range(void *arg, uint32_t first, uint32_t last)
{
	struct departed *departed = arg;
	size_t room = departed->room * 2 + 16;
	void *grown;

	if (first >= departed->below)
		return 0;
	if (last >= departed->below)
		last = (uint32_t)(departed->below - 1);
	departed->count += (uint64_t)last - first + 1;
	if (departed->count > departed->most)
		return -ESTALE;
	if (departed->range_count == departed->room) {
		grown = reallocarray(departed->ranges, room,
		    sizeof(*departed->ranges));
		if (grown == NULL)
			return -ENOMEM;
		departed->ranges = grown;
		departed->room = room;
	}
	departed->ranges[departed->range_count].first = first;
	departed->ranges[departed->range_count++].last = last;
	return 0;
}

/* How many letters of the view its client knows. */
static size_t
count_here(const struct selected *selected, uint64_t uidnext)
{
	return uidnext > UINT32_MAX ? selected->count :
	    selected_find(selected, (uint32_t)uidnext);
}

/* Put the departed between the others; true if all are apart. */
static bool
merge(const struct selected *selected, size_t here,
    const struct departed *departed, struct selected_letter *letters)
{
	size_t from = 0, to = 0;

	for (size_t i = 0; i < departed->range_count; i++) {
		uint32_t uid = departed->ranges[i].first;

		while (from < here && selected->letters[from].uid < uid)
			letters[to++] = selected->letters[from++];
		for (;; uid++) {
			letters[to++] = (struct selected_letter){
				.uid = uid, .marks = SELECTED_GONE
			};
			if (uid == departed->ranges[i].last)
				break;
		}
	}
	while (from < here)
		letters[to++] = selected->letters[from++];
	for (size_t i = 1; i < to; i++)
		if (letters[i - 1].uid >= letters[i].uid)
			return false;
	return true;
}

/* Those that have other flags than its client knows are to be told. */
static void
mark_changed(struct selected *selected, uint64_t modseq)
{
	for (size_t i = 0; i < selected->count; i++) {
		struct selected_letter *letter = &selected->letters[i];

		if ((letter->marks & SELECTED_GONE) != 0 ||
		    letter->modseq <= modseq)
			continue;
		letter->marks |= SELECTED_CHANGED;
		selected->has_changed = true;
	}
}

/* What was \Recent is, whatever has become of it meanwhile; nothing else. */
static void
mark_runs(struct selected *selected, const struct selected_known *known)
{
	size_t run = 0;

	selected->recent = 0;
	for (size_t i = 0; i < selected->count; i++) {
		struct selected_letter *letter = &selected->letters[i];

		while (run < known->run_count &&
		    known->runs[run].last < letter->uid)
			run++;
		letter->is_recent = run < known->run_count &&
		    known->runs[run].first <= letter->uid;
		selected->recent += letter->is_recent;
	}
}

/* Make a view of now one of then. */
static int
take_back(struct selected *selected, const struct selected_known *known)
{
	size_t here = count_here(selected, known->uidnext);
	struct departed departed = {
		.below = known->uidnext, .most = known->count
	};
	struct selected_letter *letters = NULL;
	uint64_t from = 1;
	int r = 1;

	while (r > 0 && from < known->uidnext)
		r = selected_vanished(selected, known->modseq, &from,
		    add_range, &departed);
	if (r > 0)
		r = 0;
	if (r == 0 && here + departed.count != known->count)
		r = -ESTALE;
	if (r == 0) {
		letters = calloc((size_t)known->count + 1, sizeof(*letters));
		r = letters == NULL ? -ENOMEM : 0;
	}
	if (r == 0 && !merge(selected, here, &departed, letters))
		r = -ESTALE;
	free(departed.ranges);
	if (r < 0) {
		free(letters);
		return r;
	}
	free(selected->letters);
	selected->letters = letters;
	selected->count = known->count;
	selected->room = (size_t)known->count + 1;
	selected->gone = (size_t)departed.count;
	selected->uidnext = known->uidnext;
	selected->modseq = known->modseq;
	mark_changed(selected, known->modseq);
	mark_runs(selected, known);
	if (known->claims)
		selected_claim(selected);
	return 0;
}

int
selected_resume(struct account *account, const struct selected_known *known,
    struct selected **selected_out)
{
	const struct mailbox *mailbox;
	struct selected *selected;
	int r;

	if (known->count > known->uidnext ||
	    known->uidnext > UIDNEXT_MOST || known->run_count > SELECTED_RUNS)
		return -ESTALE;
	r = selected_open(account, known->mailbox, &selected);
	if (r < 0)
		return r;
	mailbox = index_mailbox(account->index, known->mailbox);
	if (mailbox == NULL || mailbox->uidvalidity != known->uidvalidity)
		r = -ENOENT;
	else if (known->uidnext > mailbox->uids_kept.next ||
	    known->modseq > mailbox->tally_kept.modseq)
		r = -ESTALE;
	else
		r = take_back(selected, known);
	if (r < 0) {
		selected_close(selected);
		return r;
	}
	*selected_out = selected;
	return 0;
}
