/*
 * peers.h - a process's channels to the other roles
 *
 * A role that died is back when its new channel comes.  What the old one said
 * last, and its end, may be heard only after that, if this process was busy
 * meanwhile: then whoever waits for that role to be back is asked for nothing,
 * and what was asked of the old one is answered too late to be asked again.  So
 * the old channel is heard to its end before the new one is told of.
 */
#ifndef POSTROOM_PROGRAMS_PEERS_H
#define POSTROOM_PROGRAMS_PEERS_H

#include "programs/roles.h"

/*
 * A channel has come: `code->peer` is told of it, and of its loss `code->lost`;
 * then it is freed.  0: `fd` is taken over.  -ENOMEM: it stays the caller's.
 */
int	peers_add(struct process *, int fd, enum role, uint64_t instance);

#endif
