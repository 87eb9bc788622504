/*
 * visitors.h - what the door remembers of the addresses that connect to it
 *
 * An address (of IPv6 its /64) that has connections, that came often just now,
 * that asked for unknown recipients or that holds space is remembered; a new
 * connection goes on where the last one stopped.  Networks are counted in a
 * table of their own, as if each were some addresses.
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
/* A network (/24, of IPv6 a /48) may do what so many addresses may. */
#define NETWORK_WORTH	4u
/* Sessions ended for nonsense, within some ten minutes: then it is kept out. */
#define VISITOR_FAILED	3u
/* Where people have logged in not longer ago than this, they are. */
#define VISITOR_HOME_MS	(UINT64_C(60) * 60 * 1000)

struct visitor {
	char		address[INET6_ADDRSTRLEN];
	unsigned	connections;	/* that are open */
	uint64_t	tokens;		/* in thousandths of a connection */
	uint64_t	filled_ms;	/* when these were counted */
	unsigned	worth;		/* addresses that it counts as */
	unsigned	refused;	/* in a row, for coming too fast */
	unsigned	unknown;	/* recipients; halved each minute */
	unsigned	known;		/* the same of those that are */
	uint64_t	halved_ms;
	unsigned	failed;		/* sessions; halved each 10 minutes */
	uint64_t	failed_ms;
	uint64_t	sent;		/* messages, in parts of an hour */
	uint64_t	sent_ms;
	unsigned	put_off;	/* in a row, for sending too many */
	uint64_t	login_ms;	/* of the last; 0: none */
	uint64_t	granted;	/* space its open sessions hold */
	bool		is_quiet;	/* no connection: may be forgotten */
	TAILQ_ENTRY(visitor) quiet;
	UT_hash_handle	hh;
};

struct visitors {
	struct visitor	*by_address;
	TAILQ_HEAD(, visitor) quiet;	/* who left first is first */
	unsigned	worth;
};

/* Nobody has come yet.  Each is worth so many addresses. */
void	visitors_init(struct visitors *, unsigned worth);
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
/*
 * It asked for a recipient that nobody knows: how many these are by now, for
 * each address that it is worth.
 */
unsigned visitor_unknown(struct visitor *);
/* For one that there is. */
void	visitor_known(struct visitor *);
/* It guesses names: more of those it asked for are unknown than are not. */
bool	visitor_guesses(const struct visitor *);
/* A session was ended for what it said.  True: this is too often. */
bool	visitor_failed(struct visitor *);
/*
 * May it send one more message, of `most` within an hour for each address that
 * it is worth?  Counts that as sent.
 */
bool	visitor_may_send(struct visitor *, unsigned most);
/* Somebody has logged in there, or has of late. */
void	visitor_logged_in(struct visitor *);
bool	visitor_is_home(const struct visitor *);

#endif
