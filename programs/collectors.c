/*
 * collectors.c - the processes that collect, one for each owner
 *
 * A process that does not come up in time fails the tasks that wait for it; one
 * that is lost leaves its tasks to the schedule, which knows what to do.  A
 * process is believed only about tasks that it was given.
 */
#include "programs/collectors.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/base/bucket.h"

#define HASH_NONFATAL_OOM 1
#include <sys/queue.h>
#include <uthash.h>

#define WANT_AGAIN_MS	2000	/* it may have ended as it was wanted */
#define WANTS_MOST	15	/* 30 s: a busy machine is slow, not dead */

struct task {
	TAILQ_ENTRY(task)	 next;
	struct collector	*collector;
	struct ipc		*ipc;	/* who was asked, or NULL: it waits */
	uint64_t		 id;
	enum fetch_task		 what;
	unsigned		 messages;	/* FETCH_DOCTOR: looked at */
	uint64_t		 mark;		/* FETCH_WATCH: from there on */
	bool			 is_paused;
	bool			 is_unwanted;	/* nobody hears how it ends */
};

struct collector {
	struct collectors	*all;
	uint64_t		 owner;
	struct ipc		*ipc;	/* NULL: not there */
	TAILQ_HEAD(, task)	 tasks;
	struct timer		*again;
	unsigned		 wants;
	UT_hash_handle		 hh;
};

struct collectors {
	struct process		*process;
	struct schedule *const	*schedule;
	struct collector	*by_owner;
	uint64_t		 share;		/* of each collection */
};

struct collectors *
collectors_new(struct process *process, struct schedule *const *schedule)
{
	struct collectors *all = calloc(1, sizeof(*all));

	if (all != NULL) {
		all->process = process;
		all->schedule = schedule;
		all->share = BUCKET_FREE;
	}
	return all;
}

static struct collector *
find(const struct collectors *all, uint64_t owner)
{
	struct collector *collector;

	HASH_FIND(hh, all->by_owner, &owner, sizeof(owner), collector);
	return collector;
}

/* Without a channel and a task there is nothing to remember. */
static void
drop_if_unused(struct collector *collector)
{
	if (collector->ipc != NULL || !TAILQ_EMPTY(&collector->tasks))
		return;
	HASH_DEL(collector->all->by_owner, collector);
	timer_free(collector->again);
	free(collector);
}

static void
task_free(struct task *task)
{
	TAILQ_REMOVE(&task->collector->tasks, task, next);
	free(task);
}

static void
tell_over(struct collectors *all, const struct task *ended,
    const struct fetch_outcome *outcome)
{
	if (ended->is_unwanted)
		return;
	if (ended->what == FETCH_WATCH)
		schedule_watch_over(*all->schedule, ended->id, outcome);
	else
		schedule_over(*all->schedule, ended->id, outcome);
}

static void
fail(struct collectors *all, const struct task *ended, const char *words)
{
	const struct fetch_outcome outcome = {
		.end = FETCH_END_LOCAL, .words = slice_str(words)
	};

	tell_over(all, ended, &outcome);
}

/* Who did it is gone. */
static void
lose(struct collectors *all, const struct task *ended)
{
	if (ended->what == FETCH_WATCH)
		fail(all, ended, "the process that watched has ended");
	else
		schedule_lost(*all->schedule, ended->id);
}

static void
on_outcome(void *arg, int status, struct ipc_message *message)
{
	struct task *task = arg;
	struct collector *collector = task->collector;
	struct collectors *all = collector->all;
	struct fetch_outcome outcome;
	const struct task ended = *task;
	struct unpack u;

	task_free(task);
	drop_if_unused(collector);
	if (status < 0) {
		lose(all, &ended);
		return;
	}
	u = unpack_of(message->body);
	if (fetch_outcome_unpack(&u, &outcome) == 0 && unpack_is_done(&u)) {
		tell_over(all, &ended, &outcome);
		return;
	}
	process_accuse(all->process, ended.ipc, "an outcome cannot be read");
	fail(all, &ended, "what came of it could not be read");
}

/* News that is a number; who does not listen is lost soon anyway. */
static void
tell(struct ipc *ipc, uint16_t kind, uint64_t number)
{
	TEXT_AUTO body = TEXT_INIT(16);

	pack_u64(&body, number);
	if (!text_failed(&body))
		(void)ipc_send(ipc, kind, text_slice(&body), NULL, 0);
}

static int
ask(struct task *task, struct ipc *ipc)
{
	bool watches = task->what == FETCH_WATCH;
	TEXT_AUTO body = TEXT_INIT(16);
	int r;

	pack_u64(&body, task->id);
	if (watches) {
		pack_u64(&body, task->mark);
	} else {
		pack_u8(&body, (uint8_t)task->what);
		pack_u32(&body, task->messages);
	}
	if (text_failed(&body))
		return -ENOMEM;
	r = ipc_ask(ipc, watches ? FETCH_WATCH_INBOX : FETCH_TASK,
	    text_slice(&body), NULL, 0, on_outcome, task);
	if (r == 0)
		task->ipc = ipc;
	if (r == 0 && task->is_paused)
		tell(ipc, FETCH_PAUSE, task->id);
	return r;
}

static struct task *
next_waiting(const struct collector *collector)
{
	struct task *task;

	TAILQ_FOREACH(task, &collector->tasks, next)
		if (task->ipc == NULL)
			return task;
	return NULL;
}

/* It does not come up: whoever waits now hears that. */
static void
give_up(struct collector *collector)
{
	struct collectors *all = collector->all;
	uint64_t owner = collector->owner;
	unsigned count = 0;
	struct task *task;

	collector->wants = 0;
	TAILQ_FOREACH(task, &collector->tasks, next)
		count += task->ipc == NULL;
	/* each end may begin another task, for this one too */
	while (count-- > 0 && (collector = find(all, owner)) != NULL &&
	    (task = next_waiting(collector)) != NULL) {
		const struct task ended = *task;

		task_free(task);
		drop_if_unused(collector);
		fail(all, &ended, "the process that collects did not come up");
	}
}

static void
want(void *arg)
{
	struct collector *collector = arg;

	if (collector->ipc != NULL || next_waiting(collector) == NULL)
		return;
	if (collector->wants++ == WANTS_MOST) {
		give_up(collector);
		return;
	}
	/* a failure to say so is no more than a want that was not heard */
	(void)process_want_fetch(collector->all->process, collector->owner);
	timer_set(collector->again, WANT_AGAIN_MS);
}

/* The collector of that owner, made if need be; NULL when memory is out. */
static struct collector *
need(struct collectors *all, uint64_t owner)
{
	struct collector *collector = find(all, owner);

	if (collector != NULL)
		return collector;
	collector = calloc(1, sizeof(*collector));
	if (collector == NULL)
		return NULL;
	collector->all = all;
	collector->owner = owner;
	TAILQ_INIT(&collector->tasks);
	collector->again = timer_new(all->process->loop, want, collector);
	if (collector->again != NULL)
		HASH_ADD(hh, all->by_owner, owner, sizeof(collector->owner),
		    collector);
	if (collector->again == NULL || collector->hh.tbl == NULL) {
		timer_free(collector->again);
		free(collector);
		return NULL;
	}
	return collector;
}

static int
begin(struct collectors *all, uint64_t id, uint64_t owner,
    enum fetch_task what, unsigned messages, uint64_t mark)
{
	struct collector *collector = need(all, owner);
	struct task *task = calloc(1, sizeof(*task));
	int r = 0;

	if (collector == NULL || task == NULL) {
		if (collector != NULL)
			drop_if_unused(collector);
		free(task);
		return -ENOMEM;
	}
	task->collector = collector;
	task->id = id;
	task->what = what;
	task->messages = messages;
	task->mark = mark;
	TAILQ_INSERT_TAIL(&collector->tasks, task, next);
	if (collector->ipc != NULL) {
		r = ask(task, collector->ipc);
	} else if (!timer_is_set(collector->again)) {
		collector->wants = 0;
		want(collector);
	}
	if (r < 0) {
		task_free(task);
		drop_if_unused(collector);
	}
	return r;
}

int
collectors_begin(struct collectors *all, uint64_t id, uint64_t owner,
    enum fetch_task what, unsigned messages)
{
	return begin(all, id, owner, what, messages, 0);
}

int
collectors_watch(struct collectors *all, uint64_t id, uint64_t owner,
    uint64_t mark)
{
	return begin(all, id, owner, FETCH_WATCH, 0, mark);
}

void
collectors_unwatch(struct collectors *all, uint64_t id, uint64_t owner)
{
	struct collector *collector = find(all, owner);
	struct task *task, *following;

	if (collector == NULL)
		return;
	for (task = TAILQ_FIRST(&collector->tasks); task != NULL;
	    task = following) {
		following = TAILQ_NEXT(task, next);
		if (task->id != id || task->what != FETCH_WATCH)
			continue;
		task->is_unwanted = true;
		if (task->ipc != NULL)
			tell(task->ipc, FETCH_UNWATCH, id);
		else
			task_free(task);
	}
	drop_if_unused(collector);
}

struct ipc *
collectors_channel(struct collectors *all, uint64_t owner, bool wanted)
{
	const struct collector *collector = find(all, owner);

	if (collector != NULL && collector->ipc != NULL)
		return collector->ipc;
	/* a failure to say so is no more than a want that was not heard */
	if (wanted)
		(void)process_want_fetch(all->process, owner);
	return NULL;
}

int
collectors_peer(struct collectors *all, struct ipc *ipc)
{
	uint64_t owner = ipc_instance(ipc);
	struct collector *collector = need(all, owner);
	struct task *task;

	if (collector == NULL)
		return -ENOMEM;
	/* tasks of an earlier channel end with that */
	collector->ipc = ipc;
	if (all->share != BUCKET_FREE)
		tell(ipc, FETCH_SHARE, all->share);
	timer_stop(collector->again);
	while ((collector = find(all, owner)) != NULL &&
	    collector->ipc == ipc &&
	    (task = next_waiting(collector)) != NULL) {
		const struct task ended = *task;

		if (ask(task, ipc) == 0)
			continue;
		task_free(task);
		fail(all, &ended, "the process that collects does not listen");
	}
	return 0;
}

void
collectors_lost(struct collectors *all, struct ipc *ipc)
{
	struct collector *collector = find(all, ipc_instance(ipc));

	if (collector == NULL || collector->ipc != ipc)
		return;
	collector->ipc = NULL;
	drop_if_unused(collector);
}

void
collectors_share(struct collectors *all, uint64_t bytes_per_second)
{
	struct collector *collector, *following;

	all->share = bytes_per_second;
	HASH_ITER(hh, all->by_owner, collector, following)
		if (collector->ipc != NULL)
			tell(collector->ipc, FETCH_SHARE, bytes_per_second);
}

void
collectors_pause(struct collectors *all, uint64_t id, uint64_t owner)
{
	struct collector *collector = find(all, owner);
	struct task *task;

	if (collector == NULL)
		return;
	TAILQ_FOREACH(task, &collector->tasks, next) {
		if (task->id != id || task->what == FETCH_WATCH)
			continue;
		task->is_paused = true;
		if (task->ipc != NULL)
			tell(task->ipc, FETCH_PAUSE, id);
	}
}

/* The task of that number which this process was given, or NULL. */
static const struct task *
task_of(const struct collectors *all, const struct ipc *from, uint64_t id)
{
	const struct collector *collector = find(all, ipc_instance(from));
	const struct task *task;

	if (collector == NULL)
		return NULL;
	TAILQ_FOREACH(task, &collector->tasks, next)
		if (task->id == id && task->ipc == from)
			return task;
	return NULL;
}

/* A remote mailbox of whose owner's process says something of it. */
static bool
is_of(const struct collectors *all, const struct ipc *from, uint64_t id)
{
	struct schedule_health health;

	return schedule_health_of(*all->schedule, id, &health) &&
	    health.owner == ipc_instance(from);
}

int
collectors_carried(struct collectors *all, const struct ipc *from,
    struct slice body, uint64_t *account_out, struct line_counts *counts_out)
{
	struct unpack u = unpack_of(body);
	uint64_t id = unpack_u64(&u);
	struct line_counts counts = line_counts_unpack(&u);

	if (!unpack_is_done(&u))
		return -EBADMSG;
	/* a login may be asked for without a task: a person consents */
	*account_out = task_of(all, from, id) != NULL ||
	    is_of(all, from, id) ? id : 0;
	*counts_out = counts;
	return 0;
}

int
collectors_progress(struct collectors *all, const struct ipc *from,
    struct slice body)
{
	struct unpack u = unpack_of(body);
	uint64_t id = unpack_u64(&u);
	struct fetch_progress progress;

	if (fetch_progress_unpack(&u, &progress) < 0 || !unpack_is_done(&u))
		return -EBADMSG;
	/* of none that is known: begun for an earlier schedule */
	if (task_of(all, from, id) != NULL)
		schedule_progress(*all->schedule, id, &progress);
	return 0;
}

int
collectors_news(struct collectors *all, const struct ipc *from,
    struct slice body)
{
	struct unpack u = unpack_of(body);
	uint64_t id = unpack_u64(&u);

	if (!unpack_is_done(&u))
		return -EBADMSG;
	if (task_of(all, from, id) != NULL)
		schedule_news(*all->schedule, id);
	return 0;
}
