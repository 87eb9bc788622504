/*
 * ledger_follow.c - a message that went from one folder of a remote mailbox to
 * another
 *
 * There it has another UID (RFC 9051 2.3.1.1, 6.6.2), and is new.  It is the same
 * where another folder of that mailbox has lost one of its exact size and header:
 * its entry follows it, nothing is carried again, and the letter here stays where
 * its owner has it.  Whatever that was due for, and what is done when the owner
 * deletes the letter, is right for the place where the message is now.
 *
 * Folders are listed one after the other, so the one that has lost it may come
 * later.  A new row that is the same as one that another folder had when it was
 * listed last is put off, once: at the next listing that is gone, and it was moved,
 * or it stands still, and this is a copy, which is taken.
 *
 * Between two owners a header and a size prove nothing: somebody's body would be
 * given for a replayed header.  Here none is given.  The worst that a made-up
 * message could reach is not to be collected, and it would have to have the trace
 * lines of its provider in it as they stood on another in this very mailbox.
 */
#include <errno.h>
#include <stdlib.h>

#include "queue/ledger_inside.h"

/*
 * Rows of one listing that are looked at because one of their size stands in
 * another folder: so many come by being moved, more only when a folder is new,
 * and of those each look costs some KiB.
 */
#define STANDING_MOST	256

static struct put_off *
put_off_find(const struct ledger *ledger, uint64_t account)
{
	struct put_off *put_off;

	HASH_FIND(hh, ledger->put_off, &account, sizeof(account), put_off);
	return put_off;
}

static void
put_off_drop(struct ledger *ledger, struct put_off *put_off)
{
	HASH_DEL(ledger->put_off, put_off);
	free(put_off);
}

void
ledger_put_off_free(struct ledger *ledger)
{
	struct put_off *put_off, *following;

	HASH_ITER(hh, ledger->put_off, put_off, following)
		put_off_drop(ledger, put_off);
}

static bool
has_put_off(const struct listing *listing)
{
	for (size_t i = 0; i < listing->row_count; i++)
		if (listing->rows[i].part == ROW_LATER)
			return true;
	return false;
}

void
ledger_note_put_off(struct ledger *ledger, const struct listing *listing)
{
	struct put_off *put_off = put_off_find(ledger, listing->account);

	if (put_off != NULL)
		put_off_drop(ledger, put_off);
	if (!has_put_off(listing))
		return;
	/* without memory for it the next one puts them off once more */
	put_off = calloc(1, sizeof(*put_off));
	if (put_off == NULL)
		return;
	put_off->account = listing->account;
	put_off->number = listing->rows[listing->row_count - 1].number;
	HASH_ADD(hh, ledger->put_off, account, sizeof(put_off->account),
	    put_off);
	if (put_off->hh.tbl == NULL)
		free(put_off);
}

/* Is it the first time that it is listed, and not in a folder that is new? */
static bool
may_put_off(const struct ledger *ledger, const struct listing *listing,
    const struct row *row)
{
	const struct put_off *put_off = put_off_find(ledger,
	    listing->account);

	return listing->is_settled && (put_off == NULL ||
	    row->number > put_off->number);
}

static void
ask_others(struct db_query *query, const struct listing *listing,
    uint64_t bytes, bool standing)
{
	db_put_u64(query, listing->owner);
	db_put_u64(query, bytes);
	db_put_u64(query, listing->family);
	db_put_u64(query, listing->account);
	db_put_i64(query, standing);
}

int
ledger_may_follow(struct ledger *ledger, struct listing *listing,
    const struct row *row)
{
	DB_QUERY_AUTO query = db_ask(ledger->db, LEDGER_ELSEWHERE);
	int r = 0;

	/* of a domain's mail each copy may be for somebody else */
	if (listing->is_domain || row->bytes == 0)
		return 0;
	if (listing->family == 0)
		r = ledger_folder_family(ledger, listing->account,
		    &listing->family);
	if (r < 0 || listing->family == 0)
		return r;
	listing->cost -= COST_READ;
	ask_others(&query, listing, row->bytes,
	    listing->elsewhere < STANDING_MOST &&
	    may_put_off(ledger, listing, row));
	r = db_next(&query);
	listing->elsewhere += r > 0;
	return r;
}

/* The one that went last, of that size and header: 1, 0 or -errno. */
static int
find(struct ledger *ledger, struct listing *listing, const struct row *row,
    struct entry *entry_out)
{
	DB_QUERY_AUTO query = db_ask(ledger->db, LEDGER_ELSEWHERE_HEADER);
	int r;

	listing->cost -= COST_READ;
	ask_others(&query, listing, row->bytes,
	    may_put_off(ledger, listing, row));
	db_put_blob(&query, slice_of(listing->digests[row->header - 1].bytes,
	    FETCHED_DIGEST_BYTES));
	r = db_next(&query);
	if (r <= 0)
		return r;
	r = ledger_entry_read(&query, entry_out);
	return r < 0 ? r : 1;
}

/* From now on that entry is of this row. */
static int
follow(struct ledger *ledger, struct listing *listing, struct row *row,
    struct entry *entry)
{
	struct db_query query;
	uint32_t index = 0;
	int r = ledger_job_write(ledger, listing);

	if (r < 0)
		return r;
	query = db_ask(ledger->db, LEDGER_FOLLOW);
	db_put_i64(&query, entry->seq);
	db_put_u64(&query, listing->account);
	db_put_blob(&query, listing_uidl(listing, row));
	db_put_i64(&query, clock_utc_ms());
	r = db_run(&query);
	entry->state = SEEN_STORED;
	entry->uidl_class = row->uidl_class;
	entry->has_header = true;
	if (r == 0)
		r = listing_add_entry(listing, entry, &index);
	if (r < 0)
		return r;
	listing_stand(listing, row, index);
	row->part = ROW_KNOWN;
	return 0;
}

/* Rows that were looked at for that. */
int
weigh_elsewhere(struct ledger *ledger, struct listing *listing)
{
	for (; listing->cursor < listing->row_count; listing->cursor++) {
		struct row *row = &listing->rows[listing->cursor];
		struct entry entry;
		int r = 0;

		if ((listing->cost -= COST_ROW) < 0)
			return 0;
		if (row->part != LISTING_LOOK || row->why != WHY_ELSEWHERE ||
		    row->looked == LOOKED_NOT)
			continue;
		row->part = LISTING_TAKE;
		row->why = WHY_NOTHING;
		if (row->header != 0)
			r = find(ledger, listing, row, &entry);
		if (r > 0 && entry.state != SEEN_GONE)
			row->part = ROW_LATER;
		else if (r > 0)
			r = follow(ledger, listing, row, &entry);
		if (r < 0)
			return r;
	}
	return 1;
}
