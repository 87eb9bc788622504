/*
 * door_handover_test.c - a connection that is logged in reaches its mailbox
 *
 * The test plays the parent, the mailboxes and the client.  Mailboxes end at
 * the moments that hurt most; the client must not notice.
 */
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "programs/door.h"
#include "store/service.h"
#include "tests/unit/programs/play.h"
#include "tests/unit/unit.h"

#define GUARD_MS	120000	/* only so that a hang becomes a failure */
#define ACCOUNT		7

static struct play play;
static int client;		/* the far end of its connection */

/* A mailbox that is played: what it was given and has not answered. */
struct mailbox {
	struct ipc	*ipc;
	unsigned	 sessions;
	uint64_t	 serial;	/* of the last one */
	int		 fd;		/* its socket, or -1 */
};

static int
on_session(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct mailbox *mailbox = arg;
	struct session_request request;

	(void)from;
	ck_assert_int_eq(session_unpack(message->body, &request), 0);
	ck_assert(slice_is(request.login, slice_str("ann@office.test")));
	ck_assert(slice_is(request.tag, slice_str("a1")));
	mailbox->sessions++;
	mailbox->serial = message->serial;
	mailbox->fd = ipc_take_fd(message, 0);
	return 0;
}

static const struct ipc_rule mailbox_rules[] = {
{ MAILBOX_SESSION, "SESSION", FROM(ROLE_DOOR), IPC_REQUEST, 1, 0, on_session },
{ 0 }
};

static void
come_up(struct mailbox *mailbox)
{
	*mailbox = (struct mailbox){ .fd = -1 };
	mailbox->ipc = play_peer(&play, ROLE_MAILBOX, ACCOUNT, mailbox_rules,
	    mailbox);
}

/* Its process is gone, with all that it held. */
static void
go_down(struct mailbox *mailbox)
{
	ipc_free(mailbox->ipc);
	if (mailbox->fd >= 0)
		(void)close(mailbox->fd);
	mailbox->fd = -1;
}

static void
answer(struct mailbox *mailbox, bool is_served)
{
	TEXT_AUTO body = TEXT_INIT(8);

	pack_u8(&body, is_served);
	ck_assert_int_eq(ipc_reply(mailbox->ipc, mailbox->serial,
	    text_slice(&body), NULL, 0), 0);
}

static void
wait_for(const unsigned *count, unsigned wanted)
{
	uint64_t until = clock_ms() + GUARD_MS;

	while (*count < wanted && clock_ms() < until)
		play_run(&play, 1);
	ck_assert_uint_eq(*count, wanted);
}

/* All that comes on `fd` is these words. */
static void
wait_words(int fd, const char *words)
{
	uint64_t until = clock_ms() + GUARD_MS;
	char got[256] = "";
	size_t len = 0;
	ssize_t n;

	while (len < strlen(words) && clock_ms() < until) {
		n = recv(fd, got + len, sizeof(got) - 1 - len, MSG_DONTWAIT);
		ck_assert_int_ne(n, 0);
		len += n > 0 ? (size_t)n : 0;
		got[len] = '\0';
		play_run(&play, 1);
	}
	ck_assert_str_eq(got, words);
}

static void
say(int fd, const char *words)
{
	ck_assert_int_eq(send(fd, words, strlen(words), MSG_NOSIGNAL),
	    (ssize_t)strlen(words));
}

static void
no_event(void *arg, enum stream_event event)
{
	(void)arg;
	(void)event;
}

/* Somebody has logged in. */
static void
log_in(void)
{
	const struct session_request request = {
		.service = SESSION_IMAP, .login = SLICE("ann@office.test"),
		.tag = SLICE("a1")
	};
	struct stream *stream;
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    pair), 0);
	client = pair[0];
	stream = stream_new(play.process.loop, pair[1], 4096, 4096, no_event,
	    NULL);
	ck_assert_ptr_nonnull(stream);
	door_hand_over(play.process.state, stream, ACCOUNT, &request);
}

static void
set_up(void)
{
	play = (struct play){ .process.folder_fd = -1 };
	play.process.config.connections = 100;
	for (size_t i = 0; i < CONFIG_LISTENERS; i++)
		play.process.listener_fd[i] = -1;
	play_begin(&play, &door_code);
	log_in();
}

static void
tear_down(void)
{
	(void)close(client);
	play_end(&play);
	play_run(&play, 1);
}

/* Greeted once, and what the client says reaches that one. */
static void
serve(struct mailbox *mailbox)
{
	wait_for(&mailbox->sessions, 1);
	answer(mailbox, true);
	say(mailbox->fd, "a1 OK hello\r\n");
	wait_words(client, "a1 OK hello\r\n");
	wait_words(mailbox->fd, "a2 NOOP\r\n");
}

START_TEST(a_login_asks_for_its_mailbox_and_is_served)
{
	struct mailbox mailbox;

	wait_for(&play.mailboxes, 1);
	ck_assert_uint_eq(play.mailbox, ACCOUNT);
	come_up(&mailbox);
	say(client, "a2 NOOP\r\n");
	serve(&mailbox);
	go_down(&mailbox);
}
END_TEST

/* One on its way out says no; or it ends and says nothing at all. */
START_TEST(a_mailbox_that_ends_leaves_it_to_the_next)
{
	struct mailbox first, second;

	wait_for(&play.mailboxes, 1);
	come_up(&first);
	wait_for(&first.sessions, 1);
	say(client, "a2 NOOP\r\n");
	if (_i == 0) {
		answer(&first, false);
		play_run(&play, 1);
	}
	ck_assert_uint_eq(play.mailboxes, 1);
	go_down(&first);
	wait_for(&play.mailboxes, 2);
	come_up(&second);
	serve(&second);
	go_down(&second);
}
END_TEST

/* The parent may connect us with the next before the end of one is heard. */
START_TEST(the_next_may_be_there_before_the_end_of_one_is_heard)
{
	struct mailbox first, second;

	wait_for(&play.mailboxes, 1);
	come_up(&first);
	wait_for(&first.sessions, 1);
	say(client, "a2 NOOP\r\n");
	if (_i == 0)
		answer(&first, false);
	come_up(&second);
	play_run(&play, 1);
	go_down(&first);
	serve(&second);
	ck_assert_uint_eq(play.mailboxes, 1);
	go_down(&second);
}
END_TEST

/* One that served it cannot have a successor: its words were said. */
START_TEST(who_was_served_is_not_served_again)
{
	struct mailbox first, second;
	char byte;

	wait_for(&play.mailboxes, 1);
	come_up(&first);
	say(client, "a2 NOOP\r\n");
	serve(&first);
	go_down(&first);
	come_up(&second);
	play_run(&play, 20);
	ck_assert_uint_eq(second.sessions, 0);
	ck_assert_uint_eq(play.mailboxes, 1);
	ck_assert_int_eq(recv(client, &byte, 1, MSG_DONTWAIT), 0);
	go_down(&second);
}
END_TEST

/* The answer for a client that has left finds nobody. */
START_TEST(a_client_may_leave_before_the_answer)
{
	struct mailbox mailbox;
	char byte;

	wait_for(&play.mailboxes, 1);
	come_up(&mailbox);
	wait_for(&mailbox.sessions, 1);
	(void)shutdown(client, SHUT_RDWR);
	play_run(&play, 20);
	answer(&mailbox, _i == 0);
	play_run(&play, 20);
	ck_assert_int_eq(recv(mailbox.fd, &byte, 1, MSG_DONTWAIT), 0);
	go_down(&mailbox);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("door_handover");
	TCase *tcase = tcase_create("handover");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
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
