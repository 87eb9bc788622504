/*
 * ledger_weigh.c - rows whose header has been looked at
 *
 * The same header under a known UIDL is the same message (HARDENING F27).
 * Without UIDL, or when all were given anew, size and header are the identity,
 * judged only once every row of that size has been looked at (F24, F25).
 * Whatever is in doubt then is taken.
 */
#include <errno.h>
#include <string.h>

#include "queue/ledger_inside.h"

#define FOUND_MOST	256	/* entries of one statement */

static bool
is_weighed(const struct row *row, enum row_why why)
{
	return row->part == LISTING_LOOK && row->why == why &&
	    row->looked != LOOKED_NOT;
}

static uint32_t
header_of(const struct listing *listing, const struct kin *kin)
{
	return kin->is_entry ? listing->entries[kin->index].header :
	    listing->rows[kin->index].header;
}

/* None comes first. */
static int
tie_header(const struct listing *listing, const struct kin *a,
    const struct kin *b)
{
	uint32_t left = header_of(listing, a), right = header_of(listing, b);

	if (left == 0 || right == 0)
		return (left != 0) - (right != 0);
	return memcmp(listing->digests[left - 1].bytes,
	    listing->digests[right - 1].bytes, FETCHED_DIGEST_BYTES);
}

/* Under a known UIDL */

int
weigh_uidl_begin(struct ledger *ledger, struct listing *listing)
{
	int r = 0;

	(void)ledger;
	listing->last_seq = 0;
	listing->is_in_gone = false;
	if (listing->cursor == 0)
		r = kins_begin(&listing->kins, listing->row_count);
	for (; r == 0 && listing->cursor < listing->row_count;
	    listing->cursor++) {
		const struct row *row = &listing->rows[listing->cursor];

		if ((listing->cost -= COST_ROW) < 0)
			return 0;
		if (is_weighed(row, WHY_UIDL) && row->header != 0)
			kins_add(&listing->kins, row->uidl_class,
			    (uint32_t)listing->cursor, false, 0);
	}
	return r < 0 ? r : 1;
}

int
weigh_uidl_sort(struct ledger *ledger, struct listing *listing)
{
	(void)ledger;
	return kins_sort(listing, tie_header);
}

/* The entry in memory, if no row stands for it: 1, 0 or -errno. */
static int
adopt(struct listing *listing, struct db_query *query, uint32_t *index_out)
{
	struct entry entry = { .seq = db_i64(query, 1, INT64_MAX),
	    .has_header = true }, *loaded;
	int r;

	entry.bytes = db_u64(query, 0, INT64_MAX);
	entry.state = (unsigned)db_i64(query, SEEN_STORED, SEEN_LEFT) & 7;
	entry.has_id = db_i64(query, 0, 1) == 1;
	entry.stored_utc_ms = db_i64(query, INT64_MIN, INT64_MAX);
	entry_mark(&entry, db_i64(query, MARK_NONE, MARK_COUNT - 1));
	entry.is_unwanted = db_i64(query, 0, 1) == 1;
	r = db_row(query);
	if (r < 0)
		return r;
	listing->last_seq = entry.seq;
	loaded = listing_loaded(listing, entry.seq);
	if (loaded != NULL && loaded->stands)
		return 0;
	if (loaded != NULL) {
		*index_out = (uint32_t)(loaded - listing->entries);
		return 1;
	}
	/* one that came since stands for its row */
	if (entry.state != SEEN_GONE)
		return 0;
	entry.uidl_class = NO_CLASS;
	r = listing_add_entry(listing, &entry, index_out);
	return r < 0 ? r : 1;
}

/* It is that one: back, or of another size. */
static int
come_back(struct ledger *ledger, struct listing *listing, struct row *row,
    uint32_t index)
{
	struct entry *entry = &listing->entries[index];
	const int64_t values[] = { entry->seq, (int64_t)row->bytes,
	    clock_utc_ms() };
	int r;

	listing_stand(listing, row, index);
	row->part = ROW_KNOWN;
	if (entry->state != SEEN_GONE && entry->bytes == row->bytes)
		return 0;
	r = ledger_job_write(ledger, listing);
	if (r == 0)
		r = ledger_run(ledger, LEDGER_BACK, values, 3);
	if (entry->state == SEEN_GONE)
		entry->state = entry->has_id ? SEEN_STORED : SEEN_LEFT;
	entry->bytes = row->bytes;
	entry->uidl_class = row->uidl_class;
	return r;
}

/* Some entries of that UIDL and header for rows [cursor, to), as they come. */
static int
weigh_uidl(struct ledger *ledger, struct listing *listing, size_t to)
{
	const struct kin *at = listing->kins.at;
	const struct row *first = &listing->rows[at[listing->cursor].index];
	DB_QUERY_AUTO query = db_ask(ledger->db, LEDGER_UIDL_HEADER);
	uint32_t found[FOUND_MOST];
	size_t want = to - listing->cursor, n = 0;
	int read = 0, r = 0;

	db_put_u64(&query, listing->account);
	db_put_blob(&query, listing_uidl(listing, first));
	db_put_blob(&query, slice_of(listing->digests[first->header - 1].bytes,
	    FETCHED_DIGEST_BYTES));
	db_put_i64(&query, listing->is_in_gone);
	db_put_i64(&query, listing->last_seq);
	db_put_i64(&query, FOUND_MOST);
	for (; n < want && (r = db_next(&query)) == 1; read++) {
		listing->cost -= COST_READ;
		r = adopt(listing, &query, &found[n]);
		if (r < 0)
			return r;
		n += r == 1;
	}
	if (r < 0)
		return r;
	db_end(&query);
	for (size_t i = 0; i < n; i++) {
		r = come_back(ledger, listing, &listing->rows[
		    at[listing->cursor + i].index], found[i]);
		if (r < 0)
			return r;
	}
	listing->cursor += n;
	return read;
}

/* First those that were there all the time, then those that are back. */
int
weigh_uidl_rows(struct ledger *ledger, struct listing *listing)
{
	while (listing->cursor < listing->kins.count) {
		size_t to;
		int n;

		if (listing->cost < 0)
			return 0;
		listing->cost -= COST_READ;
		to = kins_group(listing, listing->cursor, tie_header);
		n = weigh_uidl(ledger, listing, to);
		if (n < 0)
			return n;
		if (n == FOUND_MOST && listing->cursor < to)
			continue;
		listing->last_seq = 0;
		if (listing->cursor < to && !listing->is_in_gone) {
			listing->is_in_gone = true;
			continue;
		}
		listing->is_in_gone = false;
		listing->cursor = to;
	}
	return 1;
}

int
weigh_uidl_rest(struct ledger *ledger, struct listing *listing)
{
	(void)ledger;
	for (; listing->cursor < listing->row_count; listing->cursor++) {
		struct row *row = &listing->rows[listing->cursor];

		if ((listing->cost -= COST_ROW) < 0)
			return 0;
		if (!is_weighed(row, WHY_UIDL))
			continue;
		row->part = LISTING_TAKE;
		row->doubt = row->looked == LOOKED_IN_VAIN;
	}
	return 1;
}

/* By size and header */

static bool
needs_headers(const struct listing *listing)
{
	for (size_t i = 0; i < listing->row_count; i++)
		if (listing->rows[i].header != 0 &&
		    (is_weighed(&listing->rows[i], WHY_MOVED) ||
		    is_weighed(&listing->rows[i], WHY_SAME)))
			return true;
	return false;
}

static int
read_header(struct listing *listing, struct db_query *query)
{
	int64_t seq = db_i64(query, 1, INT64_MAX);
	struct slice header = db_blob(query, FETCHED_DIGEST_BYTES,
	    FETCHED_DIGEST_BYTES);
	struct entry *entry = listing_loaded(listing, seq);
	int r = db_row(query);

	if (r < 0)
		return r;
	listing->last_seq = seq;
	listing->cost -= COST_READ;
	if (entry == NULL)
		return 0;
	return listing_add_digest(listing, header, &entry->header);
}

int
weigh_headers(struct ledger *ledger, struct listing *listing)
{
	listing->cost -= PASS_COST(listing);
	if (listing->has_headers || !needs_headers(listing))
		return 1;
	if (listing->cursor++ == 0)
		listing->last_seq = 0;
	while (listing->cost > 0) {
		DB_QUERY_AUTO query = db_ask(ledger->db, LEDGER_HEADERS);
		int n = 0, r;

		db_put_u64(&query, listing->account);
		db_put_i64(&query, listing->last_seq);
		db_put_i64(&query, READ_MOST);
		for (; (r = db_next(&query)) == 1; n++) {
			r = read_header(listing, &query);
			if (r < 0)
				return r;
		}
		if (r < 0)
			return r;
		if (n < READ_MOST) {
			listing->has_headers = true;
			return 1;
		}
	}
	return 0;
}

/* May it be one of those that are weighed now? */
static bool
is_candidate(const struct listing *listing, const struct entry *entry)
{
	if (entry->stands || entry->header == 0 || entry->state == SEEN_GONE)
		return false;
	return listing->weighing == WHY_SAME || entry->state <= SEEN_DELETING;
}

static int
gather(struct listing *listing, enum row_why why)
{
	struct kins *kins = &listing->kins;
	size_t rows = listing->row_count, all = rows + listing->entry_count;
	int r = 0;

	listing->weighing = why;
	if (listing->cursor == 0)
		r = kins_begin(kins, all);
	for (; r == 0 && listing->cursor < all; listing->cursor++) {
		size_t n = listing->cursor;
		const struct row *row = &listing->rows[n];
		const struct entry *entry;

		if ((listing->cost -= COST_ROW) < 0)
			return 0;
		/* one of that size not looked at: none of them is judged */
		if (n < rows && row->part == LISTING_LOOK &&
		    (row->looked == LOOKED_NOT || row->why == why))
			kins_add(kins, row->bytes, (uint32_t)n, false, 0);
		if (n < rows)
			continue;
		if (n == rows && kins->count == 0)
			return 1;
		entry = &listing->entries[n - rows];
		if (is_candidate(listing, entry))
			kins_add(kins, entry->bytes, (uint32_t)(n - rows),
			    true, why == WHY_SAME ? entry->state : 0);
	}
	return r < 0 ? r : 1;
}

int
weigh_moved_begin(struct ledger *ledger, struct listing *listing)
{
	(void)ledger;
	return gather(listing, WHY_MOVED);
}

int
weigh_same_begin(struct ledger *ledger, struct listing *listing)
{
	(void)ledger;
	return gather(listing, WHY_SAME);
}

int
weigh_sort(struct ledger *ledger, struct listing *listing)
{
	(void)ledger;
	return kins_sort(listing, tie_header);
}

/* F25: the only row and the only entry that are alike. */
static int
rename_entry(struct ledger *ledger, struct listing *listing,
    const struct row *row, uint32_t index)
{
	struct db_query query;
	int r = ledger_job_write(ledger, listing);

	if (r < 0)
		return r;
	listing->entries[index].uidl_class = row->uidl_class;
	query = db_ask(ledger->db, LEDGER_RENAME);
	db_put_i64(&query, listing->entries[index].seq);
	db_put_blob(&query, listing_uidl(listing, row));
	db_put_i64(&query, clock_utc_ms());
	return db_run(&query);
}

/* Kin of one size and one header: rows [from, entry), entries up to `to`. */
static int
weigh_kin(struct ledger *ledger, struct listing *listing, size_t from,
    size_t entry, size_t to)
{
	const struct kin *at = listing->kins.at;
	bool is_moved = listing->weighing == WHY_MOVED;
	size_t rows = entry - from, entries = to - entry;
	int r = 0;

	/* no more rows than entries are known (F24); never a choice (F25) */
	if (rows > entries || (is_moved && (rows != 1 || entries != 1)))
		return 0;
	for (size_t i = 0; r == 0 && i < rows; i++) {
		struct row *row = &listing->rows[at[from + i].index];
		uint32_t index = at[entry + i].index;

		listing_stand(listing, row, index);
		row->part = listing->entries[index].state == SEEN_LOST ?
		    (unsigned)LISTING_TAKE : ROW_KNOWN;
		if (is_moved)
			row->why = WHY_NOTHING;
		if (is_moved)
			r = rename_entry(ledger, listing, row, index);
	}
	return r;
}

/* All of one size: [from, to). */
static int
weigh_size(struct ledger *ledger, struct listing *listing, size_t from,
    size_t to)
{
	const struct kin *at = listing->kins.at;
	int r = 0;

	for (size_t i = from; i < to; i++)
		if (!at[i].is_entry &&
		    listing->rows[at[i].index].looked == LOOKED_NOT)
			return 0;
	for (size_t i = from; r == 0 && i < to;) {
		size_t end = kins_group(listing, i, tie_header), entry = i;

		while (entry < end && !at[entry].is_entry)
			entry++;
		if (header_of(listing, &at[i]) != 0)
			r = weigh_kin(ledger, listing, i, entry, end);
		i = end;
	}
	for (size_t i = from; r == 0 && i < to; i++) {
		struct row *row = &listing->rows[at[i].index];

		if (at[i].is_entry || !is_weighed(row, listing->weighing))
			continue;
		row->part = LISTING_TAKE;
		row->doubt = true;
	}
	return r;
}

int
weigh_rows(struct ledger *ledger, struct listing *listing)
{
	const struct kins *kins = &listing->kins;

	while (listing->cursor < kins->count) {
		size_t from = listing->cursor, to = from + 1;
		int r;

		if (listing->cost < 0)
			return 0;
		while (to < kins->count &&
		    kins->at[to].key == kins->at[from].key)
			to++;
		r = weigh_size(ledger, listing, from, to);
		if (r < 0)
			return r;
		listing->cost -= 4 * COST_ROW * (int64_t)(to - from);
		listing->cursor = to;
	}
	return 1;
}

/* Left by its size alone, in this very listing: now by its header. */
int
weigh_left(struct ledger *ledger, struct listing *listing)
{
	for (; listing->cursor < listing->row_count; listing->cursor++) {
		struct row *row = &listing->rows[listing->cursor];
		struct db_query query;
		int r;

		if ((listing->cost -= COST_ROW) < 0)
			return 0;
		if (!is_weighed(row, WHY_LEFT))
			continue;
		row->part = ROW_KNOWN;
		if (row->header == 0 || row->entry == 0)
			continue;
		r = ledger_job_write(ledger, listing);
		if (r < 0)
			return r;
		query = db_ask(ledger->db, LEDGER_LEFT_HEADER);
		db_put_i64(&query, listing->entries[row->entry - 1].seq);
		db_put_blob(&query, slice_of(listing->digests[
		    row->header - 1].bytes, FETCHED_DIGEST_BYTES));
		db_put_i64(&query, clock_utc_ms());
		r = db_run(&query);
		if (r < 0)
			return r;
	}
	return 1;
}
