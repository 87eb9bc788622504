/*
 * mailbox_rights.h - the postmaster looks at rights in a mailbox, or changes them
 */
#ifndef POSTROOM_PROGRAMS_MAILBOX_RIGHTS_H
#define POSTROOM_PROGRAMS_MAILBOX_RIGHTS_H

#include "programs/mailbox_inside.h"

/* MAILBOX_RIGHTS has come; it is answered now or later.  0, -EBADMSG or
 * -ENOMEM. */
int	mailbox_rights_asked(struct mailbox *, struct ipc *from,
	    struct ipc_message *);
/* That channel is gone: nobody there is answered. */
void	mailbox_rights_lost(struct mailbox *, const struct ipc *);

#endif
