/*
 * memo.h - what the resolver has said of a host, for a moment
 *
 * Mail for one smarthost asks for its addresses hundreds of times a second, and
 * finds a connection that waits.  The last host that has any is remembered for
 * a second: no answer is older than that, and only one that says where it is.
 */
#ifndef POSTROOM_GATEWAY_RELAY_MEMO_H
#define POSTROOM_GATEWAY_RELAY_MEMO_H

#include <stdint.h>

#include "lib/base/host.h"
#include "lib/base/slice.h"

#define RELAY_MEMO_BYTES	4096	/* longer ones are asked for each time */

/* All zero: nothing yet. */
struct relay_memo {
	char		 host[HOST_NAME_MOST + 1];
	uint64_t	 since_ms;
	size_t		 len;
	char		 answer[RELAY_MEMO_BYTES];	/* RESOLVER_ADDRESSES */
};

/* That was just said of it. */
void	relay_memo_note(struct relay_memo *, const char *host,
	    struct slice answer);
/* What was said of it; valid until the next note.  False: ask. */
bool	relay_memo_find(const struct relay_memo *, const char *host,
	    struct slice *answer_out);

#endif
