/*
 * walk.h - every letter that an account's segments hold, without its index
 *
 * For repair, and for whoever exports mail although the index is damaged.  The
 * segments are read from the first to the last, in order of their numbers, and
 * what stands in them is told as it is found: garbage too, for only the index
 * knows what was deleted, and one letter as often as it was written (compaction
 * and a second delivery write it again; the last one counts).
 *
 * Damage never ends a walk.  Behind a damaged header the next good one is looked
 * for: no letter can hold the bytes of one, for what is stored has no NUL and a
 * header always has some.
 *
 * Reads only, with no lock, beside the process that owns the account.
 */
#ifndef POSTROOM_STORE_WALK_H
#define POSTROOM_STORE_WALK_H

#include "store/letters.h"

enum walked_what {
	WALKED_LETTER,		/* a whole record */
	WALKED_DAMAGED,		/* its header is good, its bytes are not, or end
				   too early: `record` has no trace and no body */
	WALKED_GAP,		/* bytes that are no record; the end of one that
				   a crash tore looks like this as well */
	WALKED_HEAD,		/* the head of the segment is damaged; what
				   stands behind it is walked all the same */
	WALKED_FOREIGN,		/* the segment is another hub's, or made by a
				   newer Postroom: nothing of it is told */
	WALKED_UNREADABLE	/* the file cannot be read from there on */
};

struct walked {
	enum walked_what what;
	uint32_t	 segment;
	uint64_t	 offset;	/* where it begins */
	uint64_t	 bytes;		/* how long it is, or should be */
	struct record	 record;	/* LETTER, DAMAGED; its slices are valid
					   within the call */
	bool		 is_readable;	/* letters_read() takes its segment, too */
};

/* Not 0: the walk ends, with that. */
typedef int walk_fn(void *arg, const struct walked *);

/*
 * Walk the segments below `folder_fd` (borrowed), an account's folder.  With
 * `hub_id` NULL those of any hub.  No folder letters/ is one without letters.
 * 0, what `fn` returned, -ENOMEM, or -errno when the folder cannot be read.
 */
int	letters_walk(int folder_fd, const unsigned char *hub_id, walk_fn *fn,
	    void *arg);

/*
 * Write the head of segment `number` again, which a walk has found damaged, and
 * sync it; the letters behind it can then be read.  Only under the account's
 * lock.  0 or -errno.
 */
int	letters_mend_head(int folder_fd, const unsigned char hub_id[HUB_ID_BYTES],
	    uint32_t number);

#endif
