/*
 * take.c - which messages are asked for, and when
 *
 * take_turn() says what may be said: RETRs as far as window and space reach.
 * What it says of each is heard here and handed to incoming.c.
 */
#include "fetch/collect_inside.h"

/*
 * Listed, of RETRs under way: large messages, which come last, follow each
 * other as well.  None of it is memory: one comes at a time, into the hub.
 */
#define WINDOW_BYTES	(8u << 20)

static void	take_turn(struct collect *);

bool
take_is_in_transit(const struct collect *collect)
{
	const struct conversation *conversation = collect->conversation;

	return conversation->take.count > 0 ||
	    conversation->incoming != NULL || doubt_is_waiting(collect) ||
	    parcels_pending(collect) > 0;
}

void
take_pause(struct collect *collect, struct slice words)
{
	collect->conversation->take.paused = true;
	collect_note(collect, FETCH_END_PAUSED, false, words);
}

void
take_close(struct collect *collect, struct slice words)
{
	struct conversation *conversation = collect->conversation;

	conversation->take.paused = true;
	collect_note(collect, FETCH_END_LINE, false, words);
	if (resume_may_cut(collect) ||
	    (conversation->incoming == NULL && conversation->take.count > 0))
		collect_end(collect, FETCH_END_LINE, false, words);
	else
		conversation_turn(collect);
}

/* One message */

static struct retr *
window_at(struct take *take, unsigned i)
{
	return &take->ring[(take->first + i) % PROTOCOL_WINDOW];
}

/* Out of the window: the first, but where answers overtake each other. */
static struct retr
window_shift(struct take *take, uint32_t number)
{
	struct retr retr;
	unsigned i = 0;

	while (i + 1 < take->count && window_at(take, i)->number != number)
		i++;
	retr = *window_at(take, i);
	for (; i > 0; i--)
		*window_at(take, i) = *window_at(take, i - 1);
	take->first = (take->first + 1) % PROTOCOL_WINDOW;
	take->count--;
	take->listed -= retr.listed;
	return retr;
}

static void
on_retr(void *arg, uint32_t number, bool ok, struct slice words)
{
	struct collect *collect = arg;
	struct retr retr = window_shift(&collect->conversation->take, number);

	(void)words;
	doubt_confirm(collect);
	if (ok && conversation_is_open(collect) && !resume_is_right(collect,
	    retr.half, collect->conversation->arrival.from)) {
		space_put(collect, retr.space);
		return;
	}
	/* on the way out nothing is begun: what comes goes nowhere */
	if (ok && conversation_is_open(collect) &&
	    incoming_begin(collect, &retr) == 0)
		return;
	space_put(collect, retr.space);
	/* it is gone, or the server gives nothing but all of a message */
	if (!ok && retr.half > 0 && conversation_is_open(collect) &&
	    !resume_is_right(collect, retr.half, 0))
		return;
	if (ok && conversation_is_open(collect))
		collect_break(collect, FETCH_END_LOCAL, "out of memory");
	else if (retr.again)
		doubt_refused(collect);
	else
		collect->outcome.left++;
}

static void
on_retr_part(void *arg, uint32_t number, struct slice s)
{
	const struct collect *collect = arg;

	(void)number;
	incoming_add(arg, s, collect->protocol->mend(collect));
}

static void
on_retr_end(void *arg, uint32_t number,
    const struct mended *mended)
{
	struct collect *collect = arg;

	(void)number;
	incoming_end(arg, mended);
	collect_progress(arg);
	if (collect->is_pausing && conversation_is_open(collect))
		take_close(collect, slice_str(""));
}

static const struct heard heard_retr = {
	.status = on_retr, .part = on_retr_part, .end = on_retr_end
};

/* The window */

static bool
window_takes(const struct take *take, uint64_t listed)
{
	return take->count == 0 || (listed <= WINDOW_BYTES &&
	    take->listed <= WINDOW_BYTES - listed);
}

/* Where nothing else is to be said, this tells whether it is in step. */
static void
on_noop(void *arg, uint32_t number, bool ok, struct slice words)
{
	(void)number;
	(void)ok;
	(void)words;
	doubt_confirm(arg);
}

static const struct heard heard_noop = { .status = on_noop };

/* Say RETR, if space and window allow. */
static bool
retr_say(struct collect *collect, const struct listed *row, bool again)
{
	uint64_t half = again ? 0 : resume_from(collect, row);
	uint64_t listed = row->bytes;
	struct take *take = &collect->conversation->take;
	const struct protocol *protocol = collect->protocol;
	uint64_t space = space_for(collect, listed);

	if (protocol->room(collect) == 0 || take->count == PROTOCOL_WINDOW ||
	    ((again || doubt_is_lock_step(collect)) &&
	    protocol->under_way(collect) > 0) ||
	    !window_takes(take, listed) || !space_take(collect, space))
		return false;
	take->ring[(take->first + take->count++) % PROTOCOL_WINDOW] =
	    (struct retr){ row->number, again, listed, space, half };
	take->listed += listed;
	/* one byte more than there are: there must not be one */
	if (half > 0)
		protocol->rest(collect, row->number, half, listed - half + 1,
		    &heard_retr);
	else
		protocol->message(collect, row->number, &heard_retr);
	return true;
}

/*
 * The one in doubt goes before all others, and when all of them are through: an
 * answer too many is seen then.
 */
static void
say_again(struct collect *collect)
{
	struct doubt *doubt = &collect->conversation->doubt;
	const struct parcel *first = doubt->first;
	const struct listed row = { .number = first->number,
	    .bytes = first->listed };

	if (doubt->asked_again ||
	    collect->protocol->under_way(collect) > 0)
		return;
	if (first->listed == 0) {
		doubt->is_last = true;	/* NOOP does as well */
		return;
	}
	doubt->asked_again = retr_say(collect, &row, true);
	if (!doubt->asked_again)
		space_want(collect, space_for(collect, first->listed));
}

bool
take_is_left(struct collect *collect, const struct listed *row)
{
	struct fetch_outcome *outcome = &collect->outcome;

	if (collect_is_passed(collect, row))
		return true;
	if (collect->protocol->leaves == NULL ||
	    !collect->protocol->leaves(collect, row->number))
		return false;
	outcome->waiting--;
	outcome->waiting_bytes -= row->bytes;
	return true;
}

/*
 * Submit its note instead of it, if space allows and nothing is in doubt.  The
 * row is consumed before that: submitting may begin another turn.
 */
static bool
note_say(struct collect *collect, const struct before_row *row)
{
	uint64_t bytes = row->note->bytes.len;
	struct parcel *parcel;

	if (collect->conversation->doubt.first != NULL ||
	    !space_take(collect, bytes))
		return false;
	parcel = parcel_note(collect, &row->row, row->note);
	if (parcel == NULL) {
		space_put(collect, bytes);
		collect_break(collect, FETCH_END_LOCAL, "out of memory");
		return false;
	}
	before_next(collect);
	parcel_submit(collect, parcel);
	return true;
}

static bool
row_say(struct collect *collect, const struct before_row *row)
{
	if (row->state == BEFORE_NOTE)
		return note_say(collect, row);
	if (!retr_say(collect, &row->row, false))
		return false;
	before_next(collect);
	return true;
}

static void
say_more(struct collect *collect)
{
	const struct before_row *row;

	while ((row = before_row(collect)) != NULL && row_say(collect, row))
		;
	space_ahead(collect);
}

static void
say_noop(struct collect *collect)
{
	struct doubt *doubt = &collect->conversation->doubt;

	if (doubt->asked_noop || !conversation_is_open(collect) ||
	    collect->protocol->under_way(collect) > 0)
		return;
	doubt->asked_noop = true;
	collect->protocol->ping(collect, &heard_noop);
}

static void
take_turn(struct collect *collect)
{
	struct conversation *conversation = collect->conversation;
	struct take *take = &conversation->take;

	if (!take_is_in_transit(collect))
		conversation->space.starved = false;
	if (take->paused)
		;	/* what is under way is finished */
	else if (conversation->doubt.first != NULL &&
	    !doubt_is_waiting(collect))
		say_again(collect);
	else
		say_more(collect);
	if (doubt_is_waiting(collect))
		say_noop(collect);
	if (!conversation_is_open(collect) || conversation->space.asked ||
	    take_is_in_transit(collect) || before_is_asking(collect) ||
	    (!take->paused && !before_is_over(collect)))
		return;
	if (conversation->doubt.first != NULL) {
		if (take->paused)
			doubt_settle(collect);	/* then there is another turn */
	} else if (spares_are_told(collect)) {
		step_delete(collect);
	}
}

void
step_take(struct collect *collect)
{
	collect_stage(collect, FETCH_STAGE_TAKING);
	collect->conversation->turn = take_turn;
	listing_page_begin(collect, LISTING_TAKE);
	take_turn(collect);
}

void
take_cut(struct collect *collect)
{
	struct take *take = &collect->conversation->take;

	incoming_drop(collect);
	while (take->count > 0)
		space_put(collect, window_shift(take, window_at(take, 0)->number).space);
	doubt_settle(collect);
}
