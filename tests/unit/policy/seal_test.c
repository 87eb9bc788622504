/*
 * seal_test.c - a sealed secret is read with its key, for its row, or not
 */
#include <errno.h>
#include <string.h>

#include "policy/seal.h"
#include "tests/unit/unit.h"

static const struct seal_key key = { "0123456789abcdef0123456789abcde" };

static void
seal_into(struct text *sealed, const char *context, struct slice secret)
{
	ck_assert_int_eq(seal(&key, slice_str(context), secret, sealed), 0);
}

START_TEST(what_was_sealed_is_read_again)
{
	TEXT_AUTO sealed = TEXT_INIT(8192);
	TEXT_AUTO secret = TEXT_INIT(8192);
	char bytes[SEAL_MOST_BYTES];
	const size_t lens[] = { 0, 1, 16, 17, sizeof(bytes) };

	memset(bytes, 's', sizeof(bytes));
	seal_into(&sealed, "fetch 12", slice_of(bytes, lens[_i]));
	ck_assert_uint_eq(sealed.len, lens[_i] + SEAL_MORE_BYTES);
	ck_assert_int_eq(unseal(&key, slice_str("fetch 12"),
	    text_slice(&sealed), &secret), 0);
	ck_assert(slice_is(text_slice(&secret), slice_of(bytes, lens[_i])));
}
END_TEST

START_TEST(the_secret_does_not_stand_in_what_is_kept)
{
	TEXT_AUTO sealed = TEXT_INIT(8192);

	seal_into(&sealed, "fetch 12", slice_str("correct horse"));
	ck_assert_uint_eq(slice_find_str(text_slice(&sealed), "horse"),
	    SIZE_MAX);
}
END_TEST

START_TEST(the_same_secret_is_sealed_differently_each_time)
{
	TEXT_AUTO one = TEXT_INIT(8192);
	TEXT_AUTO two = TEXT_INIT(8192);

	seal_into(&one, "fetch 12", slice_str("correct horse"));
	seal_into(&two, "fetch 12", slice_str("correct horse"));
	ck_assert(!slice_is(text_slice(&one), text_slice(&two)));
}
END_TEST

START_TEST(another_row_or_key_does_not_open_it)
{
	TEXT_AUTO sealed = TEXT_INIT(8192);
	TEXT_AUTO secret = TEXT_INIT(8192);
	struct seal_key other = key;

	other.bytes[31] ^= 1;
	seal_into(&sealed, "fetch 12", slice_str("correct horse"));
	ck_assert_int_eq(unseal(&key, slice_str("fetch 13"),
	    text_slice(&sealed), &secret), -EBADMSG);
	ck_assert_int_eq(unseal(&other, slice_str("fetch 12"),
	    text_slice(&sealed), &secret), -EBADMSG);
	ck_assert_uint_eq(secret.len, 0);
}
END_TEST

START_TEST(a_flipped_bit_or_a_cut_is_noticed_wherever_it_is)
{
	TEXT_AUTO sealed = TEXT_INIT(8192);
	TEXT_AUTO secret = TEXT_INIT(8192);

	seal_into(&sealed, "fetch 12", slice_str("correct horse"));
	for (size_t i = 0; i < sealed.len; i++) {
		sealed.at[i] ^= 4;
		ck_assert_int_eq(unseal(&key, slice_str("fetch 12"),
		    text_slice(&sealed), &secret),
		    i == 0 ? -EPROTO : -EBADMSG);
		sealed.at[i] ^= 4;
		ck_assert_int_eq(unseal(&key, slice_str("fetch 12"),
		    slice_first(text_slice(&sealed), i), &secret), -EBADMSG);
	}
	ck_assert_uint_eq(secret.len, 0);
}
END_TEST

START_TEST(a_key_has_32_bytes)
{
	struct seal_key taken;
	char bytes[33] = "0123456789abcdef0123456789abcdef";

	ck_assert_int_eq(seal_key_take(slice_of(bytes, 31), &taken), -EINVAL);
	ck_assert_int_eq(seal_key_take(slice_of(bytes, 33), &taken), -EINVAL);
	ck_assert_int_eq(seal_key_take(slice_of(bytes, 32), &taken), 0);
}
END_TEST

START_TEST(a_secret_that_is_too_long_is_refused)
{
	TEXT_AUTO sealed = TEXT_INIT(8192);
	char bytes[SEAL_MOST_BYTES + 1] = { 0 };

	ck_assert_int_eq(seal(&key, slice_str(""), slice_of(bytes,
	    sizeof(bytes)), &sealed), -E2BIG);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("seal");
	TCase *tests = tcase_create("seal");

	tcase_add_loop_test(tests, what_was_sealed_is_read_again, 0, 5);
	tcase_add_test(tests, the_secret_does_not_stand_in_what_is_kept);
	tcase_add_test(tests, the_same_secret_is_sealed_differently_each_time);
	tcase_add_test(tests, another_row_or_key_does_not_open_it);
	tcase_add_test(tests, a_flipped_bit_or_a_cut_is_noticed_wherever_it_is);
	tcase_add_test(tests, a_key_has_32_bytes);
	tcase_add_test(tests, a_secret_that_is_too_long_is_refused);
	suite_add_tcase(suite, tests);
	return suite;
}
