/*
 * console_mailbox.h - requests about what is in a mailbox
 *
 * The console asks the keeper which account is meant, has itself connected with
 * the process that holds it, and puts what that says into rows of the admin
 * table.  A process that ends meanwhile is asked for again; after
 * CONSOLE_MAILBOX_MS the answer is that it is not there now.
 */
#ifndef POSTROOM_PROGRAMS_CONSOLE_MAILBOX_H
#define POSTROOM_PROGRAMS_CONSOLE_MAILBOX_H

#include "policy/admin.h"
#include "programs/roles.h"

#define CONSOLE_MAILBOX_MS	15000	/* as the door waits for one */

struct console_mailbox;		/* opaque; see console_mailbox.c */

/* NULL when memory is out. */
struct console_mailbox *console_mailbox_new(struct process *);
/* Nobody is answered any more; NULL is fine. */
void	console_mailbox_free(struct console_mailbox *);

/*
 * Make a request that ROLE_MAILBOX answers; `reply` gets the packed answer as
 * its message's body, in a later turn of the loop.  One that joins is served by
 * the mailbox behind a copy of `fd`, which is lent (-1: it cannot be), once the
 * answer is ADMIN_OK.  0, or -errno and no reply.
 */
int	console_mailbox_ask(struct console_mailbox *,
	    const struct admin_request *, struct slice packed, int fd,
	    ipc_reply_fn *reply, void *reply_arg);
/* Drop the reply that is due to `reply_arg`. */
void	console_mailbox_forget(struct console_mailbox *, void *reply_arg);

/* The channel to the keeper; NULL: there is none now. */
void	console_mailbox_keeper(struct console_mailbox *, struct ipc *);
/* A mailbox is connected, or lost.  0 or -ENOMEM. */
int	console_mailbox_peer(struct console_mailbox *, struct ipc *);
void	console_mailbox_lost(struct console_mailbox *, struct ipc *);

#endif
