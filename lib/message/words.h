/*
 * words.h - header values as people read them: UTF-8 (RFC 2047, RFC 2231)
 *
 * iconv opens its tables when they are first used, which a confined role can
 * not do: words_open() opens every charset of a fixed list before.  One list
 * per process, one thread.  A charset that is not on it, or that this system
 * lacks, is read as Latin-1 in the form mail has it (windows-1252).
 *
 * What is added is valid UTF-8 without control characters (they become blanks;
 * bytes that mean nothing become U+FFFD).  A text that reaches its limit fails
 * and holds what fitted, cut between two characters.
 */
#ifndef POSTROOM_MESSAGE_WORDS_H
#define POSTROOM_MESSAGE_WORDS_H

#include "lib/base/text.h"

/* Open the charsets.  0, -EMFILE or -ENOMEM (nothing stays open then). */
int	words_open(void);
/* Close them; fine when they are not open. */
void	words_close(void);

/*
 * Add the value of a header field: unfolded, its encoded words decoded.  Those
 * that stand side by side in one charset are joined first, since some mailers
 * break a character between them.  Bytes above ASCII that stand as they are
 * are kept when the value is UTF-8 and are Latin-1 otherwise.
 */
void	words_decode(struct text *, struct slice value);

/*
 * Add what is open, a space before each: on another system the same bytes may
 * be read otherwise.
 */
void	words_add_names(struct text *);

/* It is on the list and open: words_convert() has iconv read it. */
bool	words_has(struct slice charset);
/*
 * What words_convert() makes of this charset is what its readers see: it is on
 * the list and open, or it is UTF-8, ASCII, Latin-1 or empty.
 */
bool	words_reads(struct slice charset);
/*
 * So are the charsets of all encoded words in `line`, which is unfolded, and
 * none of them has base64 behind a pad, where readers differ.
 */
bool	words_read_all(struct slice line);
/* Add `bytes`, which are in `charset` (empty: UTF-8, or else Latin-1). */
void	words_convert(struct text *, struct slice charset, struct slice bytes);

#endif
