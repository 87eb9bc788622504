/*
 * ledger_leave.c - what is old when an account begins, and never wanted
 *
 * It is remembered as LEFT: never taken and never deleted.  What is known
 * already is not left once more.  What was to be taken and came larger than it
 * may be is left, too, and counted as too large from then on.
 */
#include <errno.h>
#include <stdlib.h>

#include "queue/ledger_inside.h"

static int
last_seq(struct ledger *ledger, int64_t *seq_out)
{
	DB_QUERY_AUTO query = db_ask(ledger->db, LEDGER_LAST_SEQ);
	int r = db_next(&query);

	if (r < 0)
		return r;
	*seq_out = db_i64(&query, 0, INT64_MAX - 1);
	return db_row(&query);
}

static int
put(struct ledger *ledger, struct listing *listing, const struct row *row,
    const struct entry *entry)
{
	struct db_query query = db_ask(ledger->db, LEDGER_LEAVE);

	db_put_i64(&query, entry->seq);
	db_put_u64(&query, listing->account);
	db_put_blob(&query, listing_uidl(listing, row));
	db_put_u64(&query, row->bytes);
	db_put_i64(&query, clock_utc_ms());
	if (row->header != 0)
		db_put_blob(&query, slice_of(listing->digests[
		    row->header - 1].bytes, FETCHED_DIGEST_BYTES));
	else
		db_put_null(&query);
	db_put_i64(&query, entry->is_short);
	return db_run(&query);
}

static int
leave_row(struct ledger *ledger, struct listing *listing, struct row *row)
{
	struct entry entry = { .bytes = row->bytes, .state = SEEN_LEFT,
	    .uidl_class = row->uidl_class, .has_header = row->header != 0,
	    .is_short = listing->is_decided && row->part == LISTING_TAKE };
	uint32_t index = 0;
	int r = ledger_job_write(ledger, listing);

	if (r == 0)
		r = last_seq(ledger, &entry.seq);
	entry.seq++;
	if (r == 0)
		r = put(ledger, listing, row, &entry);
	if (r == 0)
		r = listing_add_entry(listing, &entry, &index);
	if (r < 0)
		return r;
	listing_stand(listing, row, index);
	/* of one that came too large the line has carried enough */
	if (!entry.is_short) {
		listing->left++;
		listing->left_bytes += row->bytes;
	}
	row->why = WHY_LEFT;
	row->doubt = false;
	row->part = row->uidl_len == 0 && row->looked == LOOKED_NOT ?
	    (unsigned)LISTING_LOOK : ROW_KNOWN;
	return 0;
}

static bool
is_unwanted(const struct row *row)
{
	return row->entry == 0 && (row->part == LISTING_TAKE ||
	    row->part == LISTING_LOOK || row->part == ROW_TOO_LARGE ||
	    row->part == ROW_NEW);
}

/* Cursor: the range; last_seq: the next number of it. */
static int
leave_ranges(struct ledger *ledger, struct listing *listing)
{
	for (; listing->cursor < listing->range_count; listing->cursor++) {
		const uint32_t *range = &listing->ranges[listing->cursor * 2];
		size_t n = listing_from(listing, range[0]);

		if ((size_t)listing->last_seq > n)
			n = (size_t)listing->last_seq;
		for (; n < listing->row_count &&
		    listing->rows[n].number <= range[1]; n++) {
			int r = 0;

			listing->last_seq = (int64_t)n;
			if ((listing->cost -= COST_ROW) < 0)
				return 0;
			if (is_unwanted(&listing->rows[n]))
				r = leave_row(ledger, listing,
				    &listing->rows[n]);
			if (r < 0)
				return r;
		}
		listing->last_seq = 0;
		listing->cost -= COST_ROW * 10;
	}
	free(listing->ranges);
	listing->ranges = NULL;
	return 1;
}

static int
leave_settle(struct ledger *ledger, struct listing *listing)
{
	int r = listing->range_count == 0 ?
	    ledger_settle_beginning(ledger, listing) : 0;

	return r < 0 ? r : 1;
}

static int
leave_begin(struct ledger *ledger, struct listing *listing)
{
	(void)ledger;
	listing->last_seq = 0;
	return 1;
}

static ledger_step_fn *const leaving[] = {
	MATCH_STEPS, leave_begin, leave_ranges, leave_settle, NULL
};

static int
read_ranges(struct unpack *u, uint32_t count, uint32_t **ranges_out)
{
	uint32_t *ranges;
	int r = 0;

	if (count > LISTING_PAGE)
		return -EBADMSG;
	ranges = calloc(count + 1, 2 * sizeof(*ranges));
	if (ranges == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		ranges[i * 2] = unpack_u32(u);
		ranges[i * 2 + 1] = unpack_u32(u);
		if (ranges[i * 2] > ranges[i * 2 + 1])
			r = -EBADMSG;
	}
	if (!unpack_is_done(u))
		r = -EBADMSG;
	if (r < 0)
		free(ranges);
	else
		*ranges_out = ranges;
	return r;
}

int
ledger_leave(struct ledger *ledger, const struct ledger_asked *asked,
    uint64_t account, uint32_t count, struct unpack *u)
{
	struct listing *listing;
	int r = ledger_listing_of(ledger, asked->from, account, &listing);

	if (r == 0)
		r = ledger_flush(ledger);
	if (r == 0)
		r = read_ranges(u, count, &listing->ranges);
	if (r < 0)
		return r;
	listing->range_count = count;
	listing->left = listing->left_bytes = 0;
	listing->asked = *asked;
	ledger_job(ledger, listing, leaving, true);
	return 0;
}
