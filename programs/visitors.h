/*
 * visitors.h - what the door remembers of the addresses that connect to it
 *
 * An address (of IPv6 its /64) that has connections, that came often just now,
 * that asked for unknown recipients or that holds space is remembered; a new
 * connection goes on where the last one stopped.
 */
#ifndef POSTROOM_PROGRAMS_VISITORS_H
#define POSTROOM_PROGRAMS_VISITORS_H

#define HASH_NONFATAL_OOM 1
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <uthash.h>

/*
 * New connections of one address: so many at once, so many a second for long.
 * A connection costs a session and a handshake, and those that are turned away
 * a line of the log; this bounds what one address makes of either.  A server
 * that brings us a whole list's mail stays far below it.
 */
#define VISITOR_BURST	60u
#define VISITOR_RATE	30u
/* Addresses remembered: some 3 MiB, and no host has as many at one time. */
#define VISITORS_MOST	16384u

struct visitor {
	char		address[INET6_ADDRSTRLEN];
	unsigned	connections;	/* that are open */
	uint64_t	tokens;		/* in thousandths of a connection */
	uint64_t	filled_ms;	/* when these were counted */
	unsigned	refused;	/* in a row, for coming too fast */
	unsigned	unknown;	/* recipients; halved each minute */
	uint64_t	halved_ms;
	uint64_t	granted;	/* space its open sessions hold */
	bool		is_quiet;	/* no connection: may be forgotten */
	TAILQ_ENTRY(visitor) quiet;
	UT_hash_handle	hh;
};

struct visitors {
	struct visitor	*by_address;
	TAILQ_HEAD(, visitor) quiet;	/* who left first is first */
};

/* Nobody has come yet. */
void	visitors_init(struct visitors *);
/*
 * The visitor at `address`, a new one if need be; then those that there is no
 * more to remember of are forgotten, and when the table is full, the one that
 * left first.  NULL: memory is out, or the table is full of open connections.
 */
struct visitor *visitors_find(struct visitors *, const char *address);
/* May it have one more connection now?  Counts that as had. */
bool	visitor_may_come(struct visitor *);
/* A connection of it began, or is over. */
void	visitor_came(struct visitors *, struct visitor *);
void	visitor_left(struct visitors *, struct visitor *);
/* It asked for a recipient that nobody knows: how many these are by now. */
unsigned visitor_unknown(struct visitor *);

#endif
