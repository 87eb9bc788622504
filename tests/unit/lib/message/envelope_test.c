/*
 * envelope_test.c - what is known of a message besides its bytes
 */
#include <errno.h>
#include <string.h>

#include "lib/message/envelope.h"
#include "tests/unit/unit.h"

static struct recipient recipients[] = {
	{ .address = SLICE("ani@kantor.example"), .account = 7,
	    .notify = NOTIFY_FAILURE | NOTIFY_DELAY,
	    .orcpt = SLICE("rfc822;ani@kantor.example") },
	{ .address = SLICE("budi@kantor.example"), .account = UINT64_MAX,
	    .by = RECIPIENT_VIA | RECIPIENT_BY_LIST,
	    .via = SLICE("tim@kantor.example"),
	    .sender = SLICE("tim-bounces@kantor.example"), .on_behalf = 9 },
};

static const struct envelope sample = {
	.id = { "\1\2\3\4\5\6\7\10\11\12" },
	.source = SOURCE_FETCH,
	.received_at_utc_ms = 1763763420999,
	.sender = SLICE("citra@luar.example"),
	.helo = SLICE("mail.luar.example"),
	.peer = SLICE("192.0.2.1"),
	.login = SLICE("ani"),
	.sender_account = 11,
	.trust = TRUST_NETWORK,
	.tls = SLICE("TLSv1.3"),
	.body = BODY_8BITMIME,
	.utf8 = true,
	.ret = RET_HDRS,
	.envid = SLICE("QQ 314"),
	.bytes = 12345,
	.fetched = { .account = 3, .listing = 7, .label = SLICE("rumah"), .number = 9,
	    .uidl = SLICE("u 9"), .listed_bytes = 12300,
	    .header_digest = { 1, 2 }, .digest = { 3, 4 }, .mended = 5 },
	.recipients = recipients,
	.recipient_count = 2,
};

START_TEST(what_is_packed_comes_out_the_same)
{
	ARENA_AUTO arena = arena_new(4096);
	TEXT_AUTO text = TEXT_INIT(ENVELOPE_MAX_BYTES);
	TEXT_AUTO again = TEXT_INIT(ENVELOPE_MAX_BYTES);
	struct envelope env;

	envelope_pack(&text, &sample);
	ck_assert_int_eq(envelope_unpack(arena, text_slice(&text), &env), 0);
	ck_assert_int_eq(message_id_order(&env.id, &sample.id), 0);
	ck_assert_int_eq(env.source, SOURCE_FETCH);
	ck_assert_int_eq(env.received_at_utc_ms, sample.received_at_utc_ms);
	ck_assert(slice_is(env.sender, sample.sender));
	ck_assert(slice_is(env.envid, sample.envid));
	ck_assert_int_eq(env.body, BODY_8BITMIME);
	ck_assert(env.utf8);
	ck_assert_uint_eq(env.sender_account, 11);
	ck_assert_int_eq(env.trust, TRUST_NETWORK);
	ck_assert_uint_eq(env.fetched.account, 3);
	ck_assert_uint_eq(env.fetched.number, 9);
	ck_assert(slice_is(env.fetched.label, sample.fetched.label));
	ck_assert(slice_is(env.fetched.uidl, sample.fetched.uidl));
	ck_assert_uint_eq(env.fetched.listed_bytes, 12300);
	ck_assert_mem_eq(env.fetched.header_digest,
	    sample.fetched.header_digest, FETCHED_DIGEST_BYTES);
	ck_assert_mem_eq(env.fetched.digest, sample.fetched.digest,
	    FETCHED_DIGEST_BYTES);
	ck_assert_uint_eq(env.fetched.mended, 5);
	ck_assert_uint_eq(env.recipient_count, 2);
	ck_assert(slice_is(env.recipients[0].orcpt, recipients[0].orcpt));
	ck_assert_uint_eq(env.recipients[1].account, UINT64_MAX);
	ck_assert_uint_eq(env.recipients[0].by, 0);
	ck_assert(slice_is(envelope_sender_of(&env, &env.recipients[0]),
	    sample.sender));
	ck_assert_uint_eq(env.recipients[1].by, recipients[1].by);
	ck_assert(slice_is(env.recipients[1].via, recipients[1].via));
	ck_assert(slice_is(envelope_sender_of(&env, &env.recipients[1]),
	    recipients[1].sender));
	ck_assert_uint_eq(env.recipients[1].on_behalf, 9);
	envelope_pack(&again, &env);
	ck_assert(slice_is(text_slice(&text), text_slice(&again)));
}
END_TEST

START_TEST(a_cut_or_a_longer_one_is_no_envelope)
{
	TEXT_AUTO text = TEXT_INIT(ENVELOPE_MAX_BYTES);
	struct envelope env = { .bytes = 77 };

	envelope_pack(&text, &sample);
	for (size_t len = 0; len < text.len; len++) {
		ARENA_AUTO arena = arena_new(4096);

		ck_assert_int_eq(envelope_unpack(arena,
		    slice_first(text_slice(&text), len), &env), -EBADMSG);
	}
	ARENA_AUTO arena = arena_new(4096);
	text_add_byte(&text, 0);
	ck_assert_int_eq(envelope_unpack(arena, text_slice(&text), &env),
	    -EBADMSG);
	ck_assert_uint_eq(env.bytes, 77);
}
END_TEST

/* The recipient count stands before the recipients, which end the bytes. */
START_TEST(fetched_is_judged_and_only_of_fetch)
{
	ARENA_AUTO arena = arena_new(65536);
	struct envelope bad[5], env;

	for (int i = 0; i < 5; i++)
		bad[i] = sample;
	bad[0].fetched.account = 0;
	bad[1].fetched.account = UINT64_MAX;
	bad[2].fetched.number = 0;
	bad[3].fetched.listed_bytes = UINT64_MAX;
	bad[4].fetched.mended = 8;
	for (int i = 0; i < 5; i++) {
		TEXT_AUTO text = TEXT_INIT(ENVELOPE_MAX_BYTES);

		envelope_pack(&text, &bad[i]);
		ck_assert_int_eq(envelope_unpack(arena, text_slice(&text),
		    &env), -EBADMSG);
		bad[i].source = SOURCE_SMTP;
		text_clear(&text);
		envelope_pack(&text, &bad[i]);
		ck_assert_int_eq(envelope_unpack(arena, text_slice(&text),
		    &env), 0);
		ck_assert_uint_eq(env.fetched.account, 0);
	}
}
END_TEST

START_TEST(a_count_that_lies_costs_no_memory)
{
	ARENA_AUTO arena = arena_new(4096);
	TEXT_AUTO text = TEXT_INIT(ENVELOPE_MAX_BYTES);
	struct envelope none = sample, env;

	none.recipient_count = 0;
	envelope_pack(&text, &none);
	text.len -= sizeof(uint32_t);
	pack_u32(&text, UINT32_MAX);
	ck_assert_int_eq(envelope_unpack(arena, text_slice(&text), &env),
	    -EBADMSG);
	ck_assert_uint_eq(arena_left(arena), 4096);
}
END_TEST

START_TEST(a_spent_budget_is_its_own_answer)
{
	ARENA_AUTO arena = arena_new(32);
	TEXT_AUTO text = TEXT_INIT(ENVELOPE_MAX_BYTES);
	struct envelope env;

	envelope_pack(&text, &sample);
	ck_assert_int_eq(envelope_unpack(arena, text_slice(&text), &env),
	    -ENOBUFS);
}
END_TEST

START_TEST(one_too_big_for_a_message_between_roles_fails)
{
	TEXT_AUTO text = TEXT_INIT(ENVELOPE_MAX_BYTES);
	struct recipient many[8192];
	struct envelope env = sample;

	for (size_t i = 0; i < 8192; i++)
		many[i] = recipients[1];
	env.recipients = many;
	env.recipient_count = 8192;
	envelope_pack(&text, &env);
	ck_assert(text_failed(&text));
}
END_TEST

/* An earlier Postroom has written it, in the journal or in kept/. */
START_TEST(one_of_before_submissions_is_nobodys)
{
	ARENA_AUTO arena = arena_new(4096);
	TEXT_AUTO text = TEXT_INIT(ENVELOPE_MAX_BYTES);
	TEXT_AUTO old = TEXT_INIT(ENVELOPE_MAX_BYTES);
	struct envelope mine = sample, env;
	size_t at;

	mine.source = SOURCE_SMTP;
	mine.sender_account = UINT64_C(0x1122334455667788);
	mine.recipient_count = 1;
	envelope_pack(&text, &mine);
	at = slice_find_str(text_slice(&text),
	    "\x88\x77\x66\x55\x44\x33\x22\x11");
	ck_assert_uint_ne(at, SIZE_MAX);
	text_add(&old, slice_first(text_slice(&text), at));
	text_add(&old, slice_after(text_slice(&text), at + 9));
	/* nor does it say how it came to that recipient */
	old.len--;
	old.at[0] = 2;
	ck_assert_int_eq(envelope_unpack(arena, text_slice(&old), &env), 0);
	ck_assert_uint_eq(env.sender_account, 0);
	ck_assert_uint_eq(env.recipient_count, 1);
	ck_assert_uint_eq(env.recipients[0].by, 0);
	/* databases have signed numbers */
	text.at[at + 7] = (char)0x80;
	ck_assert_int_eq(envelope_unpack(arena, text_slice(&text), &env),
	    -EBADMSG);
}
END_TEST

static const struct {
	enum envelope_source	source;
	const char		*login;
	uint64_t		account;
	enum envelope_trust	trust;
	bool			may;
} leaving[] = {
	{ SOURCE_OWN,	   "",	  0, TRUST_NOBODY, true },
	{ SOURCE_SMTP,	   "ani", 7, TRUST_NOBODY, true },
	{ SOURCE_SMTP,	   "",	  7, TRUST_NOBODY, false },
	{ SOURCE_SMTP,	   "ani", 0, TRUST_NOBODY, false },
	{ SOURCE_SMTP,	   "",	  0, TRUST_NOBODY, false },
	{ SOURCE_LMTP,	   "ani", 7, TRUST_NOBODY, false },
	{ SOURCE_FETCH,	   "ani", 7, TRUST_NOBODY, false },
	{ SOURCE_UPSTREAM, "ani", 7, TRUST_NOBODY, false },
	{ SOURCE_SMTP,	   "192.0.2.1", 0, TRUST_NETWORK, true },
	{ SOURCE_SMTP,	   "",	  0, TRUST_NETWORK, false },
	{ SOURCE_LMTP,	   "192.0.2.1", 0, TRUST_NETWORK, false },
	{ SOURCE_SMTP,	   "scan", 7, TRUST_DEVICE, true },
	{ SOURCE_SMTP,	   "scan", 0, TRUST_DEVICE, false },
};

START_TEST(only_a_login_or_the_hub_may_send_to_other_hosts)
{
	struct envelope env = sample;

	env.source = leaving[_i].source;
	env.login = slice_str(leaving[_i].login);
	env.sender_account = leaving[_i].account;
	env.trust = leaving[_i].trust;
	ck_assert_int_eq(envelope_may_leave(&env), leaving[_i].may);
}
END_TEST

/* HARDENING A11: to whom somebody here has it sent on, and to nobody beside. */
START_TEST(what_is_sent_on_leaves_whoever_sent_it)
{
	struct recipient three[3] = { recipients[0],
	    { .address = SLICE("a@luar.example"),
	      .by = RECIPIENT_VIA | RECIPIENT_SENT_ON },
	    { .address = SLICE("b@luar.example") } };
	struct envelope env = sample;

	env.recipients = three;
	ck_assert(envelope_may_leave(&env));
	env.recipient_count = 3;
	ck_assert(!envelope_may_leave(&env));
	three[2].by = RECIPIENT_VIA;
	ck_assert(!envelope_may_leave(&env));
}
END_TEST

START_TEST(one_recipient_without_an_account_leaves)
{
	struct recipient two[2] = { recipients[0], recipients[1] };
	struct envelope env = sample;

	env.recipients = two;
	ck_assert(!envelope_leaves(&env));
	two[1].account = 0;
	ck_assert(envelope_leaves(&env));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("envelope");
	TCase *tests = tcase_create("envelope");

	tcase_add_test(tests, what_is_packed_comes_out_the_same);
	tcase_add_test(tests, a_cut_or_a_longer_one_is_no_envelope);
	tcase_add_test(tests, fetched_is_judged_and_only_of_fetch);
	tcase_add_test(tests, a_count_that_lies_costs_no_memory);
	tcase_add_test(tests, a_spent_budget_is_its_own_answer);
	tcase_add_test(tests, one_too_big_for_a_message_between_roles_fails);
	tcase_add_test(tests, one_of_before_submissions_is_nobodys);
	tcase_add_loop_test(tests,
	    only_a_login_or_the_hub_may_send_to_other_hosts, 0,
	    sizeof(leaving) / sizeof(*leaving));
	tcase_add_test(tests, what_is_sent_on_leaves_whoever_sent_it);
	tcase_add_test(tests, one_recipient_without_an_account_leaves);
	suite_add_tcase(suite, tests);
	return suite;
}
