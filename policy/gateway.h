/*
 * gateway.h - a domain whose mail is taken here for a host of its own
 *
 * A branch or another office: port 25 takes its mail, the queue keeps it, and it
 * goes to its host when that is there or, for a line that is up now and then,
 * when somebody asks for it (ETRN, RFC 1985; ATRN, RFC 2645).  Who may ask is
 * said here: hosts by their addresses, and one account by its login.
 */
#ifndef POSTROOM_POLICY_GATEWAY_H
#define POSTROOM_POLICY_GATEWAY_H

#include "lib/base/arena.h"
#include "lib/base/host.h"
#include "lib/base/pack.h"

/* An office knows its branches; the table fits one message between roles. */
#define GATEWAYS_MOST		64
#define GATEWAY_NAME_SIZE	256
#define GATEWAY_NETS_SIZE	513	/* addresses and nets, and a NUL */
#define GATEWAY_DAYS_MOST	90
#define GATEWAY_DAYS		14	/* where nothing is said */
#define GATEWAYS_BYTES		(96 * 1024)	/* all of them, packed */

struct gateway {
	char		name[GATEWAY_NAME_SIZE];	/* lower-case A-labels */
	char		host[GATEWAY_NAME_SIZE];	/* "": only by ATRN */
	uint16_t	port;
	char		nets[GATEWAY_NETS_SIZE];	/* who may say ETRN */
	bool		by_login;	/* that account may, too */
	uint64_t	account;	/* ATRN is for it; 0: for nobody */
	bool		waits;		/* until somebody asks for it */
	uint64_t	bytes;		/* the largest message; 0: as all */
	unsigned	days;		/* then it is given up */
	bool		lists;		/* only recipients that are listed */
	int64_t		created_utc_ms;
};

/* The table as the queue has it. */
struct gateways {
	struct gateway	*at;
	size_t		 count;
};

/*
 * A name of a domain as people type it, in the one form; of an argument of ETRN,
 * too.  0, or -EINVAL: it is none.
 */
int	gateway_name(struct slice typed, char name_out[GATEWAY_NAME_SIZE]);
/* "192.0.2.7", "mail.branch.test:2525", "[2001:db8::7]:25".  0 or -EINVAL. */
int	gateway_host(struct slice typed, struct gateway *);
/* "login", addresses and nets, commas or blanks between.  0 or -EINVAL. */
int	gateway_askers(struct slice typed, struct gateway *);
/* The host with its port, and who may ask, as they are typed. */
void	gateway_host_write(struct text *, const struct gateway *);
void	gateway_askers_write(struct text *, const struct gateway *);

/* That domain's, or NULL. */
const struct gateway *gateways_find(const struct gateways *,
	    struct slice domain);
/* One of these nets has that address. */
bool	gateway_has_peer(const struct gateway *, struct slice peer);

/* As bytes, and back: 0, -EBADMSG or -ENOBUFS. */
void	gateway_pack(struct text *, const struct gateway *);
int	gateways_unpack(struct arena *, struct slice, struct gateways *table_out);

#endif
