/*
 * tables.h - policy.db: its format, and every statement that is run on it
 *
 * For the files that make up the keeper's database: accounts.c and
 * fetch_accounts.c.  Nobody else includes it.
 */
#ifndef POSTROOM_POLICY_TABLES_H
#define POSTROOM_POLICY_TABLES_H

#include "lib/base/db.h"
#include "policy/accounts.h"

enum statement {
	GET_HUB,
	PUT_HUB,
	HIGHEST,
	GET_SEAL,
	PUT_SEAL,
	FIND_DOMAIN,
	DOMAIN_GET_NAMED,
	DOMAIN_EACH,
	DOMAIN_NEW,
	DOMAIN_SHARE,
	DOMAIN_IS_SHARED,
	DOMAINS,
	PUT_DOMAIN,
	WHOSE,
	WHOSE_GROUP,
	LIST_OWNER,
	POSTMASTERS,
	BY_LOCAL,
	BY_ADDRESS,
	BY_ID,
	EACH,
	PUT_ACCOUNT,
	SET_NAME,
	SET_LANGUAGE,
	SET_SECRET,
	SET_FETCH,
	SET_RECALL,
	REMOVE,
	REMOVE_FETCHES,
	FETCH_BY_ID,
	FETCH_BY_LABEL,
	FETCH_EACH,
	FETCH_EACH_OF,
	FETCH_COUNT,
	FETCH_PUT,
	FETCH_LATEST,
	FETCH_SET,
	FETCH_SEAL,
	FETCH_GET_SEAL,
	FETCH_REMOVE,
	FETCH_TOUCH,
	CLIENT_GET,
	CLIENT_EACH,
	CLIENT_COUNT,
	CLIENT_USES,
	CLIENT_PUT,
	CLIENT_SEAL,
	CLIENT_GET_SEAL,
	CLIENT_REMOVE,
	GRANT_FOR,
	GRANT_GET,
	GRANT_CONSENT,
	GRANT_ROTATE,
	GRANT_UNTIL,
	GRANT_SWEEP,
	PROXY_PUT,
	PROXY_GET,
	PROXY_REMOVE,
	PROXY_SWEEP,
	DOMAIN_SWEEP,
	DOMAIN_PUT,
	DOMAIN_GET,
	DOMAIN_ANY,
	LINE_ADD,
	LINE_SAVE,
	LINE_MOVE,
	LINE_CARRIED,
	LINE_EACH,
	LINE_UNREPORTED,
	LINE_REPORTED,
	WHEN_GET,
	WHEN_PUT,
	HEALTH_GET,
	HEALTH_PUT,
	WHEN_SWEEP,
	HEALTH_SWEEP,
	BEFORE_SWEEP,
	BEFORE_PUT,
	BEFORE_GET,
	SET_PUBLIC,
	SHARES_OF,
	SHARES_REMOVE,
	SHARE_PUT,
	SENDER_COUNT,
	SENDER_PUT,
	SENDER_REMOVE,
	SENDER_EACH,
	SENDER_WISH,
	SENDER_ANY,
	SHARES_WITH,
	SHARES_FROM,
	SIGNING_PUT,
	SIGNING_GET,
	SIGNING_EACH,
	SIGNING_FOR,
	SIGNING_GET_SEAL,
	SIGNING_REMOVE,
	GROUP_GET,
	GROUP_NAMED,
	GROUP_COUNT,
	GROUP_PUT,
	GROUP_POST,
	GROUP_OWNER,
	GROUP_REMOVE,
	GROUP_EACH,
	MEMBERS,
	MEMBERS_CLEAR,
	MEMBER_PUT,
	MEMBER_GONE,
	FORWARD_PUT,
	FORWARD_GET,
	FORWARD_REMOVE,
	FORWARD_ANY,
	SMARTHOST_COUNT,
	SMARTHOST_PUT,
	SMARTHOST_GET,
	SMARTHOST_GET_SEAL,
	SMARTHOST_EACH,
	SMARTHOST_REMOVE,
	SMARTHOST_GONE,
	DEVICE_COUNT,
	DEVICE_PUT,
	DEVICE_GET,
	DEVICE_EACH,
	DEVICE_REMOVE,
	DEVICE_GONE,
	STATEMENTS
};

extern const struct db_format policy_format;

struct policy {
	struct db	*db;
	unsigned char	 hub_id[HUB_ID_BYTES];
};

/* End the open transaction with `r`, durably if nothing went wrong. */
int	policy_finish(struct policy *, int r);
/*
 * In the open transaction: what is sealed for fetch accounts that are gone goes
 * at once (grants.c).
 */
int	policy_grants_sweep(struct policy *);
/*
 * The one number, from 1, that the query selects, which is ended: 1, 0 when
 * there is none, or a negative errno.
 */
int	policy_number(struct db_query *, uint64_t *number_out);

#endif
