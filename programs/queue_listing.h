/*
 * queue_listing.h - what collectors and the console say of remote mailboxes
 *
 * Handlers of the queue role (queue/service.h, QUEUE_LISTING_*): each turns one
 * message into one call of the ledger.  `arg` is the process.
 */
#ifndef POSTROOM_PROGRAMS_QUEUE_LISTING_H
#define POSTROOM_PROGRAMS_QUEUE_LISTING_H

#include <sys/queue.h>

#include "lib/base/ipc.h"

/* Listings that wait for the keeper to say whose they are; zeroed: none. */
struct queue_begin;
LIST_HEAD(queue_begins, queue_begin);
/* That channel is gone: its questions are answered to nobody. */
void	queue_begins_lost(struct queue_begins *, const struct ipc *);

/* QUEUE_LISTING_BEGIN */
int	on_listing_begin(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_LISTING_ROWS */
int	on_listing_rows(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_LISTING_DECIDE */
int	on_listing_decide(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_LISTING_PAGE */
int	on_listing_page(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_LISTING_DIGESTS */
int	on_listing_digests(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_LISTING_LEAVE */
int	on_listing_leave(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_LISTING_SPARED */
int	on_listing_spared(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_LISTING_DELETING */
int	on_listing_deleting(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_LISTING_END */
int	on_listing_end(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_LISTING_SEED */
int	on_listing_seed(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_FETCH_RESUME */
int	on_fetch_resume(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_ACCOUNT_AT */
int	on_account_at(void *arg, struct ipc *, struct ipc_message *);

#endif
