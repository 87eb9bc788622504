/*
 * door_resting_test.c - a session that idles is kept by the door alone
 *
 * The mailbox gives it back, its client or its account have news, in every
 * order; each word arrives, once, and whoever serves it next knows what it was.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/programs/door_scene.h"
#include "tests/unit/unit.h"

#define NEWS	10		/* modification numbers */
#define OTHER	8		/* an account */

static struct door_mailbox first, second;

/* Greeted, and served by the first. */
static void
begin(void)
{
	door_scene_begin();
	door_wait_for(&door_scene.play.mailboxes, 1);
	door_mailbox_comes(&first, DOOR_ACCOUNT);
	door_wait_for(&first.sessions, 1);
	ck_assert_str_eq(first.state, "");
	door_mailbox_answers(&first, true);
	door_say(first.fd, "a1 OK hello\r\n");
	door_wait_words(door_scene.client, "a1 OK hello\r\n");
}

static void
end(void)
{
	door_scene_end();
}

/* `from` gives the session back. */
static void
part(struct door_mailbox *from, uint64_t number, uint64_t modseq)
{
	const struct session_parting parting = {
		.number = number, .modseq = modseq,
		.carried = { SLICE("state"), 77000 },
	};
	TEXT_AUTO body = TEXT_INIT(1024);

	parting_pack(&body, &parting);
	ck_assert_int_eq(ipc_send(from->ipc, DOOR_SESSION_PARTS,
	    text_slice(&body), &from->fd, 1), 0);
	(void)close(from->fd);
	from->fd = -1;
}

/* It has no process any more; and no client hears of that. */
static void
rest(void)
{
	part(&first, first.number, 0);
	door_wait_nothing(door_scene.client);
	ck_assert_uint_eq(first.sessions, 1);
	door_mailbox_goes(&first);
	door_wait_nothing(door_scene.client);
	ck_assert_uint_eq(door_scene.play.mailboxes, 1);
}

/* Somebody serves it again, and knows what it was. */
static void
serve_again(struct door_mailbox *mailbox, unsigned sessions)
{
	door_wait_for(&mailbox->sessions, sessions);
	ck_assert_str_eq(mailbox->state, "state");
	door_mailbox_answers(mailbox, true);
	door_say(mailbox->fd, "* 2 EXISTS\r\n");
	door_wait_words(door_scene.client, "* 2 EXISTS\r\n");
}

static void
come_again(void)
{
	door_wait_for(&door_scene.play.mailboxes, 2);
	door_mailbox_comes(&second, DOOR_ACCOUNT);
	serve_again(&second, 1);
}

START_TEST(what_its_client_says_wakes_it)
{
	rest();
	door_say(door_scene.client, "DONE\r\na2 NOOP\r\n");
	come_again();
	door_wait_words(second.fd, "DONE\r\na2 NOOP\r\n");
	/* it has just said something */
	ck_assert_uint_lt(second.quiet_ms, 77000);
	door_mailbox_goes(&second);
}
END_TEST

START_TEST(news_of_its_account_wake_it)
{
	rest();
	door_code.changed(&door_scene.play.process, OTHER, NEWS);
	play_run(&door_scene.play, 20);
	ck_assert_uint_eq(door_scene.play.mailboxes, 1);
	door_code.changed(&door_scene.play.process, DOOR_ACCOUNT, NEWS);
	come_again();
	ck_assert_uint_ge(second.quiet_ms, 77000);
	door_say(door_scene.client, "DONE\r\n");
	door_wait_words(second.fd, "DONE\r\n");
	/* and it may rest again */
	part(&second, second.number, NEWS);
	door_wait_nothing(door_scene.client);
	ck_assert_uint_eq(second.sessions, 1);
	door_mailbox_goes(&second);
}
END_TEST

/* The news came by another way, and was faster. */
START_TEST(news_that_it_was_not_told_wake_it_at_once)
{
	door_code.changed(&door_scene.play.process, DOOR_ACCOUNT, NEWS);
	part(&first, first.number, NEWS - 1);
	serve_again(&first, 2);
	/* once it has begun there again those are no news */
	part(&first, first.number, NEWS - 1);
	door_wait_nothing(door_scene.client);
	ck_assert_uint_eq(first.sessions, 2);
	door_mailbox_goes(&first);
}
END_TEST

START_TEST(news_that_it_was_told_are_none)
{
	door_code.changed(&door_scene.play.process, DOOR_ACCOUNT, NEWS);
	part(&first, first.number, NEWS);
	door_wait_nothing(door_scene.client);
	ck_assert_uint_eq(first.sessions, 1);
	door_mailbox_goes(&first);
}
END_TEST

/* Said before, or while, it goes to rest; nobody has read it. */
START_TEST(what_is_said_in_between_is_not_lost)
{
	if (_i == 0) {
		door_say(door_scene.client, "DONE\r\n");
		play_run(&door_scene.play, 5);
	}
	part(&first, first.number, 0);
	if (_i == 1)
		door_say(door_scene.client, "DONE\r\n");
	serve_again(&first, 2);
	door_wait_words(first.fd, "DONE\r\n");
	door_mailbox_goes(&first);
}
END_TEST

/* What the mailbox said last is still on its way. */
START_TEST(what_was_said_to_it_arrives)
{
	door_say(first.fd, "* 1 EXISTS\r\n");
	part(&first, first.number, 0);
	door_wait_words(door_scene.client, "* 1 EXISTS\r\n");
	door_wait_nothing(door_scene.client);
	door_mailbox_goes(&first);
}
END_TEST

/* RFC 9051 7.5: who has no more to say has left; what it said is answered. */
START_TEST(a_client_may_leave_while_it_rests)
{
	rest();
	if (_i == 0) {
		(void)shutdown(door_scene.client, SHUT_WR);
		door_wait_end(door_scene.client);
		play_run(&door_scene.play, 20);
		ck_assert_uint_eq(door_scene.play.mailboxes, 1);
		return;
	}
	door_say(door_scene.client, "DONE\r\n");
	(void)shutdown(door_scene.client, SHUT_WR);
	come_again();
	door_wait_words(second.fd, "DONE\r\n");
	door_wait_end(second.fd);
	door_mailbox_goes(&second);
}
END_TEST

/* Its mailbox ends before it is served again: the next one serves it. */
START_TEST(it_waits_for_a_mailbox_that_stays)
{
	struct door_mailbox third;

	rest();
	door_say(door_scene.client, "DONE\r\n");
	door_wait_for(&door_scene.play.mailboxes, 2);
	door_mailbox_comes(&second, DOOR_ACCOUNT);
	door_wait_for(&second.sessions, 1);
	door_mailbox_goes(&second);
	door_wait_for(&door_scene.play.mailboxes, 3);
	door_mailbox_comes(&third, DOOR_ACCOUNT);
	serve_again(&third, 1);
	door_wait_words(third.fd, "DONE\r\n");
	door_mailbox_goes(&third);
}
END_TEST

START_TEST(who_rests_hears_of_the_end)
{
	rest();
	door_code.stop(&door_scene.play.process);
	door_wait_words(door_scene.client, "* BYE the hub is ending\r\n");
	door_wait_end(door_scene.client);
}
END_TEST

/* Nobody gives back what is not theirs. */
START_TEST(only_who_serves_a_session_can_part_with_it)
{
	int pair[2];

	door_mailbox_comes(&second, OTHER);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	second.fd = pair[0];
	part(&second, first.number, 0);
	door_wait_end(pair[1]);
	(void)close(pair[1]);
	door_say(first.fd, "* 3 EXISTS\r\n");
	door_wait_words(door_scene.client, "* 3 EXISTS\r\n");
	door_mailbox_goes(&first);
	door_wait_end(door_scene.client);
	door_mailbox_goes(&second);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("door_resting");
	TCase *tcase = tcase_create("resting");

	tcase_add_checked_fixture(tcase, begin, end);
	tcase_add_test(tcase, what_its_client_says_wakes_it);
	tcase_add_test(tcase, news_of_its_account_wake_it);
	tcase_add_test(tcase, news_that_it_was_not_told_wake_it_at_once);
	tcase_add_test(tcase, news_that_it_was_told_are_none);
	tcase_add_loop_test(tcase, what_is_said_in_between_is_not_lost, 0, 2);
	tcase_add_test(tcase, what_was_said_to_it_arrives);
	tcase_add_loop_test(tcase, a_client_may_leave_while_it_rests, 0, 2);
	tcase_add_test(tcase, it_waits_for_a_mailbox_that_stays);
	tcase_add_test(tcase, who_rests_hears_of_the_end);
	tcase_add_test(tcase, only_who_serves_a_session_can_part_with_it);
	suite_add_tcase(suite, tcase);
	return suite;
}
