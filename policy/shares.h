/*
 * shares.h - who shares which mailbox with whom (RFC 4314), in policy.db
 *
 * A projection: the rights themselves stand in the index of the account that
 * owns the mailbox, whose process says what they are and judges by its own.
 * Here they are so that a LIST asks one place and not every account.
 */
#ifndef POSTROOM_POLICY_SHARES_H
#define POSTROOM_POLICY_SHARES_H

#include "lib/base/pack.h"
#include "policy/accounts.h"

#define SHARES_ANYONE	0	/* in place of an account: everybody here */
#define SHARES_BYTES	(120 * 1024)	/* of rows in one message */
#define SHARE_NAME_MOST	255	/* bytes of a mailbox's name */

/* What the owner says: one row of one mailbox. */
struct share_row {
	struct slice	mailbox;	/* its name in that account; UTF-8 */
	uint64_t	who;		/* account, or SHARES_ANYONE */
	bool		is_negative;	/* taken away */
	unsigned	rights;		/* as store/rights.h has them */
};
void	share_row_pack(struct text *, const struct share_row *);
/* 0 or -EBADMSG; slices point into what is read. */
int	share_row_unpack(struct unpack *, struct share_row *row_out);

/* What somebody is told: a mailbox in which they may do something. */
struct share {
	uint64_t	owner;		/* account */
	struct slice	address;	/* its address */
	bool		is_public;	/* nobody logs in to it */
	struct slice	mailbox;
	unsigned	rights;		/* all that they may */
};
void	share_pack(struct text *, const struct share *);
/* As share_row_unpack(). */
int	share_unpack(struct unpack *, struct share *share_out);

/*
 * These rows (packed, one behind the other) are all there are of `owner`; with
 * `goes_on` more than those that stand there already.  0, -EBADMSG or -errno.
 */
int	policy_shares_set(struct policy *, uint64_t owner, bool goes_on,
	    struct slice rows);
/*
 * Add what is shared with account `who`, as share_pack() has it, to `body`, as
 * much as it holds; *is_cut_out: there is more.  Owners take turns, a mailbox
 * each: whoever shares much leaves room for the others.  0 or -errno.
 */
int	policy_shares_with(struct policy *, uint64_t who, struct text *body,
	    bool *is_cut_out);
/*
 * Add one of those that `owner` shares with account `who`, if there is any: so
 * it is known that they may go there, however much others share.  0, -ENOBUFS
 * (`body` has no room for it) or -errno.
 */
int	policy_share_from(struct policy *, uint64_t who, uint64_t owner,
	    struct text *body);

#endif
