/*
 * urgency_test.c - what mail programs write on urgent mail
 */
#include "lib/message/urgency.h"
#include "tests/unit/unit.h"

static const struct {
	const char	*header;
	bool		 is_high;
} cases[] = {
	/* RFC 2156 5.3.6; Outlook, Thunderbird and Apple Mail; folded */
	{ "From: a@b\r\nPriority: urgent\r\n\r\nx", true },
	{ "Importance: High\r\nX-Priority: 1\r\n\r\n", true },
	{ "X-Priority: 1 (Highest)\r\n\r\n", true },
	{ "X-Priority: 2 (High)\r\n\r\n", true },
	{ "x-msmail-priority: high\r\n\r\n", true },
	{ "Importance:\r\n HIGH (it is)\r\n\r\n", true },
	{ "Priority: normal\r\nImportance: high\r\n\r\n", true },
	{ "Importance: high", true },
	{ "Priority: non-urgent\r\nImportance: low\r\nX-Priority: 5\r\n\r\n",
	  false },
	{ "X-Priority: 3\r\nX-MSMail-Priority: Normal\r\n\r\n", false },
	{ "X-Priority: 10\r\nImportance: highest\r\n\r\n", false },
	{ "Subject: Importance: high\r\n\r\nImportance: high\r\n", false },
	{ "X-Importance: high\r\nX-Priority:\r\n\r\n", false },
	{ "", false },
};

START_TEST(a_message_is_urgent_where_its_header_says_so)
{
	ck_assert_int_eq(urgency_is_high(slice_str(cases[_i].header)),
	    cases[_i].is_high);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("urgency");
	TCase *tests = tcase_create("urgency");

	tcase_add_loop_test(tests, a_message_is_urgent_where_its_header_says_so,
	    0, sizeof(cases) / sizeof(cases[0]));
	suite_add_tcase(suite, tests);
	return suite;
}
