/*
 * relay.h - commands about mailboxes of other accounts (RFC 4314)
 *
 * Such a command is carried out in the process of the account that owns the
 * mailbox, by a session of this very server that judges what its visitor may do
 * there (visitor.h); we pass the command on as it came and the answer back as it
 * comes.  So nothing of another account is ever in this process, and no process
 * believes another who somebody is: the channel says it.
 *
 * Another person's mailboxes are below "Users/ADDRESS", those of a public
 * account below "Public/ADDRESS".  A mailbox of one's own of such a name, and
 * what is below it, comes first.
 */
#ifndef POSTROOM_GATEWAY_IMAP_RELAY_H
#define POSTROOM_GATEWAY_IMAP_RELAY_H

#include "gateway/imap/session.h"

#define IMAPD_USERS	"Users"
#define IMAPD_PUBLIC	"Public"

struct share;			/* policy/shares.h */

/*
 * Is the mailbox of the command here?  True: *name is what it is called here.
 * False: the command is being carried out elsewhere, or was refused.
 */
bool	imapd_is_here(struct imapd_session *, struct slice *name);
/* The same of one that something is put into: "NO [TRYCREATE]". */
bool	imapd_is_here_into(struct imapd_session *, struct slice *name);
/* The same of APPEND, whose message is still to come; refused by `refuse`. */
typedef void imapd_refused_fn(struct imapd_session *, int error);
bool	imapd_is_here_append(struct imapd_session *, struct slice *name,
	    imapd_refused_fn *refuse);
/*
 * Is that a name of another account's?  Then *prefix_out is its beginning,
 * "Users/ADDRESS", or as much of that as there is.
 */
bool	imapd_is_elsewhere(const struct imapd_session *, struct slice name,
	    struct slice *prefix_out);
/* Add "Users/ADDRESS", or what a public one is below. */
void	imapd_add_prefix(struct text *, const struct share *);

/* Does the command concern the mailbox that is selected, and is that elsewhere?
 * Then carry it out there. */
bool	imapd_belongs_away(const struct imapd_session *);
void	imapd_relay_away(struct imapd_session *);
/* The same of a command with a message behind it. */
void	imapd_relay_message(struct imapd_session *);
/*
 * Say `command` (lent until the command ends) in place of what the client said
 * where names begin with `prefix`, and pass on the client's message; `put` is
 * given the answer: "OK [APPENDUID 38505 3955] it is kept".
 */
typedef void imapd_put_fn(struct imapd_session *, void *arg,
	    struct slice answer);
void	imapd_relay_put(struct imapd_session *, struct slice prefix,
	    struct slice command, imapd_refused_fn *refuse, imapd_put_fn *put,
	    void *arg);
/* Is that where the selected mailbox is? */
bool	imapd_is_away_at(const struct imapd_session *, struct slice prefix);
/* Leave the mailbox that is selected elsewhere, if one is. */
void	imapd_leave_away(struct imapd_session *);
/* End what goes on elsewhere; but not where the selected mailbox is, unless it
 * is all that is to be ended. */
void	imapd_visits_end(struct imapd_session *, bool all);

#endif
