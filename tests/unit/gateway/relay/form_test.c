/*
 * form_test.c - the form in which a host can take a message
 */
#include "gateway/relay/form.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"

#define E	"\303\251"	/* an e with an accent */
#define CTE	"Content-Transfer-Encoding: "

/* What goes out to a host without 8BITMIME; empty: it cannot. */
static const struct {
	struct slice	stored, sent;
} sevens[] = {
	{ SLICE("A: b\r\n\r\nascii\r\n"), SLICE("A: b\r\n\r\nascii\r\n") },
	/* a header cannot be helped */
	{ SLICE("Subject: " E "\r\n\r\nx\r\n"),
	    SLICE("Subject: " E "\r\n\r\nx\r\n") },
	{ SLICE("MIME-Version: 1.0\r\nContent-Type: text/plain\r\n"
	    CTE "8bit\r\nSubject: x\r\n\r\ncaf" E "\r\n"),
	    SLICE("MIME-Version: 1.0\r\nContent-Type: text/plain\r\n"
	    "Subject: x\r\n" CTE "quoted-printable\r\n\r\n"
	    "caf=C3=A9\r\n") },
	/* one that says nothing of itself */
	{ SLICE("Subject: x\r\n\r\ncaf" E "\r\n"),
	    SLICE("Subject: x\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    CTE "quoted-printable\r\n\r\ncaf=C3=A9\r\n") },
	{ SLICE("Subject: x\r\n\r\nthe caf\351\r\n"),
	    SLICE("Subject: x\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=unknown-8bit\r\n"
	    CTE "quoted-printable\r\n\r\nthe caf=E9\r\n") },
	/* most of it would be escapes */
	{ SLICE("MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n"
	    E E E "\r\n"),
	    SLICE("MIME-Version: 1.0\r\nContent-Type: text/plain\r\n"
	    CTE "base64\r\n\r\nw6nDqcOpDQo=") },
	/* part by part, and what the multipart claims */
	{ SLICE("MIME-Version: 1.0\r\n" CTE "8bit\r\n"
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\npre" E "\r\n"
	    "--b\r\nContent-Type: text/html\r\n" CTE "8bit\r\n\r\n"
	    "some <b>" E "\r\n"
	    "--b\r\nContent-Type: image/png\r\n" CTE "binary\r\n\r\n"
	    "\211PN\r\n--b\r\n\r\nascii\r\n--b--\r\n" E "\r\n"),
	    SLICE("MIME-Version: 1.0\r\n"
	    "Content-Type: multipart/mixed; boundary=b\r\n" CTE "7bit\r\n"
	    "\r\npre??\r\n"
	    "--b\r\nContent-Type: text/html\r\n" CTE "quoted-printable\r\n"
	    "\r\nsome <b>=C3=A9\r\n"
	    "--b\r\nContent-Type: image/png\r\n" CTE "base64\r\n\r\n"
	    "iVBO\r\n--b\r\n\r\nascii\r\n--b--\r\n??\r\n") },
	/* RFC 2046 5.2.1: the message is not encoded, its body is */
	{ SLICE("MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n"
	    CTE "8bit\r\n\r\nSubject: in\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: text/plain\r\n" CTE "8bit\r\n\r\nthe caf" E "\r\n"),
	    SLICE("MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n"
	    CTE "7bit\r\n\r\nSubject: in\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: text/plain\r\n" CTE "quoted-printable\r\n\r\n"
	    "the caf=C3=A9\r\n") },
	/* it was encoded, and not well */
	{ SLICE(CTE "quoted-printable\r\n\r\n=41" E "\r\n"),
	    SLICE(CTE "quoted-printable\r\n\r\n=41=C3=A9\r\n") },
	{ SLICE(CTE "base64\r\n\r\nSGV" E "sbG8=\r\n"),
	    SLICE(CTE "base64\r\n\r\nSGVsbG8=\r\n") },
	/* a boundary is what the header says it is */
	{ SLICE("Content-Type: multipart/mixed; boundary=\"" E "\"\r\n\r\n"
	    "--" E "\r\n\r\nthe caf" E "\r\n--" E "--\r\n"),
	    SLICE("Content-Type: multipart/mixed; boundary=\"" E "\"\r\n\r\n"
	    "--" E "\r\n" CTE "quoted-printable\r\n\r\nthe caf=C3=A9\r\n"
	    "--" E "--\r\n") },
	/* nobody knows how that is encoded */
	{ SLICE(CTE "x-uuencode\r\n\r\n" E "\r\n"), SLICE("") },
	{ SLICE("Content-Type: message/partial\r\n\r\n" E "\r\n"),
	    SLICE("") },
};

/* 0 with all that comes, or the fault. */
static int
write_out(struct slice trace, struct slice stored, bool seven,
    struct text *out)
{
	TEXT_AUTO room = TEXT_INIT(FORM_ROOM_BYTES);
	struct relay_form_reader reader = { .span = 0 };
	struct relay_form_facts facts;
	struct relay_form form;
	struct slice piece;
	int r;

	relay_form_look(stored, &facts);
	r = relay_form_make(trace, stored, &facts, seven, &form);
	if (r < 0)
		return r;
	while (relay_form_read(&reader, &form, &room, &piece))
		text_add(out, piece);
	ck_assert(!text_failed(out));
	ck_assert_uint_eq(relay_form_bytes(&form), out->len);
	relay_form_free(&form);
	return 0;
}

/* RFC 6152 3 */
START_TEST(a_host_without_8bitmime_is_sent_ascii)
{
	TEXT_AUTO out = TEXT_INIT(10000);
	int r = write_out(slice_of("", 0), sevens[_i].stored, true, &out);

	ck_assert_int_eq(r, sevens[_i].sent.len == 0 ? -ENOTSUP : 0);
	ck_assert_msg(slice_is(text_slice(&out), sevens[_i].sent),
	    "%.*s", SLICE_FMT(text_slice(&out)));
}
END_TEST

START_TEST(any_other_host_is_sent_what_is_stored)
{
	TEXT_AUTO out = TEXT_INIT(10000);

	ck_assert_int_eq(write_out(slice_str("Received: x\r\n"),
	    sevens[_i].stored, false, &out), 0);
	ck_assert(slice_has_prefix(text_slice(&out), "Received: x\r\n"));
	ck_assert(slice_is(slice_after(text_slice(&out), 13),
	    sevens[_i].stored));
}
END_TEST

/* RFC 5322 2.2.3: what is unfolded is what was stored */
START_TEST(a_long_header_line_is_folded_at_a_blank)
{
	TEXT_AUTO stored = TEXT_INIT(10000);
	TEXT_AUTO out = TEXT_INIT(10000);
	TEXT_AUTO flat = TEXT_INIT(10000);
	struct slice rest, line;

	text_add_str(&stored, "References:");
	for (unsigned i = 0; i < 200; i++)
		text_addf(&stored, " <number.%u@office.test>", i);
	text_add_str(&stored, "\r\n\r\nbody\r\n");
	ck_assert_int_eq(write_out(slice_of("", 0), text_slice(&stored),
	    false, &out), 0);
	rest = text_slice(&out);
	while (slice_cut(&rest, '\n', &line)) {
		ck_assert_uint_le(line.len, FORM_LINE_MOST + 1);
		line.len--;
		if (line.len > 0 && (line.at[0] == ' ' || flat.len == 0)) {
			text_add(&flat, line);
			continue;
		}
		break;
	}
	text_add_str(&flat, "\r\n\r\nbody\r\n");
	ck_assert(slice_is(text_slice(&flat), text_slice(&stored)));
}
END_TEST

/* For every host: RFC 5321 4.5.3.1.6 */
START_TEST(a_part_with_a_long_line_is_encoded)
{
	TEXT_AUTO stored = TEXT_INIT(10000);
	TEXT_AUTO out = TEXT_INIT(10000);
	struct slice rest, line;

	text_add_str(&stored, "Content-Type: text/html\r\n\r\n");
	for (unsigned i = 0; i < 999; i++)
		text_add_byte(&stored, 'x');
	text_add_str(&stored, "\r\n");
	ck_assert_int_eq(write_out(slice_of("", 0), text_slice(&stored),
	    false, &out), 0);
	ck_assert(slice_has_prefix(text_slice(&out), "Content-Type: text/html"
	    "\r\nMIME-Version: 1.0\r\n" CTE "quoted-printable\r\n\r\nxxx"));
	rest = text_slice(&out);
	while (slice_cut(&rest, '\n', &line))
		ck_assert_uint_le(line.len, 77);
	text_clear(&out);
	/* one less, and it stays as it is */
	text_clear(&stored);
	text_add_str(&stored, "A: b\r\n\r\n");
	for (unsigned i = 0; i < 998; i++)
		text_add_byte(&stored, 'x');
	text_add_str(&stored, "\r\n");
	ck_assert_int_eq(write_out(slice_of("", 0), text_slice(&stored),
	    false, &out), 0);
	ck_assert(slice_is(text_slice(&out), text_slice(&stored)));
}
END_TEST

START_TEST(a_nul_reaches_whoever_decodes_it)
{
	static const struct slice stored = SLICE("Content-Type: "
	    "application/x\r\nMIME-Version: 1.0\r\n\r\n\0\1\2");
	TEXT_AUTO out = TEXT_INIT(10000);

	ck_assert_int_eq(write_out(slice_of("", 0), stored, false, &out), 0);
	ck_assert(slice_is_str(text_slice(&out), "Content-Type: "
	    "application/x\r\nMIME-Version: 1.0\r\n" CTE "base64\r\n\r\n"
	    "AAEC"));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("relay/form");
	TCase *tests = tcase_create("form");

	tcase_add_loop_test(tests, a_host_without_8bitmime_is_sent_ascii, 0,
	    sizeof(sevens) / sizeof(*sevens));
	tcase_add_loop_test(tests, any_other_host_is_sent_what_is_stored, 0,
	    sizeof(sevens) / sizeof(*sevens));
	tcase_add_test(tests, a_long_header_line_is_folded_at_a_blank);
	tcase_add_test(tests, a_part_with_a_long_line_is_encoded);
	tcase_add_test(tests, a_nul_reaches_whoever_decodes_it);
	suite_add_tcase(suite, tests);
	return suite;
}
