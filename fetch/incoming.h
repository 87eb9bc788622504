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
#include "fetch/resume.h"
#include "store/account.h"

#define SENDER_SIZE	320	/* local part, "@", domain, NUL */
/*
 * The last run of a message that is not big yet comes on top: twice as long, if
 * all of it is bare line ends.
 */
#define INCOMING_BYTES	(BIG_BYTES + 2 * PROTOCOL_RUN_BYTES)

struct collect;
struct ipc_message;
struct watch;

/* A RETR that is under way. */
struct retr {
	uint32_t	number;
	bool		again;		/* for a doubt */
	uint64_t	listed;		/* 0: unknown */
	uint64_t	space;		/* granted, for it alone */
	uint64_t	half;		/* that many bytes are here already */
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
	bool		 has_header;	/* that has been read */
	/* a big one */
	bool		 is_big;	/* its file has been asked for */
	bool		 has_ticket;	/* it is there */
	uint64_t	 ticket;
	int		 pipe;		/* -1: none */
	struct watch	*watch;
	bool		 is_kept;	/* what came of it, if it is cut */
	bool		 is_waiting;	/* the pipe: for the queue to know */
	struct resume	 resume;
};

/* Its +OK has come; it takes over the space.  0 or -ENOMEM. */
int	incoming_begin(struct collect *, const struct retr *);
/* The next bytes, as stored; `mend` as protocol.mend() says. */
void	incoming_add(struct collect *, struct slice, unsigned mend);
/* It has come to its end: it goes on as a parcel. */
void	incoming_end(struct collect *, const struct mended *);
/*
 * Its file is there, or is not: the queue's answer.  False: nothing can be
 * written into it.
 */
bool	incoming_piped(struct collect *, struct ipc_message *,
	    const struct queue_answer *, uint64_t ticket);
/* What stands in the buffer goes into the pipe. */
void	incoming_go_on(struct collect *);
/*
 * What the envelope needs of a header: the Return-Path, which `sender_out`
 * keeps unchanged if there is none, and whether it is in UTF-8.
 */
void	incoming_read_header(struct slice header,
	    char sender_out[SENDER_SIZE], bool *utf8_out);
/* Nobody wants it, if there is one; what it held is given back. */
void	incoming_drop(struct collect *);
/* The same, and it is counted as one that is tried again. */
void	incoming_leave(struct collect *);

#endif
