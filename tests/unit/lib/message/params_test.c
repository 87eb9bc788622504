/*
 * params_test.c - what follows the path in MAIL and RCPT
 */
#include <errno.h>
#include <string.h>

#include "lib/message/params.h"
#include "tests/unit/unit.h"

#define ALL	(OFFER_AUTH | OFFER_UTF8 | OFFER_DSN | OFFER_BINARY)
#define TEN	"1234567890"
#define HUNDRED	TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static const struct {
	const char		*in;
	unsigned		 offers;
	int			 want;
	struct mail_params	 params;
} mails[] = {
	{ "", 0, 0, { 0 } },
	{ "  ", 0, 0, { 0 } },
	{ " SIZE=123", 0, 0, { .has_size = true, .size = 123 } },
	{ " size=0 body=8bitmime ", 0, 0,
	    { .has_size = true, .body = BODY_8BITMIME } },
	{ " BODY=7BIT", 0, 0, { .body = BODY_7BIT } },
	/* RFC 1870 3: 20 digits, more than 64 bits hold */
	{ " SIZE=99999999999999999999", 0, 0,
	    { .has_size = true, .size = UINT64_MAX } },
	{ " SIZE=100000000000000000000", 0, -EINVAL, { 0 } },
	{ " SIZE=-1", 0, -EINVAL, { 0 } },
	{ " SIZE=", 0, -EINVAL, { 0 } },
	{ " SIZE", 0, -EINVAL, { 0 } },
	{ " SIZE=1 SIZE=1", 0, -EINVAL, { 0 } },
	{ "SIZE=1", 0, -EINVAL, { 0 } },
	{ " =1", 0, -EINVAL, { 0 } },
	{ " -A=1", 0, -EINVAL, { 0 } },
	{ " SIZE=1\r\nRCPT", 0, -EINVAL, { 0 } },
	{ " SIZE=1\tBODY=7BIT", 0, -EINVAL, { 0 } },
	{ " BODY=9BIT", 0, -EINVAL, { 0 } },
	/* RFC 3030 3: BINARYMIME only where CHUNKING was offered too */
	{ " BODY=BINARYMIME", 0, -ENOTSUP, { 0 } },
	{ " BODY=BINARYMIME", ALL, 0, { .body = BODY_BINARYMIME } },
	{ " SMTPUTF8", ALL, 0, { .utf8 = true } },
	{ " SMTPUTF8=1", ALL, -EINVAL, { 0 } },
	{ " SMTPUTF8", 0, -ENOTSUP, { 0 } },
	/* RFC 4954 5 */
	{ " AUTH=<>", ALL, 0, { 0 } },
	{ " AUTH=e+3Dmc2@example.com", ALL, 0, { 0 } },
	{ " AUTH=<>", 0, -ENOTSUP, { 0 } },
	{ " AUTH=x+0D+0Ay", ALL, -EINVAL, { 0 } },	/* A08 */
	{ " RET=FULL ENVID=QQ+2B314159", ALL, 0,
	    { .ret = RET_FULL, .envid = SLICE("QQ+314159") } },
	{ " RET=hdrs", ALL, 0, { .ret = RET_HDRS } },
	{ " RET=some", ALL, -EINVAL, { 0 } },
	{ " RET=FULL", 0, -ENOTSUP, { 0 } },
	{ " ENVID=" HUNDRED, ALL, 0, { .envid = SLICE(HUNDRED) } },
	{ " ENVID=" HUNDRED "1", ALL, -EINVAL, { 0 } },
	{ " ENVID=a+0Ab", ALL, -EINVAL, { 0 } },
	{ " ENVID=a+7Fb", ALL, -EINVAL, { 0 } },
	{ " ENVID=a+2", ALL, -EINVAL, { 0 } },
	{ " ENVID=a+", ALL, -EINVAL, { 0 } },
	{ " ENVID=a+2b", ALL, -EINVAL, { 0 } },
	{ " NOTIFY=NEVER", ALL, -ENOTSUP, { 0 } },
	{ " XFOO=1", ALL, -ENOTSUP, { 0 } },
};

/* RFC 5321 4.1.1.2 and the extensions' own sections */
START_TEST(mail_parameters_come_out_typed_or_are_refused)
{
	ARENA_AUTO arena = arena_new(4096);
	struct mail_params params = { .size = 77 };
	const struct mail_params *want = &mails[_i].params;
	const char *why = NULL;
	int r = params_mail(slice_str(mails[_i].in), mails[_i].offers, arena,
	    &params, &why);

	ck_assert_int_eq(r, mails[_i].want);
	if (r < 0) {
		ck_assert_uint_eq(params.size, 77);
		ck_assert_ptr_nonnull(why);
		return;
	}
	ck_assert_ptr_null(why);
	ck_assert(params.has_size == want->has_size);
	ck_assert_uint_eq(params.size, want->size);
	ck_assert_int_eq(params.body, want->body);
	ck_assert_int_eq(params.ret, want->ret);
	ck_assert(params.utf8 == want->utf8);
	ck_assert(slice_is(params.envid, want->envid));
}
END_TEST

static const struct {
	const char		*in;
	unsigned		 offers;
	int			 want;
	struct rcpt_params	 params;
} rcpts[] = {
	{ "", 0, 0, { 0 } },
	{ " NOTIFY=NEVER", ALL, 0, { .notify = NOTIFY_NEVER } },
	{ " NOTIFY=success,Delay", ALL, 0,
	    { .notify = NOTIFY_SUCCESS | NOTIFY_DELAY } },
	{ " NOTIFY=NEVER,FAILURE", ALL, -EINVAL, { 0 } },
	{ " NOTIFY=SUCCESS,", ALL, -EINVAL, { 0 } },
	{ " NOTIFY=,", ALL, -EINVAL, { 0 } },
	{ " NOTIFY=SUCCESS", 0, -ENOTSUP, { 0 } },
	{ " ORCPT=rfc822;a+2Bb@x", ALL, 0,
	    { .orcpt = SLICE("rfc822;a+b@x") } },
	{ " ORCPT=rfc822;a+0Ab", ALL, -EINVAL, { 0 } },	/* A08 */
	{ " ORCPT=rfc822;a+00b", ALL, -EINVAL, { 0 } },
	{ " ORCPT=rfc822;a+C3+A9", ALL, -EINVAL, { 0 } },
	{ " ORCPT=rfc822;", ALL, -EINVAL, { 0 } },
	{ " ORCPT=;a@x", ALL, -EINVAL, { 0 } },
	{ " ORCPT=a@x", ALL, -EINVAL, { 0 } },
	/* RFC 6533 3 */
	{ " ORCPT=utf-8;\303\251@x", ALL, 0,
	    { .orcpt = SLICE("utf-8;\303\251@x") } },
	{ " ORCPT=utf-8;\303\251@x", ALL & ~OFFER_UTF8, -EINVAL, { 0 } },
	{ " ORCPT=utf-8;\302\205@x", ALL, -EINVAL, { 0 } },
	{ " ORCPT=rfc822;\303\251@x", ALL, -EINVAL, { 0 } },
	{ " ORCPT=rfc822;" HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED, ALL,
	    -EINVAL, { 0 } },
	{ " SIZE=1", ALL, -ENOTSUP, { 0 } },
};

/* RFC 3461 4.1 and 4.2 */
START_TEST(rcpt_parameters_come_out_typed_or_are_refused)
{
	ARENA_AUTO arena = arena_new(4096);
	struct rcpt_params params = { .notify = 77 };
	const char *why = NULL;
	int r = params_rcpt(slice_str(rcpts[_i].in), rcpts[_i].offers, arena,
	    &params, &why);

	ck_assert_int_eq(r, rcpts[_i].want);
	if (r < 0) {
		ck_assert_uint_eq(params.notify, 77);
		ck_assert_ptr_nonnull(why);
		return;
	}
	ck_assert_uint_eq(params.notify, rcpts[_i].params.notify);
	ck_assert(slice_is(params.orcpt, rcpts[_i].params.orcpt));
}
END_TEST

START_TEST(a_spent_budget_is_its_own_refusal)
{
	ARENA_AUTO arena = arena_new(16);
	struct mail_params params;
	const char *why = NULL;

	ck_assert_int_eq(params_mail(slice_str(" ENVID=" HUNDRED), ALL, arena,
	    &params, &why), -ENOBUFS);
	ck_assert_ptr_nonnull(why);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("params");
	TCase *tests = tcase_create("params");

	tcase_add_loop_test(tests,
	    mail_parameters_come_out_typed_or_are_refused, 0,
	    sizeof(mails) / sizeof(mails[0]));
	tcase_add_loop_test(tests,
	    rcpt_parameters_come_out_typed_or_are_refused, 0,
	    sizeof(rcpts) / sizeof(rcpts[0]));
	tcase_add_test(tests, a_spent_budget_is_its_own_refusal);
	suite_add_tcase(suite, tests);
	return suite;
}
