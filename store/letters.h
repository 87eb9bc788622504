/*
 * letters.h - the bytes of an account's letters: append-only segments
 *
 * Files letters/NNNN.seg of records (record.h), numbered upwards, no number
 * used twice.  Where a letter stands is known to the index alone.  Appending
 * is a plain write behind the last record; the bytes are on the disk when
 * letters_sync() has returned 0 for their segment.
 *
 * A failed write to the disk (fdatasync) is final: nothing more is appended or
 * vouched for in this life, everything answers -EIO.  What was not synced is
 * still in the journal; the next life begins a new segment (the old one is
 * longer than anybody vouched for) and writes it again there.
 *
 * Letters are read with pread into one buffer, not mapped: a bad sector is then
 * -EIO for one letter, and not a SIGBUS for the whole mailbox.
 */
#ifndef POSTROOM_STORE_LETTERS_H
#define POSTROOM_STORE_LETTERS_H

#include "store/record.h"

struct letters;			/* opaque; see letters.c */

struct letters_options {
	unsigned char	hub_id[HUB_ID_BYTES];
	uint32_t	segment_bytes;	/* begin the next one above this */
	uint32_t	last;		/* newest segment known, or 0 */
	uint64_t	last_bytes;	/* of it that are vouched for */
	bool		only_reading;	/* make nothing, append nothing */
};

/* Where a record stands. */
struct place {
	uint32_t	segment;
	uint64_t	offset;		/* of its header */
	uint32_t	bytes;		/* of the whole record */
};

/*
 * Open the segments below `folder_fd` (borrowed), making letters/ if it is not
 * there.  Goes on in the newest segment if it has exactly the bytes that are
 * vouched for; else, after a crash, a new one is begun.  `*first_out` is the
 * segment with the first append of this life: what stands before it was
 * written by an earlier one.
 */
int	letters_open(int folder_fd, const struct letters_options *,
	    struct letters **letters_out, uint32_t *first_out);
/* Nothing is synced.  NULL is fine. */
void	letters_close(struct letters *);
/*
 * Write `record` behind the last one.  A segment that is full is synced before
 * the next begins.  0, -EMSGSIZE (over the limits of record.h), -ENOSPC, -EIO:
 * then no record was added.
 */
int	letters_append(struct letters *, const struct record *,
	    struct place *place_out);
/*
 * Make segment `number` durable, name and bytes; *bytes_out is its size.
 * 0, -ENOENT, or -EIO for ever.
 */
int	letters_sync(struct letters *, uint32_t number, uint64_t *bytes_out);
/*
 * Read the record at `place`; its slices live until the next call.
 * 0, -EBADMSG (no record of that size there, or damaged), -EIO, -ENOMEM.
 */
int	letters_read(struct letters *, const struct place *,
	    struct record *record_out);
/* Remove a whole segment, never the newest; one that is gone is fine. */
int	letters_drop(struct letters *, uint32_t number);

#endif
