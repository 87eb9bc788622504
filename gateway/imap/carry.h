/*
 * carry.h - a session goes to rest, and goes on where it was
 *
 * One that idles, whose client says nothing and hears nothing, needs no process.
 * Whoever takes it (imapd_session_ports, `part`) gets its connection and what
 * state.h describes; here it ends without a word to its client.  When there is
 * something to say or to answer it goes on, in any process of the account.
 */
#ifndef POSTROOM_GATEWAY_IMAP_CARRY_H
#define POSTROOM_GATEWAY_IMAP_CARRY_H

#include "gateway/imap/session.h"

/*
 * It idles from now on; after some time without news it goes to rest, if it can.
 */
void	imapd_rest_later(struct imapd_session *);
/* The time has come.  True: it has gone to rest, and is to be ended here. */
bool	imapd_rest(struct imapd_session *);

/*
 * Be what was carried here.  0, -EBADMSG, -ENOENT or -ESTALE (the mailbox is not
 * what its client knows), or another negative errno.
 */
int	imapd_take_up(struct imapd_session *, const struct session_carried *);

#endif
