/*
 * copying.h - COPY and MOVE from a view into a mailbox of the same account
 *
 * A copy is an entry, not a letter: no bytes are written.  A large one is made
 * in steps, between which the session comes back to the loop.  A COPY is all or
 * nothing (RFC 9051 6.4.7): the entries of one that was not finished go when it
 * is ended, or when the account is opened after a crash.  A MOVE moves the
 * letters of each step whole, and those it did not come to stay (RFC 6851 3.3).
 * What either says of a letter (lessons.h) is noted with its step; a COPY that
 * is taken back was said all the same.
 */
#ifndef POSTROOM_STORE_COPYING_H
#define POSTROOM_STORE_COPYING_H

#include "store/lessons.h"
#include "store/selected.h"

/*
 * Letters of the mailbox they go to.  A copy costs a row, so that a client could
 * double a mailbox again and again; an open one has 32 bytes of memory for each
 * of its letters.  Mail that is delivered has no such limit.
 */
#define COPYING_LETTERS_MOST	2000000u

struct copying;			/* opaque; see copying.c */

/* From a view, which must last as long.  0, -ENOENT (no such mailbox), ... */
int	copying_new(struct selected *from, uint32_t to, bool is_move,
	    struct copying **copying_out);
/* Of their flags copies have these only, and their words only if so.  What is
 * moved keeps all.  Before copying_add(). */
void	copying_keep(struct copying *, uint8_t flags, bool keywords);
/*
 * The next letters, SELECTED_STEP at the most; `numbers` ascend.  uids_out[i] is
 * the UID that letter has in the mailbox now, 0 when it was deleted meanwhile
 * and is passed over; they ascend.  A step of a MOVE, and the one that
 * `is_last` (it may have no letters), are FULL, with all before.
 * 0, -EINVAL, -E2BIG (that, or KEYWORDS_OF_MAILBOX: vocabulary.h), -EFBIG
 * (COPYING_LETTERS_MOST), -ENOENT (the mailbox was deleted), -EOVERFLOW (it has
 * no more UIDs) or as the disk says: then nothing of this step was done.
 */
int	copying_add(struct copying *, const size_t *numbers, size_t count,
	    bool is_last, uint32_t *uids_out);
/*
 * What the last step said of each letter it took, for LESSON_NONE nothing.
 */
enum lesson copying_lesson(const struct copying *);
/* Of the mailbox the letters are copied to. */
uint32_t copying_uidvalidity(const struct copying *);
/*
 * End it; what a COPY that had no last step has copied is taken back (unfinished.h).
 * NULL is fine.
 */
void	copying_end(struct copying *);

#endif
