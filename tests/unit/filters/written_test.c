/*
 * written_test.c - who has written a message, and whether that is shown
 */
#include "filters/written.h"

#include <string.h>

#include "tests/unit/unit.h"

static const struct {
	const char		*from;	/* the header up to its empty line */
	const char		*author;	/* "": it has none */
} authors[] = {
	{ "From: Zoe <Zoe@Far.test>\r\n", "zoe@far.test" },
	{ "From: zoe@far.test\r\nSubject: al@far.test\r\n", "zoe@far.test" },
	{ "From: zoe@far.test\r\nSender: a@far.test, b@far.test\r\n",
	  "zoe@far.test" },
	{ "From: zoe, zoe@far.test\r\nSender: zoe@far.test\r\n", "" },
	/* HARDENING A66: programs show one or the other */
	{ "From: zoe@far.test, al@far.test\r\n", "zoe@far.test" },
	{ "From: zoe@far.test\r\nFrom: al@far.test\r\n", "" },
	{ "From: zoe@far.test\r\nfrom : al@bank.test\r\n", "" },
	{ "From: \"al@bank.test\" <zoe@far.test>\r\n", "zoe@far.test" },
	{ "From: <al@bank.test> <zoe@far.test>\r\n", "al@bank.test" },
	{ "From: zoe\r\n", "" },
	{ "From: zoe@[192.0.2.1]\r\n", "" },
	{ "Subject: none\r\n", "" },
	{ "Subject: below\r\n\r\nFrom: zoe@far.test\r\n", "" },
};

static struct verdict
judge_of(const char *header, const struct envelope *env,
    const struct origin_found *found)
{
	TEXT_AUTO message = TEXT_INIT(4096);
	struct verdict verdict;

	text_addf(&message, "%s\r\ntext\r\n", header);
	verdict_init(&verdict);
	written_judge(text_slice(&message), env, found, &verdict);
	return verdict;
}

static struct verdict
judge(const char *header, const struct origin_found *found)
{
	const struct envelope env = { .source = SOURCE_SMTP };

	return judge_of(header, &env, found);
}

START_TEST(the_author_is_who_every_program_shows)
{
	const struct origin_found none = { .is_wanted = false };
	struct verdict verdict = judge(authors[_i].from, &none);

	ck_assert_str_eq(verdict.author, authors[_i].author);
	ck_assert(!verdict.author_is_shown);
}
END_TEST

static const struct {
	struct origin_found	found;
	bool			is_shown;
} shown[] = {
	{ { .is_wanted = true }, false },
	{ { .is_wanted = true, .dmarc = ORIGIN_PASS, .author = "far.test" },
	  true },
	{ { .is_wanted = false, .dmarc = ORIGIN_PASS, .author = "far.test" },
	  false },
	{ { .is_wanted = true, .dmarc = ORIGIN_FAIL, .author = "far.test" },
	  false },
	{ { .is_wanted = true, .spf = ORIGIN_PASS, .spf_domain = "far.test" },
	  true },
	{ { .is_wanted = true, .spf = ORIGIN_PASS, .spf_domain = "al.test" },
	  false },
	{ { .is_wanted = true, .spf = ORIGIN_SOFTFAIL,
	  .spf_domain = "far.test" }, false },
	{ { .is_wanted = true, .signature_count = 2, .signatures = {
	  { .result = ORIGIN_PASS, .domain = "list.test" },
	  { .result = ORIGIN_PASS, .domain = "Far.test" } } }, true },
	{ { .is_wanted = true, .signature_count = 2, .signatures = {
	  { .result = ORIGIN_PASS, .domain = "list.test" },
	  { .result = ORIGIN_FAIL, .domain = "far.test" } } }, false },
	{ { .is_wanted = true, .helo = ORIGIN_PASS,
	  .helo_domain = "far.test", .iprev = ORIGIN_PASS }, false },
};

START_TEST(it_is_shown_by_what_vouches_for_that_domain)
{
	struct verdict verdict = judge("From: zoe@far.test\r\n",
	    &shown[_i].found);

	ck_assert_str_eq(verdict.author, "zoe@far.test");
	ck_assert_int_eq(verdict.author_is_shown, shown[_i].is_shown);
}
END_TEST

START_TEST(an_odd_sender_is_no_way_past_a_block)
{
	const struct origin_found found = { .is_wanted = true,
	    .dmarc = ORIGIN_PASS, .author = "far.test" };
	struct verdict verdict = judge("From: zoe@far.test\r\n"
	    "Sender: nobody\r\n", &found);

	ck_assert_str_eq(verdict.author, "zoe@far.test");
	/* nor one past a filter */
	ck_assert(!verdict.author_is_shown);
}
END_TEST

START_TEST(a_second_author_is_no_way_past_a_block)
{
	const struct origin_found found = { .is_wanted = true,
	    .dmarc = ORIGIN_PASS, .author = "far.test" };
	struct verdict verdict = judge("From: zoe@far.test, a@b.test\r\n",
	    &found);

	ck_assert_str_eq(verdict.author, "zoe@far.test");
	ck_assert(!verdict.author_is_shown);
}
END_TEST

START_TEST(a_login_shows_who_writes)
{
	const struct envelope env = { .source = SOURCE_SMTP,
	    .login = slice_str("zoe") };
	const struct origin_found none = { .is_wanted = false };

	ck_assert(judge_of("From: zoe@office.test\r\n", &env, &none)
	    .author_is_shown);
	ck_assert(!judge_of("From: zoe@office.test, al@office.test\r\n", &env,
	    &none).author_is_shown);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/written");
	TCase *tests = tcase_create("written");

	tcase_add_loop_test(tests, the_author_is_who_every_program_shows, 0,
	    sizeof(authors) / sizeof(authors[0]));
	tcase_add_loop_test(tests, it_is_shown_by_what_vouches_for_that_domain,
	    0, sizeof(shown) / sizeof(shown[0]));
	tcase_add_test(tests, an_odd_sender_is_no_way_past_a_block);
	tcase_add_test(tests, a_second_author_is_no_way_past_a_block);
	tcase_add_test(tests, a_login_shows_who_writes);
	suite_add_tcase(suite, tests);
	return suite;
}
