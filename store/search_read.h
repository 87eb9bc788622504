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

enum search_read_at { SEARCH_AT_HEADER, SEARCH_AT_FIELDS, SEARCH_AT_BODY };

/* Private. */
struct search_read {
	struct slice		trace, message;
	struct text		packed;		/* of the structure */
	struct structure	structure;
	enum search_read_at	at;
	struct letter_text	text;
	struct text		folded;
	struct slice		fields;		/* not read yet */
	bool			in_trace;	/* they are of the trace */
	bool			is_open;	/* `text` is to be ended */
};

/*
 * Begin; words_open() first.  Trace and message are borrowed until the end;
 * `structure` is what was kept of the message (lib/message/structure.h), or
 * empty.  0 or -ENOMEM; to be ended in any case.
 */
int	search_read_begin(struct search_read *, struct slice structure,
	    struct slice trace, struct slice message);
/* A piece more.  1: there is more, 0: all was read, or -ENOMEM. */
int	search_read_next(struct search_read *, struct search_terms *);
/* Give the memory back; fine when it was zeroed. */
void	search_read_end(struct search_read *);

#endif
