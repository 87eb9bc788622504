/*
 * share.h - a large message of which another copy may be here
 *
 * Before it is asked for, the queue is (QUEUE_HELD).  Where one of its size is
 * here its header is had, and a little of its body (shared_sample of
 * queue/service.h), and shown to the queue: what proves to be the same is stored
 * with this header and that body, as if it had come; anything else is fetched.
 * Meanwhile others are.
 *
 * Of a domain's mail all that was put together comes back: for whom it is, only
 * all of it says (address.h).  Where that is archived as it came, it is fetched.
 * While a message is in doubt (doubt.h) a header may be another's.
 */
#ifndef POSTROOM_FETCH_SHARE_H
#define POSTROOM_FETCH_SHARE_H

#include "fetch/digest.h"
#include "queue/service.h"

struct before_row;
struct collect;
struct mended;

enum share_step {
	SHARE_ASKED,		/* the queue, whether one may be here */
	SHARE_WANTED,		/* its header and sample are to be asked for */
	SHARE_HEADER,		/* that is under way */
	SHARE_SAMPLE,		/* this is */
	SHARE_SHOWN		/* the queue has it: it may be stored already */
};

/* Its header, as it is stored. */
struct share_header;
/* NULL is fine. */
void	share_header_free(struct share_header *);

enum share_may {
	SHARE_NOT,		/* it is to be fetched */
	SHARE_BEGUN,		/* its state is BEFORE_SHARING */
	SHARE_LATER		/* so many are under way that it waits */
};
/* A row that is to be taken. */
enum share_may share_begin(struct collect *, struct before_row *);
/* Headers that are wanted are asked for, as far as there is room. */
void	share_turn(struct collect *);
/*
 * Its header has come: for this, or for a rule, and is kept then.  `header` may
 * be empty: it could not be had.
 */
void	share_header_came(struct collect *, struct before_row *,
	    struct slice header, const struct mended *);

#endif
