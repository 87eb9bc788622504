/*
 * before_rules_test.c - what is done before a download: reading and judging
 */
#include <errno.h>

#include "lib/message/words.h"
#include "policy/before_rules.h"
#include "tests/unit/unit.h"

#define NOW	1795000000	/* Thu, 18 Nov 2026 */
#define MIB	(1024 * 1024)

static struct arena		*arena;
static struct before_rules	 rules;
static struct before_fault	 fault;

static void
begin(void)
{
	arena = arena_new(BEFORE_ARENA);
	ck_assert_ptr_nonnull(arena);
	ck_assert_int_eq(words_open(), 0);
	rules = (struct before_rules){ 0 };
}

static void
end(void)
{
	words_close();
	arena_free(arena);
}

static int
read(const char *text)
{
	fault = (struct before_fault){ 77, SAY_DONE };
	return before_rules_read(arena, slice_str(text), &rules, &fault);
}

static const struct {
	const char	*typed;
	const char	*written;
} forms[] = {
	{ "size > 5M -> night", "size > 5MiB -> night\n" },
	{ "size < 100k -> now", "size < 100KiB -> now\n" },
	{ "size > 1500 -> leave", "size > 1500B -> leave\n" },
	{ "  age   >  4w  ->  delete ", "age > 4w -> delete\n" },
	{ "any -> night", "any -> night\n" },
	{ "FROM Contains bob -> Now", "from contains \"bob\" -> now\n" },
	{ "from equals \"bob@x.test\" -> now",
	    "from equals \"bob@x.test\" -> now\n" },
	{ "subject begins a b  c -> leave",
	    "subject begins \"a b  c\" -> leave\n" },
	{ "to not contains @office.test -> delete",
	    "to not contains \"@office.test\" -> delete\n" },
	{ "header X-Spam-Flag equals yes and size > 1M -> delete",
	    "header X-Spam-Flag equals \"yes\" and size > 1MiB -> delete\n" },
	{ "subject contains \"pen and ink\" -> leave",
	    "subject contains \"pen and ink\" -> leave\n" },
	{ "subject contains a -> b -> leave",
	    "subject contains \"a -> b\" -> leave\n" },
	{ "\n\nany -> now\n\n size > 1G -> placeholder",
	    "any -> now\nsize > 1GiB -> placeholder\n" },
	{ "", "" },
};

START_TEST(what_is_typed_is_written_in_one_form_which_reads_back)
{
	TEXT_AUTO once = TEXT_INIT(BEFORE_TEXT_MOST);
	TEXT_AUTO twice = TEXT_INIT(BEFORE_TEXT_MOST);

	ck_assert_int_eq(read(forms[_i].typed), 0);
	before_rules_write(&once, &rules);
	ck_assert_msg(slice_is_str(text_slice(&once), forms[_i].written),
	    "%.*s", SLICE_FMT(text_slice(&once)));
	ck_assert_int_eq(before_rules_read(arena, text_slice(&once), &rules,
	    &fault), 0);
	before_rules_write(&twice, &rules);
	ck_assert(slice_is(text_slice(&once), text_slice(&twice)));
}
END_TEST

#define LONG_WORD \
	"0123456789012345678901234567890123456789012345678901234567890123" \
	"0123456789012345678901234567890123456789012345678901234567890123"

static const struct {
	const char	*typed;
	unsigned	 line;
	enum sentence	 want;
} faults[] = {
	{ "size > 5M", 1, SAY_WANT_BEFORE },
	{ "any -> now\n\nsize > 5M", 3, SAY_WANT_BEFORE },
	{ "-> now", 1, SAY_WANT_BEFORE },
	{ "size > 5M -> later", 1, SAY_WANT_BEFORE_ACTION },
	{ "size > 5M -> ", 1, SAY_WANT_BEFORE },
	{ "size > 5M -> now now", 1, SAY_WANT_BEFORE_ACTION },
	{ "sise > 5M -> now", 1, SAY_WANT_BEFORE_TEST },
	{ "any and -> now", 1, SAY_WANT_BEFORE_TEST },
	{ "any any -> now", 1, SAY_WANT_BEFORE },
	{ "any or any -> now", 1, SAY_WANT_BEFORE },
	{ "size = 5M -> now", 1, SAY_WANT_BEFORE_SIZE },
	{ "size contains 5 -> now", 1, SAY_WANT_BEFORE_SIZE },
	{ "size > -5 -> now", 1, SAY_WANT_BEFORE_SIZE },
	{ "size > 5 M -> now", 1, SAY_WANT_BEFORE },
	{ "size > 99999999999G -> now", 1, SAY_WANT_BEFORE_SIZE },
	{ "size > -> now", 1, SAY_WANT_BEFORE_SIZE },
	{ "age > 5M -> now", 1, SAY_WANT_BEFORE_AGE },
	{ "age > 36501d -> now", 1, SAY_WANT_BEFORE_AGE },
	{ "age -> now", 1, SAY_WANT_BEFORE_AGE },
	{ "from > 5 -> now", 1, SAY_WANT_BEFORE_TEXT },
	{ "from contains -> now", 1, SAY_WANT_BEFORE_TEXT },
	{ "from contains \"\" -> now", 1, SAY_WANT_BEFORE_TEXT },
	{ "from contains \"a -> now", 1, SAY_WANT_BEFORE_TEXT },
	{ "from contains a\"b -> now", 1, SAY_WANT_BEFORE_TEXT },
	{ "from not -> now", 1, SAY_WANT_BEFORE_TEXT },
	{ "from contains x" LONG_WORD " -> now", 1, SAY_WANT_BEFORE_TEXT },
	{ "header contains x -> now", 1, SAY_WANT_BEFORE_TEXT },
	{ "header a:b contains x -> now", 1, SAY_WANT_BEFORE_TEXT },
	{ "any and any and any and any and any -> now", 1, SAY_WANT_FEWER },
	{ "subject contains \xff -> now", 1, SAY_UNFIT },
	{ "subject contains \x01 -> now", 1, SAY_UNFIT },
};

START_TEST(what_is_wrong_is_named_and_nothing_is_changed)
{
	ck_assert_int_eq(read("any -> leave"), 0);
	ck_assert_int_eq(read(faults[_i].typed), -EINVAL);
	ck_assert_uint_eq(fault.line, faults[_i].line);
	ck_assert_int_eq(fault.want, faults[_i].want);
	ck_assert_uint_eq(rules.rule_count, 1);
	ck_assert_int_eq(rules.rules[0].action, BEFORE_LEAVE);
}
END_TEST

START_TEST(there_are_as_many_rules_as_there_can_be)
{
	TEXT_AUTO text = TEXT_INIT(2 * BEFORE_TEXT_MOST);

	for (unsigned i = 0; i < BEFORE_RULES_MOST; i++)
		text_add_str(&text, "any -> now\n");
	ck_assert_int_eq(before_rules_read(arena, text_slice(&text), &rules,
	    &fault), 0);
	text_add_str(&text, "any -> now\n");
	ck_assert_int_eq(before_rules_read(arena, text_slice(&text), &rules,
	    &fault), -EINVAL);
	ck_assert_uint_eq(fault.line, BEFORE_RULES_MOST + 1);
	text_clear(&text);
	while (text.len <= BEFORE_TEXT_MOST)
		text_add_byte(&text, '\n');
	ck_assert_int_eq(before_rules_read(arena, text_slice(&text), &rules,
	    &fault), -EINVAL);
	ck_assert_int_eq(fault.want, SAY_WANT_FEWER);
}
END_TEST

static const char header[] =
    "Received: from a by b; Thu, 12 Nov 2026 10:00:00 +0700\r\n"
    "From: \"Bob, of Sales\" <bob@client.test>\r\n"
    "To: Ann <ann@office.test>,\r\n ben@office.test\r\n"
    "Cc: =?utf-8?q?J=C3=BCrgen?= <j@far.test>\r\n"
    "Subject: =?utf-8?b?TGFwb3JhbiBidWxhbmFu?= November\r\n"
    "X-Spam-Flag: YES\r\nX-Twice: one\r\nX-Twice: two\r\n\r\n";

/* Of a message of 2 MiB, with this header. */
static const struct {
	const char		*rule;
	enum before_action	 action;
	bool			 by_size;	/* without the header */
} judged[] = {
	{ "size > 1M -> leave", BEFORE_LEAVE, true },
	{ "size > 2M -> leave", BEFORE_NOW, true },
	{ "size < 2M -> leave", BEFORE_NOW, true },
	{ "size < 3M -> night", BEFORE_NIGHT, true },
	{ "any -> placeholder", BEFORE_PLACEHOLDER, true },
	{ "any -> now\nany -> leave", BEFORE_NOW, true },
	{ "size > 9M -> leave\nsize > 1M -> night\nfrom contains b -> delete",
	    BEFORE_NIGHT, true },
	{ "from contains b -> delete\nsize > 1M -> night", BEFORE_DELETE,
	    false },
	{ "from contains b and size > 9M -> delete", BEFORE_NOW, true },
	{ "size > 1M and from contains BOB@ -> delete", BEFORE_DELETE, false },
	{ "from equals bob@client.test -> leave", BEFORE_LEAVE, false },
	{ "from equals ob@client.test -> leave", BEFORE_NOW, false },
	{ "from equals bob@client -> leave", BEFORE_NOW, false },
	{ "to equals BEN@office.test -> leave", BEFORE_LEAVE, false },
	{ "to contains j\xc3\xbcrgen -> leave", BEFORE_LEAVE, false },
	{ "to not contains @office.test -> leave", BEFORE_NOW, false },
	{ "to not contains @other.test -> leave", BEFORE_LEAVE, false },
	{ "subject begins laporan -> leave", BEFORE_LEAVE, false },
	{ "subject begins bulanan -> leave", BEFORE_NOW, false },
	{ "subject equals laporan bulanan november -> leave", BEFORE_LEAVE,
	    false },
	{ "header x-spam-flag equals yes -> delete", BEFORE_DELETE, false },
	{ "header x-twice equals two -> delete", BEFORE_DELETE, false },
	{ "header x-none equals two -> delete", BEFORE_NOW, false },
	{ "header x-none not contains two -> delete", BEFORE_DELETE, false },
	{ "age > 5d -> leave", BEFORE_LEAVE, false },
	{ "age > 7d -> leave", BEFORE_NOW, false },
	{ "age < 7d -> leave", BEFORE_LEAVE, false },
};

START_TEST(the_first_rule_that_is_true_decides)
{
	struct before_message message = { .bytes = 2 * MIB,
	    .now_utc_s = NOW };
	const struct before_rule *rule;
	enum before_action action = BEFORE_ACTION_COUNT;

	ck_assert_int_eq(read(judged[_i].rule), 0);
	ck_assert_int_eq(before_rules_judge(&rules, &message, &action, &rule),
	    judged[_i].by_size ? BEFORE_DECIDED : BEFORE_WANTS_HEADER);
	message.has_header = true;
	message.header = slice_str(header);
	ck_assert_int_eq(before_rules_judge(&rules, &message, &action, &rule),
	    BEFORE_DECIDED);
	ck_assert_int_eq(action, judged[_i].action);
	ck_assert(rule == NULL || rule->action == action);
}
END_TEST

START_TEST(what_cannot_be_seen_is_taken_now)
{
	struct before_message message = { .has_header = true,
	    .now_utc_s = NOW };
	const struct before_rule *rule;
	enum before_action action;

	/* no size, no header */
	ck_assert_int_eq(read("size > 1 -> leave\nsize < 1G -> leave\n"
	    "from contains x -> delete\nfrom not contains x -> delete\n"
	    "age > 1d -> delete\nage < 1d -> delete"), 0);
	ck_assert_int_eq(before_rules_judge(&rules, &message, &action, &rule),
	    BEFORE_DECIDED);
	ck_assert_int_eq(action, BEFORE_NOW);
	ck_assert_ptr_null(rule);
}
END_TEST

#define ROWS(table)	((int)(sizeof(table) / sizeof(*(table))))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("policy/before_rules");
	TCase *tests = tcase_create("before_rules");

	tcase_add_checked_fixture(tests, begin, end);
	tcase_add_loop_test(tests,
	    what_is_typed_is_written_in_one_form_which_reads_back, 0,
	    ROWS(forms));
	tcase_add_loop_test(tests, what_is_wrong_is_named_and_nothing_is_changed,
	    0, ROWS(faults));
	tcase_add_test(tests, there_are_as_many_rules_as_there_can_be);
	tcase_add_loop_test(tests, the_first_rule_that_is_true_decides, 0,
	    ROWS(judged));
	tcase_add_test(tests, what_cannot_be_seen_is_taken_now);
	suite_add_tcase(suite, tests);
	return suite;
}
