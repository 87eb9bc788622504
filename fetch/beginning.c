/*
 * beginning.c - the first collection: what of the old mail is wanted
 *
 * Its owner has said so when the account was added; where nobody has, nothing
 * is taken.  What is not wanted is told to the ledger and stays where it is for
 * ever.  How old a message is its newest Received line says, else its Date; one
 * that says neither is not old.
 */
#include <string.h>

#include "fetch/collect_inside.h"
#include "lib/message/date.h"
#include "lib/message/header.h"

/*
 * Mailboxes are in order of arrival, more or less: after so many old ones in a
 * row all that is below is old.
 */
#define OLD_ENOUGH	50
#define DAY_SECONDS	86400
#define LEAVE_BYTES	(LISTING_PAGE * 8 + 64)

static void	dates_turn(struct collect *);
static void	finish(struct collect *);

static void
on_left(struct collect *collect, const struct ask *ask,
    struct ipc_message *message)
{
	struct unpack u;

	(void)ask;
	collect->look.asks--;
	if (!collect->leaving && collect_listing_ok(collect, message, &u))
		finish(collect);
}

static void
leave_send(struct collect *collect)
{
	struct look *look = &collect->look;
	TEXT_AUTO body = TEXT_INIT(LEAVE_BYTES);

	pack_u64(&body, collect->account.id);
	pack_u32(&body, look->leave_count);
	pack_bytes(&body, text_slice(&look->leave));
	text_clear(&look->leave);
	look->leave_count = 0;
	if (collect_ask(collect, QUEUE_LISTING_LEAVE, &body, -1, NULL,
	    on_left))
		look->asks++;
}

/* The range of old ones at hand is over. */
static void
range_tell(struct collect *collect)
{
	struct look *look = &collect->look;

	if (look->old_from == 0)
		return;
	pack_u32(&look->leave, look->old_from);
	pack_u32(&look->leave, look->old_to);
	look->old_from = look->old_to = 0;
	if (++look->leave_count == LISTING_PAGE)
		leave_send(collect);
}

/* All that is to be left has been said: say so, and go on. */
static void
finish(struct collect *collect)
{
	struct look *look = &collect->look;

	if (!look->whole || look->asks > 0 || collect->ended)
		return;
	text_free(&look->leave);
	look->whole = false;
	step_decide(collect);
}

/* Nothing more is to be looked at. */
static void
conclude(struct collect *collect)
{
	collect->turn = NULL;
	range_tell(collect);
	if (collect->look.leave_count > 0)
		leave_send(collect);
	leave_send(collect);		/* none: the beginning is settled */
	collect->look.whole = true;
}

/* Seconds since 1970 when the message came there; -1: it does not say. */
static int64_t
came_at(struct slice header)
{
	struct header_field field;
	int64_t date = -1, at;

	while (header_next(&header, &field)) {
		if (slice_is_word(field.name, "Received")) {
			size_t semicolon = slice_find_last(field.value, ';');

			if (semicolon != SIZE_MAX && date_parse(slice_after(
			    field.value, semicolon + 1), &at) == 0)
				return at;
		} else if (date < 0 && slice_is_word(field.name, "Date") &&
		    date_parse(field.value, &at) == 0)
			date = at;
	}
	return date;
}

/* The answer for a message: it is old, or it is to be taken. */
static void
judge(struct collect *collect, uint32_t number, bool is_old)
{
	struct look *look = &collect->look;

	if (look->old_ones >= OLD_ENOUGH)
		return;		/* it was asked for before we knew */
	if (!is_old) {
		look->old_ones = 0;
		range_tell(collect);
		return;
	}
	/* numbers fall: the range grows downwards */
	look->old_from = number;
	if (look->old_to == 0)
		look->old_to = number;
	if (++look->old_ones == OLD_ENOUGH)
		look->old_from = 1;
}

static void
on_top(void *arg, uint32_t number, bool ok, struct slice words)
{
	(void)words;
	if (ok)
		look_begin(arg);
	else
		judge(arg, number, false);
}

static void
on_top_part(void *arg, uint32_t number, struct slice s)
{
	(void)number;
	look_part(arg, s);
}

static void
on_top_end(void *arg, uint32_t number, unsigned mended)
{
	struct collect *collect = arg;
	int64_t at = came_at(look_header(collect));

	(void)mended;
	judge(collect, number, at >= 0 && at < collect->look.oldest_utc);
}

static const struct pop3_command command_top = {
	.verb = "TOP", .after = " 0", .shape = POP3_BODY,
	.status = on_top, .part = on_top_part, .end = on_top_end
};

/* From the newest back. */
static void
dates_turn(struct collect *collect)
{
	struct look *look = &collect->look;

	if (collect->leaving || collect->ended)
		return;
	while (look->next > 0 && look->old_ones < OLD_ENOUGH &&
	    pop3_room(collect->pop3) > 0)
		pop3_say(collect->pop3, &command_top,
		    collect->listing.rows[--look->next].number);
	if (pop3_under_way(collect->pop3) == 0 &&
	    (look->next == 0 || look->old_ones >= OLD_ENOUGH))
		conclude(collect);
}

void
step_beginning(struct collect *collect)
{
	struct look *look = &collect->look;
	uint32_t highest = collect->listing.told;

	if (!collect->is_first || collect->task != FETCH_COLLECT) {
		step_decide(collect);
		return;
	}
	look->leave = (struct text)TEXT_INIT(LEAVE_BYTES);
	switch (collect->account.from) {
	case FETCH_FROM_NEW:
		look->old_from = highest == 0 ? 0 : 1;
		look->old_to = highest;
		conclude(collect);
		break;
	case FETCH_FROM_DAYS:
		look->next = collect->listing.count;
		look->oldest_utc = clock_utc_ms() / 1000 -
		    (int64_t)collect->account.from_days * DAY_SECONDS;
		collect->turn = dates_turn;
		dates_turn(collect);
		break;
	case FETCH_FROM_ALL:
		conclude(collect);
		break;
	default:
		collect_bye(collect, FETCH_END_UNSAID, slice_of(NULL, 0));
		break;
	}
}
