/*
 * search_read.h - a letter is read for the search index, piece by piece
 *
 * Reads what a SEARCH reads, folded as that compares it (letter_text.h,
 * find.h): whatever TEXT, BODY or a field can be found by is among the words,
 * and the same function reads it there.
 */
#ifndef POSTROOM_STORE_SEARCH_READ_H
#define POSTROOM_STORE_SEARCH_READ_H

#include "lib/message/letter_text.h"
#include "store/search_terms.h"

/* Private. */
struct search_read {
	struct slice		trace;
	struct message_bytes	message;
	struct text		packed;		/* of the structure */
	struct structure	structure;
	struct letter_text	text;
	unsigned		reads;		/* LETTER_TEXT_ bit, or 0 */
	struct text		folded;
};

/*
 * Begin; words_open() first.  The trace and all that `message` names are
 * borrowed until the end; `structure` is what was kept of the message
 * (lib/message/structure.h), or empty.  0, -ENOMEM or what reading the message
 * gives; to be ended in any case.
 */
int	search_read_begin(struct search_read *, struct slice structure,
	    struct slice trace, const struct message_bytes *message);
/* A piece more.  1: there is more, 0: all was read, or an errno as above. */
int	search_read_next(struct search_read *, struct search_terms *);
/* Give the memory back; fine when it was zeroed. */
void	search_read_end(struct search_read *);

#endif
