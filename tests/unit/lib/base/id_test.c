/*
 * id_test.c - the name of a message
 */
#include <errno.h>
#include <string.h>

#include "lib/base/id.h"
#include "tests/unit/unit.h"

START_TEST(a_name_is_later_than_the_last_whatever_the_clock_says)
{
	static const int64_t clock[] = { 1000, 1000, 999, 0, 1001, 5, 1001 };
	struct message_id last = { { 0 } };

	for (size_t i = 0; i < sizeof(clock) / sizeof(clock[0]); i++) {
		struct message_id before = last;

		ck_assert_int_eq(message_id_new(&last, clock[i]), 0);
		ck_assert_int_gt(message_id_order(&last, &before), 0);
	}
}
END_TEST

START_TEST(a_thousand_names_of_one_millisecond_differ)
{
	struct message_id last = { { 0 } };

	for (int i = 0; i < 1000; i++) {
		struct message_id before = last;

		ck_assert_int_eq(message_id_new(&last, 1763763420999), 0);
		ck_assert_int_gt(message_id_order(&last, &before), 0);
	}
}
END_TEST

START_TEST(it_is_written_and_read_back_in_either_case)
{
	struct message_id id = { { 0 } }, back;
	char name[MESSAGE_ID_CHARS + 1];

	for (int i = 0; i < 1000; i++) {
		ck_assert_int_eq(message_id_new(&id, i * 7919), 0);
		ck_assert_int_eq(message_id_utc_ms(&id), i * 7919);
		message_id_write(&id, name);
		ck_assert_uint_eq(strlen(name), MESSAGE_ID_CHARS);
		for (char *c = name; i % 2 == 0 && *c != '\0'; c++)
			*c = (char)(*c >= 'a' ? *c - 32 : *c);
		ck_assert_int_eq(message_id_read(slice_str(name), &back), 0);
		ck_assert_int_eq(message_id_order(&id, &back), 0);
	}
}
END_TEST

START_TEST(names_sort_as_text_as_they_do_in_time)
{
	struct message_id last = { { 0 } };
	char before[MESSAGE_ID_CHARS + 1] = "", name[MESSAGE_ID_CHARS + 1];

	for (int i = 0; i < 1000; i++) {
		ck_assert_int_eq(message_id_new(&last, i / 3 * 40000), 0);
		message_id_write(&last, name);
		ck_assert_int_gt(strcmp(name, before), 0);
		memcpy(before, name, sizeof(name));
	}
}
END_TEST

static const struct slice no_names[] = {
	SLICE(""), SLICE("000000000000000"), SLICE("00000000000000000"),
	SLICE("000000000000000i"), SLICE("l000000000000000"),
	SLICE("0000000O00000000"), SLICE("000000000000000u"),
	SLICE("000000000000000\0"), SLICE("00000000000000 0"),
	SLICE("000000000000000\377"),
};

START_TEST(what_is_no_name_is_not_read)
{
	struct message_id id = { { 7 } };

	ck_assert_int_eq(message_id_read(no_names[_i], &id), -EINVAL);
	ck_assert_uint_eq(id.bytes[0], 7);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("id");
	TCase *tests = tcase_create("id");

	tcase_add_test(tests,
	    a_name_is_later_than_the_last_whatever_the_clock_says);
	tcase_add_test(tests, a_thousand_names_of_one_millisecond_differ);
	tcase_add_test(tests, it_is_written_and_read_back_in_either_case);
	tcase_add_test(tests, names_sort_as_text_as_they_do_in_time);
	tcase_add_loop_test(tests, what_is_no_name_is_not_read, 0,
	    sizeof(no_names) / sizeof(no_names[0]));
	suite_add_tcase(suite, tests);
	return suite;
}
