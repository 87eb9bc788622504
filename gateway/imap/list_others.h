/*
 * list_others.h - names of mailboxes of other accounts, in a LIST
 */
#ifndef POSTROOM_GATEWAY_IMAP_LIST_OTHERS_H
#define POSTROOM_GATEWAY_IMAP_LIST_OTHERS_H

#include "gateway/imap/session.h"
#include "store/folders.h"

/* In struct folder, of a mailbox that is not here: a number that none has. */
#define IMAPD_MAILBOX_ELSEWHERE UINT32_MAX
/* Names of others in one LIST: what the keeper tells is some 2,000 mailboxes,
 * and each may have levels above it that are none. */
#define IMAPD_OTHERS_MOST 8192

/*
 * Can a name of another account's match one of the patterns?  Else nobody need
 * be asked.
 */
bool	imapd_wants_others(const struct slice *patterns, size_t count);
/*
 * Add what is shared with us (`shares` as imapd_shares_fn has it) and may be
 * seen to the *count `folders`, in which there is room for IMAPD_OTHERS_MOST
 * more; names that we only subscribe to become those of mailboxes.  They are
 * all in one order again.  0 or -ENOMEM.
 */
int	imapd_list_others(struct imapd_session *, struct slice shares,
	    struct folder *folders, size_t *count);

#endif
