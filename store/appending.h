/*
 * appending.h - APPEND: a person puts letters into a mailbox
 *
 * They do not walk the road: the bytes are written as they come, their rows in
 * one FULL commit with those of all letters of the command (RFC 3502: all or
 * none).  What is never committed is garbage, which compaction takes, or, in a
 * big file, the queue.
 */
#ifndef POSTROOM_STORE_APPENDING_H
#define POSTROOM_STORE_APPENDING_H

#include "store/imported.h"
#include "store/selected.h"

#define APPENDING_MOST	SELECTED_STEP	/* letters of one commit; 0.5 KiB each
					   are kept for it, and structures */

struct append_letter {
	int64_t		 received_at_utc_ms;
	uint8_t		 flags;		/* of LETTER_ALL_FLAGS */
	struct slice	 keywords;	/* words, a space between */
	struct slice	 body;		/* with CRLF and without NUL; empty when
					   it is big */
	uint64_t	 body_bytes;
	bool		 is_big;	/* in the queue's big file `big` */
	struct message_id big;		/* expected, then made durable and
					   counted as ours */
	bool		 lacks_crlf;
	struct slice	 structure;	/* lib/message/structure.h; or empty */
	struct slice	 import_key;	/* IMPORT_KEY_BYTES, or empty */
	struct message_id moved;	/* zero, or what it is to be called: one
					   that is there is not put there twice */
};

struct appending;		/* opaque; see appending.c */

/* Into `mailbox`.  0, -ENOENT (there is none) or -ENOMEM. */
int	appending_new(struct account *, uint32_t mailbox,
	    struct appending **appending_out);
/*
 * A big file `big` may become a letter; it is about to be counted as ours.  If
 * none is made of it, be it for a crash, it is told as not needed
 * (account_on_unref()) when the APPEND has ended.  FULL.  0 or -errno.
 */
int	appending_expect(struct appending *, const struct message_id *big);
/*
 * Write one more letter.  0, 1 (`moved` is there: nothing is written),
 * -EMSGSIZE (a small body over BIG_BYTES), -EINVAL (a keyword that is no atom,
 * no such flag, or sizes that differ), -E2BIG (KEYWORDS_MOST, or APPENDING_MOST
 * since the last step), or as the disk says.
 */
int	appending_add(struct appending *, const struct append_letter *);
/*
 * Make what was added visible, to make room for more: it goes again, as
 * unfinished.h has it, unless appending_commit() follows.  Errors as there, and
 * -EINVAL (an import: its key is not taken back).
 */
int	appending_step(struct appending *);
/*
 * Of the `n`th letter of those that were added last, before any step; NULL
 * beyond, and once it was found that another had moved it here meanwhile.  Valid
 * until another is added behind a step, or the end.
 */
const struct message_id *appending_id(const struct appending *, size_t n);
/*
 * They take the place of the letter that has this UID in a view, which must last
 * as long: it is deleted in their commit (RFC 8508), wherever they go.
 */
void	appending_replaces(struct appending *, struct selected *,
	    uint32_t uid);
/*
 * Make them visible and durable, in their order, under UIDs that follow each
 * other from *first_uid_out on; those of steps (appending_uids()) are finished
 * with them.  Once.  0, -ENOENT (the mailbox was deleted),
 * -E2BIG (KEYWORDS_OF_MAILBOX), -EOVERFLOW (it has no more UIDs), -EIDRM
 * (somebody has deleted the letter that they replace), -EEXIST (one of them was
 * imported meanwhile) or as the disk says: then there is nothing of them, and
 * what they replace is still there.
 */
int	appending_commit(struct appending *, uint32_t *uidvalidity_out,
	    uint32_t *first_uid_out);
/* What all of them have for UIDs by now, but for those that another was quicker
 * to move here; they ascend. */
const uint32_t *appending_uids(const struct appending *, size_t *count_out);
/* End it; what was not committed is garbage.  NULL is fine. */
void	appending_end(struct appending *);

#endif
