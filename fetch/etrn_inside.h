/*
 * etrn_inside.h - one conversation that asks for mail, as its files see it
 *
 * etrn.c begins and ends it, etrn_ask.c says the commands and hears the
 * replies, etrn_turn.c joins the provider to the door.  An end is told from the
 * loop, never from inside a step.
 */
#ifndef POSTROOM_FETCH_ETRN_INSIDE_H
#define POSTROOM_FETCH_ETRN_INSIDE_H

#include "fetch/etrn.h"
#include "fetch/etrn_reply.h"
#include "lib/base/host.h"
#include "lib/base/lines.h"
#include "lib/base/stream.h"

/* RFC 5321 4.5.3.1.5 says 512; servers with long words exist, of 2 KiB none. */
#define ETRN_LINE_BYTES		2048
#define ETRN_READ_BYTES		4096
#define ETRN_LINES_MOST		100	/* of one reply; EHLO's have some twenty */

/* The replies to commands; one is awaited at a time. */
struct etrn_ask {
	/* The whole reply has come; NULL: nothing is awaited. */
	void		(*heard)(struct etrn *, const struct etrn_line *last);
	struct slice	 rest;		/* of the names to be asked for */
	bool		 is_last;	/* there is none behind `name` */
	struct slice	 name;		/* asked for now */
	struct etrn_offer offer;
	unsigned	 lines;		/* of this reply */
	struct line_reader reader;
	size_t		 len;		/* of what was read and not heard */
	char		 input[ETRN_LINE_BYTES + ETRN_READ_BYTES];
};

/* The roles are reversed. */
struct etrn_turn {
	struct stream	*inner;		/* to the door; NULL: not (any more) */
	bool		 is_reversed;
	bool		 is_asked;	/* the door was, and has not answered */
	bool		 has_greeted;	/* the door's 220 has been passed on */
	bool		 is_leaving;	/* the door has ended its side */
	bool		 is_cut;	/* the provider was the first to go */
	struct fetch_turned turned;	/* what it says came of it */
	char		 last[128];	/* line that it said */
};

struct etrn {
	struct talk_hall *hall;
	struct loop	*loop;
	struct ipc	*door;		/* NULL: lost */
	struct etrn_options limits;	/* numbers only */
	struct etrn_events events;
	struct fetch_account account;
	enum fetch_task	 task;
	char		*password, *addresses, *called;
	const struct talk_proxy *proxy;	/* NULL: none */
	struct line_bill *bill;		/* NULL: nobody counts */
	struct talk_session *session;	/* or NULL */
	struct talk	*talk;		/* NULL: hung up */
	struct timer	*clock;		/* for what is awaited */
	struct timer	*over;		/* to be told */
	bool		 is_over;	/* nothing is awaited any more */
	struct etrn_ask	 ask;
	struct etrn_turn turn;
	struct fetch_outcome outcome;
	char		 words[FETCH_WORDS_MOST + 1];
};

/* The first end that is not DONE stays, with its words. */
void	etrn_note(struct etrn *, enum fetch_end, bool server_said,
	    struct slice words);
/* Hang up. */
void	etrn_hang_up(struct etrn *);
/* Nothing is awaited any more: over() comes soon. */
void	etrn_settle(struct etrn *);
/* All of these together, with words of ours. */
void	etrn_break(struct etrn *, enum fetch_end, const char *words);

/* etrn_ask.c: it is open; it can be read. */
void	etrn_ask_begin(struct etrn *);
void	etrn_ask_readable(struct etrn *);
/* QUIT has been said: all is done. */
bool	etrn_ask_is_leaving(const struct etrn *);

/* etrn_turn.c: the reply to ATRN was 250. */
void	etrn_turn_begin(struct etrn *);
void	etrn_turn_readable(struct etrn *);
void	etrn_turn_drained(struct etrn *);
/* The provider has hung up: what the door has of it, it still answers. */
void	etrn_turn_cut(struct etrn *);
void	etrn_turn_late(struct etrn *);
/* With the rest of it. */
void	etrn_turn_free(struct etrn *);

#endif
