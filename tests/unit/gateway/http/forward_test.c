/*
 * forward_test.c - where a person's mail goes besides, at /me/forward
 */
#include <string.h>

#include "tests/unit/gateway/http/web_scene.h"

/* What the keeper says: a row of "forward list", or of a change. */
static void
answer_one(const char *target, const char *keep, const char *by)
{
	text_clear(&answer);
	pack_u8(&answer, ADMIN_OK);
	pack_u8(&answer, ADMIN_NO_FIELD);
	pack_u32(&answer, 1);
	pack_slice(&answer, slice_str("ann@office.test"));
	pack_slice(&answer, slice_str(target));
	pack_slice(&answer, slice_str(keep));
	pack_slice(&answer, slice_str(by));
	pack_i64(&answer, INT64_C(1790000000000));
}

static void
answer_none(void)
{
	text_clear(&answer);
	pack_u8(&answer, ADMIN_OK);
	pack_u8(&answer, ADMIN_NO_FIELD);
	pack_u32(&answer, 0);
}

START_TEST(it_is_shown_as_text_with_a_form_for_who_may)
{
	log_in();
	ann.may_forward = true;
	answer_one("\"<b>\"@far.test", "no", "owner");
	ck_assert_uint_eq(get("/me/forward"), 200);
	ck_assert_str_eq(asked->name, "forward list");
	ck_assert_uint_eq(asker, 7);
	ck_assert(has("&lt;b&gt;") && !has("<b>"));
	ck_assert(has("Nothing stays here") && has("Forward it no more"));
	ck_assert(has("Forward my mail there"));
	answer_none();
	ck_assert_uint_eq(get("/me/forward"), 200);
	ck_assert(has("No mail is forwarded.") &&
	    !has("Forward it no more"));
	/* what the postmaster has set is seen, and his */
	answer_one("ann@far.test", "yes", "postmaster");
	ck_assert_uint_eq(get("/me/forward"), 200);
	ck_assert(has("ann@far.test") && has("only the postmaster changes"));
	ck_assert(!has("Forward it no more") && !has("Forward my mail there"));
	/* without the right nothing is to be filled in, but what is there ends */
	ann.may_forward = false;
	answer_one("ann@far.test", "yes", "owner");
	ck_assert_uint_eq(get("/me/forward"), 200);
	ck_assert(has("does not let you") && !has("Forward my mail there"));
	ck_assert(has("Forward it no more"));
}
END_TEST

static const struct {
	const char	*form, *request;	/* NULL: there is none */
} acts[] = {
	{ "do=set&target=ann%40far.test&keep=no", "forward set" },
	{ "do=set&target=", "forward set" },
	{ "do=end", "forward remove" },
	{ "do=list", NULL }, { "", NULL },
};

START_TEST(a_button_asks_for_what_it_says)
{
	char form[256];

	log_in();
	asked = NULL;
	answer_one("ann@far.test", "yes", "owner");
	(void)snprintf(form, sizeof(form), "token=%s&%s", token,
	    acts[_i].form);
	ck_assert_uint_eq(post("/me/forward", ORIGIN FORM, form),
	    acts[_i].request == NULL ? 400 : 303);
	if (acts[_i].request == NULL) {
		ck_assert_ptr_null(asked);
		return;
	}
	ck_assert_str_eq(asked->name, acts[_i].request);
	ck_assert_uint_eq(asker, 7);
	ck_assert(has("Location: /me/forward\r\n"));
	/* of a page of ours, by who is logged in */
	asked = NULL;
	(void)snprintf(form, sizeof(form), "token=x&%s", acts[_i].form);
	ck_assert_uint_eq(post("/me/forward", ORIGIN FORM, form), 403);
	ck_assert_ptr_null(asked);
}
END_TEST

static const struct {
	enum admin_status said;
	unsigned	  want;
	const char	 *words;
} refusals[] = {
	{ ADMIN_UNFIT, 400, "not one of this hub" },
	{ ADMIN_LOOP, 400, "it would come back" },
	{ ADMIN_REFUSED, 403, "does not let you" },
	{ ADMIN_EXISTS, 403, "only the postmaster changes it" },
	{ ADMIN_LATER, 503, "" },
};

START_TEST(what_the_keeper_refuses_is_said)
{
	char form[256];

	log_in();
	text_clear(&answer);
	admin_refuse(&answer, refusals[_i].said);
	(void)snprintf(form, sizeof(form), "token=%s&do=set&target=x",
	    token);
	ck_assert_uint_eq(post("/me/forward", ORIGIN FORM, form),
	    refusals[_i].want);
	ck_assert(has(refusals[_i].words));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("gateway/http/forward");
	TCase *tests = tcase_create("forward");

	tcase_add_checked_fixture(tests, begin, end);
	tcase_add_test(tests, it_is_shown_as_text_with_a_form_for_who_may);
	tcase_add_loop_test(tests, a_button_asks_for_what_it_says, 0,
	    COUNT(acts));
	tcase_add_loop_test(tests, what_the_keeper_refuses_is_said, 0,
	    COUNT(refusals));
	suite_add_tcase(suite, tests);
	return suite;
}
