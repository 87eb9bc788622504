/*
 * incoming.h - the one message that is coming in
 *
 * It exists from +OK to its dot, or until nobody wants it any more: then what
 * still comes of it goes nowhere.  It gathers in a buffer; above BIG_BYTES it
 * goes on through a pipe into the queue's file, and the server waits while the
 * pipe is full.
 */
#ifndef POSTROOM_FETCH_INCOMING_H
#define POSTROOM_FETCH_INCOMING_H

#include "fetch/protocol.h"
#include "store/account.h"

#define SENDER_SIZE	320	/* local part, "@", domain, NUL */
/* The last run of a message that is not big yet comes on top. */
#define INCOMING_BYTES	(BIG_BYTES + PROTOCOL_RUN_BYTES)

struct collect;
struct watch;

/* A RETR that is under way. */
struct retr {
	uint32_t	number;
	bool		again;		/* for a doubt */
	uint64_t	listed;		/* 0: unknown */
	uint64_t	space;		/* granted, for it alone */
};

struct incoming {
	struct retr	 retr;
	uint64_t	 bytes, lines;	/* of it, as stored, so far */
	bool		 is_whole;	/* its end has come */
	char		*body;		/* INCOMING_BYTES */
	size_t		 len, sent;	/* in it; of these, into the pipe */
	/* what the header says */
	char		 sender[SENDER_SIZE];
	bool		 utf8;
	/* a big one */
	bool		 is_big;	/* its file has been asked for */
	bool		 has_ticket;	/* it is there */
	uint64_t	 ticket;
	int		 pipe;		/* -1: none */
	struct watch	*watch;
};

/* Its +OK has come; it takes over the space.  0 or -ENOMEM. */
int	incoming_begin(struct collect *, const struct retr *);
/* The next bytes, as stored. */
void	incoming_add(struct collect *, struct slice);
/* It has come to its end: it goes on as a parcel. */
void	incoming_end(struct collect *, const struct mended *);
/* Nobody wants it, if there is one; what it held is given back. */
void	incoming_drop(struct collect *);
/* The same, and it is counted as one that is tried again. */
void	incoming_leave(struct collect *);

#endif
