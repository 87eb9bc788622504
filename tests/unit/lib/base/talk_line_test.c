/*
 * talk_line_test.c - what a conversation costs the line, counted and held back
 *
 * The rate is measured by a clock that the test puts forward by exactly what the
 * conversation waits for: how fast this machine is does not matter.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/talk_inside.h"
#include "tests/unit/lib/base/peer.h"
#include "tests/unit/lib/base/provider.h"
#include "tests/unit/unit.h"

#define HOST	"pop.office.test"
#define MUCH	(256u * 1024)
#define RATE	(512u * 1024)
#define UTC	1795300000000

struct caller {
	struct talk	*talk;
	unsigned	 opened, failed;
	size_t		 read_bytes;
	bool		 drives;	/* the clock */
	unsigned	 starved;
};

static struct loop *loop;
static struct talk_hall *hall;
static struct authority authority;
static uint64_t now_ms;

static void
pass(uint64_t ms)
{
	now_ms += ms;
	clock_set(now_ms, UTC + (int64_t)now_ms);
}

static void
on_line(void *arg, struct slice line)
{
	(void)arg;
	(void)line;
}

static void
on_opened(void *arg)
{
	struct caller *caller = arg;

	caller->opened++;
}

static void
on_readable(void *arg)
{
	struct caller *caller = arg;
	char bytes[65536];
	int n;

	while ((n = talk_read(caller->talk, bytes, sizeof(bytes))) > 0)
		caller->read_bytes += (size_t)n;
	if (!caller->talk->is_starved || !caller->drives)
		return;
	/* so long it would wait, and not a moment more passes */
	caller->starved++;
	pass(bucket_wait_ms(&caller->talk->share, now_ms));
}

static void
on_failed(void *arg, enum talk_fault fault, struct slice words)
{
	struct caller *caller = arg;

	(void)words;
	ck_assert_int_eq(fault, TALK_CLOSED);
	caller->failed++;
}

static void
setup(void)
{
	const char *fault;
	char *pem;

	(void)signal(SIGPIPE, SIG_IGN);
	now_ms = 5000000;
	pass(0);
	loop = loop_new();
	authority = authority_new("Office authority");
	pem = authority_pem(&authority);
	hall = talk_hall_new(loop, slice_str(pem), &fault);
	ck_assert_ptr_nonnull(hall);
	free(pem);
}

static void
teardown(void)
{
	talk_hall_free(hall);
	authority_free(&authority);
	loop_free(loop);
}

#define GREETING	"+OK ready\r\n"
#define CAPABILITIES	"+OK\r\nUIDL\r\n.\r\n"

static const struct step much[] = {
	SAY_IT(GREETING), HEAR("CAPA\r\n"), SAY_IT(CAPABILITIES),
	HEAR("GO\r\n"), FLOOD(MUCH), HANG_UP
};
static const struct step much_tls[] = {
	SHAKE, SAY_IT(GREETING), HEAR("CAPA\r\n"), SAY_IT(CAPABILITIES),
	HEAR("GO\r\n"), FLOOD(MUCH), HANG_UP
};
static const struct step two_causes[] = {
	SAY_IT(GREETING), HEAR("CAPA\r\n"), SAY_IT(CAPABILITIES),
	HEAR("LIST\r\n"), SAY_IT("+OK\r\n.\r\n"), HEAR("RETR 1\r\n"),
	SAY_IT("+OK\r\nhello\r\n.\r\n"), WAIT, HANG_UP
};

static void
call(struct caller *caller, struct provider *provider,
    const struct step *script, SSL_CTX *tls, struct talk_counts *counts)
{
	struct talk_options options = {
		.scheme = "pop3", .host = HOST, .addresses = "127.0.0.1",
		.tls = tls == NULL ? TALK_CLEAR : TALK_IMPLICIT,
		.user = "ann", .password = "secret", .connect_ms = 60000,
		.open_ms = 60000, .counts = counts
	};
	const struct talk_events events = {
		caller, on_line, on_opened, on_readable, NULL, on_failed
	};

	provider_open(provider, AF_INET, script, tls);
	options.port = provider->port;
	ck_assert_int_eq(talk_open(hall, &options, &events, &caller->talk), 0);
	TURN_UNTIL(loop, caller->opened + caller->failed > 0);
	ck_assert_uint_eq(caller->opened, 1);
	if (script != two_causes)
		ck_assert_int_eq(talk_write(caller->talk, slice_str("GO\r\n")),
		    0);
}

/* Not more, and less only by what is not worth a turn. */
static bool
is_share(size_t bytes, uint64_t share)
{
	return bytes <= share && bytes + 2 * bucket_burst(RATE) / 4 > share;
}

START_TEST(no_more_than_its_share_and_no_less)
{
	struct caller caller = { .drives = true };
	struct provider provider;
	uint64_t began, ms;

	talk_hall_share(hall, RATE);
	call(&caller, &provider, much, NULL, NULL);
	began = now_ms;
	TURN_UNTIL(loop, caller.failed > 0);
	ms = now_ms - began;
	ck_assert_uint_eq(caller.read_bytes, MUCH);
	ck_assert_uint_ge(caller.starved, 4);
	/*
	 * By the clock that was driven; it goes on, too, while a busy machine
	 * gives the server no turn.
	 */
	ck_assert_uint_ge(ms * RATE / 1000, (uint64_t)MUCH * 90 / 100);
	ck_assert_uint_le(ms * RATE / 1000, (uint64_t)MUCH * 3);
	talk_free(caller.talk);
	provider_close(&provider);
}
END_TEST

START_TEST(while_the_clock_stands_nothing_passes)
{
	struct caller caller = { .drives = false };
	struct provider provider;

	talk_hall_share(hall, RATE);
	call(&caller, &provider, much, NULL, NULL);
	turn_ms(loop, 300);
	ck_assert_uint_eq(caller.read_bytes, 0);
	pass(100);
	TURN_UNTIL(loop, is_share(caller.read_bytes, RATE / 10));
	turn_ms(loop, 100);
	ck_assert(is_share(caller.read_bytes, RATE / 10));
	/* the limit falls: all comes, though the clock stands */
	talk_hall_share(hall, BUCKET_FREE);
	TURN_UNTIL(loop, caller.failed > 0);
	ck_assert_uint_eq(caller.read_bytes, MUCH);
	talk_free(caller.talk);
	provider_close(&provider);
}
END_TEST

START_TEST(each_has_a_share_of_its_own)
{
	struct caller callers[3] = { 0 };
	struct provider providers[3];

	talk_hall_share(hall, RATE);
	for (unsigned i = 0; i < 3; i++)
		call(&callers[i], &providers[i], much, NULL, NULL);
	pass(200);
	for (unsigned i = 0; i < 3; i++)
		TURN_UNTIL(loop, is_share(callers[i].read_bytes, RATE / 5));
	turn_ms(loop, 100);
	for (unsigned i = 0; i < 3; i++)
		ck_assert(is_share(callers[i].read_bytes, RATE / 5));
	/* one has ended: the others were told to take more */
	talk_free(callers[1].talk);
	provider_close(&providers[1]);
	talk_hall_share(hall, 2 * RATE);
	pass(100);
	for (unsigned i = 0; i < 3; i += 2)
		TURN_UNTIL(loop, is_share(callers[i].read_bytes,
		    2 * (RATE / 5)));
	turn_ms(loop, 100);
	for (unsigned i = 0; i < 3; i += 2) {
		ck_assert(is_share(callers[i].read_bytes, 2 * (RATE / 5)));
		talk_free(callers[i].talk);
		provider_close(&providers[i]);
	}
}
END_TEST

START_TEST(in_clear_each_byte_is_counted)
{
	struct talk_counts counts = { .cause = 3 };
	struct caller caller = { 0 };
	struct provider provider;

	call(&caller, &provider, much, NULL, &counts);
	TURN_UNTIL(loop, caller.failed > 0);
	ck_assert_uint_eq(counts.bytes[3].received, MUCH);
	ck_assert_uint_eq(counts.bytes[3].sent, 4);
	/* and TCP has a number for the end */
	ck_assert_uint_eq(counts.bytes[0].received,
	    strlen(GREETING CAPABILITIES) + 1);
	ck_assert_uint_eq(counts.bytes[0].sent, strlen("CAPA\r\n"));
	talk_free(caller.talk);
	provider_close(&provider);
}
END_TEST

START_TEST(each_cause_has_its_own)
{
	struct talk_counts counts = { .cause = 1 };
	struct caller caller = { 0 };
	struct provider provider;

	call(&caller, &provider, two_causes, NULL, &counts);
	ck_assert_int_eq(talk_write(caller.talk, slice_str("LIST\r\n")), 0);
	TURN_UNTIL(loop, caller.read_bytes == 8);
	counts.cause = 2;
	ck_assert_int_eq(talk_write(caller.talk, slice_str("RETR 1\r\n")), 0);
	TURN_UNTIL(loop, caller.read_bytes == 23);
	talk_free(caller.talk);
	ck_assert_uint_eq(counts.bytes[1].sent, 6);
	ck_assert_uint_eq(counts.bytes[1].received, 8);
	ck_assert_uint_eq(counts.bytes[2].sent, 8);
	ck_assert_uint_eq(counts.bytes[2].received, 15);
	ck_assert_uint_eq(counts.bytes[0].received,
	    strlen(GREETING CAPABILITIES));
	provider_close(&provider);
}
END_TEST

START_TEST(tls_costs_and_is_counted)
{
	SSL_CTX *tls = server_context(&authority, HOST, -1, 1);
	struct talk_counts counts = { .cause = 3 };
	struct caller caller = { 0 };
	struct provider provider;
	uint64_t more;

	call(&caller, &provider, much_tls, tls, &counts);
	TURN_UNTIL(loop, caller.failed > 0);
	ck_assert_uint_eq(counts.bytes[3].received, MUCH);
	/* 16 records of 16 KiB at least, each with 22 bytes more */
	more = counts.bytes[0].received;
	ck_assert_uint_ge(more, 500 + 16 * 22);
	ck_assert_uint_le(more, 8192);
	ck_assert_uint_ge(counts.bytes[0].sent, 200);
	ck_assert_uint_le(counts.bytes[0].sent, 4096);
	talk_free(caller.talk);
	provider_close(&provider);
	SSL_CTX_free(tls);
}
END_TEST

/* What has come over the line has cost, whether it was read or not. */
START_TEST(what_nobody_reads_is_counted_too)
{
	struct talk_counts counts = { .cause = 3 };
	struct caller caller = { 0 };
	struct provider provider;

	talk_hall_share(hall, RATE);
	call(&caller, &provider, much, NULL, &counts);
	turn_ms(loop, 1000);
	ck_assert_uint_eq(caller.read_bytes, 0);
	talk_free(caller.talk);
	provider_close(&provider);
	ck_assert_uint_eq(counts.bytes[3].received, 0);
	ck_assert_uint_ge(counts.bytes[0].received, 16384);
	ck_assert_uint_le(counts.bytes[0].received, MUCH + 64);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("talk_line");
	TCase *tests = tcase_create("line");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, no_more_than_its_share_and_no_less);
	tcase_add_test(tests, while_the_clock_stands_nothing_passes);
	tcase_add_test(tests, each_has_a_share_of_its_own);
	tcase_add_test(tests, in_clear_each_byte_is_counted);
	tcase_add_test(tests, each_cause_has_its_own);
	tcase_add_test(tests, tls_costs_and_is_counted);
	tcase_add_test(tests, what_nobody_reads_is_counted_too);
	suite_add_tcase(suite, tests);
	return suite;
}
