/*
 * lines.h - the one reader of lines: CRLF ends a line, nothing else does
 *
 * The commands of every protocol come through here, so line ends are judged in
 * one place.  A reader remembers how far it has searched: a line that comes a
 * byte at a time costs no more than one that comes at once.
 */
#ifndef POSTROOM_BASE_LINES_H
#define POSTROOM_BASE_LINES_H

#include "lib/base/slice.h"

/* Zeroed, it stands at the start of a line. */
struct line_reader {
	size_t	searched;	/* first bytes of the input: no LF there */
	bool	skips;		/* in the rest of a line that was too long */
};

enum line_is {
	LINE_MORE,		/* no line yet: call again with more behind */
	LINE_GOOD,
	LINE_TOO_LONG,		/* dropped, and what is still to come of it */
	LINE_BARE_LF,		/* ended by LF alone, else good */
	LINE_BARE_CR,		/* a CR stands inside it */
	LINE_HAS_NUL		/* a NUL stands inside it */
};

/*
 * Take the next line off `*input`.  A line may have `max` bytes with its line
 * end.  With GOOD, BARE_LF, BARE_CR and HAS_NUL `*line_out` is the line without
 * its end.  After MORE the next input must begin with what was left of this
 * one; TOO_LONG comes once a line, as soon as it is known.
 */
enum line_is	line_take(struct line_reader *, struct slice *input,
		    size_t max, struct slice *line_out);

#endif
