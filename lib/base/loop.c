/*
 * loop.c - the one event loop of a role process, on libevent
 *
 * libevent's own types stay in this file.  A timer set to 0 runs in this turn
 * of the loop without a system call: that is how work is put off until the
 * handler now running has returned.  Two that set each other off for ever
 * still leave everybody else his turn.
 */
#include "lib/base/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <time.h>

/*
 * Handlers, and how long they may take together, before descriptors are looked
 * at again: somebody whose long work goes on in pieces, each a timer set to 0,
 * keeps others waiting for one piece, not for 32.
 */
#define TURN	32
#define TURN_US	5000

struct signal_watch {
	SLIST_ENTRY(signal_watch) next;
	struct event	*event;
	signal_fn	*fn;
	void		*arg;
};

struct loop {
	struct event_base	*base;
	SLIST_HEAD(, signal_watch) signals;
};

struct watch {
	struct event	*event;
	watch_fn	*fn;
	void		*arg;
};

struct timer {
	struct event	*event;
	timer_fn	*fn;
	void		*arg;
};

/* Set once by a test, before any loop runs; else the machine's clocks count. */
static struct {
	bool		is_set;
	uint64_t	ms;
	int64_t		utc_ms;
} test_clock;

struct loop *
loop_new(void)
{
	const struct timeval turn = { .tv_usec = TURN_US };
	struct event_config *config = event_config_new();
	struct loop *loop = calloc(1, sizeof(*loop));

	if (config == NULL || loop == NULL)
		goto undo;
	/*
	 * HARDENING A78: nothing is taken from the environment.  No changelist:
	 * it takes a descriptor out of epoll after it was closed, which fails
	 * while another process holds a copy, and then wakes us for ever.
	 */
	(void)event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV |
	    EVENT_BASE_FLAG_NOLOCK);
	(void)event_config_set_max_dispatch_interval(config, &turn, TURN, 0);
	loop->base = event_base_new_with_config(config);
	if (loop->base == NULL)
		goto undo;
	SLIST_INIT(&loop->signals);
	event_config_free(config);
	return loop;
undo:
	if (config != NULL)
		event_config_free(config);
	free(loop);
	return NULL;
}

void
loop_free(struct loop *loop)
{
	struct signal_watch *signal;

	if (loop == NULL)
		return;
	while ((signal = SLIST_FIRST(&loop->signals)) != NULL) {
		SLIST_REMOVE_HEAD(&loop->signals, next);
		event_free(signal->event);
		free(signal);
	}
	event_base_free(loop->base);
	free(loop);
}

int
loop_run(struct loop *loop)
{
	return event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY) < 0 ?
	    -EIO : 0;
}

void
loop_stop(struct loop *loop)
{
	(void)event_base_loopbreak(loop->base);
}

static void
on_descriptor(evutil_socket_t fd, short what, void *arg)
{
	struct watch *watch = arg;
	unsigned bits = 0;

	(void)fd;
	if (what & EV_READ)
		bits |= LOOP_READ;
	if (what & EV_WRITE)
		bits |= LOOP_WRITE;
	watch->fn(watch->arg, bits);
}

struct watch *
watch_new(struct loop *loop, int fd, watch_fn *fn, void *arg)
{
	struct watch *watch = calloc(1, sizeof(*watch));

	if (watch == NULL)
		return NULL;
	watch->fn = fn;
	watch->arg = arg;
	watch->event = event_new(loop->base, fd, 0, on_descriptor, watch);
	if (watch->event == NULL) {
		free(watch);
		return NULL;
	}
	return watch;
}

int
watch_want(struct watch *watch, unsigned what)
{
	struct event_base *base = event_get_base(watch->event);
	evutil_socket_t fd = event_get_fd(watch->event);
	short bits = 0;

	if (what & LOOP_READ)
		bits |= EV_READ;
	if (what & LOOP_WRITE)
		bits |= EV_WRITE;
	if (bits != 0)
		bits |= EV_PERSIST;
	if (event_get_events(watch->event) == bits)
		return 0;
	(void)event_del(watch->event);
	if (event_assign(watch->event, base, fd, bits, on_descriptor,
	    watch) != 0)
		return -ENOMEM;
	if (bits != 0 && event_add(watch->event, NULL) != 0) {
		(void)event_assign(watch->event, base, fd, 0, on_descriptor,
		    watch);
		return -ENOMEM;
	}
	return 0;
}

void
watch_free(struct watch *watch)
{
	if (watch == NULL)
		return;
	event_free(watch->event);
	free(watch);
}

static void
on_time(evutil_socket_t fd, short what, void *arg)
{
	struct timer *timer = arg;

	(void)fd;
	(void)what;
	timer->fn(timer->arg);
}

struct timer *
timer_new(struct loop *loop, timer_fn *fn, void *arg)
{
	struct timer *timer = calloc(1, sizeof(*timer));

	if (timer == NULL)
		return NULL;
	timer->fn = fn;
	timer->arg = arg;
	timer->event = event_new(loop->base, -1, 0, on_time, timer);
	if (timer->event == NULL) {
		free(timer);
		return NULL;
	}
	return timer;
}

void
timer_set(struct timer *timer, uint64_t ms)
{
	struct timeval wait;

	if (ms == 0) {
		(void)event_del(timer->event);
		event_active(timer->event, EV_TIMEOUT, 1);
		return;
	}
	wait.tv_sec = (time_t)(ms / 1000);
	wait.tv_usec = (suseconds_t)(ms % 1000 * 1000);
	/* out of memory: a deadline too early is better than none */
	if (event_add(timer->event, &wait) != 0)
		event_active(timer->event, EV_TIMEOUT, 1);
}

void
timer_stop(struct timer *timer)
{
	(void)event_del(timer->event);
}

bool
timer_is_set(const struct timer *timer)
{
	return event_pending(timer->event, EV_TIMEOUT, NULL) != 0;
}

void
timer_free(struct timer *timer)
{
	if (timer == NULL)
		return;
	event_free(timer->event);
	free(timer);
}

static void
on_signal(evutil_socket_t number, short what, void *arg)
{
	struct signal_watch *signal = arg;

	(void)what;
	signal->fn(signal->arg, (int)number);
}

int
loop_signal(struct loop *loop, int number, signal_fn *fn, void *arg)
{
	struct signal_watch *signal = calloc(1, sizeof(*signal));

	if (signal == NULL)
		return -ENOMEM;
	signal->fn = fn;
	signal->arg = arg;
	signal->event = evsignal_new(loop->base, number, on_signal, signal);
	if (signal->event == NULL || event_add(signal->event, NULL) != 0) {
		if (signal->event != NULL)
			event_free(signal->event);
		free(signal);
		return -ENOMEM;
	}
	SLIST_INSERT_HEAD(&loop->signals, signal, next);
	return 0;
}

uint64_t
clock_ms(void)
{
	struct timespec now;

	if (test_clock.is_set)
		return test_clock.ms;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int64_t
clock_utc_ms(void)
{
	struct timespec now;

	if (test_clock.is_set)
		return test_clock.utc_ms;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
clock_set(uint64_t ms, int64_t utc_ms)
{
	test_clock.is_set = true;
	test_clock.ms = ms;
	test_clock.utc_ms = utc_ms;
}
