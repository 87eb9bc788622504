/*
 * fetch_domains.h - fetch accounts whose mail is for many (DomainPOP)
 *
 * Such a fetch account belongs to whoever looks after what nobody was found
 * for; its rules (domain_rules.h), as text, make it one.  Changes are durable
 * when 0 is returned.
 */
#ifndef POSTROOM_POLICY_FETCH_DOMAINS_H
#define POSTROOM_POLICY_FETCH_DOMAINS_H

#include "lib/base/pack.h"
#include "policy/accounts.h"
#include "policy/domain_rules.h"

/*
 * The rules of that fetch account from now on; they have been read already.
 * 0, -ENOENT (no such fetch account) or -EINVAL (longer than DOMAIN_TEXT_MOST).
 */
int	policy_fetch_rules_put(struct policy *, uint64_t fetch,
	    struct slice rules);
/* Its rules are added to `rules`.  0 or -ENOENT: its mail is its owner's. */
int	policy_fetch_rules_get(struct policy *, uint64_t fetch,
	    struct text *rules);
/*
 * Is it the postmaster's to look after, whoever owns it: mail for many, or asked
 * for by ETRN or ATRN?  Its owner does not see it among their own.  0 or -errno.
 */
struct fetch_account;
int	policy_fetch_is_office(struct policy *, const struct fetch_account *,
	    bool *is_office_out);
/* Has this owner such a fetch account?  1, 0 or -errno. */
int	policy_fetch_rules_any(struct policy *, uint64_t owner);

/* Whose is an address, or a name? */
enum finding {
	FINDING_FOREIGN,	/* no domain of ours; nobody's name */
	FINDING_UNKNOWN,	/* our domain, but nobody has it */
	FINDING_OURS,
	FINDING_SEVERAL,	/* more than one has this name */
	FINDING_COUNT
};

struct find_ask {
	bool		is_name;	/* folded, as real_name_fold() does */
	struct slice	text;		/* else an address in normal form */
};

struct find_answer {
	enum finding	finding;
	uint64_t	account;	/* of OURS */
	char		address[ADDRESS_SIZE];	/* of a name: the account's */
};

#define FIND_MOST	2048		/* of one request */

/*
 * Answer `count` of them, row for row.  Addresses of accounts are told only where
 * a name was asked for: all answers fit one message.  0, -ENOMEM or what the
 * file says.
 */
int	policy_find(struct policy *, const struct find_ask *, size_t count,
	    struct find_answer *answers_out);

/* As bytes, and back: 0, -EBADMSG, or -ENOMEM (the arena is full). */
void	find_ask_pack(struct text *, const struct find_ask *, size_t count);
int	find_ask_unpack(struct arena *, struct slice packed,
	    struct find_ask **asks_out, size_t *count_out);
void	find_answer_pack(struct text *, const struct find_answer *,
	    size_t count);
int	find_answer_unpack(struct arena *, struct slice packed,
	    struct find_answer **answers_out, size_t *count_out);

#endif
