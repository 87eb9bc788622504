/*
 * rule_run.h - the postmaster's rules about one message
 *
 * A test has three answers: yes, no, and "could not be examined": a limit of
 * texts.h was in the way, or a pattern was given up.  Of a rule that is neither
 * yes nor no nothing is done, and the outcome names it: its caller says so and
 * never takes the message for clean.
 */
#ifndef POSTROOM_FILTERS_RULE_RUN_H
#define POSTROOM_FILTERS_RULE_RUN_H

#include "filters/findings.h"
#include "filters/rule.h"

/* For all patterns of a message together; honest mail takes some ms. */
#define RULE_RUN_MS	2000

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

struct rule_outcome {
	struct rule_deed	 *deeds;
	size_t			  deed_count;
	struct rule_doubt	 *doubts;
	size_t			  doubt_count;
	const struct rule	 *stopped_by;	/* or NULL */
};

/*
 * Ask all rules about `message`.  `root` is its part tree or NULL, `texts` the
 * limits or NULL for the usual ones.  The outcome lives in the arena and points
 * into the rules.  0; -ENOBUFS: the arena is spent; -ENOMEM.
 */
int	rules_run(const struct rules *, struct slice message,
	    const struct mime_part *root, const struct envelope *,
	    const struct findings *, const struct texts_limits *texts, struct arena *,
	    struct rule_outcome *outcome_out);

#endif
