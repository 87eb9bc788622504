/*
 * mbox_test.c - an mbox is taken apart where its writer put it together
 */
#include <stdlib.h>
#include <string.h>

#include "lib/message/mbox.h"
#include "tests/unit/unit.h"

#define DATED	"From ann@office.test Tue Jan  2 03:04:05 2024\n"
#define MOST	8		/* messages of a file here */

/* How a file is cut: sizes of its messages, in order. */
static const struct {
	const char	*parts[MOST];
} files[] = {
	{ { DATED "Subject: a\n\nhello\n\n", DATED "Subject: b\n\nx\n" } },
	/* CRLF; the empty line is missing; no end of the last line */
	{ { "From - Tue Jan 02 03:04:05 2024\r\nSubject: a\r\n\r\nx\r\n\r\n",
	    "From - Tue Jan 02 03:04:05 2024\r\nSubject: b\r\n\r\nx\r\n",
	    "From - Tue Jan 02 03:04:05 2024\r\nSubject: c\r\n\r\nx" } },
	/* no date: text, whatever stands around it */
	{ { DATED "Subject: a\n\nOn it goes.\n\nFrom here on it rains.\n"
	    "From: me\n" } },
	/* a date, but neither an empty line nor a header beside it */
	{ { DATED "Subject: a\n\nas he wrote\n"
	    "From joe Tue Jan  2 03:04:05 2024\nand more\n" } },
	/* some Thunderbirds have no date at all */
	{ { "From \nX-Mozilla-Status: 0001\n\nx\n\n",
	    "From \nX-Mozilla-Status: 0001\n\ny\n" } },
	/* zones, in front of the year and behind it, and header dates */
	{ { "From a@b Tue Jan  2 03:04:05 +0700 2024\nA: b\n\nx\n\n",
	    "From a@b Tue Jan  2 03:04:05 2024 +0700\nA: b\n\nx\n\n",
	    "From a@b Tue, 2 Jan 2024 03:04:05 +0700\nA: b\n\nx\n" } },
	/* a message of nothing; quoted lines */
	{ { DATED "\n", DATED ">From a@b Tue Jan  2 03:04:05 2024\n\n",
	    DATED "A: b\n\n>From a@b Tue Jan  2 03:04:05 2024\nC: d\n" } },
};

/* All of it at once, and so many bytes more at a time. */
START_TEST(a_file_is_cut_where_messages_begin)
{
	TEXT_AUTO whole = TEXT_INIT(65536);
	const char *const *parts = files[_i].parts;

	for (size_t i = 0; i < MOST && parts[i] != NULL; i++)
		text_add_str(&whole, parts[i]);
	ck_assert(mbox_begins(text_slice(&whole)));
	for (size_t step = 1; step <= whole.len; step++) {
		struct slice rest = text_slice(&whole);

		for (size_t i = 0; i < MOST && parts[i] != NULL; i++) {
			size_t end = 0, scanned = 0, here = 0;

			do {
				here += step;
				if (here > rest.len)
					here = rest.len;
			} while (!mbox_end(slice_first(rest, here),
			    here == rest.len, &scanned, &end));
			ck_assert_uint_eq(end, strlen(parts[i]));
			rest = slice_after(rest, end);
		}
		ck_assert_uint_eq(rest.len, 0);
	}
}
END_TEST

static const char *const no_files[] = {
	"", "From", "Subject: a\n\nx\n", "From here on it rains.\nIt does.\n",
	">From a@b Tue Jan  2 03:04:05 2024\nA: b\n", ("\n" DATED),
	"From a@b Tue Feb 30 03:04:05 2024\nno field",
};

START_TEST(other_files_are_none)
{
	ck_assert(!mbox_begins(slice_str(no_files[_i])));
}
END_TEST

static const struct {
	const char	*head;		/* of the message */
	const char	*kept;		/* of it */
	unsigned	 marks;
	const char	*keywords;
	bool		 is_gone, is_internal;
} notes[] = {
	{ "Subject: a\n", "Subject: a\n", 0, "", false, false },
	{ "Status: RO\nSubject: a\nX-Status: AF\n", "Subject: a\n",
	    MARK_SEEN | MARK_ANSWERED | MARK_FLAGGED, "", false, false },
	{ "Status: O\nX-Status: TD\nX-UID: 17\n", "", MARK_DRAFT |
	    MARK_DELETED, "", false, false },
	{ "X-Keywords: one  two         \n\t three\nA: b\n", "A: b\n", 0,
	    "one two three", false, false },
	{ "X-IMAPbase: 1 2 one two\nX-Keywords: two\nA: b\n", "A: b\n", 0,
	    "two", false, false },
	{ "X-IMAP: 1 2\nStatus: RO\n", "", MARK_SEEN, "", false, true },
	{ "X-Mozilla-Status: 0007\nX-Mozilla-Status2: 00000000\n"
	    "X-Mozilla-Keys: $label1 NonJunk           \nA: b\n", "A: b\n",
	    MARK_SEEN | MARK_ANSWERED | MARK_FLAGGED, "$label1 NonJunk",
	    false, false },
	{ "x-mozilla-status: 1009\nA: b\n", "A: b\n", MARK_SEEN, "$Forwarded",
	    true, false },
	{ "X-Mozilla-Status: what\nA: b\n", "A: b\n", 0, "", false, false },
	/* what Thunderbird writes of POP3 mail is among its own */
	{ "X-Account-Key: account2\nX-UIDL: 17\nX-Mozilla-Status: 0009\n"
	    "X-Mozilla-Keys: one\nA: b\n",
	    "X-Account-Key: account2\nX-UIDL: 17\nA: b\n", MARK_SEEN, "one",
	    true, false },
	/* senders write such fields, too */
	{ "A: b\nX-Mozilla-Status: 0009\nX-Mozilla-Keys: one\n",
	    "A: b\nX-Mozilla-Status: 0009\nX-Mozilla-Keys: one\n", 0, "",
	    false, false },
	{ "X-Mozilla-Status: 0001\nX-Mozilla-Status: 0009\nA: b\n",
	    "X-Mozilla-Status: 0009\nA: b\n", MARK_SEEN, "", false, false },
	{ "X-Mozilla-Status: 0000\nA: b\nStatus: RO\nX-Status: D\n"
	    "X-Keywords: one\n", "A: b\nStatus: RO\nX-Status: D\n"
	    "X-Keywords: one\n", 0, "", false, false },
	{ "Status: O\nX-Status: \nX-Keywords: \nX-Mozilla-Status: 0009\n"
	    "X-IMAP: 1 2\nA: b\nStatus: RO\nX-Status: D\nX-Keywords: one\n",
	    "X-Mozilla-Status: 0009\nX-IMAP: 1 2\nA: b\nStatus: RO\n"
	    "X-Status: D\nX-Keywords: one\n", 0, "", false, false },
	{ "Received: here\nX-IMAP: 1 2\nStatus: RO\n",
	    "Received: here\nX-IMAP: 1 2\n", MARK_SEEN, "", false, false },
	/* 8-bit text, folding and what is no field stay as they are */
	{ "Subject: \xfcn\n folded\nno field at all\nStatus: R\n",
	    "Subject: \xfcn\n folded\nno field at all\nStatus: R\n", 0, "",
	    false, false },
};

START_TEST(what_was_noted_is_no_part_of_the_message)
{
	TEXT_AUTO whole = TEXT_INIT(4096);
	TEXT_AUTO message = TEXT_INIT(4096);
	TEXT_AUTO keywords = TEXT_INIT(4096);
	struct mbox_message read;
	size_t kept = strlen(notes[_i].kept);

	text_addf(&whole, DATED "%s\nStatus: R\n\n", notes[_i].head);
	mbox_read(text_slice(&whole), MBOX_RD, &read, &message, &keywords);
	ck_assert_uint_eq(message.len, kept + 11);
	ck_assert_mem_eq(message.at, notes[_i].kept, kept);
	ck_assert_mem_eq(message.at + kept, "\nStatus: R\n", 11);
	ck_assert_uint_eq(read.marks, notes[_i].marks);
	ck_assert_int_eq(read.is_gone, notes[_i].is_gone);
	ck_assert_int_eq(read.is_internal, notes[_i].is_internal);
	ck_assert(slice_is_str(text_slice(&keywords), notes[_i].keywords));
}
END_TEST

static const struct {
	const char	*line;
	bool		 has_date, has_zone;
	int64_t		 seconds;
} dates[] = {
	{ "From a@b Tue Jan  2 03:04:05 2024", true, false, 1704164645 },
	{ "From - Tue Jan 02 03:04 2024", true, false, 1704164640 },
	{ "From a b c Tue Jan 2 03:04:05 WIB 2024", true, false, 1704164645 },
	{ "From a@b Tue Jan  2 03:04:05 2024 +0700", true, true, 1704139445 },
	{ "From a@b Tue, 2 Jan 2024 03:04:05 -0130", true, true, 1704170045 },
	{ "From a@b", false, false, 0 },
	{ "From a@b Tue Jan 32 03:04:05 2024", false, false, 0 },
	{ "From a@b Tue Feb 30 03:04:05 2024", false, false, 0 },
	{ "From a@b Tue Jan  2 24:04:05 2024", false, false, 0 },
	{ "From a@b Tue Jan  2 03:04:05", false, false, 0 },
};

/* RFC 4155, appendix A; and what else is written */
START_TEST(the_first_line_says_when_it_came)
{
	TEXT_AUTO whole = TEXT_INIT(4096);
	TEXT_AUTO message = TEXT_INIT(4096);
	TEXT_AUTO keywords = TEXT_INIT(4096);
	struct mbox_message read;

	text_addf(&whole, "%s\r\nA: b\r\n\r\nx\r\n\r\n", dates[_i].line);
	mbox_read(text_slice(&whole), MBOX_RD, &read, &message, &keywords);
	ck_assert_int_eq(read.has_date, dates[_i].has_date);
	ck_assert_int_eq(read.has_zone, dates[_i].has_zone);
	if (read.has_date)
		ck_assert_int_eq(read.seconds, dates[_i].seconds);
	ck_assert(slice_is_str(text_slice(&message), "A: b\r\n\r\nx\r\n"));
}
END_TEST

static const struct {
	enum mbox_quoting quoting;
	const char	*text;
} quotings[] = {
	{ MBOX_RD,	"From a\n>From b\n> From c\n>Fromm\nx >From d\n" },
	{ MBOX_O,	"From a\n>>From b\n> From c\n>Fromm\nx >From d\n" },
	{ MBOX_AS_IS,	">From a\n>>From b\n> From c\n>Fromm\nx >From d\n" },
};

START_TEST(quoted_lines_are_as_they_were)
{
	TEXT_AUTO message = TEXT_INIT(4096);
	TEXT_AUTO keywords = TEXT_INIT(4096);
	struct mbox_message read;

	mbox_read(slice_str(DATED "A: b\n\n>From a\n>>From b\n> From c\n"
	    ">Fromm\nx >From d\n\n"), quotings[_i].quoting, &read, &message,
	    &keywords);
	ck_assert(slice_is_str(slice_after(text_slice(&message), 6),
	    quotings[_i].text));
}
END_TEST

#define LOOP(test, rows) tcase_add_loop_test(tests, test, 0, \
	sizeof(rows) / sizeof((rows)[0]))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("lib/message/mbox");
	TCase *tests = tcase_create("mbox");

	LOOP(a_file_is_cut_where_messages_begin, files);
	LOOP(other_files_are_none, no_files);
	LOOP(what_was_noted_is_no_part_of_the_message, notes);
	LOOP(the_first_line_says_when_it_came, dates);
	LOOP(quoted_lines_are_as_they_were, quotings);
	suite_add_tcase(suite, tests);
	return suite;
}
