/*
 * scan_pool.c - messages in, answers out, whatever happens to the scanners
 *
 * A job leaves the queue and the hands of a member only through finish(), which
 * answers it.
 */
#include "programs/scan_pool_inside.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "programs/scan_crew.h"

#define SECONDS_MOST	3600	/* longer than any peer waits for an answer */
#define JOBS_MOST	256	/* waiting; each judge has one message */
#define TRIES		2	/* a message that ends two scanners is enough */
#define MEMBER_JOBS	500	/* what a library leaks, or keeps, ends too */

/* For the log and the status; nothing in it comes from a peer. */
void
pool_complain(struct scan_pool *pool, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(pool->words, sizeof(pool->words), format, args);
	va_end(args);
	if (pool->options.say != NULL)
		pool->options.say(pool->options.arg, pool->words);
}

bool
pool_has_source(const struct scan_pool *pool)
{
	return pool->options.signatures_fd >= 0 || pool->options.clamd != NULL;
}

static void
finish(struct scan_pool *pool, struct job *job,
    const struct scan_answer *answer)
{
	scan_done_fn *done = job->done;
	void *arg = job->arg;

	if (answer->result == SCAN_NOT_SCANNED ||
	    answer->result == SCAN_UNSCANNABLE)
		pool->failed++;
	else
		pool->scanned++;
	(void)close(job->fd);
	free(job);
	if (done != NULL)
		done(arg, answer);
}

/* How long a message waits for a scanner, or a scanner has for it. */
static uint64_t
wait_ms(const struct scan_pool *pool)
{
	return (uint64_t)pool->options.seconds * 1000;
}

/* Put it back for another try, or say that there is none. */
void
pool_job_failed(struct scan_pool *pool, struct job *job)
{
	struct scan_answer answer;

	if (++job->tries < TRIES) {
		job->until_ms = clock_ms() + wait_ms(pool);
		STAILQ_INSERT_HEAD(&pool->jobs, job, next);
		pool->job_count++;
		timer_set(pool->tick, POOL_TICK_MS);
		return;
	}
	answer = scan_answer_of(SCAN_UNSCANNABLE, "",
	    "the scanner broke off on it %u times", TRIES);
	pool_complain(pool, "a message was given up: the scanner broke off on "
	    "it %u times", TRIES);
	finish(pool, job, &answer);
}

struct job *
pool_job_taken(struct member *member)
{
	struct job *job = member->job;

	member->job = NULL;
	timer_stop(member->limit);
	member->jobs++;
	member->busy_ms += clock_ms() - member->since_ms;
	return job;
}

/* The member is gone; the message it had is tried elsewhere. */
void
pool_member_failed(struct member *member)
{
	struct scan_pool *pool = member->crew->pool;
	bool is_new = member->jobs == 0;
	struct job *job = member->job == NULL ? NULL : pool_job_taken(member);

	crew_end_member(member);
	/* one that died at its first breath may do so for ever */
	timer_set(pool->refill, is_new && job == NULL ? POOL_AGAIN_MS : 0);
	if (job != NULL)
		pool_job_failed(pool, job);
	pool_dispatch(pool);
}

void
pool_member_lost(void *arg, struct ipc *ipc, bool was_breach)
{
	struct member *member = arg;

	(void)ipc;
	pool_complain(member->crew->pool, was_breach ?
	    "a scanner broke the rules" : "a scanner has died");
	pool_member_failed(member);
}

/* Its hard limit: whatever it does now, it does it no longer. */
void
pool_member_limit(void *arg)
{
	struct member *member = arg;
	struct scan_pool *pool = member->crew->pool;
	struct job *job = pool_job_taken(member);
	const struct scan_answer answer = scan_answer_of(SCAN_TOO_LONG, "",
	    "scanning took longer than %u seconds", pool->options.seconds);

	pool_complain(pool, "a scanner was killed: a message took longer than "
	    "%u seconds", pool->options.seconds);
	crew_end_member(member);
	timer_set(pool->refill, 0);
	finish(pool, job, &answer);
	pool_dispatch(pool);
}

static void
on_answer(void *arg, int status, struct ipc_message *message)
{
	struct member *member = arg;
	struct scan_pool *pool = member->crew->pool;
	struct scan_answer answer;
	struct job *job;

	if (status < 0 || scan_answer_unpack(message->body, &answer) < 0) {
		pool_complain(pool,
		    "a scanner gave an answer that cannot be read");
		pool_member_failed(member);
		return;
	}
	job = pool_job_taken(member);
	if (member->crew != pool->current || member->jobs >= MEMBER_JOBS ||
	    member->busy_ms >= POOL_BUSY_S * 1000 ||
	    crew_has_spare(member->crew)) {
		crew_end_member(member);
		timer_set(pool->refill, 0);
	}
	finish(pool, job, &answer);
	pool_dispatch(pool);
}

static void
give(struct member *member, struct job *job)
{
	struct scan_pool *pool = member->crew->pool;
	TEXT_AUTO body = TEXT_INIT(16);

	pack_u64(&body, job->bytes);
	member->job = job;
	member->since_ms = clock_ms();
	timer_set(member->limit, wait_ms(pool));
	if (ipc_ask(member->ipc, CREW_SCAN, text_slice(&body), &job->fd, 1,
	    on_answer, member) == 0)
		return;
	/* a worker that is dead already has not tried it */
	member->job = NULL;
	timer_stop(member->limit);
	STAILQ_INSERT_HEAD(&pool->jobs, job, next);
	pool->job_count++;
	pool_member_failed(member);
}

static struct member *
idle_member(struct crew *crew)
{
	struct member *member;

	LIST_FOREACH(member, &crew->members, next)
		if (member->pid != 0 && member->job == NULL)
			return member;
	return NULL;
}

void
pool_watch_slow(struct scan_pool *pool)
{
	if (pool->current != NULL && !STAILQ_EMPTY(&pool->jobs) &&
	    !timer_is_set(pool->refill))
		timer_set(pool->refill, POOL_SLOW_MS);
}

/* Give waiting messages to whoever is free. */
void
pool_dispatch(struct scan_pool *pool)
{
	struct member *member;
	struct job *job;

	while (pool->current != NULL &&
	    (job = STAILQ_FIRST(&pool->jobs)) != NULL &&
	    (member = idle_member(pool->current)) != NULL) {
		STAILQ_REMOVE_HEAD(&pool->jobs, next);
		pool->job_count--;
		give(member, job);
	}
	pool_watch_slow(pool);
}

/* There are no signatures, and none are being loaded. */
static bool
is_hopeless(const struct scan_pool *pool)
{
	return pool->current == NULL && pool->coming == NULL &&
	    pool->has_looked;
}

/* Answer those who have waited too long, or for nothing. */
void
pool_give_up(struct scan_pool *pool)
{
	bool hopeless = is_hopeless(pool);
	const struct scan_answer answer = scan_answer_of(SCAN_NOT_SCANNED, "",
	    "%s", hopeless ? pool->words : "no scanner was free in time");
	STAILQ_HEAD(, job) waiting = STAILQ_HEAD_INITIALIZER(waiting);
	struct job *job;
	uint64_t now = clock_ms();

	/* who is told may come with the next message */
	STAILQ_CONCAT(&waiting, &pool->jobs);
	pool->job_count = 0;
	while ((job = STAILQ_FIRST(&waiting)) != NULL) {
		STAILQ_REMOVE_HEAD(&waiting, next);
		if (hopeless || job->until_ms <= now) {
			finish(pool, job, &answer);
			continue;
		}
		STAILQ_INSERT_TAIL(&pool->jobs, job, next);
		pool->job_count++;
	}
}

static void
on_tick(void *arg)
{
	struct scan_pool *pool = arg;
	bool is_left = crew_reap(pool);

	pool_give_up(pool);
	if (is_left || !STAILQ_EMPTY(&pool->jobs))
		timer_set(pool->tick, POOL_TICK_MS);
}

static void
on_poll(void *arg)
{
	crew_look(arg, false);
}

int
scan_pool_new(struct loop *loop, const struct scan_pool_options *options,
    struct scan_pool **pool_out)
{
	struct scan_pool *pool;
	int r;

	if (options->workers == 0 || options->workers > WORKERS_MOST ||
	    options->seconds == 0 || options->seconds > SECONDS_MOST ||
	    options->poll_ms == 0)
		return -EINVAL;
	r = scan_folder_sweep(options->scratch_fd, NULL);
	if (r < 0)
		return r;
	pool = calloc(1, sizeof(*pool));
	if (pool == NULL)
		return -ENOMEM;
	pool->loop = loop;
	pool->options = *options;
	LIST_INIT(&pool->crews);
	STAILQ_INIT(&pool->jobs);
	pool->poll = timer_new(loop, on_poll, pool);
	pool->tick = timer_new(loop, on_tick, pool);
	pool->refill = timer_new(loop, crew_refill, pool);
	if (pool->poll == NULL || pool->tick == NULL || pool->refill == NULL) {
		scan_pool_free(pool);
		return -ENOMEM;
	}
	if (!pool_has_source(pool))
		pool_complain(pool, "%s", options->signatures_fault == NULL ?
		    "no signatures are configured" :
		    options->signatures_fault);
	/* the first crew is forked by the loop, behind the role's last wall */
	pool->has_looked = !pool_has_source(pool);
	timer_set(pool->poll, 0);
	*pool_out = pool;
	return 0;
}

/* End a crew without a word to anybody. */
static void
drop_crew(struct crew *crew)
{
	struct member *member;

	while ((member = LIST_FIRST(&crew->members)) != NULL) {
		if (member->job != NULL) {
			(void)close(member->job->fd);
			free(member->job);
		}
		crew_end_member(member);
	}
	crew_leave(crew);
}

/* At the end of the role: a while for each to end by itself, then by force. */
static void
reap_all(struct scan_pool *pool)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	struct crew *crew;

	for (unsigned i = 0; i < 200 && crew_reap(pool); i++)
		(void)nanosleep(&pause, NULL);
	while ((crew = LIST_FIRST(&pool->crews)) != NULL) {
		(void)kill(crew->pid, SIGKILL);
		(void)waitpid(crew->pid, NULL, 0);
		crew_free(crew);
	}
}

void
scan_pool_free(struct scan_pool *pool)
{
	struct crew *crew;
	struct job *job;

	if (pool == NULL)
		return;
	pool->current = pool->coming = NULL;
	LIST_FOREACH(crew, &pool->crews, next)
		drop_crew(crew);
	reap_all(pool);
	while ((job = STAILQ_FIRST(&pool->jobs)) != NULL) {
		STAILQ_REMOVE_HEAD(&pool->jobs, next);
		(void)close(job->fd);
		free(job);
	}
	timer_free(pool->poll);
	timer_free(pool->tick);
	timer_free(pool->refill);
	free(pool);
}

void
scan_pool_scan(struct scan_pool *pool, int fd, uint64_t bytes,
    scan_done_fn *done, void *arg)
{
	struct job *job = calloc(1, sizeof(*job));
	struct scan_answer answer;

	if (job == NULL || pool->job_count >= JOBS_MOST) {
		free(job);
		(void)close(fd);
		pool->failed++;
		answer = scan_answer_of(SCAN_NOT_SCANNED, "",
		    "too many messages wait for the scanner");
		done(arg, &answer);
		return;
	}
	*job = (struct job){
		.fd = fd, .bytes = bytes, .done = done, .arg = arg,
		.until_ms = clock_ms() + wait_ms(pool)
	};
	STAILQ_INSERT_TAIL(&pool->jobs, job, next);
	pool->job_count++;
	pool_dispatch(pool);
	if (is_hopeless(pool))
		pool_give_up(pool);
	if (!STAILQ_EMPTY(&pool->jobs) && !timer_is_set(pool->tick))
		timer_set(pool->tick, POOL_TICK_MS);
}

void
scan_pool_forget(struct scan_pool *pool, void *arg)
{
	struct member *member;
	struct crew *crew;
	struct job *job;

	STAILQ_FOREACH(job, &pool->jobs, next)
		if (job->arg == arg)
			job->done = NULL;
	LIST_FOREACH(crew, &pool->crews, next)
		LIST_FOREACH(member, &crew->members, next)
			if (member->job != NULL && member->job->arg == arg)
				member->job->done = NULL;
}

static enum scan_state
state_of(const struct scan_pool *pool)
{
	if (!pool_has_source(pool) &&
	    pool->options.signatures_fault == NULL)
		return SCAN_OFF;
	if (pool->current != NULL)
		return SCAN_READY;
	return is_hopeless(pool) ? SCAN_NO_SIGNATURES : SCAN_LOADING;
}

void
scan_pool_status(const struct scan_pool *pool, struct scan_status *out)
{
	*out = (struct scan_status){
		.state = state_of(pool),
		.workers = scan_pool_workers(pool, NULL, 0),
		.scanned = pool->scanned,
		.failed = pool->failed,
	};
	memcpy(out->words, pool->words, sizeof(out->words));
	if (pool->current == NULL || pool->options.clamd != NULL)
		return;
	out->signatures = pool->current->signatures;
	out->newest_utc_s = pool->current->print.newest_utc_s;
}

size_t
scan_pool_workers(const struct scan_pool *pool, pid_t *pids_out, size_t most)
{
	const struct member *member;
	size_t n = 0;

	if (pool->current == NULL)
		return 0;
	LIST_FOREACH(member, &pool->current->members, next) {
		if (member->pid == 0)
			continue;
		if (n < most)
			pids_out[n] = member->pid;
		n++;
	}
	return n;
}
