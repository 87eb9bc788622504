/*
 * sessions_test.c - who is logged in to the web page
 */
#include "gateway/http/sessions.h"

#include <string.h>

#include "tests/unit/unit.h"

static struct sessions *sessions;

static void
begin(void)
{
	sessions = sessions_new();
	ck_assert_ptr_nonnull(sessions);
}

static void
end(void)
{
	sessions_free(sessions);
}

static const struct session *
find(const char *token, uint64_t now)
{
	return sessions_find(sessions, slice_str(token), now);
}

START_TEST(a_session_is_known_by_its_token_only)
{
	char token[SESSION_TOKEN_SIZE], other[SESSION_TOKEN_SIZE];
	const struct session *session;

	ck_assert_int_eq(sessions_begin(sessions, 7, 99, 1000, token), 0);
	ck_assert_int_eq(sessions_begin(sessions, 8, 98, 1000, other), 0);
	ck_assert_uint_eq(strlen(token), 64);
	ck_assert_str_ne(token, other);
	session = find(token, 2000);
	ck_assert_ptr_nonnull(session);
	ck_assert_uint_eq(session->account, 7);
	ck_assert_uint_eq(session->stamp, 99);
	ck_assert_str_ne(session->form, token);
	/* the token of its forms is not the session's */
	ck_assert_ptr_null(find(session->form, 2000));
	token[5] = token[5] == '0' ? '1' : '0';
	ck_assert_ptr_null(find(token, 2000));
	ck_assert_ptr_null(find("", 2000));
	other[63] = '\0';
	ck_assert_ptr_null(find(other, 2000));
}
END_TEST

START_TEST(a_session_that_is_not_used_ends)
{
	char token[SESSION_TOKEN_SIZE];
	uint64_t now = 5000;

	ck_assert_int_eq(sessions_begin(sessions, 7, 1, now, token), 0);
	now += SESSION_IDLE_MS - 1;
	ck_assert_ptr_nonnull(find(token, now));
	now += SESSION_IDLE_MS - 1;
	ck_assert_ptr_nonnull(find(token, now));
	ck_assert_ptr_null(find(token, now + SESSION_IDLE_MS));
	ck_assert_uint_eq(sessions_count(sessions), 0);
}
END_TEST

START_TEST(a_session_ends_after_a_day_however_busy)
{
	char token[SESSION_TOKEN_SIZE];
	uint64_t step = SESSION_IDLE_MS / 2, now = 0;

	ck_assert_int_eq(sessions_begin(sessions, 7, 1, 0, token), 0);
	for (; now < SESSION_AGE_MS; now += step)
		ck_assert_ptr_nonnull(find(token, now));
	ck_assert_ptr_null(find(token, now));
}
END_TEST

START_TEST(logging_out_ends_it_at_once)
{
	char token[SESSION_TOKEN_SIZE], other[SESSION_TOKEN_SIZE];

	ck_assert_int_eq(sessions_begin(sessions, 7, 1, 0, token), 0);
	ck_assert_int_eq(sessions_begin(sessions, 7, 1, 0, other), 0);
	sessions_end(sessions, slice_str(token));
	sessions_end(sessions, slice_str(token));
	sessions_end(sessions, slice_of(NULL, 0));
	ck_assert_ptr_null(find(token, 0));
	ck_assert_ptr_nonnull(find(other, 0));
}
END_TEST

START_TEST(one_person_has_so_many_and_no_more)
{
	char token[SESSIONS_OF_ONE + 1][SESSION_TOKEN_SIZE];
	char bob[SESSION_TOKEN_SIZE];

	ck_assert_int_eq(sessions_begin(sessions, 8, 1, 0, bob), 0);
	for (int i = 0; i < SESSIONS_OF_ONE; i++)
		ck_assert_int_eq(sessions_begin(sessions, 7, 1, 0, token[i]),
		    0);
	/* the first one is used: it is the second that gives way */
	ck_assert_ptr_nonnull(find(token[0], 1));
	ck_assert_int_eq(sessions_begin(sessions, 7, 1, 1,
	    token[SESSIONS_OF_ONE]), 0);
	ck_assert_ptr_nonnull(find(token[0], 2));
	ck_assert_ptr_null(find(token[1], 2));
	ck_assert_ptr_nonnull(find(token[SESSIONS_OF_ONE], 2));
	ck_assert_ptr_nonnull(find(bob, 2));
}
END_TEST

START_TEST(all_have_so_many_and_no_more)
{
	char first[SESSION_TOKEN_SIZE], token[SESSION_TOKEN_SIZE];

	ck_assert_int_eq(sessions_begin(sessions, 1, 1, 0, first), 0);
	for (uint64_t i = 1; i < SESSIONS_MOST; i++)
		ck_assert_int_eq(sessions_begin(sessions, 1 + i, 1, 0, token),
		    0);
	ck_assert_uint_eq(sessions_count(sessions), SESSIONS_MOST);
	ck_assert_int_eq(sessions_begin(sessions, 999999, 1, 0, token), 0);
	ck_assert_uint_eq(sessions_count(sessions), SESSIONS_MOST);
	ck_assert_ptr_null(find(first, 0));
	ck_assert_ptr_nonnull(find(token, 0));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("gateway/http/sessions");
	TCase *tests = tcase_create("sessions");

	tcase_add_checked_fixture(tests, begin, end);
	tcase_add_test(tests, a_session_is_known_by_its_token_only);
	tcase_add_test(tests, a_session_that_is_not_used_ends);
	tcase_add_test(tests, a_session_ends_after_a_day_however_busy);
	tcase_add_test(tests, logging_out_ends_it_at_once);
	tcase_add_test(tests, one_person_has_so_many_and_no_more);
	tcase_add_test(tests, all_have_so_many_and_no_more);
	suite_add_tcase(suite, tests);
	return suite;
}
