/*
 * check.h - prove that journal, ledger, kept files and big files agree
 *
 * Reads only, with no lock, beside a running hub: what looks wrong is looked at
 * again before it is told, for it may have been settled or dropped meanwhile.
 * A torn record at the end of a segment is no fault: nobody was told 250 for
 * it.  One with good records behind it is.  What is in the archive is compared
 * with the digest in its name.
 */
#ifndef POSTROOM_QUEUE_CHECK_H
#define POSTROOM_QUEUE_CHECK_H

#include "lib/base/id.h"

struct queue_check;		/* opaque; see check.c */

enum queue_found {
	FOUND_HEAD,		/* a segment's head is damaged */
	FOUND_GAP,		/* damage with good records behind it */
	FOUND_RECORD,		/* a record that makes no sense */
	FOUND_RECORD_BIG,	/* its big file is missing or damaged */
	FOUND_KEPT_MISSING,	/* a kept message without its file, or one
				   that leaves and stands nowhere */
	FOUND_KEPT_DAMAGED,
	FOUND_KEPT_BIG,		/* its big file is missing or damaged */
	FOUND_KEPT_NOBODY,	/* a kept message without recipients */
	FOUND_KEPT_NO_ROW,	/* a kept file the next start sweeps away */
	FOUND_RECORD_LEDGER,	/* a collected one that ledger.db lacks */
	FOUND_LEDGER,		/* ledger.db is damaged */
	FOUND_BIG_UNKNOWN,	/* a note: a big file nobody refers to */
	FOUND_ARCHIVE,		/* one of the archive is not where it is
				   looked for, or no file */
	FOUND_ARCHIVE_CHANGED,	/* its bytes are not those that were sent */
	FOUND_ARCHIVE_READ,	/* the disk does not give it */
	FOUND_ARCHIVE_PLAIN,	/* a note: so many have no digest */
	FOUND_HALF		/* a note: of what is kept of a message that was
				   cut; it is thrown away, and fetched whole */
};

struct queue_finding {
	enum queue_found	what;
	bool			is_fault;	/* else only a note */
	struct message_id	id;
	unsigned		segment;	/* HEAD, GAP, RECORD */
	uint32_t		from, to;	/* GAP, RECORD: in its file */
	uint64_t		number;		/* HALF: its file; ARCHIVE_PLAIN:
						   how many */
};

typedef void	queue_check_fn(void *arg, const struct queue_finding *);

struct queue_check_counts {
	uint64_t	records;	/* in the journal, not settled whole */
	uint64_t	kept;		/* messages in kept/ */
	uint64_t	big;		/* files in big/ */
	uint64_t	archived;	/* originals in archive/ */
};

/*
 * Look at the queue's folder (borrowed).
 *  0        *check_out is set.
 * -ENOENT   no hub has ever run here.
 * -EUCLEAN  queue.db is damaged or missing (rebuild.h).
 * -EPROTO   made by a newer Postroom.
 * -EIO, -EACCES, ... as the system says.
 */
int	queue_check_open(int folder_fd, queue_check_fn *, void *arg,
	    struct queue_check **check_out);
void	queue_check_close(struct queue_check *);

/* 0 no fault, 1 faults were told, or -errno: it could not be read. */
int	queue_check_run(struct queue_check *,
	    struct queue_check_counts *counts_out);

/*
 * A letter refers to big file `id` of `bytes` bytes.  0, -ENOENT (it is not
 * there), -EBADMSG (it has another size), or -errno.
 */
int	queue_check_letter(const struct queue_check *,
	    const struct message_id *, uint64_t bytes);

#endif
