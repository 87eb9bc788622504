/*
 * ledger_page_test.c - in what order a remote mailbox is taken, and what of it
 * is kept as a note
 */
#include "tests/unit/queue/ledger_taking.h"

#include "tests/unit/unit.h"

#define BIG		(LISTING_SMALL_BYTES + 1)

/* All pages of what is to be taken; how many rows they had. */
static uint32_t
read_pages(uint64_t numbers[], uint32_t most, enum listing_order *order_out)
{
	struct ledger_after after = { 0 };
	uint32_t all = 0, count;

	do {
		TEXT_AUTO text = TEXT_INIT(64 * 1024);
		struct unpack u;

		ck_assert_int_eq(ledger_page(ledger, &channel, ACCOUNT,
		    LISTING_TAKE, &after, &text), 0);
		u = unpack_of(text_slice(&text));
		*order_out = unpack_enum(&u, LISTING_ORDER_COUNT);
		count = unpack_u32(&u);
		for (uint32_t i = 0; i < count; i++) {
			ck_assert_uint_lt(all, most);
			after.number = unpack_u32(&u);
			after.bytes = unpack_u64(&u);
			ck_assert(!unpack_bool(&u));
			ck_assert_uint_eq(unpack_u64(&u), 0);
			numbers[all++] = after.number;
		}
		ck_assert(unpack_is_done(&u));
	} while (count == LISTING_PAGE);
	return all;
}

START_TEST(the_smallest_come_first_and_small_ones_in_their_order)
{
	static const struct remote rows[] = { { BIG + 5, "A" }, { 900, "B" },
	    { BIG + 9, "C" }, { BIG, "D" }, { LISTING_SMALL_BYTES, "E" },
	    { BIG + 5, "F" }, { 1, "G" }, { 0, NULL } };

	list(rows);
	ck_assert_str_eq(part(LISTING_TAKE), "2 5 7 4 1 6 3");
}
END_TEST

/* Sizes that are spread: 7,919 is prime to the count. */
START_TEST(each_of_many_comes_once_and_none_before_a_smaller_one)
{
	enum { MANY = 5 * LISTING_PAGE + 1 };
	static uint64_t numbers[MANY];
	static bool seen[MANY + 1];
	enum listing_order order;
	uint64_t before = 0;

	ck_assert_int_eq(begin_days(true, -1), 0);
	for (uint32_t n = 1; n <= MANY; n++) {
		char uidl[16];

		(void)snprintf(uidl, sizeof(uidl), "u%u", n);
		row(n, BIG + n * 7919u % MANY, uidl);
	}
	decide();
	ck_assert_uint_eq(read_pages(numbers, MANY, &order), MANY);
	ck_assert_uint_eq(order, LISTING_BY_SIZE);
	for (uint32_t i = 0; i < MANY; i++) {
		uint64_t bytes = BIG + numbers[i] * 7919u % MANY;

		ck_assert(!seen[numbers[i]]);
		seen[numbers[i]] = true;
		ck_assert_uint_ge(bytes, before);
		before = bytes;
	}
	ck_assert_uint_eq(numbers[0], MANY);
}
END_TEST

/* A large one, and each time another small one that is newer. */
static void
list_again(unsigned time)
{
	char uidl[16];

	ck_assert_int_eq(begin_days(true, -1), 0);
	row(1, BIG, "large");
	(void)snprintf(uidl, sizeof(uidl), "small-%u", time);
	row(2, 10 + time, uidl);
	decide();
}

START_TEST(new_small_ones_do_not_keep_a_large_one_for_ever)
{
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < LEDGER_CUT_MOST; i++) {
			list_again(round * 10 + i);
			ck_assert_str_eq(part(LISTING_TAKE), "2 1");
			ck_assert_int_eq(store(2, 'a', (char)('a' + i)), 0);
			end();	/* the line was cut in the large one */
		}
		list_again(round * 10 + 9);
		ck_assert_str_eq(part(LISTING_TAKE), "1 2");
		end();
	}
}
END_TEST

START_TEST(who_only_counts_has_cut_nothing)
{
	for (unsigned i = 0; i < LEDGER_CUT_MOST + 1; i++) {
		list_again(1);
		end();
	}
	list_again(1);
	ck_assert_str_eq(part(LISTING_TAKE), "2 1");
}
END_TEST

START_TEST(a_collection_that_came_to_its_end_begins_the_count_anew)
{
	for (unsigned i = 0; i < LEDGER_CUT_MOST; i++) {
		list_again(1);
		ck_assert_str_eq(part(LISTING_TAKE), "2 1");
		if (i == LEDGER_CUT_MOST - 1) {
			ck_assert_int_eq(store(1, 'l', 'l'), 0);
			ck_assert_int_eq(store(2, 's', 's'), 0);
		}
		end();
	}
	ck_assert_int_eq(begin_days(true, -1), 0);
	row(1, BIG + 7, "other");
	row(2, 99, "new");
	decide();
	ck_assert_str_eq(part(LISTING_TAKE), "2 1");
}
END_TEST

START_TEST(what_is_noted_is_deleted_whatever_else_is_kept)
{
	struct ledger_taken *taken;

	for (unsigned i = 0; i < 2; i++) {
		list_days(two, true, i == 0 ? -1 : 30);
		if (i == 0) {
			ck_assert_int_eq(store(1, 'a', 'a'), 0);
			ck_assert_int_eq(take_note(2, 'b', FETCHED_NOTE,
	    &taken), 0);
			ck_assert_str_eq(part(LISTING_DELETE), "");
			receive(taken);
		}
		ck_assert_str_eq(part(LISTING_TAKE), "");
		ck_assert_str_eq(part(LISTING_DELETE), "2");
		ck_assert_int_eq(deleting(1), -EAGAIN);
		end();
		reopen();
	}
	list_days(two, true, -1);
	ck_assert_int_eq(deleting(2), 0);
}
END_TEST

START_TEST(a_note_that_is_not_stored_deletes_nothing)
{
	struct ledger_taken *taken;

	list_days(two, true, 0);
	ck_assert_int_eq(take_note(2, 'b', FETCHED_NOTE,
	    &taken), 0);
	ledger_untake(ledger, taken);
	ck_assert_str_eq(part(LISTING_DELETE), "");
	ck_assert_str_eq(part(LISTING_TAKE), "1 2");
}
END_TEST

START_TEST(a_note_stands_for_what_is_taken_later_and_nothing_is_deleted)
{
	struct ledger_taken *taken;

	list_days(two, true, 0);
	ck_assert_int_eq(take_note(2, 'b', FETCHED_PLACE, &taken), 0);
	receive(taken);
	ck_assert_int_eq(store(1, 'a', 'a'), 0);
	ck_assert_str_eq(part(LISTING_DELETE), "1");
	end();
	for (unsigned i = 0; i < 2; i++) {
		reopen();
		list_days(two, true, 0);
		ck_assert_str_eq(part(LISTING_TAKE), "2");
		ck_assert_str_eq(part(LISTING_DELETE), "1");
		end();
	}
	list_days(two, true, 0);
	ck_assert_int_eq(store(2, 'b', 'b'), 0);
	ck_assert_str_eq(part(LISTING_DELETE), "1 2");
	end();
	reopen();
	list_days(two, true, 0);
	ck_assert_str_eq(part(LISTING_TAKE), "");
	ck_assert_str_eq(part(LISTING_DELETE), "1 2");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("queue/ledger_page");
	TCase *tests = tcase_create("order");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests,
	    the_smallest_come_first_and_small_ones_in_their_order);
	tcase_add_test(tests,
	    each_of_many_comes_once_and_none_before_a_smaller_one);
	tcase_add_test(tests, new_small_ones_do_not_keep_a_large_one_for_ever);
	tcase_add_test(tests, who_only_counts_has_cut_nothing);
	tcase_add_test(tests,
	    a_collection_that_came_to_its_end_begins_the_count_anew);
	tcase_add_test(tests, what_is_noted_is_deleted_whatever_else_is_kept);
	tcase_add_test(tests, a_note_that_is_not_stored_deletes_nothing);
	tcase_add_test(tests,
	    a_note_stands_for_what_is_taken_later_and_nothing_is_deleted);
	suite_add_tcase(suite, tests);
	return suite;
}
