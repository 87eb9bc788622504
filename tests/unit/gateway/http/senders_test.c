/*
 * senders_test.c - whom a person wants to hear from, at /me/senders
 */
#include <string.h>

#include "tests/unit/gateway/http/web_scene.h"

/* What the keeper says: a row of "sender list", or of a change. */
static void
answer_one(const char *name, const char *wish)
{
	text_clear(&answer);
	pack_u8(&answer, ADMIN_OK);
	pack_u8(&answer, ADMIN_NO_FIELD);
	pack_u32(&answer, 1);
	pack_slice(&answer, slice_str(name));
	pack_slice(&answer, slice_str(wish));
	pack_i64(&answer, INT64_C(1790000000000));
}

START_TEST(a_list_is_shown_as_text)
{
	log_in();
	answer_one("\"<b>\"@far.test", "blocked");
	ck_assert_uint_eq(get("/me/senders"), 200);
	ck_assert_str_eq(asked->name, "sender list");
	ck_assert_uint_eq(asker, 7);
	ck_assert(has("&lt;b&gt;") && !has("<b>"));
	ck_assert(has("Into Junk") && has("Take off the list"));
	/* collecting is not needed for it */
	ann.may_fetch = false;
	answer_one("zoe@far.test", "allowed");
	ck_assert_uint_eq(get("/me/senders"), 200);
	ck_assert(has("Never taken for spam"));
}
END_TEST

static const struct {
	const char	*word, *request;	/* NULL: there is none */
} acts[] = {
	{ "allow", "sender allow" }, { "block", "sender block" },
	{ "remove", "sender remove" }, { "list", NULL }, { "", NULL },
};

START_TEST(a_button_asks_for_what_it_says)
{
	char form[256];

	log_in();
	asked = NULL;
	answer_one("zoe@far.test", "unsaid");
	(void)snprintf(form, sizeof(form),
	    "token=%s&do=%s&sender=zoe%%40far.test", token, acts[_i].word);
	ck_assert_uint_eq(post("/me/senders", ORIGIN FORM, form),
	    acts[_i].request == NULL ? 400 : 303);
	if (acts[_i].request == NULL) {
		ck_assert_ptr_null(asked);
		return;
	}
	ck_assert_str_eq(asked->name, acts[_i].request);
	ck_assert_uint_eq(asker, 7);
	ck_assert(has("Location: /me/senders\r\n"));
	/* of a page of ours, by who is logged in */
	asked = NULL;
	(void)snprintf(form, sizeof(form), "token=x&do=%s&sender=a%%40b.test",
	    acts[_i].word);
	ck_assert_uint_eq(post("/me/senders", ORIGIN FORM, form), 403);
	ck_assert_ptr_null(asked);
}
END_TEST

static const struct {
	enum admin_status said;
	unsigned	  want;
	const char	 *words;
} refusals[] = {
	{ ADMIN_UNFIT, 400, "neither an address nor a domain" },
	{ ADMIN_NO_SUCH, 404, "not on your list" },
	{ ADMIN_TOO_MANY, 409, "as many" },
	{ ADMIN_LATER, 503, "" },
};

START_TEST(what_the_keeper_refuses_is_said)
{
	char form[256];

	log_in();
	text_clear(&answer);
	admin_refuse(&answer, refusals[_i].said);
	(void)snprintf(form, sizeof(form), "token=%s&do=block&sender=x",
	    token);
	ck_assert_uint_eq(post("/me/senders", ORIGIN FORM, form),
	    refusals[_i].want);
	ck_assert(has(refusals[_i].words));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("gateway/http/senders");
	TCase *tests = tcase_create("senders");

	tcase_add_checked_fixture(tests, begin, end);
	tcase_add_test(tests, a_list_is_shown_as_text);
	tcase_add_loop_test(tests, a_button_asks_for_what_it_says, 0,
	    COUNT(acts));
	tcase_add_loop_test(tests, what_the_keeper_refuses_is_said, 0,
	    COUNT(refusals));
	suite_add_tcase(suite, tests);
	return suite;
}
