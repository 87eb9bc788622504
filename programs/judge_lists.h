/*
 * judge_lists.h - a judge asks the lists in DNS, through the resolver
 *
 * A list is tried before it is believed (RFC 5782 5): one that lists what none
 * may, that lacks the entry that all have, or that says that it does not serve
 * us, is not used; the log says so, and it is tried again an hour later.  One
 * that does not answer is waited for JUDGE_LISTS_MS with each message, and after
 * three messages left alone for a minute.  No list takes the place of another.
 */
#ifndef POSTROOM_PROGRAMS_JUDGE_LISTS_H
#define POSTROOM_PROGRAMS_JUDGE_LISTS_H

#include "filters/judge.h"
#include "lib/base/ipc.h"

/* A message waits no longer for all lists together. */
#define JUDGE_LISTS_MS	5000
/* Questions to one list under way, with those nobody waits for any more. */
#define JUDGE_LISTS_PLACES	4

struct judge_lists;		/* opaque; see judge_lists.c */
struct judge_asking;		/* about one message */

typedef void	judge_listed_fn(void *arg, const struct listed_found *);

/*
 * `lists` and `trusted` are those of config.h; `trusted` is borrowed.  0,
 * -EINVAL (no lists) or -ENOMEM.
 */
int	judge_lists_open(const char *lists, const char *trusted,
	    struct judge_lists **lists_out);
/* From now on on this loop.  0 or -ENOMEM. */
int	judge_lists_start(struct judge_lists *, struct loop *);
/* The channel to the resolver; NULL: it is gone. */
void	judge_lists_resolver(struct judge_lists *, struct ipc *);

/*
 * Ask about a message.  `fn` is called once, in a later turn, unless it is
 * forgotten before; NULL: *found_out is all that there is to be said.
 */
struct judge_asking *judge_lists_ask(struct judge_lists *,
	    const struct judging *, judge_listed_fn *, void *arg,
	    struct listed_found *found_out);
/* NULL is fine. */
void	judge_lists_forget(struct judge_asking *);

#endif
