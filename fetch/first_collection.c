/*
 * first_collection.c - the first collection: what of the old mail is wanted
 *
 * How old a message is its newest Received line says, else its Date; one that
 * says neither is not old.
 */
#include <stdlib.h>
#include <string.h>

#include "fetch/collect_inside.h"
#include "lib/message/came.h"

/*
 * Mailboxes are in order of arrival, more or less: after so many old ones in a
 * row all that is below is old.
 */
#define OLD_ENOUGH	50
/* Asked for before it is known whether they are wanted: half a MiB at most. */
#define HEADERS_AHEAD	256
#define DAY_SECONDS	86400
#define LEAVE_BYTES	(LISTING_PAGE * 8 + 64)

static void	leave_rest(struct collect *);

static void
on_left(struct collect *collect, uint64_t bytes, struct ipc_message *message)
{
	struct unpack u;

	(void)bytes;
	collect->conversation->first.asked = false;
	conversation_hold(collect, HOLD_LEAVE, false);
	if (!conversation_is_open(collect) ||
	    !queue_listing_ok(collect, message, &u))
		return;
	if (spares_read(collect, &u))
		leave_rest(collect);
	else
		collect_break(collect, FETCH_END_LOCAL,
		    "the queue's answer cannot be read");
}

/* One at a time: the ledger takes nothing else while it notes them. */
static void
leave_send(struct collect *collect)
{
	struct first_collection *first = &collect->conversation->first;
	TEXT_AUTO body = TEXT_INIT(LEAVE_BYTES);

	pack_u64(&body, collect->conversation->listing.id);
	pack_u32(&body, first->leave_count);
	pack_bytes(&body, text_slice(&first->leave));
	text_clear(&first->leave);
	first->leave_count = 0;
	first->asked = true;
	conversation_hold(collect, HOLD_LEAVE, true);
	(void)queue_ask(collect, QUEUE_LISTING_LEAVE, &body, -1, 0, on_left);
}

/* The range of old ones at hand is over. */
static void
range_tell(struct collect *collect)
{
	struct first_collection *first = &collect->conversation->first;

	if (first->old_from == 0)
		return;
	pack_u32(&first->leave, first->old_from);
	pack_u32(&first->leave, first->old_to);
	first->old_from = first->old_to = 0;
	/* with the answer the server is heard again: so none is asked now */
	if (++first->leave_count == LISTING_PAGE)
		leave_send(collect);
}

/* All that is to be left is known: say so, then that it is all, and go on. */
static void
leave_rest(struct collect *collect)
{
	struct first_collection *first = &collect->conversation->first;

	if (!first->whole || first->asked)
		return;
	if (first->leave_count > 0) {
		leave_send(collect);
	} else if (!first->settled) {
		first->settled = true;
		leave_send(collect);
	} else {
		text_free(&first->leave);
		step_decide(collect);
	}
}

/* Nothing more is to be looked at. */
static void
conclude(struct collect *collect)
{
	collect->conversation->turn = NULL;
	range_tell(collect);
	collect->conversation->first.whole = true;
	leave_rest(collect);
}

/* The answer for a message: it is old, or it is to be taken. */
static void
judge(struct collect *collect, uint32_t number, bool is_old)
{
	struct first_collection *first = &collect->conversation->first;

	if (first->old_ones >= OLD_ENOUGH)
		return;		/* it was asked for before we knew */
	if (!is_old) {
		first->old_ones = 0;
		range_tell(collect);
		return;
	}
	/* numbers fall: the range grows downwards */
	first->old_from = number;
	if (first->old_to == 0)
		first->old_to = number;
	if (++first->old_ones == OLD_ENOUGH)
		first->old_from = 1;
}

static void
on_top(void *arg, uint32_t number, bool ok, struct slice words)
{
	struct collect *collect = arg;
	struct first_collection *first = &collect->conversation->first;

	(void)words;
	first->bytes = 0;
	first->header_len = 0;
	if (!ok)
		judge(collect, number, false);
}

static void
on_top_part(void *arg, uint32_t number, struct slice s)
{
	struct collect *collect = arg;
	struct first_collection *first = &collect->conversation->first;

	(void)number;
	if (!top_grows(collect, &first->bytes, s.len))
		return;
	s = slice_first(s, BIG_BYTES - first->header_len);
	if (s.len > 0)
		memcpy(first->header + first->header_len, s.at, s.len);
	first->header_len += s.len;
}

static void
on_top_end(void *arg, uint32_t number,
    const struct mended *mended)
{
	struct collect *collect = arg;
	struct first_collection *first = &collect->conversation->first;
	int64_t at = header_came_at(slice_of(first->header, first->header_len));

	(void)mended;
	judge(collect, number, at >= 0 && at < first->oldest_utc);
}

static const struct heard heard_top = {
	.status = on_top, .part = on_top_part, .end = on_top_end
};

/* From the newest back. */
static void
dates_turn(struct collect *collect)
{
	struct first_collection *first = &collect->conversation->first;

	while (first->next > 0 && first->old_ones < OLD_ENOUGH &&
	    collect->protocol->under_way(collect) < HEADERS_AHEAD &&
	    collect->protocol->room(collect) > 0)
		collect->protocol->header(collect,
		    collect->conversation->listing.numbers[--first->next],
		    &heard_top);
	if (collect->protocol->under_way(collect) == 0 &&
	    (first->next == 0 || first->old_ones >= OLD_ENOUGH))
		conclude(collect);
}

static void
look_at_dates(struct collect *collect)
{
	struct first_collection *first = &collect->conversation->first;

	first->header = malloc(BIG_BYTES);
	if (first->header == NULL) {
		collect_break(collect, FETCH_END_LOCAL, "out of memory");
		return;
	}
	first->next = collect->conversation->listing.told_count;
	first->oldest_utc = clock_utc_ms() / 1000 -
	    (int64_t)collect->account.from_days * DAY_SECONDS;
	collect->conversation->turn = dates_turn;
	line_bill_for(collect->bill, LINE_HEADERS);
	dates_turn(collect);
}

void
step_first(struct collect *collect)
{
	struct first_collection *first = &collect->conversation->first;
	uint32_t highest = collect->conversation->listing.told;

	if (!collect->conversation->is_first ||
	    collect->task != FETCH_COLLECT) {
		step_decide(collect);
		return;
	}
	first->leave = (struct text)TEXT_INIT(LEAVE_BYTES);
	switch (collect->account.from) {
	case FETCH_FROM_NEW:
		first->old_from = highest == 0 ? 0 : 1;
		first->old_to = highest;
		conclude(collect);
		break;
	case FETCH_FROM_DAYS:
		look_at_dates(collect);
		break;
	case FETCH_FROM_ALL:
		conclude(collect);
		break;
	default:
		collect_bye(collect, FETCH_END_UNSAID, false,
		    slice_of(NULL, 0));
		break;
	}
}
