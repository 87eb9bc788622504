/*
 * judged_test.c - what the trail says of rules is read again
 */
#include "queue/judged.h"

#include "queue/trail.h"
#include "tests/unit/unit.h"

static const struct {
	const char		*detail, *rule;
	enum verdict_action	 action;	/* VERDICT_ACTIONS: not about it */
	bool			 is_shadow;
	const char		*where;
} lines[] = {
	{ "rule \"a\" (office.rule:12) held it", "a", VERDICT_HOLD, false, "" },
	{ "rule \"a\" (office.rule:12) would have refused it", "a",
	  VERDICT_REFUSE, true, "" },
	{ "rule \"a\" (x:1) put it into quarantine", "a", VERDICT_QUARANTINE,
	  false, "" },
	{ "rule \"a\" (x:1) marked it: for the mailbox A/B: c", "a",
	  VERDICT_MARK, false, ": for the mailbox A/B: c" },
	{ "rule \"a\" (x:1) marked it and removed an attachment: for the "
	  "mailbox A", "a", VERDICT_MARK, false, JUDGED_REMOVED JUDGED_FILED
	  "A" },
	{ "rule \"a\" (b:c (d).rule:7) let it go on", "a", VERDICT_ACCEPT,
	  false, "" },
	{ "rule \"a\\\" (\" (x:1) marked it: redirected to b@c.test",
	  "a\\\" (", VERDICT_MARK, false, ": redirected to b@c.test" },
	{ "rule \"ab\" (x:1) held it", "a", VERDICT_ACTIONS, false, "" },
	{ "rule \"a\" (x:1) held it", "ab", VERDICT_ACTIONS, false, "" },
	{ "rule \"A\" (x:1) held it", "a", VERDICT_ACTIONS, false, "" },
	{ "rule \"a\" (x:1", "a", VERDICT_ACTIONS, false, "" },
	{ "rule \"a\" (x:) held it", "a", VERDICT_ACTIONS, false, "" },
	{ "rule \"a\" (x:1) ate it", "a", VERDICT_ACTIONS, false, "" },
	{ "DNS list a: listed", "a", VERDICT_ACTIONS, false, "" },
	{ "rule \"", "", VERDICT_ACTIONS, false, "" },
	{ "", "a", VERDICT_ACTIONS, false, "" },
};

START_TEST(what_a_rule_did_is_read_again)
{
	struct slice where = { NULL, 0 };
	bool is_shadow = false;

	ck_assert_int_eq(judged_read(slice_str(lines[_i].detail),
	    slice_str(lines[_i].rule), &is_shadow, &where), lines[_i].action);
	ck_assert_int_eq(is_shadow, lines[_i].is_shadow);
	ck_assert(slice_is_str(where, lines[_i].where));
}
END_TEST

START_TEST(a_time_is_read_again)
{
	static const int64_t times[] = { 1, 1795291200123, 253402300799999 };
	char at[TRAIL_AT_CHARS];

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		trail_at(times[i], at);
		ck_assert_int_eq(trail_utc_ms(at), times[i]);
	}
	ck_assert_int_eq(trail_utc_ms("2026-11-21T22:47:36 1234"), 0);
	ck_assert_int_eq(trail_utc_ms("2026-11-21T22:47:36.x23Z"), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("judged");
	TCase *tcase = tcase_create("judged");

	tcase_add_loop_test(tcase, what_a_rule_did_is_read_again, 0,
	    sizeof(lines) / sizeof(lines[0]));
	tcase_add_test(tcase, a_time_is_read_again);
	suite_add_tcase(suite, tcase);
	return suite;
}
