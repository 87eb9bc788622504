/*
 * deliver_test.c - every mailbox gets what it is owed, once and in order
 */
#include <errno.h>

#include "store/account.h"
#include "tests/unit/queue/stage.h"

#define WINDOW	64	/* as in deliver.c */

static struct stage stage;

static void
set_up(void)
{
	stage_new(&stage);
	stage_open(&stage);
}

static void
tear_down(void)
{
	stage_drop(&stage);
}

static void
receive(const char *fills)
{
	for (; *fills != '\0'; fills++)
		stage_receive(&stage, *fills, false);
}

/* The first bytes of all deliveries so far, in order. */
static const char *
delivered(void)
{
	static char all[STAGE_MOST];
	size_t n = stage_count(&stage, STAGE_DELIVER);

	for (size_t i = 0; i < n; i++)
		all[i] = stage_call(&stage, STAGE_DELIVER, i)->first;
	all[n] = '\0';
	return all;
}

static void
settle_all(void)
{
	deliver_settle_all(stage.conductor);
}

START_TEST(a_mailbox_is_asked_for_once_and_gets_all_in_order)
{
	receive("abc");
	ck_assert_uint_eq(stage_count(&stage, STAGE_WANT), 1);
	ck_assert_uint_eq(stage_call(&stage, STAGE_WANT, 0)->account,
	    STAGE_ANN);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 0);
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert_str_eq(delivered(), "abc");
	ck_assert_uint_lt(stage_call(&stage, STAGE_DELIVER, 0)->position,
	    stage_call(&stage, STAGE_DELIVER, 1)->position);
}
END_TEST

START_TEST(a_mailbox_that_may_have_to_tell_is_asked_for)
{
	conductor_hear(stage.conductor, STAGE_ANN);
	ck_assert_uint_eq(stage_count(&stage, STAGE_WANT), 1);
	ck_assert_uint_eq(stage_call(&stage, STAGE_WANT, 0)->account,
	    STAGE_ANN);
	conductor_account_up(stage.conductor, STAGE_ANN);
	conductor_hear(stage.conductor, STAGE_ANN);
	ck_assert_uint_eq(stage_count(&stage, STAGE_WANT), 1);
	conductor_account_lost(stage.conductor, STAGE_ANN);
	conductor_hear(stage.conductor, STAGE_ANN);
	ck_assert_uint_eq(stage_count(&stage, STAGE_WANT), 2);
}
END_TEST

START_TEST(every_recipient_gets_his_own)
{
	stage_receive(&stage, 'x', true);
	conductor_account_up(stage.conductor, STAGE_BEN);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 1);
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 2);
	stage_deliver(&stage, 0, 0);
	settle_all();
	stage_settle(&stage, 0, 0);
	ck_assert_uint_eq(stage.conductor->moving, 1);
	stage_deliver(&stage, 1, 0);
	settle_all();
	stage_settle(&stage, 1, 0);
	ck_assert_uint_eq(stage.conductor->moving, 0);
}
END_TEST

/* Whoever reads is shown what has come: a login waits for that long. */
START_TEST(what_is_not_committed_there_is_on_its_way)
{
	ck_assert(!conductor_is_delivering(stage.conductor, STAGE_ANN));
	receive("ab");
	ck_assert(conductor_is_delivering(stage.conductor, STAGE_ANN));
	ck_assert(!conductor_is_delivering(stage.conductor, STAGE_BEN));
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert(conductor_is_delivering(stage.conductor, STAGE_ANN));
	stage_deliver(&stage, 0, 0);
	ck_assert(conductor_is_delivering(stage.conductor, STAGE_ANN));
	stage_deliver(&stage, 1, 0);		/* it need not be settled */
	ck_assert(!conductor_is_delivering(stage.conductor, STAGE_ANN));
}
END_TEST

START_TEST(no_more_than_a_window_is_with_one_mailbox)
{
	for (unsigned i = 0; i < WINDOW + 3; i++)
		stage_receive(&stage, 'm', false);
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), WINDOW);
	stage_deliver(&stage, 0, 0);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), WINDOW + 1);
}
END_TEST

START_TEST(what_a_mailbox_cannot_take_is_sent_again_after_a_pause)
{
	receive("abc");
	conductor_account_up(stage.conductor, STAGE_ANN);
	stage_deliver(&stage, 0, -ENOSPC);
	stage_deliver(&stage, 1, 0);		/* a smaller one fitted */
	stage_deliver(&stage, 2, 0);
	receive("d");				/* not before the pause ends */
	ck_assert_str_eq(delivered(), "abc");
	settle_all();				/* nothing past the gap */
	ck_assert_uint_eq(stage_count(&stage, STAGE_SETTLE), 0);
	stage_wait(&stage, STAGE_DELIVER, 5);
	ck_assert_str_eq(delivered(), "abcad");
	stage_deliver(&stage, 3, 0);
	settle_all();
	ck_assert_uint_eq(stage_call(&stage, STAGE_SETTLE, 0)->upto,
	    stage_call(&stage, STAGE_DELIVER, 2)->position);
	stage_settle(&stage, 0, 0);
	ck_assert_uint_eq(stage.conductor->moving, 1);
}
END_TEST

START_TEST(one_fault_of_many_on_their_way_pauses_once)
{
	struct account_queue *queue;

	receive("abcdefgh");
	conductor_account_up(stage.conductor, STAGE_ANN);
	for (size_t i = 0; i < 8; i++)
		stage_deliver(&stage, i, -ENOSPC);
	queue = stage.conductor->accounts;
	ck_assert_uint_eq(queue->pause_ms, 500);
	stage_wait(&stage, STAGE_DELIVER, 16);
	ck_assert_str_eq(delivered(), "abcdefghabcdefgh");
	stage_deliver(&stage, 8, -ENOSPC);
	ck_assert_uint_eq(queue->pause_ms, 1000);
	ck_assert_uint_eq(stage.conductor->count_delivered, 0);
}
END_TEST

START_TEST(a_channel_that_takes_nothing_pauses_too)
{
	receive("a");
	stage.deliver_fault = -ENOBUFS;
	conductor_account_up(stage.conductor, STAGE_ANN);
	stage.deliver_fault = 0;
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 0);
	stage_wait(&stage, STAGE_DELIVER, 1);
}
END_TEST

START_TEST(a_lost_mailbox_gets_all_that_is_not_settled_again)
{
	receive("abcd");
	conductor_account_up(stage.conductor, STAGE_ANN);
	stage_deliver(&stage, 0, 0);
	settle_all();
	stage_settle(&stage, 0, 0);
	stage_deliver(&stage, 1, 0);		/* b: delivered only */
	settle_all();				/* and asked to settle */
	/* as the channel ends: first its questions, then it is lost */
	stage_deliver(&stage, 2, -ECONNRESET);
	stage_deliver(&stage, 3, -ECONNRESET);
	stage_settle(&stage, 1, -ECONNRESET);
	conductor_account_lost(stage.conductor, STAGE_ANN);
	ck_assert_uint_eq(stage_count(&stage, STAGE_WANT), 2);
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert_str_eq(delivered(), "abcdbcd");
}
END_TEST

/* What an earlier mailbox was asked to settle counts for nothing. */
START_TEST(a_settling_that_was_lost_does_not_settle_the_next)
{
	receive("ab");
	conductor_account_up(stage.conductor, STAGE_ANN);
	stage_deliver(&stage, 0, 0);
	stage_deliver(&stage, 1, 0);
	settle_all();
	conductor_account_lost(stage.conductor, STAGE_ANN);
	conductor_account_up(stage.conductor, STAGE_ANN);
	stage_deliver(&stage, 2, 0);		/* a; b is on its way */
	settle_all();
	ck_assert_uint_eq(stage_call(&stage, STAGE_SETTLE, 1)->upto,
	    stage_call(&stage, STAGE_DELIVER, 2)->position);
	stage_settle(&stage, 1, 0);
	stage_restart(&stage);
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert_str_eq(delivered(), "b");
}
END_TEST

START_TEST(a_settling_that_failed_is_asked_for_again)
{
	receive("a");
	conductor_account_up(stage.conductor, STAGE_ANN);
	stage_deliver(&stage, 0, 0);
	settle_all();
	settle_all();				/* one at a time */
	ck_assert_uint_eq(stage_count(&stage, STAGE_SETTLE), 1);
	stage_settle(&stage, 0, -ENOSPC);
	ck_assert_uint_eq(stage.conductor->moving, 1);
	settle_all();
	stage_settle(&stage, 1, 0);
	ck_assert_uint_eq(stage.conductor->moving, 0);
}
END_TEST

START_TEST(a_restart_delivers_exactly_what_is_not_settled)
{
	receive("abc");
	stage_receive(&stage, 'd', true);
	conductor_account_up(stage.conductor, STAGE_ANN);
	conductor_account_up(stage.conductor, STAGE_BEN);
	stage_deliver(&stage, 0, 0);
	stage_deliver(&stage, 1, 0);
	settle_all();
	stage_settle(&stage, 0, 0);
	stage_deliver(&stage, 2, 0);		/* c: not settled */
	stage_deliver(&stage, 4, 0);		/* d: ben's is */
	settle_all();
	ck_assert_uint_eq(stage_call(&stage, STAGE_SETTLE, 1)->account ==
	    STAGE_BEN || stage_call(&stage, STAGE_SETTLE, 2)->account ==
	    STAGE_BEN, 1);
	for (size_t i = 1; i < 3; i++)
		if (stage_call(&stage, STAGE_SETTLE, i)->account == STAGE_BEN)
			stage_settle(&stage, i, 0);
	stage_restart(&stage);
	ck_assert_uint_eq(stage.conductor->moving, 2);
	conductor_account_up(stage.conductor, STAGE_BEN);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 0);
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert_str_eq(delivered(), "cd");
}
END_TEST

START_TEST(a_restart_finds_the_same_ids_and_positions)
{
	struct message_id id;
	uint64_t position;

	receive("a");
	conductor_account_up(stage.conductor, STAGE_ANN);
	id = stage_call(&stage, STAGE_DELIVER, 0)->id;
	position = stage_call(&stage, STAGE_DELIVER, 0)->position;
	stage_restart(&stage);
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert_int_eq(message_id_order(&id,
	    &stage_call(&stage, STAGE_DELIVER, 0)->id), 0);
	ck_assert_uint_eq(stage_call(&stage, STAGE_DELIVER, 0)->position,
	    position);
	ck_assert_uint_eq(stage_call(&stage, STAGE_DELIVER, 0)->bytes, 100);
}
END_TEST

START_TEST(settled_segments_are_used_again_for_ever)
{
	conductor_account_up(stage.conductor, STAGE_ANN);
	for (size_t i = 0; i < 60; i++) {	/* 4 segments hold some 16 */
		ck_assert_int_eq(stage_submit(&stage, &stage, 'm', 60000,
		    false), 0);
		stage_judge(&stage, i, VERDICT_ACCEPT);
		stage_wait(&stage, STAGE_DELIVER, i + 1);
		ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, i)->code,
		    250);
		stage_deliver(&stage, i, 0);
		settle_all();
		stage_settle(&stage, i, 0);
	}
	ck_assert_uint_eq(stage.conductor->moving, 0);
}
END_TEST

START_TEST(a_big_file_is_opened_only_by_an_account_that_refers_to_it)
{
	struct message_id id;
	int fd = -1;

	ck_assert_int_eq(stage_submit_big(&stage, &stage, BIG_BYTES + 1,
	    BIG_BYTES + 1, false), 0);
	stage_judge(&stage, 0, VERDICT_ACCEPT);
	conductor_account_up(stage.conductor, STAGE_ANN);
	stage_wait(&stage, STAGE_DELIVER, 1);
	id = stage_call(&stage, STAGE_DELIVER, 0)->id;
	ck_assert_int_eq(conductor_big_open(stage.conductor, STAGE_BEN, &id,
	    &fd), -ENOENT);
	ck_assert_int_eq(conductor_big_open(stage.conductor, STAGE_ANN, &id,
	    &fd), 0);
	ck_assert_int_lt(write(fd, "x", 1), 0);
	(void)close(fd);
	conductor_big_unref(stage.conductor, STAGE_ANN, &id);
	ck_assert_int_eq(conductor_big_open(stage.conductor, STAGE_ANN, &id,
	    &fd), -ENOENT);
}
END_TEST

static int
big_opens(uint64_t account, const struct message_id *id)
{
	int fd = -1, r = conductor_big_open(stage.conductor, account, id, &fd);

	if (r == 0)
		(void)close(fd);
	return r;
}

START_TEST(a_big_file_is_kept_for_all_once_the_first_is_sent_his)
{
	struct message_id id;

	ck_assert_int_eq(stage_submit_big(&stage, &stage, BIG_BYTES + 1,
	    BIG_BYTES + 1, true), 0);
	stage_judge(&stage, 0, VERDICT_ACCEPT);
	conductor_account_up(stage.conductor, STAGE_ANN);
	stage_wait(&stage, STAGE_DELIVER, 1);
	id = stage_call(&stage, STAGE_DELIVER, 0)->id;
	ck_assert_int_eq(big_opens(STAGE_ANN, &id), 0);
	ck_assert_int_eq(big_opens(STAGE_BEN, &id), 0);
	/* ann lets go, and is told again after she was lost */
	stage_deliver(&stage, 0, 0);
	conductor_big_unref(stage.conductor, STAGE_ANN, &id);
	ck_assert_int_eq(big_opens(STAGE_ANN, &id), -ENOENT);
	ck_assert_int_eq(big_opens(STAGE_BEN, &id), 0);
	conductor_account_lost(stage.conductor, STAGE_ANN);
	conductor_account_up(stage.conductor, STAGE_ANN);
	stage_wait(&stage, STAGE_DELIVER, 2);
	ck_assert_int_eq(big_opens(STAGE_ANN, &id), 0);
}
END_TEST

/* ann deletes hers while ben's mailbox is away for longer than the grace. */
START_TEST(a_big_file_waits_for_the_last_mailbox_and_goes_a_day_later)
{
	const int64_t day_ms = 24 * 60 * 60 * 1000, now = clock_utc_ms();
	struct message_id id;

	clock_set(clock_ms(), now);
	ck_assert_int_eq(stage_submit_big(&stage, &stage, BIG_BYTES + 1,
	    BIG_BYTES + 1, true), 0);
	stage_judge(&stage, 0, VERDICT_ACCEPT);
	conductor_account_up(stage.conductor, STAGE_ANN);
	stage_wait(&stage, STAGE_DELIVER, 1);
	id = stage_call(&stage, STAGE_DELIVER, 0)->id;
	stage_deliver(&stage, 0, 0);
	conductor_big_unref(stage.conductor, STAGE_ANN, &id);
	clock_set(clock_ms(), now + 2 * day_ms);
	stage_restart(&stage);
	ck_assert_uint_eq(stage_files(&stage, "big"), 1);
	conductor_account_up(stage.conductor, STAGE_BEN);
	conductor_account_up(stage.conductor, STAGE_ANN);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_uint_eq(stage_call(&stage, STAGE_DELIVER, i)->bytes,
		    BIG_BYTES + 1);
		stage_deliver(&stage, i, 0);
	}
	settle_all();
	stage_settle(&stage, 0, 0);
	stage_settle(&stage, 1, 0);
	conductor_big_unref(stage.conductor, STAGE_ANN, &id);
	conductor_big_unref(stage.conductor, STAGE_BEN, &id);
	stage_restart(&stage);
	ck_assert_uint_eq(stage_files(&stage, "big"), 1);
	clock_set(clock_ms(), now + 4 * day_ms);
	stage_restart(&stage);
	ck_assert_uint_eq(stage_files(&stage, "big"), 0);
}
END_TEST

START_TEST(a_mailbox_that_does_not_come_is_asked_for_again_soon)
{
	receive("a");
	ck_assert_uint_eq(stage_count(&stage, STAGE_WANT), 1);
	stage_run(&stage, 2500);
	ck_assert_uint_eq(stage_count(&stage, STAGE_WANT), 2);
}
END_TEST

START_TEST(a_damaged_message_is_passed_over_and_counts_as_waiting)
{
	struct queue_status status;
	struct transit *transit;
	uint64_t position;

	receive("a");
	stage_receive(&stage, 'b', true);
	stage_receive(&stage, 'c', true);
	transit = TAILQ_NEXT(TAILQ_FIRST(&stage.conductor->received), next);
	position = transit->position;
	transit_close_bytes(transit);
	stage_damage(&stage, position);
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert_str_eq(delivered(), "ac");
	conductor_account_up(stage.conductor, STAGE_BEN);
	ck_assert_str_eq(delivered(), "acc");
	receive("d");				/* no pause */
	ck_assert_str_eq(delivered(), "accd");
	for (size_t i = 0; i < 4; i++)
		stage_deliver(&stage, i, 0);
	settle_all();
	stage_settle(&stage, 0, 0);
	stage_settle(&stage, 1, 0);
	conductor_status(stage.conductor, &status);
	ck_assert_uint_eq(status.waiting, 1);
	ck_assert_uint_eq(status.moving, 1);
	/* its place is not given up, nor is it lined up again */
	conductor_account_lost(stage.conductor, STAGE_ANN);
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert_str_eq(delivered(), "accd");
	ck_assert_uint_eq(TAILQ_FIRST(&stage.conductor->received)->position,
	    position);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("deliver");
	TCase *tcase = tcase_create("deliver");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase,
	    a_mailbox_is_asked_for_once_and_gets_all_in_order);
	tcase_add_test(tcase, a_mailbox_that_may_have_to_tell_is_asked_for);
	tcase_add_test(tcase, every_recipient_gets_his_own);
	tcase_add_test(tcase, what_is_not_committed_there_is_on_its_way);
	tcase_add_test(tcase, no_more_than_a_window_is_with_one_mailbox);
	tcase_add_test(tcase,
	    what_a_mailbox_cannot_take_is_sent_again_after_a_pause);
	tcase_add_test(tcase, one_fault_of_many_on_their_way_pauses_once);
	tcase_add_test(tcase, a_channel_that_takes_nothing_pauses_too);
	tcase_add_test(tcase,
	    a_lost_mailbox_gets_all_that_is_not_settled_again);
	tcase_add_test(tcase,
	    a_settling_that_was_lost_does_not_settle_the_next);
	tcase_add_test(tcase, a_settling_that_failed_is_asked_for_again);
	tcase_add_test(tcase, a_restart_delivers_exactly_what_is_not_settled);
	tcase_add_test(tcase, a_restart_finds_the_same_ids_and_positions);
	tcase_add_test(tcase, settled_segments_are_used_again_for_ever);
	tcase_add_test(tcase,
	    a_big_file_is_opened_only_by_an_account_that_refers_to_it);
	tcase_add_test(tcase,
	    a_big_file_is_kept_for_all_once_the_first_is_sent_his);
	tcase_add_test(tcase,
	    a_big_file_waits_for_the_last_mailbox_and_goes_a_day_later);
	tcase_add_test(tcase,
	    a_mailbox_that_does_not_come_is_asked_for_again_soon);
	tcase_add_test(tcase,
	    a_damaged_message_is_passed_over_and_counts_as_waiting);
	suite_add_tcase(suite, tcase);
	return suite;
}
