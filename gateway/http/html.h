/*
 * html.h - text into a page, so that it stays text (HARDENING A72)
 *
 * Whatever did not stand in our source goes through html_add(), which knows the
 * three places a page of ours has for it: between tags, inside a quoted
 * attribute, and as a value in the query of a link inside one.  There is no
 * fourth: no script, no style, no comment.
 */
#ifndef POSTROOM_GATEWAY_HTTP_HTML_H
#define POSTROOM_GATEWAY_HTTP_HTML_H

#include "lib/base/say.h"

enum html_place { HTML_TEXT, HTML_VALUE, HTML_QUERY };

/*
 * Add `s` for that place.  In text and attributes, bytes that are no UTF-8,
 * control characters and what turns the direction of a line become U+FFFD.
 */
void	html_add(struct text *page, enum html_place, struct slice s);
void	html_add_str(struct text *page, enum html_place, const char *string);
/* Our own markup, from our own source: a literal, as it stands. */
#define html_markup(page, literal)	text_add_str(page, "" literal)

/* The sentence `name` with what goes into it, as text. */
#define html_say(page, language, name, ...) \
	do { \
		TEXT_AUTO html_said = TEXT_INIT(8192); \
		text_say(&html_said, language, name, ##__VA_ARGS__); \
		html_add(page, HTML_TEXT, text_slice(&html_said)); \
		(page)->failed = (page)->failed || html_said.failed; \
	} while (0)

/*
 * Which of our languages Accept-Language (RFC 9110 12.5.4) likes best;
 * `otherwise` when it names none of them.
 */
enum language	html_language(struct slice accept_language,
		    enum language otherwise);

#endif
