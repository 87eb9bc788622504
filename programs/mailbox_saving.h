/*
 * mailbox_saving.h - what a session asks the queue of a big message it takes
 *
 * A session asks one thing at a time, so it has one question or none.
 */
#ifndef POSTROOM_PROGRAMS_MAILBOX_SAVING_H
#define POSTROOM_PROGRAMS_MAILBOX_SAVING_H

#include "gateway/imap/imap.h"
#include "lib/base/ipc.h"

struct saving_question;		/* opaque; see mailbox_saving.c */

/*
 * As the ports `file` and `keep` of a session.  *question is where it stands
 * until it is answered, and then NULL.  `queue` may be NULL: -ENOTCONN.
 */
int	saving_ask_file(struct ipc *queue, uint64_t bytes,
	    imapd_file_fn *reply, void *arg,
	    struct saving_question **question);
int	saving_ask_keep(struct ipc *queue, uint64_t ticket,
	    imapd_kept_fn *reply, void *arg,
	    struct saving_question **question);
/* Nobody waits for it any more; a file it still brings goes.  NULL is fine. */
void	saving_forget(struct saving_question *);
/* As the port `abandon`. */
void	saving_abandon_file(struct ipc *queue, uint64_t ticket);

#endif
