/*
 * fetch_domains_test.c - fetch accounts whose mail is for many
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/message/real_name.h"
#include "policy/fetch_accounts.h"
#include "policy/fetch_domains.h"
#include "tests/unit/unit.h"

#define NOW	1795300000000

static const struct seal_key key = { "0123456789abcdef0123456789abcde" };
static char folder[64];
static int folder_fd;
static struct policy *policy;
static uint64_t ann, bob, remote;

static uint64_t
account_add(const char *address, const char *name)
{
	struct policy_account a = { .language = "en" };
	struct password_secret secret;

	ck_assert_int_eq(password_make(slice_str("correct horse"), &secret),
	    0);
	ck_assert_int_eq(slice_cstr(slice_str(address), a.address,
	    sizeof(a.address)), 0);
	ck_assert_int_eq(slice_cstr(slice_str(name), a.name, sizeof(a.name)),
	    0);
	ck_assert_int_eq(policy_account_add(policy, &a, &secret, NOW, &a), 0);
	return a.id;
}

static void
set_up(void)
{
	struct fetch_account f = { .host = "pop.isp.test", .port = 110,
	    .user = "box", .label = "all", .from = FETCH_FROM_ALL,
	    .delete_after_days = FETCH_KEEP, .enabled = true };
	const char *field;
	unsigned needs;

	strcpy(folder, "/tmp/fetch_domains_test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(policy_open(folder_fd, false, &policy, &needs), 0);
	ck_assert_int_eq(policy_domain_add(policy, slice_str("office.test"),
	    1), 0);
	ann = account_add("ann@office.test", "Ann Example");
	bob = account_add("bob@office.test", "Bob  TWIN");
	(void)account_add("bobby@office.test", "bob twin");
	f.owner = ann;
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

START_TEST(rules_make_it_an_account_for_many)
{
	TEXT_AUTO text = TEXT_INIT(DOMAIN_TEXT_MOST);

	ck_assert_int_eq(policy_fetch_rules_any(policy, ann), 0);
	ck_assert_int_eq(policy_fetch_rules_get(policy, remote, &text),
	    -ENOENT);
	ck_assert_int_eq(policy_fetch_rules_put(policy, remote,
	    slice_str("domain office.test\n")), 0);
	ck_assert_int_eq(policy_fetch_rules_put(policy, remote,
	    slice_str("domain office.test\nskip-received 1\n")), 0);
	ck_assert_int_eq(policy_fetch_rules_get(policy, remote, &text), 0);
	ck_assert(slice_is_str(text_slice(&text),
	    "domain office.test\nskip-received 1\n"));
	ck_assert_int_eq(policy_fetch_rules_any(policy, ann), 1);
	ck_assert_int_eq(policy_fetch_rules_any(policy, bob), 0);
}
END_TEST

START_TEST(rules_go_with_their_account)
{
	TEXT_AUTO text = TEXT_INIT(DOMAIN_TEXT_MOST);

	ck_assert_int_eq(policy_fetch_rules_put(policy, remote + 1,
	    slice_str("x")), -ENOENT);
	ck_assert_int_eq(policy_fetch_rules_put(policy, remote,
	    slice_str("x")), 0);
	ck_assert_int_eq(policy_fetch_remove(policy, remote), 0);
	ck_assert_int_eq(policy_fetch_rules_get(policy, remote, &text),
	    -ENOENT);
	ck_assert_int_eq(policy_fetch_rules_any(policy, ann), 0);
}
END_TEST

START_TEST(addresses_and_names_are_found)
{
	const struct find_ask asks[] = {
		{ false, SLICE("ann@office.test") },
		{ false, SLICE("nobody@office.test") },
		{ false, SLICE("joe@example.com") },
		{ false, SLICE("no address") },
		{ true, SLICE("ann example") },
		{ true, SLICE("bob twin") },
		{ true, SLICE("ann") },
	};
	static const enum finding findings[] = { FINDING_OURS,
	    FINDING_UNKNOWN, FINDING_FOREIGN, FINDING_FOREIGN, FINDING_OURS,
	    FINDING_SEVERAL, FINDING_FOREIGN };
	struct find_answer answers[7];

	ck_assert_int_eq(policy_find(policy, asks, 7, answers), 0);
	for (unsigned i = 0; i < 7; i++)
		ck_assert_msg(answers[i].finding == findings[i],
		    "%u: %d", i, answers[i].finding);
	ck_assert_uint_eq(answers[0].account, ann);
	ck_assert_uint_eq(answers[4].account, ann);
	ck_assert_str_eq(answers[4].address, "ann@office.test");
}
END_TEST

START_TEST(questions_and_answers_are_read_as_packed)
{
	ARENA_AUTO arena = arena_new(1024 * 1024);
	const struct find_ask asks[] = { { false, SLICE("a@b.test") },
	    { true, SLICE("ann") } };
	const struct find_answer answers[] = { { FINDING_OURS, 7, "" },
	    { FINDING_SEVERAL, 9, "" }, { FINDING_FOREIGN, 0, "" } };
	TEXT_AUTO text = TEXT_INIT(4096);
	struct find_answer *answers_back;
	struct find_ask *asks_back;
	size_t count = 0;

	find_ask_pack(&text, asks, 2);
	for (size_t n = 0; n < text.len; n++)
		ck_assert_int_eq(find_ask_unpack(arena, slice_first(
		    text_slice(&text), n), &asks_back, &count), -EBADMSG);
	ck_assert_int_eq(find_ask_unpack(arena, text_slice(&text),
	    &asks_back, &count), 0);
	ck_assert_uint_eq(count, 2);
	ck_assert(asks_back[1].is_name && !asks_back[0].is_name);
	text_clear(&text);
	find_answer_pack(&text, answers, 3);
	for (size_t n = 0; n < text.len; n++)
		ck_assert_int_eq(find_answer_unpack(arena, slice_first(
		    text_slice(&text), n), &answers_back, &count), -EBADMSG);
	ck_assert_int_eq(find_answer_unpack(arena, text_slice(&text),
	    &answers_back, &count), 0);
	ck_assert_uint_eq(answers_back[0].account, 7);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("fetch_domains");
	TCase *tests = tcase_create("fetch_domains");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, rules_make_it_an_account_for_many);
	tcase_add_test(tests, rules_go_with_their_account);
	tcase_add_test(tests, addresses_and_names_are_found);
	tcase_add_test(tests, questions_and_answers_are_read_as_packed);
	suite_add_tcase(suite, tests);
	return suite;
}
