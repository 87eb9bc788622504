/*
 * schedule_provider_test.c - what a provider puts up with is never exceeded
 */
#include <string.h>

#include "fetch/schedule.h"
#include "policy/providers.h"
#include "tests/unit/unit.h"

#define MINUTE		60000u
#define HOUR		(60u * MINUTE)
#define DAY		(24u * HOUR)
#define MOST		512
#define GMAIL		"imap.gmail.com"
#define GMAIL_POP3	"POP.gmail.com."
#define WEBDE		"pop3.web.de"
#define OTHER		"pop.example.net"

static struct loop *loop;
static struct schedule *schedule;
static uint64_t now_ms;
static int64_t utc_ms;
static uint64_t begun[MOST], paused[MOST];
static unsigned begun_count, paused_count;
static struct schedule_health last_end;

static int
begin(void *arg, uint64_t id, uint64_t owner, enum fetch_task task,
    unsigned messages)
{
	(void)arg;
	(void)owner;
	(void)messages;
	(void)task;
	ck_assert_uint_lt(begun_count, MOST);
	begun[begun_count++] = id;
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
	ck_assert_uint_eq(failed_before, 0);
	last_end = *health;
}

static void
pause_task(void *arg, uint64_t id, uint64_t owner)
{
	(void)arg;
	ck_assert_uint_eq(owner, 100 + id);
	ck_assert_uint_lt(paused_count, MOST);
	paused[paused_count++] = id;
}

static void
pass(uint64_t ms)
{
	now_ms += ms;
	utc_ms += (int64_t)ms;
	clock_set(now_ms, utc_ms);
	schedule_tick(schedule);
}

static void
make(unsigned minutes, uint64_t daily_bytes)
{
	const struct schedule_options options = {
		.minutes = minutes, .connections = 100, .per_host = 100,
		.daily_bytes = daily_bytes
	};
	const struct schedule_ports ports = {
		.begin = begin, .moved = moved, .ended = ended,
		.pause = pause_task
	};

	schedule_free(schedule);
	schedule = schedule_new(loop, &options, &ports);
	ck_assert_ptr_nonnull(schedule);
}

static void
setup(void)
{
	begun_count = paused_count = 0;
	now_ms = 500 * HOUR;
	utc_ms = INT64_C(1795410000000);
	clock_set(now_ms, utc_ms);
	loop = loop_new();
}

static void
teardown(void)
{
	schedule_free(schedule);
	schedule = NULL;
	loop_free(loop);
}

/* Mailboxes 1 to `count`, all at that host. */
static void
tell(unsigned count, const char *host, const struct fetch_when *when,
    const struct fetch_health *health)
{
	schedule_list_begin(schedule);
	for (unsigned i = 1; i <= count; i++) {
		struct fetch_due due = {
			.id = i, .owner = 100 + i, .enabled = true,
			.owner_address = SLICE("ann@example.org"),
			.label = SLICE("a"), .host = slice_str(host)
		};

		if (when != NULL)
			due.when = *when;
		if (health != NULL)
			due.health = *health;
		ck_assert_int_eq(schedule_list_add(schedule, &due), 0);
	}
	schedule_list_end(schedule);
}

static void
over(uint64_t id, enum fetch_end end)
{
	const struct fetch_outcome outcome = {
		.end = end, .words = SLICE("the line has closed"),
		.listed = 20, .waiting = 9, .taken = 4, .waiting_bytes = 900,
		.taken_bytes = 400
	};

	schedule_over(schedule, id, &outcome);
}

static uint64_t
wait_of(uint64_t id)
{
	struct schedule_health health;

	ck_assert(schedule_health_of(schedule, id, &health));
	return (uint64_t)(health.next_at_utc_ms - utc_ms);
}

/* support.google.com/mail/answer/7126229: 15 connections */
START_TEST(no_more_connections_than_the_provider_bears)
{
	make(10, 0);
	tell(40, GMAIL, NULL, NULL);
	pass(2 * MINUTE);
	ck_assert_uint_eq(begun_count, 15);
	over(begun[0], FETCH_END_DONE);
	ck_assert_uint_eq(begun_count, 16);
	begun_count = 0;
	make(10, 0);
	tell(40, OTHER, NULL, NULL);
	pass(2 * MINUTE);
	ck_assert_uint_eq(begun_count, 40);
}
END_TEST

START_TEST(no_provider_is_asked_more_often_than_it_bears)
{
	const struct fetch_when often = { .every_minutes = 1 },
	    seldom = { .every_minutes = 60 };
	static const struct {
		const char	*host;
		unsigned	 often, usual;
	} rows[] = {
		{ OTHER, 1, 5 }, { WEBDE, 12, 12 }, { GMAIL_POP3, 10, 10 },
		{ GMAIL, 1, 5 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		make(5, 0);
		tell(1, rows[i].host, &often, NULL);
		pass(2 * MINUTE);
		over(1, FETCH_END_DONE);
		/* a twentieth sooner or later */
		ck_assert_uint_le(wait_of(1), rows[i].often * MINUTE * 21 / 20);
		ck_assert_uint_ge(wait_of(1), rows[i].often * MINUTE * 19 / 20);
		tell(1, rows[i].host, NULL, NULL);
		pass(HOUR);
		over(1, FETCH_END_DONE);
		ck_assert_uint_le(wait_of(1), rows[i].usual * MINUTE * 21 / 20);
		ck_assert_uint_ge(wait_of(1), rows[i].usual * MINUTE * 19 / 20);
		tell(1, rows[i].host, &seldom, NULL);
		pass(HOUR);
		over(1, FETCH_END_DONE);
		ck_assert_uint_ge(wait_of(1), 57 * MINUTE);
	}
}
END_TEST

START_TEST(who_reads_mail_asks_no_more_often_either)
{
	const struct fetch_when when = { .on_read = true, .every_minutes = 60 };

	make(10, 0);
	tell(1, WEBDE, &when, NULL);
	pass(2 * MINUTE);
	over(1, FETCH_END_DONE);
	begun_count = 0;
	pass(3 * MINUTE);
	(void)schedule_reads(schedule, 101);
	ck_assert_uint_eq(begun_count, 0);
	pass(9 * MINUTE);
	(void)schedule_reads(schedule, 101);
	ck_assert_uint_eq(begun_count, 1);
}
END_TEST

START_TEST(a_large_first_collection_takes_days)
{
	make(10, 1000);
	tell(1, OTHER, NULL, NULL);
	pass(2 * MINUTE);
	schedule_carried(schedule, 1, 600);
	schedule_carried(schedule, 2, 6000);	/* nobody knows that one */
	ck_assert_uint_eq(paused_count, 0);
	pass(HOUR);
	schedule_carried(schedule, 1, 600);
	schedule_carried(schedule, 1, 600);
	ck_assert_uint_eq(paused_count, 1);
	over(1, FETCH_END_LINE);
	ck_assert_int_eq(last_end.end, FETCH_END_DAY);
	ck_assert_uint_eq(last_end.failures, 0);
	ck_assert_uint_eq(last_end.waiting, 5);
	ck_assert_uint_eq(last_end.waiting_bytes, 500);
	ck_assert_uint_eq(last_end.words.len, 0);
	/* a day after its first byte */
	ck_assert_uint_eq(wait_of(1), DAY - HOUR);
	pass(DAY - HOUR - MINUTE);
	ck_assert_uint_eq(begun_count, 1);
	pass(2 * MINUTE);
	ck_assert_uint_eq(begun_count, 2);
	schedule_carried(schedule, 1, 600);
	over(1, FETCH_END_DONE);
	ck_assert_int_eq(last_end.end, FETCH_END_DONE);
}
END_TEST

START_TEST(nobody_has_more_of_a_day_by_asking)
{
	const struct schedule_pick pick = { .owner = 0 };
	const struct run *run;

	make(10, 1000);
	tell(1, OTHER, NULL, NULL);
	pass(2 * MINUTE);
	schedule_carried(schedule, 1, 1000);
	over(1, FETCH_END_LINE);
	ck_assert_int_eq(schedule_ask(schedule, FETCH_COLLECT, &pick, &run),
	    0);
	pass(MINUTE);
	ck_assert_uint_eq(begun_count, 1);
	ck_assert_int_eq(last_end.end, FETCH_END_DAY);
	ck_assert_uint_eq(last_end.waiting, 5);
	/* whether it works is another question */
	ck_assert_int_eq(schedule_ask(schedule, FETCH_TRY, &pick, &run), 0);
	pass(MINUTE);
	ck_assert_uint_eq(begun_count, 2);
	schedule_carried(schedule, 1, 1000);
	over(1, FETCH_END_DONE);
	ck_assert_uint_eq(paused_count, 1);
	ck_assert_uint_ge(wait_of(1), 23 * HOUR);
}
END_TEST

START_TEST(a_day_that_was_spent_outlives_a_start)
{
	const struct fetch_health spent = { .result = "day",
	    .ended_at_utc_ms = utc_ms - 3 * (int64_t)HOUR,
	    .waiting = 7, .waiting_bytes = 700 };

	make(10, 1000);
	tell(1, OTHER, NULL, &spent);
	ck_assert_uint_eq(wait_of(1), 21 * HOUR);
	pass(20 * HOUR);
	ck_assert_uint_eq(begun_count, 0);
	pass(2 * HOUR);
	ck_assert_uint_eq(begun_count, 1);
}
END_TEST

START_TEST(what_is_known_of_a_provider_bounds_the_day)
{
	make(10, UINT64_C(1) << 50);
	tell(1, GMAIL_POP3, NULL, NULL);
	pass(2 * MINUTE);
	schedule_carried(schedule, 1, UINT64_C(1250000000) - 1);
	ck_assert_uint_eq(paused_count, 0);
	schedule_carried(schedule, 1, 1);
	ck_assert_uint_eq(paused_count, 1);
	over(1, FETCH_END_LINE);
	ck_assert_int_eq(last_end.end, FETCH_END_DAY);
}
END_TEST

/* It had closed before: that is what is said. */
START_TEST(what_ends_otherwise_ends_so)
{
	make(10, 1000);
	tell(1, OTHER, NULL, NULL);
	pass(2 * MINUTE);
	schedule_carried(schedule, 1, 1000);
	over(1, FETCH_END_CLOSED);
	ck_assert_int_eq(last_end.end, FETCH_END_CLOSED);
	ck_assert_uint_eq(last_end.failures, 1);
}
END_TEST

START_TEST(limits_are_those_of_the_server)
{
	struct provider_limits limits = provider_limits(slice_str(OTHER));

	ck_assert_uint_eq(limits.connections + limits.every_minutes +
	    limits.daily_bytes, 0);
	limits = provider_limits(slice_str(GMAIL));
	ck_assert_uint_eq(limits.connections, 15);
	ck_assert_uint_eq(limits.every_minutes, 0);
	ck_assert_uint_eq(limits.daily_bytes, 2500000000u);
	limits = provider_limits(slice_str("pop.gmail.com"));
	ck_assert_uint_eq(limits.connections, 0);
	ck_assert_uint_eq(limits.every_minutes, 10);
	ck_assert_uint_eq(limits.daily_bytes, 1250000000u);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("schedule_provider");
	TCase *tests = tcase_create("schedule_provider");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, no_more_connections_than_the_provider_bears);
	tcase_add_test(tests, no_provider_is_asked_more_often_than_it_bears);
	tcase_add_test(tests, who_reads_mail_asks_no_more_often_either);
	tcase_add_test(tests, a_large_first_collection_takes_days);
	tcase_add_test(tests, nobody_has_more_of_a_day_by_asking);
	tcase_add_test(tests, a_day_that_was_spent_outlives_a_start);
	tcase_add_test(tests, what_is_known_of_a_provider_bounds_the_day);
	tcase_add_test(tests, what_ends_otherwise_ends_so);
	tcase_add_test(tests, limits_are_those_of_the_server);
	suite_add_tcase(suite, tests);
	return suite;
}
