/*
 * line_calendar_test.c - when the line is open, by the clock on the wall
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/line_calendar.h"
#include "tests/unit/unit.h"

#define HOUR	3600
#define OFFICE	"mon-fri 07:00-18:00 every 10; daily 01:00-05:00 night"

static void
zone(const char *name)
{
	ck_assert_int_eq(setenv("TZ", name, 1), 0);
	tzset();
}

static void
setup(void)
{
	zone("UTC");
}

static struct calendar
calendar(const char *text)
{
	struct calendar c;
	struct slice where;
	const char *fault = calendar_read(slice_str(text), &c, &where);

	ck_assert_msg(fault == NULL, "%s: %.*s %s", text, SLICE_FMT(where),
	    fault);
	return c;
}

/* A moment in UTC, "2026-03-29 00:59:59". */
static int64_t
at(const char *text)
{
	struct tm tm = { 0 };

	ck_assert_ptr_nonnull(strptime(text, "%Y-%m-%d %H:%M:%S", &tm));
	return timegm(&tm);
}

/* Seconds it is open from `from` on until `to`, looked at each second. */
static int64_t
open_seconds(const struct calendar *c, int64_t from, int64_t to)
{
	int64_t count = 0;

	for (; from < to; from++)
		count += calendar_is_open(c, from, NULL);
	return count;
}

/* What is written */

START_TEST(an_office_is_read)
{
	struct calendar c = calendar(OFFICE);

	ck_assert_uint_eq(c.count, 2);
	ck_assert(!c.never);
	ck_assert_uint_eq(c.windows[0].days, 0x3e);
	ck_assert_uint_eq(c.windows[0].from, 420);
	ck_assert_uint_eq(c.windows[0].to, 1080);
	ck_assert_uint_eq(c.windows[0].every, 10);
	ck_assert_str_eq(c.windows[0].name, "");
	ck_assert_uint_eq(c.windows[1].days, 0x7f);
	ck_assert_uint_eq(c.windows[1].every, 0);
	ck_assert_str_eq(c.windows[1].name, "night");
}
END_TEST

static const struct {
	const char	*text;
	unsigned	 count, days, from, to;
} good[] = {
	{ "", 0, 0, 0, 0 },
	{ "  always ", 0, 0, 0, 0 },
	{ "Never", 0, 0, 0, 0 },
	{ "daily 00:00-24:00", 1, 0x7f, 0, 1440 },
	{ "mon 09:00-10:00;", 1, 0x02, 540, 600 },
	{ "sat,Sun 09:00-10:00", 1, 0x41, 540, 600 },
	{ "sat-mon 09:00-10:00", 1, 0x43, 540, 600 },
	{ "mon-wed,fri 22:00-06:00 late every 5", 1, 0x2e, 1320, 1800 },
	{ "fri 23:59-00:00", 1, 0x20, 1439, 1440 },
};

START_TEST(what_is_right_is_taken)
{
	struct calendar c = calendar(good[_i].text);

	ck_assert_uint_eq(c.count, good[_i].count);
	ck_assert_int_eq(c.never, _i == 2);
	if (c.count > 0) {
		ck_assert_uint_eq(c.windows[0].days, good[_i].days);
		ck_assert_uint_eq(c.windows[0].from, good[_i].from);
		ck_assert_uint_eq(c.windows[0].to, good[_i].to);
	}
}
END_TEST

static const struct {
	const char	*text, *where;
} bad[] = {
	{ "mon", "mon" },
	{ ";", "" },
	{ "mon 07:00-08:00;; tue 07:00-08:00", "" },
	{ "monday 07:00-08:00", "monday" },
	{ "mon- 07:00-08:00", "mon-" },
	{ "mon, 07:00-08:00", "mon," },
	{ "mon 7:00-08:00", "7:00-08:00" },
	{ "mon 07:00", "07:00" },
	{ "mon 07:00-08:60", "07:00-08:60" },
	{ "mon 07:00-24:01", "07:00-24:01" },
	{ "mon 07:00-25:00", "07:00-25:00" },
	{ "mon 24:00-07:00", "24:00-07:00" },
	{ "mon 07:00-07:00", "07:00-07:00" },
	{ "mon 07:00-08:00 every", "every" },
	{ "mon 07:00-08:00 every 0", "every" },
	{ "mon 07:00-08:00 every 1441", "every" },
	{ "mon 07:00-08:00 every ten", "every" },
	{ "mon 07:00-08:00 every 5 every 6", "every" },
	{ "mon 07:00-08:00 night day", "day" },
	{ "mon 07:00-08:00 Night", "Night" },
	{ "mon 07:00-08:00 tue", "tue" },
	{ "mon 07:00-08:00 abcdefghijklmnop", "abcdefghijklmnop" },
	{ "daily 01:00-02:00; never", "never" },
};

START_TEST(what_is_wrong_is_pointed_at)
{
	struct calendar c = { .count = 77 };
	struct slice where = { NULL, 0 };

	ck_assert_ptr_nonnull(calendar_read(slice_str(bad[_i].text), &c,
	    &where));
	ck_assert_msg(slice_is_str(where, bad[_i].where), "%s: \"%.*s\"",
	    bad[_i].text, SLICE_FMT(where));
	ck_assert_uint_eq(c.count, 77);
}
END_TEST

START_TEST(there_are_32_windows_at_most)
{
	char text[33 * 18 + 1] = "";
	struct calendar c;
	struct slice where;

	for (unsigned i = 0; i < 32; i++)
		strcat(text, "mon 07:00-08:00; ");
	ck_assert_uint_eq(calendar(text).count, 32);
	strcat(text, "tue 07:00-08:00");
	ck_assert_ptr_nonnull(calendar_read(slice_str(text), &c, &where));
	ck_assert(slice_is_str(where, "tue 07:00-08:00"));
}
END_TEST

/* What the clock shows */

START_TEST(always_and_never_do_not_change)
{
	struct calendar always = calendar(""), never = calendar("never");
	int64_t now = at("2026-11-22 05:00:00");

	ck_assert(calendar_is_open(&always, now, NULL));
	ck_assert(!calendar_is_open(&always, now, "night"));
	ck_assert(!calendar_is_open(&never, now, NULL));
	ck_assert_int_eq(calendar_next_change(&always, now, NULL),
	    CALENDAR_NO_CHANGE);
	ck_assert_int_eq(calendar_next_change(&never, now, NULL),
	    CALENDAR_NO_CHANGE);
}
END_TEST

/* In Jakarta, UTC+7 all year; 2026-11-22 is a Sunday. */
static const struct {
	const char	*now, *change;
	bool		 is_open;
} jakarta[] = {
	{ "2026-11-22 05:00:00", "2026-11-22 18:00:00", false },
	{ "2026-11-21 17:59:59", "2026-11-21 18:00:00", false },
	{ "2026-11-21 18:00:00", "2026-11-21 22:00:00", true },
	{ "2026-11-21 21:59:59", "2026-11-21 22:00:00", true },
	{ "2026-11-21 22:00:00", "2026-11-22 18:00:00", false },
	{ "2026-11-22 22:00:00", "2026-11-23 00:00:00", false },
	{ "2026-11-23 00:00:00", "2026-11-23 11:00:00", true },
	{ "2026-11-27 11:00:00", "2026-11-27 18:00:00", false },
};

START_TEST(an_office_in_jakarta)
{
	struct calendar c = calendar(OFFICE);
	int64_t now = at(jakarta[_i].now);

	zone("Asia/Jakarta");
	ck_assert_int_eq(calendar_is_open(&c, now, NULL), jakarta[_i].is_open);
	ck_assert_int_eq(calendar_next_change(&c, now, NULL),
	    at(jakarta[_i].change));
}
END_TEST

START_TEST(a_name_is_looked_for_by_itself)
{
	struct calendar c = calendar(OFFICE);
	int64_t noon = at("2026-11-23 05:00:00");	/* Monday, 12:00 */

	zone("Asia/Jakarta");
	ck_assert(calendar_is_open(&c, noon, NULL));
	ck_assert(!calendar_is_open(&c, noon, "night"));
	ck_assert_int_eq(calendar_next_change(&c, noon, "night"),
	    at("2026-11-23 18:00:00"));
	ck_assert_uint_eq(calendar_window_at(&c, noon, NULL)->every, 10);
	ck_assert(calendar_is_open(&c, at("2026-11-23 18:00:00"), "night"));
}
END_TEST

START_TEST(a_window_goes_on_after_midnight)
{
	struct calendar c = calendar("fri 22:00-06:00");

	/* 2026-11-27 is a Friday */
	ck_assert(!calendar_is_open(&c, at("2026-11-27 05:59:59"), NULL));
	ck_assert(!calendar_is_open(&c, at("2026-11-27 21:59:59"), NULL));
	ck_assert(calendar_is_open(&c, at("2026-11-27 22:00:00"), NULL));
	ck_assert(calendar_is_open(&c, at("2026-11-28 05:59:59"), NULL));
	ck_assert(!calendar_is_open(&c, at("2026-11-28 06:00:00"), NULL));
	ck_assert(!calendar_is_open(&c, at("2026-11-28 22:00:00"), NULL));
	ck_assert_int_eq(calendar_next_change(&c, at("2026-11-27 23:00:00"),
	    NULL), at("2026-11-28 06:00:00"));
	c = calendar("sat 22:00-06:00");	/* and over the week's end */
	ck_assert(calendar_is_open(&c, at("2026-11-29 05:59:59"), NULL));
}
END_TEST

START_TEST(windows_that_touch_are_one)
{
	struct calendar c = calendar("daily 00:00-12:00; daily 12:00-24:00");

	ck_assert_int_eq(calendar_next_change(&c, at("2026-11-22 05:00:00"),
	    NULL), CALENDAR_NO_CHANGE);
}
END_TEST

/* A leap day is a day like others: 2028-02-29 is a Tuesday. */
START_TEST(the_29th_of_february_is_there)
{
	struct calendar c = calendar("tue 08:00-09:00");

	ck_assert_int_eq(calendar_next_change(&c, at("2028-02-28 12:00:00"),
	    NULL), at("2028-02-29 08:00:00"));
	ck_assert(calendar_is_open(&c, at("2028-02-29 08:30:00"), NULL));
	ck_assert_int_eq(calendar_next_change(&c, at("2028-02-29 09:00:00"),
	    NULL), at("2028-03-07 08:00:00"));
}
END_TEST

/*
 * Berlin, 2026-03-29: at 01:00 UTC clocks go from 02:00 to 03:00.  2026-10-25:
 * at 01:00 UTC they go from 03:00 to 02:00.
 */
static const struct {
	const char	*window;
	const char	*first, *last;	/* in UTC: when it opens and closes */
	int64_t		 seconds;	/* that it is open, of these 24 hours */
} spring[] = {
	/* across the gap: an hour shorter */
	{ "sun 01:00-05:00", "2026-03-29 00:00:00", "2026-03-29 03:00:00",
	  3 * HOUR },
	/* begins in it: when it would have ended */
	{ "sun 02:30-04:00", "2026-03-29 01:00:00", "2026-03-29 02:00:00",
	  HOUR },
	/* ends in it */
	{ "sun 01:00-02:30", "2026-03-29 00:00:00", "2026-03-29 01:00:00",
	  HOUR },
}, autumn[] = {
	/* across the hour that comes twice */
	{ "sun 01:00-05:00", "2026-10-24 23:00:00", "2026-10-25 04:00:00",
	  5 * HOUR },
	{ "sat 22:00-04:00", "2026-10-24 20:00:00", "2026-10-25 03:00:00",
	  7 * HOUR },
};

START_TEST(in_spring_an_hour_is_left_out)
{
	struct calendar c = calendar(spring[_i].window);
	int64_t first = at(spring[_i].first), last = at(spring[_i].last);

	zone("Europe/Berlin");
	ck_assert_int_eq(calendar_next_change(&c, at("2026-03-28 23:00:00"),
	    NULL), first);
	ck_assert_int_eq(calendar_next_change(&c, first, NULL), last);
	ck_assert_int_eq(open_seconds(&c, at("2026-03-28 22:00:00"),
	    at("2026-03-29 22:00:00")), spring[_i].seconds);
}
END_TEST

START_TEST(a_window_within_that_hour_waits_for_the_next_time)
{
	struct calendar c = calendar("sun 02:15-02:45");

	zone("Europe/Berlin");
	ck_assert_int_eq(open_seconds(&c, at("2026-03-28 22:00:00"),
	    at("2026-03-29 22:00:00")), 0);
	ck_assert_int_eq(calendar_next_change(&c, at("2026-03-28 22:00:00"),
	    NULL), at("2026-04-05 00:15:00"));
}
END_TEST

START_TEST(in_autumn_an_hour_comes_twice)
{
	struct calendar c = calendar(autumn[_i].window);
	int64_t first = at(autumn[_i].first), last = at(autumn[_i].last);

	zone("Europe/Berlin");
	ck_assert_int_eq(calendar_next_change(&c, first - HOUR, NULL), first);
	ck_assert_int_eq(calendar_next_change(&c, first, NULL), last);
	ck_assert_int_eq(open_seconds(&c, at("2026-10-24 12:00:00"),
	    at("2026-10-25 12:00:00")), autumn[_i].seconds);
}
END_TEST

START_TEST(a_window_within_that_hour_opens_twice)
{
	static const char *const changes[] = {
		"2026-10-25 00:15:00", "2026-10-25 00:45:00",
		"2026-10-25 01:15:00", "2026-10-25 01:45:00",
		"2026-11-01 01:15:00"
	};
	struct calendar c = calendar("sun 02:15-02:45");
	int64_t now = at("2026-10-24 12:00:00");

	zone("Europe/Berlin");
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		now = calendar_next_change(&c, now, NULL);
		ck_assert_int_eq(now, at(changes[i]));
	}
}
END_TEST

/* Half an hour: Lord Howe Island, 2026-04-05 at 15:00 UTC the day before. */
START_TEST(half_an_hour_may_come_twice_as_well)
{
	struct calendar c = calendar("sun 01:30-02:00");

	zone("Australia/Lord_Howe");
	ck_assert_int_eq(open_seconds(&c, at("2026-04-04 12:00:00"),
	    at("2026-04-05 12:00:00")), HOUR);
}
END_TEST

/* The answer of one is the answer of the other, all through a year. */
START_TEST(the_next_change_is_the_first_one)
{
	static const char *const zones[] = {
		"Europe/Berlin", "Asia/Jakarta", "America/St_Johns"
	};
	struct calendar c = calendar(OFFICE "; sat 23:10-02:20; sun 02:59-03:01");
	int64_t now, end, change;

	zone(zones[_i]);
	now = at("2026-01-01 00:00:00");
	end = at("2027-01-01 00:00:00");
	change = calendar_next_change(&c, now, NULL);
	for (; now < end; now += 60) {
		if (now >= change) {
			ck_assert_int_eq(now, change);
			change = calendar_next_change(&c, now, NULL);
			ck_assert_int_ne(calendar_is_open(&c, now, NULL),
			    calendar_is_open(&c, now - 1, NULL));
		} else if (now % 86400 != 0) {
			ck_assert_int_eq(calendar_is_open(&c, now, NULL),
			    calendar_is_open(&c, now - 60, NULL));
		}
	}
}
END_TEST

/* Months */

static const struct {
	const char	*zone, *now;
	unsigned	 first, month;
	const char	*end;
} months[] = {
	{ "UTC", "2026-11-22 05:00:00", 1, 202611, "2026-12-01 00:00:00" },
	{ "UTC", "2026-12-31 23:59:59", 1, 202612, "2027-01-01 00:00:00" },
	{ "UTC", "2026-11-22 05:00:00", 23, 202610, "2026-11-23 00:00:00" },
	{ "UTC", "2026-11-23 00:00:00", 23, 202611, "2026-12-23 00:00:00" },
	{ "UTC", "2027-01-05 00:00:00", 28, 202612, "2027-01-28 00:00:00" },
	{ "UTC", "2028-02-29 12:00:00", 1, 202802, "2028-03-01 00:00:00" },
	{ "Asia/Jakarta", "2026-11-30 17:00:00", 1, 202612,
	  "2026-12-31 17:00:00" },
	{ "Europe/Berlin", "2026-10-15 00:00:00", 1, 202610,
	  "2026-10-31 23:00:00" },
	/* 2018-11-04 began at 01:00 in Brasilia */
	{ "America/Sao_Paulo", "2018-11-01 12:00:00", 4, 201810,
	  "2018-11-04 03:00:00" },
	{ "America/Sao_Paulo", "2018-11-04 03:00:00", 4, 201811,
	  "2018-12-04 02:00:00" },
};

START_TEST(a_month_begins_on_its_day)
{
	zone(months[_i].zone);
	ck_assert_uint_eq(calendar_month(at(months[_i].now), months[_i].first),
	    months[_i].month);
	ck_assert_int_eq(calendar_month_end(at(months[_i].now),
	    months[_i].first), at(months[_i].end));
	ck_assert_uint_ne(calendar_month(at(months[_i].end), months[_i].first),
	    months[_i].month);
	ck_assert_uint_eq(calendar_month(at(months[_i].end) - 1,
	    months[_i].first), months[_i].month);
}
END_TEST

#define ROWS(table)	(int)(sizeof(table) / sizeof(*(table)))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("line_calendar");
	TCase *tests = tcase_create("windows");

	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, an_office_is_read);
	tcase_add_loop_test(tests, what_is_right_is_taken, 0, ROWS(good));
	tcase_add_loop_test(tests, what_is_wrong_is_pointed_at, 0, ROWS(bad));
	tcase_add_test(tests, there_are_32_windows_at_most);
	tcase_add_test(tests, always_and_never_do_not_change);
	tcase_add_loop_test(tests, an_office_in_jakarta, 0, ROWS(jakarta));
	tcase_add_test(tests, a_name_is_looked_for_by_itself);
	tcase_add_test(tests, a_window_goes_on_after_midnight);
	tcase_add_test(tests, windows_that_touch_are_one);
	tcase_add_test(tests, the_29th_of_february_is_there);
	tcase_add_loop_test(tests, in_spring_an_hour_is_left_out,
	    0, ROWS(spring));
	tcase_add_test(tests,
	    a_window_within_that_hour_waits_for_the_next_time);
	tcase_add_loop_test(tests, in_autumn_an_hour_comes_twice,
	    0, ROWS(autumn));
	tcase_add_test(tests, a_window_within_that_hour_opens_twice);
	tcase_add_test(tests, half_an_hour_may_come_twice_as_well);
	tcase_add_loop_test(tests, the_next_change_is_the_first_one, 0, 3);
	tcase_add_loop_test(tests, a_month_begins_on_its_day, 0, ROWS(months));
	suite_add_tcase(suite, tests);
	return suite;
}
