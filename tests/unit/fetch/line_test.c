/*
 * line_test.c - when the line may be used, how fast, and for how much
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fetch/line.h"
#include "fetch/line_bill.h"
#include "fetch/line_rate.h"
#include "fetch/line_sheet.h"
#include "lib/base/bucket.h"
#include "lib/base/loop.h"
#include "policy/line_book.h"
#include "tests/unit/unit.h"

#define MINUTE_MS	60000u
#define HOUR_S		3600
/* Monday, 2026-11-23, 12:00 in Jakarta. */
#define NOON		INT64_C(1795410000)
#define OFFICE		"mon-fri 07:00-18:00 every 7; daily 01:00-05:00 night"
#define BUDGET		UINT64_C(1000000)

static struct line *line;
static uint64_t now_ms;

static void
at(int64_t utc_s)
{
	clock_set(now_ms, utc_s * 1000);
}

static void
make(const char *windows, uint64_t budget, unsigned reserve, bool spent_is_all)
{
	struct line_options options = {
		.bytes_per_second = LINE_RATE_FREE, .month_bytes = budget,
		.month_day = 1, .warn_percent = 80,
		.reserve_percent = reserve, .spent_is_all = spent_is_all
	};
	struct slice where;

	ck_assert_ptr_null(calendar_read(slice_str(windows),
	    &options.calendar, &where));
	line_free(line);
	line = line_new(&options);
	ck_assert_ptr_nonnull(line);
}

static void
setup(void)
{
	ck_assert_int_eq(setenv("TZ", "Asia/Jakarta", 1), 0);
	tzset();
	now_ms = 7000000;
	at(NOON);
}

static void
teardown(void)
{
	line_free(line);
	line = NULL;
}

static void
bars(enum line_bar by_clock, enum line_bar by_person,
    enum line_bar by_postmaster)
{
	ck_assert_int_eq(line_bar(line, LINE_BY_CLOCK), by_clock);
	ck_assert_int_eq(line_bar(line, LINE_BY_PERSON), by_person);
	ck_assert_int_eq(line_bar(line, LINE_BY_POSTMASTER), by_postmaster);
}

/* Windows */

START_TEST(without_windows_and_budget_nothing_is_barred)
{
	make("", LINE_BUDGET_FREE, 0, false);
	bars(LINE_BAR_NONE, LINE_BAR_NONE, LINE_BAR_NONE);
	line_carried(line, UINT64_C(1) << 52);
	bars(LINE_BAR_NONE, LINE_BAR_NONE, LINE_BAR_NONE);
	ck_assert(!line_is_to_warn(line));
	ck_assert_uint_eq(line_every_minutes(line), 0);
	ck_assert_uint_eq(line_status(line).month_bytes, 0);
	ck_assert_uint_eq(line_status(line).bytes_per_second, 0);
}
END_TEST

START_TEST(outside_of_the_windows_the_postmaster_has_it_alone)
{
	make(OFFICE, LINE_BUDGET_FREE, 0, false);
	bars(LINE_BAR_NONE, LINE_BAR_NONE, LINE_BAR_NONE);
	ck_assert_uint_eq(line_every_minutes(line), 7);
	ck_assert_uint_eq(line_change_ms(line), 6 * HOUR_S * 1000);
	at(NOON + 6 * HOUR_S);
	bars(LINE_BAR_WINDOW, LINE_BAR_WINDOW, LINE_BAR_NONE);
	ck_assert_uint_eq(line_every_minutes(line), 0);
	ck_assert_uint_eq(line_opens_ms(line), 7 * HOUR_S * 1000);
	ck_assert_int_eq(line_status(line).changes_at_utc_ms,
	    (NOON + 13 * HOUR_S) * 1000);
	at(NOON + 13 * HOUR_S);
	bars(LINE_BAR_NONE, LINE_BAR_NONE, LINE_BAR_NONE);
	ck_assert_str_eq(line_status(line).window, "night");
}
END_TEST

START_TEST(what_waits_for_a_name_asks_for_that_name)
{
	make(OFFICE, LINE_BUDGET_FREE, 0, false);
	ck_assert(!line_window_is_open(line, "night"));
	at(NOON + 13 * HOUR_S);
	ck_assert(line_window_is_open(line, "night"));
	ck_assert(!line_window_is_open(line, "day"));
}
END_TEST

/* What leaves waits as what a person asks for; urgent mail does not. */
START_TEST(mail_leaves_in_the_windows)
{
	struct line_state state;

	make(OFFICE, LINE_BUDGET_FREE, 0, false);
	state = line_for_sending(line);
	ck_assert_int_eq(state.wait, LINE_WAIT_NONE);
	ck_assert(!state.urgent_waits && !state.large_waits);
	at(NOON + 6 * HOUR_S);
	state = line_for_sending(line);
	ck_assert_int_eq(state.wait, LINE_WAIT_WINDOW);
	ck_assert_int_eq(state.until_utc_ms, (NOON + 13 * HOUR_S) * 1000);
	ck_assert(!state.urgent_waits);
	line_open_by_hand(line, 30);
	ck_assert_int_eq(line_for_sending(line).wait, LINE_WAIT_NONE);
	make("never", LINE_BUDGET_FREE, 0, false);
	state = line_for_sending(line);
	ck_assert_int_eq(state.wait, LINE_WAIT_WINDOW);
	ck_assert_int_eq(state.until_utc_ms, 0);
}
END_TEST

START_TEST(mail_leaves_from_the_reserve_and_not_when_all_is_spent)
{
	struct line_state state;

	make("", BUDGET, 20, false);
	state = line_for_sending(line);
	ck_assert_int_eq(state.wait, LINE_WAIT_UNKNOWN);
	ck_assert(!state.urgent_waits);
	line_learn(line, line_month(line), BUDGET * 9 / 10);
	ck_assert_int_eq(line_bar(line, LINE_BY_CLOCK), LINE_BAR_RESERVE);
	ck_assert_int_eq(line_for_sending(line).wait, LINE_WAIT_NONE);
	line_carried(line, BUDGET / 10);
	state = line_for_sending(line);
	ck_assert_int_eq(state.wait, LINE_WAIT_SPENT);
	ck_assert(!state.urgent_waits);
	ck_assert_int_eq(state.until_utc_ms,
	    line_status(line).month_ends_at_utc_ms);
	make("", BUDGET, 20, true);
	line_learn(line, line_month(line), BUDGET);
	ck_assert(line_for_sending(line).urgent_waits);
	line_open_by_hand(line, 30);
	ck_assert_int_eq(line_for_sending(line).wait, LINE_WAIT_SPENT);
}
END_TEST

/* The windows of that name; from one to five where there are no windows. */
static const struct {
	const char	*windows;
	int64_t		 opens_s;	/* after noon; 0: none is waited for */
} nights[] = {
	{ "mon-fri 07:00-18:00; daily 22:00-23:00 night", 10 * HOUR_S },
	{ "", 13 * HOUR_S },
	{ "mon-fri 07:00-18:00", 0 },
};

START_TEST(what_is_large_leaves_by_night)
{
	int64_t opens_s = nights[_i].opens_s;
	struct line_options options;
	struct config config;
	struct line_state state;
	TEXT_AUTO text = TEXT_INIT(1024);
	TEXT_AUTO faults = TEXT_INIT(1024);

	text_addf(&text, "line_windows = \"%s\"\nline_send_bytes = 1MiB\n",
	    nights[_i].windows);
	ck_assert_int_eq(config_parse(text_slice(&text), "test", &config,
	    &faults), 0);
	ck_assert(config_line_governs(&config));
	line_options_of(&config, &options);
	line_free(line);
	line = line_new(&options);
	state = line_for_sending(line);
	ck_assert_int_eq(state.wait, LINE_WAIT_NONE);
	ck_assert_int_eq(state.large_waits, opens_s > 0);
	ck_assert_int_eq(state.large_until_utc_ms, opens_s == 0 ? 0 :
	    (NOON + opens_s) * 1000);
	at(NOON + opens_s);
	ck_assert(!line_for_sending(line).large_waits);
	if (opens_s == 0)
		return;
	at(NOON + opens_s - HOUR_S / 60);
	ck_assert_uint_le(line_change_ms(line), MINUTE_MS);
	line_open_by_hand(line, 30);
	ck_assert(!line_for_sending(line).large_waits);
}
END_TEST

START_TEST(the_hand_opens_it_for_a_while)
{
	make("never", LINE_BUDGET_FREE, 0, false);
	bars(LINE_BAR_WINDOW, LINE_BAR_WINDOW, LINE_BAR_NONE);
	ck_assert_uint_eq(line_opens_ms(line), UINT64_MAX);
	line_open_by_hand(line, 30);
	bars(LINE_BAR_NONE, LINE_BAR_NONE, LINE_BAR_NONE);
	ck_assert(line_status(line).by_hand);
	ck_assert_uint_eq(line_change_ms(line), 30 * MINUTE_MS);
	ck_assert_int_eq(line_status(line).changes_at_utc_ms,
	    NOON * 1000 + 30 * MINUTE_MS);
	/* the wall clock is put forward a year: that is no half an hour */
	at(NOON + 365 * 24 * HOUR_S);
	bars(LINE_BAR_NONE, LINE_BAR_NONE, LINE_BAR_NONE);
	now_ms += 30 * MINUTE_MS;
	at(NOON);
	bars(LINE_BAR_WINDOW, LINE_BAR_WINDOW, LINE_BAR_NONE);
	line_open_by_hand(line, 30);
	line_open_by_hand(line, 0);
	bars(LINE_BAR_WINDOW, LINE_BAR_WINDOW, LINE_BAR_NONE);
}
END_TEST

/* The budget */

START_TEST(until_it_is_known_only_the_postmaster_spends)
{
	make("", BUDGET, 0, false);
	ck_assert(!line_is_known(line));
	bars(LINE_BAR_UNKNOWN, LINE_BAR_UNKNOWN, LINE_BAR_NONE);
	line_learn(line, 202610, 0);	/* of another month: no news */
	ck_assert(!line_is_known(line));
	line_learn(line, 202611, 5);
	bars(LINE_BAR_NONE, LINE_BAR_NONE, LINE_BAR_NONE);
	line_learn(line, 202611, 5);	/* and it is learnt once */
	ck_assert_uint_eq(line_status(line).carried_bytes, 5);
}
END_TEST

START_TEST(at_80_percent_it_warns_once)
{
	make("", BUDGET, 0, false);
	line_learn(line, 202611, 700000);
	ck_assert(!line_is_to_warn(line));
	line_carried(line, 99999);
	ck_assert(!line_is_to_warn(line));
	line_carried(line, 1);
	ck_assert(line_is_to_warn(line));
	ck_assert(!line_is_to_warn(line));
	bars(LINE_BAR_NONE, LINE_BAR_NONE, LINE_BAR_NONE);
}
END_TEST

START_TEST(the_reserve_is_for_what_is_asked_for)
{
	make("", BUDGET, 10, false);
	line_learn(line, 202611, 899999);
	bars(LINE_BAR_NONE, LINE_BAR_NONE, LINE_BAR_NONE);
	line_carried(line, 1);
	bars(LINE_BAR_RESERVE, LINE_BAR_NONE, LINE_BAR_NONE);
	line_open_by_hand(line, 30);
	bars(LINE_BAR_NONE, LINE_BAR_NONE, LINE_BAR_NONE);
	line_open_by_hand(line, 0);
	line_carried(line, 100000);
	bars(LINE_BAR_SPENT, LINE_BAR_SPENT, LINE_BAR_NONE);
	/* a line that is closed as well is closed for the better reason */
	ck_assert_uint_eq(line_opens_ms(line), (uint64_t)(
	    calendar_month_end(NOON, 1) - NOON) * 1000);
}
END_TEST

START_TEST(what_is_spent_may_be_spent_for_everybody)
{
	make("", BUDGET, 0, true);
	bars(LINE_BAR_UNKNOWN, LINE_BAR_UNKNOWN, LINE_BAR_UNKNOWN);
	line_learn(line, 202611, BUDGET);
	bars(LINE_BAR_SPENT, LINE_BAR_SPENT, LINE_BAR_SPENT);
	line_open_by_hand(line, 30);
	bars(LINE_BAR_SPENT, LINE_BAR_SPENT, LINE_BAR_SPENT);
}
END_TEST

START_TEST(with_a_new_month_all_begins_anew)
{
	make("", BUDGET, 0, false);
	line_learn(line, 202611, BUDGET);
	ck_assert(line_is_to_warn(line));
	bars(LINE_BAR_SPENT, LINE_BAR_SPENT, LINE_BAR_NONE);
	at(calendar_month_end(NOON, 1) - 1);
	bars(LINE_BAR_SPENT, LINE_BAR_SPENT, LINE_BAR_NONE);
	at(calendar_month_end(NOON, 1));
	bars(LINE_BAR_NONE, LINE_BAR_NONE, LINE_BAR_NONE);
	ck_assert_uint_eq(line_month(line), 202612);
	ck_assert_uint_eq(line_status(line).carried_bytes, 0);
	line_carried(line, 850000);
	ck_assert(line_is_to_warn(line));
	ck_assert_uint_eq(line_status(line).carried_bytes, 850000);
}
END_TEST

/* Shares */

START_TEST(shares_are_never_more_than_all_of_it)
{
	static const uint64_t rates[] = {
		1024, 4096, 4097, 8192, 65536, 1000003, (1u << 30) - 1
	};

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		unsigned most = line_rate_most(rates[i]);

		ck_assert_uint_ge(most, 1);
		for (unsigned n = 1; n <= most && n < 1000; n++) {
			uint64_t share = line_rate_share(rates[i], n);

			ck_assert_uint_le(share * n, rates[i]);
			ck_assert_uint_gt((share + 1) * n, rates[i]);
			if (rates[i] >= LINE_SHARE_LEAST)
				ck_assert_uint_ge(share, LINE_SHARE_LEAST);
		}
	}
	ck_assert_uint_eq(line_rate_share(LINE_RATE_FREE, 5), BUCKET_FREE);
	ck_assert_uint_eq(line_rate_share(8192, 0), BUCKET_FREE);
	ck_assert_uint_ge(line_rate_most(LINE_RATE_FREE), 1000);
}
END_TEST

/* The sheet */

static struct line_counts
mail(uint64_t bytes)
{
	struct line_counts counts = { .carried[LINE_MAIL].received = bytes };

	return counts;
}

/* What stands in a page: the month, and how many; the sum of all mail. */
static uint64_t
page_sum(const struct text *body, uint32_t month, uint32_t *count_out)
{
	struct unpack u = unpack_of(text_slice(body));
	uint64_t sum = 0;

	ck_assert_uint_eq(unpack_u32(&u), month);
	*count_out = unpack_u32(&u);
	for (uint32_t i = 0; i < *count_out; i++) {
		struct line_counts counts;

		(void)unpack_u64(&u);
		counts = line_counts_unpack(&u);
		sum += line_counts_carried(&counts);
	}
	ck_assert(unpack_is_done(&u));
	return sum;
}

START_TEST(what_is_not_written_is_written_again)
{
	struct line_sheet *sheet = line_sheet_new();
	TEXT_AUTO body = TEXT_INIT(160 * 1024);
	struct line_counts counts = mail(10), none = { 0 };
	uint32_t count;

	ck_assert_int_eq(line_sheet_add(sheet, 202611, 1, &none), 0);
	ck_assert(!line_sheet_has_more(sheet));
	ck_assert(!line_sheet_take(sheet, &body));
	ck_assert_int_eq(line_sheet_add(sheet, 202611, 1, &counts), 0);
	ck_assert_int_eq(line_sheet_add(sheet, 202611, 2, &counts), 0);
	ck_assert(line_sheet_take(sheet, &body));
	ck_assert_uint_eq(page_sum(&body, 202611, &count), 20);
	ck_assert_uint_eq(count, 2);
	/* one page at a time; what comes meanwhile waits */
	counts = mail(5);
	ck_assert_int_eq(line_sheet_add(sheet, 202611, 1, &counts), 0);
	ck_assert(!line_sheet_take(sheet, &body));
	line_sheet_written(sheet, false);
	text_clear(&body);
	ck_assert(line_sheet_take(sheet, &body));
	ck_assert_uint_eq(page_sum(&body, 202611, &count), 25);
	line_sheet_written(sheet, true);
	ck_assert(!line_sheet_has_more(sheet));
	text_clear(&body);
	ck_assert(!line_sheet_take(sheet, &body));
	line_sheet_free(sheet);
}
END_TEST

START_TEST(pages_are_of_one_month_and_not_too_long)
{
	struct line_sheet *sheet = line_sheet_new();
	struct line_counts counts = mail(1);
	uint64_t sum[2] = { 0, 0 };

	for (uint64_t id = 1; id <= 700; id++)
		for (unsigned m = 0; m < 2; m++)
			ck_assert_int_eq(line_sheet_add(sheet, 202611 + m, id,
			    &counts), 0);
	while (line_sheet_has_more(sheet)) {
		TEXT_AUTO body = TEXT_INIT(160 * 1024);
		struct unpack u;
		uint32_t month, count;

		ck_assert(line_sheet_take(sheet, &body));
		ck_assert(!text_failed(&body));
		u = unpack_of(text_slice(&body));
		month = unpack_u32(&u);
		ck_assert(month == 202611 || month == 202612);
		sum[month - 202611] += page_sum(&body, month, &count);
		ck_assert_uint_le(count, LINE_SHEET_PAGE);
		line_sheet_written(sheet, true);
	}
	ck_assert_uint_eq(sum[0], 700);
	ck_assert_uint_eq(sum[1], 700);
	line_sheet_free(sheet);
}
END_TEST

/* The bill */

START_TEST(a_bill_tells_its_news_once)
{
	struct line_bill bill = { .told = { .saved = { { 0 } } } };
	struct line_counts news;

	ck_assert(!line_bill_news(&bill, &news));
	line_bill_for(&bill, LINE_LISTING);
	ck_assert_uint_eq(bill.carried.cause, LINE_LISTING);
	bill.carried.bytes[LINE_LISTING].received = 40;
	line_bill_saved(&bill, LINE_SHARED, 7000, 1);
	ck_assert_uint_eq(line_bill_untold(&bill), 40);
	ck_assert(line_bill_news(&bill, &news));
	ck_assert_uint_eq(line_counts_carried(&news), 40);
	ck_assert_uint_eq(news.saved[LINE_SHARED].bytes, 7000);
	ck_assert(!line_bill_news(&bill, &news));
	ck_assert_uint_eq(line_bill_untold(&bill), 0);
	line_bill_for(NULL, LINE_MAIL);
	line_bill_move(NULL, LINE_REFETCHED, 5);
	line_bill_saved(NULL, LINE_SKIPPED, 5, 1);
}
END_TEST

START_TEST(what_changes_its_cause_is_counted_once)
{
	struct line_bill bill = { .told = { .saved = { { 0 } } } };
	struct line_counts news, sum = { .saved = { { 0 } } };

	bill.carried.bytes[LINE_MAIL].received = 100;
	ck_assert(line_bill_news(&bill, &news));
	line_counts_add(&sum, &news);
	bill.carried.bytes[LINE_MAIL].received = 300;
	line_bill_move(&bill, LINE_REFETCHED, 250);	/* 200 are not told */
	ck_assert(line_bill_news(&bill, &news));
	line_counts_add(&sum, &news);
	ck_assert_uint_eq(line_counts_carried(&sum), 300);
	ck_assert_uint_eq(sum.carried[LINE_REFETCHED].received, 200);
	/* who keeps the sums moves the rest there */
	ck_assert_uint_eq(sum.moved[LINE_REFETCHED], 50);
	bill.carried.bytes[LINE_MAIL].received += 50;
	ck_assert(line_bill_news(&bill, &news));
	ck_assert_uint_eq(line_counts_carried(&news), 50);
}
END_TEST

START_TEST(what_compressing_saves_is_never_taken_back)
{
	const struct deflate_counts small = { 10, 30, 5, 5 },
	    large = { 1000, 200, 95, 65 };
	struct line_bill bill = { .told = { .saved = { { 0 } } } };

	line_bill_packed(NULL, &small);
	line_bill_packed(&bill, &small);
	ck_assert_uint_eq(bill.rest.saved[LINE_COMPRESSED].bytes, 0);
	line_bill_packed(&bill, &large);
	ck_assert_uint_eq(bill.rest.saved[LINE_COMPRESSED].bytes, 810);
	line_bill_packed(&bill, &small);
	ck_assert_uint_eq(bill.rest.saved[LINE_COMPRESSED].bytes, 810);
	ck_assert_uint_eq(bill.rest.saved[LINE_COMPRESSED].messages, 0);
}
END_TEST

START_TEST(what_came_compressed_moves_as_it_was_carried)
{
	const struct deflate_counts fourth = { 1000, 250, 0, 0 };
	struct line_bill bill = { .told = { .saved = { { 0 } } } };

	line_bill_packed(&bill, &fourth);
	bill.carried.bytes[LINE_MAIL].received = 250;
	line_bill_move(&bill, LINE_DUPLICATES, 400);
	ck_assert_uint_eq(bill.carried.bytes[LINE_DUPLICATES].received, 100);
	ck_assert_uint_eq(bill.carried.bytes[LINE_MAIL].received, 150);
}
END_TEST

START_TEST(each_bar_has_words_and_a_code)
{
	for (enum line_bar bar = LINE_BAR_WINDOW; bar < LINE_BAR_COUNT; bar++) {
		ck_assert_str_ne(line_bar_words(bar), "");
		ck_assert_str_ne(line_bar_code(bar), "");
	}
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("fetch/line");
	TCase *tests = tcase_create("line");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, without_windows_and_budget_nothing_is_barred);
	tcase_add_test(tests,
	    outside_of_the_windows_the_postmaster_has_it_alone);
	tcase_add_test(tests, what_waits_for_a_name_asks_for_that_name);
	tcase_add_test(tests, mail_leaves_in_the_windows);
	tcase_add_test(tests,
	    mail_leaves_from_the_reserve_and_not_when_all_is_spent);
	tcase_add_loop_test(tests, what_is_large_leaves_by_night, 0,
	    sizeof(nights) / sizeof(nights[0]));
	tcase_add_test(tests, the_hand_opens_it_for_a_while);
	tcase_add_test(tests, until_it_is_known_only_the_postmaster_spends);
	tcase_add_test(tests, at_80_percent_it_warns_once);
	tcase_add_test(tests, the_reserve_is_for_what_is_asked_for);
	tcase_add_test(tests, what_is_spent_may_be_spent_for_everybody);
	tcase_add_test(tests, with_a_new_month_all_begins_anew);
	tcase_add_test(tests, shares_are_never_more_than_all_of_it);
	tcase_add_test(tests, what_is_not_written_is_written_again);
	tcase_add_test(tests, pages_are_of_one_month_and_not_too_long);
	tcase_add_test(tests, a_bill_tells_its_news_once);
	tcase_add_test(tests, what_changes_its_cause_is_counted_once);
	tcase_add_test(tests, what_compressing_saves_is_never_taken_back);
	tcase_add_test(tests, what_came_compressed_moves_as_it_was_carried);
	tcase_add_test(tests, each_bar_has_words_and_a_code);
	suite_add_tcase(suite, tests);
	return suite;
}
