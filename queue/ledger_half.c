/*
 * ledger_half.c - what has come of big messages that were cut, as ledger.db has
 * it
 *
 * A row that is lost in a power cut leaves a file without a name, which the next
 * start removes; a file that is lost leaves a row, which its first use removes
 * (half.c).  So both are written without waiting for the disk.
 */
#include "queue/ledger_half.h"

#include <errno.h>
#include <string.h>

#include "queue/ledger_inside.h"

/* In memory */

static struct slice
uidl_of(const struct ledger_half *half)
{
	return slice_of(half->uidl, half->uidl_len);
}

const struct ledger_half *
ledger_half_at(const struct ledger *ledger, size_t place)
{
	return place < ledger->halves.count ? &ledger->halves.rows[place] :
	    NULL;
}

const struct ledger_half *
ledger_half_find(const struct ledger *ledger, uint64_t account, uint32_t row,
    struct slice uidl)
{
	for (size_t i = 0; i < ledger->halves.count; i++) {
		const struct ledger_half *half = &ledger->halves.rows[i];

		if (half->account == account && half->row == row &&
		    !half->is_stale && slice_is(uidl_of(half), uidl))
			return half;
	}
	return NULL;
}

/* The one that is of the same message, or NULL. */
static struct ledger_half *
same(struct ledger *ledger, const struct ledger_half *of)
{
	for (size_t i = 0; i < ledger->halves.count; i++) {
		struct ledger_half *half = &ledger->halves.rows[i];

		if (half->account == of->account &&
		    slice_is(uidl_of(half), uidl_of(of)))
			return half;
	}
	return NULL;
}

uint64_t
ledger_half_number(struct ledger *ledger)
{
	return ++ledger->halves.last_number;
}

/* Rows */

static int
read_half(struct db_query *query, struct ledger_half *half_out)
{
	struct ledger_half half = { 0 };
	struct slice uidl, digest;
	int r;

	half.number = db_u64(query, 1, INT64_MAX);
	half.account = db_u64(query, 1, INT64_MAX);
	half.row = (uint32_t)db_u64(query, 1, UINT32_MAX);
	uidl = db_blob(query, 1, LEDGER_HALF_UIDL);
	half.bytes = db_u64(query, 1, INT64_MAX);
	half.length = db_u64(query, 1, half.bytes);
	digest = db_blob(query, FETCHED_DIGEST_BYTES, FETCHED_DIGEST_BYTES);
	half.changed_utc_ms = db_i64(query, INT64_MIN, INT64_MAX);
	r = db_row(query);
	if (r < 0)
		return r;
	half.uidl_len = uidl.len;
	memcpy(half.uidl, uidl.at, uidl.len);
	memcpy(half.digest, digest.at, digest.len);
	*half_out = half;
	return 0;
}

int
ledger_halves_load(struct ledger *ledger)
{
	DB_QUERY_AUTO query = db_ask(ledger->db, LEDGER_HALVES);
	struct halves_known *halves = &ledger->halves;
	int r;

	db_put_u64(&query, LEDGER_HALVES_MOST);
	while ((r = db_next(&query)) == 1) {
		r = read_half(&query, &halves->rows[halves->count]);
		if (r < 0)
			return r;
		halves->last_number = halves->rows[halves->count++].number;
	}
	return r;
}

static int
write_half(struct ledger *ledger, const struct ledger_half *half)
{
	struct db_query query;
	int r = db_begin(ledger->db);

	if (r < 0)
		return r;
	query = db_ask(ledger->db, LEDGER_HALF_PUT);
	db_put_u64(&query, half->number);
	db_put_u64(&query, half->account);
	db_put_u64(&query, half->row);
	db_put_blob(&query, uidl_of(half));
	db_put_u64(&query, half->bytes);
	db_put_u64(&query, half->length);
	db_put_blob(&query, slice_of(half->digest, FETCHED_DIGEST_BYTES));
	db_put_i64(&query, half->changed_utc_ms);
	return ledger_finish(ledger, db_run(&query), false);
}

int
ledger_half_put(struct ledger *ledger, const struct ledger_half *half,
    uint64_t *replaced_out)
{
	struct halves_known *halves = &ledger->halves;
	struct ledger_half *place = same(ledger, half);
	uint64_t replaced = 0;
	int r;

	if (place == NULL && halves->count == LEDGER_HALVES_MOST)
		return -ENOSPC;
	r = write_half(ledger, half);
	if (r < 0)
		return r;
	if (place == NULL)
		place = &halves->rows[halves->count++];
	else if (place->number != half->number)
		replaced = place->number;
	*place = *half;
	*replaced_out = replaced;
	return 0;
}

int
ledger_half_drop(struct ledger *ledger, uint64_t number)
{
	const int64_t values[] = { (int64_t)number };
	struct halves_known *halves = &ledger->halves;
	int r = db_begin(ledger->db);

	if (r == 0)
		r = ledger_finish(ledger, ledger_run(ledger, LEDGER_HALF_DROP,
		    values, 1), false);
	if (r < 0)
		return r;
	for (size_t i = 0; i < halves->count; i++)
		if (halves->rows[i].number == number) {
			halves->rows[i] = halves->rows[--halves->count];
			break;
		}
	return 0;
}

/* Listings */

int
ledger_half_key(struct ledger *ledger, const void *from, uint64_t listing_id,
    uint32_t number, struct ledger_half *key_out)
{
	struct listing *listing;
	const struct row *row;
	struct slice uidl;

	if (ledger_decided_listing(ledger, from, listing_id, &listing) < 0)
		return -ESRCH;
	row = listing_row(listing, number);
	if (row == NULL || row->part != LISTING_TAKE)
		return -ESRCH;
	uidl = listing_uidl(listing, row);
	if (uidl.len == 0 || uidl.len > LEDGER_HALF_UIDL || row->bytes == 0)
		return -EINVAL;
	*key_out = (struct ledger_half){
		.account = listing->account, .row = number,
		.uidl_len = uidl.len, .bytes = row->bytes
	};
	memcpy(key_out->uidl, uidl.at, uidl.len);
	return 0;
}

/* Removed accounts */

/* The fetch account of that half, or of whose folder it is. */
static int
account_of(struct ledger *ledger, const struct ledger_half *half,
    uint64_t *account_out)
{
	uint64_t family = 0;
	int r = ledger_folder_family(ledger, half->account, &family);

	if (r == 0)
		*account_out = family != 0 ? family : half->account;
	return r;
}

int
ledger_halves_after(struct ledger *ledger, uint64_t account,
    uint64_t *account_out)
{
	uint64_t next = UINT64_MAX, of = 0;

	for (size_t i = 0; i < ledger->halves.count; i++) {
		int r = account_of(ledger, &ledger->halves.rows[i], &of);

		if (r < 0)
			return r;
		if (of > account && of < next)
			next = of;
	}
	if (next == UINT64_MAX)
		return 0;
	*account_out = next;
	return 1;
}

unsigned
ledger_halves_unwanted(struct ledger *ledger, uint64_t account)
{
	unsigned count = 0;
	uint64_t of = 0;

	for (size_t i = 0; i < ledger->halves.count; i++) {
		struct ledger_half *half = &ledger->halves.rows[i];

		if (account_of(ledger, half, &of) < 0 || of != account)
			continue;
		count += !half->is_stale;
		half->is_stale = true;
	}
	return count;
}

/* What a listing wants */

/* Is it to be taken still, and what it was? */
static bool
is_wanted(const struct listing *listing, const struct ledger_half *half)
{
	const struct row *row = listing_row(listing, half->row);

	return row != NULL && row->bytes == half->bytes &&
	    slice_is(listing_uidl(listing, row), uidl_of(half)) &&
	    (row->part == LISTING_TAKE || row->part == ROW_TAKING);
}

void
ledger_halves_compare(struct ledger *ledger, const struct listing *listing)
{
	if (!listing->is_decided || !listing->is_whole)
		return;
	for (size_t i = 0; i < ledger->halves.count; i++) {
		struct ledger_half *half = &ledger->halves.rows[i];

		if (half->account == listing->account &&
		    !is_wanted(listing, half))
			half->is_stale = true;
	}
}
