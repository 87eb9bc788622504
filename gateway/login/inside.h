/*
 * inside.h - what a protocol sees of a connection before its login
 *
 * Shared by login.c (its life), auth.c (names and passwords) and the login.c
 * of each protocol (its commands and words; in SMTP, auth.c); nobody else looks
 * in here.
 */
#ifndef POSTROOM_GATEWAY_LOGIN_INSIDE_H
#define POSTROOM_GATEWAY_LOGIN_INSIDE_H

#include <netinet/in.h>

#include "gateway/login/login.h"

#define LOGIN_NAME_BYTES	255	/* no address is longer (RFC 5321) */

/* What there is to say; the protocol has its own beginning for each. */
enum login_answer {
	LOGIN_OK,
	LOGIN_NO,		/* understood, and not done */
	LOGIN_BAD,		/* this is no command */
	LOGIN_WRONG,		/* name or password is wrong */
	LOGIN_LATER,		/* they cannot be checked now */
	LOGIN_LEAVE,		/* the connection ends: the client's doing */
	LOGIN_CLOSE,		/* the connection ends: ours */
	LOGIN_ANSWERS
};

struct login_protocol {
	const char	*name;		/* in the log */
	const char	*server;	/* "this is a POP3 server" */
	const char	*tls_command;
	const char	*challenge;	/* what one begins with */
	/* of its own struct, which begins with a struct login, zeroed */
	size_t		 bytes;
	void		(*greet)(struct login *);
	/* Does `input`, not empty, begin as no command here does? */
	bool		(*is_foreign)(const struct login *,
			    struct slice input);
	/*
	 * Take a command, or a line for login->next where that is set, and act
	 * on it.  False when there is no whole one.
	 */
	bool		(*take)(struct login *);
	/* One reply; the words are ours. */
	void		(*say)(struct login *, enum login_answer,
			    const char *words);
	/* Free what its own struct has besides; or NULL. */
	void		(*release)(struct login *);
	/*
	 * NULL: the connection is the login's.  Else it is a session's, which
	 * lends the stream, lives on after the login and is to go on now: of
	 * login.c only login_log(), login_bad() and login_drop() are for it.
	 */
	void		(*goes_on)(struct login *);
};

/* Reads one line in place of the commands: a SASL response. */
typedef void login_next_fn(struct login *, struct slice line);

struct login_scram;		/* see scram.c */

struct login {
	const struct login_protocol *protocol;
	struct stream	*stream;
	struct timer	*deadline;
	struct login_options options;	/* with our own hostname */
	struct login_ports ports;
	char		 hostname[256];
	char		 peer[INET6_ADDRSTRLEN + 1];
	char		 user[LOGIN_NAME_BYTES + 1];
	size_t		 user_len;	/* 0: no name was given */
	struct slice	 tag;		/* of the command under way (IMAP) */
	login_next_fn	*next;		/* or NULL */
	struct login_scram *scram;	/* of the exchange under way, or NULL */
	uint64_t	 account;	/* logged in: the next thing to do */
	unsigned	 bad_commands;
	unsigned	 failed_logins;
	bool		 shakes;	/* TLS has begun and is not up */
	bool		 asked;		/* a check is under way */
	bool		 peer_ended;	/* nothing more will come */
	bool		 is_over;	/* the last reply is written */
	bool		 parts;		/* it is leaving: nothing is heard */
};

/* Which of LOGIN_IS_SAFE, _HAS_TLS and _IS_CLEAR hold now. */
unsigned login_facts(const struct login *);
/* One reply. */
void	login_say(struct login *, enum login_answer, const char *words);
/* The same, and the connection ends with it. */
void	login_leave(struct login *, const char *words);
/* What was sent is not a command: enough of that ends the connection. */
void	login_bad(struct login *);
/* One sentence for the log, with who is at the other end. */
void	login_log(struct login *, const char *what);
/* STLS and STARTTLS: all of the command. */
void	login_start_tls(struct login *);
/* What was asked is not to be answered, what was said is forgotten. */
void	login_drop(struct login *);
/* Something that was waited for has come: hear the client again. */
void	login_goes_on(struct login *);

/*
 * `input` is a request of another protocol, which need not have line ends:
 * nobody honest sends more of it (HARDENING A06).
 */
bool	login_is_request(struct slice input);

/* The name is `user`, of LOGIN_NAME_BYTES at most, until it fails. */
void	login_user(struct login *, struct slice user);
/* Whatever name and password were said: are they right? */
void	login_check(struct login *, struct slice user, struct slice password);
/* The same, of login->user by SCRAM. */
void	login_check_proof(struct login *, struct slice proof,
	    struct slice said);
/* They are not; it cannot be said now. */
void	login_refuse(struct login *);
void	login_ask_later(struct login *);
/* They are: the connection is given away before anything else is read. */
void	login_welcome(struct login *, uint64_t account);
/*
 * Begin a SASL exchange (RFC 4422); `first` is the initial response, or NULL
 * when there is none.  All of the command, an unknown mechanism too.
 */
void	login_sasl(struct login *, struct slice mechanism,
	    const struct slice *first);
/* Say this, in base64; the answer is for `next`. */
void	login_challenge(struct login *, struct slice bytes, login_next_fn *next);
/*
 * Decode a response into `buffer`, of LOGIN_RESPONSE_BYTES; false, after saying
 * why, when it is none.
 */
bool	login_response(struct login *, struct slice line, char *buffer,
	    struct slice *bytes_out);
/* This is no response of the mechanism. */
void	login_bad_response(struct login *, const char *words);

/* scram.c: the first message, where the mechanism binds and where not. */
login_next_fn	login_scram_first, login_scram_plus_first;
/* The keeper has found the proof right. */
void	login_scram_proved(struct login *, uint64_t account,
	    struct slice signature);
/* Forget the exchange. */
void	login_scram_end(struct login *);

#endif
