/*
 * bodies.h - signed messages that can still be read back, inside the conductor
 *
 * What comes in signed and large enough is noted, from its big file or from the
 * journal, for as long as it stands there and for BODIES_DAYS.  A note is a
 * hint (rows_bodies.h): what is opened by it is compared before it is believed,
 * and one that leads nowhere is dropped.
 */
#ifndef POSTROOM_QUEUE_BODIES_H
#define POSTROOM_QUEUE_BODIES_H

#include "queue/rows_bodies.h"
#include "queue/service.h"

struct conductor;
struct transit;

/* Copies of one message come within hours; who was away for long has days. */
#define BODIES_DAYS		14
/* Of one size, whose headers are looked at: forms and bills are all alike. */
#define BODIES_CANDIDATES	64
#define BODIES_WAITING		64	/* for one commit */

/* Of a conductor; zeroed: none. */
struct bodies {
	struct rows_body waiting[BODIES_WAITING];
	unsigned	 count;
	uint64_t	 pruned_ms;	/* when, monotonic; 0: not yet */
};

/* It was received. */
void	bodies_note(const struct transit *);
/* It stands in the journal, with these bytes, and may be noted already. */
void	bodies_replay(const struct transit *, struct slice bytes,
	    uint64_t position);
/* Write what waits. */
void	bodies_flush(struct conductor *);
/* From time to time: what is too old, or not there any more, is forgotten. */
void	bodies_look(struct conductor *);
/* The file of that message was removed. */
void	bodies_gone(struct conductor *, const struct message_id *);

/*
 * May one that is listed with so many bytes be another copy of one that is
 * here?  Copies differ in a few lines of their headers.
 */
bool	bodies_are_like(uint64_t bytes, uint64_t listed);
bool	bodies_is_likely(struct conductor *, uint64_t listed);
/* Those with a body of exactly that size, the newest first; how many. */
unsigned bodies_find(struct conductor *, uint64_t listed, uint64_t header,
	    struct rows_body bodies_out[BODIES_CANDIDATES]);
/*
 * A descriptor of the whole message that nobody can change.  0, or a negative
 * errno: it cannot be read back, and is forgotten.
 */
int	bodies_open(struct conductor *, const struct rows_body *,
	    int *fd_out);

#endif
