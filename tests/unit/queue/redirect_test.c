/*
 * redirect_test.c - what a rule sends elsewhere goes there alone, or is held
 */
#include <errno.h>

#include "tests/unit/queue/stage.h"

#define BOSS	"boss@office.test"
#define BOSS_ACCOUNT	9

static struct stage stage;

static void
set_up(void)
{
	clock_set(1000000, 1795000000000);
	stage_new(&stage);
	stage_open(&stage);
	stage.redirect = BOSS;
}

static void
tear_down(void)
{
	stage_drop(&stage);
}

static void
up(void)
{
	conductor_account_up(stage.conductor, STAGE_ANN);
	conductor_account_up(stage.conductor, STAGE_BEN);
	conductor_account_up(stage.conductor, BOSS_ACCOUNT);
}

/* To ann and ben, judged with a redirection. */
static void
judge(enum verdict_action action)
{
	ck_assert_int_eq(stage_submit(&stage, &stage, 'r', 100, true), 0);
	stage_judge(&stage, stage_count(&stage, STAGE_JUDGE) - 1, action);
}

static void
quiet(void)
{
	for (unsigned i = 0; i < 4000 && stage.conductor->keepings > 0; i++)
		stage_run(&stage, 1);
	ck_assert_uint_eq(stage.conductor->keepings, 0);
}

static struct rows_counts
counts(void)
{
	struct rows_counts counts;

	ck_assert_int_eq(rows_counts(stage.conductor->rows, &counts), 0);
	return counts;
}

START_TEST(one_of_ours_gets_it_instead_of_all_the_others)
{
	up();
	judge(VERDICT_ACCEPT);
	ck_assert_str_eq(stage_call(&stage, STAGE_WHOSE, 0)->words, BOSS);
	/* not before the keeper has answered */
	ck_assert_uint_eq(stage_count(&stage, STAGE_ANSWER), 0);
	conductor_judge_up(stage.conductor);
	ck_assert_uint_eq(stage_count(&stage, STAGE_JUDGE), 1);
	stage_whose(&stage, 0, 0, BOSS_ACCOUNT);
	stage_wait(&stage, STAGE_ANSWER, 1);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->code, 250);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 1);
	ck_assert_uint_eq(stage_call(&stage, STAGE_DELIVER, 0)->account,
	    BOSS_ACCOUNT);
	ck_assert(stage_trail_has(&stage, "redirected to " BOSS));
	ck_assert(stage_trail_has(&stage, "ann@office.test, ben@office.test"));
}
END_TEST

START_TEST(the_record_knows_only_whom_it_was_redirected_to)
{
	judge(VERDICT_ACCEPT);
	stage_whose(&stage, 0, 0, BOSS_ACCOUNT);
	stage_wait(&stage, STAGE_ANSWER, 1);
	stage_restart(&stage);
	up();
	ck_assert_uint_eq(stage_count(&stage, STAGE_WHOSE), 0);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 1);
	ck_assert_uint_eq(stage_call(&stage, STAGE_DELIVER, 0)->account,
	    BOSS_ACCOUNT);
}
END_TEST

static int
on_kept(void *arg, const struct rows_message *message,
    const struct rows_recipient *list, size_t count)
{
	(void)list;
	ck_assert_uint_eq(count, 2);
	ck_assert_uint_lt(message->reason.len, 256);
	memcpy(arg, message->reason.at, message->reason.len);
	return 0;
}

START_TEST(nobody_of_ours_means_a_hold_for_those_it_was_for)
{
	char reason[256] = "";

	up();
	judge(VERDICT_ACCEPT);
	stage_whose(&stage, 0, 0, 0);
	stage_wait(&stage, STAGE_ANSWER, 1);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->code, 250);
	quiet();
	ck_assert_uint_eq(counts().held, 1);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 0);
	ck_assert_int_eq(rows_kept_each(stage.conductor->rows, on_kept,
	    reason), 0);
	ck_assert_str_eq(reason,
	    "redirected to " BOSS ", which is no account here");
}
END_TEST

START_TEST(a_quarantined_one_stays_in_quarantine)
{
	judge(VERDICT_QUARANTINE);
	stage_whose(&stage, 0, 0, _i == 0 ? 0 : BOSS_ACCOUNT);
	stage_wait(&stage, STAGE_ANSWER, 1);
	quiet();
	ck_assert_uint_eq(counts().quarantined, 1);
	ck_assert_uint_eq(counts().recipients, _i == 0 ? 2 : 1);
}
END_TEST

START_TEST(without_the_keeper_it_is_put_off)
{
	if (_i == 0)
		stage.whose_fault = -ENOTCONN;
	judge(VERDICT_ACCEPT);
	if (_i == 1)	/* gone with the question */
		stage_whose(&stage, 0, -ECONNRESET, 0);
	stage_wait(&stage, STAGE_ANSWER, 1);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->code, 451);
	ck_assert(TAILQ_EMPTY(&stage.conductor->arriving));
	ck_assert(TAILQ_EMPTY(&stage.conductor->received));
	stage_restart(&stage);
	ck_assert_uint_eq(stage.conductor->moving, 0);
}
END_TEST

START_TEST(who_is_refused_is_looked_up_by_nobody)
{
	judge(_i == 0 ? VERDICT_REFUSE : VERDICT_DEFER);
	ck_assert_uint_eq(stage_count(&stage, STAGE_WHOSE), 0);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->code,
	    _i == 0 ? 554 : 451);
}
END_TEST

START_TEST(the_end_comes_before_the_keeper_answers)
{
	judge(VERDICT_ACCEPT);
	stage_restart(&stage);
	ck_assert_uint_eq(stage.conductor->moving, 0);
}
END_TEST

START_TEST(a_folder_goes_with_the_record)
{
	stage.redirect = NULL;
	stage.folder = "Junk";
	stage_receive(&stage, 'f', false);
	stage.folder = NULL;
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert_str_eq(stage_call(&stage, STAGE_DELIVER, 0)->words, "Junk");
	stage_restart(&stage);
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert_str_eq(stage_call(&stage, STAGE_DELIVER, 0)->words, "Junk");
	conductor_delivered(stage.conductor, stage_call(&stage,
	    STAGE_DELIVER, 0)->ticket, 0, false, _i == 1);
	ck_assert(stage_trail_has(&stage, _i == 0 ? "in the mailbox Junk" :
	    "in INBOX, for there are too many mailboxes to make Junk"));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("redirect");
	TCase *tcase = tcase_create("redirect");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, one_of_ours_gets_it_instead_of_all_the_others);
	tcase_add_test(tcase, the_record_knows_only_whom_it_was_redirected_to);
	tcase_add_test(tcase,
	    nobody_of_ours_means_a_hold_for_those_it_was_for);
	tcase_add_loop_test(tcase, a_quarantined_one_stays_in_quarantine, 0,
	    2);
	tcase_add_loop_test(tcase, without_the_keeper_it_is_put_off, 0, 2);
	tcase_add_loop_test(tcase, who_is_refused_is_looked_up_by_nobody, 0,
	    2);
	tcase_add_test(tcase, the_end_comes_before_the_keeper_answers);
	tcase_add_loop_test(tcase, a_folder_goes_with_the_record, 0, 2);
	suite_add_tcase(suite, tcase);
	return suite;
}
