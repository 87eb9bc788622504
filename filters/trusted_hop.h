/*
 * trusted_hop.h - who handed a message to our provider
 *
 * Collected mail, and mail that our provider's servers bring, reaches us from
 * the provider: its address says nothing of the sender.  Who came to the
 * provider stands in the Received line that the provider wrote then.  Lines
 * below that one anybody may have written.
 */
#ifndef POSTROOM_FILTERS_TRUSTED_HOP_H
#define POSTROOM_FILTERS_TRUSTED_HOP_H

#include "lib/message/envelope.h"

/*
 * Read it from the header of `message`.  `provider` is the host it was collected
 * from, or what the host that brought it called itself; whoever wrote the
 * topmost line is our provider too.  Slices point into `message`; an empty peer:
 * no line of the provider's says it.
 */
struct trusted_hop trusted_hop_find(struct slice message,
	    struct slice provider);

/* An address that no stranger has: of a private net, or of the host itself. */
bool	trusted_hop_is_private(struct slice peer);

#endif
