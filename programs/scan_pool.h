/*
 * scan_pool.h - messages in, answers out, whatever happens to the scanners
 *
 * One crew (scan_crew.h) is at work.  When the signature folder changes, a
 * second one loads beside it and takes over only if it has signatures; messages
 * go on meanwhile, and a broken set changes nothing but a line in the log.
 *
 * One that takes long has its scanner, and while others wait there is another
 * for them: up to twice as many as are configured.
 *
 * Every message is answered once: a scanner that takes too long is killed
 * (TOO_LONG); one that dies costs the message a second try with another, then
 * it is UNSCANNABLE; one that finds no signatures is NOT_SCANNED.
 */
#ifndef POSTROOM_PROGRAMS_SCAN_POOL_H
#define POSTROOM_PROGRAMS_SCAN_POOL_H

#include <sys/types.h>

#include "filters/clam.h"
#include "lib/base/loop.h"

struct scan_pool;		/* opaque; see scan_pool.c */

struct scan_pool_options {
	int			 signatures_fd;	/* borrowed; -1: none, or clamd */
	const char		*signatures_fault; /* why; NULL: it is off */
	const struct clamd	*clamd;		/* looks instead; or NULL */
	int			 scratch_fd;	/* borrowed; emptied */
	unsigned		 workers;	/* at once: 1 .. 64 */
	unsigned		 seconds;	/* for a message: 1 .. 3600 */
	uint64_t		 poll_ms;	/* between looks at it */
	const struct clam_limits *limits;
	/* In a worker; NULL: clam_scan().  For tests, which plant faults. */
	struct scan_answer	(*look)(struct clam *, struct slice message);
	/* A line for the log; the pool itself says nothing. */
	void			(*say)(void *arg, const char *words);
	void			*arg;
};

/* The answer to one message; never called twice, or after forgetting. */
typedef void	scan_done_fn(void *arg, const struct scan_answer *);

/* 0, -EINVAL (an option is out of range) or another negative errno. */
int	scan_pool_new(struct loop *, const struct scan_pool_options *,
	    struct scan_pool **pool_out);
/* End all scanners; messages in hand are forgotten.  NULL is fine. */
void	scan_pool_free(struct scan_pool *);

/*
 * Scan the `bytes` bytes of `fd` (owned from now on).  `done` may be called
 * before this returns.
 */
void	scan_pool_scan(struct scan_pool *, int fd, uint64_t bytes,
	    scan_done_fn *done, void *arg);
/* Nobody waits for answers to `arg` any more. */
void	scan_pool_forget(struct scan_pool *, void *arg);
void	scan_pool_status(const struct scan_pool *, struct scan_status *out);
/* The scanners at work or ready, for tests; how many there are. */
size_t	scan_pool_workers(const struct scan_pool *, pid_t *pids_out,
	    size_t most);

#endif
