/*
 * link_inside.h - what link.c and link_turn.c share; for them alone
 */
#ifndef POSTROOM_GATEWAY_RELAY_LINK_INSIDE_H
#define POSTROOM_GATEWAY_RELAY_LINK_INSIDE_H

#include <sys/queue.h>

#include "gateway/relay/link.h"
#include "lib/base/host.h"
#include "lib/base/stream.h"

#define LINK_READ_BYTES		4096
#define LINK_USER_MOST		256
#define LINK_SECRET_BYTES	32	/* SHA-256 */

enum link_is {
	LINK_OPENING,
	LINK_OPENED,		/* it waited, and its owner is to be told */
	LINK_BUSY,
	LINK_RESETTING,		/* and nobody's from here on */
	LINK_IDLE,
	LINK_QUITTING,
	LINK_DEAD
};

/* What a host that has made the connection is to say next. */
enum link_step { STEP_GREETING, STEP_EHLO, STEP_HELO };

struct relay_link {
	LIST_ENTRY(relay_link) next;
	struct relay_links *links;
	enum link_is	 is;
	struct relay_link_events events;
	struct talk	*talk;		/* NULL: hung up, or: */
	struct stream	*stream;	/* the host has made it; or NULL */
	uint64_t	 turn;		/* its number; 0: it is ours */
	enum link_step	 step;
	bool		 is_owned;	/* of a turn: a message has it */
	bool		 is_last;	/* the same: nothing more is for it */
	struct timer	*clock;
	/* what it was opened to */
	char		 host[HOST_NAME_MOST + 2];
	char		 user[LINK_USER_MOST];
	unsigned char	 secret[LINK_SECRET_BYTES];	/* print of the password */
	char		 whose[RELAY_WHOSE_SIZE];
	uint16_t	 port;
	bool		 is_near;
	enum talk_tls	 tls;
	unsigned char	 dane[TALK_PRINT_BYTES];
	uint64_t	 since_ms;
	unsigned	 messages;	/* that it was taken for */
	bool		 was_reached;
	struct relay_offer offer;
	struct relay_hearing hearing;
	char		 tls_words[80];
	size_t		 len;		/* read, and not heard */
	size_t		 unheard;	/* of that, behind the reply being told */
	char		 input[RELAY_LINE_BYTES + LINK_READ_BYTES];
};

struct relay_links {
	struct talk_hall *hall;
	struct loop	*loop;
	struct timer	*burial;
	relay_turn_over_fn *turn_over;
	void		*turn_arg;
	const char	*called;	/* in a turn's EHLO; borrowed */
	LIST_HEAD(, relay_link) all;
	unsigned	 idle;
	struct talk_counts counts;
};

/* link.c */

/* It is in that state from now on. */
void	link_set(struct relay_link *, enum link_is);
/* 0 or a negative errno. */
int	link_say(struct relay_link *, struct slice bytes);
/* QUIT, and its end soon. */
void	link_quit(struct relay_link *);
/* It can be spoken to: whoever has it meanwhile does, or it waits. */
void	link_ready(struct relay_link *);
/* It is over: who has it hears why, and hangs up. */
void	link_broke(struct relay_link *, enum talk_fault, struct slice words);
/* All replies that are whole in its input. */
void	link_hear(struct relay_link *);
/* Its time is up; all that was said has gone to the system. */
void	link_on_clock(void *link);
void	link_on_drained(void *link);
/* At once, from the loop or where nobody has seen it yet. */
void	link_free(struct relay_link *);

/* link_turn.c */

/* The next reply of its host while that is greeted, and what it offers. */
enum relay_heard link_hear_greeting(struct relay_link *, struct slice *rest,
	    struct relay_said *words);
/* What it has said to that. */
void	link_greeted(struct relay_link *, const struct relay_said *);
/*
 * A message has the turn of that number from now on, or once it can be spoken to.
 * 0, -ENOENT (there is none) or -EINVAL (another has it).
 */
int	link_take_turn(struct relay_links *, uint64_t number,
	    struct relay_link **link_out);

#endif
