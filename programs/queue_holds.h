/*
 * queue_holds.h - what the console asks of held messages
 *
 * Handlers of the queue role (queue/service.h, QUEUE_HOLD_*): each turns one
 * message into one call of queue/hold.h.  `arg` is the process.
 */
#ifndef POSTROOM_PROGRAMS_QUEUE_HOLDS_H
#define POSTROOM_PROGRAMS_QUEUE_HOLDS_H

#include "lib/base/ipc.h"

struct conductor;

/* role_queue.c: the conductor of the process `arg`. */
struct conductor *queue_conductor(void *arg);
/*
 * role_queue.c: whose is that address?  `reply` is told once if 0 is returned:
 * `account` is 0 when it is nobody's here, `status` negative when that cannot be
 * said now.
 */
typedef void	queue_whose_fn(void *arg, int status, uint64_t account);
int	queue_whose(void *process, struct slice address, queue_whose_fn *,
	    void *arg);
/* The same of a fetch account; `owner` is only read with status 0. */
struct keeper_owner;
typedef void	queue_owner_fn(void *arg, int status,
		    const struct keeper_owner *owner);
int	queue_fetch_owner(void *process, uint64_t fetch_account,
	    queue_owner_fn *, void *arg);
/* role_queue.c: how many consoles it has lost. */
unsigned queue_consoles_lost(void *process);

/* QUEUE_HOLD_LIST */
int	on_hold_list(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_HOLD_SHOW */
int	on_hold_show(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_HOLD_RELEASE */
int	on_hold_release(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_HOLD_DELETE */
int	on_hold_delete(void *arg, struct ipc *, struct ipc_message *);

#endif
