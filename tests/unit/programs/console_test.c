/*
 * console_test.c - the control socket answers who may ask, and nobody can harm
 * it
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "programs/console.h"
#include "tests/unit/lib/base/peer.h"
#include "tests/unit/unit.h"

static char		 folder[64];
static struct sockaddr_un address;
static struct loop	*loop;
static struct console	*console;

/* The role that answers: later, once. */
static struct {
	struct timer	*timer;
	ipc_reply_fn	*reply;
	void		*reply_arg;
	int		 status;
	unsigned	 asked, forgotten;
	int		 fd;		/* a copy of the connection */
} role;

static void
role_answers(void *arg)
{
	TEXT_AUTO packed = TEXT_INIT(1024);
	struct ipc_message message = { 0 };
	ipc_reply_fn *reply = role.reply;

	(void)arg;
	if (reply == NULL)
		return;
	role.reply = NULL;
	pack_u8(&packed, ADMIN_OK);
	pack_u8(&packed, ADMIN_NO_FIELD);
	pack_u32(&packed, 0);
	message.body = text_slice(&packed);
	reply(role.reply_arg, role.status, &message);
}

static int
ask(void *arg, const struct admin_request *request, struct slice packed,
    int fd, ipc_reply_fn *reply, void *reply_arg)
{
	(void)arg;
	(void)packed;
	ck_assert_int_ge(fd, 0);
	if (admin_joins(request))
		role.fd = dup(fd);
	ck_assert_ptr_null(role.reply);
	ck_assert_ptr_nonnull(request);
	role.reply = reply;
	role.reply_arg = reply_arg;
	role.asked++;
	timer_set(role.timer, 1);
	return 0;
}

static void
forget(void *arg, void *reply_arg)
{
	(void)arg;
	ck_assert_ptr_eq(reply_arg, role.reply_arg);
	role.reply = NULL;
	role.forgotten++;
}

static void
say_nothing(void *arg, const char *sentence)
{
	(void)arg;
	(void)sentence;
}

static void
open_as(uid_t own_uid)
{
	struct console_ports ports = { NULL, ask, forget, say_nothing };
	int fd;

	strcpy(folder, "/tmp/console_test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	address.sun_family = AF_UNIX;
	strcpy(address.sun_path, folder);
	strcat(address.sun_path, "/control");
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address,
	    sizeof(address)), 0);
	ck_assert_int_eq(listen(fd, 64), 0);
	memset(&role, 0, sizeof(role));
	role.fd = -1;
	loop = loop_new();
	role.timer = timer_new(loop, role_answers, NULL);
	console = console_new(loop, fd, own_uid, LANGUAGE_EN, &ports);
	ck_assert_ptr_nonnull(console);
}

static void
setup(void)
{
	open_as(geteuid());
}

/* What is asked is answered 1 ms later, at most so often. */
static void
run(void)
{
	for (int i = 0; i < 5; i++)
		turn_ms(loop, 10);
}

static void
teardown(void)
{
	console_free(console);
	run();		/* streams that are saying goodbye end here */
	timer_free(role.timer);
	loop_free(loop);
	unlink(address.sun_path);
	rmdir(folder);
}

static int
client(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address,
	    sizeof(address)), 0);
	return fd;
}

static void
say_line(int fd, const char *line)
{
	ck_assert_int_eq(send(fd, line, strlen(line), MSG_NOSIGNAL),
	    (int)strlen(line));
}

/* What has come; "(closed)" at its end when the peer has closed. */
static const char *
heard(int fd, char buffer[8192])
{
	size_t len = 0;
	ssize_t n;

	while ((n = recv(fd, buffer + len, 8000 - len, 0)) > 0)
		len += (size_t)n;
	strcpy(buffer + len, n == 0 || errno != EAGAIN ? "(closed)" : "");
	return buffer;
}

#define LIST	"{\"request\": \"account list\"}\n"
#define EMPTY	"{\"ok\": true, \"result\": []}\n"

START_TEST(a_request_gets_its_answer)
{
	char buffer[8192];
	int fd = client();

	say_line(fd, LIST);
	run();
	ck_assert_str_eq(heard(fd, buffer), EMPTY);
	ck_assert_uint_eq(role.asked, 1);
	close(fd);
	run();
}
END_TEST

START_TEST(requests_sent_together_are_answered_in_order)
{
	char buffer[8192];
	int fd = client();

	say_line(fd, LIST "nonsense\n" LIST);
	ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
	while (role.asked < 2 || role.reply != NULL)
		run();
	run();
	ck_assert_str_eq(heard(fd, buffer), EMPTY
	    "{\"ok\": false, \"error\": \"unfit\", \"field\": null, "
	    "\"words\": \"no JSON object\"}\n" EMPTY "(closed)");
	close(fd);
}
END_TEST

START_TEST(a_role_that_is_gone_means_try_again)
{
	char buffer[8192];
	int fd = client();

	role.status = -ECONNRESET;
	say_line(fd, LIST);
	run();
	ck_assert_ptr_nonnull(strstr(heard(fd, buffer), "\"later\""));
	close(fd);
}
END_TEST

START_TEST(a_client_that_leaves_is_forgotten)
{
	int fd = client();

	say_line(fd, LIST);
	role.status = 0;
	turn(loop);
	close(fd);
	run();
	run();
	fd = client();
	say_line(fd, LIST);
	run();
	ck_assert_uint_eq(role.asked, 2);
	close(fd);
}
END_TEST

#define SESSION	"{\"request\": \"mailbox session\", \"args\": " \
	"{\"address\": \"ann\"}}\n"

/* Whoever took a copy of the connection answers; we let go of it. */
START_TEST(a_connection_is_given_away)
{
	char buffer[8192];
	int fd = client();

	say_line(fd, SESSION);
	while (role.asked == 0 || role.reply != NULL)
		run();
	ck_assert_str_eq(heard(fd, buffer), "");
	ck_assert_int_eq(send(role.fd, "I OK", 4, MSG_NOSIGNAL), 4);
	ck_assert_str_eq(heard(fd, buffer), "I OK");
	say_line(fd, LIST);
	run();
	ck_assert_uint_eq(role.asked, 1);
	close(role.fd);
	ck_assert_str_eq(heard(fd, buffer), "(closed)");
	close(fd);
}
END_TEST

/* What came behind the question would be lost to the session. */
START_TEST(nothing_may_follow_what_gives_a_connection_away)
{
	char buffer[8192];
	int fd = client();

	say_line(fd, SESSION "a NOOP\r\n");
	do
		run();
	while (heard(fd, buffer)[0] == '\0');
	ck_assert_ptr_nonnull(strstr(buffer, "\"unfit\""));
	ck_assert_uint_eq(role.asked, 0);
	close(fd);
}
END_TEST

/* HARDENING A76 */
START_TEST(a_line_without_end_is_cut_off)
{
	static char block[64 * 1024];
	char buffer[8192];
	int fd = client();

	memset(block, 'x', sizeof(block));
	for (int i = 0; i < 8; i++) {
		ssize_t n = send(fd, block, sizeof(block), MSG_NOSIGNAL);

		ck_assert(n > 0 || errno == EAGAIN || errno == EPIPE);
		run();
	}
	ck_assert_ptr_nonnull(strstr(heard(fd, buffer), "(closed)"));
	close(fd);
}
END_TEST

/* HARDENING A76: more than are served are told to come again */
START_TEST(one_too_many_is_told_so)
{
	int fds[CONSOLE_CLIENTS + 1];
	char buffer[8192];

	for (int i = 0; i <= CONSOLE_CLIENTS; i++) {
		fds[i] = client();
		if (i % 8 == 7)
			run();
	}
	run();
	ck_assert_ptr_nonnull(strstr(heard(fds[CONSOLE_CLIENTS], buffer),
	    "\"later\""));
	say_line(fds[0], LIST);
	run();
	ck_assert_str_eq(heard(fds[0], buffer), EMPTY);
	for (int i = 0; i <= CONSOLE_CLIENTS; i++)
		close(fds[i]);
	run();
	fds[0] = client();
	say_line(fds[0], LIST);
	run();
	ck_assert_str_eq(heard(fds[0], buffer), EMPTY);
	close(fds[0]);
}
END_TEST

/* HARDENING A76: root and the hub's own user, nobody else */
START_TEST(a_stranger_is_told_no)
{
	uid_t me = geteuid();
	char buffer[8192];
	int fd;

	open_as(me == 0 ? 1 : me + 1);
	ck_assert_int_eq(chmod(folder, 0755), 0);
	ck_assert_int_eq(chmod(address.sun_path, 0666), 0);
	if (me == 0)
		ck_assert_int_eq(seteuid(65534), 0);
	fd = client();
	if (me == 0)
		ck_assert_int_eq(seteuid(0), 0);
	say_line(fd, LIST);
	run();
	ck_assert_str_eq(heard(fd, buffer), "{\"ok\": false, \"error\": "
	    "\"refused\", \"field\": null, \"words\": \"You may not do "
	    "that.\"}\n(closed)");
	ck_assert_uint_eq(role.asked, 0);
	close(fd);
	teardown();
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("programs/console");
	TCase *tests = tcase_create("console");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_request_gets_its_answer);
	tcase_add_test(tests, requests_sent_together_are_answered_in_order);
	tcase_add_test(tests, a_role_that_is_gone_means_try_again);
	tcase_add_test(tests, a_client_that_leaves_is_forgotten);
	tcase_add_test(tests, a_connection_is_given_away);
	tcase_add_test(tests,
	    nothing_may_follow_what_gives_a_connection_away);
	tcase_add_test(tests, a_line_without_end_is_cut_off);
	tcase_add_test(tests, one_too_many_is_told_so);
	suite_add_tcase(suite, tests);
	tests = tcase_create("stranger");
	tcase_add_test(tests, a_stranger_is_told_no);
	suite_add_tcase(suite, tests);
	return suite;
}
