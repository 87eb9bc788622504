/*
 * html_tag.h - what stands in one HTML tag: its attributes (HTML 13.2.5.32)
 *
 * A tag is what html_read() tells, from its "<" to its ">".  Nothing is copied
 * and each byte is looked at once.
 */
#ifndef POSTROOM_MESSAGE_HTML_TAG_H
#define POSTROOM_MESSAGE_HTML_TAG_H

#include "lib/base/slice.h"

struct html_attribute {
	struct slice	name;	/* as written; never empty */
	struct slice	value;	/* without quotes, references not decoded */
};

/* The attributes of `tag`: what follows its name. */
struct slice	html_attributes(struct slice tag);
/* Cut the next one off.  False, with nothing changed, when there is none. */
bool		html_attribute_next(struct slice *rest,
		    struct html_attribute *attribute_out);

#endif
