/*
 * search_terms.h - the words of one letter, as the search index keeps them
 *
 * Text comes folded (find_fold()).  A term is a run of letters and digits of
 * ASCII and of bytes that are no ASCII; whatever else stands between two of
 * them separates.  A run longer than SEARCH_TERM_MOST is kept in pieces that
 * overlap: its beginning and its end are of that length, and any
 * SEARCH_TERM_REACH bytes of it stand together in one.
 *
 * A letter of too many words is open: nobody can say what it lacks.
 */
#ifndef POSTROOM_STORE_SEARCH_TERMS_H
#define POSTROOM_STORE_SEARCH_TERMS_H

#include "lib/base/text.h"

#define SEARCH_TERM_MOST	64
#define SEARCH_TERM_REACH	32

/* Of one letter, each counted once: some 7 ms to sort. */
#define SEARCH_TERMS_MOST	16384
#define SEARCH_TERMS_BYTES	(256 * 1024)

struct search_terms;		/* opaque; see search_terms.c */

/* None yet; NULL when memory is out. */
struct search_terms	*search_terms_new(void);
/* NULL is fine. */
void	search_terms_free(struct search_terms *);
/* Forget them: another letter comes. */
void	search_terms_clear(struct search_terms *);

/* What follows is another text. */
void	search_terms_break(struct search_terms *);
/* The words of `folded`; the last of them may go on in the next piece. */
void	search_terms_add(struct search_terms *, struct slice folded);
/* The letter cannot be known by its words. */
void	search_terms_open(struct search_terms *);

/*
 * Add all of them as a block (search_block.h) of one letter, whose number is
 * `letter`.  0 or -ENOMEM.
 */
int	search_terms_pack(struct search_terms *, uint64_t letter,
	    struct text *packed);

/* Is it a byte of a term? */
bool	search_term_has(char byte);

#endif
