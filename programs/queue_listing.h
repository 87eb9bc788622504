/*
 * queue_listing.h - what collectors and the console say of remote mailboxes
 *
 * Handlers of the queue role (queue/service.h, QUEUE_LISTING_*): each turns one
 * message into one call of the ledger.  `arg` is the process.
 */
#ifndef POSTROOM_PROGRAMS_QUEUE_LISTING_H
#define POSTROOM_PROGRAMS_QUEUE_LISTING_H

#include "lib/base/ipc.h"

struct conductor;

/* role_queue.c: the conductor of the process `arg`. */
struct conductor *queue_conductor(void *arg);

int	on_listing_begin(void *arg, struct ipc *, struct ipc_message *);
int	on_listing_rows(void *arg, struct ipc *, struct ipc_message *);
int	on_listing_decide(void *arg, struct ipc *, struct ipc_message *);
int	on_listing_page(void *arg, struct ipc *, struct ipc_message *);
int	on_listing_digests(void *arg, struct ipc *, struct ipc_message *);
int	on_listing_leave(void *arg, struct ipc *, struct ipc_message *);
int	on_listing_deleting(void *arg, struct ipc *, struct ipc_message *);
int	on_listing_end(void *arg, struct ipc *, struct ipc_message *);
int	on_fetch_resume(void *arg, struct ipc *, struct ipc_message *);
int	on_account_at(void *arg, struct ipc *, struct ipc_message *);

#endif
