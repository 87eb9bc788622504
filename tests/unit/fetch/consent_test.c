/*
 * consent_test.c - what is said about a consent, as bytes
 */
#include "fetch/consent.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"

START_TEST(what_is_asked_comes_out_as_it_was)
{
	const struct consent_ask ask = { 7, CONSENT_CODE, SLICE("co de"),
	    SLICE("state") };
	TEXT_AUTO body = TEXT_INIT(256);
	struct consent_ask got;

	consent_ask_pack(&body, &ask);
	ck_assert_int_eq(consent_ask_unpack(text_slice(&body), &got), 0);
	ck_assert_uint_eq(got.id, 7);
	ck_assert_int_eq(got.step, CONSENT_CODE);
	ck_assert(slice_is_str(got.value, "co de"));
	ck_assert(slice_is_str(got.state, "state"));
	for (size_t n = 0; n < body.len; n++)
		ck_assert_int_eq(consent_ask_unpack(
		    slice_first(text_slice(&body), n), &got), -EBADMSG);
}
END_TEST

START_TEST(how_it_stands_comes_out_as_it_was)
{
	const struct consent_state state = { CONSENT_FAILED,
	    SLICE("https://x.test/"), SLICE("AB-CD"), 60, "declined",
	    SLICE("no") };
	TEXT_AUTO body = TEXT_INIT(256);
	struct consent_state got;

	consent_state_pack(&body, &state);
	ck_assert_int_eq(consent_state_unpack(text_slice(&body), &got), 0);
	ck_assert_int_eq(got.stage, CONSENT_FAILED);
	ck_assert(slice_is_str(got.url, "https://x.test/"));
	ck_assert(slice_is_str(got.code, "AB-CD"));
	ck_assert_uint_eq(got.expires_seconds, 60);
	ck_assert_str_eq(got.result, "declined");
	ck_assert(slice_is_str(got.words, "no"));
	for (size_t n = 0; n < body.len; n++)
		ck_assert_int_eq(consent_state_unpack(
		    slice_first(text_slice(&body), n), &got), -EBADMSG);
}
END_TEST

/* The process that says it speaks with the world. */
START_TEST(nobody_is_sent_anywhere_but_to_https)
{
	static const struct consent_state bad[] = {
		{ .stage = CONSENT_WAITING, .url = SLICE("http://x.test/") },
		{ .stage = CONSENT_WAITING, .url = SLICE("file:///etc") },
		{ .stage = CONSENT_WAITING, .url = SLICE("https://x\033[2J") },
		{ .stage = CONSENT_WAITING, .code = SLICE("a\nb") },
		{ .stage = CONSENT_FAILED, .words = SLICE("\xc3\xa4") },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		TEXT_AUTO body = TEXT_INIT(256);
		struct consent_state got;

		consent_state_pack(&body, &bad[i]);
		ck_assert_int_eq(consent_state_unpack(text_slice(&body),
		    &got), -EBADMSG);
	}
}
END_TEST

START_TEST(every_step_has_its_word)
{
	ck_assert_int_eq(consent_step_of(slice_str("device")),
	    CONSENT_DEVICE);
	ck_assert_int_eq(consent_step_of(slice_str("look")), CONSENT_LOOK);
	ck_assert_int_eq(consent_step_of(slice_str("")), CONSENT_STEP_COUNT);
	ck_assert_int_eq(consent_step_of(slice_str("devices")),
	    CONSENT_STEP_COUNT);
	for (unsigned i = 0; i < CONSENT_STAGE_COUNT; i++)
		ck_assert_ptr_nonnull(consent_stage_word(
		    (enum consent_stage)i));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("consent");
	TCase *test = tcase_create("consent");

	tcase_add_test(test, what_is_asked_comes_out_as_it_was);
	tcase_add_test(test, how_it_stands_comes_out_as_it_was);
	tcase_add_test(test, nobody_is_sent_anywhere_but_to_https);
	tcase_add_test(test, every_step_has_its_word);
	suite_add_tcase(suite, test);
	return suite;
}
