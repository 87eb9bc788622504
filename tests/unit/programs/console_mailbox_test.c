/*
 * console_mailbox_test.c - what is in a mailbox is had from its own process
 *
 * The keeper, the parent and a mailbox are played; channels are real ones.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "policy/admin_json.h"
#include "policy/keeper.h"
#include "programs/console_mailbox.h"
#include "programs/switchboard.h"
#include "store/service.h"
#include "tests/unit/lib/base/peer.h"
#include "tests/unit/unit.h"

#define ANN	7

static struct process	 process;
static struct console_mailbox *consoles;
static struct ipc	*parent, *parent_end, *keeper, *keeper_end;
static struct ipc	*mailbox, *mailbox_end;
static unsigned		 wants, asks;
static uint64_t		 above;
static char		 folder[FOLDER_MAX_BYTES + 1];
static struct keeper_named named;
static int64_t		 status;
static uint32_t		 letters;	/* in the mailbox's answer */
static bool		 is_silent;	/* the mailbox */
static struct text	 answer;
static int		 session_fd;	/* that the mailbox was given */
static unsigned		 sessions;

static int
on_wants(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);

	(void)arg;
	(void)from;
	ck_assert_uint_eq(unpack_u64(&u), ANN);
	wants++;
	return 0;
}

static int
on_named(void *arg, struct ipc *from, struct ipc_message *message)
{
	TEXT_AUTO body = TEXT_INIT(64);

	(void)arg;
	keeper_named_say(&body, &named);
	ck_assert_int_eq(ipc_reply(from, message->serial, text_slice(&body),
	    NULL, 0), 0);
	return 0;
}

static int
on_list(void *arg, struct ipc *from, struct ipc_message *message)
{
	TEXT_AUTO body = TEXT_INIT(IPC_MAX_BYTES);
	struct unpack u = unpack_of(message->body);
	struct listed_letter listed = { .mailbox = SLICE("Sent"),
	    .uidvalidity = 5, .flags = LETTER_SEEN | LETTER_DRAFT,
	    .keywords = SLICE("work $Junk"), .received_at_utc_ms = 86400000,
	    .bytes = 100, .id = { "tenletters" } };

	(void)arg;
	asks++;
	above = unpack_u64(&u);
	ck_assert_int_eq(slice_cstr(unpack_slice(&u), folder,
	    sizeof(folder)), 0);
	ck_assert(unpack_is_done(&u));
	if (is_silent)
		return 0;
	pack_i64(&body, status);
	pack_u32(&body, letters);
	for (uint32_t i = 0; i < letters; i++) {
		listed.uid = i + 1;
		listed.place = i + 1;
		listed_pack(&body, &listed);
	}
	ck_assert_int_eq(ipc_reply(from, message->serial, text_slice(&body),
	    NULL, 0), 0);
	return 0;
}

static int
on_session(void *arg, struct ipc *from, struct ipc_message *message)
{
	TEXT_AUTO body = TEXT_INIT(8);
	struct session_request request;

	(void)arg;
	ck_assert_int_eq(session_unpack(message->body, &request), 0);
	ck_assert_uint_eq(request.service, SESSION_IMAP);
	ck_assert(slice_is_str(request.login, "ann"));
	if (session_fd >= 0)
		close(session_fd);
	session_fd = ipc_take_fd(message, 0);
	pack_u8(&body, ++sessions > 1);	/* the first one is about to end */
	ck_assert_int_eq(ipc_reply(from, message->serial, text_slice(&body),
	    NULL, 0), 0);
	return 0;
}

static const struct ipc_rule parent_rules[] = {
{ ROLE_WANTS_MAILBOX, "WANTS", FROM(ROLE_CONSOLE), IPC_NEWS, 0, 0, on_wants },
{ 0 }
}, keeper_rules[] = {
{ KEEPER_NAMED, "NAMED", FROM(ROLE_CONSOLE), IPC_REQUEST, 0, 0, on_named },
{ 0 }
}, mailbox_rules[] = {
{ MAILBOX_LIST, "LIST", FROM(ROLE_CONSOLE), IPC_REQUEST, 0, 0, on_list },
{ MAILBOX_SESSION, "SESSION", FROM(ROLE_CONSOLE), IPC_REQUEST, 1, 0, on_session },
{ 0 }
}, nothing[] = { { 0 } };

static void
on_lost(void *arg, struct ipc *ipc, bool was_breach)
{
	(void)arg;
	ck_assert(!was_breach);
	if (ipc != mailbox)
		return;
	console_mailbox_lost(consoles, ipc);
	ipc_free(ipc);
	mailbox = NULL;
}

static void
channel(enum role role, uint64_t instance, const struct ipc_rule *rules,
    struct ipc **console_out, struct ipc **end_out)
{
	const struct ipc_side ours = { .rules = rules, .lost = on_lost };
	const struct ipc_side its = { .rules = nothing, .lost = on_lost };
	int fd[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0, fd), 0);
	*console_out = ipc_new(process.loop, fd[0], role, instance, &its);
	*end_out = ipc_new(process.loop, fd[1], ROLE_CONSOLE, 0, &ours);
}

static void
connect_mailbox(void)
{
	channel(ROLE_MAILBOX, ANN, mailbox_rules, &mailbox, &mailbox_end);
	ck_assert_int_eq(console_mailbox_peer(consoles, mailbox), 0);
}

static void
set_up(void)
{
	memset(&process, 0, sizeof(process));
	wants = asks = letters = 0;
	status = 0;
	is_silent = false;
	mailbox = mailbox_end = NULL;
	session_fd = -1;
	sessions = 0;
	named = (struct keeper_named){ ADMIN_OK, ANN };
	answer = (struct text)TEXT_INIT(ADMIN_ANSWER_BYTES * 2);
	process.loop = loop_new();
	channel(ROLE_PARENT, 0, parent_rules, &parent, &parent_end);
	channel(ROLE_KEEPER, 0, keeper_rules, &keeper, &keeper_end);
	process.parent = parent;
	consoles = console_mailbox_new(&process);
	console_mailbox_keeper(consoles, keeper);
}

static void
tear_down(void)
{
	console_mailbox_free(consoles);
	ipc_free(mailbox);
	ipc_free(mailbox_end);
	ipc_free(keeper);
	ipc_free(keeper_end);
	ipc_free(parent);
	ipc_free(parent_end);
	loop_free(process.loop);
	text_free(&answer);
	if (session_fd >= 0)
		close(session_fd);
}

static void
hear(void *arg, int r, struct ipc_message *message)
{
	const struct admin_request *request = arg;

	ck_assert_int_eq(r, 0);
	ck_assert_uint_eq(answer.len, 0);	/* once */
	ck_assert_int_eq(admin_answer_write(request, message->body,
	    LANGUAGE_EN, &answer), 0);
	text_add_byte(&answer, '\0');
}

static void
ask_at(const char *line, int fd)
{
	TEXT_AUTO packed = TEXT_INIT(ADMIN_LINE_BYTES);
	const struct admin_request *request;
	const char *why;

	text_clear(&answer);
	ck_assert_int_eq(admin_read(slice_str(line), &request, &packed, &why),
	    0);
	ck_assert_int_eq(console_mailbox_ask(consoles, request,
	    text_slice(&packed), fd, hear, (void *)(uintptr_t)request), 0);
	ck_assert_uint_eq(answer.len, 0);	/* in a later turn */
	turn_ms(process.loop, 30);
}

static void
ask(const char *line)
{
	ask_at(line, -1);
}

#define LIST(more) "{\"request\": \"mailbox list\", \"args\": " \
	"{\"address\": \"ann\"" more "}}"

START_TEST(a_mailbox_is_asked_for_and_its_letters_are_rows)
{
	letters = 1;
	ask(LIST(", \"folder\": \"Sent\", \"above\": 41"));
	ck_assert_uint_eq(wants, 1);
	ck_assert_uint_eq(answer.len, 0);
	connect_mailbox();
	turn_ms(process.loop, 30);
	ck_assert_uint_eq(above, 41);
	ck_assert_str_eq(folder, "Sent");
	ck_assert_ptr_nonnull(strstr(answer.at, "\"folder\": \"Sent\", "
	    "\"uidvalidity\": 5, \"uid\": 1, \"received\": 86400000, "
	    "\"bytes\": 100, \"flags\": \"\\\\Seen \\\\Draft\", "
	    "\"keywords\": \"work $Junk\", \"id\": \""));
	/* it is connected now */
	ask(LIST(""));
	ck_assert_uint_eq(wants, 1);
	ck_assert_str_eq(folder, "");
	ck_assert_uint_eq(asks, 2);
}
END_TEST

START_TEST(one_that_ends_before_its_answer_is_asked_for_again)
{
	is_silent = true;
	connect_mailbox();
	ask(LIST(""));
	ck_assert_uint_eq(asks, 1);
	ck_assert_uint_eq(wants, 0);
	ipc_free(mailbox_end);
	mailbox_end = NULL;
	turn_ms(process.loop, 30);
	ck_assert_uint_eq(wants, 1);
	ck_assert_uint_eq(answer.len, 0);
	is_silent = false;
	connect_mailbox();
	turn_ms(process.loop, 30);
	ck_assert_uint_eq(asks, 2);
	ck_assert_ptr_nonnull(strstr(answer.at, "\"ok\": true"));
}
END_TEST

static const struct {
	const char		*line;
	struct keeper_named	 named;
	int64_t			 status;
	uint32_t		 letters;
	const char		*want;
} refusals[] = {
	{ LIST(""), { ADMIN_NO_SUCH, 0 }, 0, 0,
	  "\"no-such\", \"field\": \"address\"" },
	{ LIST(""), { ADMIN_NOT_UNIQUE, 0 }, 0, 0,
	  "\"not-unique\", \"field\": \"address\"" },
	{ LIST(", \"above\": \"x\""), { ADMIN_OK, ANN }, 0, 0,
	  "\"unfit\", \"field\": \"above\"" },
	{ LIST(", \"folder\": \"\""), { ADMIN_OK, ANN }, 0, 0,
	  "\"no-such\", \"field\": \"folder\"" },
	{ LIST(", \"folder\": \"x\""), { ADMIN_OK, ANN }, -ENOENT, 0,
	  "\"no-such\", \"field\": \"folder\"" },
	{ LIST(""), { ADMIN_OK, ANN }, -EIO, 0, "\"failed\", \"field\": null" },
	{ LIST(""), { ADMIN_OK, ANN }, 0, LISTED_PAGE + 1,
	  "\"failed\", \"field\": null" },
};

START_TEST(a_refusal_says_what_is_at_fault)
{
	named = refusals[_i].named;
	status = refusals[_i].status;
	letters = refusals[_i].letters;
	connect_mailbox();
	ask(refusals[_i].line);
	ck_assert_msg(answer.len > 0 && strstr(answer.at, refusals[_i].want)
	    != NULL, "%s", answer.at);
}
END_TEST

START_TEST(the_largest_page_fits_an_answer)
{
	ck_assert_uint_eq(LISTED_PAGE, ADMIN_MAILBOX_PAGE);
	ck_assert_uint_eq(FOLDERS_PAGE, ADMIN_FOLDER_PAGE);
	letters = LISTED_PAGE;
	connect_mailbox();
	ask(LIST(""));
	ck_assert_ptr_nonnull(strstr(answer.at, "\"uid\": 60,"));
}
END_TEST

START_TEST(who_has_gone_is_not_told)
{
	const struct admin_request *request =
	    admin_find(slice_str("mailbox list"));

	ask(LIST(""));
	console_mailbox_forget(consoles, (void *)(uintptr_t)request);
	connect_mailbox();
	turn_ms(process.loop, 30);
	ck_assert_uint_eq(asks, 1);
	ck_assert_uint_eq(answer.len, 0);
}
END_TEST

#define SESSION	"{\"request\": \"mailbox session\", \"args\": " \
	"{\"address\": \"ann\"}}"

/* The connection itself goes, once; the answer says only that it went. */
START_TEST(a_connection_becomes_a_session)
{
	char word[8] = "";
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
	    pair), 0);
	ask_at(SESSION, pair[0]);
	ck_assert_uint_eq(answer.len, 0);	/* its mailbox is not there */
	close(pair[0]);		/* whoever asked lends it for the call only */
	connect_mailbox();
	while (sessions == 0)
		turn_ms(process.loop, 1);
	turn_ms(process.loop, 30);
	ck_assert_uint_eq(answer.len, 0);
	ipc_free(mailbox_end);
	mailbox_end = NULL;
	while (mailbox != NULL)
		turn_ms(process.loop, 1);
	connect_mailbox();
	while (answer.len == 0)
		turn_ms(process.loop, 1);
	ck_assert_uint_eq(sessions, 2);
	ck_assert_ptr_nonnull(strstr(answer.at, "{\"ok\": true"));
	ck_assert_int_eq(write(session_fd, "hello", 5), 5);
	ck_assert_int_eq(read(pair[1], word, sizeof(word)), 5);
	ck_assert_str_eq(word, "hello");
	close(pair[1]);
}
END_TEST

START_TEST(a_session_is_of_an_account)
{
	int pair[2];

	named = (struct keeper_named){ ADMIN_NO_SUCH, 0 };
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
	    pair), 0);
	connect_mailbox();
	ask_at(SESSION, pair[0]);
	ck_assert_ptr_nonnull(strstr(answer.at, "\"no-such\""));
	ck_assert_uint_eq(sessions, 0);
	close(pair[0]);
	close(pair[1]);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("programs/console_mailbox");
	TCase *tests = tcase_create("console_mailbox");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_mailbox_is_asked_for_and_its_letters_are_rows);
	tcase_add_test(tests,
	    one_that_ends_before_its_answer_is_asked_for_again);
	tcase_add_loop_test(tests, a_refusal_says_what_is_at_fault, 0,
	    sizeof(refusals) / sizeof(refusals[0]));
	tcase_add_test(tests, the_largest_page_fits_an_answer);
	tcase_add_test(tests, who_has_gone_is_not_told);
	tcase_add_test(tests, a_connection_becomes_a_session);
	tcase_add_test(tests, a_session_is_of_an_account);
	suite_add_tcase(suite, tests);
	return suite;
}
