/*
 * conductor_replay.c - what stands in the journal when the queue starts
 *
 * What is neither settled nor kept is delivered again, and what was collected
 * has its entry in the ledger before the first listing is answered.
 */
#include <errno.h>
#include <stdlib.h>

#include "lib/base/log.h"
#include "queue/fate.h"
#include "queue/outbound.h"
#include "queue/recall.h"
#include "queue/rows_outbound.h"

struct settled_to {		/* of one account, at start */
	uint64_t	account;
	uint64_t	position;
	UT_hash_handle	hh;
};

struct replay {
	struct conductor	*conductor;
	struct settled_to	*settled;
	uint64_t		 below;		/* nothing is wanted */
	uint64_t		 position;	/* of the record being looked at */
	struct message_id	 id;		/* and its message */
	unsigned		 count;
};

static int
note_settled(void *arg, uint64_t account, uint64_t position)
{
	struct replay *replay = arg;
	struct settled_to *one = calloc(1, sizeof(*one));

	if (one == NULL)
		return -ENOMEM;
	one->account = account;
	one->position = position;
	HASH_ADD(hh, replay->settled, account, sizeof(one->account), one);
	return one->hh.tbl == NULL ? -ENOMEM : 0;
}

static bool
is_unsettled(void *arg, const struct recipient *rcpt)
{
	const struct replay *replay = arg;
	struct settled_to *one;

	if (rcpt->account == 0)		/* it leaves: has it a row? */
		return rows_outbound_is_taken(replay->conductor->rows,
		    &replay->id, replay->position) != 0;
	HASH_FIND(hh, replay->settled, &rcpt->account, sizeof(rcpt->account),
	    one);
	return one == NULL || one->position < replay->position;
}

static bool
is_wanted(const struct replay *replay, const struct envelope *env)
{
	for (size_t i = 0; i < env->recipient_count; i++)
		if (is_unsettled((void *)(uintptr_t)replay,
		    &env->recipients[i]))
			return true;
	return false;
}

/* A hold that was not written before the end is held again. */
static int
resume(struct transit *transit, struct replay *replay)
{
	struct verdict verdict;

	int r = transit->told.len > 0 ? fate_replay(transit) : 0;

	if (r < 0)
		return r;
	if (verdict_unpack(transit->packed_verdict, &verdict) < 0)
		return -EBADMSG;
	if (verdict_is_held(&verdict)) {
		keep_hold(transit);
		return 0;
	}
	if (recall_begin(transit, &verdict))
		return 0;
	return deliver_begin_some(transit, is_unsettled, replay);
}

/* Something of it is still to be done here: 1, 0, or -errno. */
static int
is_undone(struct replay *replay, const struct transit *transit)
{
	int r;

	if (replay->position < replay->below ||
	    !is_wanted(replay, &transit->env))
		return 0;
	r = rows_is_kept(replay->conductor->rows, &transit->env.id);
	/* a person has released it or deleted it: it is not held again */
	if (r == -ENOENT)
		r = rows_is_ended(replay->conductor->rows, &transit->env.id,
		    replay->position);
	return r == -ENOENT ? 1 : r;
}

/* Its entry of the ledger, as collected_received() made it. */
static int
replay_entry(struct transit *transit, uint64_t position)
{
	struct verdict verdict;
	bool is_held = verdict_unpack(transit->packed_verdict,
	    &verdict) == 0 && verdict_is_held(&verdict);

	return ledger_replay(transit->conductor->ledger, &transit->env,
	    is_held, position);
}

static int
replay_one(void *arg, const struct journal_record *record)
{
	struct replay *replay = arg;
	struct conductor *conductor = replay->conductor;
	struct transit *transit;
	int r;

	r = head_unpack(conductor, record->head, &transit);
	if (r < 0)
		return r == -EBADMSG && record->position < replay->below ?
		    0 : r;
	replay->position = record->position;
	replay->id = transit->env.id;
	/* of a clock that was put back: no name is given again */
	if (message_id_order(&record->id, &conductor->last_id) > 0)
		conductor->last_id = record->id;
	bodies_replay(transit, record->bytes, record->position);
	/* settled or not: as long as the record stands it is the entry */
	if (transit->env.source == SOURCE_FETCH)
		r = replay_entry(transit, record->position);
	if (r == 0 && record->position >= replay->below)
		r = outbound_replay(transit, record->position);
	if (r == 0)
		r = is_undone(replay, transit);
	if (r <= 0) {
		transit_free(transit);
		return r;
	}
	transit->position = record->position;
	transit->received_ms = clock_ms();
	TAILQ_INSERT_TAIL(&conductor->received, transit, next);
	conductor->moving++;
	replay->count++;
	return resume(transit, replay);
}

int
conductor_replay(struct conductor *conductor)
{
	struct replay replay = { .conductor = conductor };
	struct settled_to *one, *following;
	int r;

	r = rows_settled_below(conductor->rows, &replay.below);
	if (r == 0)
		r = rows_settled_each(conductor->rows, note_settled, &replay);
	if (r == 0)
		r = journal_replay(conductor->journal, replay_one, &replay);
	if (r == 0)
		r = ledger_replayed(conductor->ledger);
	HASH_ITER(hh, replay.settled, one, following) {
		HASH_DEL(replay.settled, one);
		free(one);
	}
	if (r == 0 && replay.count > 0)
		log_say("%u messages stand in the journal and are delivered "
		    "again", replay.count);
	return r;
}
