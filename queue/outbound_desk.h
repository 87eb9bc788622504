/*
 * outbound_desk.h - the postmaster sees and moves what waits to leave
 *
 * Everything here looks at so many rows at the most and says where it stopped:
 * a million of them keep nobody waiting.  What is done is durable, and in the
 * trail, before it is said to be done.
 */
#ifndef POSTROOM_QUEUE_OUTBOUND_DESK_H
#define POSTROOM_QUEUE_OUTBOUND_DESK_H

#include "queue/conductor_inside.h"
#include "queue/line_state.h"
#include "queue/rows_outbound.h"

#define DESK_LOOKED	2000	/* rows at a time: some ms */
#define DESK_CHANGED	250	/* of them in one commit */

/* Which of them; empty and zero: all. */
struct desk_which {
	bool			 has_id, has_state;
	bool			 is_unrouted;	/* only those without `via` */
	struct message_id	 id;
	enum outbound_state	 state;
	struct slice		 domain;	/* as rows have it */
	struct slice		 sender;	/* letters of any case */
	struct slice		 address;	/* the recipient, the same */
};

/* Behind which of them; zeroed: from the first. */
struct desk_place {
	struct message_id	id;
	char			address[ROWS_ADDRESS_BYTES + 1];
};

/* One of them, and whether it is being sent right now. */
typedef int desk_fn(void *arg, const struct rows_outbound *, bool is_sending);

/*
 * Tell of the next `most` behind *place, which moves.  1: there may be more, 0:
 * that was all, or -errno.
 */
int	conductor_desk_list(struct conductor *, const struct desk_which *,
	    struct desk_place *place, unsigned most, desk_fn *, void *arg);

/* What that one, as it was told of, waits for besides its time. */
struct line_waits conductor_line_waits(const struct conductor *,
	    const struct rows_outbound *);

/* By which way it leaves. */
enum desk_way {
	DESK_WAY_MX,		/* to the hosts of its domain */
	DESK_WAY_SMARTHOST,	/* by that of all */
	DESK_WAY_OWN,		/* by that of a domain or an account */
	DESK_WAY_HOST,		/* to the host that the postmaster has named */
	DESK_WAY_GATEWAY,	/* to that of its domain (policy/gateway.h) */
	DESK_WAY_NONE,		/* there is none: it waits for one */
	DESK_WAY_COUNT
};
/*
 * That one's, and whose smarthost or which host that is (borrowed until the keeper
 * tells of other ones, or empty).
 */
enum desk_way conductor_desk_way(const struct conductor *,
	    const struct rows_outbound *, struct slice *name_out);

/* What stands in the file of a message that leaves. */
typedef int desk_file_fn(void *arg, const struct transit *,
	    const struct verdict *);
/* 0, -ENOENT, -EBADMSG (damaged), or -errno. */
int	conductor_desk_file(struct conductor *, const struct message_id *,
	    desk_file_fn *, void *arg);

enum desk_act {
	DESK_HOLD,		/* what waits */
	DESK_RELEASE,		/* what is held */
	DESK_RETRY,		/* what waits: now */
	DESK_REROUTE,		/* what waits or is held: to that host */
	/* the same: its sender is told; not what is being sent right now */
	DESK_BOUNCE,
	DESK_REMOVE,		/* all: nobody is told */
	DESK_ACT_COUNT
};

struct desk_done {
	uint32_t	 changed;
	uint32_t	 sending;	/* are being sent right now: a host
					   may have them yet */
	bool		 more;		/* behind the place */
};

/*
 * Do it, on behalf of `who`, to the next of them; `via` is where they go with
 * DESK_REROUTE, empty: as ever.  0, -EBUSY (the sender of one to be removed is
 * just being told: come again) or -errno; *place moves behind what is done.
 */
int	conductor_desk_act(struct conductor *, enum desk_act, struct slice who,
	    const struct desk_which *, struct slice via,
	    struct desk_place *place, struct desk_done *done_out);
/*
 * What comes for `domain` from now on goes to `via`; empty: as ever.
 * 0, -ENOENT (it went nowhere else), -ENOSPC (too many do), or -errno.
 */
int	conductor_desk_route(struct conductor *, struct slice domain,
	    struct slice via);
int	conductor_desk_routes(struct conductor *, rows_route_fn *, void *arg);

#endif
