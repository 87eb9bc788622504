/*
 * cli_repair.h - postroom check --repair: accounts get their index again
 */
#ifndef POSTROOM_PROGRAMS_CLI_REPAIR_H
#define POSTROOM_PROGRAMS_CLI_REPAIR_H

#include "programs/cli.h"

/* What was done to all accounts. */
struct cli_repairs {
	struct text	 json;		/* a list of what was said */
	unsigned	 mended, unmended;	/* accounts */
};

/*
 * Under the hub's lock: repair every account there is, and say what was found
 * and done.  CLI_OK, or told: the hub runs, or a folder cannot be read.
 */
int	cli_repair(struct cli *, struct cli_repairs *repairs);

#endif
