/*
 * smtp.h - the SMTP server (RFC 5321), its LMTP profile (RFC 2033), and where
 * people send (RFC 6409)
 *
 * One object per connection, run by the door.  It knows nobody else: what it
 * asks of other roles goes out through `struct smtp_ports` and comes back, in a
 * later turn of the loop, through the function given along.  A positive reply
 * to the end of data is given only when the queue has said so.
 *
 * The process must ignore SIGPIPE: a big file's pipe may break.
 */
#ifndef POSTROOM_GATEWAY_SMTP_SMTP_H
#define POSTROOM_GATEWAY_SMTP_SMTP_H

#include "gateway/login/login.h"
#include "lib/message/envelope.h"

struct smtp_limits;		/* see limits.h */

struct smtp_session;		/* opaque; see session.c */

struct etrn_asked;		/* see queue/service.h */
struct atrn_asked;
struct stream;

enum smtp_whose {
	SMTP_OURS,		/* an account here */
	SMTP_UNKNOWN,		/* our domain, but nobody has that name */
	SMTP_FOREIGN,		/* not our domain */
	SMTP_SHARED,		/* nobody's here; our provider has it, too */
	SMTP_CLOSED,		/* a list that this sender may not write to */
	SMTP_FORGED,		/* no sender's address that we have made */
	SMTP_GATEWAY,		/* taken for the host of a gateway domain */
	SMTP_ASK_LATER		/* cannot be said now */
};

/* May who has logged in send as that address? */
enum smtp_sends {
	SMTP_SENDS,
	SMTP_SENDS_BY_OWN,	/* and to other domains, by a host of their own */
	SMTP_SENDS_NOT,
	SMTP_LOGGED_OUT,	/* their account or their password is gone */
	SMTP_SENDS_LATER	/* cannot be said now */
};

/* Does a sender's mail for a recipient come for the first time? */
enum smtp_grey {
	SMTP_COMES,		/* it may come */
	SMTP_NEW,		/* later, and that is news */
	SMTP_STILL		/* later */
};

/* What becomes of the message, or of a request for space. */
struct smtp_answer {
	int		 code;		/* 250, 452, 451, 554, ...; of a submit
					   also 0: nobody can say what becomes
					   of it, hang up without a word */
	char		 status[12];	/* RFC 3463: "2.0.0" */
	char		 words[200];	/* one line, no CR or LF */
};

/* `number` is the account, or of a gateway the most bytes it takes (0: as all). */
typedef void smtp_whose_fn(void *arg, enum smtp_whose, uint64_t number);
/* `login` is the address of who has logged in, where it is theirs or not. */
typedef void smtp_sender_fn(void *arg, enum smtp_sends, struct slice login);
typedef void smtp_grey_fn(void *arg, enum smtp_grey);
typedef void smtp_answer_fn(void *arg, const struct smtp_answer *);
/* `pipe_fd` is owned by the receiver; -1 with an answer that says why. */
typedef void smtp_big_fn(void *arg, int pipe_fd, uint64_t ticket,
    const struct smtp_answer *);

/*
 * All return 0 and call `reply` in a later turn of the loop exactly once, or a
 * negative errno and never call it.  `forget` drops the replies that are due to
 * `reply_arg`; what they would have granted is then given back by the port.
 */
struct smtp_ports {
	void	*arg;
	/*
	 * Whose is this recipient?  `address` is in canonical form; `env` says
	 * who sends to them.
	 */
	int	(*whose)(void *arg, struct slice address,
		    const struct envelope *env, smtp_whose_fn *reply,
		    void *reply_arg);
	/*
	 * A recipient that nobody knows was asked for: how many such this
	 * client has asked for of late, this one and other sessions included.
	 */
	unsigned (*unknown_rcpt)(void *arg);
	/*
	 * Space for a message of `bytes`; code 250 grants it.  1: it is granted,
	 * and nothing is answered.  -ENOSPC: not to this client, which holds
	 * enough of it.
	 */
	int	(*grant)(void *arg, uint64_t bytes, smtp_answer_fn *reply,
		    void *reply_arg);
	/* Give the space back: the transaction ended without a submit. */
	void	(*release)(void *arg, uint64_t bytes);
	/* A pipe into a big file, for a message over BIG_BYTES. */
	int	(*big)(void *arg, smtp_big_fn *reply, void *reply_arg);
	/* No submit will name this ticket: its pipe was closed half-way. */
	void	(*abandon)(void *arg, uint64_t ticket);
	/*
	 * The whole message: in `memfd` (sealed, borrowed) or, when that is -1,
	 * in the big file `ticket` whose pipe has been closed.  Uses up the
	 * grant.  One answer for all recipients.
	 */
	int	(*submit)(void *arg, const struct envelope *, int memfd,
		    uint64_t ticket, uint64_t granted, smtp_answer_fn *reply,
		    void *reply_arg);
	void	(*forget)(void *arg, void *reply_arg);
	/* One sentence about this session for the log. */
	void	(*log)(void *arg, const char *sentence);
	/* The session is over and freed; called last. */
	void	(*ended)(void *arg, struct smtp_session *);
	/*
	 * The account whose recipient this is, if that need not be asked; else
	 * 0.  NULL: `whose` is always asked.
	 */
	uint64_t (*known)(void *arg, struct slice address);
	/* It is ended for commands that are none.  NULL: nobody minds. */
	void	(*erred)(void *arg);
	/* May this client send one more message now?  NULL: it may. */
	bool	(*may_send)(void *arg);
	/*
	 * May this sender's mail come to this recipient, who is ours?  NULL: all
	 * of this client's may.
	 */
	int	(*grey)(void *arg, struct slice sender, struct slice recipient,
		    smtp_grey_fn *reply, void *reply_arg);
	/*
	 * For people who log in: `check`, `salt`, `forget` and `log` of it, with
	 * an `arg` of its own.  NULL: nobody does.
	 */
	const struct login_ports *login;
	/*
	 * May who has logged in to `account`, by the last check that went well,
	 * send as `address` (canonical form; empty: the null path)?  Account 0
	 * is whoever comes from a trusted network; elsewhere nobody else asks.
	 */
	int	(*sender)(void *arg, uint64_t account, struct slice address,
		    smtp_sender_fn *reply, void *reply_arg);
	/* ETRN, with a code of RFC 1985 5.2.  NULL: there is none. */
	int	(*etrn)(void *arg, const struct etrn_asked *,
		    smtp_answer_fn *reply, void *reply_arg);
	/*
	 * ATRN, with a code of RFC 2645 7; behind 250 the connection is owned by
	 * whoever reverse() gives it to, or reverse() is never called.
	 */
	int	(*atrn)(void *arg, const struct atrn_asked *,
		    smtp_answer_fn *reply, void *reply_arg);
	void	(*reverse)(void *arg, struct stream *);
};

struct smtp_options {
	const char	*hostname;
	bool		 lmtp;
	bool		 is_submission;	/* people log in and send */
	bool		 leaves;	/* what they send to others, too */
	bool		 clear_logins;	/* passwords are taken without TLS */
	bool		 offers_starttls;
	bool		 implicit_tls;
	bool		 is_upstream;	/* our provider's, with mail held for us */
	bool		 offers_etrn;	/* there are gateway domains */
	bool		 is_atrn;	/* a submission that is for ATRN alone */
	bool		 normalises;	/* bare CR and LF made CRLF: devices */
	/* not NOBODY: who connects sends without a login, as: */
	enum envelope_trust trust;
	/* a device's sender; of a network what it is called in the trail */
	const char	*trusted;
	uint64_t	 trusted_account;	/* whose that is */
	const char	*trusted_to;	/* elsewhere, as devices.h has it */
	const struct tls_server *tls;	/* or NULL */
	/* of TLS that somebody else ends for us; NULL or "": there is none */
	const char	*outer_tls_words;
	uint64_t	 message_bytes;	/* largest, announced by SIZE */
	unsigned	 recipients;	/* per transaction, 200 */
	const struct smtp_limits *limits;	/* NULL: the usual ones */
};

/*
 * Begin a session on `fd` (owned from now on) with a client at `peer` (its
 * numeric address).  NULL when memory is out; `fd` is closed then.
 */
struct smtp_session *smtp_session_new(struct loop *, int fd, const char *peer,
	    const struct smtp_options *, const struct smtp_ports *);
/*
 * End it with a 421 (shutdown, overload).  It is freed, and `ended` called,
 * when that has left and the connection is gone, as at any other end.
 */
void	smtp_session_close(struct smtp_session *, const char *words);

/* The client has said QUIT; to be asked when it is over. */
bool	smtp_session_has_quit(const struct smtp_session *);

/*
 * The command table as text, a line a command: name, states, RFC section, for
 * `postroom smtp commands` and for the test that every row has a transcript.
 */
void	smtp_commands_show(struct text *);

#endif
