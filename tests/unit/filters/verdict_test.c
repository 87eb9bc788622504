/*
 * verdict_test.c - what a judge says of a message
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "filters/verdict.h"
#include "lib/base/pack.h"
#include "tests/unit/unit.h"

static void
fill(struct verdict *verdict)
{
	verdict_init(verdict);
	verdict_set(verdict, VERDICT_REFUSE, 554, "5.4.6",
	    "too many hops (%d)", 51);
	ck_assert_int_eq(verdict_add_line(verdict, slice_str("X-Postroom-A"),
	    slice_str("caf\303\251")), 0);
	ck_assert_int_eq(verdict_add_line(verdict, slice_str("X-Postroom-B"),
	    slice_str("")), 0);
	(void)snprintf(verdict->subject, sizeof(verdict->subject), "Rapat");
	(void)snprintf(verdict->from, sizeof(verdict->from), "ani");
}

/* Of an older hub, from its journal: with a Message-ID behind the sender. */
START_TEST(what_was_packed_before_is_read)
{
	TEXT_AUTO text = TEXT_INIT(VERDICT_PACKED_MAX);
	const char *words[] = { "2.0.0", "", "", "", "Rapat", "ani", "<1>" };
	struct verdict out;

	pack_u8(&text, 3);
	pack_u8(&text, VERDICT_ACCEPT);
	pack_u16(&text, 250);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		pack_slice(&text, slice_str(words[i]));
	pack_u8(&text, 0);
	pack_slice(&text, slice_str("192.0.2.1"));
	pack_slice(&text, slice_str("mx.example"));
	ck_assert_int_eq(verdict_unpack(text_slice(&text), &out), 0);
	ck_assert_str_eq(out.subject, "Rapat");
	ck_assert_str_eq(out.from, "ani");
	ck_assert_str_eq(out.hop_peer, "192.0.2.1");
	ck_assert_str_eq(out.hop_helo, "mx.example");
}
END_TEST

START_TEST(what_is_packed_comes_out_the_same)
{
	TEXT_AUTO text = TEXT_INIT(VERDICT_PACKED_MAX);
	struct verdict in, out;

	fill(&in);
	verdict_pack(&text, &in);
	ck_assert_int_eq(verdict_unpack(text_slice(&text), &out), 0);
	ck_assert_int_eq(out.action, VERDICT_REFUSE);
	ck_assert_uint_eq(out.code, 554);
	ck_assert_str_eq(out.status, "5.4.6");
	ck_assert_str_eq(out.reason, "too many hops (51)");
	ck_assert_str_eq(out.subject, "Rapat");
	ck_assert_str_eq(out.from, "ani");
	ck_assert_uint_eq(out.line_count, 2);
	ck_assert_str_eq(out.lines[0].name, "X-Postroom-A");
	ck_assert_str_eq(out.lines[0].value, "caf\303\251");
	ck_assert_str_eq(out.lines[1].value, "");
}
END_TEST

START_TEST(the_rules_that_held_are_named)
{
	TEXT_AUTO text = TEXT_INIT(VERDICT_PACKED_MAX);
	char longest[VERDICT_FILE_MAX + 2];
	struct verdict in, out;

	memset(longest, 'n', sizeof(longest));
	verdict_init(&in);
	ck_assert_int_eq(verdict_add_hit(&in, slice_str("caf\303\251"),
	    slice_str("a\n.rule"), 12, VERDICT_HOLD, true), 0);
	ck_assert_int_eq(verdict_add_hit(&in, slice_str("a\nb"),
	    slice_str("a"), 1, VERDICT_HOLD, false), -EINVAL);
	ck_assert_int_eq(verdict_add_hit(&in, slice_of(longest,
	    VERDICT_RULE_MAX + 1), slice_str("a"), 1, VERDICT_HOLD, false),
	    -EINVAL);
	in.hits[0].files = true;
	for (int i = 1; i < VERDICT_HITS; i++)
		ck_assert_int_eq(verdict_add_hit(&in, slice_of(longest,
		    VERDICT_RULE_MAX), slice_of(longest, sizeof(longest)),
		    UINT32_MAX, VERDICT_REFUSE, false), 0);
	ck_assert_int_eq(verdict_add_hit(&in, slice_str("b"),
	    slice_str("a"), 1, VERDICT_HOLD, false), -E2BIG);
	in.hits[1].removes = true;
	verdict_pack(&text, &in);
	ck_assert_int_eq(verdict_unpack(text_slice(&text), &out), 0);
	ck_assert_uint_eq(out.hit_count, VERDICT_HITS);
	ck_assert_str_eq(out.hits[0].rule, "caf\303\251");
	ck_assert_str_eq(out.hits[0].file, "a?.rule");
	ck_assert_uint_eq(out.hits[0].line, 12);
	ck_assert_int_eq(out.hits[0].action, VERDICT_HOLD);
	ck_assert(out.hits[0].is_shadow && !out.hits[1].is_shadow);
	ck_assert(out.hits[0].files && !out.hits[0].redirects);
	ck_assert(!out.hits[1].files && !out.hits[1].redirects);
	ck_assert(!out.hits[0].removes && out.hits[1].removes);
	ck_assert_uint_eq(strlen(out.hits[1].file), VERDICT_FILE_MAX);
	ck_assert_int_eq(verdict_combine(&out, &in), 0);
	ck_assert_uint_eq(out.hit_count, VERDICT_HITS);
	verdict_init(&out);
	ck_assert_int_eq(verdict_combine(&out, &in), 0);
	ck_assert_uint_eq(out.hit_count, VERDICT_HITS);
}
END_TEST

START_TEST(a_cut_or_a_longer_one_is_no_verdict)
{
	TEXT_AUTO text = TEXT_INIT(VERDICT_PACKED_MAX);
	struct verdict in, out = { .code = 77 };

	fill(&in);
	verdict_pack(&text, &in);
	for (size_t len = 0; len < text.len; len++)
		ck_assert_int_eq(verdict_unpack(slice_first(text_slice(&text),
		    len), &out), -EBADMSG);
	text_add_byte(&text, 0);
	ck_assert_int_eq(verdict_unpack(text_slice(&text), &out), -EBADMSG);
	ck_assert_uint_eq(out.code, 77);
}
END_TEST

static const struct {
	enum verdict_action	 action;
	unsigned		 code;
	const char		*status, *reason, *from, *name, *value;
	bool			 good;
} strange[] = {
	{ VERDICT_ACCEPT, 250, "2.0.0", "", "", "X-A", "b", true },
	{ VERDICT_DEFER, 451, "4.7.1", "later", "", "X-A", "b", true },
	{ VERDICT_REFUSE, 250, "5.7.1", "", "", "X-A", "b", false },
	{ VERDICT_REFUSE, 554, "4.7.1", "", "", "X-A", "b", false },
	{ VERDICT_DEFER, 554, "5.7.1", "", "", "X-A", "b", false },
	{ VERDICT_ACCEPT, 250, "2.0", "", "", "X-A", "b", false },
	{ VERDICT_ACCEPT, 250, "2.0.x", "", "", "X-A", "b", false },
	{ VERDICT_ACCEPT, 250, "", "", "", "X-A", "b", false },
	{ VERDICT_ACTIONS, 250, "2.0.0", "", "", "X-A", "b", false },
	{ VERDICT_ACCEPT, 250, "2.0.0", "a\r\n250 b", "", "X-A", "b", false },
	{ VERDICT_ACCEPT, 250, "2.0.0", "", "\"\303\251\"", "X-A", "b", true },
	{ VERDICT_ACCEPT, 250, "2.0.0", "", "a\nb", "X-A", "b", false },
	{ VERDICT_ACCEPT, 250, "2.0.0", "", "\303", "X-A", "b", false },
	{ VERDICT_ACCEPT, 250, "2.0.0", "", "", "X-A", "b\r\nC: d", false },
	{ VERDICT_ACCEPT, 250, "2.0.0", "", "", "X-A:", "b", false },
	{ VERDICT_ACCEPT, 250, "2.0.0", "", "", "", "b", false },
	{ VERDICT_ACCEPT, 250, "2.0.0", "", "", "X-", "b", false },
	{ VERDICT_ACCEPT, 250, "2.0.0", "", "", "x-a", "b", true },
	{ VERDICT_ACCEPT, 250, "2.0.0", "", "", "From", "b", false },
	{ VERDICT_ACCEPT, 250, "2.0.0", "", "", "Received", "b", false },
	{ VERDICT_ACCEPT, 250, "2.0.0", "", "", "X-A", "\377", false },
};

/* A08: nothing a judge was talked into gets into a reply or a header */
START_TEST(a_verdict_that_would_break_a_line_is_not_read)
{
	TEXT_AUTO text = TEXT_INIT(VERDICT_PACKED_MAX);
	struct verdict in, out;

	verdict_init(&in);
	in.action = strange[_i].action;
	in.code = strange[_i].code;
	(void)snprintf(in.status, sizeof(in.status), "%s", strange[_i].status);
	(void)snprintf(in.reason, sizeof(in.reason), "%s", strange[_i].reason);
	(void)snprintf(in.from, sizeof(in.from), "%s", strange[_i].from);
	in.line_count = 1;
	(void)snprintf(in.lines[0].name, VERDICT_NAME_MAX, "%s",
	    strange[_i].name);
	(void)snprintf(in.lines[0].value, VERDICT_VALUE_MAX, "%s",
	    strange[_i].value);
	verdict_pack(&text, &in);
	ck_assert_int_eq(verdict_unpack(text_slice(&text), &out),
	    strange[_i].good ? 0 : -EBADMSG);
}
END_TEST

START_TEST(a_line_is_a_name_and_one_printable_value)
{
	struct verdict verdict;
	char long_value[VERDICT_VALUE_MAX + 1];
	char long_name[VERDICT_NAME_MAX + 1];

	verdict_init(&verdict);
	memset(long_value, 'v', sizeof(long_value));
	memset(long_name, 'n', sizeof(long_name));
	memcpy(long_name, "X-Postroom-", 11);
	ck_assert_int_eq(verdict_add_line(&verdict, slice_str("X-A B"),
	    slice_str("c")), -EINVAL);
	ck_assert_int_eq(verdict_add_line(&verdict, slice_str("X-A"),
	    slice_of("b\0c", 3)), -EINVAL);
	ck_assert_int_eq(verdict_add_line(&verdict, slice_str("X-A"),
	    slice_of(long_value, VERDICT_VALUE_MAX + 1)), -E2BIG);
	ck_assert_int_eq(verdict_add_line(&verdict,
	    slice_of(long_name, VERDICT_NAME_MAX + 1), slice_str("b")),
	    -E2BIG);
	for (int i = 0; i < VERDICT_LINES; i++)
		ck_assert_int_eq(verdict_add_line(&verdict,
		    slice_of(long_name, VERDICT_NAME_MAX),
		    slice_of(long_value, VERDICT_VALUE_MAX)), 0);
	ck_assert_int_eq(verdict_add_line(&verdict, slice_str("X-A"),
	    slice_str("b")), -E2BIG);
	/* the fullest one still fits its packet */
	for (int i = 0; i < VERDICT_HITS; i++)
		ck_assert_int_eq(verdict_add_hit(&verdict,
		    slice_of(long_name, VERDICT_RULE_MAX),
		    slice_of(long_value, VERDICT_FILE_MAX), UINT32_MAX,
		    VERDICT_REFUSE, true), 0);
	memset(verdict.folder, 'f', VERDICT_FOLDER_MAX);
	memset(verdict.redirect, 'r', VERDICT_ADDRESS_MAX);
	memset(verdict.reason, 'r', VERDICT_REASON_MAX);
	memset(verdict.hop_peer, '1', VERDICT_PEER_MAX);
	memset(verdict.hop_helo, 'h', VERDICT_WORDS_MAX);
	memset(verdict.subject, 's', VERDICT_WORDS_MAX);
	memset(verdict.from, 'f', VERDICT_WORDS_MAX);
	TEXT_AUTO text = TEXT_INIT(VERDICT_PACKED_MAX);
	verdict_pack(&text, &verdict);
	ck_assert(!text_failed(&text));
	ck_assert_int_eq(verdict_unpack(text_slice(&text), &verdict), 0);
}
END_TEST

START_TEST(the_severest_of_two_wins_and_the_lines_of_both_stay)
{
	static const struct {
		unsigned	 code;
		const char	*status;
	} replies[VERDICT_ACTIONS] = {
		[VERDICT_ACCEPT] = { 250, "2.0.0" },
		[VERDICT_MARK] = { 250, "2.0.0" },
		[VERDICT_HOLD] = { 250, "2.0.0" },
		[VERDICT_QUARANTINE] = { 250, "2.0.0" },
		[VERDICT_DEFER] = { 451, "4.7.1" },
		[VERDICT_REFUSE] = { 554, "5.7.1" },
	};

	for (unsigned i = 0; i < VERDICT_ACTIONS * VERDICT_ACTIONS; i++) {
		unsigned a = i / VERDICT_ACTIONS, b = i % VERDICT_ACTIONS;
		struct verdict into, one;

		verdict_init(&into);
		verdict_init(&one);
		verdict_set(&into, a, replies[a].code, replies[a].status, "a");
		verdict_set(&one, b, replies[b].code, replies[b].status, "b");
		(void)verdict_add_line(&into, slice_str("X-A"), slice_str("1"));
		(void)verdict_add_line(&one, slice_str("X-B"), slice_str("2"));
		ck_assert_int_eq(verdict_combine(&into, &one), 0);
		ck_assert_uint_eq(into.action, a > b ? a : b);
		ck_assert_str_eq(into.reason, b > a ? "b" : "a");
		ck_assert_uint_eq(into.code, replies[into.action].code);
		ck_assert_uint_eq(into.line_count, 2);
		ck_assert_str_eq(into.lines[1].name, "X-B");
	}
}
END_TEST

START_TEST(combining_keeps_words_and_says_what_did_not_fit)
{
	struct verdict into, one;

	verdict_init(&into);
	fill(&one);
	ck_assert_int_eq(verdict_combine(&into, &one), 0);
	ck_assert_str_eq(into.subject, "Rapat");
	one.subject[0] = 'T';
	for (int i = 0; i < VERDICT_LINES / 2 - 1; i++)
		ck_assert_int_eq(verdict_combine(&into, &one), 0);
	ck_assert_str_eq(into.subject, "Rapat");
	ck_assert_uint_eq(into.line_count, VERDICT_LINES);
	ck_assert_int_eq(verdict_combine(&into, &one), -E2BIG);
	ck_assert_uint_eq(into.line_count, VERDICT_LINES);
}
END_TEST

/* What rules ask for, then what they could not examine, then the hub's own. */
START_TEST(rules_leave_room_for_what_the_hub_has_found)
{
	static const struct {
		const char	*name;
		size_t		 most;
	} rows[] = {
		{ "X-Rule", 12 }, { "X-Postroom-Rules", 16 },
		{ "X-Postroom-Structure", 17 }, { "X-Postroom-Virus", 18 },
		{ "DKIM-Signature", 19 }, { "ARC-Seal", 20 },
	};
	TEXT_AUTO text = TEXT_INIT(VERDICT_PACKED_MAX);
	struct verdict into, out;

	verdict_init(&into);
	for (size_t row = 0; row < 6; row++)
		for (int i = 0; i < (row < 2 ? VERDICT_LINES : 1); i++) {
			struct verdict one;
			bool fits = into.line_count < rows[row].most;

			verdict_init(&one);
			ck_assert_int_eq(verdict_add_line(&one,
			    slice_str(rows[row].name), slice_str("v")), 0);
			ck_assert_int_eq(verdict_combine(&into, &one),
			    fits ? 0 : -E2BIG);
		}
	ck_assert_uint_eq(into.line_count, VERDICT_LINES);
	ck_assert_str_eq(into.lines[19].name, "ARC-Seal");
	ck_assert_str_eq(into.lines[17].name, "X-Postroom-Virus");
	ck_assert_str_eq(into.lines[16].name, "X-Postroom-Structure");
	ck_assert_str_eq(into.lines[15].name, "X-Postroom-Rules");
	ck_assert_str_eq(into.lines[11].name, "X-Rule");
	verdict_pack(&text, &into);
	ck_assert_int_eq(verdict_unpack(text_slice(&text), &out), 0);
	ck_assert_uint_eq(out.line_count, VERDICT_LINES);
}
END_TEST

START_TEST(a_reason_is_printable_and_cut_at_its_limit)
{
	struct verdict verdict;
	char more[VERDICT_REASON_MAX * 2 + 1];

	memset(more, 'x', sizeof(more));
	more[sizeof(more) - 1] = '\0';
	verdict_init(&verdict);
	verdict_set(&verdict, VERDICT_HOLD, 250, "2.0.0", "a\r\n\303%s", more);
	ck_assert_uint_eq(strlen(verdict.reason), VERDICT_REASON_MAX);
	ck_assert_int_eq(strncmp(verdict.reason, "a???x", 5), 0);
	ck_assert_int_eq(verdict.action, VERDICT_HOLD);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("verdict");
	TCase *tests = tcase_create("verdict");

	tcase_add_test(tests, what_was_packed_before_is_read);
	tcase_add_test(tests, what_is_packed_comes_out_the_same);
	tcase_add_test(tests, the_rules_that_held_are_named);
	tcase_add_test(tests, a_cut_or_a_longer_one_is_no_verdict);
	tcase_add_loop_test(tests,
	    a_verdict_that_would_break_a_line_is_not_read, 0,
	    sizeof(strange) / sizeof(strange[0]));
	tcase_add_test(tests, a_line_is_a_name_and_one_printable_value);
	tcase_add_test(tests,
	    the_severest_of_two_wins_and_the_lines_of_both_stay);
	tcase_add_test(tests, combining_keeps_words_and_says_what_did_not_fit);
	tcase_add_test(tests, rules_leave_room_for_what_the_hub_has_found);
	tcase_add_test(tests, a_reason_is_printable_and_cut_at_its_limit);
	suite_add_tcase(suite, tests);
	return suite;
}
