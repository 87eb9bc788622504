/*
 * paths.c - the arguments of MAIL and RCPT, and what is said of bad ones
 */
#include "gateway/smtp/paths.h"

#include <errno.h>
#include <string.h>

#include "lib/message/params.h"

bool
smtp_path(struct smtp_session *session, const char *word, struct slice *args,
    enum path_kind kind, bool utf8, struct path *path_out)
{
	/* RFC 3463 3.2: X.1.7 for the sender's, X.1.3 for the recipient's */
	const char *status = kind == PATH_REVERSE ? "5.1.7" : "5.1.3";
	struct slice s;
	int r;

	if (!slice_has_prefix(*args, word)) {
		smtp_replyf(session, 501, "5.5.4", "Say %s<address>", word);
		return false;
	}
	/* no blank may stand here, but many a device puts one */
	s = slice_trim(slice_after(*args, strlen(word)));
	r = path_parse(&s, kind, utf8, path_out);
	if (r == 0) {
		*args = s;
		return true;
	}
	if (r == -EILSEQ)
		smtp_reply(session, 553, "5.6.7",
		    "This address needs SMTPUTF8");
	else
		smtp_replyf(session, 501, status, r == -E2BIG ?
		    "The address is too long" :
		    "This is no address: say %s<name@domain>", word);
	return false;
}

void
smtp_reply_params(struct smtp_session *session, int error, const char *why)
{
	if (error == -ENOTSUP)
		smtp_reply(session, 555, "5.5.4", why);
	else if (error == -ENOBUFS)
		smtp_reply(session, 452, "4.3.1", why);
	else
		smtp_reply(session, 501, "5.5.4", why);
}
