/*
 * ledger_test.c - what is taken, looked at and deleted of a remote mailbox
 *
 * The rules of the ledger are one thing: each test is one of them, on the one
 * scene of ledger_scene.h.
 */
#include "tests/unit/queue/ledger_taking.h"

START_TEST(what_is_new_is_taken_once)
{
	list(two);
	ck_assert(is_first);
	ck_assert(may_delete);
	ck_assert_uint_eq(counts.take, 2);
	ck_assert_uint_eq(counts.take_bytes, 300);
	ck_assert_str_eq(part(LISTING_TAKE), "1 2");
	ck_assert_int_eq(store(1, 'a', 'a'), 0);
	ck_assert_str_eq(part(LISTING_TAKE), "2");
	end();
	list(two);
	ck_assert_str_eq(part(LISTING_TAKE), "2");
	ck_assert_uint_eq(counts.known, 1);
}
END_TEST

START_TEST(what_was_not_received_may_be_taken_again)
{
	struct ledger_taken *taken;

	list(two);
	ck_assert_int_eq(take(1, 'a', 'a', &taken), 0);
	ck_assert_str_eq(part(LISTING_TAKE), "2");
	ck_assert_int_eq(take(1, 'a', 'a', &(struct ledger_taken *){ NULL }),
	    -ESRCH);
	ledger_untake(ledger, taken);
	ck_assert_str_eq(part(LISTING_TAKE), "1 2");
}
END_TEST

START_TEST(a_submission_that_was_never_listed_is_a_breach)
{
	struct ledger_taken *taken;

	list(two);
	ck_assert_int_eq(take(3, 'a', 'a', &taken), -EBADMSG);
	end();
	ck_assert_int_eq(take(1, 'a', 'a', &taken), -ESRCH);
}
END_TEST

START_TEST(what_is_larger_than_the_largest_is_left_alone)
{
	static const struct remote rows[] = { { LARGEST + 1, "A" },
	    { LARGEST, "B" }, { 0, NULL } };

	list(rows);
	ck_assert_uint_eq(counts.too_large, 1);
	ck_assert_str_eq(part(LISTING_TAKE), "2");
	/* the limit was raised */
	(void)decide_largest(LARGEST + 1);
	ck_assert_str_eq(part(LISTING_TAKE), "2 1");
}
END_TEST

START_TEST(F24_without_uidl_size_and_header_are_the_identity)
{
	have_two(false);
	list_days(two, false, 0);
	ck_assert_str_eq(part(LISTING_TAKE), "");
	ck_assert_str_eq(part(LISTING_LOOK), "1 2");
	digest(1, 'a');
	digest(2, 'n');		/* another of the same size */
	decide();
	ck_assert_str_eq(part(LISTING_TAKE), "2");
	ck_assert_str_eq(part(LISTING_DELETE), "1");
	ck_assert_int_eq(store(2, 'n', 'n'), 0);
}
END_TEST

START_TEST(F24_without_uidl_a_size_nobody_had_is_taken_at_once)
{
	static const struct remote rows[] = { { 300, "" }, { 0, NULL } };

	have_two(false);
	list_days(rows, false, -1);
	ck_assert_str_eq(part(LISTING_TAKE), "1");
	ck_assert_str_eq(part(LISTING_LOOK), "");
}
END_TEST

/* F53: equal headers and size, other body */
START_TEST(F24_F53_one_more_than_is_known_is_told_by_its_bytes)
{
	static const struct remote rows[] = { { 100, "" }, { 100, "" },
	    { 0, NULL } };
	static const struct remote one[] = { { 100, "" }, { 0, NULL } };

	list_days(one, false, -1);
	ck_assert_int_eq(store(1, 'h', 'x'), 0);
	end();
	list_days(rows, false, 0);
	digest(1, 'h');
	decide();
	ck_assert_str_eq(part(LISTING_TAKE), "");	/* not all looked at */
	digest(2, 'h');
	decide();
	ck_assert_str_eq(part(LISTING_TAKE), "1 2");
	ck_assert_str_eq(part(LISTING_DELETE), "");	/* never in doubt */
	ck_assert_int_eq(store(1, 'h', 'y'), 0);
	ck_assert_int_eq(store(2, 'h', 'x'), -EEXIST);
	ck_assert_str_eq(part(LISTING_DELETE), "1 2");
	end();
	list_days(rows, false, -1);
	digest(1, 'h');
	digest(2, 'h');
	decide();
	ck_assert_uint_eq(counts.known, 2);
}
END_TEST

START_TEST(F24_a_digest_that_cannot_be_had_is_taken)
{
	have_two(false);
	list_days(two, false, 0);
	digest(1, '\0');
	digest(2, 'b');
	decide();
	ck_assert_str_eq(part(LISTING_TAKE), "1");
	ck_assert_int_eq(store(1, 'a', 'a'), -EEXIST);
}
END_TEST

START_TEST(F25_renumbered_mail_is_matched_by_size_and_header)
{
	static const struct remote rows[] = { { 100, "X" }, { 200, "Y" },
	    { 300, "Z" }, { 0, NULL } };

	have_two(true);
	list(rows);
	ck_assert_str_eq(part(LISTING_LOOK), "1 2");
	ck_assert_str_eq(part(LISTING_TAKE), "3");
	digest(1, 'a');
	digest(2, 'b');
	decide();
	ck_assert_str_eq(part(LISTING_TAKE), "3");
	ck_assert_uint_eq(counts.known, 2);
	end();
	list(rows);
	ck_assert_uint_eq(counts.known, 2);
	ck_assert_uint_eq(counts.look, 0);
}
END_TEST

START_TEST(F25_a_doubtful_match_is_fetched_and_not_delivered_twice)
{
	static const struct remote twins[] = { { 100, "A" }, { 100, "B" },
	    { 0, NULL } };
	static const struct remote rows[] = { { 100, "X" }, { 100, "Y" },
	    { 0, NULL } };

	list(twins);
	ck_assert_int_eq(store(1, 'h', 'a'), 0);
	ck_assert_int_eq(store(2, 'h', 'b'), 0);
	end();
	list(rows);
	digest(1, 'h');
	digest(2, 'h');
	decide();
	ck_assert_str_eq(part(LISTING_TAKE), "1 2");
	ck_assert_int_eq(store(1, 'h', 'b'), -EEXIST);
	ck_assert_int_eq(store(2, 'h', 'n'), 0);	/* a new one */
	end();
	list(rows);
	ck_assert_uint_eq(counts.known, 2);
}
END_TEST

/* The first half was matched; what is left must still be looked at. */
START_TEST(F25_a_renumbering_cut_in_the_middle_goes_on)
{
	static const struct remote rows[] = { { 100, "X" }, { 200, "Y" },
	    { 0, NULL } };

	have_two(true);
	list(rows);
	digest(1, 'a');
	decide();
	ledger_asker_lost(ledger, &channel);
	reopen();
	list(rows);
	ck_assert_str_eq(part(LISTING_LOOK), "2");
	digest(2, 'b');
	decide();
	ck_assert_uint_eq(counts.known, 2);
	ck_assert_str_eq(part(LISTING_TAKE), "");
}
END_TEST

START_TEST(F26_equal_uidls_are_told_apart_by_size_and_count)
{
	static const struct remote rows[] = { { 100, "D" }, { 200, "D" },
	    { 0, NULL } };
	static const struct remote three[] = { { 100, "D" }, { 200, "D" },
	    { 200, "D" }, { 0, NULL } };
	static const struct remote second[] = { { 200, "D" }, { 0, NULL } };

	list(rows);
	ck_assert_str_eq(part(LISTING_TAKE), "1 2");
	ck_assert_int_eq(store(1, 'a', 'a'), 0);
	ck_assert_int_eq(store(2, 'b', 'b'), 0);
	end();
	list(three);
	ck_assert_uint_eq(counts.known, 2);
	ck_assert_str_eq(part(LISTING_TAKE), "3");
	ck_assert_int_eq(store(3, 'b', 'c'), 0);
	end();
	list(second);
	ck_assert_uint_eq(counts.known, 1);
	ck_assert_uint_eq(counts.take + counts.look, 0);
}
END_TEST

START_TEST(F27_a_uidl_used_again_is_delivered_when_the_header_differs)
{
	static const struct remote none[] = { { 0, NULL } };

	have_two(true);
	list(none);
	end();
	list_days(two, true, 0);
	ck_assert_str_eq(part(LISTING_LOOK), "1 2");
	digest(1, 'n');
	digest(2, 'b');		/* it is back */
	decide();
	ck_assert_str_eq(part(LISTING_TAKE), "1");
	ck_assert_str_eq(part(LISTING_DELETE), "2");
	ck_assert_int_eq(store(1, 'n', 'n'), 0);
	end();
	list(two);
	ck_assert_uint_eq(counts.known, 2);
}
END_TEST

START_TEST(F27_another_size_under_a_known_uidl_is_looked_at)
{
	static const struct remote rows[] = { { 101, "A" }, { 200, "B" },
	    { 0, NULL } };

	have_two(true);
	list(rows);
	ck_assert_str_eq(part(LISTING_LOOK), "1");
	digest(1, 'a');
	decide();
	ck_assert_uint_eq(counts.known, 2);
	end();
	list(rows);	/* and the new size is known now */
	ck_assert_uint_eq(counts.known, 2);
}
END_TEST

START_TEST(F28_a_uidl_is_data_whatever_it_holds)
{
	char longest[UIDL_MOST_BYTES + 1];
	const struct remote rows[] = { { 10, "../../etc/passwd" },
	    { 10, "a b" }, { 10, "\xff\xfe" }, { 10, "'; DROP TABLE seen" },
	    { 10, longest }, { 0, NULL } };

	memset(longest, 'u', UIDL_MOST_BYTES);
	longest[UIDL_MOST_BYTES] = '\0';
	list(rows);
	for (uint32_t n = 1; n <= 5; n++)
		ck_assert_int_eq(store(n, (char)('a' + n), 'w'), 0);
	end();
	list(rows);
	ck_assert_uint_eq(counts.known, 5);
}
END_TEST

/* Without a UIDL two of one size are not the same. */
START_TEST(F28_an_empty_uidl_is_none)
{
	static const struct remote rows[] = { { 100, "" }, { 200, "B" },
	    { 0, NULL } };

	have_two(true);
	list(rows);
	ck_assert_uint_eq(counts.known, 1);
	ck_assert_str_eq(part(LISTING_LOOK), "1");
}
END_TEST

START_TEST(F31_F34_what_is_listed_after_dele_is_deleted_again_not_delivered)
{
	have_two(true);
	for (unsigned i = 0; i < 100; i++) {
		list_days(two, true, 0);
		ck_assert_uint_eq(counts.take + counts.look, 0);
		ck_assert_str_eq(part(LISTING_DELETE), "1 2");
		ck_assert_int_eq(deleting(1), 0);
		ck_assert_int_eq(deleting(2), 0);
		end();
	}
}
END_TEST

START_TEST(F35_a_page_ends_at_its_limit)
{
	TEXT_AUTO text = TEXT_INIT(64 * 1024);
	const struct ledger_after last = { LISTING_PAGE, LISTING_PAGE };
	struct unpack u;

	ck_assert_int_eq(begin_days(true, -1), 0);
	for (uint32_t n = 1; n <= LISTING_PAGE + 1; n++) {
		char uidl[16];

		(void)snprintf(uidl, sizeof(uidl), "u%u", n);
		row(n, n, uidl);
	}
	decide();
	ck_assert_int_eq(ledger_page(ledger, &channel, ACCOUNT, LISTING_TAKE,
	    &from_the_first, &text), 0);
	u = unpack_of(text_slice(&text));
	ck_assert_uint_eq(unpack_u8(&u), LISTING_BY_SIZE);
	ck_assert_uint_eq(unpack_u32(&u), LISTING_PAGE);
	text_clear(&text);
	ck_assert_int_eq(ledger_page(ledger, &channel, ACCOUNT, LISTING_TAKE,
	    &last, &text), 0);
	u = unpack_of(text_slice(&text));
	ck_assert_uint_eq(unpack_u8(&u), LISTING_BY_SIZE);
	ck_assert_uint_eq(unpack_u32(&u), 1);
	ck_assert_uint_eq(unpack_u32(&u), LISTING_PAGE + 1);
}
END_TEST

START_TEST(F37_what_was_submitted_is_known_to_the_next_listing)
{
	struct ledger_taken *taken;

	list(two);
	ck_assert_int_eq(take(1, 'a', 'a', &taken), 0);
	ledger_asker_lost(ledger, &channel);
	/* nobody knows yet whether it is received */
	ck_assert_int_eq(begin_days(true, -1), -EBUSY);
	receive(taken);
	list(two);
	ck_assert_str_eq(part(LISTING_TAKE), "2");
}
END_TEST

START_TEST(F42_one_listing_of_a_mailbox_at_a_time)
{
	const struct ledger_begin begin = { ACCOUNT, OWNER, true, -1, false, false };

	ck_assert_int_eq(begin_days(true, -1), 0);
	ck_assert_int_eq(ledger_begin(ledger, &other_channel, &begin,
	    &may_delete, &is_first), -EBUSY);
	ck_assert_int_eq(ledger_decide(ledger, &(struct ledger_asked){
	    &other_channel, 1, on_done }, ACCOUNT, LARGEST), -ESRCH);
	ledger_asker_lost(ledger, &channel);
	ck_assert_int_eq(ledger_begin(ledger, &other_channel, &begin,
	    &may_delete, &is_first), 0);
}
END_TEST

START_TEST(F50_the_same_bytes_beside_the_old_ones_are_delivered)
{
	static const struct remote rows[] = { { 100, "A" }, { 200, "B" },
	    { 100, "C" }, { 0, NULL } };

	have_two(true);
	list(rows);
	ck_assert_str_eq(part(LISTING_TAKE), "3");
	ck_assert_int_eq(store(3, 'a', 'a'), 0);
}
END_TEST

START_TEST(deleting_waits_for_its_days)
{
	have_two(true);
	much_later(3 * (int64_t)DAY - 1);
	list_days(two, true, 3);
	ck_assert_str_eq(part(LISTING_DELETE), "");
	ck_assert_int_eq(deleting(1), -EAGAIN);
	later(1);
	ck_assert_str_eq(part(LISTING_DELETE), "1 2");
	ck_assert_int_eq(deleting(1), 0);
	ck_assert_int_eq(deleting(3), -EBADMSG);
	end();
	list_days(two, true, -1);	/* never */
	ck_assert_str_eq(part(LISTING_DELETE), "");
	ck_assert_int_eq(deleting(1), -EAGAIN);
}
END_TEST

START_TEST(what_was_stored_a_moment_ago_may_be_deleted_at_once)
{
	list_days(two, true, 0);
	ck_assert_int_eq(store(1, 'a', 'a'), 0);
	ck_assert_int_eq(deleting(1), 0);
	ck_assert_int_eq(deleting(2), -EAGAIN);
}
END_TEST

/* A year ahead; a year back; and right again an hour later. */
START_TEST(F52_nothing_is_deleted_by_age_when_the_clock_jumped)
{
	have_two(true);
	clock_set(clock_ms() + 1000, clock_utc_ms() + 365 * (int64_t)DAY);
	list_days(two, true, 3);
	ck_assert_str_eq(part(LISTING_DELETE), "");
	later(HOUR - 1);
	ck_assert_str_eq(part(LISTING_DELETE), "");
	later(1);
	ck_assert_str_eq(part(LISTING_DELETE), "1 2");
	clock_set(clock_ms() + 1000, NOW_UTC_MS - 365 * (int64_t)DAY);
	ck_assert_str_eq(part(LISTING_DELETE), "");
	later(HOUR);
	/* it is before it was stored */
	ck_assert_str_eq(part(LISTING_DELETE), "");
}
END_TEST

START_TEST(F52_a_clock_that_jumped_while_the_hub_was_down_is_doubted)
{
	have_two(true);
	ledger_close(ledger);
	clock_set(5000, NOW_UTC_MS + 365 * (int64_t)DAY);
	open_it();
	list_days(two, true, 3);
	ck_assert_str_eq(part(LISTING_DELETE), "");
	later(HOUR);
	ck_assert_str_eq(part(LISTING_DELETE), "1 2");
}
END_TEST

static void
leave(uint32_t from, uint32_t to)
{
	TEXT_AUTO text = TEXT_INIT(8);
	unsigned before;
	struct unpack u;

	pack_u32(&text, from);
	pack_u32(&text, to);
	u = unpack_of(text_slice(&text));
	before = answers;
	ck_assert_int_eq(ledger_leave(ledger, &asked, ACCOUNT, 1, &u), 0);
	(void)wait_answer(before);
	ck_assert_int_eq(last_answer, 0);
	u = unpack_of(slice_of(NULL, 0));
	before = answers;
	ck_assert_int_eq(ledger_leave(ledger, &asked, ACCOUNT, 0, &u), 0);
	(void)wait_answer(before);
	ck_assert_int_eq(last_answer, 0);
}

START_TEST(what_is_left_is_never_taken_and_never_deleted)
{
	static const struct remote rows[] = { { 100, "A" }, { 200, "B" },
	    { 300, "C" }, { 0, NULL } };

	ck_assert_int_eq(begin_days(true, 0), 0);
	ck_assert(is_first);
	row(1, 100, "A");
	row(2, 200, "B");
	leave(1, 2);
	decide();
	ck_assert_str_eq(part(LISTING_TAKE), "");
	ck_assert_str_eq(part(LISTING_LOOK), "");
	ck_assert_uint_eq(counts.known, 2);
	end();
	reopen();
	list_days(rows, true, 0);
	ck_assert(!is_first);
	ck_assert_str_eq(part(LISTING_TAKE), "3");
	ck_assert_str_eq(part(LISTING_DELETE), "");
}
END_TEST

START_TEST(what_is_left_without_uidl_is_looked_at_before_it_counts)
{
	ck_assert_int_eq(begin_days(false, 0), 0);
	row(1, 100, "");
	row(2, 100, "");
	leave(1, 2);
	decide();
	ck_assert_str_eq(part(LISTING_LOOK), "1 2");
	digest(1, 'a');
	decide();
	end();
	list_days(two, false, 0);	/* it was cut off: once more */
	ck_assert(is_first);
	leave(1, 2);
	digest(1, 'a');
	digest(2, 'b');
	decide();
	end();
	list_days(two, false, 0);
	ck_assert(!is_first);
	digest(1, 'a');
	digest(2, 'n');
	decide();
	ck_assert_str_eq(part(LISTING_TAKE), "2");
	ck_assert_str_eq(part(LISTING_DELETE), "");
}
END_TEST

/* The server lied about its size; its bytes are in nobody's mailbox. */
START_TEST(F16_what_came_too_large_is_left_and_counts_as_too_large)
{
	list(two);
	leave(1, 1);
	ck_assert_str_eq(part(LISTING_TAKE), "2");
	decide();
	ck_assert_uint_eq(counts.too_large, 1);
	ck_assert_uint_eq(counts.known, 0);
	/* nothing was said after it: it is durable with the answer */
	reopen();
	list_days(two, true, 0);
	ck_assert_str_eq(part(LISTING_TAKE), "2");
	ck_assert_str_eq(part(LISTING_LOOK), "");
	ck_assert_str_eq(part(LISTING_DELETE), "");
	ck_assert_uint_eq(counts.too_large, 1);
	ck_assert_uint_eq(counts.known, 0);
}
END_TEST

START_TEST(F16_without_uidl_it_is_known_again_by_its_header)
{
	list_days(two, false, -1);
	/* in either order */
	if (_i == 0)
		digest(1, 'a');
	ck_assert_str_eq(part(LISTING_TAKE), "1 2");
	leave(1, 1);
	ck_assert_str_eq(part(LISTING_LOOK), _i == 0 ? "" : "1");
	if (_i == 1) {
		digest(1, 'a');
		decide();
		ck_assert_uint_eq(counts.too_large, 1);
	}
	ck_assert_str_eq(part(LISTING_TAKE), "2");
	reopen();
	list_days(two, false, 0);
	ck_assert_str_eq(part(LISTING_LOOK), "1");
	digest(1, 'a');
	decide();
	ck_assert_uint_eq(counts.too_large, 1);
	ck_assert_str_eq(part(LISTING_TAKE), "2");
	ck_assert_str_eq(part(LISTING_DELETE), "");
}
END_TEST

START_TEST(what_is_known_is_not_left_once_more)
{
	have_two(true);
	ck_assert_int_eq(begin_days(true, 0), 0);
	row(1, 100, "A");
	row(2, 200, "B");
	leave(1, 2);
	decide();
	ck_assert_str_eq(part(LISTING_DELETE), "1 2");
}
END_TEST

START_TEST(a_record_that_is_replayed_is_known)
{
	struct recipient rcpt = { .account = OWNER };
	struct envelope env = { .id = { "tenletters" },
	    .source = SOURCE_FETCH, .recipients = &rcpt, .recipient_count = 1,
	    .received_at_utc_ms = NOW_UTC_MS,
	    .fetched = { .account = ACCOUNT, .listing = ACCOUNT, .uidl = SLICE("A"),
	    .listed_bytes = 100 } };

	/* any number of times */
	for (unsigned i = 0; i < 2; i++) {
		ck_assert_int_eq(ledger_replay(ledger, &env, false, 4096), 0);
		ck_assert_int_eq(ledger_replayed(ledger), 0);
	}
	ck_assert_int_eq(ledger_has(ledger, &env.id), 0);
	ck_assert_uint_eq(ledger_highest(ledger), 4096);
	list(two);
	ck_assert_uint_eq(counts.known, 1);
	ck_assert_str_eq(part(LISTING_TAKE), "2");
}
END_TEST

START_TEST(rows_come_before_the_decision_and_their_numbers_grow)
{
	TEXT_AUTO text = TEXT_INIT(64);
	struct unpack u;

	ck_assert_int_eq(begin_days(true, -1), 0);
	row(2, 100, "A");
	pack_u32(&text, 2);
	pack_u64(&text, 100);
	pack_slice(&text, slice_str("B"));
	u = unpack_of(text_slice(&text));
	ck_assert_int_eq(ledger_rows(ledger, &channel, ACCOUNT, 1, &u),
	    -EBADMSG);
	decide();
	text.at[0] = 3;
	u = unpack_of(text_slice(&text));
	ck_assert_int_eq(ledger_rows(ledger, &channel, ACCOUNT, 1, &u),
	    -EBADMSG);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("queue/ledger");
	TCase *tests = tcase_create("ledger");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, what_is_new_is_taken_once);
	tcase_add_test(tests, what_was_not_received_may_be_taken_again);
	tcase_add_test(tests, a_submission_that_was_never_listed_is_a_breach);
	tcase_add_test(tests, what_is_larger_than_the_largest_is_left_alone);
	tcase_add_test(tests,
	    F24_without_uidl_size_and_header_are_the_identity);
	tcase_add_test(tests,
	    F24_without_uidl_a_size_nobody_had_is_taken_at_once);
	tcase_add_test(tests,
	    F24_F53_one_more_than_is_known_is_told_by_its_bytes);
	tcase_add_test(tests, F24_a_digest_that_cannot_be_had_is_taken);
	tcase_add_test(tests,
	    F25_renumbered_mail_is_matched_by_size_and_header);
	tcase_add_test(tests,
	    F25_a_doubtful_match_is_fetched_and_not_delivered_twice);
	tcase_add_test(tests, F25_a_renumbering_cut_in_the_middle_goes_on);
	tcase_add_test(tests,
	    F26_equal_uidls_are_told_apart_by_size_and_count);
	tcase_add_test(tests,
	    F27_a_uidl_used_again_is_delivered_when_the_header_differs);
	tcase_add_test(tests,
	    F27_another_size_under_a_known_uidl_is_looked_at);
	tcase_add_test(tests, F28_a_uidl_is_data_whatever_it_holds);
	tcase_add_test(tests, F28_an_empty_uidl_is_none);
	tcase_add_test(tests,
	    F31_F34_what_is_listed_after_dele_is_deleted_again_not_delivered);
	tcase_add_test(tests, F35_a_page_ends_at_its_limit);
	tcase_add_test(tests,
	    F37_what_was_submitted_is_known_to_the_next_listing);
	tcase_add_test(tests, F42_one_listing_of_a_mailbox_at_a_time);
	tcase_add_test(tests,
	    F50_the_same_bytes_beside_the_old_ones_are_delivered);
	tcase_add_test(tests, deleting_waits_for_its_days);
	tcase_add_test(tests,
	    what_was_stored_a_moment_ago_may_be_deleted_at_once);
	tcase_add_test(tests,
	    F52_nothing_is_deleted_by_age_when_the_clock_jumped);
	tcase_add_test(tests,
	    F52_a_clock_that_jumped_while_the_hub_was_down_is_doubted);
	tcase_add_test(tests,
	    what_is_left_is_never_taken_and_never_deleted);
	tcase_add_test(tests,
	    what_is_left_without_uidl_is_looked_at_before_it_counts);
	tcase_add_test(tests, what_is_known_is_not_left_once_more);
	tcase_add_test(tests,
	    F16_what_came_too_large_is_left_and_counts_as_too_large);
	tcase_add_loop_test(tests,
	    F16_without_uidl_it_is_known_again_by_its_header, 0, 2);
	tcase_add_test(tests, a_record_that_is_replayed_is_known);
	tcase_add_test(tests,
	    rows_come_before_the_decision_and_their_numbers_grow);
	suite_add_tcase(suite, tests);
	return suite;
}
