/*
 * zone_test.c - the office's time zone
 */
#include <string.h>

#include "lib/base/zone.h"
#include "tests/unit/unit.h"

static const struct {
	const char	*zone;
	int64_t		 utc_ms;
	int		 minutes;
	const char	*written;
} times[] = {
	{ "UTC", 1795000000000, 0, "2026-11-18 11:06" },
	{ "Asia/Jakarta", 1795000000000, 420, "2026-11-18 18:06" },
	/* half hours, and a date that is another one there */
	{ "Asia/Kolkata", 1795000000000, 330, "2026-11-18 16:36" },
	{ "America/St_Johns", 1795050000000, -210, "2026-11-18 21:30" },
	/* summer time */
	{ "Europe/Berlin", 1782900000000, 120, "2026-07-01 12:00" },
	{ "Europe/Berlin", 1795000000000, 60, "2026-11-18 12:06" },
	{ "UTC", -1000, 0, "1969-12-31 23:59" },
};

START_TEST(the_clock_on_the_wall_is_that_of_the_zone)
{
	TEXT_AUTO text = TEXT_INIT(64);

	ck_assert_int_eq(zone_open(times[_i].zone), 0);
	ck_assert_int_eq(zone_minutes(times[_i].utc_ms), times[_i].minutes);
	zone_write(&text, times[_i].utc_ms);
	ck_assert(!text_failed(&text));
	ck_assert_msg(slice_is_str(text_slice(&text), times[_i].written),
	    "%.*s", SLICE_FMT(text_slice(&text)));
}
END_TEST

/* Nobody reads half a date. */
START_TEST(a_far_time_is_written_whole_or_not_at_all)
{
	TEXT_AUTO text = TEXT_INIT(64);

	ck_assert_int_eq(zone_open("UTC"), 0);
	zone_write(&text, INT64_MAX);
	ck_assert(text_failed(&text) || text.len > 16);
	ck_assert_int_eq(zone_minutes(INT64_MAX), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("zone");
	TCase *all = tcase_create("all");

	tcase_add_loop_test(all, the_clock_on_the_wall_is_that_of_the_zone, 0,
	    (int)(sizeof(times) / sizeof(*times)));
	tcase_add_test(all, a_far_time_is_written_whole_or_not_at_all);
	suite_add_tcase(suite, all);
	return suite;
}
