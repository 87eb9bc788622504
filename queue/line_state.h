/*
 * line_state.h - what the schedule tells the queue of the line
 *
 * The schedule has the line: its windows, the hand that opens it, the bytes of
 * the month.  What leaves goes by what was told last.
 */
#ifndef POSTROOM_QUEUE_LINE_STATE_H
#define POSTROOM_QUEUE_LINE_STATE_H

#include "lib/base/pack.h"

/* Why mail waits. */
enum line_wait {
	LINE_WAIT_NONE,		/* it need not */
	LINE_WAIT_WINDOW,	/* no window is open */
	LINE_WAIT_SPENT,	/* the month's bytes are */
	LINE_WAIT_UNKNOWN,	/* what it has carried has not been heard yet */
	LINE_WAIT_COUNT
};

struct line_state {
	enum line_wait	 wait;
	int64_t		 until_utc_ms;	/* 0: nobody can say */
	bool		 urgent_waits;	/* and urgent mail, too */
	bool		 large_waits;	/* or else what is large, for the night */
	int64_t		 large_until_utc_ms;
};

/* What one recipient's mail waits for. */
struct line_waits {
	enum line_wait	 wait;		/* NONE: for no line */
	bool		 for_night;	/* it is large */
	int64_t		 until_utc_ms;	/* 0: nobody can say */
};

/* Before anything was told. */
#define LINE_STATE_UNTOLD \
	((struct line_state){ .wait = LINE_WAIT_UNKNOWN, .urgent_waits = true })

/* Both say the same. */
bool	line_state_is(const struct line_state *, const struct line_state *);
/* As bytes, and back: 0 or -EBADMSG. */
void	line_state_pack(struct text *, const struct line_state *);
int	line_state_unpack(struct slice, struct line_state *state_out);

#endif
