/*
 * console.h - the control socket: console requests of the local machine
 *
 * One JSON object per line in, one per line out, in the order asked
 * (admin_json.h).  The kernel says who is there: root and the hub's own user
 * may ask, anyone else is told no and dismissed (HARDENING A76).  What a client
 * says is parsed here and nowhere else; roles get packed arguments.
 */
#ifndef POSTROOM_PROGRAMS_CONSOLE_H
#define POSTROOM_PROGRAMS_CONSOLE_H

#include <sys/types.h>

#include "lib/base/ipc.h"
#include "policy/admin_json.h"

#define CONSOLE_CLIENTS		32	/* people at terminals, and scripts */
#define CONSOLE_IDLE_MS		60000	/* between two requests */

struct console;			/* opaque; see console.c */

struct console_ports {
	void	*arg;
	/*
	 * Hand the request to the role in request->answers: ipc_ask() with
	 * keeper_admin_ask()'s body will do.  `reply` gets the packed answer
	 * as its message's body, in a later turn of the loop.  `fd` is the
	 * connection that asks, lent: a request that joins (admin_joins())
	 * is served there, behind a copy of it, and after ADMIN_OK we are
	 * done with it.  0, or -errno and no reply.
	 */
	int	(*ask)(void *arg, const struct admin_request *,
		    struct slice packed, int fd, ipc_reply_fn *reply,
		    void *reply_arg);
	/* Drop the reply that is due: ipc_forget(). */
	void	(*forget)(void *arg, void *reply_arg);
	/* One sentence for the log. */
	void	(*log)(void *arg, const char *sentence);
};

/*
 * Serve the listening, non-blocking `listener_fd` (owned from now on).  Root
 * and `own_uid` may ask.  NULL when memory is out; the socket is closed then.
 */
struct console	*console_new(struct loop *, int listener_fd, uid_t own_uid,
		    enum language, const struct console_ports *);
/* Dismiss everyone and close; NULL is fine. */
void		 console_free(struct console *);

#endif
