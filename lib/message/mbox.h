/*
 * mbox.h - mailboxes in one file (RFC 4155, and what is called mbox beside it)
 *
 * A message follows a line that begins with "From ", and an empty line follows
 * it.  A line of its text that looks like the first of those was given a ">" by
 * whoever wrote the file: once (mboxo), or each time (mboxrd: one ">" more than
 * it had).  What was noted of a message stands in fields of its header, which
 * are no part of it: Status and X-Status (mutt, Dovecot, c-client), X-Keywords,
 * X-UID, X-IMAP and X-IMAPbase (Dovecot, c-client), X-Mozilla-* (Thunderbird).
 *
 * A sender may write such fields, too; those are part of the message.  Of each
 * the first one is the note: mutt, Dovecot and c-client leave no other.  Those of
 * Thunderbird stand in front of all that came with the message, with nothing but
 * X-Account-Key and X-UIDL among them, and where it has noted something no other
 * program has.  A message that was delivered is none that a program keeps.
 *
 * No I/O: a reader of files brings the bytes.
 */
#ifndef POSTROOM_MESSAGE_MBOX_H
#define POSTROOM_MESSAGE_MBOX_H

#include "lib/message/marks.h"

/* A line this long separates nothing: addresses and dates are shorter. */
#define MBOX_FROM_MOST	1000

enum mbox_quoting {
	MBOX_RD,		/* one ">" less before each ">From " */
	MBOX_O,			/* only ">From " has lost one */
	MBOX_AS_IS		/* nothing was quoted */
};

/* Is this the beginning of such a file?  1000 bytes of it are enough. */
bool	mbox_begins(struct slice);

/*
 * `bytes` begin with a "From " line: find the one behind the message.  Up to
 * *scanned was looked at before (0 at first).  True: the message, line and all,
 * has *end_out bytes.  False: more of the file is needed; with `is_last` there
 * is none, and what is there is the message.
 *
 * A line separates when it has a date and follows an empty line, or is followed
 * by a header field; without a date (some Thunderbirds) it must be "From" alone
 * with both.
 */
bool	mbox_end(struct slice bytes, bool is_last, size_t *scanned,
	    size_t *end_out);

struct mbox_message {
	bool		has_date;	/* of the "From " line */
	bool		has_zone;	/* else it is in the writer's own */
	int64_t		seconds;	/* since 1970, as if it was UTC without
					   a zone */
	unsigned	marks;
	bool		is_gone;	/* deleted, and waits to be compacted */
	bool		is_internal;	/* of the mail program's, no message */
};

/*
 * Read what mbox_end() found.  The message itself is added to `message`, line
 * ends as in the file; its keywords to `keywords`, a space between, some of
 * which may be nothing for IMAP (mark_is_keyword()).
 */
void	mbox_read(struct slice bytes, enum mbox_quoting,
	    struct mbox_message *message_out, struct text *message,
	    struct text *keywords);

#endif
