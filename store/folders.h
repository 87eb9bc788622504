/*
 * folders.h - the mailboxes of an account, as a mail program arranges them
 *
 * A name is Net-Unicode (RFC 5198: UTF-8 in NFC without control characters) of
 * at most FOLDER_MAX_BYTES; a '/' separates its levels, none of which is empty
 * (RFC 9051 5.1.1).  INBOX is INBOX in any case of its letters, and so is it as
 * the first level of another name.  Each function brings a name it is given
 * into that form first; a '/' at its end is dropped (6.3.4).  A name made by a
 * rule before there was that form is found as it stands.
 *
 * Which names are only names is derived, not stored: one that other mailboxes
 * stand below and that is none itself lasts as long as they do.
 *
 * What changes something is FULL: durable when it returns 0.  After an error
 * nothing was changed, unless that is -EIO.  A number is never given again, nor
 * a UIDVALIDITY.
 */
#ifndef POSTROOM_STORE_FOLDERS_H
#define POSTROOM_STORE_FOLDERS_H

#include "store/account.h"

#define FOLDER_SEPARATOR	'/'
#define SUBSCRIPTIONS_MOST	2000	/* names; twice the mailboxes */

/* Special uses (RFC 6154 2); at most one mailbox has each. */
#define FOLDER_SENT	0x01u
#define FOLDER_DRAFTS	0x02u
#define FOLDER_JUNK	0x04u
#define FOLDER_TRASH	0x08u
#define FOLDER_ARCHIVE	0x10u
#define FOLDER_USES	0x1fu

struct folder_name {
	char		bytes[FOLDER_MAX_BYTES + 1];	/* with a NUL */
	size_t		len;
};
/* The form of a name that was given.  0, -EINVAL (it is none) or -ENOMEM. */
int	folder_name(struct slice given, struct folder_name *name_out);

struct folder {
	uint32_t	 mailbox;	/* its number; 0: only a name */
	struct slice	 name;
	uint8_t		 uses;		/* FOLDER_SENT, ... */
	bool		 is_subscribed;
	bool		 is_name;	/* of a mailbox or of a level above one;
					   else of a subscription alone */
	bool		 has_children;	/* mailboxes, some levels below it */
};
/*
 * Every name there is: INBOX and what is below it, then the others; each right
 * before what is below it.  Slices live within `fn`; it ends early when that
 * returns non-zero, with that.  0 or -errno.
 */
typedef int folder_fn(void *arg, const struct folder *);
int	folders_each(struct account *, folder_fn *, void *arg);

/* 0, -ENOENT (no mailbox has that name), -EINVAL (none can) or -errno. */
int	folder_find(struct account *, struct slice name,
	    uint32_t *mailbox_out);

struct folder_status {
	uint32_t	mailbox;	/* its number */
	uint32_t	uidvalidity;
	uint32_t	uidnext;	/* 0: there are no more UIDs */
	uint32_t	messages, unseen, deleted;
	uint64_t	bytes;		/* RFC 8438 */
	uint64_t	highest_modseq;	/* RFC 7162; at least 1 */
};
/* From memory.  What is not committed is not in it.  0 or -ENOENT. */
int	folder_status(struct account *, uint32_t mailbox,
	    struct folder_status *status_out);

/*
 * Make a mailbox with these uses, and those levels above it that are none yet.
 * -EEXIST; -EINVAL (no name, or one that LIST could not ask for: '%', '*');
 * -EDQUOT (FOLDER_MOST there are already); -EMLINK (another mailbox has that
 * use); or as the disk says.
 */
int	folder_create(struct account *, struct slice name, unsigned uses,
	    uint32_t *mailbox_out);
/*
 * Delete a mailbox with its letters; what is below it stays (RFC 9051 6.3.5).
 * -ENOENT; -EPERM (INBOX); -ENOTEMPTY (it is only a name, and others are below
 * it).
 */
int	folder_delete(struct account *, struct slice name);
/*
 * Rename it and all that is below it; levels above the new name are made.
 * Letters in INBOX move into a new mailbox, INBOX and what is below it stay
 * (RFC 9051 6.3.6).  Subscriptions stay as they are.
 * -ENOENT; -EEXIST (there is a mailbox of the new name, or of one below it);
 * -EINVAL (no name, one too long, or the new one is below the old); -EDQUOT;
 * -ETXTBSY (INBOX, while letters come into it that may go again: unfinished.h).
 */
int	folder_rename(struct account *, struct slice from, struct slice to);
/*
 * Subscribe or unsubscribe a name, of a mailbox or of none; again is no error.
 * -EINVAL; -EDQUOT (SUBSCRIPTIONS_MOST).
 */
int	folder_subscribe(struct account *, struct slice name,
	    bool is_subscribed);
/*
 * Before a mail program sees mailboxes: make Sent, Drafts, Junk, Trash and
 * Archive, or give the use to the one of that name, and subscribe to all there
 * are.  Once in the life of an account: what a person deletes does not return.
 */
int	folders_ready(struct account *);

#endif
