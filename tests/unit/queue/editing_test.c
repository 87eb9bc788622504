/*
 * editing_test.c - what is received is what the judge wanted, and that once
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "queue/hold.h"
#include "store/account.h"
#include "tests/unit/queue/stage.h"

#define BIG	(BIG_BYTES + 4096 * 3)

static struct stage stage;
static struct edits edits;

static void
set_up(void)
{
	clock_set(1000000, 1795000000000);
	stage_new(&stage);
	stage_open(&stage);
	memset(&edits, 0, sizeof(edits));
	stage.edits = &edits;
	conductor_account_up(stage.conductor, STAGE_ANN);
}

static void
tear_down(void)
{
	stage_drop(&stage);
}

static void
cut(uint64_t at, uint64_t bytes, const char *text)
{
	ck_assert_int_eq(edits_add(&edits, at, bytes, slice_str(text)), 0);
}

static const struct stage_call *
delivered(size_t n)
{
	if (stage_count(&stage, STAGE_DELIVER) <= n)
		stage_wait(&stage, STAGE_DELIVER, 1);
	return stage_call(&stage, STAGE_DELIVER, n);
}

START_TEST(a_small_message_is_received_as_its_judge_wants_it)
{
	ck_assert_int_eq(stage_submit(&stage, &stage, 'm', 100, false), 0);
	cut(0, 40, "note\r\n");
	cut(90, 10, "");
	stage_judge(&stage, 0, VERDICT_ACCEPT);
	ck_assert_uint_eq(delivered(0)->bytes, 56);
	ck_assert_int_eq(delivered(0)->first, 'n');
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->code, 250);
}
END_TEST

/* Its text is in front of what came, and it is kept as big ones are. */
START_TEST(a_small_message_may_outgrow_the_small_ones)
{
	struct message_id id;
	int fd;

	ck_assert_int_eq(stage_submit(&stage, &stage, 'm', BIG_BYTES,
	    false), 0);
	cut(0, 0, "note\r\n");
	stage_judge(&stage, 0, VERDICT_ACCEPT);
	ck_assert_uint_eq(delivered(0)->bytes, BIG_BYTES + 6);
	ck_assert_int_eq(delivered(0)->first, 'n');
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->code, 250);
	id = stage_call(&stage, STAGE_JUDGE, 0)->id;
	ck_assert_uint_eq(stage_files(&stage, "big"), 1);
	stage_close(&stage);
	stage_forget(&stage);
	stage_open(&stage);
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert_uint_eq(delivered(0)->bytes, BIG_BYTES + 6);
	stage_deliver(&stage, 0, 0);
	ck_assert_int_eq(conductor_big_open(stage.conductor, STAGE_ANN, &id,
	    &fd), 0);
	(void)close(fd);
}
END_TEST

START_TEST(nothing_of_a_message_may_be_left)
{
	ck_assert_int_eq(stage_submit(&stage, &stage, 'm', 100, false), 0);
	cut(0, 100, "");
	stage_judge(&stage, 0, VERDICT_ACCEPT);
	ck_assert_uint_eq(delivered(0)->bytes, 0);
}
END_TEST

START_TEST(what_is_replayed_is_not_edited_again)
{
	ck_assert_int_eq(stage_submit(&stage, &stage, 'm', 100, false), 0);
	cut(0, 40, "note\r\n");
	stage_judge(&stage, 0, VERDICT_ACCEPT);
	ck_assert_uint_eq(delivered(0)->bytes, 66);
	stage_close(&stage);
	stage_forget(&stage);
	stage_open(&stage);
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert_uint_eq(delivered(0)->bytes, 66);
	ck_assert_int_eq(delivered(0)->first, 'n');
}
END_TEST

START_TEST(what_is_held_is_held_as_its_judge_wants_it)
{
	struct message_id id;

	ck_assert_int_eq(stage_submit(&stage, &stage, 'm', 100, false), 0);
	cut(0, 40, "note\r\n");
	stage_judge(&stage, 0, VERDICT_HOLD);
	stage_wait(&stage, STAGE_ANSWER, 1);
	id = stage_call(&stage, STAGE_JUDGE, 0)->id;
	for (unsigned i = 0; i < 4000 && stage.conductor->keepings > 0; i++)
		stage_run(&stage, 1);
	ck_assert_int_eq(conductor_hold_release(stage.conductor, &id,
	    slice_str("boss"), 0, slice_of(NULL, 0)), 0);
	ck_assert_uint_eq(delivered(0)->bytes, 66);
}
END_TEST

START_TEST(an_edit_that_lies_beyond_the_end_puts_it_off)
{
	ck_assert_int_eq(stage_submit(&stage, &stage, 'm', 100, false), 0);
	cut(90, 11, "");
	stage_judge(&stage, 0, VERDICT_ACCEPT);
	stage_run(&stage, 20);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->code, 451);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 0);
}
END_TEST

START_TEST(a_refused_message_is_not_edited)
{
	ck_assert_int_eq(stage_submit(&stage, &stage, 'm', 100, false), 0);
	cut(90, 11, "");
	stage_judge(&stage, 0, VERDICT_REFUSE);
	stage_run(&stage, 20);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->code, 554);
}
END_TEST

START_TEST(a_big_message_gets_another_file_under_its_name)
{
	ck_assert_int_eq(stage_submit_big(&stage, &stage, BIG, BIG, false), 0);
	cut(1, 4000, "note\r\n");
	stage_judge(&stage, 0, VERDICT_ACCEPT);
	ck_assert_uint_eq(delivered(0)->bytes, BIG - 4000 + 6);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->code, 250);
	ck_assert_uint_eq(stage_files(&stage, "big"), 1);
	stage_close(&stage);
	stage_forget(&stage);
	stage_open(&stage);
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert_uint_eq(delivered(0)->bytes, BIG - 4000 + 6);
}
END_TEST

START_TEST(a_big_message_that_is_being_edited_at_the_end_is_forgotten)
{
	ck_assert_int_eq(stage_submit_big(&stage, &stage, BIG, BIG, false), 0);
	cut(1, 4000, "note\r\n");
	stage_judge(&stage, 0, VERDICT_ACCEPT);
	stage_close(&stage);
	ck_assert_uint_eq(stage_count(&stage, STAGE_ANSWER), 0);
	stage_open(&stage);
	conductor_account_up(stage.conductor, STAGE_ANN);
	stage_run(&stage, 50);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 0);
}
END_TEST

START_TEST(without_room_for_both_files_a_big_message_is_put_off)
{
	ck_assert_int_eq(stage_submit_big(&stage, &stage, BIG, BIG, false), 0);
	cut(1, 4000, "note\r\n");
	stage.conductor->options.free_bytes = UINT64_MAX;
	stage_judge(&stage, 0, VERDICT_ACCEPT);
	stage_run(&stage, 50);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->code, 452);
	ck_assert_uint_eq(stage_files(&stage, "big"), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("editing");
	TCase *tests = tcase_create("editing");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests,
	    a_small_message_is_received_as_its_judge_wants_it);
	tcase_add_test(tests, a_small_message_may_outgrow_the_small_ones);
	tcase_add_test(tests, nothing_of_a_message_may_be_left);
	tcase_add_test(tests, what_is_replayed_is_not_edited_again);
	tcase_add_test(tests, what_is_held_is_held_as_its_judge_wants_it);
	tcase_add_test(tests, an_edit_that_lies_beyond_the_end_puts_it_off);
	tcase_add_test(tests, a_refused_message_is_not_edited);
	tcase_add_test(tests, a_big_message_gets_another_file_under_its_name);
	tcase_add_test(tests,
	    a_big_message_that_is_being_edited_at_the_end_is_forgotten);
	tcase_add_test(tests,
	    without_room_for_both_files_a_big_message_is_put_off);
	suite_add_tcase(suite, tests);
	return suite;
}
