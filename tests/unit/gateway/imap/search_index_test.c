/*
 * search_index_test.c - SEARCH says the same with the search index and without
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/search.h"
#include "store/search_file.h"
#include "tests/unit/gateway/imap/office.h"
#include "tests/unit/unit.h"

static bool
has(struct slice s, const char *part)
{
	return slice_find_str(s, part) != SIZE_MAX;
}

static const char *const subjects[] = {
	"Tagihan bulan ini", "=?utf-8?q?Caf=C3=A9_tutup?=",
	"=?iso-2022-jp?b?GyRCRnxLXBsoQg==?=", "Re: INVOICE-17", "",
};
static const char *const bodies[] = {
	"Content-Type: text/plain; charset=iso-8859-1\r\n\r\nStra\337e\r\n",
	"Content-Type: text/html; charset=utf-8\r\n\r\n<b>inv</b>oice\r\n",
	"Content-Type: application/pdf; name=\"laporan.pdf\"\r\n\r\nhidden\r\n",
	"\r\nthe invoice, the office\r\n",
	"Content-Transfer-Encoding: base64\r\n\r\naW52b2ljZQ==\r\n",
	"X-Office: Jakarta\r\n\r\n\r\n", "\r\n",
};

static void
deliver_many(void)
{
	for (unsigned i = 0; i < 140; i++) {
		TEXT_AUTO letter = TEXT_INIT(1000);

		text_addf(&letter, "Subject: %s\r\n%s", subjects[i % 5],
		    bodies[i % 7]);
		imap_deliver(text_slice(&letter), 0);
	}
}

/* Make the index; a big letter's file is `fd`. */
static void
index_all(int fd)
{
	int r;

	while ((r = search_step(imap_office.account)) != SEARCH_DONE) {
		ck_assert_int_ge(r, 0);
		if (r == SEARCH_WANTS_BIG)
			search_take_big(imap_office.account, dup(fd));
	}
	ck_assert_int_eq(faccessat(imap_office.folder_fd, SEARCH_FILE, F_OK,
	    0), 0);
}

static const char *const searches[] = {
	"TEXT invoice", "BODY invoice", "SUBJECT invoice", "TEXT \"NVOIC\"",
	"HEADER Subject tagihan", "HEADER X-Office \"\"",
	"HEADER X-Office jakarta", "NOT TEXT invoice",
	"OR BODY laporan SUBJECT tutup", "OR NOT TEXT office BODY nowhere",
	"TEXT nowhere", "NOT TEXT nowhere", "BODY \", the \"",
	"TEXT \"office\" BODY \"invoice\"",
	"CHARSET UTF-8 TEXT {5+}\r\ncaf\303\251",
	"CHARSET UTF-8 BODY {7+}\r\nstra\303\237e",
	"CHARSET UTF-8 SUBJECT {6+}\r\n\346\227\245\346\234\254",
	"TEXT \"--\"", "BODY \"\"", "FROM nobody", "TEXT Received",
	"UID 100:* TEXT invoice",
};

START_TEST(an_index_changes_no_answer)
{
	TEXT_AUTO say = TEXT_INIT(1000);
	TEXT_AUTO want = TEXT_INIT(10000);

	deliver_many();
	imap_select(0);
	text_addf(&say, "a SEARCH %s\r\n", searches[_i]);
	text_add_byte(&say, '\0');
	text_add(&want, imap_ask(0, say.at, "a OK"));
	ck_assert(has(text_slice(&want), "SEARCH"));
	index_all(-1);
	ck_assert(slice_is(imap_ask(0, say.at, "a OK"), text_slice(&want)));
	imap_deliver(slice_str("Subject: office invoice\r\n\r\nnowhere\r\n"),
	    0);
	(void)imap_ask(0, "b NOOP\r\n", "b OK");
	text_clear(&want);
	text_add(&want, imap_ask(0, say.at, "a OK"));
	/* what it does not know is read all the same */
	ck_assert(_i != 10 || has(text_slice(&want), "SEARCH 141\r\n"));
}
END_TEST

/* What the index knows of a letter need not be asked for. */
START_TEST(a_letter_that_is_excluded_is_not_read)
{
	deliver_many();
	imap_deliver_big();
	imap_select(0);
	imap_office.big_refusal = -EIO;
	ck_assert(has(imap_ask(0, "a SEARCH TEXT nowhere\r\n", "a OK"),
	    "could not be read"));
	index_all(imap_office.big_fd);
	ck_assert(!has(imap_ask(0, "b SEARCH TEXT nowhere\r\n", "b OK"),
	    "could not be read"));
	ck_assert(has(imap_ask(0, "c SEARCH TEXT needle\r\n", "c OK"),
	    "could not be read"));
	imap_office.big_refusal = 0;
	ck_assert(has(imap_ask(0, "d SEARCH TEXT needle\r\n", "d OK"),
	    "SEARCH 141\r\n"));
}
END_TEST

/* A file that goes while somebody searches is no reason to fail. */
START_TEST(an_index_that_is_damaged_is_not_believed)
{
	char junk[16384];
	int fd;

	deliver_many();
	imap_select(0);
	index_all(-1);
	fd = openat(imap_office.folder_fd, SEARCH_FILE, O_WRONLY);
	ck_assert_int_ge(fd, 0);
	memset(junk, 'j', sizeof(junk));
	ck_assert_int_eq(pwrite(fd, junk, sizeof(junk), 0), sizeof(junk));
	ck_assert_int_eq(close(fd), 0);
	ck_assert(has(imap_ask(0, "a SEARCH RETURN (COUNT) TEXT laporan\r\n",
	    "a OK"), "COUNT 20\r\n"));
	ck_assert(has(imap_ask(0, "b SEARCH RETURN (COUNT) TEXT laporan\r\n",
	    "b OK"), "COUNT 20\r\n"));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("imap/search_index");
	TCase *tcase = tcase_create("all");

	tcase_add_checked_fixture(tcase, imap_office_open, imap_office_close);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, an_index_changes_no_answer, 0,
	    (int)(sizeof(searches) / sizeof(searches[0])));
	tcase_add_test(tcase, a_letter_that_is_excluded_is_not_read);
	tcase_add_test(tcase, an_index_that_is_damaged_is_not_believed);
	suite_add_tcase(suite, tcase);
	return suite;
}
