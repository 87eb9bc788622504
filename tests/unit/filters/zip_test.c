/*
 * zip_test.c - does an archive hold what the scanner passes over?
 */
#include <stdio.h>

#include "filters/zip.h"
#include "lib/base/text.h"
#include "tests/unit/unit.h"

/* A header of a file: what APPNOTE 4.3.7 and 4.3.12 have up to its name. */
static void
add_header(struct text *text, bool is_central, unsigned version,
    unsigned method)
{
	text_add_str(text, is_central ? "PK\1\2\77\3" : "PK\3\4");
	text_add_byte(text, (char)version);
	text_add(text, slice_of("\0\0\0", 3));
	text_add_byte(text, (char)method);
	for (int i = 0; i < 40; i++)
		text_add_byte(text, '\0');
}

/* APPNOTE 4.4.5, and what libclamav unpacks of it; 99 it calls encrypted */
START_TEST(what_the_scanner_cannot_unpack_is_strange)
{
	static const unsigned strange[] = {
		2, 3, 4, 5, 7, 10, 11, 13, 14, 15, 16, 17, 18, 19, 20, 93, 94,
		95, 96, 97, 98,
	};

	for (unsigned method = 0; method < 256; method++) {
		TEXT_AUTO text = TEXT_INIT(1000);
		bool want = false;

		for (size_t i = 0; i < sizeof(strange) / sizeof(*strange); i++)
			want = want || strange[i] == method;
		if (_i & 2)
			text_add_str(&text, "MZ, a program; PKP PK\3");
		add_header(&text, false, 20, 8);
		add_header(&text, _i & 1, 63, method);
		ck_assert(zip_is_strange(text_slice(&text)) == want);
	}
}
END_TEST

START_TEST(what_only_looks_like_a_header_is_none)
{
	TEXT_AUTO text = TEXT_INIT(1000);

	ck_assert(!zip_is_strange(slice_of(NULL, 0)));
	ck_assert(!zip_is_strange(slice_str("PK")));
	ck_assert(!zip_is_strange(slice_str("PK\3\4: x\r\nSubject: y\r\n\r\n"
	    "a message that begins so")));
	add_header(&text, false, 64, 14);
	ck_assert(!zip_is_strange(text_slice(&text)));
	/* a header that is cut is no file */
	text_clear(&text);
	add_header(&text, false, 20, 14);
	for (size_t len = 0; len < 30; len++)
		ck_assert(!zip_is_strange(slice_first(text_slice(&text),
		    len)));
	ck_assert(zip_is_strange(slice_first(text_slice(&text), 30)));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/zip");
	TCase *tests = tcase_create("zip");

	tcase_add_loop_test(tests, what_the_scanner_cannot_unpack_is_strange,
	    0, 4);
	tcase_add_test(tests, what_only_looks_like_a_header_is_none);
	suite_add_tcase(suite, tests);
	return suite;
}
