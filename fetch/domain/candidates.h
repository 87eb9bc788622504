/*
 * candidates.h - who may be meant: the first half of telling mail apart
 *
 * domain_candidates() reads the header of a collected message and lists every
 * address and name that might say for whom it is, and where each stood.  The
 * caller then asks the keeper, in one request, which of `asks` are accounts or
 * aliases here; domain_decide() (decide.h) does the rest.
 *
 * What is looked at, strongest first:
 *  1. the envelope header of the rules: the topmost one in the message, for
 *     that is the provider's; where it is present nothing else is read.
 *  2. Received "for", line by line from the top.
 *  3. the newest block of Resent- fields (RFC 5322 3.6.6).
 *  4. To, Cc and whatever else stands in the list of headers.
 *  5. an address in parentheses in the Subject, if the list says so.
 *  6. what was learned about the list or the sender.
 * The order of the list only orders what belongs to one of these.  What decides
 * nothing may contradict what was found in 3 to 6: Received lines, Resent- fields
 * and a Bcc that are not in the list; known envelope headers above the first
 * Received line that no rule names; a mailbox elsewhere in which it has been; what
 * the sender's address says of its way (VERP, SRS).
 */
#ifndef POSTROOM_FETCH_DOMAIN_CANDIDATES_H
#define POSTROOM_FETCH_DOMAIN_CANDIDATES_H

#include "fetch/domain/lists.h"
#include "policy/domain_rules.h"

/*
 * Addresses read of one message: with names and rules their questions fit one
 * message between roles (ipc.h), and no office writes to so many at once.
 */
#define DOMAIN_ADDRESSES_MOST	1000
#define DOMAIN_ASKS_MOST	2048
#define DOMAIN_ASKS_BYTES	(96 * 1024)	/* their text, 8 more for each */
/* Header bytes that are read, as for the hops (hops.h). */
#define DOMAIN_HEADER_BYTES	(1024 * 1024)
/* What the arena of one message needs at most: both halves. */
#define DOMAIN_ARENA		(4 * 1024 * 1024)

#define DOMAIN_NONE		UINT16_MAX	/* no question, no rule */

enum domain_source {
	DOMAIN_ENVELOPE,
	DOMAIN_RECEIVED,
	DOMAIN_WITNESS,		/* an envelope header nobody configured */
	DOMAIN_PASSED,		/* a mailbox that it was in on its way */
	DOMAIN_RESENT,
	DOMAIN_VISIBLE,
	DOMAIN_SUBJECT,
	DOMAIN_LIST,		/* a rule learned about the list */
	DOMAIN_FROM,		/* a rule learned about the sender */
	DOMAIN_SOURCE_COUNT
};

/* A question for the keeper: who has this address, or this name? */
struct domain_ask {
	bool		is_name;
	struct slice	text;		/* normal form; folded (real_name.h) */
	uint32_t	hash;
};

struct domain_candidate {
	enum domain_source	source;
	struct slice		header;		/* its name */
	unsigned		place;		/* of a Received line, from 1 */
	struct slice		by;		/* of that line */
	struct slice		written;	/* as it stands; in the header */
	struct slice		address;	/* normal form; empty: none */
	struct slice		replaced;	/* by replace-domain; or empty */
	struct slice		name;		/* as people read it; or empty */
	bool			own;		/* the mailbox itself */
	bool			outside;	/* of a Received line: below
						   those of our provider */
	uint16_t		ask;		/* of `address`; DOMAIN_NONE */
	uint16_t		ask_replaced;
	uint16_t		ask_name;
	uint16_t		learned;	/* the rule about it; or NONE */
};

/* The questions about the people whom a rule names. */
struct domain_rule_asks {
	bool		asked;
	uint16_t	ask[DOMAIN_TARGETS_MOST];
};

struct domain_candidates {
	struct domain_candidate	*all;
	unsigned		 count;
	struct domain_ask	*asks;
	unsigned		 ask_count;
	size_t			 ask_bytes;
	struct domain_rule_asks	*routes;	/* row for row */
	struct domain_rule_asks	*learned;
	bool			 over;		/* there is more than is read */
	enum domain_source	 over_in;	/* and that is where */
	bool			 has_envelope;	/* its candidates are all */
	bool			 too_deep;	/* it stands too far down */
	bool			 received_counts;	/* it is in the list */
	bool			 resent_counts;		/* so is one of these */
	bool			 has_resent;
	struct slice		 top_by;	/* of the topmost Received line
						   whose writer has a domain */
	bool			 resent_blind;	/* it was, and not said to whom */
	struct domain_lists	 lists;		/* it may have come through */
	struct slice		 from;		/* normal form; or empty */
};

/*
 * Read `header`: the message up to its empty line, whatever stands in there, at
 * most DOMAIN_HEADER_BYTES (more is not read, and said to be over).  Everything
 * in *candidates_out lives in the arena, the rules or the header.  0 or
 * -ENOBUFS.
 */
int	domain_candidates(struct arena *, struct slice header,
	    const struct domain_rules *,
	    struct domain_candidates *candidates_out);

#endif
