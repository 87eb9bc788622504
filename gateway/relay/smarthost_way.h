/*
 * smarthost_way.h - how a smarthost is reached that is not the hub's own
 */
#ifndef POSTROOM_GATEWAY_RELAY_SMARTHOST_WAY_H
#define POSTROOM_GATEWAY_RELAY_SMARTHOST_WAY_H

#include "lib/base/arena.h"
#include "lib/base/pack.h"
#include "lib/base/talk.h"

/* The host that all goes to, and who we are there. */
struct smarthost_way {
	const char	*host;
	uint16_t	 port;
	enum talk_tls	 tls;
	const char	*user, *password;	/* NULL: no login */
	bool		 by_person;	/* who has named it: people_hosts.h */
};

/*
 * The keeper's answer to KEEPER_SMARTHOST; strings are copied into the arena, and
 * the caller wipes the answer, for it has a password.
 * 0, -ENOENT (there is none of that name any more), -EBADMSG or -ENOMEM.
 */
int	smarthost_way_read(struct arena *, struct slice answer,
	    struct smarthost_way *way_out);

#endif
