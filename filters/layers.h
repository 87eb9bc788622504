/*
 * layers.h - files that the virus library has come upon in a message
 *
 * It reads mail by itself, and looks at each attachment that it finds there as
 * at a file.  What is remembered here it need not be shown again: what is left
 * are attachments that we read in another way than it does, and those are what
 * another look is for.
 */
#ifndef POSTROOM_FILTERS_LAYERS_H
#define POSTROOM_FILTERS_LAYERS_H

#include "lib/base/slice.h"

#define LAYERS_MOST	64	/* of a message; others are looked at twice */
#define LAYER_DIGEST	32	/* bytes of SHA-256 */

struct layers_tools;		/* opaque; see layers.c */

struct layers {
	bool		is_open;	/* it is in what was added last */
	size_t		count;
	struct {
		size_t		bytes;
		unsigned char	digest[LAYER_DIGEST];
	} each[LAYERS_MOST];
};

/* Got once, before the walls go up.  0 or -ENOMEM. */
int	layers_open(struct layers_tools **tools_out);
void	layers_close(struct layers_tools *);

/* The library looks at these bytes as at a file of its own. */
void	layers_add(struct layers *, const struct layers_tools *,
	    struct slice bytes);
/* What was added last is more than the one file, if it can be told at all. */
void	layers_forget_last(struct layers *);
/* It has looked at just these.  What cannot be known it has not. */
bool	layers_has(const struct layers *, const struct layers_tools *,
	    struct slice bytes);
/*
 * The same of the words of a message, which it writes with LF for CRLF and
 * with a line end behind the last line, or with none.
 */
bool	layers_has_words(const struct layers *, const struct layers_tools *,
	    struct slice words);

#endif
