/*
 * judge_people.h - what a judge asks the keeper about what people send, and have
 * sent on
 *
 * Are the addresses that a message names those of who has logged in, and may
 * they send one more?  A keeper that is gone is waited for, for a while; then the
 * sender is asked to try again.  What leaves is signed, or sealed if it came from
 * outside, where the keeper has a key for that.
 */
#ifndef POSTROOM_PROGRAMS_JUDGE_PEOPLE_H
#define POSTROOM_PROGRAMS_JUDGE_PEOPLE_H

#include "filters/auth/arc_seal.h"
#include "filters/auth/dkim_sign.h"
#include "filters/judge.h"
#include "lib/base/ipc.h"

#define PEOPLE_KEYS	2	/* that sign a message: one of each kind */

/* What signs for the domain of its author. */
struct people_keys {
	struct people_key {
		enum dkim_algorithm algorithm;
		char	selector[64];
	} key[PEOPLE_KEYS];
	unsigned	count;
};

struct judge_people;		/* opaque; see judge_people.c */
struct people_asking;		/* about one message */

typedef void	judge_people_fn(void *arg);

/* 0 or -ENOMEM. */
int	judge_people_open(struct judge_people **people_out);
/* From now on on this loop.  0 or -ENOMEM. */
int	judge_people_start(struct judge_people *, struct loop *);
/* The channel to the keeper; NULL: it is gone. */
void	judge_people_keeper(struct judge_people *, struct ipc *);

/*
 * Ask about a message of somebody who has logged in, with judging->sender found.
 * `fn` is called once, in a later turn, unless it is forgotten before; what the
 * keeper says is in judging->verdict and *keys_out then.  NULL when memory is
 * out.
 */
struct people_asking *judge_people_ask(struct judge_people *,
	    struct judging *, struct people_keys *keys_out,
	    judge_people_fn *fn, void *arg);
/*
 * Have it signed, as its verdict wants it: the fields are in the verdict then.
 * NULL: it goes without.
 */
struct people_asking *judge_people_sign(struct judge_people *,
	    struct judging *, const struct dkim_tools *,
	    const struct people_keys *, judge_people_fn *fn, void *arg);
/*
 * Have it sealed by `host`, as its verdict wants it, if it is sent on and came from
 * outside, and there is a key; likewise.
 */
struct people_asking *judge_people_seal(struct judge_people *,
	    struct judging *, const struct dkim_tools *, const char *host,
	    judge_people_fn *fn, void *arg);
/* NULL is fine. */
void	judge_people_forget(struct people_asking *);

#endif
