/*
 * gateways.h - the gateway domains in policy.db (gateway.h)
 *
 * A domain is ours or a gateway's, never both.  Where recipients are listed, mail
 * for any other there is refused, but for postmaster (RFC 5321 4.5.1); a name
 * with "+anything" behind it is that name.
 */
#ifndef POSTROOM_POLICY_GATEWAYS_H
#define POSTROOM_POLICY_GATEWAYS_H

#include "policy/accounts.h"
#include "policy/gateway.h"

#define GATEWAY_LISTED_MOST	10000	/* recipients of a domain */

/*
 * A new one, or what is set of one that is there (by its name).  `list` are local
 * parts or addresses of that domain, one a line; NULL leaves what there is, an
 * empty one takes the list away.  0; -EEXIST (new: it is there, or the domain is
 * ours), -ENOENT (not new), -EDQUOT (too many of them), -EINVAL: the list.
 */
int	policy_gateway_put(struct policy *, bool is_new,
	    const struct gateway *, const struct slice *list);
/* 0, or -ENOENT. */
int	policy_gateway_remove(struct policy *, struct slice name);
int	policy_gateway_get(struct policy *, struct slice name,
	    struct gateway *gateway_out);
/* By name; `listed`: how many recipients.  Stops when `fn` is not 0. */
typedef int policy_gateway_fn(void *arg, const struct gateway *,
	    uint64_t listed);
int	policy_gateway_each(struct policy *, policy_gateway_fn *, void *arg);
/* All of them, as gateways_unpack() reads it. */
int	policy_gateways_pack(struct policy *, struct text *,
	    size_t *count_out);
/*
 * Is that address, in normal form, of a gateway domain?  *whose_out is GATEWAY
 * or UNKNOWN then, and *bytes_out what it takes at most (0: as all).  1, 0: it is
 * of none, or a negative errno.
 */
int	policy_gateway_whose(struct policy *, struct slice address,
	    enum whose *whose_out, uint64_t *bytes_out);

#endif
