/*
 * rows_inside.h - queue.db, as the files of rows.h share it
 *
 * One function, one transaction; each ends in rows_finish(), which commits or
 * takes everything back.  Nobody else begins a transaction of queue.db.
 */
#ifndef POSTROOM_QUEUE_ROWS_INSIDE_H
#define POSTROOM_QUEUE_ROWS_INSIDE_H

#include <sys/queue.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "queue/rows_outbound.h"
#include "queue/rows_sql.h"

/* Who gets a message that leaves, as it came. */
struct rows_unwritten {
	TAILQ_ENTRY(rows_unwritten) next;	/* of those that are done */
	struct message_id	 id;
	uint64_t		 position;
	UT_hash_handle		 hh;		/* of the others, by id */
	size_t			 count;
	struct rows_outbound	 rows[];	/* by address; their bytes */
};

struct rows {
	struct db	*db;
	bool		 only_reading;
	bool		 has_no_routes;		/* nobody need look */
	struct rows_unwritten *unwritten;
	size_t		 unwritten_count;	/* of their rows */
	TAILQ_HEAD(, rows_unwritten) done;
};

/*
 * Begin what says of a record in the journal that it need not be replayed: what
 * it would bring back is written before that.
 */
int	rows_begin(struct rows *);
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

/* rows_outbound.c, in the open transaction: their rows, or that they were taken. */
int	rows_put_taken(struct rows *, const struct message_id *,
	    uint64_t position, const struct rows_outbound *, size_t count);
int	rows_note_taken(struct rows *, const struct message_id *,
	    uint64_t position);
/* Where mail for that domain goes; *len_out stays if it goes as ever. */
int	rows_route_of(struct rows *, struct slice domain,
	    char via_out[OUTBOUND_VIA_BYTES], size_t *len_out);

/*
 * rows_unwritten.c: what is not written of a message, or NULL; it is, from now on
 * (no transaction may be open).
 */
const struct rows_unwritten *rows_unwritten_of(const struct rows *,
	    const struct message_id *);
int	rows_write_of(struct rows *, const struct message_id *);
/* The first above that id, or NULL; when the oldest, or one of then, came. */
const struct rows_unwritten *rows_unwritten_above(const struct rows *,
	    const struct message_id *);
int64_t	rows_unwritten_since(const struct rows *, int64_t since_utc_ms);
/* They are all that message has, not written, and DONE: so is the message. */
bool	rows_end_unwritten(struct rows *, const struct rows_outbound *,
	    size_t count);
void	rows_unwritten_free(struct rows *);

/* Rows_messages.c: tell of every message that the query finds. */
int	rows_tell_messages(struct rows *, struct db_query *, rows_kept_fn *,
	    void *arg);
/* Note that a hold was ended, in the open transaction. */
int	rows_put_ended(struct rows *, const struct message_id *,
	    uint64_t position);

#endif
