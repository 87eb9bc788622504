/*
 * senders.h - whom people want to hear from, and whom not, in policy.db
 *
 * A person's list has addresses, and domains written with an "@" before them; an
 * address counts more than its domain.  Whoever is blocked goes to that person's
 * Junk and is never dropped; of whoever is allowed nothing is spam to them, if it
 * is shown that he has written it (filters/written.h).
 */
#ifndef POSTROOM_POLICY_SENDERS_H
#define POSTROOM_POLICY_SENDERS_H

#include "policy/accounts.h"

#define SENDERS_MOST	1000	/* of a person */
#define SENDERS_ASKED	1024	/* accounts in one question: a message has
				   fewer recipients */

enum sender_wish {
	SENDER_UNSAID,
	SENDER_ALLOWED,
	SENDER_BLOCKED,
	SENDER_WISHES
};
/* "unsaid", "allowed", "blocked" */
const char	*sender_wish_word(enum sender_wish);

struct sender {
	char		 name[ADDRESS_SIZE];	/* normal; "@domain" */
	enum sender_wish wish;
	int64_t		 since_utc_ms;
};

/*
 * `name` as it is typed stands on that list from now on, whatever it stood there
 * for; sender_out is what stands there.  0, -EINVAL (neither an address nor a
 * domain with an "@" before it), -EDQUOT (SENDERS_MOST).
 */
int	policy_sender_set(struct policy *, uint64_t account,
	    struct slice name, enum sender_wish, int64_t now_utc_ms,
	    struct sender *sender_out);
/* 0, -EINVAL, or -ENOENT: it does not. */
int	policy_sender_remove(struct policy *, uint64_t account,
	    struct slice name, struct sender *sender_out);
/* By name above `above` (empty: from the first); stops when `fn` is not 0. */
typedef int policy_sender_fn(void *arg, const struct sender *);
int	policy_sender_each(struct policy *, uint64_t account,
	    struct slice above, policy_sender_fn *, void *arg);
/* What they wish of that author, an address in normal form. */
int	policy_sender_wish(struct policy *, uint64_t account,
	    struct slice author, enum sender_wish *wish_out);
/* Does anybody who is here keep such a list? */
int	policy_has_senders(struct policy *, bool *has_out);

#endif
