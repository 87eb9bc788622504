/*
 * collect_inside.h - one collection, as the files that make it up see it
 *
 * The steps, in the order of RFC 1939: login.c, listing.c, beginning.c (the
 * first time), steps.c (decide), look.c, take.c, steps.c (delete, quit).  A
 * step begins its work and calls the next when that is done; nothing else says
 * how far the collection has come.
 *
 * An end is told from the loop, never from inside a step: collect_break() and
 * collect_bye() may be called anywhere.
 */
#ifndef POSTROOM_FETCH_COLLECT_INSIDE_H
#define POSTROOM_FETCH_COLLECT_INSIDE_H

#include <sys/queue.h>

#include "fetch/capa.h"
#include "fetch/collect.h"
#include "fetch/pop3.h"
#include "fetch/print.h"
#include "fetch/take.h"
#include "lib/base/text.h"
#include "queue/service.h"

struct collect;

/* Why the server has to wait. */
#define HOLD_LISTING	0x01u	/* rows that the queue has not read */
#define HOLD_SPACE	0x02u	/* a grant, or the pipe itself */
#define HOLD_PIPE	0x04u	/* it is full */
#define HOLD_ANSWERS	0x08u	/* too many messages without an answer */

/* Conversations that a message without end may cost one collection. */
#define COLLECT_PASSED_MOST	3

/* Something asked of the queue; it outlives the collection. */
struct ask {
	LIST_ENTRY(ask)	 next;
	struct collect	*collect;	/* NULL: gone */
	struct ipc	*queue;
	uint16_t	 kind;
	void		(*answer)(struct collect *, const struct ask *,
			    struct ipc_message *);	/* NULL: lost */
	uint32_t	 number;	/* of a message */
	uint64_t	 bytes;
};

/* What the server lists; see listing.c. */
struct listed {
	uint32_t	number;
	uint32_t	unused;
	uint64_t	bytes;		/* 0: unknown */
};

struct listing {
	struct listed	*rows;		/* of LIST; numbers grow */
	size_t		 count, size;
	size_t		 at;		/* the next to be told */
	uint32_t	 told;		/* the last number that was */
	struct text	 page;		/* a QUEUE_LISTING_ROWS */
	uint32_t	 page_rows;
	unsigned	 asks;		/* without an answer */
	bool		 no_list;	/* LIST was refused */
	bool		 whole;		/* nothing more comes of UIDL */
};

/* The rows of one part, a page at a time; see page.c. */
struct page {
	enum listing_part part;
	struct listed	*rows;		/* LISTING_PAGE of them */
	unsigned	 count, at;
	uint32_t	 after;
	bool		 asked;
	bool		 is_last;
};

/* What TOP n 0 says; see look.c and beginning.c. */
struct look {
	unsigned	 rounds;	/* of DECIDE */
	struct text	 digests;	/* a QUEUE_LISTING_DIGESTS */
	uint32_t	 digest_count;
	uint64_t	 bytes;		/* of this one */
	size_t		 next;		/* beginning: rows before it, not asked */
	int64_t		 oldest_utc;	/* seconds: what is before is old */
	unsigned	 old_ones;	/* in a row */
	uint32_t	 old_from, old_to;	/* a range; 0: none */
	struct text	 leave;		/* a QUEUE_LISTING_LEAVE */
	uint32_t	 leave_count;
	unsigned	 asks;
	bool		 whole;		/* nothing more to be looked at */
};

struct collect {
	struct talk_hall *hall;
	struct loop	*loop;
	struct ipc	*queue;		/* NULL: lost */
	struct collect_options limits;	/* numbers only */
	struct collect_events events;
	struct fetch_account account;
	enum fetch_task	 task;
	char		*password, *addresses;
	struct talk	*talk;
	struct pop3	*pop3;
	struct capa	 capa;
	char		 peer[64], tls_words[128];
	void		(*turn)(struct collect *);	/* say more commands */
	unsigned	 held_for;
	LIST_HEAD(, ask) asks;
	bool		 listing_is_open;	/* at the queue */
	bool		 may_delete, is_first;
	struct listing_counts counts;
	struct print	 all, header;
	struct listing	 listing;
	struct page	 page;
	struct look	 look;
	struct take	 take;
	struct deletions {
		uint32_t	*kept;	/* came out short: not to be deleted */
		size_t		 kept_count, kept_size;
		uint32_t	 batch[LISTING_PAGE];	/* of DELETING */
		unsigned	 count, at;	/* in it; DELE was said of these */
		bool		 asked;		/* DELETING */
	} deletions;
	/* larger than listed, and too large: the next conversation passes by */
	struct listed	 passed[COLLECT_PASSED_MOST];
	unsigned	 passed_count;
	bool		 again;		/* there is to be one */
	bool		 reconnected;	/* to log in as the server wants it */
	bool		 leaving;	/* QUIT has been said */
	bool		 ended;		/* no conversation any more */
	bool		 told;		/* over() has been called */
	struct timer	*over;		/* to be told; or QUIT takes long */
	enum fetch_stage stage;
	uint64_t	 progress_ms;
	struct fetch_outcome outcome;
	char		 words[FETCH_WORDS_MOST + 1];
};

/* collect.c */

/* The conversation ends here: hang up, and tell when the queue has answered. */
void	collect_break(struct collect *, enum fetch_end, struct slice words);
/* It ends well-mannered: QUIT, with this as the end of it. */
void	collect_bye(struct collect *, enum fetch_end, struct slice words);
/* Tell what came of it, if nothing is awaited any more. */
void	collect_settle(struct collect *);
/* The first end that is not DONE stays, with its words. */
void	collect_note(struct collect *, enum fetch_end, struct slice words);
/* Let the server wait for this reason, or no more for it. */
void	collect_hold(struct collect *, unsigned why, bool held);
void	collect_stage(struct collect *, enum fetch_stage);
/* At most every 100 ms. */
void	collect_progress(struct collect *);
/* The largest message that is taken. */
uint64_t collect_largest(const struct collect *);

/* asks.c */

typedef void	collect_answer_fn(struct collect *, const struct ask *,
		    struct ipc_message *);
/*
 * Ask the queue; `what` (or NULL) tells number and bytes.  False: it is
 * over, collect_break() has been called.
 */
bool	collect_ask(struct collect *, enum queue_kind, const struct text *body,
	    int fd, const struct ask *what, collect_answer_fn *);
void	collect_tell(struct collect *, enum queue_kind, const struct text *);
/* Nobody waits for answers any more. */
void	collect_forget(struct collect *);
/*
 * The status that begins an answer about the listing.  False: it was not OK,
 * and the collection is on its way out.
 */
bool	collect_listing_ok(struct collect *, struct ipc_message *,
	    struct unpack *rest_out);

/* page.c */

/* Stand before the first row of a part. */
void	page_begin(struct collect *, enum listing_part);
/*
 * The next row, or NULL: there is none now; page_is_over() tells whether there
 * will be, and then collect's turn() is called.
 */
const struct listed *page_row(struct collect *);
/* Consume it. */
void	page_next(struct collect *);
bool	page_is_over(const struct collect *);

/* look.c: a header by TOP n 0, in take.body and the digest of `header`. */
void	look_begin(struct collect *);
void	look_part(struct collect *, struct slice);
struct slice look_header(const struct collect *);
/* DECIDE has asked for headers, and may still do so. */
bool	look_is_wanted(struct collect *);

/* steps.c: do not delete this one in this session.  0 or -ENOMEM. */
int	deletion_spare(struct collect *, uint32_t number);

/* The steps. */

/* 0, -EINVAL or -ENOMEM: then nothing comes. */
int	login_begin(struct collect *);
void	step_list(struct collect *);
void	step_beginning(struct collect *);
void	step_decide(struct collect *);
void	step_look(struct collect *);
void	step_take(struct collect *);
void	step_delete(struct collect *);
void	step_quit(struct collect *);

#endif
