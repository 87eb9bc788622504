/*
 * transfer_progress.h - how far an import or an export is, on a terminal
 *
 * A line with a bar, drawn over itself a few times a second: messages, bytes,
 * bytes a second, and how long it still takes.  Where standard output is no
 * terminal nothing is drawn.
 */
#ifndef POSTROOM_PROGRAMS_TRANSFER_PROGRESS_H
#define POSTROOM_PROGRAMS_TRANSFER_PROGRESS_H

#include "programs/cli.h"

struct transfer_progress {
	enum language	 language;
	bool		 draws;
	size_t		 drawn;		/* columns of the line that stands */
	uint64_t	 messages;	/* so far */
	uint64_t	 bytes, of_bytes;
	int64_t		 began_ms, drew_ms;	/* of a clock of its own */
};

/* Begin now. */
struct transfer_progress transfer_progress_of(const struct cli *);
/* Draw it, if it is time. */
void	transfer_progress_draw(struct transfer_progress *);
/* Take the line away, before a sentence is printed. */
void	transfer_progress_undraw(struct transfer_progress *);

#endif
