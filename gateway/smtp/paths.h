/*
 * paths.h - the arguments of MAIL and RCPT, and what is said of bad ones
 */
#ifndef POSTROOM_GATEWAY_SMTP_PATHS_H
#define POSTROOM_GATEWAY_SMTP_PATHS_H

#include "gateway/smtp/session.h"
#include "lib/message/path.h"

/* An A-label may be longer than what was given */
#define ADDRESS_ROOM	512u

/*
 * Read `word` ("FROM:" or "TO:") and the path behind it off the front of
 * `*args`.  False: it was refused with a reply.
 */
bool	smtp_path(struct smtp_session *, const char *word, struct slice *args,
	    enum path_kind, bool utf8, struct path *path_out);
/* Refuse parameters as params_mail() or params_rcpt() did. */
void	smtp_reply_params(struct smtp_session *, int error, const char *why);

#endif
