/*
 * ledger_decide.c - what of a listing is to be taken, looked at, deleted
 *
 * Whatever is not clearly here is taken, and whatever is not clearly here is
 * not deleted (HARDENING F24 to F27, F50).  Deciding again changes only rows
 * that have been looked at or left since.
 */
#include <errno.h>
#include <stdlib.h>

#include "queue/ledger_inside.h"

#define DAY_MS		INT64_C(86400000)

/* Of a UIDL of the listing: what entries not GONE have it. */
#define CLASS_ANY	1u
#define CLASS_LONE	2u	/* no row stands for it, and it has a header */

static int
any(struct ledger *ledger, struct listing *listing,
    enum ledger_statement number, struct slice uidl, uint64_t bytes)
{
	DB_QUERY_AUTO query = db_ask(ledger->db, number);

	listing->cost -= COST_READ;
	db_put_u64(&query, listing->account);
	if (uidl.len > 0)
		db_put_blob(&query, uidl);
	else
		db_put_u64(&query, bytes);
	return db_next(&query);
}

/* Sizes */

static bool
is_placed(const struct listing *listing, const struct row *row)
{
	const struct entry *entry;

	if (row->part != ROW_KNOWN || row->entry == 0)
		return false;
	entry = &listing->entries[row->entry - 1];
	return entry->is_placed && entry->state == SEEN_STORED;
}

/*
 * The largest may be another than at the last decision.  What only a note is
 * here of may be taken: who collects knows when.
 */
static int
resize(struct ledger *ledger, struct listing *listing)
{
	(void)ledger;
	for (; listing->cursor < listing->row_count; listing->cursor++) {
		struct row *row = &listing->rows[listing->cursor];
		bool is_large = row->bytes > listing->largest;

		if ((listing->cost -= COST_ROW) < 0)
			return 0;
		if (is_placed(listing, row))
			row->part = is_large ? ROW_TOO_LARGE :
			    (unsigned)LISTING_TAKE;
		else if (row->part == ROW_TOO_LARGE && !is_large)
			row->part = ROW_NEW;
		else if (is_large && row->why != WHY_LEFT &&
		    (row->part == LISTING_TAKE || row->part == LISTING_LOOK ||
		    row->part == ROW_NEW))
			row->part = ROW_TOO_LARGE;
	}
	return 1;
}

/* Rows that nothing is known of yet */

static bool
has_new(const struct listing *listing)
{
	for (size_t i = 0; i < listing->row_count; i++)
		if (listing->rows[i].part == ROW_NEW)
			return true;
	return false;
}

/* Entries by UIDL, and by size those that no row stands for. */
static int
lone_begin(struct ledger *ledger, struct listing *listing)
{
	(void)ledger;
	if (listing->cursor == 0) {
		free(listing->classes);
		listing->classes = NULL;
		if (kins_begin(&listing->kins, listing->entry_count) < 0)
			return -ENOMEM;
		listing->cost -= PASS_COST(listing);
		if (!has_new(listing))
			return 1;
		listing->classes = calloc(listing->row_count, 1);
		if (listing->classes == NULL)
			return -ENOMEM;
	}
	for (; listing->cursor < listing->entry_count; listing->cursor++) {
		const struct entry *entry = &listing->entries[listing->cursor];
		bool is_lone = !entry->stands && entry->has_header &&
		    entry->state != SEEN_GONE;

		if ((listing->cost -= COST_ROW) < 0)
			return 0;
		if (entry->uidl_class != NO_CLASS)
			listing->classes[entry->uidl_class] |= (uint8_t)
			    (CLASS_ANY | (is_lone &&
			    entry->state != SEEN_LOST ? CLASS_LONE : 0));
		if (is_lone)
			kins_add(&listing->kins, entry->bytes,
			    (uint32_t)listing->cursor, true, entry->state);
	}
	return 1;
}

static int
lone_sort(struct ledger *ledger, struct listing *listing)
{
	(void)ledger;
	return kins_sort(listing, kins_alike);
}

/* The state of the lowest of that size: SEEN_STORED comes first; or -1. */
static int
lone_state(const struct listing *listing, uint64_t bytes)
{
	const struct kins *kins = &listing->kins;
	size_t lo = 0, hi = kins->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (kins->at[mid].key < bytes)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < kins->count && kins->at[lo].key == bytes ?
	    kins->at[lo].rank : -1;
}

static void
look_at(struct row *row, enum row_why why)
{
	row->part = LISTING_LOOK;
	row->why = why & 7;
}

/* One with a UIDL, which may be known in some way. */
static int
sort_by_uidl(struct ledger *ledger, struct listing *listing, struct row *row)
{
	struct slice uidl = listing_uidl(listing, row);
	unsigned class = listing->classes[row->uidl_class];
	int seen = (class & CLASS_ANY) != 0, gone = 0, elsewhere, state;

	if (seen == 0)
		seen = any(ledger, listing, LEDGER_ANY_UIDL, uidl, 0);
	if (seen > 0 && (class & CLASS_LONE) == 0)
		gone = any(ledger, listing, LEDGER_GONE_UIDL, uidl, 0);
	if (seen < 0 || gone < 0)
		return seen < 0 ? seen : gone;
	state = listing->is_moved ? lone_state(listing, row->bytes) : -1;
	if ((class & CLASS_LONE) != 0 || gone > 0) {
		/* the size differs, or it was gone (F27) */
		look_at(row, WHY_UIDL);
	} else if (seen > 0) {
		/* F26: one more of a UIDL that others stand for */
		row->part = LISTING_TAKE;
		row->doubt = true;
	} else if (state == SEEN_STORED || state == SEEN_DELETING) {
		look_at(row, WHY_MOVED);
	} else {
		elsewhere = ledger_may_follow(ledger, listing, row);
		if (elsewhere < 0)
			return elsewhere;
		row->part = LISTING_TAKE;
		if (elsewhere > 0)
			look_at(row, WHY_ELSEWHERE);
	}
	return 0;
}

static int
sort_by_bytes(struct ledger *ledger, struct listing *listing, struct row *row)
{
	int r = lone_state(listing, row->bytes) >= 0;

	if (r == 0)
		r = any(ledger, listing, LEDGER_GONE_BYTES,
		    slice_of(NULL, 0), row->bytes);
	if (r < 0)
		return r;
	row->part = LISTING_TAKE;
	if (r > 0)
		look_at(row, WHY_SAME);
	return 0;
}

static int
sort_new(struct ledger *ledger, struct listing *listing)
{
	for (; listing->cursor < listing->row_count; listing->cursor++) {
		struct row *row = &listing->rows[listing->cursor];
		int r = 0;

		if ((listing->cost -= COST_ROW) < 0)
			return 0;
		if (row->part != ROW_NEW)
			continue;
		if (row->entry != 0)
			row->part = LISTING_TAKE;	/* LOST */
		else if (row->uidl_len > 0)
			r = sort_by_uidl(ledger, listing, row);
		else
			r = sort_by_bytes(ledger, listing, row);
		if (r < 0)
			return r;
	}
	return 1;
}

/* Its beginning */

int
ledger_settle_beginning(struct ledger *ledger, struct listing *listing)
{
	int64_t values[] = { (int64_t)listing->account, clock_utc_ms() };
	int r;

	listing->settles = true;
	for (size_t i = 0; i < listing->row_count; i++)
		if (listing->rows[i].part == LISTING_LOOK &&
		    listing->rows[i].why == WHY_LEFT)
			return 0;
	listing->settles = false;
	if (values[1] == 0)
		values[1] = 1;		/* 0 says that it is not */
	r = ledger_job_write(ledger, listing);
	return r < 0 ? r :
	    ledger_run(ledger, LEDGER_ACCOUNT_SETTLE, values, 2);
}

static int
settle(struct ledger *ledger, struct listing *listing)
{
	int r = listing->settles ?
	    ledger_settle_beginning(ledger, listing) : 0;

	return r < 0 ? r : 1;
}

/* What stands nowhere */

static bool
is_in_doubt(const struct listing *listing)
{
	for (size_t i = 0; i < listing->row_count; i++) {
		const struct row *row = &listing->rows[i];

		if (row->part == LISTING_LOOK || (row->doubt &&
		    (row->part == LISTING_TAKE || row->part == ROW_TAKING)))
			return true;
	}
	return false;
}

static int
set_gone(struct ledger *ledger, struct listing *listing, struct entry *entry)
{
	const int64_t values[] = { entry->seq, clock_utc_ms() };
	int r = ledger_job_write(ledger, listing);

	if (r == 0)
		r = ledger_run(ledger, LEDGER_GONE, values, 2);
	entry->state = SEEN_GONE;
	return r;
}

/* Is GONE, once nothing is in doubt. */
static int
note_gone(struct ledger *ledger, struct listing *listing)
{
	const int64_t values[] = { (int64_t)listing->account, 0 };
	int r = 0;

	if (listing->cursor == 0)
		listing->cost -= PASS_COST(listing);
	/* one that is missing may be one that has not been looked at */
	if (listing->has_gone || !listing->is_whole ||
	    (listing->cursor == 0 && is_in_doubt(listing)))
		return 1;
	for (; listing->cursor < listing->entry_count; listing->cursor++) {
		struct entry *entry = &listing->entries[listing->cursor];

		if ((listing->cost -= COST_ROW) < 0)
			return 0;
		if (entry->stands || entry->state == SEEN_GONE ||
		    entry->state == SEEN_LOST)
			continue;
		r = set_gone(ledger, listing, entry);
		if (r < 0)
			return r;
	}
	if (listing->is_moved)
		r = ledger_job_write(ledger, listing);
	if (r == 0 && listing->is_moved)
		r = ledger_run(ledger, LEDGER_ACCOUNT_MOVED, values, 2);
	listing->has_gone = true;
	return r < 0 ? r : 1;
}

/* What may be deleted */

/*
 * What may be deleted now: what was stored at or before, what is unwanted, what
 * is kept as a note.
 */
struct due {
	bool		by_time, unwanted, noted;
	int64_t		before;
};

static struct due
due_now(struct ledger *ledger, const struct listing *listing)
{
	struct due due = { .before = INT64_MAX };

	if (listing->is_overtaken || ledger_restored(ledger) != NULL)
		return due;
	due.noted = true;
	due.unwanted = listing->is_mirror;
	due.by_time = listing->delete_after_days == 0;
	if (listing->delete_after_days > 0 &&
	    clock_jump_is_trusted(&ledger->clock)) {
		due.by_time = true;
		due.before = clock_utc_ms() -
		    listing->delete_after_days * DAY_MS;
	}
	return due;
}

static bool
is_due(const struct listing *listing, const struct row *row,
    const struct due *due)
{
	const struct entry *entry;

	if (row->part != ROW_KNOWN || row->entry == 0)
		return false;
	entry = &listing->entries[row->entry - 1];
	if ((entry->state != SEEN_STORED && entry->state != SEEN_DELETING) ||
	    !entry->has_id || entry->is_short || entry->is_placed)
		return false;
	return (due->noted && entry->is_note) ||
	    (due->by_time && entry->stored_utc_ms <= due->before) ||
	    (due->unwanted && entry->is_unwanted);
}

static void
judge_row(const struct listing *listing, struct row *row,
    const struct due *due)
{
	if (row->part == LISTING_DELETE)
		row->part = ROW_KNOWN;
	if (is_due(listing, row, due))
		row->part = LISTING_DELETE;
}

void
ledger_note_due(struct ledger *ledger, struct listing *listing)
{
	const struct due due = due_now(ledger, listing);

	for (size_t i = 0; i < listing->row_count; i++)
		judge_row(listing, &listing->rows[i], &due);
	listing->is_stale = false;
}

static int
note_due(struct ledger *ledger, struct listing *listing)
{
	const struct due due = due_now(ledger, listing);

	for (; listing->cursor < listing->row_count; listing->cursor++) {
		if ((listing->cost -= 2 * COST_ROW) < 0)
			return 0;
		judge_row(listing, &listing->rows[listing->cursor], &due);
	}
	listing->is_stale = false;
	listing->is_decided = true;
	return 1;
}

/* A decision */

static ledger_step_fn *const decision[] = {
	MATCH_STEPS, WEIGH_STEPS, resize, lone_begin, lone_sort, sort_new,
	settle, note_gone, note_due, NULL
};
/* What is left of it when the listing ends. */
static ledger_step_fn *const ending[] = { note_gone, NULL };

int
ledger_decide(struct ledger *ledger, const struct ledger_asked *asked,
    uint64_t account, uint64_t largest_bytes)
{
	struct listing *listing;
	int r = ledger_listing_of(ledger, asked->from, account, &listing);

	if (r == 0)
		r = ledger_flush(ledger);
	if (r < 0)
		return r;
	listing->asked = *asked;
	listing->largest = largest_bytes;
	ledger_job(ledger, listing, decision, false);
	return 0;
}

void
ledger_end_listing(struct ledger *ledger, struct listing *listing)
{
	ledger_job_drop(ledger, listing);
	ledger_halves_compare(ledger, listing);
	ledger_note_put_off(ledger, listing);
	listing->from = NULL;
	/* what cannot be written is decided again by the next listing */
	if (ledger_flush(ledger) == 0 && listing->is_decided)
		ledger_job(ledger, listing, ending, false);
	else
		ledger_forget(ledger, listing);
}
