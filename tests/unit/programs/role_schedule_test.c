/*
 * role_schedule_test.c - the schedule role: who it asks, who it answers
 */
#include "tests/unit/programs/role_schedule_scene.h"
#include "tests/unit/unit.h"

static void
setup(void)
{
	setup_line("", LINE_RATE_FREE, LINE_BUDGET_FREE);
}

/* Each time the keeper is asked anew. */
START_TEST(a_person_is_answered_when_the_keeper_says_that_they_may)
{
	uint32_t rows;

	ask_as(41, "fetch now", "", "a");
	play_run(&play, 20);
	(void)answered(ADMIN_OK, &rows);
	ck_assert_uint_eq(rows, 1);
	ck_assert_uint_eq(mays, 1);
	may = false;
	ask_as(41, "fetch health", "", "");
	play_run(&play, 20);
	(void)answered(ADMIN_REFUSED, &rows);
	ck_assert_uint_eq(mays, 2);
}
END_TEST

static void
on_collecting(void *arg, int status, struct ipc_message *message)
{
	struct unpack u;

	if (status < 0)
		return;
	u = unpack_of(message->body);
	*(int *)arg = unpack_bool(&u);
	ck_assert(unpack_is_done(&u));
}

START_TEST(the_door_hears_whether_to_wait_for_who_reads)
{
	struct ipc *door = play_peer(&play, ROLE_DOOR, 0, NULL, NULL);
	TEXT_AUTO body = TEXT_INIT(16);
	int collecting = -1;

	pack_u64(&body, 41);
	ck_assert_int_eq(ipc_ask(door, SCHEDULE_READS, text_slice(&body),
	    NULL, 0, on_collecting, &collecting), 0);
	play_run(&play, 20);
	ck_assert_int_eq(collecting, 0);	/* mailbox 1 is not on reading */
	text_clear(&body);
	pack_u64(&body, 45);
	ck_assert_int_eq(ipc_ask(door, SCHEDULE_READS, text_slice(&body),
	    NULL, 0, on_collecting, &collecting), 0);
	play_run(&play, 20);
	ck_assert_int_eq(collecting, 1);
	ck_assert_uint_eq(play.wanted, 45);
	ipc_free(door);
}
END_TEST

START_TEST(what_only_the_postmaster_may_ask_is_refused_to_a_person)
{
	uint32_t rows;

	ask_as(41, "line open", "", "");
	play_run(&play, 20);
	(void)answered(ADMIN_REFUSED, &rows);
	ask("line open", "", "");
	play_run(&play, 20);
	(void)answered(ADMIN_OK, &rows);
}
END_TEST

START_TEST(a_person_hears_later_while_the_keeper_is_away)
{
	uint32_t rows;

	ipc_free(keeper);
	keeper = NULL;
	play_run(&play, 20);
	ask_as(41, "fetch health", "", "");
	play_run(&play, 20);
	(void)answered(ADMIN_LATER, &rows);
}
END_TEST

START_TEST(a_run_goes_from_the_console_to_the_process_and_back)
{
	uint64_t run = begin_run("a");
	struct unpack u;
	uint32_t rows;

	ck_assert_uint_eq(play.wants, 1);
	ck_assert_uint_eq(play.wanted, 41);
	fetcher = play_peer(&play, ROLE_FETCH, 41, fetch_rules, NULL);
	play_run(&play, 20);
	ck_assert_uint_eq(tasks, 1);

	ask_progress(run, "1");		/* nothing is new yet */
	play_run(&play, 50);
	ck_assert_uint_eq(answer_count, 0);
	say_progress(1);
	play_run(&play, 20);
	u = answered(ADMIN_OK, &rows);
	ck_assert_uint_eq(rows, 1);
	ck_assert_uint_eq(unpack_u64(&u), 1);
	(void)unpack_slice(&u);
	(void)unpack_slice(&u);
	ck_assert(slice_is_str(unpack_slice(&u), "taking"));
	ck_assert_uint_eq(unpack_u64(&u), 3);
	ck_assert_uint_eq(unpack_u64(&u), 9);

	say_outcome(FETCH_END_DONE, 9);
	play_run(&play, 20);
	ask_progress(run, "2");
	play_run(&play, 20);
	u = answered(ADMIN_OK, &rows);
	ck_assert_uint_eq(rows, 1);
	(void)unpack_u64(&u);
	(void)unpack_slice(&u);
	(void)unpack_slice(&u);
	ck_assert(slice_is_str(unpack_slice(&u), "over"));
	for (unsigned i = 0; i < 4; i++)
		(void)unpack_u64(&u);
	ck_assert(slice_is_str(unpack_slice(&u), "done"));
	ck_assert_uint_eq(unpack_u64(&u), 9);
	for (unsigned i = 0; i < 12; i++)	/* to `asked` */
		(void)unpack_u64(&u);
	ck_assert(slice_is_str(unpack_slice(&u), "no"));
	ck_assert(slice_is_str(unpack_slice(&u), "yes"));	/* by_server */
	ck_assert(slice_is_str(unpack_slice(&u), "hello"));
	ck_assert(slice_has_prefix(unpack_slice(&u), "ab00"));
	ck_assert_uint_eq(unpack_u64(&u), 3);
	ck_assert(unpack_is_done(&u));
}
END_TEST

START_TEST(progress_without_news_is_answered_with_none)
{
	uint64_t run = begin_run("a");
	struct unpack u;
	uint32_t rows;

	ask_progress(run, "1");
	play_run(&play, 150);
	ck_assert_uint_eq(answer_count, 0);
	play_run(&play, 250);
	u = answered(ADMIN_OK, &rows);
	ck_assert_uint_eq(rows, 0);
	ck_assert(unpack_is_done(&u));
	ask_progress(run + 1, "0");
	play_run(&play, 20);
	(void)answered(ADMIN_NO_SUCH, &rows);
}
END_TEST

START_TEST(a_mailbox_added_this_moment_is_found)
{
	uint32_t rows;

	ask("fetch test", "ann@example.org", "f");
	mailboxes = 6;		/* before the keeper could tell */
	play_run(&play, 20);
	(void)answered(ADMIN_OK, &rows);
	ck_assert_uint_eq(rows, 1);
	ck_assert_uint_eq(play.wanted, 46);
	ask("fetch test", "ann@example.org", "g");
	play_run(&play, 20);
	(void)answered(ADMIN_NO_SUCH, &rows);
	ask("fetch test", "ann@example.org", "");
	play_run(&play, 20);
	(void)answered(ADMIN_NOT_UNIQUE, &rows);
}
END_TEST

/* The first step of it, as `fetch consent` takes it. */
static void
ask_consent(uint64_t asker, const char *address, const char *label)
{
	const char *const args[ARGS_MOST] = { address, label, "device" };

	ask_args(asker, "fetch consent", args);
}

START_TEST(consent_for_a_mailbox_added_this_moment_begins)
{
	struct unpack u;
	uint32_t rows;

	ask_consent(0, "ann@example.org", "f");
	mailboxes = 6;		/* before the keeper could tell */
	play_run(&play, 20);
	u = answered(ADMIN_OK, &rows);
	ck_assert_uint_eq(rows, 1);
	ck_assert_uint_eq(unpack_u64(&u), 6);
	ck_assert(slice_is_str(unpack_slice(&u), "ann@example.org"));
	ck_assert(slice_is_str(unpack_slice(&u), "f"));
	ck_assert(slice_is_str(unpack_slice(&u), "starting"));
	ck_assert_uint_eq(play.wanted, 46);
	ck_assert_uint_eq(listings, 6);
}
END_TEST

START_TEST(consent_for_a_mailbox_that_is_not_there_is_refused)
{
	uint32_t rows;

	ask_consent(0, "ann@example.org", "g");
	play_run(&play, 20);
	(void)answered(ADMIN_NO_SUCH, &rows);
	ck_assert_uint_eq(listings, 6);
	ask_consent(41, "", "b");		/* it is another's */
	play_run(&play, 20);
	(void)answered(ADMIN_NO_SUCH, &rows);
	may = false;
	ask_consent(41, "", "a");
	play_run(&play, 20);
	(void)answered(ADMIN_REFUSED, &rows);
	ck_assert_uint_eq(play.wants, 0);
}
END_TEST

START_TEST(the_list_is_asked_for_again_when_it_has_changed)
{
	struct unpack u;
	uint32_t rows;

	mailboxes = 2;
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(ipc_send(keeper, SCHEDULE_CHANGED,
		    slice_of(NULL, 0), NULL, 0), 0);
	play_run(&play, 20);
	ck_assert_uint_ge(listings, 4);
	ask("fetch health", "", "");
	play_run(&play, 20);
	u = answered(ADMIN_OK, &rows);
	ck_assert_uint_eq(rows, 2);
	ck_assert_uint_eq(unpack_u64(&u), 1);
	(void)unpack_slice(&u);
	ck_assert(slice_is_str(unpack_slice(&u), "a"));
	ck_assert_int_eq(unpack_i64(&u), 0);	/* not yet */
	ck_assert_int_gt(unpack_i64(&u), clock_utc_ms());
	ck_assert_uint_eq(unpack_slice(&u).len, 0);
	ck_assert(slice_is_str(unpack_slice(&u), "no"));	/* by_server */
	ck_assert_uint_eq(unpack_slice(&u).len, 0);
	ck_assert_uint_eq(unpack_u64(&u), 0);
	for (unsigned i = 0; i < 4; i++)	/* success ... waiting_bytes */
		ck_assert_uint_eq(unpack_u64(&u), 0);
	ck_assert_uint_eq(unpack_u64(&u), 2);
	ck_assert(!u.bad);
}
END_TEST

/* Of a mailbox nothing came of yet: its health says no result. */
START_TEST(that_a_consent_ends_is_told_and_noted)
{
	grant_until = clock_utc_ms() + INT64_C(2) * 24 * 3600 * 1000;
	ck_assert_int_eq(ipc_send(keeper, SCHEDULE_CHANGED,
	    slice_of(NULL, 0), NULL, 0), 0);
	play_run(&play, 50);
	ck_assert_uint_eq(health_of, 2);
	ck_assert_uint_eq(health.grant_told, 2);
	ck_assert_str_eq(health.result, "");
	health_of = 0;
	ck_assert_int_eq(ipc_send(keeper, SCHEDULE_CHANGED,
	    slice_of(NULL, 0), NULL, 0), 0);
	play_run(&play, 50);
	ck_assert_uint_eq(health_of, 0);
}
END_TEST

START_TEST(a_process_that_was_leaving_is_asked_for_again)
{
	uint64_t run = begin_run("a");
	uint32_t rows;

	fetcher = play_peer(&play, ROLE_FETCH, 41, fetch_rules, NULL);
	play_run(&play, 20);
	ck_assert_uint_eq(tasks, 1);
	ipc_free(fetcher);
	play_run(&play, 20);
	ck_assert_uint_eq(play.wants, 2);
	fetcher = play_peer(&play, ROLE_FETCH, 41, fetch_rules, NULL);
	play_run(&play, 20);
	ck_assert_uint_eq(tasks, 2);
	say_progress(1);
	play_run(&play, 20);
	ipc_free(fetcher);		/* this one died at its work */
	fetcher = NULL;
	play_run(&play, 20);
	ck_assert_uint_eq(play.wants, 2);
	ask_progress(run, "2");
	play_run(&play, 20);
	(void)answered(ADMIN_OK, &rows);
	ck_assert_uint_eq(rows, 1);
}
END_TEST

START_TEST(what_cannot_be_read_is_told_to_the_parent)
{
	(void)begin_run("a");
	fetcher = play_peer(&play, ROLE_FETCH, 41, fetch_rules, NULL);
	play_run(&play, 20);
	ck_assert_int_eq(ipc_reply(fetcher, task_serial,
	    slice_str("nonsense"), NULL, 0), 0);
	play_run(&play, 20);
	ck_assert_uint_eq(play.breaches, 1);
}
END_TEST

START_TEST(news_of_what_it_was_not_given_changes_nothing)
{
	uint64_t run = begin_run("a");
	uint32_t rows;

	fetcher = play_peer(&play, ROLE_FETCH, 45, fetch_rules, NULL);
	say_progress(1);		/* of another owner's mailbox */
	play_run(&play, 20);
	ck_assert_uint_eq(play.breaches, 0);
	ask_progress(run, "1");
	play_run(&play, 400);
	(void)answered(ADMIN_OK, &rows);
	ck_assert_uint_eq(rows, 0);
}
END_TEST

START_TEST(a_console_that_leaves_is_not_answered)
{
	uint64_t run = begin_run("a");

	ask_progress(run, "1");
	play_run(&play, 20);
	ipc_free(console);
	console = NULL;
	play_run(&play, 400);
	ck_assert_uint_eq(play.breaches, 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("programs/role_schedule");
	TCase *tc = tcase_create("role");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc,
	    a_run_goes_from_the_console_to_the_process_and_back);
	tcase_add_test(tc,
	    a_person_is_answered_when_the_keeper_says_that_they_may);
	tcase_add_test(tc,
	    what_only_the_postmaster_may_ask_is_refused_to_a_person);
	tcase_add_test(tc, a_person_hears_later_while_the_keeper_is_away);
	tcase_add_test(tc, the_door_hears_whether_to_wait_for_who_reads);
	tcase_add_test(tc, progress_without_news_is_answered_with_none);
	tcase_add_test(tc, a_mailbox_added_this_moment_is_found);
	tcase_add_test(tc, consent_for_a_mailbox_added_this_moment_begins);
	tcase_add_test(tc,
	    consent_for_a_mailbox_that_is_not_there_is_refused);
	tcase_add_test(tc, the_list_is_asked_for_again_when_it_has_changed);
	tcase_add_test(tc, that_a_consent_ends_is_told_and_noted);
	tcase_add_test(tc, a_process_that_was_leaving_is_asked_for_again);
	tcase_add_test(tc, what_cannot_be_read_is_told_to_the_parent);
	tcase_add_test(tc, news_of_what_it_was_not_given_changes_nothing);
	tcase_add_test(tc, a_console_that_leaves_is_not_answered);
	suite_add_tcase(suite, tc);
	return suite;
}
