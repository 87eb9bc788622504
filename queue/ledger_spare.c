/*
 * ledger_spare.c - what of a listing was not carried, counted once
 *
 * What a rule leaves or puts off is decided anew in every collection, and is
 * reported by every one: so it is remembered what has been counted.  A message
 * that was not reported for long is forgotten: it is gone, or taken.
 */
#include <errno.h>

#include "queue/ledger_inside.h"

#define DAY_MS		INT64_C(86400000)
/* So that a mailbox which was switched off for a season is not counted anew. */
#define SPARED_DAYS	120

/* A report, while it is read. */
struct report {
	struct ledger		*ledger;
	const struct listing	*listing;
	int64_t			 today;		/* since 1970 */
	bool			 is_written;	/* something of it */
	struct listing_spared	 spared;
};

/* When it was reported last: 1, 0 (never) or -errno. */
static int
last_day(const struct report *report, const struct row *row, int64_t *day_out)
{
	DB_QUERY_AUTO query = db_ask(report->ledger->db, LEDGER_SPARED);
	int64_t day;
	int r;

	db_put_u64(&query, report->listing->account);
	db_put_blob(&query, listing_uidl(report->listing, row));
	db_put_u64(&query, row->bytes);
	r = db_next(&query);
	if (r != 1)
		return r;
	day = db_i64(&query, INT64_MIN, INT64_MAX);
	r = db_row(&query);
	if (r < 0)
		return r;
	*day_out = day;
	return 1;
}

static int
put_day(struct report *report, const struct row *row)
{
	struct db_query query;
	int r = db_begin(report->ledger->db);

	if (r < 0)
		return r;
	report->is_written = true;
	query = db_ask(report->ledger->db, LEDGER_SPARE);
	db_put_u64(&query, report->listing->account);
	db_put_blob(&query, listing_uidl(report->listing, row));
	db_put_u64(&query, row->bytes);
	db_put_i64(&query, report->today);
	return db_run(&query);
}

static int
spare(struct report *report, const struct row *row, enum spared why,
    uint64_t carried)
{
	int64_t day = 0;
	int r = last_day(report, row, &day);

	if (r == 1 && day == report->today)
		return 0;
	if (r == 0) {
		report->spared.of[why].messages++;
		report->spared.of[why].bytes += carried < row->bytes ?
		    row->bytes - carried : 0;
	}
	return r < 0 ? r : put_day(report, row);
}

static int
spare_told(struct report *report, uint32_t count, struct unpack *u)
{
	int r = count > SPARED_PAGE ? -EBADMSG : 0;

	for (uint32_t i = 0; r == 0 && i < count; i++) {
		const struct row *row = listing_row(report->listing,
		    unpack_u32(u));
		enum spared why = unpack_enum(u, SPARED_COUNT);
		uint64_t carried = unpack_u64(u);

		r = u->bad || row == NULL ? -EBADMSG :
		    spare(report, row, why, carried);
	}
	return r == 0 && !unpack_is_done(u) ? -EBADMSG : r;
}

static int
spare_large(struct report *report)
{
	const struct listing *listing = report->listing;
	int r = 0;

	for (size_t i = 0; r == 0 && i < listing->row_count; i++)
		if (listing->rows[i].part == ROW_TOO_LARGE)
			r = spare(report, &listing->rows[i], SPARED_SKIPPED,
			    0);
	return r;
}

/* Once there is something new, or a new day: so seldom. */
static int
forget_old(const struct report *report)
{
	const int64_t values[] = { (int64_t)report->listing->account,
	    report->today - SPARED_DAYS };

	return report->is_written ?
	    ledger_run(report->ledger, LEDGER_SPARED_DROP, values, 2) : 0;
}

int
ledger_spare(struct ledger *ledger, const void *from, uint64_t account,
    bool are_large, uint32_t count, struct unpack *u,
    struct listing_spared *spared_out)
{
	struct report report = { .ledger = ledger,
	    .today = clock_utc_ms() / DAY_MS };
	struct listing *listing;
	int r = ledger_decided_listing(ledger, from, account, &listing);

	if (r < 0)
		return r;
	report.listing = listing;
	r = spare_told(&report, count, u);
	if (r == 0 && are_large)
		r = spare_large(&report);
	if (r == 0)
		r = forget_old(&report);
	if (report.is_written)
		r = ledger_finish(ledger, r, false);
	if (r == 0)
		*spared_out = report.spared;
	return r;
}
