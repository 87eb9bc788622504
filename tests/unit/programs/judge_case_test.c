/*
 * judge_case_test.c - a message in hand waits for who was asked, and no longer
 *
 * The whole role, over real channels; the test is the queue and the scanner.
 */
#include "programs/judge_case.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fetch/service.h"
#include "lib/base/memfd.h"
#include "lib/base/names.h"
#include "tests/unit/programs/play.h"
#include "tests/unit/unit.h"

#define MESSAGE	"From: a@b.example\r\nSubject: hello\r\n\r\ntext\r\n"

static const struct ipc_rule nothing[] = { { 0 } };
static struct play play;
static struct ipc *queue;

/* What the scanner was asked, and how it answers. */
static struct {
	unsigned	asked;
	bool		is_silent;
	bool		is_nonsense;
	enum scan_result result;
} scanner;

/* What the resolver was asked, and how it answers. */
static struct {
	unsigned	asked;
	bool		is_silent;
	bool		is_later;
	bool		is_nonsense;
} dns;

/* What rspamd was asked, and how it answers. */
static struct {
	unsigned	asked;
	bool		is_silent, is_away, is_nonsense;
} rspamd;

/* What the queue heard. */
static struct {
	unsigned	count;
	struct verdict	verdict;
} heard;

static int
on_scan(void *arg, struct ipc *from, struct ipc_message *message)
{
	const struct scan_answer answer = scan_answer_of(scanner.result,
	    scanner.result == SCAN_VIRUS ? "Bad.One" : "", "%s",
	    scanner.result == SCAN_ENCRYPTED ? "a zip in it" : "");
	struct unpack u = unpack_of(message->body);
	TEXT_AUTO body = TEXT_INIT(SCAN_ANSWER_MAX);

	(void)arg;
	ck_assert_uint_eq(unpack_u64(&u), sizeof(MESSAGE) - 1);
	scanner.asked++;
	if (scanner.is_silent)
		return 0;
	scan_answer_pack(&body, &answer);
	if (scanner.is_nonsense)
		pack_u8(&body, 7);
	ck_assert_int_eq(ipc_reply(from, message->serial, text_slice(&body),
	    NULL, 0), 0);
	return 0;
}

static int
on_rspamd(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	TEXT_AUTO body = TEXT_INIT(512);
	struct slice head;

	(void)arg;
	ck_assert_uint_eq(unpack_u64(&u), sizeof(MESSAGE) - 1);
	head = unpack_slice(&u);
	ck_assert(unpack_is_done(&u));
	ck_assert(slice_has_prefix(head, "POST /checkv2 HTTP/1.1\r\n"));
	rspamd.asked++;
	if (rspamd.is_silent)
		return 0;
	pack_u8(&body, rspamd.is_nonsense ? 7 : !rspamd.is_away);
	pack_slice(&body, slice_str(rspamd.is_away ? "it is away" :
	    "{\"score\":16,\"action\":\"reject\",\"required_score\":15}"));
	ck_assert_int_eq(ipc_reply(from, message->serial, text_slice(&body),
	    NULL, 0), 0);
	return 0;
}

static const struct ipc_rule scanner_rules[] = {
{ SCAN_MESSAGE, "SCAN", FROM(ROLE_JUDGE), IPC_REQUEST, 1, 0, on_scan },
{ RSPAMD_MESSAGE, "RSPAMD", FROM(ROLE_JUDGE), IPC_REQUEST, 1, 0, on_rspamd },
{ 0 }
};

/* All that there is in DNS. */
static struct slice
record_of(unsigned kind, struct slice name)
{
	if (kind == NAMES_TXT && slice_is_str(name, "b.example"))
		return slice_str("v=spf1 a:out.b.example -all");
	if (kind == NAMES_A && slice_is_str(name, "out.b.example"))
		return slice_of("\xc6\x33\x64\x07", 4);
	if (kind == NAMES_PTR && slice_is_str(name,
	    "7.100.51.198.in-addr.arpa"))
		return slice_str("out.b.example");
	return slice_of(NULL, 0);
}

static int
on_records(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	unsigned kind = unpack_enum(&u, NAMES_KINDS);
	struct slice record = record_of(kind, unpack_slice(&u));
	bool is_found = record.len > 0 && !dns.is_later;
	TEXT_AUTO body = TEXT_INIT(512);

	(void)arg;
	ck_assert(unpack_is_done(&u));
	dns.asked++;
	if (dns.is_silent)
		return 0;
	pack_u8(&body, dns.is_nonsense ? 99 : dns.is_later ? NAMES_LATER :
	    is_found ? NAMES_FOUND : NAMES_NONE);
	pack_u8(&body, 0);
	pack_u32(&body, is_found);
	if (is_found)
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
	return play_peer(&play, ROLE_RESOLVER, 0, resolver_rules, NULL);
}

static struct ipc *
scanner_comes(void)
{
	return play_peer(&play, ROLE_SCAN, 0, scanner_rules, NULL);
}

static void
begin(const char *signatures, bool identity)
{
	memset(&play, 0, sizeof(play));
	memset(&scanner, 0, sizeof(scanner));
	memset(&heard, 0, sizeof(heard));
	memset(&dns, 0, sizeof(dns));
	memset(&rspamd, 0, sizeof(rspamd));
	clock_set(1000, 1000);
	play.process.config.hops = 1;
	play.process.config.identity = identity;
	(void)snprintf(play.process.config.hostname,
	    sizeof(play.process.config.hostname), "hub.test");
	(void)snprintf(play.process.config.scan_signatures,
	    sizeof(play.process.config.scan_signatures), "%s", signatures);
	(void)snprintf(play.process.config.scan_virus,
	    sizeof(play.process.config.scan_virus), "quarantine");
	(void)snprintf(play.process.config.scan_encrypted,
	    sizeof(play.process.config.scan_encrypted), "hold");
	(void)snprintf(play.process.config.scan_failed,
	    sizeof(play.process.config.scan_failed), "defer");
	play_begin(&play, &judge_code);
	queue = play_peer(&play, ROLE_QUEUE, 0, nothing, NULL);
}

static void
set_up(void)
{
	begin("/signatures", false);
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
}

#define bring(message)	bring_from(message, "198.51.100.7")

/* Bring it `message`, and let the others speak. */
static void
bring_from(const char *message, const char *peer)
{
	struct envelope env = { .source = SOURCE_SMTP,
	    .sender = slice_str("a@b.example"),
	    .helo = slice_str("out.b.example"),
	    .peer = slice_str(peer), .bytes = strlen(message) };
	TEXT_AUTO packed = TEXT_INIT(ENVELOPE_MAX_BYTES);
	int fd = memfd_of("message", slice_str(message));

	envelope_pack(&packed, &env);
	ck_assert_int_eq(ipc_ask(queue, JUDGE_MESSAGE, text_slice(&packed),
	    &fd, 1, hear, NULL), 0);
	(void)close(fd);
	play_run(&play, 100);
}

static const struct {
	enum scan_result	result;
	enum verdict_action	action;
} answers[] = {
	{ SCAN_CLEAN, VERDICT_ACCEPT },
	{ SCAN_VIRUS, VERDICT_QUARANTINE },
	{ SCAN_ENCRYPTED, VERDICT_HOLD },
};

START_TEST(the_verdict_waits_for_the_scanner)
{
	struct ipc *scan = scanner_comes();

	scanner.result = answers[_i].result;
	bring(MESSAGE);
	ck_assert_uint_eq(scanner.asked, 1);
	ck_assert_uint_eq(heard.count, 1);
	ck_assert_int_eq(heard.verdict.action, answers[_i].action);
	ck_assert_str_eq(heard.verdict.subject, "hello");
	ipc_free(scan);
}
END_TEST

/* RFC 5321 6.3: what goes in a circle ends, whatever is in it */
START_TEST(nobody_is_asked_about_what_is_refused)
{
	struct ipc *scan = scanner_comes();

	bring("Received: a\r\nReceived: b\r\n" MESSAGE);
	ck_assert_uint_eq(scanner.asked, 0);
	ck_assert_uint_eq(heard.count, 1);
	ck_assert_int_eq(heard.verdict.action, VERDICT_REFUSE);
	ipc_free(scan);
}
END_TEST

START_TEST(a_scanner_that_is_gone_is_waited_for_and_the_next_one_asked)
{
	struct ipc *scan = scanner_comes();

	scanner.is_silent = true;
	bring(MESSAGE);
	ck_assert_uint_eq(scanner.asked, 1);
	ipc_free(scan);
	play_run(&play, 50);
	ck_assert_uint_eq(heard.count, 0);
	scanner.is_silent = false;
	scan = scanner_comes();
	play_run(&play, 100);
	ck_assert_uint_eq(scanner.asked, 2);
	ck_assert_uint_eq(heard.count, 1);
	ck_assert_int_eq(heard.verdict.action, VERDICT_ACCEPT);
	ipc_free(scan);
}
END_TEST

START_TEST(a_scanner_that_does_not_come_is_an_answer)
{
	bring(MESSAGE);
	ck_assert_uint_eq(heard.count, 0);
	clock_set(60000, 60000);
	for (unsigned i = 0; i < 600 && heard.count == 0; i++)
		play_run(&play, 100);
	ck_assert_uint_eq(heard.count, 1);
	ck_assert_int_eq(heard.verdict.action, VERDICT_DEFER);
	ck_assert_uint_eq(heard.verdict.code, 451);
}
END_TEST

START_TEST(nonsense_from_the_scanner_is_not_scanned)
{
	struct ipc *scan = scanner_comes();

	scanner.is_nonsense = true;
	bring(MESSAGE);
	ck_assert_uint_eq(heard.count, 1);
	ck_assert_int_eq(heard.verdict.action, VERDICT_DEFER);
	ipc_free(scan);
}
END_TEST

/* Its reply could not be sent: the channel had no room, or memory was out. */
START_TEST(an_answer_of_the_scanner_that_is_lost_keeps_no_mail)
{
	struct ipc *scan = scanner_comes();

	scanner.is_silent = true;
	bring(MESSAGE);
	ck_assert_uint_eq(scanner.asked, 1);
	clock_set(clock_ms() + 3600000, 60000);
	for (unsigned i = 0; i < 100 && heard.count == 0; i++)
		play_run(&play, 100);
	ck_assert_uint_eq(heard.count, 1);
	ck_assert_int_eq(heard.verdict.action, VERDICT_DEFER);
	ck_assert_ptr_nonnull(strstr(heard.verdict.reason,
	    "no answer of the virus scanner came"));
	ipc_free(scan);
}
END_TEST

/* A queue that is back asks again; nobody hears of what the old one asked. */
START_TEST(what_a_lost_queue_asked_is_dropped)
{
	struct ipc *scan = scanner_comes();

	scanner.is_silent = true;
	bring(MESSAGE);
	ipc_free(queue);
	play_run(&play, 50);
	queue = play_peer(&play, ROLE_QUEUE, 0, nothing, NULL);
	scanner.is_silent = false;
	bring(MESSAGE);
	ck_assert_uint_eq(scanner.asked, 2);
	ck_assert_uint_eq(heard.count, 1);
	ipc_free(scan);
}
END_TEST

static void
set_up_rspamd(void)
{
	begin("", false);
	tear_down();
	(void)snprintf(play.process.config.rspamd,
	    sizeof(play.process.config.rspamd), "/rspamd");
	(void)snprintf(play.process.config.rspamd_action,
	    sizeof(play.process.config.rspamd_action), "hold");
	(void)snprintf(play.process.config.rspamd_failed,
	    sizeof(play.process.config.rspamd_failed), "mark");
	play_begin(&play, &judge_code);
	queue = play_peer(&play, ROLE_QUEUE, 0, nothing, NULL);
}

static const struct {
	bool			 is_away, is_nonsense;
	enum verdict_action	 action;
	const char		*line;
} rspamds[] = {
	{ false, false, VERDICT_HOLD, "reject, 16.00 of 15.00" },
	{ true, false, VERDICT_MARK, "not asked (it is away)" },
	{ false, true, VERDICT_MARK, "not asked (the scanner's answer makes "
	    "no sense)" },
};

START_TEST(the_verdict_waits_for_rspamd)
{
	struct ipc *scan = scanner_comes();

	rspamd.is_away = rspamds[_i].is_away;
	rspamd.is_nonsense = rspamds[_i].is_nonsense;
	bring(MESSAGE);
	ck_assert_uint_eq(scanner.asked, 0);
	ck_assert_uint_eq(rspamd.asked, 1);
	ck_assert_uint_eq(heard.count, 1);
	ck_assert_int_eq(heard.verdict.action, rspamds[_i].action);
	ck_assert_uint_eq(heard.verdict.line_count, 1);
	ck_assert_str_eq(heard.verdict.lines[0].value, rspamds[_i].line);
	ipc_free(scan);
}
END_TEST

START_TEST(rspamd_is_asked_anew_when_who_asks_it_was_gone)
{
	struct ipc *scan = scanner_comes();

	rspamd.is_silent = true;
	bring(MESSAGE);
	ck_assert_uint_eq(rspamd.asked, 1);
	ipc_free(scan);
	play_run(&play, 50);
	ck_assert_uint_eq(heard.count, 0);
	rspamd.is_silent = false;
	scan = scanner_comes();
	play_run(&play, 100);
	ck_assert_uint_eq(rspamd.asked, 2);
	ck_assert_uint_eq(heard.count, 1);
	ipc_free(scan);
}
END_TEST

START_TEST(without_who_asks_rspamd_mail_goes_on)
{
	bring(MESSAGE);
	ck_assert_uint_eq(heard.count, 0);
	clock_set(60000, 60000);
	for (unsigned i = 0; i < 600 && heard.count == 0; i++)
		play_run(&play, 100);
	ck_assert_uint_eq(heard.count, 1);
	ck_assert_int_eq(heard.verdict.action, VERDICT_MARK);
	ck_assert_str_eq(heard.verdict.lines[0].value,
	    "not asked (who would ask it does not run)");
}
END_TEST

/* Its reply could not be sent: the channel had no room, or memory was out. */
START_TEST(an_answer_of_rspamds_that_is_lost_keeps_no_mail)
{
	struct ipc *scan = scanner_comes();

	rspamd.is_silent = true;
	bring(MESSAGE);
	ck_assert_uint_eq(rspamd.asked, 1);
	clock_set(clock_ms() + 3600000, 60000);
	for (unsigned i = 0; i < 100 && heard.count == 0; i++)
		play_run(&play, 100);
	ck_assert_uint_eq(heard.count, 1);
	ck_assert_str_eq(heard.verdict.lines[0].value,
	    "not asked (no answer came)");
	ipc_free(scan);
}
END_TEST

static void
set_up_identity(void)
{
	begin("", true);
}

static const struct {
	const char	*peer;
	bool		 is_later, is_nonsense;
	const char	*results;
} results[] = {
	{ "198.51.100.7", false, false, "hub.test; dmarc=none "
	    "header.from=b.example; spf=pass smtp.mailfrom=b.example; "
	    "spf=none smtp.helo=out.b.example; "
	    "iprev=pass policy.iprev=198.51.100.7; arc=none; "
	    "dkim=none" },
	{ "198.51.100.8", false, false, "hub.test; dmarc=none "
	    "header.from=b.example; spf=fail smtp.mailfrom=b.example; "
	    "spf=none smtp.helo=out.b.example; "
	    "iprev=permerror policy.iprev=198.51.100.8; arc=none; "
	    "dkim=none" },
	/* nobody can say: that is no reason to refuse */
	{ "198.51.100.7", true, false, "hub.test; dmarc=temperror "
	    "header.from=b.example; spf=temperror smtp.mailfrom=b.example; "
	    "spf=temperror smtp.helo=out.b.example; "
	    "iprev=temperror policy.iprev=198.51.100.7; arc=none; "
	    "dkim=none" },
	{ "198.51.100.7", false, true, "hub.test; dmarc=temperror "
	    "header.from=b.example; spf=temperror smtp.mailfrom=b.example; "
	    "spf=temperror smtp.helo=out.b.example; "
	    "iprev=temperror policy.iprev=198.51.100.7; arc=none; "
	    "dkim=none" },
	/* who is of our own net is nobody that a domain could speak of */
	{ "192.168.1.9", false, false, "hub.test; dkim=none" },
};

START_TEST(who_sent_it_is_looked_up_and_told)
{
	struct ipc *resolver = resolver_comes();

	dns.is_later = results[_i].is_later;
	dns.is_nonsense = results[_i].is_nonsense;
	bring_from(MESSAGE, results[_i].peer);
	ck_assert_uint_eq(heard.count, 1);
	ck_assert_int_eq(heard.verdict.action, VERDICT_ACCEPT);
	ck_assert_uint_eq(heard.verdict.line_count, 1);
	ck_assert_str_eq(heard.verdict.lines[0].name, VERDICT_RESULTS);
	ck_assert_str_eq(heard.verdict.lines[0].value, results[_i].results);
	ipc_free(resolver);
}
END_TEST

START_TEST(a_resolver_that_is_gone_is_waited_for_and_the_next_one_asked)
{
	struct ipc *resolver = resolver_comes();
	unsigned asked;

	dns.is_silent = true;
	bring(MESSAGE);
	asked = dns.asked;
	ck_assert_uint_gt(asked, 0);
	ipc_free(resolver);
	play_run(&play, 50);
	ck_assert_uint_eq(heard.count, 0);
	dns.is_silent = false;
	resolver = resolver_comes();
	play_run(&play, 100);
	ck_assert_uint_gt(dns.asked, asked);
	ck_assert_uint_eq(heard.count, 1);
	ck_assert_str_eq(heard.verdict.lines[0].value, results[0].results);
	ipc_free(resolver);
}
END_TEST

/* RFC 7208 4.6.4: a limit on the time it takes, and what it says then */
START_TEST(dns_that_does_not_answer_is_waited_for_no_longer_than_said)
{
	struct ipc *resolver = resolver_comes();

	dns.is_silent = true;
	bring(MESSAGE);
	ck_assert_uint_eq(heard.count, 0);
	clock_set(60000, 60000);
	for (unsigned i = 0; i < 600 && heard.count == 0; i++)
		play_run(&play, 100);
	ck_assert_uint_eq(heard.count, 1);
	ck_assert_int_eq(heard.verdict.action, VERDICT_ACCEPT);
	ck_assert_str_eq(heard.verdict.lines[0].value, results[2].results);
	ipc_free(resolver);
}
END_TEST

/* More at one time than the resolver takes of one judge. */
START_TEST(questions_wait_until_there_is_room_for_them)
{
	struct ipc *resolver = resolver_comes();

	dns.is_silent = true;
	for (unsigned i = 0; i < 30; i++)
		bring(MESSAGE);
	ck_assert_uint_eq(dns.asked, 40);
	ipc_free(resolver);
	play_run(&play, 50);
	dns.is_silent = false;
	resolver = resolver_comes();
	for (unsigned i = 0; i < 600 && heard.count < 30; i++)
		play_run(&play, 100);
	ck_assert_uint_eq(heard.count, 30);
	ck_assert_str_eq(heard.verdict.lines[0].value, results[0].results);
	ipc_free(resolver);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("programs/judge_case");
	TCase *tests = tcase_create("judge_case");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, the_verdict_waits_for_the_scanner, 0, 3);
	tcase_add_test(tests, nobody_is_asked_about_what_is_refused);
	tcase_add_test(tests,
	    a_scanner_that_is_gone_is_waited_for_and_the_next_one_asked);
	tcase_add_test(tests, a_scanner_that_does_not_come_is_an_answer);
	tcase_add_test(tests, nonsense_from_the_scanner_is_not_scanned);
	tcase_add_test(tests,
	    an_answer_of_the_scanner_that_is_lost_keeps_no_mail);
	tcase_add_test(tests, what_a_lost_queue_asked_is_dropped);
	suite_add_tcase(suite, tests);
	tests = tcase_create("rspamd");
	tcase_add_checked_fixture(tests, set_up_rspamd, tear_down);
	tcase_add_loop_test(tests, the_verdict_waits_for_rspamd, 0, 3);
	tcase_add_test(tests,
	    rspamd_is_asked_anew_when_who_asks_it_was_gone);
	tcase_add_test(tests, without_who_asks_rspamd_mail_goes_on);
	tcase_add_test(tests, an_answer_of_rspamds_that_is_lost_keeps_no_mail);
	suite_add_tcase(suite, tests);
	tests = tcase_create("identity");
	tcase_add_checked_fixture(tests, set_up_identity, tear_down);
	tcase_add_loop_test(tests, who_sent_it_is_looked_up_and_told, 0,
	    (int)(sizeof(results) / sizeof(results[0])));
	tcase_add_test(tests,
	    a_resolver_that_is_gone_is_waited_for_and_the_next_one_asked);
	tcase_add_test(tests,
	    dns_that_does_not_answer_is_waited_for_no_longer_than_said);
	tcase_add_test(tests, questions_wait_until_there_is_room_for_them);
	suite_add_tcase(suite, tests);
	return suite;
}
