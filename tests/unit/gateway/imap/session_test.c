/*
 * session_test.c - IMAP after login, over socket pairs and a real account
 *
 * What needs more than one letter or more than one client; what a client says
 * and hears, command by command, is in tests/wire/imap-*.wire.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/gateway/imap/office.h"
#include "tests/unit/unit.h"

#define ONE		"Subject: one\r\n\r\nfirst\r\n"
#define TWO		"Subject: two\r\n\r\nno line end"

static bool
has(struct slice s, const char *part)
{
	return slice_find_str(s, part) != SIZE_MAX;
}

/* RFC 9051 6.4.5: trace, message and the CRLF that lacks are one letter */
START_TEST(a_letter_is_given_whole)
{
	imap_deliver(slice_str(ONE), 0);
	imap_deliver(slice_str(TWO), 0);
	imap_select(0);
	ck_assert(has(imap_ask(0, "a FETCH 1:2 (BODY.PEEK[])\r\n", "a OK"),
	    "* 1 FETCH (BODY[] {39}\r\n" IMAP_TRACE ONE ")\r\n"
	    "* 2 FETCH (BODY[] {45}\r\n" IMAP_TRACE TWO "\r\n)\r\n"));
	ck_assert(has(imap_ask(0, "b FETCH 2 (RFC822.SIZE BODY.PEEK[TEXT] "
	    "BODY.PEEK[HEADER])\r\n", "b OK"),
	    "* 2 FETCH (RFC822.SIZE 45 BODY[TEXT] {13}\r\nno line end\r\n"
	    " BODY[HEADER] {32}\r\n" IMAP_TRACE "Subject: two\r\n\r\n)\r\n"));
	ck_assert_uint_eq(imap_office.steps.len, 0);
}
END_TEST

/* A letter that is read for the first time is a step of its life. */
START_TEST(reading_and_deleting_are_told_for_the_trail)
{
	imap_deliver(slice_str(ONE), 0);
	imap_deliver(slice_str(TWO), 0);
	imap_select(0);
	(void)imap_ask(0, "a FETCH 1:2 BODY[]\r\n", "a OK");
	(void)imap_ask(0, "b FETCH 1:2 BODY[]\r\n", "b OK");
	ck_assert(slice_is_str(text_slice(&imap_office.steps),
	    "read 1\nread 2\n"));
	(void)imap_ask(0, "c STORE 2 +FLAGS (\\Deleted)\r\n", "c OK");
	ck_assert(has(imap_ask(0, "d EXPUNGE\r\n", "d OK"), "* 2 EXPUNGE\r\n"));
	ck_assert(slice_is_str(text_slice(&imap_office.steps),
	    "read 1\nread 2\ndeleted 2\n"));
}
END_TEST

/* So is what moving says of a letter: that it is spam, or wanted. */
START_TEST(moves_into_junk_and_out_of_it_are_told_for_the_trail)
{
	imap_deliver(slice_str(ONE), 0);
	imap_deliver(slice_str(TWO), 0);
	imap_select(0);
	(void)imap_ask(0, "a CREATE Kept\r\n", "a OK");
	(void)imap_ask(0, "b COPY 1:2 Kept\r\n", "b OK");
	ck_assert_uint_eq(imap_office.steps.len, 0);
	(void)imap_ask(0, "c MOVE 2 Junk\r\n", "c OK");
	(void)imap_ask(0, "d COPY 1 Junk\r\n", "d OK");
	(void)imap_ask(0, "e SELECT Junk\r\n", "e OK");
	(void)imap_ask(0, "f MOVE 1 INBOX\r\n", "f OK");
	(void)imap_ask(0, "g MOVE 1 Trash\r\n", "g OK");
	ck_assert(slice_is_str(text_slice(&imap_office.steps),
	    "spam 2\nspam 1\nwanted 2\n"));
}
END_TEST

/* A big letter comes from its file, in pieces and whole. */
START_TEST(a_big_letter_comes_from_its_file)
{
	struct slice got;

	imap_deliver_big();
	imap_select(0);
	got = imap_ask(0, "a FETCH 1 (UID BODY.PEEK[])\r\n", "a OK");
	ck_assert(has(slice_first(got, 100), "* 1 FETCH (UID 1 BODY[] "
	    "{3145744}\r\n" IMAP_TRACE "Subject: big\r\n\r\n"));
	ck_assert_uint_gt(got.len, IMAP_BIG_SIZE);
	ck_assert(has(slice_after(got, got.len - 120), "Needle"));
	ck_assert(has(imap_ask(0, "b FETCH 1 BODY.PEEK[]<3145680.6>\r\n",
	    "b OK"),
	    "BODY[]<3145680> {6}\r\nNeedle)\r\n"));
	ck_assert(has(imap_ask(0, "c SEARCH BODY needle\r\n", "c OK"),
	    "* SEARCH 1\r\n"));
	ck_assert(has(imap_ask(0, "d SEARCH BODY nothing\r\n", "d OK"),
	    "* SEARCH\r\n"));
}
END_TEST

/* HARDENING 2, header block: a header of megabytes keeps nobody out */
START_TEST(of_an_endless_header_the_first_fields_are_told)
{
	static char head[IMAP_BIG_SIZE];
	const size_t size = sizeof(head) - 128;

	for (size_t at = 0; at < size - 16; at += 16)
		memcpy(head + at, "X-Filler: abcd\r\n", 16);
	memcpy(head, "Subject: large\r\n", 16);
	head[size] = '\0';
	imap_deliver_big_with(head);
	imap_deliver(slice_str(ONE), 0);
	imap_select(0);
	ck_assert(has(imap_ask(0, "a FETCH 1:2 BODY.PEEK[HEADER.FIELDS "
	    "(Subject)]\r\n", "a OK"), "* 1 FETCH (BODY[HEADER.FIELDS "
	    "(Subject)] {18}\r\nSubject: large\r\n\r\n)\r\n"
	    "* 2 FETCH (BODY[HEADER.FIELDS (Subject)] {16}\r\n"));
	ck_assert_uint_gt(imap_ask(0, "b FETCH 1 BODY.PEEK[HEADER.FIELDS.NOT "
	    "(Subject)]\r\n", "b OK").len, 1024 * 1024 - 100);
}
END_TEST

/* What is asked for too often in one response costs that letter, no more. */
START_TEST(a_response_that_is_too_long_is_left_out)
{
	TEXT_AUTO text = TEXT_INIT(1 << 17);

	text_add_str(&text, "Subject: ");
	for (int i = 0; i < 50000; i++)
		text_add_byte(&text, 'x');
	text_add_str(&text, "\r\n\r\n");
	imap_deliver(text_slice(&text), 0);
	imap_deliver(slice_str(ONE), 0);
	imap_select(0);
	text_clear(&text);
	text_add_str(&text, "a FETCH 1:2 (UID");
	for (int i = 0; i < 90; i++)
		text_add_str(&text, " ENVELOPE");
	text_add_str(&text, ")\r\n");
	text_add_byte(&text, '\0');
	/* at first from their bytes, then from what was kept of them */
	for (int i = 0; i < 2; i++) {
		struct slice got = imap_ask(0, text.at, "a NO");

		ck_assert(!has(got, "* 1 FETCH"));
		ck_assert(has(got, "* 2 FETCH (UID 2 ENVELOPE"));
	}
}
END_TEST

/* DESIGN.md 1: every step of a message's life is told, this one's first */
START_TEST(what_a_person_saves_is_told_for_the_trail)
{
	static const struct slice say = SLICE("b APPEND Notes {29+}\r\n"
	    "Subject: =?utf-8?q?=C3=A9?=\r\n {12+}\r\n"
	    "x: y\n\n\0\rend\n\r\n");

	imap_log_in(0);
	(void)imap_ask(0, "a CREATE Notes\r\n", "a OK");
	pop3_peer_say(&imap_office.peer[0], say);
	(void)imap_ask(0, "", "b OK");
	ck_assert(slice_is_str(text_slice(&imap_office.steps),
	    "saved in Notes: \xc3\xa9, 0\nsaved in Notes: , 7\n"));
	/* nothing of what was refused */
	(void)imap_ask(0, "c APPEND Notes {6+}\r\nx: y\r\n {0+}\r\n\r\n",
	    "c NO");
	ck_assert_uint_eq(slice_find_last(text_slice(&imap_office.steps), '\n'),
	    imap_office.steps.len - 1);
	ck_assert(!has(text_slice(&imap_office.steps), "Notes: , 0"));
}
END_TEST

/* Say an APPEND of `count` messages, each with flags of its own. */
static struct slice
append_many(const char *tag, unsigned count, unsigned keywords,
    const char *ending)
{
	TEXT_AUTO say = TEXT_INIT(64 << 20);

	text_addf(&say, "%s APPEND INBOX", tag);
	for (unsigned n = 0; n < count; n++) {
		text_add_str(&say, " (\\Seen");
		for (unsigned i = 0; i < keywords; i++)
			text_addf(&say, " k%u", i);
		text_add_str(&say, ") {6+}\r\na: b\r\n");
	}
	text_add_str(&say, "\r\n");
	text_add_byte(&say, '\0');
	return imap_ask(0, say.at, ending);
}

/* RFC 3502: as many as the store takes, and then the words say so */
START_TEST(many_messages_with_flags_are_one_append)
{
	imap_log_in(0);
	(void)append_many("a", 1000, 20, "a OK [APPENDUID");
	(void)append_many("b", 1001, 0,
	    "b NO [LIMIT] that is too many messages at once");
	ck_assert(has(imap_ask(0, "c STATUS INBOX (MESSAGES)\r\n", "c OK"),
	    "(MESSAGES 1000)"));
}
END_TEST

/* RFC 7888 5: more than 4096 bytes wait for the "+" */
START_TEST(a_message_that_came_too_early_is_dropped_and_refused)
{
	TEXT_AUTO say = TEXT_INIT(1 << 16);

	text_add_str(&say, "a APPEND INBOX {4097+}\r\n");
	for (int i = 0; i < 4097; i++)
		text_add_byte(&say, 'x');
	text_add_str(&say, " {13+}\r\nlogout LOGOUT\r\n");
	text_add_byte(&say, '\0');
	imap_log_in(0);
	ck_assert(!has(imap_ask(0, say.at, "a BAD [TOOBIG]"), "a OK"));
	ck_assert(has(imap_ask(0, "b STATUS INBOX (MESSAGES)\r\n", "b OK"),
	    "(MESSAGES 0)"));
}
END_TEST

/* HARDENING A32: what is refused is not taken for ever */
START_TEST(a_refused_append_is_dropped_up_to_a_bound)
{
	imap_log_in(0);
	ck_assert(has(imap_ask(0, "a APPEND INBOX {67108865+}\r\n", "BYE"),
	    "a BAD [TOOBIG] "));
	ck_assert_uint_eq(imap_office.ended, 1);
	imap_log_in(1);
	ck_assert(has(imap_ask(1, "b APPEND nowhere {9223372036854775807+}\r\n",
	    "BYE"), "b BAD [TOOBIG] "));
	ck_assert_uint_eq(imap_office.ended, 2);
}
END_TEST

/* The same of the literals of what is no command, one behind the other. */
START_TEST(a_refused_command_is_dropped_up_to_a_bound)
{
	TEXT_AUTO say = TEXT_INIT(1 << 20);

	for (int i = 0; i < 10; i++) {
		text_add_str(&say, i == 0 ? "a FROB {4097+}\r\n" : " ");
		for (int n = 0; i > 0 && n < 60000; n++)
			text_add_byte(&say, 'y');
		text_add_str(&say, i == 0 ? "x" : " {4096+}\r\n");
		for (int n = 0; n < 4096; n++)
			text_add_byte(&say, "x\r\n\n"[n % 4]);
	}
	text_add_str(&say, "\r\nb NOOP\r\n");
	text_add_byte(&say, '\0');
	imap_log_in(0);
	ck_assert(has(imap_ask(0, say.at, "b OK"), "a BAD [TOOBIG] "));
	ck_assert(!has(text_slice(&imap_office.peer[0].got), "such command"));
	ck_assert(has(imap_ask(0, "c FROB {67108865+}\r\n", "BYE"),
	    "c BAD [TOOBIG] "));
}
END_TEST

/* A message behind what is no command is not taken for commands. */
START_TEST(a_message_that_was_refused_is_dropped)
{
	imap_log_in(0);
	ck_assert(!has(imap_ask(0, "a  APPEND INBOX {10+}\r\nx LOGOUT\r\n\r\n"
	    "b NOOP\r\n", "b OK"), "BYE"));
	ck_assert(!has(imap_ask(0, "a+ APPEND INBOX {10+}\r\nx LOGOUT\r\n\r\n"
	    "c NOOP\r\n", "c OK"), "BYE"));
}
END_TEST

/* A file that cannot be had is one letter less, not the end. */
START_TEST(a_big_letter_that_is_not_there_is_passed_over)
{
	imap_deliver_big();
	imap_deliver(slice_str(ONE), 0);
	imap_select(0);
	imap_office.big_refusal = -ENOTCONN;
	ck_assert(has(imap_ask(0, "a FETCH 1:2 BODY.PEEK[TEXT]\r\n", "a NO"),
	    "* 2 FETCH (BODY[TEXT] {7}\r\nfirst\r\n)\r\n"));
	imap_office.big_refusal = 0;
	ck_assert_int_eq(ftruncate(imap_office.big_fd, 100), 0);
	ck_assert(has(imap_ask(0, "b FETCH 1:2 BODY.PEEK[TEXT]\r\n", "b NO"),
	    "* 2 FETCH (BODY[TEXT] {7}\r\n"));
	ck_assert(has(imap_ask(0, "c SEARCH TEXT first\r\n", "c OK"),
	    "* SEARCH 2\r\n* NO a letter"));
}
END_TEST

/* Gone while the queue is asked for a file. */
START_TEST(a_client_that_leaves_is_forgotten)
{
	imap_deliver_big();
	imap_select(0);
	imap_office.silent = true;
	pop3_peer_say(&imap_office.peer[0], slice_str("a FETCH 1 BODY[]\r\n"));
	for (int i = 0; i < 1000 && imap_office.reply == NULL; i++)
		pop3_peer_turn(&imap_office.peer[0]);
	imapd_session_close(imap_office.session[0], "the hub is ending");
	ck_assert_uint_eq(imap_office.forgets, 1);
	ck_assert_uint_eq(imap_office.ended, 1);
}
END_TEST

/* HARDENING A82: what a client does not read is not made */
START_TEST(replies_wait_for_a_reader)
{
	char body[60000];

	memset(body, 'x', sizeof(body));
	memcpy(body, "Subject: x\r\n\r\n", 14);
	for (int i = 0; i < 100; i++)
		imap_deliver(slice_of(body, sizeof(body)), 0);
	imap_select(0);
	imap_office.peer[0].deaf = true;
	pop3_peer_say(&imap_office.peer[0],
	    slice_str("a FETCH 1:100 BODY.PEEK[]\r\nb NOOP\r\n"));
	for (int i = 0; i < 50; i++)
		pop3_peer_turn(&imap_office.peer[0]);
	ck_assert_ptr_nonnull(imap_office.session[0]);
	imap_office.peer[0].deaf = false;
	ck_assert_uint_gt(imap_ask(0, "", "b OK").len, 100 * sizeof(body));
}
END_TEST

/* RFC 9051 6.3.13: within a turn of the loop */
START_TEST(who_idles_is_told_at_once)
{
	imap_deliver(slice_str(ONE), 0);
	imap_select(0);
	imap_select(1);
	(void)imap_ask(0, "a IDLE\r\n", "+ idling\r\n");
	imap_deliver(slice_str(TWO), 0);
	ck_assert(has(imap_ask(0, "", "EXISTS\r\n"), "* 2 EXISTS\r\n"));
	(void)imap_ask(1, "a STORE 1 +FLAGS.SILENT (\\Seen $Work)\r\n", "a OK");
	ck_assert(has(imap_ask(0, "", "FETCH"),
	    "* 1 FETCH (FLAGS (\\Seen \\Recent $Work))\r\n"));
	(void)imap_ask(1, "b STORE 1 +FLAGS.SILENT (\\Deleted)\r\n", "b OK");
	(void)imap_ask(1, "c EXPUNGE\r\n", "c OK");
	ck_assert(has(imap_ask(0, "", "EXPUNGE\r\n"), "* 1 EXPUNGE\r\n"));
	(void)imap_ask(0, "DONE\r\n", "a OK");
}
END_TEST

/* RFC 9051 7.5.1: what was deleted elsewhere is still there to be read */
START_TEST(an_expunge_waits_for_a_command_that_may_tell_it)
{
	struct slice got;

	imap_deliver(slice_str(ONE), 0);
	imap_deliver(slice_str(TWO), 0);
	imap_select(0);
	imap_select(1);
	(void)imap_ask(1, "a STORE 1 FLAGS.SILENT (\\Deleted)\r\n", "a OK");
	(void)imap_ask(1, "b EXPUNGE\r\n", "b OK");
	got = imap_ask(0, "a FETCH 1:2 (BODY.PEEK[TEXT])\r\n", "a OK");
	ck_assert(has(got, "first") && has(got, "no line end"));
	ck_assert(!has(got, "EXPUNGE"));
	got = imap_ask(0, "b SEARCH ALL\r\n", "b OK");
	ck_assert(has(got, "* SEARCH 1 2\r\n") && !has(got, "EXPUNGE"));
	ck_assert(has(imap_ask(0, "c UID FETCH 1:* UID\r\n", "c OK"),
	    "* 1 EXPUNGE\r\n"));
	ck_assert(has(imap_ask(0, "d FETCH 1 UID\r\n", "d OK"),
	    "* 1 FETCH (UID 2)\r\n"));
	ck_assert(has(imap_ask(0, "e FETCH 2 UID\r\n", "e BAD"), "e BAD"));
}
END_TEST

/* A mailbox that is deleted under a session is empty, and the session lives. */
START_TEST(a_mailbox_deleted_under_a_session_is_empty)
{
	imap_log_in(0);
	imap_log_in(1);
	(void)imap_ask(1, "a CREATE gone\r\n", "a OK");
	(void)imap_ask(1, "b APPEND gone {4+}\r\na: b\r\n", "b OK");
	(void)imap_ask(0, "a SELECT gone\r\n", "a OK");
	(void)imap_ask(1, "c DELETE gone\r\n", "c OK");
	ck_assert(has(imap_ask(0, "b NOOP\r\n", "b OK"), "* 1 EXPUNGE\r\n"));
	(void)imap_ask(0, "c APPEND gone {4+}\r\na: b\r\n", "c NO [TRYCREATE]");
	(void)imap_ask(0, "d SELECT INBOX\r\n", "d OK");
}
END_TEST

/* Many letters: every step comes back to the loop, and all of it is done. */
START_TEST(commands_over_many_letters_are_done_in_steps)
{
	struct slice got;

	for (int i = 0; i < 250; i++)
		imap_deliver(slice_str(ONE), 0);
	imap_select(0);
	for (int i = 0; i < 4; i++)
		(void)imap_ask(0, "a COPY 1:* INBOX\r\n", "a OK");
	(void)imap_ask(0, "b STORE 1:* +FLAGS.SILENT (Mark)\r\n", "b OK");
	got = imap_ask(0, "c UID SEARCH RETURN (COUNT) KEYWORD mark "
	    "TEXT First\r\n", "c OK");
	ck_assert(has(got, "COUNT 4000\r\n"));
	ck_assert(has(imap_ask(0, "d FETCH 4000 (FLAGS RFC822.SIZE)\r\n",
	    "d OK"),
	    "* 4000 FETCH (FLAGS (\\Recent Mark) RFC822.SIZE 39)\r\n"));
	(void)imap_ask(0, "e CREATE there\r\n", "e OK");
	got = imap_ask(0, "f MOVE 1:3999 there\r\n", "f OK");
	ck_assert(has(got, "* OK [COPYUID "));
	ck_assert(has(imap_ask(0, "g STATUS there (MESSAGES)\r\n", "g OK"),
	    "* STATUS there (MESSAGES 3999)\r\n"));
	ck_assert(has(imap_ask(0, "h FETCH 1:* (UID)\r\n", "h OK"),
	    "* 1 FETCH (UID 4000)\r\n"));
}
END_TEST

/* RFC 9051 7.5.1: each by the number that it has when it is told */
START_TEST(each_of_many_letters_that_go_is_told)
{
	TEXT_AUTO want = TEXT_INIT(1 << 20);
	struct slice got;

	for (int i = 0; i < 250; i++)
		imap_deliver(slice_str(ONE), 0);
	imap_select(0);
	for (int i = 0; i < 4; i++)
		(void)imap_ask(0, "a COPY 1:* INBOX\r\n", "a OK");
	(void)imap_ask(0, "b STORE 1,3:4000 +FLAGS.SILENT (\\Deleted)\r\n",
	    "b OK");
	text_add_str(&want, "* 1 EXPUNGE\r\n");
	for (int i = 3; i <= 4000; i++)
		text_add_str(&want, "* 2 EXPUNGE\r\n");
	got = imap_ask(0, "c EXPUNGE\r\n", "c OK");
	ck_assert(slice_is(slice_first(got, want.len), text_slice(&want)));
	ck_assert(!has(slice_after(got, want.len), "EXPUNGE"));
	ck_assert(has(imap_ask(0, "d FETCH 1:* (UID)\r\n", "d OK"),
	    "* 1 FETCH (UID 2)\r\n"));
}
END_TEST

/* Say "+FLAGS" with ten keywords of sixty characters that only `n` has. */
static void
mark_with_words(unsigned n, const char *ending)
{
	TEXT_AUTO say = TEXT_INIT(2048);

	text_addf(&say, "a STORE %u +FLAGS.SILENT (", n);
	for (unsigned i = 0; i < 10; i++)
		text_addf(&say, "%skeyword%053u", i > 0 ? " " : "",
		    n * 100 + i);
	text_add_str(&say, ")\r\n");
	text_add_byte(&say, '\0');
	(void)imap_ask(0, say.at, ending);
}

/* RFC 9051 7.1: when no more keywords can be made, PERMANENTFLAGS says so */
START_TEST(flags_are_told_until_there_are_as_many_as_may_be)
{
	struct slice got;

	for (int i = 0; i < 21; i++)
		imap_deliver(slice_str(ONE), 0);
	imap_select(0);
	for (unsigned n = 1; n <= 19; n++)
		mark_with_words(n, "a OK");
	got = imap_ask(0, "b SELECT INBOX\r\n", "b OK [READ-WRITE]");
	ck_assert(has(got, "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen "
	    "\\Draft keyword0"));
	ck_assert(has(got, ")\r\n* OK [PERMANENTFLAGS (\\Answered \\Flagged "
	    "\\Deleted \\Seen \\Draft keyword0"));
	ck_assert(has(got, " \\*)] "));
	mark_with_words(20, "a OK");
	mark_with_words(21, "a NO [LIMIT] there are too many keywords");
	got = imap_ask(0, "c SELECT INBOX\r\n", "c OK [READ-WRITE]");
	ck_assert(has(got, "2009)] ") && !has(got, "\\*"));
	(void)imap_ask(0, "d STORE 21 +FLAGS (\\Seen)\r\n", "d OK");
}
END_TEST

/* An item that is not offered is not passed over in silence. */
START_TEST(status_tells_every_item_or_says_bad)
{
	imap_log_in(0);
	ck_assert(has(imap_ask(0, "a STATUS INBOX (MESSAGES HIGHESTMODSEQ)\r\n",
	    "a OK"), "* STATUS INBOX (MESSAGES 0 HIGHESTMODSEQ 1)\r\n"));
	ck_assert(has(imap_ask(0, "b STATUS INBOX (MAILBOXID)\r\n", "b OK"),
	    "* STATUS INBOX (MAILBOXID (F"));
	(void)imap_ask(0, "c STATUS INBOX (DELETED-STORAGE)\r\n",
	    "c BAD no such item");
}
END_TEST

/* HARDENING 2: twenty bad commands in a row, and it is over */
START_TEST(too_many_bad_commands_end_the_session)
{
	imap_log_in(0);
	for (int i = 0; i < 19; i++)
		(void)imap_ask(0, "a FROB\r\n", "a BAD");
	ck_assert(has(imap_ask(0, "b FROB\r\n", "BYE"),
	    "b BAD no such command\r\n* BYE too many bad commands\r\n"));
	ck_assert_uint_eq(imap_office.ended, 1);
}
END_TEST

/* HARDENING 2: who asks once an hour for what is not offered is not ended */
START_TEST(a_good_command_forgives_the_bad_ones_before_it)
{
	imap_log_in(0);
	for (int i = 0; i < 50; i++) {
		(void)imap_ask(0, "a FROB\r\n", "a BAD");
		if (i % 10 == 9)
			(void)imap_ask(0, "b NOOP\r\n", "b OK");
	}
	for (int i = 0; i < 19; i++)
		(void)imap_ask(0, "a FROB\r\n", "a BAD");
	ck_assert(has(imap_ask(0, "c FROB\r\n", "BYE"),
	    "c BAD no such command\r\n* BYE too many bad commands\r\n"));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("gateway/imap/session");
	TCase *tcase = tcase_create("session");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, imap_office_open,
	    imap_office_close);
	tcase_add_test(tcase, a_letter_is_given_whole);
	tcase_add_test(tcase, reading_and_deleting_are_told_for_the_trail);
	tcase_add_test(tcase,
	    moves_into_junk_and_out_of_it_are_told_for_the_trail);
	tcase_add_test(tcase, a_big_letter_comes_from_its_file);
	tcase_add_test(tcase, of_an_endless_header_the_first_fields_are_told);
	tcase_add_test(tcase, a_response_that_is_too_long_is_left_out);
	tcase_add_test(tcase, what_a_person_saves_is_told_for_the_trail);
	tcase_add_test(tcase, many_messages_with_flags_are_one_append);
	tcase_add_test(tcase,
	    a_message_that_came_too_early_is_dropped_and_refused);
	tcase_add_test(tcase, a_refused_append_is_dropped_up_to_a_bound);
	tcase_add_test(tcase, a_refused_command_is_dropped_up_to_a_bound);
	tcase_add_test(tcase, a_message_that_was_refused_is_dropped);
	tcase_add_test(tcase, a_big_letter_that_is_not_there_is_passed_over);
	tcase_add_test(tcase, a_client_that_leaves_is_forgotten);
	tcase_add_test(tcase, replies_wait_for_a_reader);
	tcase_add_test(tcase, who_idles_is_told_at_once);
	tcase_add_test(tcase, an_expunge_waits_for_a_command_that_may_tell_it);
	tcase_add_test(tcase, a_mailbox_deleted_under_a_session_is_empty);
	tcase_add_test(tcase, commands_over_many_letters_are_done_in_steps);
	tcase_add_test(tcase, each_of_many_letters_that_go_is_told);
	tcase_add_test(tcase, flags_are_told_until_there_are_as_many_as_may_be);
	tcase_add_test(tcase, status_tells_every_item_or_says_bad);
	tcase_add_test(tcase, too_many_bad_commands_end_the_session);
	tcase_add_test(tcase, a_good_command_forgives_the_bad_ones_before_it);
	suite_add_tcase(suite, tcase);
	return suite;
}
