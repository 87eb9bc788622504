/*
 * account.h - one account's mail: its index and its letters, one writer
 *
 * A letter is two pieces: its own trace lines, kept here, and the message as it
 * came.  Small messages are copied into the account's segments; one over
 * BIG_BYTES stays in the queue's big file and is known here by that name.
 *
 * What is durable when (DESIGN.md 3): account_deliver() and account_commit()
 * are NORMAL, the journal replays them; account_settle() and account_expunge()
 * are FULL and sync every segment first, so that a durable row always has its
 * bytes.  Single-threaded; one process holds one account (lock file).
 */
#ifndef POSTROOM_STORE_ACCOUNT_H
#define POSTROOM_STORE_ACCOUNT_H

#include "lib/base/id.h"
#include "lib/base/slice.h"

#define BIG_BYTES	(128 * 1024)	/* a larger message is a big file */
#define MAILBOX_INBOX	1		/* mailbox number of INBOX */
#define FOLDER_MAX_BYTES 255	/* of a mailbox's name */
#define FOLDER_MOST	1000	/* mailboxes of one account: what a client
				   still lists at once */
#define UIDL_CHARS	32		/* room for a UIDL and its NUL */

/* Flags of an entry, RFC 9051 2.3.2; all other words are keywords. */
#define LETTER_SEEN	0x01u
#define LETTER_ANSWERED	0x02u
#define LETTER_FLAGGED	0x04u
#define LETTER_DRAFT	0x08u
#define LETTER_FLAGS	0x0fu	/* those a letter may come with */
#define LETTER_DELETED	0x10u	/* to be expunged when a person says so */
#define LETTER_ALL_FLAGS 0x1fu
#define KEYWORDS_MOST	1024	/* bytes of all keywords of one entry */

struct account;			/* opaque; see account.c */
struct view;			/* opaque; a session's snapshot of a mailbox */

struct account_options {
	uint32_t	segment_bytes;	/* of a segment; default 64 MiB */
	uint32_t	uid_block;	/* numbers reserved at a time; 1,000 */
	unsigned char	hub_id[16];	/* in every database and segment */
};

/*
 * Open the account in `folder_fd` (borrowed), making index.db and letters/ in
 * an empty folder; recovers after a crash (numbering goes on after the reserved
 * block, one tombstone row covers the numbers that have no entry; orphan
 * letters of sessions that are gone are dropped).
 *
 *  0         *account_out is set.
 * -EBUSY     another process has it.
 * -EPROTO    made by a newer Postroom; *needs_out names the format it needs.
 * -EXDEV     the folder belongs to another hub id.
 * -EUCLEAN   the index is damaged, or missing although there are letters:
 *            account_repair() mends it (repair.h).
 * -EIO, -ENOSPC, ... as the system says.
 */
int	account_open(int folder_fd, const struct account_options *,
	    struct account **account_out, unsigned *needs_out);
/*
 * Commit what is open (FULL), give the unused numbers back, close, views too.
 * NULL is fine.  When a sync has failed, -EIO: nothing more is made durable,
 * and the next account_open() recovers as after a crash.
 */
int	account_close(struct account *);

struct delivery {
	struct message_id id;		/* id, action are the key: a second */
	uint32_t	 action;	/* delivery of both changes nothing */
	uint64_t	 position;	/* in the journal */
	uint32_t	 mailbox;	/* MAILBOX_INBOX; unless `folder` */
	struct slice	 folder;	/* name of a mailbox, made when it is
					   not there; empty: none named */
	int64_t		 received_at_utc_ms;
	uint8_t		 flags;		/* LETTER_SEEN, ... */
	struct slice	 keywords;	/* atoms, a space between */
	struct slice	 structure;	/* lib/message/structure.h; or empty */
	struct slice	 trace;		/* header lines of our own, CRLF */
	struct slice	 body;		/* the message; empty when it is big */
	uint64_t	 body_bytes;	/* its size, big or not */
	bool		 is_big;	/* in the queue's big file `id` */
	bool		 lacks_crlf;	/* does not end in CRLF */
	bool		 is_released;	/* a person has seen it and wants it */
	bool		 is_decided;	/* a list of theirs says where it goes */
	bool		 is_spam;	/* they have seen it and say so: a lesson */
};

/*
 * Write the letter and its rows in the open NORMAL transaction (begun here).
 * When the key is in `delivered` already the letter is read back (length,
 * CRC) and written again if it is damaged, or if an earlier life wrote it and
 * never vouched for it; *was_there_out is then true.  A letter deleted since
 * does not come back.
 *
 * A folder named INBOX, in any case of its letters, is INBOX.  What is released
 * is never filed into \Junk, and is a lesson from the start (lessons.h).
 *
 * 0; 1: it went into INBOX, though a folder was named, for there are FOLDER_MOST
 * mailboxes already, or that can be no mailbox's name, or is the \Junk of what
 * is released; or a negative errno:
 * nothing of this delivery is left in the transaction, but for an empty folder.
 * -ENOSPC, -EIO, -ENOENT (no such mailbox), -EMSGSIZE (a small body over
 * 256 KiB, or a trace over 64 KiB), -EINVAL (body_bytes is not the body's),
 * -EOVERFLOW (the mailbox has no more UIDs), -ECANCELED (see below).
 */
int	account_deliver(struct account *, const struct delivery *,
	    bool *was_there_out);
/*
 * Commit what was delivered since the last commit; NORMAL, or FULL when a block
 * of numbers was reserved.  After an error all of it is to be delivered again,
 * also when another call here (a view, an expunge) had committed it meanwhile
 * and failed.  -ECANCELED: a full disk has already undone it.
 */
int	account_commit(struct account *);
/*
 * Make every delivery at or below journal position `upto` durable: fdatasync
 * the segments, then one FULL commit of settled_to.  `prune_below`: the queue
 * needs no `delivered` keys of positions below it any more (keys that are not
 * settled stay all the same).  Commits what is open first.
 *
 * 0         it is durable.
 * -EIO      a sync failed, which is final: nothing was settled, and this
 *           account says -EIO from now on.  End the process; the next one
 *           does not believe what was not settled, and the journal delivers
 *           it again.
 * -ENOSPC, ...  nothing was settled; try again.
 */
int	account_settle(struct account *, uint64_t upto, uint64_t prune_below);
/* The position last settled. */
uint64_t account_settled_to(const struct account *);

/* One letter in a view.  Numbers are the places in the view, from 0. */
struct letter {
	uint64_t	 letter;	/* row of the letter */
	uint64_t	 entry;		/* row of the entry */
	uint32_t	 uid;
	uint64_t	 bytes;		/* trace, message, CRLF at the end */
	bool		 lacks_crlf;	/* a CRLF is missing at the end */
	char		 uidl[UIDL_CHARS];	/* 16 chars of id "." action */
};

/*
 * A snapshot of `mailbox` in order of UID.  A letter in it stays readable until
 * account_view_close(), whatever another view deletes meanwhile.  Commits what
 * is open first: nobody sees what could still be undone.  A letter whose row
 * makes no sense is listed too, with no bytes and a UIDL "damaged.HEX".
 * 0 or -errno.
 */
int	account_view_open(struct account *, uint32_t mailbox,
	    struct view **view_out);
void	account_view_close(struct account *, struct view *);
size_t	view_count(const struct view *);
const struct letter *view_letter(const struct view *, size_t n);

/* The bytes of a letter. */
struct letter_bytes {
	struct slice	 trace;		/* valid until the next account_ call */
	struct slice	 body;		/* same; empty when it is big */
	bool		 is_big;	/* ask the queue for big file `big` */
	struct message_id big;
	uint64_t	 body_bytes;
};

/*
 * Read letter `n` of the view.
 *
 *  0        *bytes_out is set.
 * -EBADMSG  its record is damaged or missing.
 * -EUCLEAN  its row makes no sense.
 * -ENOENT   this very view has deleted it.
 * -EIO, -ENOMEM
 */
int	account_read(struct account *, const struct view *, size_t n,
	    struct letter_bytes *bytes_out);

/*
 * Delete `count` letters of the view for good, because a person says so (RFC
 * 1939 6, the UPDATE state): one FULL commit after syncing the segments.
 * Tombstones keep their numbers.  A letter that somebody else deleted already
 * is no error.  Ids of big files no letter here refers to any more are handed
 * to `unref` (may be NULL) after the commit; a letter still in another view is
 * unreferenced when that closes.
 * `unref` returns 0 when it is told, or a negative errno: not now, and none of
 * the others either.  What was not told, by that or by a crash, is told when
 * something more is deleted, at each account_settle() and at the next
 * account_on_unref(); so an id may come twice.  It must not call account_.
 *
 * 0, -EINVAL (a number beyond the view), or a negative errno: then nothing was
 * deleted, unless it is -EIO, after which the next account_open() decides.
 */
typedef int account_unref_fn(void *arg, const struct message_id *big);
void	account_on_unref(struct account *, account_unref_fn *, void *arg);
int	account_expunge(struct account *, const struct view *,
	    const size_t *numbers, size_t count);

/*
 * What was deleted by account_expunge(), and so by a person, is remembered
 * message by message, durable with the deletion, until somebody says that the
 * queue has been told; what goes in any other way is not.  A message that a rule
 * filed twice counts once nothing of it is left; one that is delivered again
 * meanwhile does not.  Told of some, ask for more.
 */
int	account_expunged(struct account *, struct message_id *ids, size_t most,
	    size_t *count_out);
/* NORMAL: after a crash they are told again. */
int	account_expunged_told(struct account *, const struct message_id *ids,
	    size_t count);

/*
 * A step of housekeeping of at most some 10 ms: compacts one segment of which
 * half is garbage (copy live letters, sync, move the rows FULL, unlink last).
 * A segment with a letter that cannot be read is left as it is.
 * 1 there is more to do, 0 nothing left, or -errno.
 */
int	account_compact(struct account *);

/*
 * `fn` is told, after each commit, of every mailbox in which that changed
 * something: letters came or went, or have other flags.  It must not call
 * account_ or selected_, but have them called in another turn of the loop.
 */
typedef void account_change_fn(void *arg, uint32_t mailbox, uint64_t modseq);
void	account_on_change(struct account *, account_change_fn *, void *arg);
/*
 * Flags were changed that a power cut would undo: to be synced within
 * ACCOUNT_SYNC_MS.  account_sync() does, as every FULL commit meanwhile does.
 * Or few numbers for such changes are left, and no change is to wait until more
 * are reserved: account_sync() does that too.
 */
#define ACCOUNT_SYNC_MS	1000
bool	account_wants_sync(const struct account *);
int	account_sync(struct account *);
/*
 * A step of housekeeping of at most some 10 ms: what came for a COPY or APPEND
 * that was broken off goes, and entries of deleted mailboxes, and letters that
 * have no entry and are in no view.
 * 1 there is more to do, 0 nothing left, or -errno.
 */
int	account_tidy(struct account *);
/*
 * `fn` is told that people see what account_tidy() is to take away: it is to be
 * called soon.  It must not call account_.
 */
typedef void account_untidy_fn(void *arg);
void	account_on_untidy(struct account *, account_untidy_fn *, void *arg);
/*
 * Give back what memory can be had again; a session that idles wants none.  The
 * view that is kept (selected.h) goes when no session has had one for 10 s.
 */
void	account_rest(struct account *);

/* One entry, as people are shown it. */
struct listed_letter {
	uint64_t	 place;		/* mailbox, UID: the order of a listing */
	struct slice	 mailbox;	/* its name; UTF-8 */
	uint32_t	 uidvalidity, uid;
	uint8_t		 flags;
	struct slice	 keywords;
	int64_t		 received_at_utc_ms;	/* its INTERNALDATE */
	uint64_t	 bytes;		/* trace and message */
	struct message_id id;
};
/*
 * Up to `most` entries above `place`, in that order, of the mailbox `folder`;
 * of all, if that is empty.  Slices are valid within `fn`; it ends early when
 * that returns non-zero, with that.  0, -ENOENT (no such mailbox) or -errno.
 */
typedef int account_listed_fn(void *arg, const struct listed_letter *);
int	account_list(struct account *, struct slice folder, uint64_t place,
	    unsigned most, account_listed_fn *, void *arg);

/* One mailbox, as people are shown it. */
struct listed_folder {
	uint32_t	 mailbox;	/* its number: the order of a listing */
	struct slice	 name;		/* UTF-8 */
	uint32_t	 uidvalidity;
	uint64_t	 letters, bytes;
};
/* The same of up to `most` mailboxes above that number. */
typedef int account_folder_fn(void *arg, const struct listed_folder *);
int	account_folders(struct account *, uint32_t above, unsigned most,
	    account_folder_fn *, void *arg);

/* What `postroom status` shows. */
struct account_figures {
	uint64_t	letters, entries;
	uint64_t	bytes;		/* of letters, big files included */
	uint64_t	garbage_bytes;	/* of segments */
	uint64_t	segments;
};
int	account_figures(struct account *, struct account_figures *figures_out);

/*
 * Prove that index and letters in `folder_fd` agree, without writing; safe
 * beside a running hub.  Each fault is told as one sentence to `say`.  0 no
 * fault, 1 faults were told, or -errno when it could not be read at all.
 */
typedef void account_fault_fn(void *arg, const char *sentence);
int	account_check(int folder_fd, account_fault_fn *say, void *arg);
/*
 * Each letter in `folder_fd` that is in a big file of the queue, with the size
 * it should have; as read-only, and as safe.  0 or -errno.
 */
typedef void account_big_fn(void *arg, const struct message_id *big,
	    uint64_t bytes);
int	account_big_each(int folder_fd, account_big_fn *, void *arg);
/*
 * How far the account in `folder_fd` is settled, its index says; 0 for one that
 * was never begun.  As read-only, and as safe.  0 or -errno.
 */
int	account_settled_read(int folder_fd, uint64_t *position_out);

#endif
