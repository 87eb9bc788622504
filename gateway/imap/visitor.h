/*
 * visitor.h - what somebody may do in mailboxes that are not theirs (RFC 4314)
 *
 * A session of the account's own people may do everything, and all of this says
 * so.  A visitor's may do what the rows of store/rights.h say, which are looked
 * at anew for every command: what is taken from them is taken at once.  Who may
 * not even look is told the same words as of a mailbox that is not there.
 */
#ifndef POSTROOM_GATEWAY_IMAP_VISITOR_H
#define POSTROOM_GATEWAY_IMAP_VISITOR_H

#include "gateway/imap/session.h"
#include "store/rights.h"

/* Words that stand for a name we do not say anything about. */
#define IMAPD_NO_MAILBOX "NO [NONEXISTENT] there is no such mailbox"
#define IMAPD_NO_TARGET	"NO [TRYCREATE] there is no such mailbox"

/* May a visitor give this command at all? */
bool	imapd_may_visit(const struct imapd_command *);
/*
 * Look at what the visitor may do in the mailbox that is open; is the command
 * legal in it?  False: it was refused.
 */
bool	imapd_may_run(struct imapd_session *);

/* What is left of the name when the visitor's prefix is taken off it; false: it
 * does not begin so. */
bool	imapd_strip(const struct imapd_session *, struct slice *name);
/* What the session's person may do in `mailbox`.  0 or -errno. */
int	imapd_rights(const struct imapd_session *, uint32_t mailbox,
	    unsigned *rights_out);
/*
 * May they do that (RIGHT_ bits, all of them) in `mailbox`?  0, -EACCES, -ENOENT
 * (they are not to know of it) or -errno.
 */
int	imapd_may(const struct imapd_session *, uint32_t mailbox,
	    unsigned rights);
/* The number of mailbox `name`, if they may do that in it: as folder_find() and
 * imapd_may() have it. */
int	imapd_find_mailbox(const struct imapd_session *, struct slice name,
	    unsigned rights, uint32_t *mailbox_out);
/*
 * May they make a mailbox of that name (RFC 4314 4: k in the nearest above it)?
 * *above_out is that one; INBOX where there is none.  As imapd_may().
 */
int	imapd_may_make(const struct imapd_session *, struct slice name,
	    uint32_t *above_out);
/*
 * What came of making `name`, as they may hear it: -EEXIST becomes -EACCES where
 * that would tell of a mailbox that they may not look up.
 */
int	imapd_hide(const struct imapd_session *, struct slice name, int error);
/* May news of the mailbox that is open be told?  A visitor's rights in it are
 * looked at again: they may be others than when the command began. */
bool	imapd_may_hear(struct imapd_session *);
/* Of these flags those that may be set or taken (LETTER_ bits). */
uint8_t	imapd_may_flags(unsigned rights);
/* The command's last words are said, but whoever lists mailboxes is to know what
 * was changed before they are heard. */
void	imapd_tell_shared(struct imapd_session *);
/* Add the name of a mailbox of this account as the client has it. */
void	imapd_add_name(const struct imapd_session *, struct text *,
	    struct slice name);

#endif
