/*
 * db_copy_test.c - a copy of a database that is in use, a step at a time
 */
#include "lib/base/db_copy.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/unit/queue/scratch.h"

#define ROWS	3000		/* of 500 bytes: 375 pages, six steps */

enum { ADD, COUNT, SUM, STATEMENTS };

static const char *const steps[] = {
	"CREATE TABLE thing(n INTEGER, b BLOB); CREATE INDEX thing_n ON thing(n)"
};
static const char *const statements[] = {
	[ADD] = "INSERT INTO thing VALUES (?, zeroblob(500))",
	[COUNT] = "SELECT count(*) FROM thing",
	[SUM] = "SELECT sum(n) FROM thing",
};
static const struct db_format format = {
	.application = 0x54657374,
	.version = 1,
	.steps = steps,
	.statements = statements,
	.statement_count = STATEMENTS,
};

static struct scratch scratch;
static struct db *db;

static struct db *
opened(const char *name, bool only_reading)
{
	struct db *opened = NULL;
	unsigned needs;

	ck_assert_int_eq(db_open(scratch.fd, name, &format, only_reading,
	    &opened, &needs), 0);
	return opened;
}

static void
add(uint64_t from, uint64_t to)
{
	ck_assert_int_eq(db_begin(db), 0);
	for (uint64_t n = from; n <= to; n++) {
		struct db_query q = db_ask(db, ADD);

		db_put_u64(&q, n);
		ck_assert_int_eq(db_run(&q), 0);
	}
	ck_assert_int_eq(db_commit(db, false), 0);
}

static uint64_t
number(struct db *of, unsigned statement)
{
	DB_QUERY_AUTO q = db_ask(of, statement);

	ck_assert_int_eq(db_next(&q), 1);
	return db_u64(&q, 0, INT64_MAX);
}

static bool
is_there(const char *name)
{
	return faccessat(scratch.fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void
set_up(void)
{
	scratch = scratch_new();
	db = opened("t.db", false);
	add(1, ROWS);
}

static void
tear_down(void)
{
	db_close(db);
	scratch_drop(&scratch);
}

START_TEST(a_copy_is_one_moment_of_a_database_that_is_written_meanwhile)
{
	struct db_copy *copy;
	struct db *other;
	uint64_t last = ROWS;
	struct stat st;
	int r;

	ck_assert_int_eq(db_copy_new(db, scratch.fd, "c.db", &copy), 0);
	while ((r = db_copy_step(copy)) == 1 && last < ROWS + 40) {
		last++;
		add(last, last);
	}
	while (r == 1)
		r = db_copy_step(copy);
	ck_assert_int_eq(r, 0);
	db_copy_free(copy);
	ck_assert_int_eq(fstatat(scratch.fd, "c.db", &st, 0), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	ck_assert(!is_there("c.db-wal"));
	ck_assert_int_eq(db_copy_judge(scratch.fd, "c.db"), 0);
	ck_assert(!is_there("c.db-wal"));
	other = opened("c.db", true);
	last = number(other, COUNT);
	ck_assert_uint_ge(last, ROWS);
	ck_assert_uint_eq(number(other, SUM), last * (last + 1) / 2);
	db_close(other);
}
END_TEST

START_TEST(a_copy_waits_for_the_end_of_a_transaction)
{
	struct db_copy *copy;
	struct db_query q;
	int r;

	ck_assert_int_eq(db_copy_new(db, scratch.fd, "c.db", &copy), 0);
	ck_assert_int_eq(db_copy_step(copy), 1);
	ck_assert_int_eq(db_begin(db), 0);
	q = db_ask(db, ADD);
	db_put_u64(&q, 7);
	ck_assert_int_eq(db_run(&q), 0);
	ck_assert_int_eq(db_copy_step(copy), -EBUSY);
	ck_assert_int_eq(db_commit(db, true), 0);
	while ((r = db_copy_step(copy)) == 1)
		;
	ck_assert_int_eq(r, 0);
	db_copy_free(copy);
	ck_assert(is_there("c.db"));
}
END_TEST

START_TEST(a_copy_that_is_not_whole_is_removed)
{
	struct db_copy *copy;

	ck_assert_int_eq(db_copy_new(db, scratch.fd, "c.db", &copy), 0);
	for (int i = 0; i < _i; i++)
		ck_assert_int_eq(db_copy_step(copy), 1);
	ck_assert(is_there("c.db"));
	db_copy_free(copy);
	ck_assert(!is_there("c.db"));
}
END_TEST

START_TEST(a_copy_of_a_damaged_database_is_refused)
{
	char zeros[4096] = "";
	struct db_copy *copy;
	int fd, r;

	db_close(db);
	fd = openat(scratch.fd, "t.db", O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, zeros, sizeof(zeros),
	    4096L * (10 + _i * 40)), 4096);
	ck_assert_int_eq(close(fd), 0);
	db = opened("t.db", false);
	ck_assert_int_eq(db_copy_new(db, scratch.fd, "c.db", &copy), 0);
	while ((r = db_copy_step(copy)) == 1)
		;
	ck_assert_int_eq(r, -EUCLEAN);
	db_copy_free(copy);
	ck_assert(!is_there("c.db"));
	db_close(db);
	ck_assert_int_eq(db_copy_judge(scratch.fd, "t.db"), -EUCLEAN);
	db = NULL;
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("db_copy");
	TCase *tcase = tcase_create("copies");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase,
	    a_copy_is_one_moment_of_a_database_that_is_written_meanwhile);
	tcase_add_test(tcase, a_copy_waits_for_the_end_of_a_transaction);
	tcase_add_loop_test(tcase, a_copy_that_is_not_whole_is_removed, 0, 9);
	tcase_add_loop_test(tcase, a_copy_of_a_damaged_database_is_refused, 0,
	    8);
	suite_add_tcase(suite, tcase);
	return suite;
}
