/*
 * judged.h - which of the postmaster's rules held, and what lists in DNS said
 */
#ifndef POSTROOM_QUEUE_JUDGED_H
#define POSTROOM_QUEUE_JUDGED_H

#include "filters/verdict.h"
#include "queue/conductor_inside.h"

/* Open what counts them; mail goes on without it, and that is logged. */
void	judged_open(struct conductor *);
/* Behind what a rule did: that an attachment went by it, too. */
#define JUDGED_REMOVED		" and removed an attachment"
/* Behind that: where the message went by it. */
#define JUDGED_FILED		": for the mailbox "
#define JUDGED_REDIRECTED	": redirected to "
/*
 * Read the detail of a step "judged": what that rule did, or would have done,
 * and what stands behind it.  VERDICT_ACTIONS: it is not about this rule.
 */
enum verdict_action judged_read(struct slice detail, struct slice rule,
	    bool *is_shadow_out, struct slice *where_out);
/*
 * The message has been received, or refused for good: tell in the trail which
 * rules held, and count them.
 */
void	judged_tell(struct conductor *, const struct transit *,
	    const struct verdict *);

#endif
