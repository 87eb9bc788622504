/*
 * clam_trial.h - is a loaded set of signatures fit for work?
 *
 * A set may load and be of no use: a signature in it takes all mail for a
 * virus, or a fault of the library's makes it find nothing or crash.  So a
 * signature of our own goes into each set, and before the set is used two
 * messages are scanned with it: one that has what ours finds, packed as a virus
 * would be, and one that is honest.
 *
 * As everything that scans: only for a process that can be lost.
 */
#ifndef POSTROOM_FILTERS_CLAM_TRIAL_H
#define POSTROOM_FILTERS_CLAM_TRIAL_H

#include "filters/clam.h"

/*
 * Write our signature into `folder_fd` for clam_load(), as a file of that name.
 * 0 or a negative errno.
 */
#define CLAM_TRIAL_FILE	"trial.ndb"
int	clam_trial_write(int folder_fd);

/*
 * 0, -ENOENT (what ours finds was not found) or -EEXIST (something was found
 * in the honest message, or it could not be scanned).
 */
int	clam_trial(struct clam *);

#endif
