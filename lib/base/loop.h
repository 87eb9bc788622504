/*
 * loop.h - the one event loop of a role process
 *
 * One thread; what must wait waits here.  Timers follow the machine's monotonic
 * clock; what asks for the time of day or of a wait asks clock_ms() and
 * clock_utc_ms(), which a test can set.  A handler runs to its end before
 * another starts; it may free the watch or timer it was called for.  Watches
 * and timers are freed before their loop.
 */
#ifndef POSTROOM_BASE_LOOP_H
#define POSTROOM_BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;			/* opaque; see loop.c */
struct watch;			/* a descriptor being waited for */
struct timer;			/* something to be done later */

#define LOOP_READ	1u
#define LOOP_WRITE	2u

/* New loop, or NULL when it cannot be had. */
struct loop	*loop_new(void);
void		 loop_free(struct loop *);
/* Run until loop_stop().  0 or a negative errno. */
int		 loop_run(struct loop *);
/* Let loop_run() return after the handler now running. */
void		 loop_stop(struct loop *);

/* `what` holds the LOOP_ bits that are ready. */
typedef void	 watch_fn(void *arg, unsigned what);
/* Watch `fd` (borrowed) for nothing yet.  NULL when memory is out. */
struct watch	*watch_new(struct loop *, int fd, watch_fn *, void *arg);
/* From now on call for these LOOP_ bits.  0 or -ENOMEM. */
int		 watch_want(struct watch *, unsigned what);
void		 watch_free(struct watch *);

typedef void	 timer_fn(void *arg);
/* A timer that is not set yet.  NULL when memory is out. */
struct timer	*timer_new(struct loop *, timer_fn *, void *arg);
/*
 * Call once, `ms` milliseconds from now; replaces an earlier time.  0: as soon
 * as the handler now running has returned and those before it have run.
 */
void		 timer_set(struct timer *, uint64_t ms);
void		 timer_stop(struct timer *);
bool		 timer_is_set(const struct timer *);
void		 timer_free(struct timer *);

/* Call `fn` when signal `number` has come.  0 or -ENOMEM. */
typedef void	 signal_fn(void *arg, int number);
int		 loop_signal(struct loop *, int number, signal_fn *, void *arg);

/* Milliseconds of the monotonic clock; of the wall clock since 1970, UTC. */
uint64_t	 clock_ms(void);
int64_t		 clock_utc_ms(void);
/* For tests: both clocks stand at these values from now on. */
void		 clock_set(uint64_t ms, int64_t utc_ms);

#endif
