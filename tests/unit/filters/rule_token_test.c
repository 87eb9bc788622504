/*
 * rule_token_test.c - the words of a rule file
 */
#include <stdio.h>
#include <string.h>

#include "filters/rule_token.h"
#include "tests/unit/unit.h"

/* Each kind by a letter, what it holds behind it. */
static const char kinds[] = {
	[RULE_TOKEN_WORD] = 'w', [RULE_TOKEN_STRING] = 's',
	[RULE_TOKEN_PATTERN] = 'p', [RULE_TOKEN_OPEN] = '{',
	[RULE_TOKEN_CLOSE] = '}', [RULE_TOKEN_SEMICOLON] = ';',
	[RULE_TOKEN_LINE] = 'n', [RULE_TOKEN_END] = 'e',
	[RULE_TOKEN_BAD] = '!',
};

static const struct {
	const char	*bytes;
	const char	*tokens;	/* "line kind[text]", to the end */
} cases[] = {
	{ "", "1e[] " },
	{ "rule \"a b\" {", "1w[rule] 1s[a b] 1{[{] 1e[] " },
	{ "a;b}c{d", "1w[a] 1;[;] 1w[b] 1}[}] 1w[c] 1{[{] 1w[d] 1e[] " },
	{ "a\n\n \t\r\n# no word\n b", "1w[a] 1n[\n] 5w[b] 5e[] " },
	{ "a # b \"c\nd", "1w[a] 1n[\n] 2w[d] 2e[] " },
	/* only where a word could begin */
	{ "a#b", "1w[a#b] 1e[] " },
	{ "\"a\\\"b\\\\\" c", "1s[a\\\"b\\\\] 1w[c] 1e[] " },
	{ "/a\\/b/is;c", "1p[a\\/b,is] 1;[;] 1w[c] 1e[] " },
	{ "/a#b/ # c", "1p[a#b,] 1e[] " },
	{ "size>10k", "1w[size>10k] 1e[] " },
	{ "size >10k", "1w[size] 1w[>] 1w[10k] 1e[] " },
	{ "sender <>", "1w[sender] 1w[<>] 1e[] " },
	{ "\xef\xbb\xbf" "a", "1w[a] 1e[] " },
	{ "caf\xc3\xa9", "1w[caf\xc3\xa9] 1e[] " },
	/* the line of a fault is passed over, and no more */
	{ "\"a\nb", "1![] 1n[\n] 2w[b] 2e[] " },
	{ "/a\nb", "1![] 1n[\n] 2w[b] 2e[] " },
	{ "\"a\\\"\nb", "1![] 1n[\n] 2w[b] 2e[] " },
	{ "a\001b c\nd", "1![] 1n[\n] 2w[d] 2e[] " },
	{ "\"", "1![] 1e[] " },
};

START_TEST(a_file_is_taken_apart_into_words)
{
	struct rule_tokens tokens = rule_tokens_of(
	    slice_str(cases[_i].bytes));
	TEXT_AUTO said = TEXT_INIT(1000);
	struct rule_token token;

	do {
		token = rule_token_take(&tokens);
		ck_assert((token.kind == RULE_TOKEN_BAD) ==
		    (token.fault != NULL));
		if (token.kind == RULE_TOKEN_BAD)
			token.text.len = 0;
		text_addf(&said, "%u%c[%.*s%s%.*s] ", token.line,
		    kinds[token.kind], SLICE_FMT(token.text),
		    token.kind == RULE_TOKEN_PATTERN ? "," : "",
		    SLICE_FMT(token.flags));
	} while (token.kind != RULE_TOKEN_END);
	ck_assert_msg(slice_is_str(text_slice(&said), cases[_i].tokens),
	    "%.*s", SLICE_FMT(text_slice(&said)));
	/* the end comes again and again */
	ck_assert_int_eq(rule_token_take(&tokens).kind, RULE_TOKEN_END);
}
END_TEST

static const struct {
	const char	*written, *string;
} strings[] = {
	{ "", "" },
	{ "a b", "a b" },
	{ "a \\\"b\\\"", "a \"b\"" },
	{ "\\\\n", "\\n" },
	{ "\\n", "n" },
	{ "a\\", "a\\" },
};

START_TEST(a_string_loses_its_escapes)
{
	TEXT_AUTO text = TEXT_INIT(100);

	rule_string(&text, slice_str(strings[_i].written));
	ck_assert_msg(slice_is_str(text_slice(&text), strings[_i].string),
	    "%.*s", SLICE_FMT(text_slice(&text)));
}
END_TEST

#define COUNT(table)	((int)(sizeof(table) / sizeof((table)[0])))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/rule_token");
	TCase *tests = tcase_create("rule_token");

	tcase_add_loop_test(tests, a_file_is_taken_apart_into_words, 0,
	    COUNT(cases));
	tcase_add_loop_test(tests, a_string_loses_its_escapes, 0,
	    COUNT(strings));
	suite_add_tcase(suite, tests);
	return suite;
}
