/*
 * misc.c - the commands that move no mail
 *
 * VRFY and EXPN tell nothing about who is here (HARDENING A12).
 */
#include "gateway/smtp/commands.h"

void
smtp_rset(struct smtp_session *session, struct slice args)
{
	(void)args;
	tx_end(&session->tx);
	smtp_reply(session, 250, "2.0.0", "Forgotten");
}

void
smtp_noop(struct smtp_session *session, struct slice args)
{
	(void)args;
	smtp_reply(session, 250, "2.0.0", "Nothing done");
}

void
smtp_quit(struct smtp_session *session, struct slice args)
{
	(void)args;
	session->has_quit = true;
	smtp_reply_end(session, 221, "2.0.0", "Goodbye");
}

/* RFC 5321 3.5.3: one reply, whoever is asked for */
void
smtp_vrfy(struct smtp_session *session, struct slice args)
{
	(void)args;
	smtp_reply(session, 252, "2.0.0",
	    "Send the mail and it will be seen who takes it");
}

void
smtp_not_here(struct smtp_session *session, struct slice args)
{
	(void)args;
	smtp_reply(session, 502, "5.5.1", "This is not done here");
}

void
smtp_help(struct smtp_session *session, struct slice args)
{
	TEXT_AUTO words = TEXT_INIT(512);
	const struct smtp_command *row;

	(void)args;
	text_add_str(&words, "Commands:");
	for (row = smtp_commands; row->name != NULL; row++)
		if ((row->profiles & smtp_profile(session)) != 0 &&
		    row->handler != smtp_stranger &&
		    row->handler != smtp_not_here)
			text_addf(&words, " %s", row->name);
	smtp_replyf(session, 214, "2.0.0", "%.*s",
	    SLICE_FMT(text_slice(&words)));
}

/* No mail client says this: end it before it says more (HARDENING A06). */
void
smtp_stranger(struct smtp_session *session, struct slice args)
{
	(void)args;
	/* where people log in it may be a password, said at the wrong time */
	if (session->options.is_submission)
		smtp_log(session, "ended: not a mail client");
	else
		smtp_log_about(session, "ended: not a mail client, it said",
		    slice_of(session->line, session->line_len));
	smtp_reply_end(session, 221, "2.7.0",
	    "This is a mail server; goodbye");
}
