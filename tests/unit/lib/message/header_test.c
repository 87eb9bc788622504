/*
 * header_test.c - the header fields of a message
 */
#include <string.h>

#include "lib/message/header.h"
#include "tests/unit/unit.h"

static const struct {
	const char	*in;
	bool		 is_field;
	const char	*name, *value, *rest;
} fields[] = {
	{ "Subject: hi\r\n\r\nx", true, "Subject", " hi", "\r\nx" },
	{ "Subject: a\r\n b\r\nTo: c\r\n", true, "Subject", " a\r\n b",
	    "To: c\r\n" },
	{ "A:\n\tb\nC: d\n", true, "A", "\n\tb", "C: d\n" },
	{ "A:", true, "A", "", "" },
	{ "A:b\r\n \r\n\r\n", true, "A", "b\r\n ", "\r\n" },
	/* RFC 5322 4.5: blanks before the colon are obsolete, but read */
	{ "Subject \t: hi\r\n", true, "Subject", " hi", "" },
	{ "A:b\r", true, "A", "b", "" },
	{ "\r\nA: b\r\n", false, 0, 0, 0 },
	{ "", false, 0, 0, 0 },
	{ "no colon\r\n", false, 0, 0, 0 },
	{ " folded: first\r\n", false, 0, 0, 0 },
	{ ": b\r\n", false, 0, 0, 0 },
	{ "Two words: b\r\n", false, 0, 0, 0 },
	{ "T\303\251: b\r\n", false, 0, 0, 0 },
	{ "Subject", false, 0, 0, 0 },
};

/* RFC 5322 2.2: a name of printable ASCII, a colon, a body with folding */
START_TEST(a_field_is_name_colon_and_folded_value)
{
	struct slice all = slice_str(fields[_i].in), rest = all;
	struct header_field field;
	bool is_field = header_next(&rest, &field);

	ck_assert(is_field == fields[_i].is_field);
	if (!is_field) {
		ck_assert_ptr_eq(rest.at, all.at);
		ck_assert_uint_eq(rest.len, all.len);
		return;
	}
	ck_assert(slice_is_str(field.name, fields[_i].name));
	ck_assert(slice_is_str(field.value, fields[_i].value));
	ck_assert(slice_is_str(rest, fields[_i].rest));
	ck_assert_uint_eq(field.whole.len + rest.len, all.len);
}
END_TEST

static const struct {
	const char	*in;
	size_t		 bytes;
} blocks[] = {
	{ "A: b\r\n\r\nbody", 8 },
	{ "A: b\n\nbody", 6 },
	{ "A: b\r\n", 6 },
	{ "A: b\r\nbody", 6 },
	{ "\r\nbody", 2 },
	{ "body", 0 },
	{ "", 0 },
};

/* RFC 5322 2.1: the empty line separates header and body */
START_TEST(a_block_ends_with_the_empty_line)
{
	ck_assert_uint_eq(header_bytes(slice_str(blocks[_i].in)),
	    blocks[_i].bytes);
}
END_TEST

START_TEST(the_first_of_two_is_found_and_both_count)
{
	struct slice block = slice_str("To: a\r\nSubject: one\r\n"
	    "SUBJECT: two\r\n\r\nSubject: body\r\n");
	struct header_field field;

	ck_assert(header_find(block, "subject", &field));
	ck_assert(slice_is_str(slice_trim(field.value), "one"));
	ck_assert_uint_eq(header_count(block, "Subject"), 2);
	ck_assert(!header_find(block, "Subjec", &field));
	ck_assert_uint_eq(header_count(block, "Cc"), 0);
}
END_TEST

static const struct {
	struct slice	 in;
	const char	*want;
} folded[] = {
	{ SLICE(" a\r\n b "), "a b" },
	{ SLICE("a\n\tb"), "a\tb" },
	{ SLICE("a\r\n\r\n b"), "a   b" },
	{ SLICE("a\rb\nc\0d"), "a b c d" },
	{ SLICE("\r\n \r\n "), "" },
	{ SLICE(""), "" },
};

/* RFC 5322 2.2.3 */
static const struct {
	const char	*in, *left;
	bool		 cut;
} mbox[] = {
	{ "From ann@a.test Mon Jan  1 00:00:00 2024\r\nA: b\r\n", "A: b\r\n",
	    true },
	{ ">From x\nA: b", "A: b", true },
	{ "From x", "", true },
	{ "From : ann@a.test\r\n", "From : ann@a.test\r\n", false },
	{ "From: ann@a.test\r\n", "From: ann@a.test\r\n", false },
	{ "", "", false },
};

START_TEST(the_line_of_a_mailbox_file_is_cut_off)
{
	struct slice rest = slice_str(mbox[_i].in);

	ck_assert_int_eq(header_skip_mbox(&rest), mbox[_i].cut);
	ck_assert(slice_is_str(rest, mbox[_i].left));
}
END_TEST

START_TEST(what_is_unfolded_is_one_line)
{
	TEXT_AUTO text = TEXT_INIT(100);

	header_unfold(&text, folded[_i].in);
	ck_assert(slice_is_str(text_slice(&text), folded[_i].want));
}
END_TEST

START_TEST(what_does_not_fit_is_cut)
{
	TEXT_AUTO text = TEXT_INIT(5);

	header_unfold(&text, slice_str("abc\r\n defg\r\n h"));
	ck_assert(slice_is_str(text_slice(&text), "abc d"));
	ck_assert(text_failed(&text));
}
END_TEST

#define NAME_BYTES	20

/* RFC 5322 3.6.8, and the blanks of 4.5: each byte at each place of a name */
START_TEST(a_name_ends_at_the_first_byte_that_is_none_of_it)
{
	char line[] = "aaaaaaaaaaaaaaaaaaaa:x\r\n";
	struct slice rest;
	struct header_field field;
	char byte = (char)_i;
	bool is_ftext = _i > 0x20 && _i < 0x7f && byte != ':';
	bool is_blank = byte == ' ' || byte == '\t';

	for (size_t at = 0; at < NAME_BYTES; at++) {
		bool is_field = is_ftext || (at > 0 && byte == ':') ||
		    (is_blank && at == NAME_BYTES - 1);

		memset(line, 'a', NAME_BYTES);
		line[at] = byte;
		rest = slice_of(line, sizeof(line) - 1);
		ck_assert_int_eq(header_next(&rest, &field), is_field);
		ck_assert_uint_eq(rest.len, is_field ? 0 : sizeof(line) - 1);
		if (is_field)
			ck_assert_uint_eq(field.name.len,
			    is_ftext ? NAME_BYTES : at);
	}
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("header");
	TCase *tests = tcase_create("header");

	tcase_add_loop_test(tests,
	    a_name_ends_at_the_first_byte_that_is_none_of_it, 0, 256);
	tcase_add_loop_test(tests, a_field_is_name_colon_and_folded_value, 0,
	    sizeof(fields) / sizeof(fields[0]));
	tcase_add_loop_test(tests, a_block_ends_with_the_empty_line, 0,
	    sizeof(blocks) / sizeof(blocks[0]));
	tcase_add_test(tests, the_first_of_two_is_found_and_both_count);
	tcase_add_loop_test(tests, the_line_of_a_mailbox_file_is_cut_off, 0,
	    (int)(sizeof(mbox) / sizeof(mbox[0])));
	tcase_add_test(tests, what_does_not_fit_is_cut);
	tcase_add_loop_test(tests, what_is_unfolded_is_one_line, 0,
	    sizeof(folded) / sizeof(folded[0]));
	suite_add_tcase(suite, tests);
	return suite;
}
