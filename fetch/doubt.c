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

static void
doubt_add(struct collect *collect, struct parcel *parcel)
{
	struct doubt *doubt = &collect->conversation->doubt;

	if (doubt->first == NULL) {
		doubt->first = parcel;
		doubt->asked_again = false;
	} else if (doubt->since_count == SINCE_MOST) {
		leave(collect, parcel);
	} else {
		STAILQ_INSERT_TAIL(&doubt->since, parcel, next);
		doubt->since_count++;
	}
}

/* The one in doubt has come again. */
static void
doubt_clear(struct collect *collect, struct parcel *again)
{
	struct doubt *doubt = &collect->conversation->doubt;
	struct parcel *first = doubt->first;
	bool is_same = memcmp(first->digest, again->digest,
	    DIGEST_BYTES) == 0;

	if (!is_same && !again->is_exact) {
		parcel_drop(collect, again);
		doubt_forget(collect);
		collect_break(collect, FETCH_END_INCONSISTENT,
		    "a message came twice and differs: out of step");
		return;
	}
	doubt->first = NULL;
	doubt->estimates = is_same;
	parcel_drop(collect, first);
	parcel_submit(collect, again);
	settle_since(collect, is_same);
}

void
doubt_judge(struct collect *collect, struct parcel *parcel, bool again)
{
	const struct doubt *doubt = &collect->conversation->doubt;

	if (again && doubt->first != NULL)
		doubt_clear(collect, parcel);
	else if (!parcel->is_exact && !doubt->estimates)
		doubt_add(collect, parcel);
	else
		parcel_submit(collect, parcel);
}
