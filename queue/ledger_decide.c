/*
 * ledger_decide.c - what of a listing is to be taken, looked at, deleted
 *
 * Whatever is not clearly here is taken, and whatever is not clearly here is
 * not deleted (HARDENING F24 to F27, F50).  Deciding again changes only rows
 * that have been looked at or left since.
 */
#include <errno.h>

#include "queue/ledger_inside.h"

#define DAY_MS		INT64_C(86400000)

/* Statements in a row about one listing, up to a negative errno. */
static int
run_all(struct ledger *ledger, const struct listing *listing,
    const enum ledger_statement *statements, size_t count)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = ledger_run_of(ledger, listing, statements[i]);
	return r;
}

#define RUN_ALL(ledger, listing, list) \
	run_all((ledger), (listing), (list), sizeof(list) / sizeof((list)[0]))

/* Statement `number` of this listing and a second value. */
static int
run_with(struct ledger *ledger, const struct listing *listing,
    enum ledger_statement number, int64_t value)
{
	const int64_t values[] = { (int64_t)listing->account, value };

	return ledger_run(ledger, number, values, 2);
}

/* Entries of a kind by number, and the rows that stand for them. */
static int
match_kin(struct ledger *ledger, const struct listing *listing,
    enum ledger_statement fill, enum ledger_statement match)
{
	int r = ledger_run_of(ledger, listing, fill);

	if (r == 0)
		r = ledger_run_of(ledger, listing, match);
	return r < 0 ? r : ledger_run(ledger, LEDGER_KIN_CLEAR, NULL, 0);
}

int
ledger_match(struct ledger *ledger, struct listing *listing)
{
	int r = listing->is_whole ? 0 :
	    match_kin(ledger, listing, LEDGER_KIN_UIDL, LEDGER_MATCH);

	if (r < 0 || listing->is_whole || listing->is_moved ||
	    !listing->has_uidl)
		return r;
	r = ledger_any(ledger, listing, LEDGER_IS_MOVED);
	if (r <= 0)
		return r;
	listing->is_moved = true;
	return run_with(ledger, listing, LEDGER_ACCOUNT_MOVED, 1);
}

/* Looked at for its UIDL. */
static int
weigh_uidl(struct ledger *ledger, const struct listing *listing)
{
	static const enum ledger_statement rest[] = {
		LEDGER_UIDL_REST, LEDGER_LONE_PRUNE,
	};
	int r;

	r = match_kin(ledger, listing, LEDGER_KIN_UIDL_HEADER,
	    LEDGER_UIDL_MATCH);
	if (r == 0)
		r = run_with(ledger, listing, LEDGER_UIDL_BACK,
		    clock_utc_ms());
	return r < 0 ? r : RUN_ALL(ledger, listing, rest);
}

/* Looked at because all UIDLs were given anew. */
static int
weigh_moved(struct ledger *ledger, const struct listing *listing)
{
	static const enum ledger_statement rest[] = {
		LEDGER_MOVED_DONE, LEDGER_MOVED_REST, LEDGER_LONE_PRUNE,
	};
	int r;

	r = match_kin(ledger, listing, LEDGER_KIN_MOVED, LEDGER_MOVED_MATCH);
	if (r == 0)
		r = run_with(ledger, listing, LEDGER_MOVED_RENAME,
		    clock_utc_ms());
	return r < 0 ? r : RUN_ALL(ledger, listing, rest);
}

/* Rows whose header has been looked at. */
static int
weigh_looked(struct ledger *ledger, const struct listing *listing)
{
	int r = ledger_any(ledger, listing, LEDGER_LOOKED);

	if (r <= 0)
		return r;
	r = weigh_uidl(ledger, listing);
	if (r == 0)
		r = weigh_moved(ledger, listing);
	if (r == 0)
		r = match_kin(ledger, listing, LEDGER_KIN_SAME,
		    LEDGER_SAME_MATCH);
	if (r == 0)
		r = ledger_run_of(ledger, listing, LEDGER_SAME_REST);
	if (r == 0)
		r = run_with(ledger, listing, LEDGER_LEFT_FILL,
		    clock_utc_ms());
	if (r == 0)
		r = ledger_run_of(ledger, listing, LEDGER_LEFT_DONE);
	return r;
}

/* Rows that nothing is known of yet. */
static int
sort_new(struct ledger *ledger, const struct listing *listing)
{
	static const enum ledger_statement by_uidl[] = {
		LEDGER_LOOK_UIDL, LEDGER_TAKE_TWICE,
	}, rest[] = {
		LEDGER_LOOK_SAME, LEDGER_TAKE_REST,
	};
	int r = RUN_ALL(ledger, listing, by_uidl);

	if (r == 0 && listing->is_moved)
		r = ledger_run_of(ledger, listing, LEDGER_LOOK_MOVED);
	return r < 0 ? r : RUN_ALL(ledger, listing, rest);
}

/* Entries that no row stands for now. */
static int
find_lone(struct ledger *ledger, const struct listing *listing)
{
	static const enum ledger_statement fill[] = {
		LEDGER_LONE_DROP, LEDGER_LONE_FILL,
	};

	return RUN_ALL(ledger, listing, fill);
}

static int
note_gone(struct ledger *ledger, const struct listing *listing)
{
	int r = find_lone(ledger, listing);

	if (r == 0)
		r = run_with(ledger, listing, LEDGER_GONE, clock_utc_ms());
	if (r == 0 && listing->is_moved)
		r = run_with(ledger, listing, LEDGER_ACCOUNT_MOVED, 0);
	return r;
}

int
ledger_note_gone(struct ledger *ledger, struct listing *listing)
{
	int r;

	if (listing->has_gone)
		return 0;
	/* one that is missing may be one that has not been looked at */
	r = ledger_any(ledger, listing, LEDGER_IN_DOUBT);
	if (r != 0)
		return r < 0 ? r : 0;
	r = db_begin(ledger->db);
	if (r == 0)
		r = note_gone(ledger, listing);
	r = ledger_finish(ledger, r, false);
	if (r == 0)
		listing->has_gone = true;
	return r;
}

/* Stored at or before this may be deleted; -1: nothing may. */
static int64_t
due_before(struct ledger *ledger, const struct listing *listing)
{
	int64_t now = clock_utc_ms();

	if (listing->delete_after_days < 0 || ledger_restored(ledger) != NULL)
		return -1;
	if (listing->delete_after_days == 0)
		return INT64_MAX;
	if (!clock_jump_is_trusted(&ledger->clock))
		return -1;
	return now - listing->delete_after_days * DAY_MS;
}

int
ledger_note_due(struct ledger *ledger, struct listing *listing)
{
	int64_t before = due_before(ledger, listing);
	int r = db_begin(ledger->db);

	if (r == 0)
		r = ledger_run_of(ledger, listing, LEDGER_DUE_CLEAR);
	if (r == 0 && before >= 0)
		r = run_with(ledger, listing, LEDGER_DUE, before);
	r = ledger_finish(ledger, r, false);
	if (r == 0)
		listing->is_stale = false;
	return r;
}

int
ledger_settle_beginning(struct ledger *ledger, struct listing *listing)
{
	int64_t now = clock_utc_ms();
	int r = ledger_any(ledger, listing, LEDGER_LEFT_UNLOOKED);

	listing->settles = r == 1;
	if (r != 0)
		return r < 0 ? r : 0;
	/* 0 says that it is not */
	return run_with(ledger, listing, LEDGER_ACCOUNT_SETTLE,
	    now == 0 ? 1 : now);
}

static int
decide(struct ledger *ledger, struct listing *listing, int64_t largest)
{
	int r = ledger_match(ledger, listing);

	if (r == 0)
		r = find_lone(ledger, listing);
	if (r == 0)
		r = weigh_looked(ledger, listing);
	if (r == 0)
		r = run_with(ledger, listing, LEDGER_SMALL_AGAIN, largest);
	if (r == 0)
		r = run_with(ledger, listing, LEDGER_TOO_LARGE, largest);
	if (r == 0)
		r = sort_new(ledger, listing);
	if (r == 0 && listing->settles)
		r = ledger_settle_beginning(ledger, listing);
	return r;
}

static int
count(struct ledger *ledger, const struct listing *listing,
    struct listing_counts *counts_out)
{
	DB_QUERY_AUTO query = db_ask(ledger->db, LEDGER_COUNTS);
	struct listing_counts counts;
	int r;

	db_put_u64(&query, listing->account);
	r = db_next(&query);
	if (r < 0)
		return r;
	counts.listed = db_u64(&query, 0, INT64_MAX);
	counts.listed_bytes = db_u64(&query, 0, INT64_MAX);
	counts.take = db_u64(&query, 0, INT64_MAX);
	counts.take_bytes = db_u64(&query, 0, INT64_MAX);
	counts.look = db_u64(&query, 0, INT64_MAX);
	counts.remove = db_u64(&query, 0, INT64_MAX);
	counts.known = db_u64(&query, 0, INT64_MAX);
	counts.too_large = db_u64(&query, 0, INT64_MAX);
	r = db_row(&query);
	if (r == 0)
		*counts_out = counts;
	return r;
}

int
ledger_decide(struct ledger *ledger, const void *from, uint64_t account,
    uint64_t largest_bytes, struct listing_counts *counts_out)
{
	int64_t largest = (int64_t)(largest_bytes > INT64_MAX ? INT64_MAX :
	    largest_bytes);
	struct listing *listing;
	bool was_moved;
	int r = ledger_listing_of(ledger, from, account, &listing);

	if (r == 0)
		r = ledger_flush(ledger);
	if (r == 0)
		r = db_begin(ledger->db);
	if (r < 0)
		return r;
	was_moved = listing->is_moved;
	r = ledger_finish(ledger, decide(ledger, listing, largest), false);
	if (r < 0) {
		listing->is_moved = was_moved;
		return r;
	}
	listing->is_whole = listing->is_decided = true;
	r = ledger_note_gone(ledger, listing);
	if (r == 0)
		r = ledger_note_due(ledger, listing);
	return r < 0 ? r : count(ledger, listing, counts_out);
}
