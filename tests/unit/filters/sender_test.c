/*
 * sender_test.c - in whose name do people send?
 */
#include "filters/sender.h"

#include <string.h>

#include "tests/unit/unit.h"

#define ANN	"From: Ann <ann@office.test>\r\n"
#define END	"\r\nhi\r\n"

/* What a header names: the addresses, a Sender after "/"; or the fault. */
static const struct {
	const char	*message;
	const char	*found;
} headers[] = {
{ ANN END, "ann@office.test" },
{ "To: x@y.test\r\nFROM: ANN@Office.TEST\r\n" END, "ann@office.test" },
{ "From: \"bob@office.test\" <ann@office.test>\r\n" END, "ann@office.test" },
{ "From: =?utf-8?q?J=C3=B6?= (x) <\"a.b\"@office.test>\r\n" END,
  "a.b@office.test" },
{ "From: ann@office.test,\r\n\tbob@office.test\r\n"
  "Sender: ann@office.test\r\n" END,
  "ann@office.test bob@office.test/ann@office.test" },
{ ANN "Sender: Bob <bob@office.test>\r\n" END,
  "ann@office.test/bob@office.test" },
/* as mail programs write it */
{ "From: Ann M. Smith <ann@office.test>\r\n" END, "ann@office.test" },
{ "From: \"Ann (ann@office.test)\" <ann@office.test>\r\n" END,
  "ann@office.test" },
{ "From: Ann (ann@office.test) <ann@office.test>\r\n" END,
  "ann@office.test" },
{ "From: \"<ann@office.test>\" <ann@office.test>\r\n" END,
  "ann@office.test" },
{ "From: ann@office.test (Ann, at <Ann@office.test>)\r\n" END,
  "ann@office.test" },
{ "From: =?utf-8?q?=3Cann=40office=2Etest=3E?= <ann@office.test>\r\n" END,
  "ann@office.test" },
{ "From: J\xc3\xb6 <j\xc3\xb6@office.test>\r\n" END,
  "j\xc3\xb6@office.test" },
/* what quotes mean is the name, and no quote in it ends it */
{ "From: \"a b\"@office.test\r\n" END, "a b@office.test" },
{ "From: <\"a b\"@office.test>\r\n" END, "a b@office.test" },
{ "From: \"\\\"ann\\\"\"@office.test\r\n" END,
  "\"ann\"@office.test" },
/* RFC 6409 8: what nobody has written is nobody's */
{ "Subject: x\r\n" END, "the message has no author: no From field" },
{ END, "the message has no author: no From field" },
{ "From: \r\n" END, "the From field cannot be read in one way only" },
{ "From: Ann\r\n" END, "the From field cannot be read in one way only" },
{ "From: people:ann@office.test;\r\n" END,
  "the From field cannot be read in one way only" },
/* HARDENING A66: what one reader shows and another does not */
{ ANN "From: boss@bank.test\r\n" END,
  "the From field cannot be read in one way only" },
{ ANN "F\1rom: boss@bank.test\r\n" END,
  "the From field cannot be read in one way only" },
{ "From: ann@office.test <boss@bank.test>\r\n" END,
  "the From field cannot be read in one way only" },
{ "From: <boss@bank.test>, \"x <y@bank.example>\" <ann@office.test>\r\n" END,
  "the From field cannot be read in one way only" },
/* the same where both have one domain */
{ "From: ceo@office.test <ann@office.test>\r\n" END,
  "the From field cannot be read in one way only" },
{ "From: \"x <ceo@office.test>\" <ann@office.test>\r\n" END,
  "the From field cannot be read in one way only" },
{ "From: =?utf-8?q?=3Cceo=40office=2Etest=3E?= <ann@office.test>\r\n" END,
  "the From field cannot be read in one way only" },
{ "From: ann@office.test (<ceo@office.test>)\r\n" END,
  "the From field cannot be read in one way only" },
{ "From: \"ceo@office.test \"@office.test\r\n" END,
  "the From field cannot be read in one way only" },
{ "From: \"<\\\"a\\\"@office.test>\" <a@office.test>\r\n" END,
  "the From field cannot be read in one way only" },
{ "From: ann@office.test bob\r\n" END,
  "the From field cannot be read in one way only" },
{ "From: <<ann@office.test>>\r\n" END,
  "the From field cannot be read in one way only" },
{ ANN "Sender: ceo@office.test <ann@office.test>\r\n" END,
  "the Sender field does not name one address" },
{ ANN "Sender: \"<ceo@office.test>\" <ann@office.test>\r\n" END,
  "the Sender field does not name one address" },
{ ANN "S\1ender: ceo@office.test\r\n" END,
  "the Sender field does not name one address" },
{ "From: ann@[192.0.2.1]\r\n" END,
  "the From field cannot be read in one way only" },
{ "From: a@o.test, b@o.test, c@o.test, d@o.test, e@o.test, f@o.test,"
  " g@o.test, h@o.test, i@o.test\r\n" END,
  "the From field cannot be read in one way only" },
{ ANN "Sender: x\r\n" END, "the Sender field does not name one address" },
{ ANN "Sender: a@o.test, b@o.test\r\n" END,
  "the Sender field does not name one address" },
{ ANN "Sender: a@o.test\r\nSender: a@o.test\r\n" END,
  "the Sender field does not name one address" },
};

START_TEST(a_header_names_those_it_is_from)
{
	TEXT_AUTO words = TEXT_INIT(4096);
	struct sender_found found;

	ck_assert_int_eq(sender_find(slice_str(headers[_i].message), &found),
	    0);
	if (found.fault != NULL)
		text_add_str(&words, found.fault);
	for (unsigned i = 0; found.fault == NULL &&
	    i < sender_count(&found); i++)
		text_addf(&words, "%s%s", i == 0 ? "" :
		    i == found.authors ? "/" : " ", found.address[i]);
	text_add_byte(&words, '\0');
	ck_assert_str_eq(words.at, headers[_i].found);
}
END_TEST

/* Ann's is what begins with "ann". */
static const struct {
	const char	*message;
	const char	*reason;	/* "": it may be sent */
} judged[] = {
{ ANN END, "" },
{ "From: bob@office.test\r\n" END, "From has bob@office.test, which is no "
  "address of ann@office.test, who has logged in" },
{ "From: ann@office.test, ann+x@office.test\r\n" END, "" },
{ "From: ann@office.test, bob@office.test\r\n" END, "From has "
  "bob@office.test, which is no address of ann@office.test, who has logged "
  "in" },
/* HARDENING A66: who shows the authors does not show the Sender */
{ "From: boss@bank.test, ann@office.test\r\nSender: ann@office.test\r\n" END,
  "From has boss@bank.test, which is no address of ann@office.test, who has "
  "logged in" },
{ "From: ann+x@office.test\r\nSender: ann@office.test\r\n" END, "" },
{ "From: bob@office.test\r\nSender: ann@office.test\r\n" END, "From has "
  "bob@office.test, which is no address of ann@office.test, who has logged "
  "in" },
{ ANN "Sender: bob@office.test\r\n" END, "Sender has bob@office.test, which "
  "is no address of ann@office.test, who has logged in" },
{ "Subject: x\r\n" END, "the message has no author: no From field" },
};

START_TEST(people_send_in_their_own_name)
{
	struct sender_found found;
	bool is_own[SENDER_MOST];
	struct verdict verdict;

	ck_assert_int_eq(sender_find(slice_str(judged[_i].message), &found),
	    0);
	for (unsigned i = 0; i < SENDER_MOST; i++)
		is_own[i] = strncmp(found.address[i], "ann", 3) == 0;
	sender_judge(&found, is_own, slice_str("ann@office.test"), &verdict);
	ck_assert_str_eq(verdict.reason, judged[_i].reason);
	ck_assert_int_eq(verdict.action, judged[_i].reason[0] == '\0' ?
	    VERDICT_ACCEPT : VERDICT_REFUSE);
}
END_TEST

START_TEST(it_concerns_those_who_have_logged_in_here)
{
	struct envelope env = { .source = SOURCE_SMTP };

	ck_assert(!sender_concerns(&env));
	env.login = slice_str("ann@office.test");
	ck_assert(sender_concerns(&env));
	/* a login at a provider is none here */
	env.source = SOURCE_FETCH;
	ck_assert(!sender_concerns(&env));
	/* a report has a sender, and is signed; a notice has none */
	env = (struct envelope){ .source = SOURCE_OWN };
	ck_assert(!sender_concerns(&env));
	env.sender = slice_str("reports@office.test");
	ck_assert(sender_concerns(&env));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/sender");
	TCase *tests = tcase_create("sender");

	tcase_add_loop_test(tests, a_header_names_those_it_is_from, 0,
	    sizeof(headers) / sizeof(headers[0]));
	tcase_add_loop_test(tests, people_send_in_their_own_name, 0,
	    sizeof(judged) / sizeof(judged[0]));
	tcase_add_test(tests, it_concerns_those_who_have_logged_in_here);
	suite_add_tcase(suite, tests);
	return suite;
}
