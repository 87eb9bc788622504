/*
 * ledger_seed_test.c - what another program has collected is not taken again
 */
#include "tests/unit/unit.h"

#include "tests/unit/queue/ledger_taking.h"

static int
seed(const char *const *uidls, uint32_t count)
{
	TEXT_AUTO text = TEXT_INIT(4096);
	struct unpack u;

	for (uint32_t i = 0; i < count; i++)
		pack_slice(&text, slice_str(uidls[i]));
	u = unpack_of(text_slice(&text));
	return ledger_seed(ledger, ACCOUNT, slice_of(NULL, 0), count, &u);
}

static const char *const a_and_x[] = { "A", "X" };

START_TEST(seeds_are_known_whatever_their_size)
{
	ck_assert_int_eq(seed(a_and_x, 2), 0);
	list(two);
	ck_assert_str_eq(part(LISTING_TAKE), "2");
	ck_assert_str_eq(part(LISTING_LOOK), "");
	end();
	reopen();
	list(two);
	ck_assert_str_eq(part(LISTING_TAKE), "2");
	ck_assert_str_eq(part(LISTING_LOOK), "");
}
END_TEST

START_TEST(a_seed_is_never_deleted_there)
{
	ck_assert_int_eq(seed(a_and_x, 2), 0);
	list_days(two, true, 0);
	ck_assert_int_eq(store(2, 'b', 'b'), 0);
	ck_assert_str_eq(part(LISTING_DELETE), "2");
	ck_assert_int_eq(deleting(1), -EAGAIN);
}
END_TEST

START_TEST(what_is_known_better_stays_so)
{
	have_two(true);
	ck_assert_int_eq(seed(a_and_x, 2), 0);
	list_days(two, true, 0);
	ck_assert_str_eq(part(LISTING_TAKE), "");
	ck_assert_str_eq(part(LISTING_DELETE), "1 2");
}
END_TEST

START_TEST(one_that_is_no_uidl_changes_nothing)
{
	static const char *const bad[] = { "A", "" };

	ck_assert_int_eq(seed(bad, 2), -EBADMSG);
	list(two);
	ck_assert_str_eq(part(LISTING_TAKE), "1 2");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("ledger_seed");
	TCase *tcase = tcase_create("seed");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, seeds_are_known_whatever_their_size);
	tcase_add_test(tcase, a_seed_is_never_deleted_there);
	tcase_add_test(tcase, what_is_known_better_stays_so);
	tcase_add_test(tcase, one_that_is_no_uidl_changes_nothing);
	suite_add_tcase(suite, tcase);
	return suite;
}
