/*
 * people_hosts_test.c - where people may have their mail collected from
 */
#include "policy/people_hosts.h"

#include "tests/unit/unit.h"

static const struct {
	const char	*address;
	bool		 is_inner;
} addresses[] = {
	{ "192.0.2.1", false },
	{ "8.8.8.8", false },
	{ "[2001:4860:4860::8888]", false },
	{ "2001:db8::1", false },
	{ "127.0.0.1", true },
	{ "127.255.255.255", true },
	{ "0.0.0.0", true },
	{ "10.1.2.3", true },
	{ "9.255.255.255", false },
	{ "11.0.0.0", false },
	{ "100.64.0.1", true },
	{ "100.128.0.1", false },
	{ "169.254.169.254", true },
	{ "172.15.255.255", false },
	{ "172.16.0.1", true },
	{ "172.31.255.255", true },
	{ "172.32.0.1", false },
	{ "192.168.1.10", true },
	{ "198.19.0.1", true },
	{ "224.0.0.251", true },
	{ "255.255.255.255", true },
	{ "::", true },
	{ "[::1]", true },
	{ "[::7f00:1]", true },
	{ "[::ffff:127.0.0.1]", true },
	{ "[::ffff:192.168.0.1]", true },
	{ "[::ffff:192.0.2.1]", false },
	/* RFC 6052: what is behind a translator counts */
	{ "[64:ff9b::7f00:1]", true },
	{ "[64:ff9b::c0a8:1]", true },
	{ "[64:ff9b::c000:201]", false },
	{ "[64:ff9b:1::c000:201]", true },
	{ "[2002:7f00:1::]", true },
	{ "[2001:0:7f00:1::]", true },
	{ "[fd00::1]", true },
	{ "[fe80::1]", true },
	{ "[fec0::1]", true },
	{ "[ff02::fb]", true },
	/* what is no address is not let through */
	{ "", true },
	{ "localhost", true },
	{ "192.0.2.0/24", true },
	{ "192.0.2", true },
	{ "0x7f.1", true },
};

/* An office may well have a mail host in a private net. */
static const struct {
	const char	*address;
	bool		 is_nowhere;
} places[] = {
	{ "192.0.2.1", false },
	{ "10.1.2.3", false },
	{ "192.168.1.10", false },
	{ "[fd00::1]", false },
	{ "[2001:db8::1]", false },
	{ "126.255.255.255", false },
	{ "128.0.0.0", false },
	{ "127.0.0.9", true },
	{ "0.0.0.0", true },
	{ "169.254.169.254", true },
	{ "224.0.0.1", true },
	{ "255.255.255.255", true },
	{ "[::]", true },
	{ "[::1]", true },
	{ "[::ffff:127.0.0.1]", true },
	{ "[::ffff:192.168.0.1]", false },
	{ "[64:ff9b::7f00:1]", true },
	{ "[fe80::1]", true },
	{ "[ff02::1]", true },
	{ "", true },
};

START_TEST(what_no_other_machine_has_is_nowhere)
{
	ck_assert_msg(people_hosts_is_nowhere(slice_str(places[_i].address))
	    == places[_i].is_nowhere, "%s", places[_i].address);
}
END_TEST

START_TEST(what_is_elsewhere_is_kept)
{
	TEXT_AUTO kept = TEXT_INIT(256);

	ck_assert_uint_eq(people_hosts_keep_elsewhere(slice_str(
	    "[::1],10.0.0.1,127.0.0.1,192.0.2.1"), &kept), 2);
	ck_assert(slice_is_str(text_slice(&kept), "10.0.0.1,192.0.2.1"));
	text_clear(&kept);
	ck_assert_uint_eq(people_hosts_keep_elsewhere(slice_str("0.0.0.0"),
	    &kept), 0);
	ck_assert_uint_eq(kept.len, 0);
}
END_TEST

START_TEST(what_the_internet_has_not_is_inner)
{
	ck_assert_msg(people_hosts_is_inner(slice_str(addresses[_i].address))
	    == addresses[_i].is_inner, "%s", addresses[_i].address);
}
END_TEST

static const struct {
	const char	*address, *own, *allowed;
	bool		 may;
} rows[] = {
	{ "192.0.2.1", "", "", true },
	{ "192.0.2.1", "192.0.2.1", "", false },
	{ "192.0.2.1", "198.51.100.7,192.0.2.1", "", false },
	{ "192.0.2.1", "192.0.2.11,192.0.2.10", "", true },
	{ "[2001:db8::1]", "[2001:db8::1]", "", false },
	{ "127.0.0.1", "127.0.0.1", "127.0.0.0/8 ::1", true },
	{ "[::1]", "[::1]", "127.0.0.0/8 ::1", true },
	{ "127.0.0.1", "127.0.0.1", "10.0.0.0/8", false },
	{ "10.0.0.25", "", "10.0.0.25", true },
	{ "10.0.0.26", "", "10.0.0.25", false },
	{ "192.0.2.1", "192.0.2.1", "192.0.2.0/24", true },
};

START_TEST(the_machines_own_is_refused_and_what_is_listed_is_allowed)
{
	ck_assert_msg(people_hosts_may(slice_str(rows[_i].address),
	    slice_str(rows[_i].own), slice_str(rows[_i].allowed)) ==
	    rows[_i].may, "%s", rows[_i].address);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("policy/people_hosts");
	TCase *tc = tcase_create("addresses");

	tcase_add_loop_test(tc, what_no_other_machine_has_is_nowhere, 0,
	    sizeof(places) / sizeof(*places));
	tcase_add_test(tc, what_is_elsewhere_is_kept);
	tcase_add_loop_test(tc, what_the_internet_has_not_is_inner, 0,
	    sizeof(addresses) / sizeof(addresses[0]));
	tcase_add_loop_test(tc,
	    the_machines_own_is_refused_and_what_is_listed_is_allowed, 0,
	    sizeof(rows) / sizeof(rows[0]));
	suite_add_tcase(suite, tc);
	return suite;
}
