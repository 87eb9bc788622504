/*
 * commands.h - what a client of SMTP, LMTP or submission may say, and when
 *
 * The dispatcher checks a row's profile, states, needs and args, so a handler
 * starts with them already true and holds no such test.
 */
#ifndef POSTROOM_GATEWAY_SMTP_COMMANDS_H
#define POSTROOM_GATEWAY_SMTP_COMMANDS_H

#include "gateway/smtp/session.h"

#define PROFILE_SMTP	1u		/* RFC 5321 */
#define PROFILE_LMTP	2u		/* RFC 2033 */
#define PROFILE_SUBMISSION 4u		/* RFC 6409 */
#define PROFILE_ESMTP	(PROFILE_SMTP | PROFILE_SUBMISSION)
#define PROFILE_ATRN	8u		/* RFC 2645: no mail is brought here */
#define PROFILE_MAIL	(PROFILE_ESMTP | PROFILE_LMTP)
#define PROFILE_ALL	(PROFILE_MAIL | PROFILE_ATRN)

#define SMTP_STARTED	(SMTP_READY | SMTP_MAIL | SMTP_RCPT)
#define SMTP_ANY	(SMTP_GREETED | SMTP_STARTED | SMTP_CHUNKS)

#define NEEDS_NOTHING	0u
#define NEEDS_LAST	1u		/* nothing was sent behind it */
#define NEEDS_PLAIN	2u		/* TLS has not begun */
#define IS_IDLE		4u		/* brings no mail: counted */
#define NEEDS_SAFE	8u		/* a password may be said */
#define NEEDS_STRANGER	16u		/* nobody has logged in yet */
#define NEEDS_LOGIN	32u		/* somebody has, where people do */

enum smtp_args {
	ARGS_NONE,
	ARGS_ANY,
	ARGS_REQUIRED
};

struct smtp_command {
	const char	*name;		/* NULL ends the table */
	unsigned	 profiles;
	unsigned	 states;
	unsigned	 needs;
	enum smtp_args	 args;
	void		(*handler)(struct smtp_session *, struct slice args);
	const char	*rfc;
};

extern const struct smtp_command smtp_commands[];

/* Do what the line says. */
void	smtp_dispatch(struct smtp_session *, struct slice line);
/* The profile of this session, as a bit. */
unsigned smtp_profile(const struct smtp_session *);

/* The handlers, each in its file; the table says what is true then. */
void	smtp_hello_ehlo(struct smtp_session *, struct slice args);
void	smtp_hello_helo(struct smtp_session *, struct slice args);
void	smtp_starttls(struct smtp_session *, struct slice args);
void	smtp_auth(struct smtp_session *, struct slice args);
void	smtp_mail(struct smtp_session *, struct slice args);
void	smtp_rcpt(struct smtp_session *, struct slice args);
void	smtp_data(struct smtp_session *, struct slice args);
void	smtp_bdat(struct smtp_session *, struct slice args);
void	smtp_etrn(struct smtp_session *, struct slice args);
void	smtp_atrn(struct smtp_session *, struct slice args);
void	smtp_rset(struct smtp_session *, struct slice args);
void	smtp_noop(struct smtp_session *, struct slice args);
void	smtp_quit(struct smtp_session *, struct slice args);
void	smtp_help(struct smtp_session *, struct slice args);
void	smtp_vrfy(struct smtp_session *, struct slice args);
void	smtp_not_here(struct smtp_session *, struct slice args);
void	smtp_stranger(struct smtp_session *, struct slice args);

/*
 * One more address of somebody who has logged in is to be refused.  True: it was
 * one too many, and the session ends.
 */
bool	smtp_refused_enough(struct smtp_session *);

/* Answer the recipient that was asked about (session->asked). */
void	smtp_rcpt_answer(struct smtp_session *);

/*
 * All recipients were put off: say so again, which is no fault of the client's
 * (RFC 2920: it sends DATA along), and end the transaction.  False: it is not
 * so.
 */
bool	smtp_all_put_off(struct smtp_session *);

/*
 * Readers of message bytes: take what the input holds; false when more is
 * needed, or somebody has to be waited for.
 */
bool	smtp_data_read(struct smtp_session *);
bool	smtp_bdat_read(struct smtp_session *);
/* Add what came to the message, unless it is to be refused anyway. */
void	smtp_body_put(struct smtp_session *, struct slice run);
/* The message is whole, or was refused: hand it over or say so. */
void	smtp_message_end(struct smtp_session *);
/*
 * A SASL exchange is under way: the next line is the client's part of it.  And
 * read that; false when more is needed.
 */
bool	smtp_auth_goes_on(const struct smtp_session *);
bool	smtp_auth_read(struct smtp_session *);
/* Forget who has logged in, and an exchange under way. */
void	smtp_auth_end(struct smtp_session *);
/* Who has logged in, as it was said; empty: nobody. */
struct slice smtp_user(const struct smtp_session *);
/* A password may be said now: TLS has begun, or is not asked for. */
bool	smtp_is_safe(const struct smtp_session *);
/* STARTTLS would be granted now. */
bool	smtp_offers_starttls(const struct smtp_session *);

#endif
