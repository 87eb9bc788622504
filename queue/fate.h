/*
 * fate.h - every sender learns what became of every message that left
 *
 * A row of rows_outbound.h that has FAILED stays until whoever sent the message
 * has been told (RFC 3461 5.2, RFC 3464); so does one that was RELAYED where the
 * sender wanted to hear of it.
 */
#ifndef POSTROOM_QUEUE_FATE_H
#define POSTROOM_QUEUE_FATE_H

#include "queue/conductor_inside.h"
#include "queue/rows_outbound.h"

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
