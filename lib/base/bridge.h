/*
 * bridge.h - a client's connection joined to a role that serves it
 *
 * The door keeps TLS and the peer's socket; the other role sees plain bytes on
 * a socket pair.  Bytes go both ways, with back-pressure both ways.  When the
 * client ends its side the role hears that, and may still answer what it was
 * asked; the role's end, a fault, or a client that takes nothing for five to
 * ten minutes ends the bridge once what is under way has been written.
 *
 * The role may mark a byte (mark.h), once: behind it the conversation with the
 * client goes on compressed, both ways (RFC 4978 3).  The role hears and says
 * the same plain bytes as before.  A client that has said something before it
 * could know is cut.
 */
#ifndef POSTROOM_BASE_BRIDGE_H
#define POSTROOM_BASE_BRIDGE_H

#include "lib/base/stream.h"

struct bridge;			/* opaque; see bridge.c */

typedef void bridge_fn(void *arg, struct bridge *);

/*
 * Join `client` (owned; its handler is replaced) and `inner_fd` (owned).
 * `ended` is called when it is over and freed.  NULL: no memory; both are
 * closed then.
 */
struct bridge	*bridge_new(struct loop *, struct stream *client, int inner_fd,
		    bridge_fn *ended, void *arg);
/* Cut it; `ended` is called. */
void		 bridge_close(struct bridge *);
/*
 * The role has given its end up, and the caller, who has it, closes it now or
 * soon.  Nothing more is read from the client.  Once all that the role has said
 * is on its way the bridge is freed and `left` is given the client (owned, its
 * handler to be replaced) in the place of `ended`.  False, and all is as before:
 * something is on its way to the role, or the client's bytes are compressed.
 */
typedef void bridge_left_fn(void *arg, struct stream *client);
bool		 bridge_leave(struct bridge *, bridge_left_fn *left);

#endif
