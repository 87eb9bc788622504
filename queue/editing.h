/*
 * editing.h - a message as its judge wants it, inside the conductor
 *
 * Between the verdict and the receipt: what comes out of here is what the
 * journal gets, so it is edited once, and nothing that is read later (journal,
 * kept/, a letter, an export) knows another shape of it.  Until the receipt the
 * sender has it as it was; the archive of what was collected has it for longer.
 * What the ledger knows of collected mail was told with the submission, and is
 * of the message as it came.
 */
#ifndef POSTROOM_QUEUE_EDITING_H
#define POSTROOM_QUEUE_EDITING_H

#include "queue/conductor_inside.h"

/*
 * Make the edits of `verdict`, if there are any, and then call `go_on`, perhaps
 * before this returns.  It is told a verdict without them, and the packed one
 * has none any more.
 * Where they cannot be made it is put off.
 */
typedef void	editing_fn(struct transit *, const struct verdict *);
void	editing_begin(struct transit *, const struct verdict *, editing_fn *go_on);
/* It is forgotten at the end; no thread works on it.  NULL is fine. */
void	editing_free(struct editing *);

#endif
