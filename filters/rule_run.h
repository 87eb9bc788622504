/*
 * rule_run.h - the postmaster's rules about one message
 *
 * A test has three answers: yes, no, and "could not be examined": a limit of
 * texts.h was in the way, or a pattern was given up.  Of a rule that is neither
 * yes nor no nothing is done, and the outcome names it: its caller says so and
 * never takes the message for clean.
 *
 * A rule in shadow is among the hits, and nothing else comes of it.
 */
#ifndef POSTROOM_FILTERS_RULE_RUN_H
#define POSTROOM_FILTERS_RULE_RUN_H

#include "filters/findings.h"
#include "filters/rule.h"

/* For all patterns of a message together; honest mail takes some ms. */
#define RULE_RUN_MS	2000

enum rule_answer { RULE_NO, RULE_YES, RULE_DOUBT };

/* What of the message a test said yes to, or one inside it; borrowed. */
struct rule_match {
	struct slice		 name;	/* of the header field; or empty */
	const struct mime_part	*part;	/* or NULL: it is in none */
	struct slice		 text;	/* that was looked at; or empty */
	size_t			 from, end;	/* what matched in it */
};

/* Attachments to be removed; what is behind it is a doubt. */
#define RULE_REMOVALS_MOST	32	/* REMOVALS_MOST */

#define RULE_NO_SENDER		0x01u
#define RULE_NO_RECIPIENT	0x02u
#define RULE_NO_REMOTE		0x04u
#define RULE_ANY_FINDING	UINT32_MAX	/* nobody looked for it */

/*
 * To try rules on a message that is not just arriving, and look on.  What
 * nobody knows of it any more is a doubt.
 */
struct rule_trial {
	const struct texts_limits *texts;	/* or NULL: the usual ones */
	unsigned		 unknown;	/* RULE_NO_ bits */
	/* by findings_row(): what it may have been, 1 << value each; or NULL */
	const uint32_t		*findings;
	const char		*const *lists;	/* that list it; NULL: nobody knows,
						   where there are findings */
	size_t			 list_count;
	/* a test was asked, in a rule or inside an any; or NULL */
	void			(*test)(void *arg, const struct rule *,
				    const struct rule_test *, enum rule_answer,
				    const struct rule_match *);
	/* all of a rule was; `why` and the line are those of a doubt */
	void			(*rule)(void *arg, const struct rule *,
				    enum rule_answer, unsigned line,
				    const char *why);
	void			*arg;
};

/* Is this why of a doubt that only a trial has? */
bool	rule_why_is_unknown(const char *why);

/* One thing to be done, in the order of the rules. */
struct rule_deed {
	const struct rule		*rule;
	const struct rule_action	*action;
};

/* A rule that could not be examined. */
struct rule_doubt {
	const struct rule	*rule;
	unsigned		 line;		/* of the test */
	const char		*why;		/* words; constant */
};

/* An attachment that is to be removed. */
struct rule_removal {
	const struct rule	*rule;
	const struct mime_part	*part;
};

struct rule_outcome {
	const struct rule	**hits;		/* that held, in order */
	size_t			  hit_count;
	struct rule_deed	 *deeds;
	size_t			  deed_count;
	struct rule_doubt	 *doubts;
	size_t			  doubt_count;
	struct rule_removal	 *removals;
	size_t			  removal_count;
	const struct rule	 *stopped_by;	/* or NULL */
};

/*
 * Ask all rules about `message`.  `root` is its part tree or NULL, `trial`
 * is NULL for mail that comes.  The outcome lives in the arena and points
 * into the rules.  0; -ENOBUFS: the arena is spent; -ENOMEM.
 */
int	rules_run(const struct rules *, struct slice message,
	    const struct mime_part *root, const struct envelope *,
	    const struct findings *, const struct rule_trial *trial,
	    struct arena *, struct rule_outcome *outcome_out);

#endif
