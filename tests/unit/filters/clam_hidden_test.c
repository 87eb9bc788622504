/*
 * clam_hidden_test.c - a virus behind broken structure is found
 *
 * HARDENING A62: a hundred and more ways in which two readers of one message
 * see other parts.  Some reader opens the file; so the scanner has to.  In a
 * row, {E} is the test file as it is, {B} in base64, {1} that in one line, {C}
 * with a line end of CR, {N} of LF only, {J} with junk in every line, {P} in
 * padded pieces, {T} without its last pad, {Q} in quoted-printable, {H} each
 * byte of it escaped, {U} in uuencode, {M} a part in base64 with its header,
 * {0} a NUL.
 */
#include <stdio.h>

#include "tests/unit/filters/clam_fixture.h"

#define ROOM	(1u << 20)

static struct scratch signatures, temporary;
static struct clam *clam;

static void
set_up(void)
{
	signatures = scratch_new();
	temporary = scratch_new();
	eicar_write(signatures.fd);
	clam = clam_load_from(&signatures, &temporary);
}

static void
tear_down(void)
{
	clam_free(clam);
	scratch_drop(&signatures);
	scratch_drop(&temporary);
}

/* The header of a message, up to its MIME fields. */
#define HEAD	"From: a@example.org\r\nTo: b@example.org\r\n" \
		"Subject: hello\r\nMIME-Version: 1.0\r\n"
#define TEXT	"--q\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
#define MIXED	"Content-Type: multipart/mixed; boundary=\"q\"\r\n\r\n"
#define TYPE	"Content-Type: application/octet-stream\r\n"
#define CTE	"Content-Transfer-Encoding: "
#define END	"\r\n--q--\r\n"
/* An attachment with this instead of the encoding's field, or field and body */
#define ENCODED(fields)	HEAD MIXED TEXT "--q\r\n" TYPE fields \
			"\r\n\r\n{B}" END
#define BODY(body)	HEAD MIXED TEXT "--q\r\n" TYPE CTE "base64\r\n\r\n" \
			body END
#define PRINTED(body)	HEAD MIXED TEXT "--q\r\n" TYPE CTE \
			"quoted-printable\r\n\r\n" body END
/* A whole multipart whose type is written like this. */
#define PARTS(type, delimiter) HEAD type "\r\n\r\n" delimiter \
			"\r\nContent-Type: text/plain\r\n\r\nhello\r\n" \
			delimiter "\r\n{M}\r\n" delimiter "--\r\n"

static const char *const rows[] = {
	/* how the encoding is named */
	ENCODED(CTE "base64"),
	ENCODED(CTE "7bit\r\n" CTE "base64"),
	ENCODED(CTE "base64\r\n" CTE "7bit"),
	ENCODED(CTE "base64\r\n" CTE "quoted-printable"),
	ENCODED(CTE "base64 (comment)"),
	ENCODED(CTE "(comment) base64"),
	ENCODED(CTE "(7bit)base64"),
	ENCODED(CTE "\"base64\""),
	ENCODED(CTE "'base64'"),
	ENCODED(CTE "base64;"),
	ENCODED(CTE "base64; x=y"),
	ENCODED(CTE "base64, 7bit"),
	ENCODED(CTE "7bit, base64"),
	ENCODED(CTE "7bit base64"),
	ENCODED(CTE "bAsE64"),
	ENCODED(CTE "x-base64"),
	ENCODED(CTE "base-64"),
	ENCODED(CTE "base64."),
	ENCODED(CTE "\r\n base64"),
	ENCODED(CTE "\r\n\t\r\n base64"),
	ENCODED(CTE "base64\r\n\t "),
	ENCODED(CTE "base64 \t "),
	ENCODED(CTE "base64\v"),
	ENCODED(CTE "base64{0}"),
	ENCODED(CTE "{0}base64"),
	ENCODED(CTE "=?us-ascii?q?base64?="),
	ENCODED("Content-Transfer-Encoding : base64"),
	ENCODED("Content-Transfer-Encoding\t: base64"),
	ENCODED("Content-Transfer-Encoding:base64"),
	ENCODED("CONTENT-TRANSFER-ENCODING: BASE64"),
	ENCODED("Content-Transfer-Encoding{0}: base64"),
	ENCODED("Content-Transfer-Encoding\240: base64"),
	ENCODED("Content-Transfer-Encoding=base64"),
	ENCODED("Content-Transfer-Encoding base64"),
	ENCODED("X: y\r" CTE "base64"),
	ENCODED("X: y\n" CTE "base64"),
	ENCODED(CTE "7bit\r" CTE "base64"),
	ENCODED("X: y\r\r\n" CTE "base64"),
	ENCODED("junk\r\n" CTE "base64"),
	ENCODED("From a@example.org\r\n" CTE "base64"),
	ENCODED(">From a@example.org\r\n" CTE "base64"),
	ENCODED(": nothing\r\n" CTE "base64"),
	ENCODED("X:\r\n  \r\n" CTE "base64"),
	ENCODED("\f\r\n" CTE "base64"),
	ENCODED(" X: y\r\n" CTE "base64"),
	ENCODED("X: \"y\r\n" CTE "base64"),
	ENCODED("X: (y\r\n" CTE "base64"),
	/* how the type is written */
	ENCODED("Content-Type: text/plain; charset=utf-16\r\n" CTE "base64"),
	ENCODED("Content-Type: text/plain; charset=utf-7\r\n" CTE "base64"),
	ENCODED("Content-Type: message/rfc822\r\n" CTE "base64"),
	ENCODED("Content-Type: multipart/mixed\r\n" CTE "base64"),
	ENCODED("Content-Type: multipart/mixed; boundary=z\r\n" CTE "base64"),
	ENCODED("Content-Disposition: attachment;\r\n filename*0=a;\r\n"
	    " filename*1=.exe\r\n" CTE "base64"),
	ENCODED("Content-Disposition: attachment;\r\n filename*0*=utf-8''a%2e;"
	    "\r\n filename*1=exe\r\n" CTE "base64"),
	ENCODED("Content-Disposition: attachment; filename=\"a\r\n b.exe\"\r\n"
	    CTE "base64"),
	ENCODED("Content-Disposition: attachment; filename=\"a\"; "
	    "filename=\"b.exe\"\r\n" CTE "base64"),
	/* how the body is written */
	BODY("{1}"),
	BODY("{C}"),
	BODY("{N}"),
	BODY("{J}"),
	BODY("{P}"),
	BODY("{T}"),
	BODY("===={B}"),
	BODY("\r\n\r\n\r\n{B}"),
	BODY("  {B}"),
	BODY("{0}{0}{B}"),
	BODY("\357\273\277{B}"),
	BODY("{B}====\r\n{B}"),
	BODY("{B}-- \r\nsent from my office"),
	BODY("{B}\r\n.\r\n"),
	PRINTED("{Q}"),
	PRINTED("{H}"),
	PRINTED("= \r\n{H}"),
	PRINTED("=\n{Q}"),
	PRINTED("=\r\n=\r\n{H}=\r\n"),
	PRINTED("{Q}=ZZ=\r\n"),
	PRINTED("{E}=3D="),
	/* where the header ends */
	HEAD MIXED TEXT "--q\r\n" TYPE CTE "base64\r\n{B}" END,
	HEAD MIXED TEXT "--q\r\n" TYPE CTE "base64\r\n \r\n{B}" END,
	HEAD MIXED TEXT "--q\r\n" TYPE CTE "base64\r\n\t\r\n{B}" END,
	HEAD MIXED TEXT "--q\r\n\r\n" TYPE CTE "base64\r\n\r\n{B}" END,
	HEAD MIXED TEXT "--q\r\n \r\n" TYPE CTE "base64\r\n\r\n{B}" END,
	HEAD MIXED TEXT "--q\r\n" TYPE CTE "base64\r\r{B}" END,
	HEAD MIXED TEXT "--q\r\n" TYPE CTE "base64\n\n{B}" END,
	HEAD MIXED TEXT "--q\r\n" TYPE CTE "base64\n\r{B}" END,
	HEAD MIXED TEXT "--q\r\n" TYPE CTE "base64\r\r\n\r\r\n{B}" END,
	HEAD MIXED TEXT "--q\r\n" TYPE CTE "base64\r\njunk\r\n\r\n{B}" END,
	"\r\n" HEAD MIXED TEXT "--q\r\n{M}" END,
	"\r\n\r\n" HEAD MIXED TEXT "--q\r\n{M}" END,
	" \r\n" HEAD MIXED TEXT "--q\r\n{M}" END,
	"junk\r\n" HEAD MIXED TEXT "--q\r\n{M}" END,
	"\357\273\277" HEAD MIXED TEXT "--q\r\n{M}" END,
	"From a@example.org Thu Jan  1 00:00:00 1970\r\n" HEAD MIXED TEXT
	    "--q\r\n{M}" END,
	HEAD "\r\n" MIXED TEXT "--q\r\n{M}" END,
	HEAD "junk\r\n" MIXED TEXT "--q\r\n{M}" END,
	HEAD "X: y\r" MIXED TEXT "--q\r\n{M}" END,
	/* how the boundary is named */
	PARTS("Content-Type: multipart/mixed; boundary=q", "--q"),
	PARTS("Content-Type: multipart/mixed; boundary=\"q \"", "--q"),
	PARTS("Content-Type: multipart/mixed; boundary=\" q\"", "-- q"),
	PARTS("Content-Type: multipart/mixed; boundary=\" q\"", "--q"),
	PARTS("Content-Type: multipart/mixed; boundary=q (x)", "--q"),
	PARTS("Content-Type: multipart/mixed; boundary=(x)q", "--q"),
	PARTS("Content-Type: multipart/mixed; boundary=q(x)", "--q(x)"),
	PARTS("Content-Type: multipart/mixed; (x) boundary (y) = q", "--q"),
	PARTS("Content-Type: multipart/mixed; (; boundary=z) boundary=q",
	    "--q"),
	PARTS("Content-Type: multipart/mixed; boundary=z; boundary=q", "--q"),
	PARTS("Content-Type: multipart/mixed; boundary=q; boundary=z", "--q"),
	PARTS("Content-Type: multipart/mixed; x=\"; boundary=q; y=\"", "--q"),
	PARTS("Content-Type: multipart/mixed; x=\"; boundary=z\"; boundary=q",
	    "--q"),
	PARTS("Content-Type: multipart/mixed; boundary*0=q; boundary*1=r",
	    "--qr"),
	PARTS("Content-Type: multipart/mixed; boundary*1=r; boundary*0=q",
	    "--qr"),
	PARTS("Content-Type: multipart/mixed; boundary*0=q; boundary*2=r",
	    "--q"),
	PARTS("Content-Type: multipart/mixed; boundary*=us-ascii''q", "--q"),
	PARTS("Content-Type: multipart/mixed; boundary*=us-ascii''%71", "--q"),
	PARTS("Content-Type: multipart/mixed; boundary*0*=us-ascii''%71; "
	    "boundary*1=r", "--qr"),
	PARTS("Content-Type: multipart/mixed; boundary=z; boundary*=''q",
	    "--q"),
	PARTS("Content-Type: multipart/mixed; boundary=\"a\\\"q\"", "--a\"q"),
	PARTS("Content-Type: multipart/mixed; boundary=\"\\q\"", "--q"),
	PARTS("Content-Type: multipart/mixed; boundary=\"\\q\"", "--\\q"),
	PARTS("Content-Type: multipart/mixed; boundary='q'", "--'q'"),
	PARTS("Content-Type: multipart/mixed; boundary='q'", "--q"),
	PARTS("Content-Type: multipart/mixed; boundary=\"q", "--q"),
	PARTS("Content-Type: multipart/mixed; boundary=\"q;x\"", "--q;x"),
	PARTS("Content-Type: multipart/mixed; boundary=q r", "--q"),
	PARTS("Content-Type: multipart/mixed; boundary=q r", "--q r"),
	PARTS("Content-Type: multipart/mixed; boundary=q/r", "--q/r"),
	PARTS("Content-Type: multipart/mixed; boundary=\"\"", "--"),
	PARTS("Content-Type: multipart/mixed; boundary=", "--"),
	PARTS("Content-Type: multipart/mixed", "--q"),
	PARTS("Content-Type: multipart/mixed; boundary=q{0}", "--q"),
	PARTS("Content-Type: multipart/mixed; boundary=q{0}r", "--q"),
	PARTS("Content-Type: multipart/mixed; boundary=q\200", "--q\200"),
	PARTS("Content-Type: multipart/mixed; boundary=q\r\n r", "--q"),
	PARTS("Content-Type: multipart/mixed; boundary=\r\n q", "--q"),
	PARTS("Content-Type: multipart/mixed;\r\n\tboundary=\"\r\n q\"",
	    "-- q"),
	PARTS("Content-Type: multipart/mixed;\r\n\tboundary=\"\r\n q\"",
	    "--q"),
	PARTS("Content-Type: multipart/mixed; BOUNDARY=q", "--q"),
	PARTS("Content-Type: multipart/mixed; boundary =q", "--q"),
	PARTS("Content-Type: multipart/mixed; boundary:q", "--q"),
	PARTS("Content-Type: multipart/mixed boundary=q", "--q"),
	PARTS("Content-Type: multipart/mixed;; boundary=q", "--q"),
	PARTS("Content-Type: multipart/mixed, boundary=q", "--q"),
	PARTS("Content-Type: multipart/mixed; charset=x, boundary=q", "--q"),
	PARTS("Content-Type: multipart/mixed; boundary=?us-ascii?q?q?=",
	    "--q"),
	PARTS("Content-Type: multipart/mixed; boundary=q", "--Q"),
	/* a boundary longer than RFC 2046 5.1.1 has it, and than we take */
	PARTS("Content-Type: multipart/mixed; boundary="
	    "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq"
	    "qqqqqqqqqqqqqqqqqqqqqqqq",
	    "--qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq"
	    "qqqqqqqqqqqqqqqqqqqqqqqqqqqq"),
	/* and the type */
	PARTS("Content-Type: multipart/x-own; boundary=q", "--q"),
	PARTS("Content-Type: multipart/digest; boundary=q", "--q"),
	PARTS("Content-Type: multipart/(x)mixed; boundary=q", "--q"),
	PARTS("Content-Type: multipart / mixed; boundary=q", "--q"),
	PARTS("Content-Type: (x) multipart/mixed; boundary=q", "--q"),
	PARTS("Content-Type: multipart; boundary=q", "--q"),
	PARTS("Content-Type: multipart/; boundary=q", "--q"),
	PARTS("Content-Type: /mixed; boundary=q", "--q"),
	PARTS("Content-Type: text/plain; boundary=q", "--q"),
	PARTS("Content-Type: \"multipart/mixed\"; boundary=q", "--q"),
	PARTS("Content-Type: =?us-ascii?q?multipart/mixed?=; boundary=q",
	    "--q"),
	PARTS("Content-Type: text/plain\r\nContent-Type: multipart/mixed; "
	    "boundary=q", "--q"),
	PARTS("Content-Type: multipart/mixed; boundary=q\r\n"
	    "Content-Type: text/plain", "--q"),
	PARTS("Content-Type: multipart/mixed; boundary=z\r\n"
	    "Content-Type: multipart/mixed; boundary=q", "--q"),
	PARTS("Content-Type : multipart/mixed; boundary=q", "--q"),
	PARTS("Content-Type\t: multipart/mixed; boundary=q", "--q"),
	PARTS("Content-Type{0}: multipart/mixed; boundary=q", "--q"),
	PARTS("Content-Type: multipart/mixed;\r\nboundary=q", "--q"),
	PARTS("Content-Type: multipart/mixed; boundary=q\r\n" CTE "base64",
	    "--q"),
	PARTS("Content-Type: multipart/mixed; boundary=q\r\n" CTE
	    "quoted-printable", "--q"),
	PARTS("Content-Type: multipart/mixed; boundary=q{0}\r\nX: ", "--q"),
	/* what stands between the parts */
	HEAD MIXED TEXT "--q \r\n{M}" END,
	HEAD MIXED TEXT "--q\t\r\n{M}" END,
	HEAD MIXED TEXT "--q junk\r\n{M}" END,
	HEAD MIXED TEXT "--q\v\r\n{M}" END,
	HEAD MIXED TEXT "--q\n{M}\n--q--\n",
	HEAD MIXED TEXT "--q\r{M}\r--q--\r",
	HEAD MIXED TEXT "\r--q\r\n{M}" END,
	HEAD MIXED TEXT " --q\r\n{M}" END,
	HEAD MIXED TEXT "--q{0}\r\n{M}" END,
	HEAD MIXED TEXT "--q\r\n{M}",
	HEAD MIXED TEXT "--q\r\n{M}\r\n--q",
	HEAD MIXED TEXT "--q--\r\n--q\r\n{M}" END,
	HEAD MIXED TEXT "--q--\r\n\r\n{M}\r\n",
	HEAD MIXED TEXT "--q-- \r\n{M}" END,
	HEAD MIXED TEXT "--q--junk\r\n{M}" END,
	HEAD MIXED "{M}\r\n" TEXT "--q--\r\n",
	HEAD MIXED "\r\n--z\r\n{M}\r\n--z--\r\n" TEXT "--q--\r\n",
	HEAD MIXED TEXT "--q--\r\n--z\r\n{M}\r\n--z--\r\n",
	HEAD MIXED TEXT "--q\r\n" MIXED "--q\r\n{M}" END END,
	HEAD MIXED TEXT "--q\r\nContent-Type: multipart/mixed; boundary=qq\r\n"
	    "\r\n--qq\r\n{M}\r\n--qq--" END,
	HEAD "Content-Type: multipart/mixed; boundary=qq\r\n\r\n--qq\r\n"
	    MIXED TEXT "--q\r\n{M}" END "--qq--\r\n",
	HEAD MIXED TEXT "--q\r\nContent-Type: multipart/mixed; boundary=qq\r\n"
	    "\r\n--q\r\n{M}\r\n--q--\r\n--qq--" END,
	HEAD MIXED TEXT "--q\r\nContent-Type: multipart/mixed; boundary=\"q \""
	    "\r\n\r\n--q \r\n{M}\r\n--q --\r\n" END,
	/* a message in a message */
	HEAD MIXED TEXT "--q\r\nContent-Type: message/rfc822\r\n\r\n" HEAD
	    "{M}" END,
	HEAD MIXED TEXT "--q\r\nContent-Type: message/rfc822\r\n\r\n\r\n" HEAD
	    "{M}" END,
	HEAD MIXED TEXT "--q\r\nContent-Type: message/global\r\n\r\n" HEAD
	    "{M}" END,
	HEAD MIXED TEXT "--q\r\nContent-Type: message/rfc822\r\n" CTE
	    "quoted-printable\r\n\r\n" HEAD "{M}" END,
	HEAD MIXED TEXT "--q\r\nContent-Type: message/rfc822\r\n" CTE
	    "base64\r\n\r\n" HEAD "{M}" END,
	HEAD MIXED TEXT "--q\r\nContent-Type: text/rfc822-headers\r\n\r\n" HEAD
	    "{M}" END,
	HEAD MIXED TEXT "--q\r\nContent-Type: text/plain\r\n\r\n" HEAD
	    "{M}" END,
	/* no parts at all */
	HEAD TYPE CTE "base64\r\n\r\n{B}",
	HEAD CTE "base64\r\n\r\n{B}",
	HEAD CTE "quoted-printable\r\n\r\n{Q}",
	HEAD CTE "base64\r\n" CTE "7bit\r\n\r\n{B}",
	HEAD CTE "x-uuencode\r\n\r\n{U}",
	HEAD CTE "uuencode\r\n\r\n{U}",
	HEAD "\r\n{U}",
	HEAD "\r\nhello\r\n{U}bye\r\n",
	HEAD "\r\nhello\r{U}bye\r\n",
	HEAD MIXED TEXT "{U}" END,
	HEAD MIXED TEXT "--q\r\nContent-Type: text/plain\r\n\r\n{U}" END,
	HEAD MIXED "{U}\r\n" TEXT "--q--\r\n",
	HEAD MIXED TEXT "--q--\r\n{U}\r\n",
	"{U}",
	"{B}",
	"{E}",
};

static void
add_pieces(struct text *text)
{
	TEXT_AUTO piece = TEXT_INIT(64);

	for (size_t at = 0; at < EICAR_BYTES.len; at += 7) {
		text_clear(&piece);
		add_base64(&piece, slice_first(slice_after(EICAR_BYTES, at),
		    7));
		text_add(text, text_slice(&piece));
		text_add_str(text, "\r\n");
	}
}

/* Lines of 45 bytes (POSIX uuencode). */
static void
add_uuencode(struct text *text)
{
	struct slice rest = EICAR_BYTES;

	text_add_str(text, "begin 644 a.exe\r\n");
	while (rest.len > 0) {
		struct slice line = slice_first(rest, 45);

		text_add_byte(text, (char)(' ' + line.len));
		for (size_t i = 0; i < line.len; i += 3) {
			unsigned group = 0;

			for (size_t k = 0; k < 3; k++)
				group = group << 8 | (i + k < line.len ?
				    (unsigned char)line.at[i + k] : 0);
			for (int shift = 18; shift >= 0; shift -= 6) {
				unsigned six = group >> shift & 63;

				text_add_byte(text, six == 0 ? '`' :
				    (char)(' ' + six));
			}
		}
		text_add_str(text, "\r\n");
		rest = slice_after(rest, line.len);
	}
	text_add_str(text, "`\r\nend\r\n");
}

/* Base64 with something behind each fourth letter. */
static void
add_broken_base64(struct text *text, const char *broken)
{
	TEXT_AUTO plain = TEXT_INIT(256);
	struct slice rest;

	add_base64(&plain, EICAR_BYTES);
	rest = text_slice(&plain);
	for (size_t i = 0, n = 0; i < rest.len; i++) {
		if (rest.at[i] == '\r' || rest.at[i] == '\n')
			continue;
		text_add_byte(text, rest.at[i]);
		if (++n % 4 == 0)
			text_add_str(text, broken);
	}
}

static void
add_file(struct text *text, char way)
{
	switch (way) {
	case 'E':
		text_add(text, EICAR_BYTES);
		return;
	case 'B':
		add_base64(text, EICAR_BYTES);
		return;
	case '1':
		add_broken_base64(text, "");
		return;
	case 'C':
		add_broken_base64(text, "\r");
		return;
	case 'N':
		add_broken_base64(text, "\n");
		return;
	case 'J':
		add_broken_base64(text, "!*\r\n \t");
		return;
	case 'P':
		add_pieces(text);
		return;
	case 'T':
		add_broken_base64(text, "");
		while (slice_has_suffix(text_slice(text), "="))
			text->len--;
		return;
	case 'Q':
		add_quoted_printable(text, EICAR_BYTES);
		return;
	case 'H':
		for (size_t i = 0; i < EICAR_BYTES.len; i++)
			text_addf(text, "=%02x", (unsigned char)EICAR[i]);
		return;
	case 'U':
		add_uuencode(text);
		return;
	case 'M':
		text_add_str(text, TYPE CTE "base64\r\n\r\n");
		add_base64(text, EICAR_BYTES);
		return;
	case '0':
		text_add_byte(text, '\0');
		return;
	default:
		ck_abort_msg("{%c}", way);
	}
}

static void
add_row(struct text *text, const char *row)
{
	for (; *row != '\0'; row++) {
		if (*row != '{' || row[1] == '\0' || row[2] != '}') {
			text_add_byte(text, *row);
			continue;
		}
		add_file(text, row[1]);
		row += 2;
	}
}

START_TEST(a_virus_is_found_behind_broken_structure)
{
	TEXT_AUTO text = TEXT_INIT(ROOM);
	struct scan_answer answer;

	add_row(&text, rows[_i]);
	ck_assert(!text_failed(&text));
	answer = clam_scan(clam, text_slice(&text));
	ck_assert_msg(answer.result == SCAN_VIRUS, "%d: %s: %s",
	    (int)answer.result, answer.words, rows[_i]);
}
END_TEST

Suite *
unit_suite(void)
{
	const int count = (int)(sizeof(rows) / sizeof(rows[0]));
	Suite *suite = suite_create("clam_hidden");
	TCase *test = tcase_create("clam_hidden");

	tcase_set_timeout(test, 60);
	tcase_add_checked_fixture(test, set_up, tear_down);
	tcase_add_loop_test(test, a_virus_is_found_behind_broken_structure, 0,
	    count);
	suite_add_tcase(suite, test);
	return suite;
}
