/*
 * queue_inside.h - the queue role, as its files share it
 *
 * Which mailbox, judge or keeper is connected is known in queue_channels.c,
 * with who of them still works on what it was asked.  A role that does not
 * answer in time is accused, and what it was asked is asked of the next.
 */
#ifndef POSTROOM_PROGRAMS_QUEUE_INSIDE_H
#define POSTROOM_PROGRAMS_QUEUE_INSIDE_H

#include "programs/queue_listing.h"
#include "programs/queue_pipes.h"
#include "programs/roles.h"
#include "queue/conductor.h"

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#define MOST_JUDGES	64	/* as many as the configuration allows */

/* Whether a role still works on what it was asked. */
struct progress {
	unsigned	 asked;		/* and not answered */
	uint64_t	 since_ms;	/* the last answer, or the first question */
};

struct mailbox_channel {
	uint64_t	 account;
	struct ipc	*ipc;
	struct progress	 progress;
	UT_hash_handle	 hh;
};

struct judge_channel {
	struct ipc	*ipc;
	struct progress	 progress;
};

struct queue {
	struct process		*process;
	struct conductor	*conductor;
	struct judge_channel	 judges[MOST_JUDGES];
	unsigned		 judge_count;
	struct ipc		*keeper;	/* or NULL */
	struct ipc		*relay;		/* the same */
	struct ipc		*schedule;	/* the same */
	bool			 has_ways;	/* the keeper has said them */
	unsigned		 consoles_lost;
	struct progress		 keeper_progress;
	struct timer		*hang_timer;
	struct mailbox_channel	*mailboxes;
	struct queue_pipes	*pipes;
	struct queue_begins	 begins;
	struct queue_gone	*gone;
	struct outbound_domain	*domains;	/* of the conductor's options */
};

/* Of the process that a handler has as its `arg`. */
struct queue	*queue_of(void *arg);

/* queue_channels.c */

/* It was asked one more thing; it has answered one. */
void	progress_asked(struct progress *);
void	progress_answered(struct progress *);
/* It was asked, and has answered nothing for a while: a message may do that. */
#define PROGRESS_SLOW_MS	100
bool	progress_is_slow(const struct progress *, uint64_t now_ms);
/* NULL: it is not, or no longer, there. */
struct judge_channel *queue_find_judge(struct queue *, const struct ipc *);
struct mailbox_channel *queue_find_mailbox(struct queue *, uint64_t account);
/* The judge with the least to do, sooner one that answers; or NULL. */
struct judge_channel *queue_choose_judge(struct queue *);
/* From now on those who hang are looked for.  0 or -ENOMEM. */
int	queue_watch_hangs(struct queue *);
/* One has come; -E2BIG, -ENOMEM. */
int	queue_add_judge(struct queue *, struct ipc *);
int	queue_add_mailbox(struct queue *, struct ipc *);
/* One is gone; of an older channel nothing changes. */
void	queue_lose_judge(struct queue *, const struct ipc *);
void	queue_lose_mailbox(struct queue *, const struct ipc *);

/* queue_ports.c: each port of the conductor is one message to another role. */
struct conductor_ports queue_ports(struct queue *);

#endif
