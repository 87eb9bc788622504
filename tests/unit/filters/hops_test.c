/*
 * hops_test.c - has this message been round too often?
 */
#include "filters/hops.h"
#include "tests/unit/unit.h"

static const struct {
	unsigned		hops;
	enum verdict_action	want;
} roads[] = {
	{ 0, VERDICT_ACCEPT },
	{ 49, VERDICT_ACCEPT },
	{ 50, VERDICT_ACCEPT },
	{ 51, VERDICT_REFUSE },
};

/* RFC 5321 6.3; A14 */
START_TEST(a_message_that_goes_in_a_circle_is_stopped)
{
	TEXT_AUTO text = TEXT_INIT(10000);
	struct verdict verdict;

	for (unsigned i = 0; i < roads[_i].hops; i++)
		text_addf(&text, "%s: from a\r\n by b; date\r\n",
		    i % 2 ? "Received" : "RECEIVED");
	text_add_str(&text, "X-Received: c\r\n\r\nReceived: in the body\r\n");
	hops_judge(text_slice(&text), HOPS_MOST, &verdict);
	ck_assert_int_eq(verdict.action, roads[_i].want);
	if (verdict.action == VERDICT_ACCEPT)
		return;
	ck_assert_str_eq(verdict.reason, "too many hops (51)");
	ck_assert_uint_eq(verdict.code, 554);
	ck_assert_str_eq(verdict.status, "5.4.6");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("hops");
	TCase *tests = tcase_create("hops");

	tcase_add_loop_test(tests, a_message_that_goes_in_a_circle_is_stopped,
	    0, sizeof(roads) / sizeof(roads[0]));
	suite_add_tcase(suite, tests);
	return suite;
}
