/*
 * door_handover_test.c - a connection that is logged in reaches its mailbox
 *
 * Mailboxes end at the moments that hurt most; the client must not notice.
 */
#include <sys/socket.h>

#include "tests/unit/programs/door_scene.h"
#include "tests/unit/unit.h"

/* Greeted once, and what the client says reaches that one. */
static void
serve(struct door_mailbox *mailbox)
{
	door_wait_for(&mailbox->sessions, 1);
	door_mailbox_answers(mailbox, true);
	door_say(mailbox->fd, "a1 OK hello\r\n");
	door_wait_words(door_scene.client, "a1 OK hello\r\n");
	door_wait_words(mailbox->fd, "a2 NOOP\r\n");
}

START_TEST(a_login_asks_for_its_mailbox_and_is_served)
{
	struct door_mailbox mailbox;

	door_wait_for(&door_scene.play.mailboxes, 1);
	ck_assert_uint_eq(door_scene.play.mailbox, DOOR_ACCOUNT);
	door_mailbox_comes(&mailbox, DOOR_ACCOUNT);
	door_say(door_scene.client, "a2 NOOP\r\n");
	serve(&mailbox);
	door_mailbox_goes(&mailbox);
}
END_TEST

/* One on its way out says no; or it ends and says nothing at all. */
START_TEST(a_mailbox_that_ends_leaves_it_to_the_next)
{
	struct door_mailbox first, second;

	door_wait_for(&door_scene.play.mailboxes, 1);
	door_mailbox_comes(&first, DOOR_ACCOUNT);
	door_wait_for(&first.sessions, 1);
	door_say(door_scene.client, "a2 NOOP\r\n");
	if (_i == 0) {
		door_mailbox_answers(&first, false);
		play_run(&door_scene.play, 1);
	}
	ck_assert_uint_eq(door_scene.play.mailboxes, 1);
	door_mailbox_goes(&first);
	door_wait_for(&door_scene.play.mailboxes, 2);
	door_mailbox_comes(&second, DOOR_ACCOUNT);
	serve(&second);
	door_mailbox_goes(&second);
}
END_TEST

/* The parent may connect us with the next before the end of one is heard. */
START_TEST(the_next_may_be_there_before_the_end_of_one_is_heard)
{
	struct door_mailbox first, second;

	door_wait_for(&door_scene.play.mailboxes, 1);
	door_mailbox_comes(&first, DOOR_ACCOUNT);
	door_wait_for(&first.sessions, 1);
	door_say(door_scene.client, "a2 NOOP\r\n");
	if (_i == 0)
		door_mailbox_answers(&first, false);
	door_mailbox_comes(&second, DOOR_ACCOUNT);
	play_run(&door_scene.play, 1);
	door_mailbox_goes(&first);
	serve(&second);
	ck_assert_uint_eq(door_scene.play.mailboxes, 1);
	door_mailbox_goes(&second);
}
END_TEST

/* One that served it cannot have a successor: its words were said. */
START_TEST(who_was_served_is_not_served_again)
{
	struct door_mailbox first, second;
	char byte;

	door_wait_for(&door_scene.play.mailboxes, 1);
	door_mailbox_comes(&first, DOOR_ACCOUNT);
	door_say(door_scene.client, "a2 NOOP\r\n");
	serve(&first);
	door_mailbox_goes(&first);
	door_mailbox_comes(&second, DOOR_ACCOUNT);
	play_run(&door_scene.play, 20);
	ck_assert_uint_eq(second.sessions, 0);
	ck_assert_uint_eq(door_scene.play.mailboxes, 1);
	ck_assert_int_eq(recv(door_scene.client, &byte, 1, MSG_DONTWAIT), 0);
	door_mailbox_goes(&second);
}
END_TEST

/* The answer for a client that has left finds nobody. */
START_TEST(a_client_may_leave_before_the_answer)
{
	struct door_mailbox mailbox;
	char byte;

	door_wait_for(&door_scene.play.mailboxes, 1);
	door_mailbox_comes(&mailbox, DOOR_ACCOUNT);
	door_wait_for(&mailbox.sessions, 1);
	(void)shutdown(door_scene.client, SHUT_RDWR);
	play_run(&door_scene.play, 20);
	door_mailbox_answers(&mailbox, _i == 0);
	play_run(&door_scene.play, 20);
	ck_assert_int_eq(recv(mailbox.fd, &byte, 1, MSG_DONTWAIT), 0);
	door_mailbox_goes(&mailbox);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("door_handover");
	TCase *tcase = tcase_create("handover");

	tcase_add_checked_fixture(tcase, door_scene_begin, door_scene_end);
	tcase_add_test(tcase, a_login_asks_for_its_mailbox_and_is_served);
	tcase_add_loop_test(tcase, a_mailbox_that_ends_leaves_it_to_the_next,
	    0, 2);
	tcase_add_loop_test(tcase,
	    the_next_may_be_there_before_the_end_of_one_is_heard, 0, 2);
	tcase_add_test(tcase, who_was_served_is_not_served_again);
	tcase_add_loop_test(tcase, a_client_may_leave_before_the_answer, 0, 2);
	suite_add_tcase(suite, tcase);
	return suite;
}
