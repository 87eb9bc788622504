/*
 * judge_bodies_test.c - the judge role compares, and has keys looked up
 *
 * The whole role, over real channels; the test is the queue and the resolver.
 */
#include <string.h>
#include <unistd.h>

#include "fetch/service.h"
#include "filters/auth/same_body.h"
#include "filters/judge.h"
#include "lib/base/memfd.h"
#include "lib/base/names.h"
#include "tests/unit/filters/auth/signer.h"
#include "tests/unit/programs/play.h"
#include "tests/unit/unit.h"

#define TAGS	"v=1; a=rsa-sha256; c=relaxed/relaxed; d=news.example; s=k; " \
		"h=From:To:Subject"
#define FIELDS	"From: news@news.example\r\nTo: ann@office.test\r\n" \
		"Subject: news\r\n"
#define BODY	"What is new.\r\n"
#define TWIN	"What is old.\r\n"

static const struct ipc_rule nothing[] = { { 0 } };
static struct play play;
static struct ipc *queue, *resolver;
static struct signer signer;

/* What the resolver was asked, and how it answers. */
static struct {
	unsigned	asked;
	uint64_t	serial;		/* of the last question */
	bool		is_silent;
	enum names_found found;
	bool		is_nonsense;
	struct text	record;
} dns;

/* What the queue heard. */
static struct heard {
	unsigned	count;
	int		status;
	bool		is_same;
	enum dkim_reason reason;
} heard;

static int
on_text(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	TEXT_AUTO body = TEXT_INIT(8192);

	(void)arg;
	ck_assert(slice_is_str(unpack_slice(&u), "k._domainkey.news.example"));
	ck_assert(unpack_is_done(&u));
	dns.asked++;
	dns.serial = message->serial;
	if (dns.is_silent)
		return 0;
	pack_u8(&body, dns.is_nonsense ? 99 : (uint8_t)dns.found);
	pack_u8(&body, 0);
	pack_u32(&body, dns.found == NAMES_FOUND);
	if (dns.found == NAMES_FOUND)
		pack_slice(&body, text_slice(&dns.record));
	ck_assert_int_eq(ipc_reply(from, message->serial, text_slice(&body),
	    NULL, 0), 0);
	return 0;
}

static const struct ipc_rule resolver_rules[] = {
{ RESOLVER_TEXT, "TEXT", FROM(ROLE_JUDGE), IPC_REQUEST, 0, 0, on_text },
{ 0 }
};

static void
set_up(void)
{
	memset(&play, 0, sizeof(play));
	memset(&dns, 0, sizeof(dns));
	memset(&heard, 0, sizeof(heard));
	signer_open(&signer);
	dns.record = (struct text)TEXT_INIT(4096);
	signer_record(signer.rsa, "v=DKIM1; p=KEY", &dns.record);
	play.process.config.hops = 100;
	play_begin(&play, &judge_code);
	queue = play_peer(&play, ROLE_QUEUE, 0, nothing, NULL);
	resolver = play_peer(&play, ROLE_RESOLVER, 0, resolver_rules, NULL);
}

static void
tear_down(void)
{
	ipc_free(queue);
	ipc_free(resolver);
	play_run(&play, 10);
	play_end(&play);
	text_free(&dns.record);
	signer_close(&signer);
}

static void
hear(void *arg, int status, struct ipc_message *message)
{
	struct same_body_answer answer = { .is_same = false };

	(void)arg;
	heard.count++;
	heard.status = status;
	if (status < 0)
		return;
	ck_assert_int_eq(same_body_answer_unpack(message->body, &answer), 0);
	heard.is_same = answer.is_same;
	heard.reason = answer.reason;
}

/* Show it a header whose body is `there`, and a message with BODY. */
static void
show(const char *there, uint64_t more)
{
	TEXT_AUTO whole = TEXT_INIT(65536), other = TEXT_INIT(65536);
	TEXT_AUTO packed = TEXT_INIT(64);
	struct same_body_ask ask;
	int fds[2];

	signer_write(&signer, signer.rsa, TAGS, FIELDS, BODY, &whole);
	signer_write(&signer, signer.rsa, TAGS, FIELDS, there, &other);
	ask = (struct same_body_ask){
		.header_bytes = other.len - strlen(there) + more,
		.whole_bytes = whole.len, .body_at = whole.len - strlen(BODY)
	};
	fds[0] = memfd_of("header", slice_first(text_slice(&other),
	    other.len - strlen(there)));
	fds[1] = memfd_of("whole", text_slice(&whole));
	same_body_ask_pack(&packed, &ask);
	ck_assert_int_eq(ipc_ask(queue, JUDGE_SAME_BODY, text_slice(&packed),
	    fds, 2, hear, NULL), 0);
	(void)close(fds[0]);
	(void)close(fds[1]);
	play_run(&play, 100);
}

START_TEST(a_body_is_the_same_when_the_key_that_is_looked_up_says_so)
{
	show(BODY, 0);
	ck_assert_uint_eq(dns.asked, 1);
	ck_assert_uint_eq(heard.count, 1);
	ck_assert(heard.is_same);
}
END_TEST

START_TEST(of_a_twin_nothing_is_looked_up)
{
	show(TWIN, 0);
	ck_assert_uint_eq(dns.asked, 0);
	ck_assert_uint_eq(heard.count, 1);
	ck_assert(!heard.is_same);
	ck_assert_int_eq(heard.reason, DKIM_BODY_CHANGED);
}
END_TEST

static const struct {
	enum names_found found;
	bool		 is_nonsense;
	enum dkim_reason reason;
} failures[] = {
	{ NAMES_NONE, false, DKIM_NO_KEY },
	{ NAMES_LATER, false, DKIM_KEY_LATER },
	{ NAMES_FOUND, true, DKIM_KEY_LATER },
};

START_TEST(without_a_key_it_is_not)
{
	dns.found = failures[_i].found;
	dns.is_nonsense = failures[_i].is_nonsense;
	show(BODY, 0);
	ck_assert_uint_eq(heard.count, 1);
	ck_assert(!heard.is_same);
	ck_assert_int_eq(heard.reason, failures[_i].reason);
}
END_TEST

/* It ends before it answers, or is not there. */
START_TEST(without_a_resolver_nobody_waits)
{
	dns.is_silent = true;
	if (_i == 1) {
		ipc_free(resolver);
		resolver = NULL;
		play_run(&play, 20);
	}
	show(BODY, 0);
	if (_i == 0) {
		ck_assert_uint_eq(heard.count, 0);
		ipc_free(resolver);
		resolver = NULL;
		play_run(&play, 50);
	}
	ck_assert_uint_eq(heard.count, 1);
	ck_assert_int_eq(heard.status, 0);
	ck_assert(!heard.is_same);
	ck_assert_int_eq(heard.reason, DKIM_KEY_LATER);
}
END_TEST

/* The queue is gone while a key is looked up: its answer finds nobody. */
START_TEST(who_asked_and_is_gone_is_forgotten)
{
	TEXT_AUTO body = TEXT_INIT(8192);

	dns.is_silent = true;
	show(BODY, 0);
	ck_assert_uint_eq(dns.asked, 1);
	ipc_free(queue);
	play_run(&play, 20);
	heard.count = 0;
	pack_u8(&body, NAMES_NONE);
	pack_u8(&body, 0);
	pack_u32(&body, 0);
	ck_assert_int_eq(ipc_reply(resolver, dns.serial, text_slice(&body),
	    NULL, 0), 0);
	play_run(&play, 50);
	ck_assert_uint_eq(heard.count, 0);
	/* and the next queue is answered */
	queue = play_peer(&play, ROLE_QUEUE, 0, nothing, NULL);
	dns.is_silent = false;
	show(BODY, 0);
	ck_assert_uint_eq(heard.count, 1);
	ck_assert(heard.is_same);
}
END_TEST

START_TEST(a_size_that_is_not_that_of_the_bytes_is_a_breach)
{
	show(BODY, 1);
	ck_assert_uint_eq(play.breaches, 1);
	ck_assert_uint_eq(heard.count, 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("programs/judge_bodies");
	TCase *tcase = tcase_create("judge_bodies");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase,
	    a_body_is_the_same_when_the_key_that_is_looked_up_says_so);
	tcase_add_test(tcase, of_a_twin_nothing_is_looked_up);
	tcase_add_loop_test(tcase, without_a_key_it_is_not, 0,
	    (int)(sizeof(failures) / sizeof(*failures)));
	tcase_add_loop_test(tcase, without_a_resolver_nobody_waits, 0, 2);
	tcase_add_test(tcase, who_asked_and_is_gone_is_forgotten);
	tcase_add_test(tcase, a_size_that_is_not_that_of_the_bytes_is_a_breach);
	suite_add_tcase(suite, tcase);
	return suite;
}
