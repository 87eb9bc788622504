/*
 * watches_test.c - what is watched, how long, and what new mail brings about;
 * by a clock that the tests set
 */
#include <stdlib.h>
#include <string.h>

#include "fetch/schedule.h"
#include "tests/unit/unit.h"

#define MINUTE		60000u
#define UTC		1750000000000
#define MARK		0x700000009u	/* UIDVALIDITY 7, UIDNEXT 9 */

static struct loop *loop;
static struct schedule *schedule;
static uint64_t now_ms, last_mark;
static unsigned begun, watched, unwatched;
static int watch_status;

static int
begin(void *arg, uint64_t id, uint64_t owner, enum fetch_task task,
    unsigned messages)
{
	(void)arg;
	(void)id;
	(void)owner;
	(void)messages;
	ck_assert_int_eq(task, FETCH_COLLECT);
	begun++;
	return 0;
}

static void
moved(void *arg)
{
	(void)arg;
}

static void
ended(void *arg, const struct schedule_health *health, unsigned failed_before)
{
	(void)arg;
	(void)health;
	(void)failed_before;
}

static int
watch(void *arg, uint64_t id, uint64_t owner, uint64_t mark)
{
	(void)arg;
	ck_assert_uint_eq(owner, 100 + id);
	if (watch_status < 0)
		return watch_status;
	last_mark = mark;
	watched++;
	return 0;
}

static void
unwatch(void *arg, uint64_t id, uint64_t owner)
{
	(void)arg;
	ck_assert_uint_eq(owner, 100 + id);
	unwatched++;
}

static void
pass(uint64_t ms)
{
	now_ms += ms;
	clock_set(now_ms, UTC + (int64_t)now_ms);
	schedule_tick(schedule);
}

static void
make(unsigned connections, unsigned per_host, bool watches)
{
	const struct schedule_options options = {
		.minutes = 10, .connections = connections,
		.per_host = per_host, .watches = watches
	};
	const struct schedule_ports ports = {
		.begin = begin, .moved = moved, .ended = ended,
		.watch = watch, .unwatch = unwatch
	};

	schedule_free(schedule);
	schedule = schedule_new(loop, &options, &ports);
	ck_assert_ptr_nonnull(schedule);
}

static void
setup(void)
{
	begun = watched = unwatched = 0;
	watch_status = 0;
	last_mark = 0;
	now_ms = 5000000;
	clock_set(now_ms, UTC + (int64_t)now_ms);
	loop = loop_new();
	ck_assert_ptr_nonnull(loop);
	make(100, 100, true);
}

static void
teardown(void)
{
	schedule_free(schedule);
	schedule = NULL;
	loop_free(loop);
}

/* Numbers 1 to `count`, all at one host. */
static void
tell(unsigned count, bool enabled, uint64_t changes)
{
	schedule_list_begin(schedule);
	for (unsigned i = 1; i <= count; i++) {
		const struct fetch_due due = {
			.id = i, .owner = 100 + i, .enabled = enabled,
			.changes = changes,
			.owner_address = slice_str("ann@example.org"),
			.label = slice_str("work"),
			.host = slice_str("imap.example.net")
		};

		ck_assert_int_eq(schedule_list_add(schedule, &due), 0);
	}
	schedule_list_end(schedule);
}

static void
collected(uint64_t id, enum fetch_end end, uint64_t mark)
{
	const struct fetch_outcome outcome = { .end = end, .mark = mark };

	schedule_over(schedule, id, &outcome);
}

static void
watch_over(uint64_t id, enum fetch_end end)
{
	const struct fetch_outcome outcome = { .end = end };

	schedule_watch_over(schedule, id, &outcome);
}

/* One mailbox that has been collected once, and is watched. */
static void
one_watched(void)
{
	tell(1, true, 0);
	pass(2 * MINUTE);
	ck_assert_uint_eq(begun, 1);
	collected(1, FETCH_END_DONE, MARK);
	ck_assert_uint_eq(watched, 1);
	ck_assert_uint_eq(last_mark, MARK);
	begun = 0;
}

START_TEST(it_is_watched_after_a_collection_that_left_a_mark)
{
	tell(1, true, 0);
	pass(2 * MINUTE);
	collected(1, FETCH_END_CLOSED, MARK);
	ck_assert_uint_eq(watched, 0);
	pass(2 * MINUTE);
	collected(1, FETCH_END_DONE, 0);	/* POP3 */
	ck_assert_uint_eq(watched, 0);
	pass(15 * MINUTE);
	collected(1, FETCH_END_DONE, MARK);
	ck_assert_uint_eq(watched, 1);
	pass(15 * MINUTE);
	collected(1, FETCH_END_DONE, MARK + 1);
	ck_assert_uint_eq(watched, 1);		/* it goes on */
	ck_assert_uint_eq(unwatched, 0);
}
END_TEST

START_TEST(nothing_is_watched_where_that_is_not_wanted)
{
	make(100, 100, false);
	tell(1, true, 0);
	pass(2 * MINUTE);
	collected(1, FETCH_END_DONE, MARK);
	pass(MINUTE);
	ck_assert_uint_eq(watched, 0);
}
END_TEST

START_TEST(news_is_collected_at_once)
{
	one_watched();
	schedule_news(schedule, 1);
	ck_assert_uint_eq(begun, 1);
	schedule_news(schedule, 1);
	ck_assert_uint_eq(begun, 1);		/* it is under way */
}
END_TEST

START_TEST(news_during_a_collection_brings_another)
{
	one_watched();
	schedule_news(schedule, 1);
	pass(2000);
	schedule_news(schedule, 1);
	collected(1, FETCH_END_DONE, MARK + 1);
	ck_assert_uint_eq(begun, 1);
	pass(6000);
	ck_assert_uint_eq(begun, 2);
	collected(1, FETCH_END_DONE, MARK + 2);
	pass(6000);
	ck_assert_uint_eq(begun, 2);		/* and that is all */
}
END_TEST

/* A server that cries without end is looked at every five seconds. */
START_TEST(news_without_end_hurries_nobody)
{
	one_watched();
	for (unsigned i = 0; i < 600; i++) {
		schedule_news(schedule, 1);
		collected(1, FETCH_END_DONE, MARK);
		pass(100);
	}
	ck_assert_uint_ge(begun, 10);
	ck_assert_uint_le(begun, 13);
}
END_TEST

START_TEST(who_fails_is_not_collected_for_news)
{
	one_watched();
	pass(15 * MINUTE);
	ck_assert_uint_eq(begun, 1);
	collected(1, FETCH_END_REFUSED, 0);
	schedule_news(schedule, 1);
	ck_assert_uint_eq(begun, 1);
}
END_TEST

START_TEST(news_of_what_is_not_watched_is_nothing)
{
	tell(2, true, 0);
	pass(2 * MINUTE);
	collected(1, FETCH_END_DONE, 0);
	begun = 0;
	schedule_news(schedule, 1);
	schedule_news(schedule, 77);
	watch_over(77, FETCH_END_DONE);
	ck_assert_uint_eq(begun, 0);
}
END_TEST

static const struct {
	enum fetch_end	end;
	unsigned	minutes[4];	/* before each of the next watches */
} back_offs[] = {
	{ FETCH_END_CLOSED,	{ 1, 2, 4, 8 } },
	{ FETCH_END_DONE,	{ 1, 2, 4, 8 } },
	{ FETCH_END_UNREACHABLE, { 1, 2, 4, 8 } },
	{ FETCH_END_REFUSED,	{ 30, 60, 120, 240 } },
	{ FETCH_END_BUSY,	{ 2, 4, 8, 16 } },
};

START_TEST(a_watch_that_fails_waits_longer_and_longer)
{
	one_watched();
	for (unsigned i = 0; i < 4; i++) {
		watch_over(1, back_offs[_i].end);
		pass(back_offs[_i].minutes[i] * MINUTE - 1000);
		ck_assert_uint_eq(watched, 1 + i);
		pass(1000);
		ck_assert_uint_eq(watched, 2 + i);
	}
}
END_TEST

START_TEST(a_watch_that_lasted_has_not_failed)
{
	one_watched();
	for (unsigned i = 0; i < 5; i++) {
		pass(30 * MINUTE);
		collected(1, FETCH_END_DONE, MARK);
		watch_over(1, FETCH_END_CLOSED);
		pass(MINUTE);
		ck_assert_uint_eq(watched, 2 + i);
	}
}
END_TEST

START_TEST(our_own_fault_is_over_with_the_next_collection)
{
	one_watched();
	watch_over(1, FETCH_END_LOCAL);
	schedule_news(schedule, 1);
	pass(30000);
	ck_assert_uint_eq(watched, 1);
	pass(15 * MINUTE);
	collected(1, FETCH_END_DONE, MARK);
	ck_assert_uint_eq(watched, 2);
	watch_over(1, FETCH_END_LOCAL);
	watch_status = -1;
	pass(15 * MINUTE);
	collected(1, FETCH_END_DONE, MARK);
	watch_status = 0;
	ck_assert_uint_eq(watched, 2);
}
END_TEST

START_TEST(it_ends_with_the_mailbox_or_its_settings)
{
	one_watched();
	tell(1, true, 1);
	ck_assert_uint_eq(unwatched, 1);
	pass(2 * MINUTE);
	ck_assert_uint_eq(watched, 1);		/* collected first */
	collected(1, FETCH_END_DONE, MARK);
	ck_assert_uint_eq(watched, 2);
	tell(1, false, 1);
	ck_assert_uint_eq(unwatched, 2);
	pass(20 * MINUTE);
	ck_assert_uint_eq(watched, 2);
	tell(1, true, 1);
	pass(2 * MINUTE);
	collected(1, FETCH_END_DONE, MARK);
	ck_assert_uint_eq(watched, 3);
	tell(0, true, 1);
	ck_assert_uint_eq(unwatched, 3);
	watch_over(1, FETCH_END_DONE);
	schedule_news(schedule, 1);
}
END_TEST

START_TEST(at_most_half_of_the_connections_watch)
{
	make(100, 6, true);
	tell(10, true, 0);
	pass(2 * MINUTE);
	for (unsigned round = 0; round < 4; round++)
		for (unsigned i = 1; i <= 10; i++)
			collected(i, FETCH_END_DONE, MARK);
	ck_assert_uint_eq(begun, 10);
	ck_assert_uint_eq(watched, 3);
	/* and collections have the other half */
	begun = 0;
	pass(15 * MINUTE);
	ck_assert_uint_eq(begun, 3);
	watch_over(1, FETCH_END_CLOSED);
	watch_over(2, FETCH_END_CLOSED);
	watch_over(3, FETCH_END_CLOSED);
	ck_assert_uint_ge(begun, 4);
}
END_TEST

START_TEST(one_connection_alone_collects)
{
	make(1, 1, true);
	tell(1, true, 0);
	pass(2 * MINUTE);
	collected(1, FETCH_END_DONE, MARK);
	pass(MINUTE);
	ck_assert_uint_eq(watched, 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("fetch/watches");
	TCase *tc = tcase_create("watches");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, it_is_watched_after_a_collection_that_left_a_mark);
	tcase_add_test(tc, nothing_is_watched_where_that_is_not_wanted);
	tcase_add_test(tc, news_is_collected_at_once);
	tcase_add_test(tc, news_during_a_collection_brings_another);
	tcase_add_test(tc, news_without_end_hurries_nobody);
	tcase_add_test(tc, who_fails_is_not_collected_for_news);
	tcase_add_test(tc, news_of_what_is_not_watched_is_nothing);
	tcase_add_loop_test(tc, a_watch_that_fails_waits_longer_and_longer, 0,
	    (int)(sizeof(back_offs) / sizeof(back_offs[0])));
	tcase_add_test(tc, a_watch_that_lasted_has_not_failed);
	tcase_add_test(tc, our_own_fault_is_over_with_the_next_collection);
	tcase_add_test(tc, it_ends_with_the_mailbox_or_its_settings);
	tcase_add_test(tc, at_most_half_of_the_connections_watch);
	tcase_add_test(tc, one_connection_alone_collects);
	suite_add_tcase(suite, tc);
	return suite;
}
