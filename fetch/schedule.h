/*
 * schedule.h - which remote mailbox is collected when (MultiPOP)
 *
 * Every mailbox has its time; whose time has come waits in line for its host,
 * and begins when that host and the hub as a whole have room for one more.  A
 * mailbox is collected once at a time.  What a person asks for goes to the
 * front, whatever the clock says.  While the line is closed (line.h) nothing
 * begins but what the postmaster asks for, and what runs is stopped in good
 * order; when it opens, all are collected.  What is known of a provider
 * (policy/providers.h) bounds how often and how much of it is taken.
 *
 * A failure makes it wait longer and longer, a wrong password long from the
 * start, since providers lock accounts out; it is never switched off and
 * recovers by itself.  Waits follow the monotonic clock, the wall clock is for
 * people.
 *
 * No other role is known here: what is wanted of them goes out through ports.
 */
#ifndef POSTROOM_FETCH_SCHEDULE_H
#define POSTROOM_FETCH_SCHEDULE_H

#include "fetch/line.h"
#include "fetch/runs.h"
#include "lib/base/loop.h"
#include "policy/keeper.h"

/* Twice what an office of 1,000 with 50 each has: above it is a mistake. */
#define SCHEDULE_MOST	100000

struct schedule;		/* opaque; see schedule.c */

struct schedule_options {
	unsigned	minutes;	/* between two looks at a mailbox */
	unsigned	connections;	/* to providers, in all */
	unsigned	per_host;	/* of them, to one host */
	uint64_t	daily_bytes;	/* from one mailbox; 0: all of it */
	bool		watches;	/* between collections, where it can */
	struct line	*line;		/* borrowed; NULL: always open */
};

/*
 * Who reads mail has it collected, but not more often: a mail program looks
 * every minute.
 */
#define SCHEDULE_READS_GAP_MS	(2 * 60 * 1000)

/* How a mailbox does; slices are good until the next call. */
struct schedule_health {
	uint64_t	id, owner;
	struct slice	owner_address, label, host;
	bool		enabled;
	int64_t		success_at_utc_ms;	/* collected; 0: not yet */
	int64_t		ended_at_utc_ms;	/* the last time; 0: not yet */
	int64_t		next_at_utc_ms;	/* 0: not by the clock */
	bool		has_ended;	/* then how: */
	enum fetch_end	end;
	bool		server_said;	/* the words; else the library, or we */
	struct slice	words;
	unsigned	failures;	/* in a row, before this moment */
	unsigned	refusals;	/* of these, of name and password */
	int64_t		failing_since_utc_ms;	/* 0: it does not */
	int64_t		told_at_utc_ms;	/* of that, its owner; 0: not */
	uint64_t	waiting, waiting_bytes;	/* there, and not here yet */
	int64_t		grant_until_utc_ms;	/* consent; 0: nobody knows */
	unsigned	grant_told;	/* grant_urgency() its owner knows of */
};

struct schedule_ports {
	void	*arg;
	/*
	 * Have it done -> schedule_progress(), and then schedule_over() or
	 * schedule_lost(), in a later turn.  0 or a negative errno: a failure
	 * of ours, tried again.  `messages` is as FETCH_TASK has it.
	 */
	int	(*begin)(void *arg, uint64_t id, uint64_t owner,
		    enum fetch_task, unsigned messages);
	/* Something of a run has changed; call nothing of the schedule. */
	void	(*moved)(void *arg);
	/* A task is over; `failed_before` times in a row until then. */
	void	(*ended)(void *arg, const struct schedule_health *,
		    unsigned failed_before);
	/* The rest may be NULL.  The line has closed: -> schedule_over() soon. */
	void	(*pause)(void *arg, uint64_t id, uint64_t owner);
	/* Each of those that run may carry so much from now on. */
	void	(*share)(void *arg, uint64_t bytes_per_second);
	/*
	 * Watch its INBOX from that mark on -> schedule_news() each time, and
	 * schedule_watch_over(), in a later turn.  0 or a negative errno.
	 * Not any more: nothing of it is heard then.  Both, or NULL.
	 */
	int	(*watch)(void *arg, uint64_t id, uint64_t owner,
		    uint64_t mark);
	void	(*unwatch)(void *arg, uint64_t id, uint64_t owner);
	/* The line may stand otherwise than it did. */
	void	(*line)(void *arg);
};

/* NULL when memory is out. */
struct schedule	*schedule_new(struct loop *, const struct schedule_options *,
		    const struct schedule_ports *);
void		 schedule_free(struct schedule *);

/*
 * What mailboxes there are: begin, each of them once, end.  Those not named are
 * forgotten at the end; without an end nothing is.  0, -ENOMEM or -E2BIG
 * (SCHEDULE_MOST).
 */
void		 schedule_list_begin(struct schedule *);
int		 schedule_list_add(struct schedule *, const struct fetch_due *);
void		 schedule_list_end(struct schedule *);
/* They have been told once at least. */
bool		 schedule_is_told(const struct schedule *);

/* News of a task that was begun; of any other, nothing happens. */
void		 schedule_progress(struct schedule *, uint64_t id,
		    const struct fetch_progress *);
void		 schedule_over(struct schedule *, uint64_t id,
		    const struct fetch_outcome *);
/*
 * Who did it is gone.  A task of which nothing had been heard is begun once
 * more at once: a process on its way out had been told.
 */
void		 schedule_lost(struct schedule *, uint64_t id);
/* A mailbox that is watched has something new; it is watched no more. */
void		 schedule_news(struct schedule *, uint64_t id);
void		 schedule_watch_over(struct schedule *, uint64_t id,
		    const struct fetch_outcome *);
/*
 * Its owner reads mail: what is to be collected then is, and soon.  True: it is
 * being collected, whoever wanted it.  Asking again changes nothing.
 */
bool		 schedule_reads(struct schedule *, uint64_t owner);
/* So many bytes were received for it just now. */
void		 schedule_carried(struct schedule *, uint64_t id,
		    uint64_t bytes);
/* Something about the line may be different now. */
void		 schedule_line_changed(struct schedule *);
/* The one of its options, or NULL; how many run. */
struct line	*schedule_line(const struct schedule *);
unsigned	 schedule_running(const struct schedule *);
/* Look at the clock: its own timer does that, and tests. */
void		 schedule_tick(struct schedule *);

/* Which mailboxes; an empty slice: any. */
struct schedule_pick {
	uint64_t	owner;	/* what is theirs; 0: anybody's */
	struct slice	address;	/* the owner's, whole */
	struct slice	label;
	/* FETCH_DOCTOR: of how many messages; 0: as usual */
	unsigned	messages;
};

/*
 * Do it now with those picked, as one run.  Collecting passes over those that
 * are switched off; trying, or a look at headers, takes exactly one, and that in
 * any state.
 *
 *  0          *run_out, until RUN_KEPT_MS after it is over
 * -ENOENT     there is none
 * -EPERM      there is, but it is switched off
 * -ENOTUNIQ   trying: there is more than one
 * -EAGAIN     RUNS_MOST are under way
 * -ENOMEM
 */
int		 schedule_ask(struct schedule *, enum fetch_task,
		    const struct schedule_pick *, const struct run **run_out);
/* How the mailbox of that number does; false: there is none. */
bool		 schedule_health_of(const struct schedule *, uint64_t id,
		    struct schedule_health *health_out);
/* Its owner was told that it fails (telling.h); the same. */
bool		 schedule_told(struct schedule *, uint64_t id,
		    struct schedule_health *health_out);
/* Its owner knows that its consent ends (reminding.h); the same. */
bool		 schedule_grant_told(struct schedule *, uint64_t id,
		    unsigned stage, struct schedule_health *health_out);
/* A run that was asked for, or NULL. */
const struct run *schedule_run(const struct schedule *, uint64_t number);

/* Those picked above that number, in order of number, while `fn` is true. */
typedef bool	 schedule_fn(void *arg, const struct schedule_health *);
void		 schedule_each(const struct schedule *,
		    const struct schedule_pick *, uint64_t above,
		    schedule_fn *, void *arg);

#endif
