/*
 * door_guard_test.c - by what a visitor is counted
 */
#include <stdio.h>

#include "programs/door.h"
#include "tests/unit/unit.h"

static struct device device = { .address = "2001:db8::5" };

static const struct {
	enum service	 service;
	const char	*peer, *network, *counted_as;
} visitors[] = {
	/* who is nobody in particular shares the rate of his network */
	{ SERVICE_SMTP, "2001:db8::6", "2001:db8::", "2001:db8::" },
	{ SERVICE_SMTP, "192.0.2.1", "192.0.2.1", "192.0.2.1" },
	/* in one /64 there may be a whole office */
	{ SERVICE_SMTP, "2001:db8::5", "2001:db8::", "2001:db8::5" },
	{ SERVICE_SUBMISSION, "2001:db8::5", "2001:db8::", "2001:db8::5" },
	{ SERVICE_SMTP, "2001:db8:1::7", "2001:db8:1::", "2001:db8:1::7" },
	{ SERVICE_SUBMISSION, "2001:db8:1::8", "2001:db8:1::",
	  "2001:db8:1::8" },
	/* where nobody sends without a login they are as any */
	{ SERVICE_IMAP, "2001:db8::5", "2001:db8::", "2001:db8::" },
	{ SERVICE_LMTP, "2001:db8:1::7", "2001:db8:1::", "2001:db8:1::" },
};

START_TEST(who_is_known_by_the_address_has_a_rate_of_its_own)
{
	static struct process process;
	const struct listener listener = { .service = visitors[_i].service };
	const struct door door = { .process = &process,
	    .devices = { .at = &device, .count = 1 } };

	(void)snprintf(process.config.trusted_networks,
	    sizeof(process.config.trusted_networks), "2001:db8:1::/48");
	ck_assert_str_eq(door_counted_as(&door, &listener, visitors[_i].peer,
	    visitors[_i].network), visitors[_i].counted_as);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("door_guard");
	TCase *tcase = tcase_create("door_guard");

	tcase_add_loop_test(tcase,
	    who_is_known_by_the_address_has_a_rate_of_its_own, 0,
	    sizeof(visitors) / sizeof(visitors[0]));
	suite_add_tcase(suite, tcase);
	return suite;
}
