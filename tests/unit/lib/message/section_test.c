/*
 * section_test.c - which bytes a section is
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/message/section.h"
#include "tests/unit/unit.h"

/*
 * The tree of RFC 9051 6.4.5:
 *
 *	1 TEXT/PLAIN  2 APPLICATION/OCTET-STREAM  3 MESSAGE/RFC822
 *	3.1 TEXT/PLAIN  3.2 APPLICATION/OCTET-STREAM
 *	4 MULTIPART/MIXED  4.1 IMAGE/GIF  4.2 MESSAGE/RFC822
 *	4.2.1 TEXT/PLAIN  4.2.2 MULTIPART/ALTERNATIVE
 *	4.2.2.1 TEXT/PLAIN  4.2.2.2 TEXT/RICHTEXT
 */
#define HEAD	"Subject: all\r\nTo: ann@a.test\r\n" \
		"Content-Type: multipart/mixed; boundary=a\r\n\r\n"
#define HEAD3	"Subject: three\r\nContent-Type: multipart/mixed; " \
		"boundary=b\r\n\r\n"
#define TEXT3	"--b\r\n\r\np31\r\n--b\r\nContent-Type: application/" \
		"octet-stream\r\n\r\np32\r\n--b--"
#define HEAD42	"Subject: four two\r\nContent-Type: multipart/mixed; " \
		"boundary=d\r\n\r\n"
#define BODY422	"--e\r\n\r\np4221\r\n--e\r\nContent-Type: text/richtext\r\n" \
		"\r\np4222\r\n--e--"
#define TEXT42	"--d\r\n\r\np421\r\n--d\r\nContent-Type: multipart/" \
		"alternative; boundary=e\r\n\r\n" BODY422 "\r\n--d--"
#define MIME41	"Content-Type: image/gif\r\n\r\n"
#define BODY4	"--c\r\n" MIME41 "p41\r\n--c\r\nContent-Type: " \
		"message/rfc822\r\n\r\n" HEAD42 TEXT42 "\r\n--c--"
#define MIME3	"Content-Type: message/rfc822\r\n\r\n"
#define TEXT	"--a\r\n\r\np1\r\n--a\r\nContent-Type: application/" \
		"octet-stream\r\n\r\np2\r\n--a\r\n" MIME3 HEAD3 TEXT3 \
		"\r\n--a\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n" \
		BODY4 "\r\n--a--\r\n"
#define TRACE	"Return-Path: <>\r\n"

#define SINGLE		"Subject: one\r\n\r\nbody"
#define FORWARD		"Content-Type: message/rfc822\r\n\r\n" SINGLE "\r\n"

static const struct {
	const char	*message, *section, *want;	/* NULL: no such part */
} found[] = {
	{ HEAD TEXT, "", TRACE HEAD TEXT },
	{ HEAD TEXT, "HEADER", TRACE HEAD },
	{ HEAD TEXT, "header.fields", TRACE HEAD },
	{ HEAD TEXT, "HEADER.FIELDS.NOT", TRACE HEAD },
	{ HEAD TEXT, "TEXT", TEXT },
	{ HEAD TEXT, "1", "p1" },
	{ HEAD TEXT, "1.MIME", "\r\n" },
	{ HEAD TEXT, "2", "p2" },
	{ HEAD TEXT, "3", HEAD3 TEXT3 },
	{ HEAD TEXT, "3.HEADER", HEAD3 },
	{ HEAD TEXT, "3.TEXT", TEXT3 },
	{ HEAD TEXT, "3.MIME", MIME3 },
	{ HEAD TEXT, "3.1", "p31" },
	{ HEAD TEXT, "3.2", "p32" },
	{ HEAD TEXT, "4", BODY4 },
	{ HEAD TEXT, "4.1", "p41" },
	{ HEAD TEXT, "4.1.MIME", MIME41 },
	{ HEAD TEXT, "4.2", HEAD42 TEXT42 },
	{ HEAD TEXT, "4.2.HEADER", HEAD42 },
	{ HEAD TEXT, "4.2.TEXT", TEXT42 },
	{ HEAD TEXT, "4.2.1", "p421" },
	{ HEAD TEXT, "4.2.2", BODY422 },
	{ HEAD TEXT, "4.2.2.1", "p4221" },
	{ HEAD TEXT, "4.2.2.2", "p4222" },
	{ HEAD TEXT, "5", NULL },
	{ HEAD TEXT, "1.1", NULL },
	{ HEAD TEXT, "3.3", NULL },
	{ HEAD TEXT, "4.2.2.2.1", NULL },
	{ HEAD TEXT, "4294967295", NULL },
	/* only a message has those */
	{ HEAD TEXT, "1.HEADER", NULL },
	{ HEAD TEXT, "4.TEXT", NULL },
	{ HEAD TEXT, "4.2.2.HEADER.FIELDS", NULL },
	/* no multipart: it is its own part 1, with the CRLF it lacks */
	{ SINGLE, "", TRACE SINGLE "\r\n" },
	{ SINGLE, "TEXT", "body\r\n" },
	{ SINGLE, "1", "body\r\n" },
	{ SINGLE, "1.MIME", TRACE "Subject: one\r\n\r\n" },
	{ SINGLE, "2", NULL },
	{ SINGLE, "1.1", NULL },
	{ SINGLE, "1.TEXT", NULL },
	{ FORWARD, "1", SINGLE "\r\n" },
	{ FORWARD, "1.HEADER", "Subject: one\r\n\r\n" },
	{ FORWARD, "1.1", "body\r\n" },
	{ FORWARD, "1.1.1", NULL },
	{ FORWARD, "1.2", NULL },
	/* no header, no body */
	{ "words\r\n", "HEADER", TRACE },
	{ "words\r\n", "TEXT", "words\r\n" },
	{ "words\r\n", "1", "words\r\n" },
	{ "Subject: x", "HEADER", TRACE "Subject: x\r\n" },
	{ "Subject: x", "TEXT", "" },
	{ "Subject: x", "", TRACE "Subject: x\r\n" },
	{ "", "", TRACE "\r\n" },
	{ "", "TEXT", "" },
	/* an only part that we gave it */
	{ "Content-Type: multipart/x\r\n\r\nabc\r\n", "1", "abc\r\n" },
	{ "Content-Type: multipart/x\r\n\r\nabc\r\n", "1.MIME", "" },
};

/* RFC 9051 6.4.5 */
START_TEST(a_section_is_a_slice_of_the_letter)
{
	TEXT_AUTO packed = TEXT_INIT(STRUCTURE_MOST);
	TEXT_AUTO letter = TEXT_INIT(10000);
	struct slice message = slice_str(found[_i].message), got;
	struct structure structure;
	struct section_range range;
	struct section section;
	int r;

	ck_assert_int_eq(structure_make(message, &packed), 0);
	ck_assert_int_eq(structure_open(text_slice(&packed), &structure), 0);
	text_add_str(&letter, TRACE);
	text_add(&letter, message);
	if (structure.lacks_crlf)
		text_add_str(&letter, "\r\n");
	ck_assert_uint_eq(section_letter_bytes(&structure, strlen(TRACE)),
	    letter.len);
	ck_assert_int_eq(section_parse(slice_str(found[_i].section),
	    &section), 0);
	r = section_find(&structure, strlen(TRACE), &section, &range, NULL);
	ck_assert_int_eq(r, found[_i].want == NULL ? -ENOENT : 0);
	if (r < 0)
		return;
	ck_assert_uint_le(range.at + range.bytes, letter.len);
	got = slice_of(letter.at + range.at, range.bytes);
	ck_assert_msg(slice_is_str(got, found[_i].want), "%s: %.*s",
	    found[_i].section, SLICE_FMT(got));
}
END_TEST

static const struct {
	const char		*in;
	int			 r;
	enum section_what	 what;
	unsigned		 count;
	const char		*out;
} parsed[] = {
	{ "", 0, SECTION_BODY, 0, "" },
	{ "1", 0, SECTION_BODY, 1, "1" },
	{ "4294967295.2", 0, SECTION_BODY, 2, "4294967295.2" },
	{ "Header.Fields.Not", 0, SECTION_FIELDS_NOT, 0, "HEADER.FIELDS.NOT" },
	{ "1.2.mime", 0, SECTION_MIME, 2, "1.2.MIME" },
	{ "1.TEXT", 0, SECTION_TEXT, 1, "1.TEXT" },
	/* RFC 9051 9: section-spec */
	{ "MIME", -EINVAL, 0, 0, NULL },
	{ "1.", -EINVAL, 0, 0, NULL },
	{ ".1", -EINVAL, 0, 0, NULL },
	{ "0", -EINVAL, 0, 0, NULL },
	{ "01", -EINVAL, 0, 0, NULL },
	{ "1.0", -EINVAL, 0, 0, NULL },
	{ "1..2", -EINVAL, 0, 0, NULL },
	{ "1x", -EINVAL, 0, 0, NULL },
	{ "1.HEADER.1", -EINVAL, 0, 0, NULL },
	{ "4294967296", -EINVAL, 0, 0, NULL },
	{ "BODY", -EINVAL, 0, 0, NULL },
	{ "TEXT.", -EINVAL, 0, 0, NULL },
	{ " ", -EINVAL, 0, 0, NULL },
};

START_TEST(a_section_is_read_and_written)
{
	struct section section;
	TEXT_AUTO text = TEXT_INIT(100);

	ck_assert_int_eq(section_parse(slice_str(parsed[_i].in), &section),
	    parsed[_i].r);
	if (parsed[_i].r < 0)
		return;
	ck_assert_int_eq(section.what, parsed[_i].what);
	ck_assert_uint_eq(section.count, parsed[_i].count);
	section_write(&text, &section);
	ck_assert(slice_is_str(text_slice(&text), parsed[_i].out));
}
END_TEST

START_TEST(a_section_deeper_than_any_letter_is_not_there)
{
	TEXT_AUTO text = TEXT_INIT(1000);
	struct section section;

	for (unsigned i = 0; i < 100; i++)
		text_add_str(&text, "1.");
	text_add_str(&text, "MIME");
	ck_assert_int_eq(section_parse(text_slice(&text), &section), -ENOENT);
}
END_TEST

/* RFC 9051 6.4.5: <partial> */
START_TEST(a_partial_section_ends_with_the_section)
{
	const struct section_range all = { 100, 10 };
	struct section_range r = section_partial(all, 0, 4);

	ck_assert(r.at == 100 && r.bytes == 4);
	r = section_partial(all, 8, 4);
	ck_assert(r.at == 108 && r.bytes == 2);
	r = section_partial(all, 10, 4);
	ck_assert_uint_eq(r.bytes, 0);
	r = section_partial(all, UINT64_MAX, UINT64_MAX);
	ck_assert_uint_eq(r.bytes, 0);
}
END_TEST

/* RFC 9051 6.4.5: HEADER.FIELDS and HEADER.FIELDS.NOT */
START_TEST(fields_are_told_by_name)
{
	static const char header[] = "From x\r\nTo: a\r\n b\r\nX-A: 1\r\n"
	    "to : c\r\nDate: d\r\n\r\n";
	const struct slice names[] = { SLICE("TO"), SLICE("date"),
		SLICE("Tox") };
	TEXT_AUTO text = TEXT_INIT(1000);

	section_fields(&text, slice_str(header), names, 3, false);
	ck_assert(slice_is_str(text_slice(&text),
	    "To: a\r\n b\r\nto : c\r\nDate: d\r\n"));
	text_clear(&text);
	section_fields(&text, slice_str(header), names, 3, true);
	ck_assert(slice_is_str(text_slice(&text), "X-A: 1\r\n"));
	text_clear(&text);
	section_fields(&text, slice_str("To: x"), names, 3, false);
	ck_assert(slice_is_str(text_slice(&text), "To: x\r\n"));
}
END_TEST

/* Each of many names, however alike they are, finds its own field alone. */
START_TEST(no_name_is_taken_for_another)
{
	static const char letters[] = "abkzXYP";
	const size_t count = 20 * (sizeof(letters) - 1);
	char names[140][24];
	TEXT_AUTO header = TEXT_INIT(8192);
	TEXT_AUTO told = TEXT_INIT(8192);

	ck_assert_uint_eq(count, sizeof(names) / sizeof(names[0]));
	for (size_t i = 0; i < count; i++) {
		size_t len = i / 7 + 1;

		memset(names[i], 'q', len);
		names[i][0] = letters[i % 7];
		names[i][len] = '\0';
		text_addf(&header, "%s: %zu\r\n", names[i], i);
	}
	for (size_t i = 0; i < count; i++) {
		struct slice name = slice_str(names[i]);
		char wanted[4096];

		text_clear(&told);
		section_fields(&told, text_slice(&header), &name, 1, false);
		(void)snprintf(wanted, sizeof(wanted), "%s: %zu\r\n",
		    names[i], i);
		ck_assert(slice_is_str(text_slice(&told), wanted));
		text_clear(&told);
		section_fields(&told, text_slice(&header), &name, 1, true);
		ck_assert_uint_eq(told.len, header.len - strlen(wanted));
	}
}
END_TEST

#define COUNT(of)	((int)(sizeof(of) / sizeof((of)[0])))

Suite *
unit_suite(void)
{
	Suite *s = suite_create("section");
	TCase *t = tcase_create("section");

	tcase_add_loop_test(t, a_section_is_a_slice_of_the_letter, 0,
	    COUNT(found));
	tcase_add_loop_test(t, a_section_is_read_and_written, 0,
	    COUNT(parsed));
	tcase_add_test(t, a_section_deeper_than_any_letter_is_not_there);
	tcase_add_test(t, a_partial_section_ends_with_the_section);
	tcase_add_test(t, fields_are_told_by_name);
	tcase_add_test(t, no_name_is_taken_for_another);
	suite_add_tcase(s, t);
	return s;
}
