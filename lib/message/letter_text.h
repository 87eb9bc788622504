/*
 * letter_text.h - all of a letter that people search, piece by piece
 *
 * Header fields with their names, decoded (RFC 2047), and addresses both as
 * written and as meant; the names of attached files (RFC 2231); the texts in
 * its parts (part_text.h), HTML both as written and as its words.  Everything
 * is valid UTF-8.  Each step does little, so that a search can pause between
 * two of them.
 */
#ifndef POSTROOM_MESSAGE_LETTER_TEXT_H
#define POSTROOM_MESSAGE_LETTER_TEXT_H

#include "lib/message/part_text.h"

/* What is read; RFC 9051 6.4.4: TEXT is both, BODY is the second. */
#define LETTER_TEXT_HEADER	0x01u	/* of the letter: trace and message */
#define LETTER_TEXT_BODY	0x02u	/* all behind it */

/* Bytes of HTML of which the words are read; as written all of it is. */
#define LETTER_TEXT_HTML_MOST	(512 * 1024)
/* Bytes of a header block in a file that are read: HARDENING 2, header block. */
#define LETTER_TEXT_HEADER_MOST	(1024 * 1024)

enum letter_text_at {
	LETTER_TEXT_AT_TRACE,
	LETTER_TEXT_AT_HEADER,		/* of the message, or of one in it */
	LETTER_TEXT_AT_FIELDS,		/* one after the other */
	LETTER_TEXT_AT_NAMES,		/* of the part */
	LETTER_TEXT_AT_BODY,
	LETTER_TEXT_AT_WORDS,		/* of the HTML that was read */
	LETTER_TEXT_AT_END
};

/* A letter that is being read.  Private. */
struct letter_text {
	const struct structure	*structure;
	struct message_bytes	 bytes;
	unsigned		 what;
	const struct slice	*words;		/* that are sought, or NULL */
	size_t			 word_count;
	enum letter_text_at	 at;
	struct slice		 fields;	/* not read yet */
	struct text		 header;	/* of the part, read from a file */
	bool			 has_header;
	struct slice		 part_header;	/* then; with its empty line */
	struct structure_part	 part;
	bool			 is_open;	/* `text` has to be ended */
	bool			 is_html;
	struct part_text	 text;
	struct text		 piece;
	struct text		 html;
};

/*
 * Begin; words_open() first.  Trace and message are borrowed until the end, and
 * the structure is that of the message.
 */
void	letter_text_begin(struct letter_text *, const struct structure *,
	    struct slice trace, struct slice message, unsigned what);
/* The same of a message that may be in a file; all that `bytes` names is to
 * last until the end. */
void	letter_text_begin_bytes(struct letter_text *, const struct structure *,
	    struct slice trace, const struct message_bytes *bytes,
	    unsigned what);
/*
 * Before the first piece: none is wanted in which, decoded and folded, there can
 * be none of these words (find_raw_word()); they are borrowed until the end.
 */
void	letter_text_seek(struct letter_text *, const struct slice *words,
	    size_t word_count);
/*
 * The next piece, good until the next call; it may be empty.  *fresh_out: it
 * does not go on where the piece before ended.  1, 0 at the end, -ENOMEM, or
 * what reading the message gives.
 */
int	letter_text_next(struct letter_text *, struct slice *piece_out,
	    bool *fresh_out);
/* Give the memory back; after any end. */
void	letter_text_end(struct letter_text *);

#endif
