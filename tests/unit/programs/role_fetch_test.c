/*
 * role_fetch_test.c - a task's way through keeper, resolver and collection
 */
#include "tests/unit/programs/role_fetch_scene.h"

START_TEST(a_task_is_collected_and_answered)
{
	const struct fetch_progress taking = { .stage = FETCH_STAGE_TAKING };

	give(schedule, 7, FETCH_COLLECT);
	ck_assert_uint_eq(progress_count, 1);	/* it has been heard */
	ck_assert_uint_eq(started, 1);
	ck_assert_uint_eq(collections[0]->id, 7);
	ck_assert_int_eq(collections[0]->task, FETCH_COLLECT);
	ck_assert_str_eq(last_password, "correct horse");
	ck_assert_str_eq(last_addresses, "192.0.2.7");
	ck_assert_str_eq(last_host, "pop.example.net");
	collections[0]->events.progress(collections[0]->events.arg, &taking);
	finish(0);
	ck_assert_uint_eq(progress_count, 2);
	ck_assert_uint_eq(outcome_count, 1);
	ck_assert_int_eq(outcome.end, FETCH_END_DONE);
	ck_assert_uint_eq(outcome.taken, 5);
	ck_assert_str_eq(outcome_words, "+OK bye");
	ck_assert_uint_eq(freed, 1);
}
END_TEST

/* What a conversation of that collection was given. */
static void
put_session(unsigned n, const char *words)
{
	struct talk_session *kept = collections[n]->session;

	kept->len = strlen(words);
	memcpy(kept->bytes, words, kept->len);
	kept->is_new = true;
}

START_TEST(a_session_of_tls_comes_from_the_keeper_and_goes_back)
{
	const struct fetch_progress listing = {
		.stage = FETCH_STAGE_LISTING
	};

	session = "before";
	give(schedule, 7, FETCH_COLLECT);
	ck_assert_uint_eq(collections[0]->session->len, 6);
	ck_assert_mem_eq(collections[0]->session->bytes, "before", 6);
	collections[0]->events.progress(collections[0]->events.arg, &listing);
	play_run(&play, 20);
	ck_assert_uint_eq(sessions_told, 0);	/* it has it */
	put_session(0, "after");
	collections[0]->events.progress(collections[0]->events.arg, &listing);
	play_run(&play, 20);
	ck_assert_uint_eq(sessions_told, 1);
	ck_assert_str_eq(last_session, "after");
	put_session(0, "");			/* it was of no use */
	finish(0);
	ck_assert_uint_eq(sessions_told, 2);
	ck_assert_str_eq(last_session, "");
}
END_TEST

START_TEST(who_only_tries_sees_the_certificates)
{
	session = "before";
	give(schedule, 7, FETCH_TRY);
	ck_assert_ptr_null(collections[0]->session);
	finish(0);
	ck_assert_uint_eq(sessions_told, 0);
}
END_TEST

START_TEST(a_session_that_is_too_long_is_a_fault_of_the_keeper)
{
	static char longer[TALK_SESSION_BYTES + 2];

	memset(longer, 's', TALK_SESSION_BYTES + 1);
	session = longer;
	give(schedule, 7, FETCH_COLLECT);
	ck_assert_uint_eq(started, 0);
	ck_assert_uint_eq(outcome_count, 1);
	ck_assert_int_eq(outcome.end, FETCH_END_LOCAL);
}
END_TEST

static void
tell(uint16_t kind, uint64_t number)
{
	TEXT_AUTO body = TEXT_INIT(16);

	pack_u64(&body, number);
	ck_assert_int_eq(ipc_send(schedule, kind, text_slice(&body), NULL, 0),
	    0);
	play_run(&play, 20);
}

START_TEST(what_is_carried_is_told_and_nothing_twice)
{
	const struct fetch_progress taking = { .stage = FETCH_STAGE_TAKING };
	struct line_bill *bill;

	give(schedule, 7, FETCH_COLLECT);
	bill = collections[0]->bill;
	bill->carried.bytes[LINE_MAIL].received = 1000;
	/* not with each progress: it has been told a moment ago */
	collections[0]->events.progress(collections[0]->events.arg, &taking);
	collections[0]->events.progress(collections[0]->events.arg, &taking);
	play_run(&play, 20);
	ck_assert_uint_le(carried_count, 1);
	bill->carried.bytes[LINE_MAIL].received = 5000;
	bill->carried.bytes[LINE_SESSION].sent = 70;
	line_bill_saved(bill, LINE_SKIPPED, 900, 2);
	finish(0);
	ck_assert_uint_eq(carried.carried[LINE_MAIL].received, 5000);
	ck_assert_uint_eq(carried.carried[LINE_SESSION].sent, 70);
	ck_assert_uint_eq(carried.saved[LINE_SKIPPED].bytes, 900);
	ck_assert_uint_eq(carried.saved[LINE_SKIPPED].messages, 2);
	ck_assert_uint_le(carried_count, 2);
	ck_assert_uint_eq(outcome_count, 1);
}
END_TEST

START_TEST(a_closed_line_pauses_the_one_that_is_named)
{
	give(schedule, 7, FETCH_COLLECT);
	give(schedule, 8, FETCH_COLLECT);
	tell(FETCH_PAUSE, 8);
	ck_assert_uint_eq(paused, 1);
	tell(FETCH_PAUSE, 8);
	ck_assert_uint_eq(paused, 1);
	tell(FETCH_PAUSE, 99);		/* it was over: their ways crossed */
	ck_assert_uint_eq(paused, 1);
}
END_TEST

START_TEST(a_line_that_closes_before_it_begins_pauses_it_too)
{
	leave(&queue);
	give(schedule, 7, FETCH_COLLECT);
	ck_assert_uint_eq(started, 0);
	tell(FETCH_PAUSE, 7);
	ck_assert_uint_eq(paused, 0);
	queue = come(ROLE_QUEUE);
	play_run(&play, 20);
	ck_assert_uint_eq(started, 1);
	ck_assert_uint_eq(paused, 1);
}
END_TEST

START_TEST(how_many_headers_are_wanted_is_handed_on)
{
	messages_wanted = 700;
	give(schedule, 7, FETCH_DOCTOR);
	ck_assert_uint_eq(started, 1);
	finish(0);
	messages_wanted = 0;
}
END_TEST

START_TEST(a_share_of_the_line_is_taken)
{
	tell(FETCH_SHARE, 4096);
	ck_assert_uint_eq(share, 4096);
	tell(FETCH_SHARE, UINT64_MAX);
	ck_assert_uint_eq(share, UINT64_MAX);
}
END_TEST

static void
finish_asked(void)
{
	const struct fetch_outcome over = { .end = FETCH_END_DONE,
	    .asked = 1 };

	asked->events.over(asked->events.arg, &over);
	play_run(&play, 20);
}

START_TEST(an_etrn_account_is_asked_for_its_mail)
{
	protocol = FETCH_ETRN;
	give(schedule, 7, FETCH_COLLECT);
	ck_assert_uint_eq(started, 0);
	ck_assert_ptr_nonnull(asked);
	finish_asked();
	ck_assert_uint_eq(outcome_count, 1);
	ck_assert_uint_eq(outcome.asked, 1);
	ck_assert_ptr_null(asked);
}
END_TEST

START_TEST(atrn_waits_for_the_door)
{
	protocol = FETCH_ATRN;
	give(schedule, 7, FETCH_COLLECT);
	ck_assert_ptr_null(asked);
	ck_assert_uint_eq(outcome_count, 0);
	door = come(ROLE_DOOR);
	play_run(&play, 20);
	ck_assert_ptr_nonnull(asked);
	ck_assert_ptr_nonnull(asked->door);
	ck_assert(ipc_peer(asked->door) == ROLE_DOOR);
	leave(&door);
	ck_assert_uint_eq(doors_lost, 1);
	finish_asked();
	ck_assert_uint_eq(outcome_count, 1);
}
END_TEST

START_TEST(several_run_at_once)
{
	give(schedule, 7, FETCH_COLLECT);
	give(schedule, 8, FETCH_TRY);
	give(schedule, 9, FETCH_COLLECT);
	ck_assert_uint_eq(started, 3);
	finish(1);
	finish(0);
	ck_assert_uint_eq(outcome_count, 2);
}
END_TEST

START_TEST(a_name_that_is_not_found_is_said_so)
{
	found = NAMES_NONE;
	give(schedule, 7, FETCH_COLLECT);
	ck_assert_int_eq(outcome.end, FETCH_END_UNREACHABLE);
	ck_assert_str_eq(outcome_words, "there is no host of that name");
	found = NAMES_LATER;
	give(schedule, 7, FETCH_COLLECT);
	ck_assert_int_eq(outcome.end, FETCH_END_UNREACHABLE);
	ck_assert_str_eq(outcome_words,
	    "the name could not be looked up now");
	ck_assert_uint_eq(started, 0);
}
END_TEST

START_TEST(an_account_that_is_gone_is_said_so)
{
	give(schedule, NOBODY, FETCH_COLLECT);
	ck_assert_uint_eq(outcome_count, 1);
	ck_assert_int_eq(outcome.end, FETCH_END_LOCAL);
	ck_assert_uint_eq(started, 0);
}
END_TEST

START_TEST(a_task_waits_for_the_channels)
{
	leave(&keeper);
	leave(&resolver);
	leave(&queue);
	give(schedule, 7, FETCH_COLLECT);
	queue = come(ROLE_QUEUE);
	resolver = come(ROLE_RESOLVER);
	play_run(&play, 20);
	ck_assert_uint_eq(started, 0);
	keeper = come(ROLE_KEEPER);
	play_run(&play, 20);
	ck_assert_uint_eq(started, 1);
	finish(0);
	ck_assert_int_eq(outcome.end, FETCH_END_DONE);
}
END_TEST

START_TEST(a_keeper_lost_with_the_question_is_asked_again)
{
	keeper_is_mute = true;
	give(schedule, 7, FETCH_COLLECT);
	ck_assert_uint_eq(started, 0);
	leave(&keeper);
	keeper_is_mute = false;
	keeper = come(ROLE_KEEPER);
	play_run(&play, 20);
	ck_assert_uint_eq(started, 1);
}
END_TEST

START_TEST(the_next_keeper_may_come_before_the_last_is_lost)
{
	struct ipc *last = keeper;

	keeper_is_mute = true;
	give(schedule, 7, FETCH_COLLECT);
	keeper_is_mute = false;
	keeper = come(ROLE_KEEPER);
	leave(&last);
	ck_assert_uint_eq(started, 1);
	finish(0);
	ck_assert_int_eq(outcome.end, FETCH_END_DONE);
}
END_TEST

/* It has the channel that it was given, not the newest. */
START_TEST(a_collection_hears_that_its_own_keeper_is_lost)
{
	struct ipc *last = keeper;

	give(schedule, 7, FETCH_COLLECT);
	keeper = come(ROLE_KEEPER);
	give(schedule, 8, FETCH_COLLECT);
	leave(&last);
	ck_assert_uint_eq(keepers_lost, 1);
	leave(&keeper);
	ck_assert_uint_eq(keepers_lost, 2);
}
END_TEST

START_TEST(atrn_hears_that_its_own_door_is_lost)
{
	struct ipc *last = come(ROLE_DOOR);

	protocol = FETCH_ATRN;
	give(schedule, 7, FETCH_COLLECT);
	ck_assert_ptr_nonnull(asked);
	door = come(ROLE_DOOR);
	leave(&last);
	ck_assert_uint_eq(doors_lost, 1);
	leave(&door);
	ck_assert_uint_eq(doors_lost, 1);
}
END_TEST

START_TEST(a_lost_queue_ends_what_used_it)
{
	struct ipc *last = queue;

	give(schedule, 7, FETCH_COLLECT);
	give(schedule, 8, FETCH_COLLECT);
	queue = come(ROLE_QUEUE);
	give(schedule, 9, FETCH_COLLECT);
	leave(&last);
	ck_assert_uint_eq(queue_lost, 2);
	ck_assert_uint_eq(outcome_count, 2);
	ck_assert_uint_eq(freed, 2);
	ck_assert_ptr_nonnull(collections[2]);
}
END_TEST

START_TEST(the_next_schedule_takes_over_what_is_under_way)
{
	give(schedule, 7, FETCH_COLLECT);
	give(schedule, 8, FETCH_TRY);
	leave(&schedule);
	ck_assert_uint_eq(outcome_count, 2);	/* both lost */
	ck_assert_uint_eq(freed, 1);		/* what was only tried ends */
	schedule = come(ROLE_SCHEDULE);
	give(schedule, 7, FETCH_COLLECT);
	ck_assert_uint_eq(started, 2);
	finish(0);
	ck_assert_uint_eq(outcome_count, 3);
	ck_assert_int_eq(outcome_status, 0);
	ck_assert_int_eq(outcome.end, FETCH_END_DONE);
}
END_TEST

START_TEST(the_same_task_twice_is_a_breach)
{
	give(schedule, 7, FETCH_COLLECT);
	give(schedule, 7, FETCH_COLLECT);
	ck_assert_uint_eq(play.breaches, 1);
}
END_TEST

START_TEST(it_retires_when_nothing_is_to_be_done)
{
	give(schedule, 7, FETCH_COLLECT);
	fetch_code.if_idle(&play.process);
	play_run(&play, 20);
	ck_assert_uint_eq(play.retires, 0);
	finish(0);
	fetch_code.if_idle(&play.process);
	fetch_code.if_idle(&play.process);
	play_run(&play, 20);
	ck_assert_uint_eq(play.retires, 1);
	give(schedule, 8, FETCH_COLLECT);	/* it crossed the farewell */
	ck_assert_uint_eq(started, 1);
	ck_assert_uint_eq(outcome_count, 1);
}
END_TEST

/* The host's name is the proxy's affair; where that stands is ours. */
START_TEST(a_proxy_that_knows_names_is_all_that_is_looked_up)
{
	proxy = (struct fetch_proxy){ .kind = PROXY_HTTP, .port = 3128,
	    .host = "proxy.example.net" };
	give(schedule, 7, FETCH_COLLECT);
	ck_assert_uint_eq(started, 1);
	ck_assert_str_eq(last_host, "proxy.example.net");
	ck_assert_str_eq(last_addresses, "");
	finish(0);
	/* one that knows none is told the address */
	proxy.kind = PROXY_SOCKS5;
	give(schedule, 8, FETCH_COLLECT);
	ck_assert_str_eq(last_host, "pop.example.net");
	ck_assert_str_eq(last_addresses, "192.0.2.7");
	finish(1);
	proxy = (struct fetch_proxy){ 0 };
}
END_TEST

/* Its name is asked for anew each time: the answer may be another one. */
START_TEST(a_name_that_leads_inside_the_next_time_is_refused_then)
{
	by_owner = true;
	give(schedule, 7, FETCH_COLLECT);
	ck_assert_uint_eq(started, 1);
	finish(0);
	looked_up = own = "127.0.0.1";
	give(schedule, 7, FETCH_COLLECT);
	ck_assert_uint_eq(started, 1);
	ck_assert_uint_eq(outcome.end, FETCH_END_INNER);
}
END_TEST

START_TEST(a_proxy_that_people_name_is_judged_alike)
{
	looked_up = own = "127.0.0.1";
	proxy = (struct fetch_proxy){ .kind = PROXY_SOCKS5H, .port = 1080,
	    .host = "proxy.example.net", .by_owner = true };
	give(schedule, 7, FETCH_COLLECT);
	ck_assert_uint_eq(started, 0);
	ck_assert_uint_eq(outcome.end, FETCH_END_INNER);
	ck_assert_str_eq(last_host, "proxy.example.net");
	proxy.by_owner = false;
	give(schedule, 8, FETCH_COLLECT);
	ck_assert_uint_eq(started, 1);
	finish(0);
	proxy = (struct fetch_proxy){ 0 };
}
END_TEST

START_TEST(stopping_ends_collections_without_a_word)
{
	give(schedule, 7, FETCH_COLLECT);
	fetch_code.stop(&play.process);
	play_run(&play, 20);
	ck_assert_uint_eq(freed, 1);
	ck_assert_uint_eq(outcome_count, 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("programs/role_fetch");
	TCase *tc = tcase_create("role");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_task_is_collected_and_answered);
	tcase_add_test(tc,
	    a_session_of_tls_comes_from_the_keeper_and_goes_back);
	tcase_add_test(tc, who_only_tries_sees_the_certificates);
	tcase_add_test(tc,
	    a_session_that_is_too_long_is_a_fault_of_the_keeper);
	tcase_add_test(tc, what_is_carried_is_told_and_nothing_twice);
	tcase_add_test(tc,
	    a_closed_line_pauses_the_one_that_is_named);
	tcase_add_test(tc,
	    a_line_that_closes_before_it_begins_pauses_it_too);
	tcase_add_test(tc, how_many_headers_are_wanted_is_handed_on);
	tcase_add_test(tc, a_share_of_the_line_is_taken);
	tcase_add_test(tc, an_etrn_account_is_asked_for_its_mail);
	tcase_add_test(tc, atrn_waits_for_the_door);
	tcase_add_test(tc, several_run_at_once);
	tcase_add_test(tc, a_name_that_is_not_found_is_said_so);
	tcase_add_test(tc, an_account_that_is_gone_is_said_so);
	tcase_add_test(tc, a_task_waits_for_the_channels);
	tcase_add_test(tc, a_keeper_lost_with_the_question_is_asked_again);
	tcase_add_test(tc, the_next_keeper_may_come_before_the_last_is_lost);
	tcase_add_test(tc, a_collection_hears_that_its_own_keeper_is_lost);
	tcase_add_test(tc, atrn_hears_that_its_own_door_is_lost);
	tcase_add_test(tc, a_lost_queue_ends_what_used_it);
	tcase_add_test(tc, the_next_schedule_takes_over_what_is_under_way);
	tcase_add_test(tc, the_same_task_twice_is_a_breach);
	tcase_add_test(tc, it_retires_when_nothing_is_to_be_done);
	tcase_add_test(tc,
	    a_proxy_that_knows_names_is_all_that_is_looked_up);
	tcase_add_test(tc,
	    a_name_that_leads_inside_the_next_time_is_refused_then);
	tcase_add_test(tc, a_proxy_that_people_name_is_judged_alike);
	tcase_add_test(tc, stopping_ends_collections_without_a_word);
	suite_add_tcase(suite, tc);
	return suite;
}
