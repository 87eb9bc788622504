/*
 * receipt.h - who asked for it hears that a message is in a mailbox here
 *
 * RFC 3461 5.2.3, of those who have an account here and logged in to send it.  A
 * copy that its mailbox has is settled only when that notice is in the journal, so
 * a crash loses none; made again it has the same name (fate_make.c).
 */
#ifndef POSTROOM_QUEUE_RECEIPT_H
#define POSTROOM_QUEUE_RECEIPT_H

#include "queue/conductor_inside.h"

/* Its mailbox has that copy: its sender may have to hear of it, once. */
void	receipt_owe(struct copy *);
/* It is not to be settled yet; fate.h is told of it again. */
bool	receipt_is_owed(const struct copy *);
/*
 * The next copy of that message of which somebody is to hear: a transit of its
 * own that knows what it was, to be given back with transit_free(); whose copy
 * it is, as long as the first one lives; and how it begins, at most the bytes of
 * `original`, written there.
 * 0, -ENOENT (there is none), or -errno.
 */
int	receipt_read(struct conductor *, const struct message_id *,
	    struct transit **about_out, struct slice *address_out,
	    struct slice *original);
/* Who sent it was told of that one, or cannot be. */
void	receipt_told(struct conductor *, const struct message_id *,
	    struct slice address);

#endif
