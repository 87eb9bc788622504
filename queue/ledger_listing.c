/*
 * ledger_listing.c - what a collector tells of a remote mailbox, and asks
 *
 * A listing belongs to one channel and ends with it.  Its rows stand in memory;
 * only what is decided of them is kept.  A server that lists without end costs
 * its own owner: what is large has a budget for all, of which nobody gets more
 * than a share, and small listings are outside of it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "queue/ledger_inside.h"

/*
 * Under way at once, half a KiB each: for each of the 64 who may collect
 * (DESIGN.md 2) as many as one may have, who has at most 50 fetch accounts.
 */
#define LISTINGS_MOST	4096
#define LISTINGS_OF_ONE	64

/*
 * Rows and UIDLs of all listings above LISTING_SMALL together: a dozen of
 * 100,000 messages.  One owner's share: two of the largest there can be.
 */
#define LARGE_BYTES	(UINT64_C(128) * 1024 * 1024)
#define LARGE_OF_ONE	(UINT64_C(48) * 1024 * 1024)

static int
own_listing(struct ledger *ledger, const void *from, uint64_t account,
    struct listing **listing_out)
{
	struct listing *listing;

	HASH_FIND(hh, ledger->listings, &account, sizeof(account), listing);
	if (listing == NULL || listing->from == NULL || listing->from != from)
		return -ESRCH;
	if (listing->step != NULL)
		return -EBADMSG;
	*listing_out = listing;
	return 0;
}

int
ledger_listing_of(struct ledger *ledger, const void *from, uint64_t account,
    struct listing **listing_out)
{
	int r = own_listing(ledger, from, account, listing_out);

	return r == 0 && (*listing_out)->is_waiting ? -EBADMSG : r;
}

int
ledger_decided_listing(struct ledger *ledger, const void *from,
    uint64_t account, struct listing **listing_out)
{
	int r = ledger_listing_of(ledger, from, account, listing_out);

	return r == 0 && !(*listing_out)->is_decided ? -EBADMSG : r;
}

/* Begin and end */

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

struct account_row {
	bool		is_settled, is_moved, is_domain, is_mirror;
	uint64_t	owner;		/* 0: not known */
};

static int
read_account(struct ledger *ledger, uint64_t account, struct account_row *row)
{
	DB_QUERY_AUTO query = db_ask(ledger->db, LEDGER_ACCOUNT);
	int r;

	*row = (struct account_row){ 0 };
	db_put_u64(&query, account);
	r = db_next(&query);
	if (r <= 0)
		return r;
	row->is_settled = db_i64(&query, 0, 1) == 1;
	row->is_moved = db_i64(&query, 0, 1) == 1;
	row->owner = db_u64(&query, 0, INT64_MAX);
	row->is_domain = db_i64(&query, 0, 1) == 1;
	row->is_mirror = db_i64(&query, 0, 1) == 1;
	return db_row(&query);
}

void
ledger_forget(struct ledger *ledger, struct listing *listing)
{
	ledger_note_cut(ledger, listing);
	HASH_DEL(ledger->listings, listing);
	listing_free(listing);
}

/* From now on what its owner deletes here is noted; or is not. */
static int
note_mirror(struct ledger *ledger, uint64_t account, bool is_mirror,
    const struct account_row *row)
{
	const int64_t values[] = { (int64_t)account, is_mirror };

	return row->is_mirror == is_mirror ? 0 :
	    ledger_run(ledger, LEDGER_ACCOUNT_MIRROR, values, 2);
}

/* Whose it is stays so: a fetch account never changes hands. */
static int
note_begin(struct ledger *ledger, uint64_t account, uint64_t owner,
    bool is_mirror, const struct account_row *row)
{
	const int64_t values[] = { (int64_t)account, (int64_t)owner, 0 };
	int r;

	if (row->owner != 0 && row->is_settled &&
	    row->is_mirror == is_mirror)
		return 0;
	r = db_begin(ledger->db);
	if (r == 0 && row->owner == 0)
		r = ledger_run(ledger, LEDGER_ACCOUNT_OWNER, values, 3);
	/* nobody knows any more which these were: they are left anew */
	if (r == 0 && !row->is_settled)
		r = ledger_run(ledger, LEDGER_LEFT_DROP, values, 1);
	if (r == 0)
		r = note_mirror(ledger, account, is_mirror, row);
	return ledger_finish(ledger, r, false);
}

/* What the ledger has of it is what its collector has heard of the keeper. */
static bool
is_known(const struct ledger_begin *begin, const struct account_row *row)
{
	return row->owner != 0 && row->is_domain == begin->is_domain;
}

static int
listing_new(struct ledger *ledger, const void *from,
    const struct ledger_begin *begin, const struct account_row *row)
{
	struct listing *listing = calloc(1, sizeof(*listing));

	if (listing == NULL)
		return -ENOMEM;
	listing->account = begin->account;
	listing->from = from;
	listing->has_uidl = begin->has_uidl;
	listing->delete_after_days = begin->delete_after_days;
	listing->is_mirror = begin->is_mirror;
	listing->owner = begin->owner;
	listing->is_waiting = !is_known(begin, row);
	listing->is_moved = row->is_moved;
	listing->is_domain = row->is_domain;
	listing->is_settled = row->is_settled;
	listing->serial = ++ledger->last_serial;
	HASH_ADD(hh, ledger->listings, account, sizeof(listing->account),
	    listing);
	if (listing->hh.tbl == NULL) {
		free(listing);
		return -ENOMEM;
	}
	return 0;
}

/* Is there room for one more? */
static int
may_begin(struct ledger *ledger, const struct ledger_begin *begin)
{
	struct listing *listing;
	unsigned own = 0;

	HASH_FIND(hh, ledger->listings, &begin->account,
	    sizeof(begin->account), listing);
	if (listing != NULL || is_under_way(ledger, begin->account))
		return -EBUSY;
	for (listing = ledger->listings; listing != NULL;
	    listing = listing->hh.next)
		own += listing->owner == begin->owner;
	return own >= LISTINGS_OF_ONE ||
	    HASH_COUNT(ledger->listings) >= LISTINGS_MOST ? -EAGAIN : 0;
}

int
ledger_begin(struct ledger *ledger, const void *from,
    const struct ledger_begin *begin, bool *may_delete_out,
    bool *is_first_out)
{
	struct account_row row;
	int r;

	if (begin->account == 0 || begin->account > INT64_MAX ||
	    begin->owner == 0 || begin->owner > INT64_MAX ||
	    begin->delete_after_days < -1)
		return -EBADMSG;
	r = read_account(ledger, begin->account, &row);
	if (r < 0)
		return r;
	if (row.owner != 0 && row.owner != begin->owner)
		return -EBADMSG;
	r = may_begin(ledger, begin);
	if (r == 0)
		r = ledger_flush(ledger);
	if (r == 0 && is_known(begin, &row))
		r = note_begin(ledger, begin->account, begin->owner,
		    begin->is_mirror, &row);
	if (r == 0)
		r = listing_new(ledger, from, begin, &row);
	if (r == 0 && !is_known(begin, &row))
		r = -EINPROGRESS;
	if (r < 0)
		return r;
	*may_delete_out = ledger_restored(ledger) == NULL;
	*is_first_out = !row.is_settled;
	return 0;
}

int
ledger_confirm(struct ledger *ledger, const void *from, uint64_t account,
    bool *may_delete_out, bool *is_first_out)
{
	struct account_row row;
	struct listing *listing;
	int r = own_listing(ledger, from, account, &listing);

	if (r < 0 || !listing->is_waiting)
		return -ESRCH;
	r = read_account(ledger, account, &row);
	if (r == 0)
		r = note_begin(ledger, account, listing->owner,
		    listing->is_mirror, &row);
	if (r < 0) {
		ledger_forget(ledger, listing);
		return r;
	}
	listing->is_waiting = false;
	listing->is_domain = row.is_domain;
	listing->is_settled = row.is_settled;
	*may_delete_out = ledger_restored(ledger) == NULL;
	*is_first_out = !row.is_settled;
	return 0;
}

int
ledger_owner(struct ledger *ledger, uint64_t account,
    struct ledger_owned *owned_out)
{
	struct account_row row;
	int r = account == 0 || account > INT64_MAX ? -EBADMSG :
	    read_account(ledger, account, &row);

	if (r == 0)
		*owned_out = (struct ledger_owned){ account, row.owner,
		    row.is_domain };
	return r;
}

int
ledger_own(struct ledger *ledger, const struct ledger_owned *owned)
{
	const int64_t values[] = { (int64_t)owned->account,
	    (int64_t)owned->owner, owned->is_domain };
	int r = db_begin(ledger->db);

	if (r == 0)
		r = ledger_run(ledger, LEDGER_ACCOUNT_OWNER, values, 3);
	return ledger_finish(ledger, r, false);
}

void
ledger_end(struct ledger *ledger, const void *from, uint64_t account)
{
	struct listing *listing;

	HASH_FIND(hh, ledger->listings, &account, sizeof(account), listing);
	if (listing != NULL && listing->from == from)
		ledger_end_listing(ledger, listing);
}

void
ledger_asker_lost(struct ledger *ledger, const void *from)
{
	struct listing *listing, *following;

	HASH_ITER(hh, ledger->listings, listing, following) {
		if (from == NULL) {
			listing->asked.done = NULL;
			ledger_job_drop(ledger, listing);
			ledger_forget(ledger, listing);
		} else if (listing->from == from) {
			listing->asked.done = NULL;
			ledger_end_listing(ledger, listing);
		}
	}
}

/* Rows */

/* What of it counts against the budget. */
static uint64_t
large_bytes(const struct listing *listing)
{
	return listing->row_count <= LISTING_SMALL ? 0 :
	    listing->row_count * sizeof(*listing->rows) + listing->uidl_bytes;
}

/* Is there room for it as it is now?  0 or -EAGAIN. */
static int
check_room(const struct ledger *ledger, const struct listing *listing)
{
	const struct listing *other;
	uint64_t all = 0, own = 0;

	if (large_bytes(listing) == 0)
		return 0;
	for (other = ledger->listings; other != NULL;
	    other = other->hh.next) {
		all += large_bytes(other);
		if (other->owner == listing->owner)
			own += large_bytes(other);
	}
	return all > LARGE_BYTES || own > LARGE_OF_ONE ? -EAGAIN : 0;
}

static int
add_row(struct listing *listing, struct unpack *u)
{
	uint32_t number = unpack_u32(u);
	uint64_t bytes = unpack_u64(u);
	struct slice uidl = unpack_slice(u);

	if (u->bad || (listing->row_count > 0 && number <=
	    listing->rows[listing->row_count - 1].number) || number == 0 ||
	    bytes > INT64_MAX || uidl.len > UIDL_MOST_BYTES)
		return -EBADMSG;
	if (!listing->has_uidl)
		uidl = slice_of(NULL, 0);
	if (uidl.len > LISTING_UIDLS_MOST - listing->uidl_bytes)
		return -E2BIG;
	return listing_add_row(listing, number, bytes, uidl);
}

int
ledger_rows(struct ledger *ledger, const void *from, uint64_t account,
    uint32_t count, struct unpack *u)
{
	struct listing *listing;
	size_t rows, bytes;
	int r = own_listing(ledger, from, account, &listing);

	if (r < 0)
		return r;
	if (listing->is_whole)
		return -EBADMSG;
	rows = listing->row_count;
	bytes = listing->uidl_bytes;
	if (count > LISTING_MOST - listing->row_count)
		r = -E2BIG;
	for (uint32_t i = 0; r == 0 && i < count; i++)
		r = add_row(listing, u);
	if (r == 0 && !unpack_is_done(u))
		r = -EBADMSG;
	if (r == 0)
		r = check_room(ledger, listing);
	if (r == 0)
		return 0;
	listing->row_count = rows;
	listing->uidl_bytes = bytes;
	/* told without these rows it would say that they are gone */
	if (r != -EBADMSG)
		ledger_forget(ledger, listing);
	return r;
}

static int
add_digest(struct listing *listing, struct unpack *u)
{
	uint32_t number = unpack_u32(u), header = 0;
	bool is_known = unpack_bool(u);
	struct slice digest = unpack_bytes(u, FETCHED_DIGEST_BYTES);
	struct row *row;
	int r = 0;

	if (u->bad)
		return -EBADMSG;
	row = listing_row(listing, number);
	/* of one to be taken it counts when that is left after all */
	if (row == NULL || row->looked != LOOKED_NOT ||
	    (row->part != LISTING_LOOK && row->part != LISTING_TAKE))
		return 0;
	if (is_known)
		r = listing_add_digest(listing, digest, &header);
	if (r < 0)
		return r;
	row->looked = is_known ? LOOKED_AT : LOOKED_IN_VAIN;
	row->header = header;
	return 0;
}

int
ledger_digests(struct ledger *ledger, const void *from, uint64_t account,
    uint32_t count, struct unpack *u)
{
	struct listing *listing;
	int r = ledger_decided_listing(ledger, from, account, &listing);

	for (uint32_t i = 0; r == 0 && i < count; i++)
		r = add_digest(listing, u);
	if (r == 0 && !unpack_is_done(u))
		r = -EBADMSG;
	return r;
}

/* Deleting */

/* DELE is about to be sent: say so of its entry, if it may be. */
static int
note_deleting(struct ledger *ledger, const struct listing *listing,
    struct unpack *u)
{
	const struct row *row = listing_row(listing, unpack_u32(u));
	struct entry *entry;

	if (u->bad || row == NULL)
		return -EBADMSG;
	if (row->part != LISTING_DELETE || row->entry == 0)
		return -EAGAIN;
	entry = &listing->entries[row->entry - 1];
	return ledger_run(ledger, LEDGER_DELETING, (const int64_t[]){
	    entry->seq, clock_utc_ms() }, 2);
}

int
ledger_deleting(struct ledger *ledger, const void *from, uint64_t account,
    uint32_t count, struct unpack *u)
{
	struct listing *listing;
	int r = ledger_decided_listing(ledger, from, account, &listing);

	if (r < 0)
		return r;
	if (ledger_restored(ledger) != NULL)
		return -EAGAIN;
	/* what was stored a moment ago may be among them */
	r = ledger_flush(ledger);
	if (r == 0 && listing->is_stale)
		ledger_note_due(ledger, listing);
	if (r == 0)
		r = db_begin(ledger->db);
	for (uint32_t i = 0; r == 0 && i < count; i++)
		r = note_deleting(ledger, listing, u);
	if (r == 0 && !unpack_is_done(u))
		r = -EBADMSG;
	return ledger_finish(ledger, r, false);
}

/* Deleted here */

/* 1: it is noted, 0: it does not matter, or -errno. */
static int
note_unwanted(struct ledger *ledger, uint64_t owner,
    const struct message_id *id)
{
	struct db_query query = db_ask(ledger->db, LEDGER_UNWANTED);
	int r;

	db_put_blob(&query, slice_of(id->bytes, MESSAGE_ID_BYTES));
	db_put_u64(&query, owner);
	db_put_i64(&query, clock_utc_ms());
	r = db_run(&query);
	return r < 0 ? r : db_changed(ledger->db) > 0;
}

int
ledger_expunged(struct ledger *ledger, uint64_t owner,
    const struct message_id *ids, size_t count)
{
	bool any = false;
	/* it may have come a moment ago */
	int r = ledger_flush(ledger);

	if (r == 0)
		r = db_begin(ledger->db);
	for (size_t i = 0; r >= 0 && i < count; i++) {
		r = note_unwanted(ledger, owner, &ids[i]);
		any = any || r > 0;
	}
	return ledger_finish(ledger, r < 0 ? r : 0, any);
}
