/*
 * smarthosts.h - policy.db: the hosts by which some people's mail leaves
 *
 * A domain of ours, and an account, may have a smarthost of its own with a login
 * of its own: mail whose sender is that account's own address leaves by the
 * account's, other mail with a sender of that domain by the domain's, and what
 * has neither as the configuration says.  The password is sealed (seal.h) with
 * the name as its context, and leaves the keeper for the relay only.
 *
 * Changes are durable when 0 is returned.
 */
#ifndef POSTROOM_POLICY_SMARTHOSTS_H
#define POSTROOM_POLICY_SMARTHOSTS_H

#include "policy/accounts.h"
#include "policy/seal.h"

#define SMARTHOST_HOST_SIZE	256
#define SMARTHOST_USER_SIZE	256
#define SMARTHOST_SECRET_SIZE	1025
#define SMARTHOSTS_MOST		2000
/* All names of one table, which the queue is told at once. */
#define SMARTHOST_NAMES_MOST	(96 * 1024)

enum smarthost_tls { SMARTHOST_CLEAR, SMARTHOST_STARTTLS, SMARTHOST_IMPLICIT,
    SMARTHOST_TLS_COUNT };

struct smarthost {
	char		name[ADDRESS_SIZE];	/* address or domain */
	uint64_t	account;		/* 0: a domain's */
	char		host[SMARTHOST_HOST_SIZE];
	uint16_t	port;
	enum smarthost_tls tls;
	char		user[SMARTHOST_USER_SIZE];	/* "": no login */
	bool		by_owner;	/* not the postmaster: people_hosts.h */
	int64_t		changed_utc_ms;
};

/*
 * "mail.isp.test:587", IPv6 in brackets.  0, or -EINVAL; nothing is changed then.
 */
int	smarthost_host(struct slice typed, struct smarthost *);

/*
 * This is the one of smarthost->name from now on; `secret` is empty where nobody
 * logs in.  0, -EINVAL (user or secret is not fit) or -EDQUOT.
 */
int	policy_smarthost_put(struct policy *, const struct seal_key *,
	    const struct smarthost *, struct slice secret);
/* 0 or -ENOENT, and below. */
int	policy_smarthost_remove(struct policy *, struct slice name);
int	policy_smarthost_get(struct policy *, struct slice name,
	    struct smarthost *smarthost_out);
/*
 * Does mail of that account (0: of nobody who has logged in) with that sender, in
 * normal form, leave by a smarthost of this table?  0 or a negative errno.
 */
int	policy_smarthost_has(struct policy *, uint64_t account,
	    struct slice sender, bool *has_out);
/*
 * The password, with a NUL behind it; to be wiped.  0, -ENOENT, or -EBADMSG (it
 * was sealed with another key).
 */
int	policy_smarthost_secret(struct policy *, const struct seal_key *,
	    struct slice name, char secret_out[SMARTHOST_SECRET_SIZE]);
/* By name; stops when `fn` is not 0. */
typedef int policy_smarthost_fn(void *arg, const struct smarthost *);
int	policy_smarthost_each(struct policy *, policy_smarthost_fn *, void *arg);
/* All names, as ways_unpack() (ways.h) has them. */
int	policy_smarthosts_pack(struct policy *, struct text *);

#endif
