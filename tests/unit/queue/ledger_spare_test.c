/*
 * ledger_spare_test.c - what was not carried is counted once
 */
#include "tests/unit/queue/ledger_taking.h"

static struct listing_spared spared;

/* These numbers, for that reason, after so many bytes of each; 0 ends them. */
static int
spare(bool are_large, enum spared why, uint64_t carried,
    const uint32_t *numbers)
{
	TEXT_AUTO text = TEXT_INIT(1024);
	struct unpack u;
	uint32_t count = 0;

	for (; numbers[count] != 0; count++) {
		pack_u32(&text, numbers[count]);
		pack_u8(&text, (uint8_t)why);
		pack_u64(&text, carried);
	}
	u = unpack_of(text_slice(&text));
	return ledger_spare(ledger, &channel, ACCOUNT, are_large, count, &u,
	    &spared);
}

static void
spared_is(uint64_t skipped, uint64_t skipped_bytes, uint64_t deferred,
    uint64_t deferred_bytes)
{
	ck_assert_uint_eq(spared.of[SPARED_SKIPPED].messages, skipped);
	ck_assert_uint_eq(spared.of[SPARED_SKIPPED].bytes, skipped_bytes);
	ck_assert_uint_eq(spared.of[SPARED_DEFERRED].messages, deferred);
	ck_assert_uint_eq(spared.of[SPARED_DEFERRED].bytes, deferred_bytes);
}

static const uint32_t both[] = { 1, 2, 0 }, first[] = { 1, 0 },
    second[] = { 2, 0 }, third[] = { 3, 0 }, none[] = { 0 };

START_TEST(a_message_is_counted_in_one_collection_only)
{
	list(two);
	ck_assert_int_eq(spare(false, SPARED_DEFERRED, 0, first), 0);
	spared_is(0, 0, 1, 100);
	/* another reason is no other message */
	ck_assert_int_eq(spare(false, SPARED_SKIPPED, 0, both), 0);
	spared_is(1, 200, 0, 0);
	end();
	list(two);
	ck_assert_int_eq(spare(false, SPARED_DEFERRED, 0, both), 0);
	spared_is(0, 0, 0, 0);
	reopen();
	list(two);
	ck_assert_int_eq(spare(false, SPARED_DEFERRED, 0, both), 0);
	spared_is(0, 0, 0, 0);
}
END_TEST

START_TEST(a_header_that_was_carried_is_no_saving)
{
	list(two);
	ck_assert_int_eq(spare(false, SPARED_SKIPPED, 30, first), 0);
	spared_is(1, 70, 0, 0);
	/* it was larger than the listing says */
	ck_assert_int_eq(spare(false, SPARED_SKIPPED, 300, second), 0);
	spared_is(1, 0, 0, 0);
}
END_TEST

START_TEST(what_is_too_large_is_skipped)
{
	static const struct remote rows[] = { { LARGEST + 1, "A" },
	    { LARGEST, "B" }, { LARGEST + 5, "C" }, { 0, NULL } };

	list(rows);
	ck_assert_int_eq(spare(false, SPARED_SKIPPED, 0, none), 0);
	spared_is(0, 0, 0, 0);
	ck_assert_int_eq(spare(true, SPARED_DEFERRED, 0, second), 0);
	spared_is(2, 2 * LARGEST + 6, 1, LARGEST);
	end();
	list(rows);
	ck_assert_int_eq(spare(true, SPARED_DEFERRED, 0, second), 0);
	spared_is(0, 0, 0, 0);
}
END_TEST

START_TEST(without_uidl_the_size_tells_messages_apart)
{
	static const struct remote rows[] = { { 100, "" }, { 100, "" },
	    { 200, "" }, { 0, NULL } };

	list_days(rows, false, -1);
	ck_assert_int_eq(spare(false, SPARED_SKIPPED, 0, both), 0);
	spared_is(1, 100, 0, 0);
	ck_assert_int_eq(spare(false, SPARED_SKIPPED, 0, third), 0);
	spared_is(1, 200, 0, 0);
}
END_TEST

START_TEST(what_is_reported_is_remembered_as_long_as_it_is)
{
	for (int day = 0; day < 200; day += 50) {
		list(two);
		ck_assert_int_eq(spare(false, SPARED_SKIPPED, 0, first), 0);
		spared_is(day == 0, day == 0 ? 100 : 0, 0, 0);
		end();
		later(50 * (int64_t)DAY);
	}
	/* the other one's time is long over when something is written */
	list(two);
	ck_assert_int_eq(spare(false, SPARED_SKIPPED, 0, second), 0);
	spared_is(1, 200, 0, 0);
	end();
	later(130 * (int64_t)DAY);
	list(two);
	ck_assert_int_eq(spare(false, SPARED_SKIPPED, 0, first), 0);
	ck_assert_int_eq(spare(false, SPARED_SKIPPED, 0, second), 0);
	spared_is(1, 200, 0, 0);
}
END_TEST

START_TEST(what_was_not_listed_is_a_breach)
{
	list(two);
	ck_assert_int_eq(spare(false, SPARED_SKIPPED, 0, third), -EBADMSG);
	ck_assert_int_eq(spare(false, SPARED_COUNT, 0, first), -EBADMSG);
	end();
	ck_assert_int_eq(spare(false, SPARED_SKIPPED, 0, first), -ESRCH);
}
END_TEST

static void
leave(uint32_t from, uint32_t to)
{
	TEXT_AUTO text = TEXT_INIT(8);
	struct unpack u;
	unsigned before = answers;

	pack_u32(&text, from);
	pack_u32(&text, to);
	u = unpack_of(text_slice(&text));
	ck_assert_int_eq(ledger_leave(ledger, &asked, ACCOUNT, 1, &u), 0);
	(void)wait_answer(before);
	ck_assert_int_eq(last_answer, 0);
}

START_TEST(what_was_never_wanted_is_counted_when_it_is_left)
{
	list(two);
	leave(1, 2);
	/* after a decision that is one which came too large */
	ck_assert_uint_eq(counts.left, 0);
	end();
	ck_assert_int_eq(begin_days(true, -1), 0);
	row(1, 700, "C");
	row(2, 800, "D");
	leave(1, 1);
	ck_assert_uint_eq(counts.left, 1);
	ck_assert_uint_eq(counts.left_bytes, 700);
	leave(1, 2);
	ck_assert_uint_eq(counts.left, 1);
	ck_assert_uint_eq(counts.left_bytes, 800);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("ledger_spare");
	TCase *tcase = tcase_create("spare");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_message_is_counted_in_one_collection_only);
	tcase_add_test(tcase, a_header_that_was_carried_is_no_saving);
	tcase_add_test(tcase, what_is_too_large_is_skipped);
	tcase_add_test(tcase, without_uidl_the_size_tells_messages_apart);
	tcase_add_test(tcase, what_is_reported_is_remembered_as_long_as_it_is);
	tcase_add_test(tcase, what_was_not_listed_is_a_breach);
	tcase_add_test(tcase,
	    what_was_never_wanted_is_counted_when_it_is_left);
	suite_add_tcase(suite, tcase);
	return suite;
}
