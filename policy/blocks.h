/*
 * blocks.h - who is kept out of SMTP for a time, and why
 *
 * An address (of IPv6 its /64) that guesses names or talks nonsense is kept out
 * for a time, the next time for twice as long; each day without trouble forgives
 * one time.  When several addresses of one network are out, the network is.
 * The keeper decides and remembers; the doors know what it told them.  Clocks
 * are monotonic milliseconds, brought along; they are the same in all roles.
 */
#ifndef POSTROOM_POLICY_BLOCKS_H
#define POSTROOM_POLICY_BLOCKS_H

#include "lib/base/pack.h"

/*
 * Each costs whoever earns it some twenty commands.  In a full table the one
 * that ends first makes room: a flood of addresses that only connect has none.
 */
#define BLOCKS_MOST		4096u
#define BLOCK_NET_SIZE		52	/* of an address, or of a network */
#define BLOCK_MOST_MS		(UINT64_C(24) * 3600 * 1000)
#define BLOCK_FORGIVE_MS	(UINT64_C(24) * 3600 * 1000)
/* Addresses of one network that are out at a time: then all of it is. */
#define BLOCK_NETWORK_LEAST	4u

enum block_why {
	BLOCK_UNKNOWN,		/* it asked for names that nobody has */
	BLOCK_NONSENSE,		/* for commands that there are not */
	BLOCK_NEIGHBOURS,	/* other addresses of that network did */
	BLOCK_REASONS
};

struct block {
	char		net[BLOCK_NET_SIZE];	/* "192.0.2.1", "192.0.2.0/24" */
	enum block_why	why;
	unsigned	times;			/* of late, this one included */
	uint64_t	until_ms;		/* 0: it is forgiven */
	unsigned	turned_away;		/* at this door, since it began */
};

struct blocks;			/* opaque; see blocks.c */

/* NULL when memory is out. */
struct blocks	*blocks_new(void);
void		 blocks_free(struct blocks *);
/* Nobody is out. */
void		 blocks_clear(struct blocks *);

/* The network of an address: its /24, of IPv6 its /48.  False: it is none. */
bool		 block_network(const char *address,
		    char network_out[BLOCK_NET_SIZE]);
/* "it asked for unknown recipients", ... */
const char	*block_words(enum block_why);

/*
 * It has earned one, for `first_ms` the first time.  What begins by that is
 * written to blocks_out: of the address, and perhaps of its network.  How many
 * (0: it is out already, or memory is out).
 */
unsigned	 blocks_earned(struct blocks *, const char *net,
		    enum block_why, uint64_t first_ms, uint64_t now_ms,
		    struct block blocks_out[2]);
/* As the keeper says. */
void		 blocks_put(struct blocks *, const struct block *);
/* The block that it is under, or NULL. */
struct block	*blocks_find(const struct blocks *, const char *net,
		    uint64_t now_ms);
/* It was never there.  False: it is not. */
bool		 blocks_forgive(struct blocks *, const char *net);
/* All that are under way, the one that began first first; one returns false:
 * no more. */
void		 blocks_each(const struct blocks *, uint64_t now_ms,
		    bool (*fn)(void *arg, const struct block *), void *arg);

/* The same of all that are remembered, those too whose time is over. */
void		 blocks_all(const struct blocks *,
		    bool (*fn)(void *arg, const struct block *), void *arg);

/* Of what a door and the keeper say to each other (keeper.h, DOOR_BLOCKED). */
void		 block_pack(struct text *, const struct block *);
/* 0 or -EBADMSG. */
int		 block_unpack(struct unpack *, struct block *block_out);

#endif
