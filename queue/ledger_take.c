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

/* Submission */

int
ledger_entry_read(struct db_query *query, struct entry *entry_out)
{
	*entry_out = (struct entry){ .seq = db_i64(query, 1, INT64_MAX),
	    .uidl_class = NO_CLASS };
	entry_out->bytes = db_u64(query, 0, INT64_MAX);
	entry_out->state = (unsigned)db_i64(query, SEEN_STORED, SEEN_LOST) & 7;
	entry_out->has_id = db_i64(query, 0, 1) == 1;
	entry_out->stored_utc_ms = db_i64(query, INT64_MIN, INT64_MAX);
	entry_mark(entry_out, db_i64(query, MARK_NONE, MARK_COUNT - 1));
	entry_out->is_unwanted = db_i64(query, 0, 1) == 1;
	return db_row(query);
}

/* From now on that row of the listing stands for the entry, as it is now. */
static int
note_row(struct listing *listing, uint32_t number, const struct entry *entry)
{
	struct row *row = listing_row(listing, number);
	struct entry *loaded = listing_loaded(listing, entry->seq);
	struct entry now = *entry;
	uint32_t index;
	int r;

	if (row == NULL)
		return -EBADMSG;
	now.uidl_class = row->uidl_class;
	now.has_header = true;
	if (loaded != NULL) {
		index = (uint32_t)(loaded - listing->entries);
		*loaded = now;
	} else {
		r = listing_add_entry(listing, &now, &index);
		if (r < 0)
			return r;
	}
	listing_stand(listing, row, index);
	row->part = ROW_KNOWN;
	row->doubt = false;
	listing->is_stale = true;
	return 0;
}

/* What is known of `id` goes to the row.  0 or -errno. */
static int
note_id(struct ledger *ledger, struct listing *listing, uint32_t number,
    const struct message_id *id)
{
	DB_QUERY_AUTO query = db_ask(ledger->db, LEDGER_ENTRY_OF);
	struct entry entry;
	int r;

	db_put_blob(&query, slice_of(id->bytes, MESSAGE_ID_BYTES));
	r = db_next(&query);
	if (r <= 0)
		return r < 0 ? r : -EUCLEAN;
	r = ledger_entry_read(&query, &entry);
	return r < 0 ? r : note_row(listing, number, &entry);
}

/* From now on the row stands for that entry, which is here.  FULL. */
static int
stand_for(struct ledger *ledger, const struct ledger_taken *taken,
    int64_t entry, const struct message_id *id)
{
	struct db_query query;
	struct listing *listing = listing_of(ledger, taken);
	int r = db_begin(ledger->db);

	if (r < 0)
		return r;
	query = db_ask(ledger->db, LEDGER_ENTRY_IS);
	db_put_i64(&query, entry);
	db_put_blob(&query, ledger_taken_uidl(taken));
	db_put_u64(&query, taken->bytes);
	db_put_i64(&query, clock_utc_ms());
	db_put_i64(&query, taken->mark);
	r = ledger_finish(ledger, db_run(&query), true);
	if (r == 0 && listing != NULL)
		r = note_id(ledger, listing, taken->number, id);
	return r;
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

/* Has `listing` a row that stands for it? */
static bool
stands(const struct listing *listing, const struct entry *entry)
{
	const struct entry *loaded = listing_loaded(listing, entry->seq);

	if (loaded != NULL)
		return loaded->stands;
	/* one that came since stands for its row; one that is GONE for none */
	return entry->state != SEEN_GONE;
}

/* The entry with these very bytes that no row stands for: 1, 0, -errno. */
static int
find_twin(struct ledger *ledger, const struct listing *listing,
    const struct ledger_taken *taken, int64_t *entry_out,
    struct message_id *id_out)
{
	DB_QUERY_AUTO query = db_ask(ledger->db, LEDGER_TWIN);
	struct entry entry;
	int r;

	db_put_u64(&query, taken->account);
	db_put_u64(&query, taken->bytes);
	db_put_blob(&query, slice_of(taken->digest, FETCHED_DIGEST_BYTES));
	while ((r = db_next(&query)) == 1) {
		r = ledger_entry_read(&query, &entry);
		*id_out = id_of(&query);
		if (r == 0)
			r = db_row(&query);
		if (r < 0)
			return r;
		if (stands(listing, &entry))
			continue;
		*entry_out = entry.seq;
		return 1;
	}
	return r;
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

void
ledger_taken_free(struct ledger_taken *taken)
{
	if (taken == NULL)
		return;
	free(taken->claimants);
	free(taken);
}

static struct ledger_taken *
taken_new(const struct fetched *fetched, struct slice uidl, uint64_t bytes)
{
	struct ledger_taken *taken = calloc(1, sizeof(*taken) + uidl.len);

	if (taken == NULL)
		return NULL;
	taken->account = fetched->listing;
	taken->has_identity = fetched->has_identity;
	memcpy(taken->identity, fetched->identity, FETCHED_DIGEST_BYTES);
	taken->number = fetched->number;
	taken->bytes = bytes;
	taken->mark = (fetched->mended & FETCHED_NOTE) != 0 ? MARK_NOTE :
	    (fetched->mended & FETCHED_PLACE) != 0 ? MARK_PLACE :
	    (fetched->mended & FETCHED_SHORT) != 0 ? MARK_SHORT : MARK_NONE;
	memcpy(taken->header, fetched->header_digest, FETCHED_DIGEST_BYTES);
	memcpy(taken->digest, fetched->digest, FETCHED_DIGEST_BYTES);
	taken->uidl_len = uidl.len;
	if (uidl.len > 0)
		memcpy(taken->uidl, uidl.at, uidl.len);
	return taken;
}

/* Is it here already?  -EEXIST then; 0 otherwise, or -errno. */
static int
settle_doubt(struct ledger *ledger, const struct listing *listing,
    const struct ledger_taken *taken, struct message_id *id_out)
{
	struct message_id id;
	int64_t entry = 0;
	int r = ledger_flush(ledger);

	if (r == 0)
		r = find_twin(ledger, listing, taken, &entry, &id);
	if (r <= 0)
		return r;
	r = stand_for(ledger, taken, entry, &id);
	if (r < 0)
		return r;
	*id_out = id;
	return -EEXIST;
}

/* The row of a submission: 0, -EBADMSG, -ESRCH. */
static int
find_row(struct ledger *ledger, const void *from,
    const struct fetched *fetched, struct listing **listing_out,
    struct row **row_out)
{
	int r = ledger_listing_of(ledger, from, fetched->listing, listing_out);

	if (r < 0)	/* none, or it is being decided anew */
		return -ESRCH;
	*row_out = listing_row(*listing_out, fetched->number);
	if (*row_out == NULL)
		return -EBADMSG;
	return (*row_out)->part == LISTING_TAKE &&
	    (*listing_out)->is_decided ? 0 : -ESRCH;
}

int
ledger_row_bytes(struct ledger *ledger, const void *from,
    const struct fetched *fetched, uint64_t *bytes_out)
{
	struct listing *listing;
	struct row *row;
	int r = find_row(ledger, from, fetched, &listing, &row);

	if (r == 0)
		*bytes_out = row->bytes;
	return r;
}

int
ledger_take(struct ledger *ledger, const void *from,
    const struct fetched *fetched, struct ledger_taken **taken_out,
    struct message_id *id_out)
{
	struct ledger_taken *taken;
	struct listing *listing;
	struct row *row;
	int r = find_row(ledger, from, fetched, &listing, &row);

	if (r < 0)
		return r;
	taken = taken_new(fetched, listing_uidl(listing, row), row->bytes);
	if (taken == NULL)
		return -ENOMEM;
	taken->serial = listing->serial;
	taken->is_domain = listing->is_domain;
	if (row->entry != 0)
		taken->entry = listing->entries[row->entry - 1].seq;
	if (row->doubt)
		r = settle_doubt(ledger, listing, taken, id_out);
	if (r == 0 && taken->entry != 0)
		r = remember_id(ledger, taken);
	if (r < 0) {
		ledger_taken_free(taken);
		return r;
	}
	row->part = ROW_TAKING;
	TAILQ_INSERT_TAIL(&ledger->under_way, taken, next);
	*taken_out = taken;
	return 0;
}

int
ledger_note_known(struct ledger *ledger, struct ledger_taken *taken)
{
	struct listing *listing = listing_of(ledger, taken);
	int r = 0;

	if (listing != NULL)
		r = note_id(ledger, listing, taken->number, &taken->id);
	if (r < 0)
		return r;
	TAILQ_REMOVE(&ledger->under_way, taken, next);
	ledger_taken_free(taken);
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

bool
ledger_taken_is_domain(const struct ledger_taken *taken)
{
	return taken->is_domain;
}

const struct message_id *
ledger_taken_id(const struct ledger_taken *taken)
{
	return taken->has_id ? &taken->id : NULL;
}

int
ledger_found(struct ledger *ledger, struct ledger_taken *taken)
{
	int r = stand_for(ledger, taken, taken->entry, &taken->id);

	if (r < 0)
		return r;
	TAILQ_REMOVE(&ledger->under_way, taken, next);
	ledger_taken_free(taken);
	return 0;
}

void
ledger_untake(struct ledger *ledger, struct ledger_taken *taken)
{
	struct listing *listing;
	struct row *row = NULL;

	if (taken == NULL)
		return;
	listing = listing_of(ledger, taken);
	if (listing != NULL)
		row = listing_row(listing, taken->number);
	if (row != NULL && row->part == ROW_TAKING)
		row->part = LISTING_TAKE;
	TAILQ_REMOVE(&ledger->under_way, taken, next);
	ledger_taken_free(taken);
}

/* Its entry */

int
ledger_put(struct ledger *ledger, const struct ledger_taken *taken)
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
	db_put_i64(&query, taken->mark);
	db_put_i64(&query, taken->is_alone);
	return db_run(&query);
}

/* What stood for it until it came is GONE. */
static int
unplace(struct ledger *ledger, const struct ledger_taken *taken)
{
	struct db_query query = db_ask(ledger->db, LEDGER_UNPLACE);

	db_put_u64(&query, taken->account);
	db_put_blob(&query, ledger_taken_uidl(taken));
	db_put_blob(&query, slice_of(taken->header, FETCHED_DIGEST_BYTES));
	db_put_i64(&query, clock_utc_ms());
	return db_run(&query);
}

/* The entry, and who has it from now on. */
static int
write_stored(struct ledger *ledger, const struct ledger_taken *taken)
{
	int r = taken->mark == MARK_PLACE ? 0 : unplace(ledger, taken);

	if (r == 0)
		r = ledger_put(ledger, taken);

	return r < 0 ? r : ledger_claim(ledger, taken);
}

/* Fill in what the record says of it. */
static void
describe(struct ledger_taken *taken, const struct envelope *env,
    uint64_t position)
{
	taken->id = env->id;
	taken->owner = env->recipients[0].account & INT64_MAX;
	taken->is_alone = true;
	for (size_t i = 1; i < env->recipient_count; i++)
		if (env->recipients[i].account != env->recipients[0].account)
			taken->is_alone = false;
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
	TAILQ_FOREACH(taken, &ledger->waiting, next)
		if (r == 0)
			r = write_stored(ledger, taken);
	r = ledger_finish(ledger, r, false);
	if (r < 0) {
		log_say("ledger.db cannot be written: %s; nothing is "
		    "collected until it can", strerror(-r));
		timer_set(ledger->timer, FLUSH_AGAIN_MS);
		return r;
	}
	timer_stop(ledger->timer);
	while ((taken = TAILQ_FIRST(&ledger->waiting)) != NULL) {
		struct listing *listing = listing_of(ledger, taken);

		/* a row that is not noted is neither taken nor deleted now */
		if (listing != NULL)
			(void)note_id(ledger, listing, taken->number,
			    &taken->id);
		if (taken->position > ledger->highest)
			ledger->highest = taken->position;
		TAILQ_REMOVE(&ledger->waiting, taken, next);
		ledger_taken_free(taken);
	}
	return 0;
}

void
ledger_stored(struct ledger *ledger, struct ledger_taken *taken,
    const struct envelope *env, bool is_held, uint64_t position)
{
	describe(taken, env, position);
	/* without memory for it a second copy is delivered, not lost */
	if (ledger_claimants(taken, env, is_held) < 0)
		log_say("out of memory: who has a message is not noted");
	TAILQ_REMOVE(&ledger->under_way, taken, next);
	TAILQ_INSERT_TAIL(&ledger->waiting, taken, next);
	if (!timer_is_set(ledger->timer))
		timer_set(ledger->timer, FLUSH_MS);
}

/*
 * A record names the folder, as numbers may have been given anew; whose the
 * account is, the keeper says at the next listing.
 */
static int
find_folder(struct ledger *ledger, const struct fetched *fetched,
    struct ledger_taken *taken)
{
	if (fetched->folder.len == 0) {
		taken->account = fetched->account;
		return 0;
	}
	return ledger_folder_give(ledger, fetched->account, fetched->folder,
	    &taken->account);
}

int
ledger_taken_of(struct ledger *ledger, const struct envelope *env,
    bool is_held, uint64_t position, struct ledger_taken **taken_out)
{
	const struct fetched *fetched = &env->fetched;
	struct ledger_taken *taken = taken_new(fetched, fetched->uidl,
	    fetched->listed_bytes);
	int r;

	*taken_out = NULL;
	if (taken == NULL)
		return -ENOMEM;
	describe(taken, env, position);
	r = ledger_claimants(taken, env, is_held);
	if (r == 0)
		r = find_folder(ledger, fetched, taken);
	if (r == 0)
		*taken_out = taken;
	else
		ledger_taken_free(taken);
	return r;
}

int
ledger_replay(struct ledger *ledger, const struct envelope *env, bool is_held,
    uint64_t position)
{
	struct ledger_taken *taken;
	int r = ledger_taken_of(ledger, env, is_held, position, &taken);

	if (r < 0)
		return r;
	r = db_begin(ledger->db);
	if (r == 0)
		r = write_stored(ledger, taken);
	ledger_taken_free(taken);
	if (r < 0)
		db_rollback(ledger->db);
	else if (position > ledger->highest)
		ledger->highest = position;
	return r;
}
