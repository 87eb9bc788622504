/*
 * outbound_inside.h - what the files of outbound.h share; for them alone
 *
 * outbound.c has the destinations and their clock, outbound_try.c puts a try
 * together, outbound_tried.c says what came of it.
 */
#ifndef POSTROOM_QUEUE_OUTBOUND_INSIDE_H
#define POSTROOM_QUEUE_OUTBOUND_INSIDE_H

#include "lib/base/heap.h"
#include "queue/outbound.h"
#include "queue/outbound_plan.h"
#include "queue/relay_job.h"
#include "queue/rows_outbound.h"

/* One message for one destination: all its recipients there. */
struct out_job {
	struct heap_entry	 due;		/* of its destination */
	struct message_id	 id;
	struct out_dest		*dest;
};

/* A domain, or the smarthost (""). */
struct out_dest {
	struct heap_entry	 ready;		/* of all destinations */
	struct heap		 jobs;		/* not being tried */
	struct out_job		*newest;	/* put in last, or NULL */
	uint64_t		 not_before_ms;	/* its host did not answer */
	unsigned		 failures;	/* in a row */
	unsigned		 active;	/* conversations */
	UT_hash_handle		 hh;
	char			 name[];
};

/* A try under way. */
struct out_try {
	LIST_ENTRY(out_try)	 next;
	struct outbound		*outbound;
	struct out_job		*job;
	struct arena		*arena;
	struct rows_outbound	*rows;		/* as they are */
	size_t			 count;
	bool			 has_more;	/* than fit one try */
};

struct outbound {
	struct conductor	*conductor;
	struct outbound_plan	 plan;
	struct heap		 ready;
	struct out_dest		*dests;
	LIST_HEAD(, out_try)	 tries;
	struct timer		*timer;
	unsigned		 active;
	bool			 is_up;		/* the relay is there */
	bool			 has_reached;	/* some host, at: */
	uint64_t		 reached_ms;
};

/* A job for that message and domain, due at `due_ms`.  0 or -ENOMEM. */
int	out_add(struct outbound *, const struct message_id *,
	    struct slice domain, uint64_t due_ms);
/* It is due then (again); it must not be under way. */
void	out_again(struct outbound *, struct out_job *, uint64_t due_ms);
/* It is done with. */
void	out_job_free(struct outbound *, struct out_job *);
/* Its destination's place among all follows from what there is of it now. */
void	out_dest_place(struct outbound *, struct out_dest *);
/* Whatever is due and may be tried is. */
void	out_pump(struct outbound *);
/* When that moment of the clock on the wall comes, as clock_ms() has it. */
uint64_t out_due_ms(int64_t utc_ms);

/*
 * outbound_try.c: a try of that job with its rows, which nobody was asked for; and
 * one that is under way.  0, -ENOENT (there is nothing to be sent) or -errno.
 */
int	out_try_rows(struct outbound *, struct out_job *,
	    struct out_try **try_out);
int	out_try_begin(struct outbound *, struct out_job *);
void	out_try_free(struct out_try *);

/* That recipient is in a try under way. */
bool	out_is_trying(const struct outbound *, const struct rows_outbound *);

/*
 * outbound_tried.c: what a row has come to, for the trail; `tls` of the host that
 * took it.
 */
void	out_tell(struct conductor *, const struct rows_outbound *,
	    struct slice tls);

/* The file of a message, unless anybody still waits for it. */
void	out_drop_file(struct conductor *, const struct message_id *);

#endif
