/*
 * repair.h - an account whose index is damaged or missing gets one again
 *
 * The segments say which letters there are (walk.h), the index where they are
 * and what people have done with them.  Repair begins with the index as it
 * stands, if only letters are not where it says; else with the newest good copy
 * (copies.h), else with nothing, and adds every letter that is newer:
 *
 * - to the mailbox it was delivered to, when that is known; else to Recovered.
 *   A letter that the copy knows is where the copy has it, with its flags; what
 *   was deleted before the copy stays deleted, what was deleted since returns.
 * - A letter whose bytes are damaged, or gone, is named and keeps its rows: the
 *   journal may still have it.  No letter is ever deleted.
 * - UIDs (RFC 9051 2.3.1.1): where the damaged index still tells which numbers
 *   it had reserved for a mailbox, numbering goes on behind them, and those
 *   that may have been given count as expunged; where it does not, the mailbox
 *   gets a new UIDVALIDITY.  POP3's UIDLs are the same as before, always.
 * - The old index is kept as index.db.damaged-DATE, never deleted.
 *
 * How far the account is settled is what its letters prove.  Where some may be
 * missing that is less than the queue believes: it then stops deleting at
 * providers until a person has looked (`postroom fetch resume`).
 */
#ifndef POSTROOM_STORE_REPAIR_H
#define POSTROOM_STORE_REPAIR_H

#include "store/account.h"

#define RECOVERED	"Recovered"	/* mailbox of letters without one */

enum repair_what {
	REPAIR_UNUSABLE,	/* the index is damaged or missing */
	REPAIR_WRONG,		/* `count` faults of the index or its letters */
	REPAIR_HEAD,		/* the head of segment `count` is written again */
	REPAIR_IN_PLACE,	/* its own rows were set right */
	REPAIR_FROM_COPY,	/* begun with copy `count`, `seconds` old */
	REPAIR_FROM_NOTHING,	/* no copy is good: from the letters alone */
	REPAIR_ADDED,		/* `count` letters into their mailboxes */
	REPAIR_RECOVERED,	/* `count` letters into Recovered */
	REPAIR_FOUND,		/* `count` letters stand elsewhere */
	REPAIR_GONE,		/* `count` letters of the copy are nowhere, and
				   so is their segment: deleted since */
	REPAIR_DAMAGED,		/* letter `id`, `action`: cannot be read */
	REPAIR_RENUMBERED,	/* `count` mailboxes have another UIDVALIDITY */
	REPAIR_SEARCH,		/* search.db is removed, to be made anew */
	REPAIR_ASIDE,		/* the old index is `name` */
	REPAIR_LEFT		/* `count` faults could not be mended */
};

struct repair_note {
	enum repair_what what;
	uint64_t	 count;
	int64_t		 seconds;
	struct message_id id;
	uint32_t	 action;
	const char	*name;
};
typedef void repair_fn(void *arg, const struct repair_note *);

enum repair_end { REPAIR_NOTHING, REPAIR_MENDED, REPAIR_UNMENDED };

/*
 * Mend the account in `folder_fd`, which nobody has open; told in the order in
 * which it is done.  What is done again finds nothing more to do.
 *
 *  0        *end_out: nothing was wrong, all of it is mended, or not all.
 * -EBUSY    another process has it.
 * -EXDEV    the letters are another hub's.
 * -ENOSPC, -EIO, -ENOMEM, ...: nothing of the old was touched but search.db.
 */
int	account_repair(int folder_fd, const struct account_options *,
	    repair_fn *, void *arg, enum repair_end *end_out);

#endif
