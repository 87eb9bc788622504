/*
 * broken_test.c - an archive of which a piece is missing
 */
#include "filters/broken.h"
#include "tests/unit/filters/clam_fixture.h"

#define ROOM	65536

START_TEST(a_zip_is_broken_wherever_it_is_cut)
{
	TEXT_AUTO zip = TEXT_INIT(ROOM);
	struct slice whole;

	add_zip(&zip, 0, slice_str("some words"), 3);
	whole = text_slice(&zip);
	ck_assert_ptr_null(broken_archive(whole));
	for (size_t len = 6; len < whole.len; len++)
		ck_assert_ptr_nonnull(broken_archive(slice_first(whole, len)));
}
END_TEST

/* Who looks for the end looks from the last byte; junk is no damage. */
START_TEST(a_zip_with_something_behind_it_is_whole)
{
	TEXT_AUTO zip = TEXT_INIT(ROOM);

	add_zip(&zip, 0, slice_str("PK\5\6 is in its text, too"), 1);
	text_add_str(&zip, "a signature");
	ck_assert_ptr_null(broken_archive(text_slice(&zip)));
}
END_TEST

START_TEST(a_zip_whose_first_bytes_are_missing_is_broken)
{
	TEXT_AUTO zip = TEXT_INIT(ROOM);
	TEXT_AUTO less = TEXT_INIT(ROOM);

	add_zip(&zip, 0, slice_str("some words"), 1);
	text_add(&less, slice_of("PK\3\4\24\0", 6));
	text_add(&less, slice_after(text_slice(&zip), 40));
	ck_assert_ptr_nonnull(broken_archive(text_slice(&less)));
}
END_TEST

/* The header of a 7z file says how far it goes. */
START_TEST(a_7z_is_broken_where_its_header_is_missing)
{
	static const struct {
		uint64_t	offset, size;
		bool		is_broken;
	} rows[] = {
		{ 0, 0, false }, { 5, 5, false }, { 10, 0, false },
		{ 0, 11, true }, { 11, 0, true }, { 6, 5, true },
		{ UINT64_MAX, 1, true }, { 1, UINT64_MAX, true },
	};
	TEXT_AUTO file = TEXT_INIT(ROOM);

	text_add(&file, slice_of("7z\274\257\47\34\0\4\0\0\0\0", 12));
	pack_u64(&file, rows[_i].offset);
	pack_u64(&file, rows[_i].size);
	text_add(&file, slice_of("\0\0\0\0", 4));
	text_add_str(&file, "0123456789");
	ck_assert_int_eq(broken_archive(text_slice(&file)) != NULL,
	    rows[_i].is_broken);
}
END_TEST

START_TEST(what_is_no_archive_is_not_broken)
{
	ck_assert_ptr_null(broken_archive(slice_of(NULL, 0)));
	ck_assert_ptr_null(broken_archive(slice_str("PK")));
	ck_assert_ptr_null(broken_archive(slice_str("PK, my friend")));
	ck_assert_ptr_null(broken_archive(slice_str("PK\3\4: a field")));
	ck_assert_ptr_null(broken_archive(slice_str("7z")));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("broken");
	TCase *test = tcase_create("broken");

	tcase_add_test(test, a_zip_is_broken_wherever_it_is_cut);
	tcase_add_test(test, a_zip_with_something_behind_it_is_whole);
	tcase_add_test(test, a_zip_whose_first_bytes_are_missing_is_broken);
	tcase_add_loop_test(test, a_7z_is_broken_where_its_header_is_missing,
	    0, 8);
	tcase_add_test(test, what_is_no_archive_is_not_broken);
	suite_add_tcase(suite, test);
	return suite;
}
