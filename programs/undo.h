/*
 * undo.h - what a rule of the postmaster's did, taken back
 *
 * The trail says what it did (undo_trail.c).  What it held is released, unless
 * something else would hold it too, and so is the message as it came where it
 * has removed something from it (undo_holds.c); what it put into a mailbox is
 * moved to INBOX, unless somebody has done something with it (undo_moves.c).  The
 * rest is told: nothing can be taken back from a sender who was told no.
 *
 * Nothing is noted of what was undone: a message is left alone because it is not
 * where the rule put it any more.  So it can be broken off anywhere and begun
 * again.
 */
#ifndef POSTROOM_PROGRAMS_UNDO_H
#define POSTROOM_PROGRAMS_UNDO_H

#include "lib/base/id.h"
#include "programs/cli.h"

enum undo_deed {
	UNDO_HELD,
	UNDO_REMOVED,		/* an attachment; the whole is held */
	UNDO_FILED,
	UNDO_MARKED,		/* a header line, and no more */
	UNDO_REDIRECTED,
	UNDO_REFUSED,
	UNDO_DEEDS
};

/* One thing that it did to one message. */
struct undo_item {
	struct message_id id;
	uint8_t		 deed;
	bool		 other_held;	/* so did another rule */
	bool		 other_removed;	/* took another rule something out */
	bool		 has_original;
	struct message_id original;	/* REMOVED: the message as it came */
	bool		 was_found;	/* FILED: it stands somewhere */
	uint32_t	 where;		/* its words: undo_where() */
};

/* It came to one of its accounts. */
struct undo_delivery {
	struct message_id id;
	uint64_t	 account;
	int64_t		 at_utc_ms;	/* the first time */
};

/* What became of one. */
enum undo_result {
	UNDO_RELEASED,
	UNDO_MOVED,
	UNDO_LEFT,		/* for a reason that is told */
	UNDO_IMPOSSIBLE,
	UNDO_RESULTS
};

struct undo {
	struct cli	*cli;
	struct slice	 rule;
	int64_t		 since_utc_ms;
	bool		 is_dry;	/* only say what would be done */

	struct undo_item *items;	/* by id and deed, none twice */
	size_t		 count, room;
	/* of those that it filed; by id and account, none twice */
	struct undo_delivery *deliveries;
	size_t		 delivery_count, delivery_room;
	struct text	 wheres;	/* mailboxes, addresses; a NUL behind */
	uint64_t	 results[UNDO_RESULTS];
	struct text	 json;		/* what was told */
};

/* Find what it did.  CLI_OK, or told. */
int	undo_gather(struct undo *);
/* Take back what was held; what was filed.  CLI_OK, or told. */
int	undo_holds(struct undo *);
int	undo_moves(struct undo *);
/* The item of that message by which this was done to it; NULL: it was not. */
struct undo_item *undo_find(const struct undo *, const struct message_id *,
	    enum undo_deed);
/* When that message came to that account; 0: it is not known. */
int64_t	undo_delivered(const struct undo *, const struct message_id *,
	    uint64_t account);
/* The mailbox or the address of an item. */
const char *undo_where(const struct undo *, const struct undo_item *);
/* One more is done with: `words` say how, `what` of which message. */
void	undo_tell(struct undo *, const struct undo_item *, enum undo_result,
	    const char *what, const struct text *words);
/* Whose message and what about, for undo_tell(); from its bytes. */
void	undo_add_what(struct text *, struct slice message);

#endif
