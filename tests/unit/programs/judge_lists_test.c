/*
 * judge_lists_test.c - lists in DNS are asked, and nobody waits for them long
 *
 * The whole role, over real channels; the test is the queue and the resolver.
 */
#include "programs/judge_lists.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fetch/service.h"
#include "filters/judge.h"
#include "lib/base/memfd.h"
#include "lib/base/names.h"
#include "tests/unit/programs/play.h"
#include "tests/unit/unit.h"

#define MESSAGE	"From: a@b.example\r\nSubject: hello\r\n\r\ntext\r\n"
/* Questions for more places than there are. */
#define LINKS	MESSAGE "http://1.example http://2.example http://3.example " \
    "http://4.example http://5.example http://6.example http://7.example " \
    "http://8.example http://9.example\r\n"
#define MANY	20
#define LISTS	"bad bad.example refuse; ok ok.example allow"

static const struct ipc_rule nothing[] = { { 0 } };
static struct play play;
static struct ipc *queue;

/* How a list behaves. */
enum how {
	RIGHT, LISTS_ALL, LISTS_NONE, REFUSES, FOR_SALE, SILENT, SERVFAIL,
	NONSENSE
};

static struct {
	enum how	 bad, ok;
	const char	*listed;	/* by bad, beside what has to be */
	const char	*allowed;	/* by ok */
	unsigned	 asked, trials;
	unsigned	 waiting;	/* questions not answered */
} dns;

static struct {
	unsigned	count, refused;
	struct verdict	verdict;
} heard;

/* The record of a name below a list that is like that; empty: none. */
static struct slice
record_of(enum how how, struct slice what, const char *listed)
{
	bool is_trial = slice_is_str(what, "2.0.0.127.");

	dns.trials += slice_has_suffix(what, ".0.0.127.");
	switch (how) {
	case LISTS_ALL:
		return slice_of("\x7f\0\0\2", 4);
	case REFUSES:
		return slice_of("\x7f\xff\xff\xfe", 4);
	case FOR_SALE:
		return slice_of("\xc0\0\2\1", 4);
	case LISTS_NONE:
		is_trial = false;
		break;
	default:
		break;
	}
	return is_trial || (listed != NULL && slice_is_str(what, listed)) ?
	    slice_of("\x7f\0\0\4", 4) : slice_of(NULL, 0);
}

static int
on_records(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	unsigned kind = unpack_enum(&u, NAMES_KINDS);
	struct slice name = unpack_slice(&u), record;
	bool is_bad = slice_has_suffix(name, "bad.example");
	enum how how = is_bad ? dns.bad : dns.ok;
	TEXT_AUTO body = TEXT_INIT(512);

	(void)arg;
	ck_assert(unpack_is_done(&u));
	ck_assert_uint_eq(kind, NAMES_A);
	dns.asked++;
	if (how == SILENT) {
		dns.waiting++;
		return 0;
	}
	record = record_of(how, slice_first(name, name.len -
	    strlen(is_bad ? "bad.example" : "ok.example")),
	    is_bad ? dns.listed : dns.allowed);
	pack_u8(&body, how == NONSENSE ? 99 : how == SERVFAIL ? NAMES_LATER :
	    record.len > 0 ? NAMES_FOUND : NAMES_NONE);
	pack_u8(&body, 0);
	pack_u32(&body, record.len > 0);
	if (record.len > 0)
		pack_slice(&body, record);
	ck_assert_int_eq(ipc_reply(from, message->serial, text_slice(&body),
	    NULL, 0), 0);
	return 0;
}

static const struct ipc_rule resolver_rules[] = {
{ RESOLVER_RECORDS, "RECORDS", FROM(ROLE_JUDGE), IPC_REQUEST, 0, 0,
    on_records },
{ 0 }
};

static struct ipc *
resolver_comes(void)
{
	struct ipc *resolver = play_peer(&play, ROLE_RESOLVER, 0,
	    resolver_rules, NULL);

	play_run(&play, 50);
	return resolver;
}

static void
set_up_lists(const char *lists)
{
	memset(&play, 0, sizeof(play));
	memset(&heard, 0, sizeof(heard));
	memset(&dns, 0, sizeof(dns));
	dns.listed = "9.2.0.192.";
	clock_set(1000, 1000);
	play.process.config.hops = 1;
	(void)snprintf(play.process.config.dns_lists,
	    sizeof(play.process.config.dns_lists), "%s", lists);
	(void)snprintf(play.process.config.trusted_hosts,
	    sizeof(play.process.config.trusted_hosts), "198.51.100.0/24");
	play_begin(&play, &judge_code);
	queue = play_peer(&play, ROLE_QUEUE, 0, nothing, NULL);
}

static void
set_up(void)
{
	set_up_lists(LISTS);
}

static void
tear_down(void)
{
	ipc_free(queue);
	play_run(&play, 10);
	play_end(&play);
}

static void
hear(void *arg, int status, struct ipc_message *message)
{
	(void)arg;
	if (status < 0)
		return;
	heard.count++;
	ck_assert_int_eq(verdict_unpack(message->body, &heard.verdict), 0);
	heard.refused += heard.verdict.action == VERDICT_REFUSE;
}

static void
bring_message(const char *peer, const char *message)
{
	struct envelope env = { .source = SOURCE_SMTP,
	    .sender = slice_str("a@b.example"), .helo = slice_str("b.example"),
	    .peer = slice_str(peer), .bytes = strlen(message) };
	TEXT_AUTO packed = TEXT_INIT(ENVELOPE_MAX_BYTES);
	int fd = memfd_of("message", slice_str(message));

	envelope_pack(&packed, &env);
	ck_assert_int_eq(ipc_ask(queue, JUDGE_MESSAGE, text_slice(&packed),
	    &fd, 1, hear, NULL), 0);
	(void)close(fd);
	play_run(&play, 100);
}

static void
bring(const char *peer)
{
	bring_message(peer, MESSAGE);
}

/* The clock goes on by that, and who looks at it looks. */
static void
pass(uint64_t ms)
{
	const uint64_t now = clock_ms() + ms;
	unsigned before = heard.count;

	clock_set(now, (int64_t)now);
	for (unsigned i = 0; i < 200 && heard.count == before; i++)
		play_run(&play, 50);
}

static void
is_line(const char *value)
{
	ck_assert_uint_eq(heard.verdict.line_count, value == NULL ? 0 : 1);
	if (value == NULL)
		return;
	ck_assert_str_eq(heard.verdict.lines[0].name, LISTED_LINE);
	ck_assert_str_eq(heard.verdict.lines[0].value, value);
}

START_TEST(who_is_on_a_list_is_refused)
{
	struct ipc *resolver = resolver_comes();

	bring("192.0.2.9");
	ck_assert_uint_eq(heard.count, 1);
	ck_assert_int_eq(heard.verdict.action, VERDICT_REFUSE);
	ck_assert_uint_eq(heard.verdict.code, 550);
	ck_assert_str_eq(heard.verdict.status, "5.7.1");
	ck_assert_str_eq(heard.verdict.reason, "192.0.2.9 is on the list bad");
	is_line("bad lists 192.0.2.9 (127.0.0.4); ok: not listed");
	bring("192.0.2.8");
	ck_assert_int_eq(heard.verdict.action, VERDICT_ACCEPT);
	is_line("bad: not listed; ok: not listed");
	ipc_free(resolver);
}
END_TEST

START_TEST(who_is_allowed_by_another_list_is_not)
{
	struct ipc *resolver = resolver_comes();

	dns.allowed = dns.listed;
	bring("192.0.2.9");
	ck_assert_int_eq(heard.verdict.action, VERDICT_ACCEPT);
	is_line("bad lists 192.0.2.9 (127.0.0.4); "
	    "ok (allow) lists 192.0.2.9 (127.0.0.4)");
	ipc_free(resolver);
}
END_TEST

START_TEST(nobody_is_asked_about_who_is_trusted)
{
	struct ipc *resolver = resolver_comes();
	unsigned before = dns.asked;

	bring("198.51.100.9");
	bring("127.0.0.1");
	ck_assert_uint_eq(heard.count, 2);
	ck_assert_uint_eq(dns.asked, before);
	is_line(NULL);
	ipc_free(resolver);
}
END_TEST

static const struct {
	enum how	 how;
	const char	*line;
} faults[] = {
	{ LISTS_ALL, "bad: it is broken, and not used; ok: not listed" },
	{ LISTS_NONE, "bad: it is broken, and not used; ok: not listed" },
	{ FOR_SALE, "bad: it is broken, and not used; ok: not listed" },
	{ REFUSES, "bad: it refuses us; ok: not listed" },
	{ SERVFAIL, "bad: no answer; ok: not listed" },
	{ NONSENSE, "bad: no answer; ok: not listed" },
};

/* RFC 5782 5: what a list has to have, and must not have */
START_TEST(a_list_that_is_none_refuses_nobody)
{
	struct ipc *resolver;

	dns.bad = faults[_i].how;
	resolver = resolver_comes();
	bring("192.0.2.9");
	ck_assert_uint_eq(heard.count, 1);
	ck_assert_int_eq(heard.verdict.action, VERDICT_ACCEPT);
	is_line(faults[_i].line);
	ipc_free(resolver);
}
END_TEST

START_TEST(a_list_that_is_right_again_is_used_again)
{
	struct ipc *resolver;

	dns.bad = LISTS_ALL;
	resolver = resolver_comes();
	bring("192.0.2.8");
	ck_assert_int_eq(heard.verdict.action, VERDICT_ACCEPT);
	dns.bad = RIGHT;
	bring("192.0.2.9");
	ck_assert_int_eq(heard.verdict.action, VERDICT_ACCEPT);
	clock_set(1000 + 3600 * 1000, 1000);
	bring("192.0.2.9");	/* by which it is tried again */
	bring("192.0.2.9");
	ck_assert_uint_eq(heard.count, 4);
	ck_assert_int_eq(heard.verdict.action, VERDICT_REFUSE);
	ipc_free(resolver);
}
END_TEST

/* It was right when it was tried, and is not now. */
START_TEST(a_list_that_turns_bad_is_not_believed)
{
	struct ipc *resolver = resolver_comes();

	dns.bad = faults[2 + _i].how;
	bring("192.0.2.8");
	ck_assert_uint_eq(heard.count, 1);
	ck_assert_int_eq(heard.verdict.action, VERDICT_ACCEPT);
	ipc_free(resolver);
}
END_TEST

START_TEST(a_silent_list_is_waited_for_no_longer_than_said)
{
	struct ipc *resolver = resolver_comes();

	dns.bad = SILENT;
	bring("192.0.2.9");
	ck_assert_uint_eq(heard.count, 0);
	pass(JUDGE_LISTS_MS - 1);
	ck_assert_uint_eq(heard.count, 0);
	pass(1);
	ck_assert_uint_eq(heard.count, 1);
	ck_assert_int_eq(heard.verdict.action, VERDICT_ACCEPT);
	is_line("bad: no answer; ok: not listed");
	ipc_free(resolver);
}
END_TEST

/* And then, for a minute, not at all. */
START_TEST(a_list_that_stays_silent_is_left_alone)
{
	struct ipc *resolver = resolver_comes();
	unsigned asked;

	dns.bad = SILENT;
	for (unsigned i = 1; i <= 3; i++) {
		bring("192.0.2.9");
		pass(JUDGE_LISTS_MS);
		ck_assert_uint_eq(heard.count, i);
	}
	asked = dns.asked;
	bring("192.0.2.9");
	ck_assert_uint_eq(heard.count, 4);
	ck_assert_uint_eq(dns.asked, asked + 1);
	is_line("bad: no answer; ok: not listed");
	clock_set(clock_ms() + 60 * 1000, 1000);
	dns.bad = RIGHT;
	bring("192.0.2.9");
	ck_assert_uint_eq(heard.count, 5);
	ck_assert_int_eq(heard.verdict.action, VERDICT_REFUSE);
	ipc_free(resolver);
}
END_TEST

/* Silent from the beginning: it was never tried, and is not believed. */
START_TEST(what_was_never_tried_is_not_used)
{
	struct ipc *resolver;

	dns.bad = SILENT;
	resolver = resolver_comes();
	bring("192.0.2.9");
	ck_assert_uint_eq(heard.count, 0);
	pass(JUDGE_LISTS_MS);
	ck_assert_uint_eq(heard.count, 1);
	is_line("bad: no answer; ok: not listed");
	ipc_free(resolver);
}
END_TEST

/* Also of those nobody waits for any more. */
START_TEST(no_more_questions_are_under_way_than_said)
{
	struct ipc *resolver = resolver_comes();

	dns.bad = SILENT;
	for (unsigned i = 0; i < 3 * JUDGE_LISTS_PLACES; i++)
		bring("192.0.2.9");
	ck_assert_uint_eq(dns.waiting, JUDGE_LISTS_PLACES);
	pass(JUDGE_LISTS_MS);
	pass(JUDGE_LISTS_MS);
	ck_assert_uint_eq(heard.count, 3 * JUDGE_LISTS_PLACES);
	ck_assert_uint_eq(dns.waiting, JUDGE_LISTS_PLACES);
	ipc_free(resolver);
}
END_TEST

/* Its questions stay unanswered, and none of them is in the other's way. */
START_TEST(a_silent_list_silences_no_other)
{
	struct ipc *resolver;

	tear_down();
	set_up_lists("ok ok.example domains; bad bad.example refuse");
	resolver = resolver_comes();
	dns.ok = SILENT;
	for (unsigned i = 0; i < MANY; i++)
		bring("192.0.2.9");
	pass(JUDGE_LISTS_MS);
	for (unsigned i = 0; i < 100 && heard.count < MANY; i++)
		play_run(&play, 50);
	ck_assert_uint_eq(heard.count, MANY);
	ck_assert_uint_eq(heard.refused, MANY);
	is_line("bad lists 192.0.2.9 (127.0.0.4); ok: no answer");
	ipc_free(resolver);
}
END_TEST

/* Whoever asked the questions that take its places. */
START_TEST(a_list_with_old_questions_is_silent_for_all)
{
	struct ipc *resolver;

	tear_down();
	set_up_lists("ok ok.example domains");
	resolver = resolver_comes();
	dns.ok = SILENT;
	for (unsigned i = 1; i <= 3; i++) {
		bring_message("192.0.2.9", LINKS);
		pass(JUDGE_LISTS_MS);
		ck_assert_uint_eq(heard.count, i);
	}
	bring_message("192.0.2.9", LINKS);
	ck_assert_uint_eq(heard.count, 4);
	is_line("ok: no answer");
	ipc_free(resolver);
}
END_TEST

/* RFC 5782 5: of domains it is another name that no list may have */
START_TEST(a_list_of_domains_is_asked_about_the_author)
{
	struct ipc *resolver;

	tear_down();
	set_up_lists("bad bad.example domains refuse; ok ok.example");
	dns.listed = "b.example.";
	dns.bad = _i == 0 ? RIGHT : LISTS_ALL;
	resolver = resolver_comes();
	bring("192.0.2.9");
	ck_assert_uint_eq(heard.count, 1);
	ck_assert_int_eq(heard.verdict.action, _i == 0 ? VERDICT_REFUSE :
	    VERDICT_ACCEPT);
	is_line(_i == 0 ? "bad lists b.example (127.0.0.4); ok: not listed" :
	    "bad: it is broken, and not used; ok: not listed");
	ipc_free(resolver);
}
END_TEST

START_TEST(a_resolver_that_is_gone_is_waited_for_and_the_next_one_asked)
{
	struct ipc *resolver = resolver_comes();

	dns.bad = SILENT;
	bring("192.0.2.9");
	ipc_free(resolver);
	play_run(&play, 50);
	ck_assert_uint_eq(heard.count, 0);
	dns.bad = RIGHT;
	resolver = resolver_comes();
	play_run(&play, 50);
	ck_assert_uint_eq(heard.count, 1);
	ck_assert_int_eq(heard.verdict.action, VERDICT_REFUSE);
	ipc_free(resolver);
}
END_TEST

START_TEST(without_a_resolver_mail_goes_on)
{
	bring("192.0.2.9");
	ck_assert_uint_eq(heard.count, 0);
	pass(JUDGE_LISTS_MS);
	ck_assert_uint_eq(heard.count, 1);
	ck_assert_int_eq(heard.verdict.action, VERDICT_ACCEPT);
	is_line("bad: no answer; ok: no answer");
}
END_TEST

START_TEST(what_a_lost_queue_asked_is_dropped)
{
	struct ipc *resolver = resolver_comes();

	dns.bad = SILENT;
	bring("192.0.2.9");
	ipc_free(queue);
	play_run(&play, 50);
	queue = play_peer(&play, ROLE_QUEUE, 0, nothing, NULL);
	dns.bad = RIGHT;
	bring("192.0.2.9");
	ck_assert_uint_eq(heard.count, 1);
	ipc_free(resolver);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("programs/judge_lists");
	TCase *tests = tcase_create("judge_lists");

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, who_is_on_a_list_is_refused);
	tcase_add_test(tests, who_is_allowed_by_another_list_is_not);
	tcase_add_test(tests, nobody_is_asked_about_who_is_trusted);
	tcase_add_loop_test(tests, a_list_that_is_none_refuses_nobody, 0,
	    sizeof(faults) / sizeof(faults[0]));
	tcase_add_test(tests, a_list_that_is_right_again_is_used_again);
	tcase_add_loop_test(tests, a_list_that_turns_bad_is_not_believed, 0,
	    4);
	tcase_add_test(tests, a_silent_list_is_waited_for_no_longer_than_said);
	tcase_add_test(tests, a_list_that_stays_silent_is_left_alone);
	tcase_add_test(tests, what_was_never_tried_is_not_used);
	tcase_add_loop_test(tests, a_list_of_domains_is_asked_about_the_author,
	    0, 2);
	tcase_add_test(tests, no_more_questions_are_under_way_than_said);
	tcase_add_test(tests, a_silent_list_silences_no_other);
	tcase_add_test(tests, a_list_with_old_questions_is_silent_for_all);
	tcase_add_test(tests,
	    a_resolver_that_is_gone_is_waited_for_and_the_next_one_asked);
	tcase_add_test(tests, without_a_resolver_mail_goes_on);
	tcase_add_test(tests, what_a_lost_queue_asked_is_dropped);
	suite_add_tcase(suite, tests);
	return suite;
}
