/*
 * held_text.h - how a held message begins, as text
 *
 * Nothing of it is active: of HTML its words remain, without links, pictures,
 * styles and scripts, and what comes of it is text for html_add().
 */
#ifndef POSTROOM_GATEWAY_HTTP_HELD_TEXT_H
#define POSTROOM_GATEWAY_HTTP_HELD_TEXT_H

#include "lib/base/text.h"

#define HELD_TEXT_BYTES	4096	/* enough to know it again */

/*
 * Add the words of the message that begins with `bytes`, HELD_TEXT_BYTES at the
 * most; *is_cut_out: there are more.  Nothing where there is no text in it, or
 * memory is out.  words_open() first.
 */
void	held_text(struct text *, struct slice bytes, bool *is_cut_out);

#endif
