/*
 * outbound.h - what leaves for other hosts: the rows, the clock, the tries
 *
 * A recipient without an account here leaves, and gets a row (rows_outbound.h),
 * which is written when the first try has not done with it, or is long under way.
 * Its message is read from the journal, where it stands; what is not gone soon
 * gets a file of its own (kept.h), and from then on the journal has no part in it.
 * In memory there is one small entry for a message and a destination: the
 * destination is the domain, or the smarthost.  Each destination has its own few
 * conversations, fewer while it takes nothing, and its own pause after a failure;
 * a quarter of all conversations is kept for destinations whose last one was
 * quick, and of the others those that were slow come last.  So a slow one delays
 * nobody else's mail, nor do a thousand; what is due next is the first of a heap,
 * never searched for.
 *
 * What stays true: a row goes only after a host has said 2xx to the end of the
 * data.  A record is settled, and a file goes, after the last row; whoever said
 * that it is gone forgets so only when that is durable.  A crash of ours sends
 * nothing twice; a power cut what a host took in the last moment (outbound_sync.c).
 */
#ifndef POSTROOM_QUEUE_OUTBOUND_H
#define POSTROOM_QUEUE_OUTBOUND_H

#include "queue/conductor_inside.h"

struct outbound;		/* opaque; see outbound_inside.h */

/*
 * What waits in the rows is read when the keeper has said which domains are
 * gateways (conductor_gateways()).  0 or a negative errno.
 */
int	outbound_open(struct conductor *);
/* NULL is fine. */
void	outbound_close(struct outbound *);

/*
 * The recipients of this transit that leave are to be sent (`leaves` says that
 * there are any): they get their rows; if they cannot now, `leaves` stays.
 * With the last recipient the transit may be gone when this returns.
 */
void	outbound_begin(struct transit *);

/* At start: that record stands in the journal.  0 or a negative errno. */
int	outbound_replay(const struct transit *, uint64_t position);
/* What leaves and stands in the journal begins here; UINT64_MAX: nothing. */
uint64_t outbound_standing(const struct conductor *);
/* From time to time: what has stood there for long gets a file. */
void	outbound_set_aside(struct conductor *);
/* The file of that message is just being written. */
bool	outbound_is_writing(const struct conductor *,
	    const struct message_id *);

/*
 * From when its hours and days count: it came, or, where there is a line to wait
 * for, it was first tried.
 */
struct rows_outbound;
int64_t	outbound_begun_utc_ms(const struct conductor *,
	    const struct rows_outbound *);
/* Until when it is tried. */
int64_t	outbound_until_utc_ms(const struct conductor *,
	    const struct rows_outbound *);

/*
 * Those of its recipients who leave may: all of them because of whoever sends
 * it, or those of gateway domains.  0; -EPERM; -EAGAIN: it cannot be said now, or
 * that has just changed; -EMSGSIZE: it is larger than one of those domains takes.
 */
int	outbound_may_leave(const struct conductor *,
	    const struct envelope *);

/* When mail for that domain is tried, and given up. */
const struct outbound_plan *outbound_plan_of(const struct conductor *,
	    struct slice domain);

/* The relay is there (again), or gone. */
void	outbound_relay(struct outbound *, bool is_up);

#endif
