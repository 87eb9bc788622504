/*
 * space.h - room on the disk: a ballast, an admission stop, a transit budget
 *
 * The ballast is a file that only takes room; released, it lets people read,
 * delete and log in on a full disk.  Admission stops before that: a grant is
 * what a message may take between its first byte and its receipt.
 */
#ifndef POSTROOM_QUEUE_SPACE_H
#define POSTROOM_QUEUE_SPACE_H

#include <stdbool.h>
#include <stdint.h>

struct journal;

/* What a record needs besides the message; the envelope of 200 recipients. */
#define SPACE_RECORD_BYTES	(16 * 1024)

struct space;			/* opaque; see space.c */

struct space_options {
	uint64_t	ballast_bytes;	/* 64 MiB; 0: none */
	uint64_t	free_bytes;	/* stop below this much free; 256 MiB */
	uint64_t	transit_bytes;	/* of all grants together */
	const struct journal *journal;	/* must take all grants; NULL: none */
};

/*
 * Watch the disk of `folder_fd` (borrowed).  The ballast is not made yet: see
 * space_restore_ballast().  0 or -ENOMEM.
 */
int	space_open(int folder_fd, const struct space_options *,
	    struct space **space_out);
void	space_close(struct space *);

/*
 * Grant room for a message of `bytes`: within the budget, what the journal can
 * take and what the disk has.  -ENOSPC: put it off (452), nothing is granted;
 * or a negative errno when the disk cannot be asked.
 */
int	space_grant(struct space *, uint64_t bytes);
/* Give a grant of `bytes` back, used or not. */
void	space_release(struct space *, uint64_t bytes);
/* Bytes granted and not given back. */
uint64_t space_granted(const struct space *);

/* Bytes that are free for us on the disk.  0 or a negative errno. */
int	space_free(const struct space *, uint64_t *bytes_out);
/* Free is below free_bytes: nothing more is let in.  -errno when unknown. */
int	space_is_short(const struct space *, bool *short_out);

/* Next to nothing is free: less than half the ballast.  As above. */
int	space_is_full(const struct space *, bool *full_out);

/* Remove the ballast, so that what must be written can be.  0 or -errno. */
int	space_release_ballast(struct space *);
/*
 * Have the ballast, really allocated.  Not while that would leave less than
 * free_bytes: -ENOSPC, try again later.  May block for as long as writing it.
 */
int	space_restore_ballast(struct space *);
/* The ballast is there, whole. */
bool	space_has_ballast(const struct space *);

#endif
