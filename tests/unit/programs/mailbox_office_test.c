/*
 * mailbox_office_test.c - a mailbox between its people, the keeper and visitors
 *
 * The keeper, the door and the mailboxes of other accounts are played.
 */
#include "programs/mailbox_office.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "policy/keeper.h"
#include "policy/shares.h"
#include "store/service.h"
#include "tests/unit/programs/play.h"
#include "tests/unit/queue/scratch.h"

#define GUARD_MS	120000	/* only so that a hang becomes a failure */
#define ANN		5
#define BEN		7
#define EVE		8

static struct scratch scratch;
static struct play play;
static struct ipc *keeper, *door;

/* What the played keeper was asked and told. */
static struct text asked;	/* whose shares: "" is all, each in brackets */
static unsigned told;		/* pages of what is shared */
static bool notes;		/* it can note them */

static int
on_shares_set(void *arg, struct ipc *from, struct ipc_message *message)
{
	TEXT_AUTO body = TEXT_INIT(8);

	(void)arg;
	told++;
	pack_u8(&body, notes);
	return ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
}

static int
on_shares(void *arg, struct ipc *from, struct ipc_message *message)
{
	TEXT_AUTO body = TEXT_INIT(8);
	struct slice address;

	(void)arg;
	ck_assert_int_eq(keeper_whose_asked(message->body, &address), 0);
	text_addf(&asked, "<%.*s>", SLICE_FMT(address));
	pack_u8(&body, false);
	return ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
}

static const struct ipc_rule keeper_rules[] = {
{ KEEPER_SHARES_SET, "SHARES_SET", FROM(ROLE_MAILBOX), IPC_REQUEST, 0, 0,
							      on_shares_set },
{ KEEPER_SHARES, "SHARES", FROM(ROLE_MAILBOX), IPC_REQUEST, 0, 0, on_shares },
{ 0 }
};

static const struct ipc_rule no_rules[] = { { 0 } };

static void
set_up(void)
{
	scratch = scratch_new();
	asked = (struct text)TEXT_INIT(1024);
	told = 0;
	notes = true;
	play = (struct play){ .process.folder_fd = scratch.fd,
	    .process.instance = ANN };
	play.process.config.letters_segment_bytes = 1 << 20;
	play.process.config.warm_seconds = 3600;
	play.process.config.message_bytes = 1 << 20;
	(void)snprintf(play.process.config.hostname,
	    sizeof(play.process.config.hostname), "hub.office.test");
	play_begin(&play, &mailbox_code);
	door = play_peer(&play, ROLE_DOOR, 0, no_rules, NULL);
}

static void
tear_down(void)
{
	play_end(&play);
	ipc_free(keeper);
	keeper = NULL;
	ipc_free(door);
	text_free(&asked);
	scratch_drop(&scratch);
}

static void
keeper_comes(void)
{
	keeper = play_peer(&play, ROLE_KEEPER, 0, keeper_rules, NULL);
	play_run(&play, 0);
}

/* A request's answer: its first byte, or -1 while there is none. */
static int answer;

static void
on_answer(void *arg, int status, struct ipc_message *message)
{
	struct unpack u;

	(void)arg;
	ck_assert_int_eq(status, 0);
	u = unpack_of(message->body);
	answer = unpack_u8(&u);
}

/* Hand it a new connection with that request; ours, when it is answered. */
static int
connect_by(struct ipc *from, uint16_t kind, const struct text *body)
{
	uint64_t until = clock_ms() + GUARD_MS;
	int pair[2];

	ck_assert(!text_failed(body));
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0, pair), 0);
	answer = -1;
	ck_assert_int_eq(ipc_ask(from, kind, text_slice(body), &pair[0], 1,
	    on_answer, NULL), 0);
	(void)close(pair[0]);
	while (answer < 0 && clock_ms() < until)
		play_run(&play, 0);
	return pair[1];
}

static int
log_in(void)
{
	const struct session_request request = {
		.service = SESSION_IMAP, .login = SLICE("ann@office.test"),
		.tag = SLICE("x"), .number = 77
	};
	TEXT_AUTO body = TEXT_INIT(1024);
	int fd;

	session_pack(&body, &request);
	fd = connect_by(door, MAILBOX_SESSION, &body);
	ck_assert_int_eq(answer, 1);
	return fd;
}

static int
visit(struct ipc *from, enum visit_answer want)
{
	TEXT_AUTO body = TEXT_INIT(1024);
	int fd;

	pack_slice(&body, slice_str("ben@office.test"));
	pack_u8(&body, 0);
	pack_slice(&body, slice_str("Users/ann@office.test"));
	fd = connect_by(from, MAILBOX_VISIT, &body);
	ck_assert_int_eq(answer, (int)want);
	return fd;
}

/* Say it; something comes with `ending`. */
static void
ask(int fd, const char *say, const char *ending)
{
	TEXT_AUTO got = TEXT_INIT(1 << 20);
	uint64_t until = clock_ms() + GUARD_MS;
	char bytes[4096];
	ssize_t n;

	ck_assert_int_eq(send(fd, say, strlen(say), 0), (int)strlen(say));
	while (slice_find_str(text_slice(&got), ending) == SIZE_MAX &&
	    clock_ms() < until) {
		play_run(&play, 0);
		while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0)
			text_add(&got, slice_of(bytes, (size_t)n));
	}
	ck_assert_msg(slice_find_str(text_slice(&got), ending) != SIZE_MAX,
	    "%s: %.*s", say, SLICE_FMT(text_slice(&got)));
}

static void
ck_asked(const char *want)
{
	ck_assert_msg(slice_is_str(text_slice(&asked), want), "%.*s",
	    SLICE_FMT(text_slice(&asked)));
	text_clear(&asked);
}

/* What all others share may be more than can be told. */
START_TEST(whose_mailboxes_are_named_is_asked_for_alone)
{
	int fd;

	keeper_comes();
	fd = log_in();
	ask(fd, "a LIST \"\" *\r\n", "a OK ");
	ck_asked("<>");
	ask(fd, "b SELECT Users/ben@office.test/Projects/One\r\n",
	    "b NO [NONEXISTENT] ");
	ck_asked("<ben@office.test>");
	ask(fd, "c SELECT Public/shelf@office.test/News\r\n",
	    "c NO [NONEXISTENT] ");
	ck_asked("<shelf@office.test>");
	ask(fd, "d SELECT Users\r\n", "d NO [NONEXISTENT] ");
	ck_asked("");
	(void)close(fd);
	play_run(&play, 0);
}
END_TEST

START_TEST(one_visitor_keeps_nobody_out)
{
	struct ipc *ben = play_peer(&play, ROLE_MAILBOX, BEN, no_rules, NULL);
	struct ipc *eve = play_peer(&play, ROLE_MAILBOX, EVE, no_rules, NULL);
	int fd[OFFICE_VISITS], other;

	for (unsigned i = 0; i < OFFICE_VISITS; i++)
		fd[i] = visit(ben, VISIT_SERVED);
	(void)close(visit(ben, VISIT_REFUSED));
	other = visit(eve, VISIT_SERVED);
	(void)close(fd[0]);
	play_run(&play, 0);
	fd[0] = visit(ben, VISIT_SERVED);
	for (unsigned i = 0; i < OFFICE_VISITS; i++)
		(void)close(fd[i]);
	(void)close(other);
	play_run(&play, 0);
	ipc_free(ben);
	ipc_free(eve);
}
END_TEST

START_TEST(sessions_of_its_own_people_are_no_visits)
{
	struct ipc *ben = play_peer(&play, ROLE_MAILBOX, BEN, no_rules, NULL);
	int fd[OFFICE_VISITORS];

	for (unsigned i = 0; i < OFFICE_VISITORS; i++)
		fd[i] = log_in();
	(void)close(visit(ben, VISIT_SERVED));
	for (unsigned i = 0; i < OFFICE_VISITORS; i++)
		(void)close(fd[i]);
	play_run(&play, 0);
	ipc_free(ben);
}
END_TEST

/* The last: the clock stands still from here on. */
START_TEST(what_the_keeper_cannot_note_is_told_again)
{
	struct ipc *ben = play_peer(&play, ROLE_MAILBOX, BEN, no_rules, NULL);
	int fd;

	keeper_comes();
	ck_assert_uint_eq(told, 1);
	fd = log_in();
	notes = false;
	ask(fd, "a SETACL INBOX anyone l\r\n", "a OK ");
	ck_assert_uint_eq(told, 2);
	notes = true;
	/* whatever is done in the mailbox commits, and news is told then */
	clock_set(clock_ms() + OFFICE_AGAIN_MS, clock_utc_ms());
	(void)close(visit(ben, VISIT_SERVED));
	play_run(&play, 0);
	ck_assert_uint_eq(told, 3);
	/* and that was that */
	clock_set(clock_ms() + OFFICE_AGAIN_MS, clock_utc_ms());
	(void)close(visit(ben, VISIT_SERVED));
	play_run(&play, 0);
	ck_assert_uint_eq(told, 3);
	(void)close(fd);
	play_run(&play, 0);
	ipc_free(ben);
}
END_TEST

Suite *
unit_suite(void)
{
	TCase *tcase = tcase_create("mailbox_office");
	Suite *suite = suite_create("mailbox_office");

	tcase_set_timeout(tcase, 300);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, whose_mailboxes_are_named_is_asked_for_alone);
	tcase_add_test(tcase, one_visitor_keeps_nobody_out);
	tcase_add_test(tcase, sessions_of_its_own_people_are_no_visits);
	tcase_add_test(tcase, what_the_keeper_cannot_note_is_told_again);
	suite_add_tcase(suite, tcase);
	return suite;
}
