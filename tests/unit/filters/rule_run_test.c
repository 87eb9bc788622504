/*
 * rule_run_test.c - the postmaster's rules about one message
 */
#include <errno.h>
#include <string.h>

#include "filters/rule_read.h"
#include "filters/rule_run.h"
#include "lib/base/loop.h"
#include "lib/message/words.h"
#include "tests/unit/unit.h"

static const char letter[] =
    "From: Ann <ann@partner.test>\r\n"
    "Subject: =?utf-8?Q?Tagihan_M=C3=A4rz?=\r\n"
    "X-Mailer: Pump 3\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n"
    "\r\n"
    "--b\r\n"
    "Content-Type: text/html\r\n"
    "\r\n"
    "<p>pay this in<b>voi</b>ce\r\n<a href=\"http://evil.test/x\">now</a>\r\n"
    "--b\r\n"
    "Content-Type: application/octet-stream; name=\"bill.pdf.exe\"\r\n"
    "Content-Transfer-Encoding: base64\r\n"
    "\r\n"
    "TVqQ\r\n"
    "--b--\r\n";

static struct recipient recipients[] = {
	{ .address = SLICE("bob@office.test") },
	{ .address = SLICE("Sales@OFFICE.test") },
};

static const struct envelope envelope = {
	.source = SOURCE_SMTP,
	.sender = SLICE("ann@Partner.test"),
	.peer = SLICE("192.0.2.25"),
	.recipients = recipients,
	.recipient_count = 2,
};

static struct rules *
rules_of(const char *bytes)
{
	struct rule_file file = { slice_str("a.rule"), slice_str(bytes) };
	TEXT_AUTO faults = TEXT_INIT(10000);
	struct rules *rules = NULL;

	ck_assert_msg(rules_read(&file, 1, &rules, &faults) == 0, "%.*s",
	    SLICE_FMT(text_slice(&faults)));
	return rules;
}

/* What the filters found in every message here. */
static struct findings found = {
	.scan = {
		.result = SCAN_ENCRYPTED,
		.packed = {
			.macros = PACKED_MACROS,
			.len = 33,
			.names = "dir/sub/evil.js\0b\\Good.TXT\0r.zip",
		},
	},
	.rspamd = {
		.result = RSPAMD_ADD_HEADER, .score = 725,
		.symbols = "BAYES_SPAM R_BAD",
	},
};

/* Ask; *root is NULL when the message has no tree. */
static int
try_rules(const struct rules *rules, struct slice message,
    const struct envelope *env, const struct rule_trial *trial,
    struct arena *arena, struct rule_outcome *outcome)
{
	const struct mime_part *root = NULL;
	enum mime_limit limit;
	int r;

	ck_assert_int_eq(words_open(), 0);
	if (mime_parse(arena, message, &mime_default_limits, &root,
	    &limit) < 0)
		root = NULL;
	r = rules_run(rules, message, root, env, &found, trial,
	    arena, outcome);
	words_close();
	return r;
}

static int
run_within(const struct rules *rules, struct slice message,
    const struct envelope *env, const struct texts_limits *limits,
    struct arena *arena, struct rule_outcome *outcome)
{
	const struct rule_trial trial = { .texts = limits };

	return try_rules(rules, message, env, &trial, arena, outcome);
}

static const struct {
	const char	*test;
	bool		 holds;
} tests[] = {
	{ "scan encrypted", true },
	{ "rspamd add-header", true },
	{ "rspamd reject", false },
	{ "rspamd-score > 7.24", true },
	{ "rspamd-score > 7.25", false },
	{ "rspamd-score < 7.25", false },
	{ "rspamd-score < 10", true },
	{ "rspamd-symbol bayes_spam", true },
	{ "rspamd-symbol BAYES", false },
	{ "not scan virus", true },
	{ "scan not-scanned", false },
	{ "header Subject /^tagihan m\xc3\x84rz$/i", true },
	{ "header subject /=\\?utf-8\\?Q/", true },	/* as it stands */
	{ "header Subject /^Subject/", false },
	{ "header To /./", false },
	{ "header X-Mailer exists", true },
	{ "header X-Other exists", false },
	{ "any-header /^X-Mailer: Pump \\d$/", true },
	{ "any-header /pump$/", false },
	{ "body /invoice\\b/", true },		/* without its tags */
	{ "body /evil\\.test/", true },		/* only in a tag */
	{ "body /this\\s+invoice now/", true },
	{ "body /TVqQ|MZ/", false },		/* no text */
	{ "body /paypal/i", false },
	{ "attachment name /\\.(exe|js)$/i", true },
	{ "attachment name /\\.zip$/", false },
	{ "attachment inside /\\.(exe|js)$/i", true },
	{ "attachment inside /^dir.sub/", true },
	{ "attachment inside /^evil/", true },		/* behind its folders */
	{ "attachment inside /^good/i", true },
	{ "attachment inside /^sub/", false },
	{ "attachment inside /\\.exe$/i", false },	/* its own name is not */
	{ "not attachment inside /\\.exe$/i", true },
	{ "macro found", true },
	{ "macro none", false },
	{ "attachment type application/octet-stream", true },
	{ "attachment type Application/*", true },
	{ "attachment type image/*", false },
	{ "attachment type text/html", false },		/* it is shown */
	{ "attachment type /octet/", true },
	{ "attachment real application/x-dosexec", true },
	{ "attachment real application/*", true },
	{ "attachment real /dosexec$/", true },
	{ "attachment real application/zip", false },
	{ "attachment real image/*", false },
	{ "sender ann@partner.test", true },
	{ "sender @partner.test", true },
	{ "sender @.test", true },
	{ "sender @office.test", false },
	{ "sender <>", false },
	{ "sender /^ann@/", true },
	{ "sender /zoe/", false },
	{ "recipient sales@office.test", true },
	{ "recipient @partner.test", false },
	{ "recipient /^sales@/i", true },
	{ "recipient /zoe/", false },
	{ "size > 300", true },
	{ "size > 1k", false },
	{ "size < 1k", true },
	{ "size < 300", false },
	{ "remote 192.0.2.0/24", true },
	{ "remote 2001:db8::/32", false },
	{ "source smtp", true },
	{ "source lmtp", false },
	{ "source fetch", false },
	{ "any { source fetch; size > 300 }", true },
	{ "any { source fetch; size > 1k }", false },
	{ "any { source fetch; any { body /no/; not body /no/ } }", true },
	{ "size > 300; source smtp", true },
	{ "size > 300; source fetch", false },
	{ "body /invoice/; not sender @office.test", true },
	{ "body /invoice/; not sender @partner.test", false },
	{ "not any { source smtp; source fetch }", false },
};

/* A test, and the same turned round. */
START_TEST(a_test_holds_or_does_not)
{
	for (int turned = 0; turned < 2; turned++) {
		ARENA_AUTO arena = arena_new(1 << 20);
		TEXT_AUTO bytes = TEXT_INIT(1000);
		struct rule_outcome outcome;
		struct rules *rules;

		/* not (a and b) is any { not a; not b } */
		if (turned && slice_find_str(slice_str(tests[_i].test),
		    "; ") != SIZE_MAX)
			continue;
		if (turned && slice_has_prefix(slice_str(tests[_i].test),
		    "not "))
			continue;
		text_addf(&bytes, "rule \"a\" { %s %s; do hold \"b\" }%c",
		    turned ? "not" : "", tests[_i].test, '\0');
		rules = rules_of(bytes.at);
		ck_assert_int_eq(run_within(rules, slice_str(letter),
		    &envelope, NULL, arena, &outcome), 0);
		ck_assert_uint_eq(outcome.deed_count,
		    tests[_i].holds != (turned == 1));
		ck_assert_uint_eq(outcome.doubt_count, 0);
		rules_free(rules);
	}
}
END_TEST

START_TEST(actions_come_in_the_order_of_the_rules)
{
	ARENA_AUTO arena = arena_new(1 << 20);
	struct rule_outcome outcome;
	struct rules *rules = rules_of(
	    "rule \"1\" { size > 0; do mark folder \"Junk\"\n"
	    " do mark header \"X-A: b\" }\n"
	    "rule \"2\" { size > 1G; do hold \"never\" }\n"
	    "rule \"3\" { size > 0; do redirect Bob@office.test; stop }\n"
	    "rule \"4\" { size > 0; do discard \"too late\" }\n");

	ck_assert_int_eq(run_within(rules, slice_str(letter), &envelope, NULL,
	    arena, &outcome), 0);
	ck_assert_uint_eq(outcome.deed_count, 3);
	ck_assert_int_eq(outcome.deeds[0].action->verb, RULE_MARK_FOLDER);
	ck_assert_int_eq(outcome.deeds[1].action->verb, RULE_MARK_HEADER);
	ck_assert_int_eq(outcome.deeds[2].action->verb, RULE_REDIRECT);
	ck_assert(slice_is_word(outcome.deeds[2].action->words,
	    "bob@office.test"));
	ck_assert_ptr_eq(outcome.deeds[2].rule, &rules->rules[2]);
	ck_assert_ptr_eq(outcome.stopped_by, &rules->rules[2]);
	rules_free(rules);
}
END_TEST

/* This one gives up wherever it is run on such a text. */
START_TEST(a_pattern_without_its_words_is_not_run)
{
	ARENA_AUTO arena = arena_new(1 << 20);
	TEXT_AUTO mail = TEXT_INIT(10000);
	struct rule_outcome outcome;
	struct rules *rules = rules_of(
	    "rule \"1\" { body /(a+)+\\d+paypal/; do hold \"a\" }\n");

	text_add_str(&mail, "Subject: a\r\n\r\n");
	memset(text_space(&mail, 1000), 'a', 1000);
	ck_assert_int_eq(run_within(rules, text_slice(&mail), &envelope,
	    NULL, arena, &outcome), 0);
	ck_assert_uint_eq(outcome.doubt_count, 0);
	text_add_str(&mail, " paypal\r\n");
	ck_assert_int_eq(run_within(rules, text_slice(&mail), &envelope,
	    NULL, arena, &outcome), 0);
	ck_assert_uint_eq(outcome.doubt_count, 1);
	rules_free(rules);
}
END_TEST

/*
 * A body that is not read to its end: what is found in its beginning is found,
 * and what is not found is not known.
 */
static const struct {
	const char	*rule;
	bool		 holds, doubtful;
} unknowns[] = {
	{ "body /invoice/", true, false },
	{ "body /hidden/", false, true },
	{ "not body /hidden/", false, true },
	{ "not body /invoice/", false, false },
	{ "any { body /hidden/; source smtp }", true, false },
	{ "any { body /hidden/; source fetch }", false, true },
	{ "body /hidden/; source fetch", false, false },
	{ "body /hidden/; source smtp", false, true },
	{ "not any { body /hidden/; source smtp }", false, false },
	{ "any-header /lottery/", false, false },
};

START_TEST(what_was_not_read_is_never_clean)
{
	const struct texts_limits limits = { 200, 10000, 100 };
	ARENA_AUTO arena = arena_new(1 << 20);
	TEXT_AUTO bytes = TEXT_INIT(1000);
	TEXT_AUTO mail = TEXT_INIT(10000);
	struct rule_outcome outcome;
	struct rules *rules;

	text_add_str(&mail, "Subject: a\r\n\r\ninvoice\r\n");
	for (int i = 0; i < 100; i++)
		text_add_str(&mail, "more\r\n");
	text_add_str(&mail, "hidden\r\n");
	text_addf(&bytes, "rule \"a\" {\n%s; do hold \"b\" }%c",
	    unknowns[_i].rule, '\0');
	rules = rules_of(bytes.at);
	ck_assert_int_eq(run_within(rules, text_slice(&mail), &envelope,
	    &limits, arena, &outcome), 0);
	ck_assert_uint_eq(outcome.deed_count, unknowns[_i].holds);
	ck_assert_uint_eq(outcome.doubt_count, unknowns[_i].doubtful);
	if (outcome.doubt_count > 0) {
		ck_assert_ptr_eq(outcome.doubts[0].rule, &rules->rules[0]);
		ck_assert_uint_eq(outcome.doubts[0].line, 2);
		ck_assert_str_eq(outcome.doubts[0].why,
		    "a text in it is too long");
	}
	rules_free(rules);
}
END_TEST

/* A63 */
START_TEST(a_pattern_that_gives_up_makes_a_doubt)
{
	ARENA_AUTO arena = arena_new(1 << 20);
	TEXT_AUTO mail = TEXT_INIT(10000);
	struct rule_outcome outcome;
	struct rules *rules = rules_of(
	    "rule \"1\" { body /(a+)+\\d/; do hold \"a\" }\n"
	    "rule \"2\" { body /aaa/; do hold \"b\" }\n");

	text_add_str(&mail, "Subject: a\r\n\r\n");
	memset(text_space(&mail, 1000), 'a', 1000);
	ck_assert_int_eq(run_within(rules, text_slice(&mail), &envelope,
	    NULL, arena, &outcome), 0);
	ck_assert_uint_eq(outcome.doubt_count, 1);
	ck_assert_ptr_eq(outcome.doubts[0].rule, &rules->rules[0]);
	ck_assert_str_eq(outcome.doubts[0].why,
	    "it goes back and forth too often");
	/* the next rule is asked all the same */
	ck_assert_uint_eq(outcome.deed_count, 1);
	rules_free(rules);
}
END_TEST

/* A63: the square of a text, many times over, costs what is allowed */
START_TEST(all_rules_together_take_so_long_and_no_longer)
{
	ARENA_AUTO arena = arena_new(8 << 20);
	TEXT_AUTO bytes = TEXT_INIT(10000);
	TEXT_AUTO mail = TEXT_INIT(2 << 20);
	struct rule_outcome outcome;
	struct rules *rules;
	uint64_t start;

	for (int i = 0; i < 20; i++)
		text_addf(&bytes, "rule \"%d\" { body /(?:a|b)++\\d%d/; "
		    "do hold \"a\" }\n", i, i);
	text_add_byte(&bytes, '\0');
	rules = rules_of(bytes.at);
	text_add_str(&mail, "Subject: a\r\n\r\n");
	memset(text_space(&mail, 1 << 20), 'a', 1 << 20);
	for (int i = 0; i < 20; i++)
		text_addf(&mail, "\r\n%d", i);
	start = cpu_ms();
	ck_assert_int_eq(run_within(rules, text_slice(&mail), &envelope,
	    NULL, arena, &outcome), 0);
	ck_assert_uint_eq(outcome.doubt_count, 20);
	/* allowed, and a stretch */
	ck_assert_uint_lt(cpu_ms() - start, RULE_RUN_MS + 8000);
	rules_free(rules);
}
END_TEST

START_TEST(a_message_without_a_tree_makes_doubts)
{
	ARENA_AUTO arena = arena_new(8 << 20);
	TEXT_AUTO mail = TEXT_INIT(100000);
	struct rule_outcome outcome;
	struct rules *rules = rules_of(
	    "rule \"1\" { body /x/; do hold \"a\" }\n"
	    "rule \"2\" { attachment name /x/; do hold \"a\" }\n"
	    "rule \"3\" { attachment type image/*; do hold \"a\" }\n"
	    "rule \"4\" { header A /b/; do hold \"a\" }\n");

	text_add_str(&mail, "A: b\r\n");
	for (int i = 0; i < 60; i++)
		text_addf(&mail, "Content-Type: multipart/mixed; boundary=%d"
		    "\r\n\r\n--%d\r\n", i, i);
	ck_assert_int_eq(run_within(rules, text_slice(&mail), &envelope,
	    NULL, arena, &outcome), 0);
	ck_assert_uint_eq(outcome.doubt_count, 3);
	ck_assert_uint_eq(outcome.deed_count, 1);
	rules_free(rules);
}
END_TEST

START_TEST(an_arena_that_is_spent_is_an_error)
{
	ARENA_AUTO arena = arena_new(40);
	struct rules *rules = rules_of("rule \"1\" { size > 0; stop }");
	struct rule_outcome outcome;

	ck_assert_int_eq(rules_run(rules, slice_str(letter), NULL, &envelope,
	    &found, NULL, arena, &outcome), -ENOBUFS);
	rules_free(rules);
}
END_TEST

/* What was seen of a trial, a line for each test and rule. */
static void
see_test(void *arg, const struct rule *rule, const struct rule_test *test,
    enum rule_answer answer, const struct rule_match *match)
{
	struct text *seen = arg;

	ck_assert_uint_ge(test->line, rule->line);
	text_addf(seen, "%u:%d", test->line, answer);
	if (answer == RULE_YES && match->end > 0)
		text_addf(seen, " %.*s[%.*s]", SLICE_FMT(match->name),
		    SLICE_FMT(slice_after(slice_first(match->text,
		    match->end), match->from)));
	text_add_byte(seen, '\n');
}

static void
see_rule(void *arg, const struct rule *rule, enum rule_answer answer,
    unsigned line, const char *why)
{
	text_addf(arg, "%.*s %d", SLICE_FMT(rule->name), answer);
	if (answer == RULE_DOUBT)
		text_addf(arg, " %u %s", line, why);
	text_add_byte(arg, '\n');
}

START_TEST(who_looks_on_sees_what_matched_and_what_did_not)
{
	ARENA_AUTO arena = arena_new(1 << 20);
	TEXT_AUTO seen = TEXT_INIT(4096);
	struct rules *rules = rules_of(
	    "rule \"a\" {\n"
	    "	header Subject /tagi\\w+/i\n"
	    "	any { body /none/; body /ce now/ }\n"
	    "	sender @partner.test\n"
	    "	not recipient @far.test\n"
	    "	do hold \"x\"\n"
	    "}\n"
	    "rule \"b\" { size > 0; sender <>; body /x/; stop }\n");
	struct rule_outcome outcome;
	const struct rule_trial trial = { .test = see_test, .rule = see_rule,
	    .arg = &seen };

	ck_assert_int_eq(try_rules(rules, slice_str(letter), &envelope,
	    &trial, arena, &outcome), 0);
	text_add_byte(&seen, '\0');
	ck_assert_str_eq(seen.at, "4:1 [ann@Partner.test]\n5:1\n"
	    "2:1 Subject[Tagihan]\n3:0\n3:1 [ce now]\n3:1 [ce now]\na 1\n"
	    "8:1\n8:0\nb 0\n");
	rules_free(rules);
}
END_TEST

static const struct {
	const char	*test;
	unsigned	 unknown;
} gone[] = {
	{ "sender @partner.test", RULE_NO_SENDER },
	{ "sender /ann/", RULE_NO_SENDER },
	{ "not recipient bob@office.test", RULE_NO_RECIPIENT },
	{ "recipient /nobody/", RULE_NO_RECIPIENT },
	{ "scan virus", 0 },
	{ "not spf fail", 0 },
	{ "attachment inside /evil/", 0 },
	{ "rspamd-score > 1", 0 },
	{ "rspamd-symbol R_BAD", 0 },
};

START_TEST(what_nobody_knows_any_more_is_a_doubt)
{
	ARENA_AUTO arena = arena_new(1 << 20);
	TEXT_AUTO bytes = TEXT_INIT(4096);
	uint32_t findings[64];
	struct rule_trial trial = { .unknown = gone[_i].unknown,
	    .findings = findings };
	struct rule_outcome outcome;
	struct rules *rules;

	for (size_t i = 0; i < sizeof(findings) / sizeof(findings[0]); i++)
		findings[i] = RULE_ANY_FINDING;
	text_addf(&bytes, "rule \"1\" { %s; stop }", gone[_i].test);
	text_add_byte(&bytes, '\0');
	rules = rules_of(bytes.at);
	ck_assert_int_eq(try_rules(rules, slice_str(letter), &envelope,
	    &trial, arena, &outcome), 0);
	ck_assert_uint_eq(outcome.doubt_count, 1);
	rules_free(rules);
}
END_TEST

START_TEST(a_finding_can_be_supposed)
{
	ARENA_AUTO arena = arena_new(1 << 20);
	struct rules *rules = rules_of(
	    "rule \"1\" { scan virus; do hold \"x\" }");
	uint32_t findings[64] = { UINT32_C(1) << SCAN_VIRUS };
	const struct rule_trial trial = { .findings = findings };
	struct rule_outcome outcome;

	ck_assert_int_eq(try_rules(rules, slice_str(letter), &envelope,
	    NULL, arena, &outcome), 0);
	ck_assert_uint_eq(outcome.deed_count, 0);
	ck_assert_int_eq(try_rules(rules, slice_str(letter), &envelope,
	    &trial, arena, &outcome), 0);
	ck_assert_uint_eq(outcome.deed_count, 1);
	rules_free(rules);
}
END_TEST

START_TEST(a_rule_can_ask_for_a_list)
{
	ARENA_AUTO arena = arena_new(1 << 20);
	struct rules *rules = rules_of("rule \"1\" { listed Zen; "
	    "not listed wl; do hold \"x\" }");
	const char *const lists[] = { "wl", "zen" };
	const uint32_t findings[64] = { 1u << SCAN_VIRUS };
	struct rule_trial trial = { .findings = findings };
	struct rule_outcome outcome;

	/* what was found of it */
	found.listed.count = 1;
	found.listed.list[0] = (struct listed_one){ .name = "zen",
	    .result = LISTED_YES };
	ck_assert_int_eq(try_rules(rules, slice_str(letter), &envelope,
	    NULL, arena, &outcome), 0);
	ck_assert_uint_eq(outcome.deed_count, 1);
	/* without an answer it is on none: nothing waits for that */
	found.listed.list[0].result = LISTED_SILENT;
	ck_assert_int_eq(try_rules(rules, slice_str(letter), &envelope,
	    NULL, arena, &outcome), 0);
	ck_assert_uint_eq(outcome.deed_count + outcome.doubt_count, 0);
	/* and what is supposed of it */
	ck_assert_int_eq(try_rules(rules, slice_str(letter), &envelope,
	    &trial, arena, &outcome), 0);
	ck_assert_uint_eq(outcome.doubt_count, 1);
	trial.lists = lists + 1;
	trial.list_count = 1;
	ck_assert_int_eq(try_rules(rules, slice_str(letter), &envelope,
	    &trial, arena, &outcome), 0);
	ck_assert_uint_eq(outcome.deed_count, 1);
	trial.lists = lists;
	trial.list_count = 2;
	ck_assert_int_eq(try_rules(rules, slice_str(letter), &envelope,
	    &trial, arena, &outcome), 0);
	ck_assert_uint_eq(outcome.deed_count + outcome.doubt_count, 0);
	rules_free(rules);
}
END_TEST

START_TEST(a_rule_in_shadow_is_a_hit_and_nothing_else)
{
	ARENA_AUTO arena = arena_new(1 << 20);
	struct rules *rules = rules_of(
	    "rule \"1\" { shadow; size > 0; do refuse \"x\"; stop }\n"
	    "rule \"2\" { shadow; body /never/; do hold \"x\" }\n"
	    "rule \"3\" { size > 0; do hold \"y\" }\n");
	struct rule_outcome outcome;

	ck_assert_int_eq(try_rules(rules, slice_str(letter), &envelope,
	    NULL, arena, &outcome), 0);
	ck_assert_uint_eq(outcome.hit_count, 2);
	ck_assert_ptr_eq(outcome.hits[0], &rules->rules[0]);
	ck_assert_ptr_eq(outcome.hits[1], &rules->rules[2]);
	ck_assert_uint_eq(outcome.deed_count, 1);
	ck_assert_ptr_eq(outcome.deeds[0].rule, &rules->rules[2]);
	ck_assert_ptr_null(outcome.stopped_by);
	/* without a tree nobody knows what its body is: no doubt of the 2nd */
	ck_assert_int_eq(rules_run(rules, slice_str(letter), NULL, &envelope,
	    &found, NULL, arena, &outcome), 0);
	ck_assert_uint_eq(outcome.doubt_count, 0);
	rules_free(rules);
}
END_TEST

START_TEST(no_rules_want_nothing)
{
	ARENA_AUTO arena = arena_new(1 << 20);
	struct rules *rules = rules_of("");
	struct rule_outcome outcome;

	ck_assert_int_eq(run_within(rules, slice_str(""), &envelope, NULL,
	    arena, &outcome), 0);
	ck_assert_uint_eq(outcome.deed_count + outcome.doubt_count, 0);
	rules_free(rules);
}
END_TEST

#define COUNT(table)	((int)(sizeof(table) / sizeof((table)[0])))

/* What the scanner did not list of an archive may be what is looked for. */
START_TEST(a_name_that_may_not_be_listed_is_in_doubt)
{
	static const struct {
		enum scan_result	 result;
		bool			 more;
		unsigned		 doubts;
	} rows[] = {
		{ SCAN_CLEAN, false, 0 }, { SCAN_ENCRYPTED, false, 0 },
		{ SCAN_CLEAN, true, 1 }, { SCAN_NOT_SCANNED, false, 1 },
		{ SCAN_TOO_MUCH, false, 1 }, { SCAN_VIRUS, false, 1 },
	};
	const struct scan_answer before = found.scan;
	struct rules *rules = rules_of("rule \"1\" { attachment inside "
	    "/\\.exe$/; do hold \"a\" }\n"
	    "rule \"2\" { attachment inside /\\.js$/; do hold \"a\" }\n");

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ARENA_AUTO arena = arena_new(1u << 22);
		struct rule_outcome outcome;

		found.scan.result = rows[i].result;
		found.scan.packed.more = rows[i].more;
		ck_assert_int_eq(run_within(rules, slice_str(letter),
		    &envelope, NULL, arena, &outcome), 0);
		ck_assert_uint_eq(outcome.doubt_count, rows[i].doubts);
		/* a name that is there is there */
		ck_assert_uint_eq(outcome.deed_count, 1);
	}
	found.scan = before;
	rules_free(rules);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/rule_run");
	TCase *all = tcase_create("rule_run");

	tcase_set_timeout(all, 60);
	tcase_add_loop_test(all, a_test_holds_or_does_not, 0, COUNT(tests));
	tcase_add_test(all, actions_come_in_the_order_of_the_rules);
	tcase_add_test(all, a_pattern_without_its_words_is_not_run);
	tcase_add_loop_test(all, what_was_not_read_is_never_clean, 0,
	    COUNT(unknowns));
	tcase_add_test(all, a_pattern_that_gives_up_makes_a_doubt);
	tcase_add_test(all, all_rules_together_take_so_long_and_no_longer);
	tcase_add_test(all, a_message_without_a_tree_makes_doubts);
	tcase_add_test(all, an_arena_that_is_spent_is_an_error);
	tcase_add_test(all, who_looks_on_sees_what_matched_and_what_did_not);
	tcase_add_loop_test(all, what_nobody_knows_any_more_is_a_doubt, 0,
	    COUNT(gone));
	tcase_add_test(all, a_finding_can_be_supposed);
	tcase_add_test(all, a_rule_can_ask_for_a_list);
	tcase_add_test(all, a_name_that_may_not_be_listed_is_in_doubt);
	tcase_add_test(all, a_rule_in_shadow_is_a_hit_and_nothing_else);
	tcase_add_test(all, no_rules_want_nothing);
	suite_add_tcase(suite, all);
	return suite;
}
