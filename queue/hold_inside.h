/*
 * hold_inside.h - what the files of hold.h share; for them alone
 */
#ifndef POSTROOM_QUEUE_HOLD_INSIDE_H
#define POSTROOM_QUEUE_HOLD_INSIDE_H

#include "queue/conductor_inside.h"
#include "queue/hold.h"

#define HOLD_WALK_ENDS	1	/* enough: no fault */

/* It waits for a person. */
static inline bool
hold_is_held(const struct rows_message *message)
{
	return message->state == ROWS_HELD ||
	    message->state == ROWS_QUARANTINED;
}

/* A walk over the rows. */
struct hold_walk {
	struct conductor	*conductor;
	enum hold_which		 which;
	unsigned		 left;
	uint64_t		 account;	/* its share only; 0: all */
	int64_t			 untold_as;	/* who was not told is now */
	hold_fn			*fn;
	void			*arg;
	struct text		*shown;		/* or NULL */
	bool			 found;
};

/* Tell of one row; a rows_kept_fn with a hold_walk. */
int	hold_walk_row(void *walk, const struct rows_message *,
	    const struct rows_recipient *, size_t count);
/* When its time is over; those who were not told count as told then. */
int64_t	hold_ends(const struct conductor *, const struct rows_message *,
	    const struct rows_recipient *, size_t count, int64_t untold_as);
/* The bytes are there to be delivered.  0, -EBADMSG or -errno. */
int	hold_look_at_bytes(struct transit *);
/*
 * Its row says that it waits, for those whom the transit is for, and why; it is not
 * held any more.  FULL.
 */
int	hold_write_row(const struct transit *, const struct rows_message *,
	    const char *reason);
/* Its row is gone: its files too.  What is left here the next start sweeps. */
void	hold_drop_files(struct conductor *, const struct message_id *);
/* Is it still on its way into kept/? */
bool	hold_is_arriving(const struct conductor *, const struct message_id *);

#endif
