/*
 * scan_rspamd.h - messages to an rspamd, and its answers back
 *
 * One connection a message: the head that the judge made, the bytes from its
 * descriptor, then what comes, up to a limit and a deadline.  Neither the
 * message nor the answer is read here.  What cannot be had is said in words.
 */
#ifndef POSTROOM_PROGRAMS_SCAN_RSPAMD_H
#define POSTROOM_PROGRAMS_SCAN_RSPAMD_H

#include "filters/clamd_address.h"
#include "lib/base/loop.h"
#include "lib/base/slice.h"

#define RSPAMD_CALLS_MOST	128	/* at one time, of all judges */

struct rspamd_calls;		/* opaque; see scan_rspamd.c */

/* The body of an answer, or (`is_answer` false) why there is none; once. */
typedef void	 rspamd_told_fn(void *arg, bool is_answer, struct slice);

/* Calls of the one at `at`, each done in `ms`.  0 or -ENOMEM. */
int	rspamd_calls_new(struct loop *, const struct clamd *at, uint64_t ms,
	    struct rspamd_calls **calls_out);
/* Hang up, and tell nobody; NULL is fine. */
void	rspamd_calls_free(struct rspamd_calls *);
/*
 * Have it look at the `bytes` bytes of `fd`, which is taken over.  `told` is
 * called once, perhaps before this returns, but not after rspamd_forget().
 */
void	rspamd_call(struct rspamd_calls *, struct slice head, int fd,
	    uint64_t bytes, rspamd_told_fn *told, void *arg);
/* Whoever has this `arg` does not want to know any more. */
void	rspamd_forget(struct rspamd_calls *, const void *arg);

#endif
