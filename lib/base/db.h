/*
 * db.h - a SQLite file of our own, one writer, statements from a table
 *
 * SQL is constant: a user of this layer has a table of statements and names
 * them by number; values are bound, never written into the text.  What is read
 * back is judged like a peer's bytes: a column says what it may be, and one
 * that is not (wrong type, out of range) makes the row -EUCLEAN.
 *
 * Durability.  A NORMAL commit is in the write-ahead log, not yet on the disk:
 * it survives this process, not a power cut (which takes the latest commits
 * and never one before them).  A FULL commit then syncs the log, so everything
 * committed up to it is durable.  We sync by hand after COMMIT and do not
 * switch PRAGMA synchronous: whether a transaction must be FULL may then be
 * known as late as its end, and the bytes on disk are the same.  The log is
 * moved into the file (which syncs both) only behind a FULL commit, so no
 * NORMAL commit ever waits for the disk, or becomes durable by accident.
 *
 * A failed sync is final: this handle answers -EIO from then on and must be
 * closed.  A file found with a log is taken over by a whole checkpoint, which
 * writes again every page that an earlier life could not sync.
 *
 * All databases of a process are used by one thread, its loop's: SQLite is told
 * so, and takes no locks.
 *
 * Errors: -ENOSPC, -EIO, -EUCLEAN (file or row damaged), -EBUSY, -ENOMEM,
 * -ERANGE (a number SQLite cannot hold), -EINVAL for our own mistakes.
 */
#ifndef POSTROOM_BASE_DB_H
#define POSTROOM_BASE_DB_H

#include "lib/base/slice.h"

struct db;			/* opaque; see db.c */
struct sqlite3_stmt;

struct db_format {
	int32_t		 application;	/* whose file it is: application_id */
	unsigned	 version;	/* of the format; so many steps */
	const char	*const *steps;	/* step n makes format n + 1 out of n */
	const char	*const *statements;
	unsigned	 statement_count;
	bool		 is_disposable;	/* nothing is synced, ever: it can be
					   made again, and who reads a row
					   finds out what a power cut did */
};

/*
 * Open file `name` in `folder_fd` (borrowed), making it when it is not there;
 * with `only_reading` it must be there, and nothing is written but SQLite's
 * own -shm.  The path goes through /proc/self/fd and is not resolved, so a
 * process confined to the folder can open it and no link is followed.
 *
 *  0         *db_out is set.
 * -EPROTO    made by a newer Postroom; *needs_out is the format it has.
 * -EUCLEAN   no database, damaged, or somebody else's.
 * -ENODATA   only reading: it was begun and never got its first commit.
 * -ENOENT    only reading, and there is none.
 */
int	db_open(int folder_fd, const char *name, const struct db_format *,
	    bool only_reading, struct db **db_out, unsigned *needs_out);
/* What is not committed is gone.  NULL is fine. */
void	db_close(struct db *);

/*
 * Nothing is asked for a while: give back the memory of pages and statements,
 * which are read and prepared again when they are wanted.  A query that has given
 * a row, and a transaction, go on as if nothing had been; one that was only asked
 * for must be asked for again.
 */
void	db_rest(struct db *);

/* Begin a transaction if none is open. */
int	db_begin(struct db *);
/* End it; `full`: durable when this returns 0, with all that went before. */
int	db_commit(struct db *, bool full);
/*
 * To make what is committed durable by another thread: a descriptor of the log
 * (borrowed, until db_close()), or a negative errno.  When fdatasync() has said
 * 0 there, everything committed before that is durable; what it has said is told
 * here, in the loop's thread, which gives 0 or -EIO.
 */
int	db_log_fd(struct db *);
int	db_log_synced(struct db *, int status);
/* Only a FULL commit, or db_log_synced(), keeps the log from growing: it is time for one. */
bool	db_log_is_long(const struct db *);
void	db_rollback(struct db *);
/*
 * One part of the transaction that can be taken back by itself: db_part() ...
 * db_part_keep() or db_part_undo().  Parts do not nest.
 */
int	db_part(struct db *);
int	db_part_keep(struct db *);
void	db_part_undo(struct db *);

/* One statement in use.  Remembers its first fault, as struct unpack does. */
struct db_query {
	struct db		*db;
	struct sqlite3_stmt	*statement;	/* NULL after a fault */
	int			 bound;		/* parameters so far */
	int			 column;	/* the next to be read */
	int			 fault;		/* 0 or a negative errno */
	int			 row_fault;	/* of this row: -EUCLEAN */
};

/* Statement `number` of the table, nothing bound. */
struct db_query	db_ask(struct db *, unsigned number);
/* Bind the next parameter; a slice must live until the query ends. */
void		db_put_i64(struct db_query *, int64_t);
void		db_put_u64(struct db_query *, uint64_t);
void		db_put_blob(struct db_query *, struct slice);
void		db_put_null(struct db_query *);
/* The next row: 1, 0 when there is none, or a negative errno. */
int		db_next(struct db_query *);
/*
 * The next column of the row.  Anything else than an integer of min..max, or a
 * blob (or text) of min..max bytes, makes db_row() -EUCLEAN and gives `min`, or
 * the empty slice.  A blob is valid until db_next() or db_end().
 */
int64_t		db_i64(struct db_query *, int64_t min, int64_t max);
uint64_t	db_u64(struct db_query *, uint64_t min, uint64_t max);
struct slice	db_blob(struct db_query *, size_t min, size_t max);
/* The next column is NULL; it is passed over only when it is. */
bool		db_is_null(struct db_query *);
/* 0, or -EUCLEAN when a column of this row was not what it must be. */
int		db_row(const struct db_query *);
/* Give the statement back; any number of times. */
void		db_end(struct db_query *);
/* Run to the end and give back, for a statement without rows. */
int		db_run(struct db_query *);
/* A sync failed: nothing more becomes durable; open it anew. */
bool		db_is_broken(const struct db *);
/* Rows that the last statement changed. */
uint64_t	db_changed(struct db *);

#define DB_QUERY_AUTO	__attribute__((cleanup(db_end))) struct db_query

#endif
