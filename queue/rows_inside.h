/*
 * rows_inside.h - queue.db, as the files of rows.h share it
 *
 * One function, one transaction; each ends in rows_finish(), which commits or
 * takes everything back.  Nobody else begins a transaction of queue.db.
 */
#ifndef POSTROOM_QUEUE_ROWS_INSIDE_H
#define POSTROOM_QUEUE_ROWS_INSIDE_H

#include "queue/rows.h"
#include "queue/rows_sql.h"

struct rows {
	struct db	*db;
	bool		 only_reading;
};

/* Commit when all went well (`r` is 0), else take it back and return `r`. */
int	rows_finish(struct rows *, int r, bool full);

/* An id as a parameter, and as the next column. */
struct slice	rows_id(const struct message_id *);
struct message_id rows_id_column(struct db_query *);
/* Run statement `number`, whose only parameter is an id. */
int	rows_run_id(struct rows *, enum rows_statement number,
	    const struct message_id *);
/* 0 when statement `number` finds a row for the id, else -ENOENT. */
int	rows_find_id(struct rows *, enum rows_statement number,
	    const struct message_id *);
/* The same for one whose parameters are an id and a number. */
int	rows_find_id_of(struct rows *, enum rows_statement number,
	    const struct message_id *, uint64_t n);

/* Rows_messages.c: tell of every message that the query finds. */
int	rows_tell_messages(struct rows *, struct db_query *, rows_kept_fn *,
	    void *arg);
/* Note that a hold was ended, in the open transaction. */
int	rows_put_ended(struct rows *, const struct message_id *,
	    uint64_t position);

#endif
