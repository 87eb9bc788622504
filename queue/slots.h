/*
 * slots.h - the segment files of the journal, and which may be used
 *
 * A slot is a number and the file NNNN.seg, for ever; what changes is the
 * generation written in it.  Inside the journal only.
 *
 *	absent -> making -> free -> used -> free	settled
 *	                              `---> broken -> absent
 *
 * A file whose sync failed is never written again (what the kernel says of it
 * later proves nothing): once settled it is removed and made anew.
 */
#ifndef POSTROOM_QUEUE_SLOTS_H
#define POSTROOM_QUEUE_SLOTS_H

#include "queue/segment.h"

enum slot_state {
	SLOT_ABSENT,		/* no file */
	SLOT_MAKING,		/* being zero-written; may be begun already */
	SLOT_FREE,		/* whole and synced, nothing in it counts */
	SLOT_USED,		/* holds records, or waits for its first */
	SLOT_BROKEN		/* the same, closed by a failed sync */
};

struct slot {
	unsigned		 number;
	int			 fd;		/* -1: no file */
	enum slot_state		 state;
	bool			 is_begun;	/* `head` counts */
	bool			 is_written;	/* a write was tried since */
	bool			 is_damaged;	/* no head could be read */
	uint32_t		 size;		/* of the file */
	uint32_t		 end;		/* behind the last record */
	struct segment_head	 head;
};

/* A making is over: the slot is free (or used), or absent when `status`. */
typedef void slot_made_fn(void *arg, struct slot *, int status);

/* One fresh file at a time; the sync thread touches only this. */
struct slot_making {
	struct slot		*slot;		/* NULL: none is made */
	const struct journal_io	*io;
	int			 fd;
	int			 folder_fd;
	uint32_t		 size;
	uint32_t		 at;		/* zeroes stand up to here */
	bool			 is_done;
	int			 status;
};

struct slots {
	int			 folder_fd;	/* borrowed */
	struct journal_options	 options;
	struct pool		*pool;
	slot_made_fn		*made;
	void			*made_arg;
	struct slot_making	 making;
	uint32_t		 next_generation;
	uint32_t		 newest;	/* generation at open, or 0 */
	uint64_t		 settled;
	int			 fault;		/* last -errno, or 0 */
	unsigned		 damaged;
	struct slot		 slot[JOURNAL_MOST_SEGMENTS];
};

/* See journal_open(). */
int	slots_open(struct slots *, int folder_fd,
	    const struct journal_options *, struct pool *, slot_made_fn *,
	    void *arg);
void	slots_close(struct slots *);

/*
 * Begin a segment: a free one, else one that is being made (state MAKING: its
 * records wait until `made`), else a new one.  0, -ENOSPC, or -errno.
 */
int	slots_begin(struct slots *, struct slot **slot_out);
/* A begun slot that nothing was written to is not begun after all. */
void	slots_unbegin(struct slots *, struct slot *);
/* A write or sync of records from `offset` on failed. */
void	slots_break(struct slots *, struct slot *, uint32_t offset);
/* Make one ahead, unless one is free or being made.  Failing is no fault. */
void	slots_prepare(struct slots *);
/* Use again what lies below `position` whole; `except` is being filled. */
void	slots_settle(struct slots *, uint64_t position,
	    const struct slot *except);

/* The used slot of this generation, or NULL. */
struct slot *slots_find(struct slots *, uint32_t generation);
/* The one that is settled and not used again since, or NULL. */
struct slot *slots_left(struct slots *, uint32_t generation);
/* Used slots in order of generation; returns how many. */
unsigned slots_used(struct slots *,
	    struct slot *used_out[JOURNAL_MOST_SEGMENTS]);
/* Slots that slots_begin() could still take. */
unsigned slots_free(const struct slots *);

#endif
