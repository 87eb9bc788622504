/*
 * letter_text_test.c - all of a letter that people search
 */
#include <errno.h>
#include <string.h>

#include "lib/message/find.h"
#include "lib/message/letter_text.h"
#include "lib/message/words.h"
#include "tests/unit/unit.h"

/* A message that is read as from a file, a few bytes at a time. */
static int
read_few(void *arg, uint64_t at, size_t most, struct slice *piece_out)
{
	const struct slice *message = arg;

	ck_assert_uint_lt(at, message->len);
	ck_assert_uint_gt(most, 0);
	*piece_out = slice_first(slice_first(slice_after(*message,
	    (size_t)at), most), 7);
	return 0;
}

/* The same comes out as when it is in memory. */
static void
check_from_file(struct slice trace, struct slice message,
    const struct structure *structure, unsigned what, struct slice expected)
{
	struct message_bytes bytes = { .size = message.len,
	    .read = read_few, .arg = &message };
	TEXT_AUTO all = TEXT_INIT(1 << 20);
	struct letter_text lt;
	struct slice piece;
	bool fresh;
	int r;

	letter_text_begin_bytes(&lt, structure, trace, &bytes, what);
	while ((r = letter_text_next(&lt, &piece, &fresh)) == 1) {
		if (fresh)
			text_add_byte(&all, '|');
		text_add(&all, piece);
	}
	ck_assert_int_eq(r, 0);
	letter_text_end(&lt);
	ck_assert(!text_failed(&all));
	ck_assert(slice_is(text_slice(&all), expected));
}

/* All pieces, with a bar before each that begins anew. */
static void
read_all(struct slice trace, struct slice message, unsigned what,
    struct text *all)
{
	TEXT_AUTO packed = TEXT_INIT(STRUCTURE_MOST);
	struct structure structure;
	struct letter_text lt;
	struct slice piece;
	bool fresh;
	int r;

	ck_assert_int_eq(words_open(), 0);
	ck_assert_int_eq(structure_make(message, &packed), 0);
	ck_assert_int_eq(structure_open(text_slice(&packed), &structure), 0);
	letter_text_begin(&lt, &structure, trace, message, what);
	while ((r = letter_text_next(&lt, &piece, &fresh)) == 1) {
		if (fresh)
			text_add_byte(all, '|');
		ck_assert(slice_is_utf8(piece));
		text_add(all, piece);
	}
	ck_assert_int_eq(r, 0);
	ck_assert_int_eq(letter_text_next(&lt, &piece, &fresh), 0);
	letter_text_end(&lt);
	if (all->len < (1 << 20))
		check_from_file(trace, message, &structure, what,
		    text_slice(all));
	words_close();
	ck_assert(!text_failed(all));
}

#define HEAD	"Subject: =?utf-8?q?caf=C3=A9?=\r\n" \
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
#define LETTER	HEAD \
    "--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\n" \
    "Content-Transfer-Encoding: quoted-printable\r\n\r\ncaf=E9 tu=\r\ntup\r\n" \
    "--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" \
    "<b>one</b>two<p>three\r\n" \
    "--b\r\nContent-Type: application/pdf; name=\"other.pdf\"\r\n" \
    "Content-Disposition: attachment;\r\n" \
    " filename*=utf-8''tagihan%20n%C3%B6.pdf\r\n" \
    "Content-Description: =?utf-8?q?a_b?=\r\n" \
    "Content-Transfer-Encoding: base64\r\n\r\nc2VjcmV0\r\n" \
    "--b\r\nContent-Type: message/rfc822\r\n\r\n" \
    "Subject: inner\r\nContent-Type: text/plain; charset=iso-2022-jp\r\n" \
    "\r\n\x1b$B$\"\r\n" \
    "--b\r\nContent-Type: text/plain; charset=utf-16\r\n" \
    "Content-Transfer-Encoding: base64\r\n\r\n" \
    "//5hAAoAYgA=\r\n" \
    "--b--\r\n"

static const struct {
	const char	*trace, *message;
	unsigned	 what;
	const char	*want;
} cases[] = {
	{ "Return-Path: <>\r\n", LETTER, LETTER_TEXT_HEADER,
	    "|Return-Path: <>|Subject: caf\303\251|Content-Type: "
	    "multipart/mixed; boundary=b" },
	{ "Return-Path: <>\r\n", LETTER, LETTER_TEXT_BODY,
	    "||caf\303\251 tutup||<b>one</b>two<p>three|onetwo\nthree"
	    "|tagihan n\303\266.pdf\nother.pdf\na b"
	    "||Subject: inner|Content-Type: text/plain; charset=iso-2022-jp"
	    "|\343\201\202||a\nb" },
	{ "", "Subject: x\r\n\r\nbody", LETTER_TEXT_HEADER | LETTER_TEXT_BODY,
	    "|Subject: x|body" },
	{ "", "From x y\r\nSubject: x\r\n\r\n", LETTER_TEXT_HEADER |
	    LETTER_TEXT_BODY, "|Subject: x|" },
	{ "", "no header", LETTER_TEXT_BODY, "|no header" },
	{ "", "Content-Type: text/plain\r\nContent-Transfer-Encoding: x-uue\r\n"
	    "\r\nas=41", LETTER_TEXT_BODY, "|as=41" },
	{ "", "Content-Type: message/delivery-status\r\n\r\nStatus: 5.0.0\r\n",
	    LETTER_TEXT_BODY, "|Status: 5.0.0\n" },
	{ "", "Content-Type: application/x\r\n\r\nhidden\r\n",
	    LETTER_TEXT_BODY, "" },
	{ "", "Content-Type: multipart/x\r\n\r\nshown\r\n",
	    LETTER_TEXT_BODY, "||shown\n" },
};

START_TEST(a_letter_is_read_in_the_order_it_stands)
{
	TEXT_AUTO all = TEXT_INIT(100000);

	read_all(slice_str(cases[_i].trace), slice_str(cases[_i].message),
	    cases[_i].what, &all);
	ck_assert_msg(slice_is_str(text_slice(&all), cases[_i].want), "%.*s",
	    SLICE_FMT(text_slice(&all)));
}
END_TEST

static const struct {
	const char	*charset, *piece, *utf8;
} charsets[] = {
	{ "utf-8", "\343\201\202", "\343\201\202" },
	{ "utf-8", "caf\303\251 ", "caf\303\251 " },
	{ "iso-8859-1", "\351", "\303\251" },
	{ "us-ascii", "0123456789 ", "0123456789 " },
	{ "utf-8", "line\r\n", "line\n" },
	{ "iso-2022-jp", "\x1b$B$\"\x1b(B\r\n", "\343\201\202\n" },
};

/* A long text comes in many pieces, and nothing is lost between them. */
START_TEST(a_long_text_is_whole)
{
	TEXT_AUTO message = TEXT_INIT(8 << 20);
	TEXT_AUTO all = TEXT_INIT(8 << 20);
	size_t len = strlen(charsets[_i].utf8);

	text_addf(&message, "Content-Type: text/plain; charset=%s\r\n\r\n",
	    charsets[_i].charset);
	for (unsigned i = 0; i < 100000; i++)
		text_add_str(&message, charsets[_i].piece);
	read_all(slice_of(NULL, 0), text_slice(&message), LETTER_TEXT_BODY,
	    &all);
	ck_assert_uint_eq(all.len, 1 + 100000 * len);
	for (size_t i = 0; i < 100000; i++)
		ck_assert(memcmp(all.at + 1 + i * len, charsets[_i].utf8,
		    len) == 0);
}
END_TEST

/* 16 bits each, in both orders, with pairs (RFC 2781) and no line end. */
START_TEST(long_utf16_is_whole)
{
	static const char big[] = "\330\075\336\000", little[] =
	    "\075\330\000\336";
	TEXT_AUTO message = TEXT_INIT(8 << 20);
	TEXT_AUTO all = TEXT_INIT(8 << 20);

	text_addf(&message, "Content-Type: text/plain; charset=%s\r\n\r\n",
	    _i == 0 ? "utf-16be" : "utf-16le");
	text_add(&message, _i == 0 ? slice_of("\0a", 2) : slice_of("a\0", 2));
	for (unsigned i = 0; i < 100000; i++)
		text_add(&message, slice_of(_i == 0 ? big : little, 4));
	read_all(slice_of(NULL, 0), text_slice(&message), LETTER_TEXT_BODY,
	    &all);
	ck_assert_uint_ge(all.len, 2 + 400000);
	for (size_t i = 0; i < 100000; i++)
		ck_assert(memcmp(all.at + 2 + i * 4, "\360\237\230\200",
		    4) == 0);
}
END_TEST

#define COUNT(of)	((int)(sizeof(of) / sizeof((of)[0])))

static int
read_fails(void *arg, uint64_t at, size_t most, struct slice *piece_out)
{
	const uint64_t *fails_at = arg;

	if (at >= *fails_at)
		return -EIO;
	if (most > *fails_at - at)
		most = (size_t)(*fails_at - at);
	*piece_out = slice_first(slice_str("Subject: a\r\n\r\nbody"), most);
	return 0;
}

/* A bad sector is an error, wherever it is, and no end of the letter. */
START_TEST(a_letter_that_cannot_be_read_to_its_end_is_an_error)
{
	struct slice message = slice_str("Subject: a\r\n\r\nbody");
	TEXT_AUTO packed = TEXT_INIT(STRUCTURE_MOST);
	struct structure structure;

	ck_assert_int_eq(words_open(), 0);
	ck_assert_int_eq(structure_make(message, &packed), 0);
	ck_assert_int_eq(structure_open(text_slice(&packed), &structure), 0);
	for (uint64_t at = 0; at < message.len; at++) {
		struct message_bytes bytes = { .size = message.len,
		    .read = read_fails, .arg = &at };
		struct letter_text lt;
		struct slice piece;
		bool fresh;
		int r;

		letter_text_begin_bytes(&lt, &structure, slice_of(NULL, 0),
		    &bytes, LETTER_TEXT_HEADER | LETTER_TEXT_BODY);
		while ((r = letter_text_next(&lt, &piece, &fresh)) == 1)
			;
		ck_assert_int_eq(r, -EIO);
		letter_text_end(&lt);
	}
	words_close();
}
END_TEST

static const struct {
	const char	*field;
	const char	*want;
} meant[] = {
	{ "From: Ann Lee <ann@office.test>", "From: Ann Lee <ann@office.test>" },
	{ "From: <user-from (a)@ (b) domain.org>",
	    "From: <user-from (a)@ (b) domain.org> user-from@domain.org" },
	{ "To: ann @ office . test, ben@office.test",
	    "To: ann @ office . test, ben@office.test ann@office.test" },
	{ "Cc: \"Ann \\\"A\\\" Lee\" <ann@office.test>",
	    "Cc: \"Ann \\\"A\\\" Lee\" <ann@office.test> Ann \"A\" Lee" },
	{ "Bcc: \"ann\"@office.test",
	    "Bcc: \"ann\"@office.test ann@office.test" },
	{ "From: ann@office.test (Ann)", "From: ann@office.test (Ann)" },
	{ "From: (@", "From: (@" },
	/* what is no UTF-8 becomes it, here as there */
	{ "To: (x) a\xe9 @ b", "To: (x) a\xc3\xa9 @ b a\xc3\xa9@b" },
	{ "Subject: a (b) @ c", "Subject: a (b) @ c" },
};

/* RFC 9051 6.4.4: FROM looks at the envelope's address */
START_TEST(an_address_is_read_as_it_is_meant_too)
{
	TEXT_AUTO all = TEXT_INIT(1 << 16);
	TEXT_AUTO message = TEXT_INIT(1 << 16);
	TEXT_AUTO want = TEXT_INIT(1 << 16);

	text_addf(&message, "%s\r\n\r\n", meant[_i].field);
	text_addf(&want, "|%s", meant[_i].want);
	read_all(slice_of(NULL, 0), text_slice(&message), LETTER_TEXT_HEADER,
	    &all);
	ck_assert_msg(slice_is(text_slice(&all), text_slice(&want)),
	    "%.*s", (int)all.len, all.at);
}
END_TEST

/* Letters in which a word stands in some other way than in their bytes. */
static const struct {
	const char	*letter;
	const char	*sought;
	bool		 is_there;
} hidden[] = {
	{ "Subject: a bill\r\n\r\nan invoice\r\n", "invoice", true },
	{ "Subject: a bill\r\n\r\nan in-voice\r\n", "invoice", false },
	{ "Subject: an\r\n invoice\r\n\r\n", "an invoice", true },
	{ "Subject : spaced\r\n\r\n", "subject: spaced", true },
	{ "Subject: =?utf-8?q?inv=6Fice?=\r\n\r\n", "invoice", true },
	{ "Subject: =?x?b?aW4=?= =?x?b?dm9pY2U=?=\r\n\r\n", "invoice",
	    true },
	/* full width letters are folded to ASCII */
	{ "Subject: x\r\n\r\n\xef\xbd\x89\xef\xbd\x8e\xef\xbd\x96oice",
	    "invoice", true },
	{ "From: ann (a) @ (b) office.test\r\n\r\n", "ann@office", true },
	{ "From: \"in\\voice\" <a@b.test>\r\n\r\n", "invoice", true },
	{ "Content-Type: text/html\r\n\r\n<b>inv</b>oice\r\n", "invoice",
	    true },
	{ "Content-Type: text/html\r\n\r\ninv<br>oice\r\n", "invoice",
	    false },
	{ "Content-Type: text/html\r\n\r\n&#105;n&shy;voice", "invoice",
	    true },
	{ "Content-Type: text/html\r\n\r\nan\r\n<i>inv</i>oice\r\nnow",
	    "an invoice now", true },
	{ "Content-Transfer-Encoding: quoted-printable\r\n\r\ninv=\r\noice",
	    "invoice", true },
	{ "Content-Transfer-Encoding: base64\r\n\r\naW52b2ljZQ==", "invoice",
	    true },
	{ "Content-Type: text/plain; charset=utf-7\r\n\r\n+AGk-nvoice",
	    "invoice", true },
	{ "Content-Type: text/plain; charset=\"utf\\-7\"\r\n\r\n+AGk-nvoice",
	    "invoice", true },
	/* U+3250 is folded to PTE */
	{ "Content-Type: text/plain; charset=utf-16be\r\n\r\n2P", "pte",
	    true },
	{ ("Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n"
	    "\x1b$B#i#n#v\x1b(Boice"), "invoice", true },
	{ ("Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
	    "Content-Type: application/x; name*0=inv; name*1=\"oice.x\"\r\n"
	    "\r\nnothing\r\n--x--\r\n"), "invoice", true },
	{ ("Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
	    "Content-Type: application/x; name*=utf-8''%69nvoice.x\r\n"
	    "\r\nnothing\r\n--x--\r\n"), "invoice", true },
	{ ("Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
	    "Content-Type: application/x; name=\"in\\voice.x\"\r\n"
	    "\r\nnothing\r\n--x--\r\n"), "invoice", true },
	{ ("Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
	    "Content-Type: application/x; name=\"in\rvoice.x\"\r\n"
	    "\r\nnothing\r\n--x--\r\n"), "invoice", true },
	{ ("Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\n"
	    "nothing\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n"
	    "Subject: invoice\r\n\r\nit\r\n--x--\r\n"), "invoice", true },
	{ ("Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
	    "Content-Type: application/x\r\n"
	    "\r\ninvoice\r\n--x--\r\n"), "invoice", false },
};

/* Is it found?  With `seeks` only what may have its word is read. */
static bool
is_found(const struct structure *structure, struct slice message,
    const char *sought, bool seeks)
{
	struct letter_text lt;
	struct slice piece, word;
	struct finder f;
	bool fresh, is;
	int r;

	ck_assert_int_eq(finder_begin(&f, slice_str(sought)), 0);
	letter_text_begin(&lt, structure, slice_str("Received: here\r\n"),
	    message, LETTER_TEXT_HEADER | LETTER_TEXT_BODY);
	if (seeks && finder_word(&f, &word))
		letter_text_seek(&lt, &word, 1);
	while ((r = letter_text_next(&lt, &piece, &fresh)) == 1) {
		if (fresh)
			finder_break(&f);
		ck_assert_int_ge(finder_add(&f, piece), 0);
	}
	ck_assert_int_eq(r, 0);
	is = f.found;
	letter_text_end(&lt);
	finder_end(&f);
	return is;
}

START_TEST(what_is_sought_is_never_passed_over)
{
	struct slice message = slice_str(hidden[_i].letter);
	TEXT_AUTO packed = TEXT_INIT(STRUCTURE_MOST);
	struct structure structure;

	ck_assert_int_eq(words_open(), 0);
	ck_assert_int_eq(structure_make(message, &packed), 0);
	ck_assert_int_eq(structure_open(text_slice(&packed), &structure), 0);
	ck_assert(is_found(&structure, message, hidden[_i].sought, false) ==
	    hidden[_i].is_there);
	ck_assert(is_found(&structure, message, hidden[_i].sought, true) ==
	    hidden[_i].is_there);
	words_close();
}
END_TEST

/* What cannot have it is not read: that is what it is for. */
START_TEST(what_is_not_there_is_not_read)
{
	const struct slice message = SLICE("Subject: a bill\r\n\r\n"
	    "of the office\r\n"), word = SLICE("INVOICE");
	TEXT_AUTO packed = TEXT_INIT(STRUCTURE_MOST);
	struct structure structure;
	struct letter_text lt;
	struct slice piece;
	bool fresh;

	ck_assert_int_eq(structure_make(message, &packed), 0);
	ck_assert_int_eq(structure_open(text_slice(&packed), &structure), 0);
	letter_text_begin(&lt, &structure, slice_str("Received: here\r\n"),
	    message, LETTER_TEXT_HEADER | LETTER_TEXT_BODY);
	letter_text_seek(&lt, &word, 1);
	ck_assert_int_eq(letter_text_next(&lt, &piece, &fresh), 0);
	letter_text_end(&lt);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *s = suite_create("letter_text");
	TCase *t = tcase_create("letter_text");

	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, an_address_is_read_as_it_is_meant_too, 0,
	    COUNT(meant));
	tcase_add_loop_test(t, a_letter_is_read_in_the_order_it_stands, 0,
	    COUNT(cases));
	tcase_add_loop_test(t, a_long_text_is_whole, 0, COUNT(charsets));
	tcase_add_loop_test(t, long_utf16_is_whole, 0, 2);
	tcase_add_test(t,
	    a_letter_that_cannot_be_read_to_its_end_is_an_error);
	tcase_add_loop_test(t, what_is_sought_is_never_passed_over, 0,
	    COUNT(hidden));
	tcase_add_test(t, what_is_not_there_is_not_read);
	suite_add_tcase(s, t);
	return s;
}
