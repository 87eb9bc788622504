/*
 * commands_test.c - what a client may say, when, and what it hears
 *
 * Whole SMTP and LMTP dialogues over a socket pair.
 */
#include "gateway/smtp/commands.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/gateway/smtp/hub.h"
#include "tests/unit/unit.h"

#define STEPS	8

/* A dialogue: what is said, and the replies.  It begins after the greeting. */
struct dialogue {
	const char	*name;
	struct {
		struct slice	 say;
		const char	*hear;
	} steps[STEPS];
	unsigned	 messages;	/* that the queue got */
	const char	*envelope;	/* of the last one */
	bool		 lmtp;
};

#define EHLO	{ SLICE("EHLO c.example\r\n"), "250 ENH" }
#define MAIL	{ SLICE("MAIL FROM:<joe@example.com>\r\n"), "250 2.1.0" }
#define RCPT	{ SLICE("RCPT TO:<ann@office.test>\r\n"), "250 2.1.5" }
#define DATA	{ SLICE("DATA\r\n"), "354 " }
#define TEXT	{ SLICE("S: x\r\n\r\nhi\r\n.\r\n"), "250 2.0.0 Kept" }
#define QUIT	{ SLICE("QUIT\r\n"), "221 2.0.0|eof" }

static const struct dialogue dialogues[] = {
{ "a message is taken", { EHLO, MAIL, RCPT, DATA, TEXT, QUIT }, 1,
    "smtp helo=c.example from=joe@example.com body=0 utf8=0 ret=0 envid= "
    "to=ann@office.test/1/0/", false },
{ "HELO will do", { { SLICE("HELO c.example\r\n"), "250 hub" }, MAIL, RCPT,
    DATA, TEXT, QUIT }, 1, NULL, false },
{ "words may be in any case", { { SLICE("ehlo c.example\r\n"), "250 " },
    { SLICE("mail from:<>\r\n"), "250 2.1.0" },
    { SLICE("Rcpt To:<ann@OFFICE.test>  \r\n"), "250 2.1.5" },
    { SLICE("data\r\n"), "354" }, TEXT, QUIT }, 1, NULL, false },
{ "two messages in one session", { EHLO, MAIL, RCPT, DATA, TEXT,
    { SLICE("MAIL FROM:<>\r\nRCPT TO:<bob@office.test>\r\nDATA\r\n"),
    "250 2.1.0|250 2.1.5|354" }, TEXT, QUIT }, 2,
    "smtp helo=c.example from= body=0 utf8=0 ret=0 envid= "
    "to=bob@office.test/2/0/", false },
/* RFC 5321 4.1.4 and 3.3: the order of commands */
{ "nothing goes before EHLO", {
    { SLICE("MAIL FROM:<joe@example.com>\r\n"), "503 5.5.1" },
    { SLICE("RCPT TO:<ann@office.test>\r\n"), "503 5.5.1" },
    { SLICE("DATA\r\n"), "503 5.5.1" },
    { SLICE("STARTTLS\r\n"), "503 5.5.1" }, QUIT }, 0, NULL, false },
{ "MAIL, RCPT, DATA have an order", { EHLO,
    { SLICE("RCPT TO:<ann@office.test>\r\n"), "503 5.5.1" },
    { SLICE("DATA\r\n"), "503 5.5.1" }, MAIL,
    { SLICE("MAIL FROM:<b@example.com>\r\n"), "503 5.5.1" },
    { SLICE("DATA\r\n"), "503 5.5.1" }, QUIT }, 0, NULL, false },
{ "RSET and EHLO forget the transaction", { EHLO, MAIL, RCPT,
    { SLICE("RSET\r\nDATA\r\n"), "250 2.0.0|503 5.5.1" }, MAIL, EHLO,
    { SLICE("RCPT TO:<ann@office.test>\r\n"), "503 5.5.1" }, QUIT },
    0, NULL, false },
{ "small commands have their replies", { EHLO,
    { SLICE("NOOP hello\r\n"), "250 2.0.0" },
    { SLICE("HELP\r\nHELP DATA\r\n"), "214 2.0.0|214 2.0.0" },
    { SLICE("VERB\r\nEXPN list\r\n"), "502 5.5.1|502 5.5.1" },
    { SLICE("XYZZY\r\n\r\n"), "500 5.5.1|500 5.5.2" },
    { SLICE("RSET now\r\nVRFY\r\n"), "501 5.5.4|501 5.5.4" },
    { SLICE("EHLO\r\n"), "501 5.5.4" }, QUIT }, 0, NULL, false },
/* HARDENING A12 */
{ "VRFY tells nobody apart", { EHLO,
    { SLICE("VRFY ann\r\n"), "252 2.0.0 Send the mail and" },
    { SLICE("VRFY nobody\r\n"), "252 2.0.0 Send the mail and" }, QUIT },
    0, NULL, false },
{ "the name in EHLO is a name", { { SLICE("EHLO a b\r\n"), "501 5.5.4" },
    { SLICE("EHLO a\"b\r\n"), "501 5.5.4" },
    { SLICE("EHLO <x>\r\n"), "501 5.5.4" },
    { SLICE("EHLO [192.0.2.1]\r\n"), "250" },
    { SLICE("EHLO [IPv6:2001:db8::1]\r\n"), "250" },
    { SLICE("HELO my_printer\r\n"), "250" }, QUIT }, 0, NULL, false },
/* RFC 1870 */
{ "SIZE is looked at in MAIL", { EHLO,
    { SLICE("MAIL FROM:<a@b.example> SIZE=1048577\r\n"), "552 5.3.4" },
    { SLICE("MAIL FROM:<a@b.example> SIZE=99999999999999999999\r\n"),
    "552 5.3.4" },
    { SLICE("MAIL FROM:<a@b.example> SIZE=x\r\n"), "501 5.5.4" },
    { SLICE("MAIL FROM:<a@b.example> SIZE=1048576\r\n"), "250 2.1.0" }, QUIT },
    0, NULL, false },
/* RFC 6152, RFC 6531, RFC 3461 */
{ "parameters reach the envelope", { EHLO,
    { SLICE("MAIL FROM:<\xc3\xa4@b.example> SMTPUTF8 BODY=8BITMIME RET=HDRS "
    "ENVID=a+2Bb\r\n"), "250 2.1.0" },
    { SLICE("RCPT TO:<ann@office.test> NOTIFY=SUCCESS,DELAY "
    "ORCPT=rfc822;a+2Bb@x\r\n"), "250 2.1.5" }, DATA, TEXT, QUIT }, 1,
    "smtp helo=c.example from=\xc3\xa4@b.example body=1 utf8=1 ret=2 "
    "envid=a+b to=ann@office.test/1/10/rfc822;a+b@x", false },
{ "what is not offered is refused", { EHLO,
    { SLICE("MAIL FROM:<a@b.example> BODY=BINARYMIME\r\n"), "555 5.5.4" },
    { SLICE("MAIL FROM:<a@b.example> FOO=1\r\n"), "555 5.5.4" },
    { SLICE("MAIL FROM:<\xc3\xa4@b.example>\r\n"), "553 5.6.7" }, MAIL,
    { SLICE("RCPT TO:<\xc3\xa4@office.test>\r\n"), "553 5.6.7" },
    { SLICE("RCPT TO:<ann@office.test> FOO\r\n"), "555 5.5.4" }, QUIT },
    0, NULL, false },
/* HARDENING A08 */
{ "nothing is smuggled into an envelope", { EHLO,
    { SLICE("MAIL FROM:<;id;@x>\r\n"), "501 5.1.7" },
    { SLICE("MAIL FROM:<a@b.example> AUTH=x+0D+0Ay\r\n"), "555 5.5.4" },
    MAIL, { SLICE("RCPT TO:<\"a\\\rb\"@x.example>\r\n"), "500 5.5.2" } },
    0, NULL, false },
{ "no line break hides in a parameter", { EHLO, MAIL,
    { SLICE("RCPT TO:<ann@office.test> ORCPT=rfc822;a+0Ab\r\n"),
    "501 5.5.4" },
    { SLICE("RSET\r\nMAIL FROM:<a@b.example> ENVID=a+0D+0Ab\r\n"),
    "250|501 5.5.4" }, QUIT }, 0, NULL, false },
{ "NUL and control characters are no commands", { EHLO,
    { SLICE("NOOP \0\r\n"), "500 5.5.2" },
    { SLICE("NOOP \x1b[2J\r\n"), "500 5.5.2" },
    { SLICE("MAIL FROM:<a\0b@c.example>\r\n"), "500 5.5.2" }, QUIT },
    0, NULL, false },
/* RFC 5321 4.1.1.3 */
{ "recipients are looked up", { EHLO, MAIL,
    { SLICE("RCPT TO:<nobody@office.test>\r\n"), "550 5.1.1" },
    { SLICE("RCPT TO:<joe@example.com>\r\n"), "550 5.7.1" },
    { SLICE("RCPT TO:<later@office.test>\r\n"), "451 4.3.0" },
    { SLICE("RCPT TO:<Postmaster>\r\n"), "250 2.1.5" }, DATA, TEXT }, 1,
    "smtp helo=c.example from=joe@example.com body=0 utf8=0 ret=0 envid= "
    "to=Postmaster/3/0/", false },
{ "an account is in a message once", { EHLO, MAIL,
    { SLICE("RCPT TO:<anna@office.test>\r\nRCPT TO:<bob@office.test>\r\n"
    "RCPT TO:<ann@office.test>\r\n"), "250 2.1.5|250 2.1.5|250 2.1.5" },
    DATA, TEXT, QUIT }, 1,
    "smtp helo=c.example from=joe@example.com body=0 utf8=0 ret=0 envid= "
    "to=anna@office.test/1/0/ to=bob@office.test/2/0/", false },
{ "there is a most of recipients", { EHLO, MAIL,
    { SLICE("RCPT TO:<u1@office.test>\r\nRCPT TO:<u2@office.test>\r\n"
    "RCPT TO:<u3@office.test>\r\nRCPT TO:<u4@office.test>\r\n"
    "RCPT TO:<u5@office.test>\r\n"), "250|250|250|250|250" },
    { SLICE("RCPT TO:<u6@office.test>\r\n"), "452 4.5.3" }, QUIT },
    0, NULL, false },
/* HARDENING A05, RFC 2920 */
{ "a message behind a refused DATA is no message", { EHLO,
    { SLICE("MAIL FROM:<a@b.example>\r\nRCPT TO:<nobody@office.test>\r\n"
    "DATA\r\nSubject: x\r\nMAIL FROM:<evil@x.example>\r\n.\r\n"),
    "250 2.1.0|550 5.1.1|503 5.5.1|500 5.5.1|503 5.5.1|221 2.7.0|eof" } },
    0, NULL, false },
{ "a message behind DATA is not waited for", { EHLO, MAIL, RCPT,
    { SLICE("DATA\r\nS: x\r\n\r\nhi\r\n.\r\n"), "554 5.5.0|eof" } },
    0, NULL, false },
{ "nothing comes behind EHLO", {
    { SLICE("EHLO c.example\r\nMAIL FROM:<a@b.example>\r\n"),
    "554 5.5.0|eof" } }, 0, NULL, false },
/* HARDENING A06 */
{ "a browser is sent away", {
    { SLICE("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "221 2.7.0|eof" } },
    0, NULL, false },
{ "a form is sent away", { EHLO,
    { SLICE("POST /x HTTP/1.1\r\nMAIL FROM:<>\r\n"), "221 2.7.0|eof" } },
    0, NULL, false },
{ "a proxy is sent away", {
    { SLICE("CONNECT a:25 HTTP/1.0\r\n"), "221 2.7.0|eof" } }, 0, NULL, false },
{ "no command begins with a figure", { { SLICE("{\"a\":1}\r\n"),
    "221 2.7.0|eof" } }, 0, NULL, false },
{ "no TLS where a command is due", {
    { SLICE("\x16\x03\x01\x02\x01\xfc\x03\n"), "500 5.5.2|eof" } },
    0, NULL, false },
{ "a bare LF ends the session", { EHLO,
    { SLICE("NOOP\nNOOP\r\n"), "500 5.5.2|eof" } }, 0, NULL, false },
/* RFC 3030, HARDENING A04 */
{ "a message comes in chunks", { EHLO, MAIL, RCPT,
    { SLICE("BDAT 8\r\nS: x\r\n\r\n"), "250 2.0.0" },
    { SLICE("BDAT 3\r\n.\r\nBDAT 0\r\n"), "250 2.0.0|250 2.0.0" },
    { SLICE("BDAT 5 LAST\r\nhi\r\n."), "250 2.0.0 Kept" }, QUIT }, 1,
    NULL, false },
{ "an empty last chunk ends the message", { EHLO, MAIL, RCPT,
    { SLICE("BDAT 8\r\nS: x\r\n\r\nBDAT 0 LAST\r\n"),
    "250 2.0.0|250 2.0.0 Kept" }, QUIT }, 1, NULL, false },
{ "a chunk out of order is read and refused", { EHLO,
    { SLICE("BDAT 12 LAST\r\nMAIL FROM:<>NOOP\r\n"), "503 5.5.1|250" },
    { SLICE("BDAT 0 LAST\r\n"), "503 5.5.1" }, MAIL,
    { SLICE("BDAT 6 LAST\r\nNOOP\r\nNOOP\r\n"), "503 5.5.1|250" }, QUIT },
    0, NULL, false },
{ "after a chunk only chunks come", { EHLO, MAIL, RCPT,
    { SLICE("BDAT 6\r\nRSET\r\nRCPT TO:<bob@office.test>\r\nDATA\r\n"
    "MAIL FROM:<>\r\nRSET\r\n"),
    "250 2.0.0|503 5.5.1|503 5.5.1|503 5.5.1|250 2.0.0" }, QUIT },
    0, NULL, false },
{ "a chunk has a size one can read", { EHLO, MAIL, RCPT,
    { SLICE("BDAT -1\r\n"), "501 5.5.4|eof" } }, 0, NULL, false },
{ "a chunk has a marker one knows", { EHLO, MAIL, RCPT,
    { SLICE("BDAT 1 FIRST\r\nx"), "501 5.5.4|eof" } }, 0, NULL, false },
{ "a chunk without end is refused", { EHLO, MAIL, RCPT,
    { SLICE("BDAT 18446744073709551615\r\n"), "552 5.3.4|eof" } },
    0, NULL, false },
{ "a chunk beyond 64 bits is refused", { EHLO, MAIL, RCPT,
    { SLICE("BDAT 99999999999999999999 LAST\r\n"), "552 5.3.4|eof" } },
    0, NULL, false },
{ "line ends are judged in chunks too", { EHLO, MAIL, RCPT,
    { SLICE("BDAT 4\r\na\nb\n"), "550 5.5.2|eof" } }, 0, NULL, false },
{ "a CR at the end of the last chunk is bare", { EHLO, MAIL, RCPT,
    { SLICE("BDAT 2\r\na\r"), "250 2.0.0" },
    { SLICE("BDAT 0 LAST\r\n"), "550 5.5.2|eof" } }, 0, NULL, false },
{ "CR and LF may come in two chunks", { EHLO, MAIL, RCPT,
    { SLICE("BDAT 2\r\na\rBDAT 1 LAST\r\n\n"), "250 2.0.0|250 2.0.0 Kept" },
    QUIT }, 1, NULL, false },
{ "TLS that is not there is not offered", { EHLO,
    { SLICE("STARTTLS\r\n"), "502 5.5.1" }, QUIT }, 0, NULL, false },
{ "an empty message is a message", { EHLO, MAIL, RCPT, DATA,
    { SLICE(".\r\n"), "250 2.0.0 Kept" }, QUIT }, 1, NULL, false },
/* RFC 2033 */
{ "LMTP greets with LHLO alone", {
    { SLICE("EHLO c.example\r\nHELO c.example\r\n"), "500 5.5.1|500 5.5.1" },
    { SLICE("LHLO c.example\r\n"), "250 ENH" }, QUIT }, 0, NULL, true },
{ "SMTP knows no LHLO", { { SLICE("LHLO c.example\r\n"), "500 5.5.1" }, QUIT },
    0, NULL, false },
{ "LMTP replies for each recipient", {
    { SLICE("LHLO c.example\r\n"), "250" }, MAIL,
    { SLICE("RCPT TO:<ann@office.test>\r\nRCPT TO:<nobody@office.test>\r\n"
    "RCPT TO:<anna@office.test>\r\nRCPT TO:<bob@office.test>\r\n"),
    "250 2.1.5|550 5.1.1|250 2.1.5|250 2.1.5" }, DATA,
    { SLICE("S: x\r\n\r\nhi\r\n.\r\n"), "250 2.0.0|250 2.0.0|250 2.0.0" },
    QUIT }, 1,
    "lmtp helo=c.example from=joe@example.com body=0 utf8=0 ret=0 envid= "
    "to=ann@office.test/1/0/ to=bob@office.test/2/0/", true },
{ "LMTP takes no DATA without recipients", {
    { SLICE("LHLO c.example\r\n"), "250" }, MAIL,
    { SLICE("DATA\r\n"), "503 5.5.1" }, QUIT }, 0, NULL, true },
{ "LMTP replies for each recipient of chunks", {
    { SLICE("LHLO c.example\r\n"), "250" }, MAIL, RCPT,
    { SLICE("RCPT TO:<bob@office.test>\r\n"), "250 2.1.5" },
    { SLICE("BDAT 6\r\nS: x\r\n"), "250 2.0.0" },
    { SLICE("BDAT 6 LAST\r\n\r\nhi\r\n"), "250 2.0.0|250 2.0.0" }, QUIT },
    1, NULL, true },
};

START_TEST(dialogue_goes_as_written)
{
	const struct dialogue *d = &dialogues[_i];
	struct hub *hub = hub_new();

	hub->options.lmtp = d->lmtp;
	hub_connect(hub, "");
	hub_hear(hub, d->lmtp ? "220 hub.office.test LMTP" :
	    "220 hub.office.test ESMTP");
	for (int i = 0; i < STEPS && d->steps[i].hear != NULL; i++)
		hub_talk(hub, d->steps[i].say, d->steps[i].hear);
	ck_assert_msg(hub->messages == d->messages, "%s: %u messages",
	    d->name, hub->messages);
	if (d->envelope != NULL)
		ck_assert_msg(slice_is_str(text_slice(&hub->envelope),
		    d->envelope), "%s: %.*s", d->name,
		    SLICE_FMT(text_slice(&hub->envelope)));
	hub_free(hub);
}
END_TEST

/* The same replies for every byte in a turn of its own. */
START_TEST(one_byte_at_a_time_changes_nothing)
{
	struct hub *hub = hub_new();

	hub_connect(hub, "");
	hub_hear(hub, "220");
	hub_say_slowly(hub, slice_str("EHLO c.example\r\n"));
	hub_hear(hub, "250");
	hub_say_slowly(hub, slice_str("MAIL FROM:<a@b.example>\r\n"
	    "RCPT TO:<ann@office.test>\r\nDATA\r\n"));
	hub_talk_str(hub, "", "250 2.1.0|250 2.1.5|354");
	hub_say_slowly(hub, slice_str("S: x\r\n\r\n..a\r\n.\r\n"));
	hub_hear(hub, "250 2.0.0");
	ck_assert(slice_is_str(text_slice(&hub->message),
	    "S: x\r\n\r\n.a\r\n"));
	hub_say_slowly(hub, slice_str("QUIT\r\n"));
	hub_talk_str(hub, "", "221|eof");
	hub_free(hub);
}
END_TEST

/* RFC 2920: a whole group at once, its replies in order and in one write */
START_TEST(a_group_of_commands_is_answered_in_order)
{
	struct hub *hub = hub_new();

	hub_connect(hub, "");
	hub_talk_to_data(hub);
	hub_talk_str(hub, "a\r\n.\r\nMAIL FROM:<>\r\nRCPT TO:<bob@office.test>\r\n"
	    "RCPT TO:<nobody@office.test>\r\nRSET\r\nNOOP\r\nQUIT\r\n",
	    "250 2.0.0 Kept|250 2.1.0|250 2.1.5|550 5.1.1|250|250|221|eof");
	ck_assert_uint_eq(hub->messages, 1);
	hub_free(hub);
}
END_TEST

static const struct slice fakes[] = {
	SLICE("\n.\n"), SLICE("\n.\r"), SLICE("\r.\n"), SLICE("\r.\r"),
	SLICE("\n.\r\n"), SLICE("\r.\r\n"), SLICE("\r\n.\n"),
	SLICE("\r\n\0.\r\n"), SLICE("\r\n.\r\r\n"), SLICE("\r\r\n.\r\r\n"),
};

/* HARDENING A01: the commands behind a fake end never run */
START_TEST(a_fake_end_smuggles_nothing)
{
	const struct slice fake = fakes[_i];
	TEXT_AUTO all = TEXT_INIT(1024);
	size_t start, end;

	text_add_str(&all, "S: x\r\n\r\nfirst");
	start = text_slice(&all).len - 1;
	text_add(&all, fake);
	end = text_slice(&all).len + 1;
	text_add_str(&all, "MAIL FROM:<evil@x.example>\r\n"
	    "RCPT TO:<ann@office.test>\r\nDATA\r\nS: y\r\n\r\nhi\r\n.\r\n");
	for (size_t cut = start; cut <= end; cut++) {
		struct hub *hub = hub_new();

		hub_connect(hub, "");
		hub_talk_to_data(hub);
		hub_say(hub, slice_first(text_slice(&all), cut));
		hub_run(hub, 2);
		hub_say(hub, slice_after(text_slice(&all), cut));
		hub_talk_str(hub, "NOOP\r\n", "550 5.5.2|eof");
		ck_assert_uint_eq(hub->messages, 0);
		ck_assert_uint_eq(slice_find_str(text_slice(&hub->log),
		    "evil"), SIZE_MAX);
		hub_free(hub);
	}
}
END_TEST

/* ... and for a listed device the same bytes are one message */
START_TEST(a_device_is_mended_and_smuggles_nothing)
{
	struct hub *hub = hub_new();

	hub->options.normalises = true;
	hub_connect(hub, "");
	hub_talk_to_data(hub);
	hub_say(hub, slice_str("S: x\n\nfirst"));
	hub_say(hub, fakes[_i]);
	hub_talk_str(hub, "MAIL FROM:<evil@x.example>\r\n.\r\n", "250 2.0.0 Kept");
	ck_assert_uint_eq(hub->messages, 1);
	ck_assert_uint_ne(slice_find_str(text_slice(&hub->message), "evil"),
	    SIZE_MAX);
	ck_assert(slice_has_prefix(text_slice(&hub->message),
	    "S: x\r\n\r\nfirst\r\n"));
	hub_talk_str(hub, "NOOP\nQUIT\r\n", "250|221|eof");
	hub_free(hub);
}
END_TEST

/* HARDENING A11: nobody is a relay for strangers */
static const struct {
	const char	*path;
	const char	*reply;
} relays[] = {
	{ "<a%victim.org@office.test>", "550 5.7.1" },
	{ "<@office.test:a@victim.org>", "550 5.7.1" },
	{ "<@victim.org,@office.test:a@victim.org>", "550 5.7.1" },
	{ "<victim.org!a@office.test>", "550 5.7.1" },
	{ "<\"a@victim.org\"@office.test>", "550 5.7.1" },
	{ "<a@victim.org@office.test>", "501 5.1.3" },
	{ "<a@[192.0.2.9]>", "550 5.7.1" },
	{ "<a@office.test.>", "501 5.1.3" },
	{ "<a@victim.org>", "550 5.7.1" },
	{ "<a@victim.org(office.test)>", "501 5.1.3" },
	{ "<a%victim.org>", "501 5.1.3" },
	{ "<a%office.test@victim.org>", "550 5.7.1" },
	{ "<\"ann@office.test\"@victim.org>", "550 5.7.1" },
	{ "<ann@office.test>@victim.org", "501 5.5.4" },
	{ "<ann@office.test,a@victim.org>", "501 5.1.3" },
	{ "ann@victim.org", "501 5.1.3" },
	{ "<>", "501 5.1.3" },
	{ "<ann>", "501 5.1.3" },
	{ "<ann@office.test\xff>", "553 5.6.7" },
	{ "<a@victim.org%00office.test>", "501 5.1.3" },
	{ "<@office.test:ann>", "501 5.1.3" },
	{ "<ann@office.test:25>", "501 5.1.3" },
	{ "<a@sub.office.test>", "550 5.7.1" },
	{ "<a@office.test.victim.org>", "550 5.7.1" },
};

START_TEST(nothing_is_relayed_for_a_stranger)
{
	struct hub *hub = hub_new();
	char line[256];

	hub_connect(hub, "");
	hub_talk_str(hub, "EHLO c.example\r\n", "220|250");
	hub_talk_str(hub, "MAIL FROM:<>\r\n", "250");
	(void)snprintf(line, sizeof(line), "RCPT TO:%s\r\n", relays[_i].path);
	hub_talk_str(hub, line, relays[_i].reply);
	hub_talk_str(hub, "DATA\r\nQUIT\r\n", "503 5.5.1|221|eof");
	ck_assert_uint_eq(hub->messages, 0);
	hub_free(hub);
}
END_TEST

START_TEST(a_source_route_is_dropped)
{
	struct hub *hub = hub_new();

	hub_connect(hub, "");
	hub_talk_str(hub, "EHLO c.example\r\n", "220|250");
	hub_talk_str(hub, "MAIL FROM:<>\r\n"
	    "RCPT TO:<@relay.example,@b.example:ann@office.test>\r\nDATA\r\n",
	    "250|250|354");
	hub_talk_str(hub, "x\r\n.\r\n", "250");
	ck_assert_uint_ne(slice_find_str(text_slice(&hub->envelope),
	    "to=ann@office.test/1/"), SIZE_MAX);
	hub_free(hub);
}
END_TEST

START_TEST(the_table_can_be_shown)
{
	TEXT_AUTO shown = TEXT_INIT(8192);

	smtp_commands_show(&shown);
	for (const struct smtp_command *row = smtp_commands;
	    row->name != NULL; row++)
		ck_assert_uint_ne(slice_find_str(text_slice(&shown),
		    row->name), SIZE_MAX);
	ck_assert_uint_ne(slice_find_str(text_slice(&shown),
	    "DATA      rcpt  RFC 5321 4.1.1.4\n"), SIZE_MAX);
}
END_TEST

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("smtp commands");
	TCase *tcase = tcase_create("smtp commands");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, dialogue_goes_as_written, 0,
	    COUNT(dialogues));
	tcase_add_test(tcase, one_byte_at_a_time_changes_nothing);
	tcase_add_test(tcase, a_group_of_commands_is_answered_in_order);
	tcase_add_loop_test(tcase, a_fake_end_smuggles_nothing, 0,
	    COUNT(fakes));
	tcase_add_loop_test(tcase, a_device_is_mended_and_smuggles_nothing, 0,
	    COUNT(fakes));
	tcase_add_loop_test(tcase, nothing_is_relayed_for_a_stranger, 0,
	    COUNT(relays));
	tcase_add_test(tcase, a_source_route_is_dropped);
	tcase_add_test(tcase, the_table_can_be_shown);
	suite_add_tcase(suite, tcase);
	return suite;
}
