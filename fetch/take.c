/*
 * take.c - which messages are asked for, and when
 *
 * take_turn() says what may be said: RETRs as far as window and space reach.
 * What it says of each is heard here and handed to incoming.c.
 */
#include "fetch/collect_inside.h"

#define WINDOW_BYTES	(4u << 20)	/* listed, of RETRs under way */

static void	take_turn(struct collect *);

bool
take_is_in_transit(const struct collect *collect)
{
	const struct conversation *conversation = collect->conversation;

	return conversation->take.count > 0 ||
	    conversation->incoming != NULL || doubt_is_waiting(collect) ||
	    conversation->submissions.unanswered > 0;
}

void
take_pause(struct collect *collect, struct slice words)
{
	collect->conversation->take.paused = true;
	collect_note(collect, FETCH_END_PAUSED, false, words);
}

/* One message */

static struct retr
window_shift(struct take *take)
{
	struct retr retr = take->ring[take->first];

	take->first = (take->first + 1) % POP3_WINDOW;
	take->count--;
	take->listed -= retr.listed;
	return retr;
}

static void
on_retr(void *arg, uint32_t number, bool ok, struct slice words)
{
	struct collect *collect = arg;
	struct retr retr = window_shift(&collect->conversation->take);

	(void)number;
	(void)words;
	doubt_confirm(collect);
	/* on the way out nothing is begun: what comes goes nowhere */
	if (ok && conversation_is_open(collect) &&
	    incoming_begin(collect, &retr) == 0)
		return;
	space_put(collect, retr.space);
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
	(void)number;
	incoming_add(arg, s);
}

static void
on_retr_end(void *arg, uint32_t number,
    const struct pop3_mended *mended)
{
	(void)number;
	incoming_end(arg, mended);
	collect_progress(arg);
}

static const struct pop3_command command_retr = {
	.verb = "RETR", .shape = POP3_BODY, .status = on_retr,
	.part = on_retr_part, .end = on_retr_end
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

static const struct pop3_command command_noop = {
	.verb = "NOOP", .shape = POP3_ONE, .status = on_noop
};

/* Say RETR, if space and window allow. */
static bool
retr_say(struct collect *collect, uint32_t number, uint64_t listed, bool again)
{
	struct take *take = &collect->conversation->take;
	struct pop3 *pop3 = collect->conversation->pop3;
	uint64_t space = space_for(collect, listed);

	if (pop3_room(pop3) == 0 || take->count == POP3_WINDOW ||
	    ((again || doubt_is_lock_step(collect)) &&
	    pop3_under_way(pop3) > 0) ||
	    !window_takes(take, listed) || !space_take(collect, space))
		return false;
	take->ring[(take->first + take->count++) % POP3_WINDOW] =
	    (struct retr){ number, again, listed, space };
	take->listed += listed;
	pop3_say(pop3, &command_retr, number);
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

	if (doubt->asked_again ||
	    pop3_under_way(collect->conversation->pop3) > 0)
		return;
	if (first->listed == 0) {
		doubt->is_last = true;	/* NOOP does as well */
		return;
	}
	doubt->asked_again = retr_say(collect, first->number, first->listed,
	    true);
	if (!doubt->asked_again)
		space_want(collect, space_for(collect, first->listed));
}

static void
say_more(struct collect *collect)
{
	const struct listed *row;

	while ((row = listing_page_row(collect)) != NULL &&
	    (collect_is_passed(collect, row) ||
	    retr_say(collect, row->number, row->bytes, false)))
		listing_page_next(collect);
	space_ahead(collect);
}

static void
say_noop(struct collect *collect)
{
	struct doubt *doubt = &collect->conversation->doubt;
	struct pop3 *pop3 = collect->conversation->pop3;

	if (doubt->asked_noop || !conversation_is_open(collect) ||
	    pop3_under_way(pop3) > 0)
		return;
	doubt->asked_noop = true;
	pop3_say(pop3, &command_noop, 0);
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
	    take_is_in_transit(collect) ||
	    (!take->paused && !listing_page_is_over(collect)))
		return;
	if (conversation->doubt.first == NULL)
		step_delete(collect);
	else if (take->paused)
		doubt_settle(collect);	/* then there is another turn */
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
		space_put(collect, window_shift(take).space);
	doubt_settle(collect);
}
