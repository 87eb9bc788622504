/*
 * whose_cache.h - whose an address is, without asking each time
 *
 * Ten recipients of one message are ten questions, and most are about the same
 * few people.  The keeper is the only writer of policy.db: with every change it
 * makes it empties its own cache, and has the doors empty theirs.
 */
#ifndef POSTROOM_POLICY_WHOSE_CACHE_H
#define POSTROOM_POLICY_WHOSE_CACHE_H

#include "policy/accounts.h"

#define WHOSE_CACHE_ENTRIES	4096	/* an office with all its aliases; 2 MiB */

struct whose_cache;		/* opaque; see whose_cache.c */

/* NULL when memory is out. */
struct whose_cache *whose_cache_new(void);
void	whose_cache_free(struct whose_cache *);
/* Is that address remembered?  Then *account_out has it. */
bool	whose_cache_find(const struct whose_cache *, struct slice address,
	    uint64_t *account_out);
/*
 * Remember whose it is, one of ours: strangers cannot fill it with names they
 * make up.  Not remembering is no fault.
 */
void	whose_cache_note(struct whose_cache *, struct slice address,
	    uint64_t account);
/* policy_whose(), remembered. */
int	whose_cache_ask(struct whose_cache *, struct policy *,
	    struct slice address, enum whose *whose_out,
	    uint64_t *account_out);
/* Forget everything: an account, alias or domain has changed. */
void	whose_cache_clear(struct whose_cache *);

/* How many addresses it remembers. */
size_t	whose_cache_count(const struct whose_cache *);

#endif
