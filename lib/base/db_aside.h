/*
 * db_aside.h - a database that was made again, and the damaged one it replaces
 *
 * The old file is never deleted: it gets a second name, NAME.damaged-DATE, and
 * its log one beside that.  Which of these steps comes first, and what must be
 * durable before the next, is for whoever takes the place.
 */
#ifndef POSTROOM_BASE_DB_ASIDE_H
#define POSTROOM_BASE_DB_ASIDE_H

#define DB_ASIDE_SIZE	64	/* bytes of the second name, with its NUL */

/*
 * File `name` in `work_fd`, which is complete: sync it, and when we are root
 * give it to whom `folder_fd` belongs.  0 or -errno.
 */
int	db_aside_settle(int work_fd, const char *name, int folder_fd);
/*
 * Give file `name`, of at most 30 bytes, a second name that nobody has yet.
 * 1; 0: there is no such file, and `aside_out` is only a name; or -errno.
 */
int	db_aside_link(int folder_fd, const char *name,
	    char aside_out[DB_ASIDE_SIZE]);
/*
 * Move the log of `name` beside `aside`, durably: a log must never meet another
 * database than its own.  0 (also: there is none) or -errno.
 */
int	db_aside_log(int folder_fd, const char *name, const char *aside);
/* The other way round, as far as it goes: what was done is undone. */
void	db_aside_undo(int folder_fd, const char *name, const char *aside);

#endif
