/*
 * ledger_match.c - what of a listing is known by UIDL and size
 *
 * Done once for each listing, when it has been told whole: its UIDLs are
 * numbered, the entries of the account that are not GONE are read, and the n-th
 * row of a UIDL and size stands for the n-th entry of them (HARDENING F26).
 */
#include <errno.h>
#include <string.h>

#include "queue/ledger_inside.h"

/* FNV-1a; which UIDLs collide does not matter, it only sorts. */
static uint64_t
hash(struct slice uidl)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < uidl.len; i++)
		h = (h ^ (unsigned char)uidl.at[i]) *
		    UINT64_C(0x100000001b3);
	return h;
}

static int
order(struct slice a, struct slice b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int r = len == 0 ? 0 : memcmp(a.at, b.at, len);

	if (r != 0)
		return r;
	return a.len < b.len ? -1 : a.len > b.len;
}

static int
tie_uidl(const struct listing *listing, const struct kin *a,
    const struct kin *b)
{
	return order(listing_uidl(listing, &listing->rows[a->index]),
	    listing_uidl(listing, &listing->rows[b->index]));
}

/* Its UIDLs */

int
match_uidls_begin(struct ledger *ledger, struct listing *listing)
{
	int r = 0;

	(void)ledger;
	if (listing->is_whole)
		return 1;
	if (listing->cursor == 0)
		r = kins_begin(&listing->kins, listing->row_count);
	for (; r == 0 && listing->cursor < listing->row_count;
	    listing->cursor++) {
		const struct row *row = &listing->rows[listing->cursor];

		if ((listing->cost -= 3 * COST_ROW) < 0)
			return 0;
		if (row->uidl_len > 0)
			kins_add(&listing->kins,
			    hash(listing_uidl(listing, row)),
			    (uint32_t)listing->cursor, false, 0);
	}
	return r < 0 ? r : 1;
}

int
match_uidls_sort(struct ledger *ledger, struct listing *listing)
{
	(void)ledger;
	return listing->is_whole ? 1 : kins_sort(listing, tie_uidl);
}

/* The same UIDL, the same class: the place of its first row. */
int
match_classes(struct ledger *ledger, struct listing *listing)
{
	const struct kins *kins = &listing->kins;

	(void)ledger;
	if (listing->is_whole)
		return 1;
	for (; listing->cursor < kins->count; listing->cursor++) {
		size_t n = listing->cursor;
		const struct kin *kin = &kins->at[n];
		bool is_first = n == 0 || kin->key != kin[-1].key ||
		    tie_uidl(listing, kin - 1, kin) != 0;

		if ((listing->cost -= 3 * COST_ROW) < 0)
			return 0;
		listing->rows[kin->index].uidl_class = is_first ?
		    (uint32_t)n : listing->rows[kin[-1].index].uidl_class;
	}
	listing->last_seq = INT64_MIN;	/* a damaged one is noticed */
	return 1;
}

static uint32_t
class_of(const struct listing *listing, struct slice uidl)
{
	const struct kins *kins = &listing->kins;
	uint64_t key = hash(uidl);
	size_t lo = 0, hi = kins->count;

	if (uidl.len == 0)
		return NO_CLASS;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct kin *kin = &kins->at[mid];
		struct row *row = &listing->rows[kin->index];
		int r = kin->key < key ? -1 : kin->key > key;

		if (r == 0)
			r = order(listing_uidl(listing, row), uidl);
		if (r == 0)
			return row->uidl_class;
		if (r < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NO_CLASS;
}

/* The entries */

static int
load(struct listing *listing, struct db_query *query)
{
	struct entry entry = { .seq = db_i64(query, 1, INT64_MAX) };
	struct slice uidl = db_blob(query, 0, UIDL_MOST_BYTES);
	uint32_t index;
	int r;

	entry.bytes = db_u64(query, 0, INT64_MAX);
	entry.state = (unsigned)db_i64(query, SEEN_STORED, SEEN_LOST) & 7;
	entry.has_header = db_i64(query, 0, 1) == 1;
	entry.has_id = db_i64(query, 0, 1) == 1;
	entry.stored_utc_ms = db_i64(query, INT64_MIN, INT64_MAX);
	entry_mark(&entry, db_i64(query, MARK_NONE, MARK_COUNT - 1));
	entry.is_unwanted = db_i64(query, 0, 1) == 1;
	r = db_row(query);
	if (r < 0)
		return r;
	entry.uidl_class = class_of(listing, uidl);
	/* whose size nobody knew: that of the row with its UIDL */
	if (entry.bytes == SEED_BYTES && entry.uidl_class != NO_CLASS)
		entry.bytes = listing->rows[listing->kins.at[
		    entry.uidl_class].index].bytes;
	if (entry.uidl_class != NO_CLASS)
		listing->knows_one = true;
	if (entry.state == SEEN_STORED || entry.state == SEEN_LEFT)
		listing->expects_one = true;
	listing->last_seq = entry.seq;
	listing->cost -= COST_READ;
	return listing_add_entry(listing, &entry, &index);
}

/* A statement's worth of them: how many, or -errno. */
static int
load_some(struct ledger *ledger, struct listing *listing)
{
	DB_QUERY_AUTO query = db_ask(ledger->db, LEDGER_LOAD);
	int n = 0, r;

	db_put_u64(&query, listing->account);
	db_put_i64(&query, listing->last_seq);
	db_put_i64(&query, READ_MOST);
	while ((r = db_next(&query)) == 1) {
		r = load(listing, &query);
		if (r < 0)
			return r;
		n++;
	}
	return r < 0 ? r : n;
}

int
match_load(struct ledger *ledger, struct listing *listing)
{
	int n;

	if (listing->is_whole)
		return 1;
	do {
		n = load_some(ledger, listing);
		if (n < READ_MOST) {
			listing->loaded = listing->entry_count;
			return n < 0 ? n : 1;
		}
	} while (listing->cost > 0);
	return 0;
}

/* The match */

static uint64_t
bytes_of(const struct listing *listing, const struct kin *kin)
{
	return kin->is_entry ? listing->entries[kin->index].bytes :
	    listing->rows[kin->index].bytes;
}

static int
tie_bytes(const struct listing *listing, const struct kin *a,
    const struct kin *b)
{
	uint64_t left = bytes_of(listing, a), right = bytes_of(listing, b);

	return left < right ? -1 : left > right;
}

static uint64_t
match_key(uint32_t class, uint64_t bytes)
{
	return (uint64_t)class << 32 | (uint32_t)(bytes ^ bytes >> 32);
}

int
match_begin(struct ledger *ledger, struct listing *listing)
{
	struct kins *kins = &listing->kins;
	size_t rows = listing->row_count, all = rows + listing->entry_count;
	int r = 0;

	(void)ledger;
	if (listing->is_whole)
		return 1;
	if (listing->cursor == 0)
		r = kins_begin(kins, all);
	for (; r == 0 && listing->cursor < all; listing->cursor++) {
		size_t n = listing->cursor;
		const struct row *row = &listing->rows[n];
		const struct entry *entry;

		if ((listing->cost -= COST_ROW) < 0)
			return 0;
		if (n < rows && row->uidl_class != NO_CLASS)
			kins_add(kins, match_key(row->uidl_class,
			    row->bytes), (uint32_t)n, false, 0);
		if (n < rows)
			continue;
		entry = &listing->entries[n - rows];
		/* one that was lost comes last */
		if (entry->uidl_class != NO_CLASS)
			kins_add(kins, match_key(entry->uidl_class,
			    entry->bytes), (uint32_t)(n - rows), true,
			    entry->state == SEEN_LOST);
	}
	return r < 0 ? r : 1;
}

int
match_sort(struct ledger *ledger, struct listing *listing)
{
	(void)ledger;
	return listing->is_whole ? 1 : kins_sort(listing, tie_bytes);
}

int
match_rows(struct ledger *ledger, struct listing *listing)
{
	const struct kin *at = listing->kins.at;

	(void)ledger;
	while (!listing->is_whole && listing->cursor < listing->kins.count) {
		size_t row = listing->cursor, entry = row, end;

		if (listing->cost < 0)
			return 0;
		end = kins_group(listing, row, tie_bytes);
		listing->cost -= COST_ROW * 2 * (int64_t)(end - row);
		listing->cursor = end;
		while (entry < end && !at[entry].is_entry)
			entry++;
		for (; entry < end && !at[row].is_entry; row++, entry++) {
			struct row *known = &listing->rows[at[row].index];

			listing_stand(listing, known, at[entry].index);
			known->part = at[entry].rank == 1 ?
			    (unsigned)LISTING_TAKE : ROW_KNOWN;
		}
	}
	return 1;
}

/* F25: some were expected, not one of the known UIDLs is there. */
int
match_moved(struct ledger *ledger, struct listing *listing)
{
	const int64_t values[] = { (int64_t)listing->account, 1 };
	int r;

	if (listing->is_whole)
		return 1;
	listing->is_whole = true;
	if (listing->is_moved || !listing->has_uidl ||
	    listing->row_count == 0 || !listing->expects_one ||
	    listing->knows_one)
		return 1;
	listing->is_moved = true;
	r = ledger_job_write(ledger, listing);
	if (r == 0)
		r = ledger_run(ledger, LEDGER_ACCOUNT_MOVED, values, 2);
	return r < 0 ? r : 1;
}
