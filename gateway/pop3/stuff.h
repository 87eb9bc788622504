/*
 * stuff.h - a letter as the body of a multi-line reply (RFC 1939 3)
 *
 * Works on pieces, so that a letter of any size passes through a small buffer:
 * what is remembered between two pieces is three facts.  Whoever reads the
 * result and undoes the dots has the bytes that were given, no others.
 */
#ifndef POSTROOM_GATEWAY_POP3_STUFF_H
#define POSTROOM_GATEWAY_POP3_STUFF_H

#include "lib/base/slice.h"

/* Takes a run of bytes; what it cannot take it remembers itself. */
typedef void stuff_write_fn(void *arg, struct slice);

enum stuff_at {
	STUFF_LINE_START,
	STUFF_AFTER_CR,
	STUFF_IN_LINE
};

/* Hand `piece` to `write` with leading dots doubled; `*at` is carried along. */
void	stuff_piece(enum stuff_at *at, struct slice piece,
	    stuff_write_fn *write, void *arg);

/* What the line that is being looked at holds so far. */
enum top_line {
	TOP_NOTHING,
	TOP_CR,			/* if a LF is next, the line was empty */
	TOP_TEXT
};

/* How far TOP has come: the header, the empty line, so many lines of body. */
struct top {
	uint32_t	lines_left;
	bool		in_body;
	bool		is_done;	/* everything asked for has been seen */
	enum top_line	line;
};

/* What of `piece` belongs to the TOP reply: always its first bytes. */
struct slice top_piece(struct top *, struct slice piece);

#endif
