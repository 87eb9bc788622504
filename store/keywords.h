/*
 * keywords.h - the words beside the flags of an entry (RFC 9051 2.3.2)
 *
 * An entry has its words in one text, a space between.  Thousands of letters
 * have the same few, so a view holds a number for each set; the numbers are an
 * account's own and last as long as it is open.  0 is the empty set.
 */
#ifndef POSTROOM_STORE_KEYWORDS_H
#define POSTROOM_STORE_KEYWORDS_H

#include "lib/base/text.h"

#define KEYWORD_SETS_MOST 65536	/* a person makes no more: 64 MiB of text */

struct keywords;		/* opaque; see keywords.c */

/* NULL when memory is out. */
struct keywords	*keywords_new(void);
/* NULL is fine. */
void		 keywords_free(struct keywords *);
/* How many sets there are, the empty one among them. */
uint32_t	 keywords_count(const struct keywords *);
/* The number of the set of these words, as they stand.  0 or -ENOMEM. */
int		 keywords_number(struct keywords *, struct slice words,
		    uint32_t *number_out);
/* Its words; valid as long as the sets are. */
struct slice	 keywords_words(const struct keywords *, uint32_t number);

/* Every word of `words` is an atom without a backslash before it. */
bool		 keywords_are_valid(struct slice words);
/* `word` is among `words`; the case of ASCII letters does not count. */
bool		 keywords_have(struct slice words, struct slice word);
/* Add the words of `words` that are not in `text` yet, as a set. */
void		 keywords_add(struct text *, struct slice words);
/* Add the words of `words` that are not in `without`. */
void		 keywords_add_without(struct text *, struct slice words,
		    struct slice without);

#endif
