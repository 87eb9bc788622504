/*
 * words.h - a list as people type it
 */
#ifndef POSTROOM_POLICY_WORDS_H
#define POSTROOM_POLICY_WORDS_H

#include "lib/base/slice.h"

/*
 * The next of those that have blanks, commas or ends of lines between them.  False
 * when none is left.
 */
bool	words_next(struct slice *rest, struct slice *word_out);

#endif
