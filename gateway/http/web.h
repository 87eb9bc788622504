/*
 * web.h - people at the hub over HTTPS: the page at /me, and requests at /api
 *
 * Both make the requests of policy/admin.h with the rights of one account,
 * which the role that answers enforces.  /api takes one JSON object in the body
 * of a POST and gives one back, as the control socket does (admin_json.h); it
 * wants the name and password in each request (RFC 7617), or the session of the
 * page and the token of its forms.
 *
 * Nothing here knows a password longer than a request; who may log in, and how
 * soon again after a wrong password, the keeper says.
 */
#ifndef POSTROOM_GATEWAY_HTTP_WEB_H
#define POSTROOM_GATEWAY_HTTP_WEB_H

#include "lib/base/ipc.h"
#include "lib/base/loop.h"
#include "policy/keeper.h"

struct web;			/* opaque; see web.c */

typedef void	web_login_fn(void *arg, enum keeper_who, uint64_t account);
/* NULL: it cannot be said now. */
typedef void	web_person_fn(void *arg, const struct keeper_person *);

/*
 * What it asks of others; each reply comes once, in a later turn of the loop,
 * if 0 was returned, and never otherwise.
 */
struct web_ports {
	void	*arg;
	/* Is this password right?  `peer`: a numeric address. */
	int	(*login)(void *arg, struct slice user, struct slice password,
		    const char *peer, web_login_fn *reply, void *reply_arg);
	int	(*person)(void *arg, uint64_t account, web_person_fn *reply,
		    void *reply_arg);
	/* As console.h's; `asker` is the account whose rights these are. */
	int	(*ask)(void *arg, const struct admin_request *, uint64_t asker,
		    struct slice packed, ipc_reply_fn *reply, void *reply_arg);
	/* Drop whatever reply is due. */
	void	(*forget)(void *arg, void *reply_arg);
	/* One sentence for the log. */
	void	(*log)(void *arg, const char *sentence);
};

/*
 * `office` is spoken to whom nothing else is known of.  NULL when it cannot be
 * had.  To be made before the calls of the role are confined (server.h).
 */
struct web	*web_new(struct loop *, enum language office,
		    const struct web_ports *);
/* NULL is fine. */
void		 web_free(struct web *);
/* As http_serve(). */
int		 web_serve(struct web *, int fd, struct slice peer);

#endif
