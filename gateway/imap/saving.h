/*
 * saving.h - a big message of an APPEND, on its way into a file of the queue
 *
 * The bytes go through a pipe, and what it does not take yet is kept here: then
 * the session takes no input, and the client waits.  While something is waited
 * for session->asked is set; when that is not so any more the session goes on
 * with what it was at.
 */
#ifndef POSTROOM_GATEWAY_IMAP_SAVING_H
#define POSTROOM_GATEWAY_IMAP_SAVING_H

#include "gateway/imap/session.h"
#include "store/appending.h"

struct imapd_saving;		/* opaque; see saving.c */

/*
 * Ask for the file of a message of some `bytes`.  One at a time; what it costs
 * is given back by imapd_saving_end().  0 or -ENOMEM, -ENOTCONN, ...
 */
int	imapd_saving_begin(struct imapd_session *, uint64_t bytes,
	    struct imapd_saving **saving_out);
/* What went wrong so far, or 0: -ENOSPC, -EDQUOT, -EAGAIN ... */
int	imapd_saving_error(const struct imapd_saving *);
/* The next bytes, mended. */
void	imapd_saving_add(struct imapd_saving *, struct slice);
/* Send them; true: nothing is to be waited for now. */
bool	imapd_saving_flush(struct imapd_saving *);
/*
 * All have been added and sent: have the file made durable, and counted as the
 * account's.  Until the answer is there it is waited for.
 */
void	imapd_saving_finish(struct imapd_saving *, struct appending *);
/* And so it is a letter: what appending_add() is to know of its bytes. */
void	imapd_saving_letter(const struct imapd_saving *,
	    struct append_letter *);
/* Forget it; a file that has not become a letter goes.  NULL is fine. */
void	imapd_saving_end(struct imapd_saving *);

#endif
