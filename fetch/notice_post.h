/*
 * notice_post.h - what the hub has to say, on its way into the queue
 *
 * A notice takes the one road of every message (DESIGN.md 1): the queue has it
 * judged, says 250 when it is durable, and delivers it.  Its sender is the null
 * path, so nobody answers it and it never comes back (RFC 3834 3.3); it is for
 * an account here, never for the world (HARDENING A13).
 *
 * One account hears of one kind at most once in NOTICE_PAUSE_MS (below: others).  What the queue
 * does not take is offered again, later and later, and kept in memory only: what
 * a restart loses is still true afterwards, and is found again.  An answer that
 * is lost on the way makes two of one, never none.
 */
#ifndef POSTROOM_FETCH_NOTICE_POST_H
#define POSTROOM_FETCH_NOTICE_POST_H

#include "fetch/notice.h"
#include "lib/base/ipc.h"

#define NOTICE_PAUSE_MS		(24u * 3600 * 1000)
/* What is told once a day is told at that hour, not a little later each day. */
#define NOTICE_HELD_PAUSE_MS	(12u * 3600 * 1000)
/* Each change is told, but not each of a program that makes them all day. */
#define NOTICE_FORWARDED_PAUSE_MS (20u * 1000)
#define NOTICE_POSTMASTER	0	/* as an account: whoever that is */

struct notice_post;		/* opaque; see notice_post.c */

/* `hostname` is borrowed.  NULL when memory is out. */
struct notice_post	*notice_post_new(struct loop *, const char *hostname);
/* After the channels it was given. */
void			 notice_post_free(struct notice_post *);

/* Who is there now, or NULL: the queue, and who knows the accounts. */
void	notice_post_queue(struct notice_post *, struct ipc *);
void	notice_post_keeper(struct notice_post *, struct ipc *);

/*
 * Say it to that account in its language; nothing of the notice is kept.
 *
 *  0          it is on its way
 * -EALREADY   it was told of that kind a while ago, or is just being told
 * -EBUSY      too many are on their way
 * -EMSGSIZE   it cannot be said in so many bytes
 * -ENOMEM, or what getrandom(2) says
 *
 * With an error *again_ms_out is when to come again.
 */
int	notice_post_send(struct notice_post *, uint64_t account,
	    const struct notice *, uint64_t *again_ms_out);
/*
 * Where the last one of that kind to that account is: 0 on its way, 1 durable in
 * the queue for less than NOTICE_PAUSE_MS, -ENOENT: neither.
 */
int	notice_post_where(const struct notice_post *, uint64_t account,
	    enum notice_kind);

/* Those of that kind, where nothing is on its way, may be told anew at once. */
void	notice_post_anew(struct notice_post *, enum notice_kind);

#endif
