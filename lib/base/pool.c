/*
 * pool.c - a few threads for what blocks: syncs and password hashes
 *
 * Two lists under one lock, work and finished work; an eventfd wakes the loop.
 */
#include "lib/base/pool.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

#define MOST_THREADS	16

struct job {
	STAILQ_ENTRY(job) next;
	pool_fn		*work;
	pool_fn		*done;
	void		*arg;
};

STAILQ_HEAD(jobs, job);

struct pool {
	pthread_mutex_t	 lock;
	pthread_cond_t	 wake;
	struct jobs	 waiting;
	struct jobs	 finished;
	bool		 ending;
	bool		*gone;		/* set when freed inside a `done` */
	int		 event_fd;
	struct watch	*watch;
	unsigned	 threads;
	pthread_t	 thread[MOST_THREADS];
};

/* The next job, or NULL when the pool ends and nothing waits. */
static struct job *
take(struct pool *pool)
{
	struct job *job;

	pthread_mutex_lock(&pool->lock);
	while ((job = STAILQ_FIRST(&pool->waiting)) == NULL && !pool->ending)
		pthread_cond_wait(&pool->wake, &pool->lock);
	if (job != NULL)
		STAILQ_REMOVE_HEAD(&pool->waiting, next);
	pthread_mutex_unlock(&pool->lock);
	return job;
}

static void
hand_back(struct pool *pool, struct job *job)
{
	const uint64_t one = 1;
	bool first;

	pthread_mutex_lock(&pool->lock);
	first = STAILQ_EMPTY(&pool->finished);
	STAILQ_INSERT_TAIL(&pool->finished, job, next);
	pthread_mutex_unlock(&pool->lock);
	if (first)	/* cannot fail: the counter is far from its end */
		(void)!write(pool->event_fd, &one, sizeof(one));
}

static void *
work(void *arg)
{
	struct pool *pool = arg;
	struct job *job;

	while ((job = take(pool)) != NULL) {
		job->work(job->arg);
		hand_back(pool, job);
	}
	return NULL;
}

static struct job *
next_finished(struct pool *pool)
{
	struct job *job;

	pthread_mutex_lock(&pool->lock);
	job = STAILQ_FIRST(&pool->finished);
	if (job != NULL)
		STAILQ_REMOVE_HEAD(&pool->finished, next);
	pthread_mutex_unlock(&pool->lock);
	return job;
}

/* One by one: a `done` may free the pool, and then no other is called. */
static void
on_finished(void *arg, unsigned what)
{
	struct pool *pool = arg;
	struct job *job;
	uint64_t count;
	bool gone = false;

	(void)what;
	(void)!read(pool->event_fd, &count, sizeof(count));
	pool->gone = &gone;
	while ((job = next_finished(pool)) != NULL) {
		if (job->done != NULL)
			job->done(job->arg);
		free(job);
		if (gone)
			return;
	}
	pool->gone = NULL;
}

/*
 * Threads take no signals: those belong to the loop.  But for SIGSYS, by which
 * the wall tells of a refused call; where it is blocked the process dies of it.
 */
static int
start_threads(struct pool *pool, unsigned threads)
{
	sigset_t all, before;
	int r = 0;

	(void)sigfillset(&all);
	(void)sigdelset(&all, SIGSYS);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	while (r == 0 && pool->threads < threads) {
		r = pthread_create(&pool->thread[pool->threads], NULL, work,
		    pool);
		if (r == 0)
			pool->threads++;
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -r;
}

struct pool *
pool_new(struct loop *loop, unsigned threads)
{
	struct pool *pool = calloc(1, sizeof(*pool));

	if (pool == NULL)
		return NULL;
	(void)pthread_mutex_init(&pool->lock, NULL);
	(void)pthread_cond_init(&pool->wake, NULL);
	STAILQ_INIT(&pool->waiting);
	STAILQ_INIT(&pool->finished);
	pool->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (pool->event_fd >= 0)
		pool->watch = watch_new(loop, pool->event_fd, on_finished,
		    pool);
	if (threads > MOST_THREADS)
		threads = MOST_THREADS;
	if (pool->watch == NULL || watch_want(pool->watch, LOOP_READ) < 0 ||
	    start_threads(pool, threads) < 0) {
		pool_free(pool);
		return NULL;
	}
	return pool;
}

static void
drop(struct jobs *jobs)
{
	struct job *job;

	while ((job = STAILQ_FIRST(jobs)) != NULL) {
		STAILQ_REMOVE_HEAD(jobs, next);
		free(job);
	}
}

void
pool_free(struct pool *pool)
{
	if (pool == NULL)
		return;
	if (pool->gone != NULL)
		*pool->gone = true;
	pthread_mutex_lock(&pool->lock);
	pool->ending = true;
	pthread_cond_broadcast(&pool->wake);
	pthread_mutex_unlock(&pool->lock);
	for (unsigned i = 0; i < pool->threads; i++)
		(void)pthread_join(pool->thread[i], NULL);
	drop(&pool->waiting);
	drop(&pool->finished);
	watch_free(pool->watch);
	if (pool->event_fd >= 0)
		(void)close(pool->event_fd);
	(void)pthread_mutex_destroy(&pool->lock);
	(void)pthread_cond_destroy(&pool->wake);
	free(pool);
}

int
pool_run(struct pool *pool, pool_fn *work_fn, pool_fn *done, void *arg)
{
	struct job *job = calloc(1, sizeof(*job));

	if (job == NULL)
		return -ENOMEM;
	job->work = work_fn;
	job->done = done;
	job->arg = arg;
	pthread_mutex_lock(&pool->lock);
	STAILQ_INSERT_TAIL(&pool->waiting, job, next);
	pthread_cond_signal(&pool->wake);
	pthread_mutex_unlock(&pool->lock);
	return 0;
}
