/*
 * wishes.h - what those whom a message is for want of its author
 *
 * Asked between the verdict and the receipt, of the keeper, who has their lists
 * (policy/senders.h), and kept with the message.  What comes of it is decided
 * here, once for each effect: where a copy goes, and whether it waits.  A wish
 * never goes past anything but the search for spam: what a rule, the scanner or
 * DMARC holds stays held, and a rule's folder stays.  Nor does it lift what is
 * the postmaster's: what a rule sends elsewhere, what nobody is found for.
 */
#ifndef POSTROOM_QUEUE_WISHES_H
#define POSTROOM_QUEUE_WISHES_H

#include "policy/senders.h"
#include "queue/conductor_inside.h"

/*
 * Ask, if anybody here keeps a list, and then call `go_on`, perhaps before this
 * returns.  Where the keeper is not there it is put off.
 */
typedef void	wishes_fn(struct transit *);
void	wishes_ask(struct transit *, wishes_fn *go_on);

/*
 * Hold it for `reason`, unless it is held already; and no wish goes past that.
 * Its packed verdict says so.  0 or -ENOMEM.
 */
int	wishes_hold(struct transit *, struct verdict *, struct slice reason);

/* What counts of this account's; allowed only if the author is shown. */
enum sender_wish wishes_of(const struct transit *, const struct verdict *,
	    uint64_t account);
/* It is held for spam alone, and not for this account. */
bool	wishes_excuse(const struct transit *, const struct verdict *,
	    uint64_t account);
/* The folder it goes to there: the verdict's, Junk, or none (empty). */
struct slice wishes_folder(const struct transit *, const struct verdict *,
	    uint64_t account);
/* Say so in a line of the copy for this recipient. */
void	wishes_add_line(const struct transit *, struct verdict *,
	    const struct recipient *);
/* It was received: the trail says what was wished. */
void	wishes_tell(const struct transit *, const struct verdict *);

#endif
