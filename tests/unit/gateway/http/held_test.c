/*
 * held_test.c - held mail over HTTPS, by the link of a mail and by a login
 */
#include <string.h>

#include "tests/unit/gateway/http/web_scene.h"

#define LINK	"/held/0123456789abcdef"

/* What the queue says: a row of "held open". */
static void
answer_held(const char *subject, bool may_take, const char *text)
{
	text_clear(&answer);
	pack_u8(&answer, ADMIN_OK);
	pack_u8(&answer, ADMIN_NO_FIELD);
	pack_u32(&answer, 1);
	pack_u64(&answer, 7);
	pack_slice(&answer, slice_str("06gywnjy02nf1qp7"));
	pack_i64(&answer, INT64_C(1790000000000));
	pack_slice(&answer, slice_str("Zoe <zoe@far.test>"));
	pack_slice(&answer, slice_str("ann@office.test"));
	pack_slice(&answer, slice_str(subject));
	pack_slice(&answer, slice_str("it looks like spam"));
	pack_u64(&answer, 100);
	pack_slice(&answer, slice_str("yes, 0.998"));
	pack_i64(&answer, INT64_C(1792000000000));
	pack_slice(&answer, slice_str("no"));
	pack_slice(&answer, slice_str(may_take ? "yes" : "no"));
	pack_slice(&answer, slice_str("zoe@far.test"));
	pack_slice(&answer, slice_str(text));
}

static void
answer_taken(void)
{
	text_clear(&answer);
	pack_u8(&answer, ADMIN_OK);
	pack_u8(&answer, ADMIN_NO_FIELD);
	pack_u32(&answer, 1);
	pack_u64(&answer, 7);
}

/* HARDENING A73: programs that look at links change nothing */
START_TEST(looking_at_a_link_only_looks)
{
	ann.language = slice_str("id");
	for (int i = 0; i < 3; i++) {
		answer_held("a prize", true, "Subject: x\r\n\r\nHello\r\n");
		ck_assert_uint_eq(i == 1 ? say_it("HEAD " LINK " HTTP/1.1\r\n"
		    HOST "\r\n") : get(LINK), 200);
		ck_assert_str_eq(asked->name, "held open");
		ck_assert_uint_eq(asker, 0);
	}
	ck_assert(has("<html lang=\"id\">"));
	ck_assert(has("Antarkan kepada saya"));
	ck_assert(has("<div class=\"held\">Hello</div>"));
	ck_assert(has("action=\"" LINK "\""));
	ck_assert(!has("Set-Cookie"));
	ck_assert_uint_eq(logins, 0);
}
END_TEST

START_TEST(the_button_of_that_page_delivers)
{
	answer_taken();
	ck_assert_uint_eq(post(LINK, ORIGIN FORM, "do=release"), 200);
	ck_assert_str_eq(asked->name, "held accept");
	ck_assert(has("on its way"));
}
END_TEST

START_TEST(the_other_button_calls_it_spam)
{
	char form[256];

	answer_held("a prize", true, "Subject: x\r\n\r\nHello\r\n");
	ck_assert_uint_eq(get(LINK), 200);
	ck_assert(has("It is spam"));
	/* a link is about one message: its author is a matter of a login */
	ck_assert(!has("Block this author"));
	answer_taken();
	ck_assert_uint_eq(post(LINK, ORIGIN FORM, "do=spam"), 200);
	ck_assert_str_eq(asked->name, "held disown");
	ck_assert(has("your Junk folder"));
	log_in();
	answer_taken();
	(void)snprintf(form, sizeof(form),
	    "token=%s&do=spam&id=06gywnjy02nf1qp7", token);
	ck_assert_uint_eq(post("/me/held/one", ORIGIN FORM, form), 200);
	ck_assert_str_eq(asked->name, "held spam");
	ck_assert_uint_eq(asker, 7);
}
END_TEST

/* HARDENING A73: another page, no button, no browser */
START_TEST(what_is_not_that_button_delivers_nothing)
{
	static const struct {
		const char *fields, *body;
		unsigned want;
	} posts[] = {
		{ "Origin: https://evil.test\r\n" FORM, "do=release", 403 },
		{ FORM, "do=release", 403 },
		{ ORIGIN FORM, "", 400 }, { ORIGIN FORM, "do=look", 400 },
		{ ORIGIN, "do=release", 400 },
		{ ORIGIN JSON, "{\"do\":\"release\"}", 400 },
	};

	answer_taken();
	ck_assert_uint_eq(post(LINK, posts[_i].fields, posts[_i].body),
	    posts[_i].want);
	ck_assert_ptr_null(asked);
}
END_TEST

START_TEST(what_the_postmaster_keeps_has_no_button)
{
	answer_held("a virus", false, "");
	ck_assert_uint_eq(get(LINK), 200);
	ck_assert(!has("<form"));
	ck_assert(!has("no text"));	/* it may have */
	ck_assert(has("only the postmaster"));
	text_clear(&answer);
	admin_refuse(&answer, ADMIN_REFUSED);
	ck_assert_uint_eq(post(LINK, ORIGIN FORM, "do=release"), 403);
	ck_assert(has("only the postmaster"));
}
END_TEST

/* HARDENING A72 */
START_TEST(nothing_of_a_held_message_is_active_in_its_page)
{
	answer_held("<script>x()</script>\" onload=\"x()", true,
	    "Content-Type: text/html\r\n\r\n<b>&lt;img src=x "
	    "onerror=x()&gt;</b><a href=\"http://evil.example/\">y</a>");
	ck_assert_uint_eq(get(LINK), 200);
	ck_assert(!has("<script") && !has("<img") && !has("evil.example"));
	ck_assert(has("&lt;img src=x onerror=x()&gt;y"));
}
END_TEST

static const struct {
	enum admin_status said;
	unsigned	  want;
	const char	 *words;
} ends[] = {
	{ ADMIN_NO_SUCH, 410, "not held any more" },
	{ ADMIN_EXPIRED, 410, "The time of this link is over" },
	{ ADMIN_UNFIT,	 404, "no such link" },
	{ ADMIN_FAILED,	 409, "damaged" },
	{ ADMIN_LATER,	 503, "" },
};

START_TEST(a_link_that_leads_nowhere_says_so)
{
	text_clear(&answer);
	admin_refuse(&answer, ends[_i].said);
	ck_assert_uint_eq(get(LINK), ends[_i].want);
	ck_assert(has(ends[_i].words));
	ck_assert_uint_eq(post(LINK, ORIGIN FORM, "do=release"),
	    ends[_i].want);
	ck_assert(has(ends[_i].words));
}
END_TEST

/* HARDENING A51 */
START_TEST(many_links_that_are_none_wait)
{
	text_clear(&answer);
	admin_refuse(&answer, ADMIN_UNFIT);
	for (int i = 0; i < 20; i++)
		ck_assert_uint_eq(get(LINK), 404);
	ck_assert_str_eq(last_log,
	    "https from 192.0.2.1: a link to held mail is none of ours");
	asked = NULL;
	ck_assert_uint_eq(get(LINK), 429);
	ck_assert_uint_eq(post(LINK, ORIGIN FORM, "do=release"), 429);
	ck_assert_ptr_null(asked);
	/* the page at /me is another matter */
	ck_assert_uint_eq(get("/me"), 200);
}
END_TEST

/* Whom they belong to says the login, never the form. */
START_TEST(who_is_logged_in_asks_for_their_own)
{
	char form[256];

	log_in();
	answer_taken();
	(void)snprintf(form, sizeof(form),
	    "token=%s&do=release&id=06gywnjy02nf1qp7&account=8", token);
	ck_assert_uint_eq(post("/me/held/one", ORIGIN FORM, form), 200);
	ck_assert_str_eq(asked->name, "held release");
	ck_assert_uint_eq(asker, 7);
	asked = NULL;
	ck_assert_uint_eq(post("/me/held/one", ORIGIN FORM,
	    "token=x&do=release&id=06gywnjy02nf1qp7"), 403);
	ck_assert_ptr_null(asked);
	answer_held("a prize", true, "\r\nx\r\n");
	ck_assert_uint_eq(get("/me/held/one?id=06gywnjy02nf1qp7"), 200);
	ck_assert_str_eq(asked->name, "held show");
	ck_assert(has("zoe@far.test</h2>") && has("Block this author"));
	/* collecting is not needed for it */
	ann.may_fetch = false;
	ck_assert_uint_eq(get("/me"), 303);
	ck_assert(has("Location: /me/held\r\n"));
	text_clear(&answer);
	admin_refuse(&answer, ADMIN_OK);
	ck_assert_uint_eq(get("/me/held"), 200);
	ck_assert(has("Nothing is held for you"));
}
END_TEST

START_TEST(without_a_login_there_is_no_held_mail)
{
	ck_assert_uint_eq(get("/me/held"), 200);
	ck_assert(has("name=\"password\""));
	ck_assert_uint_eq(post("/me/held/one", ORIGIN FORM,
	    "do=release&id=06gywnjy02nf1qp7"), 403);
	/* nor does a password ask by a link, or the postmaster's questions */
	ck_assert_uint_eq(post("/api", JSON ANN, "{\"request\": "
	    "\"held open\", \"args\": {\"link\": \"0\"}}"), 403);
	ck_assert_ptr_null(asked);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("gateway/http/held");
	TCase *tests = tcase_create("held");

	tcase_add_checked_fixture(tests, begin, end);
	tcase_add_test(tests, looking_at_a_link_only_looks);
	tcase_add_test(tests, the_button_of_that_page_delivers);
	tcase_add_test(tests, the_other_button_calls_it_spam);
	tcase_add_loop_test(tests, what_is_not_that_button_delivers_nothing, 0,
	    6);
	tcase_add_test(tests, what_the_postmaster_keeps_has_no_button);
	tcase_add_test(tests, nothing_of_a_held_message_is_active_in_its_page);
	tcase_add_loop_test(tests, a_link_that_leads_nowhere_says_so, 0,
	    COUNT(ends));
	tcase_add_test(tests, many_links_that_are_none_wait);
	tcase_add_test(tests, who_is_logged_in_asks_for_their_own);
	tcase_add_test(tests, without_a_login_there_is_no_held_mail);
	suite_add_tcase(suite, tests);
	return suite;
}
