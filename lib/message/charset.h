/*
 * charset.h - the text of a body as lines of UTF-8, whatever it is written in
 *
 * What words.h reads, and charsets that hide a text from it: UTF-16, whose
 * characters are two bytes, and UTF-7, which looks like ASCII.  Programs differ
 * about those, so they are read in every way that somebody may be shown.
 */
#ifndef POSTROOM_MESSAGE_CHARSET_H
#define POSTROOM_MESSAGE_CHARSET_H

#include "lib/base/text.h"

/*
 * Is it one that we read as its readers do?  Of any other nothing is known,
 * not even that what looks like ASCII in it is.
 */
bool		charset_is_read(struct slice charset);

/* Are its characters of two bytes (UTF-16)? */
bool		charset_is_wide(struct slice charset);
/* In how many ways `bytes` may be read; at least 1. */
unsigned	charset_ways(struct slice charset, struct slice bytes);

/*
 * Add `bytes` as the `way`th reads them: lines that end with LF and hold no
 * other control character.  A text that reaches its limit fails and holds what
 * fitted.  words_open() first.
 */
void		charset_lines(struct text *, struct slice charset,
		    unsigned way, struct slice bytes);

#endif
