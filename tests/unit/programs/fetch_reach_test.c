/*
 * fetch_reach_test.c - where a host is, as the resolver says and as is allowed
 */
#include "programs/fetch_reach.h"

#include "lib/base/pack.h"
#include "tests/unit/unit.h"

static const struct {
	const char	*addresses, *own, *allowed;
	const char	*want;		/* connected to; NULL: nothing is */
} namings[] = {
	{ "192.0.2.7", "", "", "192.0.2.7" },
	{ "127.0.0.1", "127.0.0.1", "", NULL },
	{ "10.0.0.5,192.0.2.7,[fd00::5]", "", "", "192.0.2.7" },
	{ "192.0.2.7,198.51.100.1", "192.0.2.7", "", "198.51.100.1" },
	{ "192.0.2.7", "192.0.2.7", "", NULL },
	{ "10.0.0.5,127.0.0.1", "127.0.0.1", "10.0.0.0/8", "10.0.0.5" },
};

static void
pack(struct text *body, unsigned found, const char *addresses,
    const char *own)
{
	pack_u8(body, (uint8_t)found);
	pack_slice(body, slice_str(addresses));
	pack_slice(body, slice_str(own));
}

START_TEST(a_host_that_people_name_leads_to_no_inner_address)
{
	TEXT_AUTO body = TEXT_INIT(1024);
	char got[NAMES_TEXT_SIZE] = "unchanged";

	pack(&body, NAMES_FOUND, namings[_i].addresses, namings[_i].own);
	ck_assert_int_eq(fetch_reach_read(text_slice(&body), true,
	    namings[_i].allowed, got), namings[_i].want == NULL ? REACH_INNER :
	    REACH_FOUND);
	ck_assert_str_eq(got, namings[_i].want == NULL ? "unchanged" :
	    namings[_i].want);
}
END_TEST

START_TEST(a_host_that_the_postmaster_names_leads_anywhere)
{
	TEXT_AUTO body = TEXT_INIT(1024);
	char got[NAMES_TEXT_SIZE];

	pack(&body, NAMES_FOUND, namings[_i].addresses, namings[_i].own);
	ck_assert_int_eq(fetch_reach_read(text_slice(&body), false,
	    namings[_i].allowed, got), REACH_FOUND);
	ck_assert_str_eq(got, namings[_i].addresses);
}
END_TEST

START_TEST(what_is_not_found_is_said_and_what_cannot_be_read)
{
	TEXT_AUTO none = TEXT_INIT(64), later = TEXT_INIT(64);
	TEXT_AUTO longer = TEXT_INIT(4096), many = TEXT_INIT(4096);
	char got[NAMES_TEXT_SIZE] = "unchanged";
	struct slice cut;

	pack(&none, NAMES_NONE, "", "");
	pack(&later, NAMES_LATER, "", "");
	ck_assert_int_eq(fetch_reach_read(text_slice(&none), true, "", got),
	    REACH_NONE);
	ck_assert_int_eq(fetch_reach_read(text_slice(&later), true, "", got),
	    REACH_LATER);
	cut = slice_first(text_slice(&none), none.len - 1);
	ck_assert_int_eq(fetch_reach_read(cut, true, "", got),
	    REACH_UNREADABLE);
	for (unsigned i = 0; i < NAMES_TEXT_SIZE / 10 + 1; i++)
		text_add_str(&many, "192.0.2.1,");
	text_add_byte(&many, 0);
	pack(&longer, NAMES_FOUND, many.at, "");
	ck_assert_int_eq(fetch_reach_read(text_slice(&longer), true, "", got),
	    REACH_UNREADABLE);
	ck_assert_str_eq(got, "unchanged");
}
END_TEST

/* RFC 1928 5: the proxy looks a name up; an address is one already. */
START_TEST(of_what_a_proxy_looks_up_addresses_alone_are_judged)
{
	ck_assert(fetch_reach_may_ask("intranet.test", true, ""));
	ck_assert(fetch_reach_may_ask("192.0.2.1", true, ""));
	ck_assert(!fetch_reach_may_ask("127.0.0.1", true, ""));
	ck_assert(!fetch_reach_may_ask("::1", true, ""));
	ck_assert(fetch_reach_may_ask("127.0.0.1", true, "127.0.0.0/8"));
	ck_assert(fetch_reach_may_ask("127.0.0.1", false, ""));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("programs/fetch_reach");
	TCase *tc = tcase_create("reach");
	int rows = (int)(sizeof(namings) / sizeof(namings[0]));

	tcase_add_loop_test(tc,
	    a_host_that_people_name_leads_to_no_inner_address, 0, rows);
	tcase_add_loop_test(tc,
	    a_host_that_the_postmaster_names_leads_anywhere, 0, rows);
	tcase_add_test(tc,
	    what_is_not_found_is_said_and_what_cannot_be_read);
	tcase_add_test(tc,
	    of_what_a_proxy_looks_up_addresses_alone_are_judged);
	suite_add_tcase(suite, tc);
	return suite;
}
