/*
 * memo_test.c - an answer of the resolver is remembered of one host, for a second
 */
#include "gateway/relay/memo.h"

#include <string.h>

#include "lib/base/loop.h"
#include "tests/unit/unit.h"

static struct relay_memo memo;

static void
set_up(void)
{
	memset(&memo, 0, sizeof(memo));
	clock_set(5000, 0);
}

START_TEST(nothing_is_known_before_it_was_said)
{
	struct slice answer;

	ck_assert(!relay_memo_find(&memo, "mx.far.test", &answer));
	ck_assert(!relay_memo_find(&memo, "", &answer));
}
END_TEST

START_TEST(it_is_known_of_that_host_for_a_second)
{
	struct slice answer = slice_of("", 0);

	relay_memo_note(&memo, "mx.far.test", slice_str("192.0.2.1"));
	clock_set(5999, 0);
	ck_assert(relay_memo_find(&memo, "mx.far.test", &answer));
	ck_assert(slice_is_str(answer, "192.0.2.1"));
	ck_assert(!relay_memo_find(&memo, "mx.far.tes", &answer));
	ck_assert(!relay_memo_find(&memo, "", &answer));
	clock_set(6000, 0);
	ck_assert(!relay_memo_find(&memo, "mx.far.test", &answer));
}
END_TEST

START_TEST(the_last_host_takes_the_place_of_the_one_before)
{
	struct slice answer = slice_of("", 0);

	relay_memo_note(&memo, "mx.far.test", slice_str("192.0.2.1"));
	relay_memo_note(&memo, "mx.other.test", slice_str("192.0.2.2"));
	ck_assert(!relay_memo_find(&memo, "mx.far.test", &answer));
	ck_assert(relay_memo_find(&memo, "mx.other.test", &answer));
	ck_assert(slice_is_str(answer, "192.0.2.2"));
}
END_TEST

START_TEST(what_is_too_long_is_not_remembered)
{
	static char long_answer[RELAY_MEMO_BYTES + 1];
	static char long_name[HOST_NAME_MOST + 2];
	struct slice answer;

	relay_memo_note(&memo, "mx.far.test", slice_str("192.0.2.1"));
	relay_memo_note(&memo, "mx.far.test", slice_of(long_answer,
	    sizeof(long_answer)));
	ck_assert(!relay_memo_find(&memo, "mx.far.test", &answer));
	memset(long_name, 'x', HOST_NAME_MOST + 1);
	relay_memo_note(&memo, long_name, slice_str("192.0.2.1"));
	ck_assert(!relay_memo_find(&memo, long_name, &answer));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("gateway/relay/memo");
	TCase *tests = tcase_create("memo");

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, nothing_is_known_before_it_was_said);
	tcase_add_test(tests, it_is_known_of_that_host_for_a_second);
	tcase_add_test(tests,
	    the_last_host_takes_the_place_of_the_one_before);
	tcase_add_test(tests, what_is_too_long_is_not_remembered);
	suite_add_tcase(suite, tests);
	return suite;
}
