/*
 * cli_repair.h - postroom check --repair: accounts get their index again, and the
 * queue its queue.db
 */
#ifndef POSTROOM_PROGRAMS_CLI_REPAIR_H
#define POSTROOM_PROGRAMS_CLI_REPAIR_H

#include "programs/cli.h"

/* What was done to all accounts. */
struct cli_repairs {
	struct text	 json;		/* a list of what was said */
	unsigned	 mended, unmended;	/* accounts, and the queue */
};

/*
 * Under the hub's lock: repair every account there is and the queue, and say what
 * was found and done.  CLI_OK, or told: the hub runs, or a folder cannot be read.
 */
int	cli_repair(struct cli *, struct cli_repairs *repairs);
/*
 * cli_repair_queue.c: the queue, under that lock, when the accounts are done.
 * `hub_id` is of HUB_ID_BYTES (policy/hub.h).
 */
void	cli_repair_queue(struct cli *, struct cli_repairs *repairs,
	    const unsigned char *hub_id);

#endif
