/*
 * line_report_test.c - the postmaster has one report of each month
 *
 * The keeper's side is the real one, with a real policy.db.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "policy/fetch_accounts.h"
#include "policy/line_book.h"
#include "programs/keeper_line.h"
#include "programs/line_report.h"
#include "tests/unit/lib/base/peer.h"
#include "tests/unit/unit.h"

#define MINUTE		INT64_C(60000)
#define HOUR		(60 * MINUTE)
#define NOVEMBER	INT64_C(1793491200000)	/* 2026-11-01 00:00 UTC */
#define OCTOBER		202610

static const struct seal_key key = { "0123456789abcdef0123456789abcde" };

static char folder[64];
static int folder_fd;
static struct policy *policy;
static uint64_t fetch;
static struct loop *loop;
static struct line *line;
static struct line_report *report;
static struct ipc *keeper, *schedule;
static unsigned asked, noted, sent;
static uint32_t noted_month;
static bool keeper_is_mute;
static int send_status, where;
static struct notice_figures told;
static struct notice_row told_causes[LINE_CAUSES], told_accounts[NOTICE_MOST];
static char told_name[256];

static int
on_report(void *arg, struct ipc *from, struct ipc_message *message)
{
	TEXT_AUTO body = TEXT_INIT(IPC_MAX_BYTES);

	(void)arg;
	asked++;
	if (!keeper_is_mute)
		ck_assert_int_eq(keeper_line_report(policy, message->body,
		    &body), 0);
	return ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
}

static int
on_reported(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);

	(void)arg;
	(void)from;
	noted++;
	noted_month = unpack_u32(&u);
	return keeper_line_reported(policy, message->body);
}

static const struct ipc_rule keeper_rules[] = {
{ KEEPER_LINE_REPORT, "REPORT", FROM(ROLE_SCHEDULE), IPC_REQUEST, 0, 0,
    on_report },
{ KEEPER_LINE_REPORTED, "REPORTED", FROM(ROLE_SCHEDULE), IPC_NEWS, 0, 0,
    on_reported },
{ 0 }
};
static const struct ipc_rule no_rules[] = { { 0 } };

static void
lost(void *arg, struct ipc *ipc, bool was_breach)
{
	(void)arg;
	(void)ipc;
	(void)was_breach;
}

static int
send_it(void *arg, const struct notice *notice)
{
	(void)arg;
	if (send_status < 0)
		return send_status;
	sent++;
	ck_assert_int_eq(notice->kind, NOTICE_LINE_REPORT);
	told = *notice->figures;
	memcpy(told_causes, told.causes,
	    told.cause_count * sizeof(*told.causes));
	memcpy(told_accounts, told.accounts, sizeof(told_accounts));
	ck_assert_int_eq(slice_cstr(told.accounts[0].name, told_name,
	    sizeof(told_name)), 0);
	return 0;
}

static int
where_is_it(void *arg)
{
	(void)arg;
	return where;
}

static const struct line_report_ports ports = {
	.send = send_it, .where = where_is_it
};

static void
look_at(int64_t utc_ms)
{
	clock_set((uint64_t)(utc_ms - NOVEMBER + 24 * HOUR), utc_ms);
	line_report_look(report);
	turn_ms(loop, 5);
}

static void
carry(unsigned month, uint64_t account, uint64_t in, uint64_t out)
{
	struct line_counts counts = { 0 };

	counts.carried[LINE_MAIL].received = in;
	counts.carried[LINE_LISTING].sent = out;
	counts.saved[LINE_SKIPPED].bytes = 5;
	counts.saved[LINE_SHARED].bytes = 6;
	counts.saved[LINE_COMPRESSED].bytes = 7;
	counts.saved[LINE_DEFERRED].bytes = 8;
	ck_assert_int_eq(policy_line_begin(policy), 0);
	ck_assert_int_eq(policy_line_end(policy, policy_line_add(policy,
	    month, account, &counts)), 0);
}

static void
open_policy(void)
{
	struct policy_account ann = { .language = "en",
	    .address = "ann@office.test" };
	struct fetch_account f = { .label = "provider",
	    .host = "pop.example.com", .port = 995, .user = "ann",
	    .from = FETCH_FROM_ALL, .enabled = true };
	struct password_secret secret;
	const char *field;
	unsigned needs;

	strcpy(folder, "/tmp/line_report_test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(policy_open(folder_fd, false, &policy, &needs), 0);
	ck_assert_int_eq(policy_domain_add(policy, slice_str("office.test"),
	    1), 0);
	ck_assert_int_eq(password_make(slice_str("correct horse"), &secret),
	    0);
	ck_assert_int_eq(policy_account_add(policy, &ann, &secret, NOVEMBER,
	    &ann), 0);
	f.owner = ann.id;
	ck_assert_int_eq(policy_fetch_add(policy, &key, &f,
	    slice_str("secret"), NOVEMBER, &fetch, &field), 0);
}

static void
setup(void)
{
	const struct line_options options = {
		.bytes_per_second = LINE_RATE_FREE, .month_bytes = 5000,
		.month_day = 1, .warn_percent = 80
	};
	const struct ipc_side theirs = { .rules = keeper_rules, .lost = lost };
	const struct ipc_side ours = { .rules = no_rules, .lost = lost };
	int fd[2];

	ck_assert_int_eq(setenv("TZ", "UTC", 1), 0);
	tzset();
	open_policy();
	loop = loop_new();
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0, fd), 0);
	schedule = ipc_new(loop, fd[0], ROLE_SCHEDULE, 0, &theirs);
	keeper = ipc_new(loop, fd[1], ROLE_KEEPER, 0, &ours);
	asked = noted = sent = 0;
	keeper_is_mute = false;
	send_status = where = 0;
	clock_set((uint64_t)(22 * HOUR), NOVEMBER - 2 * HOUR);
	line = line_new(&options);
	report = line_report_new(loop, line, &ports);
	ck_assert_ptr_nonnull(report);
	line_report_keeper(report, keeper);
}

static void
teardown(void)
{
	ipc_free(keeper);
	ipc_free(schedule);
	line_report_free(report);
	line_free(line);
	loop_free(loop);
	policy_close(policy);
	unlinkat(folder_fd, POLICY_FILE, 0);
	unlinkat(folder_fd, POLICY_FILE "-wal", 0);
	unlinkat(folder_fd, POLICY_FILE "-shm", 0);
	close(folder_fd);
	rmdir(folder);
}

START_TEST(a_month_that_has_ended_is_reported_once)
{
	carry(OCTOBER, fetch, 1000, 24);
	look_at(NOVEMBER - HOUR);	/* it has not */
	ck_assert_uint_eq(sent, 0);
	look_at(NOVEMBER + MINUTE);	/* its last figures may be on the way */
	ck_assert_uint_eq(sent, 0);
	look_at(NOVEMBER + 11 * MINUTE);
	ck_assert_uint_eq(sent, 1);
	look_at(NOVEMBER + 21 * MINUTE);	/* not in the queue yet */
	ck_assert_uint_eq(noted, 0);
	where = 1;
	look_at(NOVEMBER + 31 * MINUTE);
	ck_assert_uint_eq(noted, 1);
	ck_assert_uint_eq(noted_month, OCTOBER);
	for (int64_t i = 1; i < 20; i++)
		look_at(NOVEMBER + i * 24 * HOUR);
	ck_assert_uint_eq(sent, 1);
	ck_assert_uint_eq(noted, 1);
	/* once before it, for the months until then; twice in November */
	ck_assert_uint_eq(asked, 3);
}
END_TEST

START_TEST(the_report_has_the_figures)
{
	carry(OCTOBER, fetch, 1000, 24);
	carry(OCTOBER, 0, 200, 0);
	carry(OCTOBER - 1, fetch, 9999, 9999);
	look_at(NOVEMBER);
	look_at(NOVEMBER + 10 * MINUTE);
	ck_assert_uint_eq(told.year, 2026);
	ck_assert_uint_eq(told.month, 10);
	ck_assert_uint_eq(told.in, 1200);
	ck_assert_uint_eq(told.out, 24);
	ck_assert_uint_eq(told.budget, 5000);
	ck_assert_uint_eq(told.skipped, 10);
	ck_assert_uint_eq(told.shared, 12);
	ck_assert_uint_eq(told.compressed, 14);
	ck_assert_uint_eq(told.deferred, 16);
	ck_assert_uint_eq(told.cause_count, 2);
	ck_assert_int_eq(told_causes[0].cause, SAY_CAUSE_LISTING);
	ck_assert_uint_eq(told_causes[0].out, 24);
	ck_assert_int_eq(told_causes[1].cause, SAY_CAUSE_MAIL);
	ck_assert_uint_eq(told_causes[1].in, 1200);
	ck_assert_uint_eq(told.account_count, 2);
	ck_assert_str_eq(told_name, "ann@office.test provider");
	ck_assert_uint_eq(told_accounts[0].in, 1000);
	ck_assert_uint_eq(told_accounts[0].out, 24);
	ck_assert_uint_eq(told_accounts[1].name.len, 0);
	ck_assert_int_eq(told_accounts[1].cause, SAY_LINE_NO_ACCOUNT);
	ck_assert_uint_eq(told_accounts[1].in, 200);
}
END_TEST

/* Accounts that are gone have figures still. */
START_TEST(of_many_accounts_the_largest_are_named)
{
	for (uint64_t i = 0; i < 25; i++)
		carry(OCTOBER, 1000 + i, 1 + (i * 7) % 25, 0);
	carry(OCTOBER, fetch, 500, 0);
	look_at(NOVEMBER);
	look_at(NOVEMBER + 10 * MINUTE);
	ck_assert_uint_eq(told.account_count, 26);
	ck_assert_str_eq(told_name, "ann@office.test provider");
	for (unsigned i = 1; i < NOTICE_MOST; i++)
		ck_assert_uint_eq(told_accounts[i].in, 26 - i);
}
END_TEST

START_TEST(a_month_in_which_the_hub_was_off_at_its_end_is_reported)
{
	carry(OCTOBER - 1, fetch, 1, 1);
	look_at(NOVEMBER - HOUR);
	ck_assert_uint_eq(sent, 1);
	ck_assert_uint_eq(told.month, 9);
}
END_TEST

START_TEST(who_could_not_is_asked_again)
{
	carry(OCTOBER, fetch, 1, 1);
	keeper_is_mute = true;
	look_at(NOVEMBER);
	look_at(NOVEMBER + 10 * MINUTE);
	ck_assert_uint_eq(asked, 1);
	ck_assert_uint_eq(sent, 0);
	keeper_is_mute = false;
	send_status = -ENOMEM;
	look_at(NOVEMBER + 20 * MINUTE);
	ck_assert_uint_eq(sent, 0);
	send_status = 0;
	look_at(NOVEMBER + 30 * MINUTE);
	ck_assert_uint_eq(sent, 1);
	where = -ENOENT;	/* the postmaster went meanwhile */
	look_at(NOVEMBER + 40 * MINUTE);
	ck_assert_uint_eq(noted, 0);
	look_at(NOVEMBER + 50 * MINUTE);
	ck_assert_uint_eq(sent, 2);
}
END_TEST

/* It ends before the queue has it: the next one says it. */
START_TEST(a_restart_loses_no_report)
{
	carry(OCTOBER, fetch, 1, 1);
	look_at(NOVEMBER);
	look_at(NOVEMBER + 10 * MINUTE);
	ck_assert_uint_eq(sent, 1);
	line_report_free(report);
	report = line_report_new(loop, line, &ports);
	look_at(NOVEMBER + 20 * MINUTE);
	ck_assert_uint_eq(asked, 1);
	line_report_keeper(report, keeper);
	look_at(NOVEMBER + 30 * MINUTE);
	ck_assert_uint_eq(sent, 2);
	where = 1;
	look_at(NOVEMBER + 40 * MINUTE);
	ck_assert_uint_eq(noted, 1);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("programs/line_report");
	TCase *tests = tcase_create("line_report");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_month_that_has_ended_is_reported_once);
	tcase_add_test(tests, the_report_has_the_figures);
	tcase_add_test(tests, of_many_accounts_the_largest_are_named);
	tcase_add_test(tests,
	    a_month_in_which_the_hub_was_off_at_its_end_is_reported);
	tcase_add_test(tests, who_could_not_is_asked_again);
	tcase_add_test(tests, a_restart_loses_no_report);
	suite_add_tcase(suite, tests);
	return suite;
}
