/*
 * pool_test.c - work in threads, its end in the loop's
 *
 * Worth running under the thread sanitizer.
 */
#include "lib/base/pool.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "tests/unit/lib/base/peer.h"
#include "tests/unit/unit.h"

#define JOBS	1000u

struct crowd {
	struct loop	*loop;
	struct pool	*pool;
	pthread_t	 loops;		/* the loop's thread */
	pthread_mutex_t	 lock;
	unsigned	 worked;
	unsigned	 done;
	unsigned	 order[JOBS];	/* of work */
	unsigned	 done_order[JOBS];
};

struct job {
	struct crowd	*crowd;
	unsigned	 number;
	bool		 was_elsewhere;	/* not in the loop's thread */
	bool		 sigsys_open, sigterm_blocked;
};

static struct job jobs[JOBS];

static void
begin(struct crowd *crowd, unsigned threads)
{
	*crowd = (struct crowd){ .loop = loop_new(),
	    .loops = pthread_self(), .lock = PTHREAD_MUTEX_INITIALIZER };
	crowd->pool = pool_new(crowd->loop, threads);
	ck_assert_ptr_nonnull(crowd->pool);
	for (unsigned i = 0; i < JOBS; i++)
		jobs[i] = (struct job){ .crowd = crowd, .number = i };
}

static void
end(struct crowd *crowd)
{
	pool_free(crowd->pool);
	loop_free(crowd->loop);
}

static void
work(void *arg)
{
	struct job *job = arg;
	struct crowd *crowd = job->crowd;

	job->was_elsewhere = !pthread_equal(pthread_self(), crowd->loops);
	(void)pthread_mutex_lock(&crowd->lock);
	crowd->order[crowd->worked++] = job->number;
	(void)pthread_mutex_unlock(&crowd->lock);
}

static void
done(void *arg)
{
	struct job *job = arg;
	struct crowd *crowd = job->crowd;

	ck_assert(job->was_elsewhere);
	ck_assert(pthread_equal(pthread_self(), crowd->loops));
	crowd->done_order[crowd->done++] = job->number;
}

static void
give(struct crowd *crowd, pool_fn *then)
{
	for (unsigned i = 0; i < JOBS; i++)
		ck_assert_int_eq(pool_run(crowd->pool, work, then, &jobs[i]),
		    0);
}

START_TEST(one_thread_works_and_finishes_in_the_order_given)
{
	struct crowd crowd;

	begin(&crowd, 1);
	give(&crowd, done);
	ck_assert_uint_eq(crowd.done, 0);
	TURN_UNTIL(crowd.loop, crowd.done == JOBS);
	for (unsigned i = 0; i < JOBS; i++) {
		ck_assert_uint_eq(crowd.order[i], i);
		ck_assert_uint_eq(crowd.done_order[i], i);
	}
	end(&crowd);
}
END_TEST

START_TEST(several_threads_do_everything_once)
{
	struct crowd crowd;
	static unsigned seen[JOBS];

	begin(&crowd, 4);
	give(&crowd, done);
	TURN_UNTIL(crowd.loop, crowd.done == JOBS);
	for (unsigned i = 0; i < JOBS; i++)
		seen[crowd.done_order[i]]++;
	for (unsigned i = 0; i < JOBS; i++)
		ck_assert_uint_eq(seen[i], 1);
	end(&crowd);
}
END_TEST

START_TEST(freeing_finishes_the_work_and_calls_no_done)
{
	struct crowd crowd;

	begin(&crowd, 2);
	give(&crowd, done);
	pool_free(crowd.pool);
	crowd.pool = NULL;
	ck_assert_uint_eq(crowd.worked, JOBS);
	turn_ms(crowd.loop, 5);
	ck_assert_uint_eq(crowd.done, 0);
	end(&crowd);
}
END_TEST

START_TEST(done_may_be_nothing)
{
	struct crowd crowd;

	begin(&crowd, 1);
	for (unsigned i = 0; i < JOBS - 1; i++)
		ck_assert_int_eq(pool_run(crowd.pool, work, NULL, &jobs[i]),
		    0);
	ck_assert_int_eq(pool_run(crowd.pool, work, done, &jobs[JOBS - 1]),
	    0);
	TURN_UNTIL(crowd.loop, crowd.done == 1);
	ck_assert_uint_eq(crowd.worked, JOBS);
	end(&crowd);
}
END_TEST

static void
nap(void *arg)
{
	(void)arg;
	(void)usleep(2000);
}

static void
free_pool(void *arg)
{
	struct job *job = arg;

	job->crowd->done++;
	pool_free(job->crowd->pool);
	job->crowd->pool = NULL;
}

START_TEST(a_done_may_free_the_pool_and_none_follows)
{
	struct crowd crowd;

	begin(&crowd, 1);
	for (unsigned i = 0; i < 5; i++)
		ck_assert_int_eq(pool_run(crowd.pool, nap, free_pool,
		    &jobs[i]), 0);
	(void)usleep(30000);		/* all have finished */
	TURN_UNTIL(crowd.loop, crowd.done > 0);
	turn_ms(crowd.loop, 5);
	ck_assert_uint_eq(crowd.done, 1);
	end(&crowd);
}
END_TEST

static void
give_again(void *arg)
{
	struct job *job = arg;

	if (++job->crowd->done < 50)
		ck_assert_int_eq(pool_run(job->crowd->pool, nap, give_again,
		    job), 0);
}

START_TEST(a_done_may_give_more_work)
{
	struct crowd crowd;

	begin(&crowd, 1);
	ck_assert_int_eq(pool_run(crowd.pool, nap, give_again, &jobs[0]), 0);
	TURN_UNTIL(crowd.loop, crowd.done == 50);
	end(&crowd);
}
END_TEST

static void
look_at_signals(void *arg)
{
	struct job *job = arg;
	sigset_t blocked;

	(void)pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	job->sigsys_open = sigismember(&blocked, SIGSYS) == 0;
	job->sigterm_blocked = sigismember(&blocked, SIGTERM) == 1;
}

/* A refused system call in a thread is answered, and does not kill. */
START_TEST(threads_take_no_signal_but_the_walls)
{
	struct crowd crowd;
	sigset_t blocked;

	begin(&crowd, 1);
	ck_assert_int_eq(pool_run(crowd.pool, look_at_signals, NULL,
	    &jobs[0]), 0);
	pool_free(crowd.pool);
	crowd.pool = NULL;
	ck_assert(jobs[0].sigsys_open);
	ck_assert(jobs[0].sigterm_blocked);
	(void)pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	ck_assert_int_eq(sigismember(&blocked, SIGTERM), 0);
	end(&crowd);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("pool");
	TCase *tcase = tcase_create("pool");

	tcase_add_test(tcase,
	    one_thread_works_and_finishes_in_the_order_given);
	tcase_add_test(tcase, several_threads_do_everything_once);
	tcase_add_test(tcase, freeing_finishes_the_work_and_calls_no_done);
	tcase_add_test(tcase, done_may_be_nothing);
	tcase_add_test(tcase, a_done_may_free_the_pool_and_none_follows);
	tcase_add_test(tcase, a_done_may_give_more_work);
	tcase_add_test(tcase, threads_take_no_signal_but_the_walls);
	tcase_set_timeout(tcase, 30);
	suite_add_tcase(suite, tcase);
	return suite;
}
