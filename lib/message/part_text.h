/*
 * part_text.h - the text in a part, as UTF-8, piece by piece
 *
 * The transfer encoding and the charset undone; lines end with LF.  Pieces are
 * small and are cut between two characters, so that a long text costs little
 * memory and a reader can pause between two of them.
 */
#ifndef POSTROOM_MESSAGE_PART_TEXT_H
#define POSTROOM_MESSAGE_PART_TEXT_H

#include "lib/message/decode.h"
#include "lib/message/structure.h"

/* Bytes of a body that are read at once. */
#define PART_TEXT_STEP	(32 * 1024)

/* A body that is being read.  Private. */
struct part_text {
	struct slice	rest;		/* of the body as it stands */
	struct decoder	decoder;
	struct text	decoded;	/* not converted yet */
	struct text	piece;
	struct text	charset;
	unsigned	way;		/* charset.h */
	bool		is_first;
	bool		is_over;
};

/*
 * The part has text: text/anything, and of message/anything what is not told as
 * its parts.
 */
bool	part_text_has(const struct structure_part *);
/*
 * Begin with `part` of `message`; words_open() first.  A body whose encoding
 * nobody knows is read as it stands.
 */
void	part_text_begin(struct part_text *, const struct structure_part *part,
	    struct slice message);
/*
 * The next piece, good until the next call; it may be empty.  1, 0 at the end,
 * or -ENOMEM.
 */
int	part_text_next(struct part_text *, struct slice *piece_out);
/* Give the memory back. */
void	part_text_end(struct part_text *);

#endif
