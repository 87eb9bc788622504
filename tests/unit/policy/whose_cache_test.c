/*
 * whose_cache_test.c - what is remembered is what the database says
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/whose_cache.h"
#include "tests/unit/unit.h"

static char			 folder[64];
static int			 folder_fd;
static struct policy		*policy;
static struct whose_cache	*cache;

static void
setup(void)
{
	const struct password_secret secret = { "$y$hash", "SCRAM" };
	struct policy_account ann = { .address = "ann@office.test",
	    .language = "en" };
	unsigned needs;

	strcpy(folder, "/tmp/whose_cache_test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(policy_open(folder_fd, false, &policy, &needs), 0);
	ck_assert_int_eq(policy_domain_add(policy, slice_str("office.test"),
	    1), 0);
	ck_assert_int_eq(policy_account_add(policy, &ann, &secret, 1, &ann), 0);
	ck_assert_uint_eq(ann.id, 1);
	cache = whose_cache_new();
	ck_assert_ptr_nonnull(cache);
}

static void
teardown(void)
{
	static const char *const files[] = { POLICY_FILE, POLICY_FILE "-wal",
	    POLICY_FILE "-shm" };

	whose_cache_free(cache);
	policy_close(policy);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		(void)unlinkat(folder_fd, files[i], 0);
	close(folder_fd);
	ck_assert_int_eq(rmdir(folder), 0);
}

static enum whose
ask(const char *address, uint64_t want)
{
	enum whose whose;
	uint64_t account;

	ck_assert_int_eq(whose_cache_ask(cache, policy, slice_str(address),
	    &whose, &account), 0);
	ck_assert_uint_eq(account, want);
	return whose;
}

START_TEST(asked_twice_the_answer_is_the_same)
{
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(ask("ann@office.test", 1), WHOSE_OURS);
		ck_assert_int_eq(ask("ann+list@office.test", 1), WHOSE_OURS);
		ck_assert_int_eq(ask("zoe@office.test", 0), WHOSE_UNKNOWN);
		ck_assert_int_eq(ask("joe@example.com", 0), WHOSE_FOREIGN);
	}
}
END_TEST

START_TEST(what_was_noted_is_found_until_it_is_cleared)
{
	uint64_t account = 77;

	ck_assert(!whose_cache_find(cache, slice_str("ann@office.test"),
	    &account));
	ck_assert_uint_eq(account, 77);
	whose_cache_note(cache, slice_str("ann@office.test"), 5);
	ck_assert(whose_cache_find(cache, slice_str("ann@office.test"),
	    &account));
	ck_assert_uint_eq(account, 5);
	ck_assert(!whose_cache_find(cache, slice_str("ann@office.tes"),
	    &account));
	whose_cache_clear(cache);
	ck_assert(!whose_cache_find(cache, slice_str("ann@office.test"),
	    &account));
}
END_TEST

START_TEST(a_removed_account_is_forgotten_once_the_cache_is_cleared)
{
	ck_assert_int_eq(ask("ann@office.test", 1), WHOSE_OURS);
	ck_assert_int_eq(policy_account_remove(policy, 1, 2), 0);
	ck_assert_int_eq(ask("ann@office.test", 1), WHOSE_OURS);
	whose_cache_clear(cache);
	ck_assert_int_eq(ask("ann@office.test", 0), WHOSE_UNKNOWN);
}
END_TEST

START_TEST(names_without_end_do_not_make_it_grow)
{
	char address[64];

	for (unsigned i = 0; i < 3 * WHOSE_CACHE_ENTRIES; i++) {
		(void)snprintf(address, sizeof(address),
		    "ann+%u@office.test", i);
		ck_assert_int_eq(ask(address, 1), WHOSE_OURS);
		ck_assert_uint_le(whose_cache_count(cache),
		    WHOSE_CACHE_ENTRIES);
	}
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("whose_cache");
	TCase *tests = tcase_create("whose_cache");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, asked_twice_the_answer_is_the_same);
	tcase_add_test(tests, what_was_noted_is_found_until_it_is_cleared);
	tcase_add_test(tests,
	    a_removed_account_is_forgotten_once_the_cache_is_cleared);
	tcase_add_test(tests, names_without_end_do_not_make_it_grow);
	suite_add_tcase(suite, tests);
	return suite;
}
