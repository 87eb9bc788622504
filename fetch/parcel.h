/*
 * parcel.h - a message that has come in whole, on its way into the queue
 *
 * What take.c and parcel.c say to each other.
 */
#ifndef POSTROOM_FETCH_PARCEL_H
#define POSTROOM_FETCH_PARCEL_H

#include "fetch/collect_inside.h"

/* parcel.c */

/* Read what the envelope needs of the header, from the buffer. */
void	parcel_read_header(struct collect *);
/* The message in the buffer, or behind the ticket, is whole: submit it. */
void	parcel_finish(struct collect *, unsigned mended);
/* The big file of this ticket is not wanted. */
void	parcel_abandon(struct collect *, uint64_t ticket);
/*
 * What is in doubt will not be cleared up: one that is cut is submitted as
 * that, what came after it is left where it is.
 */
void	parcel_settle_doubt(struct collect *);
/* Submit nothing of them. */
void	parcel_forget_doubt(struct collect *);

/* take.c */

/* An answer has come: there may be room for more. */
void	take_answered(struct collect *);
/* Begin no more of them. */
void	take_pause(struct collect *, struct slice words);
/* Close the pipe of the message that is coming in. */
void	pipe_end(struct collect *);

#endif
