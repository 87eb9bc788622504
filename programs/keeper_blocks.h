/*
 * keeper_blocks.h - the keeper's word on who is kept out of SMTP
 */
#ifndef POSTROOM_PROGRAMS_KEEPER_BLOCKS_H
#define POSTROOM_PROGRAMS_KEEPER_BLOCKS_H

#include "programs/keeper_inside.h"

/* KEEPER_EARNED has come.  0 or -EBADMSG. */
int	keeper_on_earned(void *process, struct ipc *, struct ipc_message *);
/* This door has come: it is told of all that are out. */
void	keeper_tell_blocks(struct keeper *, struct ipc *door);
/* That one is forgiven: every door is told.  0, or -errno: it is not saved. */
int	keeper_tell_forgiven(struct keeper *, const char *net);

/*
 * Who was out before the keeper began is out, and what changes from now on is
 * saved within a minute.  0 or -ENOMEM: a file that cannot be read is told, and
 * nobody is out.
 */
int	keeper_blocks_open(struct keeper *);
/* It ends: save them now, if there is something new. */
void	keeper_blocks_close(struct keeper *);

#endif
