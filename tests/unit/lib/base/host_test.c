/*
 * host_test.c - what a person may type where a host is meant
 */
#include "lib/base/host.h"

#include <errno.h>
#include <sys/socket.h>

#include "tests/unit/unit.h"

#define FIFTY	"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee"

static const struct {
	const char	*typed;
	bool		 is_name;
} names[] = {
	{ "pop.example", true },
	{ "pop.example.", true },
	{ "localhost", true },
	{ "xn--bcher-kva.example", true },
	{ "_pop3s.7.example", true },
	{ "3com", true },
	{ FIFTY "1234567890123.example", true },
	{ FIFTY "12345678901234.example", false },
	{ FIFTY "." FIFTY "." FIFTY "." FIFTY "." FIFTY, false },
	{ "", false },
	{ ".", false },
	{ "pop..example", false },
	{ ".example", false },
	{ "-pop.example", false },
	{ "pop-.example", false },
	{ "pop example", false },
	{ "user@pop.example", false },
	{ "pop.example:110", false },
	{ "pop.example/x", false },
	{ "pop.example\r\nQUIT", false },
	{ "p\xc3\xb6p.example", false },
	{ "192.0.2.1", false },
	{ "1.2.3", false },
	{ "99999999999999999999999", false },
};

/* RFC 1123 2.1 */
START_TEST(a_name_is_made_of_labels_and_is_no_torn_address)
{
	ck_assert_int_eq(host_is_name(slice_str(names[_i].typed)),
	    names[_i].is_name);
}
END_TEST

static const struct {
	const char	*typed;
	bool		 brackets;
	int		 family;
	const char	*text;
} addresses[] = {
	{ "192.0.2.1", true, AF_INET, "192.0.2.1" },
	{ "2001:DB8:0:0::1", true, AF_INET6, "[2001:db8::1]" },
	{ "[2001:db8::1]", true, AF_INET6, "[2001:db8::1]" },
	{ "[2001:db8::1]", false, AF_INET6, "2001:db8::1" },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", true, AF_INET6,
	    "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]" },
	{ "192.0.2", true, 0, "x" },
	{ "192.0.2.256", true, 0, "x" },
	{ "0x7f.0.0.1", true, 0, "x" },
	{ "[", true, 0, "x" },
	{ "[]", true, 0, "x" },
	{ "[::1", true, 0, "x" },
	{ "::1%lo", true, 0, "x" },
	{ "::g", true, 0, "x" },
	{ "", true, 0, "x" },
	{ "pop.example", true, 0, "x" },
	{ FIFTY, true, 0, "x" },
};

START_TEST(an_address_has_one_right_form)
{
	char text[HOST_TEXT_SIZE] = "x";

	ck_assert_int_eq(host_address(slice_str(addresses[_i].typed),
	    addresses[_i].brackets, text), addresses[_i].family);
	ck_assert_str_eq(text, addresses[_i].text);
}
END_TEST

START_TEST(bytes_behind_the_slice_do_not_count)
{
	char text[HOST_TEXT_SIZE];

	ck_assert(host_is_name(slice_of("pop.example/x", 11)));
	ck_assert_int_eq(host_address(slice_of("192.0.2.17", 9), false, text),
	    AF_INET);
	ck_assert_str_eq(text, "192.0.2.1");
	ck_assert_int_eq(host_address(slice_of("1.2.3.4\0x", 9), false, text),
	    0);
}
END_TEST

static const struct {
	const char	*typed;
	int		 want;
	const char	*text;
} ports[] = {
{ "192.0.2.7", 0, "192.0.2.7:25" },
{ "192.0.2.7:2525", 0, "192.0.2.7:2525" },
{ "mail.far.test", 0, "mail.far.test:25" },
{ "mail.far.test:465", 0, "mail.far.test:465" },
{ "2001:db8::7", 0, "[2001:db8::7]:25" },
{ "[2001:DB8:0::7]", 0, "[2001:db8::7]:25" },
{ "[2001:db8::7]:587", 0, "[2001:db8::7]:587" },
{ "", -EINVAL, "" },
{ ":25", -EINVAL, "" },
{ "mail.far.test:", -EINVAL, "" },
{ "mail.far.test:0", -EINVAL, "" },
{ "mail.far.test:65536", -EINVAL, "" },
{ "mail.far.test:25:25", -EINVAL, "" },
{ "192.0.2:25", -EINVAL, "" },
{ "mail far.test", -EINVAL, "" },
};

START_TEST(a_host_may_have_a_port_behind_it)
{
	char host[HOST_NAME_MOST + 2] = "x";
	TEXT_AUTO text = TEXT_INIT(512);
	uint16_t port = 25;

	ck_assert_int_eq(host_port(slice_str(ports[_i].typed), host, &port),
	    ports[_i].want);
	if (ports[_i].want == 0)
		host_port_write(&text, host, port);
	ck_assert(slice_is_str(text_slice(&text), ports[_i].text));
	ck_assert(ports[_i].want == 0 || port == 25);
}
END_TEST

#define ROWS(table)	((int)(sizeof(table) / sizeof(*(table))))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("lib/base/host");
	TCase *test = tcase_create("host");

	tcase_add_loop_test(test,
	    a_name_is_made_of_labels_and_is_no_torn_address, 0, ROWS(names));
	tcase_add_loop_test(test, an_address_has_one_right_form, 0,
	    ROWS(addresses));
	tcase_add_test(test, bytes_behind_the_slice_do_not_count);
	tcase_add_loop_test(test, a_host_may_have_a_port_behind_it, 0,
	    ROWS(ports));
	suite_add_tcase(suite, test);
	return suite;
}
