/*
 * body.h - the text of a message as people read it, and how it is built
 *
 * Transfer encoding and charset undone, HTML without its tags and comments but
 * with the targets of links and images, runs of blanks as one.  Parts come in
 * their order and the text ends where the classifier stops looking.
 */
#ifndef POSTROOM_FILTERS_SPAM_BODY_H
#define POSTROOM_FILTERS_SPAM_BODY_H

#include "lib/message/mime.h"

/* Bytes of text that are looked at. */
#define SPAM_TEXT_MOST	8000
/*
 * Bytes of bodies that are decoded to find it: an HTML letter may begin with
 * 30 KiB of style sheet, and a hostile one may have no text at all.
 */
#define SPAM_BODY_MOST	(96 * 1024)

/* An HTML tag that begins an element is told by its name, as written. */
typedef void	spam_tag_fn(void *arg, struct slice name);

/*
 * Add the text of all parts from `root` to `to`, whose limit leaves room for
 * SPAM_TEXT_MOST.  0 or -ENOMEM.
 */
int	spam_body_read(const struct mime_part *root, spam_tag_fn *fn,
	    void *arg, struct text *to);

#endif
