/*
 * resume.h - the rest of a big message of which the beginning is here
 *
 * What comes of a big message of an IMAP mailbox is kept by the queue if it is
 * cut (queue/half.h).  The next time only the rest is asked for (RFC 9051 6.4.5,
 * BODY.PEEK[]<offset.count>), and the beginning is read from the queue's file
 * and goes the way that the bytes of the wire go, so that the message is judged,
 * digested and counted as one.  The server waits for that.
 *
 * The beginning is proven by its digest, the whole by the listed size.  Where
 * anything does not fit the message is fetched whole, in another conversation,
 * and nothing is resumed any more in this collection.
 */
#ifndef POSTROOM_FETCH_RESUME_H
#define POSTROOM_FETCH_RESUME_H

#include "fetch/digest.h"
#include "queue/service.h"

/* The line closes: a message that lacks no more than this is finished. */
#define RESUME_FINISH_BYTES	(1024 * 1024)

struct collect;
struct incoming;
struct listed;

/* The beginning, as it is read from the queue's file. */
struct resume {
	int		 fd;		/* -1: none */
	uint64_t	 at, left;	/* read; to be read */
	unsigned char	 digest[DIGEST_BYTES];	/* of all of it */
};

/* How much of that row is not asked for; 0: it is fetched from its start. */
uint64_t resume_from(const struct collect *, const struct listed *);
/*
 * Its response has come and says from where on: is that what was asked for?  If
 * not, the collection goes another way.
 */
bool	resume_is_right(struct collect *, uint64_t asked, uint64_t said);
/* What comes of the message can be kept if it is cut. */
bool	resume_is_kept(const struct collect *, const struct incoming *);
/* Ask for its file, and for its beginning where it is to be resumed. */
void	resume_begin(struct collect *, struct incoming *);
/* The pipe has taken what was read: read more, if there is. */
void	resume_more(struct collect *);
/* Its bytes are not those of the wire from here on: tell the queue first. */
void	resume_mended(struct collect *, struct incoming *);
/*
 * It has come to its end: is it the message that was listed?  If not, the
 * collection goes another way.
 */
bool	resume_is_whole(struct collect *, uint64_t wire_bytes);
/* The message that comes in may be cut here: the rest comes another time. */
bool	resume_may_cut(const struct collect *);
/* Close what is open. */
void	resume_end(struct incoming *);

#endif
