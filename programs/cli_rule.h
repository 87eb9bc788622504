/*
 * cli_rule.h - what the commands `postroom rule` share
 */
#ifndef POSTROOM_PROGRAMS_CLI_RULE_H
#define POSTROOM_PROGRAMS_CLI_RULE_H

#include "filters/judge.h"
#include "filters/rule_run.h"
#include "programs/cli.h"

/* Rules as somebody has written them. */
struct rule_book {
	struct text	 bundle;	/* rules_bundle.h */
	struct rules	*rules;
};

/*
 * Read the rules at `path` (rules_gather_named()), or with NULL those in force.
 * CLI_OK; or CLI_FAILED, and each fault is told with file and line.
 */
int	rule_book_open(struct cli *, const char *path,
	    struct rule_book *book_out);
/* Fine when it was not opened, but zeroed. */
void	rule_book_close(struct rule_book *);

/* Rules that are tried, and what is to be told of one message. */
struct rule_telling {
	struct cli		*cli;
	const struct rule_book	*book;
	bool			 why;		/* also of what did not hold */
	struct text		 tests;		/* of the rule that is asked */
	struct text		 said;		/* of the message */
	unsigned		 last_line;	/* of the last test that was told */
	const struct rule_test	*failed;	/* of the rule that is asked */
	unsigned		 held;		/* rules, of this message */
	unsigned		 unsure;	/* for want of what is unknown */
};

/* Have what is asked in a trial noted in `telling`, which is zeroed but for
 * its first three. */
void	rule_telling_begin(struct rule_telling *, struct rule_trial *);
void	rule_telling_end(struct rule_telling *);
/* Add where a test that said yes found what, "Subject: your [invoice]". */
void	rule_match_write(struct text *, const struct rule_test *,
	    const struct rule_match *);
/*
 * Tell of one message: what the rules want of it, and why.  `name` is the
 * file's, or how else people call it; with --json `first` begins the list.
 */
void	rule_telling_show(struct rule_telling *, const char *name,
	    unsigned number, const struct verdict *, bool first);

#endif
