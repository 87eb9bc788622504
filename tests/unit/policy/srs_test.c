/*
 * srs_test.c - what is sent on has a sender of ours that finds its way back
 */
#include "policy/srs.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"

#define DAY_MS	INT64_C(86400000)
#define NOW	INT64_C(1795300000000)

static const struct seal_key key = { "a key of thirty-two bytes, or so" };

static int
forward(const char *sender, struct text *address)
{
	text_clear(address);
	return srs_forward(&key, slice_str(sender), slice_str("office.test"),
	    NOW, address);
}

static struct slice
local_of(const struct text *address)
{
	return slice_first(text_slice(address),
	    slice_find_last(text_slice(address), '@'));
}

static const struct {
	const char	*sender;
	const char	*starts;	/* NULL: it is not rewritten */
	int		 error;
} senders[] = {
	{ "zoe@far.test", "SRS0=", 0 },
	{ "Zoe.B+x=y@Far.TEST", "SRS0=", 0 },
	{ "SRS0=aBcD=t1=far.test=zoe@other.test", "SRS1=", 0 },
	{ "SRS0+abcd-t1=far.test=zoe@other.test", "SRS1=", 0 },
	{ "SRS1=abcdef=other.test==abcd=t1=far.test=zoe@third.test", "SRS1=",
	    0 },
	{ "zoe", NULL, -EINVAL },
	{ "", NULL, -EINVAL },
	{ "\"zoe b\"@far.test", NULL, -EINVAL },
	{ "zoe@[192.0.2.1]", NULL, -EINVAL },
	{ "zoe@far.test\r\nDATA", NULL, -EINVAL },
	{ "somebody.with.a.rather.long.name@with.a.rather.long.domain.test",
	    NULL, -E2BIG },
};

START_TEST(a_sender_is_rewritten_into_an_address_of_ours)
{
	TEXT_AUTO address = TEXT_INIT(512);
	int r = forward(senders[_i].sender, &address);

	ck_assert_int_eq(r, senders[_i].error);
	ck_assert_int_eq(address.len == 0, r < 0);
	if (r < 0)
		return;
	ck_assert(slice_has_prefix(text_slice(&address), senders[_i].starts));
	ck_assert(slice_has_suffix(text_slice(&address), "@office.test"));
	ck_assert_uint_le(local_of(&address).len, 64);
	ck_assert(srs_is(local_of(&address)));
}
END_TEST

/* What comes back names whom the bounce is for: the sender, or its last hop. */
START_TEST(a_bounce_finds_its_way_back)
{
	static const char *const meant[] = { "zoe@far.test",
	    "Zoe.B+x=y@Far.TEST", "SRS0=aBcD=t1=far.test=zoe@other.test",
	    "SRS0+abcd-t1=far.test=zoe@other.test",
	    "SRS0=abcd=t1=far.test=zoe@other.test" };
	TEXT_AUTO address = TEXT_INIT(512);
	TEXT_AUTO back = TEXT_INIT(512);

	ck_assert_int_eq(forward(senders[_i].sender, &address), 0);
	ck_assert_int_eq(srs_reverse(&key, local_of(&address),
	    NOW + SRS_DAYS * DAY_MS, &back), 0);
	text_add_byte(&back, '\0');
	ck_assert_str_eq(back.at, meant[_i]);
}
END_TEST

START_TEST(letter_case_that_got_lost_does_no_harm)
{
	TEXT_AUTO address = TEXT_INIT(512);
	TEXT_AUTO back = TEXT_INIT(512);

	ck_assert_int_eq(forward("zoe@far.test", &address), 0);
	for (size_t i = 0; i < address.len; i++)
		address.at[i] = (char)toupper((unsigned char)address.at[i]);
	ck_assert_int_eq(srs_reverse(&key, local_of(&address), NOW, &back), 0);
	ck_assert(slice_is_nocase(text_slice(&back),
	    slice_str("zoe@far.test")));
}
END_TEST

/* Not a byte of it can be another one. */
START_TEST(what_was_changed_is_none_of_ours)
{
	TEXT_AUTO address = TEXT_INIT(512);
	TEXT_AUTO back = TEXT_INIT(512);
	struct slice local;

	ck_assert_int_eq(forward(_i == 0 ? "zoe@far.test" :
	    "SRS0=abcd=t1=far.test=zoe@other.test", &address), 0);
	local = local_of(&address);
	for (size_t i = 5; i < local.len; i++) {
		char was = address.at[i];

		address.at[i] = was == 'q' ? 'w' : 'q';
		ck_assert_int_eq(srs_reverse(&key, local, NOW, &back),
		    -EBADMSG);
		address.at[i] = was;
	}
	for (size_t len = 6; len < local.len; len++)
		ck_assert_int_eq(srs_reverse(&key, slice_first(local, len),
		    NOW, &back), -EBADMSG);
	ck_assert_uint_eq(back.len, 0);
	ck_assert_int_eq(srs_reverse(&key, local, NOW, &back), 0);
}
END_TEST

START_TEST(another_key_makes_others)
{
	static const struct seal_key other = { "another key of 32 bytes or so .." };
	TEXT_AUTO address = TEXT_INIT(512);
	TEXT_AUTO back = TEXT_INIT(512);

	ck_assert_int_eq(forward("zoe@far.test", &address), 0);
	ck_assert_int_eq(srs_reverse(&other, local_of(&address), NOW, &back),
	    -EBADMSG);
}
END_TEST

START_TEST(its_time_ends_and_has_not_begun_tomorrow)
{
	TEXT_AUTO address = TEXT_INIT(512);
	TEXT_AUTO back = TEXT_INIT(512);

	ck_assert_int_eq(forward(_i == 0 ? "zoe@far.test" :
	    "SRS0=abcd=t1=far.test=zoe@other.test", &address), 0);
	ck_assert_int_eq(srs_reverse(&key, local_of(&address),
	    NOW + (SRS_DAYS + 1) * DAY_MS, &back), -ESTALE);
	ck_assert_int_eq(srs_reverse(&key, local_of(&address), NOW - DAY_MS,
	    &back), -ESTALE);
}
END_TEST

START_TEST(other_addresses_are_none)
{
	static const char *const locals[] = { "", "SRS0", "SRS0=", "srs2=abc",
	    "SRSX", "zoe", "xSRS0=abcdef=aa=far.test=zoe" };
	TEXT_AUTO back = TEXT_INIT(512);

	ck_assert_int_eq(srs_reverse(&key, slice_str(locals[_i]), NOW, &back),
	    -ENOENT);
	ck_assert(!srs_is(slice_str(locals[_i])));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("srs");
	TCase *tcase = tcase_create("srs");

	tcase_add_loop_test(tcase,
	    a_sender_is_rewritten_into_an_address_of_ours, 0,
	    (int)(sizeof(senders) / sizeof(senders[0])));
	tcase_add_loop_test(tcase, a_bounce_finds_its_way_back, 0, 5);
	tcase_add_test(tcase, letter_case_that_got_lost_does_no_harm);
	tcase_add_loop_test(tcase, what_was_changed_is_none_of_ours, 0, 2);
	tcase_add_test(tcase, another_key_makes_others);
	tcase_add_loop_test(tcase, its_time_ends_and_has_not_begun_tomorrow,
	    0, 2);
	tcase_add_loop_test(tcase, other_addresses_are_none, 0, 7);
	suite_add_tcase(suite, tcase);
	return suite;
}
