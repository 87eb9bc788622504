/*
 * rows_outbound.h - queue.db: who of another host has not got a message yet
 *
 * One row for each recipient that leaves, while the message stands in the journal
 * or has a file of its own (kept.h), to the end of it: a remote host took it, or nobody ever
 * will and its sender knows.  What the last host said stays in it.
 *
 * As rows.h has it: 0 or a negative errno; functions handed to an _each must not
 * change rows.
 */
#ifndef POSTROOM_QUEUE_ROWS_OUTBOUND_H
#define POSTROOM_QUEUE_ROWS_OUTBOUND_H

#include "queue/rows.h"

#define OUTBOUND_STATUS_BYTES	16	/* "4.4.1" */
#define OUTBOUND_WORDS_BYTES	512	/* of a host; longer ones are cut */
#define OUTBOUND_HOST_BYTES	256
#define OUTBOUND_VIA_BYTES	264	/* "host:port" */
#define OUTBOUND_ROUTES		1000	/* domains that go elsewhere */

enum outbound_state {
	OUTBOUND_WAITING,	/* to be tried (again) */
	OUTBOUND_HELD,		/* until the postmaster lets it go */
	OUTBOUND_FAILED,	/* for good */
	OUTBOUND_DONE,		/* some host has it: the row goes */
	OUTBOUND_RELAYED,	/* the same, and its sender is to hear of it */
	OUTBOUND_STATE_COUNT
};

struct rows_outbound {
	struct message_id	 id;
	struct slice		 address;	/* as it was given */
	/* of it, to be looked up; empty: it is a list of ours, which has it */
	struct slice		 domain;
	enum outbound_state	 state;
	int64_t			 since_utc_ms;
	int64_t			 next_try_utc_ms;
	int64_t			 first_try_utc_ms;	/* 0: none yet */
	int64_t			 last_try_utc_ms;
	uint32_t		 tries;
	uint8_t			 notify;	/* NOTIFY_ bits (envelope.h) */
	bool			 is_told;	/* of the delay: once is enough */
	uint16_t		 code;	/* of the last reply; 0: of no host */
	struct slice		 status, words;
	struct slice		 host;	/* who said it */
	struct slice		 sender;	/* of the message; empty: <> */
	uint64_t		 bytes;		/* the same */
	uint64_t		 account;	/* who has sent it; 0: nobody here */
	/* "host:port" that it goes to, instead of its domain's; or empty */
	struct slice		 via;
	bool			 is_urgent;	/* it waits for no line */
};

/*
 * These recipients of `id` leave: NORMAL, sync if it has no record in the journal.
 * One that stands there below `position` is not to bring them again.  What of them
 * waited in a row of rows_keep() is taken out of it.  Each comes in its state,
 * without tries and replies.
 */
int	rows_outbound_take(struct rows *, const struct message_id *id,
	    uint64_t position, const struct rows_outbound *, size_t count);
/*
 * The same of a message whose record stands in the journal, while it is not said
 * here that it was taken: what is new, and waits, is written only when somebody
 * else is to change it, or by rows_outbound_write(), or by rows_sync().  Until then
 * its record brings it back, and whoever looks is told of it with the others; and of
 * what all hosts have taken before it was written it is written only that it was
 * taken.
 */
int	rows_outbound_take_later(struct rows *, const struct message_id *id,
	    uint64_t position, const struct rows_outbound *, size_t count);
/* All that is not written yet is; NORMAL. */
int	rows_outbound_write(struct rows *);
/*
 * Of that only what hosts have taken; NORMAL.  Before that a crash of ours has
 * their records bring it back.
 */
int	rows_outbound_write_done(struct rows *);
/*
 * 0, or -ENOENT when those of the record at that position were not taken.
 */
int	rows_outbound_is_taken(struct rows *, const struct message_id *,
	    uint64_t position);

/*
 * Each in order of id and address; those of one message; above that one.  `fn`
 * changes none of them.
 */
typedef int rows_outbound_fn(void *arg, const struct rows_outbound *);
int	rows_outbound_each(struct rows *, rows_outbound_fn *, void *arg);
int	rows_outbound_of(struct rows *, const struct message_id *,
	    rows_outbound_fn *, void *arg);
int	rows_outbound_above(struct rows *, const struct message_id *,
	    struct slice address, rows_outbound_fn *, void *arg);
/* 0, or -ENOENT when nobody waits for that message. */
int	rows_outbound_has(struct rows *, const struct message_id *);

/*
 * What came of a try, by id and address: its state, times, tries and reply.  Those
 * that are DONE go.  NORMAL: sync if any of them is DONE, RELAYED or FAILED.  One whose
 * row is gone is passed over: somebody has removed it meanwhile.  Of what was not
 * written at all rows_outbound_write_done() is to follow.
 */
int	rows_outbound_tried(struct rows *, const struct rows_outbound *,
	    size_t count);
/*
 * Those that are WAITING are due when it says here; not synced, but there for the
 * next process.
 */
int	rows_outbound_due(struct rows *, const struct rows_outbound *,
	    size_t count);
/*
 * The sender of that message knows what became of those addresses: of those that
 * are WAITING that they are late, of those that FAILED or were RELAYED nothing is
 * left.  FULL; one whose row is in another state by now, or gone, is passed over:
 * of what it came to meanwhile nobody knows yet.
 */
int	rows_outbound_told(struct rows *, const struct message_id *,
	    enum outbound_state, const struct slice *addresses, size_t count);
/*
 * These are so from now on: state, times, tries, reply and via; FULL.  Those
 * that are DONE go, one whose row is gone is passed over.
 */
int	rows_outbound_set(struct rows *, const struct rows_outbound *,
	    size_t count);
/* All of that message in this state come into that one; FULL.  -ENOENT. */
int	rows_outbound_move(struct rows *, const struct message_id *,
	    enum outbound_state from, enum outbound_state to,
	    int64_t next_try_utc_ms);
/* Forget all of that message; FULL.  -ENOENT. */
int	rows_outbound_delete(struct rows *, const struct message_id *);

/* Recipients, by state; they are counted as they come and go. */
struct rows_outbound_counts {
	uint64_t	of[OUTBOUND_STATE_COUNT];
	int64_t		since_utc_ms;	/* of the oldest; 0: there is none */
};
int	rows_outbound_counts(struct rows *,
	    struct rows_outbound_counts *counts_out);

/*
 * Mail for `domain` that comes from now on goes to `via`; empty: as ever.  FULL.
 * -ENOSPC: OUTBOUND_ROUTES do already; -ENOENT: it went nowhere else.
 */
int	rows_route_set(struct rows *, struct slice domain, struct slice via);
/* Each of them, by name. */
typedef int rows_route_fn(void *arg, struct slice domain, struct slice via);
int	rows_route_each(struct rows *, rows_route_fn *, void *arg);

/*
 * That domain is a gateway's (gateway.h), or not any more; FULL.  They are
 * remembered so that what waits for one that is taken away while no queue runs is
 * known, too.
 */
int	rows_gateway_put(struct rows *, struct slice domain, bool is_one);
typedef int rows_gateway_fn(void *arg, struct slice domain);
int	rows_gateway_each(struct rows *, rows_gateway_fn *, void *arg);

#endif
