/*
 * rule_hits.h - how often each of the postmaster's rules held, and when last
 *
 * A file of fixed size, queue/rules.hits, with a place for each name that a rule
 * has had lately; the queue writes one place for each rule that holds, and
 * nothing else.  It is not synced: a power cut may take the last hits.  With
 * every place near its own taken, the name that is idle the longest gives way.
 */
#ifndef POSTROOM_QUEUE_RULE_HITS_H
#define POSTROOM_QUEUE_RULE_HITS_H

#include <stdint.h>

#include "lib/base/slice.h"

#define RULE_HITS_NAME_MOST	64	/* bytes: VERDICT_RULE_MAX */

struct rule_hit_count {
	char		rule[RULE_HITS_NAME_MOST + 1];
	uint64_t	hits;		/* that had effect */
	uint64_t	shadow_hits;
	int64_t		last_utc_ms;	/* of either sort */
};

struct rule_hits;		/* opaque; see rule_hits.c */

/*
 * Open the file in the queue's folder to count, made when it is not there or is
 * none.  0, -ENOMEM, or what the disk says.
 */
int	rule_hits_open(int folder_fd, struct rule_hits **hits_out);
/*
 * Open it to read.  -ENOENT: nothing was counted yet; -EBADMSG: it is no such
 * file; else as above.
 */
int	rule_hits_read(int folder_fd, struct rule_hits **hits_out);
/* NULL is fine. */
void	rule_hits_close(struct rule_hits *);
/* One more.  0, or what the disk says: it is counted until the end of this run. */
int	rule_hits_add(struct rule_hits *, struct slice rule, bool is_shadow,
	    int64_t now_utc_ms);
/* Of this rule, or NULL: it was not hit. */
const struct rule_hit_count *rule_hits_of(const struct rule_hits *,
	    struct slice rule);

#endif
