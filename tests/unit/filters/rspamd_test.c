/*
 * rspamd_test.c - what an rspamd says of a message, beside our own judges
 */
#include "filters/rspamd.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

#define ANSWER(action, score) "{\"is_skipped\": false, \"score\": " score \
	", \"required_score\": 15.0, \"action\": \"" action "\", \"symbols\": " \
	"{\"SMALL\": {\"score\": 0.5}, \"GOOD\": {\"score\": -3.0}, " \
	"\"BIG\": {\"score\": 5.25}, \"NONE\": {}}}"

static struct rspamd_found
found_in(const char *json)
{
	struct rspamd_found found;

	memset(&found, 0xa5, sizeof(found));
	rspamd_read(slice_str(json), &found);
	return found;
}

static const struct {
	const char		*json;
	enum rspamd_result	 result;
	int32_t			 score;
	const char		*symbols;
} answers[] = {
	{ ANSWER("no action", "1"), RSPAMD_NO_ACTION, 100,
	    "BIG GOOD SMALL NONE" },
	{ ANSWER("greylist", "4.5"), RSPAMD_GREYLIST, 450,
	    "BIG GOOD SMALL NONE" },
	{ ANSWER("add header", "7.199"), RSPAMD_ADD_HEADER, 720,
	    "BIG GOOD SMALL NONE" },
	{ ANSWER("rewrite subject", "-0.01"), RSPAMD_REWRITE_SUBJECT, -1,
	    "BIG GOOD SMALL NONE" },
	{ ANSWER("soft reject", "0"), RSPAMD_SOFT_REJECT, 0,
	    "BIG GOOD SMALL NONE" },
	{ ANSWER("reject", "1e300"), RSPAMD_REJECT, 10000000,
	    "BIG GOOD SMALL NONE" },
	{ "{\"score\": 1, \"action\": \"reject\"}", RSPAMD_REJECT, 100, "" },
	{ "{\"score\": 1, \"action\": \"reject\", \"symbols\": {\"A B\": {},"
	    " \"\": {}, \"\\u00e9\": {}, \"OK\": 7}}", RSPAMD_REJECT, 100,
	    "OK" },
	/* no answer that makes sense */
	{ "", RSPAMD_FAILED, 0, "" },
	{ "[]", RSPAMD_FAILED, 0, "" },
	{ "{\"error\": \"x\"}", RSPAMD_FAILED, 0, "" },
	{ "{\"score\": \"1\", \"action\": \"reject\"}", RSPAMD_FAILED, 0, "" },
	{ "{\"score\": 1, \"action\": \"explode\"}", RSPAMD_FAILED, 0, "" },
	{ "{\"score\": 1, \"action\": 1}", RSPAMD_FAILED, 0, "" },
	{ ANSWER("reject", "1") "x", RSPAMD_FAILED, 0, "" },
	{ "{\"score\": 1, \"action\": \"reject\", \"symbols\": "
	    "{\"a\\u0000b\": {}}}", RSPAMD_FAILED, 0, "" },
	{ "{\"score\": 1, \"action\": \"rej", RSPAMD_FAILED, 0, "" },
};

START_TEST(an_answer_is_a_score_an_action_and_names_or_none)
{
	struct rspamd_found found = found_in(answers[_i].json);

	ck_assert_int_eq(found.result, answers[_i].result);
	ck_assert_int_eq(found.score, answers[_i].score);
	ck_assert_str_eq(found.symbols, answers[_i].symbols);
	ck_assert_int_eq(found.words[0] != '\0',
	    found.result == RSPAMD_FAILED);
}
END_TEST

START_TEST(a_name_is_found_as_a_whole_in_either_case)
{
	struct rspamd_found found = found_in(ANSWER("reject", "1"));

	ck_assert(rspamd_has(&found, slice_str("GOOD")));
	ck_assert(rspamd_has(&found, slice_str("good")));
	ck_assert(!rspamd_has(&found, slice_str("GOO")));
	ck_assert(!rspamd_has(&found, slice_str("")));
}
END_TEST

/* What does not fit into a line is left out, name by name. */
START_TEST(a_thousand_names_fit_into_a_line)
{
	TEXT_AUTO json = TEXT_INIT(1 << 20);
	const struct rspamd_policy policy = { VERDICT_MARK, NULL,
	    VERDICT_MARK };
	struct rspamd_found found;
	struct verdict verdict;

	text_add_str(&json, "{\"score\":-7,\"action\":\"reject\",\"symbols\":{");
	for (int i = 0; i < 1000; i++)
		text_addf(&json, "%s\"SYMBOL_%d\":{\"score\":%d}", i == 0 ?
		    "" : ",", i, i);
	text_add_str(&json, "}}");
	rspamd_read(text_slice(&json), &found);
	ck_assert_int_eq(found.result, RSPAMD_REJECT);
	ck_assert_uint_gt(strlen(found.symbols), RSPAMD_SYMBOLS_MAX - 20);
	rspamd_judge(&found, &policy, &verdict);
	ck_assert_uint_eq(verdict.line_count, 1);
	ck_assert(slice_has_prefix(slice_str(verdict.lines[0].value),
	    "reject, -7.00 of 0.00 (SYMBOL_"));
}
END_TEST

static const struct {
	const char		*json;	/* NULL: it cannot be reached */
	struct rspamd_policy	 policy;
	enum verdict_action	 action;
	unsigned		 code;
	const char		*folder, *line;
} verdicts[] = {
	{ ANSWER("no action", "1"), { VERDICT_HOLD, NULL, VERDICT_HOLD },
	    VERDICT_ACCEPT, 250, "",
	    "no-action, 1.00 of 15.00 (BIG GOOD SMALL NONE)" },
	{ ANSWER("soft reject", "1"), { VERDICT_HOLD, NULL, VERDICT_HOLD },
	    VERDICT_ACCEPT, 250, "",
	    "soft-reject, 1.00 of 15.00 (BIG GOOD SMALL NONE)" },
	{ ANSWER("add header", "8"), { VERDICT_MARK, NULL, VERDICT_HOLD },
	    VERDICT_MARK, 250, "",
	    "add-header, 8.00 of 15.00 (BIG GOOD SMALL NONE)" },
	{ ANSWER("reject", "18.5"), { VERDICT_MARK, "Junk", VERDICT_HOLD },
	    VERDICT_MARK, 250, "Junk",
	    "reject, 18.50 of 15.00 (BIG GOOD SMALL NONE)" },
	{ ANSWER("reject", "18.5"), { VERDICT_HOLD, NULL, VERDICT_MARK },
	    VERDICT_HOLD, 250, "",
	    "reject, 18.50 of 15.00 (BIG GOOD SMALL NONE)" },
	{ NULL, { VERDICT_MARK, NULL, VERDICT_MARK }, VERDICT_MARK, 250, "",
	    "not asked (gone?)" },
	{ NULL, { VERDICT_MARK, "Junk", VERDICT_HOLD }, VERDICT_HOLD, 250, "",
	    "not asked (gone?)" },
	{ NULL, { VERDICT_MARK, NULL, VERDICT_DEFER }, VERDICT_DEFER, 451, "",
	    "not asked (gone?)" },
};

START_TEST(what_it_says_and_that_it_says_nothing_are_told_and_done)
{
	struct rspamd_found found;
	struct verdict verdict;

	if (verdicts[_i].json == NULL)
		rspamd_none(slice_str("gone\n"), &found);
	else
		found = found_in(verdicts[_i].json);
	rspamd_judge(&found, &verdicts[_i].policy, &verdict);
	ck_assert_int_eq(verdict.action, verdicts[_i].action);
	ck_assert_uint_eq(verdict.code, verdicts[_i].code);
	ck_assert_str_eq(verdict.folder, verdicts[_i].folder);
	ck_assert_str_eq(verdict.lines[0].name, "X-Postroom-Rspamd");
	ck_assert_str_eq(verdict.lines[0].value, verdicts[_i].line);
}
END_TEST

/* Nothing of a stranger's ends a line of the question. */
START_TEST(a_question_tells_who_sent_it_and_no_line_more)
{
	TEXT_AUTO head = TEXT_INIT(RSPAMD_HEAD_MOST);
	struct recipient recipients[] = {
		{ .address = slice_str("ann@office.test") },
		{ .address = slice_str("b\r\nX: y@office.test") },
	};
	struct envelope env = {
		.source = SOURCE_SMTP, .sender = slice_str("a@b.example"),
		.peer = slice_str("198.51.100.7"),
		.helo = slice_str("out\r\nSettings: {}"), .bytes = 77,
		.recipients = recipients, .recipient_count = 2,
	};

	rspamd_ask(&head, &env);
	ck_assert(slice_is_str(text_slice(&head),
	    "POST /checkv2 HTTP/1.1\r\nHost: rspamd\r\n"
	    "Content-Length: 77\r\nConnection: close\r\n"
	    "IP: 198.51.100.7\r\nFrom: a@b.example\r\n"
	    "Rcpt: ann@office.test\r\n"
	    "Queue-Id: 0000000000000000\r\n\r\n"));
	/* of what a provider brought, who came to him */
	env.source = SOURCE_UPSTREAM;
	env.hop.peer = slice_str("2001:db8::1");
	env.hop.helo = slice_str("far.example");
	text_clear(&head);
	rspamd_ask(&head, &env);
	ck_assert(slice_has_prefix(text_slice(&head),
	    "POST /checkv2 HTTP/1.1\r\nHost: rspamd\r\n"
	    "Content-Length: 77\r\nConnection: close\r\n"
	    "IP: 2001:db8::1\r\nHelo: far.example\r\n"));
}
END_TEST

#define COUNT(rows)	(int)(sizeof(rows) / sizeof((rows)[0]))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("rspamd");
	TCase *test = tcase_create("rspamd");

	tcase_add_loop_test(test,
	    an_answer_is_a_score_an_action_and_names_or_none, 0,
	    COUNT(answers));
	tcase_add_test(test, a_name_is_found_as_a_whole_in_either_case);
	tcase_add_test(test, a_thousand_names_fit_into_a_line);
	tcase_add_loop_test(test,
	    what_it_says_and_that_it_says_nothing_are_told_and_done, 0,
	    COUNT(verdicts));
	tcase_add_test(test,
	    a_question_tells_who_sent_it_and_no_line_more);
	suite_add_tcase(suite, test);
	return suite;
}
