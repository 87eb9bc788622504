/*
 * packed_test.c - names from archives are bounded, and harmless
 */
#include <stdio.h>
#include <string.h>

#include "filters/packed.h"
#include "tests/unit/unit.h"

static struct packed packed;

static void
set_up(void)
{
	memset(&packed, 0, sizeof(packed));
}

/* The only name that is noted of `raw`. */
static struct slice
noted(struct slice raw)
{
	struct slice name = { NULL, 0 };
	size_t at = 0;

	set_up();
	packed_add(&packed, raw);
	if (packed_next(&packed, &at, &name))
		ck_assert_uint_eq(at, packed.len);
	return name;
}

static const struct {
	const char	*raw, *name;
} rows[] = {
	{ "a/b.exe", "a/b.exe" },
	{ "a.exe. . ", "a.exe" },
	{ "a.exe\n", "a.exe" },
	{ "a\r\nb\1c\177.exe", "a  b c .exe" },
	{ "l\344t.exe", "l\303\244t.exe" },		/* Latin-1 */
	{ "l\303\244t.exe", "l\303\244t.exe" },		/* UTF-8 */
	{ "\342\200\256fdp.exe", "\342\200\256fdp.exe" },	/* right to left */
	{ "...", "" },
	{ "", "" },
};

START_TEST(a_name_is_text_whatever_the_archive_says)
{
	struct slice name = noted(slice_str(rows[_i].raw));

	ck_assert_msg(slice_is_str(name, rows[_i].name), "%.*s",
	    SLICE_FMT(name));
	ck_assert(!packed.more);
}
END_TEST

START_TEST(a_name_is_noted_once)
{
	struct slice name;
	size_t at = 0;
	unsigned count = 0;

	for (int i = 0; i < 6; i++)
		packed_add(&packed, slice_str(i % 2 == 0 ? "a" : "b"));
	while (packed_next(&packed, &at, &name))
		count++;
	ck_assert_uint_eq(count, 2);
}
END_TEST

START_TEST(a_name_that_is_too_long_is_cut_and_that_is_told)
{
	char raw[4096];
	struct slice name;

	memset(raw, 'x', sizeof(raw));
	name = noted(slice_of(raw, sizeof(raw)));
	ck_assert_uint_eq(name.len, PACKED_NAME_MOST);
	ck_assert(packed.more);
	/* of characters of two bytes, cut between two of them */
	memset(raw, 0xe4, sizeof(raw));
	raw[0] = 'x';
	name = noted(slice_of(raw, sizeof(raw)));
	ck_assert(slice_is_utf8(name) && name.len < PACKED_NAME_MOST);
	ck_assert(packed.more);
}
END_TEST

START_TEST(names_that_do_not_fit_are_told)
{
	char name[64];

	for (unsigned i = 0; i < PACKED_BYTES; i++) {
		(void)snprintf(name, sizeof(name), "folder/%u.txt", i);
		packed_add(&packed, slice_str(name));
	}
	ck_assert(packed.more);
	ck_assert_uint_le(packed.len, PACKED_BYTES);
	ck_assert_uint_ge(packed.len, PACKED_BYTES - sizeof(name));
}
END_TEST

START_TEST(the_last_piece_is_behind_either_slash)
{
	ck_assert(slice_is_str(packed_last(slice_str("a/b\\c.exe")), "c.exe"));
	ck_assert(slice_is_str(packed_last(slice_str("a\\b/c.exe")), "c.exe"));
	ck_assert(slice_is_str(packed_last(slice_str("c.exe")), "c.exe"));
	ck_assert(slice_is_str(packed_last(slice_str("a/")), ""));
}
END_TEST

START_TEST(they_come_out_as_they_went_in)
{
	TEXT_AUTO text = TEXT_INIT(PACKED_PACKED_MAX);
	struct packed out;
	struct unpack u;

	packed.macros = PACKED_MACROS;
	packed.more = true;
	packed_add(&packed, slice_str("a/b.exe"));
	packed_add(&packed, slice_str("c"));
	packed_pack(&text, &packed);
	u = unpack_of(text_slice(&text));
	packed_unpack(&u, &out);
	ck_assert(unpack_is_done(&u));
	ck_assert_int_eq(out.macros, PACKED_MACROS);
	ck_assert(out.more && out.len == packed.len);
	ck_assert_mem_eq(out.names, packed.names, packed.len);
	for (size_t len = 0; len < text.len; len++) {
		u = unpack_of(slice_first(text_slice(&text), len));
		packed_unpack(&u, &out);
		ck_assert(u.bad);
	}
}
END_TEST

START_TEST(a_full_list_fits_an_answer)
{
	TEXT_AUTO text = TEXT_INIT(PACKED_PACKED_MAX);

	memset(packed.names, 'x', sizeof(packed.names));
	packed.len = sizeof(packed.names);
	packed_pack(&text, &packed);
	ck_assert(!text_failed(&text));
}
END_TEST

/* What no worker of ours says. */
static const struct {
	unsigned	macros, more;
	struct slice	names;
} bad[] = {
	{ PACKED_ANSWERS, 0, SLICE("") },
	{ 0, 2, SLICE("") },
	{ 0, 0, SLICE("no end") },
	{ 0, 0, SLICE("a\0b") },
	{ 0, 0, SLICE("\0") },
	{ 0, 0, SLICE("a\0\0") },
	{ 0, 0, SLICE("a\nb\0") },
	{ 0, 0, SLICE("a\177b\0") },
	{ 0, 0, SLICE("a\377b\0") },
};

START_TEST(a_list_that_cannot_be_is_none)
{
	TEXT_AUTO text = TEXT_INIT(PACKED_PACKED_MAX);
	struct packed out;
	struct unpack u;

	pack_u8(&text, (uint8_t)bad[_i].macros);
	pack_u8(&text, (uint8_t)bad[_i].more);
	pack_slice(&text, bad[_i].names);
	u = unpack_of(text_slice(&text));
	packed_unpack(&u, &out);
	ck_assert(u.bad);
}
END_TEST

START_TEST(a_list_that_is_too_long_is_none)
{
	TEXT_AUTO text = TEXT_INIT(PACKED_BYTES * 2);
	TEXT_AUTO names = TEXT_INIT(PACKED_BYTES * 2);
	struct packed out;
	struct unpack u;

	for (int i = 0; i < PACKED_BYTES / 2 + 1; i++)
		text_add(&names, slice_of("a", 2));
	pack_u8(&text, 0);
	pack_u8(&text, 0);
	pack_slice(&text, text_slice(&names));
	u = unpack_of(text_slice(&text));
	packed_unpack(&u, &out);
	ck_assert(u.bad);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("packed");
	TCase *test = tcase_create("packed");

	tcase_set_timeout(test, 60);
	tcase_add_checked_fixture(test, set_up, NULL);
	tcase_add_loop_test(test, a_name_is_text_whatever_the_archive_says, 0,
	    sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(test, a_name_is_noted_once);
	tcase_add_test(test, a_name_that_is_too_long_is_cut_and_that_is_told);
	tcase_add_test(test, names_that_do_not_fit_are_told);
	tcase_add_test(test, the_last_piece_is_behind_either_slash);
	tcase_add_test(test, they_come_out_as_they_went_in);
	tcase_add_test(test, a_full_list_fits_an_answer);
	tcase_add_loop_test(test, a_list_that_cannot_be_is_none, 0,
	    sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(test, a_list_that_is_too_long_is_none);
	suite_add_tcase(suite, test);
	return suite;
}
