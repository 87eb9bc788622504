/*
 * helo_test.c - what a host may call itself (RFC 5321 4.1.1.1, 4.1.3)
 */
#include "filters/helo.h"

#include "tests/unit/unit.h"

static const struct {
	const char		*helo;
	enum helo_result	 want;
} names[] = {
	{ "mx.example.com",		HELO_OK },
	{ "mx.example.com.",		HELO_OK },
	{ "my_pc.example.com",		HELO_OK },
	{ "localhost",			HELO_INVALID },
	{ "WIN-4711",			HELO_INVALID },
	{ "192.0.2.1",			HELO_INVALID },
	{ "2001:db8::1",		HELO_INVALID },
	{ ".",				HELO_INVALID },
	{ "mx..example.com",		HELO_INVALID },
	{ "[192.0.2.1]",		HELO_LITERAL },
	{ "[IPv6:2001:db8::1]",		HELO_LITERAL },
	{ "[ipv6:2001:db8::1]",		HELO_LITERAL },
	{ "[mx.example.com]",		HELO_INVALID },
	{ "[]",				HELO_INVALID },
	{ "[",				HELO_INVALID },
	{ "[[192.0.2.1]]",		HELO_INVALID },
	{ "mail.office.test",		HELO_OURS },
	{ "MAIL.Office.Test.",		HELO_OURS },
	{ "office.test",		HELO_OK },
	{ "",				HELO_NONE },
};

START_TEST(a_name_is_one_of_these)
{
	const struct envelope env = {
		.source = SOURCE_SMTP, .peer = slice_str("192.0.2.9"),
		.helo = slice_str(names[_i].helo)
	};

	ck_assert_str_eq(helo_word(helo_look(&env, "mail.office.test")),
	    helo_word(names[_i].want));
}
END_TEST

/* Of what a provider brings, the host that came to the provider counts. */
START_TEST(the_name_is_that_of_the_host_that_sent_it)
{
	struct envelope env = {
		.source = SOURCE_FETCH, .peer = slice_str("192.0.2.9"),
		.helo = slice_str("pop.isp.example"),
		.login = slice_str("ann@office.test"),
		.hop = { slice_str("192.0.2.7"), slice_str("localhost") }
	};

	ck_assert_int_eq(helo_look(&env, "mail.office.test"), HELO_INVALID);
	env.hop.peer = slice_of(NULL, 0);
	ck_assert_int_eq(helo_look(&env, "mail.office.test"), HELO_NONE);
	env.source = SOURCE_SMTP;
	ck_assert_int_eq(helo_look(&env, "mail.office.test"), HELO_NONE);
	env.login = slice_of(NULL, 0);
	ck_assert_int_eq(helo_look(&env, "mail.office.test"), HELO_OK);
	ck_assert_int_eq(helo_look(&env, "pop.isp.example"), HELO_OURS);
	env.peer = slice_str("192.168.1.7");
	ck_assert_int_eq(helo_look(&env, "pop.isp.example"), HELO_NONE);
	env.source = SOURCE_LMTP;
	env.peer = slice_str("192.0.2.9");
	ck_assert_int_eq(helo_look(&env, "pop.isp.example"), HELO_NONE);
	env.source = SOURCE_OWN;
	ck_assert_int_eq(helo_look(&env, "pop.isp.example"), HELO_NONE);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("helo");
	TCase *tcase = tcase_create("helo");

	tcase_add_loop_test(tcase, a_name_is_one_of_these, 0,
	    (int)(sizeof(names) / sizeof(names[0])));
	tcase_add_test(tcase, the_name_is_that_of_the_host_that_sent_it);
	suite_add_tcase(suite, tcase);
	return suite;
}
