/*
 * preview.h - the first words of a letter, for a list of letters (RFC 8970)
 */
#ifndef POSTROOM_MESSAGE_PREVIEW_H
#define POSTROOM_MESSAGE_PREVIEW_H

#include "lib/message/structure.h"

/* Characters; RFC 8970 3.1 recommends 200 and allows 256. */
#define PREVIEW_CHARACTERS	200

/*
 * Add the PREVIEW of `message`: the words of its first text that has any, on one
 * line of UTF-8; none if there is no such text.  Lines that quote (">") are left
 * out, of HTML the words remain.  `message` may be its beginning only, then text
 * behind that does not count: 64 KiB will do for nearly all.  words_open()
 * first.  0 or -ENOMEM.
 */
int	preview_write(struct text *, const struct structure *,
	    struct slice message);

#endif
