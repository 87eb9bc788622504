/*
 * held_link_test.c - nobody but the hub makes a link, or another one of it
 */
#include <errno.h>
#include <string.h>

#include "queue/held_link.h"
#include "tests/unit/unit.h"

static const unsigned char key[ROWS_KEY_BYTES] = "the key of this hub, 32 bytes..";
static const unsigned char other[ROWS_KEY_BYTES] = "the key of another, 32 bytes..";
static const struct held_link ann = {
	.account = 7, .id = { "0123456789" }, .ends_utc_ms = 1795000000000
};

static void
written(const struct held_link *link, char out[HELD_LINK_CHARS + 1])
{
	TEXT_AUTO text = TEXT_INIT(HELD_LINK_CHARS);

	ck_assert_int_eq(held_link_write(&text, link, key), 0);
	ck_assert(!text_failed(&text));
	ck_assert_int_eq(slice_cstr(text_slice(&text), out,
	    HELD_LINK_CHARS + 1), 0);
	ck_assert_uint_eq(strlen(out), HELD_LINK_CHARS);
}

START_TEST(a_link_names_what_was_written_into_it)
{
	char text[HELD_LINK_CHARS + 1];
	struct held_link got = { 0 };

	written(&ann, text);
	ck_assert_int_eq(held_link_read(slice_str(text), key, &got), 0);
	ck_assert_uint_eq(got.account, ann.account);
	ck_assert_int_eq(message_id_order(&got.id, &ann.id), 0);
	ck_assert_int_eq(got.ends_utc_ms, ann.ends_utc_ms);
	/* some mail programs write all of an address in capitals */
	for (char *c = text; *c != '\0'; c++)
		*c = *c >= 'a' ? (char)(*c - 'a' + 'A') : *c;
	ck_assert_int_eq(held_link_read(slice_str(text), key, &got), 0);
}
END_TEST

/* Another account, message, end, version or signature is no link. */
START_TEST(one_digit_makes_it_none)
{
	char text[HELD_LINK_CHARS + 1];
	struct held_link got = { .account = 99 };

	written(&ann, text);
	text[_i] = text[_i] == '0' ? '1' : '0';
	ck_assert_int_eq(held_link_read(slice_str(text), key, &got), -EBADMSG);
	ck_assert_uint_eq(got.account, 99);
}
END_TEST

START_TEST(a_link_that_is_cut_or_goes_on_is_none)
{
	char text[HELD_LINK_CHARS + 2];
	struct held_link got;

	written(&ann, text);
	for (size_t len = 0; len < HELD_LINK_CHARS; len++)
		ck_assert_int_eq(held_link_read(slice_of(text, len), key,
		    &got), -EBADMSG);
	text[HELD_LINK_CHARS] = '0';
	ck_assert_int_eq(held_link_read(slice_of(text, HELD_LINK_CHARS + 1),
	    key, &got), -EBADMSG);
	text[3] = 'x';
	ck_assert_int_eq(held_link_read(slice_of(text, HELD_LINK_CHARS), key,
	    &got), -EBADMSG);
}
END_TEST

START_TEST(another_hubs_link_is_none)
{
	char text[HELD_LINK_CHARS + 1];
	struct held_link got;

	written(&ann, text);
	ck_assert_int_eq(held_link_read(slice_str(text), other, &got),
	    -EBADMSG);
}
END_TEST

/* It would be taken for the postmaster's. */
START_TEST(a_link_of_nobody_is_none)
{
	struct held_link nobody = ann, got;
	char text[HELD_LINK_CHARS + 1];

	nobody.account = _i == 0 ? 0 : (uint64_t)INT64_MAX + 1;
	written(&nobody, text);
	ck_assert_int_eq(held_link_read(slice_str(text), key, &got), -EBADMSG);
}
END_TEST

/* Neither account, message nor key can be told from it. */
START_TEST(a_number_is_the_same_for_one_person_and_message_only)
{
	struct message_id next = ann.id;
	uint32_t number, again, others[3];

	next.bytes[MESSAGE_ID_BYTES - 1]++;
	ck_assert_int_eq(held_link_number(7, &ann.id, key, &number), 0);
	ck_assert_int_eq(held_link_number(7, &ann.id, key, &again), 0);
	ck_assert_uint_eq(number, again);
	ck_assert_uint_ge(number, HELD_NUMBER_LEAST);
	ck_assert_uint_le(number, HELD_NUMBER_MOST);
	ck_assert_int_eq(held_link_number(8, &ann.id, key, &others[0]), 0);
	ck_assert_int_eq(held_link_number(7, &next, key, &others[1]), 0);
	ck_assert_int_eq(held_link_number(7, &ann.id, other, &others[2]), 0);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_uint_ne(others[i], number);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("queue/held_link");
	TCase *tests = tcase_create("held_link");

	tcase_add_test(tests, a_link_names_what_was_written_into_it);
	tcase_add_loop_test(tests, one_digit_makes_it_none, 0,
	    HELD_LINK_CHARS);
	tcase_add_test(tests, a_link_that_is_cut_or_goes_on_is_none);
	tcase_add_test(tests, another_hubs_link_is_none);
	tcase_add_loop_test(tests, a_link_of_nobody_is_none, 0, 2);
	tcase_add_test(tests,
	    a_number_is_the_same_for_one_person_and_message_only);
	suite_add_tcase(suite, tests);
	return suite;
}
