/*
 * scan_pool_inside.h - what the two halves of the pool share; for nobody else
 *
 * scan_pool.c has the messages, scan_pool_crews.c the processes.
 *
 * Each job is in exactly one place: in the queue or in the hands of one member.
 * A crew stays in the list until its process is gone; it is `current`, or
 * `coming`, or on its way out.
 */
#ifndef POSTROOM_PROGRAMS_SCAN_POOL_INSIDE_H
#define POSTROOM_PROGRAMS_SCAN_POOL_INSIDE_H

#include <sys/queue.h>

#include "lib/base/ipc.h"
#include "programs/scan_folder.h"
#include "programs/scan_pool.h"

#define WORKERS_MOST	64	/* as many as a crew keeps (scan_crew.c) */
#define POOL_TICK_MS	250	/* looks at waiting jobs and ended crews */
#define POOL_BUSY_S	300	/* of work, then a worker is replaced */
#define POOL_SLOW_MS	1000	/* with one message: another takes its place */
#define POOL_AGAIN_MS	1000	/* before who died at once is replaced */

struct job {
	STAILQ_ENTRY(job) next;
	int		 fd;
	uint64_t	 bytes;
	unsigned	 tries;
	uint64_t	 until_ms;	/* it waits for a scanner until then */
	scan_done_fn	*done;		/* NULL: forgotten */
	void		*arg;
};

struct member {			/* a worker, as the pool sees it */
	LIST_ENTRY(member) next;
	struct crew	*crew;
	uint64_t	 number;
	pid_t		 pid;		/* 0: not forked yet */
	struct ipc	*ipc;
	struct timer	*limit;
	struct job	*job;		/* in hand, or NULL */
	unsigned	 jobs;
	uint64_t	 busy_ms;
	uint64_t	 since_ms;
};

struct crew {
	LIST_ENTRY(crew) next;
	struct scan_pool *pool;
	uint64_t	 number;
	pid_t		 pid;
	struct ipc	*leader;	/* NULL: told to end */
	int		 scratch_fd;
	struct scan_print print;	/* of what it loaded */
	uint64_t	 signatures;	/* 0: still loading */
	uint64_t	 until_ms;	/* leaves: killed after this */
	LIST_HEAD(, member) members;
};

struct scan_pool {
	struct loop		*loop;
	struct scan_pool_options options;
	LIST_HEAD(, crew)	 crews;		/* all whose process lives */
	struct crew		*current;	/* has signatures; or NULL */
	struct crew		*coming;	/* loads; or NULL */
	STAILQ_HEAD(, job)	 jobs;
	size_t			 job_count;
	struct timer		*poll, *tick, *refill;
	uint64_t		 last_crew, last_member;	/* given */
	struct scan_print	 failed_print;
	unsigned		 retry_polls;	/* 0: no set has failed */
	bool			 has_looked;	/* at the folder, once */
	uint64_t		 scanned, failed;
	char			 words[SCAN_WORDS_MAX + 1];
};

/* scan_pool.c */

/* There is something to look with: signatures, or a clamd. */
bool	pool_has_source(const struct scan_pool *);

/* For the log and the status; nothing in it comes from a peer. */
void	pool_complain(struct scan_pool *, const char *format, ...)
	    __attribute__((format(printf, 2, 3)));
/* The member has its message no more; the caller does something about it. */
struct job *pool_job_taken(struct member *);
/* Put it back for another try, or say that there is none. */
void	pool_job_failed(struct scan_pool *, struct job *);
/* The member is gone; the message it had is tried elsewhere. */
void	pool_member_failed(struct member *);
/* Of a member: its channel is lost; its time is over. */
void	pool_member_lost(void *arg, struct ipc *, bool was_breach);
void	pool_member_limit(void *arg);
/* Give waiting messages to whoever is free. */
void	pool_dispatch(struct scan_pool *);
/* While somebody waits: look for those who take long. */
void	pool_watch_slow(struct scan_pool *);
/* Answer those who have waited too long, or for nothing. */
void	pool_give_up(struct scan_pool *);

/* scan_pool_crews.c */

/* End a worker, and its crew if that is to go and this was the last. */
void	crew_end_member(struct member *);
/*
 * As many workers as there should be, and for each that is busy with one message
 * for long another, so that messages made for that keep nobody waiting.
 */
void	crew_refill(void *pool);
/* More than there should be do not take long: one that is free may end. */
bool	crew_has_spare(const struct crew *);
/* Look at the signatures; load them when they have changed, or `anyway`. */
void	crew_look(struct scan_pool *, bool anyway);
/* Tell the leader to end; it takes its workers along.  Once is enough. */
void	crew_leave(struct crew *);
/* Collect those who have ended, hasten those who should; is one left? */
bool	crew_reap(struct scan_pool *);
/* Its process is gone: so is all else. */
void	crew_free(struct crew *);

#endif
