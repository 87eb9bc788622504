/*
 * stamp_test.c - what the hub writes on top of a letter, whatever peers say
 */
#include <stdio.h>
#include <errno.h>
#include <string.h>

#include "queue/stamp.h"
#include "tests/unit/unit.h"

static struct recipient rcpt = { .address = SLICE("ann@office.test"),
    .account = 7 };
static struct envelope env;
static struct verdict verdict;
static struct text text = TEXT_INIT(STAMP_MAX_BYTES);

static void
set_up(void)
{
	env = (struct envelope){
		.id = { "tenletters" }, .source = SOURCE_SMTP,
		.received_at_utc_ms = 1795291200000,
		.sender = SLICE("zoe@far.test"), .helo = SLICE("far.test"),
		.peer = SLICE("192.0.2.1"), .recipients = &rcpt,
		.recipient_count = 1
	};
	verdict_init(&verdict);
	rcpt.address = slice_str("ann@office.test");
	text_clear(&text);
}

static void
tear_down(void)
{
	text_free(&text);
}

/* The lines, as a string; all end in CRLF, none is longer than 998. */
static const char *
stamp(void)
{
	struct slice rest, line;

	text_clear(&text);
	stamp_write(&text, &env, &rcpt, &verdict, "mx.office.test", 420);
	ck_assert(!text_failed(&text));
	rest = text_slice(&text);
	while (slice_cut(&rest, '\n', &line)) {
		ck_assert_uint_gt(line.len, 1);
		ck_assert_uint_le(line.len - 1, 998);
		ck_assert_int_eq(line.at[line.len - 1], '\r');
		line.len--;
		ck_assert_uint_eq(slice_find(line, '\r'), SIZE_MAX);
		ck_assert_uint_eq(slice_find(line, '\0'), SIZE_MAX);
	}
	ck_assert_uint_eq(rest.len, 0);
	text_add_byte(&text, '\0');
	return text.at;
}

static void
has(const char *part)
{
	const char *all = stamp();

	ck_assert_msg(strstr(all, part) != NULL, "no \"%s\" in\n%s", part, all);
}

/* RFC 5321 4.4 */
START_TEST(the_lines_stand_in_the_order_of_a_final_delivery)
{
	char id[MESSAGE_ID_CHARS + 1], want[512];

	(void)verdict_add_line(&verdict, slice_str("X-Mark"),
	    slice_str("odd"));
	message_id_write(&env.id, id);
	(void)snprintf(want, sizeof(want), "Return-Path: <zoe@far.test>\r\n"
	    "Delivered-To: ann@office.test\r\nX-Mark: odd\r\n"
	    "Received: from far.test ([192.0.2.1])\r\n"
	    "\tby mx.office.test (Postroom) with ESMTP id %s\r\n"
	    "\tfor <ann@office.test>;\r\n"
	    "\tSun, 22 Nov 2026 03:00:00 +0700\r\n", id);
	ck_assert_str_eq(stamp(), want);
}
END_TEST

/* RFC 5321 4.5.5 */
START_TEST(a_null_sender_is_an_empty_path)
{
	env.sender = slice_str("");
	has("Return-Path: <>\r\n");
}
END_TEST

static const struct {
	enum envelope_source	 source;
	const char		*tls, *login;
	bool			 utf8;
	const char		*word;
} words[] = {
	{ SOURCE_SMTP, "", "", false, " with ESMTP id" },
	{ SOURCE_SMTP, "TLSv1.3", "", false, " with ESMTPS id" },
	{ SOURCE_SMTP, "", "ann", false, " with ESMTPA id" },
	{ SOURCE_SMTP, "TLSv1.3", "ann", false, " with ESMTPSA id" },
	{ SOURCE_LMTP, "", "", false, " with LMTP id" },
	{ SOURCE_LMTP, "TLSv1.3", "ann", false, " with LMTPSA id" },
	{ SOURCE_SMTP, "", "", true, " with UTF8SMTP id" },
	{ SOURCE_SMTP, "TLSv1.3", "ann", true, " with UTF8SMTPSA id" },
	{ SOURCE_LMTP, "TLSv1.3", "", true, " with UTF8LMTPS id" },
	{ SOURCE_OWN, "", "", false, "Received: by mx.office.test (Postroom) id" },
};

/* RFC 3848, RFC 6531 4.3 */
START_TEST(one_word_says_how_it_came)
{
	env.source = words[_i].source;
	env.tls = slice_str(words[_i].tls);
	env.login = slice_str(words[_i].login);
	env.utf8 = words[_i].utf8;
	has(words[_i].word);
}
END_TEST

/* RFC 5321 4.1.3 */
START_TEST(an_ipv6_peer_is_a_literal)
{
	env.peer = slice_str("2001:db8::1");
	has("([IPv6:2001:db8::1])\r\n");
}
END_TEST

static const struct {
	struct slice	 helo;
	bool		 utf8;
	const char	*part;
} hellos[] = {
	{ SLICE("a\r\nBcc: eve@x"), false, "from a??Bcc:?eve@x ([" },
	{ SLICE("a\nX: y"), false, "from a?X:?y ([" },
	{ SLICE("a\0b"), false, "from a?b ([" },
	{ SLICE("a) by evil (b"), false, "from a??by?evil??b ([" },
	{ SLICE("a; Mon"), false, "from a??Mon ([" },
	{ SLICE("a\\"), false, "from a? ([" },
	{ SLICE("m\xc3\xbcller"), false, "from m??ller ([" },
	{ SLICE("m\xc3\xbcller"), true, "from m\xc3\xbcller ([" },
	{ SLICE("m\xfcller"), true, "from m?ller ([" },
	{ SLICE(""), false, "from unknown ([" },
};

START_TEST(a_hostile_greeting_stays_a_word)
{
	env.helo = hellos[_i].helo;
	env.utf8 = hellos[_i].utf8;
	has(hellos[_i].part);
}
END_TEST

/* RFC 5322 2.1.1; a verdict's lines are as long as they may be, too. */
START_TEST(no_line_is_longer_than_998_bytes)
{
	static char much[5000], value[VERDICT_VALUE_MAX];

	memset(much, 'h', sizeof(much));
	memcpy(much, "X-Postroom-", 11);
	memset(value, 'v', sizeof(value));
	env.helo = env.peer = env.tls = env.sender = env.login =
	    slice_of(much, sizeof(much));
	rcpt.address = env.helo;
	for (unsigned i = 0; i < VERDICT_LINES; i++)
		ck_assert_int_eq(verdict_add_line(&verdict,
		    slice_of(much, VERDICT_NAME_MAX),
		    slice_of(value, sizeof(value))), 0);
	(void)stamp();
}
END_TEST

/* What is cut is cut between characters. */
START_TEST(a_long_utf8_greeting_stays_utf8)
{
	static char much[1000];

	for (size_t i = 0; i < sizeof(much); i += 2)
		memcpy(much + i, "\xc3\xbc", 2);
	for (size_t from = 0; from < 2; from++) {
		much[0] = from == 0 ? 'x' : much[0];
		much[1] = from == 0 ? 'y' : much[1];
		env.helo = slice_of(much + from, sizeof(much) - from - from);
		env.utf8 = true;
		ck_assert(slice_is_utf8(slice_str(stamp())));
	}
}
END_TEST

/* RFC 5321 4.1.2: a quoted local part may hold nearly everything. */
START_TEST(a_quoted_address_is_written_as_it_was_given)
{
	env.sender = slice_str("\"a (b) \\\" c\"@far.test");
	has("Return-Path: <\"a (b) \\\" c\"@far.test>\r\n");
}
END_TEST

/* A message that has such lines of others, and one of ours that came back. */
#define MESSAGE	"Return-Path: <eve@far.test>\r\nDelivered-To: x@far.test\r\n" \
		"Received: from a ([192.0.2.9])\r\n\tby far.test (Postroom) " \
		"id 1\r\n\tfor <x@far.test>;\r\n\tSun, 22 Nov 2026 03:00:00 " \
		"+0700\r\nSubject: hello\r\n\r\nText\r\n"

static const struct {
	enum envelope_source	 source;
	const char		*helo, *peer, *tls, *login, *folder, *label, *to;
} stamps[] = {
	{ SOURCE_SMTP, "far.test", "192.0.2.1", "", "", "", "",
	    "ann@office.test" },
	{ SOURCE_SMTP, "", "2001:db8::1", "TLSv1.3; by x (Postroom)", "ann",
	    "", "", "ann@office.test" },
	{ SOURCE_LMTP, "by", "192.0.2.1", "", "", "", "",
	    "\"a>; b\"@office.test" },
	{ SOURCE_LMTP, "from", "", "", "", "", "", "ann@office.test" },
	{ SOURCE_OWN, "", "", "", "", "", "", "ann@office.test" },
	{ SOURCE_FETCH, "a) by evil (b", "192.0.2.1", "TLSv1.3", "", "INBOX",
	    "ann at home", "ann@office.test" },
};

/* The same letter with LF alone, as Maildirs have it. */
static void
with_lf(const struct text *from, struct text *to)
{
	text_clear(to);
	for (size_t i = 0; i < from->len; i++)
		if (from->at[i] != '\r')
			text_add_byte(to, from->at[i]);
}

static void
skips_to(const struct text *letter, const char *message)
{
	struct slice left = stamp_skip(text_slice(letter), "mx.office.test");

	ck_assert_msg(slice_is_str(left, message), "left is\n%.*s",
	    SLICE_FMT(left));
}

START_TEST(the_message_is_found_below_its_lines)
{
	TEXT_AUTO unix_text = TEXT_INIT(2 * STAMP_MAX_BYTES);
	TEXT_AUTO message = TEXT_INIT(1024);
	TEXT_AUTO unix_message = TEXT_INIT(1024);

	text_add_str(&message, MESSAGE);
	with_lf(&message, &unix_message);
	text_add_byte(&message, '\0');
	text_add_byte(&unix_message, '\0');
	env.source = stamps[_i].source;
	env.helo = slice_str(stamps[_i].helo);
	env.peer = slice_str(stamps[_i].peer);
	env.tls = slice_str(stamps[_i].tls);
	env.login = slice_str(stamps[_i].login);
	env.fetched.folder = slice_str(stamps[_i].folder);
	env.fetched.label = slice_str(stamps[_i].label);
	rcpt.address = slice_str(stamps[_i].to);
	for (unsigned lines = 0; lines < 3; lines++) {
		(void)stamp();
		text.len--;	/* the NUL */
		text_add_str(&text, MESSAGE);
		ck_assert(!text_failed(&text));
		skips_to(&text, message.at);
		with_lf(&text, &unix_text);
		skips_to(&unix_text, unix_message.at);
		(void)verdict_add_line(&verdict, lines == 0 ?
		    slice_str(VERDICT_RESULTS) : slice_str("X-Postroom-Spam"),
		    slice_str("Received: by mx.office.test (Postroom)"));
	}
}
END_TEST

START_TEST(only_its_own_lines_are_skipped)
{
	static const char *const starts[] = {
		"", " a blank, so no field\r\n", "\r\n",
		"X-Mozilla-Status: 0001\r\n", "Received: by x; now\r\n",
	};

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		TEXT_AUTO want = TEXT_INIT(1024);

		text_addf(&want, "%s%s", starts[i], MESSAGE);
		(void)stamp();
		text.len--;
		text_add(&text, text_slice(&want));
		text_add_byte(&want, '\0');
		skips_to(&text, want.at);
		/* another hub's are what came */
		ck_assert_uint_eq(stamp_skip(text_slice(&text),
		    "other.test").len, text.len);
		/* nor is it one with a field above */
		text_clear(&want);
		text_add_str(&want, "X-Other: 1\r\n");
		text_add(&want, text_slice(&text));
		ck_assert_uint_eq(stamp_skip(text_slice(&want),
		    "mx.office.test").len, want.len);
	}
}
END_TEST

/* What Thunderbird collected by POP3 and keeps in its files. */
START_TEST(what_a_mail_program_notes_above_goes_too)
{
	TEXT_AUTO letter = TEXT_INIT(2 * STAMP_MAX_BYTES);

	(void)stamp();
	text.len--;
	text_add_str(&letter, "X-Account-Key: account1\r\nX-UIDL: 17\r\n"
	    "X-Mozilla-Status: 0001\r\nX-Mozilla-Keys:     \r\n");
	text_add(&letter, text_slice(&text));
	text_add_str(&letter, MESSAGE);
	skips_to(&letter, MESSAGE);
}
END_TEST

/* Cut anywhere within them, they are no such lines. */
START_TEST(a_part_of_the_lines_is_left_as_it_is)
{
	(void)stamp();
	text.len--;
	for (size_t len = 0; len < text.len; len++) {
		struct slice part = slice_first(text_slice(&text), len);

		ck_assert_uint_eq(stamp_skip(part, "mx.office.test").len, len);
	}
	ck_assert_uint_eq(stamp_skip(text_slice(&text),
	    "mx.office.test").len, 0);
}
END_TEST

/* RFC 8617: a seal is for the next hand, and what is left here has none. */
START_TEST(another_host_gets_the_seal_and_nobody_here_does)
{
	static const char *const names[] = { "ARC-Seal",
	    "ARC-Message-Signature", "ARC-Authentication-Results" };

	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(verdict_add_line(&verdict,
		    slice_str(names[i]), slice_str("i=1; x")), 0);
	ck_assert_int_eq(verdict_add_line(&verdict, slice_str("ARC-Other"),
	    slice_str("i=1; x")), -EINVAL);
	stamp_leaving(&text, &env, NULL, &verdict, "mx.office.test", 420);
	ck_assert(slice_has_prefix(text_slice(&text), "ARC-Seal: i=1; x\r\n"
	    "ARC-Message-Signature: i=1; x\r\n"
	    "ARC-Authentication-Results: i=1; x\r\nReceived: from "));
	ck_assert_ptr_null(strstr(stamp(), "ARC-"));
}
END_TEST

START_TEST(another_host_gets_the_signature_and_nothing_of_ours)
{
	ck_assert_int_eq(verdict_add_line(&verdict, slice_str("X-Postroom-Rules"),
	    slice_str("secret")), 0);
	ck_assert_int_eq(verdict_add_line(&verdict,
	    slice_str(VERDICT_SIGNATURE), slice_str("v=1; b=abc")), 0);
	stamp_leaving(&text, &env, NULL, &verdict, "mx.office.test", 420);
	ck_assert(!text_failed(&text));
	ck_assert(slice_has_prefix(text_slice(&text),
	    "DKIM-Signature: v=1; b=abc\r\nReceived: from far.test "));
	ck_assert(slice_find_str(text_slice(&text), "secret") == SIZE_MAX);
	ck_assert(slice_find_str(text_slice(&text), "ann@") == SIZE_MAX);
	ck_assert(slice_find_str(text_slice(&text), "Return-") == SIZE_MAX);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("stamp");
	TCase *tcase = tcase_create("stamp");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase,
	    the_lines_stand_in_the_order_of_a_final_delivery);
	tcase_add_test(tcase, a_null_sender_is_an_empty_path);
	tcase_add_loop_test(tcase, one_word_says_how_it_came, 0,
	    sizeof(words) / sizeof(words[0]));
	tcase_add_test(tcase, an_ipv6_peer_is_a_literal);
	tcase_add_loop_test(tcase, a_hostile_greeting_stays_a_word, 0,
	    sizeof(hellos) / sizeof(hellos[0]));
	tcase_add_test(tcase, no_line_is_longer_than_998_bytes);
	tcase_add_test(tcase, a_long_utf8_greeting_stays_utf8);
	tcase_add_test(tcase, a_quoted_address_is_written_as_it_was_given);
	tcase_add_loop_test(tcase, the_message_is_found_below_its_lines, 0,
	    sizeof(stamps) / sizeof(stamps[0]));
	tcase_add_test(tcase, only_its_own_lines_are_skipped);
	tcase_add_test(tcase, what_a_mail_program_notes_above_goes_too);
	tcase_add_test(tcase, a_part_of_the_lines_is_left_as_it_is);
	tcase_add_test(tcase,
	    another_host_gets_the_seal_and_nobody_here_does);
	tcase_add_test(tcase,
	    another_host_gets_the_signature_and_nothing_of_ours);
	suite_add_tcase(suite, tcase);
	return suite;
}
