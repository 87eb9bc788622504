/*
 * db_test.c - a SQLite file of our own
 */
#include "lib/base/db.h"

#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/unit/queue/scratch.h"

enum { ADD, COUNT, READ, READ_ALL, STATEMENTS };

static const char *const steps[] = {
	"CREATE TABLE thing(n, b)",
	"CREATE TABLE other(n)",
};
static const char *const statements[] = {
	[ADD] = "INSERT INTO thing VALUES (?, ?)",
	[COUNT] = "SELECT count(*) FROM thing",
	[READ] = "SELECT n, b FROM thing WHERE rowid = ?",
	[READ_ALL] = "SELECT n FROM thing ORDER BY rowid",
};
static const struct db_format format = {
	.application = 0x54657374,
	.version = 1,
	.steps = steps,
	.statements = statements,
	.statement_count = STATEMENTS,
};

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

static struct db *
opened(void)
{
	struct db *db = NULL;
	unsigned needs;

	ck_assert_int_eq(db_open(scratch.fd, "t.db", &format, false, &db,
	    &needs), 0);
	return db;
}

static int
add(struct db *db, int64_t n, struct slice b)
{
	struct db_query q = db_ask(db, ADD);

	db_put_i64(&q, n);
	db_put_blob(&q, b);
	return db_run(&q);
}

static int64_t
count(struct db *db)
{
	DB_QUERY_AUTO q = db_ask(db, COUNT);

	ck_assert_int_eq(db_next(&q), 1);
	return db_i64(&q, 0, INT64_MAX);
}

/* Run `sql` on the file behind the back of db.c. */
static void
meddle(const char *sql)
{
	sqlite3 *lite;
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/t.db", scratch.path);
	ck_assert_int_eq(sqlite3_open(path, &lite), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(lite, sql, NULL, NULL, NULL),
	    SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(lite), SQLITE_OK);
}

START_TEST(what_is_committed_is_there_after_a_reopen)
{
	struct db *db = opened();

	ck_assert_int_eq(db_begin(db), 0);
	ck_assert_int_eq(add(db, 1, (struct slice)SLICE("a")), 0);
	ck_assert_uint_eq(db_changed(db), 1);
	ck_assert_int_eq(db_commit(db, _i != 0), 0);
	db_close(db);
	db = opened();
	ck_assert_int_eq(count(db), 1);
	db_close(db);
}
END_TEST

START_TEST(what_is_rolled_back_or_left_open_is_not_there)
{
	struct db *db = opened();

	ck_assert_int_eq(db_begin(db), 0);
	ck_assert_int_eq(add(db, 1, slice_of(NULL, 0)), 0);
	db_rollback(db);
	ck_assert_int_eq(count(db), 0);
	ck_assert_int_eq(db_begin(db), 0);
	ck_assert_int_eq(add(db, 2, slice_of(NULL, 0)), 0);
	db_close(db);
	db = opened();
	ck_assert_int_eq(count(db), 0);
	db_close(db);
}
END_TEST

START_TEST(a_part_can_be_undone_by_itself)
{
	struct db *db = opened();

	ck_assert_int_eq(db_begin(db), 0);
	ck_assert_int_eq(add(db, 1, slice_of(NULL, 0)), 0);
	ck_assert_int_eq(db_part(db), 0);
	ck_assert_int_eq(add(db, 2, slice_of(NULL, 0)), 0);
	db_part_undo(db);
	ck_assert_int_eq(db_part(db), 0);
	ck_assert_int_eq(add(db, 3, slice_of(NULL, 0)), 0);
	ck_assert_int_eq(db_part_keep(db), 0);
	ck_assert_int_eq(db_commit(db, false), 0);
	ck_assert_int_eq(count(db), 2);
	db_close(db);
}
END_TEST

/* In a transaction and among the rows of a query, too. */
START_TEST(a_rest_changes_nothing)
{
	struct db *db = opened();
	struct db_query all;

	ck_assert_int_eq(db_begin(db), 0);
	ck_assert_int_eq(add(db, 1, slice_of(NULL, 0)), 0);
	db_rest(db);
	ck_assert_int_eq(add(db, 2, slice_of(NULL, 0)), 0);
	ck_assert_int_eq(db_commit(db, false), 0);
	db_rest(db);
	db_rest(db);
	ck_assert_int_eq(count(db), 2);
	all = db_ask(db, READ_ALL);
	ck_assert_int_eq(db_next(&all), 1);
	ck_assert_int_eq(db_i64(&all, 0, 9), 1);
	db_rest(db);
	ck_assert_int_eq(db_next(&all), 1);
	ck_assert_int_eq(db_i64(&all, 0, 9), 2);
	ck_assert_int_eq(db_next(&all), 0);
	db_end(&all);
	ck_assert_int_eq(db_begin(db), 0);
	ck_assert_int_eq(add(db, 3, slice_of(NULL, 0)), 0);
	db_rest(db);
	db_rollback(db);
	db_rest(db);
	ck_assert_int_eq(count(db), 2);
	db_close(db);
}
END_TEST

START_TEST(a_newer_format_is_refused_with_its_number)
{
	struct db *db = opened();
	unsigned needs = 0;

	db_close(db);
	meddle("PRAGMA user_version = 7");
	db = NULL;
	ck_assert_int_eq(db_open(scratch.fd, "t.db", &format, _i != 0, &db,
	    &needs), -EPROTO);
	ck_assert_uint_eq(needs, 7);
	ck_assert_ptr_null(db);
}
END_TEST

START_TEST(an_older_format_is_brought_up)
{
	struct db_format newer = format;
	struct db *db = opened();
	unsigned needs;

	ck_assert_int_eq(add(db, 1, slice_of(NULL, 0)), 0);
	db_close(db);
	newer.version = 2;
	ck_assert_int_eq(db_open(scratch.fd, "t.db", &newer, false, &db,
	    &needs), 0);
	ck_assert_int_eq(count(db), 1);
	db_close(db);
	ck_assert_int_eq(db_open(scratch.fd, "t.db", &format, false, &db,
	    &needs), -EPROTO);
	ck_assert_uint_eq(needs, 2);
}
END_TEST

static const char *const foreign[] = {
	"PRAGMA application_id = 1",
	"PRAGMA application_id = 0",
	"PRAGMA user_version = 0",
	"PRAGMA user_version = -1",
};

START_TEST(a_file_of_somebody_else_is_refused)
{
	struct db *db = opened();
	unsigned needs;

	db_close(db);
	meddle(foreign[_i]);
	ck_assert_int_eq(db_open(scratch.fd, "t.db", &format, false, &db,
	    &needs), -EUCLEAN);
}
END_TEST

START_TEST(a_file_that_is_no_database_is_refused_and_left_alone)
{
	char path[128], back[8] = "";
	struct db *db;
	unsigned needs;
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/t.db", scratch.path);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	for (int i = 0; i < 1000; i++)
		(void)fputs("garbage ", file);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(db_open(scratch.fd, "t.db", &format, false, &db,
	    &needs), -EUCLEAN);
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fread(back, 1, 7, file), 7);
	ck_assert_str_eq(back, "garbage");
	(void)fclose(file);
}
END_TEST

START_TEST(a_link_is_not_followed)
{
	struct db *db = opened();
	unsigned needs;

	db_close(db);
	ck_assert_int_eq(renameat(scratch.fd, "t.db", scratch.fd, "u.db"), 0);
	ck_assert_int_eq(symlinkat("u.db", scratch.fd, "t.db"), 0);
	ck_assert_int_lt(db_open(scratch.fd, "t.db", &format, false, &db,
	    &needs), 0);
}
END_TEST

START_TEST(only_reading_makes_no_file)
{
	struct db *db;
	struct stat st;
	unsigned needs;

	ck_assert_int_eq(db_open(scratch.fd, "t.db", &format, true, &db,
	    &needs), -ENOENT);
	ck_assert_int_lt(fstatat(scratch.fd, "t.db", &st, 0), 0);
}
END_TEST

START_TEST(a_reader_beside_the_writer_sees_what_is_committed)
{
	struct db *db = opened(), *reader;
	unsigned needs;
	struct stat st;

	ck_assert_int_eq(add(db, 1, slice_of(NULL, 0)), 0);
	ck_assert_int_eq(db_begin(db), 0);
	ck_assert_int_eq(add(db, 2, slice_of(NULL, 0)), 0);
	ck_assert_int_eq(db_open(scratch.fd, "t.db", &format, true, &reader,
	    &needs), 0);
	ck_assert_int_eq(count(reader), 1);
	ck_assert_int_lt(add(reader, 3, slice_of(NULL, 0)), 0);
	ck_assert_int_eq(db_commit(db, true), 0);
	ck_assert_int_eq(count(reader), 2);
	db_close(reader);
	db_close(db);
	ck_assert_int_eq(fstatat(scratch.fd, "t.db", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
}
END_TEST

/* What a damaged or forged file may hold where 0..100 and 2..4 bytes belong. */
static const struct {
	const char	*n, *b;
	int		 want;
} rows[] = {
	{ "5", "x'414243'",				0 },
	{ "0", "'text'",				0 },
	{ "101", "x'414243'",				-EUCLEAN },
	{ "-1", "x'414243'",				-EUCLEAN },
	{ "9223372036854775807", "x'414243'",		-EUCLEAN },
	{ "-9223372036854775808", "x'414243'",		-EUCLEAN },
	{ "NULL", "x'414243'",				-EUCLEAN },
	{ "5.0", "x'414243'",				-EUCLEAN },
	{ "1e300", "x'414243'",				-EUCLEAN },
	{ "'5'", "x'414243'",				-EUCLEAN },
	{ "x'35'", "x'414243'",				-EUCLEAN },
	{ "5", "NULL",					-EUCLEAN },
	{ "5", "x''",					-EUCLEAN },
	{ "5", "x'41'",					-EUCLEAN },
	{ "5", "zeroblob(100000)",			-EUCLEAN },
	{ "5", "414243",				-EUCLEAN },
};

START_TEST(a_row_is_believed_only_as_far_as_it_makes_sense)
{
	struct db *db = opened();
	struct db_query q;
	char sql[128];

	db_close(db);
	(void)snprintf(sql, sizeof(sql), "INSERT INTO thing VALUES (%s, %s)",
	    rows[_i].n, rows[_i].b);
	meddle(sql);
	db = opened();
	q = db_ask(db, READ);
	db_put_i64(&q, 1);
	ck_assert_int_eq(db_next(&q), 1);
	ck_assert_int_le(db_i64(&q, 0, 100), 100);
	ck_assert_uint_le(db_blob(&q, 2, 4).len, 4);
	ck_assert_int_eq(db_row(&q), rows[_i].want);
	db_end(&q);
	db_close(db);
}
END_TEST

START_TEST(a_number_over_63_bits_is_refused)
{
	struct db *db = opened();
	struct db_query q = db_ask(db, READ);

	db_put_u64(&q, (uint64_t)INT64_MAX + 1);
	ck_assert_int_eq(db_next(&q), -ERANGE);
	db_end(&q);
	db_close(db);
}
END_TEST

START_TEST(an_unknown_statement_is_a_fault_and_no_crash)
{
	struct db *db = opened();
	struct db_query q = db_ask(db, STATEMENTS);

	db_put_i64(&q, 1);
	ck_assert_int_eq(db_run(&q), -EINVAL);
	ck_assert_int_eq(db_i64(&q, 3, 4), 3);
	db_close(db);
}
END_TEST

START_TEST(commits_survive_a_kill)
{
	struct db *db;
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		db = opened();
		for (int i = 0; i < 100; i++) {
			(void)db_begin(db);
			(void)add(db, i, slice_of(NULL, 0));
			(void)db_commit(db, i == 50);
		}
		(void)db_begin(db);
		(void)add(db, 100, slice_of(NULL, 0));
		(void)raise(SIGKILL);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
	db = opened();
	ck_assert_int_eq(count(db), 100);
	db_close(db);
}
END_TEST

START_TEST(the_log_does_not_grow_without_end)
{
	struct db *db = opened();
	static char big[64 * 1024];
	struct stat st;

	for (int i = 0; i < 400; i++) {
		ck_assert_int_eq(db_begin(db), 0);
		ck_assert_int_eq(add(db, i, slice_of(big, sizeof(big))), 0);
		ck_assert_int_eq(db_commit(db, true), 0);
	}
	ck_assert_int_eq(fstatat(scratch.fd, "t.db-wal", &st, 0), 0);
	ck_assert_int_lt(st.st_size, 8 * 1024 * 1024);
	db_close(db);
}
END_TEST

START_TEST(a_full_disk_is_said_and_passes)
{
	struct rlimit limit, small;
	struct db *db = opened();
	static char big[64 * 1024];
	int r = 0, done = 0;

	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = limit;
	small.rlim_cur = 1024 * 1024;
	/* libcheck writes files too: assert nothing below the limit */
	(void)setrlimit(RLIMIT_FSIZE, &small);
	for (; r == 0 && done < 100; done++) {
		r = db_begin(db);
		if (r == 0)
			r = add(db, done, slice_of(big, sizeof(big)));
		if (r == 0)
			r = db_commit(db, false);
	}
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(r, -ENOSPC);
	db_rollback(db);
	ck_assert_int_eq(count(db), done - 1);
	ck_assert_int_eq(db_begin(db), 0);
	ck_assert_int_eq(add(db, 1, slice_of(big, sizeof(big))), 0);
	ck_assert_int_eq(db_commit(db, true), 0);
	ck_assert_int_eq(count(db), done);
	db_close(db);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("db");
	TCase *tcase = tcase_create("db");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, what_is_committed_is_there_after_a_reopen,
	    0, 2);
	tcase_add_test(tcase, what_is_rolled_back_or_left_open_is_not_there);
	tcase_add_test(tcase, a_part_can_be_undone_by_itself);
	tcase_add_test(tcase, a_rest_changes_nothing);
	tcase_add_loop_test(tcase, a_newer_format_is_refused_with_its_number,
	    0, 2);
	tcase_add_test(tcase, an_older_format_is_brought_up);
	tcase_add_loop_test(tcase, a_file_of_somebody_else_is_refused, 0,
	    sizeof(foreign) / sizeof(foreign[0]));
	tcase_add_test(tcase,
	    a_file_that_is_no_database_is_refused_and_left_alone);
	tcase_add_test(tcase, a_link_is_not_followed);
	tcase_add_test(tcase, only_reading_makes_no_file);
	tcase_add_test(tcase,
	    a_reader_beside_the_writer_sees_what_is_committed);
	tcase_add_loop_test(tcase,
	    a_row_is_believed_only_as_far_as_it_makes_sense, 0,
	    sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(tcase, a_number_over_63_bits_is_refused);
	tcase_add_test(tcase, an_unknown_statement_is_a_fault_and_no_crash);
	tcase_add_test(tcase, commits_survive_a_kill);
	tcase_add_test(tcase, the_log_does_not_grow_without_end);
	tcase_add_test(tcase, a_full_disk_is_said_and_passes);
	suite_add_tcase(suite, tcase);
	return suite;
}
