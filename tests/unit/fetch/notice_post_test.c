/*
 * notice_post_test.c - a notice reaches the queue once, whoever is away
 *
 * The keeper and the queue are played by the test, over real channels.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fetch/notice_post.h"
#include "lib/base/memfd.h"
#include "lib/message/envelope.h"
#include "lib/message/header.h"
#include "policy/keeper.h"
#include "queue/service.h"
#include "tests/unit/unit.h"

#define HOUR		UINT64_C(3600000)
#define ANN		7
#define POSTMASTER	1
#define GHOST		9	/* no account */

static struct loop *loop;
static struct notice_post *post;
static struct ipc *keeper, *queue;		/* their ends */
static struct ipc *to_keeper, *to_queue;	/* ours */
static uint64_t now_ms;
static const char *language;
static bool ann_exists;
static unsigned grant_code, submit_code;
static unsigned accounts_asked, grants, releases, submissions;
static uint64_t granted, submitted_bytes;
static char message[128 * 1024];
static struct envelope env;
static struct recipient rcpt;
static char rcpt_address[256];

static const struct notice_mailbox mailbox = {
	.label = SLICE("office"), .host = SLICE("pop.provider.example"),
	.end = FETCH_END_REFUSED
};
static const struct notice failing = {
	.kind = NOTICE_FAILING, .address = SLICE("ann@office.test"),
	.mailboxes = &mailbox, .mailbox_count = 1
};

static int
on_whose(void *arg, struct ipc *from, struct ipc_message *asked)
{
	const struct keeper_whose whose = { WHOSE_OURS, POSTMASTER, 0 };
	TEXT_AUTO body = TEXT_INIT(64);
	struct slice address;

	(void)arg;
	ck_assert_int_eq(keeper_whose_asked(asked->body, &address), 0);
	ck_assert(slice_is_str(address, "postmaster"));
	keeper_whose_say(&body, &whose);
	return ipc_reply(from, asked->serial, text_slice(&body), NULL, 0);
}

static int
on_account(void *arg, struct ipc *from, struct ipc_message *asked)
{
	struct keeper_account account = { .language = slice_str(language) };
	TEXT_AUTO body = TEXT_INIT(512);
	uint64_t id;

	(void)arg;
	accounts_asked++;
	ck_assert_int_eq(keeper_account_asked(asked->body, &id), 0);
	account.exists = id != GHOST && ann_exists;
	account.address = slice_str(id == ANN ? "ann@office.test" :
	    "postmaster@office.test");
	keeper_account_say(&body, &account);
	return ipc_reply(from, asked->serial, text_slice(&body), NULL, 0);
}

static int
say_answer(struct ipc *to, uint64_t serial, unsigned code)
{
	const struct queue_answer said = { .code = (uint16_t)code,
	    .status = SLICE("2.0.0"), .words = SLICE("words") };
	TEXT_AUTO body = TEXT_INIT(512);

	answer_pack(&body, &said);
	return ipc_reply(to, serial, text_slice(&body), NULL, 0);
}

static int
on_grant(void *arg, struct ipc *from, struct ipc_message *asked)
{
	struct unpack u = unpack_of(asked->body);

	(void)arg;
	grants++;
	granted = unpack_u64(&u);
	ck_assert(unpack_is_done(&u));
	return say_answer(from, asked->serial, grant_code);
}

static int
on_release(void *arg, struct ipc *from, struct ipc_message *asked)
{
	(void)arg;
	(void)from;
	(void)asked;
	releases++;
	return 0;
}

static int
on_submit(void *arg, struct ipc *from, struct ipc_message *asked)
{
	ARENA_AUTO arena = arena_new(64 * 1024);
	struct unpack u = unpack_of(asked->body);
	uint64_t room;
	ssize_t n;

	(void)arg;
	submissions++;
	room = unpack_u64(&u);
	ck_assert_int_eq(envelope_unpack(arena, u.rest, &env), 0);
	ck_assert_uint_eq(env.recipient_count, 1);
	rcpt = env.recipients[0];
	ck_assert_int_eq(slice_cstr(rcpt.address, rcpt_address,
	    sizeof(rcpt_address)), 0);
	ck_assert(memfd_is_sealed(asked->fd[0]));
	n = pread(asked->fd[0], message, sizeof(message) - 1, 0);
	ck_assert_int_gt(n, 0);
	ck_assert_uint_eq((uint64_t)n, room);
	message[n] = '\0';
	submitted_bytes = (uint64_t)n;
	if (submit_code == 1)
		return 0;	/* no answer */
	return say_answer(from, asked->serial, submit_code);
}

#define SCHEDULE FROM(ROLE_SCHEDULE)
static const struct ipc_rule keeper_rules[] = {
{ KEEPER_WHOSE,   "WHOSE",   SCHEDULE, IPC_REQUEST, 0, 0, on_whose },
{ KEEPER_ACCOUNT, "ACCOUNT", SCHEDULE, IPC_REQUEST, 0, 0, on_account },
{ 0 }
};
static const struct ipc_rule queue_rules[] = {
{ QUEUE_GRANT,   "GRANT",   SCHEDULE, IPC_REQUEST, 0, 0, on_grant },
{ QUEUE_RELEASE, "RELEASE", SCHEDULE, IPC_NEWS,    0, 0, on_release },
{ QUEUE_SUBMIT,  "SUBMIT",  SCHEDULE, IPC_REQUEST, 1, 0, on_submit },
{ 0 }
};
static const struct ipc_rule no_rules[] = { { 0 } };

static void
on_lost(void *arg, struct ipc *ipc, bool was_breach)
{
	(void)arg;
	(void)ipc;
	ck_assert(!was_breach);
}

static void
connect_to(enum role role, const struct ipc_rule *rules,
    struct ipc **theirs_out, struct ipc **ours_out)
{
	const struct ipc_side theirs = { .rules = rules, .lost = on_lost };
	const struct ipc_side ours = { .rules = no_rules, .lost = on_lost };
	int fd[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0, fd), 0);
	*theirs_out = ipc_new(loop, fd[0], ROLE_SCHEDULE, 0, &theirs);
	*ours_out = ipc_new(loop, fd[1], role, 0, &ours);
	ck_assert_ptr_nonnull(*theirs_out);
	ck_assert_ptr_nonnull(*ours_out);
}

#define TURNS	20	/* of the loop: more than any question takes */

static struct timer *end;
static unsigned turns_left;

static void
on_end(void *arg)
{
	if (--turns_left == 0)
		loop_stop(arg);
	else
		timer_set(end, 1);
}

/* However slow the machine is: each turn hears whoever has spoken. */
static void
turn(void)
{
	end = timer_new(loop, on_end, loop);
	turns_left = TURNS;
	timer_set(end, 1);
	ck_assert_int_eq(loop_run(loop), 0);
	timer_free(end);
}

static void
set_clock(uint64_t ms)
{
	now_ms = ms;
	clock_set(ms, INT64_C(1795326600000) + (int64_t)ms);
}

static void
queue_comes(void)
{
	connect_to(ROLE_QUEUE, queue_rules, &queue, &to_queue);
	notice_post_queue(post, to_queue);
}

static void
queue_goes(void)
{
	notice_post_queue(post, NULL);
	ipc_free(to_queue);
	ipc_free(queue);
	queue = to_queue = NULL;
}

static void
setup(void)
{
	set_clock(1000);
	language = "en";
	ann_exists = true;
	grant_code = submit_code = 250;
	accounts_asked = grants = releases = submissions = 0;
	loop = loop_new();
	post = notice_post_new(loop, "mx.office.test");
	ck_assert_ptr_nonnull(post);
	connect_to(ROLE_KEEPER, keeper_rules, &keeper, &to_keeper);
	notice_post_keeper(post, to_keeper);
	queue_comes();
}

static void
teardown(void)
{
	ipc_free(to_keeper);
	ipc_free(keeper);
	ipc_free(to_queue);
	ipc_free(queue);
	notice_post_free(post);
	loop_free(loop);
}

static int
send_it(uint64_t account, const struct notice *notice, uint64_t *again_ms)
{
	*again_ms = 0;
	return notice_post_send(post, account, notice, again_ms);
}

START_TEST(a_notice_is_our_own_from_nobody_to_one_account)
{
	uint64_t again_ms;

	ck_assert_int_eq(send_it(ANN, &failing, &again_ms), 0);
	turn();
	ck_assert_uint_eq(submissions, 1);
	ck_assert_int_eq(env.source, SOURCE_OWN);
	ck_assert_uint_eq(env.sender.len, 0);
	ck_assert_uint_eq(env.peer.len + env.helo.len + env.login.len, 0);
	ck_assert_uint_eq(env.bytes, submitted_bytes);
	ck_assert_uint_eq(granted, submitted_bytes);
	ck_assert_uint_eq(rcpt.account, ANN);
	ck_assert_str_eq(rcpt_address, "ann@office.test");
	ck_assert_ptr_nonnull(strstr(message,
	    "\r\nFrom: Postroom <postmaster@office.test>\r\n"
	    "To: ann@office.test\r\n"
	    "Subject: Your remote mailbox \"office\" cannot be collected\r\n"
	    "Message-ID: <"));
	ck_assert_ptr_nonnull(strstr(message, "@mx.office.test>\r\n"));
}
END_TEST

START_TEST(a_notice_is_in_the_language_of_who_reads_it)
{
	uint64_t again_ms;

	language = "id";
	ck_assert_int_eq(send_it(ANN, &failing, &again_ms), 0);
	turn();
	ck_assert_ptr_nonnull(strstr(message,
	    "\r\nSubject: Surat dari kotak surat jauh Anda \"office\" tidak "
	    "dapat diambil\r\n"));
}
END_TEST

START_TEST(the_postmaster_is_looked_up)
{
	static const struct notice_figures figures = { .year = 2026,
	    .month = 10 };
	const struct notice report = { .kind = NOTICE_LINE_REPORT,
	    .figures = &figures };
	uint64_t again_ms;

	ck_assert_int_eq(notice_post_where(post, NOTICE_POSTMASTER,
	    NOTICE_LINE_REPORT), -ENOENT);
	ck_assert_int_eq(send_it(NOTICE_POSTMASTER, &report, &again_ms), 0);
	ck_assert_int_eq(notice_post_where(post, NOTICE_POSTMASTER,
	    NOTICE_LINE_REPORT), 0);
	turn();
	ck_assert_int_eq(notice_post_where(post, NOTICE_POSTMASTER,
	    NOTICE_LINE_REPORT), 1);
	ck_assert_int_eq(notice_post_where(post, NOTICE_POSTMASTER,
	    NOTICE_FAILING), -ENOENT);
	ck_assert_uint_eq(submissions, 1);
	ck_assert_uint_eq(rcpt.account, POSTMASTER);
	ck_assert_str_eq(rcpt_address, "postmaster@office.test");
	ck_assert_ptr_nonnull(strstr(message, "The line in 2026-10"));
}
END_TEST

START_TEST(one_of_a_kind_in_a_day)
{
	const struct notice working = { .kind = NOTICE_WORKING,
	    .mailboxes = &mailbox, .mailbox_count = 1 };
	uint64_t again_ms;

	ck_assert_int_eq(send_it(ANN, &failing, &again_ms), 0);
	ck_assert_int_eq(send_it(ANN, &failing, &again_ms), -EALREADY);
	turn();
	ck_assert_int_eq(send_it(ANN, &failing, &again_ms), -EALREADY);
	ck_assert_uint_eq(again_ms, 24 * HOUR);
	/* another kind, another account */
	ck_assert_int_eq(send_it(ANN, &working, &again_ms), 0);
	ck_assert_int_eq(send_it(ANN + 1, &failing, &again_ms), 0);
	turn();
	ck_assert_uint_eq(submissions, 3);
	set_clock(now_ms + 24 * HOUR - 1);
	ck_assert_int_eq(send_it(ANN, &failing, &again_ms), -EALREADY);
	ck_assert_uint_eq(again_ms, 1);
	set_clock(now_ms + 1);
	ck_assert_int_eq(send_it(ANN, &failing, &again_ms), 0);
	turn();
	ck_assert_uint_eq(submissions, 4);
}
END_TEST

START_TEST(of_one_kind_they_may_be_told_anew_at_once)
{
	const struct notice working = { .kind = NOTICE_WORKING,
	    .mailboxes = &mailbox, .mailbox_count = 1 };
	uint64_t again_ms;

	ck_assert_int_eq(send_it(ANN, &failing, &again_ms), 0);
	ck_assert_int_eq(send_it(ANN, &working, &again_ms), 0);
	/* not while it is on its way */
	notice_post_anew(post, NOTICE_FAILING);
	ck_assert_int_eq(send_it(ANN, &failing, &again_ms), -EALREADY);
	turn();
	ck_assert_uint_eq(submissions, 2);
	notice_post_anew(post, NOTICE_FAILING);
	ck_assert_int_eq(notice_post_where(post, ANN, NOTICE_FAILING),
	    -ENOENT);
	ck_assert_int_eq(send_it(ANN, &working, &again_ms), -EALREADY);
	ck_assert_int_eq(send_it(ANN, &failing, &again_ms), 0);
	turn();
	ck_assert_uint_eq(submissions, 3);
}
END_TEST

/* Whatever the answer: refused, put off, cut off; room or message. */
static const struct {
	unsigned	grant, submit;
} refusals[] = {
	{ 452, 250 }, { 250, 451 }, { 250, 550 }, { 250, 0 }, { 0, 250 },
};

/* The clock has moved: have it looked at. */
static void
poke(void)
{
	uint64_t again_ms;

	ck_assert_int_eq(send_it(GHOST, &failing, &again_ms), 0);
	turn();
}

/* The line with the Message-ID of what was submitted last. */
static struct slice
message_id(void)
{
	struct slice rest = slice_str(message), line;
	size_t at = slice_find_str(rest, "Message-ID: ");

	ck_assert_uint_ne(at, SIZE_MAX);
	rest = slice_after(rest, at);
	ck_assert(slice_cut(&rest, '\r', &line));
	return line;
}

START_TEST(what_is_not_taken_is_offered_again_later_and_later)
{
	static const uint64_t waits[] = { 60000, 120000, 240000, 480000,
	    960000, 1920000, 3600000, 3600000 };
	char first[100] = "";
	uint64_t again_ms;

	grant_code = refusals[_i].grant;
	submit_code = refusals[_i].submit;
	ck_assert_int_eq(send_it(ANN, &failing, &again_ms), 0);
	turn();
	if (submissions > 0)
		ck_assert_int_eq(slice_cstr(message_id(), first,
		    sizeof(first)), 0);
	for (unsigned i = 0; i < sizeof(waits) / sizeof(*waits); i++) {
		ck_assert_uint_eq(grants, i + 1);
		set_clock(now_ms + waits[i] - 1);
		poke();
		ck_assert_uint_eq(grants, i + 1);
		set_clock(now_ms + 1);
		poke();
	}
	ck_assert_int_eq(send_it(ANN, &failing, &again_ms), -EALREADY);
	grant_code = submit_code = 250;
	submissions = 0;
	notice_post_queue(post, to_queue);	/* as if it had come back */
	turn();
	ck_assert_uint_eq(submissions, 1);
	if (first[0] != '\0')
		ck_assert(slice_is_str(message_id(), first));
	notice_post_queue(post, to_queue);
	turn();
	ck_assert_uint_eq(submissions, 1);
}
END_TEST

START_TEST(a_queue_that_was_away_gets_it_when_it_comes)
{
	uint64_t again_ms;

	queue_goes();
	ck_assert_int_eq(send_it(ANN, &failing, &again_ms), 0);
	turn();
	ck_assert_uint_eq(accounts_asked, 0);
	queue_comes();
	turn();
	ck_assert_uint_eq(submissions, 1);
}
END_TEST

START_TEST(an_answer_that_is_lost_is_no_answer)
{
	uint64_t again_ms;

	submit_code = 1;
	ck_assert_int_eq(send_it(ANN, &failing, &again_ms), 0);
	turn();
	ck_assert_uint_eq(submissions, 1);
	queue_goes();
	submit_code = 250;
	queue_comes();
	turn();
	ck_assert_uint_eq(submissions, 2);
	ck_assert_int_eq(send_it(ANN, &failing, &again_ms), -EALREADY);
	ck_assert_uint_eq(again_ms, 24 * HOUR);
}
END_TEST

START_TEST(an_account_that_is_gone_is_told_nothing)
{
	uint64_t again_ms;

	ann_exists = false;
	ck_assert_int_eq(send_it(ANN, &failing, &again_ms), 0);
	turn();
	ck_assert_uint_eq(accounts_asked, 1);
	ck_assert_uint_eq(grants, 0);
	ann_exists = true;
	ck_assert_int_eq(send_it(ANN, &failing, &again_ms), 0);
	turn();
	ck_assert_uint_eq(submissions, 1);
}
END_TEST

START_TEST(many_go_a_few_at_a_time_and_all_arrive)
{
	uint64_t again_ms;

	for (uint64_t account = 100; account < 300; account++)
		ck_assert_int_eq(send_it(account, &failing, &again_ms), 0);
	for (unsigned i = 0; i < 100 && submissions < 200; i++)
		turn();
	ck_assert_uint_eq(submissions, 200);
	ck_assert_uint_eq(releases, 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("fetch/notice_post");
	TCase *tests = tcase_create("post");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_notice_is_our_own_from_nobody_to_one_account);
	tcase_add_test(tests, a_notice_is_in_the_language_of_who_reads_it);
	tcase_add_test(tests, the_postmaster_is_looked_up);
	tcase_add_test(tests, one_of_a_kind_in_a_day);
	tcase_add_test(tests,
	    of_one_kind_they_may_be_told_anew_at_once);
	tcase_add_loop_test(tests,
	    what_is_not_taken_is_offered_again_later_and_later, 0,
	    sizeof(refusals) / sizeof(refusals[0]));
	tcase_add_test(tests, a_queue_that_was_away_gets_it_when_it_comes);
	tcase_add_test(tests, an_answer_that_is_lost_is_no_answer);
	tcase_add_test(tests, an_account_that_is_gone_is_told_nothing);
	tcase_add_test(tests, many_go_a_few_at_a_time_and_all_arrive);
	suite_add_tcase(suite, tests);
	return suite;
}
