/*
 * db_aside_test.c - a damaged database gets a second name, and keeps its log
 */
#include "lib/base/db_aside.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/queue/scratch.h"

static struct scratch scratch;

static void
set_up(void)
{
	scratch = scratch_new();
}

static void
tear_down(void)
{
	scratch_drop(&scratch);
}

static void
make(const char *name, const char *words)
{
	int fd = openat(scratch.fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, words, strlen(words)),
	    (ssize_t)strlen(words));
	ck_assert_int_eq(close(fd), 0);
}

static bool
is_there(const char *name)
{
	return faccessat(scratch.fd, name, F_OK, 0) == 0;
}

/* File `name` holds `words`. */
static void
holds(const char *name, const char *words)
{
	char got[32] = "";
	int fd = openat(scratch.fd, name, O_RDONLY);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_ge(read(fd, got, sizeof(got) - 1), 0);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_str_eq(got, words);
}

START_TEST(each_one_set_aside_has_a_name_of_its_own)
{
	char first[DB_ASIDE_SIZE], second[DB_ASIDE_SIZE], log[80];

	make("t.db", "one");
	ck_assert_int_eq(db_aside_link(scratch.fd, "t.db", first), 1);
	ck_assert_int_eq(unlinkat(scratch.fd, "t.db", 0), 0);
	make("t.db", "two");
	make("t.db-wal", "log of two");
	make("t.db-shm", "");
	ck_assert_int_eq(db_aside_link(scratch.fd, "t.db", second), 1);
	ck_assert_str_ne(first, second);
	ck_assert_int_eq(db_aside_log(scratch.fd, "t.db", second), 0);
	holds(first, "one");
	holds(second, "two");
	(void)snprintf(log, sizeof(log), "%s-wal", second);
	holds(log, "log of two");
	ck_assert(!is_there("t.db-wal") && !is_there("t.db-shm"));
	/* whoever makes it anew may fail: all is as it was */
	db_aside_undo(scratch.fd, "t.db", second);
	holds("t.db", "two");
	holds("t.db-wal", "log of two");
	ck_assert(!is_there(second) && !is_there(log));
	holds(first, "one");
}
END_TEST

START_TEST(where_there_is_none_no_other_is_touched)
{
	char first[DB_ASIDE_SIZE], none[DB_ASIDE_SIZE];

	make("t.db", "one");
	ck_assert_int_eq(db_aside_link(scratch.fd, "t.db", first), 1);
	ck_assert_int_eq(unlinkat(scratch.fd, "t.db", 0), 0);
	ck_assert_int_eq(db_aside_link(scratch.fd, "t.db", none), 0);
	ck_assert_int_eq(db_aside_log(scratch.fd, "t.db", none), 0);
	db_aside_undo(scratch.fd, "t.db", none);
	holds(first, "one");
}
END_TEST

START_TEST(a_new_one_belongs_to_whom_the_folder_belongs)
{
	struct stat folder, file;

	make("t.db", "new");
	ck_assert_int_eq(fstat(scratch.fd, &folder), 0);
	ck_assert_int_eq(db_aside_settle(scratch.fd, "t.db", scratch.fd), 0);
	ck_assert_int_eq(fstatat(scratch.fd, "t.db", &file, 0), 0);
	ck_assert_uint_eq(file.st_uid, folder.st_uid);
	ck_assert_int_lt(db_aside_settle(scratch.fd, "u.db", scratch.fd), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("db_aside");
	TCase *tcase = tcase_create("aside");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, each_one_set_aside_has_a_name_of_its_own);
	tcase_add_test(tcase, where_there_is_none_no_other_is_touched);
	tcase_add_test(tcase, a_new_one_belongs_to_whom_the_folder_belongs);
	suite_add_tcase(suite, tcase);
	return suite;
}
