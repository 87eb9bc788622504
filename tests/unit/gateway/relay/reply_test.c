/*
 * reply_test.c - what an SMTP server says, and what is never believed of it
 */
#include "gateway/relay/reply.h"

#include <string.h>

#include "gateway/relay/command.h"
#include "gateway/relay/route.h"
#include "tests/unit/unit.h"

static const struct {
	const char	*input;
	enum relay_heard is;
	unsigned	 code;
	const char	*status, *words;
} replies[] = {
	{ "250 ok\r\n", RELAY_WHOLE, 250, "", "ok" },
	{ "250\r\n", RELAY_WHOLE, 250, "", "" },
	{ "250 ok\n", RELAY_WHOLE, 250, "", "ok" },
	{ "550 5.1.1 Nobody\r\n", RELAY_WHOLE, 550, "5.1.1", "Nobody" },
	{ "550-5.1.1 No\r\n550 5.1.1 body\r\n", RELAY_WHOLE, 550, "5.1.1",
	    "No body" },
	{ "450 5.1.1 of another class\r\n", RELAY_WHOLE, 450, "",
	    "5.1.1 of another class" },
	{ "250 \x1b[2Jx\r\n", RELAY_WHOLE, 250, "", "?[2Jx" },
	{ "250-ok\r\n", RELAY_MORE, 0, "", "" },
	{ "250 ok", RELAY_MORE, 0, "", "" },
	{ "250-ok\r\n251 ok\r\n", RELAY_NONSENSE, 0, "", "" },
	{ "ok\r\n", RELAY_NONSENSE, 0, "", "" },
	{ "99 ok\r\n", RELAY_NONSENSE, 0, "", "" },
	{ "250ok\r\n", RELAY_NONSENSE, 0, "", "" },
	{ "250 a\rb\r\n", RELAY_NONSENSE, 0, "", "" },
};

/* Byte by byte, as it may come. */
START_TEST(a_reply_is_what_the_rfc_calls_one)
{
	struct slice all = slice_str(replies[_i].input);
	struct relay_hearing hearing = { .lines = 0 };
	enum relay_heard is = RELAY_MORE;
	struct relay_said said;
	size_t from = 0;

	for (size_t len = 1; len <= all.len && is == RELAY_MORE; len++) {
		struct slice rest = slice_after(slice_first(all, len), from);

		is = relay_hear(&hearing, &rest, &said);
		from = len - rest.len;
	}
	ck_assert_int_eq(is, replies[_i].is);
	if (is != RELAY_WHOLE)
		return;
	ck_assert_uint_eq(said.code, replies[_i].code);
	ck_assert_str_eq(said.status, replies[_i].status);
	ck_assert_str_eq(said.words, replies[_i].words);
}
END_TEST

/* HARDENING A08: 10,000 lines of continuation */
START_TEST(a_reply_without_end_is_none)
{
	struct relay_hearing hearing = { .lines = 0 };
	enum relay_heard is = RELAY_MORE;
	struct relay_said said;
	unsigned n = 0;

	for (; is == RELAY_MORE && n < 10000; n++) {
		struct slice rest = slice_str("550-go on and on and on\r\n");

		is = relay_hear(&hearing, &rest, &said);
	}
	ck_assert_int_eq(is, RELAY_NONSENSE);
	ck_assert_uint_eq(n, RELAY_LINES_MOST + 1);
}
END_TEST

START_TEST(what_two_replies_say_is_told_apart)
{
	struct slice rest = slice_str("250 one\r\n451 4.3.0 two\r\n");
	struct relay_hearing hearing = { .lines = 0 };
	struct relay_said said;

	ck_assert_int_eq(relay_hear(&hearing, &rest, &said), RELAY_WHOLE);
	ck_assert_str_eq(said.words, "one");
	ck_assert_int_eq(relay_hear(&hearing, &rest, &said), RELAY_WHOLE);
	ck_assert_uint_eq(said.code, 451);
	ck_assert_str_eq(said.status, "4.3.0");
	ck_assert_str_eq(said.words, "two");
}
END_TEST

START_TEST(what_was_offered_before_tls_is_of_no_worth)
{
	static const char *const lines[] = { "220 mx", "250-mx",
	    "250-PIPELINING", "250-SIZE 1000", "250 DSN" };
	struct relay_offer offer = { .size = 0 };

	for (size_t i = 0; i < 5; i++)
		relay_offer_line(&offer, slice_str(lines[i]));
	ck_assert(offer.has_pipelining && offer.has_dsn && offer.has_size);
	ck_assert_uint_eq(offer.size, 1000);
	relay_offer_line(&offer, slice_str("220 go ahead"));
	ck_assert(!offer.has_pipelining && !offer.has_dsn);
	ck_assert_uint_eq(offer.size, 0);
}
END_TEST

/* HARDENING A15 */
START_TEST(no_address_ends_a_line_of_ours)
{
	static const char *const bad[] = { "a@b\r\nDATA", "a b@c", "a@b>",
	    "a@b> ORCPT=x", "@", "a", "", "a@b\n" };
	const struct relay_offer offer = { .has_dsn = true };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const struct recipient rcpt = {
			.address = slice_str(bad[i]) };
		TEXT_AUTO line = TEXT_INIT(COMMAND_BYTES);

		ck_assert_msg(!command_takes(rcpt.address), "%s", bad[i]);
		if (rcpt.address.len > 0)
			command_rcpt(&line, &rcpt, &offer);
		ck_assert(text_failed(&line) || line.len == 0);
	}
}
END_TEST

/* RFC 3461 4.2, 4.4: xtext */
START_TEST(parameters_are_said_where_they_are_offered)
{
	const struct relay_offer all = { .has_dsn = true, .has_size = true,
	    .has_8bit = true };
	const struct relay_offer none = { .size = 0 };
	const struct recipient rcpt = { .address = SLICE("zoe@far.test"),
	    .notify = NOTIFY_FAILURE | NOTIFY_DELAY,
	    .orcpt = SLICE("rfc822;a+b\r\n=@far.test") };
	const struct relay_job job = { .sender = SLICE("ann@office.test"),
	    .body = BODY_8BITMIME, .ret = RET_HDRS, .envid = SLICE("a b"),
	    .bytes = 90 };
	const struct relay_need need = { .eight = true, .bytes = 100 };
	TEXT_AUTO lines = TEXT_INIT(COMMAND_BYTES);

	command_mail(&lines, &job, &need, &all);
	command_rcpt(&lines, &rcpt, &all);
	command_mail(&lines, &job, &need, &none);
	command_rcpt(&lines, &rcpt, &none);
	ck_assert(slice_is_str(text_slice(&lines),
	    "MAIL FROM:<ann@office.test> SIZE=100 BODY=8BITMIME RET=HDRS "
	    "ENVID=a+20b\r\n"
	    "RCPT TO:<zoe@far.test> NOTIFY=FAILURE,DELAY "
	    "ORCPT=rfc822;a+2Bb+0D+0A+3D@far.test\r\n"
	    "MAIL FROM:<ann@office.test>\r\nRCPT TO:<zoe@far.test>\r\n"));
}
END_TEST

START_TEST(hosts_are_tried_in_the_order_of_their_preference)
{
	static const struct slice records[] = { SLICE("\0\x14" "c.test"),
	    SLICE("\0\x0a" "a.test"), SLICE("\x01\0" "d.test"),
	    SLICE("\0\x0a" "b.test"), SLICE("\0\0" "no host") };
	struct route route;
	bool first[2] = { false, false };

	for (uint32_t seed = 0; seed < 20; seed++) {
		route_make(records, 5, seed, &route);
		ck_assert_uint_eq(route.count, 4);
		ck_assert_str_eq(route.hosts[2].name, "c.test");
		ck_assert_str_eq(route.hosts[3].name, "d.test");
		first[route.hosts[0].name[0] - 'a'] = true;
	}
	/* RFC 5321 5.1: those of one preference share */
	ck_assert(first[0] && first[1]);
}
END_TEST

/* RFC 7505 3 */
START_TEST(a_null_mx_takes_no_mail)
{
	static const struct slice records[] = { SLICE("\0\0"),
	    SLICE("\0\x0a" "a.test") };
	struct route route;

	route_make(records, 1, 0, &route);
	ck_assert(route.takes_none);
	route_make(records, 2, 0, &route);
	ck_assert(!route.takes_none);
	ck_assert_uint_eq(route.count, 1);
	for (unsigned i = 0; i < 300; i++) {
		struct slice many[256];

		for (size_t n = 0; n < 256; n++)
			many[n] = records[1];
		route_make(many, 256, i, &route);
		ck_assert_uint_eq(route.count, ROUTE_HOSTS);
	}
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("relay/reply");
	TCase *tests = tcase_create("reply");

	tcase_add_loop_test(tests, a_reply_is_what_the_rfc_calls_one, 0,
	    sizeof(replies) / sizeof(*replies));
	tcase_add_test(tests, a_reply_without_end_is_none);
	tcase_add_test(tests, what_two_replies_say_is_told_apart);
	tcase_add_test(tests, what_was_offered_before_tls_is_of_no_worth);
	tcase_add_test(tests, no_address_ends_a_line_of_ours);
	tcase_add_test(tests, parameters_are_said_where_they_are_offered);
	tcase_add_test(tests,
	    hosts_are_tried_in_the_order_of_their_preference);
	tcase_add_test(tests, a_null_mx_takes_no_mail);
	suite_add_tcase(suite, tests);
	return suite;
}
