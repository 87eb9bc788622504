/*
 * outbound_line_test.c - what leaves waits for the line, and not a moment longer
 */
#include "queue/fate.h"
#include "queue/outbound_desk.h"
#include "queue/outbound_inside.h"
#include "tests/unit/queue/outbound_stage.h"

#define OPENS_UTC_MS	(START_UTC_MS + 9 * (int64_t)HOUR_MS)

static void
line_is(struct line_state state)
{
	TEXT_AUTO packed = TEXT_INIT(64);

	line_state_pack(&packed, &state);
	ck_assert_int_eq(conductor_line(stage.conductor, text_slice(&packed)),
	    0);
}

static void
open_line(void)
{
	line_is((struct line_state){ .wait = LINE_WAIT_NONE });
}

static void
close_line(void)
{
	line_is((struct line_state){ .wait = LINE_WAIT_WINDOW,
	    .until_utc_ms = OPENS_UTC_MS });
}

static void
set_up_line(void)
{
	set_clock(0);
	stage_new(&stage);
	stage.options.outbound_line = (struct outbound_line){
		.governs = true, .most_bytes = 1000
	};
	stage_open(&stage);
}

/* The stage with other figures. */
static void
govern(unsigned messages, unsigned seconds)
{
	stage_close(&stage);
	stage_forget(&stage);
	stage.options.outbound_line.messages = messages;
	stage.options.outbound_line.seconds = seconds;
	stage_open(&stage);
}

/*
 * A person here submits it: "HEADER\r\n\r\n", and so many bytes more, maybe to one
 * more.
 */
static void
submit_to_both(const char *header, size_t more, const char *to,
    const char *also)
{
	const struct asker asker = { .from = &stage,
	    .serial = ++stage.serial };
	TEXT_AUTO packed = TEXT_INIT(ENVELOPE_MAX_BYTES);
	TEXT_AUTO bytes = TEXT_INIT(1 << 20);
	struct recipient rcpts[] = { { .address = slice_str(to) },
	    { .address = slice_str(also == NULL ? "" : also) } };
	struct envelope env = { .source = SOURCE_SMTP,
	    .sender_account = STAGE_ANN, .sender = SLICE("ann@office.test"),
	    .login = SLICE("ann@office.test"), .recipients = rcpts,
	    .recipient_count = also == NULL ? 1 : 2 };
	size_t judged = stage_count(&stage, STAGE_JUDGE);
	size_t answered = stage_count(&stage, STAGE_ANSWER);
	int fd;

	text_addf(&bytes, "%s\r\n\r\n", header);
	for (size_t i = 0; i < more; i += 16)
		text_add_str(&bytes, "some more of it\n");
	env.bytes = bytes.len;
	envelope_pack(&packed, &env);
	fd = memfd_of("message", text_slice(&bytes));
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(conductor_submit(stage.conductor, &asker, 0,
	    text_slice(&packed), fd, 0), 0);
	stage_judge(&stage, judged, VERDICT_ACCEPT);
	stage_wait(&stage, STAGE_ANSWER, answered + 1);
	for (unsigned i = 0; stage.conductor->leaving > 0 && i < 4000; i++)
		stage_run(&stage, 1);
	ck_assert_uint_eq(stage.conductor->leaving, 0);
	stage_run(&stage, 5);
}

static void
submit_with(const char *header, size_t more, const char *to)
{
	submit_to_both(header, more, to, NULL);
}

static void
submit_to(const char *to)
{
	submit_with("Subject: x", 0, to);
}

static struct out_line *
line(void)
{
	return &stage.conductor->outbound->line;
}

START_TEST(without_windows_nothing_waits)
{
	stage_close(&stage);
	stage.options.outbound_line = (struct outbound_line){
		.governs = false };
	stage_open(&stage);
	relay_up();
	submit_to("zoe@far.test");
	ck_assert_uint_eq(tries(), 1);
}
END_TEST

START_TEST(mail_waits_until_the_line_opens)
{
	relay_up();
	/* nobody has said yet how it stands */
	submit_to("zoe@far.test");
	ck_assert_uint_eq(tries(), 0);
	open_line();
	ck_assert_uint_eq(tries(), 1);
	close_line();
	submit_to("yan@other.test");
	submit_to("zoe@far.test");
	ck_assert_uint_eq(tries(), 1);
	set_clock(9 * HOUR_MS);
	stage_run(&stage, 5);
	ck_assert_uint_eq(tries(), 1);
	/* what was under way when it closed comes to its end */
	answer(0, RELAY_DONE, 250, true);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 2);
	open_line();
	ck_assert_uint_eq(tries(), 3);
	answer(1, RELAY_DONE, 250, true);
	answer(2, RELAY_DONE, 250, true);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 0);
	ck_assert_uint_eq(kept_files(), 0);
}
END_TEST

/* Those of the hub itself are notices. */
START_TEST(urgent_mail_and_notices_do_not_wait)
{
	relay_up();
	close_line();
	submit_with("Subject: x\r\nImportance: high", 0, "zoe@far.test");
	ck_assert_uint_eq(tries(), 1);
	submit_with("Importance: low", 0, "zoe@far.test");
	ck_assert_uint_eq(tries(), 1);
	/* SOURCE_OWN; one that has a sender is a report, for which nobody waits */
	submit_one("zoe@report.test");
	stage_run(&stage, 5);
	ck_assert_uint_eq(tries(), 1);
	sent_from = "";
	submit_one("zoe@other.test");
	sent_from = "ann@office.test";
	stage_run(&stage, 5);
	ck_assert_uint_eq(tries(), 2);
	/* what is urgent is so in the next life, too */
	stage_restart(&stage);
	relay_up();
	close_line();
	ck_assert_uint_eq(tries(), 2);
	ck_assert_uint_eq(line()->waiting.count, 2);
}
END_TEST

START_TEST(so_many_messages_leave_a_closed_line)
{
	govern(3, 0);
	relay_up();
	close_line();
	submit_to("zoe@far.test");
	submit_to("zoe@far.test");
	ck_assert_uint_eq(tries(), 0);
	submit_to("zoe@other.test");
	ck_assert_uint_eq(tries(), 3);
	answer(0, RELAY_DONE, 250, true);
	/* whoever comes then waits again, and so does who was put off */
	answer(1, RELAY_LATER, 451, true);
	submit_to("zoe@other.test");
	set_clock(20 * MINUTE_MS);
	relay_up();
	stage_run(&stage, 5);
	ck_assert_uint_eq(tries(), 3);
	ck_assert_uint_eq(line()->waiting.count, 2);
	submit_to("zoe@other.test");
	ck_assert_uint_eq(line()->waiting.count, 0);
}
END_TEST

START_TEST(all_leave_when_the_first_has_waited_so_long)
{
	govern(0, 1800);
	relay_up();
	close_line();
	submit_to("zoe@far.test");
	set_clock(20 * MINUTE_MS);
	submit_to("zoe@far.test");
	/* a start anew does not begin the half hour anew */
	stage_restart(&stage);
	relay_up();
	close_line();
	set_clock(29 * MINUTE_MS);
	relay_up();
	ck_assert_uint_eq(tries(), 0);
	set_clock(30 * MINUTE_MS);
	relay_up();
	ck_assert_uint_eq(tries(), 2);
	/* of a month that is spent nothing leaves so */
	answer(0, RELAY_DONE, 250, true);
	answer(1, RELAY_DONE, 250, true);
	line_is((struct line_state){ .wait = LINE_WAIT_SPENT });
	submit_to("zoe@far.test");
	set_clock(90 * MINUTE_MS);
	relay_up();
	ck_assert_uint_eq(tries(), 2);
	submit_with("Priority: urgent", 0, "zoe@far.test");
	ck_assert_uint_eq(tries(), 3);
	line_is((struct line_state){ .wait = LINE_WAIT_SPENT,
	    .urgent_waits = true });
	submit_with("Priority: urgent", 0, "zoe@far.test");
	ck_assert_uint_eq(tries(), 3);
	line_is((struct line_state){ .wait = LINE_WAIT_SPENT });
	ck_assert_uint_eq(tries(), 4);
}
END_TEST

static struct line_waits last_waits;

static int
on_listed(void *arg, const struct rows_outbound *row, bool is_sending)
{
	(void)arg;
	(void)is_sending;
	last_waits = conductor_line_waits(stage.conductor, row);
	return 0;
}

/* What the list says of the one recipient that there is. */
static struct line_waits
waits(void)
{
	struct desk_which which = { .has_id = false };
	struct desk_place place = { .address = "" };

	ck_assert_int_eq(conductor_desk_list(stage.conductor, &which, &place,
	    10, on_listed, NULL), 0);
	return last_waits;
}

START_TEST(the_list_says_what_it_waits_for)
{
	struct line_state day = { .wait = LINE_WAIT_NONE, .large_waits = true,
	    .large_until_utc_ms = OPENS_UTC_MS };

	relay_up();
	close_line();
	submit_to("zoe@far.test");
	ck_assert_int_eq(waits().wait, LINE_WAIT_WINDOW);
	ck_assert_int_eq(waits().until_utc_ms, OPENS_UTC_MS);
	ck_assert(!waits().for_night);
	line_is((struct line_state){ .wait = LINE_WAIT_SPENT,
	    .until_utc_ms = 7 });
	ck_assert_int_eq(waits().wait, LINE_WAIT_SPENT);
	ck_assert_int_eq(waits().until_utc_ms, 7);
	open_line();
	ck_assert_int_eq(waits().wait, LINE_WAIT_NONE);
	answer(0, RELAY_LATER, 451, true);
	ck_assert_int_eq(waits().wait, LINE_WAIT_NONE);
	set_clock(6 * MINUTE_MS);
	relay_up();
	answer(1, RELAY_DONE, 250, true);
	line_is(day);
	submit_with("Subject: x", 2000, "zoe@far.test");
	ck_assert_int_eq(waits().wait, LINE_WAIT_WINDOW);
	ck_assert(waits().for_night);
	ck_assert_int_eq(waits().until_utc_ms, OPENS_UTC_MS);
}
END_TEST

START_TEST(what_is_large_waits_for_the_night)
{
	struct line_state day = { .wait = LINE_WAIT_NONE, .large_waits = true,
	    .large_until_utc_ms = OPENS_UTC_MS };

	govern(1, 0);
	relay_up();
	line_is(day);
	submit_with("Subject: x", 2000, "zoe@far.test");
	ck_assert_uint_eq(tries(), 0);
	submit_to("zoe@far.test");
	ck_assert_uint_eq(tries(), 1);
	answer(0, RELAY_DONE, 250, true);
	/* however many wait */
	close_line();
	ck_assert_uint_eq(tries(), 1);
	submit_to("zoe@far.test");
	ck_assert_uint_eq(tries(), 2);
	answer(1, RELAY_DONE, 250, true);
	submit_with("X-Priority: 1 (Highest)", 2000, "zoe@far.test");
	ck_assert_uint_eq(tries(), 3);
	answer(2, RELAY_DONE, 250, true);
	open_line();
	ck_assert_uint_eq(tries(), 4);
}
END_TEST

/* Waiting is no try, and a time that comes while it is closed moves. */
START_TEST(a_retry_in_a_closed_line_waits_for_its_opening)
{
	relay_up();
	open_line();
	submit_to("zoe@far.test");
	ck_assert_uint_eq(tries(), 1);
	answer(0, RELAY_LATER, 451, true);
	close_line();
	set_clock(8 * HOUR_MS);
	relay_up();
	ck_assert_uint_eq(tries(), 1);
	/* nobody hears of a delay: it was not tried for so long */
	ck_assert_uint_eq(stage_count(&stage, STAGE_PERSON), 0);
	open_line();
	ck_assert_uint_eq(tries(), 2);
	/* five minutes were the first pause, this is the second */
	answer(1, RELAY_LATER, 451, true);
	set_clock(8 * HOUR_MS + 14 * MINUTE_MS);
	relay_up();
	ck_assert_uint_eq(tries(), 2);
	set_clock(8 * HOUR_MS + 16 * MINUTE_MS);
	relay_up();
	ck_assert_uint_eq(tries(), 3);
}
END_TEST

/* A week in a closed line is not the host's: its days begin with the first try. */
START_TEST(days_and_delays_count_from_the_first_try)
{
	const uint64_t week = 7 * (uint64_t)DAY_MS;

	relay_up();
	close_line();
	submit_to("zoe@far.test");
	set_clock(week);
	open_line();
	relay_up();
	for (size_t n = 0; n < 4; n++) {
		ck_assert_uint_eq(tries(), n + 1);
		answer(n, RELAY_LATER, 451, true);
		fate_look(stage.conductor);
		ck_assert_uint_eq(stage_count(&stage, STAGE_PERSON), 0);
		set_clock(now_ms + 20 * MINUTE_MS);
		relay_up();
	}
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 1);
	/* after four hours it is late, after five days it is over */
	set_clock(week + 5 * HOUR_MS);
	answer(4, RELAY_LATER, 451, true);
	set_clock(now_ms + FATE_WAIT_MS);
	fate_look(stage.conductor);
	ck_assert_uint_eq(stage_count(&stage, STAGE_PERSON), 1);
	set_clock(week + 5 * (uint64_t)DAY_MS - MINUTE_MS);
	relay_up();
	answer(5, RELAY_LATER, 451, true);
	ck_assert_uint_eq(rows_in(OUTBOUND_FAILED), 0);
	set_clock(week + 5 * (uint64_t)DAY_MS + 2 * HOUR_MS);
	relay_up();
	answer(6, RELAY_LATER, 451, true);
	ck_assert_uint_eq(rows_in(OUTBOUND_FAILED), 1);
}
END_TEST

START_TEST(the_postmaster_sends_one_through_a_closed_line)
{
	struct desk_which which = { .domain = SLICE("far.test") };
	struct desk_place place = { .address = "" };
	struct desk_done done;

	relay_up();
	close_line();
	submit_to("zoe@far.test");
	submit_to("zoe@other.test");
	ck_assert_int_eq(conductor_desk_act(stage.conductor, DESK_RETRY,
	    slice_str("admin"), &which, slice_of("", 0), &place, &done), 0);
	ck_assert_uint_eq(done.changed, 1);
	stage_run(&stage, 5);
	ck_assert_uint_eq(tries(), 1);
	/* once: what is put off waits again */
	answer(0, RELAY_LATER, 451, true);
	set_clock(10 * MINUTE_MS);
	relay_up();
	stage_run(&stage, 5);
	ck_assert_uint_eq(tries(), 1);
	ck_assert_uint_eq(line()->waiting.count, 2);
}
END_TEST

/* What waits and is removed, or held, is not sent when the line opens. */
START_TEST(what_is_removed_while_it_waits_is_gone)
{
	struct desk_which which = { .domain = SLICE("far.test") };
	struct desk_place place = { .address = "" };
	struct desk_done done;

	relay_up();
	close_line();
	submit_to("zoe@far.test");
	submit_to("zoe@other.test");
	ck_assert_int_eq(conductor_desk_act(stage.conductor, DESK_REMOVE,
	    slice_str("admin"), &which, slice_of("", 0), &place, &done), 0);
	open_line();
	stage_run(&stage, 5);
	ck_assert_uint_eq(tries(), 1);
	answer(0, RELAY_DONE, 250, true);
	ck_assert_uint_eq(kept_files(), 0);
	ck_assert_uint_eq(HASH_COUNT(stage.conductor->outbound->jobs), 0);
}
END_TEST

static const enum desk_act gone[] = { DESK_REMOVE, DESK_HOLD, DESK_BOUNCE,
    DESK_REROUTE };

/* Nor does it count among those for whom a closed line is used. */
START_TEST(what_is_gone_does_not_open_the_line)
{
	unsigned left;
	struct desk_which which = { .domain = SLICE("far.test") };
	struct desk_place place = { .address = "" };
	struct desk_done done;

	govern(3, 0);
	relay_up();
	close_line();
	submit_to("zoe@far.test");
	submit_to("bob@far.test");
	ck_assert_uint_eq(line()->waiting.count, 2);
	ck_assert_int_eq(conductor_desk_act(stage.conductor, gone[_i],
	    slice_str("admin"), &which, slice_str(gone[_i] == DESK_REROUTE ?
	    "mx.third.test:25" : ""), &place, &done), 0);
	ck_assert_uint_eq(done.changed, 2);
	stage_run(&stage, 5);
	/* the same two go elsewhere, and are no four */
	left = gone[_i] == DESK_REROUTE ? 2 : 0;
	ck_assert_uint_eq(tries(), 0);
	ck_assert_uint_eq(line()->waiting.count, left);
	if (left > 0)
		return;
	submit_to("zoe@other.test");
	ck_assert_uint_eq(tries(), 0);
	ck_assert_uint_eq(line()->waiting.count, 1);
}
END_TEST

/* One of two recipients is held: the other waits as before. */
START_TEST(whoever_is_left_of_a_message_waits_as_before)
{
	struct desk_which which = { .domain = SLICE("far.test"),
	    .address = SLICE("bob@far.test") };
	struct desk_place place = { .address = "" };
	struct desk_done done;

	govern(0, 1800);
	relay_up();
	close_line();
	submit_to_both("Subject: x", 0, "bob@far.test", "zoe@far.test");
	set_clock(20 * MINUTE_MS);
	ck_assert_int_eq(conductor_desk_act(stage.conductor, DESK_HOLD,
	    slice_str("admin"), &which, slice_of("", 0), &place, &done), 0);
	ck_assert_uint_eq(done.changed, 1);
	ck_assert_uint_eq(line()->waiting.count, 1);
	set_clock(30 * MINUTE_MS);
	relay_up();
	ck_assert_uint_eq(tries(), 1);
	ck_assert_str_eq(stage_call(&stage, STAGE_RELAY, 0)->words,
	    "far.test zoe@far.test");
}
END_TEST

/* A clock that was a year ahead for a while does not keep mail for a year. */
START_TEST(a_clock_put_back_keeps_nothing_waiting)
{
	const int64_t year = 365 * (int64_t)DAY_MS;

	govern(0, 1800);
	relay_up();
	close_line();
	clock_set(1000000, START_UTC_MS + year);
	submit_to("bob@other.test");
	ck_assert_uint_eq(line()->waiting.count, 1);
	/* it is put right: what waits for the line leaves after half an hour */
	set_clock(31 * MINUTE_MS);
	relay_up();
	ck_assert_uint_eq(tries(), 1);
	answer(0, RELAY_DONE, 250, true);
	/* nor is the next try a year away */
	open_line();
	clock_set(1000000 + now_ms, START_UTC_MS + year);
	submit_to("zoe@far.test");
	ck_assert_uint_eq(tries(), 2);
	answer(1, RELAY_LATER, 451, true);
	set_clock(60 * MINUTE_MS);
	relay_up();
	ck_assert_uint_eq(tries(), 3);
	/* after a start anew, too */
	clock_set(1000000 + now_ms, START_UTC_MS + year);
	answer(2, RELAY_LATER, 451, true);
	set_clock(61 * MINUTE_MS);
	stage_restart(&stage);
	relay_up();
	open_line();
	stage_run(&stage, 5);
	ck_assert_uint_eq(tries(), 1);
}
END_TEST

/* A thousand of them come back in turns. */
START_TEST(many_that_wait_all_leave)
{
	size_t done = 0;

	relay_up();
	close_line();
	for (unsigned i = 0; i < 300; i++)
		submit_to("zoe@far.test");
	ck_assert_uint_eq(line()->waiting.count, 300);
	stage_restart(&stage);
	relay_up();
	close_line();
	for (unsigned i = 0; i < 50 && line()->waiting.count < 300; i++)
		stage_run(&stage, 5);
	ck_assert_uint_eq(line()->waiting.count, 300);
	open_line();
	for (unsigned i = 0; i < 5000 && rows_in(OUTBOUND_WAITING) > 0; i++) {
		stage_run(&stage, 1);
		while (done < tries())
			answer(done++, RELAY_DONE, 250, true);
	}
	ck_assert_uint_eq(done, 300);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("outbound_line");
	TCase *tests = tcase_create("outbound_line");

	tcase_set_timeout(tests, 300);
	tcase_add_checked_fixture(tests, set_up_line, tear_down);
	tcase_add_test(tests, without_windows_nothing_waits);
	tcase_add_test(tests, mail_waits_until_the_line_opens);
	tcase_add_test(tests, urgent_mail_and_notices_do_not_wait);
	tcase_add_test(tests, so_many_messages_leave_a_closed_line);
	tcase_add_test(tests, all_leave_when_the_first_has_waited_so_long);
	tcase_add_test(tests, the_list_says_what_it_waits_for);
	tcase_add_test(tests, what_is_large_waits_for_the_night);
	tcase_add_test(tests,
	    a_retry_in_a_closed_line_waits_for_its_opening);
	tcase_add_test(tests, days_and_delays_count_from_the_first_try);
	tcase_add_test(tests,
	    the_postmaster_sends_one_through_a_closed_line);
	tcase_add_test(tests, what_is_removed_while_it_waits_is_gone);
	tcase_add_loop_test(tests, what_is_gone_does_not_open_the_line, 0,
	    sizeof(gone) / sizeof(*gone));
	tcase_add_test(tests, whoever_is_left_of_a_message_waits_as_before);
	tcase_add_test(tests, a_clock_put_back_keeps_nothing_waiting);
	tcase_add_test(tests, many_that_wait_all_leave);
	suite_add_tcase(suite, tests);
	return suite;
}
