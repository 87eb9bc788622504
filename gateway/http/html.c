/*
 * html.c - text into a page, so that it stays text
 */
#include "gateway/http/html.h"

#include <string.h>

#define REPLACEMENT	"\xef\xbf\xbd"	/* U+FFFD */
#define RANGES_MOST	32	/* of Accept-Language: browsers send 5 */

/* Bytes of the UTF-8 character that `s` begins with; 0: it is none. */
static size_t
character_bytes(struct slice s)
{
	for (size_t n = 1; n <= 4 && n <= s.len; n++)
		if (slice_is_utf8(slice_first(s, n)))
			return n;
	return 0;
}

/* Embeddings, overrides and isolates of Unicode's bidi, and marks of them. */
static bool
turns_line(struct slice c)
{
	const unsigned char *at = (const unsigned char *)c.at;

	if (c.len == 2)		/* U+061C */
		return at[0] == 0xd8 && at[1] == 0x9c;
	if (c.len != 3 || at[0] != 0xe2)
		return false;
	return (at[1] == 0x80 && (at[2] == 0x8e || at[2] == 0x8f ||
	    (at[2] >= 0xa8 && at[2] <= 0xae))) ||
	    (at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9);
}

/* U+0080 to U+009F, which terminals and some browsers obey. */
static bool
is_high_control(struct slice c)
{
	return c.len == 2 && (unsigned char)c.at[0] == 0xc2 &&
	    (unsigned char)c.at[1] < 0xa0;
}

static void
add_character(struct text *page, struct slice c)
{
	unsigned char byte = (unsigned char)c.at[0];

	switch (byte) {
	case '&':
		text_add_str(page, "&amp;");
		return;
	case '<':
		text_add_str(page, "&lt;");
		return;
	case '>':
		text_add_str(page, "&gt;");
		return;
	case '"':
		text_add_str(page, "&quot;");
		return;
	case '\'':
		text_add_str(page, "&#39;");
		return;
	case '`':	/* an old browser ends an attribute with it */
		text_add_str(page, "&#96;");
		return;
	default:
		break;
	}
	if ((byte < 0x20 && byte != '\t' && byte != '\n') || byte == 0x7f ||
	    is_high_control(c) || turns_line(c))
		text_add_str(page, REPLACEMENT);
	else
		text_add(page, c);
}

/* RFC 3986 2.3: what is not unreserved, escaped. */
static void
add_query(struct text *page, struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];

		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
		    (c >= 'a' && c <= 'z') ||
		    (c != '\0' && strchr("-._~", c) != NULL))
			text_add_byte(page, c);
		else
			text_addf(page, "%%%02X", (unsigned char)c);
	}
}

void
html_add(struct text *page, enum html_place place, struct slice s)
{
	if (place == HTML_QUERY) {
		add_query(page, s);
		return;
	}
	while (s.len > 0) {
		size_t n = character_bytes(s);

		if (n == 0)
			text_add_str(page, REPLACEMENT);
		else
			add_character(page, slice_first(s, n));
		s = slice_after(s, n == 0 ? 1 : n);
	}
}

void
html_add_str(struct text *page, enum html_place place, const char *string)
{
	html_add(page, place, slice_str(string));
}

/* "0.8" in thousandths; what is broken counts as not wanted. */
static unsigned
weight_of(struct slice parameters)
{
	struct slice value = slice_trim(parameters), whole;
	unsigned weight = 0, scale = 100;

	if (value.len == 0)
		return 1000;
	if (!slice_has_prefix(value, "q="))
		return 0;
	value = slice_after(value, 2);
	if (!slice_cut(&value, '.', &whole)) {
		whole = value;
		value.len = 0;
	}
	if (slice_is_str(whole, "1"))
		return 1000;
	for (size_t i = 0; i < value.len && i < 3; i++, scale /= 10) {
		if (value.at[i] < '0' || value.at[i] > '9')
			return 0;
		weight += (unsigned)(value.at[i] - '0') * scale;
	}
	return weight;
}

enum language
html_language(struct slice accept_language, enum language otherwise)
{
	static const char *const names[LANGUAGE_COUNT] = {
		[LANGUAGE_EN] = "en", [LANGUAGE_ID] = "id"
	};
	enum language best = otherwise;
	unsigned best_weight = 0;

	for (unsigned i = 0; i < RANGES_MOST && accept_language.len > 0; i++) {
		struct slice range, name, main;
		unsigned weight;

		if (!slice_cut(&accept_language, ',', &range)) {
			range = accept_language;
			accept_language.len = 0;
		}
		if (!slice_cut(&range, ';', &name)) {
			name = range;
			range.len = 0;
		}
		name = slice_trim(name);
		if (!slice_cut(&name, '-', &main))
			main = name;
		weight = weight_of(range);
		for (unsigned l = 0; l < LANGUAGE_COUNT; l++)
			if (slice_is_word(main, names[l]) &&
			    weight > best_weight) {
				best = (enum language)l;
				best_weight = weight;
			}
	}
	return best;
}
