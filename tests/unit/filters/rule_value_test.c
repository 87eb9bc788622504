/*
 * rule_value_test.c - what stands in a test of a rule: sizes, nets, addresses
 */
#include <stdio.h>
#include <string.h>

#include "filters/rule_value.h"
#include "tests/unit/unit.h"

static const struct {
	const char	*word;
	bool		 right;
	int32_t		 hundredths;
} scores[] = {
	{ "0", true, 0 }, { "7", true, 700 }, { "6.5", true, 650 },
	{ "6.05", true, 605 }, { "-0.25", true, -25 }, { "-15", true, -1500 },
	{ "999.99", true, 99999 }, { "1000", false, 0 },
	{ "6.555", false, 0 }, { "6.", false, 0 }, { ".5", false, 0 },
	{ "", false, 0 }, { "-", false, 0 }, { "+1", false, 0 },
	{ "6,5", false, 0 }, { "6.-5", false, 0 }, { "--1", false, 0 },
};

START_TEST(a_score_has_two_digits_behind_the_point)
{
	int32_t hundredths = 77;

	ck_assert_int_eq(rule_score_read(slice_str(scores[_i].word),
	    &hundredths), scores[_i].right);
	ck_assert_int_eq(hundredths, scores[_i].right ?
	    scores[_i].hundredths : 77);
}
END_TEST

static const struct {
	const char	*word;
	bool		 right;
	uint64_t	 bytes;
} sizes[] = {
	{ "0", true, 0 },
	{ "500", true, 500 },
	{ "10k", true, 10240 },
	{ "5M", true, 5 << 20 },
	{ "1G", true, 1 << 30 },
	{ "18446744073709551615", true, UINT64_MAX },
	{ "18446744073709551616", false, 0 },
	{ "17179869183G", true, UINT64_C(17179869183) << 30 },
	{ "17179869184G", false, 0 },
	{ "", false, 0 },
	{ "k", false, 0 },
	{ "10K", false, 0 },
	{ "5m", false, 0 },
	{ "-1", false, 0 },
	{ "1.5M", false, 0 },
	{ "10kk", false, 0 },
};

START_TEST(a_size_is_a_number_and_a_unit)
{
	uint64_t bytes = 77;

	ck_assert((rule_size_read(slice_str(sizes[_i].word), &bytes) ==
	    NULL) == sizes[_i].right);
	ck_assert_uint_eq(bytes, sizes[_i].right ? sizes[_i].bytes : 77);
}
END_TEST

static const struct {
	const char	*net, *peer;
	bool		 has;
} nets[] = {
	{ "192.0.2.0/24", "192.0.2.255", true },
	{ "192.0.2.0/24", "192.0.3.0", false },
	{ "192.0.2.128/25", "192.0.2.127", false },
	{ "192.0.2.128/25", "192.0.2.128", true },
	{ "192.0.2.4/30", "192.0.2.7", true },
	{ "192.0.2.4/30", "192.0.2.8", false },
	{ "192.0.2.1", "192.0.2.1", true },
	{ "192.0.2.1", "192.0.2.2", false },
	{ "0.0.0.0/0", "255.255.255.255", true },
	{ "0.0.0.0/0", "2001:db8::1", false },
	{ "::/0", "2001:db8::1", true },
	{ "::/0", "192.0.2.1", false },
	{ "2001:db8::/32", "2001:db8:ffff::1", true },
	{ "2001:db8::/32", "2001:db9::", false },
	{ "2001:db8::/33", "2001:db8:8000::", false },
	/* one address, however it is written */
	{ "192.0.2.1", "::ffff:192.0.2.1", true },
	{ "192.0.2.1", "[192.0.2.1]", true },
	{ "::ffff:192.0.2.0/24", "192.0.2.9", true },
	{ "2001:db8::1", "[IPv6:2001:db8::1]", true },
	{ "fe80::/10", "fe80::1%eth0", true },
	{ "0.0.0.0/0", "", false },
	{ "0.0.0.0/0", "mail.office.test", false },
	{ "0.0.0.0/0", "unix socket", false },
};

START_TEST(a_net_has_its_addresses)
{
	struct rule_net net;

	ck_assert_ptr_null(rule_net_read(slice_str(nets[_i].net), &net));
	ck_assert(rule_net_has(&net, slice_str(nets[_i].peer)) ==
	    nets[_i].has);
}
END_TEST

static const char *const no_nets[] = {
	"", "/24", "192.0.2.0/", "192.0.2.0/33", "2001:db8::/129", "192.0.2",
	"192.0.2.1/24", "2001:db8::1/32", "192.0.2.0/24/24", "192.0.2.0/-1",
	"office.test", "192.0.2.0 /24",
};

START_TEST(what_is_no_net_is_said)
{
	struct rule_net net;

	ck_assert_ptr_nonnull(rule_net_read(slice_str(no_nets[_i]), &net));
}
END_TEST

static const struct {
	const char	*word, *address;
	bool		 is;
} addresses[] = {
	{ "<>", "", true },
	{ "<>", "ann@office.test", false },
	{ "ann@office.test", "", false },
	{ "@office.test", "", false },
	{ "ann@office.test", "ann@office.test", true },
	{ "Ann@Office.TEST", "aNN@oFFICE.test", true },
	{ "ann@office.test", "\"ann\"@office.test", true },
	{ "ann@office.test", "anna@office.test", false },
	{ "ann@office.test", "ann@mail.office.test", false },
	{ "@office.test", "bob@OFFICE.test", true },
	{ "@office.test", "bob@mail.office.test", false },
	{ "@office.test", "bob@myoffice.test", false },
	{ "@.office.test", "bob@mail.office.test", true },
	{ "@.office.test", "bob@office.test", false },
	{ "@.office.test", "bob@myoffice.test", false },
	{ "@b\xc3\xbc" "ro.test", "bob@xn--bro-hoa.test", true },
	{ "@xn--bro-hoa.test", "bob@b\xc3\xbc" "ro.test", true },
	{ "@office.test", "office.test", false },
	{ "@office.test", "no address at all", false },
	{ "@office.test", "a@b@office.test", true },
};

START_TEST(an_address_is_one_of_those_meant)
{
	TEXT_AUTO normal = TEXT_INIT(1000);
	enum rule_whose whose;

	ck_assert_ptr_null(rule_address_read(slice_str(addresses[_i].word),
	    &normal, &whose));
	ck_assert_int_eq(rule_address_is(whose, text_slice(&normal),
	    slice_str(addresses[_i].address)), addresses[_i].is);
}
END_TEST

static const char *const no_addresses[] = {
	"", "@", "@.", "ann", "ann@", "ann@office test", "a b@office.test",
	"@-office..test",
};

START_TEST(what_is_no_address_is_said)
{
	TEXT_AUTO normal = TEXT_INIT(1000);
	enum rule_whose whose;

	ck_assert_ptr_nonnull(rule_address_read(slice_str(no_addresses[_i]),
	    &normal, &whose));
	ck_assert_uint_eq(normal.len, 0);
}
END_TEST

#define COUNT(table)	((int)(sizeof(table) / sizeof((table)[0])))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/rule_value");
	TCase *tests = tcase_create("rule_value");

	tcase_add_loop_test(tests, a_size_is_a_number_and_a_unit, 0,
	    COUNT(sizes));
	tcase_add_loop_test(tests, a_score_has_two_digits_behind_the_point, 0,
	    COUNT(scores));
	tcase_add_loop_test(tests, a_net_has_its_addresses, 0, COUNT(nets));
	tcase_add_loop_test(tests, what_is_no_net_is_said, 0, COUNT(no_nets));
	tcase_add_loop_test(tests, an_address_is_one_of_those_meant, 0,
	    COUNT(addresses));
	tcase_add_loop_test(tests, what_is_no_address_is_said, 0,
	    COUNT(no_addresses));
	suite_add_tcase(suite, tests);
	return suite;
}
