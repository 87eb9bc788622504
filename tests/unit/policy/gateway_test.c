/*
 * gateway_test.c - what people type about gateway domains, and who may ask
 */
#include "policy/gateway.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"

static const struct {
	const char	*typed, *kept;	/* NULL: it is none */
} hosts[] = {
	{ "192.0.2.7", "192.0.2.7:25" },
	{ "192.0.2.7:2525", "192.0.2.7:2525" },
	{ "mail.branch.test", "mail.branch.test:25" },
	{ "mail.branch.test:26", "mail.branch.test:26" },
	{ "2001:db8::7", "[2001:db8::7]:25" },
	{ "[2001:db8::7]:2525", "[2001:db8::7]:2525" },
	{ "", NULL }, { ":25", NULL }, { "192.0.2.7:0", NULL },
	{ "192.0.2.7:65536", NULL }, { "192.0.2", NULL },
	{ "a b", NULL }, { "host:25:26", NULL }, { "host/x", NULL },
};

START_TEST(a_host_is_a_name_or_an_address_with_or_without_port)
{
	TEXT_AUTO text = TEXT_INIT(512);
	struct gateway gateway = { .port = 0 };
	int r = gateway_host(slice_str(hosts[_i].typed), &gateway);

	ck_assert_int_eq(r, hosts[_i].kept == NULL ? -EINVAL : 0);
	if (r < 0)
		return;
	gateway_host_write(&text, &gateway);
	ck_assert(slice_is_str(text_slice(&text), hosts[_i].kept));
}
END_TEST

static const struct {
	const char	*typed, *kept;
} askers[] = {
	{ "192.0.2.7", "192.0.2.7" },
	{ "192.0.2.7,2001:db8::/64", "192.0.2.7 2001:db8::/64" },
	{ "login", "login" },
	{ " 192.0.2.0/24, login", "login 192.0.2.0/24" },
	{ "none", "" }, { "", "" },
	{ "mail.branch.test", NULL }, { "192.0.2.0/33", NULL },
	{ "login;192.0.2.7", NULL },
};

START_TEST(who_may_ask_is_addresses_and_a_login)
{
	TEXT_AUTO text = TEXT_INIT(1024);
	struct gateway gateway = { .port = 0 };
	int r = gateway_askers(slice_str(askers[_i].typed), &gateway);

	ck_assert_int_eq(r, askers[_i].kept == NULL ? -EINVAL : 0);
	if (r < 0)
		return;
	gateway_askers_write(&text, &gateway);
	ck_assert(slice_is_str(text_slice(&text), askers[_i].kept));
}
END_TEST

static const struct {
	const char	*typed, *kept;
} names[] = {
	{ "Branch.TEST", "branch.test" },
	{ "b\303\274ro.test", "xn--bro-hoa.test" },
	{ "branch", NULL }, { "", NULL }, { "[192.0.2.7]", NULL },
	{ "192.0.2.7", NULL }, { "branch.test ", NULL },
	{ "',0);DROP TABLE q;--", NULL }, { "@branch.test", NULL },
};

START_TEST(a_domain_has_one_form_however_it_is_typed)
{
	char name[GATEWAY_NAME_SIZE];
	int r = gateway_name(slice_str(names[_i].typed), name);

	ck_assert_int_eq(r, names[_i].kept == NULL ? -EINVAL : 0);
	if (r == 0)
		ck_assert_str_eq(name, names[_i].kept);
}
END_TEST

START_TEST(a_list_of_addresses_has_an_end)
{
	TEXT_AUTO text = TEXT_INIT(4096);
	struct gateway gateway = { .port = 0 };

	for (unsigned i = 0; i < 60; i++)
		text_addf(&text, "192.0.2.%u,", i);
	ck_assert_int_eq(gateway_askers(text_slice(&text), &gateway),
	    -EINVAL);
	ck_assert_str_eq(gateway.nets, "");
}
END_TEST

START_TEST(the_table_comes_through_as_it_was)
{
	ARENA_AUTO arena = arena_new(1024 * 1024);
	TEXT_AUTO text = TEXT_INIT(GATEWAYS_BYTES);
	const struct gateway one = { .name = "branch.test",
	    .host = "192.0.2.7", .port = 2525, .nets = "192.0.2.0/24",
	    .by_login = true, .account = 7, .waits = true, .bytes = 1000,
	    .days = 3, .lists = true, .created_utc_ms = 1795300000000 };
	struct gateways table = { 0 };
	const struct gateway *got;

	pack_u32(&text, 1);
	gateway_pack(&text, &one);
	ck_assert_int_eq(gateways_unpack(arena, text_slice(&text), &table),
	    0);
	ck_assert_uint_eq(table.count, 1);
	ck_assert_ptr_null(gateways_find(&table, slice_str("far.test")));
	got = gateways_find(&table, slice_str("branch.test"));
	ck_assert_ptr_nonnull(got);
	ck_assert_str_eq(got->host, "192.0.2.7");
	ck_assert_uint_eq(got->port, 2525);
	ck_assert(got->by_login && got->waits && got->lists);
	ck_assert_uint_eq(got->account, 7);
	ck_assert_uint_eq(got->bytes, 1000);
	ck_assert_uint_eq(got->days, 3);
	ck_assert_int_eq(got->created_utc_ms, 1795300000000);
	ck_assert(gateway_has_peer(got, slice_str("192.0.2.200")));
	ck_assert(!gateway_has_peer(got, slice_str("192.0.3.1")));
	ck_assert(!gateway_has_peer(got, slice_str("")));
	/* cut anywhere it is none */
	for (size_t n = 0; n < text.len; n++)
		ck_assert_int_eq(gateways_unpack(arena, slice_first(
		    text_slice(&text), n), &table), -EBADMSG);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("policy/gateway");
	TCase *tests = tcase_create("gateway");

	tcase_add_loop_test(tests,
	    a_host_is_a_name_or_an_address_with_or_without_port, 0,
	    sizeof(hosts) / sizeof(hosts[0]));
	tcase_add_loop_test(tests, who_may_ask_is_addresses_and_a_login, 0,
	    sizeof(askers) / sizeof(askers[0]));
	tcase_add_loop_test(tests, a_domain_has_one_form_however_it_is_typed,
	    0, sizeof(names) / sizeof(names[0]));
	tcase_add_test(tests, a_list_of_addresses_has_an_end);
	tcase_add_test(tests, the_table_comes_through_as_it_was);
	suite_add_tcase(suite, tests);
	return suite;
}
