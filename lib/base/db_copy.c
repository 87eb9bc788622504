/*
 * db_copy.c - a copy of a database that is in use, a step at a time
 *
 * Nothing but a whole copy is of use, so SQLite is told to keep no journal of
 * it and to sync nothing; we sync it, in portions, so that no sync is long.
 */
#include "lib/base/db_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/db_inside.h"

#define STEP_PAGES	64	/* 256 KiB: 1 ms, and some when it is read */
#define SYNC_STEPS	16	/* 4 MiB between two syncs */
#define NAME_MOST	60

struct db_copy {
	int		(*next)(struct db_copy *);	/* NULL: it is whole */
	struct db	*from;
	sqlite3		*to;
	sqlite3_backup	*backup;
	sqlite3_stmt	*tables;	/* the names of those not read yet */
	int		 folder_fd;
	int		 fd;		/* to sync it */
	unsigned	 steps;
	char		 name[NAME_MOST + 1];
};

static int
sync_copy(const struct db_copy *copy)
{
	return fsync(copy->fd) == 0 ? 0 : -errno;
}

/* Read through what SQLite gave as the row's only column: is it "ok"? */
static int
judge_row(sqlite3 *lite, sqlite3_stmt *statement)
{
	int code = sqlite3_step(statement);
	const unsigned char *words;

	if (code == SQLITE_DONE)
		return -EUCLEAN;
	if (code != SQLITE_ROW)
		return db_errno(lite, code);
	words = sqlite3_column_text(statement, 0);
	return words != NULL && strcmp((const char *)words, "ok") == 0 ? 0 :
	    -EUCLEAN;
}

/* Read table `name` and its indexes through. */
static int
judge_table(sqlite3 *lite, const unsigned char *name)
{
	sqlite3_stmt *statement = NULL;
	int r;

	r = db_errno(lite, sqlite3_prepare_v2(lite, "SELECT quick_check FROM "
	    "pragma_quick_check(?)", -1, &statement, NULL));
	if (r == 0)
		r = db_errno(lite, sqlite3_bind_text(statement, 1,
		    (const char *)name, -1, SQLITE_TRANSIENT));
	if (r == 0)
		r = judge_row(lite, statement);
	(void)sqlite3_finalize(statement);
	return r;
}

static int
ask_tables(sqlite3 *lite, sqlite3_stmt **tables_out)
{
	return db_errno(lite, sqlite3_prepare_v2(lite, "SELECT name FROM "
	    "sqlite_schema WHERE type = 'table' ORDER BY name", -1, tables_out,
	    NULL));
}

/* The last step of all. */
static int
finish(struct db_copy *copy)
{
	int r = sync_copy(copy);

	if (r < 0)
		return r;
	copy->next = NULL;
	return 0;
}

static int
read_through(struct db_copy *copy)
{
	int code, r;

	code = sqlite3_step(copy->tables);
	if (code == SQLITE_DONE) {
		(void)sqlite3_finalize(copy->tables);
		copy->tables = NULL;
		copy->next = finish;
		return 1;
	}
	r = code == SQLITE_ROW ? 0 : db_errno(copy->to, code);
	if (r == 0)
		r = judge_table(copy->to, sqlite3_column_text(copy->tables,
		    0));
	return r < 0 ? r : 1;
}

/* All pages are there: let it be a file without a log. */
static int
settle(struct db_copy *copy)
{
	int code = sqlite3_backup_finish(copy->backup), r;

	copy->backup = NULL;
	r = db_errno(copy->to, code);
	if (r == 0)
		r = db_errno(copy->to, sqlite3_exec(copy->to,
		    "PRAGMA journal_mode=DELETE", NULL, NULL, NULL));
	if (r == 0)
		r = ask_tables(copy->to, &copy->tables);
	if (r < 0)
		return r;
	copy->next = read_through;
	return 1;
}

static int
copy_pages(struct db_copy *copy)
{
	int code = sqlite3_backup_step(copy->backup, STEP_PAGES), r;

	if (code == SQLITE_DONE) {
		copy->next = settle;
		return 1;
	}
	if (code != SQLITE_OK)
		return db_errno(copy->to, code);
	if (++copy->steps % SYNC_STEPS == 0) {
		r = sync_copy(copy);
		if (r < 0)
			return r;
	}
	return 1;
}

int
db_copy_step(struct db_copy *copy)
{
	return copy->next == NULL ? 0 : copy->next(copy);
}

/* The file, and what SQLite may have put beside it. */
static void
remove_all(const struct db_copy *copy)
{
	static const char *const ends[] = { "", "-journal", "-wal", "-shm" };
	char name[NAME_MOST + 16];

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		(void)snprintf(name, sizeof(name), "%s%s", copy->name,
		    ends[i]);
		(void)unlinkat(copy->folder_fd, name, 0);
	}
}

static int
open_copy(struct db_copy *copy)
{
	int r;

	remove_all(copy);
	r = db_make_private(copy->folder_fd, copy->name);
	if (r < 0)
		return r;
	copy->fd = openat(copy->folder_fd, copy->name,
	    O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (copy->fd < 0)
		return -errno;
	r = db_lite_open(copy->folder_fd, copy->name, false, &copy->to);
	if (r == 0)
		r = db_errno(copy->to, sqlite3_exec(copy->to,
		    "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
		    "PRAGMA cell_size_check=ON", NULL, NULL, NULL));
	if (r < 0)
		return r;
	copy->backup = sqlite3_backup_init(copy->to, "main", copy->from->lite,
	    "main");
	return copy->backup == NULL ? db_errno(copy->to,
	    sqlite3_errcode(copy->to)) : 0;
}

int
db_copy_new(struct db *from, int folder_fd, const char *name,
    struct db_copy **copy_out)
{
	struct db_copy *copy;
	int r;

	if (strlen(name) > NAME_MOST)
		return -ENAMETOOLONG;
	copy = calloc(1, sizeof(*copy));
	if (copy == NULL)
		return -ENOMEM;
	copy->from = from;
	copy->fd = -1;
	copy->next = copy_pages;
	(void)snprintf(copy->name, sizeof(copy->name), "%s", name);
	copy->folder_fd = fcntl(folder_fd, F_DUPFD_CLOEXEC, 3);
	r = copy->folder_fd < 0 ? -errno : open_copy(copy);
	if (r < 0) {
		db_copy_free(copy);
		return r;
	}
	*copy_out = copy;
	return 0;
}

void
db_copy_free(struct db_copy *copy)
{
	if (copy == NULL)
		return;
	(void)sqlite3_finalize(copy->tables);
	(void)sqlite3_backup_finish(copy->backup);
	(void)sqlite3_close(copy->to);
	if (copy->fd >= 0)
		(void)close(copy->fd);
	if (copy->folder_fd >= 0 && copy->next != NULL)
		remove_all(copy);
	if (copy->folder_fd >= 0)
		(void)close(copy->folder_fd);
	free(copy);
}

int
db_copy_judge(int folder_fd, const char *name)
{
	sqlite3_stmt *statement = NULL;
	sqlite3 *lite = NULL;
	struct stat st;
	int r;

	if (fstatat(folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (st.st_size == 0)	/* SQLite takes that for an empty database */
		return -EUCLEAN;
	r = db_lite_open(folder_fd, name, true, &lite);
	if (r == 0)
		r = db_errno(lite, sqlite3_prepare_v2(lite,
		    "PRAGMA quick_check(1)", -1, &statement, NULL));
	if (r == 0)
		r = judge_row(lite, statement);
	(void)sqlite3_finalize(statement);
	(void)sqlite3_close(lite);
	return r;
}
