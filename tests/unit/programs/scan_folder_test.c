/*
 * scan_folder_test.c - the two folders of the scanner: signatures and scratch
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "programs/scan_folder.h"
#include "tests/unit/queue/scratch.h"

static struct scratch folder;

static void
set_up(void)
{
	folder = scratch_new();
}

static void
tear_down(void)
{
	scratch_drop(&folder);
}

static void
make(const char *name, const char *bytes)
{
	int fd = openat(folder.fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_ge(write(fd, bytes, 1), 1);
	ck_assert_int_eq(close(fd), 0);
}

static struct scan_print
print_now(void)
{
	struct scan_print print;

	ck_assert_int_eq(scan_folder_print(folder.fd, &print), 0);
	return print;
}

START_TEST(a_folder_that_did_not_change_looks_the_same)
{
	struct scan_print a, b;

	make("b.ndb", "b");
	make("a.ndb", "a");
	a = print_now();
	b = print_now();
	ck_assert(scan_print_is(&a, &b));
	ck_assert_uint_eq(a.files, 2);
	ck_assert_int_gt(a.newest_utc_s, 1700000000);
}
END_TEST

/* What freshclam notes for itself makes no signature younger. */
START_TEST(notes_of_the_updater_have_no_age)
{
	const struct timespec old[2] = { { 5, 0 }, { 5, 0 } };
	struct scan_print print;

	make("daily.cld", "a");
	ck_assert_int_eq(utimensat(folder.fd, "daily.cld", old, 0), 0);
	make("freshclam.dat", "b");
	print = print_now();
	ck_assert_uint_eq(print.files, 2);
	ck_assert_int_eq(print.newest_utc_s, 5);
}
END_TEST

START_TEST(every_change_shows)
{
	const struct timespec times[2] = { { 1, 0 }, { 1, 1 } };
	struct scan_print before, after;

	make("a.ndb", "a");
	before = print_now();
	make("b.ndb", "b");
	after = print_now();
	ck_assert(!scan_print_is(&before, &after));
	before = after;
	ck_assert_int_eq(utimensat(folder.fd, "a.ndb", times, 0), 0);
	after = print_now();
	ck_assert(!scan_print_is(&before, &after));
	before = after;
	ck_assert_int_eq(renameat(folder.fd, "a.ndb", folder.fd, "c.ndb"), 0);
	after = print_now();
	ck_assert(!scan_print_is(&before, &after));
	before = after;
	ck_assert_int_eq(unlinkat(folder.fd, "c.ndb", 0), 0);
	after = print_now();
	ck_assert(!scan_print_is(&before, &after));
}
END_TEST

START_TEST(sweeping_takes_all_and_follows_no_link)
{
	struct scratch other = scratch_new();
	char path[128];

	ck_assert_int_eq(mkdirat(folder.fd, "a", 0700), 0);
	ck_assert_int_eq(mkdirat(folder.fd, "a/b", 0700), 0);
	make("a/b/c", "x");
	ck_assert_int_eq(symlinkat(other.path, folder.fd, "a/link"), 0);
	(void)snprintf(path, sizeof(path), "%s/stays", other.path);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(scan_folder_sweep(folder.fd, "a"), 0);
	ck_assert_int_eq(faccessat(folder.fd, "a", F_OK, 0), -1);
	ck_assert_int_eq(access(path, F_OK), 0);
	ck_assert_int_eq(scan_folder_sweep(folder.fd, "a"), 0);
	scratch_drop(&other);
}
END_TEST

START_TEST(sweeping_all_leaves_the_folder)
{
	make("a", "x");
	ck_assert_int_eq(mkdirat(folder.fd, "b", 0700), 0);
	ck_assert_int_eq(scan_folder_sweep(folder.fd, NULL), 0);
	ck_assert_uint_eq(print_now().files, 0);
	ck_assert_int_eq(access(folder.path, F_OK), 0);
}
END_TEST

START_TEST(sweeping_has_a_bottom)
{
	char name[200] = "a";

	for (int i = 0; i < 40; i++) {
		ck_assert_int_eq(mkdirat(folder.fd, name, 0700), 0);
		(void)snprintf(name + strlen(name),
		    sizeof(name) - strlen(name), "/a");
	}
	ck_assert_int_eq(scan_folder_sweep(folder.fd, "a"), -ELOOP);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("scan_folder");
	TCase *tcase = tcase_create("scan_folder");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_folder_that_did_not_change_looks_the_same);
	tcase_add_test(tcase, notes_of_the_updater_have_no_age);
	tcase_add_test(tcase, every_change_shows);
	tcase_add_test(tcase, sweeping_takes_all_and_follows_no_link);
	tcase_add_test(tcase, sweeping_all_leaves_the_folder);
	tcase_add_test(tcase, sweeping_has_a_bottom);
	suite_add_tcase(suite, tcase);
	return suite;
}
