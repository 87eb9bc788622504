/*
 * date_test.c - the date and time of a header field
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "lib/message/date.h"
#include "tests/unit/unit.h"

static const struct {
	int64_t		 utc_ms;
	int		 zone;
	const char	*want;		/* NULL: -EINVAL */
} written[] = {
	{ 0, 0, "Thu, 1 Jan 1970 00:00:00 +0000" },
	{ 1763763420999, 420, "Sat, 22 Nov 2025 05:17:00 +0700" },
	{ 1763763420000, -210, "Fri, 21 Nov 2025 18:47:00 -0330" },
	{ 951782400000, 0, "Tue, 29 Feb 2000 00:00:00 +0000" },
	{ 4107542400000, 0, "Mon, 1 Mar 2100 00:00:00 +0000" },
	{ 253402300799000, 0, "Fri, 31 Dec 9999 23:59:59 +0000" },
	{ 253402300799000, 1, NULL },
	{ 253402300800000, -1, "Fri, 31 Dec 9999 23:59:00 -0001" },
	{ -1, 0, NULL },
	{ -1, 60, "Thu, 1 Jan 1970 00:59:59 +0100" },
	{ 0, -1, NULL },
	{ INT64_MIN, 0, NULL },
	{ INT64_MAX, 0, NULL },
	{ 0, 1439, "Thu, 1 Jan 1970 23:59:00 +2359" },
	{ 86400000, 1440, NULL },
	{ 86400000, -1440, NULL },
};

/* RFC 5322 3.3 */
START_TEST(a_date_is_written_in_its_zone)
{
	TEXT_AUTO text = TEXT_INIT(64);
	const char *want = written[_i].want;

	ck_assert_int_eq(date_write(&text, written[_i].utc_ms,
	    written[_i].zone), want == NULL ? -EINVAL : 0);
	ck_assert(slice_is_str(text_slice(&text), want == NULL ? "" : want));
}
END_TEST

#define NONSENSE	INT64_MIN

static const struct {
	const char	*in;
	int64_t		 want;
} dates[] = {
	{ "Fri, 21 Nov 1997 09:55:06 -0600", 880127706 },
	{ "21 Nov 1997 09:55:06 -0600", 880127706 },
	{ "Mon, 21 Nov 1997 09:55:06 -0600", 880127706 },
	{ "Friday, 21 November 1997 09:55:06 -0600", 880127706 },
	{ "fri,21 nov 1997 9:55:06 CST", 880127706 },
	{ "21 Nov 97 09:55:06 CST", 880127706 },
	{ "21 Nov 097 09:55:06 CST", 880127706 },
	{ "21-Nov-1997 09:55:06 CST", 880127706 },
	/* RFC 5322 appendix A.5 */
	{ "Thu,\r\n\t13\r\n\t  Feb\r\n\t    1969\r\n\t23:32\r\n\t\t-0330",
	    NONSENSE },
	{ "Fri (day), 21 (\\) (no. (of)) 21) Nov 1997 09(h):55 : 06 -0600 (CST)",
	    880127706 },
	{ "1 Jan 1970 00:00:00", 0 },
	{ "1 Jan 1970 00:00 GMT", 0 },
	{ "1 Jan 1970 00:00 Z", 0 },
	{ "1 Jan 1970 00:00 XYZ", 0 },
	{ "1 Jan 1970 01:00 +01:00", 0 },
	{ "1 Jan 49 00:00 UT", 2493072000 },
	{ "1 Jan 50 00:00 UT", NONSENSE },
	{ "31 Dec 9999 23:59:60 +0000", NONSENSE },
	{ "31 Dec 9999 23:59:59 +0000", 253402300799 },
	{ "31 Dec 9999 23:59:59 -0001", NONSENSE },
	{ "31 Dec 2016 23:59:60 +0000", 1483228800 },
	{ "29 Feb 2000 00:00 UT", 951782400 },
	{ "29 Feb 2100 00:00 UT", NONSENSE },
	{ "0 Jan 2000 00:00 UT", NONSENSE },
	{ "31 Apr 2000 00:00 UT", NONSENSE },
	{ "1 Jan 10000 00:00 UT", NONSENSE },
	{ "1 Jan 5 00:00 UT", NONSENSE },
	{ "1 Jan 1969 23:59 UT", NONSENSE },
	{ "1 Jan 1970 00:00 +0001", NONSENSE },
	{ "1 Jan 2000 24:00 UT", NONSENSE },
	{ "1 Jan 2000 00:60 UT", NONSENSE },
	{ "1 Jan 2000 00:00:61 UT", NONSENSE },
	{ "1 Jan 2000 00:00 +2400", NONSENSE },
	{ "1 Jan 2000 00:00 +0060", NONSENSE },
	{ "1 Jan 2000 00:00 +1", NONSENSE },
	{ "1 Jan 2000", NONSENSE },
	{ "1 Jaa 2000 00:00", NONSENSE },
	{ "Xxx, 1 Jan 2000 00:00", NONSENSE },
	{ "yesterday", NONSENSE },
	{ "", NONSENSE },
	{ "((((((((", NONSENSE },
	{ "1 Jan 2000 00:00 (\\", 946684800 },
};

/* RFC 5322 3.3, 4.3 */
START_TEST(a_date_is_read_forgivingly_and_nonsense_is_not)
{
	int64_t seconds = 77;
	bool ok = dates[_i].want != NONSENSE;

	ck_assert_int_eq(date_parse(slice_str(dates[_i].in), &seconds),
	    ok ? 0 : -EINVAL);
	ck_assert_int_eq(seconds, ok ? dates[_i].want : 77);
}
END_TEST

/* A36: the byte behind the input cannot be read */
START_TEST(nothing_is_read_behind_the_end)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, page * 2, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct slice whole = slice_str(dates[_i].in);
	int64_t seconds;

	ck_assert(map != MAP_FAILED);
	ck_assert_int_eq(mprotect(map + page, page, PROT_NONE), 0);
	for (size_t len = 0; len <= whole.len; len++) {
		if (len > 0)
			memcpy(map + page - len, whole.at, len);
		(void)date_parse(slice_of(map + page - len, len), &seconds);
	}
	ck_assert_int_eq(munmap(map, page * 2), 0);
}
END_TEST

START_TEST(every_day_of_400_years_is_what_the_system_says)
{
	for (int64_t day = 0; day < 146097; day++) {
		TEXT_AUTO text = TEXT_INIT(64);
		time_t t = (time_t)(day * 86400 + 86399);
		char want[64];
		int64_t seconds;
		struct tm tm;

		gmtime_r(&t, &tm);
		strftime(want, sizeof(want), "%a, %-d %b %Y %T +0000", &tm);
		ck_assert_int_eq(date_write(&text, t * 1000, 0), 0);
		ck_assert(slice_is_str(text_slice(&text), want));
		ck_assert_int_eq(date_parse(text_slice(&text), &seconds), 0);
		ck_assert_int_eq(seconds, t);
	}
}
END_TEST

static const struct {
	int		year, month, day;
	int32_t		want;		/* -1: there is none */
} days[] = {
	{ 1970, 1, 1, 0 }, { 1994, 2, 1, 8797 }, { 2000, 2, 29, 11016 },
	{ 1900, 2, 28, -25509 }, { 9999, 12, 31, 2932896 },
	{ 2100, 2, 29, -1 }, { 2001, 4, 31, -1 }, { 2001, 0, 1, -1 },
	{ 2001, 13, 1, -1 }, { 2001, 1, 0, -1 }, { 10000, 1, 1, -1 },
	{ -1, 1, 1, -1 },
};

/* RFC 9051 9, date: days that a search names */
START_TEST(a_day_is_one_of_the_calendar)
{
	int32_t day = 77;

	ck_assert_int_eq(date_day(days[_i].year, days[_i].month, days[_i].day,
	    &day), days[_i].want == -1 ? -EINVAL : 0);
	ck_assert_int_eq(day, days[_i].want == -1 ? 77 : days[_i].want);
}
END_TEST

START_TEST(a_month_is_known_by_three_letters)
{
	for (int month = 1; month <= 12; month++)
		ck_assert_int_eq(date_month(date_month_name(month)), month);
	ck_assert_int_eq(date_month(slice_str("SEPTEMBER")), 9);
	ck_assert_int_eq(date_month(slice_str("Ja")), 0);
	ck_assert_int_eq(date_month(slice_str("Moo")), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("date");
	TCase *tests = tcase_create("date");

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, a_date_is_written_in_its_zone, 0,
	    sizeof(written) / sizeof(written[0]));
	tcase_add_loop_test(tests,
	    a_date_is_read_forgivingly_and_nonsense_is_not, 0,
	    sizeof(dates) / sizeof(dates[0]));
	tcase_add_loop_test(tests, nothing_is_read_behind_the_end, 0,
	    sizeof(dates) / sizeof(dates[0]));
	tcase_add_loop_test(tests, a_day_is_one_of_the_calendar, 0,
	    sizeof(days) / sizeof(days[0]));
	tcase_add_test(tests, a_month_is_known_by_three_letters);
	tcase_add_test(tests, every_day_of_400_years_is_what_the_system_says);
	suite_add_tcase(suite, tests);
	return suite;
}
