/*
 * hold_scene.h - a conductor with messages that are held
 */
#ifndef TESTS_UNIT_QUEUE_HOLD_SCENE_H
#define TESTS_UNIT_QUEUE_HOLD_SCENE_H

#include "queue/held_link.h"
#include "queue/hold.h"
#include "tests/unit/queue/stage.h"

static struct stage stage;
static struct message_id id;		/* of the message held last */

/* A conductor with nothing in it, at a time of our own. */
static inline void
set_up(void)
{
	clock_set(1000000, 1795000000000);
	stage_new(&stage);
	stage_open(&stage);
}

/* The stage with all that stands on it. */
static inline void
tear_down(void)
{
	stage_drop(&stage);
}

/* Wait until nothing is being written. */
static inline void
quiet(void)
{
	for (unsigned i = 0; i < 4000 && stage.conductor->keepings > 0; i++)
		stage_run(&stage, 1);
	ck_assert_uint_eq(stage.conductor->keepings, 0);
}

/* Judge and receive what was submitted last. */
static inline void
hold_it(enum verdict_action action)
{
	size_t n = stage_count(&stage, STAGE_JUDGE) - 1;
	size_t answered = stage_count(&stage, STAGE_ANSWER);

	id = stage_call(&stage, STAGE_JUDGE, n)->id;
	stage_judge(&stage, n, action);
	stage_wait(&stage, STAGE_ANSWER, answered + 1);
}

/* Take on a message full of `fill`, for ann or for both, and judge it so. */
static inline void
hold(char fill, enum verdict_action action, bool to_ben)
{
	ck_assert_int_eq(stage_submit(&stage, &stage, fill, 100, to_ben), 0);
	hold_it(action);
	quiet();
}

/* The same of one that is big, for ann. */
static inline void
hold_big(void)
{
	ck_assert_int_eq(stage_submit_big(&stage, &stage, 200000, 200000,
	    false), 0);
	hold_it(VERDICT_HOLD);
	quiet();
}

/* The postmaster releases the one that was held last, for all. */
static inline int
release(void)
{
	return conductor_hold_release(stage.conductor, &id,
	    slice_str("postmaster"), 0, slice_of(NULL, 0));
}

/* Rows that a walk told. */
static struct {
	unsigned	 count, quarantined, damaged;
	struct message_id last;
	char		 words[512], told[512], link[HELD_LINK_CHARS + 1];
	bool		 may_take;
	uint32_t	 number;
} seen;

/* Keep the row in seen. */
static inline int
on_row(void *arg, const struct hold_row *row)
{
	(void)arg;
	seen.count++;
	seen.quarantined += row->is_quarantined;
	seen.damaged += row->is_damaged;
	seen.last = row->id;
	(void)snprintf(seen.words, sizeof(seen.words),
	    "%.*s|%.*s|%.*s|%.*s|%llu", SLICE_FMT(row->reason),
	    SLICE_FMT(row->sender), SLICE_FMT(row->recipients),
	    SLICE_FMT(row->source), (unsigned long long)row->bytes);
	ck_assert_int_eq(slice_cstr(row->told, seen.told, sizeof(seen.told)),
	    0);
	ck_assert_int_eq(slice_cstr(row->link, seen.link, sizeof(seen.link)),
	    0);
	seen.may_take = row->may_take;
	seen.number = row->number;
	return 0;
}

/* How many rows there are; the last of them is in seen. */
static inline unsigned
list(enum hold_which which, const struct message_id *above, unsigned most)
{
	memset(&seen, 0, sizeof(seen));
	ck_assert_int_eq(conductor_hold_each(stage.conductor, which, above,
	    most, on_row, NULL), 0);
	return seen.count;
}

#define DAY_MS INT64_C(86400000)

/* The clock goes on, and the conductor looks at what has ended. */
static inline void
days_pass(int64_t days)
{
	clock_set(clock_ms() + (uint64_t)(days * DAY_MS),
	    clock_utc_ms() + days * DAY_MS);
	conductor_hold_look(stage.conductor);
}

/* What there is to tell the first account above that one. */
static inline struct held_news
news(uint64_t above)
{
	struct held_news found;

	memset(&seen, 0, sizeof(seen));
	ck_assert_int_eq(conductor_held_news(stage.conductor, above, &found,
	    on_row, NULL), 0);
	ck_assert_uint_eq(found.count, seen.count);
	return found;
}

#endif
