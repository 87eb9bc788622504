/*
 * decide.h - whose it is: the second half of telling mail apart
 *
 * From the candidates and the keeper's answers: the owners, or the reason why
 * the message is held for the postmaster.  It is never discarded and never sent
 * on.  Every candidate that was looked at leaves a step, so that a person can
 * be told what was believed, what was not, and why.
 *
 * Where the field's habits lose mail or deliver to the wrong person, this is
 * stricter: a Received "for" of ours decides alone, even when nobody has that
 * address, but below our provider's lines not against To and Cc; a message that
 * came through a list, was resent or sent on elsewhere, or came back from another
 * site is not given to whoever its To happens to name.
 */
#ifndef POSTROOM_FETCH_DOMAIN_DECIDE_H
#define POSTROOM_FETCH_DOMAIN_DECIDE_H

#include "fetch/domain/candidates.h"

/* Steps that are kept; of those beyond, only the number. */
#define DOMAIN_STEPS_MOST	64

enum domain_whose {
	DOMAIN_FOREIGN,		/* an address elsewhere; a name: nobody's */
	DOMAIN_UNKNOWN,		/* our domain, but nobody has it */
	DOMAIN_OURS,
	DOMAIN_SEVERAL,		/* a name that more than one person has */
	DOMAIN_WHOSE_COUNT
};

struct domain_answer {
	enum domain_whose	whose;
	uint64_t		account;	/* of DOMAIN_OURS */
	struct slice		address;	/* of a name: the account's */
};

/* How sure we are, surest first. */
enum domain_sure { DOMAIN_SURE_ENVELOPE, DOMAIN_SURE_RECEIVED,
    DOMAIN_SURE_LEARNED, DOMAIN_SURE_VISIBLE, DOMAIN_SURE_NAME,
    DOMAIN_SURE_COUNT };

struct domain_owner {
	uint64_t		account;
	struct slice		address;	/* normal form */
	enum domain_sure	sure;
};

enum domain_hold {
	DOMAIN_FOUND,			/* there are owners */
	DOMAIN_HELD_NO_ADDRESS,
	DOMAIN_HELD_FOREIGN,
	DOMAIN_HELD_UNKNOWN,
	DOMAIN_HELD_MALFORMED,
	DOMAIN_HELD_DROPPED,
	DOMAIN_HELD_TARGET,		/* a rule names who is not here */
	DOMAIN_HELD_DEEP,
	DOMAIN_HELD_ROUND,
	DOMAIN_HELD_LIST,
	DOMAIN_HELD_RESENT,
	DOMAIN_HELD_DOUBT,		/* what decides nothing contradicts */
	DOMAIN_HELD_TOO_MANY,
	DOMAIN_HOLD_COUNT
};

/* What became of a candidate. */
enum domain_step_kind {
	DOMAIN_STEP_OWNER,	/* the address is an account's */
	DOMAIN_STEP_NAME,	/* the name is */
	DOMAIN_STEP_REPLACED,	/* the address is, in our domain */
	DOMAIN_STEP_LEARNED,	/* a learned rule says whose it is */
	DOMAIN_STEP_COPY,	/* a route says who gets a copy */
	DOMAIN_STEP_DROP,	/* a route says: not to this address */
	DOMAIN_STEP_TARGET,	/* a rule names who is not here */
	DOMAIN_STEP_MAILBOX,	/* the mailbox itself, nobody's address */
	DOMAIN_STEP_FOREIGN,
	DOMAIN_STEP_UNKNOWN,
	DOMAIN_STEP_SEVERAL,	/* more than one person has this name */
	DOMAIN_STEP_BROKEN,	/* no address */
	DOMAIN_STEP_DOUBT,	/* it contradicts what was found */
	DOMAIN_STEP_WEAKER,	/* it would be, but others are surer */
	DOMAIN_STEP_COUNT
};

struct domain_step {
	enum domain_step_kind		 kind;
	const struct domain_candidate	*candidate;
	unsigned			 rule;	/* the row of a route, or of */
	bool				 learned;	/* what was learned */
	struct slice			 to;	/* who was found; or empty */
};

struct domain_decision {
	enum domain_hold	 hold;
	struct domain_owner	*owners;	/* each account once */
	unsigned		 owner_count;	/* 0: it is held */
	struct domain_step	*steps;
	unsigned		 step_count;
	unsigned		 more_steps;	/* that are not kept */
	struct slice		 list_id;	/* of DOMAIN_HELD_LIST */
};

/*
 * Decide.  `answers` are those to `candidates->asks`, row for row.  Everything
 * in *decision_out lives in the arena or where the candidates do.  0 or
 * -ENOBUFS.
 */
int	domain_decide(struct arena *, const struct domain_rules *,
	    const struct domain_candidates *,
	    const struct domain_answer *answers,
	    struct domain_decision *decision_out);

/* Is it known to the office's people as this? (say.h) */
enum sentence	domain_hold_sentence(enum domain_hold);

#endif
