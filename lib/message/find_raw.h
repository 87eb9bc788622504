/*
 * find_raw.h - can a text be in bytes that nobody has decoded?
 *
 * Where bytes are plain ASCII, decoding them and folding letter case (find.h)
 * adds no letter and joins no two words.  So a text that is looked for is not in
 * there unless its longest word, of ASCII letters and digits, stands in the bytes
 * as they are.  Several times faster than looking.
 */
#ifndef POSTROOM_MESSAGE_FIND_RAW_H
#define POSTROOM_MESSAGE_FIND_RAW_H

#include "lib/base/slice.h"

/* A shorter word is nearly everywhere: looking for it would save nothing. */
#define FIND_RAW_LEAST	3

/*
 * The longest run of ASCII letters and digits in `folded`, which is as
 * find_fold() leaves it.  False: it has fewer than FIND_RAW_LEAST.
 */
bool	find_raw_word(struct slice folded, struct slice *word_out);

/* ASCII all of it, without control characters but TAB, CR and LF? */
bool	find_raw_is_plain(struct slice bytes);
/* Is such a word in the bytes, whatever case its letters are in? */
bool	find_raw_has(struct slice bytes, struct slice word);

#endif
