/*
 * clock_jump.h - may the time of day be believed?
 *
 * Nothing is deleted by its age within an hour after the wall clock has moved
 * by more than ten minutes against the monotonic one (HARDENING F52): a clock
 * set wrong, or back, must not empty a remote mailbox.
 */
#ifndef POSTROOM_QUEUE_CLOCK_JUMP_H
#define POSTROOM_QUEUE_CLOCK_JUMP_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_JUMP_MS	(10 * 60 * 1000)	/* more than any daemon slews */
#define CLOCK_DOUBT_MS	(60 * 60 * 1000)	/* time to put it right */

struct clock_jump {
	uint64_t	at_ms;		/* when it was looked at last */
	int64_t		at_utc_ms;
	bool		is_doubted;
	uint64_t	doubted_ms;	/* since when */
};

/*
 * Begin with both clocks as they are.  `known_utc_ms` is what an earlier life
 * saw last (0: nothing): a clock that stands elsewhere is doubted, for nobody
 * knows whether the machine was off so long.
 */
void	clock_jump_begin(struct clock_jump *, int64_t known_utc_ms);
/* Look, often enough: at least every few minutes. */
void	clock_jump_look(struct clock_jump *);
/* The same, and say whether it may be believed. */
bool	clock_jump_is_trusted(struct clock_jump *);

#endif
