/*
 * ways.h - whose mail leaves by a smarthost of its own, as the queue knows it
 *
 * The names of smarthosts.h without their hosts and logins, which the relay asks
 * for when it needs them.
 */
#ifndef POSTROOM_POLICY_WAYS_H
#define POSTROOM_POLICY_WAYS_H

#include "lib/base/arena.h"
#include "lib/base/pack.h"

struct way {
	struct slice	name;		/* an address, or a domain */
	uint64_t	account;	/* whose address it is; 0: a domain */
};

struct ways {
	struct way	*at;		/* in order of name */
	size_t		 count;
};

/* One more: the rows stand behind their u32 count, in order of name. */
void	way_pack(struct text *, const struct way *);
/*
 * All of `packed`, borrowed.  0, -EBADMSG or -ENOBUFS (the arena).
 */
int	ways_unpack(struct arena *, struct slice packed, struct ways *ways_out);
/*
 * By which goes what `account` (0: nobody who has logged in) has sent, with that
 * envelope sender as it was given?  NULL: by none of them.
 */
const struct way *ways_find(const struct ways *, uint64_t account,
	    struct slice sender);
/*
 * The account's own address of that one, in normal form: without what stands
 * behind a "+".  Added to `text`; false: it is none.
 */
bool	way_own_address(struct slice sender, struct text *);

#endif
