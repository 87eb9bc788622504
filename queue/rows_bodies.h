/*
 * rows_bodies.h - queue.db: which signed messages can still be read back
 *
 * So that another copy of one need not be fetched (sharing.h).  A row is a
 * hint: whoever reads the body back finds out whether it is there, and drops
 * the row if it is not.  All of it is NORMAL, and what is lost costs bytes of
 * the line.
 */
#ifndef POSTROOM_QUEUE_ROWS_BODIES_H
#define POSTROOM_QUEUE_ROWS_BODIES_H

#include "queue/rows.h"

struct rows_body {
	struct message_id id;
	uint64_t	 position;	/* in the journal; 0: a big file */
	uint64_t	 bytes;		/* of the message, as stored */
	uint64_t	 header;	/* of them, with the empty line */
};

/* All of them, or after an error none; a known id is replaced.  0 or -errno. */
int	rows_body_add(struct rows *, const struct rows_body *, size_t count);
/* It cannot be read back any more; one that is not known is no error. */
int	rows_body_drop(struct rows *, const struct message_id *);
/*
 * Those received before `oldest`, which only its time counts of, are forgotten,
 * and those whose place in the journal is below `position`.
 */
int	rows_body_prune(struct rows *, const struct message_id *oldest,
	    uint64_t position);

/* 0 if there is a message of from..to bytes, else -ENOENT. */
int	rows_body_any(struct rows *, uint64_t from, uint64_t to);
/*
 * Of those of from..to bytes the ones whose body has `body` bytes, the newest
 * first.  0, what `fn` returned when that was not 0, or -errno.
 */
typedef int rows_body_fn(void *arg, const struct rows_body *);
int	rows_body_each(struct rows *, uint64_t from, uint64_t to,
	    uint64_t body, rows_body_fn *, void *arg);

#endif
