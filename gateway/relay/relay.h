/*
 * relay.h - a message on its way to one destination
 *
 * Its hosts are found (the smarthost, whose the keeper is asked for with each
 * message if it is not the hub's own, or DNS) and tried in their order, until
 * one of them has said something of the message.  A host that is this hub is
 * never spoken with: that mail would go round for ever (RFC 5321 5.1).  Nor is
 * what DNS names of a domain led to addresses that no other machine has: who owns
 * that domain could have the hub speak with what listens here only.
 */
#ifndef POSTROOM_GATEWAY_RELAY_RELAY_H
#define POSTROOM_GATEWAY_RELAY_RELAY_H

#include "gateway/relay/client.h"
#include "gateway/relay/sts_fetch.h"
#include "gateway/relay/tls_counts.h"
#include "lib/base/ipc.h"

struct relay;			/* opaque; see relay.c */

/* The same for all; borrowed until the last one has ended. */
struct relay_setting {
	struct relay_links *links;
	struct loop	*loop;
	const char	*called;	/* the hub's name */
	uint16_t	 port;		/* of hosts that DNS names */
	bool		 stays_here;	/* tests: those may be on this machine */
	const char	*smarthost;	/* "": none */
	uint16_t	 smarthost_port;
	enum talk_tls	 smarthost_tls;
	const char	*user, *password;	/* there; NULL: no login */
	const struct relay_waits *waits;
	struct relay_memo *memo;	/* of hosts' addresses; NULL: ask */
	const char	*people_hosts;	/* where those may lead that people name */
	/* what domains want of who brings their mail (RFC 8461); or NULL */
	struct sts_cache *policies;
	struct sts_fetches *fetches;
	/* A host would not be spoken with if that policy were in force. */
	void		(*is_tested)(const char *domain, const char *host);
	/* how TLS goes is counted there, by that period; or NULL */
	struct tls_counts *counts;
	unsigned	 count_seconds;
	/* Do we listen for SMTP on that port of an address of ours? */
	bool		(*is_ours)(void *arg, uint16_t port);
	void		*arg;
};

struct relay_events {
	void	*arg;
	uint64_t number;	/* goes into the result */
	/* It is over, called once from the loop. */
	void	(*over)(void *arg, struct slice packed_result);
};

/*
 * `packed` is a job (copied), `fd` its bytes (owned from now on, whatever comes
 * of it), `resolver` and `keeper` the channels to them (borrowed; NULL: it is
 * not there).  0, -EBADMSG (it is none), or another negative errno: then nothing
 * comes.
 */
int	relay_start(const struct relay_setting *, struct ipc *resolver,
	    struct ipc *keeper, struct slice packed, int fd,
	    const struct relay_events *, struct relay **relay_out);
/* The bytes that it was asked with. */
struct slice relay_asked(const struct relay *);
/* It has sent a message whole and waits for the word of the host. */
bool	relay_is_at_end(const struct relay *);
/* That channel is gone: what was asked of it is answered after this. */
void	relay_peer_lost(struct relay *, const struct ipc *);
/* Hang up, without over(); NULL is fine. */
void	relay_free(struct relay *);

#endif
