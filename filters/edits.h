/*
 * edits.h - what is changed in a message before it is taken on
 *
 * A judge has the message taken apart and says where; the queue writes what it
 * takes on, once, between the verdict and the receipt.  Bytes of the message
 * are named by their place, never by their words, so that what is cut out is
 * what was judged.
 */
#ifndef POSTROOM_FILTERS_EDITS_H
#define POSTROOM_FILTERS_EDITS_H

#include "lib/base/pack.h"

/*
 * Of one message.  A forged line is one of them, and honest mail has none at
 * all; lines that follow one another are one edit.
 */
#define EDITS_MOST	64
/* Bytes of all that is put in: notes of 400 to 1,000 of what was removed. */
#define EDITS_TEXT_MAX	16384
/* Of each: two places, whether it takes a part away, the length of its text. */
#define EDITS_PACKED_MAX (1 + EDITS_MOST * (8 + 8 + 1 + 4) + EDITS_TEXT_MAX)
/* The line of a verdict that says what was, and how it begins for a part. */
#define EDITS_LINE	"X-Postroom-Removed"
#define EDITS_LINE_PART	"attachment "
/*
 * In the text of an edit, where it names the message as it came, which only the
 * queue can give a name: as many characters as that has.
 */
#define EDITS_ORIGINAL	"=original-number"

/* These bytes go, and a text stands there instead. */
struct edit {
	uint64_t	at;		/* bytes from the message's start */
	uint64_t	bytes;		/* that go; may be 0 */
	uint32_t	text_at;	/* in the text of all */
	uint32_t	text_bytes;
	bool		of_part;	/* edits_add_part() */
};

/* By their place; none touches another.  Zeroed: none. */
struct edits {
	struct edit	list[EDITS_MOST];
	unsigned	count;
	char		text[EDITS_TEXT_MAX];
	uint32_t	text_bytes;
};

/*
 * Have `bytes` bytes at `at` go, and `text` put there: whole lines of printable
 * UTF-8, each with CRLF, or nothing.
 *
 *  0        it is noted; what only cuts and follows another that does is one
 *           with it.
 * -EINVAL   it does nothing, overlaps another, or the text is no such lines.
 * -E2BIG    there are too many, or too much text; nothing has changed.
 */
int	edits_add(struct edits *, uint64_t at, uint64_t bytes,
	    struct slice text);
/*
 * The same of a part of the message that somebody may want back: whoever makes
 * this edit keeps the message as it would be without it.
 */
int	edits_add_part(struct edits *, uint64_t at, uint64_t bytes,
	    struct slice text);
/* Is there one of a part? */
bool	edits_take_parts(const struct edits *);
/* All that are not. */
void	edits_others(const struct edits *, struct edits *others_out);
/* Write `name`, as long as EDITS_ORIGINAL, wherever that stands. */
void	edits_name_original(struct edits *, struct slice name);
/* Those of `more` too; the first that cannot be ends it, with its errno. */
int	edits_add_all(struct edits *, const struct edits *more);

/*
 * A message of `bytes` bytes in its new shape: how long it is, and its pieces in
 * their order.  -ERANGE: an edit lies beyond the end.
 */
int	edits_bytes(const struct edits *, uint64_t bytes,
	    uint64_t *bytes_out);

/* A piece of it: of the message, or text that was put in. */
struct edits_piece {
	struct slice	text;		/* empty: of the message */
	uint64_t	at, bytes;	/* there; bytes 0: nothing */
};
/* Piece number `n` of a message for which edits_bytes() was 0; false: no more. */
bool	edits_piece(const struct edits *, uint64_t bytes, unsigned n,
	    struct edits_piece *piece_out);

/* Add them packed to `text`; at most EDITS_PACKED_MAX bytes. */
void	edits_pack(struct text *, const struct edits *);
/* Read them; what edits_add() refuses spoils the reader. */
void	edits_unpack(struct unpack *, struct edits *edits_out);

#endif
