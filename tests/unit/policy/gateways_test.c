/*
 * gateways_test.c - gateway domains are kept, and whose mail they take
 */
#include "policy/gateways.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/unit.h"

#define NOW	1795300000000

static char folder[64];
static int folder_fd;
static struct policy *policy;

static void
set_up(void)
{
	unsigned needs;

	strcpy(folder, "/tmp/gateways_test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(policy_open(folder_fd, false, &policy, &needs), 0);
	ck_assert_int_eq(policy_domain_add(policy, slice_str("office.test"),
	    NOW), 0);
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

static struct gateway
gateway_of(const char *name, bool lists)
{
	struct gateway gateway = { .host = "192.0.2.7", .port = 25,
	    .days = 14, .bytes = 5000, .lists = lists,
	    .created_utc_ms = NOW };

	(void)snprintf(gateway.name, sizeof(gateway.name), "%s", name);
	return gateway;
}

static int
add(const char *name, const char *list)
{
	const struct gateway gateway = gateway_of(name, list != NULL);
	const struct slice text = slice_str(list == NULL ? "" : list);

	return policy_gateway_put(policy, true, &gateway, list == NULL ?
	    NULL : &text);
}

static enum whose
whose(const char *address)
{
	enum whose whose = WHOSE_FOREIGN;
	uint64_t bytes = 0;
	int r = policy_gateway_whose(policy, slice_str(address), &whose,
	    &bytes);

	ck_assert_int_eq(r, whose != WHOSE_FOREIGN);
	ck_assert_uint_eq(bytes, r == 1 ? 5000 : 0);
	return whose;
}

START_TEST(a_domain_is_ours_or_a_gateway_once)
{
	const struct gateway other = gateway_of("far.test", false);
	struct gateway got;

	ck_assert_int_eq(add("office.test", NULL), -EEXIST);
	ck_assert_int_eq(add("branch.test", NULL), 0);
	ck_assert_int_eq(add("branch.test", NULL), -EEXIST);
	ck_assert_int_eq(policy_domain_add(policy, slice_str("Branch.test"),
	    NOW), -EEXIST);
	ck_assert_int_eq(policy_gateway_put(policy, false, &other, NULL),
	    -ENOENT);
	ck_assert_int_eq(policy_gateway_get(policy, slice_str("branch.test"),
	    &got), 0);
	ck_assert_str_eq(got.host, "192.0.2.7");
	got.days = 3;
	ck_assert_int_eq(policy_gateway_put(policy, false, &got, NULL), 0);
	ck_assert_int_eq(policy_gateway_get(policy, slice_str("branch.test"),
	    &got), 0);
	ck_assert_uint_eq(got.days, 3);
	ck_assert_int_eq(policy_gateway_remove(policy,
	    slice_str("branch.test")), 0);
	ck_assert_int_eq(policy_gateway_remove(policy,
	    slice_str("branch.test")), -ENOENT);
	ck_assert_int_eq(whose("ann@branch.test"), WHOSE_FOREIGN);
}
END_TEST

/* RFC 5321 4.5.1: postmaster is there always */
START_TEST(a_list_says_who_is_there)
{
	const struct slice none = slice_of(NULL, 0);
	struct gateway gateway = gateway_of("branch.test", false);

	ck_assert_int_eq(add("all.test", NULL), 0);
	ck_assert_int_eq(whose("who@all.test"), WHOSE_GATEWAY);
	ck_assert_int_eq(add("branch.test", "# the branch\nann\n\n"
	    "Ben@Branch.TEST\r\n"), 0);
	ck_assert_int_eq(whose("ann@branch.test"), WHOSE_GATEWAY);
	ck_assert_int_eq(whose("ben@branch.test"), WHOSE_GATEWAY);
	ck_assert_int_eq(whose("ben+shop@branch.test"), WHOSE_GATEWAY);
	ck_assert_int_eq(whose("postmaster@branch.test"), WHOSE_GATEWAY);
	ck_assert_int_eq(whose("joe@branch.test"), WHOSE_UNKNOWN);
	ck_assert_int_eq(whose("ann@sub.branch.test"), WHOSE_FOREIGN);
	ck_assert_int_eq(whose("ann@far.test"), WHOSE_FOREIGN);
	ck_assert_int_eq(whose("postmaster"), WHOSE_FOREIGN);
	/* without a list everybody may be there */
	ck_assert_int_eq(policy_gateway_put(policy, false, &gateway, &none),
	    0);
	ck_assert_int_eq(whose("joe@branch.test"), WHOSE_GATEWAY);
}
END_TEST

START_TEST(a_list_with_a_stranger_on_it_changes_nothing)
{
	ck_assert_int_eq(add("branch.test", "ann\njoe@far.test\n"), -EINVAL);
	ck_assert_int_eq(whose("ann@branch.test"), WHOSE_FOREIGN);
	ck_assert_int_eq(add("branch.test", "ann\na b\n"), -EINVAL);
	ck_assert_int_eq(whose("ann@branch.test"), WHOSE_FOREIGN);
}
END_TEST

START_TEST(there_is_an_end_to_domains)
{
	TEXT_AUTO text = TEXT_INIT(GATEWAYS_BYTES);
	ARENA_AUTO arena = arena_new(256 * 1024);
	struct gateways table;
	size_t count = 0;
	char name[32];

	for (unsigned i = 0; i < GATEWAYS_MOST; i++) {
		(void)snprintf(name, sizeof(name), "b%02u.test", i);
		ck_assert_int_eq(add(name, NULL), 0);
	}
	ck_assert_int_eq(add("more.test", NULL), -EDQUOT);
	ck_assert_int_eq(policy_gateways_pack(policy, &text, &count), 0);
	ck_assert_uint_eq(count, GATEWAYS_MOST);
	ck_assert_int_eq(gateways_unpack(arena, text_slice(&text), &table),
	    0);
	ck_assert_uint_eq(table.count, GATEWAYS_MOST);
	ck_assert_str_eq(table.at[0].name, "b00.test");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("policy/gateways");
	TCase *tests = tcase_create("gateways");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_domain_is_ours_or_a_gateway_once);
	tcase_add_test(tests, a_list_says_who_is_there);
	tcase_add_test(tests, a_list_with_a_stranger_on_it_changes_nothing);
	tcase_add_test(tests, there_is_an_end_to_domains);
	suite_add_tcase(suite, tests);
	return suite;
}
