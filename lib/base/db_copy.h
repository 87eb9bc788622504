/*
 * db_copy.h - a copy of a database that is in use, a step at a time
 *
 * SQLite's backup: what is committed between two steps is in the copy too, and
 * at its end the copy is one moment of the database.  Then it is read through
 * (quick_check), table by table, and synced; only then is it whole.  A copy is
 * one file, without a log beside it.
 *
 * The database must not be closed before the copy is freed.
 */
#ifndef POSTROOM_BASE_DB_COPY_H
#define POSTROOM_BASE_DB_COPY_H

#include "lib/base/db.h"

struct db_copy;			/* opaque; see db_copy.c */

/*
 * Begin a copy as file `name` in `folder_fd` (borrowed), in place of any that is
 * there.  0, or as db_open().
 */
int	db_copy_new(struct db *, int folder_fd, const char *name,
	    struct db_copy **copy_out);
/*
 * The next step: some ms, but for reading a table of a million rows through,
 * which takes a second.
 *
 * 1          there is more to do.
 * 0          the copy is whole, good and durable, but for its name.
 * -EBUSY     a transaction is open: commit, and try again.
 * -EUCLEAN   the database is damaged, so is its copy: free it.
 * -ENOSPC, -EIO, ...  free it.
 */
int	db_copy_step(struct db_copy *);
/* Close it; a copy that is not whole is removed.  NULL is fine. */
void	db_copy_free(struct db_copy *);

/*
 * Read all of copy `name`, which may be of an older format, through as
 * db_copy_step() does, in one go.  0, -ENOENT, -EUCLEAN (also: no database) or
 * as the disk says.
 */
int	db_copy_judge(int folder_fd, const char *name);

#endif
