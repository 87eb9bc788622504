/*
 * here_test.c - is that address one of this machine's own?
 */
#include "lib/base/here.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include "tests/unit/unit.h"

START_TEST(loopback_is_here)
{
	ck_assert(here_has(slice_str("127.0.0.1")));
}
END_TEST

static const char *const others[] = {
	"192.0.2.1", "[2001:db8::1]", "2001:db8::1", "", "localhost",
	"127.0.0.1:25", "[]", "255.255.255.255",
};

START_TEST(what_is_elsewhere_or_no_address_is_not)
{
	ck_assert(!here_has(slice_str(others[_i])));
}
END_TEST

/* As the system lists them; what is down is nobody's. */
START_TEST(every_address_of_every_interface_is_here)
{
	struct ifaddrs *list, *one;
	char text[INET6_ADDRSTRLEN];
	unsigned count = 0;

	ck_assert_int_eq(getifaddrs(&list), 0);
	for (one = list; one != NULL; one = one->ifa_next) {
		const struct sockaddr_in *v4;

		if (one->ifa_addr == NULL ||
		    one->ifa_addr->sa_family != AF_INET)
			continue;
		v4 = (const void *)one->ifa_addr;
		ck_assert_ptr_nonnull(inet_ntop(AF_INET, &v4->sin_addr, text,
		    sizeof(text)));
		ck_assert_msg(here_has(slice_str(text)), "%s", text);
		count++;
	}
	freeifaddrs(list);
	ck_assert_uint_gt(count, 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("lib/base/here");
	TCase *tc = tcase_create("addresses");

	tcase_add_test(tc, loopback_is_here);
	tcase_add_loop_test(tc, what_is_elsewhere_or_no_address_is_not, 0,
	    sizeof(others) / sizeof(others[0]));
	tcase_add_test(tc, every_address_of_every_interface_is_here);
	suite_add_tcase(suite, tc);
	return suite;
}
