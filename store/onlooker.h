/*
 * onlooker.h - the letters of an account, read beside the process that owns it
 *
 * For whoever only wants to know what is there.  Nothing is written and no lock
 * is taken, and no picture of the index is held for long, so that its owner is
 * not kept from shortening the log.  What goes meanwhile is passed over.
 */
#ifndef POSTROOM_STORE_ONLOOKER_H
#define POSTROOM_STORE_ONLOOKER_H

#include "store/index.h"

struct onlooker;		/* opaque; see onlooker.c */

/*
 * The account in `folder_fd`, which is borrowed until the close.
 * 0, -ENODATA (nothing was ever in it), -EROFS (its log is to be worked in
 * first, which its owner does), -EUCLEAN, -EPROTO, or as the system says.
 */
int	onlooker_open(int folder_fd, struct onlooker **onlooker_out);
/* NULL is fine. */
void	onlooker_close(struct onlooker *);

/* An entry: a letter in a mailbox. */
struct onlooked {
	uint64_t	 letter;	/* its number, for onlooker_read() */
	struct message_id id;
	int64_t		 received_at_utc_ms;
	int64_t		 saved_at_utc_ms;	/* it was put there; 0: long ago */
	uint64_t	 bytes;		/* trace and message */
	uint32_t	 mailbox;
	uint32_t	 uidvalidity, uid;
	struct slice	 name;		/* of the mailbox; within the call */
	uint8_t		 uses;		/* FOLDER_JUNK, ... (folders.h) */
	uint8_t		 flags;		/* LETTER_SEEN, ... */
};

/*
 * Every entry of a letter received at that time or since, mailbox by mailbox in
 * order of UID.  Ends early when `fn` returns non-zero, with that.  0 or a
 * negative errno; a row that makes no sense is passed over.
 */
typedef int onlooked_fn(void *arg, const struct onlooked *);
int	onlooker_each(struct onlooker *, int64_t since_utc_ms, onlooked_fn *,
	    void *arg);

/*
 * Read a letter; its slices live until the next call, and *row_out says what the
 * index knows of it.  0; -ENOENT (it is gone); -EBADMSG (damaged), or -errno.
 */
int	onlooker_read(struct onlooker *, uint64_t letter,
	    struct letter_row *row_out, struct record *record_out);

#endif
