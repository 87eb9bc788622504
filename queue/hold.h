/*
 * hold.h - what waits for a person: held and quarantined messages
 *
 * A held message is one row (queue.db) and one file (kept/); the row says what
 * it waits for.  To release it is one FULL commit that lets it wait for its
 * mailbox instead: from then on it is delivered like any other that waited, and
 * nobody judges it again.  To delete it is the only way in this hub by which a
 * message that was received goes without being delivered: the trail says who
 * did it, or that its time was over.  The clock ends only what each of those it
 * is for was told of HOLD_NOTICE_DAYS before.
 *
 * All return 0, or:
 * -ENOENT   no such message is held.
 * -EAGAIN   it is just being set aside, or still with a mailbox.
 * -EBADMSG  its bytes are damaged: it can only be looked at, or deleted.
 * -ENOMEM, -EIO, ...  nothing has changed.
 */
#ifndef POSTROOM_QUEUE_HOLD_H
#define POSTROOM_QUEUE_HOLD_H

#include "lib/base/text.h"
#include "queue/conductor.h"

#define HOLD_NOTICE_DAYS	7	/* whoever is away for a week */

/* As whoever asked hears it; what is none of these is HOLD_LATER. */
enum hold_status hold_status_of(int r);

/*
 * In order of id, above `above` (NULL: from the first), at most `most`; slices
 * are valid during the call.  Ends early when `fn` is not 0, with that.
 */
typedef int	hold_fn(void *arg, const struct hold_row *);
int	conductor_hold_each(struct conductor *, enum hold_which,
	    const struct message_id *above, unsigned most, hold_fn *,
	    void *arg);
/* What is known of one, and its first HOLD_SHOWN_BYTES added to `shown`. */
int	conductor_hold_show(struct conductor *, const struct message_id *,
	    hold_fn *, void *arg, struct text *shown);
/*
 * Deliver it: to `address`, which is that account's, or with `account` 0 to
 * those it is for.  `who` asked for it.
 */
int	conductor_hold_release(struct conductor *, const struct message_id *,
	    struct slice who, uint64_t account, struct slice address);
/* `who` empty: the clock. */
int	conductor_hold_delete(struct conductor *, const struct message_id *,
	    struct slice who);
/*
 * One of those it is for wants it: it goes to that account, to nobody else.  Or
 * says that it is spam: it goes into Junk there, which teaches that.
 */
int	conductor_hold_share(struct conductor *, const struct message_id *,
	    uint64_t account, bool is_spam);
/*
 * What is held for the next account above that one which it was not told of:
 * `fn` is told the newest HELD_PAGE of them, each with its link, how many more
 * there are stands in `news_out`.  Account 0: there is none.  The link to what
 * ends by no clock is good for HELD_LINK_DAYS.
 */
#define HELD_LINK_DAYS		90
struct held_news {
	uint64_t	account;
	uint32_t	count, more;
};
int	conductor_held_news(struct conductor *, uint64_t above,
	    struct held_news *news_out, hold_fn *, void *arg);
/* It knows of these; HELD_PAGE at the most. */
int	conductor_held_told(struct conductor *, uint64_t account,
	    const struct message_id *ids, size_t count);
/*
 * What its person may see: what is held for that account and is a matter of
 * theirs, the newest first, below `below` (NULL: from the newest), HOLD_PAGE of
 * it at the most.
 */
int	conductor_held_each(struct conductor *, uint64_t account,
	    const struct message_id *below, hold_fn *, void *arg);
/*
 * One of them, as conductor_hold_show(); `shown` is empty when only the
 * postmaster may have it delivered.
 */
int	conductor_held_show(struct conductor *, uint64_t account,
	    const struct message_id *, hold_fn *, void *arg,
	    struct text *shown);
/*
 * Its person says what it is: as conductor_hold_share(), or -EPERM: that is for the
 * postmaster to decide.
 */
int	conductor_held_take(struct conductor *, uint64_t account,
	    const struct message_id *, bool is_spam);
/*
 * What a link names.  0; -EBADMSG: it is none of ours; -ETIME: its time is over; or -errno: it
 * cannot be said.
 */
struct held_link;
int	conductor_held_read(struct conductor *, struct slice link,
	    struct held_link *link_out);
/* From time to time: delete what the clock ends. */
void	conductor_hold_look(struct conductor *);

#endif
