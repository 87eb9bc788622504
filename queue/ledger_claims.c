/*
 * ledger_claims.c - which recipient has which of a domain's messages (DomainPOP)
 *
 * A catch-all mailbox holds one copy for each recipient, and each copy names
 * all of them.  What the copies share is their identity (fetch/domain): with it
 * a recipient is given one, whenever and in whatever order they are collected,
 * and a second copy still reaches whom the first one did not.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "queue/ledger_inside.h"

static struct slice
identity_of(const struct ledger_taken *taken)
{
	return slice_of(taken->identity, FETCHED_DIGEST_BYTES);
}

int
ledger_claimants(struct ledger_taken *taken, const struct envelope *env,
    bool is_held)
{
	/* what is held has reached nobody yet */
	if (!taken->has_identity || is_held)
		return 0;
	taken->claimants = calloc(env->recipient_count,
	    sizeof(*taken->claimants));
	if (taken->claimants == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < env->recipient_count; i++)
		taken->claimants[i] = env->recipients[i].account & INT64_MAX;
	taken->claimant_count = env->recipient_count;
	return 0;
}

/* One more copy of it is here. */
static int
note_copy(struct ledger *ledger, const struct ledger_taken *taken)
{
	struct db_query query = db_ask(ledger->db, LEDGER_COPY);

	db_put_u64(&query, taken->account);
	db_put_blob(&query, identity_of(taken));
	db_put_blob(&query, slice_of(taken->id.bytes, MESSAGE_ID_BYTES));
	return db_run(&query);
}

int
ledger_claim(struct ledger *ledger, const struct ledger_taken *taken)
{
	int r = taken->has_identity ? note_copy(ledger, taken) : 0;

	for (size_t i = 0; r == 0 && i < taken->claimant_count; i++) {
		struct db_query query = db_ask(ledger->db, LEDGER_CLAIM);

		db_put_u64(&query, taken->account);
		db_put_blob(&query, identity_of(taken));
		db_put_u64(&query, taken->claimants[i]);
		db_put_blob(&query, slice_of(taken->id.bytes,
		    MESSAGE_ID_BYTES));
		db_put_u64(&query, taken->position);
		r = db_run(&query);
	}
	return r;
}

/* Has he it already?  1 and its id, 0, or -errno. */
static int
is_claimed(struct ledger *ledger, const struct ledger_taken *taken,
    uint64_t recipient, struct message_id *id_out)
{
	DB_QUERY_AUTO query = db_ask(ledger->db, LEDGER_CLAIMED);
	struct slice id;
	int r;

	db_put_u64(&query, taken->account);
	db_put_blob(&query, identity_of(taken));
	db_put_u64(&query, recipient);
	r = db_next(&query);
	if (r <= 0)
		return r;
	id = db_blob(&query, MESSAGE_ID_BYTES, MESSAGE_ID_BYTES);
	r = db_row(&query);
	if (r < 0)
		return r;
	memcpy(id_out->bytes, id.at, MESSAGE_ID_BYTES);
	return 1;
}

/* Another copy, whose receipt is not known yet. */
static bool
is_on_its_way(const struct ledger *ledger, const struct ledger_taken *taken)
{
	const struct ledger_taken *other;

	TAILQ_FOREACH(other, &ledger->under_way, next)
		if (other != taken && other->account == taken->account &&
		    other->has_identity && slice_is(identity_of(other),
		    identity_of(taken)))
			return true;
	return false;
}

/* Those who have it not come first; how many these are, or -errno. */
static int
order_unclaimed(struct ledger *ledger, const struct ledger_taken *taken,
    struct envelope *env, size_t *kept_out, struct message_id *id_out)
{
	size_t kept = 0;

	for (size_t i = 0; i < env->recipient_count; i++) {
		struct recipient rcpt = env->recipients[i];
		int r = is_claimed(ledger, taken, rcpt.account, id_out);

		if (r < 0)
			return r;
		if (r > 0)
			continue;
		env->recipients[i] = env->recipients[kept];
		env->recipients[kept++] = rcpt;
	}
	*kept_out = kept;
	return 0;
}

/*
 * All whom it names have it.  Are there as many copies already as people who
 * have one?  Then this one was put there for somebody whom no header names (Bcc).
 */
static int
is_surplus(struct ledger *ledger, const struct ledger_taken *taken,
    const struct envelope *env)
{
	DB_QUERY_AUTO query = db_ask(ledger->db, LEDGER_COPIES);
	int64_t is_more;
	int r;

	if (env->fetched.by_envelope)
		return 0;
	db_put_u64(&query, taken->account);
	db_put_blob(&query, identity_of(taken));
	db_put_blob(&query, slice_of(env->id.bytes, MESSAGE_ID_BYTES));
	r = db_next(&query);
	if (r <= 0)
		return r < 0 ? r : -EUCLEAN;
	is_more = db_i64(&query, 0, 1);
	r = db_row(&query);
	return r < 0 ? r : (int)is_more;
}

/* All have it: the row is known from now on.  -EEXIST, or -errno. */
static int
note_known(struct ledger *ledger, struct ledger_taken *taken,
    const struct envelope *env)
{
	int r;

	/* its entry is there, and stands for it again */
	if (taken->has_id) {
		r = ledger_found(ledger, taken);
		return r < 0 ? r : -EEXIST;
	}
	r = db_begin(ledger->db);
	if (r < 0)
		return r;
	taken->id = env->id;
	taken->owner = env->recipients[0].account & INT64_MAX;
	taken->position = 0;	/* no record stands for it */
	taken->stored_utc_ms = env->received_at_utc_ms;
	r = ledger_put(ledger, taken);
	if (r == 0)
		r = note_copy(ledger, taken);
	r = ledger_finish(ledger, r, true);
	if (r == 0)
		r = ledger_note_known(ledger, taken);
	return r < 0 ? r : -EEXIST;
}

int
ledger_unclaimed(struct ledger *ledger, struct ledger_taken *taken,
    struct envelope *env, struct message_id *id_out)
{
	size_t kept = 0;
	int r;

	if (!taken->is_domain || !taken->has_identity)
		return 0;
	if (is_on_its_way(ledger, taken))
		return -EAGAIN;
	r = ledger_flush(ledger);
	if (r == 0)
		r = order_unclaimed(ledger, taken, env, &kept, id_out);
	if (r < 0)
		return r;
	if (kept > 0) {
		env->recipient_count = kept;
		return 0;
	}
	r = is_surplus(ledger, taken, env);
	return r != 0 ? r : note_known(ledger, taken, env);
}

int
ledger_redirected(struct ledger *ledger, struct ledger_taken *taken,
    const struct envelope *env, struct message_id *id_out)
{
	int r;

	if (!taken->is_domain || !taken->has_identity)
		return 0;
	r = ledger_flush(ledger);
	if (r == 0)
		r = is_claimed(ledger, taken, env->recipients[0].account,
		    id_out);
	return r <= 0 ? r : note_known(ledger, taken, env);
}

int
ledger_released(struct ledger *ledger, const struct envelope *env,
    uint64_t position)
{
	struct ledger_taken *taken;
	int r;

	if (!env->fetched.has_identity)
		return 0;
	r = ledger_taken_of(ledger, env, false, position, &taken);
	if (r == 0)
		r = ledger_flush(ledger);
	if (r == 0)
		r = db_begin(ledger->db);
	if (r == 0)
		r = ledger_finish(ledger, ledger_claim(ledger, taken), true);
	ledger_taken_free(taken);
	return r;
}
