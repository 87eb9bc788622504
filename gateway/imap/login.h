/*
 * login.h - the inside of an IMAP connection before login
 *
 * Shared by login.c (its life, its lines), auth.c (names and passwords) and
 * the command table; nobody else looks in here.
 */
#ifndef POSTROOM_GATEWAY_IMAP_LOGIN_H
#define POSTROOM_GATEWAY_IMAP_LOGIN_H

#include <netinet/in.h>

#include "gateway/imap/commands.h"
#include "gateway/imap/imap.h"
#include "gateway/imap/input.h"

#define IMAPD_NAME_BYTES	255	/* no address is longer (RFC 5321) */
/* A SASL response; RFC 4954 4.12 found this enough for anyone. */
#define IMAPD_RESPONSE_BYTES	12288

struct imapd_login {
	struct stream	*stream;
	struct timer	*deadline;
	struct imapd_input input;
	struct imapd_login_options options;	/* with our own hostname */
	struct imapd_login_ports ports;
	char		 hostname[256];
	char		 peer[INET6_ADDRSTRLEN + 1];
	char		 user[IMAPD_NAME_BYTES + 1];
	size_t		 user_len;	/* 0: no name was given */
	char		 tag[IMAPD_TAG_BYTES + 1];	/* of the command */
	/* reads the next line in place of the commands: a SASL response */
	void		(*next)(struct imapd_login *, struct slice line);
	unsigned	 bad_commands;
	unsigned	 failed_logins;
	bool		 shakes;	/* TLS has begun and is not up */
	bool		 asked;		/* a check is under way */
	bool		 peer_ended;	/* nothing more will come */
	bool		 is_over;	/* the last reply is written */
	bool		 parts;		/* it is leaving: nothing is heard */
};

/* "tag words" to the command under way; words begin with OK, NO or BAD. */
void	imapd_login_say(struct imapd_login *, const char *words);
/* What was sent is not a command: enough of that ends the connection. */
void	imapd_login_bad(struct imapd_login *, const char *words);
/* One sentence for the log, with who is at the other end. */
void	imapd_login_log(struct imapd_login *, const char *what);
/* Give the connection away: name and password are right. */
void	imapd_login_done(struct imapd_login *, uint64_t account);

/* The handlers of the table; see commands.c. */
imapd_login_fn	imapd_login_capability, imapd_login_noop, imapd_login_logout,
		imapd_login_id, imapd_login_starttls,
		imapd_login_authenticate, imapd_login_login;

#endif
