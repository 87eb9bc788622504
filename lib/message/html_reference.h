/*
 * html_reference.h - what "&" and the letters behind it stand for in HTML
 *
 * Numbers as browsers read them (HTML 13.2.5.80), and of the names those that
 * stand for what people type or for nothing that is seen; others stay.
 */
#ifndef POSTROOM_MESSAGE_HTML_REFERENCE_H
#define POSTROOM_MESSAGE_HTML_REFERENCE_H

#include "lib/base/text.h"

/*
 * How many bytes the reference takes that begins `s`, with its "&", and which
 * character of Unicode it is; 0, and nothing written, when it is none.
 */
size_t	html_reference(struct slice s, unsigned long *c_out);
/* Add a character in UTF-8; what is none becomes U+FFFD. */
void	html_add_code(struct text *, unsigned long c);
/*
 * Add the value of an attribute with its references decoded; never more bytes
 * than it has.
 */
void	html_value(struct text *, struct slice value);

#endif
