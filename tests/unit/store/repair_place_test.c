/*
 * repair_place_test.c - a new index takes the place of the old, step by step
 *
 * Repair is ended before each of the calls by which files change their names,
 * and before each fsync(): as in a power cut, or because the call fails.  At no
 * moment is the old index lost, or a new one beside a log or a search.db that
 * is not its own; and when it is repaired again all letters are there.
 *
 * Those calls stand here before libc's, for SQLite too; nothing is synced.
 */
#include "store/repair.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "store/copies.h"
#include "tests/unit/store/box.h"

#define LETTERS	12
#define STOPPED	77

static struct box box;
static unsigned	calls;		/* the last of so many is not done; 0: all */
static bool	it_stops;	/* there; else that one fails */

static bool
is_last(void)
{
	if (calls == 0 || --calls > 0)
		return false;
	if (it_stops)
		_exit(STOPPED);
	errno = EIO;
	return true;
}

int
fsync(int fd)
{
	return is_last() || fd < 0 ? -1 : 0;
}

int
fdatasync(int fd)
{
	return fd < 0 ? -1 : 0;
}

int
linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
	return is_last() ? -1 : (int)syscall(SYS_linkat, from_fd, from, to_fd,
	    to, flags);
}

int
renameat2(int from_fd, const char *from, int to_fd, const char *to,
    unsigned flags)
{
	return is_last() ? -1 : (int)syscall(SYS_renameat2, from_fd, from,
	    to_fd, to, flags);
}

int
renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	return renameat2(from_fd, from, to_fd, to, 0);
}

int
unlinkat(int fd, const char *name, int flags)
{
	return is_last() ? -1 : (int)syscall(SYS_unlinkat, fd, name, flags);
}

static const char *
path_of(const char *name)
{
	static char path[160];

	(void)snprintf(path, sizeof(path), "%s/%s", box.scratch.path, name);
	return path;
}

static int
open_file(const char *name, int flags)
{
	int fd = open(path_of(name), flags | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	return fd;
}

/* A file that SQLite takes for none of its own. */
static int
make_file(const char *name)
{
	int fd = open_file(name, O_RDWR | O_CREAT | O_TRUNC);

	ck_assert_int_eq(write(fd, "of the old", 10), 10);
	return fd;
}

/* An account whose index is no database any more, with all that is beside it:
 * the index and its log, open, so that no other file gets their numbers. */
static void
set_up(int *old_out, int *log_out)
{
	int r;

	box = box_new();
	box_fill(&box, 1, LETTERS);
	while ((r = account_copy(box.account)) == 1)
		;
	ck_assert_int_eq(r, 0);
	box_close(&box);
	*old_out = open_file("index.db", O_RDWR);
	ck_assert_int_eq(pwrite(*old_out, "?", 1, 0), 1);
	*log_out = make_file("index.db-wal");
	ck_assert_int_eq(close(make_file("search.db")), 0);
}

static void
hear_nothing(void *arg, const struct repair_note *note)
{
	(void)arg;
	(void)note;
}

static int
repair(enum repair_end *end_out)
{
	static const struct account_options options = {
		.segment_bytes = BOX_SEGMENT_BYTES,
		.uid_block = BOX_UID_BLOCK,
		.hub_id = "the test's hub",
	};

	return account_repair(box.scratch.fd, &options, hear_nothing, NULL,
	    end_out);
}

/* A repair that ends at its `last`th call; false: it has not so many. */
static bool
repair_until(unsigned last)
{
	enum repair_end end;
	pid_t child = fork();
	int status;

	if (child == 0) {
		calls = last;
		(void)repair(&end);
		_exit(calls == 0 ? STOPPED : 0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status) == STOPPED;
}

static bool
is_name_of(int fd, const char *name)
{
	struct stat file, named;

	ck_assert_int_eq(fstat(fd, &file), 0);
	return stat(path_of(name), &named) == 0 &&
	    named.st_ino == file.st_ino;
}

static void
each_index_has_its_own(int old, int log)
{
	struct stat st;

	ck_assert_int_eq(fstat(old, &st), 0);
	ck_assert_uint_ge(st.st_nlink, 1);
	/* where the next repair would make another */
	ck_assert(!is_name_of(old, "repair/index.db"));
	ck_assert_int_eq(access(path_of("index.db"), F_OK), 0);
	if (is_name_of(old, "index.db"))
		return;
	ck_assert(!is_name_of(log, "index.db-wal"));
	ck_assert_int_ne(access(path_of("search.db"), F_OK), 0);
}

static void
every_letter_is_read(void)
{
	struct view *view;

	box_open(&box);
	view = box_view(&box);
	ck_assert_uint_eq(view_count(view), LETTERS);
	for (size_t n = 0; n < LETTERS; n++)
		ck_assert_int_eq(box_is_letter(&box, view, n,
		    box_number(view_letter(view, n))), 0);
	account_view_close(box.account, view);
	box_close(&box);
	ck_assert_int_eq(box_check(&box), 0);
}

static bool
ends_well_after(unsigned last)
{
	enum repair_end end = REPAIR_UNMENDED;
	int old, log;
	bool ended;

	set_up(&old, &log);
	ended = repair_until(last);
	each_index_has_its_own(old, log);
	ck_assert_int_eq(repair(&end), 0);
	ck_assert_int_ne(end, REPAIR_UNMENDED);
	each_index_has_its_own(old, log);
	ck_assert(!is_name_of(old, "index.db"));
	every_letter_is_read();
	ck_assert_int_eq(close(old), 0);
	ck_assert_int_eq(close(log), 0);
	box_drop(&box);
	return ended;
}

START_TEST(wherever_it_ends_the_old_index_is_kept_and_the_new_is_alone)
{
	unsigned last = 1;

	it_stops = _i == 0;
	while (ends_well_after(last))
		last++;
	/* at least those of the index's own place were among them */
	ck_assert_uint_gt(last, 10);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("repair_place");
	TCase *tcase = tcase_create("calls");

	tcase_set_timeout(tcase, 300);
	tcase_add_loop_test(tcase,
	    wherever_it_ends_the_old_index_is_kept_and_the_new_is_alone, 0, 2);
	suite_add_tcase(suite, tcase);
	return suite;
}
