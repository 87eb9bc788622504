/*
 * login.h - the inside of a POP3 connection before login
 *
 * Shared by login.c (its life, its lines), auth.c (names and passwords) and
 * the command table; nobody else looks in here.
 */
#ifndef POSTROOM_GATEWAY_POP3_LOGIN_H
#define POSTROOM_GATEWAY_POP3_LOGIN_H

#include <netinet/in.h>

#include "gateway/pop3/commands.h"
#include "gateway/pop3/pop3.h"

#define LOGIN_NAME_BYTES	255	/* no address is longer (RFC 5321) */

struct pop3_login {
	struct stream	*stream;
	struct timer	*deadline;
	struct line_reader reader;
	struct pop3_login_options options;	/* with our own hostname */
	struct pop3_login_ports ports;
	char		 hostname[256];
	char		 peer[INET6_ADDRSTRLEN + 1];
	char		 user[LOGIN_NAME_BYTES + 1];
	size_t		 user_len;	/* 0: no name was given */
	/* reads the next line in place of the commands: a SASL response */
	void		(*next)(struct pop3_login *, struct slice line);
	unsigned	 bad_commands;
	unsigned	 failed_logins;
	bool		 shakes;	/* TLS has begun and is not up */
	bool		 asked;		/* a check is under way */
	bool		 peer_ended;	/* nothing more will come */
	bool		 is_over;	/* the last reply is written */
	bool		 parts;		/* it is leaving: nothing is heard */
};

/* What was sent is not a command: enough of that ends the connection. */
void	pop3_login_bad(struct pop3_login *);
/* One sentence for the log, with who is at the other end. */
void	pop3_login_log(struct pop3_login *, const char *what);
/* Give the connection away: name and password are right. */
void	pop3_login_done(struct pop3_login *, uint64_t account);

/* The handlers of the table; see commands.c. */
pop3_login_fn	pop3_login_capa, pop3_login_stls, pop3_login_utf8,
		pop3_login_user, pop3_login_pass, pop3_login_auth,
		pop3_login_quit;

#endif
