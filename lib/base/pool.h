/*
 * pool.h - a few threads for what blocks: syncs and password hashes
 *
 * Work runs in a thread and touches only what it was given; when it is over its
 * `done` runs in the loop's thread.  Work is taken in the order it was given;
 * with one thread it is also finished in that order.
 */
#ifndef POSTROOM_BASE_POOL_H
#define POSTROOM_BASE_POOL_H

#include "lib/base/loop.h"

struct pool;			/* opaque; see pool.c */

typedef void	 pool_fn(void *arg);

/* `threads` threads, started at once (before the role is confined). */
struct pool	*pool_new(struct loop *, unsigned threads);
/*
 * Finish what was given, without `done`, and end the threads.  A `done` may
 * call this.
 */
void		 pool_free(struct pool *);
/* 0 or -ENOMEM; `done` may be NULL. */
int		 pool_run(struct pool *, pool_fn *work, pool_fn *done,
		    void *arg);

#endif
