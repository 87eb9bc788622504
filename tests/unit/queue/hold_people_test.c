/*
 * hold_people_test.c - what is held as its people see it, and end it
 */
#include <errno.h>
#include <string.h>

#include "queue/removed.h"
#include "tests/unit/queue/hold_scene.h"

/* What a person sees, and may do */

static unsigned
theirs(uint64_t account, const struct message_id *below)
{
	memset(&seen, 0, sizeof(seen));
	ck_assert_int_eq(conductor_held_each(stage.conductor, account, below,
	    on_row, NULL), 0);
	return seen.count;
}

static int
take(uint64_t account)
{
	return conductor_held_take(stage.conductor, account, &id, false);
}

START_TEST(a_person_sees_their_own_share_the_newest_first)
{
	struct message_id first;

	hold('a', VERDICT_HOLD, false);
	first = id;
	hold('b', VERDICT_QUARANTINE, true);
	ck_assert_uint_eq(theirs(STAGE_ANN, NULL), 2);
	ck_assert_int_eq(message_id_order(&seen.last, &first), 0);
	ck_assert(seen.may_take);
	ck_assert_uint_eq(theirs(STAGE_ANN, &id), 1);
	ck_assert_uint_eq(theirs(STAGE_ANN, &first), 0);
	ck_assert_uint_eq(theirs(STAGE_BEN, NULL), 1);
	/* who else got it is nobody's to know */
	ck_assert_ptr_null(strstr(seen.words, "ann@"));
	ck_assert(!seen.may_take);
	ck_assert_uint_eq(theirs(99, NULL), 0);
}
END_TEST

START_TEST(a_page_of_it_is_no_longer_than_it_says)
{
	struct message_id last;

	for (int i = 0; i < HOLD_PAGE + 2; i++)
		hold('p', VERDICT_HOLD, false);
	ck_assert_uint_eq(theirs(STAGE_ANN, NULL), HOLD_PAGE);
	last = seen.last;
	ck_assert_uint_eq(theirs(STAGE_ANN, &last), 2);
}
END_TEST

/* What the postmaster is to decide, as much of it as is looked at in a turn. */
static void
hold_what_is_not_theirs(void)
{
	stage.line = REMOVED_LINE;
	stage.value = "a.zip";
	for (unsigned i = 0; i < 201; i++)
		hold('n', VERDICT_HOLD, false);
}

static void
keep_originals(unsigned count)
{
	const struct rows_recipient ann = {
		.account = STAGE_ANN, .address = slice_str("ann@office.test"),
		.state = ROWS_QUARANTINED, .told_utc_ms = -clock_utc_ms()
	};

	for (unsigned i = 0; i < count; i++) {
		struct rows_message row = {
			.state = ROWS_QUARANTINED, .reason = slice_str("o"),
			.since_utc_ms = clock_utc_ms()
		};

		memset(row.id.bytes, 0xf0, sizeof(row.id.bytes));
		row.id.bytes[1] = (unsigned char)i;
		ck_assert_int_eq(rows_keep(stage.conductor->rows, &row, &ann,
		    1), 0);
	}
}

START_TEST(nothing_is_hidden_behind_what_is_not_theirs)
{
	hold('a', VERDICT_HOLD, false);
	if (_i == 0)
		hold_what_is_not_theirs();
	else
		keep_originals(201);
	/* and the second time nothing else is read */
	for (unsigned i = 0; i < 2; i++)
		ck_assert_uint_eq(theirs(STAGE_ANN, NULL), 1);
	ck_assert_uint_eq(seen.damaged, 0);
	/* the postmaster knows who was told */
	(void)list(HOLD_QUARANTINED, NULL, 1);
	ck_assert_str_eq(seen.told, _i == 0 ? "" : "ann@office.test");
}
END_TEST

START_TEST(a_person_takes_their_own_share_once)
{
	TEXT_AUTO shown = TEXT_INIT(HOLD_SHOWN_BYTES);

	hold('t', VERDICT_HOLD, true);
	ck_assert_int_eq(take(99), -ENOENT);
	memset(&seen, 0, sizeof(seen));
	ck_assert_int_eq(conductor_held_show(stage.conductor, 99, &id, on_row,
	    NULL, &shown), -ENOENT);
	ck_assert_uint_eq(seen.count + shown.len, 0);
	ck_assert_int_eq(conductor_held_show(stage.conductor, STAGE_ANN, &id,
	    on_row, NULL, &shown), 0);
	ck_assert_uint_eq(shown.len, 100);
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert_int_eq(take(STAGE_ANN), 0);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 1);
	ck_assert_uint_eq(stage_call(&stage, STAGE_DELIVER, 0)->account,
	    STAGE_ANN);
	stage_deliver(&stage, 0, 0);
	deliver_settle_all(stage.conductor);
	stage_settle(&stage, 0, 0);
	ck_assert_int_eq(take(STAGE_ANN), -ENOENT);
	ck_assert_uint_eq(theirs(STAGE_ANN, NULL), 0);
	ck_assert_uint_eq(theirs(STAGE_BEN, NULL), 1);
}
END_TEST

/* One says so, the other has it delivered: in whatever life. */
START_TEST(what_a_person_calls_spam_goes_to_their_junk_and_teaches)
{
	hold('s', VERDICT_HOLD, true);
	ck_assert_int_eq(conductor_held_take(stage.conductor, STAGE_BEN, &id,
	    true), 0);
	for (unsigned life = 0; life < 2; life++) {
		const struct stage_call *sent;

		/* ann's is untouched by it */
		ck_assert_uint_eq(theirs(STAGE_ANN, NULL), 1);
		ck_assert_uint_eq(theirs(STAGE_BEN, NULL), 0);
		conductor_account_up(stage.conductor, STAGE_BEN);
		ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 1);
		sent = stage_call(&stage, STAGE_DELIVER, 0);
		ck_assert_uint_eq(sent->account, STAGE_BEN);
		ck_assert_str_eq(sent->words, "Junk");
		ck_assert(sent->is_spam && !sent->is_released);
		ck_assert(sent->is_decided);
		if (life == 0)
			stage_restart(&stage);
	}
	stage_deliver(&stage, 0, 0);
	deliver_settle_all(stage.conductor);
	stage_settle(&stage, 0, 0);
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert_int_eq(take(STAGE_ANN), 0);
	ck_assert(stage_call(&stage, STAGE_DELIVER, 1)->is_released);
	ck_assert(!stage_call(&stage, STAGE_DELIVER, 1)->is_spam);
	ck_assert_str_eq(stage_call(&stage, STAGE_DELIVER, 1)->words, "");
}
END_TEST

/* Both are on their way when the hub starts anew. */
START_TEST(each_share_keeps_what_was_said_of_it)
{
	hold('s', VERDICT_HOLD, true);
	ck_assert_int_eq(conductor_held_take(stage.conductor, STAGE_BEN, &id,
	    true), 0);
	stage_restart(&stage);
	conductor_account_up(stage.conductor, STAGE_BEN);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 1);
	stage_deliver(&stage, 0, 0);
	deliver_settle_all(stage.conductor);
	stage_settle(&stage, 0, 0);
	ck_assert_int_eq(take(STAGE_ANN), 0);
	stage_restart(&stage);
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert(!stage_call(&stage, STAGE_DELIVER, stage_count(&stage,
	    STAGE_DELIVER) - 1)->is_spam);
}
END_TEST

#define RESULTS	"mail.office.test; "

static const struct {
	enum verdict_action	 action;
	const char		*line, *value;
	bool			 may;
} kept[] = {
	{ VERDICT_HOLD, NULL, NULL, true },
	{ VERDICT_QUARANTINE, NULL, NULL, false },
	{ VERDICT_HOLD, "X-Postroom-Virus", "encrypted (a.zip)", false },
	{ VERDICT_HOLD, "X-Postroom-Macros", "found", false },
	{ VERDICT_HOLD, "X-Postroom-Spam", "yes", true },
	{ VERDICT_HOLD, "Authentication-Results", RESULTS
	  "dmarc=fail header.from=bank.test policy.dmarc=reject; spf=none",
	  false },
	{ VERDICT_HOLD, "Authentication-Results", RESULTS
	  "dmarc=fail header.from=bank.test; spf=fail policy.dmarc=none",
	  false },
	{ VERDICT_HOLD, "Authentication-Results", RESULTS
	  "dmarc=permerror", false },
	{ VERDICT_HOLD, "Authentication-Results", RESULTS
	  "dmarc=fail header.from=a.test policy.dmarc=none; spf=none", true },
	{ VERDICT_HOLD, "Authentication-Results", RESULTS
	  "dmarc=fail header.from=a.test policy.dmarc=reject "
	  "policy.override=arc", true },
	{ VERDICT_HOLD, "Authentication-Results", RESULTS
	  "dmarc=pass header.from=a.test policy.dmarc=reject", true },
};

START_TEST(what_may_be_harmful_is_the_postmasters_to_release)
{
	TEXT_AUTO shown = TEXT_INIT(HOLD_SHOWN_BYTES);

	stage.line = kept[_i].line;
	stage.value = kept[_i].value;
	hold('k', kept[_i].action, false);
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert_uint_eq(theirs(STAGE_ANN, NULL), 1);
	ck_assert_int_eq(seen.may_take, kept[_i].may);
	/* nor to save from what is shown of it */
	ck_assert_int_eq(conductor_held_show(stage.conductor, STAGE_ANN, &id,
	    on_row, NULL, &shown), 0);
	ck_assert_uint_eq(shown.len, kept[_i].may ? 100 : 0);
	ck_assert_int_eq(conductor_hold_show(stage.conductor, &id, on_row,
	    NULL, &shown), 0);
	ck_assert_uint_ge(shown.len, 100);
	/* nor is it theirs to have it put anywhere */
	if (!kept[_i].may)
		ck_assert_int_eq(conductor_held_take(stage.conductor,
		    STAGE_ANN, &id, true), -EPERM);
	ck_assert_int_eq(take(STAGE_ANN), kept[_i].may ? 0 : -EPERM);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), kept[_i].may);
	if (!kept[_i].may)
		ck_assert_int_eq(release(), 0);
}
END_TEST

/* One whose big file is gone: who wrote it is known still. */
static void
damage_big(void)
{
	ck_assert_int_eq(big_drop(stage.conductor->big, &id), 0);
}

/* Whoever knows its number is told as little of it as of any other's. */
START_TEST(what_is_not_theirs_is_not_shown_when_it_is_damaged)
{
	TEXT_AUTO shown = TEXT_INIT(HOLD_SHOWN_BYTES);

	stage.line = _i == 0 ? REMOVED_LINE : "X-Other";
	stage.value = "a.zip";
	hold_big();
	damage_big();
	memset(&seen, 0, sizeof(seen));
	ck_assert_int_eq(conductor_held_show(stage.conductor, STAGE_ANN, &id,
	    on_row, NULL, &shown), _i == 0 ? -ENOENT : 0);
	ck_assert_uint_eq(seen.count, _i == 0 ? 0 : 1);
	ck_assert_uint_eq(seen.damaged, seen.count);
	ck_assert_uint_eq(shown.len, 0);
}
END_TEST

/* Its file is gone as well: its row says that it is the postmaster's. */
START_TEST(a_lost_original_is_not_shown)
{
	TEXT_AUTO shown = TEXT_INIT(HOLD_SHOWN_BYTES);

	keep_originals(1);
	memset(id.bytes, 0xf0, sizeof(id.bytes));
	id.bytes[1] = 0;
	memset(&seen, 0, sizeof(seen));
	ck_assert_int_eq(conductor_held_show(stage.conductor, STAGE_ANN, &id,
	    on_row, NULL, &shown), -ENOENT);
	ck_assert_uint_eq(seen.count + shown.len, 0);
}
END_TEST

START_TEST(what_is_damaged_is_not_taken)
{
	hold('d', VERDICT_HOLD, false);
	ck_assert_int_eq(kept_drop(stage.conductor->kept_fd, &id), 0);
	ck_assert_int_eq(take(STAGE_ANN), -EBADMSG);
	ck_assert_uint_eq(list(HOLD_ANY, NULL, 10), 1);
}
END_TEST

/* HARDENING A73: forged, of somebody else, over */
START_TEST(a_link_is_of_one_person_and_ends_with_the_hold)
{
	struct held_link link;
	char anns[HELD_LINK_CHARS + 1];

	hold('l', VERDICT_HOLD, true);
	ck_assert_uint_eq(news(0).account, STAGE_ANN);
	memcpy(anns, seen.link, sizeof(anns));
	ck_assert_uint_eq(news(STAGE_ANN).account, STAGE_BEN);
	ck_assert_str_ne(anns, seen.link);
	ck_assert_int_eq(conductor_held_read(stage.conductor, slice_str(anns),
	    &link), 0);
	ck_assert_uint_eq(link.account, STAGE_ANN);
	ck_assert_int_eq(message_id_order(&link.id, &id), 0);
	/* the key outlives the process */
	stage_restart(&stage);
	ck_assert_int_eq(conductor_held_read(stage.conductor, slice_str(anns),
	    &link), 0);
	anns[20] = anns[20] == '0' ? '1' : '0';
	ck_assert_int_eq(conductor_held_read(stage.conductor, slice_str(anns),
	    &link), -EBADMSG);
	memcpy(anns, seen.link, sizeof(anns));
	days_pass(29);
	ck_assert_int_eq(conductor_held_read(stage.conductor, slice_str(anns),
	    &link), 0);
	days_pass(1);
	ck_assert_int_eq(conductor_held_read(stage.conductor, slice_str(anns),
	    &link), -ETIME);
}
END_TEST

START_TEST(a_link_to_what_never_ends_ends)
{
	struct held_link link;

	stage.options.quarantine_days = 0;
	stage_restart(&stage);
	hold('l', VERDICT_HOLD, false);
	(void)news(0);
	days_pass(HELD_LINK_DAYS - 1);
	ck_assert_int_eq(conductor_held_read(stage.conductor,
	    slice_str(seen.link), &link), 0);
	days_pass(1);
	ck_assert_int_eq(conductor_held_read(stage.conductor,
	    slice_str(seen.link), &link), -ETIME);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("hold_people");
	TCase *tcase = tcase_create("hold_people");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_person_sees_their_own_share_the_newest_first);
	tcase_add_test(tcase, a_page_of_it_is_no_longer_than_it_says);
	tcase_add_loop_test(tcase, nothing_is_hidden_behind_what_is_not_theirs,
	    0, 2);
	tcase_add_test(tcase, a_person_takes_their_own_share_once);
	tcase_add_test(tcase,
	    what_a_person_calls_spam_goes_to_their_junk_and_teaches);
	tcase_add_test(tcase, each_share_keeps_what_was_said_of_it);
	tcase_add_loop_test(tcase,
	    what_may_be_harmful_is_the_postmasters_to_release, 0,
	    sizeof(kept) / sizeof(kept[0]));
	tcase_add_loop_test(tcase,
	    what_is_not_theirs_is_not_shown_when_it_is_damaged, 0, 2);
	tcase_add_test(tcase, a_lost_original_is_not_shown);
	tcase_add_test(tcase, what_is_damaged_is_not_taken);
	tcase_add_test(tcase, a_link_is_of_one_person_and_ends_with_the_hold);
	tcase_add_test(tcase, a_link_to_what_never_ends_ends);
	suite_add_tcase(suite, tcase);
	return suite;
}
