/*
 * doubt.c - messages that have not the size they are listed with
 */
#include <string.h>

#include "fetch/collect_inside.h"

/*
 * Messages that are kept until a doubt is cleared up, each a descriptor; what
 * comes beyond that is taken another time.
 */
#define SINCE_MOST	64

/* It goes no further in this session. */
static void
leave(struct collect *collect, struct parcel *parcel)
{
	collect->outcome.left++;
	line_bill_move(collect->bill, LINE_REFETCHED, parcel->bytes);
	parcel_drop(collect, parcel);
}

/* What came since the doubt: submit it, or leave it. */
static void
settle_since(struct collect *collect, bool is_trusted)
{
	struct doubt *doubt = &collect->conversation->doubt;
	struct parcel *parcel;

	while ((parcel = STAILQ_FIRST(&doubt->since)) != NULL) {
		STAILQ_REMOVE_HEAD(&doubt->since, next);
		doubt->since_count--;
		if (is_trusted)
			parcel_submit(collect, parcel);
		else
			leave(collect, parcel);
	}
}

void
doubt_settle(struct collect *collect)
{
	struct doubt *doubt = &collect->conversation->doubt;
	struct parcel *first = doubt->first;

	settle_since(collect, false);
	doubt->first = NULL;
	if (first == NULL)
		return;
	if (first->is_short)
		parcel_submit(collect, first);
	else
		leave(collect, first);
}

void
doubt_forget(struct collect *collect)
{
	struct doubt *doubt = &collect->conversation->doubt;
	struct parcel *first = doubt->first;

	settle_since(collect, false);
	doubt->first = NULL;
	if (first != NULL)
		leave(collect, first);
}

bool
doubt_is_lock_step(const struct collect *collect)
{
	const struct doubt *doubt = &collect->conversation->doubt;

	return !collect->protocol->is_counted &&
	    (!doubt->proven || doubt->estimates);
}

bool
doubt_is_waiting(const struct collect *collect)
{
	const struct doubt *doubt = &collect->conversation->doubt;

	return doubt->first != NULL && doubt->is_last;
}

static void
doubt_add(struct collect *collect, struct parcel *parcel)
{
	struct doubt *doubt = &collect->conversation->doubt;

	if (doubt->first == NULL) {
		doubt->first = parcel;
		doubt->asked_again = doubt->asked_noop = false;
		/* a second copy of no known size would tell nothing */
		doubt->is_last = doubt->estimates || (parcel->listed == 0 &&
		    doubt_is_lock_step(collect));
	} else if (doubt->since_count == SINCE_MOST) {
		leave(collect, parcel);
	} else {
		STAILQ_INSERT_TAIL(&doubt->since, parcel, next);
		doubt->since_count++;
	}
}

/*
 * Has it its size?  A server counts line ends in one way only: otherwise a
 * sender could choose where a message is cut so that the other way fits.
 */
static bool
take_size(struct doubt *doubt, const struct parcel *parcel)
{
	unsigned exact = parcel->exact & ~doubt->not_exact;

	if (exact == 0)
		return false;
	doubt->not_exact |= ~exact;
	doubt->proven = true;
	return true;
}

/* Nothing but the next status line can tell more of it. */
static void
doubt_wait(struct collect *collect)
{
	struct doubt *doubt = &collect->conversation->doubt;

	doubt->is_last = doubt->estimates = true;
}

/* The one in doubt has come again. */
static void
doubt_clear(struct collect *collect, struct parcel *again)
{
	struct doubt *doubt = &collect->conversation->doubt;
	struct parcel *first = doubt->first;
	bool is_same = memcmp(first->digest, again->digest,
	    DIGEST_BYTES) == 0;

	if (take_size(doubt, again)) {
		doubt->first = NULL;
		parcel_drop(collect, first);
		settle_since(collect, false);
		parcel_submit(collect, again);
	} else if (is_same || doubt_is_lock_step(collect)) {
		/* one command at a time: it is this message, made anew */
		parcel_drop(collect, again);
		doubt_wait(collect);
	} else {
		parcel_drop(collect, again);
		doubt_forget(collect);
		collect->is_wary = true;
		collect_break(collect, FETCH_END_INCONSISTENT,
		    "a message came twice and differs: out of step");
	}
}

void
doubt_judge(struct collect *collect, struct parcel *parcel, bool again)
{
	struct doubt *doubt = &collect->conversation->doubt;
	/* where both ways of counting are open one fits by chance, or craft */
	bool may_be_chance = doubt->not_exact == 0 &&
	    parcel->exact == EXACT_LF;

	if (collect->protocol->is_counted) {
		parcel_submit(collect, parcel);
	} else if (again && doubt->first != NULL) {
		doubt_clear(collect, parcel);
	} else if (doubt->first != NULL || !take_size(doubt, parcel)) {
		doubt_add(collect, parcel);
	} else if (may_be_chance) {
		doubt_add(collect, parcel);
		doubt->is_last = true;
	} else {
		parcel_submit(collect, parcel);
	}
}

void
doubt_confirm(struct collect *collect)
{
	struct doubt *doubt = &collect->conversation->doubt;
	struct parcel *first = doubt->first;

	if (!doubt_is_waiting(collect))
		return;
	doubt->first = NULL;
	parcel_submit(collect, first);
	settle_since(collect, true);
}

void
doubt_refused(struct collect *collect)
{
	/* what came behind an answer that cannot be had again is not trusted */
	settle_since(collect, false);
	doubt_wait(collect);
	doubt_confirm(collect);
}

void
doubt_cut(struct collect *collect)
{
	struct doubt *doubt = &collect->conversation->doubt;

	if (doubt->first != NULL)
		parcel_cut(doubt->first);
}
