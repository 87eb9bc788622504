/*
 * link.h - connections to remote hosts, and those that wait for the next message
 *
 * Opened by talk.h: greeting, EHLO or HELO, STARTTLS, AUTH.  Whoever has sent
 * its message gives the connection back, and the next message for the same
 * host, port and login (user and password) in the same kind of TLS, with the
 * same certificates published, goes out on it, within some seconds; so names of
 * many domains that share a host share its connections.  Where somebody has
 * logged in, it is only for the mail of those whose login that was, whoever else
 * says that he has the same.  Nothing is kept of one message for the next but
 * what the host offers.
 *
 * Events come from the loop, never from inside a call; a handler may leave the
 * link, and hears nothing of it afterwards.
 */
#ifndef POSTROOM_GATEWAY_RELAY_LINK_H
#define POSTROOM_GATEWAY_RELAY_LINK_H

#include "gateway/relay/reply.h"
#include "lib/base/talk.h"

#define RELAY_LINK_MESSAGES	100	/* on one connection; then a new one */
#define RELAY_LINK_LIFE_MS	300000	/* from its opening; the same */
#define RELAY_LINK_IDLE_MS	5000	/* waits so long for the next */
#define RELAY_WHOSE_SIZE	324	/* as smarthosts.h has their names */
#define RELAY_LINKS_IDLE	50	/* wait at a time */

struct relay_links;		/* all of a relay; opaque, see link.c */
struct relay_link;		/* one of them */

/* RFC 5321 4.5.3.2; in ms. */
struct relay_waits {
	uint64_t	connect;	/* all addresses of a host together */
	uint64_t	open;		/* greeting, EHLO, TLS, AUTH */
	uint64_t	mail, rcpt, data, block, end;
	/* all from MAIL to the last byte, however often it says a word: */
	uint64_t	whole;		/* and more of each: */
	uint64_t	whole_rcpt, whole_kib;
};
extern const struct relay_waits relay_waits;

/* A host to be spoken with; borrowed until the link is left. */
struct relay_target {
	const char	*host;		/* its name, or an address */
	uint16_t	 port;
	const char	*addresses;	/* as talk.h has it */
	enum talk_tls	 tls;
	const struct talk_dane *dane;	/* as talk.h has it; or NULL */
	bool		 is_wanted;	/* TLS is, by the domain (MTA-STS) */
	bool		 is_near;	/* in the office: not over the line */
	const char	*user, *password;	/* NULL: no login */
	const char	*whose;		/* smarthost it is; "": the hub's, or none */
	const char	*called;	/* what EHLO says */
	const struct relay_waits *waits;
	uint64_t	 turn;		/* the link of that number; 0: ours */
};

struct relay_link_events {
	void	*arg;
	/* It can be spoken to, and waits for MAIL. */
	void	(*opened)(void *arg);
	/* A whole reply. */
	void	(*said)(void *arg, const struct relay_said *);
	/* All that was written has gone to the system. */
	void	(*drained)(void *arg);
	/* It is over; leave it.  The words are empty or say why. */
	void	(*broke)(void *arg, enum talk_fault, struct slice words);
};

/*
 * What all of them have carried over the line, without regard to what for, and
 * whatever else the caller has counted there.
 */
struct talk_counts *relay_links_counts(struct relay_links *);
/* NULL: memory is out. */
struct relay_links *relay_links_new(struct talk_hall *, struct loop *);
/* After the last link was left; hangs up.  NULL is fine. */
void	relay_links_free(struct relay_links *);

/*
 * A host has made the connection at `fd` (owned if it is 0) and waits to be spoken
 * to (RFC 2645 5.3): it is greeted as any other, and kept for the messages of its
 * number until it is done with or ends.  relay_links_on_turn() has who hears of
 * its end then.  0 or -ENOMEM.
 */
struct relay_turn;
int	relay_links_turn(struct relay_links *, const struct relay_turn *,
	    int fd);
/* Before the first: what our EHLO says there (borrowed), and who hears. */
typedef void relay_turn_over_fn(void *arg, uint64_t number);
void	relay_links_on_turn(struct relay_links *, const char *called,
	    relay_turn_over_fn *, void *arg);
/* Nothing more is for it than what is on it. */
void	relay_links_turn_done(struct relay_links *, uint64_t number);
/* The host's address as it was told; NULL: there is no such one. */
const char *relay_links_turn_peer(const struct relay_links *,
	    uint64_t number);

/*
 * A link to that host, one that waits unless `fresh`.  0, -ENOENT (there is no
 * such turn), -EINVAL, -EIO or -ENOMEM.
 */
int	relay_link_open(struct relay_links *, const struct relay_target *,
	    bool fresh, const struct relay_link_events *,
	    struct relay_link **link_out);
/* What the host offers, once it is open. */
const struct relay_offer *relay_link_offer(const struct relay_link *);
/* It waited for this message: the host may have closed it meanwhile. */
bool	relay_link_is_used(const struct relay_link *);
/* It has said more than the reply that is being told. */
bool	relay_link_has_more(const struct relay_link *);
/* As talk_write() and talk_waiting(). */
int	relay_link_write(struct relay_link *, struct slice);
size_t	relay_link_waiting(const struct relay_link *);
/* It was connected to some address of the host. */
bool	relay_link_was_reached(const struct relay_link *);
/* "TLSv1.3 ...", or "". */
const char *relay_link_tls(const struct relay_link *);

enum relay_leaving {
	RELAY_KEEP,		/* no transaction is open: for the next */
	RELAY_RESET,		/* the same, behind RSET */
	RELAY_QUIT,
	RELAY_DROP		/* without a word */
};
/* The link is done with; NULL is fine. */
void	relay_link_leave(struct relay_link *, enum relay_leaving);

#endif
