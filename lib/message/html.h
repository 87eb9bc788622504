/*
 * html.h - the words of an HTML text, as somebody sees them
 *
 * No browser, but markup begins and ends where one has it end, right or wrong
 * (WHATWG HTML 13.2.5): tags go, those that begin a block leave a line end, runs
 * of blanks become one, references become characters, what is in comments,
 * scripts and style sheets goes.  Characters for which nothing is shown go too,
 * since their one use in the middle of a word is to hide it.  What a style sheet
 * makes invisible is still there.
 */
#ifndef POSTROOM_MESSAGE_HTML_H
#define POSTROOM_MESSAGE_HTML_H

#include "lib/base/text.h"

/*
 * Add the words of `html`, which is UTF-8; so is what is added, and it is never
 * more bytes than `html` has.  Time grows with the length, whatever stands in
 * it.  False: a browser may see more (a style sheet inside a drawing).
 */
bool	html_words(struct text *, struct slice html);

/*
 * A tag that begins an element, from "<" to ">"; its attributes are read by
 * html_tag.h.  It may add to the text, and what it adds stands apart.  False:
 * that is enough, and nothing behind it is read.
 */
typedef bool	html_tag_fn(void *arg, struct slice name, struct slice tag,
		    struct text *);

/* The same as html_words(), and `fn` is told of the tags in it. */
bool	html_read(struct text *, struct slice html, html_tag_fn *fn,
	    void *arg);

#endif
