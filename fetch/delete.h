/*
 * delete.h - what is safe here, and whose time there has come
 *
 * A message is deleted only when the queue has said 250 for it, now or earlier,
 * and only after the ledger knows that DELE is about to be sent.  The server
 * deletes at QUIT; whether it did the next listing shows.
 */
#ifndef POSTROOM_FETCH_DELETE_H
#define POSTROOM_FETCH_DELETE_H

#include "queue/service.h"

struct collect;

struct deletions {
	uint32_t	*spared;	/* numbers */
	size_t		 spared_count, spared_size;
	uint32_t	 batch[LISTING_PAGE];	/* of DELETING */
	unsigned	 count, at;	/* in it; DELE was said of these */
	bool		 asked;		/* DELETING */
};

/* It came out short: do not delete it in this session.  0 or -ENOMEM. */
int	deletion_spare(struct collect *, uint32_t number);
/* The step: the queue says what is due, of this session's messages too. */
void	step_delete(struct collect *);

#endif
