/*
 * clam_trial_test.c - is a loaded set of signatures fit for work?
 */
#include <errno.h>

#include "filters/clam_trial.h"
#include "tests/unit/filters/clam_fixture.h"

static struct scratch signatures, temporary;
static struct clam *clam;

static void
set_up(void)
{
	signatures = scratch_new();
	temporary = scratch_new();
	ck_assert_int_eq(clam_open(), 0);
	eicar_write(signatures.fd);
	clam = NULL;
}

static void
tear_down(void)
{
	clam_free(clam);
	scratch_drop(&signatures);
	scratch_drop(&temporary);
}

static void
load(int trial_fd)
{
	const char *words;

	ck_assert_int_eq(clam_load(signatures.fd, trial_fd,
	    &clam_default_limits, &clam, &words), 0);
	ck_assert_int_eq(clam_scratch(clam, temporary.fd), 0);
}

START_TEST(a_set_of_any_signatures_is_fit)
{
	load(temporary.fd);
	ck_assert_int_eq(clam_trial(clam), 0);
	/* ours is none of them, and its file is gone */
	ck_assert_uint_eq(clam_signatures(clam), 1);
	ck_assert_int_eq(faccessat(temporary.fd, CLAM_TRIAL_FILE, F_OK, 0),
	    -1);
}
END_TEST

START_TEST(a_set_that_does_not_find_ours_is_not_fit)
{
	load(-1);
	ck_assert_int_eq(clam_trial(clam), -ENOENT);
}
END_TEST

START_TEST(a_set_that_finds_something_in_honest_mail_is_not_fit)
{
	file_write(signatures.fd, "all.ndb",
	    slice_str("All-Test:0:*:46726f6d3a20\n"));
	load(temporary.fd);
	ck_assert_int_eq(clam_trial(clam), -EEXIST);
}
END_TEST

START_TEST(a_folder_that_cannot_be_written_is_an_error)
{
	struct clam *none = NULL;
	const char *words = "";

	ck_assert_int_lt(clam_trial_write(-1), 0);
	ck_assert_int_eq(rmdir(temporary.path), 0);
	ck_assert_int_lt(clam_load(signatures.fd, temporary.fd,
	    &clam_default_limits, &none, &words), 0);
	ck_assert_ptr_null(none);
	ck_assert_str_ne(words, "");
	ck_assert_int_eq(mkdir(temporary.path, 0700), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("clam_trial");
	TCase *test = tcase_create("clam_trial");

	tcase_set_timeout(test, 60);
	tcase_add_checked_fixture(test, set_up, tear_down);
	tcase_add_test(test, a_set_of_any_signatures_is_fit);
	tcase_add_test(test, a_set_that_does_not_find_ours_is_not_fit);
	tcase_add_test(test,
	    a_set_that_finds_something_in_honest_mail_is_not_fit);
	tcase_add_test(test, a_folder_that_cannot_be_written_is_an_error);
	suite_add_tcase(suite, test);
	return suite;
}
