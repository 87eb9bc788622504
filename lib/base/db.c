/*
 * db.c - a SQLite file of our own, one writer, statements from a table
 *
 * The lock that keeps a second writer out is not here: SQLite's locking mode
 * stays NORMAL, so that `postroom check` can read beside a running hub, and the
 * owner of the folder takes a lock file of its own.
 */
#include "lib/base/db_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHECKPOINT_PAGES 1000	/* 4 MB of log: move it into the file */
#define LOG_KEPT	"16777216"	/* bytes of log file kept for reuse */
#define LONG_PAGES	3000	/* 12 MB: there is room for the next ones */
#define NAME_MOST	64	/* bytes of a file name of ours */
#define VFS_NAME	"postroom"

static const char *const own_sql[OWN_COUNT] = {
	[OWN_BEGIN] = "BEGIN IMMEDIATE",
	[OWN_COMMIT] = "COMMIT",
	[OWN_ROLLBACK] = "ROLLBACK",
	[OWN_PART] = "SAVEPOINT part",
	[OWN_PART_KEEP] = "RELEASE part",
	[OWN_PART_UNDO] = "ROLLBACK TO part",
};

/* What SQLite said last, `code`, as an errno. */
int
db_errno(sqlite3 *lite, int code)
{
	/* SQLite does not keep the errno of a write, but leaves it */
	int written = errno;
	int os = lite == NULL ? 0 : sqlite3_system_errno(lite);

	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_FORMAT:
	case SQLITE_CONSTRAINT:	/* only a damaged index breaks one of ours */
	case SQLITE_MISMATCH:
		return -EUCLEAN;
	case SQLITE_TOOBIG:
	case SQLITE_RANGE:
	case SQLITE_MISUSE:
	case SQLITE_ERROR:
		return -EINVAL;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_CANTOPEN:
		return os == 0 ? -EIO : -os;
	case SQLITE_IOERR:
		if (code == SQLITE_IOERR_WRITE &&
		    (written == EDQUOT || written == EFBIG))
			return -ENOSPC;
		return -EIO;
	default:
		return -EIO;
	}
}

/* The path is ours and final: the system's own would resolve /proc/self. */
static int
same_path(sqlite3_vfs *vfs, const char *name, int size, char *path_out)
{
	(void)vfs;
	sqlite3_snprintf(size, path_out, "%s", name);
	return SQLITE_OK;
}

/*
 * As root SQLite gives a log the owner of its database.  A role may not, and
 * where one of ours is run as root nothing is to be given.
 */
static int
keep_owner(int fd, uid_t uid, gid_t gid)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && st.st_uid == uid && st.st_gid == gid)
		return 0;
	return fchown(fd, uid, gid);
}

static int
vfs_ready(void)
{
	static sqlite3_vfs vfs;	/* SQLite keeps the pointer */
	sqlite3_vfs *system;

	/*
	 * A process has its databases on one thread, its loop's: locks and
	 * counts of memory would cost a fifth of each statement.  Refused once
	 * SQLite has begun, which is harmless.
	 */
	(void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	if (sqlite3_initialize() != SQLITE_OK)
		return -ENOMEM;
	if (sqlite3_vfs_find(VFS_NAME) != NULL)
		return 0;
	system = sqlite3_vfs_find("unix");
	if (system == NULL)
		return -ENOSYS;
	(void)system->xSetSystemCall(system, "fchown",
	    (sqlite3_syscall_ptr)keep_owner);
	vfs = *system;
	vfs.zName = VFS_NAME;
	vfs.xFullPathname = same_path;
	return db_errno(NULL, sqlite3_vfs_register(&vfs, 0));
}

static int
exec(struct db *db, const char *sql)
{
	return db_errno(db->lite,
	    sqlite3_exec(db->lite, sql, NULL, NULL, NULL));
}

/* The integer that constant `sql` gives. */
static int
number_of(struct db *db, const char *sql, int64_t *n_out)
{
	sqlite3_stmt *statement = NULL;
	int code, r;

	code = sqlite3_prepare_v2(db->lite, sql, -1, &statement, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	r = code == SQLITE_DONE ? -EUCLEAN : db_errno(db->lite, code);
	if (r == 0)
		*n_out = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	return r;
}

static int
count_log_pages(void *arg, sqlite3 *lite, const char *name, int pages)
{
	struct db *db = arg;

	(void)lite;
	(void)name;
	db->log_pages = pages;
	return SQLITE_OK;
}

/* Nothing that a damaged or forged file holds may run or reach elsewhere. */
static void
confine(struct db *db)
{
	(void)sqlite3_db_config(db->lite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(db->lite, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0,
	    NULL);
	(void)sqlite3_db_config(db->lite, SQLITE_DBCONFIG_ENABLE_FKEY, 0,
	    NULL);
	(void)sqlite3_db_config(db->lite, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0,
	    NULL);
	(void)sqlite3_db_config(db->lite, SQLITE_DBCONFIG_ENABLE_VIEW, 0,
	    NULL);
	(void)sqlite3_db_config(db->lite,
	    SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	(void)sqlite3_db_config(db->lite, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	(void)sqlite3_db_config(db->lite, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	(void)sqlite3_limit(db->lite, SQLITE_LIMIT_ATTACHED, 0);
	(void)sqlite3_limit(db->lite, SQLITE_LIMIT_LENGTH, 64 * 1024 * 1024);
	(void)sqlite3_busy_timeout(db->lite, 1000);	/* ms; beside check */
}

/* Bring the file from its format to ours; a new one begins at 0. */
static int
migrate(struct db *db, unsigned version)
{
	char mark[96];
	int r;

	r = db_begin(db);
	for (; r == 0 && version < db->format->version; version++)
		r = exec(db, db->format->steps[version]);
	if (r < 0)
		goto undo;
	(void)snprintf(mark, sizeof(mark),
	    "PRAGMA application_id=%d; PRAGMA user_version=%u",
	    db->format->application, db->format->version);
	r = exec(db, mark);
	if (r < 0)
		goto undo;
	r = db_commit(db, true);
	if (r < 0)
		goto undo;
	return fsync(db->folder_fd) == 0 ? 0 : -errno;
undo:
	db_rollback(db);
	return r;
}

/* Whose file is it, and of which format?  0: an empty one, to be made ours. */
static int
judge_format(struct db *db, int64_t *version_out)
{
	int64_t application, version, things;
	int r;

	r = number_of(db, "PRAGMA application_id", &application);
	if (r == 0)
		r = number_of(db, "PRAGMA user_version", &version);
	if (r == 0)
		r = number_of(db, "SELECT count(*) FROM sqlite_schema",
		    &things);
	if (r < 0)
		return r;
	if (application == 0 && version == 0 && things == 0) {
		*version_out = 0;
		return 0;
	}
	if (application != db->format->application || version < 1)
		return -EUCLEAN;
	*version_out = version;
	return 0;
}

/*
 * Take over the log of an earlier life: move all of it into the file.  Pages it
 * could not sync are written again here, and synced.
 */
static int
take_over_log(struct db *db)
{
	int code, log = 0, moved = 0;

	code = sqlite3_wal_checkpoint_v2(db->lite, "main",
	    SQLITE_CHECKPOINT_TRUNCATE, &log, &moved);
	/* a reader beside us (check): what it still reads is moved later */
	if (code == SQLITE_BUSY)
		return 0;
	return db_errno(db->lite, code);
}

/* Nothing is written before the file is known to be ours and not newer. */
static int
set_up(struct db *db, bool only_reading, unsigned *needs_out)
{
	int64_t version = 0;
	int r;

	confine(db);
	r = exec(db, "PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY;"
	    "PRAGMA cell_size_check=ON");
	if (r == 0)
		r = judge_format(db, &version);
	if (r < 0)
		return r;
	if (version > db->format->version) {
		*needs_out = (unsigned)version;
		return -EPROTO;
	}
	if (only_reading && version == 0)
		return -ENODATA;
	if (only_reading)
		return version == db->format->version ? 0 : -EUCLEAN;
	r = exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
	    "PRAGMA journal_size_limit=" LOG_KEPT);
	if (r == 0 && db->format->is_disposable)
		r = exec(db, "PRAGMA synchronous=OFF");
	if (r < 0)
		return r;
	sqlite3_wal_hook(db->lite, count_log_pages, db);
	r = take_over_log(db);
	if (r < 0 || version == db->format->version)
		return r;
	return migrate(db, (unsigned)version);
}

int
db_lite_open(int folder_fd, const char *name, bool only_reading,
    sqlite3 **lite_out)
{
	char path[sizeof("/proc/self/fd//") + 12 + NAME_MOST];
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
	    SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE;
	int r;

	if (strlen(name) > NAME_MOST)
		return -ENAMETOOLONG;
	r = vfs_ready();
	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", folder_fd,
	    name);
	flags |= only_reading ? SQLITE_OPEN_READONLY :
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	r = sqlite3_open_v2(path, lite_out, flags, VFS_NAME);
	return db_errno(*lite_out, r);
}

int
db_make_private(int folder_fd, const char *name)
{
	int fd = openat(folder_fd, name,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno == EEXIST ? 0 : -errno;
	(void)close(fd);
	return 0;
}

int
db_open(int folder_fd, const char *name, const struct db_format *format,
    bool only_reading, struct db **db_out, unsigned *needs_out)
{
	struct db *db;
	int r;

	db = calloc(1, sizeof(*db) +
	    format->statement_count * sizeof(sqlite3_stmt *));
	if (db == NULL)
		return -ENOMEM;
	db->format = format;
	db->log_fd = -1;
	db->folder_fd = fcntl(folder_fd, F_DUPFD_CLOEXEC, 3);
	if (db->folder_fd < 0) {
		r = -errno;
		goto undo;
	}
	r = only_reading ? 0 : db_make_private(db->folder_fd, name);
	if (r < 0)
		goto undo;
	r = db_lite_open(db->folder_fd, name, only_reading, &db->lite);
	if (r == 0)
		r = set_up(db, only_reading, needs_out);
	if (r < 0)
		goto undo;
	*db_out = db;
	return 0;
undo:
	db_close(db);
	return r;
}

/* All, or those that are not under way. */
static void
drop_statements(sqlite3_stmt **statements, size_t count, bool all)
{
	for (size_t i = 0; i < count; i++) {
		if (!all && sqlite3_stmt_busy(statements[i]))
			continue;
		(void)sqlite3_finalize(statements[i]);
		statements[i] = NULL;
	}
}

void
db_rest(struct db *db)
{
	drop_statements(db->statements, db->format->statement_count, false);
	drop_statements(db->own, OWN_COUNT, false);
	(void)sqlite3_db_release_memory(db->lite);
}

void
db_close(struct db *db)
{
	if (db == NULL)
		return;
	drop_statements(db->statements, db->format->statement_count, true);
	drop_statements(db->own, OWN_COUNT, true);
	/* pages that could not be synced must not be taken for safe */
	if (db->broken && db->lite != NULL)
		(void)sqlite3_db_config(db->lite,
		    SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	(void)sqlite3_close(db->lite);
	if (db->folder_fd >= 0)
		(void)close(db->folder_fd);
	if (db->log_fd >= 0)
		(void)close(db->log_fd);
	free(db);
}

static int
prepare(struct db *db, const char *sql, sqlite3_stmt **statement)
{
	if (*statement != NULL)
		return 0;
	return db_errno(db->lite, sqlite3_prepare_v3(db->lite, sql, -1,
	    SQLITE_PREPARE_PERSISTENT, statement, NULL));
}

static int
run_own(struct db *db, enum own which)
{
	sqlite3_stmt **statement = &db->own[which];
	int r;

	if (db->broken)
		return -EIO;
	r = prepare(db, own_sql[which], statement);
	if (r < 0)
		return r;
	r = db_errno(db->lite, sqlite3_step(*statement));
	(void)sqlite3_reset(*statement);
	return r;
}

/* After a full disk SQLite may have rolled back all by itself. */
static bool
is_lost(const struct db *db)
{
	return db->in_transaction && sqlite3_get_autocommit(db->lite) != 0;
}

int
db_begin(struct db *db)
{
	int r;

	if (is_lost(db))
		return -ECANCELED;
	if (db->in_transaction)
		return 0;
	r = run_own(db, OWN_BEGIN);
	if (r == 0)
		db->in_transaction = true;
	return r;
}

/* Everything committed so far is on the disk when this returns 0. */
static int
sync_log(struct db *db)
{
	sqlite3_file *file = NULL;
	int code;

	code = sqlite3_file_control(db->lite, "main",
	    SQLITE_FCNTL_JOURNAL_POINTER, &file);
	if (code == SQLITE_OK && (file == NULL || file->pMethods == NULL))
		code = SQLITE_IOERR_FSYNC;
	if (code == SQLITE_OK)
		code = file->pMethods->xSync(file,
		    SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
	if (code == SQLITE_OK)
		return 0;
	db->broken = true;
	return -EIO;
}

/* Move the log into the file; a full disk is no reason to fail a commit. */
static int
checkpoint(struct db *db)
{
	int code;

	if (db->log_pages < CHECKPOINT_PAGES)
		return 0;
	code = sqlite3_wal_checkpoint_v2(db->lite, "main",
	    SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC) {
		db->broken = true;
		return -EIO;
	}
	return 0;
}

int
db_commit(struct db *db, bool full)
{
	int r;

	if (is_lost(db)) {
		db_rollback(db);
		return -ECANCELED;
	}
	if (db->in_transaction) {
		r = run_own(db, OWN_COMMIT);
		if (r < 0) {
			db_rollback(db);
			return r;
		}
		db->in_transaction = false;
	}
	if (!full)
		return db->broken ? -EIO : 0;
	r = db->broken ? -EIO : db->format->is_disposable ? 0 : sync_log(db);
	return r < 0 ? r : checkpoint(db);
}

int
db_log_fd(struct db *db)
{
	const char *name = sqlite3_filename_wal(sqlite3_db_filename(db->lite,
	    "main"));

	/* SQLite's locks are not on the log: this one may be closed */
	if (db->log_fd < 0)
		db->log_fd = open(name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	return db->log_fd < 0 ? -errno : db->log_fd;
}

int
db_log_synced(struct db *db, int status)
{
	db->broken = db->broken || status < 0;
	return db->broken ? -EIO : checkpoint(db);
}

bool
db_log_is_long(const struct db *db)
{
	return db->log_pages >= LONG_PAGES;
}

void
db_rollback(struct db *db)
{
	if (db->in_transaction && !is_lost(db))
		(void)run_own(db, OWN_ROLLBACK);
	db->in_transaction = false;
}

int
db_part(struct db *db)
{
	int r = db_begin(db);

	return r < 0 ? r : run_own(db, OWN_PART);
}

int
db_part_keep(struct db *db)
{
	return is_lost(db) ? -ECANCELED : run_own(db, OWN_PART_KEEP);
}

void
db_part_undo(struct db *db)
{
	if (!db->in_transaction || is_lost(db))
		return;
	(void)run_own(db, OWN_PART_UNDO);
	(void)run_own(db, OWN_PART_KEEP);
}

struct db_query
db_ask(struct db *db, unsigned number)
{
	struct db_query q = { .db = db };

	if (number >= db->format->statement_count)
		q.fault = -EINVAL;
	else if (db->broken)
		q.fault = -EIO;
	else if (is_lost(db))	/* it would commit by itself */
		q.fault = -ECANCELED;
	else
		q.fault = prepare(db, db->format->statements[number],
		    &db->statements[number]);
	if (q.fault == 0)
		q.statement = db->statements[number];
	return q;
}

static void
bound(struct db_query *q, int code)
{
	if (code != SQLITE_OK && q->fault == 0)
		q->fault = db_errno(q->db->lite, code);
}

void
db_put_i64(struct db_query *q, int64_t n)
{
	if (q->statement != NULL)
		bound(q, sqlite3_bind_int64(q->statement, ++q->bound, n));
}

void
db_put_u64(struct db_query *q, uint64_t n)
{
	if (n > INT64_MAX && q->fault == 0)
		q->fault = -ERANGE;
	db_put_i64(q, (int64_t)(n & INT64_MAX));
}

void
db_put_blob(struct db_query *q, struct slice s)
{
	/* SQLite takes a NULL pointer for NULL, not for an empty blob */
	if (q->statement != NULL)
		bound(q, sqlite3_bind_blob64(q->statement, ++q->bound,
		    s.at == NULL ? "" : s.at, s.len, SQLITE_STATIC));
}

void
db_put_null(struct db_query *q)
{
	if (q->statement != NULL)
		bound(q, sqlite3_bind_null(q->statement, ++q->bound));
}

int
db_next(struct db_query *q)
{
	int code;

	if (q->fault != 0)
		return q->fault;
	q->column = 0;
	q->row_fault = 0;
	code = sqlite3_step(q->statement);
	if (code == SQLITE_ROW)
		return 1;
	q->fault = db_errno(q->db->lite, code);
	return q->fault;
}

int64_t
db_i64(struct db_query *q, int64_t min, int64_t max)
{
	int column = q->column++;
	int64_t n;

	if (q->statement == NULL ||
	    sqlite3_column_type(q->statement, column) != SQLITE_INTEGER)
		goto bad;
	n = sqlite3_column_int64(q->statement, column);
	if (n >= min && n <= max)
		return n;
bad:
	q->row_fault = -EUCLEAN;
	return min;
}

uint64_t
db_u64(struct db_query *q, uint64_t min, uint64_t max)
{
	if (max > INT64_MAX)
		max = INT64_MAX;
	return (uint64_t)db_i64(q, (int64_t)min, (int64_t)max);
}

struct slice
db_blob(struct db_query *q, size_t min, size_t max)
{
	int column = q->column++, type;
	const void *at;
	size_t len;

	if (q->statement == NULL)
		goto bad;
	type = sqlite3_column_type(q->statement, column);
	if (type != SQLITE_BLOB && type != SQLITE_TEXT)
		goto bad;
	at = sqlite3_column_blob(q->statement, column);
	len = (size_t)sqlite3_column_bytes(q->statement, column);
	if (len >= min && len <= max && (at != NULL || len == 0))
		return slice_of(at, len);
bad:
	q->row_fault = -EUCLEAN;
	return slice_of(NULL, 0);
}

bool
db_is_null(struct db_query *q)
{
	if (q->statement == NULL ||
	    sqlite3_column_type(q->statement, q->column) != SQLITE_NULL)
		return false;
	q->column++;
	return true;
}

int
db_row(const struct db_query *q)
{
	return q->row_fault;
}

void
db_end(struct db_query *q)
{
	if (q->statement == NULL)
		return;
	(void)sqlite3_reset(q->statement);
	(void)sqlite3_clear_bindings(q->statement);
	q->statement = NULL;
	if (q->fault == 0)
		q->fault = -EINVAL;	/* it cannot be used any more */
}

int
db_run(struct db_query *q)
{
	int r;

	do
		r = db_next(q);
	while (r > 0);
	db_end(q);
	return r;
}

uint64_t
db_changed(struct db *db)
{
	return (uint64_t)sqlite3_changes64(db->lite);
}

bool
db_is_broken(const struct db *db)
{
	return db->broken;
}
