/*
 * texts.h - what of a message rules can be about, as people read it
 *
 * Header fields decoded (RFC 2047) and as they stand, the texts in the body
 * with transfer encoding and charset undone, HTML both as written and as its
 * words, names and types of attachments (magic.h, too).  Everything is valid UTF-8; lines of a
 * body end with LF and hold no other control character.
 *
 * A message can be made to cost anything, so there are limits.  What is behind
 * a limit was not looked at, and that is said for each kind: a rule that found
 * nothing there has not found that nothing is there.
 */
#ifndef POSTROOM_FILTERS_TEXTS_H
#define POSTROOM_FILTERS_TEXTS_H

#include "lib/message/mime.h"

enum texts_kind {
	TEXTS_HEADER,		/* fields of the message itself */
	TEXTS_BODY,		/* text parts that are not attached files */
	TEXTS_NAME,		/* of attachments */
	TEXTS_TYPE,		/* of attachments: "application/pdf" */
	TEXTS_REAL,		/* of any part: the same by its first bytes */
	TEXTS_KINDS
};

struct texts_limits {
	size_t		one_bytes;	/* of one text */
	size_t		all_bytes;	/* of all texts together */
	unsigned	count;		/* of texts */
};
extern const struct texts_limits texts_default_limits;

struct texts_one {
	struct slice			 name;	/* of a field; else empty */
	struct slice			 text;	/* of a field: its value */
	struct slice			 whole;	/* of a field: "Name: value";
						   else the same as `text` */
	const struct mime_part		*part;	/* it is of; NULL: a field */
	bool				 is_html;	/* as it is written */
	const struct texts_one		*next;	/* of its kind, in order */
};

struct texts {
	const struct texts_one	*first[TEXTS_KINDS];
	/* why there is more than this, in words; NULL: this is all of it */
	const char		*unread[TEXTS_KINDS];
	size_t			 bytes;		/* of all texts */
	unsigned		 count;
};

/* With the kinds that are wanted: of HTML no words, only what is written. */
#define TEXTS_AS_WRITTEN	(1u << TEXTS_KINDS)

/*
 * Read the kinds in `wanted` (1 << kind) of `message`.  `root` is its part
 * tree, or NULL when there is none: then all but the header is unread.  Texts
 * live in the arena; when that is spent they end, and it is said as well.
 */
void	texts_read(struct slice message, const struct mime_part *root,
	    unsigned wanted, const struct texts_limits *, struct arena *,
	    struct texts *texts_out);

#endif
