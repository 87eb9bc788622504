/*
 * starttls.c - STARTTLS (RFC 3207)
 *
 * What the client said in clear is forgotten, its name too (4.2), but not how
 * often its passwords were wrong; and what it
 * sent behind the command is never read (HARDENING A20): the dispatcher sees
 * what has come, stream_start_tls() what came since.
 */
#include "gateway/smtp/commands.h"

bool
smtp_offers_starttls(const struct smtp_session *session)
{
	return session->options.offers_starttls &&
	    session->options.tls != NULL && !stream_has_tls(session->stream);
}

void
smtp_starttls(struct smtp_session *session, struct slice args)
{
	(void)args;
	if (!smtp_offers_starttls(session)) {
		smtp_reply(session, 502, "5.5.1", "TLS is not offered here");
		return;
	}
	smtp_reply(session, 220, "2.0.0", "Ready for TLS");
	smtp_flush(session);
	session->helo_len = 0;
	/* who had logged in, long ago perhaps, has the time of a stranger again */
	if (session->account != 0)
		session->began_ms = clock_ms();
	smtp_auth_end(session);
	if (stream_start_tls(session->stream, session->options.tls) < 0)
		session->ending = SMTP_BROKEN;
}
