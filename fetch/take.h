/*
 * take.h - messages on their way from the server to the queue
 *
 * A window of RETRs is under way, bounded by count and by listed bytes.  Space
 * is granted before it is asked for.  A message is whole when its dot has come;
 * then it is submitted, and what is said of it waits for the answer.
 */
#ifndef POSTROOM_FETCH_TAKE_H
#define POSTROOM_FETCH_TAKE_H

#include <sys/queue.h>

#include "fetch/pop3.h"
#include "fetch/print.h"
#include "lib/base/text.h"
#include "lib/message/envelope.h"
#include "store/account.h"

#define SENDER_SIZE	320	/* local part, "@", domain, NUL */

struct collect;
struct watch;

/* A RETR that is under way. */
struct retr {
	uint32_t	number;
	bool		again;		/* it came out short before */
	uint64_t	listed;		/* 0: unknown */
	uint64_t	space;		/* granted, for it alone */
};

/* A whole message that is not submitted yet. */
struct parcel {
	LIST_ENTRY(parcel) next;	/* of those in doubt */
	uint32_t	number;
	uint64_t	listed, bytes;	/* as stored */
	bool		is_short;	/* much shorter than listed */
	unsigned char	digest[PRINT_BYTES];
	int		memfd;		/* -1: in the big file `ticket` */
	uint64_t	ticket;
	struct text	envelope;	/* packed */
};

struct take {
	/* under way, in order */
	struct retr	 ring[POP3_WINDOW];
	unsigned	 first, count;
	uint64_t	 listed;	/* bytes of these */
	/* the one that is coming in */
	bool		 comes, dropped;
	struct retr	 now;
	uint64_t	 bytes, lines;
	char		*body;		/* BIG_BYTES and a run */
	size_t		 len, sent;	/* in it; of these, into the pipe */
	bool		 has_ticket;
	uint64_t	 ticket;
	int		 pipe;		/* -1: none */
	struct watch	*watch;
	bool		 has_header;	/* the next two are known */
	char		 sender[SENDER_SIZE];
	bool		 utf8;
	/* space */
	uint64_t	 pool;		/* granted, for none of them yet */
	bool		 asked;		/* a grant */
	bool		 modest;	/* ask for one message, no more */
	bool		 starved;	/* until one of ours is through */
	/* what became of them */
	struct parcel	*doubt;		/* is being fetched again */
	bool		 asked_again;	/* RETR has been said for it */
	LIST_HEAD(, parcel) after;	/* came since, in doubt as well */
	unsigned	 after_count;
	bool		 estimates;	/* its sizes are known to be wrong */
	unsigned	 unanswered;
	unsigned	 put_off;	/* in a row */
	bool		 paused;	/* no more of them */
	struct text	 envelope;	/* room for one */
};

/* 0 or -ENOMEM.  A zeroed one may be freed. */
int	take_open(struct collect *);
/* The conversation is over: what is whole goes to the queue, the rest not. */
void	take_cut(struct collect *);
/* Give back what is held; and begin anew. */
void	take_free(struct collect *);
void	take_reset(struct collect *);

#endif
