/*
 * schedule_inside.h - what schedule.c, schedule_line.c, schedule_asked.c,
 * schedule_provider.c, watches.c and remotes.c share; for them alone
 */
#ifndef POSTROOM_FETCH_SCHEDULE_INSIDE_H
#define POSTROOM_FETCH_SCHEDULE_INSIDE_H

#include "fetch/schedule.h"
#include "policy/providers.h"

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#define NEVER	UINT64_MAX	/* of a time: not by the clock */

struct remote;

/* Who has been asked for by a person goes before those of the clock. */
enum lane { LANE_ASKED, LANE_CLOCK, LANE_COUNT };

struct host {
	char		*name;		/* in small letters, no dot at its end */
	struct provider_limits limits;	/* 0: none is known */
	unsigned	 uses;		/* mailboxes of it, and tasks */
	unsigned	 running;	/* tasks */
	unsigned	 watching;	/* mailboxes that are watched */
	unsigned	 waiting;
	TAILQ_HEAD(, remote) lane[LANE_COUNT];
	LIST_ENTRY(host) next_waiting;	/* while somebody waits */
	UT_hash_handle	 hh;
};

enum remote_state { REMOTE_IDLE, REMOTE_WAITING, REMOTE_RUNNING };

/* Its INBOX is watched; see watches.c. */
struct watch {
	bool		 is_on;
	bool		 has_news;	/* which came during a collection */
	struct host	*at;		/* whose room it takes */
	uint64_t	 mark;		/* 0: it cannot be watched */
	uint64_t	 began_ms, due_ms;
	uint64_t	 news_ms;	/* when it was last, or is soon, collected
					   for some */
	unsigned	 faults;	/* in a row */
	bool		 was_ours;	/* the last one */
};

/* A remote mailbox. */
struct remote {
	uint64_t	 id, owner;
	bool		 is_office;	/* no person sees it as theirs */
	char		*owner_address, *label;
	struct host	*host;
	bool		 enabled;
	uint64_t	 changes;	/* of its settings */
	int64_t		 grant_until_utc_ms;	/* 0: nobody knows */
	unsigned	 grant_told;
	struct fetch_when when;
	bool		 gone;		/* no longer listed: ends with its task */
	uint64_t	 listing;	/* the last one that named it */

	enum remote_state state;
	uint64_t	 due_ms;
	enum lane	 lane;		/* while it waits */
	uint64_t	 turn;		/* in which order it came there */
	TAILQ_ENTRY(remote) next;
	LIST_HEAD(, run_account) asked;	/* for whom it is, if for people */

	/* its task, while it runs */
	enum fetch_task	 task;
	uint64_t	 begun_changes;	/* of its settings, as known then */
	unsigned	 messages;	/* FETCH_DOCTOR: looked at */
	enum line_who	 who;		/* wants it */
	bool		 is_stopping;	/* the line has closed meanwhile, or */
	bool		 is_of_day;	/* all that a day gives is taken */
	struct host	*at;		/* whose room it takes */
	bool		 has_begun;	/* something has been heard of it */
	bool		 is_second;	/* the first one was lost unheard */
	struct fetch_progress progress;
	struct watch	 watch;		/* beside it */

	/* what was taken of it since then, for a day */
	uint64_t	 day_ms, day_bytes;	/* NEVER: nothing yet */

	/* what came of the last one */
	unsigned	 refusals;	/* of name and password, in a row */
	unsigned	 faults;	/* others, in a row */
	unsigned	 pauses;	/* in a row: ours, no failures of its own */
	uint64_t	 failing_since_ms;	/* NEVER: it does not fail */
	int64_t		 failing_since_utc_ms, told_at_utc_ms;
	int64_t		 success_at_utc_ms, ended_at_utc_ms;
	uint64_t	 ended_ms;
	uint64_t	 waiting, waiting_bytes;	/* it left there */
	bool		 has_ended;
	enum fetch_end	 end;
	bool		 server_said;
	char		*words;
	UT_hash_handle	 hh;
};

struct schedule {
	struct loop		*loop;
	struct schedule_options	 options;
	struct schedule_ports	 ports;
	struct remote		*remotes;	/* in order of number */
	struct host		*hosts;
	LIST_HEAD(, host)	 waiting;	/* hosts for which somebody waits */
	unsigned		 running;	/* tasks */
	unsigned		 watching;
	uint64_t		 last_turn;
	uint64_t		 listing;
	bool			 is_told;
	struct runs		*runs;
	struct timer		*timer;
	uint64_t		 ticked_ms, tick_at_ms;
	enum line_bar		 bars[LINE_WHO_COUNT];	/* as last looked at */
	uint64_t		 opens_at_ms;	/* the line, for the clock */
	uint64_t		 share;		/* as last told */
};

/* remotes.c: the mailbox of that number, or NULL. */
struct remote	*remote_find(const struct schedule *, uint64_t id);
/* Forget a mailbox that neither waits nor runs. */
void		 remote_drop(struct schedule *, struct remote *);
/* One use of that host ends; with the last one the host does. */
void		 host_release(struct schedule *, struct host *);
bool		 remote_matches(const struct remote *,
		    const struct schedule_pick *);
void		 remote_health(const struct schedule *, const struct remote *,
		    struct schedule_health *health_out);

/* schedule.c: into a lane, and out of it. */
void		 remote_line_up(struct schedule *, struct remote *, enum lane);
void		 remote_step_out(struct schedule *, struct remote *);
/* By the clock at `due_ms`. */
void		 remote_plan(struct schedule *, struct remote *,
		    uint64_t due_ms);
/* The same, soon, but not with all the others. */
void		 remote_plan_first(struct schedule *, struct remote *);
/* Begin with whoever may. */
void		 schedule_pump(struct schedule *);
/* How long it waits after the `times`th failure in a row that ended so. */
uint64_t	 back_off_ms(enum fetch_end, unsigned times);

/* watches.c: begin to watch it, if that may be. */
void		 watch_look(struct schedule *, struct remote *);
/* Not now; not before another collection has said so. */
void		 watch_stop(struct schedule *, struct remote *);
void		 watch_forget(struct schedule *, struct remote *);
/* Its task is over, and that is noted. */
void		 watch_collected(struct schedule *, struct remote *,
		    const struct fetch_outcome *);

/* schedule_line.c: look at the line, and do what it says; true: it is new. */
bool		 schedule_look(struct schedule *);
/* And whoever else goes by it. */
void		 schedule_tell_line(struct schedule *);
enum line_bar	 schedule_bar(const struct schedule *, enum line_who);
/* How often it is collected, now. */
uint64_t	 remote_between_ms(const struct schedule *,
		    const struct remote *);
/* How many may run. */
unsigned	 schedule_most(const struct schedule *);
/* Tell those who run what each may carry, if that is new. */
void		 schedule_share(struct schedule *);
/*
 * schedule_provider.c: how many may be at that host, and how often it may be
 * asked, at the most; milliseconds.
 */
unsigned	 host_most(const struct schedule *, const struct host *);
uint64_t	 host_between_ms(const struct host *);
/* When it gives more; 0: it does now. */
uint64_t	 remote_day_ends_ms(const struct schedule *,
		    const struct remote *);
/* An earlier life has ended so: the day began then. */
void		 remote_restore_day(struct remote *, uint64_t ended_ms);
/* What is said to whoever wants more of it. */
struct fetch_outcome day_outcome(void);
/* What is said to whoever wants what the line bars. */
struct fetch_outcome line_outcome(enum line_bar);

/*
 * schedule_asked.c: what is to be done with it: only who was asked to be tried, and
 * nothing else, is only tried.
 */
enum fetch_task	 asked_task(const struct remote *);
/* A look at headers: of how many messages who wants most of them does. */
unsigned	 asked_messages(const struct remote *);
/* For whom it is; LINE_BY_CLOCK: for nobody who waits. */
enum line_who	 asked_who(const struct remote *);
/* Its task has moved on; is over.  Whoever it serves is told. */
void		 asked_progress(struct schedule *, struct remote *);
void		 asked_end(struct schedule *, struct remote *,
		    const struct fetch_outcome *);
/* Nothing is done for whoever waits for it: all hear that. */
void		 asked_turn_away(struct schedule *, struct remote *,
		    const struct fetch_outcome *);
/* Nobody waits for it any more; those who did are told why, in `words`. */
void		 asked_dismiss(struct schedule *, struct remote *,
		    const char *words);

#endif
