/*
 * segments.h - what the index knows of each segment of letters
 *
 * How many of its bytes are vouched for (synced before a FULL commit that says
 * so), and how many are garbage.  A segment is open while it is appended to,
 * sealed when full or when an earlier life left it longer than it vouched for;
 * emptied when compaction has moved all its letters, and kept when it has a
 * damaged letter, which is never thrown away.
 */
#ifndef POSTROOM_STORE_SEGMENTS_H
#define POSTROOM_STORE_SEGMENTS_H

#include "store/index.h"

enum segment_state {		/* as index.db has them */
	SEGMENT_OPEN,
	SEGMENT_SEALED,
	SEGMENT_KEPT,
	SEGMENT_EMPTIED,
	SEGMENT_STATES
};

/* The newest segment and its bytes vouched for; 0, 0 when there is none. */
int	segments_last(struct index *, uint32_t *number_out,
	    uint64_t *vouched_out);
/* The first open segment above `after`: 1, or 0 when there is none. */
int	segments_open_after(struct index *, uint32_t after,
	    uint32_t *number_out);
/* All `bytes` of segment `number` are synced; note it in a FULL commit. */
int	segments_vouch(struct index *, uint32_t number, uint64_t bytes,
	    bool is_sealed);
/* 1: the place is in what is vouched for, 0: it is not. */
int	segments_is_vouched(struct index *, const struct place *);
/*
 * Nothing is appended to segment `number` of `bytes` bytes any more; what no
 * letter needs is garbage.  Nothing more of it is vouched for.
 */
int	segments_seal(struct index *, uint32_t number, uint64_t bytes);
/* A sealed segment of which half is garbage, or an emptied one: 1, or 0. */
int	segments_worst(struct index *, uint32_t *number_out,
	    enum segment_state *state_out);
int	segments_set(struct index *, uint32_t number, enum segment_state);
/* Its file is gone. */
int	segments_forget(struct index *, uint32_t number);
/*
 * Up to `most` letters in order of their number from above `*after`, which is
 * moved on.  Their count, 0 at the end.  A row that makes no sense has the
 * segment 0.
 */
int	segments_letters(struct index *, uint64_t *after, size_t most,
	    struct letter_row *rows_out);
/* What `postroom status` shows. */
int	segments_figures(struct index *, struct account_figures *figures_out);

#endif
