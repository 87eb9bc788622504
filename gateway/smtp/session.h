/*
 * session.h - one SMTP or LMTP connection, as the commands see it
 *
 * A handler is called when its row of the table allows the command; it replies
 * or, when it must ask somebody, says smtp_wait() and is gone on with by the
 * function it handed to the port.  That function, being called by the loop,
 * begins with smtp_woken() and ends with smtp_go_on(), after which the session
 * may be gone.
 */
#ifndef POSTROOM_GATEWAY_SMTP_SESSION_H
#define POSTROOM_GATEWAY_SMTP_SESSION_H

#include "gateway/smtp/limits.h"
#include "gateway/smtp/smtp.h"
#include "gateway/smtp/tx.h"
#include "lib/base/lines.h"
#include "lib/base/stream.h"

/* Derived from the session by smtp_state(); stored nowhere. */
enum smtp_state {
	SMTP_GREETED	= 1 << 0,	/* no EHLO yet */
	SMTP_READY	= 1 << 1,	/* EHLO done, no transaction */
	SMTP_MAIL	= 1 << 2,	/* sender known */
	SMTP_RCPT	= 1 << 3,	/* at least one recipient accepted */
	SMTP_CHUNKS	= 1 << 4	/* the message comes by BDAT */
};

enum smtp_ending {
	SMTP_GOES_ON,
	SMTP_ENDS,			/* once the replies have left */
	SMTP_PARTS,			/* they are leaving */
	SMTP_BROKEN			/* at once */
};

struct smtp_session {
	struct loop	*loop;
	struct stream	*stream;
	struct smtp_options options;
	const struct smtp_limits *limits;
	const struct smtp_ports *ports;
	struct timer	*clock;		/* the client's time to act */
	struct timer	*pause;		/* our own, before a reply */
	struct line_reader lines;
	struct text	 out;		/* replies of this turn */
	struct tx	*tx;		/* NULL: no transaction */
	struct login	*login;		/* NULL: no AUTH so far */
	uint64_t	 account;	/* logged in; else 0 */
	uint64_t	 began_ms;
	bool		 greeted;	/* the greeting was said */
	bool		 waits;		/* for a port or the pause */
	bool		 peer_ended;	/* no more input will come */
	enum smtp_ending ending;
	bool		 has_quit;
	unsigned	 bad_commands;
	unsigned	 idle_commands;
	unsigned	 unknown;	/* recipients nobody knows, of it */
	unsigned	 refused;	/* addresses, of who has logged in */
	unsigned	 failed_logins;	/* before STARTTLS */
	uint64_t	 chunk_left;	/* bytes of a BDAT not read yet */
	bool		 chunk_is_last;
	bool		 chunk_is_lost;	/* no transaction: read and dropped */
	uint64_t	 rate_bytes;	/* message bytes since the last look */
	struct rcpt_asked {		/* the RCPT that is being asked about */
		struct recipient rcpt;
		enum smtp_whose	 whose;
		uint64_t	 bytes_most;	/* of a gateway; 0: as all */
	} asked;
	size_t		 line_len;
	size_t		 helo_len;	/* 0: no EHLO yet */
	char		 peer[64];	/* numeric address */
	char		 helo[SMTP_HELO_BYTES];
	char		 line[SMTP_LINE_BYTES];	/* the command in hand */
};

/* The one bit that tells where the session is. */
unsigned	smtp_state(const struct smtp_session *);
/* Somebody who is to log in and has not. */
bool		smtp_is_stranger(const struct smtp_session *);
/* Somebody who may send: has logged in, or is known by the address. */
bool		smtp_is_sender(const struct smtp_session *);
/* A slice of what the client called itself. */
struct slice	smtp_helo(const struct smtp_session *);

/*
 * Reply with one line; `status` is the enhanced code of RFC 3463 or NULL where
 * RFC 2034 has none.  Counts the commands that were refused as such.
 */
void	smtp_reply(struct smtp_session *, int code, const char *status,
	    const char *words);
/* The same with printf words; what does not fit 400 bytes is cut. */
void	smtp_replyf(struct smtp_session *, int code, const char *status,
	    const char *format, ...) __attribute__((format(printf, 4, 5)));
/* A line of a reply that goes on: "250-words". */
void	smtp_reply_more(struct smtp_session *, int code, const char *status,
	    const char *words);
/* Pass on what another role said; nonsense becomes 451. */
void	smtp_reply_answer(struct smtp_session *, const struct smtp_answer *);
/* The last reply: nothing the client says is heard any more. */
void	smtp_reply_end(struct smtp_session *, int code, const char *status,
	    const char *words);

/* A port or timer will go on; input is held till then. */
void	smtp_wait(struct smtp_session *);
/* Wait so long before the recipient asked about is answered. */
void	smtp_pause(struct smtp_session *, uint64_t ms);
/* It has: the first thing such a function says. */
void	smtp_woken(struct smtp_session *);
/* And the last: read on, unless something is waited for again. */
void	smtp_go_on(struct smtp_session *);
/* Wait for the body, if it is busy, and then call `fn`; else false. */
bool	smtp_wait_body(struct smtp_session *, body_fn *fn);

/* A line that is none, and whether the client may go on after it. */
void	smtp_refuse_line(struct smtp_session *, enum line_is);
/* Take `n` bytes off the input. */
void	smtp_consumed(struct smtp_session *, size_t n);
/* The message is over: what comes next has a time of its own. */
void	smtp_clock_stop(struct smtp_session *);
/*
 * The roles are reversed: what was said leaves, the connection is the port's, and
 * the session is gone.  In the place of smtp_go_on().
 */
void	smtp_reverse(struct smtp_session *);
/* Send the replies gathered so far. */
void	smtp_flush(struct smtp_session *);

/* A sentence for the log, on one line: "smtp from PEER called NAME: ...". */
void	smtp_log(struct smtp_session *, const char *format, ...)
	    __attribute__((format(printf, 2, 3)));
/* The same: `what` and the peer's own text, escaped and in quotes. */
void	smtp_log_about(struct smtp_session *, const char *what,
	    struct slice peer_text);

#endif
