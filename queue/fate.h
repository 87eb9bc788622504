/*
 * fate.h - every sender learns what became of every message that left
 *
 * A row of rows_outbound.h that has FAILED stays until whoever sent the message
 * has been told (RFC 3461 5.2, RFC 3464); so does one that was RELAYED where the
 * sender wanted to hear of it.  Who has not waited for some hours hears of a
 * delay, once.  Only who has an account here and has sent it is told (HARDENING
 * A13), also from a trusted network; in place of anybody else, of a failure, the
 * postmaster.  A list sends its
 * own copies (RFC 5321 3.9.2): of those its owner hears, and its poster that the
 * list has the message, where that was asked for (RFC 3461 5.2.7).
 *
 * A notice is a message like any other.  It is in the journal before a row goes,
 * and its record names the rows: one that is replayed takes them away, so that
 * none is told twice.  No mailbox gets it before they are gone.
 */
#ifndef POSTROOM_QUEUE_FATE_H
#define POSTROOM_QUEUE_FATE_H

#include "queue/conductor_inside.h"
#include "queue/rows_outbound.h"

/* Those of one message that fail within that time are told in one notice. */
#define FATE_WAIT_MS	1000
/* Whom nobody could tell now is told then. */
#define FATE_AGAIN_MS	60000

struct fates;			/* opaque; see fate_inside.h */

/* 0 or -ENOMEM. */
int	fate_open(struct conductor *);
/* NULL is fine. */
void	fate_close(struct fates *);

/*
 * Some rows of that message have come to something that its sender may have to
 * hear: soon.  Without memory they wait for the next start.
 */
void	fate_tell(struct conductor *, const struct message_id *);
/* Look who is to be told by now: its timer does that, and tests. */
void	fate_look(struct conductor *);
/* Its sender is to hear that it is late: it was tried, or had no way, for long. */
bool	fate_is_late(const struct conductor *, const struct rows_outbound *);
/* A notice is replayed: its rows go.  0 or -errno. */
int	fate_replay(struct transit *);
/* Its sender is just being told that this one has failed. */
bool	fate_is_telling(const struct conductor *,
	    const struct rows_outbound *);

/*
 * These recipients, as their rows are, will not get it: a person says so, or a
 * rule of ours.  Status ("5.7.1"), words and host of each say why and stand in
 * the notice and the trail; its code is 0 unless a host said it.  They must wait
 * or be held; FULL.
 *
 *  0       they have FAILED, and their sender will be told.
 * -EBUSY   one of them is on its way to a host just now: come again.  Nothing
 *          was done, as with every other error.
 */
int	fate_fail(struct conductor *, struct rows_outbound *, size_t count);

#endif
