/*
 * pop3_reply_test.c - what a refusal means
 */
#include <errno.h>

#include "fetch/pop3_reply.h"
#include "tests/unit/unit.h"

static const struct {
	const char	*words;
	enum fetch_end	 at_login, later;
} refusals[] = {
	/* RFC 3206, RFC 2449 8: a code decides, whatever the words say */
	{ "[AUTH] try again", FETCH_END_REFUSED, FETCH_END_REFUSED },
	{ "[SYS/TEMP] wrong password", FETCH_END_BUSY, FETCH_END_BUSY },
	{ "[SYS/PERM] busy", FETCH_END_REFUSED, FETCH_END_REFUSED },
	{ "[IN-USE] access denied", FETCH_END_BUSY, FETCH_END_BUSY },
	{ "-ERR [LOGIN-DELAY] wait", FETCH_END_BUSY, FETCH_END_BUSY },
	/* "try again" is said of wrong passwords as well */
	{ "Authentication failed. Please check your password and try again.",
	    FETCH_END_REFUSED, FETCH_END_BUSY },
	{ "Login failed, try later", FETCH_END_REFUSED, FETCH_END_BUSY },
	{ "Invalid user, try again", FETCH_END_REFUSED, FETCH_END_BUSY },
	{ "Access denied", FETCH_END_REFUSED, FETCH_END_INCONSISTENT },
	{ "Incorrect; service unavailable", FETCH_END_REFUSED,
	    FETCH_END_BUSY },
	/* but never is a locked maildrop told as that */
	{ "login failed: maildrop already locked", FETCH_END_BUSY,
	    FETCH_END_BUSY },
	{ "permission denied, mailbox in use", FETCH_END_BUSY,
	    FETCH_END_BUSY },
	{ "Temporary authentication failure", FETCH_END_BUSY,
	    FETCH_END_BUSY },
	{ "too many connections, try again", FETCH_END_BUSY, FETCH_END_BUSY },
	{ "the account is locked", FETCH_END_REFUSED,
	    FETCH_END_INCONSISTENT },
	{ "", FETCH_END_REFUSED, FETCH_END_INCONSISTENT },
};

START_TEST(a_refusal_is_told_as_what_it_is)
{
	struct slice words = slice_str(refusals[_i].words);

	ck_assert_int_eq(pop3_refusal(words, true), refusals[_i].at_login);
	ck_assert_int_eq(pop3_refusal(words, false), refusals[_i].later);
}
END_TEST

static const struct {
	const char	*line;
	int		 want;
	bool		 ok;
	const char	*words;
} lines[] = {
	{ "+OK", 0, true, "" },
	{ "+ok  fine ", 0, true, "fine" },
	{ "-ERR\t[AUTH] no", 0, false, "[AUTH] no" },
	{ "+OKAY", -EBADMSG, false, NULL },
	{ "-ERROR", -EBADMSG, false, NULL },
	{ ".", -EBADMSG, false, NULL },
	{ "", -EBADMSG, false, NULL },
};

/* RFC 1939 3 */
START_TEST(a_status_line_is_one_or_none)
{
	struct pop3_status status;

	ck_assert_int_eq(pop3_status_read(slice_str(lines[_i].line), &status),
	    lines[_i].want);
	if (lines[_i].want < 0)
		return;
	ck_assert(status.ok == lines[_i].ok);
	ck_assert(slice_is_str(status.words, lines[_i].words));
}
END_TEST

#define ROWS(table)	((int)(sizeof(table) / sizeof(*(table))))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("fetch/pop3_reply");
	TCase *tests = tcase_create("pop3_reply");

	tcase_add_loop_test(tests, a_refusal_is_told_as_what_it_is, 0,
	    ROWS(refusals));
	tcase_add_loop_test(tests, a_status_line_is_one_or_none, 0,
	    ROWS(lines));
	suite_add_tcase(suite, tests);
	return suite;
}
