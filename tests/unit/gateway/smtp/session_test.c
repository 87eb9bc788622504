/*
 * session_test.c - an SMTP session under strain
 *
 * Its limits in number and time, messages of every size, other roles that
 * refuse or are lost, and clients that vanish at each place.
 */
#include "gateway/smtp/session.h"

#include <sys/socket.h>

#include <string.h>

#include "store/account.h"
#include "tests/unit/gateway/smtp/hub.h"
#include "tests/unit/unit.h"

/* HARDENING A12: ten quickly, ten slowly, then no more */
START_TEST(probing_for_names_becomes_slow_and_ends)
{
	struct hub *hub = hub_new();
	uint64_t before;

	hub->limits.unknown_wait_ms = 30;
	hub_connect(hub, "");
	hub_talk_str(hub, "EHLO c.example\r\n", "220|250");
	hub_talk_str(hub, "MAIL FROM:<>\r\n", "250");
	for (int i = 0; i < 10; i++)
		hub_talk_str(hub, "RCPT TO:<x@office.test>\r\n", "550 5.1.1");
	for (int i = 0; i < 10; i++) {
		before = clock_ms();
		hub_talk_str(hub, "RCPT TO:<x@office.test>\r\n", "550 5.1.1");
		ck_assert_uint_ge(clock_ms() - before + 1, 30);
	}
	hub_talk_str(hub, "RCPT TO:<x@office.test>\r\n", "421 4.7.0|eof");
	ck_assert_uint_ge(smtp_default_limits.unknown_wait_ms, 1000);
	hub_free(hub);
}
END_TEST

/* HARDENING A12: another connection begins where the last one stopped */
START_TEST(probing_goes_on_where_it_stopped)
{
	struct hub *hub = hub_new();

	hub->unknown = 19;
	hub_connect(hub, "");
	hub_talk_str(hub, "EHLO c.example\r\n", "220|250");
	hub_talk_str(hub, "MAIL FROM:<>\r\nRCPT TO:<x@office.test>\r\n"
	    "RCPT TO:<ann@office.test>\r\n", "250|550 5.1.1|250");
	hub_talk_str(hub, "RCPT TO:<x@office.test>\r\n", "421 4.7.0|eof");
	hub_free(hub);
}
END_TEST

/* RFC 6647 2.4: it is put off, and none of that is held against it */
START_TEST(mail_that_is_new_is_put_off)
{
	struct hub *hub = hub_new();

	hub->ports.grey = hub_grey;
	hub->grey = SMTP_NEW;
	hub_connect(hub, "");
	hub_talk_str(hub, "EHLO c.example\r\n", "220|250");
	for (unsigned i = 0; i < hub->limits.bad_commands + 2; i++) {
		hub_talk_str(hub, "MAIL FROM:<>\r\nRCPT TO:<ann@office.test>"
		    "\r\nDATA\r\n", "250|451 4.7.1|451 4.7.1");
		hub->grey = SMTP_STILL;
	}
	ck_assert_uint_eq(hub->unknown, 0);
	text_add_byte(&hub->log, '\0');
	ck_assert_ptr_nonnull(strstr(hub->log.at, "greylisted mail to \""
	    "ann@office.test\""));
	ck_assert_ptr_null(strstr(strstr(hub->log.at, "greylisted") + 1,
	    "greylisted"));
	hub_talk_str(hub, "MAIL FROM:<j@example.com>\r\n"
	    "RCPT TO:<ann@office.test>\r\n", "250|451 4.7.1");
	hub->grey = SMTP_COMES;
	hub_talk_str(hub, "RCPT TO:<bob@office.test>\r\n", "250");
	text_add_byte(&hub->grey_asked, '\0');
	ck_assert_ptr_nonnull(strstr(hub->grey_asked.at,
	    ">ann@office.test j@example.com>ann@office.test "
	    "j@example.com>bob@office.test "));
	hub_free(hub);
}
END_TEST

/* RFC 5321 4.5.1; and who is not ours hears no other answer than ever */
START_TEST(the_postmaster_is_reached_whatever_is_new)
{
	struct hub *hub = hub_new();

	hub->ports.grey = hub_grey;
	hub->grey = SMTP_NEW;
	hub_connect(hub, "");
	hub_talk_str(hub, "EHLO c.example\r\n", "220|250");
	hub_talk_str(hub, "MAIL FROM:<>\r\nRCPT TO:<Postmaster>\r\n"
	    "RCPT TO:<PostMaster@office.test>\r\n"
	    "RCPT TO:<x@office.test>\r\nRCPT TO:<x@example.net>\r\n",
	    "250|250|250|550 5.1.1|550 5.7.1");
	ck_assert_uint_eq(hub->grey_asked.len, 0);
	hub_free(hub);
}
END_TEST

/* One transaction asks no more often than it may have recipients. */
START_TEST(a_client_is_put_off_so_often_and_no_more)
{
	struct hub *hub = hub_new();

	hub->ports.grey = hub_grey;
	hub->grey = SMTP_STILL;
	hub_connect(hub, "");
	hub_talk_str(hub, "EHLO c.example\r\n", "220|250");
	hub_talk_str(hub, "MAIL FROM:<>\r\n", "250");
	for (int i = 0; i < ROOM; i++)
		hub_talk_str(hub, "RCPT TO:<ann@office.test>\r\n",
		    "451 4.7.1");
	hub_talk_str(hub, "RCPT TO:<ann@office.test>\r\n", "452 4.5.3");
	hub_free(hub);
}
END_TEST

/* Nobody knows whether it is new: mail comes first. */
START_TEST(who_cannot_be_asked_about_comes)
{
	struct hub *hub = hub_new();

	hub->ports.grey = hub_grey;
	hub->greys_fail = true;
	hub_connect(hub, "");
	hub_talk_str(hub, "EHLO c.example\r\n", "220|250");
	hub_talk_str(hub, "MAIL FROM:<>\r\nRCPT TO:<ann@office.test>\r\n",
	    "250|250");
	hub_free(hub);
}
END_TEST

/* It is counted by the door until its connection is gone. */
START_TEST(a_session_lives_as_long_as_its_connection)
{
	struct hub *hub = hub_new();

	hub_connect(hub, "");
	hub_talk_str(hub, "GET / HTTP/1.1\r\n", "220|221 2.7.0|eof");
	for (int i = 0; i < 3; i++) {
		hub_say(hub, slice_str("Host: example.com\r\n"));
		hub_run(hub, 5);
		ck_assert_ptr_nonnull(hub->session);
	}
	smtp_session_close(hub->session, "Going down");
	hub_hang_up(hub);
	hub_run(hub, 200);
	ck_assert_ptr_null(hub->session);
	hub_free(hub);
}
END_TEST

/* And no longer than it takes to say goodbye. */
START_TEST(a_client_that_stays_is_closed)
{
	struct hub *hub = hub_new();

	hub_connect(hub, "");
	hub_talk_str(hub, "QUIT\r\n", "220|221|eof");
	hub_run(hub, 3000);
	ck_assert_ptr_null(hub->session);
	hub_free(hub);
}
END_TEST

START_TEST(bad_commands_have_a_limit)
{
	struct hub *hub = hub_new();

	hub_connect(hub, "");
	hub_hear(hub, "220");
	for (unsigned i = 1; i < smtp_default_limits.bad_commands; i++)
		hub_talk_str(hub, "FOO\r\n", "500");
	hub_talk_str(hub, "FOO\r\nNOOP\r\n", "500|421 4.7.0|eof");
	hub_free(hub);
}
END_TEST

START_TEST(idle_commands_have_a_limit)
{
	struct hub *hub = hub_new();

	hub_connect(hub, "");
	hub_talk_to_data(hub);
	hub_talk_str(hub, ".\r\n", "250");
	for (unsigned i = 0; i < smtp_default_limits.idle_commands; i++)
		hub_talk_str(hub, i % 2 == 0 ? "NOOP\r\n" : "VRFY ann\r\n", "25");
	hub_talk_str(hub, "RSET\r\n", "421 4.7.0|eof");
	hub_free(hub);
}
END_TEST

START_TEST(chunks_have_a_limit)
{
	struct hub *hub = hub_new();

	hub->limits.chunks = 3;
	hub_connect(hub, "");
	hub_talk_str(hub, "EHLO c.example\r\n", "220|250");
	hub_talk_str(hub, "MAIL FROM:<>\r\nRCPT TO:<ann@office.test>\r\n",
	    "250|250");
	hub_talk_str(hub, "BDAT 1\r\nxBDAT 1\r\nxBDAT 1\r\nxBDAT 1 LAST\r\nx",
	    "250|250|250|421 4.7.0|eof");
	ck_assert_uint_eq(hub->messages, 0);
	hub_free(hub);
}
END_TEST

/* HARDENING A07: at the limit, and one byte beyond it */
START_TEST(long_lines_are_refused_once)
{
	struct hub *hub = hub_new();
	char line[65536];

	memset(line, 'x', sizeof(line));
	memcpy(line, "NOOP ", 5);
	hub_connect(hub, "");
	hub_hear(hub, "220");
	memcpy(line + SMTP_LINE_BYTES - 2, "\r\n", 2);
	hub_talk(hub, slice_of(line, SMTP_LINE_BYTES), "250");
	memset(line + SMTP_LINE_BYTES - 2, 'x', 2);
	memcpy(line + SMTP_LINE_BYTES - 1, "\r\n", 2);
	hub_talk(hub, slice_of(line, SMTP_LINE_BYTES + 1), "500 5.5.6");
	memset(line, 'x', sizeof(line));
	memcpy(line, "EHLO ", 5);
	for (int i = 0; i < 40; i++)
		hub_say(hub, slice_of(line, sizeof(line)));
	hub_talk_str(hub, "\r\nNOOP\r\n", "500 5.5.6|250");
	hub_free(hub);
}
END_TEST

START_TEST(who_speaks_first_is_refused)
{
	struct hub *hub = hub_new();

	hub_connect(hub, "EHLO c.example\r\n");
	hub_talk_str(hub, "NOOP\r\n", "554 5.5.1|eof");
	hub_free(hub);
}
END_TEST

/* RFC 5321 4.5.3.2.7 */
START_TEST(silence_ends_the_session)
{
	struct hub *hub = hub_new();

	hub->limits.first_ms = hub->limits.command_ms = 40;
	hub_connect(hub, "");
	hub_talk_str(hub, "", "220|421 4.4.2|eof");
	hub_free(hub);
	hub = hub_new();
	hub->limits.command_ms = 40;
	hub_connect(hub, "");
	hub_talk_str(hub, "EHLO c.example\r\n", "220|250");
	hub_say(hub, slice_str("NOO"));
	hub_run(hub, 10);
	hub_say(hub, slice_str("P"));
	hub_talk_str(hub, "", "421 4.4.2|eof");
	hub_free(hub);
}
END_TEST

/* Much space is not held for nothing, whatever else is said meanwhile. */
START_TEST(space_that_is_not_used_ends_the_session)
{
	struct hub *hub = hub_new();
	uint64_t began;

	hub->limits.unused_ms = 60;
	hub_connect(hub, "");
	hub_talk_str(hub, "EHLO c.example\r\n", "220|250");
	hub_talk_str(hub, "MAIL FROM:<> SIZE=131072\r\n", "250");
	hub_run(hub, 100);
	hub_talk_str(hub, "RSET\r\nMAIL FROM:<> SIZE=131073\r\n", "250|250");
	began = clock_ms();
	while (hub->heard.len == 0 && clock_ms() - began < 2000) {
		hub_say(hub, slice_str("NOOP\r\n"));
		hub_run(hub, 20);
		if (slice_has_prefix(text_slice(&hub->heard), "250"))
			hub_hear(hub, "250");
		if (hub->heard.len == 0)
			hub_run(hub, 20);
	}
	hub_talk_str(hub, "", "421 4.4.2|eof");
	hub_free(hub);
}
END_TEST

START_TEST(a_message_keeps_its_pace)
{
	struct hub *hub = hub_new();
	uint64_t began = clock_ms();

	hub->limits.rate_ms = 60;
	hub->limits.rate_bytes = 100;
	hub_connect(hub, "");
	hub_talk_to_data(hub);
	while (clock_ms() - began < 200) {
		hub_say(hub, slice_str("ten bytes\r\n"));
		hub_run(hub, 10);
		ck_assert_ptr_nonnull(hub->session);
	}
	hub_hear(hub, "421 4.4.2");
	hub_hear(hub, "eof");
	ck_assert_uint_eq(hub->messages, 0);
	hub_free(hub);
}
END_TEST

/* A message of `bytes` bytes, in lines. */
static void
say_message(struct hub *hub, size_t bytes)
{
	TEXT_AUTO all = TEXT_INIT(4 * MOST_BYTES);

	while (text_slice(&all).len + 82 <= bytes)
		text_add_str(&all, "0123456789012345678901234567890123456789"
		    "01234567890123456789012345678901234567\r\n");
	while (text_slice(&all).len < bytes - 2)
		text_add_byte(&all, 'x');
	text_add_str(&all, "\r\n.\r\n");
	ck_assert(!text_failed(&all));
	hub_say(hub, text_slice(&all));
}

static const size_t sizes[] = {
	2, BIG_BYTES - 1, BIG_BYTES, BIG_BYTES + 1, 300000, MOST_BYTES
};

static void
check_size(size_t bytes, bool has_room)
{
	struct hub *hub = hub_new();

	hub->has_room = has_room;
	hub_connect(hub, "");
	hub_talk_to_data(hub);
	say_message(hub, bytes);
	hub_hear(hub, "250 2.0.0 Kept");
	ck_assert_uint_eq(hub->messages, 1);
	ck_assert_uint_eq(hub->message.len, bytes);
	ck_assert_uint_eq(hub->abandoned, 0);
	ck_assert_uint_eq(hub->granted, 0);
	ck_assert_int_eq(hub->grants == 0, has_room);
	hub_free(hub);
}

START_TEST(a_message_of_any_size_arrives)
{
	check_size(sizes[_i], false);
}
END_TEST

START_TEST(what_was_granted_ahead_is_not_waited_for)
{
	check_size(sizes[_i], true);
}
END_TEST

/* Without a word from the queue, and one after the other. */
START_TEST(room_ahead_is_used_and_given_back)
{
	struct hub *hub = hub_new();

	hub->has_room = true;
	hub_connect(hub, "");
	hub_talk_str(hub, "EHLO c.example\r\n", "220|250");
	hub_talk_str(hub, "MAIL FROM:<>\r\nRSET\r\nMAIL FROM:<> SIZE=100\r\n"
	    "RCPT TO:<ann@office.test>\r\nDATA\r\n",
	    "250|250|250|250|354");
	ck_assert_uint_eq(hub->granted, 100);
	hub->has_room = false;
	hub->grant_code = 452;
	say_message(hub, 1000);
	hub_talk_str(hub, "NOOP\r\n", "452 4.3.1|250");
	ck_assert_uint_eq(hub->granted, 0);
	hub_free(hub);
}
END_TEST

/* Every line is a doubled dot, so that each run has three bytes. */
START_TEST(a_message_of_dots_arrives)
{
	struct hub *hub = hub_new();
	TEXT_AUTO said = TEXT_INIT(2 * MOST_BYTES);
	TEXT_AUTO want = TEXT_INIT(MOST_BYTES);

	for (int i = 0; i < MOST_BYTES / 3; i++) {
		text_add_str(&said, "..\r\n");
		text_add_str(&want, ".\r\n");
	}
	text_add_str(&said, ".\r\n");
	hub->reads_late = _i == 1;
	hub_connect(hub, "");
	hub_talk_to_data(hub);
	if (hub->reads_late) {
		hub_say(hub, slice_first(text_slice(&said), 400000));
		for (int i = 0; i < 500 && hub->big_fd < 0; i++)
			hub_run(hub, 5);
		ck_assert_int_ge(hub->big_fd, 0);
		hub->big_watch = watch_new(hub->loop, hub->big_fd, hub_on_big,
		    hub);
		ck_assert_int_eq(watch_want(hub->big_watch, LOOP_READ), 0);
		text_consume(&said, 400000);
	}
	hub_say(hub, text_slice(&said));
	hub_hear(hub, "250 2.0.0 Kept");
	ck_assert(slice_is(text_slice(&hub->message), text_slice(&want)));
	hub_free(hub);
}
END_TEST

/*
 * The pipe is full for a while.  Bare LFs are mended, so that one input gives
 * many pieces while it is.
 */
START_TEST(a_slow_queue_gets_every_byte_in_order)
{
	struct hub *hub = hub_new();
	TEXT_AUTO said = TEXT_INIT(MOST_BYTES), want = TEXT_INIT(MOST_BYTES);

	for (int i = 0; i < 30000; i++) {
		text_addf(&said, "%07d\n", i);
		text_addf(&want, "%07d\r\n", i);
	}
	hub->options.normalises = true;
	hub->reads_late = true;
	hub_connect(hub, "");
	hub_talk_str(hub, "EHLO c.example\r\n", "220|250");
	hub_talk_str(hub, "MAIL FROM:<>\r\nRCPT TO:<ann@office.test>\r\n",
	    "250|250");
	hub_say(hub, slice_str("BDAT 240000 LAST\r\n"));
	hub_say(hub, text_slice(&said));
	for (int i = 0; i < 500 && hub->big_fd < 0; i++)
		hub_run(hub, 5);
	ck_assert_int_ge(hub->big_fd, 0);
	hub->big_watch = watch_new(hub->loop, hub->big_fd, hub_on_big, hub);
	ck_assert_int_eq(watch_want(hub->big_watch, LOOP_READ), 0);
	hub_hear(hub, "250 2.0.0 Kept");
	ck_assert(slice_is(text_slice(&hub->message), text_slice(&want)));
	hub_free(hub);
}
END_TEST

/* RFC 1870 6.1: one byte too many, and twice too many */
START_TEST(a_message_beyond_the_limit_is_refused)
{
	struct hub *hub = hub_new();

	hub_connect(hub, "");
	hub_talk_to_data(hub);
	say_message(hub, MOST_BYTES + 1);
	hub_talk_str(hub, "NOOP\r\n", "552 5.3.4|250");
	ck_assert_uint_eq(hub->messages, 0);
	ck_assert_uint_eq(hub->granted, 0);
	ck_assert_uint_eq(hub->abandoned, 1);
	hub_talk_str(hub, "MAIL FROM:<>\r\nRCPT TO:<ann@office.test>\r\nDATA\r\n",
	    "250|250|354");
	say_message(hub, 2 * MOST_BYTES + 100);
	hub_talk_str(hub, "NOOP\r\n", "552 5.3.4|eof");
	hub_free(hub);
}
END_TEST

START_TEST(no_room_is_said_in_time)
{
	struct hub *hub = hub_new();

	hub->grant_code = 452;
	hub_connect(hub, "");
	hub_talk_str(hub, "EHLO c.example\r\n", "220|250");
	hub_talk_str(hub, "MAIL FROM:<>\r\nDATA\r\n", "452 4.3.1|503 5.5.1");
	hub->grant_code = 250;
	hub_talk_str(hub, "MAIL FROM:<> SIZE=100\r\nRCPT TO:<ann@office.test>\r\n"
	    "DATA\r\n", "250|250|354");
	hub->grant_code = 452;
	say_message(hub, 1000);
	hub_talk_str(hub, "NOOP\r\n", "452 4.3.1|250");
	ck_assert_uint_eq(hub->messages, 0);
	hub->grant_code = 250;
	hub->holds_enough = true;
	hub_talk_str(hub, "MAIL FROM:<>\r\nNOOP\r\n", "452 4.3.1|250");
	hub->holds_enough = false;
	hub_talk_str(hub, "MAIL FROM:<> SIZE=100\r\nRCPT TO:<ann@office.test>\r\n"
	    "DATA\r\n", "250|250|354");
	hub->holds_enough = true;
	say_message(hub, 1000);
	hub_talk_str(hub, "NOOP\r\n", "452 4.3.1|250");
	hub_free(hub);
}
END_TEST

START_TEST(a_broken_pipe_is_try_again)
{
	struct hub *hub = hub_new();

	hub->breaks_pipe = true;
	hub_connect(hub, "");
	hub_talk_to_data(hub);
	say_message(hub, 500000);
	hub_talk_str(hub, "NOOP\r\n", "451 4.3.0|250");
	ck_assert_uint_eq(hub->messages, 0);
	ck_assert_uint_eq(hub->abandoned, 1);
	hub_free(hub);
}
END_TEST

START_TEST(a_lost_queue_is_try_again)
{
	struct hub *hub = hub_new();

	hub_connect(hub, "");
	hub_talk_str(hub, "EHLO c.example\r\n", "220|250");
	hub->fails = true;
	hub_talk_str(hub, "MAIL FROM:<>\r\n", "451 4.3.0");
	hub->fails = false;
	hub_talk_str(hub, "MAIL FROM:<>\r\n", "250");
	hub->fails = true;
	hub_talk_str(hub, "RCPT TO:<ann@office.test>\r\n", "451 4.3.0");
	hub->fails = false;
	hub_talk_str(hub, "RCPT TO:<ann@office.test>\r\nDATA\r\n", "250|354");
	hub->fails = true;
	hub_talk_str(hub, "x\r\n.\r\n", "451 4.3.0");
	ck_assert_uint_eq(hub->granted, 0);
	hub_free(hub);
}
END_TEST

static uint64_t
knows_ann(void *arg, struct slice address)
{
	(void)arg;
	return slice_is_str(address, "ann@office.test") ? 1 : 0;
}

START_TEST(nobody_is_asked_about_a_recipient_who_is_known)
{
	struct hub *hub = hub_new();

	hub->ports.known = knows_ann;
	hub_connect(hub, "");
	hub_talk_str(hub, "EHLO c.example\r\n", "220|250");
	hub_talk_str(hub, "MAIL FROM:<>\r\n", "250");
	hub->fails = true;
	hub_talk_str(hub, "RCPT TO:<Ann@OFFICE.test>\r\n"
	    "RCPT TO:<bob@office.test>\r\n", "250 2.1.5|451 4.3.0");
	hub->fails = false;
	hub_talk_str(hub, "RCPT TO:<bob@office.test>\r\nDATA\r\n",
	    "250 2.1.5|354");
	hub_talk_str(hub, "x\r\n.\r\n", "250 2.0.0 Kept");
	hub_free(hub);
}
END_TEST

/* DESIGN 1.3: a receipt that is in doubt is no reply at all */
START_TEST(doubt_is_a_close_without_a_word)
{
	struct hub *hub = hub_new();

	hub->submit_code = 0;
	hub_connect(hub, "");
	hub_talk_to_data(hub);
	hub_talk_str(hub, "x\r\n.\r\nNOOP\r\n", "eof");
	ck_assert_uint_eq(hub->messages, 1);
	hub_free(hub);
}
END_TEST

START_TEST(the_judges_word_is_passed_on)
{
	struct hub *hub = hub_new();

	hub->submit_code = 554;
	hub_connect(hub, "");
	hub_talk_to_data(hub);
	hub_talk_str(hub, "x\r\n.\r\n", "554 5.7.1 The judge refuses");
	/* no code at all, and a status of another class */
	hub->submit_code = 42;
	hub_talk_str(hub, "MAIL FROM:<>\r\nRCPT TO:<ann@office.test>\r\nDATA\r\n",
	    "250|250|354");
	hub_talk_str(hub, "x\r\n.\r\n", "451 4.3.0");
	hub->submit_code = 451;
	hub_talk_str(hub, "MAIL FROM:<>\r\nRCPT TO:<ann@office.test>\r\nDATA\r\n",
	    "250|250|354");
	hub_talk_str(hub, "x\r\n.\r\n", "451 4.3.0");
	hub_free(hub);
}
END_TEST

/*
 * The client vanishes, ends its side, or is sent away, at each place; see
 * say_script() for the signs.
 */
static const struct {
	const char	*say;
	unsigned	 messages;	/* that the queue got all the same */
} vanishings[] = {
	{ "", 0 },
	{ "EHL", 0 },
	{ "EHLO c.example\r\n", 0 },
	{ "EHLO c.example\r\n~MAIL FROM:<>\r\n", 0 },
	{ "EHLO c.example\r\n~+MAIL FROM:<>\r\n~", 0 },
	{ "EHLO c.example\r\n~MAIL FROM:<>\r\nRCPT TO:<ann@office.test>\r\n",
	    0 },
	{ "EHLO c.example\r\n~MAIL FROM:<>\r\n~+"
	    "RCPT TO:<ann@office.test>\r\n~",
	    0 },
	{ "EHLO c.example\r\n~MAIL FROM:<>\r\nRCPT TO:<ann@office.test>\r\n"
	    "DATA\r\n~S: x\r\n\r\nhalf", 0 },
	{ "EHLO c.example\r\n~MAIL FROM:<>\r\nRCPT TO:<ann@office.test>\r\n"
	    "DATA\r\n~S: x\r\n\r\nhi\r\n.\r", 0 },
	{ "EHLO c.example\r\n~MAIL FROM:<>\r\nRCPT TO:<ann@office.test>\r\n"
	    "DATA\r\n~S: x\r\n\r\nhi\r\n~+.\r\n~", 1 },
	{ "EHLO c.example\r\n~MAIL FROM:<>\r\nRCPT TO:<ann@office.test>\r\n"
	    "BDAT 100\r\nhalf", 0 },
	{ "EHLO c.example\r\n~BDAT 100\r\nhalf", 0 },
	{ "EHLO c.example\r\n~MAIL FROM:<>\r\nRCPT TO:<ann@office.test>\r\n"
	    "DATA\r\n~S: x\r\n\r\n!", 0 },
	{ "EHLO c.example\r\n~MAIL FROM:<>\r\nRCPT TO:<ann@office.test>\r\n"
	    "DATA\r\n~S: x\r\n\r\n~+!", 0 },
};

/* Let it go on until nothing is said, or somebody is waited for in vain. */
static void
settle(struct hub *hub)
{
	do
		hub_run(hub, 20);
	while (!hub->timed_out && !hub->eof);
	for (int i = 0; i < 200 && hub->hangs && hub->pending == NULL; i++)
		hub_run(hub, 5);
}

/* Say what is written: "~" a moment, "+" nobody answers from here, "!" much. */
static void
say_script(struct hub *hub, const char *script)
{
	char big[4096];

	memset(big, 'x', sizeof(big));
	for (; *script != '\0'; script++) {
		if (*script == '+')
			hub->hangs = true;
		else if (*script == '!')
			for (int i = 0; i < 40; i++)
				hub_say(hub, slice_of(big, sizeof(big)));
		else if (*script != '~')
			hub_say(hub, slice_of(script, 1));
		if (strchr("~!", *script) != NULL)
			settle(hub);
	}
}

START_TEST(a_client_that_vanishes_leaves_nothing_behind)
{
	for (int how = 0; how < 3; how++) {
		struct hub *hub = hub_new();

		hub_connect(hub, "");
		say_script(hub, vanishings[_i].say);
		if (how == 1)
			(void)shutdown(hub->client, SHUT_WR);
		else if (how == 2 && hub->session != NULL)
			smtp_session_close(hub->session, "Going down");
		hub_run(hub, 5);
		ck_assert_uint_eq(hub->messages, vanishings[_i].messages);
		hub_free(hub);
	}
}
END_TEST

/* It said all it had to say, and only then closed its side. */
START_TEST(a_half_closed_client_is_answered)
{
	struct hub *hub = hub_new();

	hub_connect(hub, "");
	hub_talk_to_data(hub);
	hub_say(hub, slice_str("x\r\n.\r\n"));
	(void)shutdown(hub->client, SHUT_WR);
	hub_talk_str(hub, "", "250 2.0.0 Kept|eof");
	hub_free(hub);
}
END_TEST

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("smtp session");
	TCase *tcase = tcase_create("smtp session");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, probing_for_names_becomes_slow_and_ends);
	tcase_add_test(tcase, probing_goes_on_where_it_stopped);
	tcase_add_test(tcase, mail_that_is_new_is_put_off);
	tcase_add_test(tcase, the_postmaster_is_reached_whatever_is_new);
	tcase_add_test(tcase, a_client_is_put_off_so_often_and_no_more);
	tcase_add_test(tcase, who_cannot_be_asked_about_comes);
	tcase_add_test(tcase, a_session_lives_as_long_as_its_connection);
	tcase_add_test(tcase, a_client_that_stays_is_closed);
	tcase_add_test(tcase, bad_commands_have_a_limit);
	tcase_add_test(tcase, idle_commands_have_a_limit);
	tcase_add_test(tcase, chunks_have_a_limit);
	tcase_add_test(tcase, long_lines_are_refused_once);
	tcase_add_test(tcase, who_speaks_first_is_refused);
	tcase_add_test(tcase, silence_ends_the_session);
	tcase_add_test(tcase, space_that_is_not_used_ends_the_session);
	tcase_add_test(tcase, a_message_keeps_its_pace);
	tcase_add_loop_test(tcase, a_message_of_any_size_arrives, 0,
	    COUNT(sizes));
	tcase_add_loop_test(tcase, what_was_granted_ahead_is_not_waited_for,
	    0, COUNT(sizes));
	tcase_add_test(tcase, room_ahead_is_used_and_given_back);
	tcase_add_loop_test(tcase, a_message_of_dots_arrives, 0, 2);
	tcase_add_test(tcase, a_slow_queue_gets_every_byte_in_order);
	tcase_add_test(tcase, a_message_beyond_the_limit_is_refused);
	tcase_add_test(tcase, no_room_is_said_in_time);
	tcase_add_test(tcase, a_broken_pipe_is_try_again);
	tcase_add_test(tcase, a_lost_queue_is_try_again);
	tcase_add_test(tcase, nobody_is_asked_about_a_recipient_who_is_known);
	tcase_add_test(tcase, doubt_is_a_close_without_a_word);
	tcase_add_test(tcase, the_judges_word_is_passed_on);
	tcase_add_loop_test(tcase,
	    a_client_that_vanishes_leaves_nothing_behind, 0, COUNT(vanishings));
	tcase_add_test(tcase, a_half_closed_client_is_answered);
	suite_add_tcase(suite, tcase);
	return suite;
}
