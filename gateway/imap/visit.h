/*
 * visit.h - connections to sessions in the processes of other accounts
 *
 * For relay.c and across.c.  A visit is kept for the next command, as long as
 * there is room for it.  What waits for one is called again when something came
 * of it, or when it is lost.
 */
#ifndef POSTROOM_GATEWAY_IMAP_VISIT_H
#define POSTROOM_GATEWAY_IMAP_VISIT_H

#include "gateway/imap/frame.h"
#include "gateway/imap/session.h"

/* In place of a prefix: our own account, in a session of its own. */
#define IMAPD_OURSELVES	"."

struct imapd_visit {
	struct imapd_session *session;
	struct stream	*stream;
	struct imapd_frame frame;
	char		 prefix[IMAPD_PREFIX_SIZE];
	bool		 is_lost;	/* what came before may be there yet */
};

/* There is the visit, or NULL and why not: -ENOENT (who owns those mailboxes
 * shares nothing with us), -EAGAIN, ...  It sets the next step. */
typedef void imapd_ready_fn(struct imapd_session *, struct imapd_visit *,
	    int error);
/*
 * Visit where names begin with `prefix`; `ready` is called now or later, once.
 * The command under way waits till then.  0, or -errno: it is not called.
 */
int	imapd_visit(struct imapd_session *, struct slice prefix,
	    imapd_ready_fn *ready);
/* Room for so many more, before the first of them. */
void	imapd_visits_room(struct imapd_session *, size_t count);
/* End it; if the selected mailbox is there, none is selected any more. */
void	imapd_visit_end(struct imapd_visit *);
/* The command goes on when something has come of a visit. */
void	imapd_visit_wait(struct imapd_session *);
/* The next line of it, with its end: false: there is none yet. */
bool	imapd_visit_line(const struct imapd_visit *, struct slice *line_out);

#endif
