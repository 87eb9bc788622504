/*
 * magic_test.c - what a file is, by its first bytes
 */
#include <string.h>

#include "filters/magic.h"
#include "tests/unit/unit.h"

static const struct {
	struct slice	 begin;
	const char	*type;		/* NULL: not known */
} rows[] = {
	{ { "MZ\220\0", 4 }, "application/x-dosexec" },
	{ { "MZ", 2 }, "application/x-dosexec" },
	{ { "M", 1 }, NULL },
	{ { "\177ELF\2\1", 6 }, "application/x-executable" },
	{ { "#!/bin/sh\n", 10 }, "text/x-shellscript" },
	{ { "L\0\0\0\1\24\2\0", 8 }, "application/x-ms-shortcut" },
	{ { "L\0\0\0\1\24\2\1", 8 }, NULL },
	{ { "PK\3\4", 4 }, "application/zip" },
	{ { "Rar!\32\7\1\0", 8 }, "application/x-rar" },
	{ { "%PDF-1.7", 8 }, "application/pdf" },
	{ { "\320\317\21\340\241\261\32\341", 8 }, "application/x-ole-storage" },
	{ { "\377\330\377\340", 4 }, "image/jpeg" },
	{ { "Good morning", 12 }, NULL },
	{ { NULL, 0 }, NULL },
};
#define ROWS	((int)(sizeof(rows) / sizeof(rows[0])))

START_TEST(a_file_is_what_it_begins_with)
{
	const char *type = magic_type(rows[_i].begin);

	if (rows[_i].type == NULL)
		ck_assert_ptr_null(type);
	else
		ck_assert_str_eq(type, rows[_i].type);
}
END_TEST

/* Some say it later: the last byte of the mark decides. */
START_TEST(a_mark_may_stand_further_on)
{
	static char file[MAGIC_BYTES];

	memcpy(file + 257, "ustar", 5);
	ck_assert_str_eq(magic_type(slice_of(file, 262)), "application/x-tar");
	ck_assert_ptr_null(magic_type(slice_of(file, 261)));
	memset(file, 0, sizeof(file));
	memcpy(file + 32769, "CD001", 5);
	ck_assert_str_eq(magic_type(slice_of(file, MAGIC_BYTES)),
	    "application/x-iso9660-image");
	ck_assert_ptr_null(magic_type(slice_of(file, 32773)));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("magic");
	TCase *test = tcase_create("magic");

	tcase_add_loop_test(test, a_file_is_what_it_begins_with, 0, ROWS);
	tcase_add_test(test, a_mark_may_stand_further_on);
	suite_add_tcase(suite, test);
	return suite;
}
