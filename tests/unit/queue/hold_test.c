/*
 * hold_test.c - a person ends a hold once, and it stays ended
 */
#include <errno.h>

#include "queue/check.h"
#include "queue/rows_held.h"
#include "tests/unit/queue/hold_scene.h"

static struct rows_counts
counts(void)
{
	struct rows_counts counts;

	ck_assert_int_eq(rows_counts(stage.conductor->rows, &counts), 0);
	return counts;
}

static int
release_to_ben(void)
{
	return conductor_hold_release(stage.conductor, &id,
	    slice_str("postmaster"), STAGE_BEN, slice_str("ben@office.test"));
}

static int
delete(void)
{
	return conductor_hold_delete(stage.conductor, &id,
	    slice_str("postmaster"));
}

/* Delivery `n` is answered and settled: nothing of the message is left. */
static void
finish(size_t n)
{
	size_t settlings = stage_count(&stage, STAGE_SETTLE);

	stage_deliver(&stage, n, 0);
	deliver_settle_all(stage.conductor);
	stage_settle(&stage, settlings, 0);
	ck_assert_uint_eq(counts().recipients, 0);
	ck_assert_uint_eq(stage_files(&stage, "kept"), 0);
	ck_assert_uint_eq(stage.conductor->moving, 0);
}

START_TEST(what_is_held_is_listed_with_its_facts_and_counted_apart)
{
	struct queue_status status;

	hold('a', VERDICT_HOLD, true);
	ck_assert_uint_eq(list(HOLD_ANY, NULL, 10), 1);
	ck_assert_str_eq(seen.words, "a person has to see it|zoe@far.test|"
	    "ann@office.test, ben@office.test|smtp: 192.0.2.1|100");
	hold('b', VERDICT_QUARANTINE, false);
	hold('c', VERDICT_QUARANTINE, false);
	stage_receive(&stage, 'd', false);	/* not held */
	ck_assert_uint_eq(list(HOLD_ANY, NULL, 10), 3);
	ck_assert_uint_eq(list(HOLD_HELD, NULL, 10), 1);
	ck_assert_uint_eq(seen.quarantined, 0);
	ck_assert_uint_eq(list(HOLD_QUARANTINED, NULL, 10), 2);
	ck_assert_uint_eq(seen.quarantined, 2);
	conductor_status(stage.conductor, &status);
	ck_assert_uint_eq(status.held, 1);
	ck_assert_uint_eq(status.quarantined, 2);
	ck_assert(stage_trail_has(&stage, "in quarantine: nobody may open it"));
	stage_restart(&stage);
	ck_assert_uint_eq(list(HOLD_QUARANTINED, NULL, 10), 2);
}
END_TEST

START_TEST(a_list_comes_in_pages_without_gap_or_double)
{
	struct message_id above;

	for (char fill = 'a'; fill < 'a' + 5; fill++)
		hold(fill, VERDICT_HOLD, false);
	ck_assert_uint_eq(list(HOLD_ANY, NULL, 2), 2);
	above = seen.last;
	ck_assert_uint_eq(list(HOLD_ANY, &above, 2), 2);
	above = seen.last;
	ck_assert_uint_eq(list(HOLD_ANY, &above, 2), 1);
	ck_assert_int_eq(message_id_order(&seen.last, &id), 0);
	ck_assert_uint_eq(list(HOLD_ANY, &id, 2), 0);
}
END_TEST

START_TEST(a_message_is_shown_with_its_beginning)
{
	TEXT_AUTO shown = TEXT_INIT(HOLD_SHOWN_BYTES);

	hold('x', VERDICT_HOLD, false);
	memset(&seen, 0, sizeof(seen));
	ck_assert_int_eq(conductor_hold_show(stage.conductor, &id, on_row,
	    NULL, &shown), 0);
	ck_assert_uint_eq(seen.count, 1);
	ck_assert_uint_eq(shown.len, 100);
	ck_assert_int_eq(shown.at[99], 'x');
	text_clear(&shown);
	hold_big();
	ck_assert_int_eq(conductor_hold_show(stage.conductor, &id, on_row,
	    NULL, &shown), 0);
	ck_assert_uint_eq(shown.len, HOLD_SHOWN_BYTES);
	id.bytes[0] ^= 1;
	ck_assert_int_eq(conductor_hold_show(stage.conductor, &id, on_row,
	    NULL, &shown), -ENOENT);
}
END_TEST

START_TEST(a_byte_that_is_no_text_is_shown_as_one_that_is)
{
	TEXT_AUTO shown = TEXT_INIT(HOLD_SHOWN_BYTES);

	hold('\0', VERDICT_HOLD, false);
	ck_assert_int_eq(conductor_hold_show(stage.conductor, &id, on_row,
	    NULL, &shown), 0);
	ck_assert_uint_eq(shown.len, 100);
	ck_assert_ptr_null(memchr(shown.at, '\0', 100));
}
END_TEST

START_TEST(a_released_message_is_delivered_unjudged_to_those_it_is_for)
{
	conductor_account_up(stage.conductor, STAGE_ANN);
	conductor_account_up(stage.conductor, STAGE_BEN);
	hold('r', _i == 0 ? VERDICT_HOLD : VERDICT_QUARANTINE, true);
	ck_assert_int_eq(release(), 0);
	ck_assert_uint_eq(stage_count(&stage, STAGE_JUDGE), 1);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 2);
	ck_assert_int_eq(stage_call(&stage, STAGE_DELIVER, 0)->first, 'r');
	ck_assert_uint_eq(counts().held + counts().quarantined, 0);
	ck_assert(stage_trail_stands(&stage, "\"released\""));
	ck_assert(stage_trail_has(&stage, "postmaster"));
	/* once */
	ck_assert_int_eq(release(), -ENOENT);
	ck_assert_int_eq(delete(), -ENOENT);
	stage_deliver(&stage, 0, 0);
	deliver_settle_all(stage.conductor);
	stage_settle(&stage, 0, 0);
	finish(1);
}
END_TEST

static const struct {
	enum verdict_action	 action;
	const char		*folder;	/* of the verdict */
	const char		*into;		/* where it goes then */
} caught[] = {
	{ VERDICT_HOLD, "Junk", "" },
	{ VERDICT_QUARANTINE, "Junk", "" },
	{ VERDICT_HOLD, "Offers", "Offers" },
	{ VERDICT_HOLD, NULL, "" },
};

/* To whom and in whatever life: the mark is as durable as the release. */
START_TEST(a_released_message_is_not_caught_again)
{
	const struct stage_call *sent;

	stage.folder = caught[_i].folder;
	hold('c', caught[_i].action, true);
	ck_assert_int_eq(conductor_hold_share(stage.conductor, &id,
	    STAGE_BEN, false), 0);
	for (unsigned life = 0; life < 2; life++) {
		conductor_account_up(stage.conductor, STAGE_BEN);
		ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 1);
		sent = stage_call(&stage, STAGE_DELIVER, 0);
		ck_assert(sent->is_released);
		ck_assert_str_eq(sent->words, caught[_i].into);
		if (life == 0)
			stage_restart(&stage);
	}
	stage_deliver(&stage, 0, 0);
	ck_assert(!stage_trail_has(&stage, "in the mailbox Junk"));
}
END_TEST

START_TEST(what_nobody_released_goes_where_its_verdict_says)
{
	stage.folder = "Junk";
	conductor_account_up(stage.conductor, STAGE_ANN);
	stage_receive(&stage, 'j', false);
	stage_wait(&stage, STAGE_DELIVER, 1);
	ck_assert(!stage_call(&stage, STAGE_DELIVER, 0)->is_released);
	ck_assert_str_eq(stage_call(&stage, STAGE_DELIVER, 0)->words, "Junk");
	stage_deliver(&stage, 0, 0);
	ck_assert(stage_trail_has(&stage, "in the mailbox Junk"));
}
END_TEST

START_TEST(a_release_can_name_another_account)
{
	conductor_account_up(stage.conductor, STAGE_ANN);
	conductor_account_up(stage.conductor, STAGE_BEN);
	hold('r', VERDICT_HOLD, false);
	ck_assert_int_eq(release_to_ben(), 0);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 1);
	ck_assert_uint_eq(stage_call(&stage, STAGE_DELIVER, 0)->account,
	    STAGE_BEN);
	ck_assert(stage_trail_has(&stage, "\"to\":\"ben@office.test\"") ||
	    stage_trail_has(&stage, "\"to\": \"ben@office.test\""));
	/* the row knows it: so does the next life */
	stage_restart(&stage);
	conductor_account_up(stage.conductor, STAGE_ANN);
	conductor_account_up(stage.conductor, STAGE_BEN);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 1);
	ck_assert_uint_eq(stage_call(&stage, STAGE_DELIVER, 0)->account,
	    STAGE_BEN);
	finish(0);
}
END_TEST

/*
 * The record still stands in the journal with its verdict, and the account is
 * settled nowhere near it.
 */
START_TEST(what_was_released_is_not_held_again_by_a_start)
{
	hold('r', VERDICT_HOLD, false);
	ck_assert_int_eq(release(), 0);
	if (_i > 0) {		/* with a mailbox, unanswered */
		conductor_account_up(stage.conductor, STAGE_ANN);
		ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 1);
	}
	if (_i > 1)		/* delivered, not settled */
		stage_deliver(&stage, 0, 0);
	if (_i > 2) {		/* settled: the row is gone */
		deliver_settle_all(stage.conductor);
		stage_settle(&stage, 0, 0);
	}
	stage_restart(&stage);
	quiet();
	ck_assert_uint_eq(counts().held, 0);
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), _i <= 2);
	if (_i <= 2)		/* its key makes that one letter */
		finish(0);
	stage_restart(&stage);
	quiet();
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 0);
	ck_assert_uint_eq(counts().held, 0);
	ck_assert_uint_eq(stage.conductor->moving, 0);
}
END_TEST

START_TEST(a_deleted_message_is_gone_and_stays_so)
{
	struct queue_check_counts found;
	struct queue_check *check;

	if (_i == 0)
		hold('d', VERDICT_QUARANTINE, false);
	else
		hold_big();
	ck_assert_int_eq(delete(), 0);
	ck_assert(stage_trail_stands(&stage, "\"deleted\""));
	for (int life = 0; life < 2; life++) {
		ck_assert_uint_eq(stage_files(&stage, "kept"), 0);
		ck_assert_uint_eq(stage_files(&stage, "big"), 0);
		ck_assert_uint_eq(counts().recipients, 0);
		ck_assert_uint_eq(list(HOLD_ANY, NULL, 10), 0);
		ck_assert_int_eq(delete(), -ENOENT);
		ck_assert_int_eq(release(), -ENOENT);
		/* its record says that there is a big file */
		ck_assert_int_eq(queue_check_open(stage.scratch.fd, NULL,
		    NULL, &check), 0);
		ck_assert_int_eq(queue_check_run(check, &found), 0);
		queue_check_close(check);
		stage_restart(&stage);
		quiet();
		conductor_account_up(stage.conductor, STAGE_ANN);
		ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 0);
	}
}
END_TEST

START_TEST(a_released_big_message_is_delivered_from_its_file)
{
	hold_big();
	ck_assert_int_eq(release(), 0);
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert_uint_eq(stage_call(&stage, STAGE_DELIVER, 0)->bytes,
	    200000);
	finish(0);
	ck_assert_uint_eq(stage_files(&stage, "big"), 1);
}
END_TEST

START_TEST(what_is_on_its_way_into_the_folder_is_asked_for_again)
{
	TEXT_AUTO shown = TEXT_INIT(HOLD_SHOWN_BYTES);
	int kept_fd = dup(stage.conductor->kept_fd);
	int nowhere = open("/proc/self/fd", O_RDONLY | O_CLOEXEC);

	/* nothing can be written there for now */
	ck_assert_int_ge(dup2(nowhere, stage.conductor->kept_fd), 0);
	hold('a', VERDICT_HOLD, false);
	ck_assert_uint_eq(counts().held, 0);
	ck_assert_int_eq(release(), -EAGAIN);
	ck_assert_int_eq(delete(), -EAGAIN);
	ck_assert_int_eq(conductor_hold_show(stage.conductor, &id, on_row,
	    NULL, &shown), -EAGAIN);
	ck_assert_int_ge(dup2(kept_fd, stage.conductor->kept_fd), 0);
	(void)close(kept_fd);
	(void)close(nowhere);
	keep_look(stage.conductor);
	quiet();
	ck_assert_int_eq(release(), 0);
}
END_TEST

START_TEST(what_only_waits_is_no_hold)
{
	stage_receive(&stage, 'a', false);
	id = stage_call(&stage, STAGE_JUDGE, 0)->id;
	clock_set(clock_ms() + 60000, clock_utc_ms() + 60000);
	keep_relieve(stage.conductor);
	quiet();
	ck_assert_uint_eq(counts().waiting, 1);
	ck_assert_int_eq(release(), -ENOENT);
	ck_assert_int_eq(delete(), -ENOENT);
	ck_assert_uint_eq(counts().waiting, 1);
}
END_TEST

START_TEST(what_is_damaged_stays_held_and_can_be_deleted)
{
	hold('a', VERDICT_HOLD, false);
	ck_assert_int_eq(kept_drop(stage.conductor->kept_fd, &id), 0);
	ck_assert_int_eq(release(), -EBADMSG);
	ck_assert_uint_eq(list(HOLD_ANY, NULL, 10), 1);
	ck_assert_uint_eq(seen.damaged, 1);
	ck_assert_int_eq(delete(), 0);
	ck_assert_uint_eq(counts().held, 0);
	hold_big();
	ck_assert_int_eq(big_drop(stage.conductor->big, &id), 0);
	ck_assert_int_eq(release(), -EBADMSG);
	ck_assert_uint_eq(counts().held, 1);
	ck_assert_int_eq(delete(), 0);
}
END_TEST

/* The transit of one that was held for its damaged bytes is still there. */
START_TEST(one_held_for_its_damage_is_ended_and_forgotten)
{
	stage_receive(&stage, 'a', false);
	id = stage_call(&stage, STAGE_JUDGE, 0)->id;
	clock_set(clock_ms() + 60000, clock_utc_ms() + 60000);
	keep_relieve(stage.conductor);
	quiet();
	ck_assert_int_eq(kept_drop(stage.conductor->kept_fd, &id), 0);
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert_uint_eq(counts().held, 1);
	ck_assert_uint_eq(stage.conductor->moving, 1);
	ck_assert_int_eq(delete(), 0);
	ck_assert_uint_eq(stage.conductor->moving, 0);
	ck_assert_uint_eq(counts().held, 0);
}
END_TEST

START_TEST(a_release_that_cannot_be_written_changes_nothing)
{
	hold('a', VERDICT_HOLD, false);
	/* a row for an account that no row can have */
	ck_assert_int_lt(conductor_hold_release(stage.conductor, &id,
	    slice_str("postmaster"), UINT64_MAX, slice_str("x@y.test")), 0);
	ck_assert_uint_eq(list(HOLD_ANY, NULL, 10), 1);
	ck_assert_uint_eq(stage.conductor->moving, 0);
	ck_assert_int_eq(release(), 0);
}
END_TEST

/* One of two wants it */

static int
share_of(uint64_t account)
{
	return conductor_hold_share(stage.conductor, &id, account, false);
}

START_TEST(one_share_is_delivered_and_the_others_stay_held)
{
	conductor_account_up(stage.conductor, STAGE_ANN);
	conductor_account_up(stage.conductor, STAGE_BEN);
	if (_i == 0)
		hold('s', VERDICT_HOLD, true);
	else {
		ck_assert_int_eq(stage_submit_big(&stage, &stage, 200000,
		    200000, true), 0);
		hold_it(VERDICT_QUARANTINE);
		quiet();
	}
	ck_assert_int_eq(share_of(STAGE_BEN), 0);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 1);
	ck_assert_uint_eq(stage_call(&stage, STAGE_DELIVER, 0)->account,
	    STAGE_BEN);
	ck_assert(stage_trail_has(&stage, "\"ben@office.test\""));
	/* once; and nothing else is done to it while it is on its way */
	ck_assert_int_eq(share_of(STAGE_BEN), -ENOENT);
	ck_assert_int_eq(delete(), -EAGAIN);
	stage_deliver(&stage, 0, 0);
	deliver_settle_all(stage.conductor);
	stage_settle(&stage, 0, 0);
	ck_assert_int_eq(share_of(STAGE_BEN), -ENOENT);
	ck_assert_uint_eq(list(HOLD_ANY, NULL, 10), 1);
	ck_assert_ptr_nonnull(strstr(seen.words, "|ann@office.test|"));
	ck_assert_uint_eq(counts().recipients, 1);
	stage_restart(&stage);
	conductor_account_up(stage.conductor, STAGE_ANN);
	conductor_account_up(stage.conductor, STAGE_BEN);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 0);
	ck_assert_int_eq(share_of(STAGE_ANN), 0);
	ck_assert_uint_eq(stage_call(&stage, STAGE_DELIVER, 0)->account,
	    STAGE_ANN);
	finish(0);
	/* its record stands in the journal: it is not held again */
	stage_restart(&stage);
	quiet();
	ck_assert_uint_eq(counts().held + counts().quarantined, 0);
}
END_TEST

START_TEST(a_share_on_its_way_goes_on_after_a_start)
{
	hold('s', VERDICT_HOLD, true);
	ck_assert_int_eq(share_of(STAGE_BEN), 0);
	stage_restart(&stage);
	quiet();
	conductor_account_up(stage.conductor, STAGE_ANN);
	conductor_account_up(stage.conductor, STAGE_BEN);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 1);
	ck_assert_uint_eq(stage_call(&stage, STAGE_DELIVER, 0)->account,
	    STAGE_BEN);
	ck_assert_uint_eq(list(HOLD_HELD, NULL, 10), 1);
	stage_deliver(&stage, 0, 0);
	deliver_settle_all(stage.conductor);
	stage_settle(&stage, 0, 0);
	ck_assert_int_eq(delete(), 0);
	ck_assert_uint_eq(counts().recipients, 0);
	ck_assert_uint_eq(stage_files(&stage, "kept"), 0);
}
END_TEST

/* Memory was out when it was to be sent on: the next start does it. */
START_TEST(a_share_that_waits_for_a_start_keeps_the_others_held)
{
	hold('s', VERDICT_HOLD, true);
	ck_assert_int_eq(rows_held_release(stage.conductor->rows, &id,
	    STAGE_BEN, ROWS_WAITING, slice_str("released"), 1), 0);
	ck_assert_int_eq(conductor_hold_release(stage.conductor, &id,
	    slice_str("boss"), STAGE_ANN, slice_str("ann@office.test")),
	    -EAGAIN);
	ck_assert_int_eq(delete(), -EAGAIN);
	ck_assert_uint_eq(counts().recipients, 2);
	stage_restart(&stage);
	conductor_account_up(stage.conductor, STAGE_BEN);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 1);
	stage_deliver(&stage, 0, 0);
	deliver_settle_all(stage.conductor);
	stage_settle(&stage, 0, 0);
	ck_assert_int_eq(share_of(STAGE_ANN), 0);
}
END_TEST

/* Of the messages that went: to whom, of the n-th. */
static uint64_t
went_to(size_t n)
{
	return stage_call(&stage, STAGE_DELIVER, n)->account;
}

/*
 * Ben's mailbox is away, or has not said that it has his share, or nobody is at that
 * before the next start: ann has hers, from herself or from the postmaster.
 */
START_TEST(a_slow_mailbox_keeps_nobody_else_waiting)
{
	size_t before = _i % 3 == 1 ? 1 : 0;

	hold('s', VERDICT_HOLD, true);
	if (before > 0)
		conductor_account_up(stage.conductor, STAGE_BEN);
	if (_i % 3 == 2)
		ck_assert_int_eq(rows_held_release(stage.conductor->rows, &id,
		    STAGE_BEN, ROWS_WAITING, slice_str("released"), 1), 0);
	else
		ck_assert_int_eq(share_of(STAGE_BEN), 0);
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert_int_eq(_i < 3 ? share_of(STAGE_ANN) : release(), 0);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), before + 1);
	ck_assert_uint_eq(went_to(before), STAGE_ANN);
	ck_assert_uint_eq(list(HOLD_ANY, NULL, 10), 0);
	stage_deliver(&stage, before, 0);
	deliver_settle_all(stage.conductor);
	stage_settle(&stage, 0, 0);
	/* his stands, and its file; after a start, too */
	ck_assert_uint_eq(counts().recipients, 1);
	ck_assert_uint_eq(stage_files(&stage, "kept"), 1);
	stage_restart(&stage);
	quiet();
	conductor_account_up(stage.conductor, STAGE_ANN);
	conductor_account_up(stage.conductor, STAGE_BEN);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 1);
	ck_assert_uint_eq(went_to(0), STAGE_BEN);
	finish(0);
}
END_TEST

/* In one life, the slow one last. */
START_TEST(the_last_share_takes_the_file_along)
{
	hold('s', VERDICT_HOLD, true);
	ck_assert_int_eq(share_of(STAGE_BEN), 0);
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert_int_eq(share_of(STAGE_ANN), 0);
	stage_deliver(&stage, 0, 0);
	deliver_settle_all(stage.conductor);
	stage_settle(&stage, 0, 0);
	ck_assert_uint_eq(stage_files(&stage, "kept"), 1);
	conductor_account_up(stage.conductor, STAGE_BEN);
	ck_assert_uint_eq(went_to(1), STAGE_BEN);
	finish(1);
	ck_assert(TAILQ_EMPTY(&stage.conductor->set_aside));
}
END_TEST

/* Its bytes are gone when the slow ones are there: both are seen, and deleted. */
START_TEST(shares_that_turn_out_damaged_are_held_again)
{
	hold('s', VERDICT_HOLD, true);
	ck_assert_int_eq(share_of(STAGE_BEN), 0);
	ck_assert_int_eq(share_of(STAGE_ANN), 0);
	ck_assert_int_eq(kept_drop(stage.conductor->kept_fd, &id), 0);
	conductor_account_up(stage.conductor, STAGE_ANN);
	conductor_account_up(stage.conductor, STAGE_BEN);
	quiet();
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 0);
	ck_assert_uint_eq(list(HOLD_ANY, NULL, 10), 1);
	ck_assert_int_eq(delete(), 0);
	ck_assert(TAILQ_EMPTY(&stage.conductor->set_aside));
	ck_assert_uint_eq(counts().recipients, 0);
}
END_TEST

START_TEST(a_share_of_what_is_damaged_stays)
{
	hold('s', VERDICT_HOLD, true);
	ck_assert_int_eq(share_of(99), -ENOENT);
	ck_assert_int_eq(kept_drop(stage.conductor->kept_fd, &id), 0);
	ck_assert_int_eq(share_of(STAGE_BEN), -EBADMSG);
	ck_assert_uint_eq(list(HOLD_ANY, NULL, 10), 1);
	ck_assert_int_eq(delete(), 0);
}
END_TEST

/* The clock */

static void
told(uint64_t account)
{
	ck_assert_int_eq(rows_held_told(stage.conductor->rows, account, &id, 1,
	    clock_utc_ms()), 0);
}

START_TEST(what_nobody_was_told_of_never_ends)
{
	hold('c', VERDICT_QUARANTINE, true);
	days_pass(4000);
	ck_assert_uint_eq(list(HOLD_ANY, NULL, 10), 1);
	told(STAGE_ANN);	/* one of two */
	days_pass(4000);
	ck_assert_uint_eq(list(HOLD_ANY, NULL, 10), 1);
	/* nobody has to be: then it is the postmaster's */
	ck_assert_int_eq(rows_held_told(stage.conductor->rows, STAGE_BEN, &id,
	    1, ROWS_TOLD_NEVER), 0);
	days_pass(4000);
	ck_assert_uint_eq(list(HOLD_ANY, NULL, 10), 1);
}
END_TEST

START_TEST(what_was_told_in_time_ends_when_its_days_are_over)
{
	hold('c', VERDICT_HOLD, true);
	days_pass(1);
	told(STAGE_ANN);
	told(STAGE_BEN);
	days_pass(28);
	ck_assert_uint_eq(list(HOLD_ANY, NULL, 10), 1);
	days_pass(2);
	ck_assert_uint_eq(list(HOLD_ANY, NULL, 10), 0);
	ck_assert(stage_trail_has(&stage, "its time was over; it was held: a person"));
	ck_assert_uint_eq(stage_files(&stage, "kept"), 0);
	stage_restart(&stage);
	quiet();
	ck_assert_uint_eq(counts().held, 0);
}
END_TEST

START_TEST(who_is_told_late_has_a_week)
{
	hold('c', VERDICT_HOLD, false);
	days_pass(40);
	told(STAGE_ANN);
	days_pass(6);
	ck_assert_uint_eq(list(HOLD_ANY, NULL, 10), 1);
	/* a second telling moves nothing */
	told(STAGE_ANN);
	days_pass(1);
	ck_assert_uint_eq(list(HOLD_ANY, NULL, 10), 0);
}
END_TEST

/* Telling people */

START_TEST(each_account_is_told_its_own_share_once)
{
	struct held_news found;

	hold('n', VERDICT_HOLD, true);
	found = news(0);
	ck_assert_uint_eq(found.account, STAGE_ANN);
	ck_assert_uint_eq(found.count, 1);
	/* who else got it is nobody's to know */
	ck_assert_ptr_nonnull(strstr(seen.words, "|ann@office.test|"));
	ck_assert_str_eq(seen.told, "");
	found = news(found.account);
	ck_assert_uint_eq(found.account, STAGE_BEN);
	ck_assert_ptr_nonnull(strstr(seen.words, "|ben@office.test|"));
	ck_assert_uint_eq(news(found.account).account, 0);
	ck_assert_int_eq(conductor_held_told(stage.conductor, STAGE_ANN, &id,
	    1), 0);
	ck_assert(stage_trail_has(&stage, "\"told\""));
	ck_assert_uint_eq(news(0).account, STAGE_BEN);
	stage_restart(&stage);
	ck_assert_uint_eq(news(0).account, STAGE_BEN);
	ck_assert_str_eq(seen.told, "");
	ck_assert_uint_eq(list(HOLD_HELD, NULL, 10), 1);
	ck_assert_str_eq(seen.told, "ann@office.test");
	ck_assert_int_eq(conductor_held_told(stage.conductor, STAGE_BEN, &id,
	    1), 0);
	ck_assert_uint_eq(list(HOLD_HELD, NULL, 10), 1);
	ck_assert_str_eq(seen.told, "ann@office.test, ben@office.test");
	ck_assert_uint_eq(news(0).account, 0);
}
END_TEST

START_TEST(of_many_the_newest_are_told_and_the_others_counted)
{
	struct held_news found;

	for (unsigned i = 0; i < HELD_PAGE + 3; i++)
		hold('n', VERDICT_QUARANTINE, false);
	found = news(0);
	ck_assert_uint_eq(found.count, HELD_PAGE);
	ck_assert_uint_eq(found.more, 3);
}
END_TEST

/* One that was held for its bytes is not theirs to answer for. */
START_TEST(what_is_the_postmasters_is_told_to_nobody_and_does_not_end)
{
	struct held_news found;

	stage_receive(&stage, 'p', false);
	id = stage_call(&stage, STAGE_JUDGE, 0)->id;
	clock_set(clock_ms() + 60000, clock_utc_ms() + 60000);
	keep_relieve(stage.conductor);
	quiet();
	ck_assert_int_eq(rows_hold(stage.conductor->rows, &id, ROWS_HELD,
	    slice_str("nobody knows whose it is")), 0);
	found = news(0);
	ck_assert_uint_eq(found.account, STAGE_ANN);
	ck_assert_uint_eq(found.count + found.more, 0);
	/* and is not looked at again */
	ck_assert_uint_eq(news(0).account, 0);
	days_pass(4000);
	ck_assert_uint_eq(list(HOLD_HELD, NULL, 10), 1);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("hold");
	TCase *tcase = tcase_create("hold");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase,
	    what_is_held_is_listed_with_its_facts_and_counted_apart);
	tcase_add_test(tcase, a_list_comes_in_pages_without_gap_or_double);
	tcase_add_test(tcase, a_message_is_shown_with_its_beginning);
	tcase_add_test(tcase,
	    a_byte_that_is_no_text_is_shown_as_one_that_is);
	tcase_add_loop_test(tcase,
	    a_released_message_is_delivered_unjudged_to_those_it_is_for, 0, 2);
	tcase_add_loop_test(tcase, a_released_message_is_not_caught_again, 0,
	    sizeof(caught) / sizeof(caught[0]));
	tcase_add_test(tcase,
	    what_nobody_released_goes_where_its_verdict_says);
	tcase_add_test(tcase, a_release_can_name_another_account);
	tcase_add_loop_test(tcase,
	    what_was_released_is_not_held_again_by_a_start, 0, 4);
	tcase_add_loop_test(tcase, a_deleted_message_is_gone_and_stays_so, 0,
	    2);
	tcase_add_test(tcase,
	    a_released_big_message_is_delivered_from_its_file);
	tcase_add_test(tcase,
	    what_is_on_its_way_into_the_folder_is_asked_for_again);
	tcase_add_test(tcase, what_only_waits_is_no_hold);
	tcase_add_test(tcase, what_is_damaged_stays_held_and_can_be_deleted);
	tcase_add_test(tcase, one_held_for_its_damage_is_ended_and_forgotten);
	tcase_add_test(tcase,
	    a_release_that_cannot_be_written_changes_nothing);
	tcase_add_loop_test(tcase,
	    one_share_is_delivered_and_the_others_stay_held, 0, 2);
	tcase_add_test(tcase, a_share_on_its_way_goes_on_after_a_start);
	tcase_add_test(tcase,
	    a_share_that_waits_for_a_start_keeps_the_others_held);
	tcase_add_loop_test(tcase, a_slow_mailbox_keeps_nobody_else_waiting,
	    0, 6);
	tcase_add_test(tcase, the_last_share_takes_the_file_along);
	tcase_add_test(tcase, shares_that_turn_out_damaged_are_held_again);
	tcase_add_test(tcase, a_share_of_what_is_damaged_stays);
	tcase_add_test(tcase, what_nobody_was_told_of_never_ends);
	tcase_add_test(tcase,
	    what_was_told_in_time_ends_when_its_days_are_over);
	tcase_add_test(tcase, who_is_told_late_has_a_week);
	tcase_add_test(tcase, each_account_is_told_its_own_share_once);
	tcase_add_test(tcase,
	    of_many_the_newest_are_told_and_the_others_counted);
	tcase_add_test(tcase,
	    what_is_the_postmasters_is_told_to_nobody_and_does_not_end);
	suite_add_tcase(suite, tcase);
	return suite;
}
