/*
 * db_inside.h - what db.c and db_copy.c share of a SQLite file
 */
#ifndef POSTROOM_BASE_DB_INSIDE_H
#define POSTROOM_BASE_DB_INSIDE_H

#include <sqlite3.h>

#include "lib/base/db.h"

enum own {			/* statements of this layer */
	OWN_BEGIN,
	OWN_COMMIT,
	OWN_ROLLBACK,
	OWN_PART,
	OWN_PART_KEEP,
	OWN_PART_UNDO,
	OWN_COUNT
};

struct db {
	sqlite3		*lite;
	const struct db_format *format;
	int		 folder_fd;	/* ours; the path goes through it */
	int		 log_fd;	/* for db_log_fd(); -1: not asked for */
	bool		 in_transaction;
	bool		 broken;	/* a sync failed */
	int		 log_pages;	/* in the write-ahead log */
	sqlite3_stmt	*own[OWN_COUNT];
	sqlite3_stmt	*statements[];	/* as format->statements */
};

/* What SQLite said last, `code`, as an errno.  `lite` may be NULL. */
int	db_errno(sqlite3 *lite, int code);
/*
 * Open file `name` in `folder_fd` (borrowed, and to stay open) with nothing
 * set; *lite_out is to be closed even after an error.
 */
int	db_lite_open(int folder_fd, const char *name, bool only_reading,
	    sqlite3 **lite_out);
/*
 * Make an empty file that nobody else may read, as SQLite would not; its log is
 * made like it.  0 (also: it is there already) or -errno.
 */
int	db_make_private(int folder_fd, const char *name);

#endif
