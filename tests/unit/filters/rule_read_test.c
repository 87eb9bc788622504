/*
 * rule_read_test.c - the postmaster's rules, from their files
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filters/rule_read.h"
#include "tests/unit/unit.h"

/* Read one file "a.rule". */
static int
read_one(struct slice bytes, struct rules **rules_out, struct text *faults)
{
	struct rule_file file = { slice_str("a.rule"), bytes };

	return rules_read(&file, 1, rules_out, faults);
}

static struct rules *
rules_of(const char *bytes)
{
	TEXT_AUTO faults = TEXT_INIT(10000);
	struct rules *rules = NULL;

	ck_assert_msg(read_one(slice_str(bytes), &rules, &faults) == 0,
	    "%.*s", SLICE_FMT(text_slice(&faults)));
	ck_assert_uint_eq(faults.len, 0);
	return rules;
}

START_TEST(a_rule_is_its_tests_and_actions)
{
	struct rules *rules = rules_of(
	    "# what we had in March\n"
	    "rule \"fake invoice\" {\n"
	    "\theader Subject /invoice|tagihan/i; attachment name /\\.exe$/\n"
	    "\tany { not sender @office.test; remote 2001:db8::/32 }\n"
	    "\tdo mark header \"X-Fake: \\\"yes\\\"\"; do hold \"why\"; stop\n"
	    "}\n");
	const struct rule *rule = &rules->rules[0];
	const struct rule_test *test = rule->tests;
	const struct rule_action *action = rule->actions;

	ck_assert_uint_eq(rules->count, 1);
	ck_assert(slice_is_str(rule->name, "fake invoice"));
	ck_assert(slice_is_str(rule->file, "a.rule"));
	ck_assert_uint_eq(rule->line, 2);
	ck_assert(rule->stops);
	ck_assert_int_eq(test->kind, RULE_HEADER);
	ck_assert(slice_is_str(test->word, "Subject"));
	ck_assert_uint_eq(test->pattern, 0);
	test = test->next;
	ck_assert_int_eq(test->kind, RULE_ATTACHMENT_NAME);
	ck_assert_uint_eq(test->line, 3);
	test = test->next;
	ck_assert_int_eq(test->kind, RULE_ANY);
	ck_assert_ptr_null(test->next);
	test = test->inside;
	ck_assert(test->negated);
	ck_assert_int_eq(test->kind, RULE_SENDER);
	ck_assert_int_eq(test->whose, RULE_DOMAIN);
	ck_assert(slice_is_str(test->word, "office.test"));
	test = test->next;
	ck_assert(!test->negated);
	ck_assert_int_eq(test->kind, RULE_REMOTE);
	ck_assert_uint_eq(test->net.bits, 32);
	ck_assert_ptr_null(test->next);
	ck_assert_int_eq(action->verb, RULE_MARK_HEADER);
	ck_assert(slice_is_str(action->name, "X-Fake"));
	ck_assert(slice_is_str(action->words, "\"yes\""));
	action = action->next;
	ck_assert_int_eq(action->verb, RULE_HOLD);
	ck_assert(slice_is_str(action->words, "why"));
	ck_assert_uint_eq(action->line, 5);
	ck_assert_ptr_null(action->next);
	ck_assert_uint_eq(rules->kinds, 1u << TEXTS_HEADER | 1u << TEXTS_NAME);
	ck_assert_uint_eq(rules->action_count, 2);
	rules_free(rules);
}
END_TEST

/* One statement of each form, put into a rule. */
static const struct {
	const char	*statement;
	enum rule_kind	 kind;
} tests[] = {
	{ "header X-A /b/", RULE_HEADER },
	{ "header X-A exists", RULE_HEADER_EXISTS },
	{ "any-header /b/", RULE_ANY_HEADER },
	{ "body /b\\/c/imsx", RULE_BODY },
	{ "attachment name /b/", RULE_ATTACHMENT_NAME },
	{ "attachment inside /b/", RULE_ATTACHMENT_INSIDE },
	{ "macro found", RULE_FINDING },
	{ "attachment type application/pdf", RULE_ATTACHMENT_TYPE },
	{ "attachment type image/*", RULE_ATTACHMENT_TYPE },
	{ "attachment type /pdf/", RULE_ATTACHMENT_TYPE_LIKE },
	{ "attachment real application/zip", RULE_ATTACHMENT_REAL },
	{ "attachment real image/*", RULE_ATTACHMENT_REAL },
	{ "attachment real /zip/", RULE_ATTACHMENT_REAL_LIKE },
	{ "sender ann@office.test", RULE_SENDER },
	{ "sender @.office.test", RULE_SENDER },
	{ "sender <>", RULE_SENDER },
	{ "sender /b/", RULE_SENDER_LIKE },
	{ "recipient ann@office.test", RULE_RECIPIENT },
	{ "recipient /b/", RULE_RECIPIENT_LIKE },
	{ "size > 5M", RULE_SIZE_ABOVE },
	{ "size >5M", RULE_SIZE_ABOVE },
	{ "size < 10k", RULE_SIZE_BELOW },
	{ "remote 192.0.2.0/24", RULE_REMOTE },
	{ "remote 2001:db8::1", RULE_REMOTE },
	{ "source fetch", RULE_SOURCE },
	{ "listed zen", RULE_LISTED },
	{ "rspamd reject", RULE_FINDING },
	{ "rspamd-score > 6.5", RULE_SCORE_ABOVE },
	{ "rspamd-score < -0.25", RULE_SCORE_BELOW },
	{ "rspamd-symbol BAYES_SPAM", RULE_SYMBOL },
	{ "any {\n\n body /b/;; \n}", RULE_ANY },
	{ "any\n{ any { any { any { source smtp } } } }", RULE_ANY },
};

START_TEST(each_test_can_be_written)
{
	TEXT_AUTO bytes = TEXT_INIT(1000);
	TEXT_AUTO faults = TEXT_INIT(1000);
	struct rules *rules = NULL;

	text_addf(&bytes, "rule \"a\"\n{\n%s # why\r\ndo hold \"b\" }",
	    tests[_i].statement);
	ck_assert_msg(read_one(text_slice(&bytes), &rules, &faults) == 0,
	    "%.*s", SLICE_FMT(text_slice(&faults)));
	ck_assert_int_eq(rules->rules[0].tests->kind, tests[_i].kind);
	rules_free(rules);
}
END_TEST

/* What is wrong in a rule, and what is said of it behind "a.rule:". */
static const struct {
	const char	*bytes, *faults;
} wrong[] = {
	{ "rule", "1: the end of the file is not in double quotes\n" },
	{ "rule a { }", "1: \"a\" is not in double quotes\n" },
	{ "rule \"\" { }", "1: there is nothing between the quotes\n" },
	{ "rule \"a {\n}", "1: this string does not end on its line\n" },
	{ "rule \"a\" body", "1: \"body\" is no \"{\"\n" },
	{ "rule \"a\" {", "1: this rule has no \"}\"\n" },
	{ "rule \"a\" { body /b/ }", "1: this rule does nothing\n" },
	{ "rule \"a\" { do hold \"b\" }", "1: this rule has no test and takes "
	    "every message; if that is meant, write size > 0\n" },
	{ "filter \"a\" { }", "1: \"filter\" is no rule; write rule \"name\" "
	    "{ ... }\n" },
	{ "\n\nrule \"a\" { header Subject /(/; do hold \"b\" }",
	    "3: the pattern: missing closing parenthesis (at its character 2)"
	    "\n" },
	{ "rule \"a\" { body /b; do hold \"c\"\n}",
	    "1: this pattern does not end on its line; a slash in it is "
	    "written \\/\n" },
	{ "rule \"a\" { body /b/q; stop }", "1: a pattern is followed by i, m, "
	    "s, x or a blank\n" },
	{ "rule \"a\" { body //; stop }", "1: the pattern is empty\n" },
	{ "rule \"a\" { body b; stop }", "1: \"b\" is no pattern; write /.../"
	    "\n" },
	{ "rule \"a\" { body\n stop }", "1: the end of the line is no pattern; "
	    "write /.../\n" },
	{ "rule \"a\" { header A: /b/; stop }", "1: \"A:\" is no name of a "
	    "header field\n" },
	{ "rule \"a\" { not not body /b/; stop }", "1: \"not\" is no test, and "
	    "neither \"do\" nor \"stop\"\n" },
	{ "rule \"a\" { body /b/ body /c/; stop }", "1: \"body\" is too much "
	    "here; a statement ends with \";\" or its line\n" },
	{ "rule \"a\" { any { }; stop }", "1: this any has no test in it\n" },
	{ "rule \"a\" { any { any { any { any { any { body /b/ } } } } }\n"
	    "stop }", "1: any in any is more than 4 deep\n" },
	{ "rule \"a\" { any { do hold \"b\" }; stop }", "1: \"do\" is no test, "
	    "and neither \"do\" nor \"stop\"\n" },
	{ "rule \"a\" { any { body /b/", "1: this any has no \"}\"\n"
	    "a.rule:1: this rule has no \"}\"\n" },
	{ "rule \"a\" { attachment size 5; stop }", "1: \"size\" is none "
	    "of \"name\", \"inside\", \"type\", \"real\"\n" },
	{ "rule \"a\" { attachment real zip; stop }", "1: \"zip\" is no type; "
	    "write application/pdf, image/* or /.../\n" },
	{ "rule \"a\" { attachment type pdf; stop }", "1: \"pdf\" is no type; "
	    "write application/pdf, image/* or /.../\n" },
	{ "rule \"a\" { attachment type */pdf; stop }", "1: \"*/pdf\" is no "
	    "type; write application/pdf, image/* or /.../\n" },
	{ "rule \"a\" { sender ann; stop }", "1: \"ann\" is no address; write "
	    "ann@office.test, @office.test, @.office.test or <>\n" },
	{ "rule \"a\" { sender @; stop }", "1: \"@\" has no domain behind the "
	    "@\n" },
	{ "rule \"a\" { size 5M; stop }", "1: \"5M\" is neither \">\" nor "
	    "\"<\"\n" },
	{ "rule \"a\" { size > 5m; stop }", "1: \"5m\" is no size; write 500, "
	    "10k, 5M or 1G\n" },
	{ "rule \"a\" { size > 99999999999G; stop }", "1: \"99999999999G\" is "
	    "more than any message has\n" },
	{ "rule \"a\" { remote 192.0.2.1/24; stop }", "1: \"192.0.2.1/24\" is "
	    "an address inside a net; write the net\n" },
	{ "rule \"a\" { remote 192.0.2.0/33; stop }", "1: \"192.0.2.0/33\" has "
	    "no such number of bits\n" },
	{ "rule \"a\" { remote mx.test; stop }", "1: \"mx.test\" is no address "
	    "or net; write 192.0.2.0/24 or 2001:db8::/32\n" },
	{ "rule \"a\" { source imap; stop }", "1: \"imap\" is none of smtp, "
	    "lmtp, fetch, upstream\n" },
	{ "rule \"a\" { body /b/; do delete }", "1: \"delete\" is nothing that "
	    "can be done: refuse, hold, mark, redirect, remove or "
	    "discard\n" },
	{ "rule \"a\" { body /b/; do mark \"c\" }", "1: \"c\" is neither "
	    "\"header\" nor \"folder\"\n" },
	{ "rule \"a\" { body /b/; do header \"X-A: b\" }", "1: \"header\" is "
	    "nothing that can be done: refuse, hold, mark, redirect, remove "
	    "or discard\n" },
	{ "rule \"a\" { attachment name /b/; do remove it }", "1: \"it\" is "
	    "not \"attachment\"\n" },
	{ "rule \"a\" { not attachment name /b/; any { scan virus; size > 1 }"
	    "; do remove attachment }", "1: remove attachment wants a test "
	    "that says which: attachment ..., or macro found\n" },
	{ "rule \"a\" { body /b/; do mark header \"Subject: c\" }", "1: the "
	    "name of a header line begins with X-, has no blank and at most 64 "
	    "characters\n" },
	{ "rule \"a\" { body /b/; do mark header \"X-Postroom-Virus: no\" }",
	    "1: X-Postroom- is what Postroom itself says; take another name\n" },
	{ "rule \"a\" { body /b/; do mark header \"X-A\" }", "1: a header line "
	    "is \"X-Name: value\"\n" },
	{ "rule \"a\" { body /b/; do refuse \"caf\xc3\xa9\" }", "1: the words "
	    "of a refusal go into the reply to a mail server: ASCII only\n" },
	{ "rule \"a\" { body /b/; do hold \"c\td\" }", "1: there is a control "
	    "character between the quotes\n" },
	{ "rule \"a\" { body /b/; do redirect @office.test }",
	    "1: \"@office.test\" is no address; write ann@office.test\n" },
	{ "rule \"a\" { body /b/; stop; do hold \"c\" }", "1: nothing can "
	    "follow stop\n" },
	{ "rule \"a\" { do hold \"c\"; body /b/ }", "1: a test stands behind "
	    "what is to be done; tests come first\n" },
	{ "rule \"a\" { body /b/; stop }\nrule \"a\" { body /b/; stop }",
	    "2: a rule of this name stands in a.rule:1\n" },
	{ "# one\n\xff\n", "2: there is a byte that is no UTF-8 text\n" },
	{ "rule \"a\" { body /b/; stop\x01\n}", "1: there is a control "
	    "character\n" },
	/* all faults, each where it is, and what is right between them */
	{ "rule \"a\" { body b; sender c; body /d/; stop }\n"
	    "rule \"e\" { body /b/; do nothing; stop }\n"
	    "what\n"
	    "rule \"f\" { size > x\n stop }\n",
	    "1: \"b\" is no pattern; write /.../\n"
	    "a.rule:1: \"c\" is no address; write ann@office.test, "
	    "@office.test, @.office.test or <>\n"
	    "a.rule:2: \"nothing\" is nothing that can be done: refuse, hold, "
	    "mark, redirect, remove or discard\n"
	    "a.rule:3: \"what\" is no rule; write rule \"name\" { ... }\n"
	    "a.rule:4: \"x\" is no size; write 500, 10k, 5M or 1G\n" },
	{ "rule \"a\"\nrule \"b\" { size > x\n stop }",
	    "2: \"rule\" is no \"{\"\n"
	    "a.rule:2: \"x\" is no size; write 500, 10k, 5M or 1G\n" },
};

START_TEST(every_fault_is_said_with_its_line)
{
	TEXT_AUTO faults = TEXT_INIT(10000);
	TEXT_AUTO want = TEXT_INIT(10000);
	struct rules *rules = NULL;

	ck_assert_int_eq(read_one(slice_str(wrong[_i].bytes), &rules,
	    &faults), -EINVAL);
	ck_assert_ptr_null(rules);
	text_addf(&want, "a.rule:%s", wrong[_i].faults);
	ck_assert_msg(slice_is(text_slice(&faults), text_slice(&want)),
	    "%s: %.*s", wrong[_i].bytes, SLICE_FMT(text_slice(&faults)));
}
END_TEST

START_TEST(files_are_read_in_the_order_of_their_names)
{
	const struct rule_file files[] = {
		{ slice_str("20.rule"), slice_str("rule \"c\" { size > 0; "
		    "stop }") },
		{ slice_str("10.rule"), slice_str("\xef\xbb\xbfrule \"a\" { "
		    "size > 0; stop }\r\nrule \"b\" { size > 0; stop }\r\n") },
		{ slice_str("15.rule"), slice_str("# none\n") },
	};
	TEXT_AUTO faults = TEXT_INIT(1000);
	struct rules *rules = NULL;

	ck_assert_int_eq(rules_read(files, 3, &rules, &faults), 0);
	ck_assert_uint_eq(rules->count, 3);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(rules->rules[i].name.at[0], "abc"[i]);
		ck_assert_uint_eq(rules->rules[i].number, i);
	}
	rules_free(rules);
}
END_TEST

START_TEST(nothing_is_taken_unless_all_files_are_right)
{
	const struct rule_file files[] = {
		{ slice_str("b"), slice_str("rule \"c\" { size > 0; stop }") },
		{ slice_str("a\n"), slice_str("what") },
		{ slice_str("c"), slice_str("\n\nwhat") },
	};
	TEXT_AUTO faults = TEXT_INIT(1000);
	struct rules *rules = NULL;

	ck_assert_int_eq(rules_read(files, 3, &rules, &faults), -EINVAL);
	ck_assert_ptr_null(rules);
	ck_assert_msg(slice_is_str(text_slice(&faults),
	    "a\\x0A:1: \"what\" is no rule; write rule \"name\" { ... }\n"
	    "c:3: \"what\" is no rule; write rule \"name\" { ... }\n"), "%.*s",
	    SLICE_FMT(text_slice(&faults)));
}
END_TEST

START_TEST(no_rules_are_right_too)
{
	struct rules *rules = rules_of("");

	ck_assert_uint_eq(rules->count, 0);
	rules_free(rules);
	rules_free(NULL);
}
END_TEST

/*
 * A file with `n` of something is right up to its limit.  Each row writes what
 * stands before, n times, and behind it.
 */
static const struct {
	const char	*before, *each, *behind;
	unsigned	 most;
	const char	*fault;
} limits[] = {
	{ "", "rule \"%u\" { size > 0; stop }\n", "", RULES_MOST,
	    "there are more than 1000 rules" },
	{ "rule \"a\" {\n", "size > %u\n", "stop }", RULE_TESTS_MOST,
	    "this rule has more than 64 tests" },
	{ "rule \"a\" { size > 0\n", "do hold \"%u\"\n", "stop }",
	    RULE_ACTIONS_MOST, "this rule does more than 8 things" },
	{ "", "rule \"%u\" { any { body /a/; body /b/\nbody /c/;"
	    "body /d/ }; stop }\n", "", RULE_PATTERNS_MOST / 4,
	    "there are more than 2000 patterns" },
};

START_TEST(what_is_written_has_limits)
{
	for (unsigned n = limits[_i].most - 1; n <= limits[_i].most + 1; n++) {
		TEXT_AUTO bytes = TEXT_INIT(RULE_FILE_BYTES_MOST);
		TEXT_AUTO faults = TEXT_INIT(10000);
		struct rules *rules = NULL;
		int r;

		text_add_str(&bytes, limits[_i].before);
		for (unsigned i = 0; i < n; i++) {
			const char *at = limits[_i].each;
			size_t cut = slice_find_str(slice_str(at), "%u");

			text_add(&bytes, slice_of(at, cut));
			text_addf(&bytes, "%u", i);
			text_add_str(&bytes, at + cut + 2);
		}
		text_add_str(&bytes, limits[_i].behind);
		ck_assert(!text_failed(&bytes));
		r = read_one(text_slice(&bytes), &rules, &faults);
		ck_assert_int_eq(r, n <= limits[_i].most ? 0 : -EINVAL);
		ck_assert((slice_find_str(text_slice(&faults),
		    limits[_i].fault) != SIZE_MAX) == (r < 0));
		rules_free(rules);
	}
}
END_TEST

START_TEST(faults_end_somewhere)
{
	TEXT_AUTO bytes = TEXT_INIT(100000);
	TEXT_AUTO faults = TEXT_INIT(100000);
	struct rules *rules = NULL;
	size_t lines = 0;

	text_add_str(&bytes, "rule \"a\" {\n");
	for (int i = 0; i < 1000; i++)
		text_add_str(&bytes, "what\n");
	text_add_str(&bytes, "}\n");
	ck_assert_int_eq(read_one(text_slice(&bytes), &rules, &faults),
	    -EINVAL);
	for (size_t i = 0; i < faults.len; i++)
		lines += faults.at[i] == '\n';
	ck_assert_uint_eq(lines, RULE_FAULTS_MOST + 1);
}
END_TEST

START_TEST(a_file_has_a_size_and_a_folder_a_number_of_files)
{
	static char blanks[RULE_FILE_BYTES_MOST + 1];
	static struct rule_file files[RULE_FILES_MOST + 1];
	TEXT_AUTO faults = TEXT_INIT(1000);
	struct rules *rules = NULL;

	memset(blanks, ' ', sizeof(blanks));
	ck_assert_int_eq(read_one(slice_of(blanks, sizeof(blanks) - 1),
	    &rules, &faults), 0);
	rules_free(rules);
	ck_assert_int_eq(read_one(slice_of(blanks, sizeof(blanks)), &rules,
	    &faults), -EINVAL);
	for (size_t i = 0; i < RULE_FILES_MOST + 1; i++)
		files[i] = (struct rule_file){ slice_str("a"), slice_str("") };
	ck_assert_int_eq(rules_read(files, RULE_FILES_MOST, &rules, &faults),
	    0);
	rules_free(rules);
	ck_assert_int_eq(rules_read(files, RULE_FILES_MOST + 1, &rules,
	    &faults), -EINVAL);
}
END_TEST

/* What `line` of a manual shows: mdoc's escapes undone. */
static void
add_shown(struct text *text, struct slice line)
{
	while (line.len > 0) {
		bool quote = slice_has_prefix(line, "\\(dq");
		bool backslash = slice_has_prefix(line, "\\e");

		text_add_byte(text, quote ? '"' : line.at[0]);
		line = slice_after(line, quote ? 4 : backslash ? 2 : 1);
	}
	text_add_byte(text, '\n');
}

/*
 * The examples of a manual as one file of rules: rules that stand there whole,
 * and a rule around each test and action shown by itself.
 */
static void
add_examples(struct text *rules, struct slice manual)
{
	struct slice line;
	bool in_rule = false, shows = false;
	unsigned count = 0;

	while (slice_cut(&manual, '\n', &line)) {
		bool is_shown = shows && slice_has_prefix(line, ".Dl ");

		if (slice_has_prefix(line, ".Sh "))
			shows = slice_is_str(line, ".Sh TESTS") ||
			    slice_is_str(line, ".Sh ACTIONS");
		in_rule = in_rule || slice_has_prefix(line, "rule \"");
		if (is_shown)
			text_addf(rules, "rule \"example %u\" {\n"
			    "attachment name /a/\n", ++count);
		if (is_shown)
			add_shown(rules, slice_after(line, 4));
		else if (in_rule)
			add_shown(rules, line);
		if (is_shown)
			text_add_str(rules, "stop\n}\n");
		in_rule = in_rule && !slice_is_str(line, "}");
	}
}

/* POSTROOM_MAN names the folder where this is not the top of the tree. */
START_TEST(the_examples_of_the_manual_are_right)
{
	const char *folder = getenv("POSTROOM_MAN");
	char path[512], buffer[4096];
	TEXT_AUTO manual = TEXT_INIT(100000);
	TEXT_AUTO examples = TEXT_INIT(100000);
	struct rules *rules;
	FILE *file;
	size_t n;

	(void)snprintf(path, sizeof(path), "%s/postroom.rules.5",
	    folder == NULL ? "man" : folder);
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s", path);
	while ((n = fread(buffer, 1, sizeof(buffer), file)) > 0)
		text_add(&manual, slice_of(buffer, n));
	ck_assert_int_eq(fclose(file), 0);
	add_examples(&examples, text_slice(&manual));
	text_add_byte(&examples, '\0');
	ck_assert(!text_failed(&examples));
	rules = rules_of(examples.at);
	/* 14 tests, 6 actions and 3 rules are shown; more may come */
	ck_assert_uint_ge(rules->count, 23);
	rules_free(rules);
}
END_TEST

#define COUNT(table)	((int)(sizeof(table) / sizeof((table)[0])))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/rule_read");
	TCase *all = tcase_create("rule_read");

	tcase_set_timeout(all, 60);
	tcase_add_test(all, a_rule_is_its_tests_and_actions);
	tcase_add_loop_test(all, each_test_can_be_written, 0, COUNT(tests));
	tcase_add_loop_test(all, every_fault_is_said_with_its_line, 0,
	    COUNT(wrong));
	tcase_add_test(all, files_are_read_in_the_order_of_their_names);
	tcase_add_test(all, nothing_is_taken_unless_all_files_are_right);
	tcase_add_test(all, no_rules_are_right_too);
	tcase_add_loop_test(all, what_is_written_has_limits, 0,
	    COUNT(limits));
	tcase_add_test(all, faults_end_somewhere);
	tcase_add_test(all, a_file_has_a_size_and_a_folder_a_number_of_files);
	tcase_add_test(all, the_examples_of_the_manual_are_right);
	suite_add_tcase(suite, all);
	return suite;
}
