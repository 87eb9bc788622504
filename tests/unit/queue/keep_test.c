/*
 * keep_test.c - what outlives the journal is in kept/, with a row, until done
 */
#include "store/account.h"
#include "tests/unit/queue/stage.h"

static struct stage stage;

static void
set_up(void)
{
	clock_set(1000000, 1795000000000);
	stage_new(&stage);
	stage_open(&stage);
}

static void
tear_down(void)
{
	stage_drop(&stage);
}

static void
later(uint64_t ms)
{
	clock_set(clock_ms() + ms, clock_utc_ms() + (int64_t)ms);
}

static struct rows_counts
counts(void)
{
	struct rows_counts counts;

	ck_assert_int_eq(rows_counts(stage.conductor->rows, &counts), 0);
	return counts;
}

/* Wait until nothing is being written. */
static void
quiet(void)
{
	for (unsigned i = 0; i < 4000 && stage.conductor->keepings > 0; i++)
		stage_run(&stage, 1);
	ck_assert_uint_eq(stage.conductor->keepings, 0);
}

/* From now on nothing can be written there. */
static void
spoil_kept(void)
{
	int fd = open("/proc/self/fd", O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(dup2(fd, stage.conductor->kept_fd), 0);
	(void)close(fd);
}

static void
hold(void)
{
	ck_assert_int_eq(stage_submit(&stage, &stage, 'h', 100, false), 0);
	stage_judge(&stage, stage_count(&stage, STAGE_JUDGE) - 1,
	    VERDICT_HOLD);
	stage_wait(&stage, STAGE_ANSWER, 1);
}

/* Receive, and set aside for having waited. */
static void
set_aside(const char *fills, bool to_ben)
{
	for (; *fills != '\0'; fills++)
		stage_receive(&stage, *fills, to_ben);
	later(60000);
	keep_relieve(stage.conductor);
	quiet();
}

START_TEST(a_held_message_is_received_kept_and_delivered_to_nobody)
{
	conductor_account_up(stage.conductor, STAGE_ANN);
	hold();
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->code, 250);
	quiet();
	ck_assert_uint_eq(stage_files(&stage, "kept"), 1);
	ck_assert_uint_eq(counts().held, 1);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 0);
	/* its place in the journal is given up */
	ck_assert(TAILQ_EMPTY(&stage.conductor->received));
	ck_assert_uint_eq(stage.conductor->moving, 0);
}
END_TEST

START_TEST(a_held_message_stays_held_over_a_restart)
{
	hold();
	quiet();
	stage_restart(&stage);
	conductor_account_up(stage.conductor, STAGE_ANN);
	stage_run(&stage, 20);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 0);
	ck_assert_uint_eq(counts().held, 1);
	ck_assert_uint_eq(stage_files(&stage, "kept"), 1);
}
END_TEST

/* A later message of the same account must not settle it. */
START_TEST(a_hold_that_was_not_written_yet_is_held_after_a_restart)
{
	conductor_account_up(stage.conductor, STAGE_ANN);
	spoil_kept();
	hold();
	quiet();
	ck_assert_uint_eq(counts().held, 0);
	stage_receive(&stage, 'b', false);
	stage_wait(&stage, STAGE_DELIVER, 1);
	stage_deliver(&stage, 0, 0);
	deliver_settle_all(stage.conductor);
	ck_assert_uint_eq(stage_count(&stage, STAGE_SETTLE), 0);
	stage_restart(&stage);
	quiet();
	ck_assert_uint_eq(counts().held, 1);
	ck_assert_uint_eq(stage_files(&stage, "kept"), 1);
}
END_TEST

START_TEST(a_hold_that_failed_is_tried_again)
{
	int kept_fd = dup(stage.conductor->kept_fd);

	spoil_kept();
	hold();
	quiet();
	ck_assert_uint_eq(counts().held, 0);
	ck_assert_int_ge(dup2(kept_fd, stage.conductor->kept_fd), 0);
	(void)close(kept_fd);
	keep_look(stage.conductor);
	quiet();
	ck_assert_uint_eq(counts().held, 1);
	ck_assert_uint_eq(stage.conductor->holds, 0);
}
END_TEST

START_TEST(what_waits_is_set_aside_and_delivered_when_its_mailbox_comes)
{
	set_aside("abc", false);
	ck_assert_uint_eq(counts().waiting, 3);
	ck_assert_uint_eq(stage_files(&stage, "kept"), 3);
	ck_assert(TAILQ_EMPTY(&stage.conductor->received));
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 3);
	ck_assert_int_eq(stage_call(&stage, STAGE_DELIVER, 0)->first, 'a');
	for (size_t i = 0; i < 3; i++)
		stage_deliver(&stage, i, 0);
	deliver_settle_all(stage.conductor);
	/* their keys are not pruned before their rows are gone */
	ck_assert_uint_le(stage_call(&stage, STAGE_SETTLE, 0)->prune_below,
	    stage_call(&stage, STAGE_DELIVER, 0)->position);
	stage_settle(&stage, 0, 0);
	ck_assert_uint_eq(counts().waiting, 0);
	ck_assert_uint_eq(counts().recipients, 0);
	ck_assert_uint_eq(stage_files(&stage, "kept"), 0);
	ck_assert_uint_eq(stage.conductor->moving, 0);
}
END_TEST

START_TEST(what_has_not_waited_long_stays_in_the_journal)
{
	stage_receive(&stage, 'a', false);
	later(59000);
	keep_relieve(stage.conductor);
	ck_assert_uint_eq(stage.conductor->keepings, 0);
}
END_TEST

START_TEST(what_was_set_aside_comes_back_in_order_and_first)
{
	set_aside("abc", false);
	stage_receive(&stage, 'd', false);
	stage_restart(&stage);
	ck_assert_uint_eq(stage.conductor->moving, 4);
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 4);
	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(stage_call(&stage, STAGE_DELIVER, i)->first,
		    "abcd"[i]);
}
END_TEST

START_TEST(only_those_who_lack_a_kept_message_get_it_again)
{
	set_aside("a", true);
	conductor_account_up(stage.conductor, STAGE_ANN);
	stage_deliver(&stage, 0, 0);
	deliver_settle_all(stage.conductor);
	stage_settle(&stage, 0, 0);
	ck_assert_uint_eq(counts().recipients, 1);
	ck_assert_uint_eq(stage_files(&stage, "kept"), 1);
	stage_restart(&stage);
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 0);
	conductor_account_up(stage.conductor, STAGE_BEN);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 1);
}
END_TEST

START_TEST(a_message_delivered_while_it_is_set_aside_leaves_nothing)
{
	stage_receive(&stage, 'a', false);
	later(60000);
	keep_relieve(stage.conductor);
	ck_assert_uint_eq(stage.conductor->keepings, 1);
	conductor_account_up(stage.conductor, STAGE_ANN);
	stage_deliver(&stage, 0, 0);
	deliver_settle_all(stage.conductor);
	stage_settle(&stage, 0, 0);
	ck_assert_uint_eq(stage.conductor->moving, 1);
	quiet();
	ck_assert_uint_eq(stage.conductor->moving, 0);
	ck_assert_uint_eq(counts().waiting, 0);
	ck_assert_uint_eq(stage_files(&stage, "kept"), 0);
}
END_TEST

START_TEST(one_on_its_way_while_it_is_set_aside_is_done_by_its_answer)
{
	stage_receive(&stage, 'a', true);
	conductor_account_up(stage.conductor, STAGE_ANN);
	later(60000);
	keep_relieve(stage.conductor);
	quiet();
	ck_assert_uint_eq(counts().recipients, 2);
	stage_deliver(&stage, 0, 0);
	deliver_settle_all(stage.conductor);
	stage_settle(&stage, 0, 0);
	ck_assert_uint_eq(counts().recipients, 1);
	conductor_account_up(stage.conductor, STAGE_BEN);
	stage_deliver(&stage, 1, 0);
	deliver_settle_all(stage.conductor);
	stage_settle(&stage, 1, 0);
	ck_assert_uint_eq(counts().recipients, 0);
	ck_assert_uint_eq(stage_files(&stage, "kept"), 0);
}
END_TEST

START_TEST(the_end_comes_while_one_is_being_set_aside)
{
	stage_receive(&stage, 'a', false);
	later(60000);
	keep_relieve(stage.conductor);
	stage_restart(&stage);
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 1);
	/* written to its end, but without a row: swept */
	ck_assert_uint_eq(stage_files(&stage, "kept"), 0);
}
END_TEST

/* It hangs, or its index is damaged: it takes mail and never says it is safe. */
START_TEST(what_is_delivered_and_never_settled_is_set_aside_too)
{
	conductor_account_up(stage.conductor, STAGE_ANN);
	stage_receive(&stage, 'a', false);
	stage_deliver(&stage, 0, 0);
	later(60000);
	keep_relieve(stage.conductor);
	ck_assert_uint_eq(stage_count(&stage, STAGE_SETTLE), 1);
	quiet();
	ck_assert(TAILQ_EMPTY(&stage.conductor->received));
	ck_assert_uint_eq(counts().recipients, 1);
	ck_assert_uint_eq(stage_files(&stage, "kept"), 1);
	stage_settle(&stage, 0, 0);
	ck_assert_uint_eq(counts().recipients, 0);
	ck_assert_uint_eq(stage_files(&stage, "kept"), 0);
	ck_assert_uint_eq(stage.conductor->moving, 0);
}
END_TEST

/* Its record still stands in a segment that nothing has overwritten. */
START_TEST(what_was_kept_and_is_settled_does_not_come_again_after_a_restart)
{
	set_aside("a", false);
	conductor_account_up(stage.conductor, STAGE_ANN);
	stage_deliver(&stage, 0, 0);
	deliver_settle_all(stage.conductor);
	stage_settle(&stage, 0, 0);
	ck_assert_uint_eq(stage.conductor->moving, 0);
	stage_restart(&stage);
	ck_assert_uint_eq(stage.conductor->moving, 0);
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 0);
	/* and what comes now is no less wanted for it */
	stage_receive(&stage, 'b', false);
	stage_restart(&stage);
	ck_assert_uint_eq(stage.conductor->moving, 1);
}
END_TEST

/* One waits for its sync while all that was received is set aside. */
START_TEST(what_is_not_received_yet_does_not_count_as_settled)
{
	stage_receive(&stage, 'a', false);
	later(60000);
	keep_relieve(stage.conductor);
	ck_assert_int_eq(stage_submit(&stage, &stage, 'b', 100, false), 0);
	stage_judge(&stage, 1, VERDICT_ACCEPT);
	/* the row of a is written before b is known to be durable */
	ck_assert_uint_ne(TAILQ_FIRST(&stage.conductor->arriving)->position,
	    0);
	quiet();
	stage_restart(&stage);
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 2);
}
END_TEST

START_TEST(a_kept_message_whose_file_is_gone_is_held_and_the_next_delivered)
{
	set_aside("ab", false);
	ck_assert_int_eq(kept_drop(stage.conductor->kept_fd,
	    &TAILQ_FIRST(&stage.conductor->set_aside)->env.id), 0);
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 1);
	ck_assert_int_eq(stage_call(&stage, STAGE_DELIVER, 0)->first, 'b');
	ck_assert_uint_eq(counts().held, 1);
	ck_assert_uint_eq(counts().waiting, 1);
}
END_TEST

START_TEST(a_message_whose_big_file_is_gone_is_held)
{
	struct transit *transit;

	ck_assert_int_eq(stage_submit_big(&stage, &stage, BIG_BYTES + 1,
	    BIG_BYTES + 1, true), 0);
	stage_judge(&stage, 0, VERDICT_ACCEPT);
	stage_wait(&stage, STAGE_ANSWER, 1);
	transit = TAILQ_FIRST(&stage.conductor->received);
	transit_close_bytes(transit);
	ck_assert_int_eq(big_drop(stage.conductor->big, &transit->env.id), 0);
	conductor_account_up(stage.conductor, STAGE_ANN);
	stage_receive(&stage, 'b', false);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 1);
	quiet();
	ck_assert_uint_eq(counts().held, 1);
	ck_assert_uint_eq(counts().recipients, 2);
	ck_assert_uint_eq(stage.conductor->holds, 0);
	ck_assert_uint_eq(stage.conductor->moving, 1);
	/* the mailbox of the other comes, and finds nothing */
	conductor_account_up(stage.conductor, STAGE_BEN);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 1);
}
END_TEST

/* It could be held up with all who come after it. */
START_TEST(a_damaged_message_that_was_to_be_held_stops_nobody)
{
	int kept_fd = dup(stage.conductor->kept_fd);

	spoil_kept();
	hold();
	quiet();
	ck_assert_int_ge(dup2(kept_fd, stage.conductor->kept_fd), 0);
	(void)close(kept_fd);
	stage_damage(&stage,
	    TAILQ_FIRST(&stage.conductor->received)->position);
	ck_assert_uint_eq(stage.conductor->holds, 1);
	keep_look(stage.conductor);
	ck_assert_uint_eq(stage.conductor->holds, 0);
	ck_assert_uint_eq(stage.conductor->keepings, 0);
	ck_assert_uint_eq(stage.conductor->moving, 1);
}
END_TEST

START_TEST(intake_goes_on_while_a_mailbox_stays_away)
{
	size_t received = 0, put_off = 0;

	/* 4 segments hold some 16 of these: three times that, and no taker */
	for (unsigned i = 0; received < 50 && i < 400; i++) {
		ck_assert_int_eq(stage_submit(&stage, &stage, 'm', 60000,
		    false), 0);
		stage_judge(&stage, i, VERDICT_ACCEPT);
		stage_wait(&stage, STAGE_ANSWER, i + 1);
		if (stage_call(&stage, STAGE_ANSWER, i)->code == 250) {
			received++;
			continue;
		}
		ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, i)->code,
		    452);
		put_off++;
		later(60000);
		quiet();
	}
	ck_assert_uint_eq(received, 50);
	ck_assert_uint_gt(put_off, 0);
	ck_assert_uint_eq(stage.conductor->moving, 50);
	stage_restart(&stage);
	ck_assert_uint_eq(stage.conductor->moving, 50);
	conductor_account_up(stage.conductor, STAGE_ANN);
	for (size_t i = 0; i < 50; i++)
		stage_deliver(&stage, i, 0);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 50);
	deliver_settle_all(stage.conductor);
	stage_settle(&stage, 0, 0);
	ck_assert_uint_eq(stage.conductor->moving, 0);
	ck_assert_uint_eq(stage_files(&stage, "kept"), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("keep");
	TCase *tcase = tcase_create("keep");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase,
	    a_held_message_is_received_kept_and_delivered_to_nobody);
	tcase_add_test(tcase, a_held_message_stays_held_over_a_restart);
	tcase_add_test(tcase,
	    a_hold_that_was_not_written_yet_is_held_after_a_restart);
	tcase_add_test(tcase, a_hold_that_failed_is_tried_again);
	tcase_add_test(tcase,
	    what_waits_is_set_aside_and_delivered_when_its_mailbox_comes);
	tcase_add_test(tcase, what_has_not_waited_long_stays_in_the_journal);
	tcase_add_test(tcase,
	    what_was_set_aside_comes_back_in_order_and_first);
	tcase_add_test(tcase,
	    only_those_who_lack_a_kept_message_get_it_again);
	tcase_add_test(tcase,
	    a_message_delivered_while_it_is_set_aside_leaves_nothing);
	tcase_add_test(tcase,
	    one_on_its_way_while_it_is_set_aside_is_done_by_its_answer);
	tcase_add_test(tcase, the_end_comes_while_one_is_being_set_aside);
	tcase_add_test(tcase,
	    what_is_delivered_and_never_settled_is_set_aside_too);
	tcase_add_test(tcase,
	    what_was_kept_and_is_settled_does_not_come_again_after_a_restart);
	tcase_add_test(tcase,
	    what_is_not_received_yet_does_not_count_as_settled);
	tcase_add_test(tcase,
	    a_kept_message_whose_file_is_gone_is_held_and_the_next_delivered);
	tcase_add_test(tcase, a_message_whose_big_file_is_gone_is_held);
	tcase_add_test(tcase,
	    a_damaged_message_that_was_to_be_held_stops_nobody);
	tcase_add_test(tcase, intake_goes_on_while_a_mailbox_stays_away);
	suite_add_tcase(suite, tcase);
	return suite;
}
