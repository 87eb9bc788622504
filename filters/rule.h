/*
 * rule.h - a rule of the postmaster's, as it is kept
 *
 *	rule "fake invoice" {
 *		header Subject /invoice|tagihan/i
 *		attachment name /\.(exe|js)$/i
 *		not sender @office.test
 *		do hold "attached program"
 *	}
 *
 * All tests of a rule must hold; `any { ... }` holds when one inside it does,
 * `not` turns one round.  Rules run in the order of file names, then of lines.
 * rule_read.h makes them, rule_run.h asks them about a message; nothing here
 * changes in between.
 *
 * Ownership: everything belongs to the struct rules it came in.
 */
#ifndef POSTROOM_FILTERS_RULE_H
#define POSTROOM_FILTERS_RULE_H

#include "filters/pattern.h"
#include "filters/prefilter.h"
#include "filters/texts.h"
#include "lib/message/envelope.h"

/* Bounds on what is written.  An office has some dozens of rules. */
#define RULE_FILES_MOST		100
#define RULE_FILE_BYTES_MOST	(256 * 1024)
#define RULES_MOST		1000	/* in all files */
#define RULE_TESTS_MOST		64	/* in a rule */
#define RULE_ACTIONS_MOST	8	/* in a rule; a verdict has 16 lines */
#define RULE_PATTERNS_MOST	2000	/* in all files: JIT code is memory */
#define RULE_NEST_MOST		4	/* any in any; nobody can read more */
#define RULE_NAME_MOST		64	/* bytes */
#define RULE_WORDS_MOST		200	/* with a name VERDICT_REASON_MAX */
#define RULE_HEADER_MOST	900	/* VERDICT_VALUE_MAX */
#define RULE_FOLDER_MOST	255	/* bytes of a mailbox name */

enum rule_kind {
	RULE_ANY,		/* one of `inside` holds */
	RULE_HEADER,		/* a field of this name matches */
	RULE_HEADER_EXISTS,
	RULE_ANY_HEADER,	/* "Name: value" of some field matches */
	RULE_BODY,
	RULE_ATTACHMENT_NAME,
	RULE_ATTACHMENT_TYPE,	/* `word` is TYPE/SUBTYPE or TYPE/ * */
	RULE_ATTACHMENT_TYPE_LIKE,	/* it matches a pattern */
	RULE_ATTACHMENT_REAL,	/* the same of what it is by its first bytes */
	RULE_ATTACHMENT_REAL_LIKE,
	RULE_ATTACHMENT_INSIDE,	/* a name in an archive, any depth (packed.h) */
	RULE_SENDER,		/* `address` is it */
	RULE_SENDER_LIKE,
	RULE_RECIPIENT,		/* one of them */
	RULE_RECIPIENT_LIKE,
	RULE_SIZE_ABOVE,	/* `bytes` */
	RULE_SIZE_BELOW,
	RULE_REMOTE,		/* the peer is in `net` */
	RULE_SOURCE,
	RULE_FINDING,		/* what a filter found is `value` */
	RULE_LISTED,		/* it is on the list `word` (listed.h) */
	RULE_SCORE_ABOVE,	/* rspamd's is above `score` hundredths */
	RULE_SCORE_BELOW,
	RULE_SYMBOL		/* `word` is one that rspamd tells */
};

/* Which addresses are meant; domains in their normal form (path.h). */
enum rule_whose {
	RULE_NULL_PATH,		/* <> */
	RULE_ADDRESS,		/* local@domain */
	RULE_DOMAIN,		/* @domain */
	RULE_BELOW_DOMAIN	/* @.domain: any name below it */
};

struct rule_net {
	int		family;		/* AF_INET, AF_INET6 */
	unsigned char	address[16];	/* the first 4 of them, for AF_INET */
	unsigned	bits;
};

#define RULE_NO_PATTERN	SIZE_MAX

struct rule_test {
	enum rule_kind		 kind;
	bool			 negated;
	unsigned		 line;
	size_t			 pattern;	/* number, or RULE_NO_PATTERN */
	struct slice		 word;		/* field name, type, address */
	enum rule_whose		 whose;
	uint64_t		 bytes;
	int32_t			 score;
	struct rule_net		 net;
	enum envelope_source	 source;
	unsigned		 row, value;	/* findings_row() */
	struct rule_test	*inside;	/* of RULE_ANY: the first */
	struct rule_test	*next;
};

enum rule_verb {
	RULE_REFUSE,
	RULE_HOLD,
	RULE_MARK_HEADER,	/* `name`: value of it are `words` */
	RULE_MARK_FOLDER,	/* `words` is the folder */
	RULE_REDIRECT,		/* `words` is the address, normal form */
	RULE_DISCARD,		/* into quarantine: nothing is ever lost */
	RULE_REMOVE		/* the attachments that its tests name */
};

struct rule_action {
	enum rule_verb		 verb;
	unsigned		 line;
	struct slice		 name;
	struct slice		 words;
	struct rule_action	*next;
};

struct rule {
	struct slice		 name;
	struct slice		 file;
	unsigned		 line;
	size_t			 number;	/* its place in struct rules */
	struct rule_test	*tests;
	struct rule_action	*actions;
	bool			 stops;		/* no rule after it */
	bool			 is_shadow;	/* counted, and nothing else */
};

struct rules {
	struct arena		 *arena;	/* what is written in them */
	struct rule		 *rules;
	size_t			  count;
	struct pattern		**patterns;
	size_t			  pattern_count;
	struct prefilter	 *prefilter;	/* of the patterns, in order */
	struct pattern_space	 *space;	/* one message at a time */
	unsigned		  kinds;	/* wanted: 1 << texts_kind */
	size_t			  action_count;	/* of all rules */
};

#endif
