/*
 * admin_hosts_test.c - who has named the host of a remote mailbox, and for whom
 * its password is meant
 */
#include "policy/fetch_accounts.h"
#include "policy/grants.h"
#include "tests/unit/policy/admin_scene.h"

/* Whose word is the host of ann's only one (people_hosts.h)? */
static bool
is_by_owner(void)
{
	struct fetch_account f;

	ck_assert_int_eq(policy_fetch_get(policy, 1, &f), 0);
	return f.by_owner;
}

START_TEST(who_named_the_host_is_known)
{
	TEXT_AUTO answer = TEXT_INIT(64 * 1024);
	struct policy_account account;
	struct fetch_proxy proxy;

	answer_to(ADD("ann@office.test", "correct horse"), &answer);
	ck_assert_int_eq(policy_account_find(policy, slice_str("ann"),
	    &account), 0);
	asker = account.id;
	answer_to(FETCH("add", GOOD), &answer);
	ck_assert(is_by_owner());
	answer_to(FETCH("way", WITH("proxy", "socks5://p.test:1080")),
	    &answer);
	ck_assert_int_eq(policy_proxy_get(policy, &key, 1, &proxy), 0);
	ck_assert(proxy.by_owner);
	asker = 0;
	answer_to(FETCH("set", ", \"largest\": 1048576"), &answer);
	ck_assert(is_by_owner());
	answer_to(FETCH("set", WITH("host", "pop.example.com")), &answer);
	ck_assert(!is_by_owner());
	answer_to(FETCH("way", WITH("proxy", "socks5://p.test:1080")),
	    &answer);
	ck_assert_int_eq(policy_proxy_get(policy, &key, 1, &proxy), 0);
	ck_assert(!proxy.by_owner);
	/* what the owner changes beside it leaves it the postmaster's */
	asker = account.id;
	answer_to(FETCH("set", ", \"largest\": 2097152"
	    WITH("host", "pop.example.com")), &answer);
	ck_assert(!is_by_owner());
	answer_to(FETCH("set", ", \"port\": 4000"
	    WITH("password", "p")), &answer);
	ck_assert(is_by_owner());
}
END_TEST

START_TEST(a_kept_password_is_not_led_to_another_port)
{
	TEXT_AUTO answer = TEXT_INIT(64 * 1024);
	struct policy_account account;

	answer_to(ADD("ann@office.test", "correct horse"), &answer);
	answer_to(FETCH("add", GOOD WITH("tls", "starttls")), &answer);
	ck_assert_int_eq(policy_account_find(policy, slice_str("ann"),
	    &account), 0);
	asker = account.id;
	answer_to(FETCH("set", ", \"port\": 4000"), &answer);
	ck_assert_ptr_nonnull(strstr(answer.at,
	    "\"unfit\", \"field\": \"password\""));
	/* the usual one of a better way of TLS is the same server's */
	answer_to(FETCH("set", WITH("tls", "implicit")), &answer);
	ck_assert_ptr_nonnull(strstr(answer.at, "\"ok\": true"));
	answer_to(FETCH("set", ", \"port\": 4000"
	    WITH("password", "p")), &answer);
	ck_assert_ptr_nonnull(strstr(answer.at, "\"ok\": true"));
	/* the postmaster knows what he does */
	asker = 0;
	answer_to(FETCH("set", ", \"port\": 4001"), &answer);
	ck_assert_ptr_nonnull(strstr(answer.at, "\"ok\": true"));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("policy/admin_hosts");
	TCase *tests = tcase_create("hosts");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, who_named_the_host_is_known);
	tcase_add_test(tests,
	    a_kept_password_is_not_led_to_another_port);
	suite_add_tcase(suite, tests);
	return suite;
}
