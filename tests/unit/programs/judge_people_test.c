/*
 * judge_people_test.c - what is sent on is sealed, or goes as it is
 *
 * The whole role, over real channels; the test is the queue, a resolver that knows
 * no name, and the keeper, with a key.
 */
#include "programs/judge_people.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fetch/service.h"
#include "lib/base/memfd.h"
#include "lib/base/names.h"
#include "policy/keeper.h"
#include "tests/unit/filters/auth/signer.h"
#include "tests/unit/programs/play.h"
#include "tests/unit/unit.h"

#define MESSAGE	"From: a@b.example\r\nSubject: hello\r\n\r\ntext\r\n"

static const struct ipc_rule nothing[] = { { 0 } };
static struct play play;
static struct ipc *queue;
static struct signer signer;

/* What the queue heard. */
static struct {
	unsigned	count;
	struct verdict	verdict;
} heard;

static int
on_records(void *arg, struct ipc *from, struct ipc_message *message)
{
	TEXT_AUTO body = TEXT_INIT(16);

	(void)arg;
	pack_u8(&body, NAMES_NONE);
	pack_u8(&body, 0);
	pack_u32(&body, 0);
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

static void
hear(void *arg, int status, struct ipc_message *message)
{
	(void)arg;
	ck_assert_int_eq(status, 0);
	heard.count++;
	ck_assert_int_eq(verdict_unpack(message->body, &heard.verdict), 0);
}

/* What the keeper was asked, and how it answers. */
static struct {
	unsigned	asked, signs;
	bool		has_no_key, is_silent, is_nonsense, signs_nothing;
} keeper;

static int
on_sealer(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	TEXT_AUTO body = TEXT_INIT(512);

	(void)arg;
	/* each domain by which it is sent on, once */
	ck_assert(slice_is_str(unpack_slice(&u), "hub.test"));
	ck_assert(slice_is_str(unpack_slice(&u), "other.test"));
	ck_assert(unpack_is_done(&u));
	keeper.asked++;
	if (!keeper.has_no_key) {
		pack_slice(&body, slice_str("other.test"));
		pack_u8(&body, keeper.is_nonsense ? 99 : DKIM_RSA_SHA256);
		pack_slice(&body, slice_str("s"));
	}
	ck_assert_int_eq(ipc_reply(from, message->serial, text_slice(&body),
	    NULL, 0), 0);
	return 0;
}

static int
on_sign(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	TEXT_AUTO body = TEXT_INIT(1024);
	unsigned char data[512];
	struct slice hash;

	(void)arg;
	ck_assert(slice_is_str(unpack_slice(&u), "other.test"));
	ck_assert(slice_is_str(unpack_slice(&u), "s"));
	hash = unpack_bytes(&u, DKIM_HASH_BYTES);
	ck_assert(unpack_is_done(&u));
	keeper.signs++;
	if (keeper.is_silent)
		return 0;
	pack_slice(&body, slice_of(data, keeper.signs_nothing ? 0 :
	    signer_sign(signer.rsa, (const unsigned char *)hash.at, data,
	    sizeof(data))));
	ck_assert_int_eq(ipc_reply(from, message->serial, text_slice(&body),
	    NULL, 0), 0);
	return 0;
}

static const struct ipc_rule keeper_rules[] = {
{ KEEPER_SEALER, "SEALER", FROM(ROLE_JUDGE), IPC_REQUEST, 0, 0, on_sealer },
{ KEEPER_SIGN, "SIGN", FROM(ROLE_JUDGE), IPC_REQUEST, 0, 0, on_sign },
{ 0 }
};

static struct ipc *
keeper_comes(void)
{
	return play_peer(&play, ROLE_KEEPER, 0, keeper_rules, NULL);
}

static void
set_up(void)
{
	memset(&play, 0, sizeof(play));
	memset(&heard, 0, sizeof(heard));
	memset(&keeper, 0, sizeof(keeper));
	signer_open(&signer);
	clock_set(1000, 1000);
	play.process.config.hops = 1;
	play.process.config.identity = true;
	(void)snprintf(play.process.config.hostname,
	    sizeof(play.process.config.hostname), "hub.test");
	play_begin(&play, &judge_code);
	queue = play_peer(&play, ROLE_QUEUE, 0, nothing, NULL);
}

static void
tear_down(void)
{
	ipc_free(queue);
	play_run(&play, 10);
	play_end(&play);
	signer_close(&signer);
}

/* To a list, an alias and somebody here. */
static void
bring_to_pass_on(const char *message, const char *peer, unsigned by)
{
	struct recipient rcpts[] = {
		{ .address = slice_str("ann@hub.test"), .account = 7 },
		{ .address = slice_str("joe@far.test"), .by =
		    (uint8_t)(RECIPIENT_VIA | RECIPIENT_BY_LIST | by),
		  .via = slice_str("team@hub.test") },
		{ .address = slice_str("zoe@far.test"), .by =
		    (uint8_t)(RECIPIENT_VIA | RECIPIENT_BY_LIST | by),
		  .via = slice_str("team@Hub.test") },
		{ .address = slice_str("yan@far.test"), .by =
		    (uint8_t)(RECIPIENT_VIA | by),
		  .via = slice_str("sales@other.test") },
	};
	struct envelope env = { .source = SOURCE_SMTP,
	    .sender = slice_str("a@b.example"),
	    .helo = slice_str("out.b.example"), .peer = slice_str(peer),
	    .bytes = strlen(message), .recipients = rcpts,
	    .recipient_count = sizeof(rcpts) / sizeof(rcpts[0]) };
	TEXT_AUTO packed = TEXT_INIT(ENVELOPE_MAX_BYTES);
	int fd = memfd_of("message", slice_str(message));

	envelope_pack(&packed, &env);
	ck_assert_int_eq(ipc_ask(queue, JUDGE_MESSAGE, text_slice(&packed),
	    &fd, 1, hear, NULL), 0);
	(void)close(fd);
	play_run(&play, 200);
}

/* What the next hand finds of it. */
static enum arc_result
result_of_sealed(void)
{
	TEXT_AUTO whole = TEXT_INIT(65536), record = TEXT_INIT(4096);
	enum arc_result result;
	struct slice key;
	struct arc *arc;

	signer_record(signer.rsa, "v=DKIM1; p=KEY", &record);
	key = text_slice(&record);
	for (size_t i = 0; i < heard.verdict.line_count; i++)
		if (verdict_vouches(slice_str(heard.verdict.lines[i].name)))
			text_addf(&whole, "%s: %s\r\n",
			    heard.verdict.lines[i].name,
			    heard.verdict.lines[i].value);
	text_add_str(&whole, MESSAGE);
	arc = arc_new(signer.tools, 1, text_slice(&whole));
	ck_assert_ptr_nonnull(arc);
	while (arc_wants(arc) != NULL) {
		const struct dns_answer answer = { .found = DNS_FOUND,
		    .records = &key, .count = 1 };

		ck_assert_str_eq(arc_wants(arc)->name,
		    "s._domainkey.other.test");
		arc_answer(arc, &answer);
	}
	result = arc_result(arc);
	arc_free(arc);
	return result;
}

/* RFC 8617 5.1 */
START_TEST(what_is_sent_on_is_sealed)
{
	struct ipc *resolver = resolver_comes(), *asked = keeper_comes();

	bring_to_pass_on(MESSAGE, "198.51.100.7", RECIPIENT_SENT_ON);
	ck_assert_uint_eq(heard.count, 1);
	ck_assert_uint_eq(keeper.signs, 2);
	ck_assert_uint_eq(heard.verdict.line_count, 4);
	ck_assert_int_eq(result_of_sealed(), ARC_PASS);
	ipc_free(asked);
	ipc_free(resolver);
}
END_TEST

/* How it comes, to whom, and what the keeper says. */
static const struct {
	const char	*message, *peer;
	unsigned	 by;
	bool		 has_no_key, is_nonsense, signs_nothing;
	unsigned	 asked, signs;
} unsealed[] = {
	/* all who are behind it are here */
	{ MESSAGE, "198.51.100.7", 0, false, false, false, 0, 0 },
	/* one of us sends it: there is nothing that we found */
	{ MESSAGE, "192.168.1.9", RECIPIENT_SENT_ON, false, false, false, 0,
	    0 },
	{ MESSAGE, "198.51.100.7", RECIPIENT_SENT_ON, true, false, false, 1,
	    0 },
	{ MESSAGE, "198.51.100.7", RECIPIENT_SENT_ON, false, true, false, 1,
	    0 },
	{ MESSAGE, "198.51.100.7", RECIPIENT_SENT_ON, false, false, true, 1,
	    1 },
	/* a chain that was called broken before, and one to which a second
	 * author was put */
	{ "ARC-Seal: i=1; cv=fail\r\n" MESSAGE, "198.51.100.7",
	    RECIPIENT_SENT_ON, false, false, false, 1, 0 },
	{ "From: x@y.example\r\n" MESSAGE, "198.51.100.7",
	    RECIPIENT_SENT_ON, false, false, false, 1, 0 },
	/* it is refused */
	{ "Received: a\r\nReceived: b\r\n" MESSAGE, "198.51.100.7",
	    RECIPIENT_SENT_ON, false, false, false, 0, 0 },
};

START_TEST(what_cannot_be_sealed_goes_as_it_is)
{
	struct ipc *resolver = resolver_comes(), *asked = keeper_comes();

	keeper.has_no_key = unsealed[_i].has_no_key;
	keeper.is_nonsense = unsealed[_i].is_nonsense;
	keeper.signs_nothing = unsealed[_i].signs_nothing;
	bring_to_pass_on(unsealed[_i].message, unsealed[_i].peer,
	    unsealed[_i].by);
	ck_assert_uint_eq(heard.count, 1);
	ck_assert_uint_eq(keeper.asked, unsealed[_i].asked);
	ck_assert_uint_eq(keeper.signs, unsealed[_i].signs);
	for (size_t i = 0; i < heard.verdict.line_count; i++)
		ck_assert(!verdict_vouches(slice_str(
		    heard.verdict.lines[i].name)));
	ipc_free(asked);
	ipc_free(resolver);
}
END_TEST

START_TEST(a_keeper_that_is_gone_is_waited_for_and_the_next_one_seals)
{
	struct ipc *resolver = resolver_comes(), *asked = keeper_comes();

	keeper.is_silent = true;
	bring_to_pass_on(MESSAGE, "198.51.100.7", RECIPIENT_SENT_ON);
	ck_assert_uint_eq(keeper.signs, 1);
	ipc_free(asked);
	play_run(&play, 50);
	ck_assert_uint_eq(heard.count, 0);
	keeper.is_silent = false;
	asked = keeper_comes();
	play_run(&play, 200);
	ck_assert_uint_eq(heard.count, 1);
	/* what was asked already is asked again, and the seal after it */
	ck_assert_uint_eq(keeper.asked, 1);
	ck_assert_uint_eq(keeper.signs, 3);
	ck_assert_int_eq(result_of_sealed(), ARC_PASS);
	ipc_free(asked);
	ipc_free(resolver);
}
END_TEST

START_TEST(a_keeper_that_does_not_come_costs_the_seal_and_no_mail)
{
	struct ipc *resolver = resolver_comes();

	bring_to_pass_on(MESSAGE, "198.51.100.7", RECIPIENT_SENT_ON);
	ck_assert_uint_eq(heard.count, 0);
	clock_set(60000, 60000);
	for (unsigned i = 0; i < 600 && heard.count == 0; i++)
		play_run(&play, 100);
	ck_assert_uint_eq(heard.count, 1);
	ck_assert_int_eq(heard.verdict.action, VERDICT_ACCEPT);
	ck_assert_uint_eq(heard.verdict.line_count, 1);
	ipc_free(resolver);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("programs/judge_people");
	TCase *tests = tcase_create("seals");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, what_is_sent_on_is_sealed);
	tcase_add_loop_test(tests, what_cannot_be_sealed_goes_as_it_is, 0,
	    (int)(sizeof(unsealed) / sizeof(unsealed[0])));
	tcase_add_test(tests,
	    a_keeper_that_is_gone_is_waited_for_and_the_next_one_seals);
	tcase_add_test(tests,
	    a_keeper_that_does_not_come_costs_the_seal_and_no_mail);
	suite_add_tcase(suite, tests);
	return suite;
}
