/*
 * fetch_test.c - FETCH of many messages: in runs, and one by itself
 *
 * A letter is told by itself the first time, since it has no structure yet, and
 * within a run from then on: asked twice, both ways must say the same.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/gateway/imap/office.h"
#include "tests/unit/unit.h"

#define LETTERS		60	/* more than one piece that is sent */

static bool
has(struct slice s, const char *part)
{
	return slice_find_str(s, part) != SIZE_MAX;
}

/* Letters of all sorts; every seventh of 20 KB, the last without a line end. */
static void
deliver_many(void)
{
	TEXT_AUTO body = TEXT_INIT(1 << 17);

	for (int i = 1; i <= LETTERS; i++) {
		text_clear(&body);
		text_addf(&body, "Subject: %d\r\nFrom: a@b.example\r\n"
		    "X-Folded: a\r\n b\r\n", i);
		if (i % 2 == 0)
			text_add_str(&body, "Content-Type: multipart/mixed; "
			    "boundary=b\r\n\r\n--b\r\n\r\nin words\r\n--b\r\n"
			    "Content-Transfer-Encoding: base64\r\n\r\n"
			    "QUJD\r\nREU=\r\n--b--\r\n");
		else
			text_add_str(&body, "\r\nin few words\r\n");
		for (int j = 0; i % 7 == 0 && j < 1000; j++)
			text_add_str(&body, "twenty bytes, a line\r\n");
		if (i == LETTERS)
			text_add_str(&body, "no end");
		imap_deliver(text_slice(&body), 0);
	}
}

static const char *const items[] = {
	"UID BODY.PEEK[HEADER.FIELDS (Subject x-folded)]",
	"BODY.PEEK[] FLAGS", "RFC822.SIZE BODY.PEEK[TEXT] BODY.PEEK[HEADER]",
	"BODY.PEEK[HEADER.FIELDS.NOT (\"From\")]<5.20> ENVELOPE",
	"BODY.PEEK[2] BODY.PEEK[2.MIME] BODY.PEEK[1.1] BODY.PEEK[1]<3.4>",
	"BINARY.PEEK[2] BINARY.SIZE[2] BINARY.PEEK[1]<2.3> BINARY.PEEK[3]",
	"PREVIEW INTERNALDATE EMAILID", "RFC822.HEADER BODYSTRUCTURE BODY",
};

START_TEST(a_run_tells_what_each_letter_by_itself_is_told_with)
{
	TEXT_AUTO say = TEXT_INIT(1024);
	TEXT_AUTO first = TEXT_INIT(1 << 20);

	deliver_many();
	imap_select(0);
	text_addf(&say, "a FETCH 1:* (%s)\r\n", items[_i]);
	text_add_byte(&say, '\0');
	text_add(&first, imap_ask(0, say.at, "\r\na OK"));
	ck_assert_uint_gt(first.len, (size_t)LETTERS * 50);
	for (int i = 0; i < 2; i++)
		ck_assert(slice_is(imap_ask(0, say.at, "\r\na OK"),
		    text_slice(&first)));
	ck_assert_uint_eq(imap_office.steps.len, 0);
}
END_TEST

/* RFC 9051 6.4.5: the flag is told with what has set it */
START_TEST(who_reads_many_marks_them_all)
{
	struct slice got;
	TEXT_AUTO want = TEXT_INIT(1 << 12);

	deliver_many();
	imap_select(0);
	(void)imap_ask(0, "s STORE 1,40 +FLAGS.SILENT (\\Seen)\r\n", "s OK");
	(void)imap_ask(0, "b FETCH 1:* (BODY)\r\n", "\r\nb OK");
	got = imap_ask(0, "a FETCH 1:* (BODY[1])\r\n", "\r\na OK");
	ck_assert(has(got, "* 1 FETCH (BODY[1] {14}\r\nin few words\r\n)\r\n"
	    "* 2 FETCH (FLAGS (\\Seen \\Recent) BODY[1] {8}\r\nin words)\r\n"));
	ck_assert(has(got, "* 40 FETCH (BODY[1] {8}\r\nin words)\r\n"));
	for (int i = 1; i <= LETTERS; i++)
		if (i != 1 && i != 40)
			text_addf(&want, "read %d\n", i);
	ck_assert(slice_is(text_slice(&imap_office.steps),
	    text_slice(&want)));
}
END_TEST

START_TEST(a_big_letter_among_others_keeps_its_place)
{
	struct slice got;
	const char *at;

	deliver_many();
	imap_deliver_big();
	imap_deliver(slice_str("Subject: last\r\n\r\nlast\r\n"), 0);
	imap_select(0);
	(void)imap_ask(0, "b FETCH 1:* (BODY)\r\n", "\r\nb OK");
	got = imap_ask(0, "a FETCH 1:* (BODY.PEEK[])\r\n", "\r\na OK");
	at = got.at;
	for (int i = 1; i <= LETTERS + 2; i++) {
		TEXT_AUTO want = TEXT_INIT(100);
		size_t place;

		text_addf(&want, "* %d FETCH (BODY[] {", i);
		text_add_byte(&want, '\0');
		place = slice_find_str(slice_of(at, got.len -
		    (size_t)(at - got.at)), want.at);
		ck_assert_uint_ne(place, SIZE_MAX);
		at += place;
	}
	ck_assert_uint_gt(got.len, IMAP_BIG_SIZE);
}
END_TEST

/* What is asked for often is told in pieces, and as often. */
START_TEST(a_letter_may_be_asked_for_many_times_over)
{
	TEXT_AUTO body = TEXT_INIT(1 << 18);
	TEXT_AUTO say = TEXT_INIT(4096);
	struct slice got;

	text_add_str(&body, "Subject: x\r\n\r\n");
	for (int i = 0; i < 5000; i++)
		text_add_str(&body, "twenty bytes, a line\r\n");
	imap_deliver(text_slice(&body), 0);
	imap_select(0);
	text_add_str(&say, "a FETCH 1 (UID");
	for (int i = 0; i < 90; i++)
		text_add_str(&say, " BODY.PEEK[]");
	text_add_str(&say, ")\r\n");
	text_add_byte(&say, '\0');
	for (int i = 0; i < 2; i++) {
		got = imap_ask(0, say.at, "\r\na OK");
		ck_assert_uint_gt(got.len, 90 * body.len);
		ck_assert_uint_lt(got.len, 90 * (body.len + 50));
	}
}
END_TEST

/* A damaged letter is one letter less, and its neighbours are whole. */
START_TEST(a_damaged_letter_in_a_run_is_passed_over)
{
	struct slice got;
	char segment[8192];
	ssize_t n;
	const char *at;
	int fd;

	for (int i = 0; i < 5; i++)
		imap_deliver(slice_str(i == 2 ? "Subject: marked\r\n\r\nx\r\n" :
		    "Subject: sound\r\n\r\nx\r\n"), 0);
	imap_select(0);
	(void)imap_ask(0, "b FETCH 1:* (ENVELOPE)\r\n", "\r\nb OK");
	imap_deliver(slice_str("Subject: newer\r\n\r\nx\r\n"), 0);
	(void)imap_ask(0, "n NOOP\r\n", "n OK");
	fd = openat(imap_office.folder_fd, "letters/0001.seg", O_RDWR);
	ck_assert_int_ge(fd, 0);
	n = read(fd, segment, sizeof(segment));
	ck_assert_int_gt(n, 0);
	at = memmem(segment, (size_t)n, "marked", 6);
	ck_assert_ptr_nonnull(at);
	ck_assert_int_eq(pwrite(fd, "M", 1, at - segment), 1);
	(void)close(fd);
	ck_assert(has(imap_ask(0, "c FETCH 6 (BODY.PEEK[TEXT])\r\n",
	    "\r\nc OK"), "* 6 FETCH (BODY[TEXT] {3}\r\nx\r\n)\r\n"));
	got = imap_ask(0, "a FETCH 1:5 (BODY.PEEK[TEXT])\r\n", "\r\na NO");
	ck_assert(has(got, "* 2 FETCH (BODY[TEXT] {3}\r\nx\r\n)\r\n"
	    "* 4 FETCH (BODY[TEXT] {3}\r\nx\r\n)\r\n* 5 FETCH "));
	ck_assert(has(got, "a NO a letter is damaged"));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("fetch");
	TCase *tcase = tcase_create("fetch");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, imap_office_open, imap_office_close);
	tcase_add_loop_test(tcase,
	    a_run_tells_what_each_letter_by_itself_is_told_with, 0,
	    sizeof(items) / sizeof(items[0]));
	tcase_add_test(tcase, who_reads_many_marks_them_all);
	tcase_add_test(tcase, a_big_letter_among_others_keeps_its_place);
	tcase_add_test(tcase, a_letter_may_be_asked_for_many_times_over);
	tcase_add_test(tcase, a_damaged_letter_in_a_run_is_passed_over);
	suite_add_tcase(suite, tcase);
	return suite;
}
