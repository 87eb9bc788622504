/*
 * groups.h - aliases and lists in policy.db: who is meant by an address
 *
 * A group is an address of ours behind which stand others: accounts here, other
 * groups, or addresses elsewhere.  An alias hands a message to them as it is; a
 * list (RFC 2919, RFC 2369) as its own post, whose bounces go to its owner, and
 * says who may write to it.
 *
 * A message expands once, before its receipt: group_expand.c makes the one list of
 * its recipients, with each account and each address in it once.
 */
#ifndef POSTROOM_POLICY_GROUPS_H
#define POSTROOM_POLICY_GROUPS_H

#include "lib/base/pack.h"
#include "policy/accounts.h"
#include "policy/seal.h"

#define GROUPS_MOST		1000	/* of a hub */
#define GROUP_MEMBERS_MOST	500	/* of a group */
#define GROUP_DEPTH		8	/* groups in groups */
#define EXPAND_MOST		500	/* recipients that come of one message */
#define EXPAND_BYTES		(120 * 1024)	/* of these, packed */
#define EXPAND_TRACES		64	/* lines of a header that are told */

enum group_kind { GROUP_ALIAS, GROUP_LIST, GROUP_KINDS };

enum group_post {		/* who may write to a list */
	POST_MEMBERS,
	POST_OFFICE,		/* who has logged in, and its members */
	POST_ANYONE,
	POST_COUNT
};
/* "members", "office", "anyone"; and back: POST_COUNT, it is none of them. */
const char	*group_post_word(enum group_post);
enum group_post	 group_post_read(struct slice word);

struct group {
	uint64_t	 id;
	char		 address[ADDRESS_SIZE];
	enum group_kind	 kind;
	enum group_post	 post;		/* of a list */
	uint64_t	 owner;		/* the same: an account; 0: postmaster */
	int64_t		 created_utc_ms;
};

/* What to change; NULL leaves it. */
struct group_change {
	const struct slice	*targets;	/* instead of those it has */
	size_t			 target_count;
	const enum group_post	*post;
	const uint64_t		*owner;
};

/*
 * A new one of `wanted`'s address (as typed), kind, post and owner with these
 * targets, as typed.
 *
 *  0         *group_out is set.
 * -EINVAL    the address cannot be one, or a target (*bad_out: which, from 0;
 *            else SIZE_MAX).
 * -ENOENT    its domain, or a target of ours, is not here.
 * -EEXIST    somebody has this address.
 * -ELOOP     by that target it would come back to itself.
 * -EDQUOT    too many groups, targets, or recipients in all.
 */
int	policy_group_add(struct policy *, const struct group *wanted,
	    const struct slice *targets, size_t count, int64_t now_utc_ms,
	    struct group *group_out, size_t *bad_out);
int	policy_group_set(struct policy *, uint64_t id,
	    const struct group_change *, size_t *bad_out);
/* 0 or -ENOENT. */
int	policy_group_remove(struct policy *, uint64_t id);
/* By its address, as typed, or by its number. */
int	policy_group_find(struct policy *, enum group_kind,
	    struct slice address, struct group *group_out);
int	policy_group_get(struct policy *, uint64_t id,
	    struct group *group_out);
/*
 * Each target of each group of that kind, by address and target above these
 * (empty: from the first); stops when `fn` is not 0.
 */
typedef int policy_group_fn(void *arg, const struct group *,
	    struct slice target);
int	policy_group_each(struct policy *, enum group_kind,
	    struct slice address, struct slice target, policy_group_fn *,
	    void *arg);
/* Is that account behind this group, whatever stands between?  Of an alias. */
int	policy_group_has(struct policy *, uint64_t id, uint64_t account,
	    bool *has_out);

/* Who gets a message */

struct expand_asked {
	uint64_t	 account;	/* address's; or ACCOUNT_ bits */
	struct slice	 address;	/* as it was given */
};

struct expand_ask {
	uint64_t	 sender_account;	/* who has logged in; or 0 */
	bool		 is_own;	/* the hub itself has made it */
	bool		 is_fetched;	/* collected: a copy of it stays here */
	struct slice	 sender;	/* of its envelope */
	/* of its header: what it came by already (Delivered-To, List-Id) */
	struct slice	 traces[EXPAND_TRACES];
	size_t		 trace_count;
	const struct expand_asked *recipients;
	size_t		 recipient_count;
};

/* One of them; by, via, sender, on_behalf as struct recipient has them. */
struct expanded {
	uint32_t	 from;		/* which recipient it comes of */
	uint64_t	 account;
	struct slice	 address;
	uint8_t		 by;
	struct slice	 via;
	struct slice	 sender;
	uint64_t	 on_behalf;
};

#define EXPAND_ASKED	2048	/* recipients of one message, at most */

/* As bytes, and back: `recipients` has room for EXPAND_ASKED; 0 or -EBADMSG. */
void	expand_ask_pack(struct text *, const struct expand_ask *);
int	expand_ask_unpack(struct slice, struct expand_asked *recipients,
	    struct expand_ask *ask_out);
/* Of an answer, which is nothing but these. */
void	expanded_pack(struct text *, const struct expanded *);
/* The next of an answer; false at its end, or when `u` is bad. */
bool	expanded_unpack(struct unpack *u, struct expanded *out);

/*
 * Add everybody who is to get it to `answer`, packed; never nobody.  What is behind
 * a group that is too deep or too wide goes to who looks after that.  0, -E2BIG
 * (more than EXPAND_MOST or EXPAND_BYTES all the same) or a negative errno.
 */
int	policy_expand(struct policy *, const struct seal_key *,
	    const struct expand_ask *, int64_t now_utc_ms,
	    struct text *answer);
/* May they write to that list?  0 or a negative errno. */
int	policy_may_post(struct policy *, const struct group *,
	    uint64_t sender_account, struct slice sender, bool *may_out);

#endif
