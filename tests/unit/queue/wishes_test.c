/*
 * wishes_test.c - what those whom a message is for want of its author
 */
#include "queue/wishes.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/queue/hold_scene.h"

#define SPAM	"Junk"

/* The author is known from here on; judged as spam, to be held or filed. */
static void
begin(bool is_shown, const char *folder, enum verdict_action unless_spam)
{
	stage.author = "zoe@far.test";
	stage.author_is_shown = is_shown;
	stage.unless_spam = unless_spam;
	stage.folder = folder;
	stage.is_junk = folder != NULL;
	stage.has_lists = true;
	stage_restart(&stage);
	conductor_account_up(stage.conductor, STAGE_ANN);
	conductor_account_up(stage.conductor, STAGE_BEN);
}

/* Submit, judge, and have ann and ben say what they wish. */
static void
come(enum verdict_action action, enum sender_wish anns, enum sender_wish bens)
{
	const unsigned char wishes[] = { (unsigned char)anns,
	    (unsigned char)bens };
	size_t asked = stage_count(&stage, STAGE_WISHES);
	size_t answered = stage_count(&stage, STAGE_ANSWER);

	ck_assert_int_eq(stage_submit(&stage, &stage, 'w', 100, true), 0);
	id = stage_call(&stage, STAGE_JUDGE, stage_count(&stage,
	    STAGE_JUDGE) - 1)->id;
	stage_judge(&stage, stage_count(&stage, STAGE_JUDGE) - 1, action);
	ck_assert_uint_eq(stage_count(&stage, STAGE_WISHES), asked + 1);
	stage_wish(&stage, asked, 0, slice_of((const char *)wishes, 2));
	stage_wait(&stage, STAGE_ANSWER, answered + 1);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, answered)->code,
	    250);
	quiet();
}

/* The delivery to that account, or NULL. */
static const struct stage_call *
sent_to(uint64_t account)
{
	for (size_t i = 0; i < stage_count(&stage, STAGE_DELIVER); i++)
		if (stage_call(&stage, STAGE_DELIVER, i)->account == account)
			return stage_call(&stage, STAGE_DELIVER, i);
	return NULL;
}

static unsigned
held_for(uint64_t account)
{
	memset(&seen, 0, sizeof(seen));
	ck_assert_int_eq(conductor_held_each(stage.conductor, account, NULL,
	    on_row, NULL), 0);
	return seen.count;
}

static const struct {
	bool			 is_shown;
	const char		*folder;	/* the verdict's */
	bool			 is_junk;	/* for the filter wants that */
	enum sender_wish	 wish;		/* ann's */
	const char		*into;		/* "": INBOX */
	bool			 is_decided;
} folders[] = {
	{ true, NULL, false, SENDER_UNSAID, "", false },
	{ true, NULL, false, SENDER_BLOCKED, SPAM, true },
	/* nobody need be sure who it is to keep it out of sight */
	{ false, NULL, false, SENDER_BLOCKED, SPAM, true },
	{ true, NULL, false, SENDER_ALLOWED, "", true },
	{ true, SPAM, true, SENDER_UNSAID, SPAM, false },
	{ true, SPAM, true, SENDER_ALLOWED, "", true },
	/* whoever forges it gets nowhere by it */
	{ false, SPAM, true, SENDER_ALLOWED, SPAM, false },
	{ true, SPAM, true, SENDER_BLOCKED, SPAM, true },
	/* a rule of the postmaster's has chosen the folder */
	{ true, "Lists", false, SENDER_BLOCKED, "Lists", true },
	{ true, "Junk", false, SENDER_ALLOWED, SPAM, true },
};

START_TEST(a_copy_goes_where_its_person_wants_it)
{
	const struct stage_call *call;

	begin(folders[_i].is_shown, folders[_i].folder, VERDICT_ACCEPT);
	stage.is_junk = folders[_i].is_junk;
	come(VERDICT_MARK, folders[_i].wish, SENDER_UNSAID);
	for (unsigned life = 0; life < 2; life++) {
		call = sent_to(STAGE_ANN);
		ck_assert_ptr_nonnull(call);
		ck_assert_str_eq(call->words, folders[_i].into);
		ck_assert_int_eq(call->is_decided, folders[_i].is_decided);
		ck_assert(!call->is_released);
		/* the other one is untouched */
		call = sent_to(STAGE_BEN);
		ck_assert_str_eq(call->words, folders[_i].folder == NULL ? "" :
		    folders[_i].folder);
		ck_assert(!call->is_decided);
		/* and so it is when the journal is read again */
		stage_forget(&stage);
		stage_restart(&stage);
		conductor_account_up(stage.conductor, STAGE_ANN);
		conductor_account_up(stage.conductor, STAGE_BEN);
	}
}
END_TEST

START_TEST(what_all_allow_is_not_held_as_spam)
{
	begin(true, NULL, VERDICT_MARK);
	come(VERDICT_HOLD, SENDER_ALLOWED, SENDER_ALLOWED);
	ck_assert_uint_eq(list(HOLD_ANY, NULL, 10), 0);
	ck_assert_ptr_nonnull(sent_to(STAGE_ANN));
	ck_assert_ptr_nonnull(sent_to(STAGE_BEN));
	/* nobody has said that it was wanted */
	ck_assert(!sent_to(STAGE_ANN)->is_released);
}
END_TEST

START_TEST(what_one_allows_is_held_for_the_other_alone)
{
	begin(true, NULL, VERDICT_MARK);
	come(VERDICT_HOLD, SENDER_UNSAID, SENDER_ALLOWED);
	for (unsigned life = 0; life < 2; life++) {
		ck_assert_uint_eq(list(HOLD_HELD, NULL, 10), 1);
		ck_assert_uint_eq(held_for(STAGE_ANN), 1);
		ck_assert_uint_eq(held_for(STAGE_BEN), 0);
		ck_assert_ptr_null(sent_to(STAGE_ANN));
		ck_assert_ptr_nonnull(sent_to(STAGE_BEN));
		ck_assert_str_eq(sent_to(STAGE_BEN)->words, "");
		ck_assert(!sent_to(STAGE_BEN)->is_released);
		if (life == 0) {
			stage_forget(&stage);
			stage_restart(&stage);
			conductor_account_up(stage.conductor, STAGE_ANN);
			conductor_account_up(stage.conductor, STAGE_BEN);
		}
	}
	/* which cannot be deleted with ben's on its way */
	ck_assert_int_eq(conductor_hold_delete(stage.conductor, &id,
	    slice_str("postmaster")), -EAGAIN);
	stage_deliver(&stage, 0, 0);
	deliver_settle_all(stage.conductor);
	stage_settle(&stage, 0, 0);
	/* the rest of it is held like any other, and released as such */
	ck_assert_uint_eq(list(HOLD_HELD, NULL, 10), 1);
	ck_assert_int_eq(release(), 0);
	ck_assert(sent_to(STAGE_ANN)->is_released);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 2);
}
END_TEST

static const struct {
	bool			 is_shown;
	enum verdict_action	 action, unless_spam;
} stays[] = {
	{ true, VERDICT_HOLD, VERDICT_HOLD },		/* a rule as well */
	{ true, VERDICT_QUARANTINE, VERDICT_QUARANTINE },
	{ true, VERDICT_QUARANTINE, VERDICT_HOLD },
	{ false, VERDICT_HOLD, VERDICT_ACCEPT },	/* it may be forged */
};

START_TEST(nothing_else_that_holds_is_passed_by)
{
	begin(stays[_i].is_shown, NULL, stays[_i].unless_spam);
	come(stays[_i].action, SENDER_ALLOWED, SENDER_ALLOWED);
	ck_assert_uint_eq(list(HOLD_ANY, NULL, 10), 1);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 0);
}
END_TEST

#define BOSS	"boss@office.test"
#define BOSS_ACCOUNT	9

static const struct {
	const char		*redirect, *hold;	/* or NULL */
	uint64_t		 account;		/* whose the one is */
	enum verdict_action	 action;
} queues[] = {
	{ BOSS, NULL, 0, VERDICT_ACCEPT },	/* nobody of ours */
	{ BOSS, NULL, 0, VERDICT_HOLD },	/* and spam as well */
	{ BOSS, NULL, BOSS_ACCOUNT, VERDICT_HOLD },
	{ NULL, "a copy for somebody in Bcc", 0, VERDICT_ACCEPT },
	{ NULL, "a copy for somebody in Bcc", 0, VERDICT_HOLD },
};

START_TEST(what_the_queue_holds_is_not_passed_by)
{
	const unsigned char allowed[] = { SENDER_ALLOWED };

	begin(true, NULL, VERDICT_ACCEPT);
	stage.redirect = queues[_i].redirect;
	ck_assert_int_eq(stage_submit(&stage, &stage, 'w', 100, false), 0);
	if (queues[_i].hold != NULL)
		TAILQ_FIRST(&stage.conductor->arriving)->env.fetched.hold =
		    slice_str(queues[_i].hold);
	stage_judge(&stage, 0, queues[_i].action);
	if (queues[_i].redirect != NULL)
		stage_whose(&stage, 0, 0, queues[_i].account);
	stage_wish(&stage, 0, 0, slice_of((const char *)allowed, 1));
	stage_wait(&stage, STAGE_ANSWER, 1);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->code, 250);
	quiet();
	ck_assert_uint_eq(list(HOLD_HELD, NULL, 10), 1);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 0);
}
END_TEST

START_TEST(without_the_keeper_it_comes_again)
{
	begin(true, NULL, VERDICT_ACCEPT);
	stage.wishes_fault = _i == 0 ? -ENOTCONN : 0;
	ck_assert_int_eq(stage_submit(&stage, &stage, 'w', 100, false), 0);
	stage_judge(&stage, 0, VERDICT_ACCEPT);
	if (_i > 0)	/* gone, or an answer that makes no sense */
		stage_wish(&stage, 0, _i == 1 ? -ECONNRESET : 0,
		    slice_str(_i == 3 ? "\7" : ""));
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->code, 451);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 0);
}
END_TEST

START_TEST(nobody_is_asked_where_nobody_keeps_a_list)
{
	begin(true, NULL, VERDICT_ACCEPT);
	if (_i == 0)
		conductor_has_senders(stage.conductor, false);
	else
		stage.author = NULL;
	stage_receive(&stage, 'w', false);
	ck_assert_uint_eq(stage_count(&stage, STAGE_WISHES), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("queue/wishes");
	TCase *tests = tcase_create("wishes");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, a_copy_goes_where_its_person_wants_it, 0,
	    sizeof(folders) / sizeof(folders[0]));
	tcase_add_test(tests, what_all_allow_is_not_held_as_spam);
	tcase_add_test(tests, what_one_allows_is_held_for_the_other_alone);
	tcase_add_loop_test(tests, nothing_else_that_holds_is_passed_by, 0,
	    sizeof(stays) / sizeof(stays[0]));
	tcase_add_loop_test(tests, what_the_queue_holds_is_not_passed_by, 0,
	    sizeof(queues) / sizeof(queues[0]));
	tcase_add_loop_test(tests, without_the_keeper_it_comes_again, 0, 4);
	tcase_add_loop_test(tests, nobody_is_asked_where_nobody_keeps_a_list,
	    0, 2);
	suite_add_tcase(suite, tests);
	return suite;
}
