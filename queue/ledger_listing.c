/*
 * ledger_listing.c - what a collector tells of a remote mailbox, and asks
 *
 * A listing belongs to one channel and ends with it.  Its rows stand in a
 * temporary table, in memory; only what is decided of them is kept.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "queue/ledger_inside.h"

int
ledger_listing_of(struct ledger *ledger, const void *from, uint64_t account,
    struct listing **listing_out)
{
	struct listing *listing;

	HASH_FIND(hh, ledger->listings, &account, sizeof(account), listing);
	if (listing == NULL || listing->from != from)
		return -ESRCH;
	*listing_out = listing;
	return 0;
}

/* A listing that has been told whole. */
static int
decided_listing(struct ledger *ledger, const void *from, uint64_t account,
    struct listing **listing_out)
{
	int r = ledger_listing_of(ledger, from, account, listing_out);

	return r == 0 && !(*listing_out)->is_decided ? -EBADMSG : r;
}

/* --- begin and end ------------------------------------------------------ */

/* What an earlier channel submitted may still be received. */
static bool
is_under_way(const struct ledger *ledger, uint64_t account)
{
	const struct ledger_taken *taken;

	TAILQ_FOREACH(taken, &ledger->under_way, next)
		if (taken->account == account)
			return true;
	return false;
}

static int
read_account(struct ledger *ledger, const struct listing *listing,
    bool *is_first_out, bool *is_moved_out)
{
	DB_QUERY_AUTO query = db_ask(ledger->db, LEDGER_ACCOUNT);
	bool is_settled = false, is_moved = false;
	int r;

	db_put_u64(&query, listing->account);
	r = db_next(&query);
	if (r == 1) {
		is_settled = db_i64(&query, 0, 1) == 1;
		is_moved = db_i64(&query, 0, 1) == 1;
		r = db_row(&query);
	}
	if (r < 0)
		return r;
	*is_first_out = !is_settled;
	*is_moved_out = is_moved;
	return 0;
}

static void
forget(struct ledger *ledger, struct listing *listing)
{
	ledger->rows -= listing->rows;
	HASH_DEL(ledger->listings, listing);
	free(listing);
}

static int
make_room(struct ledger *ledger, const struct listing *listing, bool is_first)
{
	int r = db_begin(ledger->db);

	if (r == 0)
		r = ledger_run_of(ledger, listing, LEDGER_ROWS_DROP);
	if (r == 0)
		r = ledger_run_of(ledger, listing, LEDGER_LONE_DROP);
	/* nobody knows any more which these were: they are left anew */
	if (r == 0 && is_first)
		r = ledger_run_of(ledger, listing, LEDGER_LEFT_DROP);
	return ledger_finish(ledger, r, false);
}

int
ledger_begin(struct ledger *ledger, const void *from,
    const struct ledger_begin *begin, bool *may_delete_out,
    bool *is_first_out)
{
	struct listing *listing;
	bool is_first = false;
	int r;

	if (begin->account == 0 || begin->account > INT64_MAX ||
	    begin->delete_after_days < -1)
		return -EBADMSG;
	HASH_FIND(hh, ledger->listings, &begin->account,
	    sizeof(begin->account), listing);
	if (listing != NULL || is_under_way(ledger, begin->account))
		return -EBUSY;
	r = ledger_flush(ledger);
	if (r < 0)
		return r;
	listing = calloc(1, sizeof(*listing));
	if (listing == NULL)
		return -ENOMEM;
	listing->account = begin->account;
	listing->from = from;
	listing->has_uidl = begin->has_uidl;
	listing->delete_after_days = begin->delete_after_days;
	listing->serial = ++ledger->last_serial;
	HASH_ADD(hh, ledger->listings, account, sizeof(listing->account),
	    listing);
	if (listing->hh.tbl == NULL) {
		free(listing);
		return -ENOMEM;
	}
	r = read_account(ledger, listing, &is_first, &listing->is_moved);
	if (r == 0)
		r = make_room(ledger, listing, is_first);
	if (r < 0) {
		forget(ledger, listing);
		return r;
	}
	*may_delete_out = ledger_restored(ledger) == NULL;
	*is_first_out = is_first;
	return 0;
}

static void
end(struct ledger *ledger, struct listing *listing)
{
	/* what cannot be written is decided again by the next listing */
	if (ledger_flush(ledger) == 0 && listing->is_decided)
		(void)ledger_note_gone(ledger, listing);
	(void)ledger_run_of(ledger, listing, LEDGER_ROWS_DROP);
	(void)ledger_run_of(ledger, listing, LEDGER_LONE_DROP);
	forget(ledger, listing);
}

void
ledger_end(struct ledger *ledger, const void *from, uint64_t account)
{
	struct listing *listing;

	if (ledger_listing_of(ledger, from, account, &listing) == 0)
		end(ledger, listing);
}

void
ledger_asker_lost(struct ledger *ledger, const void *from)
{
	struct listing *listing, *following;

	HASH_ITER(hh, ledger->listings, listing, following)
		if (from == NULL || listing->from == from)
			end(ledger, listing);
}

/* --- rows --------------------------------------------------------------- */

static int
add_row(struct ledger *ledger, struct listing *listing, struct unpack *u)
{
	uint32_t number = unpack_u32(u);
	uint64_t bytes = unpack_u64(u);
	struct slice uidl = unpack_slice(u);
	struct db_query query;

	if (u->bad || number <= listing->last_number || bytes > INT64_MAX ||
	    uidl.len > UIDL_MOST_BYTES)
		return -EBADMSG;
	if (!listing->has_uidl)
		uidl = slice_of(NULL, 0);
	query = db_ask(ledger->db, LEDGER_ROW_ADD);
	db_put_u64(&query, listing->account);
	db_put_i64(&query, number);
	db_put_u64(&query, bytes);
	db_put_blob(&query, uidl);
	listing->last_number = number;
	return db_run(&query);
}

int
ledger_rows(struct ledger *ledger, const void *from, uint64_t account,
    uint32_t count, struct unpack *u)
{
	struct listing *listing;
	int r = ledger_listing_of(ledger, from, account, &listing);

	if (r < 0)
		return r;
	if (listing->is_whole)
		return -EBADMSG;
	if (count > LISTING_MOST - ledger->rows)
		return -ENOMEM;
	r = db_begin(ledger->db);
	for (uint32_t i = 0; r == 0 && i < count; i++)
		r = add_row(ledger, listing, u);
	if (r == 0 && !unpack_is_done(u))
		r = -EBADMSG;
	r = ledger_finish(ledger, r, false);
	if (r < 0)
		return r;
	listing->rows += count;
	ledger->rows += count;
	return 0;
}

static int
add_page(struct db_query *query, struct text *rows, uint32_t *count_out)
{
	uint32_t count = 0;
	int r;

	while ((r = db_next(query)) == 1) {
		uint64_t number = db_u64(query, 1, UINT32_MAX);
		uint64_t bytes = db_u64(query, 0, INT64_MAX);

		r = db_row(query);
		if (r < 0)
			return r;
		pack_u32(rows, (uint32_t)number);
		pack_u64(rows, bytes);
		count++;
	}
	*count_out = count;
	return r;
}

int
ledger_page(struct ledger *ledger, const void *from, uint64_t account,
    enum listing_part part, uint32_t after, struct text *text)
{
	TEXT_AUTO rows = TEXT_INIT(LISTING_PAGE * 12);
	struct listing *listing;
	uint32_t count = 0;
	struct db_query query;
	int r = decided_listing(ledger, from, account, &listing);

	/* what was stored since may be due already */
	if (r == 0 && part == LISTING_DELETE && after == 0)
		r = ledger_flush(ledger);
	if (r == 0 && part == LISTING_DELETE && after == 0)
		r = ledger_note_due(ledger, listing);
	if (r < 0)
		return r;
	query = db_ask(ledger->db, LEDGER_PAGE);
	db_put_u64(&query, account);
	db_put_i64(&query, part);
	db_put_i64(&query, after);
	db_put_i64(&query, LISTING_PAGE);
	r = add_page(&query, &rows, &count);
	db_end(&query);
	if (r == 0 && text_failed(&rows))
		r = -ENOMEM;
	if (r < 0)
		return r;
	pack_u32(text, count);
	pack_bytes(text, text_slice(&rows));
	return 0;
}

static int
add_digest(struct ledger *ledger, const struct listing *listing,
    struct unpack *u)
{
	uint32_t number = unpack_u32(u);
	bool is_known = unpack_bool(u);
	struct slice digest = unpack_bytes(u, FETCHED_DIGEST_BYTES);
	struct db_query query;

	if (u->bad)
		return -EBADMSG;
	query = db_ask(ledger->db, LEDGER_ROW_LOOKED);
	db_put_u64(&query, listing->account);
	db_put_i64(&query, number);
	db_put_i64(&query, is_known ? 1 : 2);
	if (is_known)
		db_put_blob(&query, digest);
	else
		db_put_null(&query);
	return db_run(&query);
}

int
ledger_digests(struct ledger *ledger, const void *from, uint64_t account,
    uint32_t count, struct unpack *u)
{
	struct listing *listing;
	int r = decided_listing(ledger, from, account, &listing);

	if (r < 0)
		return r;
	r = db_begin(ledger->db);
	for (uint32_t i = 0; r == 0 && i < count; i++)
		r = add_digest(ledger, listing, u);
	if (r == 0 && !unpack_is_done(u))
		r = -EBADMSG;
	return ledger_finish(ledger, r, false);
}

/* --- leaving and deleting ----------------------------------------------- */

/* The number in the only row of a statement without parameters. */
static int
last_seq(struct ledger *ledger, int64_t *seq_out)
{
	DB_QUERY_AUTO query = db_ask(ledger->db, LEDGER_LAST_SEQ);
	int r = db_next(&query);

	if (r < 0)
		return r;
	*seq_out = db_i64(&query, 0, INT64_MAX);
	return db_row(&query);
}

static int
leave_range(struct ledger *ledger, const struct listing *listing,
    struct unpack *u)
{
	uint32_t number = unpack_u32(u), upto = unpack_u32(u);
	int64_t values[5] = { (int64_t)listing->account, number, upto, 0,
	    clock_utc_ms() };
	int r;

	if (u->bad || number > upto)
		return -EBADMSG;
	r = last_seq(ledger, &values[3]);
	if (r == 0)
		r = ledger_run(ledger, LEDGER_LEAVE, values, 5);
	if (r == 0)
		r = ledger_run(ledger, LEDGER_LEAVE_ROWS, values, 4);
	return r;
}

int
ledger_leave(struct ledger *ledger, const void *from, uint64_t account,
    uint32_t count, struct unpack *u)
{
	struct listing *listing;
	bool was_moved;
	int r = ledger_listing_of(ledger, from, account, &listing);

	if (r == 0)
		r = db_begin(ledger->db);
	if (r < 0)
		return r;
	was_moved = listing->is_moved;
	/* what is known already is not left once more */
	r = ledger_match(ledger, listing);
	for (uint32_t i = 0; r == 0 && i < count; i++)
		r = leave_range(ledger, listing, u);
	if (r == 0 && !unpack_is_done(u))
		r = -EBADMSG;
	if (r == 0 && count == 0)
		r = ledger_settle_beginning(ledger, listing);
	r = ledger_finish(ledger, r, true);
	if (r == 0)
		listing->is_whole = true;
	else
		listing->is_moved = was_moved;
	return r;
}

/* Its entry, if the row may be deleted now. */
static int
deletable(struct ledger *ledger, const struct listing *listing,
    uint32_t number, int64_t *entry_out)
{
	DB_QUERY_AUTO query = db_ask(ledger->db, LEDGER_ROW);
	int64_t part;
	int r;

	db_put_u64(&query, listing->account);
	db_put_i64(&query, number);
	r = db_next(&query);
	if (r <= 0)
		return r < 0 ? r : -EBADMSG;
	(void)db_u64(&query, 0, INT64_MAX);
	(void)db_blob(&query, 0, UIDL_MOST_BYTES);
	part = db_i64(&query, 0, ROW_NEW);
	(void)db_i64(&query, 0, 1);
	r = db_row(&query);
	if (r < 0)
		return r;
	if (part != LISTING_DELETE)
		return -EAGAIN;
	*entry_out = db_i64(&query, 1, INT64_MAX);
	return db_row(&query);
}

int
ledger_deleting(struct ledger *ledger, const void *from, uint64_t account,
    uint32_t count, struct unpack *u)
{
	int64_t values[2] = { 0, clock_utc_ms() };
	struct listing *listing;
	int r = decided_listing(ledger, from, account, &listing);

	if (r < 0)
		return r;
	if (ledger_restored(ledger) != NULL)
		return -EAGAIN;
	/* what was stored a moment ago may be among them */
	r = ledger_flush(ledger);
	if (r == 0 && listing->is_stale)
		r = ledger_note_due(ledger, listing);
	if (r == 0)
		r = db_begin(ledger->db);
	for (uint32_t i = 0; r == 0 && i < count; i++) {
		uint32_t number = unpack_u32(u);

		r = u->bad ? -EBADMSG :
		    deletable(ledger, listing, number, &values[0]);
		if (r == 0)
			r = ledger_run(ledger, LEDGER_DELETING, values, 2);
	}
	if (r == 0 && !unpack_is_done(u))
		r = -EBADMSG;
	return ledger_finish(ledger, r, false);
}
