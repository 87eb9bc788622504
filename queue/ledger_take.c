/*
 * ledger_take.c - a row from its submission to its entry
 *
 * What is submitted is on its way until its record is durable or it has
 * failed; while it is, no other listing of that remote mailbox begins.  What is
 * received waits a moment, so that one commit covers many.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/log.h"
#include "queue/ledger_inside.h"

#define FLUSH_MS	50	/* for more to come; any listing writes it */
#define FLUSH_AGAIN_MS	1000	/* after a fault */

/* A row of a listing. */
struct row {
	uint64_t	bytes;
	struct slice	uidl;		/* in the query */
	int64_t		part;
	bool		is_doubted;
	int64_t		entry;		/* 0: none */
};

static int
read_row(struct db_query *query, struct row *row)
{
	int r = db_next(query);

	if (r <= 0)
		return r < 0 ? r : -EBADMSG;
	row->bytes = db_u64(query, 0, INT64_MAX);
	row->uidl = db_blob(query, 0, UIDL_MOST_BYTES);
	row->part = db_i64(query, 0, ROW_NEW);
	row->is_doubted = db_i64(query, 0, 1) == 1;
	row->entry = db_is_null(query) ? 0 : db_i64(query, 1, INT64_MAX);
	return db_row(query);
}

static int
set_part(struct ledger *ledger, const struct ledger_taken *taken, int64_t part)
{
	const int64_t values[] = { (int64_t)taken->account, taken->number,
	    part };

	return ledger_run(ledger, LEDGER_ROW_PART, values, 3);
}

/* The listing that it was taken of, if that is still under way; or NULL. */
static struct listing *
listing_of(struct ledger *ledger, const struct ledger_taken *taken)
{
	struct listing *listing;

	HASH_FIND(hh, ledger->listings, &taken->account,
	    sizeof(taken->account), listing);
	if (listing != NULL && listing->serial != taken->serial)
		listing = NULL;
	return listing;
}

/* --- submission --------------------------------------------------------- */

/* From now on the row stands for that entry, which is here.  FULL. */
static int
stand_for(struct ledger *ledger, const struct ledger_taken *taken,
    int64_t entry)
{
	const int64_t row[] = { (int64_t)taken->account, taken->number,
	    entry };
	struct db_query query;
	struct listing *listing = listing_of(ledger, taken);
	int r = db_begin(ledger->db);

	if (r < 0)
		return r;
	if (listing != NULL)
		listing->is_stale = true;
	query = db_ask(ledger->db, LEDGER_ENTRY_IS);
	db_put_i64(&query, entry);
	db_put_blob(&query, ledger_taken_uidl(taken));
	db_put_u64(&query, taken->bytes);
	db_put_i64(&query, clock_utc_ms());
	r = db_run(&query);
	if (r == 0)
		r = ledger_run(ledger, LEDGER_ROW_IS, row, 3);
	return ledger_finish(ledger, r, true);
}

static struct message_id
id_of(struct db_query *query)
{
	struct slice s = db_blob(query, MESSAGE_ID_BYTES, MESSAGE_ID_BYTES);
	struct message_id id = { { 0 } };

	if (s.len == MESSAGE_ID_BYTES)
		memcpy(id.bytes, s.at, MESSAGE_ID_BYTES);
	return id;
}

/* The entry with these very bytes that no row stands for: 1, 0, -errno. */
static int
find_twin(struct ledger *ledger, const struct ledger_taken *taken,
    int64_t *entry_out, struct message_id *id_out)
{
	DB_QUERY_AUTO query = db_ask(ledger->db, LEDGER_TWIN);
	int r;

	db_put_u64(&query, taken->account);
	db_put_u64(&query, taken->bytes);
	db_put_blob(&query, slice_of(taken->digest, FETCHED_DIGEST_BYTES));
	r = db_next(&query);
	if (r <= 0)
		return r;
	*entry_out = db_i64(&query, 1, INT64_MAX);
	*id_out = id_of(&query);
	r = db_row(&query);
	return r < 0 ? r : 1;
}

/* It was lost: the same bytes get the id they had. */
static int
remember_id(struct ledger *ledger, struct ledger_taken *taken)
{
	DB_QUERY_AUTO query = db_ask(ledger->db, LEDGER_ENTRY);
	struct message_id id;
	struct slice digest;
	int64_t state;
	int r;

	db_put_i64(&query, taken->entry);
	r = db_next(&query);
	if (r <= 0)
		return r;
	id = id_of(&query);
	digest = db_blob(&query, FETCHED_DIGEST_BYTES, FETCHED_DIGEST_BYTES);
	state = db_i64(&query, 0, SEEN_LOST);
	r = db_row(&query);
	if (r == 0 && state == SEEN_LOST && slice_is(digest,
	    slice_of(taken->digest, FETCHED_DIGEST_BYTES))) {
		taken->has_id = true;
		taken->id = id;
	}
	return r;
}

static struct ledger_taken *
taken_new(const struct fetched *fetched, const struct listing *listing,
    const struct row *row)
{
	struct ledger_taken *taken;

	taken = calloc(1, sizeof(*taken) + row->uidl.len);
	if (taken == NULL)
		return NULL;
	taken->account = fetched->account;
	taken->number = fetched->number;
	taken->serial = listing->serial;
	taken->bytes = row->bytes;
	taken->entry = row->entry;
	memcpy(taken->header, fetched->header_digest, FETCHED_DIGEST_BYTES);
	memcpy(taken->digest, fetched->digest, FETCHED_DIGEST_BYTES);
	taken->uidl_len = row->uidl.len;
	if (row->uidl.len > 0)
		memcpy(taken->uidl, row->uidl.at, row->uidl.len);
	return taken;
}

/* Is it here already?  -EEXIST then; 0 otherwise, or -errno. */
static int
settle_doubt(struct ledger *ledger, const struct ledger_taken *taken,
    struct message_id *id_out)
{
	struct message_id id;
	int64_t entry = 0;
	int r = ledger_flush(ledger);

	if (r == 0)
		r = find_twin(ledger, taken, &entry, &id);
	if (r <= 0)
		return r;
	r = stand_for(ledger, taken, entry);
	if (r < 0)
		return r;
	*id_out = id;
	return -EEXIST;
}

int
ledger_take(struct ledger *ledger, const void *from,
    const struct fetched *fetched, struct ledger_taken **taken_out,
    struct message_id *id_out)
{
	struct ledger_taken *taken = NULL;
	struct listing *listing;
	struct db_query query;
	struct row row = { 0 };
	int r;

	r = ledger_listing_of(ledger, from, fetched->account, &listing);
	if (r < 0)
		return r;
	query = db_ask(ledger->db, LEDGER_ROW);
	db_put_u64(&query, fetched->account);
	db_put_i64(&query, fetched->number);
	r = read_row(&query, &row);
	if (r == 0 && row.part != LISTING_TAKE)
		r = -ESRCH;
	if (r == 0)
		taken = taken_new(fetched, listing, &row);
	db_end(&query);
	if (r < 0)
		return r;
	if (taken == NULL)
		return -ENOMEM;
	if (row.is_doubted)
		r = settle_doubt(ledger, taken, id_out);
	if (r == 0 && taken->entry != 0)
		r = remember_id(ledger, taken);
	if (r == 0)
		r = set_part(ledger, taken, ROW_TAKING);
	if (r < 0) {
		free(taken);
		return r;
	}
	TAILQ_INSERT_TAIL(&ledger->under_way, taken, next);
	*taken_out = taken;
	return 0;
}

struct slice
ledger_taken_uidl(const struct ledger_taken *taken)
{
	return slice_of(taken->uidl, taken->uidl_len);
}

uint64_t
ledger_taken_bytes(const struct ledger_taken *taken)
{
	return taken->bytes;
}

const struct message_id *
ledger_taken_id(const struct ledger_taken *taken)
{
	return taken->has_id ? &taken->id : NULL;
}

int
ledger_found(struct ledger *ledger, struct ledger_taken *taken)
{
	int r = stand_for(ledger, taken, taken->entry);

	if (r < 0)
		return r;
	TAILQ_REMOVE(&ledger->under_way, taken, next);
	free(taken);
	return 0;
}

void
ledger_untake(struct ledger *ledger, struct ledger_taken *taken)
{
	if (taken == NULL)
		return;
	/* a row that stays as it is waits for the next listing */
	if (listing_of(ledger, taken) != NULL)
		(void)set_part(ledger, taken, LISTING_TAKE);
	TAILQ_REMOVE(&ledger->under_way, taken, next);
	free(taken);
}

/* --- its entry ---------------------------------------------------------- */

static int
put(struct ledger *ledger, const struct ledger_taken *taken)
{
	struct db_query query = db_ask(ledger->db, LEDGER_PUT);

	db_put_u64(&query, taken->account);
	db_put_blob(&query, ledger_taken_uidl(taken));
	db_put_u64(&query, taken->bytes);
	db_put_blob(&query, slice_of(taken->header, FETCHED_DIGEST_BYTES));
	db_put_blob(&query, slice_of(taken->digest, FETCHED_DIGEST_BYTES));
	db_put_blob(&query, slice_of(taken->id.bytes, MESSAGE_ID_BYTES));
	db_put_u64(&query, taken->owner);
	db_put_u64(&query, taken->position);
	db_put_i64(&query, taken->stored_utc_ms);
	return db_run(&query);
}

static int
put_row(struct ledger *ledger, const struct ledger_taken *taken)
{
	struct listing *listing = listing_of(ledger, taken);
	struct db_query query;

	if (listing == NULL)
		return 0;
	listing->is_stale = true;
	query = db_ask(ledger->db, LEDGER_ROW_STORED);
	db_put_u64(&query, taken->account);
	db_put_i64(&query, taken->number);
	db_put_blob(&query, slice_of(taken->id.bytes, MESSAGE_ID_BYTES));
	return db_run(&query);
}

/* Fill in what the record says of it. */
static void
describe(struct ledger_taken *taken, const struct envelope *env,
    uint64_t position)
{
	taken->id = env->id;
	taken->owner = env->recipients[0].account & INT64_MAX;
	taken->position = position;
	taken->stored_utc_ms = env->received_at_utc_ms;
}

int
ledger_flush(struct ledger *ledger)
{
	struct ledger_taken *taken;
	int r;

	if (TAILQ_EMPTY(&ledger->waiting))
		return 0;
	r = db_begin(ledger->db);
	TAILQ_FOREACH(taken, &ledger->waiting, next) {
		if (r == 0)
			r = put(ledger, taken);
		if (r == 0)
			r = put_row(ledger, taken);
	}
	r = ledger_finish(ledger, r, false);
	if (r < 0) {
		log_say("ledger.db cannot be written: %s; nothing is "
		    "collected until it can", strerror(-r));
		timer_set(ledger->timer, FLUSH_AGAIN_MS);
		return r;
	}
	timer_stop(ledger->timer);
	while ((taken = TAILQ_FIRST(&ledger->waiting)) != NULL) {
		if (taken->position > ledger->highest)
			ledger->highest = taken->position;
		TAILQ_REMOVE(&ledger->waiting, taken, next);
		free(taken);
	}
	return 0;
}

void
ledger_stored(struct ledger *ledger, struct ledger_taken *taken,
    const struct envelope *env, uint64_t position)
{
	describe(taken, env, position);
	TAILQ_REMOVE(&ledger->under_way, taken, next);
	TAILQ_INSERT_TAIL(&ledger->waiting, taken, next);
	if (!timer_is_set(ledger->timer))
		timer_set(ledger->timer, FLUSH_MS);
}

int
ledger_replay(struct ledger *ledger, const struct envelope *env,
    uint64_t position)
{
	const struct fetched *fetched = &env->fetched;
	const struct listing none = { 0 };
	const struct row row = { .bytes = fetched->listed_bytes,
	    .uidl = fetched->uidl };
	struct ledger_taken *taken = taken_new(fetched, &none, &row);
	int r;

	if (taken == NULL)
		return -ENOMEM;
	describe(taken, env, position);
	r = db_begin(ledger->db);
	if (r == 0)
		r = put(ledger, taken);
	free(taken);
	if (r < 0)
		db_rollback(ledger->db);
	else if (position > ledger->highest)
		ledger->highest = position;
	return r;
}
