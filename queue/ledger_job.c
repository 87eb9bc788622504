/*
 * ledger_job.c - long commands of a listing, in short turns of the loop
 *
 * A job is a table of steps.  A turn ends when its cost is spent; the next one
 * comes by a timer, so that SMTP clients are served in between.  What a job
 * writes is one transaction as far as nobody else commits it before: whatever
 * stands of a decision is right by itself.  If another's fault has taken it
 * back, the job fails; a job that fails ends its listing.
 */
#include <errno.h>

#include "queue/ledger_inside.h"

/*
 * Of one transaction.  Its end is FULL, so that the log is moved into the file
 * in small pieces and not all of it at the job's end.
 */
#define WRITES_MOST	1000

int
ledger_job_write(struct ledger *ledger, struct listing *listing)
{
	int r;

	if (listing->writes > 0 && listing->undone != ledger->undone)
		return -EIO;
	listing->cost -= COST_WRITE;
	if (++listing->writes % WRITES_MOST == 0) {
		r = ledger_finish(ledger, 0, true);
		if (r < 0)
			return r;
	}
	listing->undone = ledger->undone;
	return db_begin(ledger->db);
}

/* Nobody waits for it any more. */
static void
take_out(struct ledger *ledger, struct listing *listing)
{
	listing->step = NULL;
	TAILQ_REMOVE(&ledger->jobs, listing, next_job);
	kins_free(&listing->kins);
}

static void
answer(struct listing *listing, int r, const struct listing_counts *counts)
{
	struct ledger_asked asked = listing->asked;

	listing->asked.done = NULL;
	if (asked.done != NULL)
		asked.done(asked.from, asked.serial, r, counts);
}

/* Larger than it was listed, which showed when it came. */
static bool
came_too_large(const struct listing *listing, const struct row *row)
{
	const struct entry *entry;

	if (row->part != ROW_KNOWN || row->entry == 0)
		return false;
	entry = &listing->entries[row->entry - 1];
	return entry->state == SEEN_LEFT && entry->is_short;
}

static void
count(const struct listing *listing, struct listing_counts *counts)
{
	counts->left = listing->left;
	counts->left_bytes = listing->left_bytes;
	for (size_t i = 0; i < listing->row_count; i++) {
		const struct row *row = &listing->rows[i];
		bool too_large = row->part == ROW_TOO_LARGE ||
		    came_too_large(listing, row);

		counts->listed++;
		counts->listed_bytes += row->bytes;
		counts->take += row->part == LISTING_TAKE;
		if (row->part == LISTING_TAKE)
			counts->take_bytes += row->bytes;
		counts->look += row->part == LISTING_LOOK && row->looked == 0;
		counts->remove += row->part == LISTING_DELETE;
		counts->known += row->part == ROW_KNOWN && !too_large;
		counts->too_large += too_large;
	}
}

static void
end_job(struct ledger *ledger, struct listing *listing, int r)
{
	struct listing_counts counts = { 0 };

	take_out(ledger, listing);
	if (listing->writes > 0 && listing->undone != ledger->undone &&
	    r == 0)
		r = -EIO;
	if (listing->writes > 0 || listing->is_full)
		r = ledger_finish(ledger, r, listing->is_full);
	listing->writes = 0;
	if (r == 0 && listing->from != NULL) {
		count(listing, &counts);
		answer(listing, 0, &counts);
		return;
	}
	/* half a decision is none: the collector lists it again */
	answer(listing, r, &counts);
	ledger_forget(ledger, listing);
}

/* One turn; false: it is not over. */
static bool
turn(struct ledger *ledger, struct listing *listing)
{
	int r = 1;

	for (listing->cost = TURN_COST; r == 1 && *listing->step != NULL;) {
		r = (*listing->step)(ledger, listing);
		if (r == 0)
			return false;
		listing->step++;
		listing->cursor = 0;
	}
	end_job(ledger, listing, r < 0 ? r : 0);
	return true;
}

void
ledger_job(struct ledger *ledger, struct listing *listing,
    ledger_step_fn *const *steps, bool full)
{
	listing->step = steps;
	listing->is_full = full;
	listing->cursor = 0;
	TAILQ_INSERT_TAIL(&ledger->jobs, listing, next_job);
	if (!turn(ledger, listing))
		timer_set(ledger->job_timer, 0);
}

void
ledger_job_time(void *arg)
{
	struct ledger *ledger = arg;
	struct listing *listing = TAILQ_FIRST(&ledger->jobs);

	if (listing == NULL)
		return;
	/* in turns, if there are several */
	TAILQ_REMOVE(&ledger->jobs, listing, next_job);
	TAILQ_INSERT_TAIL(&ledger->jobs, listing, next_job);
	(void)turn(ledger, listing);
	if (!TAILQ_EMPTY(&ledger->jobs))
		timer_set(ledger->job_timer, 0);
}

void
ledger_job_drop(struct ledger *ledger, struct listing *listing)
{
	struct listing_counts counts = { 0 };

	if (listing->step == NULL)
		return;
	take_out(ledger, listing);
	/* what it has written is right; the next listing goes on */
	if (listing->writes > 0 && listing->undone == ledger->undone)
		(void)ledger_finish(ledger, 0, false);
	listing->writes = 0;
	answer(listing, -ESRCH, &counts);
}
