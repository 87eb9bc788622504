/*
 * session.h - the inside of a POP3 session after login
 *
 * Shared by session.c (its life and its lines) and the files of its commands;
 * nobody else looks in here.
 */
#ifndef POSTROOM_GATEWAY_POP3_SESSION_H
#define POSTROOM_GATEWAY_POP3_SESSION_H

#include "gateway/pop3/commands.h"
#include "gateway/pop3/pop3.h"
#include "gateway/pop3/stuff.h"

/* A letter on its way out. */
struct sending {
	size_t		 n;		/* its place in the view */
	bool		 is_top;
	struct top	 top;		/* how far, when it is a TOP */
	enum stuff_at	 at;
	int		 fd;		/* of a big one; -1: none */
	uint64_t	 offset;	/* in fd, of the next piece */
	uint64_t	 left;		/* bytes in fd still to be sent */
};

/* A listing on its way out. */
struct listing {
	size_t		 next;		/* place in the view */
	bool		 is_uidl;
};

struct pop3_session {
	struct stream	*stream;
	struct line_reader reader;
	struct account	*account;
	struct view	*view;
	struct pop3_session_ports ports;
	char		 hostname[256];
	char		 login[256];
	unsigned char	*deleted;	/* a bit for each letter of the view */
	size_t		 count;		/* letters in the view */
	size_t		 kept;		/* of them, not marked deleted */
	uint64_t	 kept_bytes;
	/* goes on with the reply under way; NULL: ready for a command */
	void		(*more)(struct pop3_session *);
	struct sending	 sending;	/* what `more` works on, */
	struct listing	 listing;	/* one of the two */
	unsigned	 bad_commands;
	size_t		 idle_waiting;	/* output at the last STREAM_IDLE */
	bool		 asked;		/* for the descriptor of a big letter */
	bool		 peer_ended;
	bool		 is_over;
};

/* Is letter `n`, counted from 0, marked deleted? */
bool	pop3_is_deleted(const struct pop3_session *, size_t n);
/*
 * The letter the client calls `number`, its place in `*n_out`; NULL, after the
 * -ERR was written, when there is none or it is marked deleted.
 */
const struct letter *pop3_letter(struct pop3_session *, uint32_t number,
	    size_t *n_out);
/* Forget all marks (RFC 1939 5, RSET). */
void	pop3_unmark_all(struct pop3_session *);
/* The reply under way ends here: close its descriptor if there is one. */
void	pop3_sending_end(struct pop3_session *);

/* The handlers of the table; see commands.c. */
pop3_session_fn	pop3_session_capa, pop3_session_stat, pop3_session_list,
		pop3_session_uidl, pop3_session_retr, pop3_session_top,
		pop3_session_dele, pop3_session_rset, pop3_session_noop,
		pop3_session_quit;

#endif
