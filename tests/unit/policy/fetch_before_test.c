/*
 * fetch_before_test.c - rules before a download, beside their fetch account
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/fetch_accounts.h"
#include "policy/fetch_before.h"
#include "tests/unit/unit.h"

#define NOW	1795300000000

static const struct seal_key key = { "0123456789abcdef0123456789abcde" };
static char folder[64];
static int folder_fd;
static struct policy *policy;
static uint64_t remote;

static void
set_up(void)
{
	struct fetch_account f = { .host = "pop.isp.test", .port = 110,
	    .user = "box", .label = "all", .from = FETCH_FROM_ALL,
	    .delete_after_days = FETCH_KEEP, .enabled = true };
	struct policy_account ann = { .address = "ann@office.test",
	    .language = "en" };
	struct password_secret secret;
	const char *field;
	unsigned needs;

	strcpy(folder, "/tmp/fetch_before_test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(policy_open(folder_fd, false, &policy, &needs), 0);
	ck_assert_int_eq(policy_domain_add(policy, slice_str("office.test"),
	    1), 0);
	ck_assert_int_eq(password_make(slice_str("correct horse"), &secret),
	    0);
	ck_assert_int_eq(policy_account_add(policy, &ann, &secret, NOW, &ann),
	    0);
	f.owner = ann.id;
	ck_assert_int_eq(policy_fetch_add(policy, &key, &f,
	    slice_str("secret"), NOW, &remote, &field), 0);
}

static void
tear_down(void)
{
	char command[96];

	policy_close(policy);
	close(folder_fd);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	ck_assert_int_eq(system(command), 0);
}

/* What is kept for it now. */
static void
is_kept(uint64_t fetch, const char *rules)
{
	TEXT_AUTO text = TEXT_INIT(BEFORE_TEXT_MOST);

	ck_assert_int_eq(policy_fetch_before_get(policy, fetch, &text), 0);
	ck_assert(slice_is_str(text_slice(&text), rules));
}

START_TEST(rules_are_kept_replaced_and_taken_away)
{
	is_kept(remote, "");
	ck_assert_int_eq(policy_fetch_before_put(policy, remote,
	    slice_str("any -> now\n")), 0);
	is_kept(remote, "any -> now\n");
	ck_assert_int_eq(policy_fetch_before_put(policy, remote,
	    slice_str("any -> night\n")), 0);
	is_kept(remote, "any -> night\n");
	ck_assert_int_eq(policy_fetch_before_put(policy, remote,
	    slice_str("")), 0);
	is_kept(remote, "");
}
END_TEST

START_TEST(rules_go_with_their_account)
{
	ck_assert_int_eq(policy_fetch_before_put(policy, remote + 1,
	    slice_str("any -> now\n")), -ENOENT);
	ck_assert_int_eq(policy_fetch_before_put(policy, remote,
	    slice_str("any -> now\n")), 0);
	ck_assert_int_eq(policy_fetch_remove(policy, remote), 0);
	is_kept(remote, "");
}
END_TEST

START_TEST(a_text_that_is_too_long_is_refused)
{
	char *text = calloc(1, BEFORE_TEXT_MOST + 1);

	ck_assert_int_eq(policy_fetch_before_put(policy, remote,
	    slice_of(text, BEFORE_TEXT_MOST + 1)), -EINVAL);
	is_kept(remote, "");
	free(text);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("policy/fetch_before");
	TCase *tests = tcase_create("fetch_before");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, rules_are_kept_replaced_and_taken_away);
	tcase_add_test(tests, rules_go_with_their_account);
	tcase_add_test(tests, a_text_that_is_too_long_is_refused);
	suite_add_tcase(suite, tests);
	return suite;
}
