/*
 * reminding_test.c - people are told that a consent ends, once for each stage
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fetch/reminding.h"
#include "tests/unit/unit.h"

#define DAY		(INT64_C(24) * 3600 * 1000)
#define UTC		INT64_C(1750000000000)
#define MOST		6	/* mailboxes of the scene */
#define ANN		40	/* she has those with even numbers */
#define BEN		41

static struct loop *loop;
static struct reminding *reminding;
static int64_t now;
static struct schedule_health boxes[MOST];
static int send_status;
static unsigned sent_count, asked_count, told_count, renewed_count;
static uint64_t sent_to;
static struct notice sent;
static char sent_words[1024];	/* "LABEL@DAYS " of each */

static void
each(void *arg, schedule_fn *fn, void *fn_arg)
{
	(void)arg;
	for (uint64_t id = 1; id < MOST; id++)
		if (!fn(fn_arg, &boxes[id]))
			return;
}

static bool
health(void *arg, uint64_t id, struct schedule_health *health_out)
{
	(void)arg;
	*health_out = boxes[id];
	return true;
}

static int
send_it(void *arg, uint64_t account, const struct notice *notice,
    uint64_t *again_ms_out)
{
	size_t at = 0;

	(void)arg;
	asked_count++;
	*again_ms_out = 1;
	if (send_status < 0)
		return send_status;
	sent_count++;
	sent_to = account;
	sent = *notice;
	for (size_t i = 0; i < notice->mailbox_count; i++)
		at += (size_t)snprintf(sent_words + at,
		    sizeof(sent_words) - at, "%.*s@%d ",
		    SLICE_FMT(notice->mailboxes[i].label),
		    (int)((notice->mailboxes[i].ends_utc_ms - UTC) / DAY));
	return 0;
}

static void
told(void *arg, uint64_t id, unsigned stage)
{
	(void)arg;
	told_count++;
	boxes[id].grant_told = stage;
}

static void
renew(void *arg)
{
	(void)arg;
	renewed_count++;
}

static const struct reminding_ports ports = {
	.each = each, .health = health, .send = send_it, .told = told,
	.renew = renew
};

static void
look_at(int64_t utc_ms)
{
	now = utc_ms;
	clock_set((uint64_t)(now - UTC) + 1000, now);
	reminding_look(reminding);
}

static void
setup(void)
{
	static const char *const labels[MOST] = { "", "b1", "a2", "b3", "a4",
	    "b5" };

	for (uint64_t id = 1; id < MOST; id++)
		boxes[id] = (struct schedule_health){
			.id = id, .owner = id % 2 == 0 ? ANN : BEN,
			.owner_address = SLICE("ann@office.test"),
			.label = slice_str(labels[id]),
			.host = SLICE("pop.provider.example"), .enabled = true
		};
	send_status = 0;
	sent_count = asked_count = told_count = renewed_count = 0;
	loop = loop_new();
	reminding = reminding_new(loop, &ports);
	ck_assert_ptr_nonnull(reminding);
	look_at(UTC);
}

static void
teardown(void)
{
	reminding_free(reminding);
	loop_free(loop);
}

START_TEST(each_stage_is_told_once)
{
	static const int64_t left[] = { 14 * DAY, 3 * DAY, DAY, 0 };

	boxes[2].grant_until_utc_ms = UTC + 60 * DAY;
	for (unsigned i = 0; i < 4; i++) {
		look_at(UTC + 60 * DAY - left[i] - 1);
		ck_assert_uint_eq(asked_count, i);
		look_at(UTC + 60 * DAY - left[i]);
		ck_assert_uint_eq(sent_count, i + 1);
		ck_assert_uint_eq(sent_to, ANN);
		ck_assert_int_eq(sent.kind, NOTICE_GRANT_EXPIRES);
		ck_assert_str_eq(sent_words, "a2@60 ");
		ck_assert(slice_is_str(sent.address, "ann@office.test"));
		ck_assert_uint_eq(boxes[2].grant_told, i + 1);
	}
	look_at(UTC + 90 * DAY);
	ck_assert_uint_eq(asked_count, 4);
	ck_assert_uint_eq(told_count, 4);
}
END_TEST

/* What was told is in the health: another process goes on with that. */
START_TEST(a_restart_tells_nothing_twice)
{
	boxes[2].grant_until_utc_ms = UTC + 10 * DAY;
	look_at(UTC + DAY);
	ck_assert_uint_eq(sent_count, 1);
	reminding_free(reminding);
	reminding = reminding_new(loop, &ports);
	look_at(UTC + 2 * DAY);
	ck_assert_uint_eq(asked_count, 1);
	look_at(UTC + 8 * DAY);
	ck_assert_uint_eq(sent_count, 2);
}
END_TEST

START_TEST(what_was_missed_is_told_as_it_is_now)
{
	boxes[2].grant_until_utc_ms = UTC + 20 * DAY;
	look_at(UTC + 19 * DAY + DAY / 2);
	ck_assert_uint_eq(sent_count, 1);
	ck_assert_uint_eq(boxes[2].grant_told, 3);
}
END_TEST

START_TEST(one_owner_has_one_notice_of_all_of_them)
{
	for (uint64_t id = 1; id < MOST; id++)
		boxes[id].grant_until_utc_ms = UTC + (int64_t)id * DAY;
	boxes[5].grant_until_utc_ms = 0;	/* nobody knows */
	look_at(UTC);
	ck_assert_uint_eq(sent_count, 2);
	ck_assert_uint_eq(sent_to, BEN);
	ck_assert_str_eq(sent_words, "b1@1 b3@3 ");
	ck_assert_uint_eq(told_count, 4);
}
END_TEST

/* As when that owner was told of another mailbox today. */
START_TEST(what_cannot_be_said_now_is_said_at_another_look)
{
	boxes[2].grant_until_utc_ms = UTC + 10 * DAY;
	send_status = -EALREADY;
	look_at(UTC);
	look_at(UTC + 1000);
	ck_assert_uint_eq(asked_count, 2);
	ck_assert_uint_eq(told_count, 0);
	send_status = 0;
	look_at(UTC + DAY);
	ck_assert_uint_eq(sent_count, 1);
}
END_TEST

START_TEST(another_consent_begins_anew)
{
	boxes[2].grant_until_utc_ms = UTC + 2 * DAY;
	look_at(UTC);
	ck_assert_uint_eq(boxes[2].grant_told, 2);
	boxes[2].grant_until_utc_ms = UTC + 30 * DAY;
	look_at(UTC + DAY);
	ck_assert_uint_eq(asked_count, 1);
	ck_assert_uint_eq(boxes[2].grant_told, 0);
	look_at(UTC + 16 * DAY);
	ck_assert_uint_eq(sent_count, 2);
}
END_TEST

START_TEST(what_is_switched_off_is_not_told)
{
	boxes[2].grant_until_utc_ms = UTC + 2 * DAY;
	boxes[2].enabled = false;
	look_at(UTC);
	ck_assert_uint_eq(asked_count, 0);
	boxes[2].enabled = true;
	look_at(UTC);
	ck_assert_uint_eq(sent_count, 1);
}
END_TEST

/* A token may have been renewed, and the consent with it. */
START_TEST(nobody_is_told_before_it_was_read_anew)
{
	reminding_tick(reminding);
	ck_assert_uint_eq(renewed_count, 0);
	boxes[2].grant_until_utc_ms = UTC + 2 * DAY;
	reminding_tick(reminding);
	ck_assert_uint_eq(renewed_count, 1);
	ck_assert_uint_eq(asked_count, 0);
	boxes[2].grant_until_utc_ms = UTC + 90 * DAY;
	look_at(UTC);
	ck_assert_uint_eq(asked_count, 0);
	ck_assert_uint_eq(told_count, 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("fetch/reminding");
	TCase *tests = tcase_create("reminding");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, each_stage_is_told_once);
	tcase_add_test(tests, a_restart_tells_nothing_twice);
	tcase_add_test(tests, what_was_missed_is_told_as_it_is_now);
	tcase_add_test(tests, one_owner_has_one_notice_of_all_of_them);
	tcase_add_test(tests, what_cannot_be_said_now_is_said_at_another_look);
	tcase_add_test(tests, another_consent_begins_anew);
	tcase_add_test(tests, what_is_switched_off_is_not_told);
	tcase_add_test(tests, nobody_is_told_before_it_was_read_anew);
	suite_add_tcase(suite, tests);
	return suite;
}
