/*
 * journal.h - where a message is safe: the receipt (DESIGN.md 3)
 *
 * A row of segment files, preallocated and zero-written, each with a generation
 * that only grows.  A record is appended in memory, written with all others
 * that wait in one pwritev, and made durable for all of them by one fdatasync
 * in the sync thread (group commit).  Its position, generation << 32 | offset,
 * grows with every record and is never given twice.
 *
 * What stays true: a record whose `done` said 0 is replayed until it is
 * settled; one whose `done` said anything but 0 and -ENOTRECOVERABLE never is.
 * Nothing is appended behind what an earlier process wrote.  The space is
 * bounded by segment_bytes * segments.
 *
 * Everything here is called in the loop's thread.
 */
#ifndef POSTROOM_QUEUE_JOURNAL_H
#define POSTROOM_QUEUE_JOURNAL_H

#include <sys/uio.h>

#include "lib/base/id.h"
#include "lib/base/pool.h"
#include "lib/base/text.h"

#define JOURNAL_HUB_BYTES	16
#define JOURNAL_LEAST_BYTES	(32u * 1024)	/* an ABANDON fits */
#define JOURNAL_MOST_BYTES	(1u << 30)	/* of a segment: replay reads it
						   into memory as one piece */
#define JOURNAL_MOST_SEGMENTS	256u	/* 16 GiB with segments of 64 MiB */

struct journal;			/* opaque; see journal.c */

/* How the sync thread reaches the disk; a test gives one that fails. */
struct journal_io {
	ssize_t	(*write)(int fd, const struct iovec *, int count, off_t at);
	int	(*sync_data)(int fd);	/* fdatasync: a segment's records */
	int	(*sync)(int fd);	/* fsync: new file, folder, extra */
};
extern const struct journal_io journal_disk;

struct journal_options {
	uint32_t	segment_bytes;	/* of a segment; 64 MiB */
	unsigned	segments;	/* at most so many; 16 */
	unsigned char	hub_id[JOURNAL_HUB_BYTES];
	uint32_t	above;		/* generations begin above this one: the
					   highest a database knows, or 0 */
	const struct journal_io *io;	/* NULL: journal_disk */
};

/* Numbers on disk. */
enum journal_kind {
	JOURNAL_MESSAGE	= 1,
	JOURNAL_ABANDON	= 2	/* the journal's own: what was not received */
};

/* One record; slices are borrowed from whoever hands it out. */
struct journal_record {
	uint64_t		 position;
	enum journal_kind	 kind;
	struct message_id	 id;
	struct slice		 head;	/* as given to journal_append() */
	struct slice		 bytes;
};

/*
 * Open the journal in `folder_fd` (its own folder, borrowed) and look at the
 * head of each segment.  Nothing is written yet.
 *
 *  0       *journal_out is set.
 * -EPROTO  a segment was written by a newer Postroom.
 * -EXDEV   a segment belongs to another hub id.
 * -EUCLEAN two segments claim one generation: the folder was tampered with.
 * -EINVAL  options outside the bounds above.
 * -EIO, -ENOMEM, ... as the system says.
 */
int	journal_open(int folder_fd, const struct journal_options *,
	    struct loop *, struct pool *, struct journal **journal_out);

/*
 * End it.  Wait for the last `done` first, or free the pool first: a sync may
 * be running.  What still waits is forgotten without `done`.  NULL is fine.
 */
void	journal_close(struct journal *);

/*
 * Call `fn` for every MESSAGE record that stands, in order of position: written
 * whole, not abandoned, not below what was settled when the last segment was
 * begun.  Settled ones may come again: whoever asks knows by position.  Slices
 * are valid during the call.  Reading a segment ends at the first record that
 * is not right (torn, or of an earlier life).  To be called once, after
 * journal_open() and before the first append.
 *
 * 0, what `fn` returned when that was not 0, or a negative errno.
 */
typedef int	journal_replay_fn(void *arg, const struct journal_record *);
int	journal_replay(struct journal *, journal_replay_fn *fn, void *arg);

/*
 * Read one record that was received, at a position that was given out.  One
 * that is settled can be read until its segment is used again.  Slices point
 * into `buffer`, which is cleared first and must be allowed to hold the record.
 * 0, -EBADMSG (it is damaged), -ENOENT (no such segment), -ENOBUFS, -EIO.
 */
int	journal_read(struct journal *, uint64_t position, struct text *buffer,
	    struct journal_record *record_out);

/*
 * What became of a record:
 *
 *  0                it is durable: say "received".
 * -EIO, -ENOSPC...  it is not received and never will be replayed: say "try
 *                   again".
 * -ENOTRECOVERABLE  nobody can know: say nothing, drop the connection.
 */
typedef void	journal_done_fn(void *arg, int status);

/*
 * Queue a record.  `head` is copied.  `bytes` is borrowed until `done` and must
 * not change (a sealed mapping); empty when the message is a big file.
 *
 *  0         `done` is called exactly once, in a later turn of the loop, and
 *            *position_out is the record's place.
 * -ENOSPC    every segment is in use and none is settled, or the disk has no
 *            room for another: say "try again" (452).  Asking again is free.
 * -EMSGSIZE  larger than a segment holds.
 * -ENOMEM, -EMFILE, -EIO, ... as the system says; nothing was queued.
 */
int	journal_append(struct journal *, enum journal_kind,
	    const struct message_id *, struct slice head, struct slice bytes,
	    journal_done_fn *done, void *arg, uint64_t *position_out);

/*
 * Every record below `position` is settled, for good: segments that lie below
 * it whole are used again.  Records that still wait are never counted as such.
 */
void	journal_settled(struct journal *, uint64_t position);
/* No record appended from now on has a position below this. */
uint64_t journal_next(const struct journal *);
/* Nothing below is left: every segment below it may have been used again. */
uint64_t journal_recycled(const struct journal *);
/* Nothing below can be read any more. */
uint64_t journal_readable(struct journal *);
/* The highest generation that was found at open, or 0. */
uint32_t journal_newest(const struct journal *);
/* The lowest position that is held on disk; journal_next() if nothing is. */
uint64_t journal_oldest(const struct journal *);

struct journal_figures {
	unsigned	used;		/* segments that hold records */
	unsigned	free;		/* that can be had, not made yet too */
	unsigned	broken;		/* of the used: a sync failed */
	unsigned	damaged;	/* heads not readable at open */
	uint64_t	bytes_used;	/* of records, with their padding */
	uint64_t	bytes_free;	/* to append before -ENOSPC */
	uint64_t	waiting;	/* records not yet durable */
	uint64_t	records;	/* made durable since journal_open() */
	uint64_t	syncs;		/* that it took */
	int		fault;		/* -errno of the disk; 0: all is well */
};
/* How full it is and how it went. */
void	journal_figures(const struct journal *,
	    struct journal_figures *figures_out);

#endif
