/*
 * etrn_reply_test.c - each reply to ETRN and ATRN means what its RFC says
 */
#include <errno.h>
#include <string.h>

#include "fetch/etrn_reply.h"
#include "tests/unit/unit.h"

#define COUNT(array)	((int)(sizeof(array) / sizeof((array)[0])))

/* RFC 5321 4.2: three digits, then a space, a hyphen or nothing */
static const struct {
	const char	*line;
	unsigned	 code;		/* 0: it is no reply */
	bool		 is_last;
	const char	*words;
} lines[] = {
	{ "250 OK, queuing started", 250, true, "OK, queuing started" },
	{ "250-first", 250, false, "first" },
	{ "250", 250, true, "" },
	{ "250 ", 250, true, "" },
	{ "599 x", 599, true, "x" },
	{ "600 x", 0, false, NULL },
	{ "199 x", 0, false, NULL },
	{ "2500 x", 0, false, NULL },
	{ "25 x", 0, false, NULL },
	{ " 250 x", 0, false, NULL },
	{ "+OK", 0, false, NULL },
	{ "", 0, false, NULL },
};

START_TEST(a_line_is_a_code_and_words)
{
	struct etrn_line line = { .code = 77 };
	int r = etrn_line_read(slice_str(lines[_i].line), &line);

	if (lines[_i].code == 0) {
		ck_assert_int_eq(r, -EINVAL);
		ck_assert_uint_eq(line.code, 77);
		return;
	}
	ck_assert_int_eq(r, 0);
	ck_assert_uint_eq(line.code, lines[_i].code);
	ck_assert(line.is_last == lines[_i].is_last);
	ck_assert(slice_is_str(line.words, lines[_i].words));
}
END_TEST

static const struct {
	unsigned	code;
	enum fetch_end	etrn, atrn;
} meanings[] = {
	{ 250, FETCH_END_DONE, FETCH_END_DONE },
	{ 251, FETCH_END_DONE, FETCH_END_INCONSISTENT },
	{ 252, FETCH_END_DONE, FETCH_END_INCONSISTENT },
	{ 253, FETCH_END_DONE, FETCH_END_INCONSISTENT },
	{ 254, FETCH_END_INCONSISTENT, FETCH_END_INCONSISTENT },
	{ 354, FETCH_END_INCONSISTENT, FETCH_END_INCONSISTENT },
	{ 421, FETCH_END_BUSY, FETCH_END_BUSY },
	{ 450, FETCH_END_BUSY, FETCH_END_NOT_ALLOWED },
	{ 451, FETCH_END_BUSY, FETCH_END_BUSY },
	{ 453, FETCH_END_BUSY, FETCH_END_DONE },
	{ 458, FETCH_END_BUSY, FETCH_END_BUSY },
	{ 459, FETCH_END_NOT_ALLOWED, FETCH_END_BUSY },
	{ 500, FETCH_END_NOT_OFFERED, FETCH_END_NOT_OFFERED },
	{ 501, FETCH_END_NOT_ALLOWED, FETCH_END_NOT_ALLOWED },
	{ 502, FETCH_END_NOT_OFFERED, FETCH_END_NOT_OFFERED },
	{ 530, FETCH_END_WANTS_LOGIN, FETCH_END_WANTS_LOGIN },
	{ 554, FETCH_END_NOT_ALLOWED, FETCH_END_NOT_ALLOWED },
};

START_TEST(a_code_has_one_meaning)
{
	ck_assert_int_eq(etrn_meaning(meanings[_i].code), meanings[_i].etrn);
	ck_assert_int_eq(atrn_meaning(meanings[_i].code), meanings[_i].atrn);
}
END_TEST

static const struct {
	const char	*line;
	uint64_t	 pending;
} counts[] = {
	{ "253 OK, 14 pending messages for node office.test started", 14 },
	{ "253 2.0.0 3 messages", 3 },
	{ "253 many", 0 },
	{ "253 99999999999999999999 messages", 0 },
	{ "250 OK, 14 pending", 0 },
};

START_TEST(only_253_says_how_many_wait)
{
	struct etrn_line line;

	ck_assert_int_eq(etrn_line_read(slice_str(counts[_i].line), &line),
	    0);
	ck_assert_uint_eq(etrn_pending(&line), counts[_i].pending);
}
END_TEST

START_TEST(what_was_offered_before_tls_is_forgotten)
{
	struct etrn_offer offer = { 0 };

	etrn_offer_line(&offer, slice_str("220 ready"));
	etrn_offer_line(&offer, slice_str("250-provider.test"));
	etrn_offer_line(&offer, slice_str("250-etrn"));
	etrn_offer_line(&offer, slice_str("250 AUTH PLAIN"));
	ck_assert(offer.has_etrn && offer.has_auth && !offer.has_atrn);
	etrn_offer_line(&offer, slice_str("220 begin TLS"));
	ck_assert(!offer.has_etrn && !offer.has_auth);
	etrn_offer_line(&offer, slice_str("250-ETRNX"));
	etrn_offer_line(&offer, slice_str("250 ATRN"));
	ck_assert(!offer.has_etrn && offer.has_atrn);
	ck_assert(!offer.is_logged_in);
	etrn_offer_line(&offer, slice_str("235 2.7.0 welcome"));
	ck_assert(offer.is_logged_in);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("fetch/etrn_reply");
	TCase *tcase = tcase_create("replies");

	tcase_add_loop_test(tcase, a_line_is_a_code_and_words, 0,
	    COUNT(lines));
	tcase_add_loop_test(tcase, a_code_has_one_meaning, 0,
	    COUNT(meanings));
	tcase_add_loop_test(tcase, only_253_says_how_many_wait, 0,
	    COUNT(counts));
	tcase_add_test(tcase, what_was_offered_before_tls_is_forgotten);
	suite_add_tcase(suite, tcase);
	return suite;
}
