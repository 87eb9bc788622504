/*
 * part_text.h - the text in a part, as UTF-8, piece by piece
 *
 * The transfer encoding and the charset undone; lines end with LF.  Pieces are
 * small and are cut between two characters, so that a long text costs little
 * memory and a reader can pause between two of them.
 */
#ifndef POSTROOM_MESSAGE_PART_TEXT_H
#define POSTROOM_MESSAGE_PART_TEXT_H

#include "lib/message/bytes.h"
#include "lib/message/decode.h"
#include "lib/message/structure.h"

/* Bytes of a body that are read at once. */
#define PART_TEXT_STEP	(32 * 1024)

/* A body that is being read.  Private. */
struct part_text {
	struct message_bytes bytes;
	uint64_t	at, end;	/* of the body: not read yet */
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
 * Do bytes of plain ASCII (find_raw.h) in this part, whose header that is, mean
 * what they are?
 */
bool	part_text_is_as_it_stands(const struct structure_part *,
	    struct slice header);
/*
 * Begin with `part` of `message`; words_open() first.  A body whose encoding
 * nobody knows is read as it stands.
 */
void	part_text_begin(struct part_text *, const struct structure_part *part,
	    struct slice message);
/* The same of a message that may be in a file; `header` is the part's. */
void	part_text_begin_bytes(struct part_text *,
	    const struct structure_part *part, struct slice header,
	    const struct message_bytes *);
/*
 * The next piece, good until the next call; it may be empty.  1, 0 at the end,
 * -ENOMEM, or what reading the message gives.
 */
int	part_text_next(struct part_text *, struct slice *piece_out);
/* Give the memory back. */
void	part_text_end(struct part_text *);

#endif
