/*
 * domain_rules.h - how the mail of a whole domain is told apart (DomainPOP)
 *
 * The settings of one domain fetch account.  Their stored form is text, one
 * "option value" a line with the options of the command line, so that what is
 * kept, shown and typed is judged by the same reader: options that repeat
 * (envelope-header, route, learn) add a line each, and "none" takes all of
 * them away.
 *
 *	domain office.test		the domain that replace-domain puts in,
 *					and that a bare name is completed with
 *	mailbox box@provider.test	the mailbox itself: nobody's address in
 *					envelope headers and Received lines
 *	envelope-header NAME[:PREFIX[:TAIL]]
 *	envelope-depth N|any		how many Received lines may stand above
 *					it; below them a sender could have
 *					written it
 *	headers received,to,cc,...	"received" is its "for"; "subject" an
 *					address in parentheses
 *	archive no|yes			each message is kept as it came, too
 *	skip-received N
 *	match-names no|yes|ADDRESS	ADDRESS: only beside that one
 *	replace-domain no|yes|DOMAIN	DOMAIN: that one only
 *	strip TEXT|none			text some providers put around names
 *	route TEST TEXT -> drop|copy ADDRESS[,ADDRESS...]
 *					TEST: equals, not-equals, contains,
 *					not-contains
 *	learn address|list|from KEY -> ADDRESS[,ADDRESS...]
 *
 * Slices point into the arena that the rules were read with.
 */
#ifndef POSTROOM_POLICY_DOMAIN_RULES_H
#define POSTROOM_POLICY_DOMAIN_RULES_H

#include "lib/base/arena.h"
#include "lib/base/pack.h"
#include "lib/base/say.h"

/* What a postmaster can oversee; the text fits one message between roles. */
#define DOMAIN_ENVELOPES_MOST	8
#define DOMAIN_HEADERS_MOST	16
#define DOMAIN_ROUTES_MOST	64
#define DOMAIN_LEARNED_MOST	512
#define DOMAIN_TARGETS_MOST	8	/* people of one rule */
#define DOMAIN_TEXT_MOST	(64 * 1024)
#define DOMAIN_WORD_MOST	128	/* bytes of a header name, a TEXT */
#define DOMAIN_HOPS_MOST	50	/* as hops.h: no mail has more */
/* Enough for the rules of the longest text. */
#define DOMAIN_RULES_ARENA	(512 * 1024)

struct domain_targets {
	struct slice	address[DOMAIN_TARGETS_MOST];	/* in normal form */
	unsigned	count;
};

struct domain_envelope {
	struct slice	name;
	struct slice	prefix;		/* or empty */
	struct slice	tail;		/* or empty */
};

enum domain_test { DOMAIN_EQUALS, DOMAIN_NOT_EQUALS, DOMAIN_CONTAINS,
    DOMAIN_NOT_CONTAINS, DOMAIN_TEST_COUNT };

struct domain_route {
	enum domain_test	test;
	struct slice		text;		/* in lower case */
	struct domain_targets	copy_to;	/* none: do not deliver */
};

/* By what a learned rule knows a message again. */
enum domain_key { DOMAIN_KEY_ADDRESS, DOMAIN_KEY_LIST, DOMAIN_KEY_FROM,
    DOMAIN_KEY_COUNT };

struct domain_learned {
	enum domain_key		by;
	struct slice		key;	/* normal form; a list: lower case */
	struct domain_targets	to;
};

enum domain_switch { DOMAIN_NO, DOMAIN_YES, DOMAIN_ONLY };

struct domain_rules {
	bool			archive;	/* queue/archive.h */
	struct slice		domain;		/* lower-case A-labels; or "" */
	struct slice		mailbox;	/* normal form; or empty */
	struct domain_envelope	envelopes[DOMAIN_ENVELOPES_MOST];
	unsigned		envelope_count;
	unsigned		envelope_depth;	/* UINT_MAX: any */
	struct slice		headers[DOMAIN_HEADERS_MOST];
	unsigned		header_count;
	unsigned		skip_received;
	enum domain_switch	match_names;
	struct slice		match_address;	/* of DOMAIN_ONLY */
	enum domain_switch	replace;
	struct slice		replace_only;	/* of DOMAIN_ONLY */
	struct slice		strip;		/* in lower case; or empty */
	struct domain_route	routes[DOMAIN_ROUTES_MOST];
	unsigned		route_count;
	struct domain_learned	*learned;
	unsigned		learned_count;
};

/* What is wrong with an option, for the person who typed it. */
struct domain_fault {
	const char	*option;	/* static; NULL: no such option */
	unsigned	 line;		/* of a text, from 1; else 0 */
	enum sentence	 want;		/* what would be right */
};

/*
 * The rules of one who has set nothing: no envelope header, the usual list,
 * one Received line above an envelope header.  0 or -ENOBUFS.
 */
int	domain_rules_new(struct arena *, struct domain_rules *rules_out);
/*
 * Set one option, or add to one that repeats.  0, -EINVAL (*fault_out says
 * why) or -ENOBUFS; nothing is changed then.
 */
int	domain_rules_set(struct arena *, struct domain_rules *,
	    struct slice option, struct slice value,
	    struct domain_fault *fault_out);

/* Read the text form on top of domain_rules_new().  As domain_rules_set(). */
int	domain_rules_read(struct arena *, struct slice text,
	    struct domain_rules *rules_out, struct domain_fault *fault_out);
/* Add the text form. */
void	domain_rules_write(struct text *, const struct domain_rules *);

/* "address", "list", "from". */
extern const char *const domain_key_words[DOMAIN_KEY_COUNT];
/* Add "contains sales@ -> copy ann@office.test". */
void	domain_route_write(struct text *, const struct domain_route *);
/* Add "address sales@old.test -> ann@office.test". */
void	domain_learned_write(struct text *, const struct domain_learned *);

#endif
