/*
 * forged_test.c - header lines in this hub's name that the hub has not written
 */
#include "filters/forged.h"

#include <string.h>

#include "tests/unit/unit.h"

#define HOST	"hub.office.test"

/* RFC 8601 2.2, and what readers make of less; HARDENING A67 */
static const struct {
	const char	*value;
	bool		 is_ours;
} values[] = {
	{ " hub.office.test; spf=pass", true },
	{ "hub.office.test;spf=pass", true },
	{ " HUB.Office.TEST; none", true },
	{ " hub.office.test 1; spf=pass", true },
	{ " hub.office.test\t1 ; spf=pass", true },
	{ " hub.office.test/1; spf=pass", true },
	{ " hub.office.test", true },
	{ " hub.office.test.; spf=pass", true },
	{ "\r\n hub.office.test;\r\n spf=pass", true },
	{ "\r\n\thub.office.test\r\n\t1;", true },
	{ " (a comment) hub.office.test;", true },
	{ " (a (nested \\) one)) hub.office.test;", true },
	{ "(a)(b)\r\n (c)\r\n hub.office.test (d) 1 (e);", true },
	{ " hub.office.test(a); spf=pass", true },
	{ " hub(a).office.test; spf=pass", true },
	{ " hub.office.test(a)1; spf=pass", true },
	{ " \"hub.office.test\"; spf=pass", true },
	{ " \"hub.off\\ice.test\" 1; spf=pass", true },
	{ " \"hub.\r\n office.test\"; spf=pass", true },
	{ " (a) \"HUB.office.test\"", true },
	/* what cannot be read is ours when it names us */
	{ " (never closed hub.office.test; spf=pass", true },
	{ " \"hub.office.test; spf=pass", true },
	{ " ; hub.office.test; spf=pass", true },
	{ " <hub.office.test>; spf=pass", true },
	{ " hub.\001office.test; spf=pass", true },
	{ "\013(a)\001 \177hub.office.test\002; spf=pass", true },
	{ " \"hub.\001office.test\"; spf=pass", true },

	{ " mx.example.com; spf=pass", false },
	{ " mx.example.com; spf=pass smtp.helo=hub.office.test", false },
	{ " mx.example.com (hub.office.test); spf=pass", false },
	{ " (hub.office.test) mx.example.com; spf=pass", false },
	{ " evil.hub.office.test; spf=pass", false },
	{ " hub.office.test.example; spf=pass", false },
	{ " hub.office.tes; spf=pass", false },
	{ " \"mx.example.com\"; hub.office.test", false },
	{ " spf=pass (sender is hub.office.test)", false },
	{ " (never closed mx.example.com; spf=pass", false },
	{ "", false },
	{ " \"", false },
	{ " \\", false },
	{ " (\\", false },
};

START_TEST(whose_results_they_are_stands_before_everything)
{
	ck_assert_int_eq(forged_is_of(slice_str(values[_i].value), HOST),
	    values[_i].is_ours);
}
END_TEST

/* A message as it came, and as it is taken on. */
static const struct {
	const char	*message;
	const char	*want;
	unsigned	 edits;
} messages[] = {
	{ "Subject: a\r\n\r\ntext\r\n", "Subject: a\r\n\r\ntext\r\n", 0 },
	{ "", "", 0 },
	{ "Authentication-Results: mx.example; spf=pass\r\nTo: b\r\n\r\n",
	  "Authentication-Results: mx.example; spf=pass\r\nTo: b\r\n\r\n", 0 },
	{ "Authentication-Results: " HOST "; spf=pass\r\nTo: b\r\n\r\nt",
	  "To: b\r\n\r\nt", 1 },
	{ "A: b\r\nAUTHENTICATION-results  :\r\n\t" HOST ";\r\n spf=pass\r\n"
	  "To: b\r\n\r\nt", "A: b\r\nTo: b\r\n\r\nt", 1 },
	{ "A: b\r\nx-postroom-spam: no\r\nX-Postroom-New:\r\n x\r\nTo: b\r\n",
	  "A: b\r\nTo: b\r\n", 1 },
	{ "X-Postroomy: a\r\n\r\n", "X-Postroomy: a\r\n\r\n", 0 },
	{ "X-Postroom-A: b\r\nTo: b\r\nX-Postroom-C: d\r\n\r\n",
	  "To: b\r\n\r\n", 2 },
	/* in the body it means nothing */
	{ "To: b\r\n\r\nX-Postroom-A: b\r\n", "To: b\r\n\r\nX-Postroom-A: b\r\n",
	  0 },
	{ "\r\nX-Postroom-A: b\r\n", "\r\nX-Postroom-A: b\r\n", 0 },
	{ "To: b\n\nX-Postroom-A: b\n", "To: b\n\nX-Postroom-A: b\n", 0 },
	/* bare LF, no end, past what is no field */
	{ "To: b\nX-Postroom-A: b\n c\nFrom: a\n", "To: b\nFrom: a\n", 1 },
	{ "To: b\r\nX-Postroom-A: b", "To: b\r\n", 1 },
	{ "From ann Mon\r\nno field\r\nX-Postroom-A: b\r\nTo: b\r\n",
	  "From ann Mon\r\nno field\r\nTo: b\r\n", 1 },
	/* a bare CR ends a line for some, and not for others */
	{ "To: b\rX-Postroom-A: b\r\nFrom: a\r\n", "To: b\r\nFrom: a\r\n", 1 },
	{ "To: b\rX-Postroom-A: b\rFrom: a\r\n", "To: b\rFrom: a\r\n", 1 },
	{ "X-Postroom-A: b\rFrom: a\r\n", "From: a\r\n", 1 },
	{ "\rX-Postroom-A: b\r\nFrom: a\r\n", "From: a\r\n", 1 },
	{ "To: b\r\n\rX-Postroom-A: b\r\nFrom: a\r\n",
	  "To: b\r\nFrom: a\r\n", 1 },
	{ "To: b\r\r\nX-Postroom-A: b\r\nFrom: a\r\n\r\n",
	  "To: b\r\r\nFrom: a\r\n\r\n", 1 },
	{ "X-Postroom-A: b\r\n \r\n c\r\nFrom: a\r\n", "From: a\r\n", 1 },
	{ "X-Postroom-A: b\rX-Postroom-B: c\r\nFrom: a\r\n", "From: a\r\n", 1 },
	{ "X-Postroom-A: b\rX-Postroom-B: c\rX-Postroom-C: d\rFrom: a\r\n",
	  "From: a\r\n", 1 },
	/* bytes that can be in no name, and that some do not see */
	{ "X-Post\001room-A: b\r\nTo: b\r\n", "To: b\r\n", 1 },
	{ "\357\273\277X-Postroom-A: b\r\nTo: b\r\n", "To: b\r\n", 1 },
	{ "Authentication-Results\177\013: " HOST ";\r\nTo: b\r\n",
	  "To: b\r\n", 1 },
	{ "Authentication-Results\r\n : " HOST ";\r\nTo: b\r\n",
	  "To: b\r\n", 1 },
};

START_TEST(forged_lines_go_and_every_other_byte_stays)
{
	struct slice message = slice_str(messages[_i].message);
	TEXT_AUTO got = TEXT_INIT(2000);
	struct edits_piece piece;
	struct verdict verdict;
	uint64_t bytes = 0;

	forged_judge(message, HOST, &verdict);
	ck_assert_int_eq(verdict.action, VERDICT_ACCEPT);
	ck_assert_uint_eq(verdict.edits.count, messages[_i].edits);
	ck_assert_uint_eq(verdict.line_count, messages[_i].edits > 0);
	ck_assert_int_eq(edits_bytes(&verdict.edits, message.len, &bytes), 0);
	ck_assert_uint_eq(bytes, strlen(messages[_i].want));
	for (unsigned n = 0; edits_piece(&verdict.edits, message.len, n,
	    &piece); n++)
		text_add(&got, slice_of(message.at + piece.at,
		    (size_t)piece.bytes));
	text_add_byte(&got, '\0');
	ck_assert_str_eq(got.at, messages[_i].want);
}
END_TEST

/* A NUL, too, though no string of C can have it. */
START_TEST(a_nul_hides_nothing)
{
	static const char message[] = "X\0-Postroom-A: b\r\n"
	    "Authentication-Results: hub.\0office.test; spf=pass\r\n";
	struct verdict verdict;

	forged_judge(slice_of(message, sizeof(message) - 1), HOST, &verdict);
	ck_assert_uint_eq(verdict.edits.count, 1);
	ck_assert_uint_eq(verdict.edits.list[0].bytes, sizeof(message) - 1);
}
END_TEST

START_TEST(the_letter_says_how_many_there_were)
{
	struct verdict verdict;

	forged_judge(slice_str("X-Postroom-A: b\r\nX-Postroom-B: c\r\n"), HOST,
	    &verdict);
	ck_assert_str_eq(verdict.lines[0].name, FORGED_LINE);
	ck_assert_str_eq(verdict.lines[0].value,
	    "2 header lines in the name of " HOST);
	forged_judge(slice_str("X-Postroom-A: b\r\n"), HOST, &verdict);
	ck_assert_str_eq(verdict.lines[0].value,
	    "1 header line in the name of " HOST);
}
END_TEST

START_TEST(more_than_can_be_cut_out_is_refused)
{
	TEXT_AUTO text = TEXT_INIT(10000);
	struct verdict verdict;

	for (unsigned i = 0; i < EDITS_MOST; i++)
		text_add_str(&text, "X-Postroom-A: b\r\nTo: b\r\n");
	forged_judge(text_slice(&text), HOST, &verdict);
	ck_assert_int_eq(verdict.action, VERDICT_ACCEPT);
	text_add_str(&text, "X-Postroom-A: b\r\n");
	forged_judge(text_slice(&text), HOST, &verdict);
	ck_assert_int_eq(verdict.action, VERDICT_REFUSE);
	ck_assert_uint_eq(verdict.code, 554);
	ck_assert_str_eq(verdict.reason,
	    "65 header lines claim to be of this hub");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("forged");
	TCase *tests = tcase_create("forged");

	tcase_add_loop_test(tests,
	    whose_results_they_are_stands_before_everything, 0,
	    sizeof(values) / sizeof(values[0]));
	tcase_add_loop_test(tests, forged_lines_go_and_every_other_byte_stays,
	    0, sizeof(messages) / sizeof(messages[0]));
	tcase_add_test(tests, a_nul_hides_nothing);
	tcase_add_test(tests, the_letter_says_how_many_there_were);
	tcase_add_test(tests, more_than_can_be_cut_out_is_refused);
	suite_add_tcase(suite, tests);
	return suite;
}
